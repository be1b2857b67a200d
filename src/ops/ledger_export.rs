//! Export: the ledger, or a month of it, for another program of accounting.

use std::collections::VecDeque;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::files::not_written;
use super::ledger::{diagnose, open_read_only};
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::period::{Instant, Month, Period, SECONDS_PER_DAY, from_unix};
use crate::report::journal::{
    Ending, Journal, JournalError, JournalFormat, Numbered, NumberedAllocation, Opening, TableError,
};
use crate::store::allocation::StoredAllocation;
use crate::store::entries::StoredEntry;
use crate::store::{Database, StoreError};

/// What to export.
#[derive(Debug, Clone)]
pub struct ExportOptions {
    /// The ledger.
    pub ledger: PathBuf,
    /// One month of it; all of it where none is named.
    pub month: Option<Month>,
    /// In whose form.
    pub format: JournalFormat,
}

/// What was exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exported {
    /// Entries written.
    pub entries: u64,
}

enum Failure {
    Store(StoreError),
    Journal(JournalError),
}

impl From<JournalError> for Failure {
    fn from(error: JournalError) -> Failure {
        Failure::Journal(error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Failure {
        Failure::Store(error)
    }
}

/// Writes the entries in order of time. `progress` is told entries written and entries in the ledger.
///
/// # Errors
/// `store::*`; `file::not-written` when `out`, called `name`, takes no more; `export::decimal` for a price that a table does not hold.
pub fn export(
    options: &ExportOptions,
    name: &str,
    out: &mut (dyn Write + Send),
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Exported, Diagnostics> {
    let database = open_read_only(&options.ledger)?;
    write(&database, options, BufWriter::new(out), progress).map_err(|failure| match failure {
        Failure::Store(e) => diagnose(&options.ledger, &e),
        Failure::Journal(e) => not_exported(name, e),
    })
}

fn not_exported(name: &str, error: JournalError) -> Diagnostics {
    match error {
        JournalError::Write(e) => not_written(name, &e),
        JournalError::Table(TableError::Parquet(e)) => not_written(name, &io::Error::other(e)),
        JournalError::Table(unfit @ TableError::Unfit { .. }) => {
            Diagnostic::error("export::decimal", name, unfit.to_string()).into()
        }
    }
}

fn write(
    database: &Database,
    options: &ExportOptions,
    out: BufWriter<&mut (dyn Write + Send)>,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Exported, Failure> {
    let period = options.month.map(|month| month.period());
    let opening = opening(database, options)?;
    let mut journal = Journal::begin(options.format, &opening, out)?;
    let closings = database.closings()?;
    // In the order of their months.
    let mut waiting: VecDeque<StoredAllocation> = database.allocations(options.month)?.into();
    waiting
        .make_contiguous()
        .sort_by_key(|stored| stored.allocation.month);
    let has_rows = database.has_source_rows()?;
    let mut entries = 0_u64;
    let mut visit = |stored: StoredEntry| -> Result<(), Failure> {
        let start = stored.entry.charge.period.start;
        let late_in = closings.late_in(stored.number, start);
        let billed_in = late_in.unwrap_or_else(|| Month::of(start));
        if options.month.is_some_and(|month| month != billed_in) {
            return Ok(());
        }
        while let Some(stored) = waiting.pop_front_if(|stored| last_day(stored) < day_of(start)) {
            allocation(&mut journal, &opening, &stored)?;
        }
        let row = match has_rows {
            true => database.source_row(stored.number)?,
            false => None,
        };
        journal.entry(Numbered {
            number: stored.number,
            entry: &stored.entry,
            hash: &stored.hash,
            source_row: row.as_ref(),
            late_in,
        })?;
        entries = entries.saturating_add(1);
        if entries.is_multiple_of(4096) {
            progress(entries, opening.entries);
        }
        Ok(())
    };
    // Charges of earlier months are read only where some are billed in this one.
    if let Some(month) = options.month
        && !database.late_rows(month)?.is_empty()
    {
        let earlier = Period {
            start: from_unix(0),
            end: month.period().start,
        };
        database.visit_entries(Some(&earlier), &mut visit)?;
    }
    database.visit_entries(period.as_ref(), &mut visit)?;
    let last_billed = waiting.iter().map(last_day).max();
    for stored in waiting.drain(..) {
        allocation(&mut journal, &opening, &stored)?;
    }
    // An allocation stands on the last day of its month, and what accounts come to is asserted after all.
    let last = database.latest_day()?.max(last_billed);
    // Balances are those of the whole ledger.
    let ending = match (options.month, opening.currency, last) {
        (None, Some(currency), Some(last)) => Some(Ending {
            last,
            currency,
            balances: database.balances()?,
        }),
        _ => None,
    };
    journal.finish(ending.as_ref())?;
    Ok(Exported { entries })
}

fn allocation<W: Write + Send>(
    journal: &mut Journal<W>,
    opening: &Opening,
    stored: &StoredAllocation,
) -> Result<(), JournalError> {
    // Something was billed before it was allocated, so there is a currency.
    let Some(currency) = opening.currency else {
        return Ok(());
    };
    journal.allocation(NumberedAllocation {
        number: stored.number,
        allocation: &stored.allocation,
        hash: &stored.hash,
        currency,
    })
}

/// The midnight at which the last day of an allocation's month begins.
fn last_day(stored: &StoredAllocation) -> Instant {
    let end = stored.allocation.month.period().end.timestamp();
    from_unix(end.saturating_sub(SECONDS_PER_DAY))
}

fn day_of(at: Instant) -> Instant {
    let seconds = at.timestamp();
    from_unix(seconds.saturating_sub(seconds.rem_euclid(SECONDS_PER_DAY)))
}

fn opening(database: &Database, options: &ExportOptions) -> Result<Opening, StoreError> {
    let head = database.head()?;
    let name = options.ledger.file_name().unwrap_or(options.ledger.as_os_str());
    Ok(Opening {
        ledger: Path::new(name).display().to_string(),
        head: head.hash,
        entries: u64::try_from(head.entries).unwrap_or_default(),
        part: options.month.map(|month| month.to_string()),
        currency: head.currency,
        accounts: database.accounts()?,
        first: database.earliest_day()?,
    })
}
