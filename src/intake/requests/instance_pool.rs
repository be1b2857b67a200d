//! Bodies of `instance-pools/create`, as facts for the clusters that use the pool.

use serde_json::Value;

use crate::databricks::instance_pool::{InstancePool, PoolAttributes};

/// The pool of a body, under the id by which clusters name it; none where its node type is not known (a pool of a fleet
/// has none).
pub fn pool(id: &str, body: &Value) -> Option<InstancePool> {
    let text = |key: &str| body.get(key).and_then(Value::as_str).map(str::to_owned);
    let count = |key: &str| {
        body.get(key)
            .and_then(Value::as_u64)
            .and_then(|n| u32::try_from(n).ok())
    };
    let object = |key: &str| body.get(key).filter(|v| v.is_object()).cloned();
    let texts = |key: &str| -> Vec<String> {
        let items = body.get(key).and_then(Value::as_array).into_iter().flatten();
        items.filter_map(|v| v.as_str().map(str::to_owned)).collect()
    };
    let tags = body
        .get("custom_tags")
        .and_then(Value::as_object)
        .into_iter()
        .flatten();
    Some(InstancePool {
        instance_pool_id: id.to_owned(),
        instance_pool_name: text("instance_pool_name").unwrap_or_else(|| id.to_owned()),
        node_type_id: text("node_type_id")?,
        min_idle_instances: count("min_idle_instances").unwrap_or(0),
        max_capacity: count("max_capacity"),
        idle_instance_autotermination_minutes: count("idle_instance_autotermination_minutes").unwrap_or(0),
        preloaded_spark_versions: texts("preloaded_spark_versions"),
        preloaded_docker_images: Vec::new(),
        enable_elastic_disk: body
            .get("enable_elastic_disk")
            .and_then(Value::as_bool)
            .unwrap_or(false),
        disk_spec: object("disk_spec"),
        custom_tags: tags
            .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
            .collect(),
        attributes: PoolAttributes {
            aws_attributes: object("aws_attributes"),
            azure_attributes: object("azure_attributes"),
            gcp_attributes: object("gcp_attributes"),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_pool_without_a_node_type_tells_nothing() {
        let body = json!({"instance_pool_name": "small", "node_type_id": "Standard_DS3_v2", "min_idle_instances": 1,
            "preloaded_spark_versions": ["15.4.x-scala2.12"], "azure_attributes": {"availability": "SPOT_AZURE"},
            "custom_tags": {"team": "a"}});
        let found = pool("p", &body).unwrap();
        assert_eq!(
            (found.instance_pool_id.as_str(), found.min_idle_instances),
            ("p", 1)
        );
        assert_eq!(found.preloaded_spark_versions, ["15.4.x-scala2.12"]);
        assert!(pool("p", &json!({"instance_pool_name": "fleet"})).is_none());
    }
}
