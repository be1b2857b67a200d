//! Values of a resource in the shape that the API takes, and what of them is unknown.
//!
//! The provider writes every block as a list, of one or of many, and some under another name (`task` for `tasks`). What is null or
//! empty is not set. A sensitive value is unknown: nobody may see it, so no rule judges it and no message shows it; its key is
//! told. An unknown value that nobody set is absent where the server chooses it; what no server chooses stands in a `dynamic` block.

use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

use super::configuration::{Setting, Told};
use super::names::{BLOCKS, DEFAULTED, HOLDING, is_computed, is_dropped, list_name};
use crate::model::unknown::Unknown;

/// A value that is unknown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Open {
    /// Where its value will come from, as the configuration has it.
    pub references: Vec<Value>,
    /// It may be that nobody set it: the configuration does not show.
    pub untold: bool,
}

/// What was made of the values of a resource.
#[derive(Debug, Default)]
pub struct Shaped {
    /// The body.
    pub body: Value,
    /// What is unknown, by path.
    pub open: BTreeMap<String, Open>,
    /// Paths of [`DEFAULTED`] attributes that have a value which nobody wrote.
    pub unset: BTreeSet<String>,
    /// Paths of what is unknown as a whole and may hold clusters.
    pub holding: Vec<String>,
    /// Paths of what holds clusters and is no list of blocks.
    pub misshapen: Vec<String>,
}

/// Values of a resource, and what is told of them.
pub struct Values<'v> {
    /// The values.
    pub values: Map<String, Value>,
    /// `true` where one is unknown.
    pub unknown: &'v Value,
    /// `true` where one is sensitive.
    pub sensitive: &'v Value,
    /// What is written.
    pub told: Told<'v>,
    /// Attributes that the resource has as its own and nobody asks for: its ids.
    pub own: &'v [&'v str],
}

impl Values<'_> {
    /// Brings them into shape.
    pub fn shaped(self) -> Shaped {
        let mut shaped = Shaped::default();
        if self.sensitive == &Value::Bool(true) {
            let asked = self.values.iter().filter(|(key, value)| {
                !(is_empty(value) || is_dropped(key, "") || self.own.contains(&key.as_str()))
            });
            for (key, _) in asked {
                shaped.whole_is_open(key, "", Open::default());
            }
            shaped.body = Value::Object(Map::new());
            return shaped;
        }
        let at = At {
            path: "",
            unknown: self.unknown,
            sensitive: self.sensitive,
            told: self.told,
            own: self.own,
        };
        let body = shaped.block(self.values, at, false);
        shaped.body = Value::Object(body);
        shaped
    }
}

/// Where the walk is, in all that is told of the values.
#[derive(Clone, Copy)]
struct At<'v> {
    path: &'v str,
    unknown: &'v Value,
    sensitive: &'v Value,
    told: Told<'v>,
    /// At the top: what is the resource's own.
    own: &'v [&'v str],
}

/// What JSON has where nothing is said.
static NOTHING: Value = Value::Null;

impl Shaped {
    /// What is unknown of the name and the tags of a job or pipeline.
    pub fn names(&self) -> Unknown {
        let is_one = |path: &&String| matches!(path.split('.').next(), Some("name" | "tags"));
        Unknown::of(self.open.keys().filter(is_one).cloned())
    }

    /// What is unknown below a prefix, paths seen from there.
    pub fn below<'s>(&'s self, prefix: &'s str) -> impl Iterator<Item = (&'s str, &'s Open)> {
        let inside = self.open.range(prefix.to_owned()..);
        let inside = inside.take_while(move |(path, _)| path.starts_with(prefix));
        inside.filter_map(move |(path, open)| match prefix {
            "" => Some((path.as_str(), open)),
            prefix => Some((path.strip_prefix(prefix)?.strip_prefix('.')?, open)),
        })
    }

    /// A block: an object of attributes and other blocks.
    fn block(&mut self, values: Map<String, Value>, at: At<'_>, in_loop: bool) -> Map<String, Value> {
        let mut found = Map::new();
        if let Value::Object(unknown) = at.unknown {
            for (key, mark) in unknown.iter().filter(|(_, mark)| holds_true(mark)) {
                if is_dropped(key, at.path) {
                    continue;
                }
                match mark {
                    // A map of which every element is unknown.
                    Value::Object(elements) if !values.contains_key(key) => {
                        let path = joined(at.path, key);
                        self.elements(key, &path, elements, at.told);
                    }
                    Value::Bool(_) => self.unknown(key, at),
                    _ if !values.contains_key(key) => self.unknown(key, at),
                    _ => {}
                }
            }
        }
        for (key, value) in values {
            let unknown = at.unknown.get(&key).unwrap_or(&NOTHING);
            // Most blocks and attributes of a real plan are not set.
            if value.is_null() || unknown == &Value::Bool(true) || is_dropped(&key, at.path) {
                continue;
            }
            if is_empty(&value) && !holds_true(unknown) {
                continue;
            }
            // A loop has one task.
            let many = list_name(&key).filter(|_| !(in_loop && key == "task"));
            let path = joined(at.path, many.unwrap_or(&key));
            let inner = At {
                path: &path,
                unknown,
                sensitive: at.sensitive.get(&key).unwrap_or(&NOTHING),
                told: at.told,
                own: &[],
            };
            if DEFAULTED.contains(&key.as_str()) && at.told.setting(&key) == Setting::Unset {
                self.unset.insert(path.clone());
            }
            if BLOCKS.contains(&key.as_str()) && !value.is_array() {
                self.misshapen.push(path);
                continue;
            }
            let value = match value {
                Value::Array(items) if is_blocks(&key, &items) => {
                    self.blocks(&key, items, many.is_some(), inner)
                }
                value => self.attribute(&key, value, inner),
            };
            if let Some(value) = value {
                found.insert(many.map_or(key, str::to_owned), value);
            }
        }
        found
    }

    /// An attribute or a block that is unknown as a whole.
    fn unknown(&mut self, key: &str, at: At<'_>) {
        let open = match at.told.setting(key) {
            Setting::Unset if is_computed(key, at.path) => return,
            Setting::Unset | Setting::Untold if at.own.contains(&key) => return,
            Setting::Unset | Setting::Untold => Open {
                references: Vec::new(),
                untold: true,
            },
            Setting::Refers(references) => Open {
                references: references.to_vec(),
                untold: false,
            },
        };
        self.whole_is_open(key, at.path, open);
    }

    fn whole_is_open(&mut self, key: &str, outer: &str, open: Open) {
        let path = joined(outer, list_name(key).unwrap_or(key));
        self.block_is_open(key, path, open);
    }

    fn block_is_open(&mut self, key: &str, path: String, open: Open) {
        if HOLDING.contains(&key) {
            self.holding.push(path.clone());
        }
        self.open.insert(path, open);
    }

    /// The blocks of one name.
    fn blocks(&mut self, key: &str, items: Vec<Value>, many: bool, at: At<'_>) -> Option<Value> {
        if at.sensitive == &Value::Bool(true) {
            self.block_is_open(key, at.path.to_owned(), Open::default());
            return None;
        }
        let many = many || items.len() != 1;
        let of = items.len();
        let mut found = Vec::with_capacity(of);
        for (i, item) in items.into_iter().enumerate() {
            let path = match many {
                true => joined(at.path, &i.to_string()),
                false => at.path.to_owned(),
            };
            let inner = At {
                path: &path,
                unknown: item_of(at.unknown, i),
                sensitive: item_of(at.sensitive, i),
                told: at.told.inner(key, &item, i, of),
                own: &[],
            };
            let whole = [inner.unknown, inner.sensitive].contains(&&Value::Bool(true));
            found.push(match item {
                Value::Object(values) if !whole => {
                    Value::Object(self.block(values, inner, key == "for_each_task"))
                }
                _ => {
                    self.block_is_open(key, path, Open::default());
                    Value::Null
                }
            });
        }
        match many {
            true => Some(Value::Array(found)),
            false => found.pop().filter(|block| !block.is_null()),
        }
    }

    /// An attribute: a value, a list of values, a map.
    fn attribute(&mut self, key: &str, value: Value, at: At<'_>) -> Option<Value> {
        if at.sensitive == &Value::Bool(true) {
            self.hide(at.path);
            return None;
        }
        match value {
            Value::Object(members) => {
                let mut found = Map::new();
                if let Value::Object(elements) = at.unknown {
                    self.elements(key, at.path, elements, at.told);
                }
                for (name, value) in members {
                    let path = joined(at.path, &name);
                    if holds_true(at.unknown.get(&name).unwrap_or(&NOTHING)) || value.is_null() {
                        continue;
                    }
                    match holds_true(at.sensitive.get(&name).unwrap_or(&NOTHING)) {
                        true => self.hide(&path),
                        false => {
                            found.insert(name, value);
                        }
                    }
                }
                (!found.is_empty()).then_some(Value::Object(found))
            }
            Value::Array(mut items) => {
                let marked = [at.unknown, at.sensitive].map(|marks| marks.as_array().map_or(0, Vec::len));
                let length = items.len().max(marked.into_iter().max().unwrap_or(0));
                for i in 0..length {
                    let path = joined(at.path, &i.to_string());
                    let unknown = holds_true(item_of(at.unknown, i));
                    let sensitive = holds_true(item_of(at.sensitive, i));
                    if !(unknown || sensitive) {
                        continue;
                    }
                    match unknown {
                        true => self.element(key, &path, at.told),
                        false => self.hide(&path),
                    }
                    // Later entries keep their places.
                    if items.len() <= i {
                        items.resize(i.saturating_add(1), Value::Null);
                    }
                    if let Some(item) = items.get_mut(i) {
                        *item = Value::Null;
                    }
                }
                Some(Value::Array(items))
            }
            value => Some(value),
        }
    }

    /// The unknown elements of a map.
    fn elements(&mut self, key: &str, path: &str, elements: &Map<String, Value>, told: Told<'_>) {
        for (element, _) in elements.iter().filter(|(_, mark)| holds_true(mark)) {
            self.element(key, &joined(path, element), told);
        }
    }

    /// An unknown element of a map or a list.
    fn element(&mut self, key: &str, path: &str, told: Told<'_>) {
        let untold = !matches!(told.setting(key), Setting::Refers(_));
        self.open.insert(
            path.to_owned(),
            Open {
                references: Vec::new(),
                untold,
            },
        );
    }

    fn hide(&mut self, path: &str) {
        self.open.insert(path.to_owned(), Open::default());
    }
}

fn joined(path: &str, step: &str) -> String {
    match path {
        "" => step.to_owned(),
        path => format!("{path}.{step}"),
    }
}

fn item_of(marks: &Value, i: usize) -> &Value {
    marks
        .as_array()
        .and_then(|items| items.get(i))
        .unwrap_or(&NOTHING)
}

fn is_blocks(key: &str, items: &[Value]) -> bool {
    items.iter().any(Value::is_object) || (!items.is_empty() && HOLDING.contains(&key))
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

/// Whether something is marked, here or below.
fn holds_true(marks: &Value) -> bool {
    match marks {
        Value::Bool(marked) => *marked,
        Value::Array(items) => items.iter().any(holds_true),
        Value::Object(members) => members.values().any(holds_true),
        _ => false,
    }
}
