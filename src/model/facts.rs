//! Facts: what rules may know besides the request. Computed before judging; a rule fetches nothing.

use serde::Serialize;

use super::estimate::Estimate;

/// The facts there are, by the names that plugins ask for.
pub const NAMES: [&str; 3] = ["estimate", "nodes", "runtime"];

/// All facts of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// `nodes`: the driver's and the workers' node type.
    pub nodes: NodesFact,
    /// `runtime`: what the catalogue knows of the `spark_version`.
    pub runtime: RuntimeFact,
    /// `estimate`: what the cluster would cost.
    pub estimate: Estimate,
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
    /// `15.4`; none for custom images and snapshots.
    pub version: Option<String>,
    /// `15`.
    pub major: Option<u32>,
    /// `4`.
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
