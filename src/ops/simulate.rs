//! Simulate: a scenario's requests are judged, the admitted live through its period, every second is billed
//! into the ledger, and the months can be reported.
//!
//! Everything is computed before the first row is written, and facts have keys: killed at any moment, the file
//! is consistent, and a second run writes what is missing and nothing twice.

mod admit;
mod source;

use std::path::PathBuf;

use admit::{Judged, admit};
use source::{Source, digest};

use super::ledger::{diagnose, open};
use super::policies::{Policies, PolicySource};
use super::prices::catalogue;
use crate::ledger::rate::{Rated, rate};
use crate::lifecycle::simulation::Outcome as Lived;
use crate::lifecycle::{Progress, Scenario, simulate as live};
use crate::model::decision::Decision;
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::period::{Instant, Month, Period};
use crate::plugin::Host;
use crate::pricing::catalogue::Catalogue;
use crate::report::CostReport;
use crate::store::decision_log::DecisionRecord;
use crate::store::run::Run;

/// Facts written in one transaction.
const BATCH: usize = 10_000;

/// What to simulate and where to bill it.
#[derive(Debug, Clone)]
pub struct SimulateOptions {
    /// The scenario: a file, or a folder with `scenario.yaml`.
    pub scenario: PathBuf,
    /// The ledger; `NAME.db` in the current folder where none is named.
    pub ledger: Option<PathBuf>,
    /// Policies instead of those the scenario names.
    pub policies: Option<PathBuf>,
}

/// How far a simulation has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Requests judged, of all.
    Judged(u64, u64),
    /// Seconds lived through, of all.
    Lived(u64, u64),
    /// Facts written, of all.
    Billed(u64, u64),
}

/// A request of the scenario and what was decided.
#[derive(Debug, Clone)]
pub struct JudgedRequest {
    /// Name of the cluster or job.
    pub name: String,
    /// Where it stands.
    pub place: String,
    /// The decision.
    pub decision: Decision,
}

/// What came of it.
#[derive(Debug)]
pub struct Simulated {
    /// The scenario's name.
    pub name: String,
    /// The ledger that was billed.
    pub ledger: PathBuf,
    /// Every request.
    pub requests: Vec<JudgedRequest>,
    /// Clusters that lived.
    pub clusters: u64,
    /// Facts newly written.
    pub new_facts: u64,
    /// Facts that the ledger knew already.
    pub known_facts: u64,
    /// Runs that did not take place since the one before still ran.
    pub skipped_runs: u64,
    /// What is odd about the scenario.
    pub warnings: Diagnostics,
    /// The reports of the months it touches.
    pub reports: Vec<CostReport>,
}

/// Simulates a scenario and bills it.
///
/// # Errors
/// `file::*`, `scenario::*`, `policy::*`, `price::*`, `request::*`, `store::*`, `simulate::*`. Nothing is
/// written before everything is computed.
pub fn simulate(
    options: &SimulateOptions,
    host: &Host,
    observe: &mut dyn FnMut(Step),
) -> Result<Simulated, Diagnostics> {
    let read = Source::read(&options.scenario)?;
    let scenario = Scenario::parse(read.main, read.includes)?;
    let prices: Vec<PathBuf> = scenario.prices.iter().map(|p| read.folder.join(p)).collect();
    let mut catalogue = catalogue(&prices)?;
    let policy_source = match (&options.policies, &scenario.policies) {
        (Some(folder), _) => PolicySource::Folder(folder.clone()),
        (None, Some(folder)) => PolicySource::Folder(read.folder.join(folder)),
        (None, None) => PolicySource::Bundled,
    };
    let mut policies = Policies::open(&policy_source, host)?;
    let digest = digest(&read.texts, &prices, &policies)?;
    let ledger = options
        .ledger
        .clone()
        .unwrap_or_else(|| PathBuf::from(format!("{}.db", scenario.name)));
    let mut database = open(&ledger)?;
    let run = Run {
        name: scenario.name.clone(),
        digest,
        seed: scenario.seed,
        period: scenario.period,
    };
    database.begin_run(&run).map_err(|e| diagnose(&ledger, &e))?;

    let (requests, simulation) = admit(&scenario, &mut policies, &mut catalogue, observe)?;
    let lived = live(&simulation, &mut |p: Progress| observe(lived_step(&p)))
        .map_err(|e| Diagnostic::error("simulate::failed", &scenario.name, e.to_string()))?;
    let facts = rate_all(&catalogue, &lived, &scenario.name)?;

    let store = |e: crate::store::StoreError| diagnose(&ledger, &e);
    database
        .append_decisions(&records(&scenario.name, &requests))
        .map_err(store)?;
    database
        .append_cluster_events(&scenario.name, &lived.events)
        .map_err(store)?;
    database
        .append_instance_events(&scenario.name, &lived.instance_events)
        .map_err(store)?;
    let total = count(facts.len());
    let (mut new_facts, mut known_facts, mut done) = (0_u64, 0_u64, 0_u64);
    for batch in facts.chunks(BATCH) {
        let appended = database.append(&scenario.name, batch).map_err(store)?;
        new_facts = new_facts.saturating_add(appended.new);
        known_facts = known_facts.saturating_add(appended.known);
        done = done.saturating_add(count(batch.len()));
        observe(Step::Billed(done, total));
    }
    database.finish_run(&scenario.name).map_err(store)?;
    let reports = months(&scenario.period)
        .into_iter()
        .map(|month| super::report::month_report(&database, month))
        .collect::<Result<_, _>>()
        .map_err(store)?;
    Ok(Simulated {
        name: scenario.name,
        requests: requests.into_iter().map(|r| r.judged).collect(),
        clusters: count(lived.clusters.len()),
        new_facts,
        known_facts,
        skipped_runs: count(lived.skipped_runs.len()),
        warnings: scenario.warnings,
        reports,
        ledger,
    })
}

fn count(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

fn lived_step(progress: &Progress) -> Step {
    let since = |at: Instant| u64::try_from((at - progress.period.start).num_seconds()).unwrap_or_default();
    Step::Lived(since(progress.at), since(progress.period.end))
}

/// Every usage, rated; in the order of the simulation.
fn rate_all(catalogue: &Catalogue, lived: &Lived, name: &str) -> Result<Vec<Rated>, Diagnostics> {
    let mut facts = Vec::with_capacity(lived.usage.len());
    for usage in &lived.usage {
        let stretch = Period {
            start: usage.since,
            end: usage.period.end,
        };
        let prices = catalogue.book.in_force(&usage.meter, stretch);
        facts.extend(
            rate(usage, &prices).map_err(|e| Diagnostic::error("simulate::rate", name, e.to_string()))?,
        );
    }
    Ok(facts)
}

fn records(source: &str, requests: &[Judged]) -> Vec<DecisionRecord> {
    requests
        .iter()
        .map(|r| DecisionRecord {
            source: source.to_owned(),
            request: r.judged.name.clone(),
            at: r.at,
            policies: r.policies.clone(),
            outcome: r.judged.decision.outcome,
            violations: serde_json::to_value(&r.judged.decision.violations).unwrap_or_default(),
            estimate: serde_json::to_value(r.judged.decision.estimate.clone().without_lines())
                .unwrap_or_default(),
        })
        .collect()
}

/// The months a period touches.
fn months(period: &Period) -> Vec<Month> {
    let mut months = Vec::new();
    let mut at = period.start;
    while at < period.end {
        let month = Month::of(at);
        months.push(month);
        at = month.period().end;
    }
    months
}
