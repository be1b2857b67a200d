//! A definition with everything worked out that evaluations should not work out again.

use serde_json::{Map, Value, json};
use tollgate_policy_language::attribute::{holds_secret, is_known};
use tollgate_policy_language::{Definition, Element, Rule, Target};
use tollgate_sdk::Decimal;

use crate::dialect::{Dialect, Unknown};

/// A definition, ready to judge.
pub(crate) struct Prepared {
    pub elements: Vec<Clause>,
    /// Positions of the elements that may fill in a list entry, by list and index: the order of filling in.
    pub entries: Vec<usize>,
}

/// An element with what judging it needs.
pub(crate) struct Clause {
    pub element: Element,
    /// What it allows, as JSON text in the words of the language.
    pub allowed: String,
    /// For `*`: the entries that have an element of their own.
    pub spoken_for: Vec<usize>,
    /// Its values are not shown in messages.
    pub secret: bool,
}

impl Prepared {
    pub fn new(definition: Definition, dialect: &Dialect) -> Prepared {
        let judged = |e: &Element| dialect.unknown_attributes == Unknown::Judge || is_known(&e.path);
        let kept: Vec<Element> = definition.elements.into_iter().filter(judged).collect();
        let spoken_for: Vec<Vec<usize>> = kept.iter().map(|element| spoken_for(element, &kept)).collect();
        let elements: Vec<Clause> = kept
            .into_iter()
            .zip(spoken_for)
            .map(|(element, spoken_for)| Clause {
                allowed: allowed(&element).to_string(),
                secret: holds_secret(&element.path),
                spoken_for,
                element,
            })
            .collect();
        let mut entries: Vec<usize> = (0..elements.len())
            .filter(|i| elements.get(*i).and_then(filled_entry).is_some())
            .collect();
        entries.sort_by_key(|i| elements.get(*i).and_then(filled_entry));
        Prepared { elements, entries }
    }
}

/// List and index of an element that may fill in one entry.
pub(crate) fn filled_entry(clause: &Clause) -> Option<(&str, usize)> {
    let element = &clause.element;
    let fills_in = matches!(element.rule, Rule::Fixed(_)) || element.default.is_some();
    match &element.target {
        Target::Entry {
            list,
            index: Some(index),
            ..
        } if fills_in => Some((list, *index)),
        _ => None,
    }
}

fn spoken_for(element: &Element, all: &[Element]) -> Vec<usize> {
    let Target::Entry {
        list,
        index: None,
        rest,
    } = &element.target
    else {
        return Vec::new();
    };
    let own = all.iter().filter_map(|other| match &other.target {
        Target::Entry {
            list: of,
            index,
            rest: what,
        } if of == list && what == rest => *index,
        _ => None,
    });
    own.collect()
}

/// As many values are told of a list; what is longer has `and_more`.
const MOST_VALUES: usize = 100;

/// What an element allows, in the words of the language; of a secret only its type.
fn allowed(element: &Element) -> Value {
    let rule = &element.rule;
    if holds_secret(&element.path) {
        return json!({ "type": rule.name() });
    }
    let list = |kind: Option<&str>| {
        let mut told = Map::new();
        if let Some(kind) = kind {
            told.insert("type".into(), kind.into());
        }
        let values = rule.values();
        let shown = values.iter().take(MOST_VALUES).map(|v| v.json.clone()).collect();
        told.insert("values".into(), shown);
        if let Some(more) = values.len().checked_sub(MOST_VALUES).filter(|more| *more > 0) {
            told.insert("and_more".into(), more.into());
        }
        Value::Object(told)
    };
    match rule {
        Rule::Fixed(value) => json!({ "value": value.json }),
        Rule::Forbidden => json!({ "type": "forbidden" }),
        Rule::Allowlist(_) => list(None),
        Rule::Blocklist(_) => list(Some("blocklist")),
        Rule::Regex(pattern) => json!({ "pattern": pattern.written() }),
        Rule::Range { min, max } => {
            let mut range = Map::new();
            if let Some(min) = min {
                range.insert("minValue".into(), number(min));
            }
            if let Some(max) = max {
                range.insert("maxValue".into(), number(max));
            }
            Value::Object(range)
        }
        Rule::Unlimited => json!({ "type": "unlimited" }),
    }
}

/// A bound as a JSON number, without needless zeros.
pub(crate) fn number(bound: &Decimal) -> Value {
    let text = bound.normalize().to_string();
    serde_json::from_str(&text).unwrap_or(Value::String(text))
}
