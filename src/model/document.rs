//! A YAML or JSON text together with the place of every value, so that what is wrong
//! with it can be shown by line and column.

use saphyr::{LoadableYamlNode, MarkedYaml, Scalar, YamlData};
use serde_json::{Map, Number, Value};
use std::collections::HashMap;

use super::diagnostic::{Diagnostic, Diagnostics, json_message};

/// A parsed document.
#[derive(Debug, Clone)]
pub struct Document {
    /// Where it was read from, as diagnostics name it.
    pub source: String,
    /// Its content.
    pub value: Value,
    places: HashMap<String, Place>,
}

/// Line and column, both from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Place {
    /// Line.
    pub line: usize,
    /// Column in characters.
    pub column: usize,
}

/// Deepest nesting accepted.
const MAX_DEPTH: usize = 64;

impl Document {
    /// Parses YAML; JSON is read as the YAML it is.
    ///
    /// # Errors
    /// `document::syntax` with its place (a key given twice included), `document::not-one-document`,
    /// `document::key` for a key that is not text, `document::number` for one that JSON cannot hold,
    /// `document::depth` beyond 64 levels.
    pub fn parse(source: &str, text: &str) -> Result<Document, Diagnostics> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let loaded = MarkedYaml::load_from_str(text).map_err(|e| {
            let mark = e.marker();
            Diagnostic::error("document::syntax", source, e.info())
                .at(mark.line(), mark.col().saturating_add(1))
                .hint("check indentation, quotes and brackets at that place")
        })?;
        let [root] = loaded.as_slice() else {
            return Err(Diagnostic::error(
                "document::not-one-document",
                source,
                format!("expected one document, found {}", loaded.len()),
            )
            .hint("an empty file and several documents separated by `---` are not accepted")
            .into());
        };
        let mut reader = Reader {
            source,
            places: HashMap::new(),
            problems: Vec::new(),
        };
        let value = reader.value(root, &mut String::new(), 0);
        if !reader.problems.is_empty() {
            return Err(Diagnostics(reader.problems).sorted());
        }
        Ok(Document {
            source: source.to_owned(),
            value,
            places: reader.places,
        })
    }

    /// Parses JSON where the name says `.json`, else YAML or JSON. Of a key that is given twice JSON takes the last; what
    /// only JSON allows (tabs, such keys) has no places.
    ///
    /// # Errors
    /// Those of [`Document::parse`].
    pub fn parse_json_or_yaml(source: &str, text: &str) -> Result<Document, Diagnostics> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let json: Result<Value, _> = serde_json::from_str(text);
        match json {
            Err(error) if source.ends_with(".json") => {
                let found = Diagnostic::error("document::syntax", source, json_message(&error))
                    .at(error.line(), error.column());
                Err(found.hint("expected JSON").into())
            }
            json => Document::parse(source, text).or_else(|problems| match json {
                Ok(value) => Ok(Document {
                    source: source.to_owned(),
                    value,
                    places: HashMap::new(),
                }),
                Err(_) => Err(problems),
            }),
        }
    }

    /// The place of the value at a JSON pointer; that of the nearest parent where it has none.
    pub fn place(&self, pointer: &str) -> Place {
        let mut pointer = pointer;
        loop {
            if let Some(place) = self.places.get(pointer) {
                return *place;
            }
            match pointer.rfind('/') {
                Some(cut) => pointer = pointer.get(..cut).unwrap_or(""),
                None => return Place::default(),
            }
        }
    }

    /// An error at the value of a JSON pointer.
    pub fn error(&self, code: &'static str, pointer: &str, message: impl Into<String>) -> Diagnostic {
        let place = self.place(pointer);
        Diagnostic::error(code, &self.source, message)
            .at(place.line, place.column)
            .path(dotted(pointer))
    }

    /// A part of the document as a document of its own, places kept.
    pub fn part(&self, pointer: &str) -> Option<Document> {
        let value = self.value.pointer(pointer)?.clone();
        let places = self
            .places
            .iter()
            .filter_map(|(at, place)| {
                let rest = at.strip_prefix(pointer)?;
                (rest.is_empty() || rest.starts_with('/')).then(|| (rest.to_owned(), *place))
            })
            .collect();
        Some(Document {
            source: self.source.clone(),
            value,
            places,
        })
    }
}

/// `/rules/0/settings` as people read it: `rules.0.settings`.
pub fn dotted(pointer: &str) -> String {
    pointer
        .trim_start_matches('/')
        .replace('/', ".")
        .replace("~1", "/")
        .replace("~0", "~")
}

/// One more step of a JSON pointer.
pub fn pointer_step(pointer: &str, step: &str) -> String {
    format!("{pointer}/{}", step.replace('~', "~0").replace('/', "~1"))
}

struct Reader<'a> {
    source: &'a str,
    places: HashMap<String, Place>,
    problems: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn value(&mut self, node: &MarkedYaml<'_>, pointer: &mut String, depth: usize) -> Value {
        let mark = node.span.start;
        let place = Place {
            line: mark.line(),
            column: mark.col().saturating_add(1),
        };
        self.places.insert(pointer.clone(), place);
        if depth > MAX_DEPTH {
            self.problem(
                "document::depth",
                pointer,
                place,
                format!("nested deeper than {MAX_DEPTH} levels"),
            );
            return Value::Null;
        }
        let deeper = depth.saturating_add(1);
        match &node.data {
            YamlData::Value(scalar) => self.scalar(scalar, pointer, place),
            YamlData::Sequence(items) => items
                .iter()
                .enumerate()
                .map(|(i, item)| self.inside(pointer, &i.to_string(), |r, p| r.value(item, p, deeper)))
                .collect(),
            YamlData::Mapping(entries) => {
                let mut map = Map::new();
                for (key, item) in entries {
                    let at = Place {
                        line: key.span.start.line(),
                        column: key.span.start.col().saturating_add(1),
                    };
                    let Some(name) = key_text(key) else {
                        self.problem("document::key", pointer, at, "a key must be text".to_owned());
                        continue;
                    };
                    let read = self.inside(pointer, &name, |r, p| r.value(item, p, deeper));
                    map.insert(name, read);
                }
                Value::Object(map)
            }
            YamlData::Tagged(_, inner) => self.value(inner, pointer, deeper),
            YamlData::Representation(text, ..) => Value::String(text.to_string()),
            YamlData::Alias(_) | YamlData::BadValue => {
                self.problem(
                    "document::syntax",
                    pointer,
                    place,
                    "an anchor that cannot be resolved".to_owned(),
                );
                Value::Null
            }
        }
    }

    fn scalar(&mut self, scalar: &Scalar<'_>, pointer: &str, place: Place) -> Value {
        match scalar {
            Scalar::Null => Value::Null,
            Scalar::Boolean(b) => Value::Bool(*b),
            Scalar::Integer(i) => Value::Number(Number::from(*i)),
            Scalar::FloatingPoint(f) => match Number::from_f64(f.into_inner()) {
                Some(n) => Value::Number(n),
                None => {
                    self.problem(
                        "document::number",
                        pointer,
                        place,
                        format!("`{f}` is not a number JSON can hold"),
                    );
                    Value::Null
                }
            },
            Scalar::String(text) => Value::String(text.to_string()),
        }
    }

    fn inside<T>(
        &mut self,
        pointer: &mut String,
        step: &str,
        read: impl FnOnce(&mut Self, &mut String) -> T,
    ) -> T {
        let length = pointer.len();
        *pointer = pointer_step(pointer, step);
        let result = read(self, pointer);
        pointer.truncate(length);
        result
    }

    fn problem(&mut self, code: &'static str, pointer: &str, place: Place, message: String) {
        self.problems.push(
            Diagnostic::error(code, self.source, message)
                .at(place.line, place.column)
                .path(dotted(pointer)),
        );
    }
}

/// A key as text: numbers and booleans are taken as written (`3: x` has the key `3`).
fn key_text(key: &MarkedYaml<'_>) -> Option<String> {
    match &key.data {
        YamlData::Value(Scalar::String(s)) => Some(s.to_string()),
        YamlData::Value(Scalar::Integer(i)) => Some(i.to_string()),
        YamlData::Value(Scalar::Boolean(b)) => Some(b.to_string()),
        YamlData::Representation(text, ..) => Some(text.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_have_places_in_yaml_and_json() {
        let yaml = Document::parse(
            "p.yaml",
            "policy: a\nrules:\n  - rule: x\n    settings: {min: 1}\n",
        )
        .unwrap();
        assert_eq!(
            yaml.value,
            json!({"policy": "a", "rules": [{"rule": "x", "settings": {"min": 1}}]})
        );
        assert_eq!(yaml.place("/rules/0/settings/min"), Place { line: 4, column: 21 });
        assert_eq!(yaml.place("/rules/0/nothing/here"), yaml.place("/rules/0"));
        let json = Document::parse("p.json", "{\n  \"a\": [1, {\"b/c\": true}]\n}").unwrap();
        assert_eq!(json.place("/a/1/b~1c").line, 2);
        assert_eq!(json.part("/a").unwrap().place("/1/b~1c").line, 2);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        let code = |text: &str| {
            Document::parse("x", text)
                .map(|d| d.value)
                .map_err(|d| (d.0[0].code, d.0[0].line))
        };
        assert_eq!(code("a: 1\na: 2\n"), Err(("document::syntax", 2)));
        assert_eq!(code("a: [1, 2\nb: 3\n").unwrap_err().0, "document::syntax");
        assert_eq!(code(""), Err(("document::not-one-document", 0)));
        assert_eq!(code("a: .inf\n").unwrap_err().0, "document::number");
        assert_eq!(code(&"[".repeat(5000)).unwrap_err().0, "document::syntax");
    }
}
