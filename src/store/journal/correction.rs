//! Correcting: what a fact's live version is, and how the journal takes it back.
//!
//! The versions of a fact are found by their keys: each is that of the version before it, derived. An entry that is reversed has
//! a successor, or waits for a price again, or the fact is withdrawn.
#![deny(clippy::arithmetic_side_effects)]

use rusqlite::{OptionalExtension, params};

use super::{Appended, Writer};
use crate::ledger::correction::{Link, opposite};
use crate::ledger::fact::{FactKey, Origin};
use crate::ledger::rate::Rated;
use crate::ledger::transaction::{Difference, Entry};
use crate::model::charge::Charge;
use crate::store::database::Database;
use crate::store::entries::entry_of_number;
use crate::store::error::{At, StoreError};
use crate::store::intern::TermsRow;
use crate::store::real_history::Billed;

/// What may be corrected by a telling.
#[derive(Debug, Clone, Copy)]
pub struct Correcting<'a> {
    /// Facts that the source has told and no longer tells.
    pub withdrawn: &'a [Billed],
    /// The ledger's number of entries when the telling began: what one telling says in two ways is no correction.
    pub since: i64,
}

/// How a fact stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Nothing is known of it.
    Untold,
    /// Its live version is this entry.
    Billed {
        /// The entry's number.
        number: i64,
        /// The entry's key.
        key: FactKey,
    },
    /// Its live version waits for a price.
    Unpriced {
        /// The key of the row.
        key: FactKey,
    },
    /// It was taken back.
    Withdrawn,
}

/// A fact with all its versions.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    pub standing: Standing,
    /// The key that its next entry has, where none is live.
    pub next: FactKey,
    /// Its last entry, which is reversed; 0 where it has none.
    pub last: i64,
    /// The key that its next row without a price has.
    pub free: FactKey,
}

impl Database {
    /// Appends what `source` tells, as [`append`](Database::append) does, but where it was told differently before the
    /// ledger is corrected: by a reversal, and an entry that replaces what it reverses. First what is withdrawn is reversed.
    ///
    /// # Errors
    /// As those of `append`; [`StoreError::Conflict`] only for a fact that the same telling says in two ways.
    pub fn correct(
        &mut self,
        source: &str,
        batch: &[Rated],
        correcting: Correcting<'_>,
    ) -> Result<Appended, StoreError> {
        self.in_transaction("writing a batch", |tables, interned| {
            let mut writer = Writer::begin(tables, interned, source)?;
            writer.correct = Some(correcting.since);
            for fact in correcting.withdrawn {
                writer.withdraw(fact)?;
            }
            writer.facts(batch)?;
            writer.finish()
        })
    }
}

const VERSION: &str = "SELECT e.number, EXISTS (SELECT 1 FROM correction c WHERE c.corrected = e.number \
     AND c.link = 'reverses') FROM entry e WHERE e.key = ?1";

impl Writer<'_> {
    /// The versions of a fact.
    pub(super) fn find(&self, fact: &FactKey) -> Result<Found, StoreError> {
        let (mut next, mut last) = (*fact, 0);
        while let Some((number, reversed)) = self.version(&next)? {
            if !reversed {
                let standing = Standing::Billed { number, key: next };
                let (last, free) = (number, next.replacement());
                return Ok(Found {
                    standing,
                    next: free,
                    last,
                    free,
                });
            }
            (last, next) = (number, next.replacement());
        }
        let (standing, free) = match self.waits_at(&next)? {
            (Standing::Untold, free) if last > 0 => (Standing::Withdrawn, free),
            found => found,
        };
        Ok(Found {
            standing,
            next,
            last,
            free,
        })
    }

    /// The entry of a key, and whether it is reversed.
    fn version(&self, key: &FactKey) -> Result<Option<(i64, bool)>, StoreError> {
        self.tables
            .connection
            .prepare_cached(VERSION)
            .and_then(|mut statement| {
                let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
                statement.query_row([key.0], row).optional()
            })
            .at(self.tables.path, "looking up an entry")
    }

    /// What waits for a price under a key or those that follow it, and the first that is free.
    pub(super) fn waits_at(&self, first: &FactKey) -> Result<(Standing, FactKey), StoreError> {
        let (mut key, mut standing) = (*first, Standing::Untold);
        while let Some(replaced) = self.is_replaced(&key)? {
            if !replaced {
                return Ok((Standing::Unpriced { key }, key.told_again()));
            }
            standing = Standing::Withdrawn;
            key = key.told_again();
        }
        Ok((standing, key))
    }

    fn is_replaced(&self, key: &FactKey) -> Result<Option<bool>, StoreError> {
        self.tables
            .connection
            .prepare_cached("SELECT replaced FROM unpriced WHERE key = ?1")
            .and_then(|mut statement| statement.query_row([key.0], |row| row.get(0)).optional())
            .at(self.tables.path, "looking up unpriced usage")
    }

    /// Whether an entry may be corrected: this is a telling that corrects, and did not write it itself.
    pub(super) fn may_correct(&self, number: i64) -> bool {
        self.correct.is_some_and(|since| number <= since)
    }

    /// # Errors
    /// [`StoreError::Conflict`] where a fact that was taken back is told again, and this telling does not correct.
    pub(super) fn refuse_withdrawn(&self, what: &dyn Fn() -> String) -> Result<(), StoreError> {
        match self.correct {
            Some(_) => Ok(()),
            None => Err(StoreError::Conflict {
                what: what(),
                differences: vec![Difference {
                    field: "fact",
                    known: "taken back".to_owned(),
                    told: "told again".to_owned(),
                }],
            }),
        }
    }

    /// Takes back what the source no longer tells. What is taken back already stays so.
    fn withdraw(&mut self, fact: &Billed) -> Result<(), StoreError> {
        let origin = Origin::of(&self.source, &fact.meter);
        let key = FactKey::of(&origin, &fact.resource, fact.period.start);
        match self.find(&key)?.standing {
            Standing::Billed { number, .. } if self.may_correct(number) => self.reverse(number)?,
            Standing::Billed { number, .. } => {
                return Err(StoreError::Conflict {
                    what: super::fact(&fact.resource, &fact.meter, fact.period.start),
                    differences: vec![Difference {
                        field: "fact",
                        known: format!("billed by entry {number} of the same telling"),
                        told: "not told any more".to_owned(),
                    }],
                });
            }
            Standing::Unpriced { key } => self.take_back_unpriced(&key)?,
            Standing::Withdrawn | Standing::Untold => return Ok(()),
        }
        self.appended.withdrawn = self.appended.withdrawn.saturating_add(1);
        Ok(())
    }

    /// Usage that no longer waits for a price.
    pub(super) fn take_back_unpriced(&mut self, key: &FactKey) -> Result<(), StoreError> {
        self.corrected = true;
        self.tables
            .connection
            .prepare_cached("UPDATE unpriced SET replaced = 1 WHERE key = ?1")
            .and_then(|mut statement| statement.execute([key.0]))
            .at(self.tables.path, "taking unpriced usage back")?;
        Ok(())
    }

    /// Writes the opposite of an entry.
    pub(super) fn reverse(&mut self, number: i64) -> Result<(), StoreError> {
        let place = || format!("entry {number}");
        let known = entry_of_number(self.tables, number)?.ok_or_else(|| StoreError::Unreadable {
            path: self.tables.path.to_owned(),
            place: place(),
            why: "expected it to be there".to_owned(),
        })?;
        let charge = opposite(&known.entry.charge);
        let charge = charge.ok_or_else(|| StoreError::TooLarge {
            what: format!("the opposite of {}", place()),
        })?;
        let (id, subject, meter, price) = self
            .tables
            .connection
            .prepare_cached(
                "SELECT id, subject_id, meter_id, price_id FROM terms \
                 WHERE id = (SELECT terms_id FROM entry WHERE number = ?1)",
            )
            .and_then(|mut statement| {
                let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
                statement.query_row([number], row)
            })
            .at(self.tables.path, "reading an entry")?;
        let terms = TermsRow {
            id,
            subject,
            meter,
            price,
            digests: known.digests,
        };
        self.linked(
            Link::Reverses(known.number),
            &known.entry.key.reversal(),
            &terms,
            &charge,
        )?;
        Ok(())
    }

    /// Writes what a fact says now, in the place of its last entry. Its number.
    pub(super) fn replace(
        &mut self,
        key: &FactKey,
        last: i64,
        terms: &TermsRow,
        told: &Charge,
    ) -> Result<i64, StoreError> {
        let link = Link::Replaces(u64::try_from(last).unwrap_or_default());
        self.linked(link, key, terms, told)
    }

    fn linked(
        &mut self,
        link: Link,
        key: &FactKey,
        terms: &TermsRow,
        charge: &Charge,
    ) -> Result<i64, StoreError> {
        let Some(number) = self.entry(key, Some(link), terms, charge)? else {
            return Err(StoreError::ToldTwice {
                what: super::fact(&charge.resource, &charge.meter, charge.period.start),
            });
        };
        self.corrected = true;
        self.tables
            .connection
            .prepare_cached("INSERT INTO correction (number, link, corrected) VALUES (?1, ?2, ?3)")
            .and_then(|mut statement| {
                let corrected = i64::try_from(link.number()).unwrap_or_default();
                statement.execute(params![number, link.as_str(), corrected])
            })
            .at(self.tables.path, "writing a correction")?;
        Ok(number)
    }

    /// Why a telling is refused: where it differs from the live version of its fact.
    pub(super) fn conflict(&self, what: &str, number: i64, told: &Charge) -> StoreError {
        let known = match entry_of_number(self.tables, number) {
            Ok(Some(known)) => known.entry,
            Ok(None) => Entry::of(&self.source, told.clone()),
            Err(error) => return error,
        };
        let told = Entry {
            key: known.key,
            link: known.link,
            ..Entry::of(&self.source, told.clone())
        };
        StoreError::Conflict {
            what: format!("{what} (entry {number})"),
            differences: known.differences(&told),
        }
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests;
