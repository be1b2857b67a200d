//! JSON values in which no key stands twice.
//!
//! JSON leaves open which of two members of one name counts, and readers differ; whoever judges must not read another
//! document than whoever acts on it.

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::borrow::Cow;
use std::collections::{BTreeSet, HashSet};
use std::fmt;
use std::marker::PhantomData;

/// Reads a value.
///
/// # Errors
/// What is no JSON, a key that stands twice; with the place.
pub fn read(text: &str) -> Result<Value, serde_json::Error> {
    read_kept::<Everything>(text)
}

/// Reads as much of a value as is kept. A key that stands twice is an error all the same.
///
/// # Errors
/// As of [`read`].
pub fn read_kept<K: Keep>(text: &str) -> Result<Value, serde_json::Error> {
    serde_json::from_str::<Kept<K>>(text).map(|Kept(value, _)| value)
}

/// What of a value is kept.
pub trait Keep {
    /// Whether an object keeps a member of this value.
    fn member(value: &Value) -> bool;

    /// What is kept of a list.
    fn list(items: Vec<Value>) -> Vec<Value> {
        items
    }
}

struct Everything;

impl Keep for Everything {
    fn member(_: &Value) -> bool {
        true
    }
}

struct Kept<K>(Value, PhantomData<K>);

impl<'de, K: Keep> Deserialize<'de> for Kept<K> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let value = from.deserialize_any(KeepVisitor::<K>(PhantomData))?;
        Ok(Kept(value, PhantomData))
    }
}

/// The keys of an object; reading one in which a key stands twice fails. What the members hold is not looked at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Keys(pub BTreeSet<String>);

impl<'de> Deserialize<'de> for Keys {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(KeysVisitor)
    }
}

struct KeysVisitor;

impl<'de> Visitor<'de> for KeysVisitor {
    type Value = Keys;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Keys, A::Error> {
        let mut keys = Keys::default();
        while let Some(key) = map.next_key::<String>()? {
            if keys.0.contains(&key) {
                return Err(twice(&key));
            }
            map.next_value::<IgnoredAny>()?;
            keys.0.insert(key);
        }
        Ok(keys)
    }
}

/// How the message of a key that stands twice begins.
const TWICE: &str = "the key ";

/// Whether reading failed because a key stands twice.
pub fn is_twice(error: &serde_json::Error) -> bool {
    error.classify() == serde_json::error::Category::Data && error.to_string().starts_with(TWICE)
}

/// The error of a key that stands twice, for readers of objects of their own.
pub fn twice<E: Error>(key: &str) -> E {
    let shown: String = key.chars().take(60).collect();
    E::custom(format!("{TWICE}`{shown}` stands twice"))
}

/// A key, not copied where it has no escapes.
#[derive(serde::Deserialize, Clone, PartialEq, Eq, Hash)]
#[serde(transparent)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

struct KeepVisitor<K>(PhantomData<K>);

impl<'de, K: Keep> Visitor<'de> for KeepVisitor<K> {
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
        while let Some(Kept::<K>(item, _)) = items.next_element()? {
            found.push(item);
        }
        Ok(Value::Array(K::list(found)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut found = Map::new();
        let mut seen: HashSet<Key<'de>, foldhash::fast::RandomState> = HashSet::default();
        while let Some(key) = members.next_key::<Key<'de>>()? {
            if !seen.insert(key.clone()) {
                return Err(twice(&key.0));
            }
            let Kept::<K>(value, _) = members.next_value()?;
            if K::member(&value) {
                found.insert(key.0.into_owned(), value);
            }
        }
        Ok(Value::Object(found))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_stands_twice_is_told_with_its_place() {
        let error = read("{\"a\": 1,\n \"b\": {\"c\": 1, \"c\": 2}}").unwrap_err();
        assert!(is_twice(&error) && error.line() == 2, "{error}");
        assert!(!is_twice(&read("{\"a\": }").unwrap_err()));
        let text = r#"{"z":[1,-2,2.5,null,true,"x"],"a":{}}"#;
        assert_eq!(read(text).unwrap().to_string(), text);
    }

    #[test]
    fn a_key_that_stands_twice_is_found_in_any_order() {
        for keys in [
            "aa", "aba", "baa", "bab", "abca", "cbac", "acbb", "dabcb", "abdca", "badd",
        ] {
            let text = |keys: &str| {
                let members: Vec<String> = keys.chars().map(|key| format!("\"{key}\": 1")).collect();
                format!("{{{}}}", members.join(", "))
            };
            assert!(is_twice(&read(&text(keys)).unwrap_err()), "{keys}");
            let once: String = keys
                .chars()
                .rev()
                .enumerate()
                .filter(|(i, key)| !keys.chars().rev().take(*i).any(|other| other == *key))
                .map(|(_, key)| key)
                .collect();
            assert_eq!(
                read(&text(&once)).unwrap().as_object().unwrap().len(),
                once.len(),
                "{once}"
            );
        }
    }
}
