//! Allocations: shared cost of a month, moved to those who used it.
//!
//! [`Database::allocate`] compares what a month's shared costs come to with what was allocated of them and writes the
//! differences, in one transaction. So doing it twice changes nothing, and doing it again after more was told brings it up to date.
#![deny(clippy::arithmetic_side_effects)]

mod read;
mod used;

use rusqlite::params;
use std::collections::{BTreeMap, BTreeSet};

use super::closing::closed_until;
use super::database::Database;
use super::error::{At, StoreError};
use super::intern::{Interned, Tables};
use super::query;
use crate::ledger::account::Account;
use crate::ledger::allocation::chain::Allocation;
use crate::ledger::allocation::{Part, Planned, Shared, SplitKey, SplitKeys, plan};
use crate::ledger::chain::ChainHash;
use crate::ledger::summary::AllocationRow;
use crate::model::period::{Month, Period};

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

/// One who bears a shared cost.
type Borne = (Shared, Account);
/// What was moved to each cost centre, in nanos.
type Moved = BTreeMap<Account, i128>;

impl Database {
    /// Allocates the shared costs of a month, durable when this returns. Those that `keys` does not name stay as they are.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing is written.
    pub fn allocate(&mut self, month: Month, keys: SplitKeys, mode: Mode) -> Result<Allocated, StoreError> {
        if mode == Mode::Try {
            // What is tried is written and taken back, so that both say the same.
            let mut tried = Ok(Allocated::Closed);
            let undone = self.in_transaction(DOING, |tables, interned| {
                tried = allocate(tables, interned, month, keys);
                Err::<(), StoreError>(StoreError::Unwritable {
                    what: "what is only tried".to_owned(),
                    why: "it is taken back".to_owned(),
                })
            });
            // Another error is one of beginning the transaction, and then nothing was tried.
            return match undone {
                Err(StoreError::Unwritable { .. }) | Ok(()) => tried,
                Err(error) => Err(error),
            };
        }
        self.in_transaction(DOING, |tables, interned| allocate(tables, interned, month, keys))
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

fn allocate(
    tables: Tables<'_>,
    interned: &mut Interned,
    month: Month,
    keys: SplitKeys,
) -> Result<Allocated, StoreError> {
    let Period { start, .. } = month.period();
    if closed_until(tables)?.is_some_and(|until| start < until) {
        return Ok(Allocated::Closed);
    }
    let planned = plan(&used::used(tables, month)?, keys);
    let mut before = moved_before(tables, month)?;
    let entries = query::head(tables.connection, tables.path)?.entries;
    let mut writer = Writer::begin(
        tables,
        interned,
        month,
        u64::try_from(entries).unwrap_or_default(),
    )?;
    let mut done = Vec::with_capacity(planned.len());
    for planned in planned {
        let borne = (planned.shared.clone(), planned.bearer.clone());
        let number = writer.bring_up_to_date(&planned, &before.remove(&borne).unwrap_or_default())?;
        done.push((planned, number));
    }
    // What is no cost any more is given back.
    for ((shared, bearer), moved) in before {
        let Some(key) = keys.of(&shared) else { continue };
        let planned = Planned {
            shared,
            bearer,
            key,
            cost_nano: 0,
            parts: BTreeMap::new(),
        };
        if let Some(number) = writer.bring_up_to_date(&planned, &moved)? {
            done.push((planned, Some(number)));
        }
    }
    writer.finish()?;
    Ok(Allocated::Done(done))
}

/// What was moved so far, by what it was of.
fn moved_before(tables: Tables<'_>, month: Month) -> Result<BTreeMap<Borne, Moved>, StoreError> {
    let mut before: BTreeMap<Borne, Moved> = BTreeMap::new();
    for stored in read_all(tables, Some(month))? {
        let Allocation { planned, shares, .. } = stored.allocation;
        let moved = before.entry((planned.shared, planned.bearer)).or_default();
        for (account, share) in shares {
            let sum = moved.entry(account).or_default();
            *sum = sum.saturating_add(share.amount_nano);
        }
    }
    Ok(before)
}

/// Allocations being written.
struct Writer<'c, 'i> {
    tables: Tables<'c>,
    interned: &'i mut Interned,
    month: Month,
    entries: u64,
    count: u64,
    head: ChainHash,
}

impl<'c, 'i> Writer<'c, 'i> {
    fn begin(
        tables: Tables<'c>,
        interned: &'i mut Interned,
        month: Month,
        entries: u64,
    ) -> Result<Writer<'c, 'i>, StoreError> {
        let (count, head) = read::head(tables)?;
        Ok(Writer {
            tables,
            interned,
            month,
            entries,
            count,
            head,
        })
    }

    /// Writes the difference between what is planned and what was moved, if there is one; its number.
    fn bring_up_to_date(&mut self, planned: &Planned, before: &Moved) -> Result<Option<u64>, StoreError> {
        let to = |account: &Account| match *account == planned.bearer {
            true => Part::default(),
            false => planned.parts.get(account).copied().unwrap_or_default(),
        };
        let accounts: BTreeSet<&Account> = planned.parts.keys().chain(before.keys()).collect();
        let shares: BTreeMap<Account, Part> = accounts
            .into_iter()
            .map(|account| {
                let Part { weight, amount_nano } = to(account);
                let before = before.get(account).copied().unwrap_or_default();
                let amount_nano = amount_nano.saturating_sub(before);
                (account.clone(), Part { weight, amount_nano })
            })
            .filter(|(_, share)| share.amount_nano != 0)
            .collect();
        if shares.is_empty() {
            return Ok(None);
        }
        let allocation = Allocation {
            month: self.month,
            kept_nano: kept(planned),
            planned: planned.clone(),
            entries: self.entries,
            shares,
        };
        self.write(&allocation).map(Some)
    }

    fn write(&mut self, allocation: &Allocation) -> Result<u64, StoreError> {
        let planned = &allocation.planned;
        let number = self.count.saturating_add(1);
        let hash = allocation.hash(&self.head);
        let bearer = self.interned.account(self.tables, &planned.bearer)?;
        let sql = "INSERT INTO allocation (number, month, workspace, pool, bearer, split_key, cost_nano, kept_nano, \
                   moved_nano, entries, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
        let values = params![
            narrow(number),
            allocation.month.to_string(),
            &*planned.shared.workspace,
            &*planned.shared.pool,
            bearer,
            planned.key.as_str(),
            nano(planned.cost_nano, planned)?,
            nano(allocation.kept_nano, planned)?,
            nano(allocation.moved_nano(), planned)?,
            narrow(self.entries),
            hash.0,
        ];
        let connection = self.tables.connection;
        connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.execute(values))
            .at(self.tables.path, DOING)?;
        for (account, share) in &allocation.shares {
            let account = self.interned.account(self.tables, account)?;
            let sql = "INSERT INTO allocation_share (allocation, account, weight, amount_nano) VALUES (?1, ?2, ?3, ?4)";
            let values = params![
                narrow(number),
                account,
                nano(share.weight, planned)?,
                nano(share.amount_nano, planned)?
            ];
            connection
                .prepare_cached(sql)
                .and_then(|mut statement| statement.execute(values))
                .at(self.tables.path, DOING)?;
        }
        (self.count, self.head) = (number, hash);
        Ok(number)
    }

    fn finish(self) -> Result<(), StoreError> {
        if self.count == 0 {
            return Ok(());
        }
        self.tables
            .connection
            .prepare_cached("UPDATE allocations SET count = ?1, head = ?2")
            .and_then(|mut statement| statement.execute(params![narrow(self.count), self.head.0]))
            .at(self.tables.path, DOING)?;
        Ok(())
    }
}

/// What stays with the bearer: its own part, or all where nobody has one.
pub(super) fn kept(planned: &Planned) -> i128 {
    if planned.parts.is_empty() {
        return planned.cost_nano;
    }
    planned
        .parts
        .get(&planned.bearer)
        .map_or(0, |part| part.amount_nano)
}

fn nano(amount: i128, of: &Planned) -> Result<i64, StoreError> {
    i64::try_from(amount).map_err(|_| StoreError::TooLarge {
        what: format!("a part of the {}", of.shared),
    })
}

fn narrow(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// A key as it is stored.
fn key(text: &str) -> Option<SplitKey> {
    text.parse().ok()
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests;
