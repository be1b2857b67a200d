//! Plain columns for a terminal: no colour, no box, so that they read the same when piped.

use comfy_table::{CellAlignment, Table, presets};

use super::render::name::visible;

/// Rows below a header; the first `names` columns are names, the rest numbers.
pub(super) fn columns<const N: usize>(header: [&str; N], rows: &[[String; N]], names: usize) -> String {
    let mut drawn = Table::new();
    drawn.load_style(presets::NOTHING);
    drawn.set_header(header);
    drawn.add_rows(rows.iter().map(|row| row.iter().map(|cell| visible(cell))));
    for (i, column) in drawn.column_iter_mut().enumerate() {
        column.set_padding((2, 0));
        if i >= names {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    drawn.trim_fmt()
}
