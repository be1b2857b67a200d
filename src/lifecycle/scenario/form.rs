//! The form of a scenario in YAML or JSON, after the schema has been held against it.

use serde::Deserialize;
use serde_json::Value;

use crate::lifecycle::between::Between;
use crate::model::place::Workspace;

/// The main file.
#[derive(Debug, Deserialize)]
pub(super) struct Main {
    pub scenario: String,
    pub seed: u64,
    pub period: PeriodForm,
    #[serde(default)]
    pub team_tag: Option<String>,
    #[serde(default)]
    pub prices: Vec<String>,
    #[serde(default)]
    pub policies: Option<String>,
    #[serde(default)]
    pub timing: TimingForm,
    pub workspaces: Vec<Workspace>,
}

#[derive(Debug, Deserialize)]
pub(super) struct PeriodForm {
    pub start: String,
    pub end: String,
}

#[derive(Debug, Deserialize, Default)]
pub(super) struct TimingForm {
    pub cold_start_seconds: Option<Between>,
    pub warm_start_seconds: Option<Between>,
    pub termination_seconds: Option<Between>,
}

/// What the main file and the included ones have in common.
#[derive(Debug, Deserialize)]
pub(super) struct Part {
    #[serde(default)]
    pub pools: Vec<PoolForm>,
    #[serde(default)]
    pub clusters: Vec<ClusterForm>,
    #[serde(default)]
    pub jobs: Vec<JobForm>,
}

#[derive(Debug, Deserialize)]
pub(super) struct PoolForm {
    pub workspace: String,
    /// The fields of the API, read apart.
    #[serde(flatten)]
    pub fields: serde_json::Map<String, Value>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ClusterForm {
    pub name: String,
    pub workspace: String,
    pub principal: String,
    #[serde(default)]
    pub policy: Option<String>,
    pub create_at: String,
    #[serde(default)]
    pub terminate_at: Option<String>,
    #[serde(default)]
    pub sessions: Vec<SessionForm>,
}

#[derive(Debug, Deserialize)]
pub(super) struct SessionForm {
    #[serde(default)]
    pub days: Option<Vec<String>>,
    #[serde(default)]
    pub on: Option<String>,
    pub start: String,
    pub minutes: Between,
    #[serde(default)]
    pub then: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct JobForm {
    pub name: String,
    pub workspace: String,
    pub principal: String,
    #[serde(default)]
    pub policy: Option<String>,
    pub schedule: ScheduleForm,
    pub run_minutes: Between,
}

#[derive(Debug, Deserialize)]
pub(super) struct ScheduleForm {
    #[serde(default)]
    pub days: Option<Vec<String>>,
    #[serde(default)]
    pub on: Option<String>,
    #[serde(default)]
    pub at: Option<String>,
    #[serde(default)]
    pub every_minutes: Option<u32>,
}
