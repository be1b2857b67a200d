//! What makes a definition unusable: Databricks stores it all the same, and refuses every cluster.

use std::collections::HashMap;
use tollgate_policy_language::element::TYPES;
use tollgate_policy_language::{Fault, Problem, attribute};

use super::subject::{Entry, Subject};
use super::texts::is_template;
use crate::model::diagnostic::Diagnostic;
use crate::model::document::dotted;
use crate::model::finding::Finding;
use crate::model::passage::Passage;
use crate::model::suggest::hint;
use crate::model::tree::{Member, Node, json};

/// A list or a scalar where an object of elements was meant.
pub(super) fn not_a_definition(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    if subject.root.is_object() {
        return;
    }
    let message = format!(
        "a definition is an object of path to element, found {}",
        subject.root.noun()
    );
    let what = match subject.root.entries() {
        [] => "write `{\"ATTRIBUTE\": {\"type\": ...}, ...}`",
        _ => "merge the entries into one object: `{\"ATTRIBUTE\": {\"type\": ...}, ...}`",
    };
    findings.push(
        subject
            .found("lint::not-a-definition", subject.root.span, "", message)
            .hint(what),
    );
}

/// A key that is written twice in one object, with both places.
pub(super) fn duplicate_key(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    twice(subject, subject.root, "", findings);
}

fn twice(subject: &Subject<'_>, node: &Node, path: &str, findings: &mut Vec<Finding>) {
    let mut firsts: HashMap<&str, &Member> = HashMap::new();
    for member in node.members() {
        let whole = if path.is_empty() { member.name() } else { path };
        let earlier = *firsts.entry(member.name()).or_insert(member);
        if !std::ptr::eq(earlier, member) {
            let first = subject.passage.place(earlier.key.span.start);
            let message = format!(
                "`{}` is written twice, first at {}:{}; only the last one counts",
                member.name(),
                first.line,
                first.column
            );
            let finding = subject.found("lint::duplicate-key", member.key.span, whole, message);
            findings.push(finding.hint("keep one of them"));
        }
        twice(subject, &member.value, whole, findings);
    }
}

/// What hinders reading an element.
pub(super) fn unreadable(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    for entry in &subject.entries {
        for problem in entry.element.as_ref().err().into_iter().flatten() {
            findings.extend(fault(subject, entry, problem));
        }
    }
}

fn fault(subject: &Subject<'_>, entry: &Entry<'_>, problem: &Problem) -> Option<Finding> {
    let node = entry.node().at(&problem.pointer).unwrap_or(entry.node());
    if node.text().is_some_and(is_template) {
        // Whoever fills it in may well put a list or a number there.
        return None;
    }
    let here = |code, message: String| subject.found(code, node.span, entry.path, message);
    let whole = |code, message: String| subject.at(code, entry, message);
    let said = problem.fault.to_string();
    Some(match &problem.fault {
        Fault::NotADefinition { .. } => here("lint::not-a-definition", said),
        Fault::NotAnElement { .. } => whole("lint::not-an-element", said).hint(
            "to demand this value write `{\"type\": \"fixed\", \"value\": ...}`, to suggest it `{\"type\": \"unlimited\", \"defaultValue\": ...}`",
        ),
        Fault::NoType => whole("lint::missing-type", said).hint(missing_type(entry)),
        Fault::UnknownType { found } if node.text().is_some() => {
            here("lint::unknown-type", said).hint(known_type(found))
        }
        Fault::UnknownType { .. } => here("lint::unknown-type", format!("`type` is text, found {}", node.noun()))
            .hint(format!("types: {}", types())),
        Fault::MissingMember { of, member } => {
            let finding = whole("lint::missing-member", said);
            match instead(entry.node(), member) {
                Some(hint) => finding.hint(hint),
                None => finding.hint(format!("add `{member}`, or choose another type than `{of}`")),
            }
        }
        Fault::WrongMember { expected, .. } => {
            here("lint::wrong-member-type", said).hint(format!("write {expected}"))
        }
        Fault::BadPattern { pattern, why, .. } => match java_only(pattern) {
            Some(construct) => {
                let message = format!(
                    "the pattern uses {construct}, which Databricks' Java engine has and tollgate's has not"
                );
                here("lint::pattern-beyond", message)
                    .hint("rewrite it without, so that tollgate can judge by it")
            }
            None => here("lint::pattern-syntax", format!("not a regular expression: {}", one_line(why)))
                .hint("a bracket that is meant as itself is escaped, in JSON with two backslashes: `\\\\(`"),
        },
    })
}

/// The types by their present names.
fn types() -> String {
    TYPES.get(..7).unwrap_or_default().join(", ")
}

/// What an element without a type was probably meant to be.
fn missing_type(entry: &Entry<'_>) -> String {
    let has = |name: &str| entry.node().get(name).is_some();
    let nested = entry.node().members().iter().find_map(|member| {
        let path = format!("{}.{}", entry.path, member.name());
        attribute::is_known(&path).then_some(path)
    });
    let kind = if let Some(path) = nested {
        return format!("paths are flat: write `{path}` as a path of its own, with an element");
    } else if has("value") {
        "fixed"
    } else if has("values") {
        "allowlist"
    } else if has("pattern") {
        "regex"
    } else if has("minValue") || has("maxValue") {
        "range"
    } else if has("defaultValue") {
        "unlimited"
    } else {
        return format!("types: {}", types());
    };
    format!("is `\"type\": \"{kind}\"` meant?")
}

/// The type that an unknown one was probably meant to be.
fn known_type(found: &str) -> String {
    let lower = found.to_ascii_lowercase();
    let meant = match lower.as_str() {
        "any" | "free" | "optional" | "default" | "unrestricted" => Some("unlimited"),
        "enum" | "oneof" | "one_of" | "in" | "list" | "values" | "allowed" => Some("allowlist"),
        "notin" | "not_in" | "exclude" | "denylist" | "denied" => Some("blocklist"),
        "deny" | "absent" | "disallowed" | "prohibited" | "hidden" => Some("forbidden"),
        "between" | "min" | "max" | "number" | "minmax" => Some("range"),
        "const" | "constant" | "equals" | "equal" | "value" => Some("fixed"),
        "pattern" | "match" | "regexp" => Some("regex"),
        _ => None,
    };
    match meant {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => hint(found, &TYPES, |_| format!("types: {}", types())),
    }
}

/// What stands there in place of a missing member.
fn instead(element: &Node, wanted: &str) -> Option<String> {
    let has = |name: &str| element.get(name).is_some();
    let bound = ["minValue", "maxValue"].into_iter().find(|name| has(name));
    if let Some(bound) = bound {
        return Some(format!(
            "`{bound}` belongs to the type `range`: is that what is meant?"
        ));
    }
    let other = ["value", "values", "pattern"]
        .into_iter()
        .find(|name| *name != wanted && has(name));
    if let Some(other) = other {
        return Some(format!(
            "`{other}` is there: rename it to `{wanted}`, or change the type"
        ));
    }
    has("defaultValue").then(|| "only to suggest a value, use the type `unlimited`".to_owned())
}

/// What Java has and we have not.
const JAVA_ONLY: [(&str, &[&str]); 7] = [
    ("look-around", &["(?=", "(?!", "(?<=", "(?<!"]),
    ("an atomic group", &["(?>"]),
    ("possessive repetition", &["*+", "++", "?+", "}+"]),
    ("Unicode classes", &["\\p{", "\\P{"]),
    ("quotation", &["\\Q"]),
    ("a named back-reference", &["\\k<"]),
    ("intersected classes", &["&&"]),
];

/// What of a pattern only Java understands.
fn java_only(pattern: &str) -> Option<&'static str> {
    let reference = pattern
        .as_bytes()
        .windows(2)
        .any(|pair| matches!(pair, [b'\\', b'1'..=b'9']));
    if reference {
        return Some("a back-reference");
    }
    let uses = |(_, signs): &&(&str, &[&str])| signs.iter().any(|sign| pattern.contains(sign));
    JAVA_ONLY.iter().find(uses).map(|(name, _)| *name)
}

/// The last line of what the engine says is the reason; the lines before draw the place.
fn one_line(why: &str) -> String {
    let last = why.lines().last().unwrap_or(why).trim();
    last.strip_prefix("error: ").unwrap_or(last).to_owned()
}

/// A text where JSON was meant cannot be read as JSON.
pub(super) fn syntax(passage: &Passage<'_>, fault: &json::Fault, pointer: &str) -> Finding {
    let place = passage.place(fault.at);
    let message = format!("the definition is no JSON: {}", fault.message);
    let diagnostic = Diagnostic::error("lint::definition-syntax", &passage.file.source, message);
    let finding = Finding::from(diagnostic.at(place.line, place.column).path(dotted(pointer)));
    match fault.hint {
        Some(hint) => finding.hint(hint),
        None => finding,
    }
}
