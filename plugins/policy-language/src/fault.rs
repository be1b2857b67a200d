//! What makes a definition unusable, with the place.

use serde_json::Value;
use std::fmt;

/// A fault and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// JSON pointer into the definition: `/spark_version/pattern`.
    pub pointer: String,
    /// What is wrong.
    pub fault: Fault,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The definition is no object of elements.
    NotADefinition {
        /// `a list`.
        found: &'static str,
    },
    /// An element is no object.
    NotAnElement {
        /// `text`.
        found: &'static str,
    },
    /// An element has no `type`.
    NoType,
    /// A type that the language does not have.
    UnknownType {
        /// As written.
        found: String,
    },
    /// A member that the type needs.
    MissingMember {
        /// The type.
        of: String,
        /// `value`, `values`, `pattern`.
        member: &'static str,
    },
    /// A member of the wrong type.
    WrongMember {
        /// Which.
        member: &'static str,
        /// `a list of text, numbers and booleans`.
        expected: &'static str,
        /// `an object`.
        found: &'static str,
    },
    /// A pattern that does not compile.
    BadPattern {
        /// As written.
        pattern: String,
        /// Why.
        why: String,
        /// It uses look-around or a back-reference, which Databricks' Java engine has and this one has not.
        beyond: bool,
    },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::NotADefinition { found } => {
                write!(f, "a definition is an object of path to element, found {found}")
            }
            Fault::NotAnElement { found } => {
                write!(f, "an element is an object with a `type`, found {found}")
            }
            Fault::NoType => f.write_str("the element has no `type`"),
            Fault::UnknownType { found } => write!(f, "there is no type `{found}`"),
            Fault::MissingMember { of, member } => write!(f, "an element of type `{of}` needs `{member}`"),
            Fault::WrongMember {
                member,
                expected,
                found,
            } => {
                write!(f, "`{member}` is {expected}, found {found}")
            }
            Fault::BadPattern {
                pattern,
                beyond: true,
                ..
            } => {
                write!(
                    f,
                    "`{pattern}` uses look-around or a back-reference, which cannot run here"
                )
            }
            Fault::BadPattern { pattern, why, .. } => {
                write!(f, "`{pattern}` is not a regular expression: {why}")
            }
        }
    }
}

/// What a JSON value is, in words.
pub(crate) fn noun(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
