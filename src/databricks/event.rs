//! Cluster events, spelled as `clusters/events` spells them. There is a TERMINATING and no TERMINATED.

use serde_json::Value;

use crate::model::period::Instant;

/// `EventType`, as far as the lifecycle makes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EventType {
    /// Creation begins.
    Creating,
    /// A terminated cluster is started again.
    Starting,
    /// Creation or start has finished.
    Running,
    /// The driver answers.
    DriverHealthy,
    /// Tear-down begins.
    Terminating,
}

impl EventType {
    /// As the API spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            EventType::Creating => "CREATING",
            EventType::Starting => "STARTING",
            EventType::Running => "RUNNING",
            EventType::DriverHealthy => "DRIVER_HEALTHY",
            EventType::Terminating => "TERMINATING",
        }
    }
}

/// Something that happened to a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterEvent {
    /// When.
    pub timestamp: Instant,
    /// Workspace name.
    pub workspace: String,
    /// Which cluster.
    pub cluster_id: String,
    /// What.
    pub event_type: EventType,
    /// `EventDetails`.
    pub details: Value,
}

/// `state` of `system.compute.instance_events`, as far as the lifecycle makes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum InstanceState {
    /// Asked of the cloud; billed from here.
    Launching,
    /// Idle in its pool.
    Ready,
    /// Placed in a cluster.
    Placed,
    /// Given back to the cloud; billed until here.
    Terminated,
}

impl InstanceState {
    /// As the system table spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            InstanceState::Launching => "INSTANCE_LAUNCHING",
            InstanceState::Ready => "INSTANCE_READY",
            InstanceState::Placed => "INSTANCE_PLACED",
            InstanceState::Terminated => "INSTANCE_TERMINATED",
        }
    }
}

/// Something that happened to an instance of a pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceEvent {
    /// When.
    pub event_time: Instant,
    /// Workspace name.
    pub workspace: String,
    /// Which instance.
    pub instance_id: String,
    /// Its pool.
    pub instance_pool_id: String,
    /// The cluster it is placed in or launched for; empty otherwise.
    pub cluster_id: String,
    /// What.
    pub state: InstanceState,
}
