//! From the simulation to the ledger, as it goes: what is lived is rated and cut into batches on one thread, and
//! written on another, one transaction per batch. The cuts depend on the records alone, so the ledger is the same on
//! one core or two; killed at any moment it holds whole batches, and a second run writes what is missing.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;

use super::figures::Collector;
use super::{Step, live_error};
use crate::databricks::event::{ClusterEvent, InstanceEvent};
use crate::ledger::rate::{Rated, rate_into};
use crate::lifecycle::simulation::{ClusterRecord, Record, Simulation};
use crate::lifecycle::{Progress, SimulationError, simulate as live};
use crate::model::charge::PriceInForce;
use crate::model::diagnostic::Diagnostics;
use crate::model::machine::{AddedDisk, Machine};
use crate::model::meter::Meter;
use crate::model::period::{Instant, Period};
use crate::model::place::Workspace;
use crate::model::usage::Usage;
use crate::ops::attribution::{Attribution, owing};
use crate::pricing::catalogue::Catalogue;
use crate::store::cluster_record::ClusterFate;
use crate::store::records::RecordBatch;
use crate::store::{Database, StoreError};

/// Records of one transaction, about: at least, and at most.
const BATCH: (usize, usize) = (20_000, 150_000);
/// Batches that may wait to be written.
const WAITING: usize = 1;

/// Records of one transaction for so many clusters and jobs. A transaction writes each page that it touches once, and the
/// events of each cluster are on a page of their own: the more clusters, the larger it must be.
fn batch_size(simulation: &Simulation) -> usize {
    let objects = simulation.clusters.len().saturating_add(simulation.jobs.len());
    objects.saturating_mul(15).clamp(BATCH.0, BATCH.1)
}

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Written {
    pub new_facts: u64,
    pub known_facts: u64,
}

/// Rates usages, looking up the prices of each meter once.
#[derive(Debug)]
pub(super) struct Rater<'a> {
    catalogue: &'a Catalogue,
    period: Period,
    prices: HashMap<Arc<Meter>, Vec<PriceInForce>>,
}

impl<'a> Rater<'a> {
    pub fn new(catalogue: &'a Catalogue, period: Period) -> Rater<'a> {
        Rater {
            catalogue,
            period,
            prices: HashMap::new(),
        }
    }

    /// The pieces of a usage inside the period, added to those there are.
    pub fn rate(&mut self, usage: &Usage, pieces: &mut Vec<Rated>) -> Result<(), String> {
        if !self.prices.contains_key(&usage.meter) {
            let prices = self.catalogue.book.in_force(&usage.meter, self.period);
            self.prices.insert(Arc::clone(&usage.meter), prices);
        }
        let prices = self.prices.get(&usage.meter).map_or(&[][..], Vec::as_slice);
        rate_into(usage, prices, pieces).map_err(|e| e.to_string())
    }
}

/// What is to be written together.
#[derive(Debug, Default)]
struct Batch {
    facts: Vec<Rated>,
    cluster_events: Vec<ClusterEvent>,
    instance_events: Vec<InstanceEvent>,
    machines: Vec<Machine>,
    added_disks: Vec<AddedDisk>,
    clusters: Vec<ClusterFate>,
}

impl Batch {
    /// An empty one with room for about as much as this one holds.
    fn like(&self) -> Batch {
        fn room<T>(of: &[T]) -> Vec<T> {
            Vec::with_capacity(of.len().saturating_add(of.len() / 8))
        }
        Batch {
            facts: room(&self.facts),
            cluster_events: room(&self.cluster_events),
            instance_events: room(&self.instance_events),
            machines: room(&self.machines),
            added_disks: room(&self.added_disks),
            clusters: room(&self.clusters),
        }
    }

    fn len(&self) -> usize {
        [
            self.facts.len(),
            self.cluster_events.len(),
            self.instance_events.len(),
            self.machines.len(),
            self.added_disks.len(),
            self.clusters.len(),
        ]
        .iter()
        .sum()
    }

    /// Takes a record. Who owes is decided here, once for all that the ledger is told of a subject.
    fn take(
        &mut self,
        record: Record,
        rater: &mut Rater<'_>,
        attribution: &mut Option<Attribution>,
    ) -> Result<(), String> {
        match record {
            Record::Usage(mut usage) => {
                usage.subject = owing(attribution, &usage.subject, Some(&usage.meter));
                rater.rate(&usage, &mut self.facts)?;
            }
            Record::ClusterEvent(event) => self.cluster_events.push(event),
            Record::InstanceEvent(event) => self.instance_events.push(event),
            Record::Machine(mut machine) => {
                machine.subject = owing(attribution, &machine.subject, None);
                self.machines.push(machine);
            }
            Record::AddedDisk(disk) => self.added_disks.push(disk),
            Record::Cluster(mut cluster) => {
                cluster.subject = owing(attribution, &cluster.subject, None);
                self.clusters.push(fate(cluster));
            }
            Record::BilledBeyond(_)
            | Record::Start(_)
            | Record::Attempt(_)
            | Record::Run(_)
            | Record::Command(_)
            | Record::Refusal(_) => {}
        }
        Ok(())
    }

    fn write(&self, database: &mut Database, source: &str, written: &mut Written) -> Result<(), StoreError> {
        let appended = database.append_records(
            source,
            &RecordBatch {
                facts: &self.facts,
                cluster_events: &self.cluster_events,
                instance_events: &self.instance_events,
                machines: &self.machines,
                added_disks: &self.added_disks,
                cluster_records: &self.clusters,
                workspaces: &[],
            },
        )?;
        written.new_facts = written.new_facts.saturating_add(appended.facts.new);
        written.known_facts = written.known_facts.saturating_add(appended.facts.known);
        Ok(())
    }
}

fn fate(cluster: ClusterRecord) -> ClusterFate {
    ClusterFate {
        subject: cluster.subject,
        state: cluster.state,
        pinned: cluster.pinned,
        gone: cluster.gone,
    }
}

/// What goes from one thread to the other.
enum Message {
    Batch(Batch),
    Progress(Progress),
}

/// What is lived, at which prices, under which name.
pub(super) struct Lived<'a> {
    pub simulation: &'a Simulation,
    pub catalogue: &'a Catalogue,
    pub name: &'a str,
    /// Records of one transaction, where somebody says how many.
    pub batch_records: Option<NonZeroUsize>,
}

/// Lives through a simulation and writes all that comes of it. What people want to know of it goes to the collector.
///
/// # Errors
/// `simulate::failed` or `simulate::rate` when the simulation or its rating fails, else what `diagnose` makes of the store's error.
pub(super) fn live_and_write(
    &Lived {
        simulation,
        catalogue,
        name,
        batch_records,
    }: &Lived<'_>,
    mut attribution: Option<Attribution>,
    database: &mut Database,
    collector: &mut Collector,
    observe: &mut dyn FnMut(Step),
    diagnose: &dyn Fn(&StoreError) -> Diagnostics,
) -> Result<Written, Diagnostics> {
    let workspaces: Vec<(Workspace, Period)> = simulation
        .workspaces
        .iter()
        .map(|w| (w.workspace.clone(), simulation.period))
        .collect();
    let first = RecordBatch {
        workspaces: &workspaces,
        ..RecordBatch::default()
    };
    database.append_records(name, &first).map_err(|e| diagnose(&e))?;
    let mut written = Written::default();
    let full = batch_records.map_or_else(|| batch_size(simulation), NonZeroUsize::get);
    std::thread::scope(|threads| {
        let (send, receive) = sync_channel::<Message>(WAITING);
        let progress = send.clone();
        let lived = threads.spawn(move || {
            let mut rater = Rater::new(catalogue, simulation.period);
            let mut batch = Batch::default();
            let stopped = |_| "nobody writes any more".to_owned();
            let lived = live(
                simulation,
                &mut |record| {
                    collector.note(&record);
                    batch.take(record, &mut rater, &mut attribution)?;
                    if batch.len() >= full {
                        let next = batch.like();
                        send.send(Message::Batch(std::mem::replace(&mut batch, next)))
                            .map_err(stopped)?;
                    }
                    Ok(())
                },
                // Whoever has stopped listening hears no progress either.
                &mut |p| drop(progress.send(Message::Progress(p))),
            );
            lived.and_then(|()| {
                let last = send.send(Message::Batch(batch));
                last.map_err(stopped).map_err(SimulationError::Stopped)
            })
        });
        let mut broken = None;
        for message in receive {
            match message {
                Message::Progress(p) => observe(lived_step(&p)),
                Message::Batch(batch) => {
                    if let Err(e) = batch.write(database, name, &mut written) {
                        broken = Some(diagnose(&e));
                        // The receiver is dropped here, and the other thread stops at its next batch.
                        break;
                    }
                }
            }
        }
        match (broken, lived.join()) {
            (Some(broken), _) => Err(broken),
            (None, Ok(Ok(()))) => Ok(written),
            (None, Ok(Err(e))) => Err(live_error(name, &e)),
            (None, Err(panic)) => std::panic::resume_unwind(panic),
        }
    })
}

/// How far a simulation has come, as its observers are told.
pub(super) fn lived_step(progress: &Progress) -> Step {
    let since = |at: Instant| u64::try_from((at - progress.period.start).num_seconds()).unwrap_or_default();
    Step::Lived(since(progress.at), since(progress.period.end))
}
