//! Check: may these clusters be created?

mod report;

use serde_json::Value;
use std::num::NonZeroUsize;

use super::files::{OnDisk, Text};
use super::judge::{Asked, PlaceOptions, applicable, context, judge};
use super::policies::Policies;
use crate::databricks::cluster_spec::ClusterSpec;
use crate::intake::documents;
use crate::intake::reading::Resource;
use crate::intake::request::Request;
use crate::model::attribute;
use crate::model::decision::Decision;
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::estimate::Estimate;
use crate::model::facts::ClustersFact;
use crate::model::period::Instant;
use crate::model::place::{Workload, Workspace};
use crate::pricing::catalogue::Catalogue;
use crate::pricing::estimate::estimate;
use crate::report::decision::RequestName;

pub use self::report::{entry, report};
pub use crate::intake::bundle::BundleOptions;
pub use crate::intake::clusters_api::Form;
pub use crate::intake::documents::{DocumentKind, ReadOptions};

/// What all requests of one check have in common.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckOptions {
    /// Judge by this policy, whatever the requests name.
    pub policy: Option<String>,
    /// Where they would run.
    pub place: PlaceOptions,
    /// What for.
    pub workload: Workload,
    /// When.
    pub at: Instant,
    /// Who asks.
    pub principal: Option<String>,
    /// How documents are read.
    pub read: ReadOptions,
    /// What the principal has running; none where nobody told.
    pub clusters: Option<ClustersFact>,
}

/// A request and what was decided.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The request.
    pub request: Request,
    /// The decision.
    pub decision: Decision,
    /// What the cluster would cost with every remedy applied; none where there is nothing to remedy.
    pub remedied: Option<Estimate>,
}

/// A request as reports name it.
pub fn named(request: &Request) -> RequestName<'_> {
    RequestName {
        source: &request.source,
        address: request.address.as_deref(),
        name: request.name.as_deref(),
        line: request.line,
    }
}

/// All answers, and what could not be answered.
#[derive(Debug, Default)]
pub struct Checked {
    /// Answers, in the order of the input.
    pub answers: Vec<Answer>,
    /// What else there is: pools, policies, warehouses, serverless compute.
    pub resources: Vec<Resource>,
    /// Requests that could not be read or judged.
    pub problems: Diagnostics,
}

/// Requests below which one thread is quicker than two.
const WORTH_A_THREAD: usize = 64;

/// Checks every request of every source.
///
/// # Errors
/// Only what makes all answers impossible: a policy or price book that cannot be used. What is wrong with
/// one request is among [`Checked::problems`].
pub fn check(
    sources: &[Text],
    policies: &mut Policies<'_>,
    catalogue: &mut Catalogue,
    options: &CheckOptions,
) -> Result<Checked, Diagnostics> {
    let mut checked = Checked::default();
    let mut todo = Vec::new();
    let guardrails = policies.guardrails();
    for name in &guardrails {
        policies.load(name)?;
    }
    if let Some(name) = &options.policy {
        policies.load(name)?;
    }
    for source in sources {
        let read = documents::read(&source.source, &source.text, &OnDisk, &options.read);
        checked.problems.0.extend(read.problems.0);
        checked.resources.extend(read.resources);
        for request in read.requests {
            match prepare(request, policies, catalogue, options) {
                Ok(prepared) => todo.push(prepared),
                Err(problems) => checked.problems.0.extend(problems.0),
            }
        }
    }
    let one = |prepared: Prepared| answer(prepared, policies, catalogue, &guardrails, options);
    for answered in side_by_side(todo, &one) {
        match answered {
            Ok(answer) => checked.answers.push(answer),
            Err(problem) => checked.problems.0.push(problem),
        }
    }
    Ok(checked)
}

struct Prepared {
    request: Request,
    workspace: Workspace,
}

/// Finds out where a request would run and loads what judging it needs.
fn prepare(
    request: Request,
    policies: &mut Policies<'_>,
    catalogue: &mut Catalogue,
    options: &CheckOptions,
) -> Result<Prepared, Diagnostics> {
    let workspace = options.place.workspace_of(&request)?;
    catalogue.load(workspace.cloud, workspace.region.as_deref())?;
    if let (None, Some(policy)) = (&options.policy, &request.spec.policy_id) {
        policies
            .load(policy)
            .map_err(|found| at_request(found, &request))?;
    }
    Ok(Prepared { request, workspace })
}

/// A policy's own problems stay where they are; one that is unknown is the request's problem.
fn at_request(found: Diagnostics, request: &Request) -> Diagnostics {
    let moved = found.0.into_iter().map(|d| {
        if d.code != "policy::unknown" {
            return d;
        }
        let mut here = request.problem(d.code, d.message);
        here.hint = Some(
            "name a policy of tollgate with --policy, or a folder of policies with --policies".to_owned(),
        );
        here
    });
    Diagnostics(moved.collect())
}

fn answer(
    prepared: Prepared,
    policies: &Policies<'_>,
    catalogue: &Catalogue,
    guardrails: &[String],
    options: &CheckOptions,
) -> Result<Answer, Diagnostic> {
    let Prepared { request, workspace } = prepared;
    let named = options.policy.as_deref().or(request.spec.policy_id.as_deref());
    let asked = Asked {
        body: &request.body,
        principal: options.principal.as_deref(),
        workspace: &workspace,
        workload: request.around.workload.unwrap_or(options.workload),
        at: options.at,
        pools: &request.around.pools,
        unknown: &request.around.unknown,
        trace: false,
        cost: None,
        clusters: options.clusters.as_ref(),
    };
    let decision = judge(&applicable(policies, guardrails, named), catalogue, &asked)
        .map_err(|e| request.problem("request::not-judged", e.to_string()))?;
    let remedied = remedied(catalogue, &asked, &decision);
    Ok(Answer {
        request,
        decision,
        remedied,
    })
}

/// The estimate of the completed request with every remedy applied.
fn remedied(catalogue: &Catalogue, asked: &Asked<'_>, decision: &Decision) -> Option<Estimate> {
    let remedies = remedies(decision);
    if remedies.is_empty() {
        return None;
    }
    let mut cluster = decision.cluster.clone();
    for (path, value) in remedies {
        attribute::set(&mut cluster, path, value.clone()).ok()?;
    }
    if cluster == decision.cluster {
        return None;
    }
    let spec = ClusterSpec::read(&cluster).ok()?;
    estimate(catalogue, &context(asked), &spec).ok()
}

/// Every remedy, one per path: of two that ask for different numbers, the one farther from what was found
/// satisfies both.
fn remedies(decision: &Decision) -> Vec<(&str, &Value)> {
    let mut chosen: Vec<(&str, &Value)> = Vec::new();
    for (path, value) in decision
        .violations
        .iter()
        .filter_map(|v| v.remedy.as_object())
        .flatten()
    {
        let found = attribute::value(&decision.cluster, path)
            .and_then(Value::as_i64)
            .unwrap_or_default();
        let distance = |v: &Value| v.as_i64().map(|n| n.abs_diff(found));
        match chosen.iter_mut().find(|(known, _)| known == path) {
            Some((_, known)) if distance(value) > distance(known) => *known = value,
            Some(_) => {}
            None => chosen.push((path, value)),
        }
    }
    chosen
}

/// Runs over all items, on as many threads as the machine has where there are enough of them; the results come
/// in the order of the items.
fn side_by_side<T: Send, R: Send>(items: Vec<T>, run: &(dyn Fn(T) -> R + Sync)) -> Vec<R> {
    let threads = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    if items.len() < WORTH_A_THREAD || threads < 2 {
        return items.into_iter().map(run).collect();
    }
    let share = items.len().div_ceil(threads);
    let mut shares: Vec<Vec<T>> = Vec::new();
    let mut items = items.into_iter();
    loop {
        let next: Vec<T> = items.by_ref().take(share).collect();
        if next.is_empty() {
            break;
        }
        shares.push(next);
    }
    std::thread::scope(|scope| {
        let running: Vec<_> = shares
            .into_iter()
            .map(|share| scope.spawn(move || share.into_iter().map(run).collect::<Vec<R>>()))
            .collect();
        // A panic is a fault of ours and goes on as one: an answer must not go missing.
        let join = |thread: std::thread::ScopedJoinHandle<'_, Vec<R>>| {
            thread
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        running.into_iter().flat_map(join).collect()
    })
}
