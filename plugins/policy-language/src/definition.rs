//! A definition: elements by path, in the order they were written.

use serde_json::Value;

use crate::element::Element;
use crate::fault::{Fault, Problem, noun};

/// A definition.
#[derive(Debug, Default)]
pub struct Definition {
    /// Its elements.
    pub elements: Vec<Element>,
}

impl Definition {
    /// Reads what can be read of a definition, and says what cannot.
    ///
    /// A definition that is text is read as the JSON it holds, as the API stores it.
    pub fn read(written: &Value) -> (Definition, Vec<Problem>) {
        let parsed;
        let written = match written {
            Value::String(text) => match serde_json::from_str(text) {
                Ok(value) => {
                    parsed = value;
                    &parsed
                }
                Err(_) => written,
            },
            _ => written,
        };
        let mut definition = Definition::default();
        let Value::Object(members) = written else {
            let fault = Fault::NotADefinition { found: noun(written) };
            return (
                definition,
                vec![Problem {
                    pointer: String::new(),
                    fault,
                }],
            );
        };
        let mut problems = Vec::new();
        for (path, element) in members {
            match Element::read(path, element) {
                Ok(element) => definition.elements.push(element),
                Err(found) => problems.extend(found.into_iter().map(|problem| Problem {
                    pointer: format!(
                        "/{}{}",
                        path.replace('~', "~0").replace('/', "~1"),
                        problem.pointer
                    ),
                    fault: problem.fault,
                })),
            }
        }
        (definition, problems)
    }

    /// Reads a definition.
    ///
    /// # Errors
    /// Everything that makes it unusable.
    pub fn parse(written: &Value) -> Result<Definition, Vec<Problem>> {
        match Definition::read(written) {
            (definition, problems) if problems.is_empty() => Ok(definition),
            (_, problems) => Err(problems),
        }
    }

    /// The element of a path.
    pub fn element(&self, path: &str) -> Option<&Element> {
        self.elements.iter().find(|e| e.path == path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn order_is_kept_and_text_is_read() {
        let text = json!(r#"{"b": {"type": "forbidden"}, "a": {"type": "unlimited"}}"#);
        let definition = Definition::parse(&text).unwrap();
        let paths: Vec<_> = definition.elements.iter().map(|e| e.path.as_str()).collect();
        assert_eq!(paths, ["b", "a"]);
    }

    #[test]
    fn every_problem_has_its_place() {
        let (definition, problems) =
            Definition::read(&json!({"a/b": 1, "c": {"type": "regex"}, "d": {"type": "forbidden"}}));
        assert_eq!(definition.elements.len(), 1);
        let places: Vec<_> = problems.iter().map(|p| p.pointer.as_str()).collect();
        assert_eq!(places, ["/a~1b", "/c"]);
        assert!(Definition::parse(&json!([{"foo": "bar"}])).is_err());
        assert!(Definition::parse(&json!("[1")).is_err());
    }
}
