//! What rules say, in the words that all formats share.

use serde_json::Value;

use super::Entry;
use crate::model::attribute::holds_secret;
use crate::model::decision::{ChosenBy, RuleFailure, RuleName, Supplied, SupplyKind, Violation, Waiver};

/// `POLICY/RULE`.
pub(super) fn rule(by: &RuleName) -> String {
    format!("{}/{}", by.policy, by.rule)
}

/// What is allowed, in the words of the policy language.
pub(super) fn allowed(violation: &Violation) -> Option<String> {
    (!violation.allowed.is_null()).then(|| violation.allowed.to_string())
}

/// The smallest change that passes: `num_workers = 20, remove instance_pool_id`.
pub(super) fn remedy(violation: &Violation) -> Option<String> {
    let changes = violation.remedy.as_object().filter(|c| !c.is_empty())?;
    let changes: Vec<String> = changes.iter().map(|(path, value)| change(path, value)).collect();
    Some(changes.join(", "))
}

fn change(path: &str, value: &Value) -> String {
    match value {
        Value::Null => format!("remove {path}"),
        value => format!("{path} = {value}"),
    }
}

/// Where an objection is, unless its message says so.
pub(super) fn path(violation: &Violation) -> Option<&str> {
    (!violation.message.contains(&violation.path)).then_some(&violation.path)
}

/// The same with the file and line at which it was written, where that is elsewhere than the whole.
pub(super) fn at(entry: &Entry<'_>, violation: &Violation) -> Option<String> {
    let written = entry.written.place(&violation.path);
    let written = written.map(|(source, line)| format!("{source}:{line}"));
    match (path(violation), written) {
        (Some(path), Some(written)) => Some(format!("{path}  ({written})")),
        (Some(path), None) => Some(path.to_owned()),
        (None, written) => written,
    }
}

/// Since when a waiver does not hold any more.
pub(super) fn expired(waiver: &Waiver) -> String {
    format!(
        "the waiver `{}` has expired, its last day was {} ({}:{})",
        waiver.waiver, waiver.expires, waiver.source, waiver.line
    )
}

/// Which waiver, until when, who says so, and why.
pub(super) fn waived(waiver: &Waiver) -> String {
    format!(
        "waived by `{}` until {}, approved by {}: {} ({}:{})",
        waiver.waiver, waiver.expires, waiver.approved_by, waiver.reason, waiver.source, waiver.line
    )
}

/// That the value is nobody's choice, so that nobody looks for it in vain.
pub(super) fn injected(entry: &Entry<'_>, violation: &Violation) -> Option<&'static str> {
    entry
        .is_injected(&violation.path)
        .then_some("nobody wrote it: it is what the tool sends where nothing is written")
}

/// A violation with everything there is to say of it; a line each.
pub(super) fn lines(entry: &Entry<'_>, violation: &Violation) -> Vec<String> {
    let mut lines = vec![violation.message.clone()];
    lines.extend(at(entry, violation).map(|at| format!("at: {at}")));
    lines.extend(injected(entry, violation).map(str::to_owned));
    lines.extend(allowed(violation).map(|allowed| format!("allowed: {allowed}")));
    lines.extend(remedy(violation).map(|changes| format!("to pass: {changes}")));
    lines.extend(violation.expired_waiver.as_ref().map(expired));
    lines
}

/// That a rule broke, and what it comes to.
pub(super) fn broke(failure: &RuleFailure) -> &'static str {
    match failure.denies {
        true => "the rule broke and denies",
        false => "the rule broke and does not deny",
    }
}

/// `filled in autotermination_minutes = 30 (default)`.
pub(super) fn supplied(supplied: &Supplied) -> String {
    let kind = match supplied.kind {
        SupplyKind::Fixed => "fixed",
        SupplyKind::Default => "default",
    };
    let value = match holds_secret(&supplied.path) {
        true => "[hidden]".to_owned(),
        false => supplied.value.to_string(),
    };
    format!("filled in {} = {value} ({kind})", supplied.path)
}

/// How the policy was chosen, where that cannot be seen from the request and the command line.
pub(super) fn chosen(by: ChosenBy) -> Option<&'static str> {
    match by {
        ChosenBy::Binding => Some("chosen by a binding"),
        ChosenBy::Document => Some("defined in the document"),
        ChosenBy::Flag | ChosenBy::Request | ChosenBy::None => None,
    }
}
