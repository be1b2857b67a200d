//! A policy whose rules are loaded into their sandboxes.

use serde_json::Value;
use std::sync::Arc;

use super::document::{OnFailure, PolicyDocument, RuleEntry};
use crate::model::decision::{Enforcement, RuleName};
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::document::Document;
use crate::model::suggest::hint;
use crate::plugin::failure::{LoadFailure, SettingProblem};
use crate::plugin::image::Image;
use crate::plugin::{Component, Host, bundled};

/// A policy that can judge.
#[derive(Debug)]
pub struct Policy {
    /// Name.
    pub name: String,
    /// Applies to every request.
    pub guardrail: bool,
    /// Its rules, in order.
    pub rules: Vec<Rule>,
}

/// A rule that can judge.
#[derive(Debug)]
pub struct Rule {
    /// Policy, rule and plugin.
    pub name: RuleName,
    /// Whether violations deny.
    pub enforcement: Enforcement,
    /// Whether a broken rule denies.
    pub on_failure: OnFailure,
    /// The sandbox.
    pub image: Arc<Image>,
}

/// Reads the component of a `plugin_file`, given its path as written.
pub type ReadComponent<'a> = &'a dyn Fn(&str) -> std::io::Result<Vec<u8>>;

impl Policy {
    /// Loads every rule; rules load side by side.
    ///
    /// # Errors
    /// `policy::unknown-plugin`, `policy::plugin-file`, `policy::plugin-name`, `policy::settings`,
    /// `policy::plugin`; those of all rules.
    pub fn load(
        document: &PolicyDocument,
        host: &Host,
        read: ReadComponent<'_>,
    ) -> Result<Policy, Diagnostics> {
        let mut problems = Vec::new();
        let mut components = Vec::new();
        for (i, entry) in document.rules.iter().enumerate() {
            match component(&document.document, i, entry, read) {
                Ok(found) => components.push(found),
                Err(problem) => problems.push(problem),
            }
        }
        if !problems.is_empty() {
            return Err(Diagnostics(problems).sorted());
        }
        let loaded = load_side_by_side(host, &document.rules, &components);
        let mut rules = Vec::new();
        for (i, (entry, image)) in document.rules.iter().zip(loaded).enumerate() {
            match image {
                Ok(image) if image.description().name != entry.plugin => {
                    let message = format!("the component calls itself `{}`", image.description().name);
                    let at = format!("/rules/{i}/plugin");
                    problems.push(document.document.error("policy::plugin-name", &at, message));
                }
                Ok(image) => rules.push(Rule {
                    name: RuleName {
                        policy: document.policy.clone(),
                        rule: entry.rule.clone(),
                        plugin: entry.plugin.clone(),
                    },
                    enforcement: entry.enforcement,
                    on_failure: entry.on_failure,
                    image: Arc::new(image),
                }),
                Err(failure) => problems.extend(diagnose(&document.document, i, entry, failure)),
            }
        }
        if !problems.is_empty() {
            return Err(Diagnostics(problems).sorted());
        }
        Ok(Policy {
            name: document.policy.clone(),
            guardrail: document.guardrail,
            rules,
        })
    }
}

enum Bytes {
    Bundled(&'static [u8]),
    Foreign(Vec<u8>),
}

fn component(
    document: &Document,
    i: usize,
    entry: &RuleEntry,
    read: ReadComponent<'_>,
) -> Result<Bytes, Diagnostic> {
    if let Some(file) = &entry.plugin_file {
        let at = format!("/rules/{i}/plugin_file");
        return read(file).map(Bytes::Foreign).map_err(|e| {
            document.error(
                "policy::plugin-file",
                &at,
                format!("`{file}` cannot be read: {e}"),
            )
        });
    }
    if let Some(found) = bundled::find(&entry.plugin) {
        return Ok(Bytes::Bundled(found.component));
    }
    let names: Vec<&str> = bundled::BUNDLED.iter().map(|b| b.name).collect();
    let hint = hint(&entry.plugin, &names, |all| {
        format!("bundled plugins: {all}; for your own give plugin_file")
    });
    let message = format!("there is no bundled plugin `{}`", entry.plugin);
    Err(document
        .error("policy::unknown-plugin", &format!("/rules/{i}/plugin"), message)
        .hint(hint))
}

/// Compiling takes a fifth of a second each when the cache is cold, so rules load on threads of their own.
fn load_side_by_side(
    host: &Host,
    rules: &[RuleEntry],
    components: &[Bytes],
) -> Vec<Result<Image, LoadFailure>> {
    let load = |entry: &RuleEntry, bytes: &Bytes| {
        let component = match bytes {
            Bytes::Bundled(bytes) => Component::Bundled(bytes),
            Bytes::Foreign(bytes) => Component::Foreign(bytes),
        };
        host.load(component, &entry.settings.to_string())
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = rules
            .iter()
            .zip(components)
            .map(|(entry, bytes)| scope.spawn(move || load(entry, bytes)))
            .collect();
        threads
            .into_iter()
            .map(|t| {
                t.join()
                    .unwrap_or_else(|_| Err(LoadFailure::Host("a loading thread broke".to_owned())))
            })
            .collect()
    })
}

fn diagnose(document: &Document, i: usize, entry: &RuleEntry, failure: LoadFailure) -> Vec<Diagnostic> {
    match failure {
        LoadFailure::Settings(problems) => problems
            .into_iter()
            .map(|problem| setting(document, i, entry, problem))
            .collect(),
        other => {
            let at = if entry.plugin_file.is_some() {
                "plugin_file"
            } else {
                "plugin"
            };
            let message = format!("the plugin `{}` cannot be used: {other}", entry.plugin);
            vec![document.error("policy::plugin", &format!("/rules/{i}/{at}"), message)]
        }
    }
}

fn setting(document: &Document, i: usize, entry: &RuleEntry, problem: SettingProblem) -> Diagnostic {
    let pointer = format!("/rules/{i}/settings{}", problem.pointer);
    let found = document.error("policy::settings", &pointer, problem.message);
    let about = format!("see `tollgate plugin inspect {}`", entry.plugin);
    match problem.hint {
        Some(hint) => found.hint(format!("{hint} ({about})")),
        None => found.hint(about),
    }
}

/// A policy of one rule, for the cases of a plugin.
pub fn single_rule(plugin: &str, plugin_file: Option<&str>, settings: &Value) -> Value {
    let mut rule = serde_json::json!({ "rule": plugin, "plugin": plugin, "settings": settings });
    if let (Some(file), Some(object)) = (plugin_file, rule.as_object_mut()) {
        object.insert("plugin_file".to_owned(), Value::String(file.to_owned()));
    }
    serde_json::json!({ "policy": plugin, "rules": [rule] })
}
