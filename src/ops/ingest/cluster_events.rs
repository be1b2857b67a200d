//! Events of real clusters: read, replayed, rated, billed.
//!
//! A cluster is billed whole or not at all. What is replayed is all that the ledger's history holds of it together with
//! what is told now, so that an export may be told piece by piece, and a cluster that goes on without an event is billed
//! further by a later cut. Where what is told now no longer says what was billed before, nothing of that cluster is written and the
//! difference is told; a telling that corrects takes back what is no longer billed, and bills what is.

pub(super) mod convert;
pub(super) mod facts;
mod write;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use self::convert::{Context, told};
use self::facts::{difference, gone, lost};
use self::write::{Outbox, Pending};
use super::Step;
use super::rated::rate_all;
use crate::databricks::cluster_spec::NodeSlot;
use crate::intake::cluster_events::{RealEvent, read, stored};
use crate::intake::existing_clusters::ExistingCluster;
use crate::ledger::rate::Rated;
use crate::lifecycle::replay::{
    Definition, End, Fault, Found, Life, Replay, Replayed, Told, goes_on, midnight_before, replay,
};
use crate::model::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::model::meter::{Category, MeterKind, PurchaseOption};
use crate::model::period::{Instant, rfc3339};
use crate::model::place::{Workload, Workspace};
use crate::model::usage::Usage;
use crate::ops::attribution::{Attribution, owing, rules};
use crate::ops::files::{TableFile, Text};
use crate::ops::judge::PlaceOptions;
use crate::ops::ledger::{diagnose, open};
use crate::ops::running::existing;
use crate::pricing::catalogue::Catalogue;
use crate::pricing::node_meters::{Context as Pricing, node_meters};
use crate::report::ingest::{Billed, EventCounts, Ingested, IngestedCluster, IngestedLife};
use crate::store::Database;
use crate::store::history::StoredClusterEvent;
use crate::store::real_history::Billed as Known;

/// What all clusters of one telling have in common.
#[derive(Debug, Clone, PartialEq)]
pub struct IngestOptions {
    /// The ledger.
    pub ledger: PathBuf,
    /// The workspace's name.
    pub workspace_name: String,
    /// Where it is.
    pub place: PlaceOptions,
    /// What a cluster runs for where neither its record nor its name tells.
    pub workload: Workload,
    /// Up to when lives without an end are known to have lasted.
    pub cut: Option<Instant>,
    /// The tag that names the cost centre, where no rules do.
    pub team_tag: Option<String>,
    /// Rules for cost centres.
    pub cost_centres: Option<PathBuf>,
    /// Seconds from TERMINATING until machines are gone.
    pub termination_seconds: u32,
    /// Corrects what was billed otherwise before, instead of refusing it.
    pub correct: bool,
}

/// Bills the clusters whose events are told. `clusters` are their records, as far as there are any. `progress` is told how many clusters
/// are done.
///
/// # Errors
/// What makes all answers impossible: events that could be of any cluster, a ledger or price book that cannot be used.
/// What is wrong with one cluster is in the second part.
pub fn ingest(
    sources: &[Text],
    clusters: &[TableFile],
    catalogue: &mut Catalogue,
    options: &IngestOptions,
    progress: &mut dyn FnMut(Step),
) -> Result<(Ingested, Diagnostics), Diagnostics> {
    let attribution = options
        .cost_centres
        .as_deref()
        .map(rules)
        .transpose()?
        .map(Attribution::new);
    let mut taken = Taken::read(sources)?;
    let (records, problems) = existing(clusters)?;
    if problems.has_errors() {
        return Err(problems.sorted());
    }
    taken.problems.0.extend(problems.0);
    let mut database = open(&options.ledger)?;
    let source = format!("cluster-events/{}", options.workspace_name);
    let known = History::read(&database, &source, &options.ledger)?;
    let head = database.head().map_err(|e| diagnose(&options.ledger, &e))?;
    let mut ids: BTreeSet<String> = taken.events.keys().cloned().collect();
    ids.extend(known.clusters.iter().cloned());
    ids.extend(taken.doubtful.iter().cloned());
    let mut desk = Desk {
        records: records
            .clusters
            .iter()
            .map(|c| (c.cluster_id.as_str(), c))
            .collect(),
        catalogue,
        options,
        correct: options.correct.then_some(head.entries),
        source: source.clone(),
        known,
        told: Ingested {
            source,
            ledger: options.ledger.display().to_string(),
            cut: options.cut.map(midnight_before),
            events: EventCounts {
                read: taken.read,
                unknown_types: std::mem::take(&mut taken.unknown_types),
                ..EventCounts::default()
            },
            ..Ingested::default()
        },
        problems: std::mem::take(&mut taken.problems),
        assumptions: Assumptions::default(),
        attribution,
    };
    let mut outbox = Outbox::default();
    let all = u64::try_from(ids.len()).unwrap_or(u64::MAX);
    for (done, id) in (1_u64..).zip(&ids) {
        progress(Step::Billed(done, all));
        let events = taken.events.remove(id).unwrap_or_default();
        let Some(pending) = desk.cluster(&database, id, events, &taken.doubtful)? else {
            continue;
        };
        if outbox.is_full() {
            desk.write(&mut database, &mut outbox)?;
        }
        outbox.push(pending);
    }
    desk.write(&mut database, &mut outbox)?;
    database
        .bring_log_in()
        .map_err(|e| diagnose(&options.ledger, &e))?;
    Ok(desk.finish())
}

/// The events of all sources.
struct Taken {
    events: BTreeMap<String, Vec<RealEvent>>,
    doubtful: BTreeSet<String>,
    unknown_types: BTreeMap<String, usize>,
    problems: Diagnostics,
    read: usize,
}

impl Taken {
    fn read(sources: &[Text]) -> Result<Taken, Diagnostics> {
        let mut taken = Taken {
            events: BTreeMap::new(),
            doubtful: BTreeSet::new(),
            unknown_types: BTreeMap::new(),
            problems: Diagnostics::default(),
            read: 0,
        };
        let (mut unattributed, mut pages) = (0_usize, 0_usize);
        for source in sources {
            let read = read(&source.source, &source.text);
            unattributed = unattributed.saturating_add(read.unattributed);
            taken.problems.0.extend(read.problems.0);
            taken.doubtful.extend(read.doubtful);
            taken.read = taken.read.saturating_add(read.events.len());
            for (name, times) in read.unknown_types {
                let known: &mut usize = taken.unknown_types.entry(name).or_default();
                *known = known.saturating_add(times);
            }
            let before = pages;
            for mut event in read.events {
                // Pages are counted through all sources.
                event.place.page = event.place.page.saturating_add(before);
                pages = pages.max(event.place.page.saturating_add(1));
                let id = event.cluster_id.to_string();
                taken.events.entry(id).or_default().push(event);
            }
        }
        match unattributed {
            0 => Ok(taken),
            _ => Err(taken.problems.sorted()),
        }
    }
}

/// What the ledger holds of this workspace.
struct History {
    clusters: Vec<String>,
    billed: BTreeMap<String, Vec<Known>>,
}

impl History {
    fn read(database: &Database, source: &str, ledger: &Path) -> Result<History, Diagnostics> {
        let named = |e| diagnose(ledger, &e);
        Ok(History {
            clusters: database.clusters_told_by(source).map_err(named)?,
            billed: database.billed_by(source).map_err(named)?,
        })
    }
}

/// What holds of some cluster and is not told by events.
#[derive(Default)]
struct Assumptions {
    has_spot: bool,
    has_pools: bool,
    has_ends: bool,
    has_cuts: bool,
    by_name: usize,
    rounded: u64,
}

struct Desk<'a> {
    records: BTreeMap<&'a str, &'a ExistingCluster>,
    catalogue: &'a mut Catalogue,
    options: &'a IngestOptions,
    /// Where the ledger is corrected: its number of entries when the telling began.
    correct: Option<i64>,
    source: String,
    known: History,
    told: Ingested,
    problems: Diagnostics,
    assumptions: Assumptions,
    attribution: Option<Attribution>,
}

impl Desk<'_> {
    /// Replays and rates a cluster. None where nothing is to be written.
    fn cluster(
        &mut self,
        database: &Database,
        id: &str,
        events: Vec<RealEvent>,
        doubtful: &BTreeSet<String>,
    ) -> Result<Option<Pending>, Diagnostics> {
        let is_told = !events.is_empty();
        if doubtful.contains(id) {
            let message =
                format!("nothing of `{id}` is billed: a bill without all its events would be wrong");
            let place = events.first().map(|e| e.place.source.to_string());
            let place = place.unwrap_or_else(|| self.told.source.clone());
            let problem = Diagnostic::error("event::held-back", place, message);
            self.refuse(
                id,
                problem.hint("see what is said of its events, and tell them again"),
            );
            return Ok(None);
        }
        let all = self.with_history(database, id, events)?;
        let (converted, known) = told(
            &all,
            &Context {
                cluster_id: id,
                workspace_name: &self.options.workspace_name,
                record: self.records.get(id).copied(),
                workload: self.options.workload,
                team_tag: self.options.team_tag.as_deref(),
            },
        );
        // What has ended and is not told of again was billed when it was told.
        if !is_told && !goes_on(&converted) {
            return Ok(None);
        }
        let Some(workspace) = self.workspace(id, &all) else {
            return Ok(None);
        };
        self.catalogue
            .load(workspace.cloud, workspace.region.as_deref())?;
        let catalogue = &*self.catalogue;
        let bill = |definition: &Definition, slot: &NodeSlot<'_>, at: Instant| {
            let pricing = Pricing {
                workspace: &workspace,
                workload: definition.workload,
                at,
                pools: &definition.pools,
            };
            node_meters(catalogue, &pricing, &definition.spec, slot)
        };
        let changes = self.options.place.tier_changes.iter();
        let tier_changes: Vec<Instant> = changes.map(|change| change.at).collect();
        let asked = Replay {
            cluster_id: id,
            events: &converted,
            known: Arc::clone(&known),
            cut: self.cut(id),
            termination_seconds: self.options.termination_seconds,
            tier_changes: &tier_changes,
            bill: &bill,
        };
        let failed = |what: String| {
            Diagnostic::error(
                "event::rate",
                &self.told.source,
                format!("`{id}`: {what}; nothing of it is billed"),
            )
        };
        let attribution = &mut self.attribution;
        let rated = replay(&asked)
            .map_err(|e| failed(e.to_string()))
            .and_then(|mut r| {
                for usage in &mut r.usage {
                    usage.subject = owing(attribution, &usage.subject, Some(&usage.meter));
                }
                match rate_all(catalogue, &r.usage) {
                    Ok(rated) => Ok((r, rated)),
                    Err(error) => Err(failed(error.to_string())),
                }
            });
        let (replayed, rated) = match rated {
            Ok(found) => found,
            Err(problem) => {
                self.refuse(id, problem);
                return Ok(None);
            }
        };
        let known_facts = self.known.billed.get(id).map_or(&[][..], Vec::as_slice);
        let lost = lost(known_facts, &rated);
        if let (Some(first), None) = (lost.first(), self.correct) {
            let difference = difference(first, &rated);
            let message = format!("`{id}` was billed otherwise: {difference}; nothing of it is written");
            let problem = Diagnostic::error("event::billed-otherwise", &self.told.ledger, message);
            let hint = "are --clusters and the other flags those of before? where what is told now is right, --correct reverses what \
                        was billed and bills it anew";
            self.refuse(id, problem.hint(hint));
            return Ok(None);
        }
        self.report(&all, &replayed.faults, is_told);
        self.assume(id, &replayed, &converted);
        Ok(Some(Pending {
            cluster: self.summary(id, &converted, &known, &replayed, &rated),
            withdrawn: gone(lost, &rated),
            facts: rated,
            events: self.to_store(&all),
        }))
    }

    /// Up to when the cluster is known to have lived without an end: what was billed before was billed to a cut, too. A telling that
    /// corrects may say an earlier one.
    fn cut(&self, id: &str) -> Option<Instant> {
        if let (Some(_), Some(cut)) = (self.correct, self.options.cut) {
            return Some(cut);
        }
        let billed = self.known.billed.get(id).into_iter().flatten();
        self.options.cut.max(billed.map(|fact| fact.period.end).max())
    }

    /// What was told before, in the order kept then, followed by what is told now.
    fn with_history(
        &self,
        database: &Database,
        id: &str,
        now: Vec<RealEvent>,
    ) -> Result<Vec<(RealEvent, bool)>, Diagnostics> {
        let mut all = Vec::with_capacity(now.len());
        if self.known.clusters.iter().any(|known| known == id) {
            let ledger: Arc<str> = Arc::from(self.told.ledger.as_str());
            let history = database
                .cluster_events(id)
                .map_err(|e| diagnose(&self.options.ledger, &e))?;
            for event in history.iter().filter(|e| e.source == self.source) {
                let read = stored(&ledger, id, event.timestamp, &event.event_type, &event.details);
                all.push((read.map_err(Diagnostics::from)?, true));
            }
        }
        all.extend(now.into_iter().map(|event| (event, false)));
        Ok(all)
    }

    /// Where the cluster runs: as the flags say, else as its definitions give away.
    fn workspace(&mut self, id: &str, events: &[(RealEvent, bool)]) -> Option<Workspace> {
        let told = events
            .iter()
            .filter_map(|(event, _)| event.details.attributes.as_ref())
            .map(|attributes| &attributes.spec);
        let recorded = self.records.get(id).map(|record| &record.request.spec);
        let place = &self.options.place;
        let workspace = told
            .chain(recorded)
            .find_map(|spec| place.workspace(spec))
            .or_else(|| {
                let cloud = place.cloud?;
                Some(place.workspace_in(cloud))
            });
        let Some(mut workspace) = workspace else {
            let message = format!("nothing tells the cloud of `{id}`; nothing of it is billed");
            let place = events.first().map(|(e, _)| e.place.source.to_string());
            let place = place.unwrap_or_else(|| self.told.source.clone());
            let problem = Diagnostic::error("event::cloud", place, message);
            self.refuse(id, problem.hint("give --cloud AZURE, AWS or GCP"));
            return None;
        };
        workspace.name.clone_from(&self.options.workspace_name);
        Some(workspace)
    }

    fn refuse(&mut self, id: &str, problem: Diagnostic) {
        self.problems.0.push(problem);
        let name = self.records.get(id).and_then(|r| r.request.name.clone());
        self.told.clusters.push(IngestedCluster {
            cluster_id: id.to_owned(),
            cluster_name: name.unwrap_or_default(),
            billed: Billed::Not,
            lives: Vec::new(),
            machine_seconds: 0,
            dbu_nano: 0,
            cost_nano: BTreeMap::new(),
            unpriced: 0,
        });
    }

    /// Faults as diagnostics: of each kind the first, with how many there are. Of a cluster that nothing new is told of
    /// only that it goes on.
    fn report(&mut self, events: &[(RealEvent, bool)], faults: &[Found], is_told: bool) {
        let mut kinds: BTreeMap<&'static str, (&Found, usize)> = BTreeMap::new();
        for found in faults {
            if !is_told && !matches!(found.fault, Fault::Unterminated { .. }) {
                continue;
            }
            let code = found.fault.code();
            let total = self.told.faults.entry(code.to_owned()).or_default();
            *total = total.saturating_add(1);
            if found.fault.is_ignored() {
                self.told.events.ignored = self.told.events.ignored.saturating_add(1);
            }
            let kind = kinds.entry(code).or_insert((found, 0));
            kind.1 = kind.1.saturating_add(1);
        }
        for (code, (found, times)) in kinds {
            let Some((event, _)) = events.get(found.event) else {
                continue;
            };
            let others = match times.saturating_sub(1) {
                0 => String::new(),
                1 => "; the same of 1 more of its events".to_owned(),
                n => format!("; the same of {n} more of its events"),
            };
            let message = format!(
                "{} of `{}` at {}: {}{others}",
                event.type_name,
                event.cluster_id,
                rfc3339(event.at),
                found.fault.message()
            );
            let mut problem = event.place.warning(code, message);
            let mut fault = found.fault;
            if let (Fault::Unterminated { billed_to }, None) = (&mut fault, self.options.cut) {
                // Nobody says how long it lived, whatever a cut of an earlier telling said.
                *billed_to = None;
                problem.severity = Severity::Error;
            }
            problem.hint = fault.hint().map(str::to_owned);
            self.problems.0.push(problem);
        }
    }

    fn assume(&mut self, id: &str, replayed: &Replayed, events: &[Told]) {
        let assumed = &mut self.assumptions;
        assumed.has_cuts |= replayed
            .lives
            .iter()
            .any(|l| l.end == End::Open && l.billed_until.is_some());
        assumed.has_ends |= replayed.lives.iter().any(|l| matches!(l.end, End::Told(_)));
        let is_spot = |kind: &MeterKind| {
            matches!(
                kind,
                MeterKind::Vm {
                    purchase_option: PurchaseOption::Spot,
                    ..
                }
            )
        };
        assumed.has_spot |= replayed.usage.iter().any(|u| is_spot(&u.meter.kind));
        assumed.has_pools |= replayed.usage.iter().any(|u| !u.subject.pool.is_empty());
        let is_named = |d: &Arc<Definition>| !d.subject.job_name.is_empty();
        let is_recorded = self.records.get(id).is_some_and(|r| r.cluster_source.is_some());
        let by_name = !is_recorded && events.iter().filter_map(|e| e.definition.as_ref()).any(is_named);
        assumed.rounded = assumed.rounded.saturating_add(replayed.rounded);
        assumed.by_name = assumed.by_name.saturating_add(usize::from(by_name));
    }

    fn summary(
        &self,
        id: &str,
        events: &[Told],
        known: &Arc<Definition>,
        replayed: &Replayed,
        rated: &[Rated],
    ) -> IngestedCluster {
        let last = events
            .iter()
            .rev()
            .find_map(|e| e.definition.as_ref())
            .unwrap_or(known);
        let goes_on = replayed.lives.iter().any(|l| l.end == End::Open);
        let billed = match (goes_on, self.options.cut) {
            (false, _) => Billed::Whole,
            (true, Some(_)) => Billed::ToCut,
            (true, None) => Billed::Partly,
        };
        let (mut cost_nano, mut unpriced, mut dbu_nano) = (BTreeMap::new(), 0_u64, 0_i128);
        for one in rated {
            match one {
                Rated::Charge(charge) => {
                    let sum: &mut i128 = cost_nano.entry(charge.price.currency.to_string()).or_default();
                    *sum = sum.saturating_add(i128::from(charge.cost_nano));
                    if charge.meter.category() == Category::Dbu {
                        dbu_nano = dbu_nano.saturating_add(i128::from(charge.quantity_nano));
                    }
                }
                Rated::Unpriced(_) => unpriced = unpriced.saturating_add(1),
            }
        }
        let is_machine = |u: &&Usage| matches!(u.meter.kind, MeterKind::Vm { .. }) && u.per_hour.is_some();
        let seconds = replayed
            .usage
            .iter()
            .filter(is_machine)
            .map(|u| u.period.seconds());
        IngestedCluster {
            cluster_id: id.to_owned(),
            cluster_name: last.subject.cluster_name.clone(),
            billed,
            lives: replayed.lives.iter().map(life).collect(),
            machine_seconds: seconds.fold(0, i64::saturating_add),
            dbu_nano,
            cost_nano,
            unpriced,
        }
    }

    fn to_store(&self, events: &[(RealEvent, bool)]) -> Vec<StoredClusterEvent> {
        let mut new: Vec<&RealEvent> = events
            .iter()
            .filter(|(_, known)| !known)
            .map(|(e, _)| e)
            .collect();
        // The history keeps seconds: their order within one is kept by writing them in order.
        new.sort_by_key(|event| event.at_ms);
        new.into_iter()
            .map(|event| StoredClusterEvent {
                source: self.source.clone(),
                workspace: self.options.workspace_name.clone(),
                cluster_id: event.cluster_id.to_string(),
                timestamp: event.at,
                event_type: event.type_name.clone(),
                details: event.details_text.clone(),
            })
            .collect()
    }

    /// Writes what waits; a cluster that the ledger refuses is told and left out.
    fn write(&mut self, database: &mut Database, outbox: &mut Outbox) -> Result<(), Diagnostics> {
        let written = outbox
            .write(database, &self.source, self.correct)
            .map_err(|e| diagnose(&self.options.ledger, &e))?;
        self.told.facts.new = self.told.facts.new.saturating_add(written.facts.new);
        self.told.facts.known = self.told.facts.known.saturating_add(written.facts.known);
        self.told.facts.corrected = self.told.facts.corrected.saturating_add(written.facts.corrected);
        self.told.facts.withdrawn = self.told.facts.withdrawn.saturating_add(written.facts.withdrawn);
        self.told.events.new = self.told.events.new.saturating_add(written.events);
        for cluster in written.clusters {
            self.told.facts.unpriced = self.told.facts.unpriced.saturating_add(cluster.unpriced);
            self.told.clusters.push(cluster);
        }
        for (mut cluster, error) in written.refused {
            let message = format!("nothing of `{}` is written: {error}", cluster.cluster_id);
            let problem = Diagnostic::error(error.code(), self.told.ledger.clone(), message);
            self.problems.0.push(problem);
            cluster.billed = Billed::Not;
            self.told.clusters.push(cluster);
        }
        Ok(())
    }

    fn finish(mut self) -> (Ingested, Diagnostics) {
        self.told.clusters.sort_by(|a, b| a.cluster_id.cmp(&b.cluster_id));
        let assumed = &self.assumptions;
        let say = |holds: bool, what: String| holds.then_some(what);
        let ends = match self.options.termination_seconds {
            0 => "machines go the second TERMINATING is told".to_owned(),
            n => format!("machines go {n} seconds after TERMINATING"),
        };
        let all = [
            say(!self.told.clusters.is_empty(), "milliseconds of events are cut off".to_owned()),
            say(assumed.has_ends, format!("{ends}; no event tells when")),
            say(
                assumed.has_cuts,
                "clusters without an end lived to the cut; whole days of them are billed".to_owned(),
            ),
            say(
                assumed.rounded > 0,
                format!(
                    "machines are billed for longer than they lived, by the increments of their meters: {} of them",
                    assumed.rounded
                ),
            ),
            say(
                assumed.has_spot,
                "workers asked for on spot came on spot; no event tells a fallback to on demand".to_owned(),
            ),
            say(
                assumed.has_pools,
                "instances of pools are billed while they are in a cluster; their idle time is in no cluster event"
                    .to_owned(),
            ),
            say(
                assumed.by_name > 0,
                format!("what is named like the cluster of a run is one: {} of them", assumed.by_name),
            ),
        ];
        self.told.assumptions.extend(all.into_iter().flatten());
        (self.told, self.problems)
    }
}

fn life(life: &Life) -> IngestedLife {
    let (terminating, imputed) = match life.end {
        End::Told(at) => (Some(at), false),
        End::Imputed(at) => (Some(at), true),
        End::Open => (None, false),
    };
    IngestedLife {
        started: life.started,
        running: life.running,
        terminating,
        imputed,
        billed_until: life.billed_until,
    }
}
