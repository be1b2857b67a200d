//! Values of a plan as far as they say something.
//!
//! Of a hundred members that the provider lists of a job eighty are null or an empty list, and nearly all marks are false. They are left
//! out while the text is read, which is most of the time that reading a plan takes.

use serde_json::Value;
use serde_json::value::RawValue;

use crate::model::strict_json::{Keep, read_kept};

/// Values: members that are null or empty are left out.
///
/// # Errors
/// What is no JSON, a key that stands twice.
pub fn values(raw: Option<&RawValue>) -> Result<Value, serde_json::Error> {
    read::<Values>(raw)
}

/// Marks: members that mark nothing are left out. Null where nothing is marked.
///
/// # Errors
/// What is no JSON, a key that stands twice.
pub fn marks(raw: Option<&RawValue>) -> Result<Value, serde_json::Error> {
    // Most mark nothing anywhere.
    read::<Marks>(raw.filter(|raw| raw.get().contains("true")))
}

fn read<K: Keep>(raw: Option<&RawValue>) -> Result<Value, serde_json::Error> {
    raw.map_or(Ok(Value::Null), |raw| read_kept::<K>(raw.get()))
}

struct Values;

impl Keep for Values {
    fn member(value: &Value) -> bool {
        !is_nothing(value)
    }
}

struct Marks;

impl Keep for Marks {
    fn member(value: &Value) -> bool {
        !marks_nothing(value)
    }

    /// A list is as long as what it marks; without a mark it is nothing.
    fn list(items: Vec<Value>) -> Vec<Value> {
        match items.iter().all(marks_nothing) {
            true => Vec::new(),
            false => items,
        }
    }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

fn marks_nothing(value: &Value) -> bool {
    *value == Value::Bool(false) || is_nothing(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn raw(text: &str) -> &RawValue {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn what_says_nothing_is_left_out_and_lists_keep_their_places() {
        let text = r#"{"a": null, "b": [], "c": {"d": null}, "e": [null, {}, {"f": false}], "g": 0, "h": "", "i\n": 1.5, "j": -1}"#;
        let lean = json!({"e": [null, {}, {"f": false}], "g": 0, "h": "", "i\n": 1.5, "j": -1});
        assert_eq!(values(Some(raw(text))).unwrap(), lean);
        let text =
            r#"{"a": [{}, {"b": true}], "c": [{"d": false}, {}], "e": false, "f": true, "g": {"h": []}}"#;
        let lean = json!({"a": [{}, {"b": true}], "f": true});
        assert_eq!(marks(Some(raw(text))).unwrap(), lean);
        assert_eq!(marks(Some(raw(r#"{"a": [false]}"#))).unwrap(), Value::Null);
        assert_eq!(values(None).unwrap(), Value::Null);
    }

    #[test]
    fn a_key_that_stands_twice_is_an_error_left_out_or_not() {
        for text in [
            r#"{"a": null, "a": null}"#,
            r#"{"a": null, "\u0061": 1}"#,
            r#"{"a": 1, "a": []}"#,
            r#"{"a": 1, "a": 2}"#,
        ] {
            let error = values(Some(raw(text))).unwrap_err();
            assert!(crate::model::strict_json::is_twice(&error), "{text}: {error}");
        }
    }
}
