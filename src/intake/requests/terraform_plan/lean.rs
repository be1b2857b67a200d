//! Values of a plan as far as they say something.
//!
//! Of a hundred members that the provider lists of a job eighty are null or an empty list, and nearly all marks are false. They are left
//! out while the text is read, which is most of the time that reading a plan takes. A key that stands twice is an error all
//! the same, as in [`Strict`](crate::model::strict_json::Strict).

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Number, Value};
use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use crate::model::strict_json::twice;

/// Values: members that are null or empty are left out.
///
/// # Errors
/// What is no JSON, a key that stands twice.
pub fn values(raw: Option<&RawValue>) -> Result<Value, serde_json::Error> {
    read::<false>(raw)
}

/// Marks: members that mark nothing are left out. Null where nothing is marked.
///
/// # Errors
/// What is no JSON, a key that stands twice.
pub fn marks(raw: Option<&RawValue>) -> Result<Value, serde_json::Error> {
    // Most mark nothing anywhere.
    read::<true>(raw.filter(|raw| raw.get().contains("true")))
}

fn read<const MARKS: bool>(raw: Option<&RawValue>) -> Result<Value, serde_json::Error> {
    let Some(raw) = raw else {
        return Ok(Value::Null);
    };
    serde_json::from_str::<Lean<MARKS>>(raw.get()).map(|Lean(value)| value)
}

struct Lean<const MARKS: bool>(Value);

impl<'de, const MARKS: bool> Deserialize<'de> for Lean<MARKS> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(LeanVisitor::<MARKS>).map(Lean)
    }
}

/// A key, not copied where it has no escapes.
#[derive(serde::Deserialize, Clone, PartialEq, Eq, Hash)]
#[serde(transparent)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

struct LeanVisitor<const MARKS: bool>;

impl<'de, const MARKS: bool> Visitor<'de> for LeanVisitor<MARKS> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut found = Vec::new();
        while let Some(Lean::<MARKS>(item)) = items.next_element()? {
            found.push(item);
        }
        // A list is as long as what it marks; without a mark it is nothing.
        let marks_nothing = MARKS && found.iter().all(is_nothing::<MARKS>);
        Ok(Value::Array(if marks_nothing { Vec::new() } else { found }))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut found = Map::new();
        let mut seen: HashSet<Key<'de>, foldhash::fast::RandomState> = HashSet::default();
        while let Some(key) = members.next_key::<Key<'de>>()? {
            let Lean::<MARKS>(value) = members.next_value()?;
            if !seen.insert(key.clone()) {
                return Err(twice(&key.0));
            }
            if !is_nothing::<MARKS>(&value) {
                found.insert(key.0.into_owned(), value);
            }
        }
        Ok(Value::Object(found))
    }
}

fn is_nothing<const MARKS: bool>(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(marked) => MARKS && !marked,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Number(_) | Value::String(_) => false,
    }
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
