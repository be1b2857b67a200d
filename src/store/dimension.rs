//! Reading interned rows back: ids become subjects, meters, prices and accounts, shared between rows.

use rusqlite::{Connection, Row};
use std::collections::HashMap;
use std::path::Path;
use std::rc::Rc;
use std::str::FromStr;
use std::sync::Arc;

use super::error::StoreError;
use crate::ledger::account::Account;
use crate::ledger::terms::{Terms, TermsDigests};
use crate::model::charge::{PaidBy, Price};
use crate::model::exact::parse_decimal;
use crate::model::meter::Meter;
use crate::model::money::{Currency, UnitPrice};
use crate::model::usage::Subject;

/// Rows remembered per table; a full memory is emptied, so that reading a large ledger stays small.
const REMEMBERED: usize = 65_536;

/// Reads interned rows and remembers them.
#[derive(Debug)]
pub(super) struct Dimensions<'c> {
    connection: &'c Connection,
    path: &'c Path,
    subjects: HashMap<i64, Arc<Subject>>,
    meters: HashMap<i64, Arc<Meter>>,
    prices: HashMap<i64, Arc<Price>>,
    accounts: HashMap<i64, Account>,
    terms: HashMap<i64, Rc<(Terms, TermsDigests)>>,
}

impl<'c> Dimensions<'c> {
    pub fn new(connection: &'c Connection, path: &'c Path) -> Dimensions<'c> {
        Dimensions {
            connection,
            path,
            subjects: HashMap::new(),
            meters: HashMap::new(),
            prices: HashMap::new(),
            accounts: HashMap::new(),
            terms: HashMap::new(),
        }
    }

    pub fn subject(&mut self, id: i64) -> Result<Arc<Subject>, StoreError> {
        let sql = "SELECT workspace, team, cluster_id, cluster_name, job_name, run_id, pool, owner, policy \
                   FROM subject WHERE id = ?1";
        let place = self.place("subject", id);
        remembered(&mut self.subjects, id, || {
            place.read(sql, |row| Ok(Arc::new(subject_of(row)?)))
        })
    }

    pub fn meter(&mut self, id: i64) -> Result<Arc<Meter>, StoreError> {
        let place = self.place("meter", id);
        remembered(&mut self.meters, id, || {
            let name: String = place.read("SELECT name FROM meter WHERE id = ?1", |row| row.get(0))?;
            place.parse(&name).map(Arc::new)
        })
    }

    pub fn price(&mut self, id: i64) -> Result<Arc<Price>, StoreError> {
        let sql = "SELECT unit_price, currency, source, synthetic, list_unit_price, commitment, \
                   contracted_unit_price FROM price WHERE id = ?1";
        let place = self.place("price", id);
        remembered(&mut self.prices, id, || {
            let (synthetic, texts) = place.read(sql, |row| {
                let text = |column| row.get::<_, String>(column);
                let texts = [text(0)?, text(1)?, text(2)?, text(4)?, text(5)?, text(6)?];
                Ok((row.get(3)?, texts))
            })?;
            let [unit_price, currency, source, list, commitment, contracted] = texts;
            let price = |text: &str| parse_decimal(text).map(UnitPrice).map_err(|e| place.wrong(&e));
            let list = (!list.is_empty()).then(|| price(&list)).transpose()?;
            let commitment = (!commitment.is_empty()).then(|| {
                price(&contracted).map(|contracted_unit_price| PaidBy {
                    name: Arc::from(commitment),
                    contracted_unit_price,
                })
            });
            Ok(Arc::new(Price {
                unit_price: price(&unit_price)?,
                list_unit_price: list,
                currency: Currency::try_from(currency).map_err(|e| place.wrong(&e))?,
                source: Arc::from(source),
                synthetic,
                commitment: commitment.transpose()?,
            }))
        })
    }

    pub fn account(&mut self, id: i64) -> Result<Account, StoreError> {
        let place = self.place("account", id);
        remembered(&mut self.accounts, id, || {
            let name: String = place.read("SELECT name FROM account WHERE id = ?1", |row| row.get(0))?;
            place.parse(&name)
        })
    }

    /// The terms of entries, with their digests computed anew.
    pub fn terms(&mut self, id: i64) -> Result<Rc<(Terms, TermsDigests)>, StoreError> {
        if let Some(known) = self.terms.get(&id) {
            return Ok(Rc::clone(known));
        }
        let sql = "SELECT source_id, debit_account, credit_account, subject_id, meter_id, price_id FROM terms \
                   WHERE id = ?1";
        let [source, debit, credit, subject, meter, price] = self.place("terms", id).read(sql, |row| {
            let id = |column| row.get::<_, i64>(column);
            Ok([id(0)?, id(1)?, id(2)?, id(3)?, id(4)?, id(5)?])
        })?;
        let terms = Terms {
            source: self.source(source)?,
            debit: self.account(debit)?,
            credit: self.account(credit)?,
            subject: self.subject(subject)?,
            meter: self.meter(meter)?,
            price: self.price(price)?.as_ref().clone(),
        };
        let digests = terms.digests();
        remembered(&mut self.terms, id, || Ok(Rc::new((terms, digests))))
    }

    fn source(&self, id: i64) -> Result<Arc<str>, StoreError> {
        let sql = "SELECT name FROM source WHERE id = ?1";
        self.place("source", id).read(sql, |row| row.get(0))
    }

    fn place(&self, table: &'static str, id: i64) -> Place<'c> {
        Place {
            connection: self.connection,
            path: self.path,
            table,
            id,
        }
    }
}

fn remembered<T: Clone>(
    memory: &mut HashMap<i64, T>,
    id: i64,
    read: impl FnOnce() -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    if let Some(known) = memory.get(&id) {
        return Ok(known.clone());
    }
    let value = read()?;
    if memory.len() >= REMEMBERED {
        memory.clear();
    }
    memory.insert(id, value.clone());
    Ok(value)
}

/// One row of one table, for reading and for errors.
struct Place<'c> {
    connection: &'c Connection,
    path: &'c Path,
    table: &'static str,
    id: i64,
}

impl Place<'_> {
    fn read<T>(
        &self,
        sql: &str,
        map: impl FnOnce(&Row<'_>) -> Result<T, rusqlite::Error>,
    ) -> Result<T, StoreError> {
        self.connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.query_row([self.id], map))
            .map_err(|e| self.wrong(&e))
    }

    fn parse<T: FromStr>(&self, text: &str) -> Result<T, StoreError>
    where
        T::Err: std::fmt::Display,
    {
        text.parse().map_err(|e| self.wrong(&e))
    }

    fn wrong(&self, why: &dyn std::fmt::Display) -> StoreError {
        StoreError::Unreadable {
            path: self.path.to_owned(),
            place: format!("`{}` {}", self.table, self.id),
            why: why.to_string(),
        }
    }
}

fn subject_of(row: &Row<'_>) -> Result<Subject, rusqlite::Error> {
    Ok(Subject {
        workspace: row.get(0)?,
        team: row.get(1)?,
        cluster_id: row.get(2)?,
        cluster_name: row.get(3)?,
        job_name: row.get(4)?,
        run_id: row.get(5)?,
        pool: row.get(6)?,
        owner: row.get(7)?,
        policy: row.get(8)?,
    })
}
