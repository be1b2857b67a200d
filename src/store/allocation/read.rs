//! Reading allocations.

use rusqlite::{OptionalExtension, Row, params};
use std::collections::BTreeMap;
use std::sync::Arc;

use super::{DOING, StoredAllocation, key};
use crate::ledger::account::Account;
use crate::ledger::allocation::chain::{Allocation, genesis};
use crate::ledger::allocation::{Part, Planned, Shared};
use crate::ledger::balance::Balances;
use crate::ledger::chain::ChainHash;
use crate::model::period::Month;
use crate::store::dimension::Dimensions;
use crate::store::error::{At, StoreError};
use crate::store::intern::Tables;

/// How many there are, and the hash of the last.
pub(in crate::store) fn head(
    Tables { connection, path }: Tables<'_>,
) -> Result<(u64, ChainHash), StoreError> {
    let found: Option<(i64, Option<[u8; 32]>)> = connection
        .prepare_cached("SELECT count, head FROM allocations WHERE id = 1")
        .and_then(|mut statement| {
            statement
                .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()
        })
        .at(path, DOING)?;
    let (count, head) = found.unwrap_or_default();
    Ok((
        u64::try_from(count).unwrap_or_default(),
        head.map_or_else(genesis, ChainHash),
    ))
}

/// All allocations, or those of a month, in their order.
pub(in crate::store) fn read_all(
    tables: Tables<'_>,
    month: Option<Month>,
) -> Result<Vec<StoredAllocation>, StoreError> {
    let Tables { connection, path } = tables;
    let sql = "SELECT number, month, workspace, pool, bearer, split_key, cost_nano, kept_nano, moved_nano, entries, hash \
               FROM allocation WHERE ?1 IS NULL OR month = ?1 ORDER BY number";
    let mut dimensions = Dimensions::new(connection, path);
    let mut statement = connection.prepare_cached(sql).at(path, DOING)?;
    let mut rows = statement
        .query(params![month.map(|m| m.to_string())])
        .at(path, DOING)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next().at(path, DOING)? {
        found.push(stored(tables, row, &mut dimensions)?);
    }
    Ok(found)
}

fn stored(
    tables: Tables<'_>,
    row: &Row<'_>,
    dimensions: &mut Dimensions<'_>,
) -> Result<StoredAllocation, StoreError> {
    let number = |column| row.get::<_, i64>(column).at(tables.path, DOING);
    let text = |column| row.get::<_, String>(column).at(tables.path, DOING);
    let place = number(0)?;
    let unreadable = |why: String| StoreError::Unreadable {
        path: tables.path.to_owned(),
        place: format!("allocation {place}"),
        why,
    };
    let (month, split_key) = (text(1)?, text(5)?);
    let allocation = Allocation {
        month: month
            .parse()
            .map_err(|e: crate::model::period::NotAMonth| unreadable(e.to_string()))?,
        planned: Planned {
            shared: Shared {
                workspace: Arc::from(text(2)?),
                pool: Arc::from(text(3)?),
            },
            bearer: dimensions.account(number(4)?)?,
            key: key(&split_key).ok_or_else(|| unreadable(format!("`{split_key}` is no key")))?,
            cost_nano: number(6)?.into(),
            parts: BTreeMap::new(),
        },
        kept_nano: number(7)?.into(),
        entries: u64::try_from(number(9)?).unwrap_or_default(),
        shares: shares(tables, place, dimensions)?,
    };
    Ok(StoredAllocation {
        number: u64::try_from(place).unwrap_or_default(),
        allocation,
        moved_nano: number(8)?.into(),
        hash: ChainHash(row.get(10).at(tables.path, DOING)?),
    })
}

fn shares(
    Tables { connection, path }: Tables<'_>,
    allocation: i64,
    dimensions: &mut Dimensions<'_>,
) -> Result<BTreeMap<Account, Part>, StoreError> {
    let rows: Vec<(i64, i64, i64)> = connection
        .prepare_cached("SELECT account, weight, amount_nano FROM allocation_share WHERE allocation = ?1")
        .and_then(|mut statement| {
            let rows =
                statement.query_map([allocation], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
            rows.collect()
        })
        .at(path, DOING)?;
    let shares = rows.into_iter().map(|(account, weight, amount)| {
        let part = Part {
            weight: weight.into(),
            amount_nano: amount.into(),
        };
        Ok((dimensions.account(account)?, part))
    });
    shares.collect()
}

/// The legs of all allocations, added to balances.
pub(in crate::store) fn legs(tables: Tables<'_>, balances: &mut Balances) -> Result<(), StoreError> {
    for stored in read_all(tables, None)? {
        let Allocation { planned, shares, .. } = &stored.allocation;
        for (account, share) in shares {
            balances.transfer(account, &planned.bearer, share.amount_nano);
        }
    }
    Ok(())
}
