//! The contract's types, bound from WIT, and their translation into ours. The only file that sees both.

use serde_json::Value;

use super::failure::CallFailure;

/// Generated from WIT; documented there.
mod bindings {
    #![allow(missing_docs)]
    wasmtime::component::bindgen!({
        path: "plugins/wit",
        world: "policy-plugin",
    });
}

use bindings::exports::tollgate::policy::rule as wit;

pub(super) use bindings::{PolicyPlugin, PolicyPluginPre};
pub(super) use wit::{Guest as WitGuest, SettingProblem as WitSettingProblem};

/// What a plugin says of itself.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Description {
    /// Name, as policies use it.
    pub name: String,
    /// Version of the plugin.
    pub version: String,
    /// Manual page, Markdown.
    pub documentation: String,
    /// JSON Schema of the settings.
    pub settings_schema: String,
    /// Facts it asks for.
    pub facts: Vec<String>,
    /// Whether it fills in values.
    pub supplies: bool,
}

impl From<wit::Description> for Description {
    fn from(d: wit::Description) -> Description {
        Description {
            name: d.name,
            version: d.version,
            documentation: d.documentation,
            settings_schema: d.settings_schema,
            facts: d.facts,
            supplies: d.supplies,
        }
    }
}

/// A value a rule wants filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuestSupply {
    /// Attribute path.
    pub path: String,
    /// The value.
    pub value: Value,
    /// Stands against the request (true), or gives way to it.
    pub fixed: bool,
}

/// What a rule objects to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuestViolation {
    /// Attribute path.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// What Databricks would say.
    pub databricks_message: Option<String>,
    /// Found; null where absent.
    pub actual: Value,
    /// Allowed; null where not told.
    pub allowed: Value,
    /// The change that passes; null where none is known.
    pub remedy: Value,
    /// What the rule says beyond that; null where it says nothing.
    pub details: Value,
}

/// A rule's answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GuestVerdict {
    /// What it objects to.
    pub violations: Vec<GuestViolation>,
    /// Paths it would have to know, and why.
    pub undetermined: Vec<(String, String)>,
    /// What the rule says beyond that: its trace, where one was asked for; null where it says nothing.
    pub details: Value,
}

/// Translates supplies; JSON texts that are none are an unreadable answer.
pub(super) fn supplies(
    found: Vec<wit::Supplied>,
    limit_bytes: usize,
) -> Result<Vec<GuestSupply>, CallFailure> {
    found
        .into_iter()
        .map(|s| {
            let value = json("supplied value", Some(&s.value), limit_bytes)?;
            Ok(GuestSupply {
                path: s.path,
                value,
                fixed: s.kind == wit::SupplyKind::Fixed,
            })
        })
        .collect()
}

/// Translates a verdict; JSON texts that are none are an unreadable answer.
pub(super) fn verdict(found: wit::Verdict, limit_bytes: usize) -> Result<GuestVerdict, CallFailure> {
    let violations = found
        .violations
        .into_iter()
        .map(|v| {
            Ok(GuestViolation {
                actual: json("actual", v.actual.as_deref(), limit_bytes)?,
                allowed: json("allowed", v.allowed.as_deref(), limit_bytes)?,
                remedy: json("remedy", v.remedy.as_deref(), limit_bytes)?,
                details: json("details", v.details.as_deref(), limit_bytes)?,
                path: v.path,
                message: v.message,
                databricks_message: v.databricks_message,
            })
        })
        .collect::<Result<_, CallFailure>>()?;
    let undetermined = found
        .undetermined
        .into_iter()
        .map(|u| (u.path, u.message))
        .collect();
    Ok(GuestVerdict {
        violations,
        undetermined,
        details: json("details", found.details.as_deref(), limit_bytes)?,
    })
}

fn json(what: &str, text: Option<&str>, limit_bytes: usize) -> Result<Value, CallFailure> {
    match text {
        None => Ok(Value::Null),
        Some(text) => serde_json::from_str(text).map_err(|e| CallFailure::Output {
            limit_bytes,
            why: format!("`{what}` is not JSON: {e}"),
        }),
    }
}
