//! A comparison for people: one column per variant, and beside each but the first the difference to the first.

use comfy_table::{CellAlignment, Table, presets};
use std::fmt::Write;

use super::{Comparison, Figures, Waits};
use crate::model::exact::nano_rounded;
use crate::report::decision::one_line;

/// A line: its name, and what a variant has there.
struct Line {
    name: String,
    value: fn(&Figures) -> Value,
}

/// What stands in a cell.
#[derive(Clone, Copy)]
enum Value {
    Money(i128),
    Count(i128),
    /// Hours, from seconds.
    Hours(i128),
    /// Minutes and seconds.
    Seconds(i128),
}

/// A table.
pub fn text(comparison: &Comparison) -> String {
    let mut out = heading(comparison);
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(header(comparison));
    for line in lines() {
        table.add_row(row(&line, comparison));
    }
    for column in 1..=comparison.variants.len().saturating_mul(2) {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    for line in table.to_string().lines() {
        let _ = writeln!(out, "{}", line.trim_end());
    }
    out
}

/// A Markdown table.
pub fn markdown(comparison: &Comparison) -> String {
    let mut out = heading(comparison);
    let header = header(comparison);
    let _ = writeln!(out, "| {} |", header.join(" | "));
    let rule = vec!["---:"; header.len().saturating_sub(1)];
    let _ = writeln!(out, "|---|{}|", rule.join("|"));
    for line in lines() {
        let _ = writeln!(out, "| {} |", row(&line, comparison).join(" | "));
    }
    out
}

fn heading(comparison: &Comparison) -> String {
    let currency = comparison
        .currency
        .map_or_else(|| "no prices".to_owned(), |c| c.to_string());
    format!(
        "{}, seed {}: the same work, the same chance; money in {currency}\n\n",
        one_line(&comparison.scenario),
        comparison.seed
    )
}

fn header(comparison: &Comparison) -> Vec<String> {
    let mut header = vec![String::new()];
    for (i, variant) in comparison.variants.iter().enumerate() {
        header.push(one_line(&variant.variant));
        if i > 0 {
            header.push("+/-".to_owned());
        }
    }
    header
}

fn row(line: &Line, comparison: &Comparison) -> Vec<String> {
    let mut row = vec![line.name.clone()];
    let first = comparison.variants.first().map(|f| (line.value)(f));
    for (i, variant) in comparison.variants.iter().enumerate() {
        let value = (line.value)(variant);
        row.push(shown(value, false));
        if let (Some(first), true) = (first, i > 0) {
            row.push(shown(minus(value, first), true));
        }
    }
    row
}

fn minus(value: Value, first: Value) -> Value {
    match (value, first) {
        (Value::Money(a), Value::Money(b)) => Value::Money(a.saturating_sub(b)),
        (Value::Count(a), Value::Count(b)) => Value::Count(a.saturating_sub(b)),
        (Value::Hours(a), Value::Hours(b)) => Value::Hours(a.saturating_sub(b)),
        (Value::Seconds(a), Value::Seconds(b)) => Value::Seconds(a.saturating_sub(b)),
        _ => value,
    }
}

fn shown(value: Value, signed: bool) -> String {
    let (number, text) = match value {
        Value::Money(nano) => {
            let cents = nano_rounded(nano, 2);
            (cents, hundredths(cents.saturating_abs()))
        }
        Value::Count(n) => (n, n.saturating_abs().to_string()),
        Value::Hours(s) => {
            let hundredths_of_hours = s.saturating_abs().saturating_mul(100) / 3600;
            (s, hundredths(hundredths_of_hours))
        }
        Value::Seconds(s) => {
            let abs = s.saturating_abs();
            (s, format!("{}:{:02}", abs / 60, abs.rem_euclid(60)))
        }
    };
    let sign = match (number.signum(), signed) {
        (-1, _) => "-",
        (1, true) => "+",
        _ => "",
    };
    if signed && number == 0 {
        String::new()
    } else {
        format!("{sign}{text}")
    }
}

fn hundredths(n: i128) -> String {
    format!("{}.{:02}", n / 100, n.rem_euclid(100))
}

fn lines() -> Vec<Line> {
    fn of(figures: &Figures, category: &str) -> Value {
        Value::Money(
            figures
                .cost_by_category
                .get(category)
                .copied()
                .unwrap_or_default(),
        )
    }
    fn median(waits: Waits) -> Value {
        Value::Seconds(i128::from(waits.median_seconds))
    }
    fn p95(waits: Waits) -> Value {
        Value::Seconds(i128::from(waits.p95_seconds))
    }
    let line = |name: &str, value: fn(&Figures) -> Value| Line {
        name: name.to_owned(),
        value,
    };
    vec![
        line("cost", |f| Value::Money(f.cost)),
        line("  DBU", |f| of(f, "dbu")),
        line("  VM", |f| of(f, "vm")),
        line("  disk", |f| of(f, "disk")),
        line("  network", |f| of(f, "network")),
        line("  storage", |f| of(f, "storage")),
        line("  of it idle in pools", |f| Value::Money(f.cost_of_idle_pools)),
        line("unpriced usages", |f| Value::Count(f.unpriced_usages.into())),
        line("requests denied", |f| Value::Count(f.requests_denied.into())),
        line("machine hours", |f| Value::Hours(f.machine_seconds.into())),
        line("  of them spot", |f| Value::Hours(f.spot_seconds.into())),
        line("starts", |f| Value::Count(f.starts.count.into())),
        line("  failed", |f| Value::Count(f.failed_starts.into())),
        line("  median min:s", |f| median(f.starts)),
        line("  95 % within", |f| p95(f.starts)),
        line("runs succeeded", |f| Value::Count(f.runs_succeeded.into())),
        line("  failed", |f| Value::Count(f.runs_failed.into())),
        line("  skipped", |f| Value::Count(f.runs_skipped.into())),
        line("  unfinished", |f| Value::Count(f.runs_unfinished.into())),
        line("  due to end, median", |f| median(f.run_time)),
        line("  95 % within", |f| p95(f.run_time)),
        line("task delay, median", |f| median(f.run_delay)),
        line("  95 % within", |f| p95(f.run_delay)),
        line("command delay, median", |f| median(f.command_delay)),
        line("  95 % within", |f| p95(f.command_delay)),
        line("commands lost", |f| Value::Count(f.commands_lost.into())),
        line("nodes lost", |f| Value::Count(f.nodes_lost.into())),
        line("task attempts failed", |f| Value::Count(f.attempts_failed.into())),
        line("task hours lost", |f| Value::Hours(f.lost_task_seconds.into())),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells() {
        assert_eq!(shown(Value::Money(1_234_567_890), false), "1.23");
        assert_eq!(shown(Value::Money(-500_000_000), true), "-0.50");
        assert_eq!(shown(Value::Seconds(245), false), "4:05");
        assert_eq!(shown(Value::Hours(5_400), true), "+1.50");
        assert_eq!(shown(Value::Count(0), true), "");
    }
}
