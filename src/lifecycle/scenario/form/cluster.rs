//! All-purpose clusters: what is asked of them and when they are used.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::work::WorkForm;
use crate::lifecycle::between::Between;

/// A cluster. Its request is taken from the document, so that it keeps its place.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClusterForm {
    pub name: String,
    pub workspace: String,
    pub principal: String,
    #[serde(default)]
    pub policy: Option<String>,
    pub create_at: String,
    #[serde(default)]
    pub terminate_at: Option<String>,
    #[serde(rename = "request")]
    _request: IgnoredAny,
    #[serde(default)]
    pub commands: Vec<CommandForm>,
    #[serde(default)]
    pub sessions: Vec<SessionForm>,
}

/// Something that is asked of a cluster: exactly one of the last three.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommandForm {
    pub at: String,
    #[serde(default, rename = "do")]
    pub what: Option<String>,
    #[serde(default)]
    pub resize: Option<ResizeForm>,
    /// Taken from the document.
    #[serde(default)]
    pub edit: Option<IgnoredAny>,
}

/// A size: `4` or `{min_workers: 1, max_workers: 4}`.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum ResizeForm {
    Fixed(u32),
    Autoscale { min_workers: u32, max_workers: u32 },
}

/// When a cluster is used, and for what: either `minutes` or `commands`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionForm {
    #[serde(default)]
    pub days: Option<Vec<String>>,
    #[serde(default)]
    pub on: Option<String>,
    pub start: String,
    #[serde(default)]
    pub time_zone: Option<String>,
    #[serde(default)]
    pub minutes: Option<Between>,
    #[serde(default)]
    pub kind: Option<String>,
    #[serde(default)]
    pub commands: Option<CommandsForm>,
    #[serde(default)]
    pub then: Option<String>,
}

/// A burst of commands.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommandsForm {
    pub count: Between,
    #[serde(default)]
    pub pause_seconds: Option<Between>,
    pub work: WorkForm,
}
