//! Typed reading of a JSON object: every field of the wrong type is collected, none stops the reading.

use serde_json::{Map, Value};

/// A field that is not what the API takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldProblem {
    /// Attribute path.
    pub path: String,
    /// Stable code: `request::wrong-type`, `request::template`, `request::range`.
    pub code: &'static str,
    /// What was found, what was expected.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

/// Reads the fields of one object and remembers what is wrong with them.
#[derive(Debug)]
pub struct Fields<'a> {
    object: &'a Map<String, Value>,
    prefix: String,
    /// What is wrong so far.
    pub problems: Vec<FieldProblem>,
}

impl<'a> Fields<'a> {
    /// Starts at an object; `prefix` is its path (empty for the request itself).
    pub fn new(object: &'a Map<String, Value>, prefix: &str) -> Fields<'a> {
        Fields {
            object,
            prefix: prefix.to_owned(),
            problems: Vec::new(),
        }
    }

    fn path(&self, name: &str) -> String {
        if self.prefix.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.prefix)
        }
    }

    fn field(&self, name: &str) -> Option<&'a Value> {
        self.object.get(name).filter(|v| !v.is_null())
    }

    /// A text. Text that still holds a template (`${var.x}`, `{{ x }}`) is refused: it is not yet a value.
    pub fn text(&mut self, name: &str) -> Option<String> {
        let value = self.field(name)?;
        match value {
            Value::String(text) if is_template(text) => {
                self.template(name, text);
                None
            }
            Value::String(text) => Some(text.clone()),
            other => {
                self.wrong(name, other, "text");
                None
            }
        }
    }

    /// A whole number of at least `min`. `2.0` is taken as 2, since generated requests spell it so.
    pub fn integer(&mut self, name: &str, min: i64) -> Option<i64> {
        let value = self.field(name)?;
        let number = match value {
            Value::Number(n) => n.as_i64().or_else(|| whole(&n.to_string())),
            Value::String(text) if is_template(text) => {
                self.template(name, text);
                return None;
            }
            _ => None,
        };
        match number {
            Some(n) if n < min => {
                self.push(
                    name,
                    "request::range",
                    format!("found {n}, expected at least {min}"),
                    None,
                );
                None
            }
            Some(n) => Some(n),
            None => {
                self.wrong(name, value, "a whole number");
                None
            }
        }
    }

    /// A count that fits 32 bits.
    pub fn count(&mut self, name: &str) -> Option<u32> {
        let n = self.integer(name, 0)?;
        match u32::try_from(n) {
            // Databricks takes at most 100,000 workers; the bound keeps every product inside its range.
            Ok(count) if count <= 100_000 => Some(count),
            _ => {
                self.push(
                    name,
                    "request::range",
                    format!("found {n}, expected at most 100000"),
                    None,
                );
                None
            }
        }
    }

    /// The number as its text (for bid prices).
    pub fn number_text(&mut self, name: &str) -> Option<String> {
        match self.field(name)? {
            Value::Number(n) => Some(n.to_string()),
            other => {
                self.wrong(name, other, "a number");
                None
            }
        }
    }

    /// An object inside.
    pub fn object(&mut self, name: &str) -> Option<Fields<'a>> {
        match self.field(name)? {
            Value::Object(inner) => Some(Fields::new(inner, &self.path(name))),
            Value::String(text) if is_template(text) => {
                self.template(name, text);
                None
            }
            other => {
                self.wrong(name, other, "an object");
                None
            }
        }
    }

    /// A map of text to text. Numbers and booleans are taken as their text, as the API does.
    pub fn map(&mut self, name: &str) -> Vec<(String, String)> {
        let Some(mut inner) = self.object(name) else {
            return Vec::new();
        };
        let mut entries = Vec::new();
        for (key, value) in inner.object {
            match value {
                Value::String(text) => entries.push((key.clone(), text.clone())),
                Value::Number(n) => entries.push((key.clone(), n.to_string())),
                Value::Bool(b) => entries.push((key.clone(), b.to_string())),
                Value::Null => {}
                other => inner.wrong(key, other, "text"),
            }
        }
        self.problems.append(&mut inner.problems);
        entries
    }

    /// Each element of an array that must hold objects.
    pub fn objects(&mut self, name: &str) -> Vec<Fields<'a>> {
        match self.field(name) {
            None => Vec::new(),
            Some(Value::Array(items)) => {
                let mut fields = Vec::new();
                for (i, item) in items.iter().enumerate() {
                    match item {
                        Value::Object(inner) => {
                            fields.push(Fields::new(inner, &self.path(&format!("{name}.{i}"))))
                        }
                        other => self.wrong(&format!("{name}.{i}"), other, "an object"),
                    }
                }
                fields
            }
            Some(Value::String(text)) if is_template(text) => {
                self.template(name, text);
                Vec::new()
            }
            Some(other) => {
                self.wrong(name, other, "an array");
                Vec::new()
            }
        }
    }

    /// The field names, in the order written.
    pub fn names(&self) -> impl Iterator<Item = &'a str> {
        self.object.keys().map(String::as_str)
    }

    /// Takes over what an inner reading found wrong.
    pub fn absorb(&mut self, mut inner: Fields<'_>) {
        self.problems.append(&mut inner.problems);
    }

    /// Remembers a problem with a field.
    pub fn push(&mut self, name: &str, code: &'static str, message: String, hint: Option<String>) {
        self.problems.push(FieldProblem {
            path: self.path(name),
            code,
            message,
            hint,
        });
    }

    fn wrong(&mut self, name: &str, found: &Value, expected: &str) {
        self.push(
            name,
            "request::wrong-type",
            format!("found {}, expected {expected}", shown(found)),
            None,
        );
    }

    fn template(&mut self, name: &str, text: &str) {
        self.push(
            name,
            "request::template",
            format!("`{}` is a template, not yet a value", cut(text, 60)),
            Some("render the file first (terraform plan, bundle validate) and check its output".to_owned()),
        );
    }
}

/// Whether a text still holds a Terraform, bundle or Jinja expression. `{{secrets/scope/key}}` is a value:
/// Databricks resolves it itself.
pub fn is_template(text: &str) -> bool {
    text.contains("${") || text.contains("{{ ")
}

/// `2.0` and `2e0` are whole, `2.5` is not.
fn whole(text: &str) -> Option<i64> {
    let (digits, zeros) = text.split_once('.')?;
    zeros
        .chars()
        .all(|c| c == '0')
        .then(|| digits.parse().ok())
        .flatten()
}

/// A value as messages show it: containers by their kind, scalars cut.
pub fn shown(value: &Value) -> String {
    match value {
        Value::Array(_) => "an array".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        scalar => format!("`{}`", cut(&scalar.to_string(), 60)),
    }
}

fn cut(text: &str, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or(text)),
        None => text.to_owned(),
    }
}
