//! What came of taking a vendor's statement in.

use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write;

use super::render::name::visible;
use crate::model::amount::Amount;
use crate::model::statement::Belonging;

/// What came of it. Keys may be added, never renamed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct IngestedStatement {
    /// The ledger.
    pub ledger: String,
    /// Rows seen in all files.
    pub rows: usize,
    /// Rows that could not be read.
    pub rejected: usize,
    /// Files told twice in this telling: their content counts once.
    pub repeated_files: Vec<String>,
    /// By billing period.
    pub periods: Vec<PeriodTold>,
}

/// A billing period of the export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PeriodTold {
    /// First day.
    pub billing_period_start: String,
    /// Last day.
    pub billing_period_end: String,
    /// What the export did.
    pub outcome: Outcome,
    /// Lines of it.
    pub lines: usize,
    /// Lines of an earlier export that it replaced.
    pub replaced_lines: u64,
    /// What the lines cost, by currency and by how they belong to Databricks.
    pub parts: Vec<Part>,
}

/// What an export did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Its lines hold.
    InForce,
    /// It was told before and holds; nothing changed.
    Known,
    /// It was told before and was replaced since; nothing changed.
    Superseded,
    /// A later one holds; nothing changed.
    Older,
}

impl Outcome {
    fn as_str(self) -> &'static str {
        match self {
            Outcome::InForce => "in force",
            Outcome::Known => "known, nothing changed",
            Outcome::Superseded => "known and replaced since, nothing changed",
            Outcome::Older => "older than the one in force, nothing changed",
        }
    }
}

/// Lines of one belonging and currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Part {
    /// `workspace`, `managed-group`, `tagged` or `not-databricks`.
    pub belongs: &'static str,
    /// The currency.
    pub billing_currency: String,
    /// How many.
    pub lines: usize,
    /// What they cost, exactly.
    pub cost: Amount,
}

/// The lines of a period, counted: by belonging and currency.
pub type Parts = BTreeMap<(Belonging, String), (usize, Amount)>;

/// The parts, in order.
pub fn parts(counted: Parts) -> Vec<Part> {
    let part = |((belonging, billing_currency), (lines, cost))| Part {
        belongs: match belonging {
            Belonging::Workspace => "workspace",
            Belonging::ManagedGroup => "managed-group",
            Belonging::Tagged => "tagged",
            Belonging::Foreign => "not-databricks",
        },
        billing_currency,
        lines,
        cost,
    };
    counted.into_iter().map(part).collect()
}

/// For people.
pub fn text(told: &IngestedStatement) -> String {
    let mut out = format!(
        "{} rows told to {}, {} rejected\n",
        told.rows, told.ledger, told.rejected
    );
    for file in &told.repeated_files {
        let _ = writeln!(out, "{}: the same file once more, counted once", visible(file));
    }
    for period in &told.periods {
        let _ = writeln!(
            out,
            "\nbilling period {} to {}: {} lines, {}; {} lines replaced",
            period.billing_period_start,
            period.billing_period_end,
            period.lines,
            period.outcome.as_str(),
            period.replaced_lines,
        );
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        table.set_header(["belongs to", "lines", "cost"]);
        for part in &period.parts {
            table.add_row([
                part.belongs.to_owned(),
                part.lines.to_string(),
                format!("{} {}", part.cost, part.billing_currency),
            ]);
        }
        for column in table.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        for line in table.lines() {
            let _ = writeln!(out, "{}", line.trim_end());
        }
    }
    out
}
