//! Usage becomes facts; what the ledger says of some facts is told from what it says of itself.

use crate::ledger::rate::{RateError, Rated, rate};
use crate::model::period::Period;
use crate::model::usage::Usage;
use crate::pricing::catalogue::Catalogue;
use crate::store::StoreError;

/// Every usage, rated.
pub(super) fn rate_all(catalogue: &Catalogue, usage: &[Usage]) -> Result<Vec<Rated>, RateError> {
    let mut facts = Vec::with_capacity(usage.len());
    for usage in usage {
        let stretch = Period {
            start: usage.since,
            end: usage.period.end,
        };
        let prices = catalogue.book.in_force(&usage.meter, stretch);
        facts.extend(rate(usage, &prices)?);
    }
    Ok(facts)
}

/// Whether the ledger refuses some facts and would take others.
pub(super) fn is_of_some_facts(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::Conflict { .. }
            | StoreError::ToldTwice { .. }
            | StoreError::Unwritable { .. }
            | StoreError::OtherCurrency { .. }
            | StoreError::TooLarge { .. }
    )
}
