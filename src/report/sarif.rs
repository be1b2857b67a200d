//! Findings as SARIF 2.1.0, which code hosts and editors read.

use serde_json::{Value, json};

use crate::model::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::model::finding::{Finding, Fix, Lint};

/// One run: every rule, every finding, and what could not be read.
pub fn sarif(lints: &[Lint], findings: &[Finding], unreadable: &Diagnostics) -> Value {
    let codes = codes(lints, findings);
    let results: Vec<Value> = findings.iter().map(|finding| result(finding, &codes)).collect();
    let rules: Vec<Value> = codes
        .iter()
        .map(|code| rule(code, lints.iter().find(|lint| lint.code == *code)))
        .collect();
    let notifications: Vec<Value> = unreadable.0.iter().map(notification).collect();
    json!({
        "$schema": "https://raw.githubusercontent.com/oasis-tcs/sarif-spec/master/Schemata/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "tollgate",
                "version": env!("CARGO_PKG_VERSION"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "columnKind": "unicodeCodePoints",
            "invocations": [{
                "executionSuccessful": notifications.is_empty(),
                "toolExecutionNotifications": notifications,
            }],
            "results": results,
        }],
    })
}

/// Every code of the table, and those of other layers that were found.
fn codes(lints: &[Lint], findings: &[Finding]) -> Vec<&'static str> {
    let mut codes: Vec<&str> = lints.iter().map(|lint| lint.code).collect();
    for finding in findings {
        let code = finding.diagnostic.code;
        if !codes.contains(&code) {
            codes.push(code);
        }
    }
    codes
}

fn rule(code: &str, lint: Option<&Lint>) -> Value {
    let Some(lint) = lint else {
        return json!({"id": code, "shortDescription": {"text": code}});
    };
    let fix = lint
        .fix
        .map(|fix| format!("\n\n`--fix` {fix}."))
        .unwrap_or_default();
    json!({
        "id": lint.code,
        "shortDescription": {"text": lint.title},
        "fullDescription": {"text": lint.why},
        "help": {
            "text": format!("{} (source: {})", lint.why, lint.source),
            "markdown": format!("{}{fix}\n\nSource: {}", lint.why, lint.source),
        },
        "defaultConfiguration": {"level": level(lint.severity)},
        "properties": {"fixable": lint.fix.is_some()},
    })
}

fn result(finding: &Finding, codes: &[&str]) -> Value {
    let d = &finding.diagnostic;
    let text = match &d.hint {
        Some(hint) => format!("{}\nhelp: {hint}", d.message),
        None => d.message.clone(),
    };
    let mut result = json!({
        "ruleId": d.code,
        "ruleIndex": codes.iter().position(|code| *code == d.code),
        "level": level(d.severity),
        "message": {"text": text},
        "locations": [location(d)],
        "properties": {"fixable": finding.fix.is_some()},
    });
    if let (Some(fix), Some(object)) = (&finding.fix, result.as_object_mut()) {
        object.insert("fixes".to_owned(), json!([change(fix, &d.source)]));
    }
    result
}

fn location(d: &Diagnostic) -> Value {
    let mut physical = json!({"artifactLocation": {"uri": uri(&d.source)}});
    if let (1.., Some(object)) = (d.line, physical.as_object_mut()) {
        let region = json!({"startLine": d.line, "startColumn": d.column.max(1)});
        object.insert("region".to_owned(), region);
    }
    if d.path.is_empty() {
        return json!({"physicalLocation": physical});
    }
    json!({"physicalLocation": physical, "logicalLocations": [{"fullyQualifiedName": d.path}]})
}

fn change(fix: &Fix, source: &str) -> Value {
    let replacements: Vec<Value> = fix
        .edits
        .iter()
        .map(|edit| {
            let length = edit.end.saturating_sub(edit.start);
            json!({
                "deletedRegion": {"byteOffset": edit.start, "byteLength": length},
                "insertedContent": {"text": edit.text},
            })
        })
        .collect();
    json!({
        "description": {"text": fix.done},
        "artifactChanges": [{"artifactLocation": {"uri": uri(source)}, "replacements": replacements}],
    })
}

fn notification(d: &Diagnostic) -> Value {
    json!({
        "descriptor": {"id": d.code},
        "level": level(d.severity),
        "message": {"text": d.message},
        "locations": [location(d)],
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

/// A path as a reference of URIs.
fn uri(source: &str) -> String {
    if source == "-" {
        return "stdin".to_owned();
    }
    let mut out = String::new();
    for byte in source.bytes() {
        match byte {
            b'A'..=b'Z'
            | b'a'..=b'z'
            | b'0'..=b'9'
            | b'-'
            | b'.'
            | b'_'
            | b'~'
            | b'/'
            | b'+'
            | b'@'
            | b',' => {
                out.push(char::from(byte));
            }
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::uri;

    #[test]
    fn paths_become_references() {
        assert_eq!(uri("a b/ä.json"), "a%20b/%C3%A4.json");
        assert_eq!(uri("-"), "stdin");
    }
}
