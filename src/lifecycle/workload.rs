//! What clusters are used for: work, as stages of tasks, in sessions and in jobs.
//!
//! Work arrives; how long it takes, whether the cluster idles, scales or ends follows from it.

use std::sync::Arc;

use super::between::Between;
use super::schedule::{RunSchedule, SessionTimes};
use super::simulation::Admitted;

/// Something that a cluster computes: a command, a query, a task of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Work {
    /// Seconds that the driver alone is busy before the first stage begins. Work without stages is this long.
    pub driver_seconds: Between,
    /// Its stages.
    pub stages: Vec<Stage>,
}

impl Work {
    /// Work of the driver alone.
    pub fn of_driver(driver_seconds: Between) -> Work {
        Work {
            driver_seconds,
            stages: Vec::new(),
        }
    }
}

/// A Spark stage: tasks that may run at the same time, each on one core.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// How many tasks.
    pub tasks: u32,
    /// Seconds that one task takes where its data is; drawn per task.
    pub task_seconds: Between,
    /// Stages of the same work that must end before, as indices below its own.
    pub after: Vec<usize>,
    /// Share of a task's time by which it takes longer away from its data, in percent; none if it does not matter
    /// where its tasks run.
    pub remote_percent: Option<u32>,
    /// MiB that a task leaves on the local disk of the machine it ran on, until its work ends.
    pub disk_mb_per_task: u32,
}

/// How the stages of one cluster share its cores: `spark.scheduler.mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scheduling {
    /// Cores go to the stage that was ready first. The default of Spark.
    Fifo,
    /// Cores go to the work with the fewest running tasks. The default of Databricks' notebooks.
    #[default]
    Fair,
}

/// A time during which a cluster is used by somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// When it begins. A session that finds its cluster terminated starts it.
    pub times: SessionTimes,
    /// What is done.
    pub activity: Activity,
    /// What happens to the cluster afterwards.
    pub then: Afterwards,
}

/// What is done in a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Activity {
    /// Something that keeps the driver busy for so long.
    Busy {
        /// How long, counted from the moment at which the cluster runs.
        minutes: Between,
        /// What it is.
        kind: BusyKind,
    },
    /// A burst of commands, each some time after the one before has ended.
    Commands {
        /// How many.
        count: Between,
        /// Seconds from the end of one to the beginning of the next.
        pause_seconds: Between,
        /// What each of them computes.
        work: Arc<Work>,
    },
}

/// What keeps a driver busy; auto-termination counts all but one of them as activity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BusyKind {
    /// Commands in a notebook.
    #[default]
    Command,
    /// Queries over JDBC or ODBC.
    Jdbc,
    /// A Structured Streaming query.
    StructuredStreaming,
    /// A Spark Streaming (DStreams) application: auto-termination does not see it.
    DStream,
}

impl BusyKind {
    /// Whether auto-termination counts it as activity.
    pub fn counts(self) -> bool {
        self != BusyKind::DStream
    }
}

/// What happens to a cluster after a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Afterwards {
    /// It idles until its auto-termination.
    #[default]
    Idle,
    /// Its user terminates it.
    Terminate,
}

/// An admitted job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Its unique name in the scenario.
    pub name: String,
    /// Workspace name.
    pub workspace: String,
    /// Who runs it.
    pub principal: String,
    /// When its runs are due.
    pub schedule: RunSchedule,
    /// Runs at the same time; what is due beyond is queued or skipped. At least 1.
    pub max_concurrent_runs: u32,
    /// Whether a run waits for its turn instead of being skipped.
    pub queue: bool,
    /// Seconds after which a run is timed out; none for never.
    pub timeout_seconds: Option<u32>,
    /// Clusters that its tasks share, each created with the first task that needs it and terminated after the last.
    pub job_clusters: Vec<JobCluster>,
    /// Its tasks; names are unique, dependencies without circles.
    pub tasks: Vec<Task>,
}

/// A cluster of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobCluster {
    /// `job_cluster_key`, or the task's key where the task has a cluster of its own.
    pub key: String,
    /// What admission knows of its `new_cluster`.
    pub admitted: Admitted,
}

/// A task of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// `task_key`.
    pub key: String,
    /// Tasks of the same job that it waits for, as indices below its own.
    pub depends_on: Vec<usize>,
    /// Which ends of those let it run.
    pub run_if: RunIf,
    /// Where it runs.
    pub compute: Compute,
    /// What it computes.
    pub work: Arc<Work>,
    /// Whether it needs libraries, which a start of its cluster installs.
    pub has_libraries: bool,
    /// Attempts in a million that fail, at the end of their work; 0 for none.
    pub failures_per_million: u32,
    /// Attempts after the first.
    pub max_retries: u32,
    /// Seconds from a failure to the next attempt.
    pub retry_seconds: u32,
    /// Whether an attempt that timed out is retried.
    pub retry_on_timeout: bool,
    /// Seconds after which an attempt is timed out; none for never.
    pub timeout_seconds: Option<u32>,
}

/// Where a task runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Compute {
    /// On the job's cluster of this index.
    JobCluster(usize),
    /// On the scenario's all-purpose cluster of this name; it is started if need be.
    Existing(String),
    /// On serverless compute: no machine of ours, DBUs at a fixed rate while the work runs.
    Serverless(super::simulation::Serverless),
}

/// `run_if`: which ends of its dependencies let a task run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RunIf {
    /// All succeeded.
    #[default]
    AllSuccess,
    /// All have ended.
    AllDone,
    /// None failed, and at least one was not skipped.
    NoneFailed,
    /// At least one succeeded.
    AtLeastOneSuccess,
    /// All failed.
    AllFailed,
    /// At least one failed.
    AtLeastOneFailed,
}
