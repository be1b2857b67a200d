//! Interning for the writer: texts that repeat become small numbers, remembered between batches.
//!
//! Subjects, and the terms of a charge, are looked up by the addresses of subject, meter and price source (the facts of
//! one cluster share them); only where these are new by value, part by part, then in the tables. The memory keeps each
//! `Arc` alive, so an address means one value as long as it is remembered; a full memory is emptied, which costs a
//! look-up and nothing else.

use rusqlite::{Connection, OptionalExtension, params};
use std::collections::HashMap;
use std::hash::Hash;
use std::path::Path;
use std::sync::Arc;

use super::error::{At, StoreError};
use super::names::Names;
use crate::ledger::account::Account;
use crate::ledger::terms::{Terms, TermsDigests, subject_fields};
use crate::model::charge::{Charge, PaidBy, Price};
use crate::model::exact::decimal_text;
use crate::model::meter::Meter;
use crate::model::money::{Currency, UnitPrice};
use crate::model::usage::Subject;

/// Values remembered per kind: those of a hundred thousand clusters. A subject is some 200 bytes: 52 MB at most.
const REMEMBERED: usize = 262_144;

/// A map whose hash is quick and, being seeded, nothing that the names of a file could be chosen against.
pub(super) type Memory<K, V> = HashMap<K, V, foldhash::fast::RandomState>;

/// What was interned so far. Forgotten when a transaction is rolled back.
#[derive(Debug, Default)]
pub(super) struct Interned {
    by_address: Memory<Addresses, (TermsRow, Kept)>,
    by_parts: Memory<[i64; 6], TermsRow>,
    sources: Memory<String, i64>,
    accounts: Memory<Account, i64>,
    subjects: Memory<Arc<Subject>, i64>,
    subjects_by_address: Memory<usize, (i64, Arc<Subject>)>,
    meters: Memory<Arc<Meter>, i64>,
    prices: Memory<Price, i64>,
    pub names: Names,
}

/// The row of a charge's terms, and what an entry needs of them.
#[derive(Debug, Clone, Copy)]
pub(super) struct TermsRow {
    pub id: i64,
    pub subject: i64,
    pub meter: i64,
    pub price: i64,
    pub digests: TermsDigests,
}

/// Terms by the places in memory of what they are made of.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Addresses {
    source: i64,
    subject: usize,
    meter: usize,
    price_source: usize,
    unit_price: UnitPrice,
    list_unit_price: Option<UnitPrice>,
    currency: Currency,
    synthetic: bool,
    commitment: Option<PaidBy>,
}

/// What must live as long as its address is remembered.
type Kept = (Arc<Subject>, Arc<Meter>, Arc<str>);

/// Makes room, then remembers.
pub(super) fn remember<K: Eq + Hash, V>(memory: &mut Memory<K, V>, key: K, value: V) {
    if memory.len() >= REMEMBERED {
        memory.clear();
    }
    memory.insert(key, value);
}

/// Where to look and what to call the file in an error.
#[derive(Clone, Copy)]
pub(super) struct Tables<'c> {
    pub connection: &'c Connection,
    pub path: &'c Path,
}

impl Interned {
    /// The terms of a charge told by a source of this id and name.
    pub fn terms(
        &mut self,
        tables: Tables<'_>,
        (source_id, source): (i64, &Arc<str>),
        charge: &Charge,
    ) -> Result<TermsRow, StoreError> {
        let price = &charge.price;
        let addresses = Addresses {
            source: source_id,
            subject: Arc::as_ptr(&charge.subject).addr(),
            meter: Arc::as_ptr(&charge.meter).addr(),
            price_source: Arc::as_ptr(&price.source).addr(),
            unit_price: price.unit_price,
            list_unit_price: price.list_unit_price,
            currency: price.currency,
            synthetic: price.synthetic,
            commitment: price.commitment.clone(),
        };
        if let Some((row, _)) = self.by_address.get(&addresses) {
            return Ok(*row);
        }
        let row = self.terms_row(tables, source_id, &Terms::of(source, charge))?;
        let kept = (
            Arc::clone(&charge.subject),
            Arc::clone(&charge.meter),
            Arc::clone(&price.source),
        );
        remember(&mut self.by_address, addresses, (row, kept));
        Ok(row)
    }

    fn terms_row(&mut self, tables: Tables<'_>, source: i64, terms: &Terms) -> Result<TermsRow, StoreError> {
        let subject = self.subject(tables, &terms.subject)?;
        let meter = self.meter(tables, &terms.meter)?;
        let price = self.price(tables, &terms.price)?;
        let debit = self.account(tables, &terms.debit)?;
        let credit = self.account(tables, &terms.credit)?;
        let parts = [source, debit, credit, subject, meter, price];
        if let Some(row) = self.by_parts.get(&parts) {
            return Ok(*row);
        }
        let id = tables.id(
            "SELECT id FROM terms WHERE source_id = ?1 AND debit_account = ?2 AND credit_account = ?3 \
             AND subject_id = ?4 AND meter_id = ?5 AND price_id = ?6",
            "INSERT INTO terms (source_id, debit_account, credit_account, subject_id, meter_id, price_id) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            parts,
        )?;
        let row = TermsRow {
            id,
            subject,
            meter,
            price,
            digests: terms.digests(),
        };
        remember(&mut self.by_parts, parts, row);
        Ok(row)
    }

    pub fn source(&mut self, tables: Tables<'_>, name: &str) -> Result<i64, StoreError> {
        if let Some(id) = self.sources.get(name) {
            return Ok(*id);
        }
        let id = tables.id(
            "SELECT id FROM source WHERE name = ?1",
            "INSERT INTO source (name) VALUES (?1)",
            params![name],
        )?;
        remember(&mut self.sources, name.to_owned(), id);
        Ok(id)
    }

    fn account(&mut self, tables: Tables<'_>, account: &Account) -> Result<i64, StoreError> {
        if let Some(id) = self.accounts.get(account) {
            return Ok(*id);
        }
        let id = tables.id(
            "SELECT id FROM account WHERE name = ?1",
            "INSERT INTO account (name) VALUES (?1)",
            params![account.to_string()],
        )?;
        remember(&mut self.accounts, account.clone(), id);
        Ok(id)
    }

    pub fn subject(&mut self, tables: Tables<'_>, subject: &Arc<Subject>) -> Result<i64, StoreError> {
        let address = Arc::as_ptr(subject).addr();
        if let Some((id, _)) = self.subjects_by_address.get(&address) {
            return Ok(*id);
        }
        let id = self.subject_row(tables, subject)?;
        remember(&mut self.subjects_by_address, address, (id, Arc::clone(subject)));
        Ok(id)
    }

    fn subject_row(&mut self, tables: Tables<'_>, subject: &Arc<Subject>) -> Result<i64, StoreError> {
        if let Some(id) = self.subjects.get(subject) {
            return Ok(*id);
        }
        let id = tables.id(
            "SELECT id FROM subject WHERE workspace = ?1 AND team = ?2 AND cluster_id = ?3 \
             AND cluster_name = ?4 AND job_name = ?5 AND run_id = ?6 AND pool = ?7 AND owner = ?8 \
             AND policy = ?9",
            "INSERT INTO subject (workspace, team, cluster_id, cluster_name, job_name, run_id, pool, \
             owner, policy) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            rusqlite::params_from_iter(subject_fields(subject)),
        )?;
        remember(&mut self.subjects, Arc::clone(subject), id);
        Ok(id)
    }

    pub fn meter(&mut self, tables: Tables<'_>, meter: &Arc<Meter>) -> Result<i64, StoreError> {
        if let Some(id) = self.meters.get(meter) {
            return Ok(*id);
        }
        let name = meter.to_string();
        if name.parse::<Meter>().ok().as_ref() != Some(meter.as_ref()) {
            return Err(StoreError::Unwritable {
                what: format!("the meter `{name}`"),
                why: "its text does not read back; names in a meter hold no `/`".to_owned(),
            });
        }
        let id = tables.id(
            "SELECT id FROM meter WHERE name = ?1",
            "INSERT INTO meter (name) VALUES (?1)",
            params![name],
        )?;
        remember(&mut self.meters, Arc::clone(meter), id);
        Ok(id)
    }

    fn price(&mut self, tables: Tables<'_>, price: &Price) -> Result<i64, StoreError> {
        if let Some(id) = self.prices.get(price) {
            return Ok(*id);
        }
        let paid = price.commitment.as_ref();
        let id = tables.id(
            "SELECT id FROM price WHERE unit_price = ?1 AND currency = ?2 AND source = ?3 AND synthetic = ?4 \
             AND list_unit_price = ?5 AND commitment = ?6 AND contracted_unit_price = ?7",
            "INSERT INTO price (unit_price, currency, source, synthetic, list_unit_price, commitment, \
             contracted_unit_price) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                decimal_text(price.unit_price.0),
                price.currency.as_str(),
                &*price.source,
                price.synthetic,
                price
                    .list_unit_price
                    .map(|list| decimal_text(list.0))
                    .unwrap_or_default(),
                paid.map(|paid| &*paid.name).unwrap_or_default(),
                paid.map(|paid| decimal_text(paid.contracted_unit_price.0))
                    .unwrap_or_default(),
            ],
        )?;
        remember(&mut self.prices, price.clone(), id);
        Ok(id)
    }
}

impl Tables<'_> {
    /// The id of a row that is most likely new: written first, looked up only where it was known. `insert` does
    /// nothing on a conflict.
    pub fn new_id(
        &self,
        insert: &str,
        select: &str,
        values: impl rusqlite::Params + Clone,
    ) -> Result<i64, StoreError> {
        let written = self
            .connection
            .prepare_cached(insert)
            .and_then(|mut statement| statement.execute(values.clone()))
            .at(self.path, "writing a name")?;
        if written == 1 {
            return Ok(self.connection.last_insert_rowid());
        }
        self.connection
            .prepare_cached(select)
            .and_then(|mut statement| statement.query_row(values, |row| row.get(0)))
            .at(self.path, "looking up a name")
    }

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
