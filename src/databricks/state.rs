//! Cluster states.

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
