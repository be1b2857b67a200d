//! Findings of the linter, for people and for machines.

mod sarif;

use serde::Serialize;
use std::fmt::Write;

pub use self::sarif::sarif;
use crate::model::diagnostic::Severity;
use crate::model::finding::{Finding, Lint};

/// Findings as a person reads them, with a line that counts them.
pub fn text(findings: &[Finding], files: usize) -> String {
    let mut out = String::new();
    for finding in findings {
        let _ = writeln!(out, "{}", finding.diagnostic);
    }
    let errors = count(findings, Severity::Error);
    let warnings = count(findings, Severity::Warning);
    let _ = write!(
        out,
        "{}, {} in {}",
        number(errors, "error"),
        number(warnings, "warning"),
        number(files, "file")
    );
    let fixable = findings.iter().filter(|f| f.fix.is_some()).count();
    if fixable > 0 {
        let _ = write!(out, "; {fixable} can be fixed with --fix");
    }
    out.push('\n');
    out
}

/// What was settled, a line each.
pub fn fixed(findings: &[Finding]) -> String {
    let mut out = String::new();
    for finding in findings {
        let Some(fix) = &finding.fix else { continue };
        let d = &finding.diagnostic;
        let _ = writeln!(
            out,
            "fixed[{}] {}:{}:{}: {}: {}",
            d.code, d.source, d.line, d.column, d.path, fix.done
        );
    }
    out
}

/// A code explained.
pub fn explained(lint: &Lint) -> String {
    let word = match lint.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let mut out = format!("{} ({word}): {}\n\n{}\n", lint.code, lint.title, lint.why);
    if let Some(fix) = lint.fix {
        let _ = writeln!(out, "\n--fix {fix}");
    }
    let _ = writeln!(out, "\nsource: {}", lint.source);
    out
}

/// A finding as an object. Keys may be added, never renamed.
#[derive(Debug, Serialize)]
pub struct FindingJson<'a> {
    source: &'a str,
    line: usize,
    column: usize,
    path: &'a str,
    code: &'a str,
    severity: Severity,
    message: &'a str,
    hint: Option<&'a str>,
    fixable: bool,
}

impl<'a> From<&'a Finding> for FindingJson<'a> {
    fn from(finding: &'a Finding) -> FindingJson<'a> {
        let d = &finding.diagnostic;
        FindingJson {
            source: &d.source,
            line: d.line,
            column: d.column,
            path: &d.path,
            code: d.code,
            severity: d.severity,
            message: &d.message,
            hint: d.hint.as_deref(),
            fixable: finding.fix.is_some(),
        }
    }
}

fn count(findings: &[Finding], severity: Severity) -> usize {
    findings
        .iter()
        .filter(|f| f.diagnostic.severity == severity)
        .count()
}

fn number(n: usize, of: &str) -> String {
    match n {
        1 => format!("1 {of}"),
        n => format!("{n} {of}s"),
    }
}
