//! Assertions: told, and listed with how the ledger stands to them.

use std::path::Path;

use super::ledger::{diagnose, open_existing, open_read_only};
use crate::ledger::account::VENDORS;
pub use crate::ledger::assertion::Assertion;
use crate::model::amount::Amount;
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::period::Instant;
use crate::report::assertion::AssertionRow;
use crate::store::{Database, StoreError};

/// The vendor of a name.
///
/// # Errors
/// What is expected, for a name that is none of [`VENDORS`].
pub fn vendor(name: &str) -> Result<&'static str, String> {
    let known = VENDORS.into_iter().find(|known| *known == name);
    known.ok_or_else(|| format!("expected one of {}", VENDORS.join(", ")))
}

/// Tells an assertion to a ledger that exists; whether it is new, and how the ledger stands to it.
///
/// # Errors
/// `store::*`; `assertion::amount` for numbers that cannot be compared; `assertion::currency` where the ledger is kept in another.
pub fn tell(
    path: &Path,
    assertion: &Assertion,
    told_at: Instant,
) -> Result<(bool, AssertionRow), Diagnostics> {
    for (name, number) in [
        ("--amount", assertion.amount),
        ("--tolerance", assertion.tolerance),
    ] {
        if let Err(inexact) = Amount::of_decimal(number) {
            return Err(Diagnostic::error("assertion::amount", name, inexact.to_string())
                .hint("expected what an invoice says, as in `12345.67`")
                .into());
        }
    }
    // An assertion about nothing is a slip: there must be a ledger.
    let mut database = open_existing(path)?;
    let currency = database.head().map_err(|e| diagnose(path, &e))?.currency;
    if let Some(other) = currency.filter(|c| *c != assertion.currency) {
        let message = format!(
            "the ledger is kept in {other}, the assertion is in {}",
            assertion.currency
        );
        return Err(
            Diagnostic::error("assertion::currency", path.display().to_string(), message)
                .hint("assert what the invoice says in the ledger's currency")
                .into(),
        );
    }
    let told = database.tell_assertion(assertion, told_at);
    let new = told.map_err(|e| diagnose(path, &e))?;
    let row = rows(path, &database)?
        .into_iter()
        .rfind(|row| row.vendor == assertion.vendor && row.month == assertion.month.to_string());
    row.map(|row| (new, row)).ok_or_else(|| {
        let place = "`assertion`".to_owned();
        let why = "what was just written is not there".to_owned();
        diagnose(
            path,
            &StoreError::Unreadable {
                path: path.to_owned(),
                place,
                why,
            },
        )
    })
}

/// All assertions, in order of telling.
///
/// # Errors
/// `store::*`, `assertion::amount`.
pub fn list(path: &Path) -> Result<Vec<AssertionRow>, Diagnostics> {
    rows(path, &open_read_only(path)?)
}

fn rows(path: &Path, database: &Database) -> Result<Vec<AssertionRow>, Diagnostics> {
    let failed = |e: StoreError| diagnose(path, &e);
    let currency = database.head().map_err(failed)?.currency;
    let mut rows = Vec::new();
    for stored in database.assertions().map_err(failed)? {
        let assertion = &stored.assertion;
        let owed = database.owed(assertion.vendor, assertion.month).map_err(failed)?;
        let numbers = (stored.number, stored.superseded_by);
        let row = AssertionRow::of(numbers, assertion, stored.told_at, owed, currency);
        rows.push(row.map_err(|e| {
            Diagnostics::from(Diagnostic::error(
                "assertion::amount",
                path.display().to_string(),
                e.to_string(),
            ))
        })?);
    }
    Ok(rows)
}
