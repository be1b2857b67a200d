//! What is simulated and what comes of it.

use std::sync::Arc;

use super::between::Between;
use super::schedule::{RunSchedule, Session};
use super::state::IllegalTransition;
use crate::databricks::cluster_spec::{ClusterSpec, NodeSlot};
use crate::databricks::event::{ClusterEvent, InstanceEvent};
use crate::databricks::instance_pool::InstancePool;
use crate::databricks::state::State;
use crate::model::exact::Inexact;
use crate::model::meter::{MeterRate, NodeMeters};
use crate::model::period::{Instant, Period};
use crate::model::usage::{Subject, Usage};

/// Pools, admitted clusters and admitted jobs over a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Simulation {
    /// What all chance hangs on.
    pub seed: u64,
    /// Nothing happens and nothing is billed outside it.
    pub period: Period,
    /// How long things take.
    pub timing: Timing,
    /// The pools.
    pub pools: Vec<MeteredPool>,
    /// All-purpose clusters; names are unique.
    pub clusters: Vec<AdmittedCluster>,
    /// Jobs, each of whose runs gets a cluster of its own; names are unique.
    pub jobs: Vec<AdmittedJob>,
}

/// How long things take, in seconds. Nobody publishes these; the defaults are assumptions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// From asking the cloud for a machine until it is usable.
    pub cold_start_seconds: Between,
    /// The same for a machine that a pool holds ready.
    pub warm_start_seconds: Between,
    /// From TERMINATING to TERMINATED, when the machines go.
    pub termination_seconds: Between,
}

impl Default for Timing {
    /// 240 s, 30 s, 60 s.
    fn default() -> Timing {
        Timing {
            cold_start_seconds: Between::exactly(240),
            warm_start_seconds: Between::exactly(30),
            termination_seconds: Between::exactly(60),
        }
    }
}

/// A pool, with who owes for its idle instances and what they are billed for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeteredPool {
    /// Workspace name.
    pub workspace: String,
    /// The pool as the API takes it.
    pub pool: InstancePool,
    /// Cost centre of idle instances.
    pub team: String,
    /// What each of its instances is billed for from launch until it is gone, idle or placed.
    pub instance_meters: Vec<MeterRate>,
}

/// What admission knows of a request that it let pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admitted {
    /// The completed request.
    pub spec: ClusterSpec,
    /// Workspace name.
    pub workspace: String,
    /// Cost centre that owes.
    pub team: String,
    /// The policy that admitted it.
    pub policy: String,
    /// Who asked.
    pub owner: String,
    /// What each of [`starting_nodes`] is billed for, driver first.
    pub meters: Vec<NodeMeters>,
}

/// The nodes that a cluster starts with, driver first, and keeps: one that scales automatically stays at
/// `autoscale.min_workers` in this version. [`Admitted::meters`] has one entry for each.
pub fn starting_nodes(spec: &ClusterSpec) -> impl Iterator<Item = NodeSlot<'_>> {
    spec.nodes(spec.workers.min)
}

/// An admitted all-purpose cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdmittedCluster {
    /// Its unique name in the scenario.
    pub name: String,
    /// What admission knows of it.
    pub admitted: Admitted,
    /// When it is created, used and terminated.
    pub life: Life,
}

/// When a cluster is created, used and terminated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Life {
    /// When its user creates it.
    pub create_at: Instant,
    /// When it is used. What would start before `create_at` or from `terminate_at` on does not take place.
    pub sessions: Vec<Session>,
    /// When its user terminates it for good.
    pub terminate_at: Option<Instant>,
}

/// An admitted job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdmittedJob {
    /// Its unique name in the scenario.
    pub name: String,
    /// What admission knows of its `new_cluster`.
    pub admitted: Admitted,
    /// When its runs take place and how long they work.
    pub runs: Runs,
}

/// The runs of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Runs {
    /// When they are due. A run that is due while the one before still runs is skipped.
    pub schedule: RunSchedule,
    /// How long each works, from RUNNING on.
    pub run_minutes: Between,
}

/// How far a simulation has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The simulated instant.
    pub at: Instant,
    /// What is simulated.
    pub period: Period,
}

/// What came of a simulation. Same input, same outcome, to the last byte.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outcome {
    /// What happened to clusters, by time, then workspace and cluster; what happens to one cluster at one
    /// instant keeps its order.
    pub events: Vec<ClusterEvent>,
    /// What happened to instances of pools, by time, then workspace, pool and instance.
    pub instance_events: Vec<InstanceEvent>,
    /// What was used, by start, then subject, instance and meter. Periods are whole stretches: they are cut at
    /// no midnight, no price change, only at the ends of the simulated period.
    pub usage: Vec<Usage>,
    /// Every cluster there was, by its `cluster_id`.
    pub clusters: Vec<SimulatedCluster>,
    /// Runs that did not take place since the one before still ran, by time and job.
    pub skipped_runs: Vec<SkippedRun>,
}

/// A cluster that there was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SimulatedCluster {
    /// Whose it is and what it is called. `pool` is that of its driver.
    pub subject: Arc<Subject>,
    /// Its state at the end of the period.
    pub state: State,
}

/// A run that did not take place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SkippedRun {
    /// When it was due.
    pub at: Instant,
    /// The job.
    pub job_name: String,
}

/// Why there is no outcome.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SimulationError {
    /// A node comes from a pool that the workspace does not have.
    #[error(
        "`{object}` wants an instance of the pool `{instance_pool_id}`, which workspace `{workspace}` does not have"
    )]
    UnknownPool {
        /// Cluster or job.
        object: String,
        /// Where it runs.
        workspace: String,
        /// The pool it names.
        instance_pool_id: String,
    },
    /// The meters do not fit the nodes.
    #[error("`{object}` starts with {expected} nodes and has the meters of {found}")]
    Meters {
        /// Cluster or job.
        object: String,
        /// Nodes it starts with.
        expected: usize,
        /// Nodes whose meters were given.
        found: usize,
    },
    /// A rate cannot be held exactly.
    #[error(transparent)]
    Inexact(#[from] Inexact),
    /// Something happened to a cluster that cannot happen in its state: a fault of this program.
    #[error("cluster `{cluster_id}`: {source}")]
    IllegalTransition {
        /// The cluster.
        cluster_id: String,
        /// State and trigger.
        source: IllegalTransition,
    },
    /// Something happened to an object that there is not: a fault of this program.
    #[error("{0} is not part of the simulation")]
    Lost(&'static str),
}
