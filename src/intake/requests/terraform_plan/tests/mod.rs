//! Small plans, written for what they show.

mod bad;
mod before;
mod references;
mod shape;
mod unknown;

use serde_json::{Map, Value, json};

use super::read;
use crate::intake::requests::reading::Reading;
use crate::intake::requests::request::Request;

/// A managed resource of the root module, with what its change says besides.
fn entry(address: &str, actions: &[&str], change: Value) -> Value {
    let (kind, rest) = address.split_once('.').unwrap();
    let name = rest.split('[').next().unwrap();
    let mut all = json!({"actions": actions, "before": null, "after": null, "after_unknown": {}, "after_sensitive": {}});
    all.as_object_mut()
        .unwrap()
        .extend(change.as_object().unwrap().clone());
    json!({"address": address, "mode": "managed", "type": kind, "name": name, "change": all})
}

/// The same in a module instance.
fn inside(module: &str, mut entry: Value) -> Value {
    entry["address"] = json!(format!("{module}.{}", entry["address"].as_str().unwrap()));
    entry["module_address"] = json!(module);
    entry
}

fn create(address: &str, after: Value, unknown: Value) -> Value {
    entry(
        address,
        &["create"],
        json!({"after": after, "after_unknown": unknown}),
    )
}

/// What is written for a resource.
fn written(address: &str, expressions: Value) -> Value {
    let (kind, name) = address.split_once('.').unwrap();
    json!({"address": address, "mode": "managed", "type": kind, "name": name, "provider_config_key": "databricks",
        "expressions": expressions})
}

fn refers(to: &[&str]) -> Value {
    json!({"references": to})
}

/// A plan of these changes, and this root module.
fn plan(changes: &[Value], root_module: Value) -> Value {
    json!({"format_version": "1.2", "terraform_version": "1.11.4", "resource_changes": changes,
        "configuration": {"root_module": root_module}, "complete": true, "errored": false})
}

/// A plan whose resources are all in the root module, with what is written for each.
fn flat(changes: &[Value], resources: &[Value]) -> Value {
    plan(changes, json!({"resources": resources}))
}

fn reading(plan: &Value) -> Reading {
    let mut found = read("plan.json", &plan.to_string());
    found.link();
    found
}

/// The requests of a plan in which nothing is wrong.
fn requests(plan: &Value) -> Vec<Request> {
    let found = reading(plan);
    assert_eq!(found.problems.0, []);
    found.requests
}

fn one(plan: &Value) -> Request {
    let mut all = requests(plan);
    assert_eq!(all.len(), 1);
    all.remove(0)
}

fn addresses(found: &Reading) -> Vec<&str> {
    let addresses = found.requests.iter().map(|r| r.address.as_deref().unwrap());
    addresses.collect()
}

fn object(members: &[(&str, Value)]) -> Value {
    let members: Map<String, Value> = members
        .iter()
        .map(|(key, value)| ((*key).to_owned(), value.clone()))
        .collect();
    Value::Object(members)
}
