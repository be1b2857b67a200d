//! `cluster_log_conf.type`, `.path` and `.region`: names that no request carries, for the one member of
//! `cluster_log_conf`.

use serde_json::Value;

use super::attribute::read;

/// The members that `cluster_log_conf` can have, with the names of their types.
const MEMBERS: [(&str, &str); 3] = [("s3", "S3"), ("volumes", "VOLUMES"), ("dbfs", "DBFS")];

/// One of the three names.
pub fn is_synthetic(path: &str) -> bool {
    [
        "cluster_log_conf.type",
        "cluster_log_conf.path",
        "cluster_log_conf.region",
    ]
    .contains(&path)
}

/// The value under one of the three names. The type always has one: `NONE` without any member.
pub fn value(cluster: &Value, path: &str) -> Option<Value> {
    let member = MEMBERS
        .iter()
        .find(|(member, _)| read(cluster, &format!("cluster_log_conf.{member}")).is_some());
    match (path, member) {
        ("cluster_log_conf.type", None) => Some(Value::from("NONE")),
        ("cluster_log_conf.type", Some((_, name))) => Some(Value::from(*name)),
        ("cluster_log_conf.path", Some((member, _))) => {
            read(cluster, &format!("cluster_log_conf.{member}.destination"))
        }
        ("cluster_log_conf.region", Some(("s3", _))) => read(cluster, "cluster_log_conf.s3.region"),
        _ => None,
    }
}

/// The path that the API has for `.path` or `.region` under this type; none where the type has no such thing.
pub fn real_path(path: &str, type_name: &str) -> Option<String> {
    let (member, _) = MEMBERS.iter().find(|(_, name)| *name == type_name)?;
    match (path, *member) {
        ("cluster_log_conf.path", member) => Some(format!("cluster_log_conf.{member}.destination")),
        ("cluster_log_conf.region", "s3") => Some("cluster_log_conf.s3.region".to_owned()),
        _ => None,
    }
}
