//! Lists that are none: a template where tasks should stand, an object instead of a list. What is inside cannot be seen,
//! and what cannot be seen is no job without compute.

use serde_json::Value;

use crate::databricks::fields::shown;

/// A part of a job or pipeline that cannot be read as what it must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongShape {
    /// JSON pointer of it inside the job or pipeline.
    pub pointer: String,
    /// Where it is, by keys.
    pub address: String,
    /// What was found and what was expected.
    pub message: String,
}

impl WrongShape {
    /// The problem of a value that is not what was expected.
    pub fn of(pointer: String, address: String, found: &Value, expected: &str) -> WrongShape {
        let message = format!("found {}, expected {expected}", shown(found));
        WrongShape {
            pointer,
            address,
            message,
        }
    }
}

/// What is wrong with a list of objects; nothing where there is none. Entries that are null are nothing.
pub fn of_list(of: &Value, key: &str, into: &mut Vec<WrongShape>) {
    let Some(list) = of.get(key).filter(|list| !list.is_null()) else {
        return;
    };
    let Some(entries) = list.as_array() else {
        into.push(WrongShape::of(
            format!("/{key}"),
            key.to_owned(),
            list,
            "an array",
        ));
        return;
    };
    for (i, entry) in entries.iter().enumerate() {
        of_object(entry, format!("/{key}/{i}"), format!("{key}.{i}"), into);
    }
}

/// What is wrong with a value that must be an object; null is nothing.
pub fn of_object(value: &Value, pointer: String, address: String, into: &mut Vec<WrongShape>) {
    if !value.is_object() && !value.is_null() {
        into.push(WrongShape::of(pointer, address, value, "an object"));
    }
}
