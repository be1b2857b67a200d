//! Closing: a month of the ledger becomes final.

use std::path::Path;

use super::ledger::{diagnose, open_existing, open_read_only};
use crate::ledger::closing::{Closing, Closings};
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::money::Currency;
use crate::model::period::{Instant, Month};
use crate::store::closing::{Closed, NotClosed};

/// A month that is closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosedMonth {
    /// What was fixed.
    pub closing: Closing,
    /// The ledger's currency.
    pub currency: Option<Currency>,
    /// Whether it was closed before, so that nothing was done.
    pub before: bool,
}

/// Closes a month at an instant, which must not lie before the month's end. What is told of it later is booked in the earliest
/// month that is open. Closing again changes nothing.
///
/// # Errors
/// `store::*`; `closing::not-over`, `closing::nothing`, `closing::unpriced` (unless `with_unpriced`), `closing::order`.
pub fn close(
    ledger: &Path,
    month: Month,
    at: Instant,
    with_unpriced: bool,
) -> Result<ClosedMonth, Diagnostics> {
    let mut database = open_existing(ledger)?;
    let closed = database.close_month(month, at, with_unpriced);
    let head = database.head().map_err(|e| diagnose(ledger, &e))?;
    let (closing, before) = match closed.map_err(|e| diagnose(ledger, &e))? {
        Closed::Now(closing) => (closing, false),
        Closed::Before(closing) => (closing, true),
        Closed::Not(why) => return Err(refused(ledger, month, &why)),
    };
    Ok(ClosedMonth {
        closing,
        currency: head.currency,
        before,
    })
}

fn refused(ledger: &Path, month: Month, why: &NotClosed) -> Diagnostics {
    let (code, hint) = match why {
        NotClosed::NotOver => (
            "closing::not-over",
            "close it when it is over; --at names another time",
        ),
        NotClosed::Nothing => (
            "closing::nothing",
            "is this the month, and the ledger, that was meant?",
        ),
        NotClosed::Unpriced(_) => (
            "closing::unpriced",
            "add their prices and tell them again, or close with --with-unpriced",
        ),
        NotClosed::EarlierOpen(_) | NotClosed::Before(_) => {
            ("closing::order", "months are closed one after the other")
        }
    };
    let message = format!("{month} cannot be closed: {why}");
    Diagnostic::error(code, ledger.display().to_string(), message)
        .hint(hint)
        .into()
}

/// The closed months of a ledger, with its currency.
///
/// # Errors
/// `store::*`.
pub fn closings(ledger: &Path) -> Result<(Closings, Option<Currency>), Diagnostics> {
    let database = open_read_only(ledger)?;
    let read = database
        .closings()
        .and_then(|closings| Ok((closings, database.head()?.currency)));
    read.map_err(|e| diagnose(ledger, &e))
}
