//! Facts: what rules may know besides the request. Computed before judging; a rule fetches nothing.

use rust_decimal::Decimal;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::cost_change::{Range, Total};
use super::estimate::Estimate;
use super::money::Currency;

/// The facts there are, by the names that plugins ask for.
pub const NAMES: [&str; 7] = [
    "clusters",
    "cost_change",
    "estimate",
    "nodes",
    "pools",
    "runtime",
    "runtime_aliases",
];

/// All facts of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// `nodes`: the driver's and the workers' node type.
    pub nodes: NodesFact,
    /// `runtime`: what the catalogue knows of the `spark_version`.
    pub runtime: RuntimeFact,
    /// `runtime_aliases`: what `auto:latest-lts` and its like stand for; the same for all requests until a release.
    pub runtime_aliases: Arc<RuntimeAliasesFact>,
    /// `estimate`: what the cluster would cost.
    pub estimate: Estimate,
    /// `clusters`: what the principal has running; none where that is not known.
    pub clusters: Option<ClustersFact>,
    /// `pools`: the instance pools that driver and workers come from, as far as they are known.
    pub pools: PoolsFact,
    /// `cost_change`: what the change costs; none where nothing was computed.
    pub cost_change: Option<CostChangeFact>,
}

/// The pools of driver and workers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Default)]
pub struct PoolsFact {
    /// The driver's; none where it comes from no pool, or from one that is not known.
    pub driver: Option<PoolFact>,
    /// The workers'.
    pub worker: Option<PoolFact>,
}

/// A pool, as far as it matters to the clusters that use it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Default)]
pub struct PoolFact {
    /// Its name.
    pub instance_pool_name: String,
    /// Its node type.
    pub node_type_id: String,
    /// Runtimes that are on its instances' disks already.
    pub preloaded_spark_versions: Vec<String>,
    /// Instances kept idle.
    pub min_idle_instances: u32,
    /// Most instances, idle and used; none for no limit.
    pub max_capacity: Option<u32>,
    /// Its tags, which its machines carry.
    pub custom_tags: BTreeMap<String, String>,
}

/// What a change costs: this cluster, and everything in the change together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CostChangeFact {
    /// Currency of all costs.
    pub currency: Currency,
    /// Hours a month that the cluster would run; none where nobody says.
    pub hours_per_month: Option<Decimal>,
    /// Per hour, before and after.
    pub per_hour: (Range, Range),
    /// Per month, before and after.
    pub per_month: (Range, Range),
    /// All together; none where only this cluster is known.
    pub total: Option<Total>,
}

/// Driver and workers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NodesFact {
    /// The driver's node type.
    pub driver: NodeFact,
    /// The workers'; none for a single node.
    pub worker: Option<NodeFact>,
}

/// A node type, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Default)]
pub struct NodeFact {
    /// Its id; none where the request does not say and no pool tells.
    pub node_type_id: Option<String>,
    /// Virtual CPUs.
    pub vcpus: Option<u32>,
    /// Memory in MiB.
    pub memory_mb: Option<u32>,
    /// GPUs.
    pub gpus: Option<u32>,
    /// The type is that of an instance pool.
    pub from_pool: bool,
}

/// What a runtime key says and what the catalogue adds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Default)]
pub struct RuntimeFact {
    /// The `spark_version` as given; empty where it is absent.
    pub key: String,
    /// `15.4`, or `18` of a key without a minor number; none for custom images and snapshots.
    pub version: Option<String>,
    /// `15`.
    pub major: Option<u32>,
    /// `4`; none where the key has no minor number.
    pub minor: Option<u32>,
    /// Long-term support; none where the catalogue does not know the version.
    pub lts: Option<bool>,
    /// Machine-learning runtime.
    pub ml: bool,
    /// GPU runtime.
    pub gpu: bool,
    /// Photon runtime key (before `runtime_engine`).
    pub photon: bool,
    /// ARM runtime key.
    pub aarch64: bool,
    /// Last day of support, `2027-08-19`; none where unknown.
    pub end_of_support: Option<String>,
}

/// What the `auto:` values of `spark_version` stand for at the instant of the decision: keys, best first; none where
/// there is no such version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Default)]
pub struct RuntimeAliasesFact {
    /// The newest version.
    #[serde(rename = "auto:latest")]
    pub latest: Vec<String>,
    /// The newest machine-learning runtime.
    #[serde(rename = "auto:latest-ml")]
    pub latest_ml: Vec<String>,
    /// The newest with long-term support.
    #[serde(rename = "auto:latest-lts")]
    pub latest_lts: Vec<String>,
    /// The newest machine-learning runtime with long-term support.
    #[serde(rename = "auto:latest-lts-ml")]
    pub latest_lts_ml: Vec<String>,
    /// The newest of the major version before the newest one's.
    #[serde(rename = "auto:prev-major")]
    pub prev_major: Vec<String>,
    /// The same among machine-learning runtimes.
    #[serde(rename = "auto:prev-major-ml")]
    pub prev_major_ml: Vec<String>,
    /// The second newest with long-term support.
    #[serde(rename = "auto:prev-lts")]
    pub prev_lts: Vec<String>,
    /// The same among machine-learning runtimes.
    #[serde(rename = "auto:prev-lts-ml")]
    pub prev_lts_ml: Vec<String>,
}

/// What a principal has running.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Default)]
pub struct ClustersFact {
    /// How many active clusters, by `policy_id`; a policy without any may be absent.
    pub active_by_policy: BTreeMap<String, u32>,
}
