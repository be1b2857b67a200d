//! Facts that were told before: skipped where the live version says the same, refused or corrected where it does not.
#![deny(clippy::arithmetic_side_effects)]

use rusqlite::{OptionalExtension, params};

use super::versions::Standing;
use super::{Writer, fact};
use crate::ledger::fact::FactKey;
use crate::ledger::transaction::Entry;
use crate::model::charge::Charge;
use crate::store::entries::entry_of_number;
use crate::store::error::{At, StoreError};
use crate::store::intern::TermsRow;
use crate::store::untagged::is_known_without_tags;

const SAME_ENTRY: &str = "SELECT number FROM entry WHERE key = ?1 AND terms_id = ?2 AND resource = ?3 \
     AND since = ?4 AND period_start = ?5 AND period_end = ?6 AND quantity_nano = ?7 AND amount_nano = ?8";

impl Writer<'_> {
    /// A fact told before: skipped when its live version says the same, else corrected where that is allowed.
    pub(super) fn known(
        &mut self,
        fact_key: &FactKey,
        terms: &TermsRow,
        told: &Charge,
    ) -> Result<(), StoreError> {
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
            None => self.is_told_without_tags(key, told),
            Some(number) if number > self.before => Err(StoreError::ToldTwice { what: what() }),
            Some(_) => {
                self.appended.known = self.appended.known.saturating_add(1);
                Ok(true)
            }
        }
    }

    /// Whether the entry of this key says what is told now but for tags that were not kept then; it is counted then.
    fn is_told_without_tags(&mut self, key: &FactKey, told: &Charge) -> Result<bool, StoreError> {
        if told.subject.tags.is_empty() {
            return Ok(false);
        }
        let Some((number, _)) = self.version(key)? else {
            return Ok(false);
        };
        let Some(known) = entry_of_number(self.tables, number)? else {
            return Ok(false);
        };
        let told = Entry {
            key: known.entry.key,
            link: known.entry.link,
            ..Entry::of(&self.source, told.clone())
        };
        let is_known = is_known_without_tags(self.tables, &known, &told)?;
        if is_known {
            self.appended.known = self.appended.known.saturating_add(1);
        }
        Ok(is_known)
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
}
