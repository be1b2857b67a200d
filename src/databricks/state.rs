//! Cluster states and why clusters end.

use serde::{Deserialize, Serialize};

/// `ClusterDetails.state`, without the obsolete ERROR and UNKNOWN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum State {
    /// Being created or started.
    Pending,
    /// Ready to run commands.
    Running,
    /// Being restarted.
    Restarting,
    /// Adding or removing nodes.
    Resizing,
    /// Being torn down.
    Terminating,
    /// Gone; can be started again unless it was a job's.
    Terminated,
}

impl State {
    /// As the API spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Pending => "PENDING",
            State::Running => "RUNNING",
            State::Restarting => "RESTARTING",
            State::Resizing => "RESIZING",
            State::Terminating => "TERMINATING",
            State::Terminated => "TERMINATED",
        }
    }
}

/// `TerminationReason`: a code and the type it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TerminationCode {
    /// Somebody asked for it.
    UserRequest,
    /// `autotermination_minutes` passed without a command.
    Inactivity,
    /// The run ended.
    JobFinished,
    /// The pool has no instance left to give.
    InstancePoolMaxCapacityReached,
}

impl TerminationCode {
    /// As the API spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            TerminationCode::UserRequest => "USER_REQUEST",
            TerminationCode::Inactivity => "INACTIVITY",
            TerminationCode::JobFinished => "JOB_FINISHED",
            TerminationCode::InstancePoolMaxCapacityReached => "INSTANCE_POOL_MAX_CAPACITY_REACHED",
        }
    }

    /// `TerminationReason.type`.
    pub fn reason_type(self) -> &'static str {
        match self {
            TerminationCode::InstancePoolMaxCapacityReached => "CLIENT_ERROR",
            _ => "SUCCESS",
        }
    }
}
