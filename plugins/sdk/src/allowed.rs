//! What is allowed, in the words of the Databricks policy language; for [`Violation::allowed`](crate::Violation::allowed).

use crate::json::{ToJson, add_member};

/// `{"minValue":1,"maxValue":8}`; a bound that is none is left out.
pub fn range<T: ToJson>(min: Option<T>, max: Option<T>) -> String {
    let mut object = Some(String::from("{}"));
    if let Some(min) = min {
        add_member(&mut object, "minValue", min);
    }
    if let Some(max) = max {
        add_member(&mut object, "maxValue", max);
    }
    object.unwrap_or_default()
}

/// `{"values":["a","b"]}`.
pub fn values<T: ToJson>(values: &[T]) -> String {
    member("values", values)
}

/// `{"type":"blocklist","values":["a","b"]}`: anything else.
pub fn blocklist<T: ToJson>(values: &[T]) -> String {
    let mut object = Some(member("type", "blocklist"));
    add_member(&mut object, "values", values);
    object.unwrap_or_default()
}

/// `{"value":true}`: this and nothing else.
pub fn value(value: impl ToJson) -> String {
    member("value", value)
}

/// `{"pattern":"..."}`: the whole value matches.
pub fn pattern(pattern: &str) -> String {
    member("pattern", pattern)
}

/// `{"type":"unlimited"}`: any value, but there must be one.
pub fn present() -> String {
    member("type", "unlimited")
}

/// `{"type":"forbidden"}`: the attribute must be absent.
pub fn absent() -> String {
    member("type", "forbidden")
}

/// An object of one member, for what the policy language has no word for.
pub fn member(key: &str, value: impl ToJson) -> String {
    let mut object = None;
    add_member(&mut object, key, value);
    object.unwrap_or_default()
}
