//! A definition: read from JSON, checked, not yet asked anything.

use regex::Regex;
use serde_json::{Map, Value};

use super::attribute::decimal;

/// One entry of a definition.
#[derive(Debug, Clone)]
pub struct Element {
    /// The attribute it rules, as written.
    pub path: String,
    /// What it demands.
    pub rule: Rule,
    /// `defaultValue`; none for `fixed` and `forbidden`, which have no default.
    pub default: Option<Value>,
    /// `isOptional`.
    pub optional: bool,
}

/// The types of elements.
#[derive(Debug, Clone)]
pub enum Rule {
    Fixed(Value),
    Forbidden,
    Allowlist(Vec<Value>),
    Blocklist(Vec<Value>),
    Regex(String),
    Range { min: Option<Value>, max: Option<Value> },
    Unlimited,
}

impl Element {
    /// Elements that limit a value, in contrast to those that set or forbid it.
    pub fn limits(&self) -> bool {
        !matches!(self.rule, Rule::Fixed(_) | Rule::Forbidden)
    }
}

/// The elements of `settings.definition`, in the order written.
///
/// # Errors
/// The definition cannot be loaded: the sentence says why, for people.
pub fn load(settings: &Value) -> Result<Vec<Element>, String> {
    let definition = match &settings["definition"] {
        Value::String(text) => serde_json::from_str(text).map_err(|error| error.to_string())?,
        other => other.clone(),
    };
    let Value::Object(definition) = definition else {
        return Err("the definition is no object".to_owned());
    };
    let mut elements = Vec::new();
    for (path, element) in &definition {
        elements.push(read(path, element).map_err(|why| format!("{path}: {why}"))?);
    }
    Ok(elements)
}

fn read(path: &str, element: &Value) -> Result<Element, String> {
    let Value::Object(members) = element else {
        return Err("the element is no object".to_owned());
    };
    let rule = match members.get("type").and_then(Value::as_str) {
        Some("fixed") => Rule::Fixed(scalar(members, "value")?.ok_or("`value` is missing")?),
        Some("forbidden") => Rule::Forbidden,
        Some("allowlist" | "whitelist") => Rule::Allowlist(values(members)?),
        Some("blocklist" | "blacklist") => Rule::Blocklist(values(members)?),
        Some("regex") => Rule::Regex(pattern(members)?),
        Some("range") => Rule::Range {
            min: number(members, "minValue")?,
            max: number(members, "maxValue")?,
        },
        Some("unlimited") => Rule::Unlimited,
        _ => return Err("`type` is missing or unknown".to_owned()),
    };
    let mut element = Element {
        path: path.to_owned(),
        rule,
        default: None,
        optional: false,
    };
    if element.limits() {
        element.default = scalar(members, "defaultValue")?;
        element.optional = matches!(members.get("isOptional"), Some(Value::Bool(true)))
            || members.get("isOptional").and_then(Value::as_str) == Some("true");
    }
    Ok(element)
}

/// A member that must be text, a number or a boolean where it is given.
fn scalar(members: &Map<String, Value>, name: &str) -> Result<Option<Value>, String> {
    match members.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) if is_scalar(value) => Ok(Some(value.clone())),
        Some(_) => Err(format!("`{name}` is no scalar")),
    }
}

fn is_scalar(value: &Value) -> bool {
    value.is_string() || value.is_number() || value.is_boolean()
}

fn values(members: &Map<String, Value>) -> Result<Vec<Value>, String> {
    match members.get("values") {
        Some(Value::Array(values)) if values.iter().all(is_scalar) => Ok(values.clone()),
        _ => Err("`values` is no list of scalars".to_owned()),
    }
}

fn pattern(members: &Map<String, Value>) -> Result<String, String> {
    let pattern = members.get("pattern").and_then(Value::as_str);
    let pattern = pattern.ok_or("`pattern` is no text")?;
    // By itself first: `a)|(b` would compile between brackets.
    Regex::new(pattern).map_err(|error| error.to_string())?;
    Ok(pattern.to_owned())
}

/// A bound: a number, or text that is one.
fn number(members: &Map<String, Value>, name: &str) -> Result<Option<Value>, String> {
    let Some(bound) = members.get(name).filter(|bound| !bound.is_null()) else {
        return Ok(None);
    };
    let is_number = match bound {
        Value::Number(_) => true,
        Value::String(text) => decimal(text).is_some(),
        _ => false,
    };
    if is_number {
        Ok(Some(bound.clone()))
    } else {
        Err(format!("`{name}` is no number"))
    }
}
