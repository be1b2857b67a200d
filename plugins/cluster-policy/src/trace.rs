//! The trace: what each element looked at and what came of it, for `tollgate policy explain`.
//!
//! Written only where the review asks for it (`"trace": true`), into the verdict's details:
//! `{"trace": [{"path", "type", "allowed", "optional", "hidden", "default", "fills_in", "read", "outcome"}]}`.

use serde_json::{Map, Value, json};

use crate::prepared::Clause;
use crate::situation::Situation;
use crate::supply::filler;

/// What came of one element.
#[derive(Clone, Copy)]
pub(crate) enum Outcome {
    Fits,
    Violated,
    Absent,
    Undetermined,
}

/// A trace under way.
#[derive(Default)]
pub(crate) struct Trace(Vec<Value>);

impl Trace {
    pub fn judged(
        &mut self,
        clause: &Clause,
        read: Option<&str>,
        outcome: Outcome,
        situation: &Situation<'_>,
    ) {
        let element = &clause.element;
        let mut line = Map::new();
        let mut put = |key: &str, value: Value| line.insert(key.to_owned(), value);
        put("path", json!(element.path));
        put("type", json!(element.rule.name()));
        put(
            "allowed",
            if clause.secret {
                json!("[hidden]")
            } else {
                parsed(&clause.allowed)
            },
        );
        put("optional", json!(!element.requires()));
        put("hidden", json!(element.hidden));
        if let Some(default) = &element.default {
            put(
                "default",
                if clause.secret {
                    json!("[hidden]")
                } else {
                    default.json.clone()
                },
            );
        }
        if let Some(filler) = filler(clause, situation) {
            let kind = if filler.fixed { "fixed" } else { "default" };
            let value = if clause.secret {
                json!("[hidden]")
            } else {
                parsed(&filler.json)
            };
            put("fills_in", json!({ "kind": kind, "value": value }));
        }
        if let Some(read) = read {
            put("read", parsed(read));
        }
        put(
            "outcome",
            json!(match outcome {
                Outcome::Fits => "fits",
                Outcome::Violated => "violated",
                Outcome::Absent => "absent",
                Outcome::Undetermined => "undetermined",
            }),
        );
        self.0.push(Value::Object(line));
    }

    /// The details of a verdict.
    pub fn details(self) -> String {
        json!({ "trace": self.0 }).to_string()
    }
}

fn parsed(json: &str) -> Value {
    serde_json::from_str(json).unwrap_or(Value::Null)
}
