//! Rows of `system.compute.node_types`: the node types there are, and what each is made of.

use rust_decimal::Decimal;

use super::table::{Cells, Table, Taker, read as read_table};
use crate::model::rows::{Codes, Input};

/// A node type as Databricks describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeTypeRow {
    /// `node_type`.
    pub node_type: String,
    /// `core_count`; half cores are possible.
    pub core_count: Decimal,
    /// `memory_mb`.
    pub memory_mb: Decimal,
    /// `gpu_count`.
    pub gpu_count: Decimal,
}

const TABLE: Table = Table {
    codes: Codes {
        empty: "context::empty",
        syntax: "context::syntax",
        not_a_row: "context::other-table",
        what: "rows of node types",
        forms: "expected rows of system.compute.node_types as CSV with a header, JSON or Parquet",
    },
    column: "context::column",
    marks: &["node_type", "core_count", "memory_mb"],
};

/// Reads a table: `context::*`, `file::*`.
pub fn read(source: &str, input: Input, take: &mut Taker<'_, NodeTypeRow>) {
    let row = |cells: &mut Cells<'_>| {
        let node_type = cells.needed("node_type", "a node type", |text| Some(text.trim().to_owned()));
        let (core_count, memory_mb) = (cells.decimal("core_count"), cells.decimal("memory_mb"));
        let gpu_count = match cells.text("gpu_count") {
            "" => Some(Decimal::ZERO),
            _ => cells.decimal("gpu_count"),
        };
        Some(NodeTypeRow {
            node_type: node_type?,
            core_count: core_count?,
            memory_mb: memory_mb?,
            gpu_count: gpu_count?,
        })
    };
    read_table(source, input, &TABLE, &row, take);
}
