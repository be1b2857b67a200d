//! A JSON or YAML text as a tree that knows where each value and each key is written, to the byte.
//!
//! [`Document`](super::document::Document) answers where a value begins; this answers where it ends, keeps what is
//! written twice, and says where the seventh letter of a text stands. The linter reads with it, since it changes files
//! in place.

pub mod json;
pub mod yaml;

use serde_json::{Map, Value};

/// Bytes of a text, end excluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// First byte after.
    pub end: usize,
}

/// A value and where it is written.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Quotes and brackets included.
    pub span: Span,
    /// What it is.
    pub content: Content,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// `null`.
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// A number, as JSON writes it.
    Number(String),
    /// Text, escapes resolved.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// An object, members as written: a key may stand there twice.
    Object(Vec<Member>),
}

/// A member of an object.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// The key, as a node of text.
    pub key: Node,
    /// Its value.
    pub value: Node,
}

impl Member {
    /// The key as text.
    pub fn name(&self) -> &str {
        self.key.text().unwrap_or_default()
    }
}

impl Node {
    /// The text, if it is one.
    pub fn text(&self) -> Option<&str> {
        match &self.content {
            Content::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The members; none unless it is an object.
    pub fn members(&self) -> &[Member] {
        match &self.content {
            Content::Object(members) => members,
            _ => &[],
        }
    }

    /// The entries; none unless it is a list.
    pub fn entries(&self) -> &[Node] {
        match &self.content {
            Content::List(entries) => entries,
            _ => &[],
        }
    }

    /// The member of a name; the last one where it is given twice, as parsers have it.
    pub fn member(&self, name: &str) -> Option<&Member> {
        self.members().iter().rev().find(|m| m.name() == name)
    }

    /// The value of a member.
    pub fn get(&self, name: &str) -> Option<&Node> {
        self.member(name).map(|m| &m.value)
    }

    /// The node a JSON pointer leads to.
    pub fn at(&self, pointer: &str) -> Option<&Node> {
        pointer.split('/').skip(1).try_fold(self, |node, step| {
            let step = step.replace("~1", "/").replace("~0", "~");
            match &node.content {
                Content::Object(_) => node.get(&step),
                Content::List(entries) => entries.get(step.parse::<usize>().ok()?),
                _ => None,
            }
        })
    }

    /// Whether it is an object.
    pub fn is_object(&self) -> bool {
        matches!(self.content, Content::Object(_))
    }

    /// As plain JSON; of two members of one name the last one counts.
    pub fn value(&self) -> Value {
        match &self.content {
            Content::Null => Value::Null,
            Content::Boolean(set) => Value::Bool(*set),
            Content::Number(text) => {
                serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.clone()))
            }
            Content::Text(text) => Value::String(text.clone()),
            Content::List(entries) => entries.iter().map(Node::value).collect(),
            Content::Object(members) => {
                let mut map = Map::new();
                for member in members {
                    map.insert(member.name().to_owned(), member.value.value());
                }
                Value::Object(map)
            }
        }
    }

    /// In words: `a list`.
    pub fn noun(&self) -> &'static str {
        match self.content {
            Content::Null => "null",
            Content::Boolean(_) => "a boolean",
            Content::Number(_) => "a number",
            Content::Text(_) => "text",
            Content::List(_) => "a list",
            Content::Object(_) => "an object",
        }
    }
}
