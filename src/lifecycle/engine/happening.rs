//! What is still to happen.

use super::index::{ClusterKey, MachineKey, RunKey, WorkspaceIndex};
use super::queue::{Priority, Second};
use crate::lifecycle::hazard::IncidentKind;

/// What is still to happen. Whoever plans one names the life it is meant for (`start`: how often the cluster had been
/// started), so that it is void in another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Happening {
    /// A workspace has another tier.
    TierChanges { workspace: WorkspaceIndex },
    /// A cluster's tear-down is complete.
    Released { cluster: ClusterKey },
    /// An instance's tear-down is complete.
    MachineGone { machine: MachineKey },
    /// An instance of a pool is usable.
    MachineReady { machine: MachineKey },
    /// A machine is evicted, if it still is there.
    Evicted { machine: MachineKey },
    /// Something happens to a worker's machine.
    WorkerTrouble { machine: MachineKey, what: Trouble },
    /// A start goes on to asking for machines.
    Provision { cluster: ClusterKey, start: u64 },
    /// The driver's init scripts begin.
    InitScriptsStart { cluster: ClusterKey, start: u64 },
    /// The driver's init scripts end.
    InitScriptsEnd {
        cluster: ClusterKey,
        start: u64,
        failed: bool,
    },
    /// A start has come to its end: RUNNING.
    Started { cluster: ClusterKey, start: u64 },
    /// A worker registers with a cluster that is up.
    Joined {
        cluster: ClusterKey,
        start: u64,
        ordinal: u64,
    },
    /// Tasks may have ended.
    WorkMoves { cluster: ClusterKey },
    /// An attempt of a task on serverless compute has ended.
    ServerlessDone { run: RunKey, task: usize, attempt: u32 },
    /// A worker that was to finish its tasks has had its time, or has finished them.
    Decommissioned {
        cluster: ClusterKey,
        start: u64,
        ordinal: u64,
    },
    /// Nodes that were lost or never came are asked for again.
    Recover {
        cluster: ClusterKey,
        start: u64,
        bad_nodes: bool,
    },
    /// A driver responds again, a metastore or DBFS is back.
    Resumed {
        cluster: ClusterKey,
        start: u64,
        driver: bool,
    },
    /// A driver has been unreachable for long enough.
    DriverGivenUp { cluster: ClusterKey, start: u64 },
    /// Something happens to a cluster's health, by chance.
    Health {
        cluster: ClusterKey,
        start: u64,
        what: Ailment,
        hours: u32,
    },
    /// Something happens because the scenario says so.
    Incident { number: usize, what: IncidentKind },
    /// A user creates a cluster.
    Created { input: usize },
    /// A user asks something of a cluster.
    Commanded { input: usize, number: usize },
    /// A session of a cluster begins.
    SessionStarts {
        cluster: ClusterKey,
        session: usize,
        due: Second,
    },
    /// A command of a session is sent.
    CommandSent {
        cluster: ClusterKey,
        session: usize,
        due: Second,
        left: u32,
    },
    /// A run of a job is due.
    RunDue { job: usize, number: u64 },
    /// It is the turn of a run that waited.
    RunTurn { job: usize },
    /// A task is tried again.
    Retry { run: RunKey, task: usize },
    /// An attempt has taken too long.
    AttemptTimeout { run: RunKey, task: usize, attempt: u32 },
    /// A run has taken too long.
    RunTimeout { run: RunKey },
    /// Autoscaling looks whether more workers are needed.
    ScaleUp { cluster: ClusterKey, start: u64 },
    /// Autoscaling looks whether workers have been idle for long enough.
    ScaleDown { cluster: ClusterKey, start: u64 },
    /// An autoscaling cluster reports the last hour.
    StatsDue { cluster: ClusterKey, start: u64 },
    /// A cluster may have idled for too long; void unless its mark is still the same.
    ClusterIdled { cluster: ClusterKey, mark: u64 },
    /// An instance of a pool may have idled for too long; void unless it idles since then.
    InstanceIdled { machine: MachineKey, since: Second },
    /// Thirty days have passed since a termination.
    Forgotten { cluster: ClusterKey, start: u64 },
}

/// What happens to a cluster's health by chance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ailment {
    DriverUnreachable,
    DriverNotResponding,
    MetastoreDown,
    DbfsDown,
    SparkException,
}

impl Ailment {
    pub const ALL: [Ailment; 5] = [
        Ailment::DriverUnreachable,
        Ailment::DriverNotResponding,
        Ailment::MetastoreDown,
        Ailment::DbfsDown,
        Ailment::SparkException,
    ];
}

/// What happens to a worker's machine by chance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    Lost,
    DiskFull,
    Excluded,
}

impl Happening {
    /// The order in which things happen at one instant: what ends comes before what begins, so that machines are free
    /// for whom comes; what only happens if nothing else does (idling for too long) comes last.
    pub fn priority(&self) -> Priority {
        use Happening::*;
        match self {
            TierChanges { .. } | Released { .. } | MachineGone { .. } => 0,
            MachineReady { .. } => 1,
            Evicted { .. } | WorkerTrouble { .. } | Incident { .. } => 2,
            InitScriptsStart { .. } | InitScriptsEnd { .. } => 3,
            Started { .. } => 4,
            Joined { .. } => 5,
            WorkMoves { .. } | ServerlessDone { .. } => 6,
            AttemptTimeout { .. } | RunTimeout { .. } => 7,
            Decommissioned { .. } | DriverGivenUp { .. } | Resumed { .. } | Health { .. } => 8,
            Recover { .. } | Provision { .. } => 9,
            Commanded { .. } => 10,
            Created { .. } => 11,
            SessionStarts { .. } | CommandSent { .. } | RunDue { .. } | RunTurn { .. } | Retry { .. } => 12,
            ScaleUp { .. } | ScaleDown { .. } | StatsDue { .. } => 13,
            ClusterIdled { .. } => 14,
            InstanceIdled { .. } => 15,
            Forgotten { .. } => 16,
        }
    }
}
