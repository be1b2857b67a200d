//! An instance pool, as `instance-pools/create` takes it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::cluster_spec::is_spot;
use super::event::InstanceState;
use crate::model::meter::PurchaseOption;
use crate::model::place::Cloud;

/// A pool of instances kept ready.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstancePool {
    /// Id that clusters name in `instance_pool_id`.
    pub instance_pool_id: String,
    /// Name that people read.
    pub instance_pool_name: String,
    /// One node type for all its instances; immutable.
    pub node_type_id: String,
    /// Instances kept idle at all times, whatever the idle timeout.
    #[serde(default)]
    pub min_idle_instances: u32,
    /// Most instances, idle and used; none for no limit.
    #[serde(default)]
    pub max_capacity: Option<u32>,
    /// Minutes after which an idle instance above the minimum goes; 0 at once.
    #[serde(default)]
    pub idle_instance_autotermination_minutes: u32,
    /// Runtimes already on the instances' disks; at most one.
    #[serde(default)]
    pub preloaded_spark_versions: Vec<String>,
    /// Container images already on the instances' disks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub preloaded_docker_images: Vec<DockerImage>,
    /// Whether disks are added to instances that run short of disk space.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub enable_elastic_disk: bool,
    /// `disk_spec`: further disks of every instance, as the API takes them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disk_spec: Option<Value>,
    /// Tags; VM lines of pool instances carry these, not the cluster's.
    #[serde(default)]
    pub custom_tags: std::collections::BTreeMap<String, String>,
    /// `aws_attributes`, `azure_attributes` or `gcp_attributes`: the pool's, not the cluster's, decides spot.
    #[serde(flatten)]
    pub attributes: PoolAttributes,
}

/// A container image, as clusters and pools name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DockerImage {
    /// Where it is pulled from.
    pub url: String,
    /// User name and password of its registry; nothing here reads them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basic_auth: Option<Value>,
}

/// The cloud's attribute block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct PoolAttributes {
    /// On AWS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aws_attributes: Option<Value>,
    /// On Azure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub azure_attributes: Option<Value>,
    /// On GCP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gcp_attributes: Option<Value>,
}

/// `InstancePoolStats`: what a pool holds at an instant. One that is being given back to the cloud is in none of the counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct InstancePoolStats {
    /// Held ready.
    pub idle_count: u32,
    /// In a cluster.
    pub used_count: u32,
    /// On their way, to be held ready.
    pub pending_idle_count: u32,
    /// On their way to a cluster.
    pub pending_used_count: u32,
}

impl InstancePoolStats {
    /// Counts an instance of this state; whether it is launched for a cluster tells two kinds of pending ones apart.
    pub fn count(&mut self, state: InstanceState, for_cluster: bool) {
        let counter = match (state, for_cluster) {
            (InstanceState::Launching, true) => &mut self.pending_used_count,
            (InstanceState::Launching, false) => &mut self.pending_idle_count,
            (InstanceState::Ready, _) => &mut self.idle_count,
            (InstanceState::Placed, _) => &mut self.used_count,
            (InstanceState::Terminating | InstanceState::Terminated, _) => return,
        };
        *counter = counter.saturating_add(1);
    }

    /// All of them: what `max_capacity` limits.
    pub fn total(&self) -> u32 {
        self.idle_count
            .saturating_add(self.used_count)
            .saturating_add(self.pending_idle_count)
            .saturating_add(self.pending_used_count)
    }
}

impl InstancePool {
    /// How the pool's instances are bought. Without an `availability`, Azure pools are on demand and AWS pools
    /// spot (the provider's defaults).
    pub fn purchase_option(&self, cloud: Cloud) -> PurchaseOption {
        let block = match cloud {
            Cloud::Aws => &self.attributes.aws_attributes,
            Cloud::Azure => &self.attributes.azure_attributes,
            Cloud::Gcp => &self.attributes.gcp_attributes,
        };
        let key = if cloud == Cloud::Gcp {
            "gcp_availability"
        } else {
            "availability"
        };
        let availability = block.as_ref().and_then(|b| b.get(key)).and_then(Value::as_str);
        match availability {
            Some(a) if is_spot(a) => PurchaseOption::Spot,
            None if cloud == Cloud::Aws => PurchaseOption::Spot,
            _ => PurchaseOption::OnDemand,
        }
    }
}
