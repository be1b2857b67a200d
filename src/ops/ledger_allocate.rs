//! Allocating: the shared costs of a month go to those who used what they were for.

use std::path::Path;

use super::ledger::{diagnose, open_existing};
use crate::ledger::allocation::{SplitKey, SplitKeys};
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::period::Month;
use crate::report::allocation::AllocatedMonth;
use crate::store::allocation::{Allocated, Mode};

/// By what shared costs are split, as somebody writes it: none leaves them alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Split(pub Option<SplitKey>);

impl std::str::FromStr for Split {
    type Err = String;
    fn from_str(text: &str) -> Result<Split, String> {
        match text {
            "none" => Ok(Split(None)),
            key => key.parse().map(|key| Split(Some(key))).map_err(|_| {
                format!("`{text}` is nothing to split by; expected `by-seconds`, `by-cost` or `none`")
            }),
        }
    }
}

/// Brings the allocations of a month up to date. What is split by `none` stays as it is; doing it again changes nothing.
///
/// # Errors
/// `store::*`; `allocation::closed` for a month that is closed, or lies before one that is.
pub fn allocate(
    ledger: &Path,
    month: Month,
    (idle, resource_group): (Split, Split),
    mode: Mode,
) -> Result<AllocatedMonth, Diagnostics> {
    let mut database = open_existing(ledger)?;
    let keys = SplitKeys {
        idle: idle.0,
        resource_group: resource_group.0,
    };
    let allocated = database.allocate(month, keys, mode);
    let head = database.head().map_err(|e| diagnose(ledger, &e))?;
    match allocated.map_err(|e| diagnose(ledger, &e))? {
        Allocated::Done(planned) => Ok(AllocatedMonth {
            month,
            currency: head.currency,
            tried: mode == Mode::Try,
            planned,
        }),
        Allocated::Closed => {
            let message =
                format!("{month} cannot be allocated: it is closed, or lies before a month that is");
            let problem = Diagnostic::error("allocation::closed", ledger.display().to_string(), message);
            Err(problem
                .hint("allocate a month before it is closed; what is told of it later is shared in the month that is open then")
                .into())
        }
    }
}

/// [`Mode`], for those who may not know the store.
pub fn mode(dry_run: bool) -> Mode {
    match dry_run {
        true => Mode::Try,
        false => Mode::Write,
    }
}
