//! A YAML or JSON text together with the place of every value, so that what is wrong
//! with it can be shown by line and column.

use saphyr::{MarkedYaml, Marker, Scalar, ScanError, YamlData, YamlLoader};
use saphyr_parser::{Event, Parser, SpannedEventReceiver};
use serde_json::{Map, Number, Value};
use std::collections::{BTreeMap, BTreeSet};
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
    /// Where the values stand that have an anchor (`&name`).
    anchors: BTreeSet<Place>,
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Place {
    /// Line.
    pub line: usize,
    /// Column in characters.
    pub column: usize,
}

/// Deepest nesting accepted.
const MAX_DEPTH: usize = 64;
/// Deepest nesting that is loaded at all, aliases followed: what loads, copies and drops values recurses as deep as they are.
const MAX_LOADED_DEPTH: usize = 256;
/// Values that aliases may make, all together: ten anchors that name each other ten times would make ten thousand million.
const MAX_ALIASED: usize = 50_000;

impl Document {
    /// Parses YAML; JSON is read as the YAML it is.
    ///
    /// # Errors
    /// `document::syntax` with its place (a key given twice included), `document::not-one-document`,
    /// `document::key` for a key that is not text, `document::number` for one that JSON cannot hold,
    /// `document::depth` beyond 64 levels.
    pub fn parse(source: &str, text: &str) -> Result<Document, Diagnostics> {
        Document::parse_as(source, text, MergeKeys::Plain)
    }

    /// The same; the members of what stands behind a key `<<` are members of the mapping that has it, unless it has them
    /// itself (the merge keys of YAML 1.1).
    ///
    /// # Errors
    /// Those of [`Document::parse`], and `document::merge-key` where something else than a mapping stands behind it.
    pub fn parse_merging(source: &str, text: &str) -> Result<Document, Diagnostics> {
        Document::parse_as(source, text, MergeKeys::Merged)
    }

    fn parse_as(source: &str, text: &str, merge_keys: MergeKeys) -> Result<Document, Diagnostics> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let loaded = load(source, text)?;
        let [root] = loaded.documents.as_slice() else {
            return Err(Diagnostic::error(
                "document::not-one-document",
                source,
                format!("expected one document, found {}", loaded.documents.len()),
            )
            .hint("an empty file and several documents separated by `---` are not accepted")
            .into());
        };
        let mut reader = Reader {
            source,
            merge_keys,
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
            anchors: loaded.anchors,
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
                    anchors: BTreeSet::new(),
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

    /// Whether the value of a JSON pointer, or something inside it, has an anchor.
    pub fn is_anchored(&self, pointer: &str) -> bool {
        !self.anchors.is_empty()
            && inside(&self.places, pointer).any(|(_, place)| self.anchors.contains(&place))
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
            anchors: self.anchors.clone(),
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

/// What a key `<<` means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum MergeKeys {
    /// A key like others.
    Plain,
    /// What stands behind it is merged.
    Merged,
}

/// What was loaded, and where anchors stand.
struct Loaded<'t> {
    documents: Vec<MarkedYaml<'t>>,
    anchors: BTreeSet<Place>,
}

/// Loads a text event by event: the nesting is bounded before anything recurses into it.
fn load<'t>(source: &str, text: &'t str) -> Result<Loaded<'t>, Diagnostics> {
    let syntax = |e: &ScanError| {
        let place = place_of(e.marker());
        Diagnostic::error("document::syntax", source, e.info())
            .at(place.line, place.column)
            .hint("check indentation, quotes and brackets at that place")
    };
    let mut loader = YamlLoader::<MarkedYaml<'t>>::default();
    loader.alias_limit(MAX_ALIASED);
    let mut anchors = BTreeSet::new();
    let mut nesting = Nesting::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|e| syntax(&e))?;
        let place = place_of(&span.start);
        if nesting.see(&event) > MAX_LOADED_DEPTH {
            let message = format!("nested deeper than {MAX_LOADED_DEPTH} levels");
            let found = Diagnostic::error("document::depth", source, message).at(place.line, place.column);
            return Err(found
                .hint("nothing that is read here nests deeper than ten levels")
                .into());
        }
        if let Event::Scalar(_, _, 1.., _) | Event::SequenceStart(1.., _) | Event::MappingStart(1.., _) =
            event
        {
            anchors.insert(place);
        }
        loader.on_event(event, span);
        if let Some(error) = loader.error() {
            return Err(syntax(error).into());
        }
    }
    Ok(Loaded {
        documents: loader.into_documents(),
        anchors,
    })
}

/// How deep values nest, counted while they are read.
#[derive(Default)]
struct Nesting {
    /// What is open: its anchor, and the levels found below it so far.
    open: Vec<(usize, usize)>,
    /// Levels of what has an anchor.
    anchored: BTreeMap<usize, usize>,
}

impl Nesting {
    /// The depth that an event reaches.
    fn see(&mut self, event: &Event<'_>) -> usize {
        match event {
            Event::SequenceStart(anchor, _) | Event::MappingStart(anchor, _) => self.open.push((*anchor, 0)),
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some((anchor, below)) = self.open.pop() {
                    let levels = below.saturating_add(1);
                    if anchor > 0 {
                        self.anchored.insert(anchor, levels);
                    }
                    self.reach(levels);
                }
            }
            Event::Alias(anchor) => {
                let levels = self.anchored.get(anchor).copied().unwrap_or_default();
                self.reach(levels);
                return self.open.len().saturating_add(levels);
            }
            _ => {}
        }
        self.open.len()
    }

    fn reach(&mut self, levels: usize) {
        if let Some((_, below)) = self.open.last_mut() {
            *below = levels.max(*below);
        }
    }
}

fn place_of(mark: &Marker) -> Place {
    Place {
        line: mark.line(),
        column: mark.col().saturating_add(1),
    }
}

struct Reader<'a> {
    source: &'a str,
    merge_keys: MergeKeys,
    places: BTreeMap<String, Place>,
    problems: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn value(&mut self, node: &MarkedYaml<'_>, pointer: &mut String, depth: usize) -> Value {
        let place = place_of(&node.span.start);
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
                let (mut map, mut merged) = (Map::new(), Vec::new());
                for (key, item) in entries {
                    let Some(name) = key_text(key) else {
                        let at = place_of(&key.span.start);
                        self.problem("document::key", pointer, at, "a key must be text".to_owned());
                        continue;
                    };
                    if name == "<<" && self.merge_keys == MergeKeys::Merged {
                        merged.push(item);
                        continue;
                    }
                    let read = self.inside(pointer, &name, |r, p| r.value(item, p, deeper));
                    map.insert(name, read);
                }
                for item in merged {
                    self.merge(item, &mut map, pointer, deeper);
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

    /// Adds what a merge key brings: members that are there already stay, of several mappings the first that has one counts.
    fn merge(
        &mut self,
        from: &MarkedYaml<'_>,
        into: &mut Map<String, Value>,
        pointer: &mut String,
        depth: usize,
    ) {
        match &from.data {
            YamlData::Sequence(items)
                if items.iter().all(|item| matches!(item.data, YamlData::Mapping(_))) =>
            {
                for item in items {
                    self.merge(item, into, pointer, depth);
                }
            }
            YamlData::Mapping(_) if depth <= MAX_DEPTH => {
                // Read apart, so that places of members that are there already stay theirs.
                let mut apart = Reader {
                    source: self.source,
                    merge_keys: self.merge_keys,
                    places: BTreeMap::new(),
                    problems: Vec::new(),
                };
                let read = apart.value(from, pointer, depth);
                self.problems.append(&mut apart.problems);
                let Value::Object(members) = read else { return };
                for (name, member) in members {
                    if into.contains_key(&name) {
                        continue;
                    }
                    let at = pointer_step(pointer, &name);
                    self.places.extend(
                        inside(&apart.places, &at).map(|(rest, place)| (format!("{at}{rest}"), place)),
                    );
                    into.insert(name, member);
                }
            }
            _ => self.problem(
                "document::merge-key",
                pointer,
                place_of(&from.span.start),
                "expected a mapping, or a list of mappings, behind `<<`".to_owned(),
            ),
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
        assert_eq!(code("a:\n\tb: 1\n").unwrap_err().0, "document::syntax");
    }

    #[test]
    fn nesting_and_aliases_are_bounded_before_anything_recurses() {
        let chain = |levels: usize, width: usize| {
            let mut text = String::from("a0: &a0 [1]\n");
            for i in 1..levels {
                let (open, close) = ("[".repeat(width), "]".repeat(width));
                text.push_str(&format!("a{i}: &a{i} {open}*a{}{close}\n", i - 1));
            }
            text
        };
        let laughs: String = (1..12)
            .map(|i| format!("a{i}: &a{i} [{}]\n", vec![format!("*a{}", i - 1); 10].join(", ")))
            .collect();
        for (text, expected) in [
            ("- ".repeat(10_000), "document::depth"),
            (
                (0..5_000).map(|i| format!("{}a:\n", " ".repeat(i))).collect(),
                "document::depth",
            ),
            (chain(400, 1), "document::depth"),
            (chain(30, 200), "document::depth"),
            (format!("a0: &a0 x\n{laughs}"), "document::syntax"),
            ("a: &a [*a]\n".to_owned(), "document::syntax"),
            ("a: &a {b: *a}\n".to_owned(), "document::syntax"),
        ] {
            let found = Document::parse("x", &text).map(|_| ()).unwrap_err();
            assert_eq!(found.0[0].code, expected, "{}", &text[..20.min(text.len())]);
        }
    }

    #[test]
    fn merge_keys_bring_members_that_are_not_there() {
        let text = "base: &base {a: 1, b: {c: 1}}\nmore: &more\n  d: 4\n  a: 9\n\
                    one:\n  b: 2\n  <<: *base\nall:\n  <<: [*base, *more]\nplain: {}\n";
        let read = Document::parse_merging("x.yml", text).unwrap();
        assert_eq!(read.value["one"], json!({"b": 2, "a": 1}));
        assert_eq!(read.value["all"], json!({"a": 1, "b": {"c": 1}, "d": 4}));
        let line = |pointer: &str| read.place(pointer).line;
        assert_eq!((line("/one/a"), line("/one/b"), line("/all/d")), (1, 6, 3));
        assert!(read.is_anchored("/more") && !read.is_anchored("/plain"));
        assert_eq!(Document::parse("x.yml", text).unwrap().value["one"]["<<"]["a"], 1);
        let wrong = Document::parse_merging("x.yml", "a:\n  <<: 1\n").unwrap_err();
        assert_eq!((wrong.0[0].code, wrong.0[0].line), ("document::merge-key", 2));
    }
}
