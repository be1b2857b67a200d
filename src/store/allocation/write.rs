//! Writing allocations: the differences between what is planned and what was moved.
#![deny(clippy::arithmetic_side_effects)]

use rusqlite::params;
use std::collections::{BTreeMap, BTreeSet};

use super::read::{self, read_all};
use super::{Allocated, DOING, used};
use crate::ledger::account::Account;
use crate::ledger::allocation::chain::Allocation;
use crate::ledger::allocation::{Part, Planned, Shared, SplitKeys, plan};
use crate::ledger::chain::ChainHash;
use crate::model::period::{Month, Period};
use crate::store::closing::closed_until;
use crate::store::error::{At, StoreError};
use crate::store::intern::{Interned, Tables};
use crate::store::query;

/// One who bears a shared cost.
type Borne = (Shared, Account);
/// What was moved to each cost centre, in nanos.
type Moved = BTreeMap<Account, i128>;

/// Brings a month up to date, in the transaction that is open.
pub(super) fn allocate(
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
fn kept(planned: &Planned) -> i128 {
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
