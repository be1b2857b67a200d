//! A check as commands of a GitHub workflow, which become annotations of the changed files.
//!
//! GitHub shows ten errors, ten warnings and ten notices of a step; SARIF holds them all.

use super::objection::{self, rule};
use super::{CheckReport, Entry};
use crate::model::decision::{Enforcement, Outcome, RuleName};
use crate::model::diagnostic::{Diagnostic, Severity};
use crate::report::render::name::visible;

/// One command per objection and per problem, those that deny first within a cluster.
pub fn github(report: &CheckReport<'_>) -> String {
    let mut out = String::new();
    for problem in &report.problems.clone().sorted().0 {
        out.push_str(&of_problem(problem));
    }
    for entry in &report.entries {
        write_entry(&mut out, entry);
    }
    out
}

fn write_entry(out: &mut String, entry: &Entry<'_>) {
    let decision = entry.decision;
    for enforcement in [Enforcement::Enforce, Enforcement::Monitor] {
        let level = match enforcement {
            Enforcement::Enforce => "error",
            Enforcement::Monitor => "warning",
        };
        for violation in entry.violations(enforcement) {
            let lines = objection::lines(entry, violation);
            out.push_str(&of_request(level, entry, &violation.path, &violation.by, &lines));
        }
    }
    for failure in &decision.failures {
        let level = if failure.denies { "error" } else { "warning" };
        let lines = [objection::broke(failure).to_owned(), failure.message.clone()];
        out.push_str(&of_request(level, entry, "", &failure.by, &lines));
    }
    for unknown in &decision.undetermined {
        let level = match decision.outcome {
            Outcome::Allow => "notice",
            Outcome::Undetermined | Outcome::Deny => "warning",
        };
        let lines = [
            format!("cannot judge `{}`", unknown.path),
            unknown.message.clone(),
        ];
        out.push_str(&of_request(level, entry, &unknown.path, &unknown.by, &lines));
    }
    for waived in &decision.waived {
        let mut lines = objection::lines(entry, &waived.violation);
        lines.push(objection::waived(&waived.waiver));
        let violation = &waived.violation;
        out.push_str(&of_request(
            "notice",
            entry,
            &violation.path,
            &violation.by,
            &lines,
        ));
    }
}

fn of_request(level: &str, entry: &Entry<'_>, path: &str, by: &RuleName, lines: &[String]) -> String {
    let request = &entry.request;
    let name = request.name.or(request.address).unwrap_or("the cluster");
    let lines: Vec<String> = lines.iter().map(|line| visible(line)).collect();
    let message = format!("{}: {}", visible(name), lines.join("\n"));
    let (source, line) = entry.place_of(path);
    command(level, source, line, 0, &rule(by), &message)
}

fn of_problem(problem: &Diagnostic) -> String {
    let level = match problem.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let path = Some(problem.path.as_str()).filter(|path| !path.is_empty());
    // What has no line may be no file either: a policy that is only named.
    let source = (problem.line == 0).then_some(problem.source.as_str());
    let said = source.into_iter().chain(path).chain([problem.message.as_str()]);
    let mut message = visible(&said.collect::<Vec<_>>().join(": "));
    if let Some(hint) = &problem.hint {
        message.push_str(&format!("\nhelp: {}", visible(hint)));
    }
    let Diagnostic {
        source, line, column, ..
    } = problem;
    command(level, source, *line, *column, problem.code, &message)
}

/// `::error file=plan.json,line=12,title=etl-jobs/size::message`. Standard input is no file.
fn command(level: &str, source: &str, line: usize, column: usize, title: &str, message: &str) -> String {
    let mut properties = Vec::new();
    if source != "-" && line > 0 {
        let file = source.strip_prefix("./").unwrap_or(source);
        properties.push(format!("file={}", property(file)));
        properties.push(format!("line={line}"));
        if column > 0 {
            properties.push(format!("col={column}"));
        }
    }
    properties.push(format!("title={}", property(title)));
    format!("::{level} {}::{}\n", properties.join(","), data(message))
}

/// What stands behind the second `::`.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// What stands between the two.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::check::sample::{everything, with};
    use proptest::prelude::*;

    #[test]
    fn names_start_no_command_of_their_own() {
        let line = command(
            "error",
            "a,b:c.json",
            3,
            0,
            "p/r",
            "100%\r\n::set-output name=a::b",
        );
        assert_eq!(
            line,
            "::error file=a%2Cb%3Ac.json,line=3,title=p/r::100%25%0D%0A::set-output name=a::b\n"
        );
        assert_eq!(command("notice", "-", 3, 1, "t", "m"), "::notice title=t::m\n");
        let problem = Diagnostic::error("policy::unknown", "etl-job", "there is no policy `etl-job`");
        assert_eq!(
            of_problem(&problem.hint("did you mean `etl`?")),
            "::error title=policy%3A%3Aunknown::etl-job: there is no policy `etl-job`%0Ahelp: did you mean `etl`?\n"
        );
    }

    proptest! {
        #[test]
        fn any_name_is_one_command(source in ".*", title in ".*", message in ".*") {
            let line = command("error", &source, 1, 0, &title, &message);
            prop_assert_eq!(line.matches(['\n', '\r']).count(), 1);
            let properties = line.strip_prefix("::error ").and_then(|rest| rest.split("::").next());
            prop_assert!(properties.unwrap().split(',').count() <= 3);
        }
    }

    #[test]
    fn annotations_of_everything() {
        with(everything, |report| insta::assert_snapshot!(github(report)));
    }
}
