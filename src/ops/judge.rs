//! Judging one request: which policies apply, what the facts are, what they decide.

use rust_decimal::Decimal;
use serde_json::Value;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::policies::Policies;
use crate::databricks::cluster_spec::ClusterSpec;
use crate::databricks::instance_pool::InstancePool;
use crate::databricks::runtime::runtime_fact;
use crate::databricks::runtime_alias::runtime_aliases;
use crate::intake::requests::reading::Reading;
use crate::intake::requests::request::Request;
use crate::model::cost_change::{Range, Total};
use crate::model::decision::Decision;
use crate::model::diagnostic::Diagnostic;
use crate::model::estimate::Estimate;
use crate::model::exact::Inexact;
use crate::model::facts::{ClustersFact, CostChangeFact, Facts};
use crate::model::period::Instant;
use crate::model::place::{Cloud, Tier, TierChange, Workload, Workspace};
use crate::model::unknown::Unknown;
use crate::policy::combine::{Unreadable, decide};
use crate::policy::loaded::Policy;
use crate::policy::review::Circumstances;
use crate::pricing::catalogue::Catalogue;
use crate::pricing::estimate::estimate;
use crate::pricing::node_meters::{Context, nodes_fact, pools_fact};

/// What is known of the place of a request. What is not given is taken from the request, or stays unknown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PlaceOptions {
    /// The cloud; else read off the request.
    pub cloud: Option<Cloud>,
    /// The cloud where nothing tells; none makes that a problem of the request.
    pub cloud_where_untold: Option<Cloud>,
    /// The region; VMs have no price without one.
    pub region: Option<String>,
    /// The tier; premium where not given, since standard is retired.
    pub tier: Option<Tier>,
    /// Its changes, in order of time.
    pub tier_changes: Vec<TierChange>,
    /// Nodes have public IP addresses.
    pub public_ip: bool,
    /// Disks of each node.
    pub node_disks: Vec<String>,
}

impl PlaceOptions {
    /// The workspace a request would run in.
    ///
    /// # Errors
    /// `request::cloud` when nothing tells the cloud.
    pub fn workspace_of(&self, request: &Request) -> Result<Workspace, Diagnostic> {
        self.workspace(&request.spec).ok_or_else(|| {
            let problem = request.problem("request::cloud", "nothing in the request tells its cloud");
            problem.hint("give --cloud AZURE, AWS or GCP")
        })
    }

    /// The workspace a request would run in; none when nothing tells the cloud.
    pub fn workspace(&self, spec: &ClusterSpec) -> Option<Workspace> {
        let cloud = self
            .cloud
            .or_else(|| cloud_of(spec))
            .or(self.cloud_where_untold)?;
        Some(self.workspace_in(cloud))
    }

    /// The same for the requests of some documents: where one tells no cloud, it is that of all others.
    pub fn among(&self, reading: &Reading) -> PlaceOptions {
        PlaceOptions {
            cloud_where_untold: self.cloud_where_untold.or_else(|| cloud_of_all(reading)),
            ..self.clone()
        }
    }

    /// A workspace of these options in a cloud.
    pub fn workspace_in(&self, cloud: Cloud) -> Workspace {
        Workspace {
            region: self.region.clone(),
            tier_changes: self.tier_changes.clone(),
            public_ip: self.public_ip,
            node_disks: self.node_disks.clone(),
            ..Workspace::new(cloud, self.tier.unwrap_or(Tier::Premium))
        }
    }
}

/// The cloud that a request gives away: its attribute block, or the spelling of its node types.
pub fn cloud_of(spec: &ClusterSpec) -> Option<Cloud> {
    let machines = [&spec.node_type_id, &spec.driver_node_type_id];
    let by_name = || machines.into_iter().flatten().find_map(|id| cloud_of_node(id));
    spec.cloud.or_else(by_name)
}

/// The cloud whose machines are spelt so.
fn cloud_of_node(id: &str) -> Option<Cloud> {
    if id.starts_with("Standard_") {
        Some(Cloud::Azure)
    } else if id.contains('.') {
        Some(Cloud::Aws)
    } else if ["-standard-", "-high", "-mega"]
        .iter()
        .any(|part| id.contains(part))
    {
        Some(Cloud::Gcp)
    } else {
        None
    }
}

/// The cloud that all requests and pools tell that tell one: whatever else is in the document is there too.
fn cloud_of_all(reading: &Reading) -> Option<Cloud> {
    let of_request = |request: &Request| {
        let host = request.around.workspace.as_deref();
        cloud_of(&request.spec).or_else(|| host.and_then(Cloud::of_host))
    };
    // The requests of one document share their pools: thousands of requests, and thousands of pools each.
    let mut pools: Vec<&Arc<Vec<InstancePool>>> = reading.requests.iter().map(|r| &r.around.pools).collect();
    pools.dedup_by(|one, other| Arc::ptr_eq(one, other));
    let of_pools = pools.into_iter().flat_map(|pools| pools.iter());
    let clouds: BTreeSet<Cloud> = reading
        .requests
        .iter()
        .filter_map(of_request)
        .chain(of_pools.filter_map(|pool| cloud_of_node(&pool.node_type_id)))
        .collect();
    match clouds.len() {
        1 => clouds.first().copied(),
        _ => None,
    }
}

/// One request with everything its judging depends on.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The create body.
    pub body: &'a Value,
    /// Who asks.
    pub principal: Option<&'a str>,
    /// Where.
    pub workspace: &'a Workspace,
    /// What for.
    pub workload: Workload,
    /// When.
    pub at: Instant,
    /// Pools that it can name.
    pub pools: &'a [InstancePool],
    /// What is not known yet.
    pub unknown: &'a Unknown,
    /// What the principal has running; none where that is not known.
    pub clusters: Option<&'a ClustersFact>,
    /// Rules say how their verdicts came about.
    pub trace: bool,
    /// What the cluster costs before, and the change that it is part of; none where nobody asks by how much it gets
    /// dearer.
    pub cost: Option<CostBefore>,
}

/// What a rise in cost is measured against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CostBefore {
    /// Per hour, before.
    pub per_hour: Range,
    /// Per month, before.
    pub per_month: Range,
    /// Hours a month that it would run; none where nobody says.
    pub hours_per_month: Option<Decimal>,
    /// The whole change, as it was asked for.
    pub total: Option<Total>,
}

impl CostBefore {
    /// The fact, for a cluster of this estimate.
    fn fact(&self, estimate: &Estimate) -> Result<CostChangeFact, Inexact> {
        let after = Range::of(estimate);
        Ok(CostChangeFact {
            currency: estimate.currency,
            hours_per_month: self.hours_per_month,
            per_hour: (self.per_hour, after),
            per_month: (self.per_month, after.times(self.hours_per_month)?),
            total: self.total,
        })
    }
}

/// Why a request could not be judged.
#[derive(Debug, thiserror::Error)]
pub enum JudgeError {
    /// A number outgrew what decimals hold.
    #[error(transparent)]
    Inexact(#[from] Inexact),
    /// The review could not be written.
    #[error("the review cannot be written: {0}")]
    Review(#[from] serde_json::Error),
    /// The request itself cannot be read.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
}

/// Judges a request by some policies.
///
/// # Errors
/// [`JudgeError`]; nothing a rule does by itself is one.
pub fn judge(policies: &[&Policy], catalogue: &Catalogue, asked: &Asked<'_>) -> Result<Decision, JudgeError> {
    let circumstances = Circumstances {
        at: asked.at,
        principal: asked.principal,
        workload: asked.workload,
        cloud: asked.workspace.cloud,
        unknown: asked.unknown,
        trace: asked.trace,
    };
    let known = RefCell::new(None);
    decide(policies, &circumstances, asked.body, &|cluster| {
        facts(catalogue, asked, cluster, &known)
    })
}

/// What facts were computed from, and the facts.
type Known = RefCell<Option<(ClusterSpec, Arc<Facts>)>>;

/// The facts of a cluster. Filling in a tag or minutes changes none of them, so they are then not computed again.
fn facts(
    catalogue: &Catalogue,
    asked: &Asked<'_>,
    cluster: &Value,
    known: &Known,
) -> Result<Result<Arc<Facts>, Unreadable>, JudgeError> {
    let mut spec = match ClusterSpec::read_known(cluster, asked.unknown) {
        Ok(spec) => spec,
        Err(problems) => {
            let first = problems.into_iter().next();
            let (path, message) = first.map(|p| (p.path, p.message)).unwrap_or_default();
            return Ok(Err(Unreadable { path, message }));
        }
    };
    spec.custom_tags.clear();
    spec.autotermination_minutes = None;
    if let Some((of, facts)) = known.borrow().as_ref()
        && *of == spec
    {
        return Ok(Ok(Arc::clone(facts)));
    }
    let context = context(asked);
    let estimate = estimate(catalogue, &context, &spec)?;
    let facts = Arc::new(Facts {
        cost_change: asked.cost.map(|cost| cost.fact(&estimate)).transpose()?,
        pools: pools_fact(&context, &spec),
        nodes: nodes_fact(catalogue, &context, &spec),
        runtime: runtime_fact(spec.spark_version.as_deref().unwrap_or_default()),
        runtime_aliases: runtime_aliases(asked.at),
        estimate,
        clusters: asked.clusters.cloned(),
    });
    known.replace(Some((spec, Arc::clone(&facts))));
    Ok(Ok(facts))
}

/// The pricing context of a request.
pub fn context<'a>(asked: &Asked<'a>) -> Context<'a> {
    Context {
        workspace: asked.workspace,
        workload: asked.workload,
        at: asked.at,
        pools: asked.pools,
    }
}

/// The guardrails and the named policy, loaded before.
pub fn applicable<'p>(
    policies: &'p Policies<'_>,
    guardrails: &[String],
    named: Option<&str>,
) -> Vec<&'p Policy> {
    let others = guardrails
        .iter()
        .filter(|g| named != Some(g.as_str()))
        .filter_map(|g| policies.get(g));
    others.chain(named.and_then(|n| policies.get(n))).collect()
}
