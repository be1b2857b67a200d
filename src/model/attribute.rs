//! Attribute paths of the policy language over a cluster's JSON.
//!
//! A path is field names and array indices joined by dots. In the three maps of free keys
//! (`custom_tags`, `spark_conf`, `spark_env_vars`) the rest of the path is one key, dots and all:
//! `spark_conf.spark.databricks.cluster.profile`.

use serde_json::{Map, Value};
pub use tollgate_policy_language::attribute::holds_secret;
use tollgate_policy_language::path::{LISTS, MAPS};

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

/// Sets the value at a path, making objects and lists on the way. A list grows by one element at most.
///
/// # Errors
/// [`NotSettable`] when the way leads through a scalar or past the end of a list.
pub fn set(cluster: &mut Value, path: &str, new: Value) -> Result<(), NotSettable> {
    let mut at = cluster;
    let mut walked = String::new();
    for step in steps(path) {
        if at.is_null() {
            *at = if LISTS.contains(&walked.as_str()) {
                Value::Array(Vec::new())
            } else {
                Value::Object(Map::new())
            };
        }
        let wrong = || NotSettable {
            path: path.to_owned(),
            step: step.to_owned(),
        };
        at = match at {
            Value::Object(map) => map.entry(step).or_insert(Value::Null),
            Value::Array(items) => {
                let index = step.parse::<usize>().map_err(|_| wrong())?;
                if index == items.len() {
                    items.push(Value::Null);
                }
                items.get_mut(index).ok_or_else(wrong)?
            }
            _ => return Err(wrong()),
        };
        if !walked.is_empty() {
            walked.push('.');
        }
        walked.push_str(step);
    }
    *at = new;
    Ok(())
}

/// Removes the value at a path, and every container that this leaves empty. An array's later elements move up.
///
/// Returns whether there was one.
pub fn remove(cluster: &mut Value, path: &str) -> bool {
    remove_below(cluster, &steps(path))
}

fn remove_below(at: &mut Value, steps: &[&str]) -> bool {
    let Some((step, rest)) = steps.split_first() else {
        return false;
    };
    let is_empty = |value: &Value| match value {
        Value::Object(map) => map.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    };
    match at {
        Value::Object(map) => {
            let Some(inner) = map.get_mut(*step) else {
                return false;
            };
            let removed = rest.is_empty() || remove_below(inner, rest);
            if removed && (rest.is_empty() || is_empty(inner)) {
                map.shift_remove(*step);
            }
            removed
        }
        Value::Array(items) => {
            let Some(index) = step.parse::<usize>().ok().filter(|i| *i < items.len()) else {
                return false;
            };
            let removed = rest.is_empty() || items.get_mut(index).is_some_and(|i| remove_below(i, rest));
            if removed && (rest.is_empty() || items.get(index).is_some_and(is_empty)) {
                items.remove(index);
            }
            removed
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_removed_leaves_no_empty_container() {
        let mut cluster = json!({"autoscale": {"min_workers": 1, "max_workers": 2}, "spark_conf": {"a.b": "c"},
            "init_scripts": [{"dbfs": {"destination": "x"}}, {"workspace": {"destination": "y"}}], "n": 1});
        for path in [
            "autoscale.min_workers",
            "autoscale.max_workers",
            "spark_conf.a.b",
            "init_scripts.0.dbfs.destination",
        ] {
            assert!(remove(&mut cluster, path), "{path}");
        }
        assert!(!remove(&mut cluster, "n.m") && !remove(&mut cluster, "init_scripts.4"));
        assert_eq!(
            cluster,
            json!({"init_scripts": [{"workspace": {"destination": "y"}}], "n": 1})
        );
    }

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
        set(&mut cluster, "ssh_public_keys.0", json!("key")).unwrap();
        assert_eq!(cluster["ssh_public_keys"], json!(["key"]));
    }
}
