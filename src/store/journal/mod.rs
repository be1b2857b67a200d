//! The journal: the only place that writes money.
//!
//! [`Database::append`] writes one batch in one transaction: entries, unpriced usage, the day's roll-ups and the
//! ledger's head. A fact already known and told the same is skipped, so that an interrupted run is simply run
//! again; told differently it is a [`StoreError::Conflict`], told twice in one batch a [`StoreError::ToldTwice`],
//! and nothing of the batch is written. [`Database::correct`] writes what corrects it instead.
//!
//! The chain follows the order given. Batches in order of time write fastest: keys then grow at the index's end.
#![deny(clippy::arithmetic_side_effects)]

mod correction;
mod rollup;
mod unpriced;

use rusqlite::{CachedStatement, OptionalExtension, params};
use std::collections::HashSet;
use std::sync::Arc;

pub use self::correction::Correcting;
use self::correction::Standing;
use self::rollup::Rollup;
use super::closing::closed_until;
use super::database::Database;
use super::error::{At, StoreError};
use super::intern::{Interned, Tables, TermsRow};
use super::query::{self, Head};
use crate::ledger::chain::ChainHash;
use crate::ledger::correction::Link;
use crate::ledger::fact::FactKey;
use crate::ledger::rate::Rated;
use crate::model::charge::Charge;
use crate::model::money::Currency;
use crate::model::period::{Instant, Month, rfc3339};

/// What a batch changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Appended {
    /// Facts written: entries and unpriced usages.
    pub new: u64,
    /// Facts that were known already.
    pub known: u64,
    /// Unpriced usages among what was written.
    pub unpriced: u64,
    /// Facts that were told differently before and are corrected now.
    pub corrected: u64,
    /// Facts that are not told any more and are taken back.
    pub withdrawn: u64,
}

impl Appended {
    /// What two batches changed.
    pub fn and(self, other: Appended) -> Appended {
        Appended {
            new: self.new.saturating_add(other.new),
            known: self.known.saturating_add(other.known),
            unpriced: self.unpriced.saturating_add(other.unpriced),
            corrected: self.corrected.saturating_add(other.corrected),
            withdrawn: self.withdrawn.saturating_add(other.withdrawn),
        }
    }
}

impl Database {
    /// Appends what `source` tells, in the order given, durably when this returns.
    ///
    /// # Errors
    /// [`StoreError::Conflict`], [`StoreError::ToldTwice`] and [`StoreError::OtherCurrency`] for facts that do not
    /// fit what is recorded or each other, and what the file itself does not allow. On any error nothing of the
    /// batch is written.
    pub fn append(&mut self, source: &str, batch: &[Rated]) -> Result<Appended, StoreError> {
        self.in_transaction("writing a batch", |tables, interned| {
            write(tables, interned, source, batch)
        })
    }
}

/// Writes a batch into the transaction that is open.
pub(super) fn write(
    tables: Tables<'_>,
    interned: &mut Interned,
    source: &str,
    batch: &[Rated],
) -> Result<Appended, StoreError> {
    let mut writer = Writer::begin(tables, interned, source)?;
    writer.facts(batch)?;
    writer.finish()
}

/// One batch being written.
struct Writer<'c> {
    tables: Tables<'c>,
    interned: &'c mut Interned,
    source: Arc<str>,
    source_id: i64,
    head: Head,
    /// Entries before this batch.
    before: i64,
    /// Whether any usage waits for a price; while none does, charges need not look.
    waiting: bool,
    /// Whether any fact has been corrected; while none was, its first version is the live one.
    corrected: bool,
    /// Where facts may be corrected: the last entry that may be.
    correct: Option<i64>,
    /// What begins before the end of the last closed month is late, and booked in the month after it.
    closed: Option<(Instant, Month)>,
    /// Unpriced usage told in this batch.
    told: HashSet<FactKey>,
    rollup: Rollup,
    insert: CachedStatement<'c>,
    appended: Appended,
}

const INSERT_ENTRY: &str = "INSERT INTO entry (number, key, terms_id, resource, since, period_start, period_end, \
     quantity_nano, amount_nano, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) \
     ON CONFLICT (key) DO NOTHING";

const SAME_ENTRY: &str = "SELECT number FROM entry WHERE key = ?1 AND terms_id = ?2 AND resource = ?3 \
     AND since = ?4 AND period_start = ?5 AND period_end = ?6 AND quantity_nano = ?7 AND amount_nano = ?8";

impl<'c> Writer<'c> {
    fn begin(tables: Tables<'c>, interned: &'c mut Interned, source: &str) -> Result<Writer<'c>, StoreError> {
        let waiting = "SELECT EXISTS (SELECT 1 FROM unpriced WHERE settled_by IS NULL)";
        let corrected = "SELECT EXISTS (SELECT 1 FROM correction) \
                         OR EXISTS (SELECT 1 FROM unpriced WHERE replaced = 1)";
        let holds = |sql: &str| {
            let held = tables.connection.query_row(sql, [], |row| row.get(0));
            held.at(tables.path, "reading what waits or was corrected")
        };
        let head = query::head(tables.connection, tables.path)?;
        Ok(Writer {
            tables,
            source_id: interned.source(tables, source)?,
            interned,
            source: Arc::from(source),
            head,
            before: head.entries,
            waiting: holds(waiting)?,
            corrected: holds(corrected)?,
            correct: None,
            closed: closed_until(tables)?.map(|until| (until, Month::of(until))),
            told: HashSet::new(),
            rollup: Rollup::default(),
            insert: tables
                .connection
                .prepare_cached(INSERT_ENTRY)
                .at(tables.path, "preparing a batch")?,
            appended: Appended::default(),
        })
    }

    fn facts(&mut self, batch: &[Rated]) -> Result<(), StoreError> {
        batch.iter().try_for_each(|rated| match rated {
            Rated::Charge(charge) => self.charge(charge),
            Rated::Unpriced(unpriced) => self.unpriced(unpriced),
        })
    }

    fn charge(&mut self, charge: &Charge) -> Result<(), StoreError> {
        let source = (self.source_id, &self.source);
        let terms = self.interned.terms(self.tables, source, charge)?;
        let key = FactKey::of(&terms.digests.origin, &charge.resource, charge.period.start);
        let Some(number) = self.entry(&key, None, &terms, charge)? else {
            return self.known(&key, &terms, charge);
        };
        if self.waiting {
            self.settle(&key, number, charge)?;
        }
        self.appended.new = self.appended.new.saturating_add(1);
        Ok(())
    }

    /// Writes an entry and adds it to its day; its number, or none where one of this key is there.
    fn entry(
        &mut self,
        key: &FactKey,
        link: Option<Link>,
        terms: &TermsRow,
        charge: &Charge,
    ) -> Result<Option<i64>, StoreError> {
        let hash = self.head.hash.then(&terms.digests.terms, key, charge, link);
        let number = self.head.entries.saturating_add(1);
        if !self.insert(number, key, terms, charge, hash)? {
            return Ok(None);
        }
        self.fix_currency(charge)?;
        self.head.entries = number;
        self.head.hash = hash;
        let late = self.closed.filter(|(until, _)| charge.period.start < *until);
        self.rollup.add(late.map(|(_, month)| month), terms, charge)?;
        Ok(Some(number))
    }

    /// Whether the entry is new.
    fn insert(
        &mut self,
        number: i64,
        key: &FactKey,
        terms: &TermsRow,
        charge: &Charge,
        hash: ChainHash,
    ) -> Result<bool, StoreError> {
        let changed = self.insert.execute(params![
            number,
            key.0,
            terms.id,
            &*charge.resource,
            charge.since.timestamp(),
            charge.period.start.timestamp(),
            charge.period.end.timestamp(),
            charge.quantity_nano,
            charge.cost_nano,
            hash.0,
        ]);
        Ok(changed.at(self.tables.path, "writing an entry")? == 1)
    }

    /// A fact told before: skipped when its live version says the same, else corrected where that is allowed.
    fn known(&mut self, fact_key: &FactKey, terms: &TermsRow, told: &Charge) -> Result<(), StoreError> {
        let what = || fact(&told.resource, &told.meter, told.period.start);
        if !self.corrected && self.is_told(fact_key, terms, told, &what)? {
            return Ok(());
        }
        let found = self.find(fact_key)?;
        match found.standing {
            Standing::Billed { number, key } => {
                if self.is_told(&key, terms, told, &what)? {
                    return Ok(());
                }
                if !self.may_correct(number) {
                    return Err(self.conflict(&what(), number, told));
                }
                self.reverse(number)?;
                self.replace(&key.replacement(), number, terms, told)?;
                self.appended.corrected = self.appended.corrected.saturating_add(1);
            }
            // Its entries are reversed, and it waited for a price since.
            Standing::Unpriced { .. } if self.told.contains(fact_key) => {
                return Err(StoreError::ToldTwice { what: what() });
            }
            Standing::Unpriced { .. } => {
                let number = self.replace(&found.next, found.last, terms, told)?;
                self.settle(&found.next, number, told)?;
                self.appended.new = self.appended.new.saturating_add(1);
            }
            Standing::Withdrawn | Standing::Untold => {
                self.refuse_withdrawn(&what)?;
                self.replace(&found.next, found.last, terms, told)?;
                self.appended.corrected = self.appended.corrected.saturating_add(1);
            }
        }
        Ok(())
    }

    /// Whether the entry of this key says what is told now; it is counted then.
    fn is_told(
        &mut self,
        key: &FactKey,
        terms: &TermsRow,
        told: &Charge,
        what: &dyn Fn() -> String,
    ) -> Result<bool, StoreError> {
        match self.number_of_same(key, terms, told)? {
            None => Ok(false),
            Some(number) if number > self.before => Err(StoreError::ToldTwice { what: what() }),
            Some(_) => {
                self.appended.known = self.appended.known.saturating_add(1);
                Ok(true)
            }
        }
    }

    /// The entry that says what is told now. Terms of one id are equal texts, so numbers suffice.
    fn number_of_same(
        &self,
        key: &FactKey,
        terms: &TermsRow,
        told: &Charge,
    ) -> Result<Option<i64>, StoreError> {
        self.tables
            .connection
            .prepare_cached(SAME_ENTRY)
            .and_then(|mut statement| {
                let values = params![
                    key.0,
                    terms.id,
                    &*told.resource,
                    told.since.timestamp(),
                    told.period.start.timestamp(),
                    told.period.end.timestamp(),
                    told.quantity_nano,
                    told.cost_nano,
                ];
                statement.query_row(values, |row| row.get(0)).optional()
            })
            .at(self.tables.path, "comparing an entry")
    }

    fn fix_currency(&mut self, charge: &Charge) -> Result<(), StoreError> {
        let told = charge.price.currency;
        let ledger: Currency = *self.head.currency.get_or_insert(told);
        if ledger == told {
            return Ok(());
        }
        Err(StoreError::OtherCurrency {
            ledger,
            told,
            what: format!("`{}`", charge.meter),
        })
    }

    /// Notes that usage told without a price now has one.
    fn settle(&self, key: &FactKey, number: i64, charge: &Charge) -> Result<(), StoreError> {
        let what = || fact(&charge.resource, &charge.meter, charge.period.start);
        if self.told.contains(key) {
            return Err(StoreError::ToldTwice { what: what() });
        }
        let settled = self
            .tables
            .connection
            .prepare_cached("UPDATE unpriced SET settled_by = ?2 WHERE key = ?1 AND replaced = 0")
            .and_then(|mut statement| statement.execute(params![key.0, number]))
            .at(self.tables.path, "settling unpriced usage")?;
        if settled > 0 || !self.corrected {
            return Ok(());
        }
        match self.waits_at(key)? {
            (Standing::Unpriced { key }, _) => self.settle(&key, number, charge),
            (Standing::Withdrawn, _) => self.refuse_withdrawn(&what),
            _ => Ok(()),
        }
    }

    /// Writes the roll-ups and the head.
    fn finish(self) -> Result<Appended, StoreError> {
        self.rollup.write(self.tables)?;
        if self.head.entries > self.before {
            let currency = self.head.currency.map(String::from);
            self.tables
                .connection
                .prepare_cached("UPDATE ledger SET currency = ?1, entries = ?2, head = ?3")
                .and_then(|mut s| s.execute(params![currency, self.head.entries, self.head.hash.0]))
                .at(self.tables.path, "writing the head")?;
        }
        Ok(self.appended)
    }
}

fn fact(resource: &str, meter: &impl std::fmt::Display, start: Instant) -> String {
    format!("`{meter}` of `{resource}` from {}", rfc3339(start))
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests;
