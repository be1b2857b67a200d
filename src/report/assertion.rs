//! Assertions, listed.

use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;

use super::render::name::visible;
use crate::ledger::assertion::{Assertion, Holding};
use crate::ledger::check::nano_text;
use crate::model::exact::{Inexact, decimal_text};
use crate::model::money::Currency;
use crate::model::period::{Instant, rfc3339};

/// An assertion and how the ledger stands to it. Keys may be added, never renamed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AssertionRow {
    /// Its number, in order of telling.
    pub number: i64,
    /// Who is owed.
    pub vendor: &'static str,
    /// For which month.
    pub month: String,
    /// How much, as asserted.
    pub amount: String,
    /// Its currency.
    pub currency: String,
    /// By how much the ledger may differ.
    pub tolerance: String,
    /// Where it comes from.
    pub note: String,
    /// When it was told.
    pub told_at: String,
    /// The number of the one that took its place.
    pub superseded_by: Option<i64>,
    /// What the ledger says now.
    pub ledger: String,
    /// Ledger minus assertion; none where the currencies differ.
    pub difference: Option<String>,
    /// Whether they agree within the tolerance.
    pub agrees: bool,
}

impl AssertionRow {
    /// The row of an assertion; `owed` in nanos.
    ///
    /// # Errors
    /// [`Inexact`] for numbers beyond what can be compared.
    pub fn of(
        (number, superseded_by): (i64, Option<i64>),
        assertion: &Assertion,
        told_at: Instant,
        owed: i128,
        currency: Option<Currency>,
    ) -> Result<AssertionRow, Inexact> {
        let holding = assertion.hold(owed, currency)?;
        Ok(AssertionRow {
            number,
            vendor: assertion.vendor,
            month: assertion.month.to_string(),
            amount: decimal_text(assertion.amount),
            currency: assertion.currency.to_string(),
            tolerance: decimal_text(assertion.tolerance),
            note: assertion.note.clone(),
            told_at: rfc3339(told_at),
            superseded_by,
            ledger: format!("{} {}", nano_text(owed), currency.unwrap_or(assertion.currency)),
            difference: match &holding {
                Holding::Agrees(by) | Holding::Differs(by) => Some(by.to_string()),
                Holding::OtherCurrency(_) => None,
            },
            agrees: matches!(holding, Holding::Agrees(_)),
        })
    }

    /// `agrees`, `DIFFERS`, or what took its place.
    fn state(&self) -> String {
        match (self.superseded_by, self.agrees) {
            (Some(by), _) => format!("superseded by {by}"),
            (None, true) => "agrees".to_owned(),
            (None, false) => "DIFFERS".to_owned(),
        }
    }
}

/// For people.
pub fn text(rows: &[AssertionRow]) -> String {
    if rows.is_empty() {
        return "no assertions\n".to_owned();
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header([
        "no",
        "vendor",
        "month",
        "asserted",
        "tolerance",
        "ledger",
        "difference",
        "state",
        "note",
    ]);
    for row in rows {
        table.add_row([
            row.number.to_string(),
            row.vendor.to_owned(),
            row.month.clone(),
            format!("{} {}", row.amount, row.currency),
            row.tolerance.clone(),
            row.ledger.clone(),
            row.difference.clone().unwrap_or_default(),
            row.state(),
            visible(&row.note),
        ]);
    }
    for column in [0, 3, 4, 5, 6] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let lines = table.lines().map(|line| format!("{}\n", line.trim_end()));
    lines.collect()
}
