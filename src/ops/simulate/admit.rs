//! Admission of a scenario: every request is judged, and what passes goes into the simulation with the meters of
//! its nodes.

mod census;
mod clusters;

use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;

use census::Census;

use super::nodes::{driver_and_worker, metered_pool, metered_workspace, serverless};
use super::{JudgedRequest, Step, count};
use crate::databricks::cluster_spec::ClusterSpec;
use crate::databricks::instance_pool::InstancePool;
use crate::lifecycle::Simulation;
use crate::lifecycle::scenario::{
    ClusterPlan, CommandPlan, ComputePlan, JobPlan, PriceChange, Scenario, TaskPlan,
};
use crate::lifecycle::simulation::Admitted;
use crate::lifecycle::workload::{Compute, Job, JobCluster, Task};
use crate::model::decision::Outcome;
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::document::Document;
use crate::model::period::Instant;
use crate::model::place::{Workload, Workspace};
use crate::model::suggest::hint;
use crate::model::tags::Tags;
use crate::model::unknown::NOTHING;
use crate::ops::judge::{Asked, applicable, context, judge};
use crate::ops::policies::Policies;
use crate::policy::loaded::Policy;
use crate::pricing::catalogue::Catalogue;
use crate::pricing::node_meters::Context;

/// A request, judged, with what the decision log keeps of the circumstances.
pub(super) struct Judged {
    pub judged: JudgedRequest,
    pub at: Instant,
    pub policies: Vec<String>,
}

/// A request for one cluster.
struct Applicant<'a> {
    name: String,
    workspace: &'a str,
    principal: &'a str,
    policy: Option<&'a str>,
    request: &'a Document,
    workload: Workload,
    /// The cluster that it creates or edits; none for one of a job.
    cluster: Option<&'a ClusterPlan>,
    at: Instant,
}

/// Judges every request; what passes goes into the simulation. Prices change as the scenario says.
pub(super) fn admit(
    scenario: &Scenario,
    policies: &mut Policies<'_>,
    catalogue: &mut Catalogue,
    observe: &mut dyn FnMut(Step),
) -> Result<(Vec<Judged>, Simulation), Diagnostics> {
    for workspace in &scenario.workspaces {
        catalogue.load(workspace.cloud, workspace.region.as_deref())?;
    }
    change_prices(scenario, catalogue)?;
    let guardrails = policies.guardrails();
    for name in &guardrails {
        policies.load(name)?;
    }
    let mut clerk = Clerk {
        scenario,
        policies,
        guardrails,
        catalogue,
        observe,
        total: requests(scenario),
        answered: 0,
        census: Census::new(scenario),
        judged: Vec::new(),
        problems: Vec::new(),
    };
    let clusters = clerk.clusters();
    let jobs: Vec<Job> = scenario.jobs.iter().filter_map(|job| clerk.job(job)).collect();
    let Clerk { judged, problems, .. } = clerk;
    if !problems.is_empty() {
        return Err(Diagnostics(problems).sorted());
    }
    let mut simulation = scenario.simulation();
    let metered = |w| metered_workspace(catalogue, w);
    simulation.workspaces = scenario.workspaces.iter().map(metered).collect();
    simulation.pools = scenario
        .pools
        .iter()
        .filter_map(|p| metered_pool(scenario, catalogue, p))
        .collect();
    (simulation.clusters, simulation.jobs) = (clusters, jobs);
    without_the_denied(&mut simulation);
    Ok((judged, simulation))
}

/// What hangs on a cluster that was denied goes with it: jobs that run on it, incidents of what is not there.
fn without_the_denied(simulation: &mut Simulation) {
    let there: BTreeSet<&str> = simulation.clusters.iter().map(|c| c.name.as_str()).collect();
    let runs_on = |task: &Task| match &task.compute {
        Compute::Existing(name) => there.contains(name.as_str()),
        Compute::JobCluster(_) | Compute::Serverless(_) => true,
    };
    simulation.jobs.retain(|job| job.tasks.iter().all(runs_on));
    let jobs = simulation.jobs.iter().map(|job| job.name.as_str());
    let there: BTreeSet<&str> = there.into_iter().chain(jobs).collect();
    simulation
        .incidents
        .retain(|incident| there.contains(incident.object.as_str()));
}

/// How many requests there are.
fn requests(scenario: &Scenario) -> u64 {
    let edits = |cluster: &ClusterPlan| {
        let edits = cluster.commands.iter();
        edits.filter(|(_, c)| matches!(c, CommandPlan::Edit(_))).count()
    };
    let of_clusters = scenario
        .clusters
        .iter()
        .map(|c| count(edits(c)).saturating_add(1));
    let of_jobs = scenario.jobs.iter().map(|job| count(job.job_clusters.len()));
    of_clusters.chain(of_jobs).fold(0, u64::saturating_add)
}

fn change_prices(scenario: &Scenario, catalogue: &mut Catalogue) -> Result<(), Diagnostics> {
    let source: Arc<str> = Arc::from(format!("{}#price_changes", scenario.name));
    let mut problems = Vec::new();
    for PriceChange {
        at,
        meter,
        unit_price,
        document,
    } in &scenario.price_changes
    {
        if let Err(e) = catalogue.book.change(meter, *at, *unit_price, &source) {
            let known: BTreeSet<String> = catalogue
                .book
                .find(&format!("/{}/", meter.cloud))
                .iter()
                .map(|(meter, _)| meter.to_string())
                .collect();
            let names: Vec<&str> = known.iter().map(String::as_str).collect();
            let hint = hint(&meter.to_string(), &names, |_| {
                "`tollgate price show` lists the meters that have a price".to_owned()
            });
            problems.push(
                document
                    .error("price::unknown", "/meter", e.to_string())
                    .hint(hint),
            );
        }
    }
    if problems.is_empty() {
        // What changes is the list price.
        catalogue.agree()
    } else {
        Err(Diagnostics(problems).sorted())
    }
}

/// Takes in requests one after the other.
struct Clerk<'a, 'h> {
    scenario: &'a Scenario,
    policies: &'a mut Policies<'h>,
    guardrails: Vec<String>,
    catalogue: &'a Catalogue,
    observe: &'a mut dyn FnMut(Step),
    total: u64,
    answered: u64,
    census: Census<'a>,
    judged: Vec<Judged>,
    problems: Vec<Diagnostic>,
}

impl Clerk<'_, '_> {
    fn job(&mut self, plan: &JobPlan) -> Option<Job> {
        let mut job_clusters = Vec::with_capacity(plan.job_clusters.len());
        for cluster in &plan.job_clusters {
            let (judged, admitted) = self.ask(&Applicant {
                name: plan.request_name(cluster),
                workspace: &plan.workspace,
                principal: &plan.principal,
                policy: cluster.policy.as_deref(),
                request: &cluster.request,
                workload: Workload::Job,
                cluster: None,
                // Databricks validates a job's clusters when the job is created: before the period begins.
                at: self.scenario.period.start,
            });
            self.judged.extend(judged);
            job_clusters.extend(admitted.map(|admitted| JobCluster {
                key: cluster.key.clone(),
                admitted,
            }));
        }
        let workspace = self
            .scenario
            .workspaces
            .iter()
            .find(|w| w.name == plan.workspace)?;
        (job_clusters.len() == plan.job_clusters.len()).then(|| Job {
            name: plan.name.clone(),
            workspace: plan.workspace.clone(),
            principal: plan.principal.clone(),
            schedule: plan.schedule.clone(),
            max_concurrent_runs: plan.max_concurrent_runs,
            queue: plan.queue,
            timeout_seconds: plan.timeout_seconds,
            job_clusters,
            tasks: plan
                .tasks
                .iter()
                .map(|t| task(self.scenario, workspace, t))
                .collect(),
        })
    }

    /// Judges one request. Nothing is judged if it cannot be, and nothing admitted if it may not be.
    fn ask(&mut self, applicant: &Applicant<'_>) -> (Option<Judged>, Option<Admitted>) {
        let answer = match self.judge(applicant) {
            Ok((judged, admitted)) => {
                self.answered = self.answered.saturating_add(1);
                (Some(judged), admitted)
            }
            Err(found) => {
                self.problems.extend(found.0);
                (None, None)
            }
        };
        (self.observe)(Step::Judged(self.answered, self.total));
        answer
    }

    fn judge(&mut self, applicant: &Applicant<'_>) -> Result<(Judged, Option<Admitted>), Diagnostics> {
        let workspace = workspace_of(self.scenario, applicant)?;
        let body = &applicant.request.value;
        let spec = read_spec(applicant.request, body)?;
        let named = applicant.policy.or(spec.policy_id.as_deref());
        if let Some(name) = named {
            self.policies
                .load(name)
                .map_err(|found| at_request(found, applicant))?;
        }
        let pools: Vec<InstancePool> = self
            .scenario
            .pools
            .iter()
            .filter(|p| p.workspace == workspace.name)
            .map(|p| p.pool.clone())
            .collect();
        let applying = applicable(self.policies, &self.guardrails, named);
        let clusters = wants_clusters(&applying).then(|| self.census.clusters_of(applicant, named));
        // A request is judged in the tier in force; what it comes to is billed in all that follow.
        let now = workspace.in_tier(workspace.tier_at(applicant.at));
        let asked = Asked {
            body,
            principal: Some(applicant.principal),
            workspace: &now,
            workload: applicant.workload,
            at: applicant.at,
            pools: &pools,
            unknown: &NOTHING,
            trace: false,
            cost: None,
            clusters: clusters.as_ref(),
        };
        let names: Vec<String> = applying.iter().map(|p| p.name.clone()).collect();
        let decision = judge(&applying, self.catalogue, &asked)
            .map_err(|e| applicant.request.error("request::not-judged", "", e.to_string()))?;
        let pricing = Context {
            workspace,
            ..context(&asked)
        };
        let admitted = (decision.outcome == Outcome::Allow)
            .then(|| read_spec(applicant.request, &decision.cluster))
            .transpose()?
            .map(|spec| {
                let (driver, worker) = driver_and_worker(self.catalogue, &pricing, &spec);
                Admitted {
                    attributes: Arc::new(attributes(&decision.cluster)),
                    workspace: workspace.name.clone(),
                    team: self.scenario.team_of_cluster(&spec),
                    policy: named.unwrap_or_default().to_owned(),
                    owner: applicant.principal.to_owned(),
                    driver,
                    worker,
                    spec,
                }
            });
        let place = applicant.request.place("");
        let judged = JudgedRequest {
            name: applicant.name.clone(),
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
}

/// Whether a rule asks how many clusters the principal has.
fn wants_clusters(policies: &[&Policy]) -> bool {
    let mut rules = policies.iter().flat_map(|p| &p.rules);
    rules.any(|r| r.image.description().facts.iter().any(|f| f == "clusters"))
}

fn task(scenario: &Scenario, workspace: &Workspace, plan: &TaskPlan) -> Task {
    Task {
        key: plan.key.clone(),
        depends_on: plan.depends_on.clone(),
        run_if: plan.run_if,
        compute: match &plan.compute {
            ComputePlan::JobCluster(index) => Compute::JobCluster(*index),
            ComputePlan::Existing(name) => Compute::Existing(name.clone()),
            ComputePlan::Serverless {
                dbu_per_hour,
                custom_tags,
            } => Compute::Serverless(serverless(
                workspace,
                (scenario.team_of_tags(custom_tags), Tags::of_map(custom_tags)),
                *dbu_per_hour,
            )),
        },
        work: Arc::new(plan.work.clone()),
        has_libraries: plan.has_libraries,
        failures_per_million: plan.failures_per_million,
        max_retries: plan.max_retries,
        retry_seconds: plan.retry_seconds,
        retry_on_timeout: plan.retry_on_timeout,
        timeout_seconds: plan.timeout_seconds,
    }
}

/// `ClusterAttributes` of a completed request: all but its size and what only speaks to the policies.
fn attributes(completed: &Value) -> Value {
    let mut attributes = completed.clone();
    if let Value::Object(members) = &mut attributes {
        for member in ["num_workers", "autoscale", "apply_policy_default_values"] {
            members.shift_remove(member);
        }
    }
    attributes
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

fn read_spec(request: &Document, body: &Value) -> Result<ClusterSpec, Diagnostics> {
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

#[cfg(test)]
mod tests;
