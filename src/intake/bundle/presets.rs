//! `presets`, and what `mode: development` makes of them.

use serde_json::Value;
use std::collections::BTreeMap;

use super::node::{Node, Place, below};
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
