//! Decisions, for people and for machines.

use serde::Serialize;
use serde_json::Value;
use std::borrow::Cow;
use std::fmt::Write;

use crate::model::attribute::holds_secret;
use crate::model::decision::{
    ChosenBy, Decision, Enforcement, Outcome, RuleFailure, RuleName, Supplied, Undetermined, Violation,
    Waived,
};
use crate::model::estimate::{Estimate, SizeEstimate};
use crate::model::exact::decimal_text;
use crate::model::period::rfc3339;
use crate::model::place::Workload;

/// Where a request came from.
#[derive(Debug, Clone, Serialize)]
pub struct RequestName<'a> {
    /// File, or `-`.
    pub source: &'a str,
    /// Where inside; null for the whole file.
    pub address: Option<&'a str>,
    /// `cluster_name`.
    pub name: Option<&'a str>,
    /// First line.
    pub line: usize,
}

/// How text is marked up: a terminal's colours, or nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Colour {
    /// Plain text.
    #[default]
    Never,
    /// ANSI sequences.
    Always,
}

impl Colour {
    pub(super) fn paint(self, code: &str, text: &str) -> String {
        match self {
            Colour::Never => text.to_owned(),
            Colour::Always => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
        }
    }
}

/// The JSON object of one decision, as DESIGN's machine format gives it. Keys may be added, never renamed.
#[derive(Debug, Serialize)]
pub struct DecisionJson<'a> {
    request: RequestName<'a>,
    decision: Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    policies: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    chosen_by: Option<ChosenBy>,
    violations: Vec<Cow<'a, Violation>>,
    databricks_message: Option<String>,
    failures: &'a [RuleFailure],
    undetermined: &'a [Undetermined],
    waived: &'a [Waived],
    supplied: &'a [Supplied],
    cluster: &'a Value,
    estimate: Estimate,
    remedied: Option<Estimate>,
}

impl<'a> DecisionJson<'a> {
    /// The object of a decision.
    pub fn new(
        request: RequestName<'a>,
        decision: &'a Decision,
        workload: Workload,
        remedied: Option<&Estimate>,
    ) -> DecisionJson<'a> {
        DecisionJson {
            request,
            decision: decision.outcome,
            policies: None,
            chosen_by: None,
            violations: decision.violations.iter().map(told).collect(),
            databricks_message: decision.databricks_message(workload),
            failures: &decision.failures,
            undetermined: &decision.undetermined,
            waived: &decision.waived,
            supplied: &decision.supplied,
            cluster: &decision.cluster,
            estimate: decision.estimate.clone().without_lines(),
            remedied: remedied.cloned().map(Estimate::without_lines),
        }
    }

    /// The same with the policies that judged, and how the last of them was chosen.
    pub fn judged_by(self, policies: &'a [String], chosen_by: ChosenBy) -> DecisionJson<'a> {
        DecisionJson {
            policies: Some(policies),
            chosen_by: Some(chosen_by),
            ..self
        }
    }
}

/// Which policies judged, where that cannot be seen from the request and the command line; empty else.
pub fn judged_by(policies: &[String], chosen_by: ChosenBy) -> String {
    let how = match chosen_by {
        ChosenBy::Binding => "chosen by a binding",
        ChosenBy::Document => "defined in the document",
        ChosenBy::Flag | ChosenBy::Request | ChosenBy::None => return String::new(),
    };
    let names: Vec<String> = policies.iter().map(|name| one_line(name)).collect();
    format!("  judged by: {} ({how})\n", names.join(", "))
}

/// A violation without what would tell a secret. The completed request holds its values all the same: it is what goes to
/// the API.
fn told(violation: &Violation) -> Cow<'_, Violation> {
    if violation.details.is_null() || !holds_secret(&violation.path) {
        return Cow::Borrowed(violation);
    }
    Cow::Owned(Violation {
        details: Value::Null,
        ..violation.clone()
    })
}

/// A decision as a person reads it: the answer, each objection with what would pass, the cost.
pub fn text(
    request: &RequestName<'_>,
    decision: &Decision,
    workload: Workload,
    remedied: Option<&Estimate>,
    colour: Colour,
) -> String {
    let mut out = String::new();
    let (word, code) = match decision.outcome {
        Outcome::Allow => ("ALLOW", "1;32"),
        Outcome::Deny => ("DENY", "1;31"),
        Outcome::Undetermined => ("UNDETERMINED", "1;33"),
    };
    let place = match request.address {
        // Several requests may stand on one line of a list.
        Some(address) if !address.starts_with("line ") => {
            format!("{}:{}, {address}", request.source, request.line)
        }
        Some(_) => format!("{}:{}", request.source, request.line),
        None => request.source.to_owned(),
    };
    let name = request
        .name
        .map_or_else(String::new, |n| format!(" {}", one_line(n)));
    let _ = writeln!(out, "{}{name}  ({})", colour.paint(code, word), one_line(&place));
    for violation in &decision.violations {
        write_violation(&mut out, violation, colour);
    }
    for waived in &decision.waived {
        write_waived(&mut out, waived);
    }
    if let Some(said) = decision.databricks_message(workload) {
        let _ = writeln!(out, "  Databricks would say: {}", one_line(&said));
    }
    for failure in &decision.failures {
        let effect = if failure.denies { "denies" } else { "does not deny" };
        let _ = writeln!(out, "  {}: the rule broke and {effect}", rule(&failure.by));
        let _ = writeln!(out, "      {}", one_line(&failure.message));
    }
    for unknown in &decision.undetermined {
        let _ = writeln!(out, "  {}: cannot judge {}", rule(&unknown.by), unknown.path);
        let _ = writeln!(out, "      {}", one_line(&unknown.message));
    }
    for supplied in &decision.supplied {
        let kind = if supplied.kind == crate::model::decision::SupplyKind::Fixed {
            "fixed"
        } else {
            "default"
        };
        let value = match holds_secret(&supplied.path) {
            true => "[hidden]".to_owned(),
            false => supplied.value.to_string(),
        };
        let _ = writeln!(
            out,
            "  {}: filled in {} = {value} ({kind})",
            rule(&supplied.by),
            supplied.path,
        );
    }
    let _ = writeln!(out, "  cost: {}", cost(&decision.estimate));
    if let Some(remedied) = remedied {
        let _ = writeln!(out, "  with every change above: {}", cost(remedied));
    }
    out
}

fn write_violation(out: &mut String, violation: &Violation, colour: Colour) {
    let monitored = if violation.enforcement == Enforcement::Monitor {
        " (monitored, does not deny)"
    } else {
        ""
    };
    let _ = writeln!(
        out,
        "  {}{monitored}: {}",
        rule(&violation.by),
        colour.paint("1", &one_line(&violation.message))
    );
    if !violation.message.contains(&violation.path) {
        let _ = writeln!(out, "      at: {}", violation.path);
    }
    if let Some(expired) = &violation.expired_waiver {
        let _ = writeln!(
            out,
            "      the waiver {} has expired, its last day was {} ({}:{})",
            expired.waiver, expired.expires, expired.source, expired.line
        );
    }
    if !violation.allowed.is_null() {
        let _ = writeln!(out, "      allowed: {}", violation.allowed);
    }
    if let Some(changes) = violation.remedy.as_object().filter(|c| !c.is_empty()) {
        let changes: Vec<String> = changes.iter().map(|(path, value)| change(path, value)).collect();
        let _ = writeln!(out, "      to pass: {}", colour.paint("36", &changes.join(", ")));
    }
}

fn write_waived(out: &mut String, Waived { violation, waiver }: &Waived) {
    let message = one_line(&violation.message);
    let _ = writeln!(out, "  {} (waived): {message}", rule(&violation.by));
    let _ = writeln!(
        out,
        "      {} until {} by {} ({}:{}): {}",
        waiver.waiver,
        waiver.expires,
        one_line(&waiver.approved_by),
        waiver.source,
        waiver.line,
        one_line(waiver.reason.trim())
    );
}

fn change(path: &str, value: &Value) -> String {
    match value {
        Value::Null => format!("remove {path}"),
        value => format!("{path} = {value}"),
    }
}

fn rule(by: &RuleName) -> String {
    format!("{}/{}", by.policy, by.rule)
}

/// `2.25 DBU and 1.362 USD an hour (3 nodes)`, or from minimum to maximum; what is unpriced is named.
pub fn cost(estimate: &Estimate) -> String {
    let at = rfc3339(estimate.at);
    let currency = estimate.currency;
    let size = |s: &SizeEstimate| {
        let dbu = s.dbu_per_hour.map_or("unknown".to_owned(), decimal_text);
        let money = s.cost_per_hour.map_or("unknown".to_owned(), decimal_text);
        let nodes = match s.nodes {
            Some(1) => "1 node".to_owned(),
            Some(nodes) => format!("{nodes} nodes"),
            None => "a size that is not known yet".to_owned(),
        };
        format!("{money} {currency} and {dbu} DBU an hour at {nodes}")
    };
    let sizes = if estimate.min == estimate.max {
        size(&estimate.max)
    } else {
        format!("{}, up to {}", size(&estimate.min), size(&estimate.max))
    };
    if !estimate.unknown.is_empty() {
        return format!("unknown, since nobody knows {} yet", estimate.unknown.join(", "));
    }
    let unpriced = match estimate.unpriced.as_slice() {
        [] => String::new(),
        some => format!("; no price for {}", some.join(", ")),
    };
    format!("{sizes}, prices of {at}{unpriced}")
}

/// Control characters in a name must not move the reader's cursor.
pub(super) fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}
