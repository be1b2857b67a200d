//! Elements out of JSON, every fault with its place.

use rust_decimal::Decimal;
use serde_json::{Map, Value};

use super::{Element, Rule};
use crate::fault::{Fault, Problem, noun};
use crate::path::Target;
use crate::{Pattern, Scalar, attribute, decimal};

impl Element {
    /// Reads an element.
    ///
    /// # Errors
    /// Every fault, with pointers that begin at the element.
    pub fn read(path: &str, written: &Value) -> Result<Element, Vec<Problem>> {
        let Value::Object(members) = written else {
            return Err(vec![Problem {
                pointer: String::new(),
                fault: Fault::NotAnElement { found: noun(written) },
            }]);
        };
        let mut reader = Reader {
            members,
            secret: attribute::holds_secret(path),
            problems: Vec::new(),
        };
        let rule = reader.rule();
        let default = reader.default();
        match rule {
            Some(rule) if reader.problems.is_empty() => Ok(Element {
                path: path.to_owned(),
                target: Target::of(path),
                kind: attribute::kind(path),
                rule,
                is_optional: flag(members, "isOptional"),
                default,
                hidden: flag(members, "hidden"),
            }),
            _ => Err(reader.problems),
        }
    }
}

/// Published policies write booleans as text too.
fn flag(members: &Map<String, Value>, name: &str) -> bool {
    match members.get(name) {
        Some(Value::Bool(set)) => *set,
        Some(Value::String(text)) => text == "true",
        _ => false,
    }
}

/// A pattern that Java would run and we do not: look-around, back-references.
fn is_beyond(pattern: &str) -> bool {
    ["(?=", "(?!", "(?<=", "(?<!"]
        .iter()
        .any(|group| pattern.contains(group))
        || pattern
            .as_bytes()
            .windows(2)
            .any(|pair| matches!(pair, [b'\\', b'1'..=b'9']))
}

struct Reader<'a> {
    members: &'a Map<String, Value>,
    /// What it says belongs into no message.
    secret: bool,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn fault(&mut self, member: &str, fault: Fault) {
        let pointer = if member.is_empty() {
            String::new()
        } else {
            format!("/{member}")
        };
        self.problems.push(Problem { pointer, fault });
    }

    fn rule(&mut self) -> Option<Rule> {
        let name = match self.members.get("type") {
            Some(Value::String(name)) => name.as_str(),
            Some(Value::Null) | None => {
                self.fault("", Fault::NoType);
                return None;
            }
            Some(other) => {
                self.fault(
                    "type",
                    Fault::UnknownType {
                        found: other.to_string(),
                    },
                );
                return None;
            }
        };
        match name {
            "fixed" => self.scalar("value", name).map(Rule::Fixed),
            "forbidden" => Some(Rule::Forbidden),
            "allowlist" | "whitelist" => self.scalars(name).map(Rule::Allowlist),
            "blocklist" | "blacklist" => self.scalars(name).map(Rule::Blocklist),
            "regex" => self.pattern().map(Rule::Regex),
            "range" => {
                let (min, max) = (self.bound("minValue"), self.bound("maxValue"));
                Some(Rule::Range { min, max })
            }
            "unlimited" => Some(Rule::Unlimited),
            other => {
                self.fault(
                    "type",
                    Fault::UnknownType {
                        found: other.to_owned(),
                    },
                );
                None
            }
        }
    }

    /// A member that is there and not `null`, which is what clients write for nothing.
    fn given(&self, member: &str) -> Option<&'_ Value> {
        self.members.get(member).filter(|value| !value.is_null())
    }

    fn scalar(&mut self, member: &'static str, of: &str) -> Option<Scalar> {
        let Some(written) = self.given(member) else {
            self.fault(
                "",
                Fault::MissingMember {
                    of: of.to_owned(),
                    member,
                },
            );
            return None;
        };
        let scalar = Scalar::read(written);
        if scalar.is_none() {
            let found = noun(written);
            self.fault(
                member,
                Fault::WrongMember {
                    member,
                    expected: "text, a number or a boolean",
                    found,
                },
            );
        }
        scalar
    }

    fn scalars(&mut self, of: &str) -> Option<Vec<Scalar>> {
        let member = "values";
        let expected = "a list of text, numbers and booleans";
        match self.members.get(member) {
            None => {
                self.fault(
                    "",
                    Fault::MissingMember {
                        of: of.to_owned(),
                        member,
                    },
                );
                None
            }
            Some(Value::Array(items)) => {
                let mut scalars = Vec::with_capacity(items.len());
                for (i, item) in items.iter().enumerate() {
                    match Scalar::read(item) {
                        Some(scalar) => scalars.push(scalar),
                        None => {
                            self.fault(
                                &format!("values/{i}"),
                                Fault::WrongMember {
                                    member,
                                    expected,
                                    found: noun(item),
                                },
                            );
                        }
                    }
                }
                Some(scalars)
            }
            Some(other) => {
                let found = noun(other);
                self.fault(
                    member,
                    Fault::WrongMember {
                        member,
                        expected,
                        found,
                    },
                );
                None
            }
        }
    }

    fn pattern(&mut self) -> Option<Pattern> {
        let member = "pattern";
        match self.members.get(member) {
            None => {
                self.fault(
                    "",
                    Fault::MissingMember {
                        of: "regex".to_owned(),
                        member,
                    },
                );
                None
            }
            Some(Value::String(written)) => match Pattern::new(written) {
                Ok(pattern) => Some(pattern),
                Err(why) => {
                    let beyond = is_beyond(written);
                    let pattern = if self.secret {
                        "[hidden]".to_owned()
                    } else {
                        written.clone()
                    };
                    self.fault(member, Fault::BadPattern { pattern, why, beyond });
                    None
                }
            },
            Some(other) => {
                let found = noun(other);
                self.fault(
                    member,
                    Fault::WrongMember {
                        member,
                        expected: "text",
                        found,
                    },
                );
                None
            }
        }
    }

    fn bound(&mut self, member: &'static str) -> Option<Decimal> {
        let written = self.given(member)?;
        let number = Scalar::read(written).and_then(|s| decimal::nearest(&s.text));
        if number.is_none() {
            let found = noun(written);
            self.fault(
                member,
                Fault::WrongMember {
                    member,
                    expected: "a number",
                    found,
                },
            );
        }
        number
    }

    fn default(&mut self) -> Option<Scalar> {
        let member = "defaultValue";
        let written = self.given(member)?;
        let scalar = Scalar::read(written);
        if scalar.is_none() {
            let found = noun(written);
            self.fault(
                member,
                Fault::WrongMember {
                    member,
                    expected: "text, a number or a boolean",
                    found,
                },
            );
        }
        scalar
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_fault_of_an_element_is_found() {
        let faults = |element: Value| -> Vec<String> {
            Element::read("x", &element)
                .unwrap_err()
                .into_iter()
                .map(|p| p.pointer)
                .collect()
        };
        assert_eq!(faults(json!("bar")), [""]);
        assert_eq!(faults(json!({})), [""]);
        assert_eq!(faults(json!({"type": "fixd"})), ["/type"]);
        assert_eq!(faults(json!({"type": "fixed", "value": [1]})), ["/value"]);
        assert_eq!(
            faults(json!({"type": "allowlist", "values": ["a", {}], "defaultValue": []})),
            ["/values/1", "/defaultValue"]
        );
        assert_eq!(
            faults(json!({"type": "range", "minValue": "a", "maxValue": null})),
            ["/minValue"]
        );
        let beyond = Element::read("x", &json!({"type": "regex", "pattern": "(?!a).*"})).unwrap_err();
        assert!(matches!(beyond[0].fault, Fault::BadPattern { beyond: true, .. }));
    }
}
