//! JSON Schema over documents: every problem with its place and what to do, all at once.

use jsonschema::error::ValidationErrorKind;
use jsonschema::{ValidationError, Validator};
use serde_json::Value;
use std::sync::OnceLock;

use super::diagnostic::Diagnostics;
use super::document::{Document, pointer_step};
use super::suggest::hint;

/// A compiled JSON Schema (draft 2020-12).
#[derive(Debug)]
pub struct Schema {
    validator: Validator,
    schema: Value,
}

/// One thing a schema does not admit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaProblem {
    /// JSON pointer to the value.
    pub pointer: String,
    /// What is wrong.
    pub message: String,
    /// What to do: the nearest known key, or what the schema says of the place.
    pub hint: Option<String>,
}

/// The schema itself is not one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a JSON Schema: {0}")]
pub struct NotASchema(pub String);

impl Schema {
    /// Compiles a schema from its text. References leave neither the process nor the text.
    ///
    /// # Errors
    /// [`NotASchema`].
    pub fn parse(text: &str) -> Result<Schema, NotASchema> {
        let schema: Value = serde_json::from_str(text).map_err(|e| NotASchema(e.to_string()))?;
        let validator = jsonschema::draft202012::new(&schema).map_err(|e| NotASchema(e.to_string()))?;
        Ok(Schema { validator, schema })
    }

    /// Everything about a value that the schema does not admit.
    pub fn problems(&self, value: &Value) -> Vec<SchemaProblem> {
        if self.validator.is_valid(value) {
            return Vec::new();
        }
        let mut found = Vec::new();
        for error in self.validator.iter_errors(value) {
            self.told(&error, &mut found);
        }
        found
    }

    fn told(&self, error: &ValidationError<'_>, found: &mut Vec<SchemaProblem>) {
        let pointer = error.instance_path().to_string();
        let schema_pointer = error.schema_path().to_string();
        let other = |message: String| SchemaProblem {
            message,
            hint: self.description_of(&schema_pointer),
            pointer: pointer.clone(),
        };
        match error.kind() {
            ValidationErrorKind::AdditionalProperties { unexpected }
            | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
                let known = self.properties_at(&schema_pointer);
                found.extend(unexpected.iter().map(|name| unknown_key(&pointer, name, &known)));
            }
            ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
                if let Some(keys) = keys_of_which_one_is_missing(error, context) {
                    found.push(other(format!("expected one of the keys {}", keys.join(", "))));
                } else if let Some(meant) = meant(error, context) {
                    meant.iter().for_each(|error| self.told(error, found));
                } else {
                    found.push(other(lower_first(&error.to_string())));
                }
            }
            ValidationErrorKind::Enum { options } => match (error.instance().as_str(), names(options)) {
                (Some(name), Some(known)) => found.push(SchemaProblem {
                    message: format!("unknown value `{name}`"),
                    hint: Some(hint(name, &known, |all| {
                        let said = self.description_of(&schema_pointer);
                        said.unwrap_or_else(|| format!("expected one of {all}"))
                    })),
                    pointer,
                }),
                _ => found.push(other(lower_first(&error.to_string()))),
            },
            _ => found.push(other(lower_first(&error.to_string()))),
        }
    }

    /// Holds a document against the schema.
    ///
    /// # Errors
    /// One diagnostic per problem, under the given code.
    pub fn check(&self, document: &Document, code: &'static str) -> Result<(), Diagnostics> {
        let found = self.problems(&document.value);
        if found.is_empty() {
            return Ok(());
        }
        let diagnostics = found.into_iter().map(|problem| {
            let diagnostic = document.error(code, &problem.pointer, problem.message);
            match problem.hint {
                Some(hint) => diagnostic.hint(hint),
                None => diagnostic,
            }
        });
        Err(Diagnostics(diagnostics.collect()).sorted())
    }

    /// The names an object may have, from the schema beside the failed keyword.
    fn properties_at(&self, schema_pointer: &str) -> Vec<String> {
        let parent = schema_pointer.rsplit_once('/').map_or("", |(parent, _)| parent);
        self.referred(parent)
            .and_then(|s| s.get("properties"))
            .and_then(Value::as_object)
            .map(|p| p.keys().cloned().collect())
            .unwrap_or_default()
    }

    /// The schema at a pointer of which a step may be `$ref`: there it goes on where the reference leads.
    fn referred(&self, schema_pointer: &str) -> Option<&Value> {
        let mut at = &self.schema;
        for step in schema_pointer.split('/').skip(1) {
            let step = step.replace("~1", "/").replace("~0", "~");
            at = match at {
                Value::Object(members) => members.get(&step)?,
                Value::Array(items) => items.get(step.parse::<usize>().ok()?)?,
                _ => return None,
            };
            if step == "$ref" {
                at = self.schema.pointer(at.as_str()?.strip_prefix('#')?)?;
            }
        }
        Some(at)
    }

    /// What the schema says of a place; nothing for the whole, whose description helps with no part of it.
    fn description_of(&self, schema_pointer: &str) -> Option<String> {
        let parent = schema_pointer.rsplit_once('/')?.0;
        let said = self.referred(parent)?.get("description")?.as_str()?;
        (!parent.is_empty()).then(|| lower_first(said.trim_end_matches('.')))
    }
}

/// The keys of which a value lacks every one, where each form of it asks for one.
fn keys_of_which_one_is_missing(
    whole: &ValidationError<'_>,
    forms: &[Vec<ValidationError<'_>>],
) -> Option<Vec<String>> {
    let key = |errors: &Vec<ValidationError<'_>>| match errors.as_slice() {
        [only] if only.instance_path() == whole.instance_path() => match only.kind() {
            ValidationErrorKind::Required { property } => Some(format!("`{}`", property.as_str()?)),
            _ => None,
        },
        _ => None,
    };
    forms.iter().map(key).collect()
}

/// The errors of the one form whose type the value has.
fn meant<'e>(
    whole: &ValidationError<'_>,
    forms: &'e [Vec<ValidationError<'static>>],
) -> Option<&'e [ValidationError<'static>]> {
    let is_of_another_type = |error: &ValidationError<'_>| {
        error.instance_path() == whole.instance_path()
            && matches!(error.kind(), ValidationErrorKind::Type { .. })
    };
    let mut alike = forms
        .iter()
        .filter(|errors| !errors.iter().any(is_of_another_type));
    let only = alike.next()?;
    alike.next().is_none().then_some(only)
}

/// The values of an enumeration, where all are names.
fn names(options: &Value) -> Option<Vec<&str>> {
    options.as_array()?.iter().map(Value::as_str).collect()
}

fn unknown_key(pointer: &str, name: &str, known: &[String]) -> SchemaProblem {
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let hint = hint(name, &known, |all| format!("known keys: {all}"));
    SchemaProblem {
        pointer: pointer_step(pointer, name),
        message: format!("unknown key `{name}`"),
        hint: Some(hint),
    }
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_lowercase().chain(chars).collect(),
        None => String::new(),
    }
}

/// A schema that is a part of the program, compiled when the first document is held against it.
#[derive(Debug)]
pub struct OwnSchema {
    text: &'static str,
    compiled: OnceLock<Result<Schema, NotASchema>>,
}

impl OwnSchema {
    /// The schema of a text.
    pub const fn new(text: &'static str) -> OwnSchema {
        OwnSchema {
            text,
            compiled: OnceLock::new(),
        }
    }

    /// Holds a document against the schema.
    ///
    /// # Errors
    /// One diagnostic per problem, under the given code; one of the schema itself, which a test of all of them forbids.
    pub fn check(&self, document: &Document, code: &'static str) -> Result<(), Diagnostics> {
        match self.compiled.get_or_init(|| Schema::parse(self.text)) {
            Ok(schema) => schema.check(document, code),
            Err(error) => Err(document.error(code, "", error.to_string()).into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_problems_come_at_once_with_place_and_hint() {
        let schema = Schema::parse(
            r#"{"type":"object","properties":{"minutes":{"type":"integer","description":"whole minutes"},
               "name":{"type":"string"}},"additionalProperties":false}"#,
        )
        .unwrap();
        let document = Document::parse("a.yaml", "minuts: 3\nminutes: x\n").unwrap();
        let problems = schema.check(&document, "test::schema").unwrap_err();
        let seen: Vec<_> = problems
            .0
            .iter()
            .map(|d| (d.line, d.path.as_str(), d.hint.as_deref()))
            .collect();
        assert_eq!(
            seen,
            [
                (1, "minuts", Some("did you mean `minutes`?")),
                (2, "minutes", Some("whole minutes"))
            ]
        );
        assert!(Schema::parse("{\"type\": 7}").is_err());
    }

    #[test]
    fn of_several_forms_the_one_that_is_meant_is_told() {
        let schema = Schema::parse(
            r#"{"properties": {
                 "kind": {"anyOf": [{"enum": ["cluster", "job"], "type": "string"},
                                    {"type": "array", "items": {"enum": ["cluster", "job"]}}]},
                 "of": {"anyOf": [{"required": ["name"]}, {"required": ["address"]}]},
                 "in": {"anyOf": [{"properties": {"a": {"required": ["x"]}}}, {"properties": {"b": {"required": ["y"]}}}]},
                 "level": {"enum": ["low", 3]}}}"#,
        )
        .unwrap();
        let told = |text: &str| -> Vec<(String, String, Option<String>)> {
            let document = Document::parse("a.yaml", text).unwrap();
            let problems = schema.problems(&document.value).into_iter();
            problems.map(|p| (p.pointer, p.message, p.hint)).collect()
        };
        let one = |pointer: &str, message: &str, hint: Option<&str>| {
            [(pointer.to_owned(), message.to_owned(), hint.map(str::to_owned))]
        };
        let meant = Some("did you mean `cluster`?");
        assert_eq!(
            told("kind: clster"),
            one("/kind", "unknown value `clster`", meant)
        );
        assert_eq!(
            told("kind: [job, clster]"),
            one("/kind/1", "unknown value `clster`", meant)
        );
        let all = Some("expected one of cluster, job");
        assert_eq!(told("kind: x"), one("/kind", "unknown value `x`", all));
        assert_eq!(
            told("of: {}"),
            one("/of", "expected one of the keys `name`, `address`", None)
        );
        assert!(
            !told("in: {a: {}, b: {}}")[0]
                .1
                .starts_with("expected one of the keys")
        );
        assert_eq!(told("kind: 3")[0].0, "/kind");
        assert_eq!(told("level: high")[0].0, "/level");
        assert_eq!(told("kind: job\nof: {name: x}\nlevel: 3"), []);
    }
}
