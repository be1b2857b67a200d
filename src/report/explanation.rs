//! What a policy demands, in plain words; and for a request, what every rule read, filled in and judged.

use comfy_table::{Table, presets};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt::Write;

use crate::model::decision::{Decision, Enforcement, RuleName};

/// A policy, explained.
#[derive(Debug, Clone, Serialize)]
pub struct Explanation {
    /// The policy.
    pub policy: String,
    /// What it is for.
    pub description: String,
    /// Its rules, in order.
    pub rules: Vec<ExplainedRule>,
}

/// A rule, explained by its own trace where its plugin writes one, else by its settings.
#[derive(Debug, Clone, Serialize)]
pub struct ExplainedRule {
    /// Policy, rule and plugin.
    #[serde(flatten)]
    pub by: RuleName,
    /// Whether it denies.
    pub enforcement: Enforcement,
    /// Element by element; none where the plugin writes no trace.
    pub trace: Option<Vec<TraceLine>>,
    /// As the policy writes them; without a definition, which the trace tells.
    pub settings: Value,
}

/// One element of a definition, as the plugin `cluster-policy` traces it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TraceLine {
    /// Attribute path.
    pub path: String,
    /// `fixed`, `range`, ...
    #[serde(rename = "type")]
    pub kind: String,
    /// In the words of the policy language.
    pub allowed: Value,
    /// Requests may leave it out.
    pub optional: bool,
    /// Not shown in the form.
    pub hidden: bool,
    /// `defaultValue`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
    /// What is filled in where the request says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fills_in: Option<FillsIn>,
    /// What stood there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read: Option<Value>,
    /// `fits`, `violated`, `absent` or `undetermined`.
    pub outcome: String,
}

/// A value that is filled in, and why.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FillsIn {
    /// `fixed` or `default`.
    pub kind: String,
    /// The value.
    pub value: Value,
}

/// The lines of a rule's trace; none where its details hold none.
pub fn trace_of(decision: &Decision, by: &RuleName) -> Option<Vec<TraceLine>> {
    let details = decision.details.iter().find(|d| d.by == *by)?;
    serde_json::from_value(details.details.get("trace")?.clone()).ok()
}

/// What a policy demands, as a person reads it.
pub fn text(explanation: &Explanation) -> String {
    let mut out = heading(explanation);
    for rule in &explanation.rules {
        write_rule(&mut out, rule);
        match &rule.trace {
            Some(lines) => {
                write_table(&mut out, &demands(lines));
                write_settings(&mut out, rule, |key| !key.contains("definition"));
            }
            None => {
                write_settings(&mut out, rule, |_| true);
                let _ = writeln!(
                    out,
                    "  (what they mean: tollgate plugin inspect {})",
                    rule.by.plugin
                );
            }
        }
    }
    out
}

/// What every rule read, filled in and judged of one request, as a person reads it.
pub fn traced_text(explanation: &Explanation, decision: &Decision) -> String {
    let mut out = heading(explanation);
    for rule in &explanation.rules {
        write_rule(&mut out, rule);
        match &rule.trace {
            Some(lines) => write_table(&mut out, &judged(lines, decision, &rule.by)),
            None => write_verdict(&mut out, decision, &rule.by),
        }
    }
    out
}

fn heading(explanation: &Explanation) -> String {
    match explanation.description.as_str() {
        "" => format!("{}\n", explanation.policy),
        description => format!("{}: {description}\n", explanation.policy),
    }
}

fn write_rule(out: &mut String, rule: &ExplainedRule) {
    let monitored = match rule.enforcement {
        Enforcement::Enforce => "",
        Enforcement::Monitor => ", monitored, does not deny",
    };
    let _ = writeln!(
        out,
        "\nrule {} (plugin {}{monitored})",
        rule.by.rule, rule.by.plugin
    );
}

fn write_table(out: &mut String, table: &Table) {
    for line in table.to_string().lines() {
        let _ = writeln!(out, "{}", line.trim_end());
    }
}

/// Settings, a line each; what a trace tells element by element is not told again.
fn write_settings(out: &mut String, rule: &ExplainedRule, shown: impl Fn(&str) -> bool) {
    let settings = rule.settings.as_object().into_iter().flatten();
    for (key, value) in settings.filter(|(key, _)| shown(key)) {
        let _ = writeln!(out, "  {key}: {value}");
    }
}

/// What a rule without a trace came to.
fn write_verdict(out: &mut String, decision: &Decision, by: &RuleName) {
    let supplied = decision.supplied.iter().filter(|s| s.by == *by);
    let mut lines: Vec<String> = supplied
        .map(|s| format!("filled in {} = {}", s.path, s.value))
        .collect();
    lines.extend(
        decision
            .violations
            .iter()
            .filter(|v| v.by == *by)
            .map(|v| v.message.clone()),
    );
    lines.extend(
        decision
            .undetermined
            .iter()
            .filter(|u| u.by == *by)
            .map(|u| u.message.clone()),
    );
    lines.extend(
        decision
            .failures
            .iter()
            .filter(|f| f.by == *by)
            .map(|f| format!("broke: {}", f.message)),
    );
    if lines.is_empty() {
        lines.push("fits".to_owned());
    }
    for line in lines {
        let _ = writeln!(out, "  {line}");
    }
}

fn demands(lines: &[TraceLine]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["attribute", "allowed", "default", "if left out", "hidden"]);
    for line in lines {
        table.add_row([
            line.path.clone(),
            allowed(line),
            line.default.as_ref().map(plain).unwrap_or_default(),
            if_left_out(line),
            if line.hidden { "yes" } else { "" }.to_owned(),
        ]);
    }
    table
}

fn judged(lines: &[TraceLine], decision: &Decision, by: &RuleName) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["attribute", "read", "filled in", "allowed", "judged"]);
    for line in lines {
        let supplied = decision
            .supplied
            .iter()
            .find(|s| s.by == *by && s.path == line.path);
        let filled_in = supplied.map(|s| plain(&s.value)).unwrap_or_default();
        let read = match (&line.read, supplied) {
            (Some(read), None) => plain(read),
            _ => String::new(),
        };
        table.add_row([
            line.path.clone(),
            read,
            filled_in,
            allowed(line),
            line.outcome.clone(),
        ]);
    }
    table
}

/// What is allowed, in plain words.
fn allowed(line: &TraceLine) -> String {
    let member = |name: &str| line.allowed.get(name).map(plain);
    let list = || {
        let values = line.allowed.get("values").and_then(Value::as_array);
        let shown: Vec<String> = values.into_iter().flatten().map(plain).collect();
        shown.join(", ")
    };
    if line.allowed.is_string() {
        return plain(&line.allowed);
    }
    match line.kind.as_str() {
        "fixed" => format!("only {}", member("value").unwrap_or_default()),
        "forbidden" => "nothing: must not be given".to_owned(),
        "allowlist" => format!("one of {}", list()),
        "blocklist" => format!("anything but {}", list()),
        "regex" => format!("what matches {}", member("pattern").unwrap_or_default()),
        "range" => match (member("minValue"), member("maxValue")) {
            (Some(min), Some(max)) => format!("{min} to {max}"),
            (Some(min), None) => format!("{min} or more"),
            (None, Some(max)) => format!("at most {max}"),
            (None, None) => "any number".to_owned(),
        },
        _ => "anything".to_owned(),
    }
}

fn if_left_out(line: &TraceLine) -> String {
    let computed = ["dbus_per_hour", "cluster_type", "cluster_source"].contains(&line.path.as_str());
    let starred = line.path.split('.').any(|segment| segment == "*");
    match (&line.fills_in, line.optional) {
        (Some(fills_in), _) => format!("filled in: {}", plain(&fills_in.value)),
        _ if computed => "computed".to_owned(),
        (None, true) => "fine".to_owned(),
        _ if starred => "fine".to_owned(),
        (None, false) if line.default.is_some() => "violation, unless defaults are asked for".to_owned(),
        (None, false) => "violation".to_owned(),
    }
}

/// A value without the quotes of JSON.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
