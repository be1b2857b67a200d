//! What people want to know of a simulation, counted as its records pass.

use std::collections::BTreeMap;

use super::stream::Rater;
use crate::databricks::event::EventType;
use crate::databricks::run::{ResultState, TaskResult};
use crate::ledger::rate::Rated;
use crate::lifecycle::simulation::{BilledBeyond, Record, Refusal, StartRecord};
use crate::model::meter::PurchaseOption;
use crate::model::money::Currency;
use crate::model::usage::{Subject, Usage};
use crate::report::comparison::{Figures, Waits};

/// Counts.
#[derive(Debug, Default)]
pub(super) struct Collector {
    figures: Figures,
    starts: Vec<i64>,
    run_delays: Vec<i64>,
    run_times: Vec<i64>,
    command_delays: Vec<i64>,
    pub clusters: u64,
    refusals: Vec<Refusal>,
    /// Starts of the cluster or job that was asked for.
    explained: Vec<StartRecord>,
    /// What of its machines is billed beyond their ends.
    beyond: Vec<BilledBeyond>,
    explain: Option<String>,
}

impl Collector {
    /// One that also keeps the starts of a cluster or of the clusters of a job.
    pub fn explaining(name: Option<&str>) -> Collector {
        Collector {
            explain: name.map(str::to_owned),
            ..Collector::default()
        }
    }

    /// Counts a record.
    pub fn note(&mut self, record: &Record) {
        let f = &mut self.figures;
        match record {
            Record::Machine(machine) => {
                let seconds = machine.period.seconds();
                f.machines = f.machines.saturating_add(1);
                f.machine_seconds = f.machine_seconds.saturating_add(seconds);
                if machine.purchase_option == PurchaseOption::Spot {
                    f.spot_seconds = f.spot_seconds.saturating_add(seconds);
                }
            }
            Record::Start(start) => {
                match start.running {
                    Some(running) => self.starts.push((running - start.requested).num_seconds()),
                    None => f.failed_starts = f.failed_starts.saturating_add(1),
                }
                if is_wanted(self.explain.as_ref(), &start.subject) {
                    self.explained.push(start.clone());
                }
            }
            Record::BilledBeyond(beyond) if is_wanted(self.explain.as_ref(), &beyond.subject) => {
                self.beyond.push(beyond.clone());
            }
            Record::Attempt(attempt) => {
                if let Some(began) = attempt.began {
                    self.run_delays.push((began - attempt.due).num_seconds());
                }
                if !matches!(attempt.result, TaskResult::Success | TaskResult::Skipped) {
                    f.attempts_failed = f.attempts_failed.saturating_add(1);
                }
            }
            Record::Run(run) => {
                let counter = match run.result {
                    None => &mut f.runs_unfinished,
                    Some(ResultState::Success | ResultState::SuccessWithFailures) => &mut f.runs_succeeded,
                    Some(ResultState::MaximumConcurrentRunsReached) => &mut f.runs_skipped,
                    Some(_) => &mut f.runs_failed,
                };
                *counter = counter.saturating_add(1);
                let took_place = !run.run_id.is_empty();
                if let (Some(ended), true) = (run.ended, took_place) {
                    self.run_times.push((ended - run.due).num_seconds());
                }
            }
            Record::Command(command) => {
                if let Some(began) = command.began {
                    self.command_delays.push((began - command.sent).num_seconds());
                }
                let counter = if command.done {
                    &mut f.commands_done
                } else {
                    &mut f.commands_lost
                };
                *counter = counter.saturating_add(1);
            }
            Record::ClusterEvent(event) if event.event_type == EventType::NodesLost => {
                f.nodes_lost = f.nodes_lost.saturating_add(1);
            }
            Record::Refusal(refusal) => self.refusals.push(refusal.clone()),
            Record::Cluster(cluster) => {
                self.clusters = self.clusters.saturating_add(1);
                f.lost_task_seconds = f.lost_task_seconds.saturating_add(cluster.lost_task_seconds);
            }
            _ => {}
        }
    }

    /// The starts that were asked for.
    pub fn explained(&self) -> &[StartRecord] {
        &self.explained
    }

    /// What of the machines of the cluster or job that was asked for is billed beyond their ends.
    pub fn billed_beyond(&self) -> &[BilledBeyond] {
        &self.beyond
    }

    /// What was refused.
    pub fn into_refusals(self) -> Vec<Refusal> {
        self.refusals
    }

    /// The runs that were due while others went on.
    pub fn skipped_runs(&self) -> u64 {
        self.figures.runs_skipped
    }

    /// All that was counted, under the variant's name.
    pub fn figures(self, variant: &str, costs: Costs) -> Figures {
        Figures {
            variant: variant.to_owned(),
            starts: Waits::of(self.starts),
            run_delay: Waits::of(self.run_delays),
            run_time: Waits::of(self.run_times),
            command_delay: Waits::of(self.command_delays),
            cost: costs.by_category.values().sum(),
            cost_by_category: costs.by_category,
            cost_of_idle_pools: costs.idle_pools,
            unpriced_usages: costs.unpriced,
            ..self.figures
        }
    }
}

/// Whether a cluster or its job has the name or id that is to be explained.
fn is_wanted(explain: Option<&String>, subject: &Subject) -> bool {
    let names = [&subject.cluster_name, &subject.job_name, &subject.cluster_id];
    explain.is_some_and(|name| names.contains(&name))
}

/// What usages cost, without a ledger.
#[derive(Debug, Default)]
pub(super) struct Costs {
    by_category: BTreeMap<&'static str, i128>,
    idle_pools: i128,
    unpriced: u64,
    pub currency: Option<Currency>,
}

impl Costs {
    /// Adds the cost of a usage.
    ///
    /// # Errors
    /// What cannot be rated, and a price in a second currency.
    pub fn add(&mut self, usage: &Usage, rater: &mut Rater<'_>) -> Result<(), String> {
        let mut pieces = Vec::new();
        rater.rate(usage, &mut pieces)?;
        for rated in pieces {
            let Rated::Charge(charge) = rated else {
                self.unpriced = self.unpriced.saturating_add(1);
                continue;
            };
            let currency = *self.currency.get_or_insert(charge.price.currency);
            if currency != charge.price.currency {
                let second = charge.price.currency;
                return Err(format!("prices in {currency} and in {second} cannot be added"));
            }
            let cost = i128::from(charge.cost_nano);
            let sum = self
                .by_category
                .entry(charge.meter.category().as_str())
                .or_default();
            *sum = sum.saturating_add(cost);
            if !charge.subject.pool.is_empty() && charge.subject.cluster_id.is_empty() {
                self.idle_pools = self.idle_pools.saturating_add(cost);
            }
        }
        Ok(())
    }
}
