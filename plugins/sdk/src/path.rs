//! Databricks attribute paths.
//!
//! The first segment decides how the rest is read: in `custom_tags`, `spark_conf` and `spark_env_vars` the rest is one
//! key, dots and all; everywhere else each dot starts a new segment, and a number counts from 0 in a list.

use tollgate_policy_language::path::MAPS;

use crate::Value;

/// What a walk along a path ends at.
pub enum Found<'d> {
    /// Nothing there, or JSON `null`.
    Absent,
    /// The value.
    At(Value<'d>),
    /// A value on the way is neither an object nor a list; with the length of its own path.
    Blocked(Value<'d>, usize),
}

/// Walks along a path.
pub fn walk<'d>(cluster: Value<'d>, path: &str) -> Found<'d> {
    let (mut value, mut rest) = (cluster, Some(path));
    while let Some(ahead) = rest {
        if value.is_null() {
            return Found::Absent;
        }
        let walked = path.len().saturating_sub(ahead.len());
        let (segment, remainder) =
            if walked == 0 || !MAPS.contains(&path.get(..walked.saturating_sub(1)).unwrap_or_default()) {
                split(ahead)
            } else {
                (ahead, None)
            };
        if !value.is_map() && !value.is_list() {
            return Found::Blocked(value, walked.saturating_sub(1));
        }
        match value.child(segment) {
            Some(child) => value = child,
            None => return Found::Absent,
        }
        rest = remainder;
    }
    if value.is_null() {
        Found::Absent
    } else {
        Found::At(value)
    }
}

fn split(path: &str) -> (&str, Option<&str>) {
    match path.split_once('.') {
        Some((segment, rest)) => (segment, Some(rest)),
        None => (path, None),
    }
}
