//! A check as JUnit's XML: a test suite per file, a test case per cluster.
//!
//! The form is the one that both common schemas admit, that of Ant (Windy Road) and that of Jenkins: a case has at most one
//! child, so one `failure` tells all objections, and what is told of cases that pass stands in the suite's `system-out`.
//! A cluster that could not be judged is an `error`: `skipped` is read as green.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::objection::{self, rule};
use super::text::{place, what};
use super::{CheckReport, Entry};
use crate::model::decision::{Enforcement, Outcome};
use crate::model::diagnostic::{Diagnostic, Severity};
use crate::report::render::name::visible;

/// All of the check.
pub fn junit(report: &CheckReport<'_>) -> String {
    let suites = suites(report);
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    out.push_str("<testsuites>\n");
    for (id, suite) in suites.iter().enumerate() {
        suite.write(&mut out, id, report);
    }
    out.push_str("</testsuites>\n");
    out
}

/// What was found of one file.
#[derive(Default)]
struct Suite {
    source: String,
    cases: Vec<Case>,
    /// What is worth knowing of cases that pass.
    notes: Vec<String>,
    warnings: Vec<String>,
}

struct Case {
    name: String,
    answer: Option<Answer>,
}

/// Why a case does not pass.
struct Answer {
    element: &'static str,
    kind: String,
    message: String,
    lines: Vec<String>,
}

impl Answer {
    const FAILURE: &'static str = "failure";
    const ERROR: &'static str = "error";
}

/// In the order of the input; files that only have problems come last.
fn suites(report: &CheckReport<'_>) -> Vec<Suite> {
    let problems = report.problems.clone().sorted().0;
    let mut sources: Vec<&str> = Vec::new();
    let mut found: BTreeMap<&str, Suite> = BTreeMap::new();
    for entry in &report.entries {
        let suite = found.entry(entry.request.source).or_insert_with(|| {
            sources.push(entry.request.source);
            Suite::default()
        });
        suite.notes.extend(notes(entry));
        suite.cases.push(Case {
            name: case_name(entry),
            answer: answer(entry),
        });
    }
    for problem in &problems {
        let suite = found.entry(&problem.source).or_insert_with(|| {
            sources.push(&problem.source);
            Suite::default()
        });
        match problem.severity {
            Severity::Error => suite.cases.push(of_problem(problem)),
            Severity::Warning => suite.warnings.extend(lines_of(problem)),
        }
    }
    let named = |source: &str| {
        found.remove(source).map(|suite| Suite {
            source: source.to_owned(),
            ..suite
        })
    };
    sources.into_iter().filter_map(named).collect()
}

/// Address and name: the same from run to run, so that a CI system knows the case again.
fn case_name(entry: &Entry<'_>) -> String {
    visible(&match (entry.request.address, entry.request.name) {
        (Some(address), Some(name)) => format!("{address} ({name})"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => entry.kind.to_string(),
    })
}

fn answer(entry: &Entry<'_>) -> Option<Answer> {
    let decision = entry.decision;
    let mut lines = Vec::new();
    for violation in entry.violations(Enforcement::Enforce) {
        lines.extend(told(&rule(&violation.by), &objection::lines(entry, violation)));
    }
    for failure in entry.failures(true) {
        let said = [objection::broke(failure).to_owned(), failure.message.clone()];
        lines.extend(told(&rule(&failure.by), &said));
    }
    for unknown in &decision.undetermined {
        let said = [format!("cannot judge {}", unknown.path), unknown.message.clone()];
        lines.extend(told(&rule(&unknown.by), &said));
    }
    let (element, kind) = match decision.outcome {
        Outcome::Allow => return None,
        Outcome::Deny => (Answer::FAILURE, "denied"),
        Outcome::Undetermined => (Answer::ERROR, "undetermined"),
    };
    let message = lines.first().cloned().unwrap_or_else(|| kind.to_owned());
    let mut at = place(&entry.request);
    if let Some(what) = what(entry.kind, entry.action) {
        at.push_str(&format!("; {what}"));
    }
    lines.push(format!("({})", visible(&at)));
    Some(Answer {
        element,
        kind: kind.to_owned(),
        message,
        lines,
    })
}

/// The first line behind the rule, the others below it. What is said has no lines of its own.
fn told(rule: &str, said: &[String]) -> Vec<String> {
    let mut said = said.iter().map(|line| visible(line));
    let first = said.next().unwrap_or_default();
    let mut lines = vec![format!("{rule}: {first}")];
    lines.extend(said.map(|line| format!("    {line}")));
    lines
}

/// What does not decide whether the case passes.
fn notes(entry: &Entry<'_>) -> Vec<String> {
    let decision = entry.decision;
    let mut lines = Vec::new();
    for violation in entry.violations(Enforcement::Monitor) {
        let by = format!("{} (monitored, does not deny)", rule(&violation.by));
        lines.extend(told(&by, &objection::lines(entry, violation)));
    }
    for waived in &decision.waived {
        let by = format!("{} (waived)", rule(&waived.violation.by));
        let said = [
            waived.violation.message.clone(),
            objection::waived(&waived.waiver),
        ];
        lines.extend(told(&by, &said));
    }
    for failure in entry.failures(false) {
        let said = [objection::broke(failure).to_owned(), failure.message.clone()];
        lines.extend(told(&rule(&failure.by), &said));
    }
    if decision.outcome == Outcome::Allow {
        for unknown in &decision.undetermined {
            let said = [format!("cannot judge {}", unknown.path), unknown.message.clone()];
            lines.extend(told(&rule(&unknown.by), &said));
        }
    }
    if lines.is_empty() {
        return lines;
    }
    let name = std::iter::once(format!("{}:", case_name(entry)));
    let below = lines.into_iter().map(|line| format!("    {line}"));
    name.chain(below).collect()
}

fn of_problem(problem: &Diagnostic) -> Case {
    let place = match (problem.line, problem.path.as_str()) {
        (0, "") => String::new(),
        (0, path) => format!(" at {path}"),
        (line, "") => format!(" in line {line}"),
        (line, path) => format!(" in line {line}, {path}"),
    };
    Case {
        name: visible(&format!("{}{place}", problem.code)),
        answer: Some(Answer {
            element: Answer::ERROR,
            kind: problem.code.to_owned(),
            message: visible(&problem.message),
            lines: lines_of(problem),
        }),
    }
}

/// A problem, and what to do in a line of its own.
fn lines_of(problem: &Diagnostic) -> Vec<String> {
    let without_hint = Diagnostic {
        hint: None,
        ..problem.clone()
    };
    let hint = problem
        .hint
        .as_deref()
        .map(|hint| format!("help: {}", visible(hint)));
    let first = visible(&without_hint.to_string());
    std::iter::once(first).chain(hint).collect()
}

impl Suite {
    fn count(&self, element: &str) -> usize {
        let of = |case: &&Case| case.answer.as_ref().is_some_and(|a| a.element == element);
        self.cases.iter().filter(of).count()
    }

    fn write(&self, out: &mut String, id: usize, report: &CheckReport<'_>) {
        let source = match self.source.as_str() {
            "-" => "stdin",
            source => source,
        };
        let source = attribute(source);
        let _ = writeln!(
            out,
            "  <testsuite id=\"{id}\" package=\"tollgate\" name=\"{source}\" timestamp=\"{}\" hostname=\"localhost\" \
             tests=\"{}\" failures=\"{}\" errors=\"{}\" time=\"0\">",
            report.at.format("%Y-%m-%dT%H:%M:%S"),
            self.cases.len(),
            self.count(Answer::FAILURE),
            self.count(Answer::ERROR),
        );
        let version = env!("CARGO_PKG_VERSION");
        let _ = writeln!(
            out,
            "    <properties>\n      <property name=\"tollgate\" value=\"{version}\"/>\n    </properties>"
        );
        for case in &self.cases {
            case.write(out, &source);
        }
        for (element, lines) in [("system-out", &self.notes), ("system-err", &self.warnings)] {
            let _ = writeln!(out, "    <{element}>{}</{element}>", escaped(&lines.join("\n")));
        }
        out.push_str("  </testsuite>\n");
    }
}

impl Case {
    fn write(&self, out: &mut String, classname: &str) {
        let name = attribute(&self.name);
        let _ = write!(
            out,
            "    <testcase classname=\"{classname}\" name=\"{name}\" time=\"0\""
        );
        let Some(answer) = &self.answer else {
            out.push_str("/>\n");
            return;
        };
        let _ = writeln!(
            out,
            ">\n      <{element} type=\"{}\" message=\"{}\">{}</{element}>\n    </testcase>",
            attribute(&answer.kind),
            attribute(&answer.message),
            escaped(&answer.lines.join("\n")),
            element = answer.element,
        );
    }
}

/// Text as it may stand in an element. What XML 1.0 has no form for, and what moves a reader's cursor, is replaced.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\n' | '\t' => out.push(c),
            '\r' => out.push_str("&#13;"),
            '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// Text as it may stand in an attribute, where a line break would become a space.
fn attribute(text: &str) -> String {
    let text = escaped(text);
    text.replace('"', "&quot;")
        .replace('\n', "&#10;")
        .replace('\t', "&#9;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::check::sample::{everything, with};
    use proptest::prelude::*;

    #[test]
    fn what_xml_has_no_form_for_is_replaced() {
        assert_eq!(
            escaped("a<b>&\u{0}\u{1b}\u{fffe}\n"),
            "a&lt;b&gt;&amp;\u{fffd}\u{fffd}\u{fffd}\n"
        );
        assert_eq!(attribute("\"a\"\n\t'"), "&quot;a&quot;&#10;&#9;'");
    }

    proptest! {
        #[test]
        fn any_name_is_text(name in any::<String>()) {
            let (text, value) = (escaped(&name), attribute(&name));
            prop_assert!(!text.contains(['<', '>']) && !value.contains(['<', '>', '"', '\n', '\t']));
            let allowed = |c: char| matches!(c, '\n' | '\t' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
            prop_assert!(text.chars().all(allowed));
        }
    }

    #[test]
    fn suites_of_everything() {
        with(everything, |report| {
            let version = format!("value=\"{}\"", env!("CARGO_PKG_VERSION"));
            insta::assert_snapshot!(junit(report).replace(&version, "value=\"VERSION\""));
        });
    }
}
