//! tollgate's own policy documents.

use super::object::{DEFINITION, DEFINITION_FILE, FAMILY, Form, OVERRIDES_FILE, is_empty, sources};
use super::{Lints, Reference};
use crate::model::document::pointer_step;
use crate::model::passage::Passage;
use crate::model::tree::{Content, Node};

/// The plugin whose rules carry a definition.
pub(super) const PLUGIN: &str = "cluster-policy";

/// Checks a document.
pub(super) fn document(lints: &mut Lints<'_>, passage: &Passage<'_>, root: &Node) {
    no_description(lints, passage, root);
    guardrail_monitors(lints, passage, root);
    for (i, rule) in root
        .get("rules")
        .map(Node::entries)
        .unwrap_or_default()
        .iter()
        .enumerate()
    {
        if rule.get("plugin").and_then(Node::text) == Some(PLUGIN) {
            let before = lints.findings.len();
            let pointer = format!("/rules/{i}/settings");
            let settings = rule.get("settings").unwrap_or(rule);
            definition(lints, passage, settings, &pointer);
            references(lints, passage, settings, i);
            let new = lints.findings.get(before..).unwrap_or_default();
            if new.iter().any(super::is_error) {
                lints.flawed.push(i);
            }
        }
    }
}

/// A policy that does not say what it is for.
fn no_description(lints: &mut Lints<'_>, passage: &Passage<'_>, root: &Node) {
    let said = root.get("description").and_then(Node::text);
    if said.is_none_or(|text| text.trim().is_empty()) {
        let at = root.member("policy").map_or(root, |m| &m.key);
        let message = "the policy has no `description`".to_owned();
        let finding = lints.finding(passage, "lint::no-description", at, "/policy", message);
        lints
            .findings
            .push(finding.hint("say in one sentence what it is for"));
    }
}

/// A guardrail none of whose rules denies.
fn guardrail_monitors(lints: &mut Lints<'_>, passage: &Passage<'_>, root: &Node) {
    let guardrail = root.member("guardrail");
    let Some(member) = guardrail.filter(|m| m.value.content == Content::Boolean(true)) else {
        return;
    };
    let rules = root.get("rules").map(Node::entries).unwrap_or_default();
    let monitors = |rule: &Node| rule.get("enforcement").and_then(Node::text) == Some("monitor");
    if !rules.is_empty() && rules.iter().all(monitors) {
        let message = "every rule of this guardrail only monitors: it denies nothing".to_owned();
        let finding = lints.finding(
            passage,
            "lint::guardrail-monitors",
            &member.key,
            "/guardrail",
            message,
        );
        lints.findings.push(finding.hint("enforce at least one rule"));
    }
}

/// The definition of a rule: here, in a file, or a family's.
fn definition(lints: &mut Lints<'_>, passage: &Passage<'_>, settings: &Node, pointer: &str) {
    let given: Vec<&str> = [DEFINITION, DEFINITION_FILE, FAMILY]
        .into_iter()
        .filter(|name| settings.get(name).is_some_and(|n| !is_empty(n)))
        .collect();
    match given.as_slice() {
        [] => {
            let message = format!("the rule has no `{DEFINITION}`, `{DEFINITION_FILE}` or `{FAMILY}`");
            let finding = lints.finding(passage, "lint::no-definition", settings, pointer, message);
            lints.findings.push(finding.hint("add one of them"));
        }
        [_] => {}
        [.., last] => {
            let at = settings.get(last).unwrap_or(settings);
            let message = format!("the rule has {}: one of them is enough", given.join(" and "));
            let at = lints.finding(
                passage,
                "lint::two-definitions",
                at,
                &pointer_step(pointer, last),
                message,
            );
            lints.findings.push(at.hint("keep the one that is meant"));
        }
    }
    sources(lints, passage, settings, pointer, Form::Own, None);
}

/// The files of definitions and overrides that the settings of a rule name.
fn references(lints: &mut Lints<'_>, passage: &Passage<'_>, settings: &Node, rule: usize) {
    for name in [DEFINITION_FILE, OVERRIDES_FILE] {
        let Some(node) = settings.get(name) else {
            continue;
        };
        if let Some(file) = node.text() {
            lints.references.push(Reference {
                rule,
                file: file.to_owned(),
                place: passage.place(node.span.start),
                path: format!("rules.{rule}.settings.{name}"),
            });
        }
    }
}
