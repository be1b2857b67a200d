//! What a document asks for: which kind of thing, and what would happen to it.

use serde::Serialize;
use std::fmt;

/// A kind of thing that costs money or decides what may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A cluster of its own.
    #[default]
    Cluster,
    /// A cluster that the tasks of a job share: an entry of `job_clusters`.
    JobCluster,
    /// The `new_cluster` of one task, or of a job of the old form.
    TaskCluster,
    /// An entry of a pipeline's `clusters`.
    PipelineCluster,
    /// An instance pool.
    InstancePool,
    /// A Databricks cluster policy.
    ClusterPolicy,
    /// A SQL warehouse.
    SqlWarehouse,
    /// Compute that Databricks runs: a job's environment, a serverless pipeline. There is no machine to judge.
    Serverless,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 8] = [
        Kind::Cluster,
        Kind::JobCluster,
        Kind::TaskCluster,
        Kind::PipelineCluster,
        Kind::InstancePool,
        Kind::ClusterPolicy,
        Kind::SqlWarehouse,
        Kind::Serverless,
    ];

    /// The kind of a name.
    pub fn of(name: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// `cluster`, `job-cluster`, ...
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Cluster => "cluster",
            Kind::JobCluster => "job-cluster",
            Kind::TaskCluster => "task-cluster",
            Kind::PipelineCluster => "pipeline-cluster",
            Kind::InstancePool => "instance-pool",
            Kind::ClusterPolicy => "cluster-policy",
            Kind::SqlWarehouse => "sql-warehouse",
            Kind::Serverless => "serverless",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What would happen to a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// It would be made. What a request asks for is made, unless its document says otherwise.
    #[default]
    Create,
    /// It would be changed and stay the same thing.
    Update,
    /// It would be made anew, the old one being destroyed.
    Replace,
    /// It would be destroyed.
    Delete,
    /// It stays as it is.
    NoOp,
}

impl Action {
    /// `create`, `update`, `replace`, `delete` or `no-op`.
    pub fn as_str(self) -> &'static str {
        match self {
            Action::Create => "create",
            Action::Update => "update",
            Action::Replace => "replace",
            Action::Delete => "delete",
            Action::NoOp => "no-op",
        }
    }

    /// Whether there is something new to judge.
    pub fn is_judged(self) -> bool {
        matches!(self, Action::Create | Action::Update | Action::Replace)
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
