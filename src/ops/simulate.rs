//! Simulate: a scenario's requests are judged, the admitted live through its period, every second is billed
//! into the ledger, and the months can be reported.
//!
//! Every request is judged before the first row is written. From then on the ledger follows the simulation, and what is
//! told has keys: killed at any moment, the file is consistent, and a second run writes what is missing and nothing
//! twice.

mod admit;
mod compare;
mod explain;
mod figures;
mod history;
mod nodes;
mod source;
mod stream;

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use admit::{Judged, admit};
use figures::Collector;
use source::{Source, digest};

pub use compare::{CompareOptions, compare};
pub use history::{HistoryOptions, HistoryScenario, scenario_from_history};

use super::attribution::{Attribution, rules_of};
use super::files::read_text;
use super::ledger::{diagnose, open};
use super::policies::{Policies, PolicySource};
use super::prices::catalogue;
use crate::lifecycle::scenario::BASE;
use crate::lifecycle::simulation::Refusal;
use crate::lifecycle::{Scenario, SimulationError};
use crate::model::decision::Decision;
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::period::{Month, Period};
use crate::plugin::Host;
use crate::report::CostReport;
use crate::report::timeline::{BilledBeyond, Timeline};
use crate::store::decision_log::DecisionRecord;
use crate::store::run::Run;

/// What to simulate and where to bill it.
#[derive(Debug, Clone)]
pub struct SimulateOptions {
    /// The scenario: a file, or a folder with `scenario.yaml`.
    pub scenario: PathBuf,
    /// The ledger; `NAME.db` in the current folder where none is named.
    pub ledger: Option<PathBuf>,
    /// Policies instead of those the scenario names.
    pub policies: Option<PathBuf>,
    /// A variant of the scenario instead of the scenario itself.
    pub variant: Option<String>,
    /// A cluster (by name or `cluster_id`) or a job whose starts are told step by step.
    pub explain: Option<String>,
    /// Rules for cost centres instead of the scenario's `team_tag`.
    pub cost_centres: Option<PathBuf>,
    /// Records of one transaction, about; else as many as are written fastest. The entries are the same with any number.
    pub batch_records: Option<NonZeroUsize>,
}

/// How far a simulation has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Requests judged, of all.
    Judged(u64, u64),
    /// Seconds lived through and billed, of all.
    Lived(u64, u64),
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
    /// Runs that did not take place since as many as may at the same time were going on.
    pub skipped_runs: u64,
    /// Requests of users that were refused as the API refuses them, in order of time.
    pub refusals: Vec<Refusal>,
    /// Starts of the cluster or job that was to be explained.
    pub starts: Vec<Timeline>,
    /// Its machines that are billed for longer than they lived.
    pub billed_beyond: Vec<BilledBeyond>,
    /// What is odd about the scenario.
    pub warnings: Diagnostics,
    /// The reports of the months it touches.
    pub reports: Vec<CostReport>,
}

/// Simulates a scenario and bills it.
///
/// # Errors
/// `file::*`, `scenario::*`, `policy::*`, `price::*`, `request::*`, `store::*`, `simulate::*`. Nothing is
/// written before every request is judged.
pub fn simulate(
    options: &SimulateOptions,
    host: &Host,
    observe: &mut dyn FnMut(Step),
) -> Result<Simulated, Diagnostics> {
    let read = Source::read(&options.scenario)?;
    let mut scenario = Scenario::parse(read.main.clone(), read.includes.clone())?;
    if let Some(variant) = &options.variant {
        scenario = scenario.variant(variant)?;
    }
    // A variant is another run with another bill, so it has a name of its own.
    let name = match options.variant.as_deref() {
        None | Some(BASE) => scenario.name.clone(),
        Some(variant) => format!("{}-{variant}", scenario.name),
    };
    let prices: Vec<PathBuf> = scenario.prices.iter().map(|p| read.folder.join(p)).collect();
    let mut catalogue = catalogue(&prices)?;
    let source = policy_source(options.policies.as_ref(), &scenario, &read.folder);
    let mut policies = Policies::open(&source, host)?;
    let rules = options.cost_centres.as_deref().map(read_text).transpose()?;
    let attribution = rules.as_ref().map(rules_of).transpose()?.map(Attribution::new);
    let digest = digest(&read.texts, &prices, &policies, rules.as_ref())?;
    let ledger = options
        .ledger
        .clone()
        .unwrap_or_else(|| PathBuf::from(format!("{name}.db")));
    let mut database = open(&ledger)?;
    let run = Run {
        name: name.clone(),
        digest,
        seed: scenario.seed,
        period: scenario.period,
    };
    let store = |e: crate::store::StoreError| diagnose(&ledger, &e);
    database.begin_run(&run).map_err(store)?;
    let (requests, simulation) = admit(&scenario, &mut policies, &mut catalogue, observe)?;
    database
        .append_decisions(&records(&name, &requests))
        .map_err(store)?;
    let mut collector = Collector::explaining(options.explain.as_deref());
    let diagnosed = |e: &crate::store::StoreError| diagnose(&ledger, e);
    let written = stream::live_and_write(
        &stream::Lived {
            simulation: &simulation,
            catalogue: &catalogue,
            name: &name,
            batch_records: options.batch_records,
        },
        attribution,
        &mut database,
        &mut collector,
        observe,
        &diagnosed,
    )?;
    database.finish_run(&name).map_err(store)?;
    let reports = months(&scenario.period)
        .into_iter()
        .map(|month| super::report::month_report(&database, month))
        .collect::<Result<_, _>>()
        .map_err(store)?;
    let explained = collector.explained();
    if let (Some(wanted), true) = (&options.explain, explained.is_empty()) {
        let message = format!("no cluster of the name, id or job `{wanted}` was started");
        return Err(Diagnostic::error("simulate::not-started", &name, message).into());
    }
    Ok(Simulated {
        requests: requests.into_iter().map(|r| r.judged).collect(),
        clusters: collector.clusters,
        new_facts: written.new_facts,
        known_facts: written.known_facts,
        skipped_runs: collector.skipped_runs(),
        starts: explained.iter().map(explain::timeline).collect(),
        billed_beyond: collector
            .billed_beyond()
            .iter()
            .map(explain::billed_beyond)
            .collect(),
        refusals: collector.into_refusals(),
        warnings: scenario.warnings,
        reports,
        ledger,
        name,
    })
}

/// The policies of a run: those asked for, else those of the scenario, else the bundled ones.
fn policy_source(asked: Option<&PathBuf>, scenario: &Scenario, folder: &Path) -> PolicySource {
    match (asked, &scenario.policies) {
        (Some(asked), _) => PolicySource::Folder(asked.clone()),
        (None, Some(own)) => PolicySource::Folder(folder.join(own)),
        (None, None) => PolicySource::Bundled,
    }
}

/// A simulation that came to nothing.
fn live_error(name: &str, error: &SimulationError) -> Diagnostics {
    let code = match error {
        // Only rating stops a simulation for reasons of its own.
        SimulationError::Stopped(_) => "simulate::rate",
        _ => "simulate::failed",
    };
    Diagnostic::error(code, name, error.to_string()).into()
}

fn count(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
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
