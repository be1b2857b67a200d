//! What came of taking rows of `system.billing.usage` in.

use comfy_table::{CellAlignment, Table, presets};
use rust_decimal::Decimal;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write;

use crate::databricks::billing_usage::RecordType;
use crate::ledger::check::nano_text;
use crate::model::exact::decimal_text;

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct IngestedUsage {
    /// The ledger.
    pub ledger: String,
    /// Rows.
    pub rows: RowCounts,
    /// Facts newly written: a row is one, and one more for each midnight or price change inside it.
    pub new_facts: u64,
    /// Facts that the ledger knew.
    pub known_facts: u64,
    /// Facts that the ledger knew otherwise and that are corrected now.
    pub corrected_facts: u64,
    /// Facts that the ledger knew, that the rows do not tell any more and that are taken back.
    pub withdrawn_facts: u64,
    /// Facts without a price among what is written.
    pub new_unpriced: u64,
    /// What is told of each SKU, by cloud and `sku_name`.
    pub skus: BTreeMap<String, SkuLine>,
}

/// Rows, counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct RowCounts {
    /// Seen.
    pub read: usize,
    /// ORIGINAL, billed or known.
    pub original: usize,
    /// RETRACTION.
    pub retraction: usize,
    /// RETRACTION of which no ORIGINAL is known: neither told now nor in the ledger.
    pub retraction_without_original: usize,
    /// RESTATEMENT.
    pub restatement: usize,
    /// The same row once more.
    pub repeated: usize,
    /// Not billed: something is wrong with them.
    pub rejected: usize,
}

/// A SKU.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct SkuLine {
    /// Rows, corrections included.
    pub rows: usize,
    /// DBUs, corrections counted.
    #[serde(serialize_with = "decimal")]
    pub dbu: Decimal,
    /// What its priced facts cost, by currency.
    #[serde(rename = "cost", serialize_with = "costs")]
    pub cost_nano: BTreeMap<String, i128>,
    /// Facts without a price.
    pub unpriced: u64,
}

impl IngestedUsage {
    /// Whether every row is billed and has a price.
    pub fn is_whole(&self) -> bool {
        self.rows.rejected == 0 && self.skus.values().all(|sku| sku.unpriced == 0)
    }
}

impl RowCounts {
    /// Counts a row.
    pub fn count(&mut self, record_type: RecordType) {
        let counter = match record_type {
            RecordType::Original => &mut self.original,
            RecordType::Retraction => &mut self.retraction,
            RecordType::Restatement => &mut self.restatement,
        };
        *counter = counter.saturating_add(1);
    }
}

fn decimal<S: serde::Serializer>(value: &Decimal, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&decimal_text(*value))
}

fn costs<S: serde::Serializer>(value: &BTreeMap<String, i128>, to: S) -> Result<S::Ok, S::Error> {
    to.collect_map(value.iter().map(|(currency, nano)| (currency, nano_text(*nano))))
}

/// `, 2 corrected, 1 withdrawn`; nothing where nothing is.
pub(super) fn corrections(corrected: u64, withdrawn: u64) -> String {
    let counted = |n: u64, what: &str| match n {
        0 => String::new(),
        n => format!(", {n} {what}"),
    };
    counted(corrected, "corrected") + &counted(withdrawn, "withdrawn")
}

/// For people.
pub fn text(told: &IngestedUsage) -> String {
    let rows = &told.rows;
    let mut out = format!(
        "{} rows: {} original, {} retracted{}, {} restated, {} repeated, {} rejected\n\
         {} facts written to {}, {} known before{}\n\n",
        rows.read,
        rows.original,
        rows.retraction,
        match rows.retraction_without_original {
            0 => String::new(),
            n => format!(" ({n} without an original)"),
        },
        rows.restatement,
        rows.repeated,
        rows.rejected,
        told.new_facts,
        told.ledger,
        told.known_facts,
        corrections(told.corrected_facts, told.withdrawn_facts),
    );
    if told.skus.is_empty() {
        return out;
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["SKU", "rows", "DBU", "cost", "unpriced"]);
    for (sku, line) in &told.skus {
        let costs: Vec<String> = line
            .cost_nano
            .iter()
            .map(|(currency, nano)| format!("{} {currency}", nano_text(*nano)))
            .collect();
        table.add_row([
            sku.clone(),
            line.rows.to_string(),
            decimal_text(line.dbu),
            costs.join(", "),
            line.unpriced.to_string(),
        ]);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    for line in table.lines() {
        let _ = writeln!(out, "{}", line.trim_end());
    }
    out
}
