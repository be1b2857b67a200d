//! Resources as requests: the last step, the same for both forms of a bundle.

use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::completion::Injected;
use super::node::{Data, Node, below};
use super::resolve::steps;
use crate::databricks::fields::is_template;
use crate::intake::requests::api::{PlaceOf, Whereabouts};
use crate::intake::requests::clusters_api::Form;
use crate::intake::requests::draft::take_templates;
use crate::intake::requests::reading::Reading;
use crate::intake::requests::request::Surroundings;
use crate::intake::requests::{job, pipeline};
use crate::model::resource::{Action, Kind};
use crate::model::unknown::Unknown;
use crate::model::written::{Line, Written};

/// Kinds of resources that need compute or decide about it, in the order in which they are read.
pub const KINDS: [&str; 6] = [
    "cluster_policies",
    "clusters",
    "instance_pools",
    "jobs",
    "pipelines",
    "sql_warehouses",
];

/// Members that are the bundle's and no API's.
const OF_BUNDLE: [&str; 7] = [
    "deployment",
    "grants",
    "lifecycle",
    "modified_status",
    "permissions",
    "run_as",
    "url",
];

/// Members of a pipeline that say nothing of its compute, and that the CLI rewrites: paths, and files that patterns match.
const FILES: [&str; 3] = ["environment", "libraries", "root_path"];

/// What all resources of a bundle have in common.
pub struct Common<'a> {
    /// All of them: references to their attributes are looked up here.
    pub all: &'a Value,
    /// Target and workspace.
    pub around: &'a Surroundings,
    /// What nobody wrote.
    pub injected: &'a Injected,
}

impl Common<'_> {
    /// Reads one resource. `written` is the resource with the places of all that it holds, where they are known.
    pub fn read(
        &self,
        (kind, key): (&str, &str),
        mut body: Value,
        place: PlaceOf<'_>,
        written: Option<&Node>,
        into: &mut Reading,
    ) {
        let address = format!("resources.{kind}.{key}");
        refer(&mut body, self.all, 0);
        let action = match body.get("id").is_some_and(Value::is_string) {
            true => Action::Update,
            false => Action::Create,
        };
        if let Some(members) = body.as_object_mut() {
            members.retain(|key, _| !OF_BUNDLE.contains(&key.as_str()));
            match kind {
                "clusters" => {
                    members.shift_remove("id");
                }
                "pipelines" => members.retain(|key, _| key != "id" && !FILES.contains(&key.as_str())),
                _ => {}
            }
        }
        let at = Whereabouts {
            address: Some(address),
            place,
            unknown: &|_, body| {
                let mut unknown = Unknown::default();
                take_templates(body, &mut unknown);
                unknown
            },
        };
        let around = Surroundings {
            action,
            ..self.around.clone()
        };
        let before = into.requests.len();
        match kind {
            "clusters" => at.cluster(body, Form::Whole, around, into),
            "jobs" | "pipelines" => {
                let job_unknown = unknown_of_job(&mut body);
                for part in ["continuous", "schedule", "trigger"] {
                    if let Some(part) = body.get_mut(part) {
                        take_templates(part, &mut Unknown::default());
                    }
                }
                let around = Surroundings {
                    job: Some(key.to_owned()),
                    job_unknown,
                    ..around
                };
                match kind {
                    "jobs" => at.job(&body, &around, into),
                    _ => at.pipeline(&body, &around, into),
                }
            }
            "instance_pools" => at.resource(Kind::InstancePool, body, None, action, into),
            "cluster_policies" => at.resource(Kind::ClusterPolicy, body, None, action, into),
            "sql_warehouses" => at.resource(Kind::SqlWarehouse, body, None, action, into),
            _ => {}
        }
        let address = format!("resources.{kind}.{key}");
        let pointers = pointers(kind, &address, written);
        for request in into.requests.iter_mut().skip(before) {
            let Some(address) = &request.address else { continue };
            let mut injected = self.injected.get(address).cloned().unwrap_or_default();
            injected.sort();
            request.around.injected = injected;
            let body = pointers.get(address).and_then(|pointer| {
                let steps = pointer.split('/').skip(1);
                written.and_then(|node| node.at(steps))
            });
            if let Some(body) = body {
                let mut places = Written::default();
                let whole = (request.source.as_str(), request.line);
                differing(body, "", whole, &mut places);
                request.around.written = Arc::new(places);
            }
        }
    }
}

/// What is not known yet of a job or pipeline itself: its name, which stays as text, and its tags.
fn unknown_of_job(body: &mut Value) -> Unknown {
    let mut unknown = Unknown::default();
    let is_open = |value: &Value| value.as_str().is_some_and(is_template);
    if body.get("name").is_some_and(is_open) {
        unknown.add("name");
    }
    match body.get_mut("tags") {
        Some(Value::Object(tags)) => tags.retain(|key, value| {
            // A key that is not known may be any.
            let path = match is_template(key) {
                true => "tags".to_owned(),
                false => format!("tags.{key}"),
            };
            let is_known = !is_template(key) && !is_open(value);
            if !is_known {
                unknown.add(path);
            }
            is_known
        }),
        Some(tags) if is_open(tags) => unknown.add("tags"),
        _ => {}
    }
    unknown
}

/// Where the bodies of a resource's clusters are inside it, by their addresses.
fn pointers(kind: &str, address: &str, written: Option<&Node>) -> BTreeMap<String, String> {
    let Some(written) = written else {
        return BTreeMap::new();
    };
    let body = written.value();
    let inner = |inner: String| format!("{address}.{inner}");
    match kind {
        "jobs" => {
            let all = job::clusters(&body).into_iter();
            all.map(|cluster| (inner(cluster.address), cluster.pointer))
                .collect()
        }
        "pipelines" => {
            let all = pipeline::clusters(&body).into_iter();
            all.map(|cluster| (inner(cluster.address), cluster.pointer))
                .collect()
        }
        _ => BTreeMap::from([(address.to_owned(), String::new())]),
    }
}

/// The places of attributes that stand on another line than what holds them.
fn differing(node: &Node, path: &str, around: (&str, usize), into: &mut Written) {
    let place = (&*node.place.file, node.place.line);
    if place != around && !path.is_empty() {
        let line = Line {
            source: Arc::clone(&node.place.file),
            line: node.place.line,
        };
        into.insert(path, line);
    }
    match &node.data {
        Data::Map(members) => {
            for (key, member) in members {
                differing(member, &below(path, key), place, into);
            }
        }
        Data::List(items) => {
            for (i, item) in items.iter().enumerate() {
                differing(item, &below(path, &i.to_string()), place, into);
            }
        }
        Data::Scalar(_) => {}
    }
}

/// The members of an object of objects, sorted.
pub fn sorted(of: Option<&Value>) -> BTreeMap<&str, &Value> {
    let members = of.and_then(Value::as_object).into_iter().flatten();
    members.map(|(key, value)| (key.as_str(), value)).collect()
}

/// Puts attributes of resources in the place of references to them. Ids are known after the deployment, and stay.
fn refer(at: &mut Value, all: &Value, depth: usize) {
    /// A body nests less than the documents it comes from.
    const MAX_DEPTH: usize = 140;
    if depth > MAX_DEPTH {
        return;
    }
    let deeper = depth.saturating_add(1);
    match at {
        Value::Object(members) => members.values_mut().for_each(|value| refer(value, all, deeper)),
        Value::Array(items) => items.iter_mut().for_each(|value| refer(value, all, deeper)),
        Value::String(text) => {
            if let Some(found) = super::resolve::whole(text).and_then(|name| attribute(name, all)) {
                *at = found.clone();
            }
        }
        _ => {}
    }
}

/// The scalar that `resources.jobs.etl.name` refers to, unless it hangs on something unknown itself.
fn attribute<'v>(reference: &str, all: &'v Value) -> Option<&'v Value> {
    let steps = steps(reference);
    let (first, rest) = steps.split_first()?;
    if first != "resources" || rest.len() < 3 || rest.last().is_some_and(|step| step == "id") {
        return None;
    }
    let found = rest.iter().try_fold(all, |value, step| match value {
        Value::Object(members) => members.get(step),
        Value::Array(items) => items.get(step.parse::<usize>().ok()?),
        _ => None,
    })?;
    let is_open = found.as_str().is_some_and(|text| text.contains("${"));
    (!is_open && !found.is_object() && !found.is_array() && !found.is_null()).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn name_and_tags_of_a_job_may_be_unknown() {
        let mut job =
            json!({"name": "${var.n}", "tags": {"tier": "${var.t}", "team": "a", "name": "${var.x}"}});
        assert_eq!(unknown_of_job(&mut job).paths, ["name", "tags.name", "tags.tier"]);
        assert_eq!(job, json!({"name": "${var.n}", "tags": {"team": "a"}}));
        assert_eq!(
            unknown_of_job(&mut json!({"tags": {"${var.k}": "a"}})).paths,
            ["tags"]
        );
        assert_eq!(
            unknown_of_job(&mut json!({"name": "j", "tags": "${var.all}"})).paths,
            ["tags"]
        );
    }

    #[test]
    fn attributes_of_resources_are_found_and_ids_are_not() {
        let all = json!({"instance_pools": {"p": {"node_type_id": "i3.xlarge", "n": "${var.x}", "tags": {"a": 1}, "id": "P"}},
            "jobs": {"j": {"tasks": [{"task_key": "t"}]}}});
        let mut body = json!({"a": "${resources.instance_pools.p.node_type_id}", "b": "${resources.instance_pools.p.id}",
            "c": ["${resources.jobs.j.tasks[0].task_key}"], "d": "${resources.instance_pools.p.n}",
            "e": "${resources.instance_pools.p.tags}", "f": "${resources.instance_pools.p.tags.a}", "g": "${resources.x}"});
        refer(&mut body, &all, 0);
        assert_eq!(
            body,
            json!({"a": "i3.xlarge", "b": "${resources.instance_pools.p.id}", "c": ["t"],
                "d": "${resources.instance_pools.p.n}", "e": "${resources.instance_pools.p.tags}", "f": 1,
                "g": "${resources.x}"})
        );
    }
}
