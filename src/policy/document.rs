//! Policy documents: YAML or JSON, held against one schema, every problem with its place.

use serde::Deserialize;
use serde_json::Value;

use super::settings::files;
use crate::model::decision::Enforcement;
use crate::model::diagnostic::Diagnostics;
use crate::model::document::Document;
use crate::model::schema::OwnSchema;

/// The schema of policy documents; editors can use it too.
pub const SCHEMA: &str = include_str!("../../policies/schema/policy.schema.json");

static HELD_AGAINST: OwnSchema = OwnSchema::new(SCHEMA);

/// A policy as written.
#[derive(Debug, Clone)]
pub struct PolicyDocument {
    /// Name.
    pub policy: String,
    /// What it is for.
    pub description: String,
    /// Applies to every request.
    pub guardrail: bool,
    /// The rules, in order.
    pub rules: Vec<RuleEntry>,
    /// The document, for places.
    pub document: Document,
}

/// One rule of a policy.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct RuleEntry {
    /// Unique within the policy.
    pub rule: String,
    /// The plugin's name.
    pub plugin: String,
    /// A component beside the document, where the plugin is not a bundled one.
    #[serde(default)]
    pub plugin_file: Option<String>,
    /// Whether violations deny.
    #[serde(default, deserialize_with = "enforcement")]
    pub enforcement: Enforcement,
    /// Whether a broken rule denies.
    #[serde(default)]
    pub on_failure: OnFailure,
    /// What it means that the rule cannot judge.
    #[serde(default)]
    pub on_undetermined: OnUndetermined,
    /// Settings of the plugin.
    #[serde(default = "no_settings")]
    pub settings: Value,
}

/// What a broken rule means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Default)]
#[serde(rename_all = "lowercase")]
pub enum OnFailure {
    /// Deny: the safe default.
    #[default]
    Deny,
    /// Pass as if the rule were not there.
    Pass,
}

/// What it means that a rule would have to know what is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Default)]
#[serde(rename_all = "lowercase")]
pub enum OnUndetermined {
    /// The decision is undetermined: the safe default, which is not an approval.
    #[default]
    Undetermined,
    /// Deny.
    Deny,
    /// Pass, and show what could not be judged.
    Pass,
}

fn no_settings() -> Value {
    Value::Object(serde_json::Map::new())
}

fn enforcement<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Enforcement, D::Error> {
    let text = String::deserialize(from)?;
    Ok(if text == "monitor" {
        Enforcement::Monitor
    } else {
        Enforcement::Enforce
    })
}

impl RuleEntry {
    /// The files beside the document that the rule needs: its component, and those its settings name.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        self.plugin_file
            .as_deref()
            .into_iter()
            .chain(files(&self.settings))
    }
}

impl PolicyDocument {
    /// Parses and checks a policy document.
    ///
    /// # Errors
    /// `document::*`, `policy::schema`, `policy::duplicate-rule`; all problems at once.
    pub fn parse(source: &str, text: &str) -> Result<PolicyDocument, Diagnostics> {
        let document = Document::parse(source, text)?;
        HELD_AGAINST.check(&document, "policy::schema")?;
        #[derive(Deserialize)]
        struct Form {
            policy: String,
            #[serde(default)]
            description: String,
            #[serde(default)]
            guardrail: bool,
            rules: Vec<RuleEntry>,
        }
        let form: Form = serde_json::from_value(document.value.clone())
            .map_err(|e| document.error("policy::schema", "", e.to_string()))?;
        let mut problems = Vec::new();
        for (i, entry) in form.rules.iter().enumerate() {
            if form
                .rules
                .iter()
                .take(i)
                .any(|earlier| earlier.rule == entry.rule)
            {
                let message = format!("the rule `{}` is given twice", entry.rule);
                let problem = document.error("policy::duplicate-rule", &format!("/rules/{i}/rule"), message);
                problems.push(problem.hint("give each rule of a policy its own name"));
            }
        }
        if !problems.is_empty() {
            return Err(Diagnostics(problems).sorted());
        }
        let Form {
            policy,
            description,
            guardrail,
            rules,
        } = form;
        Ok(PolicyDocument {
            policy,
            description,
            guardrail,
            rules,
            document,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_of_a_document_is_shown_at_once() {
        let text = "policy: Bad Name\nrules:\n  - rule: a\n    plugn: runtime\n    plugin: runtime\n    enforcement: maybe\n";
        let problems = PolicyDocument::parse("p.yaml", text).unwrap_err().0;
        let seen: Vec<_> = problems.iter().map(|d| (d.line, d.path.as_str())).collect();
        assert_eq!(
            seen,
            [(1, "policy"), (4, "rules.0.plugn"), (6, "rules.0.enforcement")]
        );
        assert_eq!(problems[1].hint.as_deref(), Some("did you mean `plugin`?"));
    }

    #[test]
    fn rules_have_their_own_names() {
        let text = "policy: p\nrules:\n  - {rule: a, plugin: runtime}\n  - {rule: a, plugin: runtime}\n";
        assert_eq!(
            PolicyDocument::parse("p", text).unwrap_err().0[0].code,
            "policy::duplicate-rule"
        );
    }
}
