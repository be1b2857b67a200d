//! The types that the CLI gives to values: text where a number is written becomes a number where the API takes one, and
//! the other way round. What cannot be one stays as it is written: readers of requests tell what is wrong with it.

use serde_json::{Number, Value};

use super::node::{Data, Node};
use super::resolve::whole;

/// What the API takes at some place.
pub enum Shape {
    /// Text; an empty one is left out.
    Text,
    /// A whole number.
    Whole,
    /// Any number.
    Number,
    /// A boolean.
    Truth,
    /// A map of texts.
    Texts,
    /// An object with these members; others stay as they are.
    Map(&'static [(&'static str, Shape)]),
    /// A list.
    List(&'static Shape),
}

use Shape::{List, Map, Text, Texts, Truth, Whole};

/// Body of `clusters/create`, also inside jobs and pipelines.
const CLUSTER: Shape = Map(&[
    ("apply_policy_default_values", Truth),
    (
        "autoscale",
        Map(&[("max_workers", Whole), ("min_workers", Whole), ("mode", Text)]),
    ),
    ("autotermination_minutes", Whole),
    (
        "aws_attributes",
        Map(&[
            ("availability", Text),
            ("ebs_volume_count", Whole),
            ("ebs_volume_iops", Whole),
            ("ebs_volume_size", Whole),
            ("ebs_volume_throughput", Whole),
            ("ebs_volume_type", Text),
            ("first_on_demand", Whole),
            ("instance_profile_arn", Text),
            ("spot_bid_price_percent", Whole),
            ("zone_id", Text),
        ]),
    ),
    (
        "azure_attributes",
        Map(&[
            ("availability", Text),
            ("first_on_demand", Whole),
            ("spot_bid_max_price", Shape::Number),
        ]),
    ),
    ("cluster_name", Text),
    ("custom_tags", Texts),
    ("data_security_mode", Text),
    ("driver_instance_pool_id", Text),
    ("driver_node_type_id", Text),
    ("enable_elastic_disk", Truth),
    ("enable_local_disk_encryption", Truth),
    (
        "gcp_attributes",
        Map(&[
            ("availability", Text),
            ("boot_disk_size", Whole),
            ("first_on_demand", Whole),
            ("google_service_account", Text),
            ("local_ssd_count", Whole),
            ("use_preemptible_executors", Truth),
            ("zone_id", Text),
        ]),
    ),
    ("instance_pool_id", Text),
    ("is_single_node", Truth),
    ("kind", Text),
    ("label", Text),
    ("node_type_id", Text),
    ("num_workers", Whole),
    ("policy_id", Text),
    ("remote_disk_throughput", Whole),
    ("runtime_engine", Text),
    ("single_user_name", Text),
    ("spark_conf", Texts),
    ("spark_env_vars", Texts),
    ("spark_version", Text),
    ("ssh_public_keys", List(&Text)),
    ("total_initial_remote_disk_size", Whole),
    ("use_ml_runtime", Truth),
]);

const TASK: Shape = Map(&[
    ("environment_key", Text),
    ("existing_cluster_id", Text),
    (
        "for_each_task",
        Map(&[(
            "task",
            Map(&[
                ("environment_key", Text),
                ("existing_cluster_id", Text),
                ("job_cluster_key", Text),
                ("new_cluster", CLUSTER),
                ("task_key", Text),
            ]),
        )]),
    ),
    ("job_cluster_key", Text),
    ("new_cluster", CLUSTER),
    ("task_key", Text),
]);

const JOB: Shape = Map(&[
    ("continuous", Map(&[("pause_status", Text)])),
    (
        "job_clusters",
        List(&Map(&[("job_cluster_key", Text), ("new_cluster", CLUSTER)])),
    ),
    ("max_concurrent_runs", Whole),
    ("name", Text),
    (
        "schedule",
        Map(&[
            ("pause_status", Text),
            ("quartz_cron_expression", Text),
            ("timezone_id", Text),
        ]),
    ),
    ("tags", Texts),
    ("tasks", List(&TASK)),
    (
        "trigger",
        Map(&[
            ("pause_status", Text),
            ("periodic", Map(&[("interval", Whole), ("unit", Text)])),
        ]),
    ),
]);

const PIPELINE: Shape = Map(&[
    ("catalog", Text),
    ("channel", Text),
    ("clusters", List(&CLUSTER)),
    ("continuous", Truth),
    ("development", Truth),
    ("edition", Text),
    ("name", Text),
    ("photon", Truth),
    ("schema", Text),
    ("serverless", Truth),
    ("storage", Text),
    ("tags", Texts),
    ("target", Text),
]);

const POOL: Shape = Map(&[
    (
        "aws_attributes",
        Map(&[
            ("availability", Text),
            ("spot_bid_price_percent", Whole),
            ("zone_id", Text),
        ]),
    ),
    (
        "azure_attributes",
        Map(&[("availability", Text), ("spot_bid_max_price", Shape::Number)]),
    ),
    ("custom_tags", Texts),
    ("enable_elastic_disk", Truth),
    (
        "gcp_attributes",
        Map(&[
            ("gcp_availability", Text),
            ("local_ssd_count", Whole),
            ("zone_id", Text),
        ]),
    ),
    ("idle_instance_autotermination_minutes", Whole),
    ("instance_pool_name", Text),
    ("max_capacity", Whole),
    ("min_idle_instances", Whole),
    ("node_type_id", Text),
    ("preloaded_spark_versions", List(&Text)),
]);

const POLICY: Shape = Map(&[
    ("definition", Text),
    ("description", Text),
    ("max_clusters_per_user", Whole),
    ("name", Text),
    ("policy_family_definition_overrides", Text),
    ("policy_family_id", Text),
]);

const WAREHOUSE: Shape = Map(&[
    ("auto_stop_mins", Whole),
    ("cluster_size", Text),
    ("enable_photon", Truth),
    ("enable_serverless_compute", Truth),
    ("max_num_clusters", Whole),
    ("min_num_clusters", Whole),
    ("name", Text),
    ("spot_instance_policy", Text),
    (
        "tags",
        Map(&[("custom_tags", List(&Map(&[("key", Text), ("value", Text)])))]),
    ),
    ("warehouse_type", Text),
]);

/// The shape of a kind of resources; none for what needs no compute.
pub fn of_kind(kind: &str) -> Option<&'static Shape> {
    match kind {
        "clusters" => Some(&CLUSTER),
        "jobs" => Some(&JOB),
        "pipelines" => Some(&PIPELINE),
        "instance_pools" => Some(&POOL),
        "cluster_policies" => Some(&POLICY),
        "sql_warehouses" => Some(&WAREHOUSE),
        _ => None,
    }
}

/// Gives a value its shape. What is nothing is left out.
pub fn shape(node: &mut Node, shape: &Shape) {
    match (shape, &mut node.data) {
        (Map(known), Data::Map(members)) => {
            for (key, inner) in *known {
                if let Some(member) = members.get_mut(*key) {
                    self::shape(member, inner);
                    let is_empty = matches!(inner, Text) && member.text() == Some("");
                    if is_empty {
                        members.remove(*key);
                    }
                }
            }
            members.retain(|_, member| !member.is_null());
        }
        (Texts, Data::Map(members)) => {
            members.retain(|_, member| !member.is_null());
            for member in members.values_mut() {
                self::shape(member, &Text);
            }
        }
        (List(inner), Data::List(items)) => {
            for item in items {
                self::shape(item, inner);
            }
        }
        (wanted, Data::Scalar(value)) => {
            if let Some(shaped) = scalar(wanted, value) {
                *value = shaped;
            }
        }
        _ => {}
    }
}

/// The scalar as another type; none where it stays.
fn scalar(wanted: &Shape, value: &Value) -> Option<Value> {
    match (wanted, value) {
        (Text, Value::Number(_) | Value::Bool(_)) => Some(Value::String(value.to_string())),
        (_, Value::String(text)) if whole(text).is_some() => None,
        (Whole, Value::String(text)) => text.parse::<i64>().ok().map(Value::from),
        (Shape::Number, Value::String(text)) => text.parse::<Number>().ok().map(Value::Number),
        (Truth, Value::String(text)) => match text.as_str() {
            "true" | "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Some(Value::Bool(true)),
            "false" | "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Some(Value::Bool(false)),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::document::Document;
    use serde_json::json;

    #[test]
    fn values_become_what_the_api_takes() {
        let text = "new_cluster:
  num_workers: '4'
  node_type_id: 7
  policy_id: ''
  spark_version: ~
  enable_elastic_disk: yes
  custom_tags: {a: 1, b: true, c: ''}
  spark_conf: {x.y: 2.5}
  other: '5'
  autoscale: {min_workers: '${var.n}'}
  azure_attributes: {spot_bid_max_price: '-1', first_on_demand: two}
";
        let mut node = Node::of(&Document::parse("b.yml", text).unwrap());
        shape(&mut node, &TASK);
        assert_eq!(
            node.value()["new_cluster"],
            json!({"num_workers": 4, "node_type_id": "7", "enable_elastic_disk": true,
                "custom_tags": {"a": "1", "b": "true", "c": ""}, "spark_conf": {"x.y": "2.5"}, "other": "5",
                "autoscale": {"min_workers": "${var.n}"},
                "azure_attributes": {"spot_bid_max_price": -1, "first_on_demand": "two"}})
        );
    }
}
