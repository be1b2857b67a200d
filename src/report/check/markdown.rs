//! A check as a comment on a pull request, for GitHub, GitLab and Azure DevOps.
//!
//! It begins with a marker by which the next run finds the comment and replaces it. A comment holds 65,536 characters, so
//! rows are left out where they would not fit, and it is said how many; what is denied comes first.

mod blocks;
mod escape;

use self::blocks::{Block, LIMIT, fitted, length};
use self::escape::{code, prose};
use super::cost;
use super::objection::{self, rule};
use super::text::what;
use super::{CheckReport, Entry, Verdict, number};
use crate::model::cost_change::CostChange;
use crate::model::decision::{Enforcement, Outcome, RuleName};
use crate::model::diagnostic::{Diagnostic, Severity};
use crate::model::period::rfc3339;
use crate::model::resource::{Action, Kind};
use crate::report::decision::{RequestName, cost as cost_line};

/// The first line of every comment.
pub const MARKER: &str = "<!-- tollgate-check -->";

/// The whole comment.
pub fn markdown(report: &CheckReport<'_>) -> String {
    let head = head(report);
    let mut blocks = vec![problems(report), denied(report)];
    blocks.push(undetermined(report));
    blocks.push(waived(report));
    blocks.push(monitored(report));
    if let Some(change) = report.cost {
        blocks.push(costs(change));
        blocks.push(assumptions(change));
    }
    blocks.push(allowed(report));
    blocks.push(others(report));
    let room = LIMIT.saturating_sub(length(&head));
    head + &fitted(blocks, room)
}

fn head(report: &CheckReport<'_>) -> String {
    let verdict = match report.verdict() {
        Verdict::Allowed => "allowed",
        Verdict::Denied => "denied",
        Verdict::Undetermined => "not allowed, since it could not be judged",
        Verdict::Unanswered => "no answer",
    };
    let mut head = format!("{MARKER}\n## tollgate: {verdict}\n\n{}", report.counts());
    if let Some(change) = report.cost {
        head.push_str(&format!("; cost: **{}**", cost::headline(change)));
    }
    head.push_str(".\n");
    for said in report
        .cost
        .iter()
        .flat_map(|change| cost::left_out(&change.total))
    {
        head.push_str(&format!("\n{}.\n", capital(&said)));
    }
    head
}

fn problems(report: &CheckReport<'_>) -> Block {
    let rows = report.problems.clone().sorted().0.iter().map(problem).collect();
    let title = match report.problems.has_errors() {
        true => "Could not be read or judged",
        false => "Warnings",
    };
    Block::open(title, "problems").rows(rows)
}

fn problem(d: &Diagnostic) -> String {
    let word = match d.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let at = match (d.line, d.path.as_str()) {
        (0, "") => code(&d.source),
        (0, path) => code(&format!("{}, {path}", d.source)),
        (line, "") => code(&format!("{}:{line}", d.source)),
        (line, path) => code(&format!("{}:{line}, {path}", d.source)),
    };
    let hint = d
        .hint
        .as_deref()
        .map_or_else(String::new, |hint| format!(" ({})", prose(hint)));
    format!("- {word} {} {at}: {}{hint}\n", code(d.code), prose(&d.message))
}

fn denied(report: &CheckReport<'_>) -> Block {
    let of = report.entries.iter();
    let rows = of
        .filter(|e| e.decision.outcome == Outcome::Deny)
        .flat_map(denials);
    Block::open("Denied", "objections")
        .table("| cluster | rule | found | allowed | to pass |\n|---|---|---|---|---|\n")
        .rows(rows.collect())
}

fn denials(entry: &Entry<'_>) -> Vec<String> {
    let cluster = cluster(entry);
    let mut rows = Vec::new();
    for violation in entry.violations(Enforcement::Enforce) {
        let mut found = prose(&violation.message);
        if let Some(at) = objection::at(entry, violation) {
            found.push_str(&format!("<br>at {}", code(&at)));
        }
        if let Some(said) = objection::injected(entry, violation) {
            found.push_str(&format!("<br>{said}"));
        }
        if let Some(waiver) = &violation.expired_waiver {
            found.push_str(&format!("<br>{}", prose(&objection::expired(waiver))));
        }
        let allowed = objection::allowed(violation).map_or_else(String::new, |text| code(&text));
        let remedy = objection::remedy(violation).map_or_else(String::new, |text| code(&text));
        rows.push(row(&[&cluster, &by(&violation.by), &found, &allowed, &remedy]));
    }
    for failure in entry.failures(true) {
        let found = format!("{}: {}", objection::broke(failure), prose(&failure.message));
        rows.push(row(&[&cluster, &by(&failure.by), &found, "", ""]));
    }
    // What could not be judged denies where a policy says so.
    if rows.is_empty() {
        for unknown in &entry.decision.undetermined {
            let found = prose(&unknown.message);
            rows.push(row(&[&cluster, &by(&unknown.by), &found, "", ""]));
        }
    }
    rows
}

fn undetermined(report: &CheckReport<'_>) -> Block {
    let mut rows = Vec::new();
    for entry in &report.entries {
        for unknown in &entry.decision.undetermined {
            let (attribute, why) = (code(&unknown.path), prose(&unknown.message));
            rows.push(row(&[&cluster(entry), &by(&unknown.by), &attribute, &why]));
        }
    }
    Block::folded("Could not be judged", "rows")
        .table("| cluster | rule | attribute | why |\n|---|---|---|---|\n")
        .rows(rows)
}

fn waived(report: &CheckReport<'_>) -> Block {
    let mut rows = Vec::new();
    for entry in &report.entries {
        for waived in &entry.decision.waived {
            let (violation, waiver) = (&waived.violation, &waived.waiver);
            let place = code(&format!("{}:{}", waiver.source, waiver.line));
            let waiver = [
                format!("{}<br>{place}", code(&waiver.waiver)),
                code(&waiver.expires),
                prose(&waiver.approved_by),
                prose(&waiver.reason),
            ];
            let [name, expires, approved, reason] = &waiver;
            let found = prose(&violation.message);
            rows.push(row(&[
                &cluster(entry),
                &by(&violation.by),
                &found,
                name,
                expires,
                approved,
                reason,
            ]));
        }
    }
    Block::folded("Waived", "rows")
        .table("| cluster | rule | found | waiver | until | approved by | reason |\n|---|---|---|---|---|---|---|\n")
        .rows(rows)
}

fn monitored(report: &CheckReport<'_>) -> Block {
    let mut rows = Vec::new();
    for entry in &report.entries {
        for violation in entry.violations(Enforcement::Monitor) {
            let found = prose(&violation.message);
            let remedy = objection::remedy(violation).map_or_else(String::new, |text| code(&text));
            rows.push(row(&[&cluster(entry), &by(&violation.by), &found, &remedy]));
        }
        for failure in entry.failures(false) {
            let found = format!("{}: {}", objection::broke(failure), prose(&failure.message));
            rows.push(row(&[&cluster(entry), &by(&failure.by), &found, ""]));
        }
    }
    Block::folded("Shown, and does not deny", "rows")
        .table("| cluster | rule | found | to pass |\n|---|---|---|---|\n")
        .rows(rows)
}

fn costs(change: &CostChange) -> Block {
    let cells = |name: &str, what: &str, cells: &cost::Cells| {
        let [before, after, more] = &cells.month;
        let [hour_before, hour_after, hour_more] = &cells.hour;
        row(&[
            name,
            what,
            before,
            after,
            more,
            hour_before,
            hour_after,
            hour_more,
        ])
    };
    let mut rows = vec![cells("**total**", "", &cost::total_cells(&change.total))];
    for resource in cost::rows(change) {
        let what = cost::what(resource);
        rows.push(cells(&code(cost::name(resource)), &what, &cost::cells(resource)));
    }
    let title = format!("Cost in {}, prices of {}", change.currency, rfc3339(change.at));
    Block::folded(&title, "rows")
        .table(
            "| resource | | a month before | after | difference | an hour before | after | difference |\n\
             |---|---|---:|---:|---:|---:|---:|---:|\n",
        )
        .rows(rows)
}

fn assumptions(change: &CostChange) -> Block {
    let lines = cost::unchanged(change)
        .into_iter()
        .chain(cost::assumptions(change));
    let rows = lines.map(|line| format!("- {}\n", prose(&line))).collect();
    Block::folded("Assumed of the cost", "lines").rows(rows)
}

fn allowed(report: &CheckReport<'_>) -> Block {
    let all = report.entries.iter();
    let rows = all
        .filter(|e| e.decision.outcome == Outcome::Allow)
        .map(|entry| row(&[&cluster(entry), &prose(&cost_line(&entry.decision.estimate))]));
    Block::folded("Allowed", "clusters")
        .table("| cluster | cost |\n|---|---|\n")
        .rows(rows.collect())
}

fn others(report: &CheckReport<'_>) -> Block {
    let rows = report.others.iter();
    let rows = rows.map(|other| row(&[&named(&other.request, other.kind, other.action)]));
    Block::folded("Not judged", "resources")
        .table("| resource |\n|---|\n")
        .rows(rows.collect())
}

fn by(rule_name: &RuleName) -> String {
    code(&rule(rule_name))
}

fn cluster(entry: &Entry<'_>) -> String {
    named(&entry.request, entry.kind, entry.action)
}

/// Name, place, and what it is.
fn named(request: &RequestName<'_>, kind: Kind, action: Action) -> String {
    let place = super::text::place(request);
    let mut cell = match request.name {
        Some(name) => format!("{}<br>{}", code(name), code(&place)),
        None => code(&place),
    };
    if let Some(what) = what(kind, action) {
        cell.push_str(&format!("<br>{what}"));
    }
    cell
}

fn row(cells: &[&str]) -> String {
    format!("| {} |\n", cells.join(" | "))
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_ascii_uppercase());
    first.into_iter().chain(chars).collect()
}

/// `3 rows`, for the title of a block.
fn counted(n: usize, noun: &str) -> String {
    number(n, noun.strip_suffix('s').unwrap_or(noun))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::check::sample::{everything, many, with};

    #[test]
    fn a_comment_of_everything() {
        with(everything, |report| insta::assert_snapshot!(markdown(report)));
    }

    #[test]
    fn a_comment_that_is_too_long_is_cut_between_rows_and_says_so() {
        with(
            |found| many(found, 2_000),
            |report| {
                let text = markdown(report);
                let length = text.encode_utf16().count();
                assert!((60_000..=LIMIT).contains(&length), "{length}");
                assert!(text.starts_with(&format!("{MARKER}\n")));
                for line in text.lines().filter(|line| line.starts_with("| ")) {
                    assert!(line.ends_with(" |"), "{line}");
                }
                for tag in ["details", "summary", "code"] {
                    let opened = text.matches(&format!("<{tag}>")).count();
                    assert_eq!(opened, text.matches(&format!("</{tag}>")).count(), "{tag}");
                }
                let shown = text
                    .lines()
                    .filter(|line| line.contains("<code>etl/size</code>"))
                    .count();
                let left_out = format!("{} of 2000 objections are left out", 2_000 - shown);
                assert!(text.contains(&left_out), "{left_out}");
            },
        );
    }
}
