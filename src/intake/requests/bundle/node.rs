//! Values that know where they stand: what targets and variables put together keeps its places.

use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::diagnostic::Diagnostic;
use crate::model::document::{Document, pointer_step};

/// A value and its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// What it is.
    pub data: Data,
    /// Where it stands.
    pub place: Place,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq)]
pub enum Data {
    /// Text, a number, a boolean or null; never a list or a map.
    Scalar(Value),
    /// A list.
    List(Vec<Node>),
    /// A map, sorted by its keys as the CLI prints it.
    Map(Members),
}

/// The members of a map.
pub type Members = BTreeMap<String, Node>;

/// File, line and column.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file, as it was given or found.
    pub file: Arc<str>,
    /// Line, from 1; 0 for what no file holds.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

impl Place {
    /// A place of no line: what was given on the command line.
    pub fn whole(file: &str) -> Place {
        Place {
            file: Arc::from(file),
            line: 0,
            column: 0,
        }
    }

    /// An error here.
    pub fn error(&self, code: &'static str, path: &str, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(code, &*self.file, message)
            .at(self.line, self.column)
            .path(path)
    }

    /// A warning here.
    pub fn warning(&self, code: &'static str, path: &str, message: impl Into<String>) -> Diagnostic {
        Diagnostic::warning(code, &*self.file, message)
            .at(self.line, self.column)
            .path(path)
    }
}

impl Node {
    /// A document, every value with its place.
    pub fn of(document: &Document) -> Node {
        let file: Arc<str> = Arc::from(&*document.source);
        Node::of_value(document, &file, &document.value, "")
    }

    fn of_value(document: &Document, file: &Arc<str>, value: &Value, pointer: &str) -> Node {
        let inner =
            |step: &str, value: &Value| Node::of_value(document, file, value, &pointer_step(pointer, step));
        let data = match value {
            Value::Array(items) => {
                let items = items.iter().enumerate();
                Data::List(items.map(|(i, item)| inner(&i.to_string(), item)).collect())
            }
            Value::Object(members) => {
                let members = members.iter();
                Data::Map(
                    members
                        .map(|(key, item)| (key.clone(), inner(key, item)))
                        .collect(),
                )
            }
            scalar => Data::Scalar(scalar.clone()),
        };
        let place = document.place(pointer);
        Node {
            data,
            place: Place {
                file: Arc::clone(file),
                line: place.line,
                column: place.column,
            },
        }
    }

    /// A value that stands at one place with all it holds.
    pub fn of_json(value: Value, place: &Place) -> Node {
        let data = match value {
            Value::Array(items) => {
                Data::List(items.into_iter().map(|item| Node::of_json(item, place)).collect())
            }
            Value::Object(members) => {
                let members = members.into_iter();
                Data::Map(
                    members
                        .map(|(key, item)| (key, Node::of_json(item, place)))
                        .collect(),
                )
            }
            scalar => Data::Scalar(scalar),
        };
        Node {
            data,
            place: place.clone(),
        }
    }

    /// A scalar.
    pub fn scalar(value: impl Into<Value>, place: &Place) -> Node {
        Node {
            data: Data::Scalar(value.into()),
            place: place.clone(),
        }
    }

    /// An empty map.
    pub fn empty(place: &Place) -> Node {
        Node {
            data: Data::Map(Members::new()),
            place: place.clone(),
        }
    }

    /// The value alone.
    pub fn value(&self) -> Value {
        match &self.data {
            Data::Scalar(value) => value.clone(),
            Data::List(items) => items.iter().map(Node::value).collect(),
            Data::Map(members) => {
                let members = members.iter().map(|(key, item)| (key.clone(), item.value()));
                Value::Object(members.collect::<Map<String, Value>>())
            }
        }
    }

    /// Whether there is nothing: YAML's `key:` without a value.
    pub fn is_null(&self) -> bool {
        self.data == Data::Scalar(Value::Null)
    }

    /// Whether it is neither a map nor a list.
    pub fn is_scalar(&self) -> bool {
        matches!(self.data, Data::Scalar(_))
    }

    /// Its text, if it is one.
    pub fn text(&self) -> Option<&str> {
        match &self.data {
            Data::Scalar(Value::String(text)) => Some(text),
            _ => None,
        }
    }

    /// Its members, if it is a map.
    pub fn members(&self) -> Option<&Members> {
        match &self.data {
            Data::Map(members) => Some(members),
            _ => None,
        }
    }

    /// Its members, to be changed.
    pub fn members_mut(&mut self) -> Option<&mut Members> {
        match &mut self.data {
            Data::Map(members) => Some(members),
            _ => None,
        }
    }

    /// Its items; none where it is no list.
    pub fn items(&self) -> &[Node] {
        match &self.data {
            Data::List(items) => items,
            _ => &[],
        }
    }

    /// Its items, to be changed; none where it is no list.
    pub fn items_mut(&mut self) -> Option<&mut Vec<Node>> {
        match &mut self.data {
            Data::List(items) => Some(items),
            _ => None,
        }
    }

    /// A member, unless it is null.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.members()?.get(key).filter(|node| !node.is_null())
    }

    /// A member, to be changed.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        self.members_mut()?.get_mut(key)
    }

    /// Adds a member that is missing, at the place of the whole. Whether it was.
    pub fn add_missing(&mut self, key: &str, value: impl Into<Value>) -> bool {
        let place = self.place.clone();
        let Some(members) = self.members_mut() else {
            return false;
        };
        if members.contains_key(key) {
            return false;
        }
        members.insert(key.to_owned(), Node::scalar(value, &place));
        true
    }

    /// What is at some steps below.
    pub fn at<'s>(&self, steps: impl IntoIterator<Item = &'s str>) -> Option<&Node> {
        steps.into_iter().try_fold(self, |node, step| node.step(step))
    }

    /// One step down: a member, or an item by its number.
    pub fn step(&self, step: &str) -> Option<&Node> {
        match &self.data {
            Data::Map(members) => members.get(step),
            Data::List(items) => items.get(step.parse::<usize>().ok()?),
            Data::Scalar(_) => None,
        }
    }

    /// The place of what a JSON pointer leads to; of its nearest parent where there is nothing.
    pub fn place_of(&self, pointer: &str) -> &Place {
        let mut at = self;
        for step in pointer.split('/').skip(1) {
            match at.step(&step.replace("~1", "/").replace("~0", "~")) {
                Some(inner) => at = inner,
                None => break,
            }
        }
        &at.place
    }

    /// What kind of value it is, for messages.
    pub fn kind(&self) -> &'static str {
        match &self.data {
            Data::List(_) => "a list",
            Data::Map(_) => "a map",
            Data::Scalar(Value::String(_)) => "text",
            Data::Scalar(Value::Number(_)) => "a number",
            Data::Scalar(Value::Bool(_)) => "a boolean",
            Data::Scalar(_) => "nothing",
        }
    }

    /// How many values and how many bytes of text it holds.
    pub fn size(&self) -> usize {
        match &self.data {
            Data::Scalar(Value::String(text)) => text.len().saturating_add(1),
            Data::Scalar(_) => 1,
            Data::List(items) => items.iter().fold(1, |sum, item| sum.saturating_add(item.size())),
            Data::Map(members) => members.iter().fold(1, |sum, (key, item)| {
                sum.saturating_add(key.len()).saturating_add(item.size())
            }),
        }
    }
}

/// `resources.jobs` and one more step.
pub fn below(path: &str, step: &str) -> String {
    match path {
        "" => step.to_owned(),
        path => format!("{path}.{step}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_their_places() {
        let document = Document::parse("b.yml", "jobs:\n  etl:\n    tasks:\n      - a/b: 1\n").unwrap();
        let node = Node::of(&document);
        assert_eq!(node.value(), document.value);
        let line = |pointer: &str| node.place_of(pointer).line;
        assert_eq!((line("/jobs/etl/tasks/0/a~1b"), line("/jobs/none/x")), (4, 2));
        assert_eq!(
            node.at(["jobs", "etl", "tasks", "0", "a/b"]).unwrap().kind(),
            "a number"
        );
        assert_eq!(node.size(), "jobsetltasksa/b".len() + 6);
    }
}
