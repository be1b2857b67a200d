//! Report: a month from the ledger's roll-ups.

use std::path::Path;

use super::ledger::{diagnose, open_read_only};
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::period::Month;
use crate::report::{CostReport, MonthInput};
use crate::store::{Database, StoreError};

/// Reports a month; the latest month with an entry where none is named.
///
/// # Errors
/// `store::*`; `report::nothing` when the ledger is empty and no month was named.
pub fn report(path: &Path, month: Option<Month>) -> Result<CostReport, Diagnostics> {
    let database = open_read_only(path)?;
    let month = match month {
        Some(month) => month,
        None => {
            let latest = database.latest_month().map_err(|e| diagnose(path, &e))?;
            latest.ok_or_else(|| {
                Diagnostic::error(
                    "report::nothing",
                    path.display().to_string(),
                    "nothing was billed into this ledger yet",
                )
                .hint("run `tollgate simulate SCENARIO --ledger FILE` first")
            })?
        }
    };
    month_report(&database, month).map_err(|e| diagnose(path, &e))
}

/// The report of a month from an open ledger.
///
/// # Errors
/// When the file cannot be read.
pub fn month_report(database: &Database, month: Month) -> Result<CostReport, StoreError> {
    let head = database.head()?;
    let closing = database.closings()?.of(month).cloned();
    // A closed month is reported as of its closing, whatever the ledger has grown to.
    let (entries, hash) = match &closing {
        Some(closing) => (closing.entries, closing.head),
        None => (u64::try_from(head.entries).unwrap_or_default(), head.hash),
    };
    Ok(CostReport::new(MonthInput {
        month,
        currency: head.currency,
        head: hash,
        ledger_entries: entries,
        closed_at: closing.map(|closing| closing.closed_at),
        rows: database.cost_rows(&month.period())?,
        late: database.late_rows(month)?,
        allocations: database.allocation_rows(month)?,
        unpriced: database.unpriced_rows(&month.period())?,
        unfinished_runs: database.unfinished_runs()?,
    }))
}
