//! The form of a scenario in YAML or JSON, after the schema has been held against it.
//!
//! Every struct refuses fields it does not know: a test holds them against the properties of the schema.

mod cluster;
mod hazard;
mod job;
mod times;
mod timing;
mod work;
mod workspace;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

pub(super) use cluster::{ClusterForm, CommandForm, CommandsForm, ResizeForm, SessionForm};
#[cfg(test)]
pub(super) use hazard::{EvictionForm, QuotaForm};
pub(super) use hazard::{HazardsForm, IncidentForm};
#[cfg(test)]
pub(super) use job::{JobClusterForm, ServerlessForm};
pub(super) use job::{JobForm, TaskForm};
pub(super) use times::{PauseStatus, ScheduleForm};
pub(super) use timing::TimingForm;
pub(super) use work::{AfterForm, StageForm, WorkForm};
pub(super) use workspace::{TierChangeForm, WorkspaceForm};

use super::User;

/// The main file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Main {
    #[serde(default, rename = "$schema")]
    _schema: IgnoredAny,
    pub scenario: String,
    #[serde(default)]
    pub description: Option<String>,
    pub seed: u64,
    pub period: PeriodForm,
    #[serde(default)]
    pub team_tag: Option<String>,
    #[serde(default)]
    pub prices: Vec<String>,
    #[serde(default)]
    pub policies: Option<String>,
    #[serde(default, rename = "include")]
    _include: IgnoredAny,
    #[serde(default)]
    pub timing: TimingForm,
    #[serde(default)]
    pub users: Option<Vec<User>>,
    pub workspaces: Vec<WorkspaceForm>,
    #[serde(default)]
    pub hazards: HazardsForm,
    #[serde(default)]
    pub incidents: Vec<IncidentForm>,
    #[serde(default)]
    pub price_changes: Vec<PriceChangeForm>,
    #[serde(default)]
    pub variants: BTreeMap<String, VariantForm>,
    #[serde(default)]
    pub pools: Vec<PoolForm>,
    #[serde(default)]
    pub clusters: Vec<ClusterForm>,
    #[serde(default)]
    pub jobs: Vec<JobForm>,
}

/// What the main file and the included ones have in common.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Part {
    #[serde(default, rename = "$schema")]
    _schema: IgnoredAny,
    #[serde(default, rename = "description")]
    _description: IgnoredAny,
    #[serde(default)]
    pub pools: Vec<PoolForm>,
    #[serde(default)]
    pub clusters: Vec<ClusterForm>,
    #[serde(default)]
    pub jobs: Vec<JobForm>,
}

impl Main {
    /// The part of an included file that the main file has itself, taken out of it.
    pub fn take_part(&mut self) -> Part {
        Part {
            _schema: IgnoredAny,
            _description: IgnoredAny,
            pools: std::mem::take(&mut self.pools),
            clusters: std::mem::take(&mut self.clusters),
            jobs: std::mem::take(&mut self.jobs),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PeriodForm {
    pub start: String,
    pub end: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PriceChangeForm {
    pub at: String,
    pub meter: String,
    pub unit_price: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct PoolForm {
    pub workspace: String,
    /// The fields of the API, read apart.
    #[serde(flatten)]
    pub fields: Map<String, Value>,
}

/// A variant. What it merges is taken from the document, so that it keeps its place.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct VariantForm {
    #[serde(default, rename = "description")]
    pub description: Option<String>,
    #[serde(default, rename = "policy")]
    _policy: IgnoredAny,
    #[serde(default, rename = "requests")]
    _requests: IgnoredAny,
    #[serde(default)]
    pub only: Option<Vec<String>>,
    #[serde(default)]
    pub pools: BTreeMap<String, Value>,
    #[serde(default, rename = "timing")]
    _timing: IgnoredAny,
    #[serde(default, rename = "hazards")]
    _hazards: IgnoredAny,
    #[serde(default, rename = "policies")]
    _policies: IgnoredAny,
}
