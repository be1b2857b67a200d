//! Entries as CSV.

use super::cells::{COLUMNS, COUNT, allocation_cells, cells};
use super::{Numbered, NumberedAllocation};

pub(super) fn opening() -> String {
    line(COLUMNS.map(|(name, _)| name.to_owned()))
}

pub(super) fn entry(told: Numbered<'_>) -> String {
    line(cells(told).map(|cell| cell.text()))
}

/// A line for each share.
pub(super) fn allocation(told: &NumberedAllocation<'_>) -> String {
    let lines = allocation_cells(told).into_iter();
    lines.map(|cells| line(cells.map(|cell| cell.text()))).collect()
}

fn line(fields: [String; COUNT]) -> String {
    let mut writer = ::csv::Writer::from_writer(Vec::with_capacity(512));
    // Memory does not refuse a write, and fields of text are text.
    let _ = writer.write_record(fields);
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}
