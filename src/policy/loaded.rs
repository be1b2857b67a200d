//! A policy whose rules are loaded into their sandboxes.

use serde_json::Value;
use std::sync::Arc;

use super::document::{OnFailure, OnUndetermined, PolicyDocument, RuleEntry};
pub use super::settings::ReadFile;
use super::settings::Settings;
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
    /// What it means that the rule cannot judge.
    pub on_undetermined: OnUndetermined,
    /// The sandbox.
    pub image: Arc<Image>,
}

impl Policy {
    /// Loads every rule; rules load side by side.
    ///
    /// # Errors
    /// `policy::unknown-plugin`, `policy::plugin-file`, `policy::plugin-name`, `policy::settings`,
    /// `policy::settings-file`, `policy::plugin`; those of all rules.
    pub fn load(document: &PolicyDocument, host: &Host, read: ReadFile<'_>) -> Result<Policy, Diagnostics> {
        let mut problems = Vec::new();
        let mut components = Vec::new();
        let mut settings = Vec::new();
        for (i, entry) in document.rules.iter().enumerate() {
            match component(&document.document, i, entry, read) {
                Ok(found) => components.push(found),
                Err(problem) => problems.push(problem),
            }
            match Settings::read(&document.document, i, &entry.settings, read) {
                Ok(found) => settings.push(found),
                Err(problem) => problems.push(problem),
            }
        }
        if !problems.is_empty() {
            return Err(Diagnostics(problems).sorted());
        }
        let loaded = load_side_by_side(host, &settings, &components);
        let mut rules = Vec::new();
        for (i, ((entry, settings), image)) in document.rules.iter().zip(&settings).zip(loaded).enumerate() {
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
                    on_undetermined: entry.on_undetermined,
                    image: Arc::new(image),
                }),
                Err(failure) => problems.extend(diagnose(settings, i, entry, failure)),
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
    read: ReadFile<'_>,
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
    settings: &[Settings<'_>],
    components: &[Bytes],
) -> Vec<Result<Image, LoadFailure>> {
    let load = |settings: &Settings<'_>, bytes: &Bytes| {
        let component = match bytes {
            Bytes::Bundled(bytes) => Component::Bundled(bytes),
            Bytes::Foreign(bytes) => Component::Foreign(bytes),
        };
        host.load(component, &settings.value.to_string())
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = settings
            .iter()
            .zip(components)
            .map(|(settings, bytes)| scope.spawn(move || load(settings, bytes)))
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

fn diagnose(settings: &Settings<'_>, i: usize, entry: &RuleEntry, failure: LoadFailure) -> Vec<Diagnostic> {
    match failure {
        LoadFailure::Settings(problems) => problems
            .into_iter()
            .map(|problem| setting(settings, i, entry, problem))
            .collect(),
        other => {
            let at = if entry.plugin_file.is_some() {
                "plugin_file"
            } else {
                "plugin"
            };
            let message = format!("the plugin `{}` cannot be used: {other}", entry.plugin);
            let at = format!("/rules/{i}/{at}");
            vec![settings.document.error("policy::plugin", &at, message)]
        }
    }
}

fn setting(settings: &Settings<'_>, i: usize, entry: &RuleEntry, problem: SettingProblem) -> Diagnostic {
    let found = settings.error(i, &problem.pointer, problem.message);
    let about = format!("see `tollgate plugin inspect {}`", entry.plugin);
    match problem.hint {
        Some(hint) => found.hint(format!("{hint} ({about})")),
        None => found.hint(about),
    }
}

/// A policy of one rule, both of the same name.
pub fn single_rule(name: &str, plugin: &str, plugin_file: Option<&str>, settings: &Value) -> Value {
    let mut rule = serde_json::json!({ "rule": name, "plugin": plugin, "settings": settings });
    if let (Some(file), Some(object)) = (plugin_file, rule.as_object_mut()) {
        object.insert("plugin_file".to_owned(), Value::String(file.to_owned()));
    }
    serde_json::json!({ "policy": name, "rules": [rule] })
}
