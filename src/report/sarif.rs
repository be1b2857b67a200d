//! SARIF 2.1.0, which code hosts and editors read: what the linter's log and the log of a check have in common.

use serde::Serialize;
use serde_json::{Value, json};

use crate::model::diagnostic::{Diagnostic, Diagnostics, Severity};

/// A log of one run of tollgate.
#[derive(Debug, Serialize)]
pub struct Log<R> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<R>; 1],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<R> {
    tool: Value,
    column_kind: &'static str,
    invocations: Value,
    results: R,
}

/// One run: its rules, its results, and what could not be read.
pub(super) fn log<R>(rules: Vec<Value>, results: R, problems: &Diagnostics) -> Log<R> {
    let notifications: Vec<Value> = problems.0.iter().map(notification).collect();
    let run = Run {
        tool: json!({"driver": {
            "name": "tollgate",
            "version": env!("CARGO_PKG_VERSION"),
            "semanticVersion": env!("CARGO_PKG_VERSION"),
            "rules": rules,
        }}),
        column_kind: "unicodeCodePoints",
        invocations: json!([{
            "executionSuccessful": !problems.has_errors(),
            "toolExecutionNotifications": notifications,
        }]),
        results,
    };
    Log {
        schema: "https://raw.githubusercontent.com/oasis-tcs/sarif-spec/master/Schemata/sarif-schema-2.1.0.json",
        version: "2.1.0",
        runs: [run],
    }
}

/// A place in a file, and a name inside it.
pub(super) fn place(source: &str, line: usize, column: usize, name: &str) -> Value {
    let mut physical = json!({"artifactLocation": {"uri": uri(source)}});
    if let (1.., Some(object)) = (line, physical.as_object_mut()) {
        let region = match column {
            0 => json!({"startLine": line}),
            _ => json!({"startLine": line, "startColumn": column}),
        };
        object.insert("region".to_owned(), region);
    }
    match name {
        "" => json!({"physicalLocation": physical}),
        name => json!({"physicalLocation": physical, "logicalLocations": [{"fullyQualifiedName": name}]}),
    }
}

/// The place of a diagnostic.
pub(super) fn location(d: &Diagnostic) -> Value {
    place(&d.source, d.line, d.column, &d.path)
}

fn notification(d: &Diagnostic) -> Value {
    let text = with_hint(d);
    json!({
        "descriptor": {"id": d.code},
        "level": level(d.severity),
        "message": {"text": text},
        "locations": [location(d)],
    })
}

/// A message with what to do.
pub(super) fn with_hint(d: &Diagnostic) -> String {
    match &d.hint {
        Some(hint) => format!("{}\nhelp: {hint}", d.message),
        None => d.message.clone(),
    }
}

pub(super) fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

/// A path as a reference of URIs, relative where the path is.
pub(super) fn uri(source: &str) -> String {
    if source == "-" {
        return "stdin".to_owned();
    }
    let source = source.strip_prefix("./").unwrap_or(source);
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
pub(super) mod tests {
    use super::uri;
    use serde_json::Value;

    /// Holds a log against the schema of the standard, a copy of the one in the crate `serde-sarif` (MIT).
    pub(in crate::report) fn valid(log: &Value) {
        let text = include_str!("../../tests/fixtures/sarif-2.1.0.schema.json");
        let mut schema: Value = serde_json::from_str(text).unwrap();
        // The pattern of `language`, which we do not write, has a bracket too many: the standard's own slip.
        for of in ["run", "toolComponent"] {
            let language = format!("/definitions/{of}/properties/language");
            let language = schema.pointer_mut(&language).unwrap();
            language.as_object_mut().unwrap().remove("pattern").unwrap();
        }
        let validator = jsonschema::draft7::new(&schema).unwrap();
        let faults: Vec<String> = validator
            .iter_errors(log)
            .map(|e| format!("{}: {e}", e.instance_path()))
            .collect();
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }

    #[test]
    fn paths_become_references() {
        assert_eq!(uri("a b/ä.json"), "a%20b/%C3%A4.json");
        assert_eq!(uri("-"), "stdin");
        assert_eq!(uri("./a.json"), "a.json");
    }
}
