//! A request for a cluster, as it was found.

use serde_json::Value;
use std::sync::Arc;

use super::schedule::Schedule;
use crate::databricks::cluster_spec::ClusterSpec;
use crate::databricks::instance_pool::InstancePool;
use crate::model::diagnostic::Diagnostic;
use crate::model::place::Workload;
use crate::model::resource::{Action, Kind};
use crate::model::unknown::Unknown;
use crate::model::written::Written;

/// One cluster that somebody wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// File, or `-`.
    pub source: String,
    /// First line of the request, from 1.
    pub line: usize,
    /// Where inside the source: `clusters.3`, a resource address; none for the whole file.
    pub address: Option<String>,
    /// `cluster_name`, if it has one.
    pub name: Option<String>,
    /// The body, as given; what is unknown is not in it.
    pub body: Value,
    /// The body, read.
    pub spec: ClusterSpec,
    /// What the document tells of it besides.
    pub around: Surroundings,
}

/// What a document tells of a cluster besides its body. A bare body tells nothing of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Surroundings {
    /// What kind of cluster.
    pub kind: Kind,
    /// What for; none where only the caller knows.
    pub workload: Option<Workload>,
    /// What would happen to it.
    pub action: Action,
    /// What is not known yet.
    pub unknown: Unknown,
    /// The cluster policy it names, where the document has it.
    pub policy: Option<Arc<PolicyFound>>,
    /// The instance pools of the document, by the ids that clusters name them by: their own, or a reference.
    pub pools: Arc<Vec<InstancePool>>,
    /// Host of the workspace, as the document has it: `https://adb-123.4.azuredatabricks.net`.
    pub workspace: Option<String>,
    /// Target of the bundle.
    pub target: Option<String>,
    /// The job or pipeline it belongs to: its name, else its key.
    pub job: Option<String>,
    /// What of the job or pipeline is not known yet, by its own paths: `name`, `tags`, `tags.team`.
    pub job_unknown: Unknown,
    /// Tags of the job or pipeline, which its clusters carry in addition to their own.
    pub job_tags: Vec<(String, String)>,
    /// When its job runs, where the document tells.
    pub schedule: Option<Schedule>,
    /// The cluster as it is before; none where there is none.
    pub before: Option<Box<Before>>,
    /// Attributes that nobody wrote and a tool put in: `autotermination_minutes`, which the Terraform provider sends with its
    /// own default, and `num_workers`, which it plans beside `autoscale`, does not send, and which is not in the body. Sorted.
    pub injected: Vec<String>,
    /// Where its attributes were written, in a bundle's files; of other documents it stands in one piece.
    pub written: Arc<Written>,
}

/// A cluster as it is before the change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Before {
    /// Its body.
    pub body: Value,
    /// The body, read.
    pub spec: ClusterSpec,
    /// What for; none where only the caller knows.
    pub workload: Option<Workload>,
    /// The pools it takes its nodes from.
    pub pools: Arc<Vec<InstancePool>>,
    /// When its job runs.
    pub schedule: Option<Schedule>,
}

/// A Databricks cluster policy that a document defines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyFound {
    /// What the document calls it: `databricks_cluster_policy.team`, `resources.cluster_policies.team`.
    pub name: String,
    /// The file it stands in.
    pub source: String,
    /// Its first line, from 1.
    pub line: usize,
    /// Settings of the plugin `cluster-policy`: definition, or family with overrides, and the number of clusters that a
    /// user may have; none where what decides is not known yet.
    pub settings: Option<Value>,
}

impl Request {
    /// File and line of an attribute, as far as they are known: those of what holds it, and at last of the request.
    pub fn place_of(&self, path: &str) -> (&str, usize) {
        let written = self.around.written.place(path);
        written.unwrap_or((&self.source, self.line))
    }

    /// Something wrong with the request as a whole, at its place.
    pub fn problem(&self, code: &'static str, message: impl Into<String>) -> Diagnostic {
        let found = Diagnostic::error(code, &self.source, message).at(self.line, 0);
        found.path(self.address.clone().unwrap_or_default())
    }
}
