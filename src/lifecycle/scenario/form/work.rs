//! Work: what the driver does, and stages of tasks.

use serde::Deserialize;

use crate::lifecycle::between::Between;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkForm {
    #[serde(default)]
    pub driver_seconds: Option<Between>,
    #[serde(default)]
    pub stages: Vec<StageForm>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StageForm {
    #[serde(default)]
    pub name: Option<String>,
    pub tasks: u32,
    pub task_seconds: Between,
    #[serde(default)]
    pub after: Option<Vec<AfterForm>>,
    #[serde(default)]
    pub with_previous: bool,
    #[serde(default)]
    pub remote_percent: Option<u32>,
    #[serde(default)]
    pub disk_mb_per_task: u32,
}

/// A stage, by its place in the list or its name.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum AfterForm {
    Index(usize),
    Name(String),
}
