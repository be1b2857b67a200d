//! What the provider makes of a cluster before it sends it.
//!
//! Source: `ModifyRequestOnInstancePool` and the schema of `databricks_cluster` in the Terraform provider.

use serde_json::{Map, Value};

use super::shape::Shaped;

/// Attributes that the pool decides and that the provider takes out.
const OF_THE_POOL: [&str; 3] = ["driver_node_type_id", "enable_elastic_disk", "node_type_id"];

/// Attributes of the clouds, and what of each stays beside a pool.
const OF_THE_CLOUD: [(&str, &str); 3] = [
    ("aws_attributes", "instance_profile_arn"),
    ("azure_attributes", ""),
    ("gcp_attributes", "google_service_account"),
];

impl Shaped {
    /// Makes the cluster at a JSON pointer into what is sent. Answers which attributes were injected.
    pub fn send(&mut self, pointer: &str) -> Vec<String> {
        let prefix = pointer.trim_start_matches('/').replace('/', ".");
        let path = |key: &str| match prefix.as_str() {
            "" => key.to_owned(),
            prefix => format!("{prefix}.{key}"),
        };
        let mut injected = Vec::new();
        let Some(Value::Object(cluster)) = self.body.pointer_mut(pointer) else {
            return injected;
        };
        let is_open = |key: &str| self.open.contains_key(&path(key));
        if prefix.is_empty() && self.unset.contains("autotermination_minutes") {
            injected.push("autotermination_minutes".to_owned());
        }
        let is_none = cluster.get("num_workers").and_then(Value::as_u64) == Some(0);
        if is_none && (cluster.contains_key("autoscale") || is_open("autoscale")) {
            cluster.shift_remove("num_workers");
            if self.unset.contains(&path("num_workers")) {
                injected.push("num_workers".to_owned());
            }
        }
        let pool = path("instance_pool_id");
        let has_pool = cluster
            .get("instance_pool_id")
            .and_then(Value::as_str)
            .is_some_and(|id| !id.is_empty());
        match self.open.get(&pool) {
            None if !has_pool => {
                // The driver's pool is nothing without one of the workers.
                cluster.shift_remove("driver_instance_pool_id");
                self.open.remove(&path("driver_instance_pool_id"));
            }
            // There may be a pool or none.
            Some(open) if open.untold => {}
            _ => {
                strip(cluster);
                self.open.retain(|open, _| {
                    let inner = match prefix.as_str() {
                        "" => Some(open.as_str()),
                        prefix => open.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('.')),
                    };
                    inner.is_none_or(stays)
                });
            }
        }
        injected
    }
}

/// Takes out what the pool decides.
fn strip(cluster: &mut Map<String, Value>) {
    for key in OF_THE_POOL {
        cluster.shift_remove(key);
    }
    for (block, kept) in OF_THE_CLOUD {
        let Some(Value::Object(attributes)) = cluster.get_mut(block) else {
            continue;
        };
        attributes.retain(|key, _| key == kept);
        if attributes.is_empty() {
            cluster.shift_remove(block);
        }
    }
}

/// Whether a path of a cluster stays beside a pool.
fn stays(path: &str) -> bool {
    let (first, rest) = path.split_once('.').unwrap_or((path, ""));
    match OF_THE_CLOUD.iter().find(|(block, _)| *block == first) {
        Some((_, kept)) => !kept.is_empty() && rest == *kept,
        None => !OF_THE_POOL.contains(&path),
    }
}
