//! Check: may these clusters be created?

mod costs;
mod questions;
mod report;

use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

use self::costs::{costs, measure};
use self::questions::first_of;
use super::admission::Admission;
use super::choice::{Choice, View, choose};
use super::files::Text;
use super::judge::{Asked, CostBefore, PlaceOptions, applicable, context, judge};
use super::policies::Policies;
use super::sources::reading;
use crate::databricks::cluster_spec::ClusterSpec;
use crate::intake::requests::against;
use crate::intake::requests::reading::{Reading, Resource};
use crate::intake::requests::request::Request;
use crate::intake::requests::usage_file::UsageFile;
use crate::model::attribute;
use crate::model::cost_change::CostChange;
use crate::model::decision::{ChosenBy, Decision, Outcome};
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::estimate::Estimate;
use crate::model::facts::ClustersFact;
use crate::model::period::Instant;
use crate::model::place::{Workload, Workspace};
use crate::model::resource::Action;
use crate::model::side_by_side::{both, side_by_side};
use crate::policy::binding::{Field, Seen};
use crate::policy::combine::outcome_of;
use crate::policy::loaded::Policy;
use crate::policy::waiver::{Subject, apply};
use crate::pricing::catalogue::Catalogue;
use crate::pricing::estimate::estimate;
use crate::report::decision::RequestName;

pub use self::report::{entry, report};
pub use crate::intake::requests::bundle::BundleOptions;
pub use crate::intake::requests::clusters_api::Form;
pub use crate::intake::requests::documents::{DocumentKind, ReadOptions};

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
    /// What the repository says: bindings, workspaces, waivers.
    pub admission: Admission,
    /// The documents as they were before; none where nobody gave them.
    pub against: Option<Arc<Vec<Text>>>,
    /// How long things run; none where nobody told.
    pub usage: Option<UsageFile>,
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
    /// The policies that judged, guardrails first.
    pub policies: Vec<String>,
    /// How the last of them was chosen.
    pub chosen_by: ChosenBy,
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
    /// Clusters that are not judged: they go, or stay as they are.
    pub standing: Vec<Request>,
    /// Clusters that should have been judged and could not be; the problems say why.
    pub unanswered: Vec<Request>,
    /// What else there is: pools, policies, warehouses, serverless compute.
    pub resources: Vec<Resource>,
    /// Requests that could not be read or judged.
    pub problems: Diagnostics,
    /// What the change costs; none where nothing is known of before, and nobody said how long things run.
    pub cost: Option<CostChange>,
}

/// Checks every request of every source.
///
/// # Errors
/// Only what makes all answers impossible: a policy or price book that cannot be used. What is wrong with
/// one request is among [`Checked::problems`].
pub fn check(
    sources: Vec<Text>,
    policies: &mut Policies<'_>,
    catalogue: &mut Catalogue,
    options: &CheckOptions,
) -> Result<Checked, Diagnostics> {
    let guardrails = policies.guardrails();
    let mut load = || {
        let mut wanted = guardrails.iter().chain(&options.policy);
        wanted.try_for_each(|name| policies.load(name))
    };
    let (reading, loaded) = both(|| read(sources, options), &mut load);
    loaded?;
    let options = &CheckOptions {
        place: options.place.among(&reading),
        ..options.clone()
    };
    let mut checked = Checked {
        problems: reading.problems,
        resources: reading.resources,
        ..Checked::default()
    };
    let mut todo = Vec::new();
    for request in reading.requests {
        if !is_judged(&request, options) {
            load_prices(&request, catalogue, options)?;
            checked.standing.push(request);
            continue;
        }
        match prepare(&request, policies, catalogue, options) {
            Ok((workspace, choice)) => todo.push(Prepared {
                request,
                workspace,
                choice,
                cost: None,
            }),
            Err(problems) => checked.give_up(request, problems),
        }
    }
    let is_told = reading.tells_change || options.usage.is_some();
    if is_told || policies.ask_for("cost_change") {
        let change = costs(&todo, &checked, catalogue, options)?;
        if policies.ask_for("cost_change") {
            measure(&mut todo, &change);
        }
        checked.cost = (is_told && !change.resources.is_empty()).then_some(change);
    }
    let judging = Judging {
        policies,
        catalogue,
        guardrails: &guardrails,
        options,
    };
    for answered in judging.answers(todo) {
        match answered {
            Ok(answer) => checked.answers.push(answer),
            Err(problem) => checked.problems.0.push(problem),
        }
    }
    checked.problems.0.extend(unjudged(&checked.answers));
    checked.forget();
    Ok(checked)
}

impl Checked {
    /// Keeps a cluster that cannot be judged, and why.
    fn give_up(&mut self, request: Request, problems: Diagnostics) {
        self.problems.0.extend(problems.0);
        self.unanswered.push(request);
    }

    /// Lets go of what was read and is not needed any more; a plan of thousands holds much of it.
    fn forget(&mut self) {
        self.standing
            .iter_mut()
            .chain(&mut self.unanswered)
            .for_each(forget);
        for resource in &mut self.resources {
            (resource.body, resource.before) = (Value::Null, None);
        }
    }
}

/// What goes or stays as it is, is not judged. What is compared with an earlier version is judged as it stands, changed or not.
fn is_judged(request: &Request, options: &CheckOptions) -> bool {
    let action = request.around.action;
    action.is_judged() || (action == Action::NoOp && options.against.is_some())
}

/// That clusters passed without any policy: nobody may take that for an approval.
fn unjudged(answers: &[Answer]) -> Option<Diagnostic> {
    let by_nobody = |a: &&Answer| a.policies.is_empty() && a.decision.outcome == Outcome::Allow;
    let first = answers.iter().find(by_nobody)?;
    let number = answers.iter().filter(by_nobody).count();
    let message = format!("{number} of {} clusters were judged by no policy", answers.len());
    let found = Diagnostic::warning("policy::nothing-judged", &first.request.source, message);
    let hint = "give --policy, bind policies in tollgate.yaml, or keep a guardrail (`guardrail: true`) among your own policies";
    Some(found.at(first.request.line, 0).hint(hint))
}

/// Lets go of the bodies of a request that is through; what was decided of has the completed one.
fn forget(request: &mut Request) {
    request.body = Value::Null;
    request.around.before = None;
}

/// Everything that is asked for, with what it is before where somebody gave that.
fn read(sources: Vec<Text>, options: &CheckOptions) -> Reading {
    let mut found = reading(sources, &options.read);
    if let Some(earlier) = &options.against {
        let mut before = reading(earlier.iter(), &options.read);
        // What is not there before is new; that is no problem.
        let is_new = |d: &Diagnostic| {
            matches!(
                d.code,
                "bundle::unknown-target" | "request::no-compute" | "file::no-documents"
            )
        };
        before.problems.0.retain(|d| !is_new(d));
        found.problems.0.append(&mut before.problems.0);
        against::compare(&mut found, before);
    }
    found
}

/// Loads the prices of a cluster that is not judged; where nothing tells its cloud, it has none.
fn load_prices(
    request: &Request,
    catalogue: &mut Catalogue,
    options: &CheckOptions,
) -> Result<(), Diagnostics> {
    match options
        .admission
        .place_of(request, &options.place)
        .workspace(&request.spec)
    {
        Some(workspace) => catalogue.load(workspace.cloud, workspace.region.as_deref()),
        None => Ok(()),
    }
}

/// A request that can be judged.
struct Prepared {
    request: Request,
    workspace: Workspace,
    choice: Choice,
    /// What a rise of its cost is measured against; none where no rule asks.
    cost: Option<CostBefore>,
}

/// Finds out where a request would run and loads what judging it needs.
fn prepare(
    request: &Request,
    policies: &mut Policies<'_>,
    catalogue: &mut Catalogue,
    options: &CheckOptions,
) -> Result<(Workspace, Choice), Diagnostics> {
    let place = options.admission.place_of(request, &options.place);
    let workspace = place.workspace_of(request)?;
    catalogue.load(workspace.cloud, workspace.region.as_deref())?;
    let choice = choose(request, policies, options)?;
    Ok((workspace, choice))
}

/// What all requests of a check are judged by.
struct Judging<'a> {
    policies: &'a Policies<'a>,
    catalogue: &'a Catalogue,
    guardrails: &'a [String],
    options: &'a CheckOptions,
}

impl Judging<'_> {
    /// An answer to each request, in their order; each question is asked once.
    fn answers(&self, asked: Vec<Prepared>) -> Vec<Result<Answer, Diagnostic>> {
        let first = first_of(&asked, self.options);
        let questions = asked.iter().zip(&first).enumerate();
        let questions: Vec<_> = questions
            .filter(|(i, (_, first))| i == *first)
            .map(|(i, (asked, _))| (i, asked))
            .collect();
        let decide = |(i, prepared): (usize, &Prepared)| (i, self.decision(prepared));
        let decided: BTreeMap<usize, Result<Decision, String>> =
            side_by_side(questions, &decide).into_iter().collect();
        let answer = |(prepared, first): (Prepared, usize)| match decided.get(&first) {
            Some(Ok(decision)) => Ok(self.answer(prepared, decision.clone())),
            Some(Err(why)) => Err(prepared.request.problem("request::not-judged", why.clone())),
            // Every first request was asked.
            None => Err(prepared
                .request
                .problem("request::not-judged", "it was not asked")),
        };
        side_by_side(asked.into_iter().zip(first).collect(), &answer)
    }

    fn asked<'r>(&'r self, prepared: &'r Prepared) -> Asked<'r> {
        let (request, options) = (&prepared.request, self.options);
        Asked {
            body: &request.body,
            principal: options.principal.as_deref(),
            workspace: &prepared.workspace,
            workload: request.around.workload.unwrap_or(options.workload),
            at: options.at,
            pools: &request.around.pools,
            unknown: &request.around.unknown,
            trace: false,
            cost: prepared.cost,
            clusters: options.clusters.as_ref(),
        }
    }

    fn applicable(&self, choice: &Choice) -> Vec<&Policy> {
        applicable(self.policies, self.guardrails, choice.policy.as_deref())
    }

    fn decision(&self, prepared: &Prepared) -> Result<Decision, String> {
        let asked = self.asked(prepared);
        let decision = judge(&self.applicable(&prepared.choice), self.catalogue, &asked);
        let mut decision = decision.map_err(|e| e.to_string())?;
        // Reports tell sums; `tollgate estimate` tells each meter.
        decision.estimate.min.lines = Vec::new();
        decision.estimate.max.lines = Vec::new();
        Ok(decision)
    }

    fn answer(&self, prepared: Prepared, mut decision: Decision) -> Answer {
        let applied = self.applicable(&prepared.choice);
        waive(&mut decision, &applied, &prepared.request, self.options);
        if let Some(undetermined) = prepared.choice.undetermined.clone() {
            decision.undetermined.push(undetermined);
            decision.outcome = decision.outcome.max(Outcome::Undetermined);
        }
        let asked = self.asked(&prepared);
        let remedied = remedied(self.catalogue, &asked, &decision).map(Estimate::without_lines);
        let mut request = prepared.request;
        forget(&mut request);
        Answer {
            policies: applied.iter().map(|policy| policy.name.clone()).collect(),
            chosen_by: prepared.choice.by,
            request,
            decision,
            remedied,
        }
    }
}

/// Sets aside what waivers cover.
fn waive(decision: &mut Decision, policies: &[&Policy], request: &Request, options: &CheckOptions) {
    let admission = &options.admission;
    if admission.waivers.is_empty() || decision.violations.is_empty() {
        return;
    }
    let view = View::of(request, admission);
    let subject = Subject {
        address: request.address.as_deref(),
        name: request.name.as_deref(),
        path: view.path.as_deref(),
        tag: &|key| match view.see(&Field::Tag(key.to_owned())) {
            Seen::Known(value) => Some(value),
            Seen::Unknown | Seen::Absent => None,
        },
    };
    apply(&admission.waivers, options.at.date_naive(), &subject, decision);
    decision.outcome = outcome_of(policies, decision);
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
    let spec = ClusterSpec::read_known(&cluster, asked.unknown).ok()?;
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
