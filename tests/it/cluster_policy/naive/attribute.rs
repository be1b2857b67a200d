//! Attributes: their paths, their types, and how they are read from a cluster and written into one.

use std::str::FromStr;

use rust_decimal::Decimal;
use serde_json::{Map, Value};

/// Attributes whose members are free keys with text for values.
const MAPS: [&str; 3] = ["custom_tags", "spark_conf", "spark_env_vars"];

/// Attributes that are lists; the second step is an index or `*`.
const LISTS: [&str; 2] = ["init_scripts", "ssh_public_keys"];

/// What an `init_scripts` entry can be.
const SCRIPT_KINDS: [&str; 7] = ["workspace", "volumes", "s3", "abfss", "gcs", "dbfs", "file"];

/// Attributes that no request carries: they are worked out.
const VIRTUAL: [&str; 3] = ["dbus_per_hour", "cluster_type", "cluster_source"];

const NUMBERS: [&str; 18] = [
    "num_workers",
    "autoscale.min_workers",
    "autoscale.max_workers",
    "autotermination_minutes",
    "aws_attributes.first_on_demand",
    "azure_attributes.first_on_demand",
    "gcp_attributes.first_on_demand",
    "aws_attributes.spot_bid_price_percent",
    "azure_attributes.spot_bid_max_price",
    "aws_attributes.ebs_volume_count",
    "aws_attributes.ebs_volume_size",
    "aws_attributes.ebs_volume_iops",
    "aws_attributes.ebs_volume_throughput",
    "gcp_attributes.local_ssd_count",
    "gcp_attributes.boot_disk_size",
    "remote_disk_throughput",
    "total_initial_remote_disk_size",
    "dbus_per_hour",
];

const BOOLEANS: [&str; 8] = [
    "enable_elastic_disk",
    "enable_local_disk_encryption",
    "is_single_node",
    "use_ml_runtime",
    "workload_type.clients.jobs",
    "workload_type.clients.notebooks",
    "gcp_attributes.use_preemptible_executors",
    "enable_serverless_compute",
];

const TEXTS: [&str; 34] = [
    "cluster_name",
    "spark_version",
    "runtime_engine",
    "kind",
    "node_type_id",
    "driver_node_type_id",
    "instance_pool_id",
    "driver_instance_pool_id",
    "data_security_mode",
    "single_user_name",
    "docker_image.url",
    "docker_image.basic_auth.username",
    "docker_image.basic_auth.password",
    "cluster_log_conf.type",
    "cluster_log_conf.path",
    "cluster_log_conf.region",
    "aws_attributes.availability",
    "aws_attributes.zone_id",
    "aws_attributes.instance_profile_arn",
    "aws_attributes.ebs_volume_type",
    "azure_attributes.availability",
    "azure_attributes.log_analytics_info.log_analytics_workspace_id",
    "azure_attributes.log_analytics_info.log_analytics_primary_key",
    "azure_attributes.capacity_reservation_group",
    "gcp_attributes.availability",
    "gcp_attributes.zone_id",
    "gcp_attributes.google_service_account",
    "gcp_attributes.confidential_compute_type",
    "worker_node_type_flexibility.alternate_node_type_ids",
    "driver_node_type_flexibility.alternate_node_type_ids",
    "dependency_mode",
    "virtual_cluster_size",
    "cluster_type",
    "cluster_source",
];

/// What the values of an attribute are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Number,
    Boolean,
    Text,
}

/// The kind of an attribute; none for attributes we do not know.
pub fn kind(path: &str) -> Option<Kind> {
    let steps = steps(path);
    let steps: Vec<&str> = steps.iter().map(String::as_str).collect();
    if NUMBERS.contains(&path) {
        return Some(Kind::Number);
    }
    if BOOLEANS.contains(&path) {
        return Some(Kind::Boolean);
    }
    let known = match steps.as_slice() {
        [map, _] if MAPS.contains(map) => true,
        ["ssh_public_keys", place] => is_place(place),
        ["init_scripts", place, kind, "destination"] => is_place(place) && SCRIPT_KINDS.contains(kind),
        ["init_scripts", place, "s3", "region"] => is_place(place),
        _ => TEXTS.contains(&path),
    };
    known.then_some(Kind::Text)
}

fn is_place(step: &str) -> bool {
    step == "*" || step.parse::<usize>().is_ok()
}

/// The steps of a path: the first one decides how the rest is split.
pub fn steps(path: &str) -> Vec<String> {
    match path.split_once('.') {
        Some((first, key)) if MAPS.contains(&first) => vec![first.to_owned(), key.to_owned()],
        _ => path.split('.').map(str::to_owned).collect(),
    }
}

/// `custom_tags.team` is the key `team` of the map `custom_tags`.
pub fn map_and_key(path: &str) -> Option<(&str, &str)> {
    path.split_once('.').filter(|(first, _)| MAPS.contains(first))
}

/// `init_scripts.0.dbfs.destination` is index 0 of the list `init_scripts`.
pub fn list_and_index(path: &str) -> Option<(&str, usize)> {
    let (list, rest) = path.split_once('.').filter(|(first, _)| LISTS.contains(first))?;
    let index = rest.split('.').next()?.parse().ok()?;
    Some((list, index))
}

/// `init_scripts.*.dbfs.destination` with an index for the `*`; none where the path has no `*` to replace.
pub fn with_index(path: &str, index: usize) -> Option<String> {
    let (list, rest) = path.split_once('.').filter(|(first, _)| LISTS.contains(first))?;
    match rest.strip_prefix('*')? {
        "" => Some(format!("{list}.{index}")),
        tail => tail.starts_with('.').then(|| format!("{list}.{index}{tail}")),
    }
}

/// `dbus_per_hour` and its kin.
pub fn is_virtual(path: &str) -> bool {
    VIRTUAL.contains(&path)
}

/// An attribute that an instance pool decides, node types excepted.
pub fn is_decided_by_pool(path: &str) -> bool {
    let names = [
        "availability",
        "zone_id",
        "spot_bid_price_percent",
        "spot_bid_max_price",
    ];
    let clouds = ["aws_attributes", "azure_attributes", "gcp_attributes"];
    path == "enable_elastic_disk"
        || clouds
            .iter()
            .any(|cloud| names.iter().any(|name| path == format!("{cloud}.{name}")))
}

/// The path is this one or lies below it.
pub fn is_within(path: &str, above: &str) -> bool {
    steps(path).starts_with(&steps(above))
}

/// The value at a path, letter for letter; `null` is absent.
pub fn read(cluster: &Value, path: &str) -> Option<Value> {
    let mut at = cluster;
    for step in steps(path) {
        at = match at {
            Value::Object(members) => members.get(&step)?,
            Value::Array(entries) => entries.get(step.parse::<usize>().ok()?)?,
            _ => return None,
        };
    }
    (!at.is_null()).then(|| at.clone())
}

/// Nothing that is there already would have to give way to a value at this path. An entry of another kind would.
pub fn has_room(cluster: &Value, path: &str) -> bool {
    if let Some((list, index)) = list_and_index(path) {
        let entries = match read(cluster, list) {
            None => Vec::new(),
            Some(Value::Array(entries)) => entries,
            Some(_) => return false,
        };
        return match entries.get(index) {
            None => index == entries.len(),
            // `init_scripts.0.s3.region` has room in an entry that is an `s3` already.
            Some(entry) => steps(path).get(2).is_some_and(|kind| entry[kind].is_object()),
        };
    }
    let steps = steps(path);
    let mut at = cluster;
    for step in &steps {
        match at {
            Value::Object(members) => match members.get(step) {
                None => return true,
                Some(member) => at = member,
            },
            Value::Null => return true,
            _ => return false,
        }
    }
    at.is_null()
}

/// Writes a value where there is room for it.
pub fn write(cluster: &mut Value, path: &str, value: Value) {
    write_steps(cluster, &steps(path), value);
}

fn write_steps(at: &mut Value, steps: &[String], value: Value) {
    let Some((step, rest)) = steps.split_first() else {
        *at = value;
        return;
    };
    if let (Value::Array(entries), Ok(index)) = (&mut *at, step.parse::<usize>()) {
        if index == entries.len() {
            entries.push(Value::Null);
        }
        write_steps(&mut entries[index], rest, value);
        return;
    }
    if at.is_null() {
        *at = Value::Object(Map::new());
    }
    let member = &mut at[step.as_str()];
    if member.is_null() && LISTS.contains(&step.as_str()) {
        *member = Value::Array(Vec::new());
    }
    write_steps(member, rest, value);
}

/// A scalar as the texts of Databricks show it: no quotes, numbers as written.
pub fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The number that a text is, if it is one as JSON writes numbers, without blanks.
pub fn decimal(text: &str) -> Option<Decimal> {
    if text.trim() != text || serde_json::from_str::<serde_json::Number>(text).is_err() {
        return None;
    }
    Decimal::from_str(text)
        .or_else(|_| Decimal::from_scientific(text))
        .ok()
}

/// A policy's value as the attribute holds it: a number for `num_workers`, text for a tag. What cannot be converted
/// stays as written.
pub fn typed(path: &str, value: &Value) -> Value {
    let written = text(value);
    match kind(path) {
        Some(Kind::Number) if decimal(&written).is_some() => {
            serde_json::from_str(&written).unwrap_or_else(|_| value.clone())
        }
        Some(Kind::Boolean) if written == "true" => Value::Bool(true),
        Some(Kind::Boolean) if written == "false" => Value::Bool(false),
        Some(Kind::Text) => Value::String(written),
        _ => value.clone(),
    }
}
