//! What makes an object a body of `clusters/create`, or a part of one.

use serde_json::{Map, Value};
use tollgate_policy_language::attribute::ATTRIBUTES;

/// Keys of which a create body has at least one; an object with none of them is something else.
pub const MARKS: [&str; 8] = [
    "spark_version",
    "node_type_id",
    "num_workers",
    "autoscale",
    "instance_pool_id",
    "cluster_name",
    "policy_id",
    "driver_node_type_id",
];

/// How much of a create body there must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Form {
    /// Enough to see that it is one.
    #[default]
    Whole,
    /// Any attribute, or none; but nothing else.
    Partial,
}

/// Whether an object is a create body.
pub fn is_marked(object: &Map<String, Value>) -> bool {
    MARKS.iter().any(|mark| object.contains_key(*mark))
}

/// Whether an object is a part of a create body.
pub fn is_a_part(object: &Map<String, Value>) -> bool {
    object.is_empty() || object.keys().any(|key| is_attribute(key))
}

/// Whether a key is one of a create body, a policy's own objects share `policy_id` and `name` with it.
fn is_attribute(key: &str) -> bool {
    let first = |path: &str| path.split('.').next() == Some(key);
    key != "policy_id" && ATTRIBUTES.iter().any(|attribute| first(attribute.path))
}
