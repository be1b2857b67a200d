//! Cluster policies of a workspace: answers of `policies/clusters/get` and `list`, a bare definition, or the
//! `databricks_cluster_policy` resources of `terraform show -json`.
//!
//! In goes text; out come policies with their definitions as the workspace has them, verbatim. Whether a definition means
//! something is not asked here.

use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::json_text::{JsonText, items, member, members};

/// A cluster policy of a workspace.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WorkspacePolicy {
    /// File, or `-`.
    pub source: String,
    /// First line, from 1.
    pub line: usize,
    /// Where inside the source: `policies.3`, a resource address; none for the whole file.
    pub address: Option<String>,
    /// `name`; none for a bare definition.
    pub name: Option<String>,
    /// `policy_id`.
    pub policy_id: Option<String>,
    /// `description`.
    pub description: Option<String>,
    /// `creator_user_name`.
    pub creator: Option<String>,
    /// `max_clusters_per_user`.
    pub max_clusters_per_user: Option<u64>,
    /// `libraries`, each as JSON text.
    pub libraries: Vec<String>,
    /// `policy_family_id`.
    pub policy_family_id: Option<String>,
    /// `policy_family_definition_overrides`.
    pub overrides: Option<Definition>,
    /// The source is a definition and nothing else.
    pub is_bare_definition: bool,
    /// `definition`; of a policy of a family it is what the server made of the family and the overrides.
    pub definition: Option<Definition>,
}

/// The text of a definition and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// JSON, verbatim.
    pub text: String,
    /// Line on which it begins.
    pub line: usize,
    /// The text stands in the source as it is, so that lines inside it are lines of the source; else it is a JSON text
    /// inside a JSON string.
    pub is_verbatim: bool,
}

impl WorkspacePolicy {
    /// Something wrong with the policy, at its place.
    pub fn problem(&self, code: &'static str, message: impl Into<String>) -> Diagnostic {
        let found = Diagnostic::error(code, &self.source, message).at(self.line, 0);
        found.path(self.address.clone().unwrap_or_default())
    }
}

/// What was read from one source.
#[derive(Debug, Default)]
pub struct Read {
    /// The policies, in the order written.
    pub policies: Vec<WorkspacePolicy>,
    /// What could not be read.
    pub problems: Diagnostics,
}

/// Members that a policy of the API has and a definition has not.
const MARKS: [&str; 4] = ["definition", "policy_id", "policy_family_id", "policies"];

/// Reads a source.
pub fn read(source: &str, text: &str) -> Read {
    let json = JsonText::new(source, text);
    let mut reader = Reader {
        source,
        json: &json,
        read: Read::default(),
    };
    if text.trim_start_matches('\u{feff}').trim().is_empty() {
        let message = "expected policies, found nothing";
        let problem = Diagnostic::error("import::nothing", source, message);
        reader.read.problems.0.push(problem.hint(FORMS));
        return reader.read;
    }
    let documents = json.documents("import::syntax");
    let problems = documents.problems.into_iter().map(|p| p.hint(FORMS));
    reader.read.problems.0.extend(problems);
    let alone = documents.found.len() == 1;
    for document in documents.found {
        let address = match alone {
            true => String::new(),
            false => format!("line {}", json.line_of(document.get())),
        };
        reader.document(document, address);
    }
    if reader.read.policies.is_empty() && !reader.read.problems.has_errors() {
        let problem = Diagnostic::error("import::nothing", source, "there is no policy in it");
        reader.read.problems.0.push(problem.hint(FORMS));
    }
    reader.read
}

/// What can be read.
const FORMS: &str = "expected the JSON of policies/clusters/get or list, a definition, or what `terraform show -json` prints \
                     of a plan or state with databricks_cluster_policy resources";

struct Reader<'a> {
    source: &'a str,
    json: &'a JsonText<'a>,
    read: Read,
}

impl<'a> Reader<'a> {
    fn document(&mut self, raw: &'a RawValue, address: String) {
        let fields = members(raw);
        let has = |name: &str| fields.as_ref().is_some_and(|f| f.contains_key(name));
        if let Some(policies) = items(raw).filter(|all| all.iter().any(|p| is_policy(p))) {
            self.policies(policies, &address);
        } else if let Some(policies) = member(raw, "policies").and_then(items) {
            self.policies(policies, &below(&address, "policies"));
        } else if has("format_version") || has("terraform_version") {
            // A plan says what will be, a state what is.
            for part in ["planned_values", "values"] {
                if let Some(root) = member(raw, part).and_then(|p| member(p, "root_module")) {
                    self.module(root);
                }
            }
        } else if is_policy(raw) {
            self.policy(raw, address);
        } else {
            let address = (!address.is_empty()).then_some(address);
            let definition = Some(Definition {
                text: raw.get().to_owned(),
                line: self.json.line_of(raw.get()),
                is_verbatim: true,
            });
            self.read.policies.push(WorkspacePolicy {
                source: self.source.to_owned(),
                line: self.json.line_of(raw.get()),
                address,
                is_bare_definition: true,
                definition,
                ..WorkspacePolicy::default()
            });
        }
    }

    fn policies(&mut self, policies: Vec<&'a RawValue>, address: &str) {
        for (i, policy) in policies.into_iter().enumerate() {
            self.policy(policy, below(address, &i.to_string()));
        }
    }

    /// The resources of a module and of the modules in it.
    fn module(&mut self, module: &'a RawValue) {
        for resource in member(module, "resources").and_then(items).into_iter().flatten() {
            let is = |name: &str, wanted: &str| text(resource, name).as_deref() == Some(wanted);
            if is("type", "databricks_cluster_policy")
                && !is("mode", "data")
                && let Some(values) = member(resource, "values")
            {
                self.policy(values, text(resource, "address").unwrap_or_default());
            }
        }
        for child in member(module, "child_modules")
            .and_then(items)
            .into_iter()
            .flatten()
        {
            self.module(child);
        }
    }

    fn policy(&mut self, raw: &'a RawValue, address: String) {
        let line = self.json.line_of(raw.get());
        let count = member(raw, "max_clusters_per_user").and_then(|n| serde_json::from_str(n.get()).ok());
        let libraries = member(raw, "libraries").and_then(items).into_iter().flatten();
        self.read.policies.push(WorkspacePolicy {
            source: self.source.to_owned(),
            line,
            address: (!address.is_empty()).then_some(address),
            name: text(raw, "name"),
            // Terraform calls it otherwise in places.
            policy_id: text(raw, "policy_id").or_else(|| text(raw, "id")),
            description: text(raw, "description"),
            creator: text(raw, "creator_user_name"),
            max_clusters_per_user: count,
            libraries: libraries.map(compact).collect(),
            policy_family_id: text(raw, "policy_family_id"),
            overrides: self.definition(raw, "policy_family_definition_overrides"),
            is_bare_definition: false,
            definition: self.definition(raw, "definition"),
        });
    }

    /// A definition: JSON as text, as the API has it, or JSON itself, as people write it.
    fn definition(&self, of: &'a RawValue, name: &str) -> Option<Definition> {
        let raw = member(of, name)?;
        let line = self.json.line_of(raw.get());
        match serde_json::from_str(raw.get()).ok()? {
            Value::Null => None,
            Value::String(text) if text.trim().is_empty() => None,
            Value::String(text) => Some(Definition {
                text,
                line,
                is_verbatim: false,
            }),
            _ => Some(Definition {
                text: raw.get().to_owned(),
                line,
                is_verbatim: true,
            }),
        }
    }
}

fn is_policy(raw: &RawValue) -> bool {
    let fields: BTreeMap<String, &RawValue> = members(raw).unwrap_or_default();
    // An element of a definition may be called like a member of a policy, but is never text.
    MARKS.iter().any(|mark| {
        fields
            .get(*mark)
            .is_some_and(|v| !v.get().starts_with('{') || *mark == "definition" && !has_type(v))
    })
}

fn has_type(raw: &RawValue) -> bool {
    member(raw, "type").is_some_and(|t| t.get().starts_with('"'))
}

/// A member that is text and not empty.
fn text(of: &RawValue, name: &str) -> Option<String> {
    let text: String = serde_json::from_str(member(of, name)?.get()).ok()?;
    (!text.is_empty()).then_some(text)
}

fn compact(raw: &RawValue) -> String {
    serde_json::from_str::<Value>(raw.get()).map_or_else(|_| raw.get().to_owned(), |v| v.to_string())
}

/// One step deeper in an address.
fn below(address: &str, step: &str) -> String {
    match address {
        "" => step.to_owned(),
        address => format!("{address}.{step}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn policies(text: &str) -> Vec<WorkspacePolicy> {
        let read = read("p.json", text);
        assert_eq!(read.problems, Diagnostics::default(), "{text}");
        read.policies
    }

    #[test]
    fn answers_of_the_api_keep_the_text_of_their_definitions() {
        let one = json!({"policy_id": "P1", "name": "Team", "definition": "{\n \"a\": 1}", "max_clusters_per_user": 2,
            "libraries": [{"pypi": {"package": "x"}}], "policy_family_id": "personal-vm",
            "policy_family_definition_overrides": "{}", "is_default": false, "creator_user_name": "ana"});
        let [policy] = policies(&one.to_string()).try_into().unwrap();
        assert_eq!(policy.policy_id.as_deref(), Some("P1"));
        assert_eq!(policy.max_clusters_per_user, Some(2));
        assert_eq!(policy.libraries, [r#"{"pypi":{"package":"x"}}"#]);
        let definition = policy.definition.unwrap();
        assert_eq!(
            (definition.text.as_str(), definition.is_verbatim),
            ("{\n \"a\": 1}", false)
        );
        assert_eq!(
            (policy.overrides.unwrap().text.as_str(), policy.address),
            ("{}", None)
        );
        let addresses =
            |text: &str| -> Vec<Option<String>> { policies(text).into_iter().map(|p| p.address).collect() };
        assert_eq!(
            addresses(&format!("{{\"policies\": [{one}]}}")),
            [Some("policies.0".to_owned())]
        );
        assert_eq!(
            addresses(&format!("[{one}, {one}]")),
            [Some("0".to_owned()), Some("1".to_owned())]
        );
        assert_eq!(
            addresses(&format!("{one}\n{one}\n")),
            [Some("line 1".to_owned()), Some("line 2".to_owned())]
        );
    }

    #[test]
    fn anything_else_that_is_json_is_a_definition() {
        for text in [
            "{\"policy_id\": {\"type\": \"unlimited\"}, \"num_workers\": {\"type\": \"forbidden\"}}",
            "[{\"foo\": \"bar\"}]",
            "{}",
            "7",
        ] {
            let [policy] = policies(text).try_into().unwrap();
            assert_eq!(policy.definition.unwrap().text, text);
            assert_eq!((policy.name, policy.line), (None, 1));
        }
    }

    #[test]
    fn resources_of_plans_and_states_are_found_in_every_module() {
        let policy = |address: &str, values: Value| json!({"address": address, "mode": "managed", "type": "databricks_cluster_policy", "values": values});
        let plan = json!({"format_version": "1.2", "planned_values": {"root_module": {
        "resources": [
            policy("databricks_cluster_policy.a", json!({"name": "a", "definition": "{}"})),
            {"address": "databricks_cluster.c", "mode": "managed", "type": "databricks_cluster", "values": {}},
            {"address": "data.databricks_cluster_policy.d", "mode": "data", "type": "databricks_cluster_policy",
                "values": {"name": "d", "definition": "{}"}},
        ],
        "child_modules": [{"resources": [
            policy("module.m.databricks_cluster_policy.b[0]", json!({"name": "b", "policy_family_id": "power-user"}))
        ]}]}}});
        let found = policies(&plan.to_string());
        let told: Vec<_> = found
            .iter()
            .map(|p| (p.address.as_deref().unwrap(), p.name.as_deref().unwrap()))
            .collect();
        assert_eq!(
            told,
            [
                ("databricks_cluster_policy.a", "a"),
                ("module.m.databricks_cluster_policy.b[0]", "b")
            ]
        );
        assert_eq!(found[1].policy_family_id.as_deref(), Some("power-user"));
        let state = json!({"format_version": "1.0", "terraform_version": "1.11.4", "values": {"root_module": {"resources": [
            policy("databricks_cluster_policy.a", json!({"id": "ABC", "name": "a", "definition": "{}"}))]}}});
        assert_eq!(policies(&state.to_string())[0].policy_id.as_deref(), Some("ABC"));
    }

    #[test]
    fn what_holds_no_policy_is_told() {
        let codes = |text: &str| -> Vec<(&'static str, usize)> {
            let problems = read("p.json", text).problems.0;
            problems.into_iter().map(|d| (d.code, d.line)).collect()
        };
        assert_eq!(codes(" "), [("import::nothing", 0)]);
        assert_eq!(codes("{\"policies\": []}"), [("import::nothing", 0)]);
        assert_eq!(
            codes("{\"format_version\": \"1.2\", \"values\": {}}"),
            [("import::nothing", 0)]
        );
        assert_eq!(
            codes("resource \"databricks_cluster_policy\" {}\n"),
            [("import::syntax", 1)]
        );
    }
}
