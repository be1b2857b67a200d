//! `tollgate.yaml`: what a check takes for granted in a repository.
//!
//! Its paths are kept as written; whoever reads files knows which folder they are relative to. A binding that could never
//! decide is an error, not a curiosity: whoever wrote it believes that it does.

use serde::Deserialize;
use serde_json::Value;

use super::binding::{Binding, Bindings, Condition, Field, Reach, Unbound, reach};
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::document::Document;
use crate::model::glob;
use crate::model::place::{Cloud, Tier};
use crate::model::schema::OwnSchema;
use crate::model::suggest::hint;

/// The schema of `tollgate.yaml`; editors can use it too.
pub const SCHEMA: &str = include_str!("../../policies/schema/tollgate.schema.json");

static HELD_AGAINST: OwnSchema = OwnSchema::new(SCHEMA);

/// What a binding says that leaves the judging to guardrails.
const GUARDRAILS_ALONE: &str = "none";

/// `tollgate.yaml` as written.
#[derive(Debug, Clone)]
pub struct Configuration {
    /// Folder of policies; none for those that come with tollgate.
    pub policies: Option<String>,
    /// Files and folders of waivers.
    pub waivers: Vec<String>,
    /// File of hours for differences of cost.
    pub usage: Option<String>,
    /// Own prices.
    pub prices: Vec<String>,
    /// What is known of workspaces.
    pub workspaces: Vec<KnownWorkspace>,
    /// Which policy judges what.
    pub bindings: Bindings,
    /// The document, for places.
    document: Document,
}

/// What is known of a workspace.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Default)]
pub struct KnownWorkspace {
    /// Its name.
    pub workspace: String,
    /// Its host, a pattern.
    #[serde(default)]
    pub host: Option<String>,
    /// Its cloud.
    #[serde(default)]
    pub cloud: Option<Cloud>,
    /// Its region.
    #[serde(default)]
    pub region: Option<String>,
    /// Its tier.
    #[serde(default)]
    pub tier: Option<Tier>,
}

impl KnownWorkspace {
    /// Whether a host that a document names is its host. Scheme, case and a slash at the end make no difference.
    pub fn is_at(&self, host: &str) -> bool {
        let pattern = self.host.as_deref().map(bare);
        pattern.is_some_and(|pattern| glob::matches(&pattern, &bare(host)))
    }
}

fn bare(host: &str) -> String {
    let host = host.trim().to_ascii_lowercase();
    let host = host.strip_prefix("https://").unwrap_or(&host);
    host.trim_end_matches('/').to_owned()
}

impl Configuration {
    /// Parses and checks the file.
    ///
    /// # Errors
    /// `document::*`, `configuration::schema`, `configuration::duplicate-workspace`, `configuration::unknown-workspace`,
    /// `configuration::unreachable-binding`; all problems at once.
    pub fn parse(source: &str, text: &str) -> Result<Configuration, Diagnostics> {
        #[derive(Deserialize)]
        struct Form {
            policies: Option<String>,
            #[serde(default)]
            waivers: Vec<String>,
            usage: Option<String>,
            #[serde(default)]
            prices: Vec<String>,
            #[serde(default)]
            workspaces: Vec<KnownWorkspace>,
            #[serde(default)]
            bindings: Vec<Value>,
            unbound: Option<String>,
        }
        let document = Document::parse(source, text)?;
        HELD_AGAINST.check(&document, "configuration::schema")?;
        let form: Form = serde_json::from_value(document.value.clone())
            .map_err(|e| document.error("configuration::schema", "", e.to_string()))?;
        let mut bindings = Bindings {
            unbound: match (form.unbound.as_deref(), form.bindings.is_empty()) {
                (Some("guardrails"), _) | (None, true) => Unbound::Guardrails,
                _ => Unbound::Error,
            },
            source: source.to_owned(),
            bindings: Vec::new(),
        };
        for (i, binding) in form.bindings.iter().enumerate() {
            let line = document.place(&format!("/bindings/{i}")).line;
            bindings.bindings.push(read(binding, line));
        }
        let configuration = Configuration {
            policies: form.policies,
            waivers: form.waivers,
            usage: form.usage,
            prices: form.prices,
            workspaces: form.workspaces,
            bindings,
            document,
        };
        let mut problems = configuration.workspace_problems();
        problems.extend(configuration.unreachable());
        match problems.is_empty() {
            true => Ok(configuration),
            false => Err(Diagnostics(problems).sorted()),
        }
    }

    /// The workspace of a name.
    ///
    /// # Errors
    /// `configuration::unknown-workspace`, of the flag that names it.
    pub fn workspace(&self, name: &str) -> Result<&KnownWorkspace, Diagnostic> {
        let named = self.workspaces.iter().find(|known| known.workspace == name);
        named.ok_or_else(|| {
            let source = &self.document.source;
            let message = format!("there is no workspace `{name}` among `workspaces` of `{source}`");
            let found = Diagnostic::error("configuration::unknown-workspace", "--workspace", message);
            found.hint(self.workspace_hint(name))
        })
    }

    /// Bindings to policies that are not at hand.
    pub fn unknown_policies(&self, at_hand: &[&str]) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        for (i, binding) in self.bindings.bindings.iter().enumerate() {
            let Some(policy) = binding.policy.as_deref().filter(|name| !at_hand.contains(name)) else {
                continue;
            };
            let message = format!("there is no policy `{policy}`");
            let problem = self
                .document
                .error("policy::unknown", &format!("/bindings/{i}/policy"), message);
            found.push(problem.hint(hint(policy, at_hand, |all| {
                format!("policies at hand: {all}; `none` for guardrails alone")
            })));
        }
        found
    }

    /// That what a key names is not there: `policies`, `waivers.0`.
    pub fn missing(&self, key: &str, path: &str) -> Diagnostic {
        let pointer = format!("/{}", key.replace('.', "/"));
        let message = format!("there is no file and no folder `{path}`");
        let found = self
            .document
            .error("configuration::missing-file", &pointer, message);
        found.hint(format!("paths begin in the folder of `{}`", self.document.source))
    }

    fn workspace_hint(&self, name: &str) -> String {
        let names: Vec<&str> = self.workspaces.iter().map(|w| w.workspace.as_str()).collect();
        match names.as_slice() {
            [] => "say what is known of it under `workspaces`".to_owned(),
            names => hint(name, names, |all| format!("known workspaces: {all}")),
        }
    }

    fn workspace_problems(&self) -> Vec<Diagnostic> {
        let mut problems = Vec::new();
        for (i, known) in self.workspaces.iter().enumerate() {
            let mut earlier = self.workspaces.iter().take(i);
            if earlier.any(|other| other.workspace == known.workspace) {
                let message = format!("the workspace `{}` is given twice", known.workspace);
                let at = format!("/workspaces/{i}/workspace");
                let problem = self
                    .document
                    .error("configuration::duplicate-workspace", &at, message);
                problems.push(problem.hint("give each workspace a name of its own"));
            }
        }
        for (i, binding) in self.bindings.bindings.iter().enumerate() {
            let conditions = binding.conditions.iter();
            let named = conditions
                .filter(|c| c.field == Field::Workspace)
                .flat_map(|c| &c.patterns);
            for pattern in named {
                let mut known = self.workspaces.iter().map(|w| w.workspace.as_str());
                if !known.any(|name| glob::matches(pattern, name)) {
                    let at = format!("/bindings/{i}/when/workspace");
                    let message = format!("`{pattern}` is none of `workspaces`");
                    let problem = self
                        .document
                        .error("configuration::unknown-workspace", &at, message);
                    problems.push(problem.hint(self.workspace_hint(pattern)));
                }
            }
        }
        problems
    }

    /// Bindings that can never decide.
    fn unreachable(&self) -> Vec<Diagnostic> {
        let bindings = &self.bindings.bindings;
        let behind = |place| match reach(bindings, place) {
            Reach::Open => None,
            Reach::Behind(earlier) => {
                let line = bindings.get(earlier).map_or(0, |earlier| earlier.line);
                let message = format!(
                    "the binding can never decide: wherever it matches, the one on line {line} has decided before"
                );
                let at = format!("/bindings/{place}");
                let problem = self
                    .document
                    .error("configuration::unreachable-binding", &at, message);
                Some(problem.hint("put it before, or take it out"))
            }
        };
        (0..bindings.len()).filter_map(behind).collect()
    }
}

/// A binding that the schema admits.
fn read(binding: &Value, line: usize) -> Binding {
    let policy = binding.get("policy").and_then(Value::as_str).unwrap_or_default();
    let mut conditions = Vec::new();
    let when = binding.get("when").and_then(Value::as_object);
    for (key, member) in when.into_iter().flatten() {
        if let Ok(field) = key.parse() {
            conditions.push(condition(field, member));
        }
        if key == "tags" {
            let tags = member.as_object().into_iter().flatten();
            conditions.extend(tags.map(|(name, member)| condition(Field::Tag(name.clone()), member)));
        }
    }
    Binding {
        policy: (policy != GUARDRAILS_ALONE).then(|| policy.to_owned()),
        conditions,
        line,
    }
}

fn condition(field: Field, member: &Value) -> Condition {
    let patterns: Vec<&str> = match member {
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
        one => one.as_str().into_iter().collect(),
    };
    Condition {
        field,
        patterns: patterns.into_iter().map(str::to_owned).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> Vec<(&'static str, usize, String)> {
        let problems = Configuration::parse("tollgate.yaml", text).unwrap_err();
        problems.0.into_iter().map(|d| (d.code, d.line, d.path)).collect()
    }

    const EXAMPLE: &str = r#"
policies: policies
waivers: [waivers.yaml]
usage: usage.yaml
prices: [prices]
workspaces:
  - { workspace: prod, host: "https://adb-1*.azuredatabricks.net/", cloud: AZURE, region: westeurope, tier: PREMIUM }
  - { workspace: dev }
bindings:
  - policy: etl-jobs
    when: { workspace: prod, path: "teams/etl/**", kind: [job-cluster, task-cluster], tags: { team: data } }
  - policy: none
    when: { workspace: "d*" }
"#;

    #[test]
    fn all_of_the_file_is_read() {
        let read = Configuration::parse("tollgate.yaml", EXAMPLE).unwrap();
        assert_eq!(read.policies.as_deref(), Some("policies"));
        assert_eq!((read.waivers.len(), read.prices.len()), (1, 1));
        assert_eq!(read.usage.as_deref(), Some("usage.yaml"));
        assert_eq!(read.workspace("prod").unwrap().cloud, Some(Cloud::Azure));
        assert_eq!(read.bindings.unbound, Unbound::Error);
        let shown: Vec<(Option<&str>, usize, usize)> = read
            .bindings
            .bindings
            .iter()
            .map(|b| (b.policy.as_deref(), b.line, b.conditions.len()))
            .collect();
        assert_eq!(shown, [(Some("etl-jobs"), 10, 4), (None, 12, 1)]);
        let unknown = read.unknown_policies(&["etl-job", "none"]);
        assert_eq!((unknown.len(), unknown[0].line), (1, 10));
        assert_eq!(unknown[0].hint.as_deref(), Some("did you mean `etl-job`?"));
    }

    #[test]
    fn what_nothing_is_said_of_stays_as_it_was() {
        let read = Configuration::parse("tollgate.yaml", "prices: []\n").unwrap();
        assert_eq!(read.bindings.unbound, Unbound::Guardrails);
        let read = Configuration::parse("tollgate.yaml", "unbound: error\n").unwrap();
        assert_eq!(read.bindings.unbound, Unbound::Error);
    }

    #[test]
    fn a_workspace_is_known_by_its_host() {
        let read = Configuration::parse("tollgate.yaml", EXAMPLE).unwrap();
        let prod = read.workspace("prod").unwrap();
        for (host, expected) in [
            ("https://adb-123.azuredatabricks.net", true),
            ("adb-1.AzureDatabricks.net/", true),
            ("https://adb-2.azuredatabricks.net", false),
        ] {
            assert_eq!(prod.is_at(host), expected, "{host}");
        }
        assert!(!read.workspace("dev").unwrap().is_at(""));
    }

    #[test]
    fn everything_wrong_is_told_at_once_with_its_line() {
        let text = r#"
workspaces:
  - workspace: prod
  - workspace: prod
bindings:
  - policy: a
    when: { workspace: prdo }
  - policy: b
    when: { job: "etl-*" }
  - policy: c
    when: { job: "etl-1", cluster: x }
  - policy: d
"#;
        let at = |code, line, path: &str| (code, line, path.to_owned());
        assert_eq!(
            problems(text),
            [
                at("configuration::duplicate-workspace", 4, "workspaces.1.workspace"),
                at("configuration::unknown-workspace", 7, "bindings.0.when.workspace"),
                at("configuration::unreachable-binding", 10, "bindings.2"),
            ]
        );
        let text = "polices: x\nbindings:\n  - policy: a\n    when: { kind: pool, jobs: x }\n";
        assert_eq!(
            problems(text),
            [
                at("configuration::schema", 1, "polices"),
                at("configuration::schema", 4, "bindings.0.when.kind"),
                at("configuration::schema", 4, "bindings.0.when.jobs"),
            ]
        );
    }
}
