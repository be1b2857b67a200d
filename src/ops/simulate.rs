//! Simulate: a scenario's requests are judged, the admitted live through its period, every second is billed
//! into the ledger, and the months can be reported.
//!
//! Everything is computed before the first row is written, and facts have keys: killed at any moment, the file
//! is consistent, and a second run writes what is missing and nothing twice.

use std::path::{Path, PathBuf};

use super::files::{Text, read_text};
use super::judge::{Asked, applicable, context, judge};
use super::ledger::{diagnose, open};
use super::policies::{Policies, PolicySource};
use super::prices::catalogue;
use crate::databricks::cluster_spec::ClusterSpec;
use crate::databricks::instance_pool::InstancePool;
use crate::ledger::rate::{Rated, rate};
use crate::lifecycle::simulation::{Outcome as Lived, starting_nodes};
use crate::lifecycle::{
    Admitted, AdmittedCluster, AdmittedJob, MeteredPool, Progress, Scenario, Simulation, simulate as live,
};
use crate::model::decision::{Decision, Outcome};
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::document::Document;
use crate::model::period::{Instant, Month, Period};
use crate::model::place::{Workload, Workspace};
use crate::plugin::Host;
use crate::pricing::catalogue::Catalogue;
use crate::pricing::estimate::{instance_meters, node_meters};
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

/// The scenario's files.
struct Source {
    folder: PathBuf,
    main: Document,
    includes: Vec<Document>,
    texts: Vec<Text>,
}

impl Source {
    fn read(path: &Path) -> Result<Source, Diagnostics> {
        let path = if path.is_dir() {
            path.join("scenario.yaml")
        } else {
            path.to_owned()
        };
        let folder = path.parent().map(Path::to_owned).unwrap_or_default();
        let text = read_text(&path)?;
        let main = Document::parse(&text.source, &text.text)?;
        let mut texts = vec![text];
        let mut includes = Vec::new();
        let mut problems = Vec::new();
        for include in Scenario::includes(&main) {
            let read = read_text(&folder.join(include));
            match read.and_then(|text| Document::parse(&text.source, &text.text).map(|d| (text, d))) {
                Ok((text, document)) => {
                    texts.push(text);
                    includes.push(document);
                }
                Err(found) => problems.extend(found.0),
            }
        }
        if problems.is_empty() {
            Ok(Source {
                folder,
                main,
                includes,
                texts,
            })
        } else {
            Err(Diagnostics(problems))
        }
    }
}

/// What the bill depends on: the scenario, its prices, its policies, and this version of tollgate with the
/// prices that come with it.
fn digest(texts: &[Text], prices: &[PathBuf], policies: &Policies<'_>) -> Result<String, Diagnostics> {
    let mut hasher = blake3::Hasher::new();
    let mut add = |part: &str| {
        hasher.update(&count(part.len()).to_le_bytes());
        hasher.update(part.as_bytes());
    };
    add(env!("CARGO_PKG_VERSION"));
    texts.iter().for_each(|t| add(&t.text));
    for path in prices {
        for file in super::files::below(path, &|p| super::files::has_extension(p, &["json"]))? {
            add(&read_text(&file)?.text);
        }
    }
    policies.texts().for_each(|text| add(&text));
    Ok(hasher.finalize().to_hex().to_string())
}

/// A request, judged, with what the decision log keeps of the circumstances.
struct Judged {
    judged: JudgedRequest,
    at: Instant,
    policies: Vec<String>,
}

/// One cluster or job that asks to be admitted.
struct Applicant<'a> {
    name: &'a str,
    workspace: &'a str,
    principal: &'a str,
    policy: Option<&'a str>,
    request: &'a Document,
    workload: Workload,
    at: Instant,
}

/// Judges every request; what passes goes into the simulation.
fn admit(
    scenario: &Scenario,
    policies: &mut Policies<'_>,
    catalogue: &mut Catalogue,
    observe: &mut dyn FnMut(Step),
) -> Result<(Vec<Judged>, Simulation), Diagnostics> {
    let mut simulation = scenario.simulation();
    for workspace in &scenario.workspaces {
        catalogue.load(workspace.cloud, workspace.region.as_deref())?;
    }
    simulation.pools = scenario
        .pools
        .iter()
        .filter_map(|p| metered_pool(scenario, &p.workspace, &p.pool))
        .collect();
    let guardrails = policies.guardrails();
    for name in &guardrails {
        policies.load(name)?;
    }
    let total = count(scenario.clusters.len().saturating_add(scenario.jobs.len()));
    let mut judged = Vec::new();
    let mut problems = Vec::new();
    for cluster in &scenario.clusters {
        let applicant = Applicant {
            name: &cluster.name,
            workspace: &cluster.workspace,
            principal: &cluster.principal,
            policy: cluster.policy.as_deref(),
            request: &cluster.request,
            workload: Workload::AllPurpose,
            at: cluster.life.create_at,
        };
        match admit_one(scenario, &applicant, policies, &guardrails, catalogue) {
            Ok((request, admitted)) => {
                judged.push(request);
                simulation
                    .clusters
                    .extend(admitted.map(|admitted| AdmittedCluster {
                        name: cluster.name.clone(),
                        admitted,
                        life: cluster.life.clone(),
                    }));
            }
            Err(found) => problems.extend(found.0),
        }
        observe(Step::Judged(count(judged.len()), total));
    }
    for job in &scenario.jobs {
        let applicant = Applicant {
            name: &job.name,
            workspace: &job.workspace,
            principal: &job.principal,
            policy: job.policy.as_deref(),
            request: &job.request,
            workload: Workload::Job,
            // Databricks validates a job's clusters when the job is created: before the period begins.
            at: scenario.period.start,
        };
        match admit_one(scenario, &applicant, policies, &guardrails, catalogue) {
            Ok((request, admitted)) => {
                judged.push(request);
                simulation.jobs.extend(admitted.map(|admitted| AdmittedJob {
                    name: job.name.clone(),
                    admitted,
                    runs: job.runs.clone(),
                }));
            }
            Err(found) => problems.extend(found.0),
        }
        observe(Step::Judged(count(judged.len()), total));
    }
    if problems.is_empty() {
        Ok((judged, simulation))
    } else {
        Err(Diagnostics(problems).sorted())
    }
}

fn metered_pool(scenario: &Scenario, workspace: &str, pool: &InstancePool) -> Option<MeteredPool> {
    let place = scenario.workspaces.iter().find(|w| w.name == workspace)?;
    Some(MeteredPool {
        workspace: workspace.to_owned(),
        pool: pool.clone(),
        team: scenario.team_of_pool(pool),
        instance_meters: instance_meters(place, &pool.node_type_id, pool.purchase_option(place.cloud)),
    })
}

fn admit_one(
    scenario: &Scenario,
    applicant: &Applicant<'_>,
    policies: &mut Policies<'_>,
    guardrails: &[String],
    catalogue: &Catalogue,
) -> Result<(Judged, Option<Admitted>), Diagnostics> {
    let workspace = workspace_of(scenario, applicant)?;
    let body = &applicant.request.value;
    let spec = read_spec(applicant.request, body)?;
    let named = applicant.policy.or(spec.policy_id.as_deref());
    if let Some(name) = named {
        policies
            .load(name)
            .map_err(|found| at_request(found, applicant))?;
    }
    let pools: Vec<InstancePool> = scenario
        .pools
        .iter()
        .filter(|p| p.workspace == workspace.name)
        .map(|p| p.pool.clone())
        .collect();
    let asked = Asked {
        body,
        principal: Some(applicant.principal),
        workspace,
        workload: applicant.workload,
        at: applicant.at,
        pools: &pools,
        unknown: &[],
    };
    let applying = applicable(policies, guardrails, named);
    let names: Vec<String> = applying.iter().map(|p| p.name.clone()).collect();
    let decision = judge(&applying, catalogue, &asked)
        .map_err(|e| applicant.request.error("request::not-judged", "", e.to_string()))?;
    let admitted = (decision.outcome == Outcome::Allow)
        .then(|| read_spec(applicant.request, &decision.cluster))
        .transpose()?
        .map(|spec| Admitted {
            meters: starting_nodes(&spec)
                .map(|slot| node_meters(catalogue, &context(&asked), &spec, &slot))
                .collect(),
            workspace: workspace.name.clone(),
            team: scenario.team_of_cluster(&spec),
            policy: named.unwrap_or_default().to_owned(),
            owner: applicant.principal.to_owned(),
            spec,
        });
    let place = applicant.request.place("");
    let judged = JudgedRequest {
        name: applicant.name.to_owned(),
        place: format!("{}:{}", applicant.request.source, place.line),
        decision,
    };
    Ok((
        Judged {
            judged,
            at: applicant.at,
            policies: names,
        },
        admitted,
    ))
}

fn workspace_of<'s>(scenario: &'s Scenario, applicant: &Applicant<'_>) -> Result<&'s Workspace, Diagnostics> {
    scenario
        .workspaces
        .iter()
        .find(|w| w.name == applicant.workspace)
        .ok_or_else(|| {
            let message = format!("there is no workspace `{}`", applicant.workspace);
            applicant
                .request
                .error("scenario::unknown-workspace", "", message)
                .into()
        })
}

fn read_spec(request: &Document, body: &serde_json::Value) -> Result<ClusterSpec, Diagnostics> {
    ClusterSpec::read(body).map_err(|problems| {
        let found = problems.into_iter().map(|p| {
            let pointer = format!("/{}", p.path.replace('.', "/"));
            let mut diagnostic = request.error(p.code, &pointer, p.message);
            diagnostic.hint = p.hint;
            diagnostic
        });
        Diagnostics(found.collect())
    })
}

/// A policy that is not there is the request's problem; a policy that is broken is its own.
fn at_request(found: Diagnostics, applicant: &Applicant<'_>) -> Diagnostics {
    let moved = found.0.into_iter().map(|d| match d.code {
        "policy::unknown" => Diagnostic {
            hint: d.hint,
            ..applicant.request.error(d.code, "", d.message)
        },
        _ => d,
    });
    Diagnostics(moved.collect())
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
