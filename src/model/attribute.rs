//! Attribute paths of the policy language over a cluster's JSON.
//!
//! A path is field names and array indices joined by dots. In the three maps of free keys
//! (`custom_tags`, `spark_conf`, `spark_env_vars`) the rest of the path is one key, dots and all:
//! `spark_conf.spark.databricks.cluster.profile`.

use serde_json::{Map, Value};

/// Attributes whose keys are free text.
pub const MAPS: [&str; 3] = ["custom_tags", "spark_conf", "spark_env_vars"];

/// The steps of a path.
pub fn steps(path: &str) -> Vec<&str> {
    match path.split_once('.') {
        Some((first, rest)) if MAPS.contains(&first) => vec![first, rest],
        _ => path.split('.').collect(),
    }
}

/// The value at a path; JSON null counts as absent.
pub fn value<'a>(cluster: &'a Value, path: &str) -> Option<&'a Value> {
    let mut at = cluster;
    for step in steps(path) {
        at = match at {
            Value::Object(map) => map.get(step)?,
            Value::Array(items) => items.get(step.parse::<usize>().ok()?)?,
            _ => return None,
        };
    }
    (!at.is_null()).then_some(at)
}

/// The attribute could not be set: something on the way is not a container.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{path}` cannot be set: `{step}` is neither an object nor an array with that place")]
pub struct NotSettable {
    /// The whole path.
    pub path: String,
    /// The step that failed.
    pub step: String,
}

/// Sets the value at a path, making objects on the way. An array grows by one element at most.
///
/// # Errors
/// [`NotSettable`] when the way leads through a scalar or past the end of an array.
pub fn set(cluster: &mut Value, path: &str, new: Value) -> Result<(), NotSettable> {
    let mut at = cluster;
    for step in steps(path) {
        if at.is_null() {
            *at = Value::Object(Map::new());
        }
        at = match at {
            Value::Object(map) => map.entry(step).or_insert(Value::Null),
            Value::Array(items) => {
                let wrong = || NotSettable {
                    path: path.to_owned(),
                    step: step.to_owned(),
                };
                let index = step.parse::<usize>().map_err(|_| wrong())?;
                if index == items.len() {
                    items.push(Value::Null);
                }
                items.get_mut(index).ok_or_else(wrong)?
            }
            _ => {
                return Err(NotSettable {
                    path: path.to_owned(),
                    step: step.to_owned(),
                });
            }
        };
    }
    *at = new;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn keys_of_maps_hold_dots_and_nulls_are_absent() {
        let mut cluster = json!({"spark_conf": {"spark.master": "local[*]"}, "num_workers": null,
            "init_scripts": [{"workspace": {"destination": "/a"}}]});
        assert_eq!(
            value(&cluster, "spark_conf.spark.master"),
            Some(&json!("local[*]"))
        );
        assert_eq!(
            value(&cluster, "init_scripts.0.workspace.destination"),
            Some(&json!("/a"))
        );
        assert_eq!(value(&cluster, "num_workers"), None);
        assert_eq!(value(&cluster, "init_scripts.x"), None);
        set(&mut cluster, "custom_tags.a.b", json!("c")).unwrap();
        set(&mut cluster, "azure_attributes.first_on_demand", json!(1)).unwrap();
        assert_eq!(cluster["custom_tags"]["a.b"], json!("c"));
        assert_eq!(cluster["azure_attributes"]["first_on_demand"], json!(1));
        assert!(set(&mut cluster, "init_scripts.7.x", json!(1)).is_err());
    }
}
