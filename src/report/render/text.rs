//! The report on a terminal: plain columns, no colour, no box, so that it reads the same when piped.

use comfy_table::{CellAlignment, presets};

use super::RenderOptions;
use super::name::visible;
use super::table::{Table, page};
use crate::report::month::CostReport;

pub(super) fn render(report: &CostReport, options: &RenderOptions) -> String {
    let page = page(report, options);
    let mut out = format!("{}\n", page.title);
    for warning in &page.warnings {
        out.push_str(&format!("warning: {warning}\n"));
    }
    for table in &page.tables {
        out.push_str(&format!("\n{}\n{}\n", table.title, drawn(table)));
    }
    out.push('\n');
    for note in &page.notes {
        out.push_str(&format!("{note}\n"));
    }
    out
}

fn drawn(table: &Table) -> String {
    let mut drawn = comfy_table::Table::new();
    drawn.load_style(presets::NOTHING);
    drawn.set_header(table.names.iter().chain(&table.numbers));
    for row in &table.rows {
        let names = table.names.iter().enumerate().map(|(i, _)| row.names.get(i));
        let names = names.map(|name| name.map(|name| visible(name)).unwrap_or_default());
        drawn.add_row(names.chain(row.numbers.iter().cloned()));
    }
    let names = table.names.len();
    for (i, column) in drawn.column_iter_mut().enumerate() {
        column.set_padding((2, 0));
        if i >= names {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    drawn.trim_fmt()
}
