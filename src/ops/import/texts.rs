//! The files of an imported policy, as text.

use serde_json::{Map, Value};
use std::fmt::Write;

use crate::intake::workspace_policies::WorkspacePolicy;
use crate::model::decision::Outcome;
use crate::model::place::{Cloud, Workload};
use crate::policy::starting_cases::{StartingCase, StartingCases};

/// `policy.yaml`: where it came from, and one rule.
pub(super) fn policy(policy: &WorkspacePolicy, name: &str, settings: &Map<String, Value>) -> String {
    let mut out = String::new();
    let mut comment = |text: String| {
        let _ = writeln!(out, "# {}", one_line(&text));
    };
    let address = policy
        .address
        .as_ref()
        .map_or_else(String::new, |a| format!(", {a}"));
    comment(format!(
        "Imported by `tollgate policy import` from {}{address}.",
        policy.source
    ));
    if let Some(known_as) = &policy.name {
        let id = policy
            .policy_id
            .as_ref()
            .map_or_else(String::new, |id| format!(", policy id {id}"));
        let by = policy
            .creator
            .as_ref()
            .map_or_else(String::new, |who| format!(", made by {who}"));
        comment(format!("In the workspace: \"{known_as}\"{id}{by}."));
    }
    if let (Some(family), Some(_)) = (&policy.policy_family_id, &policy.definition) {
        comment(format!(
            "Of the family {family}; definition.json is what the workspace made of the family and these overrides:"
        ));
        let overrides = policy.overrides.as_ref().map_or("none", |o| o.text.trim());
        for line in overrides.lines() {
            comment(format!("  {line}"));
        }
    }
    if !policy.libraries.is_empty() {
        comment(
            "The workspace installs these libraries with it; tollgate does not judge libraries:".to_owned(),
        );
        for library in &policy.libraries {
            comment(format!("  {library}"));
        }
    }
    let _ = writeln!(out, "policy: {name}");
    if let Some(description) = policy.description.as_ref().or(policy.name.as_ref()) {
        let _ = writeln!(out, "description: {}", quoted(description));
    }
    out.push_str("rules:\n  - rule: definition\n    plugin: cluster-policy\n    settings:\n");
    for (key, value) in settings {
        let _ = writeln!(out, "      {key}: {}", flow(value));
    }
    out
}

/// `definition.json`: verbatim, spread over lines where it stood on one.
pub(super) fn definition(text: &str) -> String {
    let text = text.trim();
    let mut out = match text.contains('\n') {
        true => text.to_owned(),
        false => spread(text),
    };
    out.push('\n');
    out
}

/// JSON over several lines, two blanks a level. Every token stays as it was written: numbers keep their zeros, keys that
/// are given twice stay so.
fn spread(json: &str) -> String {
    let mut out = String::with_capacity(json.len().saturating_mul(2));
    let mut depth = 0_usize;
    let mut characters = json.chars().peekable();
    let line = |out: &mut String, depth: usize| {
        out.push('\n');
        out.push_str(&"  ".repeat(depth));
    };
    while let Some(c) = characters.next() {
        match c {
            '"' => {
                out.push(c);
                let mut escaped = false;
                for c in characters.by_ref() {
                    out.push(c);
                    match c {
                        '"' if !escaped => break,
                        _ => escaped = c == '\\' && !escaped,
                    }
                }
            }
            '{' | '[' => {
                out.push(c);
                while characters.next_if(|c| c.is_ascii_whitespace()).is_some() {}
                if let Some(close) = characters.next_if(|c| matches!(c, '}' | ']')) {
                    out.push(close);
                } else {
                    depth = depth.saturating_add(1);
                    line(&mut out, depth);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                line(&mut out, depth);
                out.push(c);
            }
            ',' => {
                out.push(c);
                line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            c if c.is_ascii_whitespace() => {}
            c => out.push(c),
        }
    }
    out
}

/// `cases.yaml`: what the definition does today. Where a user's clusters are counted, `counted_under` is the policy id.
pub(super) fn cases(name: &str, cloud: Cloud, counted_under: Option<&str>, found: &StartingCases) -> String {
    let mut out = String::from(
        "# Starting cases, made by `tollgate policy import` and judged before they were written: they say what the policy\n\
         # does today. Change them to what it should do, and add the requests that your people send.\n",
    );
    if !found.obstacles.is_empty() {
        out.push_str("# No request was found that passes; the nearest one fails because:\n");
        for obstacle in &found.obstacles {
            let _ = writeln!(out, "#   {}", one_line(obstacle));
        }
    }
    if !found.unbroken.is_empty() {
        let _ = writeln!(
            out,
            "# No value was found that is denied for: {}",
            one_line(&found.unbroken.join(", "))
        );
    }
    let _ = writeln!(out, "policy: {name}");
    if found.cases.is_empty() {
        out.push_str("cases: []\n");
        return out;
    }
    out.push_str("cases:\n");
    for case in &found.cases {
        write_case(&mut out, cloud, counted_under, case);
    }
    out
}

fn write_case(out: &mut String, cloud: Cloud, counted_under: Option<&str>, case: &StartingCase) {
    let _ = writeln!(out, "  - name: {}", quoted(&case.name));
    if case.workload != Workload::AllPurpose {
        let _ = writeln!(out, "    workload: {}", case.workload);
    }
    if cloud != Cloud::Azure {
        let _ = writeln!(out, "    cloud: {cloud}");
    }
    match (counted_under, case.active_clusters) {
        (None, _) => {}
        (Some(_), 0) => out.push_str("    active_clusters: {}\n"),
        (Some(policy_id), active) => {
            let _ = writeln!(out, "    active_clusters: {{ {}: {active} }}", plain(policy_id));
        }
    }
    let _ = writeln!(out, "    request: {}", flow(&case.request));
    let mut expect = format!("decision: {}", case.outcome.as_str());
    if !case.violations.is_empty() {
        let paths: Vec<String> = case
            .violations
            .iter()
            .map(|path| format!("{{ path: {} }}", plain(path)))
            .collect();
        let _ = write!(expect, ", violations: [{}]", paths.join(", "));
    }
    // What a request that is denied lacks is not what the case is about.
    if !case.supplied.is_empty() && case.outcome != Outcome::Deny {
        let supplied: Vec<String> = case
            .supplied
            .iter()
            .map(|(path, value)| format!("{}: {}", plain(path), flow(value)))
            .collect();
        let _ = write!(expect, ", supplied: {{ {} }}", supplied.join(", "));
    }
    let _ = writeln!(out, "    expect: {{ {expect} }}");
}

/// YAML on one line.
fn flow(value: &Value) -> String {
    match value {
        Value::Object(members) if members.is_empty() => "{}".to_owned(),
        Value::Object(members) => {
            let members: Vec<String> = members
                .iter()
                .map(|(key, value)| format!("{}: {}", plain(key), flow(value)))
                .collect();
            format!("{{ {} }}", members.join(", "))
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(flow).collect();
            format!("[{}]", items.join(", "))
        }
        Value::String(text) => plain(text),
        other => other.to_string(),
    }
}

/// A text without quotes, where YAML reads it as that text whatever its version.
fn plain(text: &str) -> String {
    let starts_well = text.starts_with(|c: char| c.is_ascii_alphabetic());
    let is_word = text
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/'));
    let means_something = matches!(
        text.to_ascii_lowercase().as_str(),
        "true" | "false" | "null" | "yes" | "no" | "on" | "off" | "y" | "n"
    );
    if starts_well && is_word && !means_something {
        text.to_owned()
    } else {
        quoted(text)
    }
}

/// A text in double quotes; JSON's escapes are YAML's, and what JSON leaves alone YAML may not have.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() || matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{feff}') => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Control characters must not end a comment.
fn one_line(text: &str) -> String {
    let is_break = |c: char| c.is_control() || matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}');
    text.chars().map(|c| if is_break(c) { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::document::Document;
    use serde_json::json;

    #[test]
    fn what_is_spread_is_the_same_json_to_the_letter() {
        let one = r#"{"a":{"type":"range","minValue":1.0,"maxValue":1e3},"b c":[],"d":{"values":["x, {y}","\"z\\"]},"a":1}"#;
        let spread = definition(one);
        let squeezed: String = definition(&spread);
        assert_eq!(spread, squeezed, "what stands on lines is left alone");
        assert!(
            spread.starts_with("{\n  \"a\": {\n    \"type\": \"range\",\n    \"minValue\": 1.0,"),
            "{spread}"
        );
        let read = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        assert_eq!(read(&spread), read(one));
        assert!(spread.contains("1e3") && spread.contains("\"b c\": []"));
        assert_eq!(definition(" {} "), "{}\n");
    }

    #[test]
    fn what_is_written_as_yaml_is_read_as_it_was() {
        let value = json!({"spark_version": "16.4.x-scala2.12", "a b": "yes", "n": "12", "e": "1e3", "x": 1.5, "t": true,
            "empty": "", "quoted": "say \"hi\"\\ \u{7}\u{2028}", "list": ["a", {"b": null}], "o": {}, "colon": "a: b #c",
            "path": "/Shared/init.sh", "star": "*x", "null": "null", "arn": "arn:aws:iam::1:x/y", "ü": "ä"});
        let document = Document::parse("x", &format!("v: {}\n", flow(&value))).unwrap();
        assert_eq!(document.value, json!({ "v": value }));
    }
}
