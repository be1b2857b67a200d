//! Interning for the writer: texts that repeat become small numbers, remembered between batches.
//!
//! A subject or meter is first looked up by the address of its `Arc` (facts of one cluster share it), then by
//! value, then in its table. The memory keeps the `Arc` alive, so an address means one value as long as it is
//! remembered; a full memory is emptied, which costs a look-up and nothing else.

use rusqlite::{Connection, OptionalExtension, params};
use std::collections::HashMap;
use std::hash::Hash;
use std::path::Path;
use std::sync::Arc;

use super::error::{At, StoreError};
use crate::ledger::account::Account;
use crate::ledger::transaction::subject_fields;
use crate::model::charge::Price;
use crate::model::exact::decimal_text;
use crate::model::meter::Meter;
use crate::model::money::{Currency, UnitPrice};
use crate::model::usage::Subject;

/// Values remembered per kind. A subject is some 200 bytes: 13 MB at most.
const REMEMBERED: usize = 65_536;

/// What was interned so far. Forgotten when a transaction is rolled back.
#[derive(Debug, Default)]
pub(super) struct Interned {
    sources: HashMap<String, i64>,
    accounts: HashMap<Account, i64>,
    subjects: Shared<Subject>,
    meters: Shared<Meter>,
    prices: HashMap<(UnitPrice, Currency, Arc<str>, bool), i64>,
}

/// Ids by address, then by value.
#[derive(Debug)]
struct Shared<T> {
    by_address: HashMap<usize, (Arc<T>, i64)>,
    by_value: HashMap<Arc<T>, i64>,
}

impl<T> Default for Shared<T> {
    fn default() -> Shared<T> {
        Shared {
            by_address: HashMap::new(),
            by_value: HashMap::new(),
        }
    }
}

impl<T: Hash + Eq> Shared<T> {
    fn id(
        &mut self,
        value: &Arc<T>,
        look_up: impl FnOnce() -> Result<i64, StoreError>,
    ) -> Result<i64, StoreError> {
        let address = Arc::as_ptr(value).addr();
        if let Some((_, id)) = self.by_address.get(&address) {
            return Ok(*id);
        }
        let id = match self.by_value.get(value) {
            Some(id) => *id,
            None => look_up()?,
        };
        if self.by_address.len() >= REMEMBERED {
            *self = Shared::default();
        }
        self.by_address.insert(address, (Arc::clone(value), id));
        self.by_value.insert(Arc::clone(value), id);
        Ok(id)
    }
}

/// Where to look and what to call the file in an error.
#[derive(Clone, Copy)]
pub(super) struct Tables<'c> {
    pub connection: &'c Connection,
    pub path: &'c Path,
}

impl Interned {
    pub fn source(&mut self, tables: Tables<'_>, name: &str) -> Result<i64, StoreError> {
        if let Some(id) = self.sources.get(name) {
            return Ok(*id);
        }
        let id = tables.id(
            "SELECT id FROM source WHERE name = ?1",
            "INSERT INTO source (name) VALUES (?1)",
            params![name],
        )?;
        self.sources.insert(name.to_owned(), id);
        Ok(id)
    }

    pub fn account(&mut self, tables: Tables<'_>, account: &Account) -> Result<i64, StoreError> {
        if let Some(id) = self.accounts.get(account) {
            return Ok(*id);
        }
        let id = tables.id(
            "SELECT id FROM account WHERE name = ?1",
            "INSERT INTO account (name) VALUES (?1)",
            params![account.to_string()],
        )?;
        self.accounts.insert(account.clone(), id);
        Ok(id)
    }

    pub fn subject(&mut self, tables: Tables<'_>, subject: &Arc<Subject>) -> Result<i64, StoreError> {
        self.subjects.id(subject, || {
            tables.id(
                "SELECT id FROM subject WHERE workspace = ?1 AND team = ?2 AND cluster_id = ?3 \
                 AND cluster_name = ?4 AND job_name = ?5 AND run_id = ?6 AND pool = ?7 AND owner = ?8 \
                 AND policy = ?9",
                "INSERT INTO subject (workspace, team, cluster_id, cluster_name, job_name, run_id, pool, \
                 owner, policy) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                rusqlite::params_from_iter(subject_fields(subject)),
            )
        })
    }

    pub fn meter(&mut self, tables: Tables<'_>, meter: &Arc<Meter>) -> Result<i64, StoreError> {
        self.meters.id(meter, || {
            let name = meter.to_string();
            if name.parse::<Meter>().ok().as_ref() != Some(meter.as_ref()) {
                return Err(StoreError::Unwritable {
                    what: format!("the meter `{name}`"),
                    why: "its text does not read back; names in a meter hold no `/`".to_owned(),
                });
            }
            tables.id(
                "SELECT id FROM meter WHERE name = ?1",
                "INSERT INTO meter (name) VALUES (?1)",
                params![name],
            )
        })
    }

    pub fn price(&mut self, tables: Tables<'_>, price: &Price) -> Result<i64, StoreError> {
        let key = (
            price.unit_price,
            price.currency,
            Arc::clone(&price.source),
            price.synthetic,
        );
        if let Some(id) = self.prices.get(&key) {
            return Ok(*id);
        }
        let id = tables.id(
            "SELECT id FROM price WHERE unit_price = ?1 AND currency = ?2 AND source = ?3 AND synthetic = ?4",
            "INSERT INTO price (unit_price, currency, source, synthetic) VALUES (?1, ?2, ?3, ?4)",
            params![
                decimal_text(price.unit_price.0),
                price.currency.as_str(),
                &*price.source,
                price.synthetic
            ],
        )?;
        self.prices.insert(key, id);
        Ok(id)
    }
}

impl Tables<'_> {
    /// The id of a row, made if there is none.
    fn id(
        &self,
        select: &str,
        insert: &str,
        values: impl rusqlite::Params + Clone,
    ) -> Result<i64, StoreError> {
        let known = self
            .connection
            .prepare_cached(select)
            .and_then(|mut statement| statement.query_row(values.clone(), |row| row.get(0)).optional())
            .at(self.path, "looking up a name")?;
        match known {
            Some(id) => Ok(id),
            None => self
                .connection
                .prepare_cached(insert)
                .and_then(|mut statement| statement.insert(values))
                .at(self.path, "writing a name"),
        }
    }
}
