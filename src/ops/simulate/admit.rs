//! Admission of a scenario: every request is judged, and what passes goes into the simulation with the meters of
//! its nodes.

use super::{JudgedRequest, Step, count};
use crate::databricks::cluster_spec::ClusterSpec;
use crate::databricks::instance_pool::InstancePool;
use crate::lifecycle::simulation::starting_nodes;
use crate::lifecycle::{Admitted, AdmittedCluster, AdmittedJob, MeteredPool, Scenario, Simulation};
use crate::model::decision::Outcome;
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::document::Document;
use crate::model::period::Instant;
use crate::model::place::{Workload, Workspace};
use crate::ops::judge::{Asked, applicable, context, judge};
use crate::ops::policies::Policies;
use crate::pricing::catalogue::Catalogue;
use crate::pricing::node_meters::{instance_meters, node_meters};

/// A request, judged, with what the decision log keeps of the circumstances.
pub(super) struct Judged {
    pub judged: JudgedRequest,
    pub at: Instant,
    pub policies: Vec<String>,
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
pub(super) fn admit(
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
        trace: false,
        clusters: None,
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
