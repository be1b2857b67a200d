//! Members of elements: unknown ones, idle ones, switches written as text.

use tollgate_policy_language::{Pattern, decimal};

use super::subject::Subject;
use crate::model::finding::Finding;
use crate::model::suggest::hint;
use crate::model::tree::{Content, Member, Node};

/// Every member that an element can have.
const MEMBERS: [&str; 9] = [
    "type",
    "value",
    "values",
    "pattern",
    "minValue",
    "maxValue",
    "defaultValue",
    "isOptional",
    "hidden",
];

/// A member that the language does not have: it does nothing.
pub(super) fn unknown_member(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    for entry in &subject.entries {
        // Where there is no type, the members are the least of its problems.
        if entry.node().get("type").is_none() {
            continue;
        }
        for member in entry.node().members() {
            let name = member.name();
            if MEMBERS.contains(&name) {
                continue;
            }
            let message = format!("an element has no member `{name}`: it does nothing");
            let finding = subject.found("lint::unknown-member", member.key.span, entry.path, message);
            let meant = MEMBERS.into_iter().find(|known| letters(known) == letters(name));
            // Two spellings of one member, none of them right: which of them counts is not ours to say.
            let same = |other: &&Member| letters(other.name()) == letters(name);
            let alone = entry.node().members().iter().filter(same).count() == 1;
            findings.push(match meant {
                // A value that the member cannot take would make the whole definition unusable.
                Some(meant) if alone && suits(meant, &member.value) => {
                    finding.hint(format!("did you mean `{meant}`?")).fix(
                        format!("renamed `{name}` to `{meant}`, which takes effect now"),
                        [subject.reword(&member.key, meant)],
                    )
                }
                Some(meant) if alone => finding.hint(format!("did you mean `{meant}`?")),
                Some(meant) => finding.hint(format!("keep one of them, as `{meant}`")),
                None => finding.hint(meaning(name)),
            });
        }
    }
}

/// Whether a member can take a value.
fn suits(member: &str, value: &Node) -> bool {
    let is_scalar = |node: &Node| {
        matches!(
            node.content,
            Content::Boolean(_) | Content::Number(_) | Content::Text(_)
        )
    };
    match (member, &value.content) {
        ("values", Content::List(items)) => items.iter().all(is_scalar),
        ("value" | "defaultValue", _) => is_scalar(value),
        ("minValue" | "maxValue", Content::Number(_)) => true,
        ("minValue" | "maxValue", Content::Text(text)) => decimal::parse(text).is_some(),
        ("isOptional" | "hidden", Content::Boolean(_)) => true,
        ("isOptional" | "hidden", Content::Text(text)) => matches!(text.as_str(), "true" | "false"),
        ("pattern", Content::Text(pattern)) => Pattern::new(pattern).is_ok(),
        _ => false,
    }
}

/// What is left of a name without its case and its hyphens.
fn letters(name: &str) -> String {
    name.chars()
        .filter(|c| c.is_ascii_alphanumeric())
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

fn meaning(name: &str) -> String {
    let meant = match letters(name).as_str() {
        "default" => "defaultValue",
        "optional" => "isOptional",
        "required" | "isrequired" => {
            return "elements are required unless `isOptional` is true".to_owned();
        }
        "min" | "minimum" => "minValue",
        "max" | "maximum" => "maxValue",
        "regex" | "regexp" => "pattern",
        "ishidden" => "hidden",
        "allowedvalues" | "allowlist" | "list" => "values",
        "description" | "comment" | "note" | "documentation" => {
            return "the policy has a description; elements have none".to_owned();
        }
        _ => return hint(name, &MEMBERS, |all| format!("members: {all}")),
    };
    format!("did you mean `{meant}`?")
}

/// A member that the language has, and that does nothing for this type.
pub(super) fn idle_member(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    for (entry, element) in subject.read() {
        let of = element.rule.name();
        for member in entry.node().members() {
            let name = member.name();
            if !MEMBERS.contains(&name) || serves(of, name) || is_false(&member.value) {
                continue;
            }
            let message = format!("`{name}` does nothing in an element of type `{of}`");
            let finding = subject.found("lint::idle-member", member.key.span, entry.path, message);
            findings.push(finding.hint(advice(of, name)));
        }
        if element.target.is_virtual() && element.default.is_some() {
            let message = "`defaultValue` does nothing here: the attribute is computed, never filled in";
            findings.push(
                subject
                    .at_member("lint::idle-member", entry, "defaultValue", message)
                    .hint("remove it"),
            );
        }
    }
}

/// Whether a type looks at a member.
fn serves(of: &str, member: &str) -> bool {
    match member {
        "type" | "hidden" => true,
        "defaultValue" | "isOptional" => !matches!(of, "fixed" | "forbidden"),
        "value" => of == "fixed",
        "values" => matches!(of, "allowlist" | "blocklist"),
        "pattern" => of == "regex",
        _ => of == "range",
    }
}

fn advice(of: &str, member: &str) -> String {
    match (of, member) {
        ("unlimited", "value") => {
            "to suggest the value write `defaultValue`, to demand it `\"type\": \"fixed\"`".to_owned()
        }
        ("fixed", "defaultValue" | "isOptional") => {
            "remove it: a fixed value is filled in wherever it is missing".to_owned()
        }
        ("unlimited" | "fixed", "minValue" | "maxValue") => "is the type `range` meant?".to_owned(),
        ("unlimited", "values") => "is the type `allowlist` meant?".to_owned(),
        ("unlimited" | "allowlist", "pattern") => "is the type `regex` meant?".to_owned(),
        _ => "remove it, or change the type".to_owned(),
    }
}

/// `isOptional: false` on a fixed element says what is so anyway.
fn is_false(node: &Node) -> bool {
    matches!(&node.content, Content::Boolean(false) | Content::Null)
}

/// `"hidden": "true"`.
pub(super) fn flag_as_text(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    for (entry, _) in subject.read() {
        for name in ["hidden", "isOptional"] {
            let Some(node) = entry.node().get(name) else {
                continue;
            };
            match &node.content {
                Content::Text(text) if text == "true" || text == "false" => findings.push(
                    subject
                        .found(
                            "lint::flag-as-text",
                            node.span,
                            entry.path,
                            format!("`{name}` is the text `{text}`, not a boolean"),
                        )
                        .hint("remove the quotes")
                        .fix(
                            format!("took the quotes off `{text}`"),
                            [subject.unquote(node, text)],
                        ),
                ),
                Content::Boolean(_) | Content::Null => {}
                _ => {
                    let message = format!(
                        "`{name}` is true or false, found {}; it counts as false",
                        node.noun()
                    );
                    let finding = subject.found("lint::wrong-member-type", node.span, entry.path, message);
                    findings.push(finding.hint("write true or false, without quotes"));
                }
            }
        }
    }
}

/// `whitelist` and `blacklist`, the names of 2020.
pub(super) fn legacy_type(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    for (entry, element) in subject.read() {
        let Some(node) = entry.node().get("type") else {
            continue;
        };
        let now = element.rule.name();
        let written = node.text().unwrap_or_default();
        if written != now {
            findings.push(
                subject
                    .found(
                        "lint::legacy-type",
                        node.span,
                        entry.path,
                        format!("`{written}` is the name of 2020 for `{now}`"),
                    )
                    .hint(format!("write `{now}`"))
                    .fix(
                        format!("renamed `{written}` to `{now}`"),
                        [subject.reword(node, now)],
                    ),
            );
        }
    }
}
