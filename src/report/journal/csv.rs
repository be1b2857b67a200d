//! Entries as CSV.

use super::Numbered;
use super::cells::{COLUMNS, COUNT, cells};

pub(super) fn opening() -> String {
    line(COLUMNS.map(|(name, _)| name.to_owned()))
}

pub(super) fn entry(told: Numbered<'_>) -> String {
    line(cells(told).map(|cell| cell.text()))
}

fn line(fields: [String; COUNT]) -> String {
    let mut writer = ::csv::Writer::from_writer(Vec::with_capacity(512));
    // Memory does not refuse a write, and fields of text are text.
    let _ = writer.write_record(fields);
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}
