//! The report as GitHub-flavoured Markdown.

use super::RenderOptions;
use super::name::markdown;
use super::table::{Row, Table, page};
use crate::report::month::CostReport;

pub(super) fn render(report: &CostReport, options: &RenderOptions) -> String {
    let page = page(report, options);
    let mut out = format!("# {}\n", page.title);
    for warning in &page.warnings {
        out.push_str(&format!("\n> **Warning:** {}\n", markdown(warning)));
    }
    for table in &page.tables {
        out.push_str(&format!("\n## {}\n\n", table.title));
        draw(table, &mut out);
    }
    for note in &page.notes {
        out.push_str(&format!("\n{}\n", markdown(note)));
    }
    out
}

fn draw(table: &Table, out: &mut String) {
    let header = table.names.iter().chain(&table.numbers).map(|s| (*s).to_owned());
    line(header, out);
    let rule = table
        .names
        .iter()
        .map(|_| "---")
        .chain(table.numbers.iter().map(|_| "---:"));
    line(rule.map(str::to_owned), out);
    for row in &table.rows {
        line(cells(table, row), out);
    }
}

fn cells<'a>(table: &'a Table, row: &'a Row) -> impl Iterator<Item = String> + 'a {
    let names = table.names.iter().enumerate().map(|(i, _)| row.names.get(i));
    names
        .map(|name| name.map(|name| markdown(name)).unwrap_or_default())
        .chain(row.numbers.iter().cloned())
}

fn line(cells: impl Iterator<Item = String>, out: &mut String) {
    out.push('|');
    for cell in cells {
        out.push_str(&format!(" {cell} |"));
    }
    out.push('\n');
}
