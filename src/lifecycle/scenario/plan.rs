//! What a scenario plans, before admission: requests stay JSON here, with their places.

use rust_decimal::Decimal;
use serde::Deserialize;
use std::collections::BTreeMap;

use crate::databricks::instance_pool::InstancePool;
use crate::lifecycle::schedule::RunSchedule;
use crate::lifecycle::simulation::Command;
use crate::lifecycle::workload::{RunIf, Session, Work};
use crate::model::document::Document;
use crate::model::meter::Meter;
use crate::model::money::UnitPrice;
use crate::model::period::Instant;

/// Somebody who asks for clusters: a user or a service principal.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// As Databricks names it: `ana@example.com`.
    pub name: String,
    /// Who that is.
    #[serde(default)]
    pub description: Option<String>,
}

/// A pool of a scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScenarioPool {
    /// Name of its workspace.
    pub workspace: String,
    /// The pool as the API takes it.
    pub pool: InstancePool,
}

/// An all-purpose cluster that somebody asks for.
#[derive(Debug, Clone)]
pub struct ClusterPlan {
    /// Its unique name.
    pub name: String,
    /// Name of its workspace.
    pub workspace: String,
    /// Who asks.
    pub principal: String,
    /// The policy that judges it besides the guardrails.
    pub policy: Option<String>,
    /// The body of `clusters/create`, `cluster_name` filled in, with its places.
    pub request: Document,
    /// When it is created, if it may be.
    pub create_at: Instant,
    /// What its users ask of it, in order of time; nothing before `create_at`.
    pub commands: Vec<(Instant, CommandPlan)>,
    /// When it is used.
    pub sessions: Vec<Session>,
}

/// What users ask of a cluster.
#[derive(Debug, Clone)]
pub enum CommandPlan {
    /// Something that needs no admission.
    Plain(Command),
    /// `clusters/edit`: what it merges over the definition that the cluster has, if the result is admitted.
    Edit(Document),
}

/// A job that somebody asks for.
#[derive(Debug, Clone)]
pub struct JobPlan {
    /// Its unique name.
    pub name: String,
    /// Name of its workspace.
    pub workspace: String,
    /// Who asks.
    pub principal: String,
    /// When its runs are due.
    pub schedule: RunSchedule,
    /// Runs at the same time; at least 1.
    pub max_concurrent_runs: u32,
    /// Whether a run waits for its turn instead of being skipped.
    pub queue: bool,
    /// Seconds after which a run is timed out; none for never.
    pub timeout_seconds: Option<u32>,
    /// Its clusters: the shared ones, then those of single tasks; keys are unique. All must be admitted for it to run.
    pub job_clusters: Vec<JobClusterPlan>,
    /// Its tasks, each after those it depends on; keys are unique.
    pub tasks: Vec<TaskPlan>,
}

impl JobPlan {
    /// What the request for one of its clusters is called: the job's name, with the key where there are several.
    pub fn request_name(&self, cluster: &JobClusterPlan) -> String {
        if self.job_clusters.len() > 1 {
            format!("{}/{}", self.name, cluster.key)
        } else {
            self.name.clone()
        }
    }
}

/// A cluster of a job.
#[derive(Debug, Clone)]
pub struct JobClusterPlan {
    /// `job_cluster_key`, or the task's key where the task has a cluster of its own.
    pub key: String,
    /// The policy that judges it besides the guardrails: its own, else the job's.
    pub policy: Option<String>,
    /// Its `new_cluster`, with its places.
    pub request: Document,
}

/// A task of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskPlan {
    /// `task_key`.
    pub key: String,
    /// Tasks of the same job that it waits for, as indices below its own.
    pub depends_on: Vec<usize>,
    /// Which ends of those let it run.
    pub run_if: RunIf,
    /// Where it runs.
    pub compute: ComputePlan,
    /// What it computes.
    pub work: Work,
    /// Whether it needs `libraries`.
    pub has_libraries: bool,
    /// Attempts in a million that fail.
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
pub enum ComputePlan {
    /// On the job's cluster of this index.
    JobCluster(usize),
    /// On the scenario's all-purpose cluster of this name, which is in the job's workspace.
    Existing(String),
    /// On serverless compute.
    Serverless {
        /// DBUs per hour of work; none where unknown.
        dbu_per_hour: Option<Decimal>,
        /// Tags of its usage, as a usage policy of Databricks gives them.
        custom_tags: BTreeMap<String, String>,
    },
}

/// A price that changes in the course of the scenario.
#[derive(Debug, Clone)]
pub struct PriceChange {
    /// From when on.
    pub at: Instant,
    /// Of what.
    pub meter: Meter,
    /// To how much, in the currency of the price before.
    pub unit_price: UnitPrice,
    /// Where it says so.
    pub document: Document,
}
