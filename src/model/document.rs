//! A YAML or JSON text together with the place of every value, so that what is wrong
//! with it can be shown by line and column.

use saphyr::{LoadableYamlNode, MarkedYaml, Scalar, YamlData};
use serde_json::{Map, Number, Value};
use std::collections::BTreeMap;
use std::sync::Arc;

use super::diagnostic::{Diagnostic, Diagnostics, json_message};

/// A parsed document.
#[derive(Debug, Clone)]
pub struct Document {
    /// Where it was read from, as diagnostics name it.
    pub source: String,
    /// Its content.
    pub value: Value,
    places: BTreeMap<String, Place>,
    /// What a merge patch put there or took away, by pointer.
    merged: BTreeMap<String, Origin>,
}

/// Where a merged value stands.
#[derive(Debug, Clone)]
struct Origin {
    document: Arc<Document>,
    pointer: String,
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
            places: BTreeMap::new(),
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
            merged: BTreeMap::new(),
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
                    places: BTreeMap::new(),
                    merged: BTreeMap::new(),
                }),
                Err(_) => Err(problems),
            }),
        }
    }

    /// The place of the value at a JSON pointer; that of the nearest parent where it has none. Of a merged value it is
    /// the place in the document that it comes from.
    pub fn place(&self, pointer: &str) -> Place {
        if let Some((document, pointer)) = self.origin(pointer) {
            return document.place(&pointer);
        }
        self.nearest(pointer, |at| self.places.get(at).copied())
            .unwrap_or_default()
    }

    /// An error at the value of a JSON pointer; at its origin where it was merged.
    pub fn error(&self, code: &'static str, pointer: &str, message: impl Into<String>) -> Diagnostic {
        if let Some((document, pointer)) = self.origin(pointer) {
            return document.error(code, &pointer, message);
        }
        let place = self.place(pointer);
        Diagnostic::error(code, &self.source, message)
            .at(place.line, place.column)
            .path(dotted(pointer))
    }

    /// A part of the document as a document of its own, places kept.
    pub fn part(&self, pointer: &str) -> Option<Document> {
        let value = self.value.pointer(pointer)?.clone();
        let places = inside(&self.places, pointer).collect();
        let mut merged: BTreeMap<String, Origin> = inside(&self.merged, pointer).collect();
        if let Some((document, pointer)) = self.origin(pointer) {
            let document = Arc::clone(document);
            merged.insert(String::new(), Origin { document, pointer });
        }
        Some(Document {
            source: self.source.clone(),
            value,
            places,
            merged,
        })
    }

    /// Merges the value that `patch` has at `from` over the value at `at`, by JSON Merge Patch (RFC 7386): members of
    /// objects are merged, `null` takes a member away, anything else takes the place of what was there. What is merged
    /// keeps the place it has in `patch`. Nothing happens where one of the two pointers leads nowhere.
    pub fn merge(&mut self, at: &str, patch: &Arc<Document>, from: &str) {
        let Some(value) = patch.value.pointer(from) else {
            return;
        };
        let mut origins = Vec::new();
        if let Some(target) = slot(&mut self.value, at) {
            merge(target, value, (at, from), &mut origins);
        }
        for (at, pointer) in origins {
            // What was merged below is no more.
            self.merged
                .retain(|known, _| below(known, &at).is_none_or(str::is_empty));
            let document = Arc::clone(patch);
            self.merged.insert(at, Origin { document, pointer });
        }
    }

    /// Where a merged value comes from.
    fn origin(&self, pointer: &str) -> Option<(&Arc<Document>, String)> {
        if self.merged.is_empty() {
            return None;
        }
        self.nearest(pointer, |at| {
            let origin = self.merged.get(at)?;
            let rest = pointer.get(at.len()..).unwrap_or("");
            Some((&origin.document, format!("{}{rest}", origin.pointer)))
        })
    }

    /// What there is of a pointer or of the nearest parent that has it.
    fn nearest<T>(&self, pointer: &str, of: impl Fn(&str) -> Option<T>) -> Option<T> {
        let mut at = pointer;
        loop {
            if let Some(found) = of(at) {
                return Some(found);
            }
            at = at.get(..at.rfind('/')?).unwrap_or("");
        }
    }
}

/// The entries at a pointer and below it, by the rest of their pointers.
fn inside<'a, T: Clone>(
    all: &'a BTreeMap<String, T>,
    pointer: &'a str,
) -> impl Iterator<Item = (String, T)> + 'a {
    // Sorted keys: what is below stands together, so that the parts of a long document cost what they hold.
    let inner = format!("{pointer}/");
    let start = inner.clone();
    all.get_key_value(pointer)
        .into_iter()
        .chain(
            all.range::<String, _>(start..)
                .take_while(move |(at, _)| at.starts_with(&inner)),
        )
        .filter_map(move |(at, what)| Some((below(at, pointer)?.to_owned(), what.clone())))
}

/// What follows `parent` in a pointer; none where it is not inside.
fn below<'a>(pointer: &'a str, parent: &str) -> Option<&'a str> {
    pointer
        .strip_prefix(parent)
        .filter(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The value at a pointer; a member that an object lacks is added.
fn slot<'v>(value: &'v mut Value, pointer: &str) -> Option<&'v mut Value> {
    let Some((parent, step)) = pointer.rsplit_once('/') else {
        return Some(value);
    };
    match value.pointer_mut(parent)? {
        Value::Object(members) => Some(
            members
                .entry(step.replace("~1", "/").replace("~0", "~"))
                .or_insert(Value::Null),
        ),
        Value::Array(items) => items.get_mut(step.parse::<usize>().ok()?),
        _ => None,
    }
}

/// RFC 7386, section 2. `origins` hears which pointers were replaced or taken away, and where the patch says so.
fn merge(target: &mut Value, patch: &Value, (at, from): (&str, &str), origins: &mut Vec<(String, String)>) {
    let Value::Object(members) = patch else {
        *target = patch.clone();
        origins.push((at.to_owned(), from.to_owned()));
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
        origins.push((at.to_owned(), from.to_owned()));
    }
    let Value::Object(target) = target else { return };
    for (key, member) in members {
        let (at, from) = (pointer_step(at, key), pointer_step(from, key));
        if member.is_null() {
            target.shift_remove(key);
            origins.push((at, from));
        } else {
            merge(
                target.entry(key).or_insert(Value::Null),
                member,
                (&at, &from),
                origins,
            );
        }
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
    places: BTreeMap<String, Place>,
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

    /// The examples of RFC 7386, appendix A, that have an object as their target.
    #[test]
    fn patches_merge_as_the_rfc_says() {
        let merged = |target: Value, patch: Value| {
            let mut document = Document::parse("t", &target.to_string()).unwrap();
            document.merge(
                "",
                &Arc::new(Document::parse("p", &patch.to_string()).unwrap()),
                "",
            );
            document.value
        };
        for (target, patch, result) in [
            (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "b"}), json!({"b": "c"}), json!({"a": "b", "b": "c"})),
            (json!({"a": "b"}), json!({"a": null}), json!({})),
            (json!({"a": "b", "b": "c"}), json!({"a": null}), json!({"b": "c"})),
            (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "c"}), json!({"a": ["b"]}), json!({"a": ["b"]})),
            (
                json!({"a": {"b": "c"}}),
                json!({"a": {"b": "d", "c": null}}),
                json!({"a": {"b": "d"}}),
            ),
            (json!({"a": [{"b": "c"}]}), json!({"a": [1]}), json!({"a": [1]})),
            (json!({"e": null}), json!({"a": 1}), json!({"e": null, "a": 1})),
            (
                json!({}),
                json!({"a": {"bb": {"ccc": null}}}),
                json!({"a": {"bb": {}}}),
            ),
            (json!({"a": "foo"}), json!("bar"), json!("bar")),
            (json!([1, 2]), json!({"a": "b", "c": null}), json!({"a": "b"})),
        ] {
            assert_eq!(merged(target, patch.clone()), result, "{patch}");
        }
    }

    #[test]
    fn merged_values_keep_the_places_of_their_patch() {
        let mut document = Document::parse(
            "t.yaml",
            "list:\n  - request:\n      a: 1\n      b: {c: [1, 2]}\n",
        )
        .unwrap();
        let patch = Arc::new(
            Document::parse("p.yaml", "\n\nx:\n  a: 2\n  b:\n    c: [{d: 1}]\n  e: null\n").unwrap(),
        );
        document.merge("/list/0/request", &patch, "/x");
        let at = |document: &Document, pointer: &str| {
            let found = document.error("test::a", pointer, "m");
            (found.source, found.line, found.path)
        };
        let patched = |line, path: &str| ("p.yaml".to_owned(), line, path.to_owned());
        let part = document.part("/list/0/request").unwrap();
        assert_eq!(part.value, json!({"a": 2, "b": {"c": [{"d": 1}]}}));
        assert_eq!(at(&part, "/a"), patched(4, "x.a"));
        assert_eq!(at(&part, "/b/c/0/d"), patched(6, "x.b.c.0.d"));
        // Gone, and the patch says so.
        assert_eq!(at(&part, "/e"), patched(7, "x.e"));
        assert_eq!(at(&document, "/list/0/request/a"), patched(4, "x.a"));
        assert_eq!(at(&part, "/b").0, "t.yaml");
        assert_eq!(at(&part, "").0, "t.yaml");
        // A second patch over the first, and a part of what was merged.
        let again = Arc::new(Document::parse("q.yaml", "b: 7\n").unwrap());
        document.merge("/list/0/request", &again, "");
        assert_eq!(at(&document, "/list/0/request/b/c/0/d").0, "q.yaml");
        assert_eq!(at(&part.part("/b/c/0").unwrap(), "/d"), patched(6, "x.b.c.0.d"));
        // Nowhere to put it, nothing to put.
        document.merge("/no/where", &again, "");
        document.merge("/list/0", &again, "/nothing");
        assert_eq!(document.value["list"][0]["request"]["b"], 7);
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
