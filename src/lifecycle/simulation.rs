//! What is simulated and what comes of it.

use rust_decimal::Decimal;
use std::sync::Arc;

use super::hazard::{Hazards, Incident};
use super::state::IllegalTransition;
use super::timing::{Step, Timing};
use super::workload::{Job, Session};
use crate::databricks::cluster_spec::ClusterSpec;
use crate::databricks::event::{ClusterEvent, InstanceEvent};
use crate::databricks::instance_pool::InstancePool;
use crate::databricks::run::{ResultState, TaskResult};
use crate::databricks::state::State;
use crate::model::exact::Inexact;
use crate::model::machine::{AddedDisk, Machine};
use crate::model::meter::{Meter, MeterRate, NodeMeters};
use crate::model::period::{Instant, Period};
use crate::model::place::Workspace;
use crate::model::tags::Tags;
use crate::model::usage::{Subject, Usage};

/// Workspaces, pools, admitted clusters and admitted jobs over a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Simulation {
    /// What all chance hangs on.
    pub seed: u64,
    /// Nothing happens and nothing is billed outside it.
    pub period: Period,
    /// How long things take.
    pub timing: Timing,
    /// What may go wrong.
    pub hazards: Hazards,
    /// What goes wrong, in order of time.
    pub incidents: Vec<Incident>,
    /// Where things run; each is billed for the fixed part of its managed resource group.
    pub workspaces: Vec<MeteredWorkspace>,
    /// The pools.
    pub pools: Vec<MeteredPool>,
    /// All-purpose clusters; names are unique.
    pub clusters: Vec<AdmittedCluster>,
    /// Jobs; names are unique.
    pub jobs: Vec<Job>,
}

/// A workspace, with what its managed resource group is billed for whether or not anything runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeteredWorkspace {
    /// The workspace.
    pub workspace: Workspace,
    /// NAT gateway, its address, the root storage: as far as the workspace has them.
    pub meters: Vec<MeterRate>,
    /// What a disk that disk autoscaling adds to a machine is billed by; none where the workspace names no disk for it.
    pub added_disk: Option<MeterRate>,
}

/// A kind of machine: what it is, and what it is billed for, by how it is bought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeKind {
    /// VM size; `unknown-node-type` where nobody says.
    pub node_type_id: Arc<str>,
    /// vCPUs, as far as known; where not, [`UNKNOWN_VCPUS`] are assumed for work.
    pub vcpus: Option<u32>,
    /// Local disk in MiB, as far as known.
    pub local_disk_mb: Option<u64>,
    /// Bought on demand.
    pub on_demand: NodeMeters,
    /// Bought as spot.
    pub spot: NodeMeters,
    /// What its DBUs are billed by after each change of the workspace's tier, in order; `while_running` of the two above is
    /// that before any.
    pub after_tier_changes: Vec<MeterRate>,
}

/// Cores on which work is scheduled where the node type's are not known.
pub const UNKNOWN_VCPUS: u32 = 4;

/// A pool, with who owes for its idle instances and what they are billed for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeteredPool {
    /// Workspace name.
    pub workspace: String,
    /// The pool as the API takes it.
    pub pool: InstancePool,
    /// Cost centre of idle instances.
    pub team: String,
    /// What its instances are and how they are bought; `while_provisioned` of the option that the pool asks for is
    /// billed from launch until the instance is gone, idle or placed.
    pub node: NodeKind,
}

/// What admission knows of a request that it let pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admitted {
    /// The completed request.
    pub spec: ClusterSpec,
    /// `ClusterAttributes` of the completed request, for events.
    pub attributes: Arc<serde_json::Value>,
    /// Workspace name.
    pub workspace: String,
    /// Cost centre that owes.
    pub team: String,
    /// The policy that admitted it.
    pub policy: String,
    /// Who asked.
    pub owner: String,
    /// The driver's machine.
    pub driver: NodeKind,
    /// The workers' machine.
    pub worker: NodeKind,
}

/// An admitted all-purpose cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdmittedCluster {
    /// Its unique name in the scenario.
    pub name: String,
    /// What admission knows of it.
    pub admitted: Admitted,
    /// When its user creates it.
    pub create_at: Instant,
    /// What its users ask of it, in order of time; nothing before `create_at`.
    pub commands: Vec<(Instant, Command)>,
    /// When it is used. What would start before `create_at` does not take place; what starts after it is deleted for
    /// good does not either.
    pub sessions: Vec<Session>,
}

/// What users ask of a cluster, as the Clusters API names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// `clusters/start`
    Start,
    /// `clusters/restart`
    Restart,
    /// `clusters/edit`, with what admission knows of the new definition. A running cluster is restarted.
    Edit(Box<Admitted>),
    /// `clusters/resize` to a fixed number of workers.
    Resize(u32),
    /// `clusters/resize` to a range to scale in.
    ResizeAutoscale {
        /// Fewest workers.
        min_workers: u32,
        /// Most workers.
        max_workers: u32,
    },
    /// `clusters/delete`: terminates it; it can be started again.
    Delete,
    /// `clusters/permanent-delete`: terminates it, and it is gone.
    PermanentDelete,
    /// `clusters/pin`
    Pin,
    /// `clusters/unpin`
    Unpin,
    /// Terminates it for good: `clusters/delete`, and nobody uses it afterwards.
    Retire,
}

impl Command {
    /// As the API's path ends: `permanent-delete`. `Retire` is a `delete`.
    pub fn as_str(&self) -> &'static str {
        match self {
            Command::Start => "start",
            Command::Restart => "restart",
            Command::Edit(_) => "edit",
            Command::Resize(_) | Command::ResizeAutoscale { .. } => "resize",
            Command::Delete | Command::Retire => "delete",
            Command::PermanentDelete => "permanent-delete",
            Command::Pin => "pin",
            Command::Unpin => "unpin",
        }
    }
}

/// Serverless compute: DBUs at a fixed rate while work runs on it, machines included in their price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Serverless {
    /// Workspace name.
    pub workspace: String,
    /// Cost centre that owes.
    pub team: String,
    /// Its custom tags.
    pub tags: Tags,
    /// The SKU's meter before any change of the workspace's tier.
    pub meter: Meter,
    /// After each change, in order.
    pub after_tier_changes: Vec<Meter>,
    /// DBUs per hour; none where unknown (then unpriced).
    pub dbu_per_hour: Option<Decimal>,
}

/// How far a simulation has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The simulated instant.
    pub at: Instant,
    /// What is simulated.
    pub period: Period,
}

/// Something that has come of a simulation, told when it is complete. Records come in an order that is the same for
/// the same input, to the last byte; events in order of time, usages and machines by their end, without what billing
/// increments add to it.
#[derive(Debug, Clone, PartialEq, Eq)]
// Most records are events, and each is moved once: a box for each would cost more than the room.
#[allow(clippy::large_enum_variant)]
pub enum Record {
    /// Something happened to a cluster.
    ClusterEvent(ClusterEvent),
    /// Something happened to an instance of a pool.
    InstanceEvent(InstanceEvent),
    /// Something was used: a whole stretch, cut at no midnight and no price change, only at the ends of the period.
    Usage(Usage),
    /// A machine is gone, or the period has ended.
    Machine(Machine),
    /// A machine that is gone is billed for longer than it lived.
    BilledBeyond(BilledBeyond),
    /// A disk was added to a machine.
    AddedDisk(AddedDisk),
    /// A start has come to its end, RUNNING or not.
    Start(StartRecord),
    /// A task of a run, one attempt, has ended.
    Attempt(AttemptRecord),
    /// A run has ended, or did not take place.
    Run(RunRecord),
    /// A command of a session has ended or was lost.
    Command(CommandRecord),
    /// A request was refused as the API refuses it.
    Refusal(Refusal),
    /// A cluster that there is no more, or that there is at the end.
    Cluster(ClusterRecord),
}

/// One start of a cluster, step by step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartRecord {
    /// Whose it is.
    pub subject: Arc<Subject>,
    /// CREATING, STARTING or RESTARTING, as the event that began it.
    pub began_as: &'static str,
    /// When it was asked for.
    pub requested: Instant,
    /// When it was RUNNING; none if it never was.
    pub running: Option<Instant>,
    /// Steps in order of node and time.
    pub steps: Vec<StartStep>,
}

/// A step of a start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartStep {
    /// Which machine: 0 is the driver, none for a step of the whole cluster.
    pub node: Option<u32>,
    /// What.
    pub step: Step,
    /// From when to when; steps without length are left out.
    pub period: Period,
}

/// One attempt of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptRecord {
    /// Job name.
    pub job_name: Arc<str>,
    /// Its run.
    pub run_id: Arc<str>,
    /// The task.
    pub task_key: Arc<str>,
    /// 0 for the first.
    pub attempt: u32,
    /// The cluster it ran on; empty for none.
    pub cluster_id: Arc<str>,
    /// When it could begin, all it depends on being done.
    pub due: Instant,
    /// When its work began; none if it never did.
    pub began: Option<Instant>,
    /// When it ended.
    pub ended: Instant,
    /// How.
    pub result: TaskResult,
}

/// A run of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRecord {
    /// Job name.
    pub job_name: Arc<str>,
    /// Its id; empty for a run that did not take place.
    pub run_id: Arc<str>,
    /// When it was due.
    pub due: Instant,
    /// When it left the queue; the instant it was due if it never waited.
    pub started: Instant,
    /// When it ended; none if the period ended before.
    pub ended: Option<Instant>,
    /// How; none while it goes on.
    pub result: Option<ResultState>,
}

/// A command of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandRecord {
    /// The cluster.
    pub subject: Arc<Subject>,
    /// When its user sent it.
    pub sent: Instant,
    /// When it began.
    pub began: Option<Instant>,
    /// When it ended.
    pub ended: Instant,
    /// Whether it came to its end; false if the cluster went away under it.
    pub done: bool,
}

/// A request that was refused, with what the API answers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Refusal {
    /// When.
    pub at: Instant,
    /// The cluster.
    pub cluster_id: Arc<str>,
    /// What was asked: `resize`.
    pub call: &'static str,
    /// `error_code`.
    pub error_code: &'static str,
    /// `message`.
    pub message: String,
}

/// A cluster that there was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterRecord {
    /// Whose it is and what it is called. `pool` is that of its driver.
    pub subject: Arc<Subject>,
    /// Its last state.
    pub state: State,
    /// Whether it is pinned.
    pub pinned: bool,
    /// When it was permanently deleted: by its user, or 30 days after its termination; none if it still is.
    pub gone: Option<Instant>,
    /// Seconds that tasks had run and were lost with their machine.
    pub lost_task_seconds: u64,
}

/// A machine, or a disk of it, that is billed beyond its end, because its cloud bills whole increments or a minimum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BilledBeyond {
    /// Who owes for the last stretch.
    pub subject: Arc<Subject>,
    /// The machine or disk, as usage names it.
    pub resource: String,
    /// What is billed.
    pub meter: Arc<Meter>,
    /// When it was asked for.
    pub launched: Instant,
    /// When it was gone.
    pub gone: Instant,
    /// Up to when it is billed.
    pub until: Instant,
}

/// Everything that has come of a simulation, kept: for small ones and for tests.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outcome {
    /// What happened to clusters, by time.
    pub events: Vec<ClusterEvent>,
    /// What happened to instances of pools, by time.
    pub instance_events: Vec<InstanceEvent>,
    /// What was used.
    pub usage: Vec<Usage>,
    /// The machines there were.
    pub machines: Vec<Machine>,
    /// The disks that were added to them.
    pub added_disks: Vec<AddedDisk>,
    /// What is billed beyond its end.
    pub billed_beyond: Vec<BilledBeyond>,
    /// Starts.
    pub starts: Vec<StartRecord>,
    /// Attempts of tasks.
    pub attempts: Vec<AttemptRecord>,
    /// Runs.
    pub runs: Vec<RunRecord>,
    /// Commands.
    pub commands: Vec<CommandRecord>,
    /// Refusals.
    pub refusals: Vec<Refusal>,
    /// Clusters.
    pub clusters: Vec<ClusterRecord>,
}

impl Outcome {
    /// Keeps a record.
    pub fn keep(&mut self, record: Record) {
        match record {
            Record::ClusterEvent(r) => self.events.push(r),
            Record::InstanceEvent(r) => self.instance_events.push(r),
            Record::Usage(r) => self.usage.push(r),
            Record::Machine(r) => self.machines.push(r),
            Record::AddedDisk(r) => self.added_disks.push(r),
            Record::BilledBeyond(r) => self.billed_beyond.push(r),
            Record::Start(r) => self.starts.push(r),
            Record::Attempt(r) => self.attempts.push(r),
            Record::Run(r) => self.runs.push(r),
            Record::Command(r) => self.commands.push(r),
            Record::Refusal(r) => self.refusals.push(r),
            Record::Cluster(r) => self.clusters.push(r),
        }
    }
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
    /// Something runs on a cluster or in a workspace that there is not, or was not admitted.
    #[error("`{object}` names `{name}`, which is not part of the simulation")]
    Unknown {
        /// Job or incident.
        object: String,
        /// What it names.
        name: String,
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
    /// Whoever takes the records has had enough.
    #[error("{0}")]
    Stopped(String),
}
