//! An allocation as exports have it.

use crate::ledger::account::Account;
use crate::ledger::allocation::chain::Allocation;
use crate::ledger::chain::ChainHash;
use crate::model::money::Currency;
use crate::model::period::{SECONDS_PER_DAY, from_unix, rfc3339};

/// An allocation of the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NumberedAllocation<'a> {
    /// Its number, from 1.
    pub number: u64,
    /// What it says.
    pub allocation: &'a Allocation,
    /// Its hash.
    pub hash: &'a ChainHash,
    /// The ledger's currency.
    pub currency: Currency,
}

impl NumberedAllocation<'_> {
    /// The last day of its month, `2026-10-31`.
    pub(super) fn day(&self) -> String {
        let end = self.allocation.month.period().end;
        let last = from_unix(end.timestamp().saturating_sub(SECONDS_PER_DAY));
        rfc3339(last).get(..10).unwrap_or_default().to_owned()
    }

    /// Both legs: what is moved to each cost centre, and from the bearer.
    pub(super) fn legs(&self) -> Vec<(&Account, i128)> {
        let shares = self.allocation.shares.iter();
        let to = shares.map(|(account, share)| (account, share.amount_nano));
        let moved = self.allocation.moved_nano().saturating_neg();
        to.chain([(&self.allocation.planned.bearer, moved)]).collect()
    }

    /// What it is about, as pairs of a name and a value.
    pub(super) fn facts(&self) -> [(&'static str, String); 5] {
        let planned = &self.allocation.planned;
        [
            ("billing-month", self.allocation.month.to_string()),
            ("workspace", planned.shared.workspace.to_string()),
            ("pool", planned.shared.pool.to_string()),
            ("split", planned.key.to_string()),
            ("hash", self.hash.to_string()),
        ]
    }
}
