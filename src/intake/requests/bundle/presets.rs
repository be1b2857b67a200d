//! `presets`, and what `mode: development` makes of them.

use serde_json::Value;
use std::collections::BTreeMap;

use super::node::{Data, Members, Node, Place, below};
use super::target::is_true;
use crate::model::diagnostic::Diagnostic;

/// Jobs of development mode may run so often at a time.
const DEVELOPMENT_RUNS: i64 = 4;
/// Who deploys, where nobody told.
const SOMEBODY: &str = "${workspace.current_user.short_name}";

/// What is put into every resource.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Presets {
    /// Before every name.
    pub name_prefix: String,
    /// On every cluster, pool, job, pipeline and warehouse; not on clusters of jobs.
    pub tags: BTreeMap<String, Node>,
    /// `PAUSED` or `UNPAUSED`, where a job's schedule does not say.
    pub trigger_pause_status: Option<String>,
    /// Where a job does not say.
    pub jobs_max_concurrent_runs: Option<Value>,
    /// Pipelines are for development.
    pub pipelines_development: bool,
}

impl Presets {
    /// Of a bundle, its references resolved. `development` has the short name of the user where the mode is development.
    pub fn of(
        written: Option<&Node>,
        development: Option<Option<&str>>,
        problems: &mut Vec<Diagnostic>,
    ) -> Presets {
        let get = |key: &str| written.and_then(|node| node.get(key));
        let mut presets = Presets {
            name_prefix: get("name_prefix")
                .and_then(Node::text)
                .unwrap_or_default()
                .to_owned(),
            tags: BTreeMap::new(),
            trigger_pause_status: None,
            jobs_max_concurrent_runs: get("jobs_max_concurrent_runs")
                .map(Node::value)
                .filter(|runs| runs.as_i64() != Some(0)),
            pipelines_development: get("pipelines_development").is_some_and(is_true),
        };
        for (key, value) in get("tags").and_then(Node::members).into_iter().flatten() {
            let text = match value.value() {
                Value::String(text) => text,
                other @ (Value::Number(_) | Value::Bool(_)) => other.to_string(),
                _ => {
                    let message = format!("expected text, found {}", value.kind());
                    problems.push(value.place.error(
                        "bundle::wrong-type",
                        &below("presets.tags", key),
                        message,
                    ));
                    continue;
                }
            };
            presets.tags.insert(key.clone(), Node::scalar(text, &value.place));
        }
        if let Some(pause) = get("trigger_pause_status") {
            match pause.text() {
                Some(text @ ("PAUSED" | "UNPAUSED")) => presets.trigger_pause_status = Some(text.to_owned()),
                _ => {
                    let message = "expected PAUSED or UNPAUSED";
                    let path = "presets.trigger_pause_status";
                    problems.push(pause.place.error("bundle::wrong-type", path, message));
                }
            }
        }
        if let Some(user) = development {
            presets.develop(user.unwrap_or(SOMEBODY), get("pipelines_development").is_none());
        }
        presets
    }

    fn develop(&mut self, user: &str, pipelines: bool) {
        if self.name_prefix.is_empty() {
            self.name_prefix = format!("[dev {user}] ");
        }
        let nowhere = Place::whole("");
        self.tags
            .entry("dev".to_owned())
            .or_insert_with(|| Node::scalar(user, &nowhere));
        self.trigger_pause_status
            .get_or_insert_with(|| "PAUSED".to_owned());
        self.jobs_max_concurrent_runs
            .get_or_insert_with(|| Value::from(DEVELOPMENT_RUNS));
        self.pipelines_development |= pipelines;
    }
}

impl Presets {
    /// A job: its name, its tags, how often it runs at a time, whether its schedule is paused.
    pub fn job(&self, job: &mut Node) {
        self.name(job, "name");
        self.tags(job, "tags");
        if let Some(runs) = &self.jobs_max_concurrent_runs {
            job.add_missing("max_concurrent_runs", runs.clone());
        }
        let Some(pause) = &self.trigger_pause_status else {
            return;
        };
        for when in ["schedule", "trigger", "continuous"] {
            if let Some(when) = job.get_mut(when) {
                when.add_missing("pause_status", pause.as_str());
            }
        }
    }

    /// A pipeline: its name, its tags, whether it is for development.
    pub fn pipeline(&self, pipeline: &mut Node) {
        self.name(pipeline, "name");
        self.tags(pipeline, "tags");
        let place = pipeline.place.clone();
        let Some(members) = pipeline.members_mut() else {
            return;
        };
        if self.pipelines_development {
            members.insert("development".to_owned(), Node::scalar(true, &place));
        }
        let is_paused = self.trigger_pause_status.as_deref() == Some("PAUSED");
        if is_paused && members.get("continuous").is_some_and(is_true) {
            members.insert("continuous".to_owned(), Node::scalar(false, &place));
        }
    }

    /// Puts the prefix before a name.
    pub fn name(&self, resource: &mut Node, key: &str) {
        if self.name_prefix.is_empty() {
            return;
        }
        let place = resource.place.clone();
        let Some(members) = resource.members_mut() else {
            return;
        };
        let name = members
            .entry(key.to_owned())
            .or_insert_with(|| Node::scalar("", &place));
        if let Some(text) = name.text() {
            name.data = Data::Scalar(Value::String(format!("{}{text}", self.name_prefix)));
        }
    }

    /// Adds tags that are missing; their keys.
    pub fn tags(&self, resource: &mut Node, key: &str) -> Vec<String> {
        let place = resource.place.clone();
        let (mut added, Some(members)) = (Vec::new(), resource.members_mut()) else {
            return Vec::new();
        };
        if self.tags.is_empty() {
            return added;
        }
        let tags = members
            .entry(key.to_owned())
            .or_insert_with(|| Node::empty(&place));
        let Some(tags) = tags.members_mut() else {
            return added;
        };
        for (name, value) in &self.tags {
            if !tags.contains_key(name) {
                tags.insert(name.clone(), placed(value, &place));
                added.push(name.clone());
            }
        }
        added
    }

    /// The tags of a warehouse are a list of keys and values.
    pub fn warehouse_tags(&self, warehouse: &mut Node) {
        let place = warehouse.place.clone();
        if self.tags.is_empty() {
            return;
        }
        let Some(members) = warehouse.members_mut() else {
            return;
        };
        let tags = members
            .entry("tags".to_owned())
            .or_insert_with(|| Node::empty(&place));
        let Some(tags) = tags.members_mut() else { return };
        let list = tags.entry("custom_tags".to_owned()).or_insert_with(|| Node {
            data: Data::List(Vec::new()),
            place: place.clone(),
        });
        let Some(list) = list.items_mut() else { return };
        for (name, value) in &self.tags {
            let is_there = |tag: &Node| tag.get("key").and_then(Node::text) == Some(name);
            if !list.iter().any(is_there) {
                let pair = [
                    ("key".to_owned(), Node::scalar(name.as_str(), &place)),
                    ("value".to_owned(), placed(value, &place)),
                ];
                list.push(Node {
                    data: Data::Map(Members::from(pair)),
                    place: place.clone(),
                });
            }
        }
    }
}

/// What no file holds stands where the resource does.
fn placed(value: &Node, place: &Place) -> Node {
    match value.place.line {
        0 => Node {
            data: value.data.clone(),
            place: place.clone(),
        },
        _ => value.clone(),
    }
}
