//! What can go wrong, and what does.

use serde::Deserialize;

/// Chances.
#[derive(Debug, Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub struct HazardsForm {
    pub evictions: Vec<EvictionForm>,
    pub spot_unavailable_per_million: u32,
    pub stockout_per_million: u32,
    pub quotas: Vec<QuotaForm>,
    pub init_script_failure_per_million: u32,
    pub driver_unreachable_per_million: u32,
    pub driver_not_responding_per_million: u32,
    pub metastore_down_per_million: u32,
    pub dbfs_down_per_million: u32,
    pub spark_exception_per_million: u32,
    pub disk_full_per_million: u32,
    pub worker_lost_per_million: u32,
    pub node_excluded_per_million: u32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvictionForm {
    #[serde(default)]
    pub node_type_id: Option<String>,
    pub per_million_hours: u32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuotaForm {
    pub workspace: String,
    pub vcpus: u32,
}

/// Something that goes wrong at an instant: exactly one of those after `object`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IncidentForm {
    pub at: String,
    pub object: String,
    #[serde(default)]
    pub evict: Option<u32>,
    #[serde(default)]
    pub lose_worker: Option<u32>,
    #[serde(default)]
    pub disk_full: Option<u32>,
    #[serde(default)]
    pub exclude_node: Option<u32>,
    #[serde(default)]
    pub driver_unreachable: Option<bool>,
    #[serde(default)]
    pub driver_not_responding: Option<bool>,
    #[serde(default)]
    pub metastore_down: Option<bool>,
    #[serde(default)]
    pub dbfs_down: Option<bool>,
    #[serde(default)]
    pub spark_exception: Option<bool>,
}
