//! JSON Schema over documents: every problem with its place and what to do, all at once.

use jsonschema::Validator;
use jsonschema::error::ValidationErrorKind;
use serde_json::Value;

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
            let pointer = error.instance_path().to_string();
            match error.kind() {
                ValidationErrorKind::AdditionalProperties { unexpected }
                | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
                    let known = self.properties_at(&error.schema_path().to_string());
                    found.extend(unexpected.iter().map(|name| unknown_key(&pointer, name, &known)));
                }
                _ => found.push(SchemaProblem {
                    message: lower_first(&error.to_string()),
                    hint: self.description_of(&error.schema_path().to_string()),
                    pointer,
                }),
            }
        }
        found
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
}
