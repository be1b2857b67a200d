//! Jobs. What they ask for is taken from the document, so that it keeps its place.

use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::BTreeMap;

use super::times::ScheduleForm;
use super::work::WorkForm;
use crate::lifecycle::between::Between;
use crate::lifecycle::workload::RunIf;

/// A job: `new_cluster` with `run_minutes` or `work` for one task on a cluster of its own, or `tasks`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JobForm {
    pub name: String,
    pub workspace: String,
    pub principal: String,
    #[serde(default)]
    pub policy: Option<String>,
    pub schedule: ScheduleForm,
    #[serde(default)]
    pub max_concurrent_runs: Option<u32>,
    #[serde(default)]
    pub queue: bool,
    #[serde(default)]
    pub timeout_seconds: Option<u32>,
    #[serde(default)]
    pub new_cluster: Option<IgnoredAny>,
    #[serde(default)]
    pub run_minutes: Option<Between>,
    #[serde(default)]
    pub work: Option<WorkForm>,
    #[serde(default)]
    pub job_clusters: Vec<JobClusterForm>,
    #[serde(default)]
    pub tasks: Option<Vec<TaskForm>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JobClusterForm {
    pub job_cluster_key: String,
    #[serde(default)]
    pub policy: Option<String>,
    #[serde(rename = "new_cluster")]
    _new_cluster: IgnoredAny,
}

/// A task: one of `job_cluster_key`, `new_cluster`, `existing_cluster`, `serverless`; one of `run_minutes`, `work`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskForm {
    pub task_key: String,
    #[serde(default)]
    pub depends_on: Vec<String>,
    #[serde(default)]
    pub run_if: RunIfForm,
    #[serde(default)]
    pub job_cluster_key: Option<String>,
    #[serde(default)]
    pub new_cluster: Option<IgnoredAny>,
    #[serde(default)]
    pub existing_cluster: Option<String>,
    #[serde(default)]
    pub serverless: Option<ServerlessForm>,
    #[serde(default)]
    pub run_minutes: Option<Between>,
    #[serde(default)]
    pub work: Option<WorkForm>,
    #[serde(default)]
    pub libraries: Vec<IgnoredAny>,
    #[serde(default)]
    pub failures_per_million: u32,
    #[serde(default)]
    pub max_retries: u32,
    #[serde(default)]
    pub min_retry_interval_seconds: u32,
    #[serde(default)]
    pub retry_on_timeout: bool,
    #[serde(default)]
    pub timeout_seconds: Option<u32>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerlessForm {
    #[serde(default)]
    pub dbu_per_hour: Option<String>,
    #[serde(default)]
    pub custom_tags: BTreeMap<String, String>,
}

/// `run_if`, as the Jobs API spells it.
#[derive(Debug, Clone, Copy, Deserialize, Default)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RunIfForm {
    #[default]
    AllSuccess,
    AllDone,
    NoneFailed,
    AtLeastOneSuccess,
    AllFailed,
    AtLeastOneFailed,
}

impl From<RunIfForm> for RunIf {
    fn from(form: RunIfForm) -> RunIf {
        match form {
            RunIfForm::AllSuccess => RunIf::AllSuccess,
            RunIfForm::AllDone => RunIf::AllDone,
            RunIfForm::NoneFailed => RunIf::NoneFailed,
            RunIfForm::AtLeastOneSuccess => RunIf::AtLeastOneSuccess,
            RunIfForm::AllFailed => RunIf::AllFailed,
            RunIfForm::AtLeastOneFailed => RunIf::AtLeastOneFailed,
        }
    }
}
