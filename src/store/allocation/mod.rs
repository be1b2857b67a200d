//! Allocations: shared cost of a month, moved to those who used it.
//!
//! [`Database::allocate`] compares what a month's shared costs come to with what was allocated of them and writes the
//! differences, in one transaction. So doing it twice changes nothing, and doing it again after more was told brings it up to date.
#![deny(clippy::arithmetic_side_effects)]

mod read;
mod used;
mod write;

use rusqlite::TransactionBehavior;
use std::collections::BTreeMap;

use super::database::Database;
use super::error::{At, StoreError};
use super::intern::{Interned, Tables};
use crate::ledger::account::Account;
use crate::ledger::allocation::chain::Allocation;
use crate::ledger::allocation::{Planned, Shared, SplitKey, SplitKeys};
use crate::ledger::chain::ChainHash;
use crate::ledger::summary::AllocationRow;
use crate::model::period::Month;

pub(super) use self::read::{head, legs, read_all};

const DOING: &str = "allocating shared costs";

/// What came of allocating a month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Allocated {
    /// What its shared costs come to, each with the number of the allocation that was needed to bring it up to date, if any was.
    Done(Vec<(Planned, Option<u64>)>),
    /// The month, or a later one, is closed.
    Closed,
}

/// Whether to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Write what is needed.
    Write,
    /// Only say what would be written.
    Try,
}

impl Database {
    /// Allocates the shared costs of a month, durable when this returns. Those that `keys` does not name stay as they are.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing is written.
    pub fn allocate(&mut self, month: Month, keys: SplitKeys, mode: Mode) -> Result<Allocated, StoreError> {
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .at(&self.path, DOING)?;
        let tables = Tables {
            connection: &transaction,
            path: &self.path,
        };
        let done = write::allocate(tables, &mut self.interned, month, keys);
        // What is only tried is written and taken back, so that both say the same.
        let written = match (mode, done.is_ok()) {
            (Mode::Write, true) => transaction.commit().at(&self.path, DOING).map(|()| true),
            _ => transaction.rollback().at(&self.path, DOING).map(|()| false),
        };
        if !matches!(written, Ok(true)) {
            // Ids handed out in the transaction are gone with it.
            self.interned = Interned::default();
        }
        written.and(done)
    }

    /// All allocations, or those of a month, in their order, each with its number and hash.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read.
    pub fn allocations(&self, month: Option<Month>) -> Result<Vec<StoredAllocation>, StoreError> {
        read_all(self.tables(), month)
    }

    /// What was moved of a month's shared costs, all allocations of each together, in the order of what is shared.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read.
    pub fn allocation_rows(&self, month: Month) -> Result<Vec<AllocationRow>, StoreError> {
        let mut rows: BTreeMap<(Shared, Account, Account), (SplitKey, i128)> = BTreeMap::new();
        for stored in self.allocations(Some(month))? {
            let Allocation { planned, shares, .. } = stored.allocation;
            for (to, share) in shares {
                let line = (planned.shared.clone(), planned.bearer.clone(), to);
                let (key, sum) = rows.entry(line).or_insert((planned.key, 0));
                *key = planned.key;
                *sum = sum.saturating_add(share.amount_nano);
            }
        }
        let row = |((shared, from, to), (key, amount_nano))| AllocationRow {
            shared,
            key,
            from,
            to,
            amount_nano,
        };
        let rows = rows.into_iter().map(row);
        Ok(rows.filter(|row| row.amount_nano != 0).collect())
    }

    fn tables(&self) -> Tables<'_> {
        Tables {
            connection: &self.connection,
            path: &self.path,
        }
    }
}

/// An allocation as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAllocation {
    /// Its number, from 1.
    pub number: u64,
    /// What it says. Of the plan's parts it has those that changed.
    pub allocation: Allocation,
    /// The sum of its shares, as it is stored.
    pub moved_nano: i128,
    /// Its hash.
    pub hash: ChainHash,
}

/// A key as it is stored.
fn key(text: &str) -> Option<SplitKey> {
    text.parse().ok()
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests;
