//! Requests built from values for the paths of a definition.

use serde_json::{Map, Value, json};
use tollgate_policy_language::Target;
use tollgate_policy_language::path::LogPart;

use super::attribute_samples::plain_entry;

/// Attributes in the order in which people write them; others come after.
const ORDER: [&str; 12] = [
    "apply_policy_default_values",
    "cluster_name",
    "spark_version",
    "runtime_engine",
    "instance_pool_id",
    "driver_instance_pool_id",
    "node_type_id",
    "driver_node_type_id",
    "num_workers",
    "autoscale",
    "autotermination_minutes",
    "data_security_mode",
];

/// Puts a value where an element aims; virtual attributes have no place.
pub(super) fn put(body: &mut Value, target: &Target, value: Value) {
    match target {
        Target::Field(segments) => {
            let at = segments.iter().fold(body, |at, segment| {
                object(at).entry(segment).or_insert(Value::Null)
            });
            *at = value;
        }
        Target::Key { map, key } => {
            let map = object(body).entry(map).or_insert(Value::Null);
            object(map).insert(key.clone(), value);
        }
        Target::Entry { list, index, rest } => {
            let items = entries(body, list);
            let index = index.unwrap_or(items.len());
            while items.len() <= index {
                // The entry itself starts empty; those that only fill a gap are something of their own.
                items.push(if items.len() == index {
                    Value::Null
                } else {
                    plain_entry(list)
                });
            }
            if let Some(entry) = items.get_mut(index) {
                let at = rest
                    .iter()
                    .fold(entry, |at, step| object(at).entry(step).or_insert(Value::Null));
                *at = value;
            }
        }
        Target::LogConf(part) => {
            let mut log = LogConf::read(body);
            let text = value.as_str().unwrap_or_default().to_owned();
            match part {
                LogPart::Type => log.kind = text,
                LogPart::Path => log.path = text,
                LogPart::Region => log.region = text,
            }
            log.write(body);
        }
        Target::DbusPerHour | Target::ClusterType | Target::ClusterSource => {}
    }
}

/// The object at a place; what is none becomes one.
fn object(at: &mut Value) -> &mut Map<String, Value> {
    if !at.is_object() {
        *at = json!({});
    }
    match at {
        Value::Object(map) => map,
        // Made one above.
        _ => unreachable!(),
    }
}

/// The entries of a list; what is none becomes one.
fn entries<'b>(body: &'b mut Value, list: &str) -> &'b mut Vec<Value> {
    let at = list
        .split('.')
        .fold(body, |at, step| object(at).entry(step).or_insert(Value::Null));
    if !at.is_array() {
        *at = json!([]);
    }
    match at {
        Value::Array(items) => items,
        // Made one above.
        _ => unreachable!(),
    }
}

/// `cluster_log_conf` as the language sees it.
struct LogConf {
    kind: String,
    path: String,
    region: String,
}

impl LogConf {
    fn read(body: &Value) -> LogConf {
        let conf = body.get("cluster_log_conf");
        let found = ["s3", "volumes", "dbfs"]
            .iter()
            .find_map(|kind| Some((*kind, conf?.get(kind)?)));
        let text = |name: &str| {
            let text = found.and_then(|(_, inner)| inner.get(name)?.as_str());
            text.unwrap_or_default().to_owned()
        };
        LogConf {
            kind: found.map_or_else(String::new, |(kind, _)| kind.to_uppercase()),
            path: text("destination"),
            region: text("region"),
        }
    }

    /// What is not said follows from the rest: a path from its type, a type from its path.
    fn write(mut self, body: &mut Value) {
        if self.kind == "NONE" {
            object(body).shift_remove("cluster_log_conf");
            return;
        }
        if self.kind.is_empty() {
            self.kind = match self.path.as_str() {
                _ if !self.region.is_empty() => "S3",
                path if path.starts_with("s3") => "S3",
                path if path.starts_with("/Volumes/") => "VOLUMES",
                _ => "DBFS",
            }
            .to_owned();
        }
        if self.path.is_empty() {
            self.path = match self.kind.as_str() {
                "S3" => "s3://example/logs",
                "VOLUMES" => "/Volumes/main/default/logs",
                _ => "dbfs:/cluster-logs",
            }
            .to_owned();
        }
        let mut inner = json!({ "destination": self.path });
        if self.kind == "S3" && !self.region.is_empty() {
            object(&mut inner).insert("region".to_owned(), json!(self.region));
        }
        object(body).insert(
            "cluster_log_conf".to_owned(),
            json!({ self.kind.to_lowercase(): inner }),
        );
    }
}

/// The same request, its attributes in the usual order.
pub(super) fn ordered(body: Value) -> Value {
    let Value::Object(map) = body else { return body };
    let mut members: Vec<(String, Value)> = map.into_iter().collect();
    let place = |name: &str| {
        ORDER
            .iter()
            .position(|known| *known == name)
            .unwrap_or(ORDER.len())
    };
    members.sort_by_key(|(name, _)| place(name));
    Value::Object(members.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(parts: &[(&str, Value)]) -> Value {
        let mut body = json!({});
        for (path, value) in parts {
            put(&mut body, &Target::of(path), value.clone());
        }
        ordered(body)
    }

    #[test]
    fn values_land_where_their_paths_aim() {
        let found = body(&[
            ("custom_tags.cost.centre", json!("x")),
            ("autoscale.max_workers", json!(4)),
            ("init_scripts.1.dbfs.destination", json!("dbfs:/b")),
            ("init_scripts.*.workspace.destination", json!("/c")),
            ("dbus_per_hour", json!(4)),
            ("spark_version", json!("15.4.x-scala2.12")),
        ]);
        assert_eq!(
            found.to_string(),
            r#"{"spark_version":"15.4.x-scala2.12","autoscale":{"max_workers":4},"custom_tags":{"cost.centre":"x"},"init_scripts":[{"workspace":{"destination":"/Shared/other.sh"}},{"dbfs":{"destination":"dbfs:/b"}},{"workspace":{"destination":"/c"}}]}"#
        );
    }

    #[test]
    fn log_delivery_is_one_object() {
        assert_eq!(
            body(&[
                ("cluster_log_conf.type", json!("S3")),
                ("cluster_log_conf.region", json!("eu-west-1"))
            ]),
            json!({"cluster_log_conf": {"s3": {"destination": "s3://example/logs", "region": "eu-west-1"}}})
        );
        assert_eq!(
            body(&[("cluster_log_conf.path", json!("/Volumes/x"))]),
            json!({"cluster_log_conf": {"volumes": {"destination": "/Volumes/x"}}})
        );
        assert_eq!(body(&[("cluster_log_conf.type", json!("NONE"))]), json!({}));
    }
}
