//! The four forms of a reconciliation.

use comfy_table::{CellAlignment, presets};
use serde_json::{Value, json as object};
use std::fmt::Write;

use super::Reconciliation;
use crate::ledger::reconcile::{Class, Difference, Level, Side};
use crate::model::amount::Amount;
use crate::model::exact::Inexact;
use crate::report::render::name::{csv as csv_name, markdown as markdown_name, visible};

/// A table: names on the left, numbers on the right.
struct Table {
    title: String,
    header: Vec<&'static str>,
    /// How many columns are names.
    names: usize,
    rows: Vec<Vec<String>>,
}

/// What a person reads of it, in order.
struct Page {
    title: String,
    tables: Vec<Table>,
    notes: Vec<String>,
}

fn page(found: &Reconciliation, limit: usize) -> Result<Page, Inexact> {
    let mut tables = vec![sums(found)?];
    for class in Class::ALL.into_iter().filter(|class| *class != Class::Matched) {
        tables.extend(lines(found, class, limit));
    }
    let verdict = match (found.agrees(), found.off.is_zero()) {
        (true, true) => "they agree".to_owned(),
        (true, false) => format!("they agree within {}", found.tolerance),
        (false, _) => "they DO NOT agree".to_owned(),
    };
    Ok(Page {
        title: format!(
            "Reconciliation {} against {}: {verdict}",
            found.month, found.against
        ),
        tables,
        notes: notes(found),
    })
}

fn sums(found: &Reconciliation) -> Result<Table, Inexact> {
    let mut rows = vec![
        vec!["ledger".to_owned(), String::new(), found.sums.ledger.to_string()],
        vec![
            format!("invoice rule: {}", found.rule_names()),
            String::new(),
            found.sums.rule.to_string(),
        ],
    ];
    for class in Class::ALL {
        let sum = found.class(class)?;
        rows.push(vec![
            class.as_str().to_owned(),
            sum.lines.to_string(),
            sum.difference.to_string(),
        ]);
    }
    rows.push(vec![
        "residual".to_owned(),
        String::new(),
        found.residual.to_string(),
    ]);
    rows.push(vec![
        "statement".to_owned(),
        String::new(),
        found.sums.statement.to_string(),
    ]);
    Ok(Table {
        title: format!("From the ledger to the statement, in {}", found.currency_name()),
        header: vec!["", "Lines", "Money"],
        names: 1,
        rows,
    })
}

fn lines(found: &Reconciliation, class: Class, limit: usize) -> Option<Table> {
    let count = found.lines(class).count();
    let more = match count.saturating_sub(limit) {
        0 => String::new(),
        _ => format!(", {limit} of {count} lines; the sum is of all"),
    };
    let rows: Vec<Vec<String>> = found.lines(class).take(limit).map(row).collect();
    (!rows.is_empty()).then(|| Table {
        title: format!("{}{more}", capitalised(class.as_str())),
        header: vec![
            "Meter",
            "Day",
            "Resource",
            "Ledger",
            "Statement",
            "Ledger cost",
            "Statement cost",
            "Difference",
        ],
        names: 3,
        rows,
    })
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

fn row(line: &Difference) -> Vec<String> {
    let quantity = |side: Option<Side>| side.map(|s| s.quantity.to_string()).unwrap_or_default();
    let cost = |side: Option<Side>| side.map(|s| s.cost.to_string()).unwrap_or_default();
    let why = if line.why.is_empty() {
        String::new()
    } else {
        format!(" ({})", line.why)
    };
    vec![
        format!("{}{why}", line.meter),
        line.day.map(|d| d.to_string()).unwrap_or_default(),
        resource(line),
        quantity(line.ours),
        quantity(line.theirs),
        cost(line.ours),
        cost(line.theirs),
        line.money.to_string(),
    ]
}

/// A resource's name; where clusters or days were compared, that.
fn resource(line: &Difference) -> String {
    match line.level {
        Level::Resource => line.resource.to_string(),
        Level::Cluster if line.resource.is_empty() => "(no cluster)".to_owned(),
        Level::Cluster => format!("cluster {}", line.resource),
        Level::Day | Level::Meter => format!("(all of the {})", line.level.as_str()),
    }
}

fn notes(found: &Reconciliation) -> Vec<String> {
    let mut notes = Vec::new();
    let levels = found.compared.levels.iter();
    let levels: Vec<String> = levels
        .map(|(level, n)| format!("{n} by {}", level.as_str()))
        .collect();
    if !levels.is_empty() {
        let why = match found
            .compared
            .levels
            .keys()
            .any(|l| *l == Level::Day || *l == Level::Meter)
        {
            true => {
                "; what is compared by day or meter names no resource that both sides know, or nothing finer was asked for"
            }
            false => "",
        };
        notes.push(format!("Meters compared: {}{why}.", levels.join(", ")));
    }
    let split = found.compared.differences.iter().any(|d| d.split);
    if split {
        notes.push(
            "A line whose price and quantity both differ stands in both classes: our price times the difference of quantity, and the rest."
                .to_owned(),
        );
    }
    let Reconciliation {
        off,
        tolerance,
        aside,
        ..
    } = found;
    notes.push(format!(
        "Off by {off} without signs, residual included; {tolerance} may be."
    ));
    if aside.foreign_lines > 0 {
        let costs = aside
            .foreign_cost
            .iter()
            .map(|(currency, cost)| format!("{cost} {currency}"));
        let costs: Vec<String> = costs.collect();
        notes.push(format!(
            "Not compared, since nothing says that it is Databricks': {} ({} lines).",
            costs.join(", "),
            aside.foreign_lines
        ));
    }
    for (count, what) in [
        (
            aside.rejected_rows,
            "unreadable rows of the statement: its sum is not whole",
        ),
        (
            aside.unpriced_there,
            "unpriced facts of the statement: its sum is not whole",
        ),
        (
            aside.unpriced_here,
            "unpriced usages of the ledger, which are in no sum",
        ),
    ] {
        if count > 0 {
            notes.push(format!("Beware of {count} {what}."));
        }
    }
    notes
}

/// For a terminal.
///
/// # Errors
/// [`Inexact`] beyond 128 bits.
pub fn text(found: &Reconciliation, limit: usize) -> Result<String, Inexact> {
    let page = page(found, limit)?;
    let mut out = format!("{}\n", page.title);
    for table in &page.tables {
        let mut drawn = comfy_table::Table::new();
        drawn.load_style(presets::NOTHING);
        drawn.set_header(table.header.iter().copied());
        drawn.add_rows(table.rows.iter().map(|row| row.iter().map(|cell| visible(cell))));
        for (i, column) in drawn.column_iter_mut().enumerate() {
            column.set_padding((2, 0));
            if i >= table.names {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        let _ = writeln!(out, "\n{}", table.title);
        for line in drawn.lines() {
            let _ = writeln!(out, "{}", line.trim_end());
        }
    }
    out.push('\n');
    for note in &page.notes {
        let _ = writeln!(out, "{note}");
    }
    Ok(out)
}

/// For a pull request or a wiki.
///
/// # Errors
/// [`Inexact`] beyond 128 bits.
pub fn markdown(found: &Reconciliation, limit: usize) -> Result<String, Inexact> {
    let page = page(found, limit)?;
    let mut out = format!("# {}\n", page.title);
    for table in &page.tables {
        let _ = writeln!(out, "\n## {}\n\n| {} |", table.title, table.header.join(" | "));
        let rule = |i: usize| if i < table.names { "---" } else { "---:" };
        let rules: Vec<&str> = (0..table.header.len()).map(rule).collect();
        let _ = writeln!(out, "| {} |", rules.join(" | "));
        for row in &table.rows {
            let cells: Vec<String> = row.iter().map(|cell| markdown_name(cell)).collect();
            let _ = writeln!(out, "| {} |", cells.join(" | "));
        }
    }
    for note in &page.notes {
        let _ = writeln!(out, "\n{note}");
    }
    Ok(out)
}

/// For a program; keys may be added, never renamed.
///
/// # Errors
/// [`Inexact`] beyond 128 bits.
pub fn json(found: &Reconciliation, limit: usize) -> Result<Value, Inexact> {
    let mut classes = Vec::new();
    for class in Class::ALL {
        let sum = found.class(class)?;
        // What matched is counted, not listed.
        let limit = if class == Class::Matched { 0 } else { limit };
        let lines: Vec<Value> = found.lines(class).take(limit).map(line_json).collect();
        classes.push(object!({
            "class": class.as_str(), "lines": sum.lines, "difference": sum.difference,
            "absolute_difference": sum.absolute, "listed": lines,
        }));
    }
    let levels = found.compared.levels.iter();
    let levels: serde_json::Map<String, Value> = levels
        .map(|(level, n)| (level.as_str().to_owned(), (*n).into()))
        .collect();
    Ok(object!({
        "against": found.against,
        "billing_month": found.month.to_string(),
        "billing_currency": found.currency.map(|c| c.to_string()),
        "rounding_rule": found.rule_names(),
        "agrees": found.agrees(),
        "ledger": found.sums.ledger,
        "rule_difference": found.sums.rule,
        "classes": classes,
        "residual": found.residual,
        "statement": found.sums.statement,
        "matched": found.compared.matched,
        "off": found.off,
        "tolerance": found.tolerance,
        "meters_compared_by": levels,
        "aside": found.aside,
    }))
}

fn line_json(line: &Difference) -> Value {
    let side = |side: Option<Side>| side.map(|s| object!({"quantity": s.quantity, "cost": s.cost}));
    object!({
        "meter": &*line.meter, "day": line.day.map(|d| d.to_string()), "resource": &*line.resource,
        "compared_by": line.level.as_str(), "ledger": side(line.ours), "statement": side(line.theirs),
        "difference": line.money, "split": line.split, "why": line.why,
    })
}

/// Column names; columns may be added at the end, not renamed or moved.
const HEADER: [&str; 14] = [
    "billing_month",
    "against",
    "section",
    "lines",
    "meter",
    "day",
    "resource",
    "compared_by",
    "ledger_quantity",
    "statement_quantity",
    "ledger_cost",
    "statement_cost",
    "difference",
    "billing_currency",
];

/// For a spreadsheet: the sums (`sum: ...`), whose differences lead from the ledger to the statement, then the lines of each class.
///
/// # Errors
/// What the writer says, and [`Inexact`] as text.
pub fn csv(found: &[Reconciliation], limit: usize) -> Result<String, String> {
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    writer.write_record(HEADER).map_err(|e| e.to_string())?;
    for one in found {
        for cells in csv_rows(one, limit).map_err(|e| e.to_string())? {
            let month = one.month.to_string();
            let currency = one.currency_name();
            let first = [month.as_str(), one.against];
            let cells = cells.iter().map(String::as_str);
            let record = first.into_iter().chain(cells).chain([currency.as_str()]);
            writer.write_record(record).map_err(|e| e.to_string())?;
        }
    }
    let bytes = writer.into_inner().map_err(|e| e.to_string())?;
    String::from_utf8(bytes).map_err(|e| e.to_string())
}

fn csv_rows(found: &Reconciliation, limit: usize) -> Result<Vec<Vec<String>>, Inexact> {
    let sum = |section: String, lines: String, ledger: &str, statement: &str, difference: String| {
        let mut cells = vec![section, lines];
        cells.extend(vec![String::new(); 6]);
        cells.extend([ledger.to_owned(), statement.to_owned(), difference]);
        cells
    };
    let none = String::new;
    let mut rows = vec![
        sum(
            "sum: ledger".to_owned(),
            none(),
            &found.sums.ledger.to_string(),
            "",
            none(),
        ),
        sum(
            format!("sum: invoice rule {}", found.rule_names()),
            none(),
            "",
            "",
            found.sums.rule.to_string(),
        ),
    ];
    for class in Class::ALL {
        let of = found.class(class)?;
        let section = format!("sum: {}", class.as_str());
        rows.push(sum(
            section,
            of.lines.to_string(),
            "",
            "",
            of.difference.to_string(),
        ));
    }
    rows.push(sum(
        "sum: residual".to_owned(),
        none(),
        "",
        "",
        found.residual.to_string(),
    ));
    rows.push(sum(
        "sum: statement".to_owned(),
        none(),
        "",
        &found.sums.statement.to_string(),
        none(),
    ));
    for class in Class::ALL.into_iter().filter(|class| *class != Class::Matched) {
        for line in found.lines(class).take(limit) {
            let text = |of: fn(&Side) -> Amount, side: Option<Side>| {
                side.map(|s| of(&s).to_string()).unwrap_or_default()
            };
            rows.push(vec![
                class.as_str().to_owned(),
                String::new(),
                csv_name(&line.meter),
                line.day.map(|d| d.to_string()).unwrap_or_default(),
                csv_name(&line.resource),
                line.level.as_str().to_owned(),
                text(|s| s.quantity, line.ours),
                text(|s| s.quantity, line.theirs),
                text(|s| s.cost, line.ours),
                text(|s| s.cost, line.theirs),
                line.money.to_string(),
            ]);
        }
    }
    Ok(rows)
}
