//! The form of workspaces.

use serde::Deserialize;

use crate::model::place::{Cloud, Tier};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::lifecycle::scenario) struct WorkspaceForm {
    pub name: String,
    pub cloud: Cloud,
    pub region: String,
    pub tier: Tier,
    #[serde(default)]
    pub tier_changes: Vec<TierChangeForm>,
    #[serde(default)]
    pub public_ip: bool,
    #[serde(default)]
    pub node_disks: Vec<String>,
    #[serde(default)]
    pub nat_gateway: bool,
    #[serde(default)]
    pub root_storage_gb: Option<u32>,
    #[serde(default)]
    pub autoscale_disk: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::lifecycle::scenario) struct TierChangeForm {
    pub at: String,
    pub tier: Tier,
}
