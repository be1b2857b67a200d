//! The chain of allocations: as entries have one, so have they, beside it.
//!
//! ```text
//! hash = BLAKE3( hash before, allocation/1, month, workspace, pool, bearer, key,
//!                cost, kept, entries of the ledger,
//!                for each share in the order of accounts: account, weight, amount )
//! ```
//!
//! Every field stands behind its length; numbers are 16 bytes, big-endian.

use super::{Part, Planned};
use crate::ledger::account::Account;
use crate::ledger::canonical::put;
use crate::ledger::chain::ChainHash;
use crate::model::period::Month;
use std::collections::BTreeMap;

const FORM: &[u8] = b"allocation/1";
const GENESIS: &[u8] = b"tollgate allocations, form 1";

/// The legs of one allocation: the bearer is relieved of their sum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allocation {
    /// The month whose shared cost it is.
    pub month: Month,
    /// What was split, by what, and into which parts as they then were.
    pub planned: Planned,
    /// What stays with the bearer: its own part, or all where nobody used it.
    pub kept_nano: i128,
    /// Entries of the ledger when it was written.
    pub entries: u64,
    /// What this allocation adds to each cost centre, in the order of their names: the difference to what was allocated before.
    pub shares: BTreeMap<Account, Part>,
}

impl Allocation {
    /// What the bearer is relieved of by this allocation, in 10^-9 of the currency.
    pub fn moved_nano(&self) -> i128 {
        self.shares
            .values()
            .fold(0, |sum, share| sum.saturating_add(share.amount_nano))
    }

    /// Its hash behind another.
    pub fn hash(&self, before: &ChainHash) -> ChainHash {
        let mut told = Vec::with_capacity(512);
        let planned = &self.planned;
        put(&mut told, &before.0);
        put(&mut told, FORM);
        for text in [
            self.month.to_string().as_str(),
            &*planned.shared.workspace,
            &*planned.shared.pool,
            &planned.bearer.to_string(),
            planned.key.as_str(),
        ] {
            put(&mut told, text.as_bytes());
        }
        for number in [planned.cost_nano, self.kept_nano, i128::from(self.entries)] {
            put(&mut told, &number.to_be_bytes());
        }
        for (account, share) in &self.shares {
            put(&mut told, account.to_string().as_bytes());
            put(&mut told, &share.weight.to_be_bytes());
            put(&mut told, &share.amount_nano.to_be_bytes());
        }
        ChainHash(*blake3::hash(&told).as_bytes())
    }
}

/// The hash before the first allocation.
pub fn genesis() -> ChainHash {
    ChainHash(*blake3::hash(GENESIS).as_bytes())
}
