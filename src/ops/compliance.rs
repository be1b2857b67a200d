//! Compliance: do the clusters that exist comply with their policies, and what would enforcement change and save?

mod assess;

use serde_json::Value;
use std::collections::BTreeMap;
use tollgate_policy_language::attribute::{NOT_ONE_SIZE, SIZES};

use self::assess::{Assessed, Subject, assess};
use super::files::TableFile;
use super::judge::{Asked, PlaceOptions, applicable, context, judge};
use super::policies::Policies;
use super::running::existing;
use crate::databricks::cluster_source::ClusterSource;
use crate::databricks::cluster_spec::ClusterSpec;
use crate::intake::existing_clusters::ExistingCluster;
use crate::model::attribute;
use crate::model::decision::{Enforcement, RuleName};
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::estimate::Estimate;
use crate::model::exact::Inexact;
use crate::model::facts::ClustersFact;
use crate::model::period::Instant;
use crate::model::place::Workload;
use crate::policy::loaded::Policy;
use crate::pricing::catalogue::Catalogue;
use crate::pricing::estimate::estimate;
use crate::report::compliance::{
    ClusterCompliance, Compliance, Cost, MOST_VIOLATIONS, Sizes, Summary, totals,
};

/// What all clusters of one question have in common.
#[derive(Debug, Clone, PartialEq)]
pub struct ComplianceOptions {
    /// Judge by this policy, whatever the clusters name.
    pub policy: Option<String>,
    /// Where they run.
    pub place: PlaceOptions,
    /// What a cluster runs for whose source does not tell.
    pub workload: Workload,
    /// When.
    pub at: Instant,
}

/// Judges every cluster of every source.
///
/// # Errors
/// Only what makes all answers impossible: a policy or price book that cannot be used. What is wrong with one cluster
/// is in the second part.
pub fn compliance(
    sources: &[TableFile],
    policies: &mut Policies<'_>,
    catalogue: &mut Catalogue,
    options: &ComplianceOptions,
) -> Result<(Compliance, Diagnostics), Diagnostics> {
    let guardrails = policies.guardrails();
    for name in guardrails.iter().chain(&options.policy) {
        policies.load(name)?;
    }
    let (found, mut problems) = existing(sources)?;
    let mut unknown_policies: BTreeMap<String, Vec<&ExistingCluster>> = BTreeMap::new();
    let mut clusters = Vec::with_capacity(found.clusters.len());
    for cluster in &found.clusters {
        let named = match (&options.policy, &cluster.request.spec.policy_id) {
            (Some(policy), _) => Some(policy.clone()),
            (None, Some(id)) => match policies.standing_for(id) {
                Some(name) => Some(name.to_owned()),
                None => {
                    unknown_policies.entry(id.clone()).or_default().push(cluster);
                    continue;
                }
            },
            (None, None) => None,
        };
        if let Some(name) = &named {
            policies.load(name)?;
        }
        let judges = applicable(policies, &guardrails, named.as_deref());
        match one(cluster, &judges, catalogue, options) {
            Ok(one) => clusters.push(one),
            Err(found) => problems.0.extend(found.0),
        }
    }
    for (id, clusters) in &unknown_policies {
        problems.0.extend(unknown_policy(id, clusters));
    }
    let totals = totals(&clusters)
        .map_err(|e| Diagnostic::error("estimate::inexact", "all clusters", e.to_string()))?;
    let summary = Summary {
        not_judged: found.clusters.len().saturating_sub(clusters.len()),
        deleted: found.deleted,
        superseded: found.superseded,
        ..Summary::of(&clusters)
    };
    let compliance = Compliance {
        at: options.at,
        summary,
        totals,
        clusters,
    };
    Ok((compliance, problems))
}

/// A workspace has many clusters under few policies: each policy that is not at hand is told once.
fn unknown_policy(id: &str, clusters: &[&ExistingCluster]) -> Option<Diagnostic> {
    let first = clusters.first()?;
    let others = match clusters.len().saturating_sub(1) {
        0 => String::new(),
        1 => ", nor for 1 other cluster".to_owned(),
        n => format!(", nor for {n} other clusters"),
    };
    let message = format!("there is no policy `{id}` to judge this cluster by{others}");
    let hint = "name a policy with --policy, or a folder where `tollgate policy import` put this one with --policies";
    Some(first.request.problem("policy::unknown", message).hint(hint))
}

fn one(
    cluster: &ExistingCluster,
    judges: &[&Policy],
    catalogue: &mut Catalogue,
    options: &ComplianceOptions,
) -> Result<ClusterCompliance, Diagnostics> {
    let request = &cluster.request;
    let source = cluster.cluster_source.as_ref();
    let workload = source.map_or(options.workload, ClusterSource::workload);
    let mut told = ClusterCompliance {
        cluster_id: cluster.cluster_id.clone(),
        cluster_name: request.name.clone(),
        source: request.source.clone(),
        line: request.line,
        address: request.address.clone(),
        state: cluster.state.clone(),
        cluster_source: source.map(ToString::to_string),
        workload,
        creator_user_name: cluster.creator.clone(),
        policy_id: request.spec.policy_id.clone(),
        policies: judges.iter().map(|p| p.name.clone()).collect(),
        is_compliant: None,
        violations: serde_json::Map::new(),
        violations_left_out: 0,
        violation_details: Vec::new(),
        undetermined: Vec::new(),
        failures: Vec::new(),
        unknown: cluster.unknown.paths.clone(),
        is_enforceable: source.is_none_or(ClusterSource::is_enforceable),
        has_changes: false,
        changes: Vec::new(),
        is_compliant_after: None,
        violations_after: serde_json::Map::new(),
        cost: None,
    };
    if judges.is_empty() {
        return Ok(told);
    }
    let workspace = options.place.workspace_of(request)?;
    catalogue.load(workspace.cloud, workspace.region.as_deref())?;
    let asked = Asked {
        body: &request.body,
        principal: cluster.creator.as_deref(),
        workspace: &workspace,
        workload,
        at: options.at,
        pools: &cluster.pools,
        unknown: &cluster.unknown,
        // How many clusters a principal may have concerns who creates one, not a cluster that is there.
        clusters: Some(&ClustersFact::default()),
        trace: false,
        cost: None,
    };
    let subject = Subject {
        body: &request.body,
        unknown: &cluster.unknown,
        is_monitored: &|by| is_monitored(judges, by),
    };
    let assessed = assess(&subject, &|body| {
        judge(judges, catalogue, &Asked { body, ..asked })
    })
    .map_err(|e| request.problem("request::not-judged", e.to_string()))?;
    let cost = cost(cluster, &assessed, catalogue, &asked)
        .map_err(|e| request.problem("estimate::inexact", e.to_string()))?;
    told.cost = Some(cost);
    take(&mut told, assessed);
    Ok(told)
}

/// Whether a whole request says how large the cluster is, in one way. What the API would refuse, enforcement cannot make.
fn names_one_size(body: &Value) -> bool {
    let named = SIZES
        .iter()
        .filter(|path| attribute::value(body, path).is_some())
        .count();
    let is_single_node = attribute::value(body, "is_single_node").and_then(Value::as_bool) == Some(true);
    named == 1 || (named == 0 && is_single_node)
}

fn is_monitored(judges: &[&Policy], by: &RuleName) -> bool {
    let mut rules = judges.iter().flat_map(|p| &p.rules);
    rules.any(|r| r.name == *by && r.enforcement == Enforcement::Monitor)
}

/// Takes over what judging came to.
fn take(told: &mut ClusterCompliance, assessed: Assessed) {
    let Assessed {
        mut now,
        changes,
        changed,
        after,
    } = assessed;
    now.hide_secrets();
    (told.violations, told.violations_left_out) = now.messages();
    if let Some(after) = after {
        told.is_compliant_after = after.is_compliant;
        told.violations_after = after.messages().0;
        if !names_one_size(&changed) {
            told.is_compliant_after = Some(false);
            told.violations_after
                .insert("num_workers".to_owned(), NOT_ONE_SIZE.into());
        }
    }
    told.is_compliant = now.is_compliant;
    told.violation_details = now.violations;
    told.violation_details.truncate(MOST_VIOLATIONS);
    told.undetermined = now.undetermined;
    told.failures = now.failures;
    told.has_changes = !changes.is_empty();
    told.changes = changes;
}

/// What the cluster costs as it is and with the changes; what cannot be created as it then is has no cost.
fn cost(
    cluster: &ExistingCluster,
    assessed: &Assessed,
    catalogue: &Catalogue,
    asked: &Asked<'_>,
) -> Result<Cost, Inexact> {
    let price = |spec: &ClusterSpec| estimate(catalogue, &context(asked), spec);
    let sizes = |e: &Estimate| Sizes {
        min: e.min.cost_per_hour,
        max: e.max.cost_per_hour,
    };
    let before = price(&cluster.request.spec)?;
    let mut unpriced = before.unpriced.clone();
    let changed = ClusterSpec::read(&assessed.changed).ok();
    let after = match changed.filter(|_| names_one_size(&assessed.changed)) {
        Some(changed) => {
            let after = price(&changed)?;
            unpriced.extend(after.unpriced.iter().cloned());
            sizes(&after)
        }
        None => Sizes::default(),
    };
    unpriced.sort_unstable();
    unpriced.dedup();
    Cost::of(before.currency, sizes(&before), after, unpriced)
}
