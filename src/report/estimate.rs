//! Estimates, for people.

use comfy_table::{CellAlignment, Table, presets};
use rust_decimal::Decimal;
use std::fmt::Write;

use crate::model::estimate::{Estimate, EstimateLine, SizeEstimate};
use crate::model::exact::decimal_text;
use crate::model::period::rfc3339;

/// An estimate as a person reads it: each meter with its price and source, at minimum and maximum size.
pub fn text(name: &str, estimate: &Estimate, per_month: &[Option<Decimal>; 2], hours: Decimal) -> String {
    let mut out = String::new();
    let currency = estimate.currency;
    let _ = writeln!(
        out,
        "{name}: estimate in {currency}, prices of {}",
        rfc3339(estimate.at)
    );
    let same = estimate.min == estimate.max;
    let sizes: &[(&str, &SizeEstimate, Option<Decimal>)] = &[
        (
            if same { "size" } else { "minimum size" },
            &estimate.min,
            per_month.first().copied().flatten(),
        ),
        ("maximum size", &estimate.max, per_month.last().copied().flatten()),
    ];
    for (label, size, month) in sizes.iter().take(if same { 1 } else { 2 }) {
        let _ = writeln!(
            out,
            "\n{label}: {} nodes, {} DBU an hour",
            size.nodes.map_or("unknown".to_owned(), |nodes| nodes.to_string()),
            shown(size.dbu_per_hour)
        );
        for line in table(&size.lines, size.cost_per_hour).to_string().lines() {
            let _ = writeln!(out, "{}", line.trim_end());
        }
        let _ = writeln!(
            out,
            "per month of {} hours: {} {currency}",
            decimal_text(hours),
            shown(*month)
        );
    }
    if !estimate.unknown.is_empty() {
        let _ = writeln!(out, "\nnobody knows yet: {}", estimate.unknown.join(", "));
    }
    if !estimate.unpriced.is_empty() {
        let _ = writeln!(
            out,
            "\nno price or rate is known for: {}",
            estimate.unpriced.join(", ")
        );
        let _ = writeln!(
            out,
            "what is unknown is not counted as zero: the sums it belongs to are unknown"
        );
    }
    if estimate.max.lines.iter().any(|l| l.synthetic) {
        let _ = writeln!(out, "\n* a placeholder, not a real price");
    }
    out
}

fn table(lines: &[EstimateLine], total: Option<Decimal>) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["meter", "quantity/h", "unit price", "cost/h", "price source"]);
    for line in lines {
        table.add_row([
            line.meter.to_string(),
            format!("{} {}", shown(line.quantity_per_hour), line.meter.unit()),
            format!(
                "{}{}",
                shown(line.unit_price),
                if line.synthetic { "*" } else { "" }
            ),
            shown(line.cost_per_hour),
            line.source.as_deref().unwrap_or_default().to_owned(),
        ]);
    }
    table.add_row([
        "total".to_owned(),
        String::new(),
        String::new(),
        shown(total),
        String::new(),
    ]);
    for column in 1..=3 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

fn shown(value: Option<Decimal>) -> String {
    value.map_or("unknown".to_owned(), decimal_text)
}
