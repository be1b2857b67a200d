//! Compliance for people: a table of all clusters, each that does not comply, what it costs.

use comfy_table::{CellAlignment, Table, presets};
use rust_decimal::Decimal;
use std::fmt::Write;

use super::{ClusterCompliance, Compliance, Cost, Kind, Sizes, Standing, Total};
use crate::model::decision::{Enforcement, Violation};
use crate::model::exact::decimal_text;
use crate::model::period::rfc3339;
use crate::report::decision::{Colour, one_line};

/// The compliance as a person reads it: a table of all clusters, then each that does not comply, then what it costs.
pub fn text(compliance: &Compliance, colour: Colour) -> String {
    let mut out = String::new();
    if !compliance.clusters.is_empty() {
        write_table(&mut out, &overview(compliance));
        out.push('\n');
    }
    for cluster in &compliance.clusters {
        if matches!(cluster.standing(), Standing::Violates | Standing::Undetermined) {
            write_cluster(&mut out, cluster, colour);
            out.push('\n');
        }
    }
    write_totals(&mut out, &compliance.totals);
    write_summary(&mut out, compliance);
    out
}

fn overview(compliance: &Compliance) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    let header = [
        "cluster",
        "made by",
        "state",
        "policy",
        "",
        "violations",
        "changes",
        "cost/h at most",
        "enforced",
        "difference",
    ];
    table.set_header(header);
    for cluster in &compliance.clusters {
        let (before, after, difference) = match &cluster.cost {
            Some(cost) => (
                shown(cost.before.max),
                shown(cost.after.max),
                signed(cost.difference.max),
            ),
            None => Default::default(),
        };
        let violations = cluster
            .violations
            .len()
            .saturating_add(cluster.violations_left_out);
        table.add_row([
            name(cluster),
            one_line(cluster.cluster_source.as_deref().unwrap_or("unknown")),
            one_line(cluster.state.as_deref().unwrap_or("unknown")),
            one_line(&policies(cluster)),
            word(cluster.standing()).to_owned(),
            violations.to_string(),
            cluster.changes.len().to_string(),
            before,
            after,
            difference,
        ]);
    }
    for column in 5..header.len() {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

fn word(standing: Standing) -> &'static str {
    match standing {
        Standing::Complies => "complies",
        Standing::Violates => "VIOLATES",
        Standing::Undetermined => "undetermined",
        Standing::WithoutPolicy => "no policy",
    }
}

fn name(cluster: &ClusterCompliance) -> String {
    one_line(cluster.cluster_name.as_deref().unwrap_or(&cluster.cluster_id))
}

fn policies(cluster: &ClusterCompliance) -> String {
    match cluster.policies.as_slice() {
        [] => "none".to_owned(),
        names => names.join(" + "),
    }
}

fn write_table(out: &mut String, table: &Table) {
    for line in table.to_string().lines() {
        let _ = writeln!(out, "{}", line.trim_end());
    }
}

fn write_cluster(out: &mut String, cluster: &ClusterCompliance, colour: Colour) {
    let standing = cluster.standing();
    let code = if standing == Standing::Violates {
        "1;31"
    } else {
        "1;33"
    };
    let place = match cluster.line {
        0 => cluster.source.clone(),
        line => format!("{}:{line}", cluster.source),
    };
    let _ = writeln!(
        out,
        "{} {}  ({}, {})",
        colour.paint(code, word(standing)),
        name(cluster),
        one_line(&cluster.cluster_id),
        one_line(&place)
    );
    for (path, message) in &cluster.violations {
        let message = one_line(message.as_str().unwrap_or_default());
        let _ = writeln!(out, "  {}", colour.paint("1", &message));
        for detail in cluster.violation_details.iter().filter(|d| d.path == *path) {
            write_detail(out, detail, &message);
        }
    }
    let monitored = |d: &&Violation| d.enforcement == Enforcement::Monitor;
    for detail in cluster.violation_details.iter().filter(monitored) {
        let by = format!("{}/{}", detail.by.policy, detail.by.rule);
        let _ = writeln!(
            out,
            "  {by} (monitored, does not count): {}",
            one_line(&detail.message)
        );
    }
    if cluster.violations_left_out > 0 {
        let _ = writeln!(out, "  and {} more violations", cluster.violations_left_out);
    }
    for failure in &cluster.failures {
        let by = format!("{}/{}", failure.by.policy, failure.by.rule);
        let _ = writeln!(out, "  {by}: the rule broke: {}", one_line(&failure.message));
    }
    for unknown in &cluster.undetermined {
        let by = format!("{}/{}", unknown.by.policy, unknown.by.rule);
        let _ = writeln!(
            out,
            "  {by}: cannot judge {}: {}",
            one_line(&unknown.path),
            one_line(&unknown.message)
        );
    }
    write_changes(out, cluster, colour);
    if let Some(cost) = &cluster.cost {
        write_cost(out, cost);
    }
}

/// Who objects, and in which words where the message is Databricks'.
fn write_detail(out: &mut String, detail: &Violation, message: &str) {
    if detail.enforcement == Enforcement::Monitor {
        return;
    }
    let by = format!("{}/{}", detail.by.policy, detail.by.rule);
    if message == detail.message {
        let _ = writeln!(out, "      {by}");
    } else {
        let _ = writeln!(out, "      {by}: {}", one_line(&detail.message));
    }
}

fn write_changes(out: &mut String, cluster: &ClusterCompliance, colour: Colour) {
    if !cluster.has_changes {
        if cluster.standing() == Standing::Violates {
            let _ = writeln!(out, "  enforcement has no value to put in place");
        }
        return;
    }
    let who = match cluster.is_enforceable {
        true => "enforcement would change",
        false => {
            "made by a job, pipeline or model, so it is changed where that is defined; to be changed there"
        }
    };
    let _ = writeln!(out, "  {who}:");
    for change in &cluster.changes {
        let field = one_line(&change.field);
        let line = match (&change.previous_value, &change.new_value) {
            (Some(previous), Some(new)) => format!("{field}: {} -> {}", one_line(previous), one_line(new)),
            (None, Some(new)) => format!("{field}: set to {}", one_line(new)),
            (Some(previous), None) => format!("{field}: {} removed", one_line(previous)),
            (None, None) => format!("{field}: removed"),
        };
        let _ = writeln!(out, "    {}", colour.paint("36", &line));
    }
    match cluster.is_compliant_after {
        Some(true) => {
            let _ = writeln!(out, "  with that it complies");
        }
        Some(false) => {
            let _ = writeln!(out, "  with that it still does not comply:");
            for message in cluster.violations_after.values() {
                let _ = writeln!(out, "    {}", one_line(message.as_str().unwrap_or_default()));
            }
        }
        None => {
            let _ = writeln!(out, "  whether it then complies cannot be said");
        }
    }
}

fn write_cost(out: &mut String, cost: &Cost) {
    let currency = cost.currency;
    let before = range(cost.before, shown);
    let sizes = if cost.before == cost.after {
        format!("{before} {currency} an hour")
    } else {
        let (after, difference) = (range(cost.after, shown), range(cost.difference, signed));
        format!("{before} -> {after} {currency} an hour ({difference})")
    };
    let unpriced = match cost.unpriced.as_slice() {
        [] => String::new(),
        meters => format!("; no price for {}", meters.join(", ")),
    };
    let _ = writeln!(out, "  cost: {sizes}{unpriced}");
}

fn write_totals(out: &mut String, totals: &[Total]) {
    if totals.is_empty() {
        return;
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header([
        "per hour, were all running",
        "clusters",
        "now",
        "enforced",
        "difference",
    ]);
    for total in totals {
        let kind = match total.kind {
            Kind::Enforceable => "made by people and tools",
            Kind::DefinedElsewhere => "of jobs, pipelines, models",
            Kind::All => "all",
        };
        table.add_row([
            format!("{kind}, {}", total.currency),
            total.clusters.to_string(),
            range(total.before, shown),
            range(total.after, shown),
            range(total.difference, signed),
        ]);
    }
    for column in 1..5 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    write_table(out, &table);
    let unpriced: usize = totals
        .iter()
        .filter(|t| t.kind == Kind::All)
        .map(|t| t.unpriced_clusters)
        .sum();
    if unpriced > 0 {
        let _ = writeln!(out, "{} of unknown cost in no sum", clusters(unpriced));
    }
    out.push('\n');
}

fn write_summary(out: &mut String, compliance: &Compliance) {
    let s = &compliance.summary;
    let _ = write!(
        out,
        "{}: {} compliant, {} not",
        clusters(s.clusters),
        s.compliant,
        s.non_compliant
    );
    for (number, what) in [
        (s.undetermined, "undetermined"),
        (s.without_policy, "without a policy"),
        (s.not_judged, "more could not be judged"),
        (s.deleted, "deleted and left out"),
        (s.superseded, "earlier records left out"),
    ] {
        if number > 0 {
            let _ = write!(out, ", {number} {what}");
        }
    }
    let _ = writeln!(out, "; judged at {}", rfc3339(compliance.at));
    let mut unknown: Vec<&str> = compliance
        .clusters
        .iter()
        .flat_map(|c| c.unknown.iter().map(String::as_str))
        .collect();
    unknown.sort_unstable();
    unknown.dedup();
    if !unknown.is_empty() {
        let named = ["runtime_engine", "spark_conf", "spark_env_vars"];
        let others = unknown.iter().filter(|u| !named.contains(u)).count();
        let _ = writeln!(
            out,
            "system.compute.clusters does not tell {} and {others} other attributes; costs are those without Photon",
            named.join(", ")
        );
    }
}

fn clusters(number: usize) -> String {
    format!("{number} cluster{}", if number == 1 { "" } else { "s" })
}

fn shown(value: Option<Decimal>) -> String {
    value.map_or("unknown".to_owned(), decimal_text)
}

/// One number, or from minimum to maximum size.
fn range(sizes: Sizes, shown: fn(Option<Decimal>) -> String) -> String {
    match sizes.min == sizes.max {
        true => shown(sizes.max),
        false => format!("{} to {}", shown(sizes.min), shown(sizes.max)),
    }
}

/// With its sign, so that a saving is told from its opposite.
fn signed(value: Option<Decimal>) -> String {
    match value {
        Some(value) if value > Decimal::ZERO => format!("+{}", decimal_text(value)),
        value => shown(value),
    }
}
