//! Findings as SARIF 2.1.0.

use serde_json::{Value, json};

use crate::model::diagnostic::Diagnostics;
use crate::model::finding::{Finding, Fix, Lint};
use crate::report::sarif::{Log, level, location, log, uri, with_hint};

/// One run: every rule, every finding, and what could not be read.
pub fn sarif(lints: &[Lint], findings: &[Finding], unreadable: &Diagnostics) -> Log<Vec<Value>> {
    let codes = codes(lints, findings);
    let results: Vec<Value> = findings.iter().map(|finding| result(finding, &codes)).collect();
    let rules: Vec<Value> = codes
        .iter()
        .map(|code| rule(code, lints.iter().find(|lint| lint.code == *code)))
        .collect();
    log(rules, results, unreadable)
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
    let mut result = json!({
        "ruleId": d.code,
        "ruleIndex": codes.iter().position(|code| *code == d.code),
        "level": level(d.severity),
        "message": {"text": with_hint(d)},
        "locations": [location(d)],
        "properties": {"fixable": finding.fix.is_some()},
    });
    if let (Some(fix), Some(object)) = (&finding.fix, result.as_object_mut()) {
        object.insert("fixes".to_owned(), json!([change(fix, &d.source)]));
    }
    result
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
