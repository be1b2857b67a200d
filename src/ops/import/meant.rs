//! What a policy of a workspace means, held against the language.

use serde_json::{Map, Value, json};
use tollgate_policy_language::family::{Family, ids};
use tollgate_policy_language::{Definition, Problem};

use crate::intake::workspace_policies::{self, WorkspacePolicy};
use crate::model::diagnostic::{Diagnostics, json_message};
use crate::model::document::dotted;
use crate::model::json_text::JsonText;
use crate::model::place::Cloud;
use crate::model::suggest::hint;
use crate::policy::starting_cases::cloud_of;

/// What a policy means: its definition, and the settings that say so.
pub(super) struct Meant {
    /// With the family it is made of.
    pub definition: Definition,
    /// Settings of the rule.
    pub settings: Map<String, Value>,
    /// The definition's own text, where it has one.
    pub text: Option<String>,
    /// The cloud that it speaks of.
    pub cloud: Cloud,
}

/// The definition that the server has is the truth, whatever family it was made of; where only the family is told, the
/// family and its overrides are.
pub(super) fn meant(policy: &WorkspacePolicy, cloud: Option<Cloud>) -> Result<Meant, Diagnostics> {
    if let Some(written) = &policy.definition {
        let value = json(policy, "definition", written)?;
        let definition = language(policy, "definition", written, &value)?;
        return Ok(Meant {
            cloud: cloud.or_else(|| cloud_of(&definition)).unwrap_or(Cloud::Azure),
            settings: Map::from_iter([("definition".to_owned(), value)]),
            text: Some(written.text.clone()),
            definition,
        });
    }
    let Some(id) = &policy.policy_family_id else {
        let message = "it has neither a definition nor a family";
        let problem = policy.problem("import::no-definition", message);
        let hint =
            "a plan does not tell what is only known after apply: import the state, or what the API answers";
        return Err(problem.hint(hint).into());
    };
    let Some(family) = Family::find(id) else {
        let names: Vec<&str> = ids().collect();
        let message = format!("there is no policy family `{id}`");
        let problem = policy.problem("import::unknown-family", message);
        let hint = hint(id, &names, |all| format!("known families: {all}"));
        return Err(problem.hint(hint).into());
    };
    of_family(policy, &family, cloud)
}

/// A family with its overrides, if it has any.
fn of_family(policy: &WorkspacePolicy, family: &Family, cloud: Option<Cloud>) -> Result<Meant, Diagnostics> {
    let id = json!(family.policy_family_id);
    let mut settings = Map::from_iter([("policy_family_id".to_owned(), id)]);
    let mut overrides = Map::new();
    let mut cloud = cloud;
    if let Some(written) = &policy.overrides {
        let member = "policy_family_definition_overrides";
        let value = json(policy, member, written)?;
        let read = language(policy, member, written, &value)?;
        cloud = cloud.or_else(|| cloud_of(&read));
        settings.insert(member.to_owned(), value.clone());
        if let Value::Object(value) = value {
            overrides = value;
        }
    }
    let cloud = cloud.unwrap_or(Cloud::Azure);
    let (definition, _) = Definition::read(&Value::Object(family.merged(cloud.as_str(), &overrides)));
    Ok(Meant {
        definition,
        settings,
        text: None,
        cloud,
    })
}

fn json(
    policy: &WorkspacePolicy,
    member: &str,
    written: &workspace_policies::Definition,
) -> Result<Value, Diagnostics> {
    serde_json::from_str(&written.text).map_err(|error| {
        let inside = if written.is_verbatim { error.line() } else { 1 };
        let line = written.line.saturating_add(inside).saturating_sub(1);
        let message = format!("the {member} is no JSON: {}", json_message(&error));
        let problem = policy.problem("import::malformed", message).at(line, 0);
        problem.path(below(policy, member)).into()
    })
}

/// The definition, or every fault of it with its place.
fn language(
    policy: &WorkspacePolicy,
    member: &str,
    written: &workspace_policies::Definition,
    value: &Value,
) -> Result<Definition, Diagnostics> {
    Definition::parse(value).map_err(|faults| {
        let text = JsonText::new(&policy.source, &written.text);
        let documents = text.documents("import::malformed");
        let line = |pointer: &str| {
            let steps: Vec<String> = pointer
                .split('/')
                .skip(1)
                .map(|step| step.replace("~1", "/").replace("~0", "~"))
                .collect();
            let inside = documents
                .found
                .first()
                .filter(|_| written.is_verbatim)
                .map_or(1, |all| text.line_below(all, steps.iter().map(String::as_str)));
            written.line.saturating_add(inside).saturating_sub(1)
        };
        let told = faults.into_iter().map(|Problem { pointer, fault }| {
            // A bare definition is the whole of what was read.
            let path = match policy.is_bare_definition {
                true => below(policy, &dotted(&pointer)),
                false if pointer.is_empty() => below(policy, member),
                false => below(policy, &format!("{member}.{}", dotted(&pointer))),
            };
            let problem = policy.problem("import::malformed", fault.to_string());
            problem.at(line(&pointer), 0).path(path).hint(
                "Databricks stores such a definition and refuses every cluster under it; `tollgate policy lint` tells more",
            )
        });
        Diagnostics(told.collect())
    })
}

fn below(policy: &WorkspacePolicy, member: &str) -> String {
    match &policy.address {
        Some(address) if member.is_empty() => address.clone(),
        Some(address) => format!("{address}.{member}"),
        None => member.to_owned(),
    }
}
