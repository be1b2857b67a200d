//! What can go wrong: hazards, each a chance of its own, and incidents that a scenario puts at an instant.

use crate::model::period::Instant;

/// Chances, as whole numbers per million. The default is that nothing goes wrong.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hazards {
    /// Evictions of spot machines; the first entry that fits counts.
    pub evictions: Vec<Eviction>,
    /// Requests for a spot machine, in a million, that the cloud cannot meet.
    pub spot_unavailable: u32,
    /// Requests for an on-demand machine, in a million, that the cloud cannot meet.
    pub stockout: u32,
    /// Most vCPUs at the same time.
    pub quotas: Vec<Quota>,
    /// Starts with init scripts, in a million, at which one of them fails.
    pub init_script_failure: u32,
    /// Cluster hours, in a million, in which the driver cannot be reached any more.
    pub driver_unreachable: u32,
    /// Cluster hours, in a million, in which the driver does not respond for a while.
    pub driver_not_responding: u32,
    /// Cluster hours, in a million, in which the metastore goes away for a while.
    pub metastore_down: u32,
    /// Cluster hours, in a million, in which DBFS goes away for a while.
    pub dbfs_down: u32,
    /// Cluster hours, in a million, in which an exception is thrown from the driver's Spark context.
    pub spark_exception: u32,
    /// Worker hours, in a million, in which a worker's disk runs full.
    pub disk_full: u32,
    /// Worker hours, in a million, in which a worker is lost.
    pub worker_lost: u32,
    /// Worker hours, in a million, in which a worker is excluded, tasks having failed on it.
    pub node_excluded: u32,
}

/// How often spot machines are evicted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Eviction {
    /// Of this node type; of all without.
    pub node_type_id: Option<String>,
    /// Machine hours, in a million, in which a machine is evicted.
    pub per_million_hours: u32,
}

/// Most vCPUs that the clusters and pools of a workspace may have at the same time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quota {
    /// Workspace name.
    pub workspace: String,
    /// vCPUs.
    pub vcpus: u32,
}

/// Something that goes wrong because the scenario says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incident {
    /// When.
    pub at: Instant,
    /// The all-purpose cluster, or the job whose cluster is up then (the one created last), by its name in the scenario.
    pub object: String,
    /// What.
    pub what: IncidentKind,
}

/// What an incident does to a cluster that is up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IncidentKind {
    /// A machine is evicted: the driver (0) or the n-th worker (1 is the first). Nothing happens to on-demand machines.
    Evict(u32),
    /// A worker is lost, whatever it was bought as: the n-th (1 is the first).
    LoseWorker(u32),
    /// The disk of a worker runs full: the n-th (1 is the first).
    DiskFull(u32),
    /// A worker is excluded: the n-th (1 is the first).
    ExcludeNode(u32),
    /// The driver cannot be reached any more.
    DriverUnreachable,
    /// The driver does not respond for a while.
    DriverNotResponding,
    /// The metastore goes away for a while.
    MetastoreDown,
    /// DBFS goes away for a while.
    DbfsDown,
    /// An exception is thrown from the driver's Spark context.
    SparkException,
}
