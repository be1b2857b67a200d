//! Plans of Terraform and OpenTofu, as `terraform show -json` prints them.
//!
//! ```text
//! text ─ plan ─► resource changes, configuration, prior state
//!                    │
//!     shape: the API's shape, what is unknown ◄─ configuration: who set what
//!                    │                            references: what it will refer to
//!     sent: what the provider makes of a cluster
//!                    │
//!     change: before and after ─► Reading
//! ```
//!
//! Format 1.x. Resources of providers other than Databricks and data sources ask for nothing.

mod address;
mod change;
mod configuration;
mod entry;
mod lean;
mod names;
mod plan;
mod prior_state;
mod references;
mod sent;
mod shape;
#[cfg(test)]
mod tests;
mod types;
mod whole;

use serde::Deserialize;
use serde_json::value::RawValue;
use std::sync::Arc;

use self::address::Site;
use self::change::Changes;
use self::configuration::{Configuration, Written};
use self::entry::Entry;
use self::plan::{Plan, ResourceChange};
use self::references::Instances;
use self::types::{Type, action};
use super::reading::Reading;
use crate::model::diagnostic::{Diagnostic, json_message};
use crate::model::json_text::JsonText;
use crate::model::resource::Action;
use crate::model::side_by_side::side_by_side;
use crate::model::strict_json::is_twice;

/// Reads a plan.
pub fn read(source: &str, text: &str) -> Reading {
    part(source, &JsonText::new(source, text), text)
}

/// Reads a text that is a plan; none where more follows.
pub(super) fn alone(source: &str, text: &str) -> Option<Reading> {
    let json = JsonText::new(source, text);
    let text = text.trim_start_matches('\u{feff}');
    let mut from = serde_json::Deserializer::from_str(text);
    match Plan::deserialize(&mut from) {
        Ok(plan) => {
            from.end().ok()?;
            Some(Reader::of(source, &json, text).plan(&plan))
        }
        Err(error) => Some(Reader::of(source, &json, text).broken(&error)),
    }
}

/// Reads a plan that is a part of a text.
pub(super) fn part(source: &str, json: &JsonText<'_>, text: &str) -> Reading {
    let text = text.trim_start_matches('\u{feff}');
    let reader = Reader::of(source, json, text);
    match serde_json::from_str::<Plan<'_>>(text) {
        Ok(plan) => reader.plan(&plan),
        Err(error) => reader.broken(&error),
    }
}

struct Reader<'p> {
    source: &'p str,
    json: &'p JsonText<'p>,
    /// Line on which the plan begins.
    first: usize,
}

impl<'p> Reader<'p> {
    fn of(source: &'p str, json: &'p JsonText<'p>, text: &str) -> Reader<'p> {
        Reader {
            source,
            json,
            first: json.line_of(text),
        }
    }

    /// Nothing but what makes the text no plan.
    fn broken(&self, error: &serde_json::Error) -> Reading {
        let line = self.first.saturating_add(error.line()).saturating_sub(1);
        let (code, hint) = match is_twice(error) {
            true => (
                "request::duplicate-key",
                "print the plan again: Terraform says every key once",
            ),
            false => (
                "plan::syntax",
                "was the output of `terraform show -json` cut off, or mixed with other output?",
            ),
        };
        let found = Diagnostic::error(code, self.source, json_message(error));
        Reading::of(found.at(line, error.column()).hint(hint))
    }

    fn problem(&self, code: &'static str, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(code, self.source, message).at(self.first, 0)
    }

    fn plan(&self, plan: &Plan<'_>) -> Reading {
        if let Some(problem) = self.no_plan(plan) {
            return Reading::of(problem);
        }
        let mut reading = Reading {
            tells_change: true,
            ..Reading::default()
        };
        reading.problems.0.extend(self.unfinished(plan));
        let changes = match &plan.resource_changes {
            None => Vec::new(),
            Some(plan::Changes::Listed(changes)) => self.entries(changes, &mut reading),
            Some(plan::Changes::Other(what)) => {
                let message = format!("found {what}, expected a list of changes");
                let found = self
                    .problem("plan::resource-changes", message)
                    .path("resource_changes");
                return Reading::of(found.hint("print the plan again with `terraform show -json`"));
            }
        };
        let entries: Vec<(Entry<'_>, Action)> = changes
            .iter()
            .filter_map(|(line, change)| self.entry(*line, change, &mut reading))
            .collect();
        let configuration = self.configuration(plan.configuration, &mut reading);
        let written = configuration
            .as_ref()
            .map(|read| Written::of(read, plan.variables));
        let mut instances = Instances::default();
        for (entry, action) in &entries {
            if let (Some(site), true) = (&entry.site, *action != Action::Delete) {
                instances.add(site, &entry.change.kind, &entry.change.name);
            }
        }
        let known = prior_state::known(self.source, self.first, plan.prior_state, &entries);
        let pools_before = prior_state::pools(entries.iter().map(|(entry, _)| entry), &known);
        let all = Changes {
            written: written.as_ref(),
            instances: &instances,
            pools_before: Arc::new(pools_before),
        };
        let one = |(entry, action): &(Entry<'_>, Action)| {
            let mut found = Reading::default();
            all.read(entry, *action, &mut found);
            found
        };
        for found in side_by_side(entries.iter().collect(), &one) {
            reading.append(found);
        }
        reading.known = known;
        reading
    }

    /// Every entry that can be read, with its line.
    fn entries<'a>(&self, list: &[&'a RawValue], reading: &mut Reading) -> Vec<(usize, ResourceChange<'a>)> {
        let numbered: Vec<(usize, &RawValue)> = list.iter().copied().enumerate().collect();
        let mut found = Vec::with_capacity(list.len());
        for read in side_by_side(numbered, &|(i, raw)| self.change(i, raw)) {
            match read {
                Ok(change) => found.push(change),
                Err(problem) => reading.problems.0.push(problem),
            }
        }
        found
    }

    fn change<'a>(
        &self,
        number: usize,
        raw: &'a RawValue,
    ) -> Result<(usize, ResourceChange<'a>), Diagnostic> {
        let line = self.json.line_of(raw.get());
        let read = serde_json::from_str::<ResourceChange<'_>>(raw.get());
        read.map(|change| (line, change)).map_err(|error| {
            let message = json_message(&error);
            let code = match is_twice(&error) || message.starts_with("duplicate field") {
                true => "request::duplicate-key",
                false => "plan::resource",
            };
            let problem = Diagnostic::error(code, self.source, message).at(line, 0);
            let problem = problem.path(format!("resource_changes.{number}"));
            problem.hint("print the plan again with `terraform show -json`")
        })
    }

    /// An entry that asks for something, and what happens to it.
    fn entry<'a>(
        &'a self,
        line: usize,
        change: &'a ResourceChange<'a>,
        reading: &mut Reading,
    ) -> Option<(Entry<'a>, Action)> {
        let kind = Type::of(&change.kind).filter(|_| change.mode == "managed")?;
        let module = change.module_address.as_deref();
        let site = Site::of(module, &change.kind, &change.name, &change.address);
        let address = match &change.deposed {
            Some(key) => format!("{} (deposed object {key})", change.address),
            None => change.address.clone(),
        };
        let entry = Entry {
            source: self.source,
            line,
            address,
            kind,
            site,
            change,
        };
        match action(&change.change.actions) {
            Ok(action) => action.map(|action| (entry, action)),
            Err(actions) => {
                let message =
                    format!("found the actions `{actions}`, expected create, update, delete, both, or no-op");
                let problem = entry.problem("plan::action", message);
                let hint = "is the plan of a newer Terraform? look for a newer tollgate";
                reading.problems.0.push(problem.hint(hint));
                None
            }
        }
    }

    /// The configuration; one that cannot be read is none, and told.
    fn configuration<'a>(
        &self,
        raw: Option<&'a RawValue>,
        reading: &mut Reading,
    ) -> Option<Configuration<'a>> {
        let raw = raw?;
        match serde_json::from_str(raw.get()) {
            Ok(configuration) => Some(configuration),
            Err(error) => {
                let line = self.json.line_of(raw.get());
                let message = format!(
                    "cannot be read ({}), so every value that is not known counts as unknown, even where the server would choose it",
                    json_message(&error)
                );
                let problem = Diagnostic::warning("plan::configuration", self.source, message).at(line, 0);
                let problem = problem.path("configuration");
                let hint = "print the plan again with `terraform show -json`";
                reading.problems.0.push(problem.hint(hint));
                None
            }
        }
    }
}
