//! Decisions as a person reads them at a terminal.

use comfy_table::{CellAlignment, Table, presets};
use std::fmt::Write;

use super::cost::{self, Cells};
use super::objection::{self, rule};
use super::{CheckReport, Entry};
use crate::model::cost_change::CostChange;
use crate::model::decision::{Enforcement, Outcome, Violation, Waived};
use crate::model::period::rfc3339;
use crate::model::resource::{Action, Kind};
use crate::report::decision::{Colour, RequestName, cost as cost_line, one_line};

/// The whole check: each cluster, and then, where there is more than one thing to tell of, how many there are and what
/// the change costs.
pub fn text(report: &CheckReport<'_>, colour: Colour) -> String {
    let mut out = String::new();
    for one in &report.entries {
        out.push_str(&entry(one, colour));
    }
    let others = report.others.len().saturating_add(report.unanswered.len());
    if report.entries.len() > 1 || others > 0 || report.cost.is_some() {
        if !out.is_empty() {
            out.push('\n');
        }
        let _ = writeln!(out, "{}", report.counts());
        if !report.others.is_empty() {
            let _ = writeln!(out, "  not judged: {}", report.kinds_of_others());
        }
    }
    if let Some(change) = report.cost {
        write_cost(&mut out, change, colour);
    }
    out
}

/// A decision: the answer, each objection with what would pass, the cost.
pub fn entry(entry: &Entry<'_>, colour: Colour) -> String {
    let decision = entry.decision;
    let mut out = String::new();
    let (word, code) = match decision.outcome {
        Outcome::Allow => ("ALLOW", "1;32"),
        Outcome::Deny => ("DENY", "1;31"),
        Outcome::Undetermined => ("UNDETERMINED", "1;33"),
    };
    let name = entry
        .request
        .name
        .map_or_else(String::new, |n| format!(" {}", one_line(n)));
    let place = match what(entry.kind, entry.action) {
        Some(what) => format!("{}; {what}", place(&entry.request)),
        None => place(&entry.request),
    };
    let _ = writeln!(out, "{}{name}  ({})", colour.paint(code, word), one_line(&place));
    for violation in &decision.violations {
        write_violation(&mut out, entry, violation, colour);
    }
    if let Some(said) = decision.databricks_message(entry.workload) {
        let _ = writeln!(out, "  Databricks would say: {}", one_line(&said));
    }
    for waived in &decision.waived {
        write_waived(&mut out, waived);
    }
    for failure in &decision.failures {
        let _ = writeln!(out, "  {}: {}", rule(&failure.by), objection::broke(failure));
        let _ = writeln!(out, "      {}", one_line(&failure.message));
    }
    for unknown in &decision.undetermined {
        let _ = writeln!(
            out,
            "  {}: cannot judge {}",
            rule(&unknown.by),
            one_line(&unknown.path)
        );
        let _ = writeln!(out, "      {}", one_line(&unknown.message));
    }
    for supplied in &decision.supplied {
        let said = objection::supplied(supplied);
        let _ = writeln!(out, "  {}: {}", rule(&supplied.by), one_line(&said));
    }
    let _ = writeln!(out, "  cost: {}", cost_line(&decision.estimate));
    if let Some(remedied) = entry.remedied {
        let _ = writeln!(out, "  with every change above: {}", cost_line(remedied));
    }
    if let Some(how) = objection::chosen(entry.chosen_by) {
        let names: Vec<String> = entry.policies.iter().map(|name| one_line(name)).collect();
        let names = match names.is_empty() {
            true => "no policy".to_owned(),
            false => names.join(", "),
        };
        let _ = writeln!(out, "  judged by: {names} ({how})");
    }
    out
}

/// File, line and address.
pub(super) fn place(request: &RequestName<'_>) -> String {
    match request.address {
        // Several requests may stand on one line of a list.
        Some(address) if !address.starts_with("line ") => {
            format!("{}:{}, {address}", request.source, request.line)
        }
        Some(_) => format!("{}:{}", request.source, request.line),
        None => request.source.to_owned(),
    }
}

/// Kind and action, where they are not those of a bare request.
pub(super) fn what(kind: Kind, action: Action) -> Option<String> {
    match (kind, action) {
        (Kind::Cluster, Action::Create) => None,
        (Kind::Cluster, action) => Some(action.to_string()),
        (kind, Action::Create) => Some(kind.to_string()),
        (kind, action) => Some(format!("{kind}, {action}")),
    }
}

fn write_violation(out: &mut String, entry: &Entry<'_>, violation: &Violation, colour: Colour) {
    let monitored = match violation.enforcement {
        Enforcement::Monitor => " (monitored, does not deny)",
        Enforcement::Enforce => "",
    };
    let _ = writeln!(
        out,
        "  {}{monitored}: {}",
        rule(&violation.by),
        colour.paint("1", &one_line(&violation.message))
    );
    if let Some(at) = objection::at(entry, violation) {
        let _ = writeln!(out, "      at: {}", one_line(&at));
    }
    if let Some(said) = objection::injected(entry, violation) {
        let _ = writeln!(out, "      {said}");
    }
    if let Some(allowed) = objection::allowed(violation) {
        let _ = writeln!(out, "      allowed: {}", one_line(&allowed));
    }
    if let Some(changes) = objection::remedy(violation) {
        let _ = writeln!(out, "      to pass: {}", colour.paint("36", &one_line(&changes)));
    }
    if let Some(waiver) = &violation.expired_waiver {
        let _ = writeln!(out, "      {}", one_line(&objection::expired(waiver)));
    }
}

fn write_waived(out: &mut String, waived: &Waived) {
    let _ = writeln!(
        out,
        "  {} (waived): {}",
        rule(&waived.violation.by),
        one_line(&waived.violation.message)
    );
    let _ = writeln!(out, "      {}", one_line(&objection::waived(&waived.waiver)));
}

fn write_cost(out: &mut String, change: &CostChange, colour: Colour) {
    let _ = writeln!(
        out,
        "\ncost: {}, prices of {}",
        colour.paint("1", &cost::headline(change)),
        rfc3339(change.at)
    );
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header([
        "resource",
        "",
        "a month before",
        "after",
        "difference",
        "an hour before",
        "after",
        "difference",
    ]);
    let row = |name: String, what: String, cells: Cells| {
        let mut row = vec![name, what];
        row.extend(cells.month);
        row.extend(cells.hour);
        row
    };
    for resource in cost::rows(change) {
        let name = one_line(cost::name(resource));
        table.add_row(row(name, cost::what(resource), cost::cells(resource)));
    }
    let total = cost::total_cells(&change.total);
    table.add_row(row("total".to_owned(), String::new(), total));
    for column in 2..8 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    for line in table.to_string().lines() {
        let _ = writeln!(out, "{}", line.trim_end());
    }
    for said in cost::unchanged(change)
        .into_iter()
        .chain(cost::left_out(&change.total))
    {
        let _ = writeln!(out, "{said}");
    }
    let assumptions = cost::assumptions(change);
    if !assumptions.is_empty() {
        let _ = writeln!(out, "assumed:");
    }
    for line in assumptions {
        let _ = writeln!(out, "  {}", one_line(&line));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::check::sample::{everything, one, with};

    #[test]
    fn one_plain_cluster_is_told_without_a_summary() {
        with(one, |report| {
            assert_eq!(
                text(report, Colour::Never),
                "ALLOW etl-nightly  (r.json)\n  cost: 10.414 USD and 30.75 DBU an hour at 41 nodes, prices of 2026-10-01T00:00:00Z\n"
            );
        });
    }

    #[test]
    fn colours_are_ours_alone() {
        with(everything, |report| {
            let (plain, coloured) = (text(report, Colour::Never), text(report, Colour::Always));
            assert!(!plain.contains('\u{1b}'));
            let mut stripped = coloured.clone();
            for code in ["1;32", "1;31", "1;33", "1", "36", "0"] {
                stripped = stripped.replace(&format!("\u{1b}[{code}m"), "");
            }
            assert_eq!(stripped, plain);
        });
    }

    #[test]
    fn text_of_everything() {
        with(everything, |report| {
            insta::assert_snapshot!(text(report, Colour::Never));
        });
    }
}
