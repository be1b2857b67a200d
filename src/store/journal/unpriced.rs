//! Writing usage that has no price: told once, never counted as zero, settled when its price is told.

use rusqlite::params;

use super::correction::Standing;
use super::{Writer, fact};
use crate::ledger::fact::{FactKey, Origin};
use crate::ledger::transaction::Difference;
use crate::model::charge::Unpriced;
use crate::model::exact::decimal_text;
use crate::store::error::{At, StoreError};
use crate::store::told::hold_against;

const INSERT_UNPRICED: &str = "INSERT INTO unpriced (key, source_id, resource, subject_id, meter_id, since, \
     period_start, period_end, per_hour, reason) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";

const KNOWN_UNPRICED: &str =
    "SELECT subject_id, since, period_end, per_hour, reason FROM unpriced WHERE key = ?1";

impl Writer<'_> {
    pub(super) fn unpriced(&mut self, unpriced: &Unpriced) -> Result<(), StoreError> {
        let origin = Origin::of(&self.source, &unpriced.meter.to_string());
        let key = FactKey::of(&origin, &unpriced.resource, unpriced.period.start);
        if !self.told.insert(key) {
            return Err(StoreError::ToldTwice { what: what(unpriced) });
        }
        let found = self.find(&key)?;
        match found.standing {
            Standing::Untold => {
                self.insert_unpriced(&key, unpriced)?;
                self.appended.new = self.appended.new.saturating_add(1);
                return Ok(());
            }
            Standing::Billed { number, .. } => {
                self.refuse_billed(number, unpriced)?;
                self.reverse(number)?;
            }
            Standing::Unpriced { key } => match self.known_unpriced(&key, unpriced) {
                Err(StoreError::Conflict { .. }) if self.correct.is_some() => {
                    self.take_back_unpriced(&key)?
                }
                known => return known,
            },
            Standing::Withdrawn => self.refuse_withdrawn(&|| what(unpriced))?,
        }
        self.insert_unpriced(&found.free, unpriced)?;
        self.appended.corrected = self.appended.corrected.saturating_add(1);
        Ok(())
    }

    fn insert_unpriced(&mut self, key: &FactKey, unpriced: &Unpriced) -> Result<(), StoreError> {
        let subject = self.interned.subject(self.tables, &unpriced.subject)?;
        let meter = self.interned.meter(self.tables, &unpriced.meter)?;
        self.tables
            .connection
            .prepare_cached(INSERT_UNPRICED)
            .and_then(|mut statement| {
                statement.execute(params![
                    key.0,
                    self.source_id,
                    &*unpriced.resource,
                    subject,
                    meter,
                    unpriced.since.timestamp(),
                    unpriced.period.start.timestamp(),
                    unpriced.period.end.timestamp(),
                    unpriced.per_hour.map(decimal_text),
                    unpriced.reason.as_str(),
                ])
            })
            .at(self.tables.path, "writing unpriced usage")?;
        self.waiting = true;
        self.appended.unpriced = self.appended.unpriced.saturating_add(1);
        Ok(())
    }

    /// Usage that was billed and is told without a price is a correction, and refused where there are none.
    fn refuse_billed(&self, number: i64, unpriced: &Unpriced) -> Result<(), StoreError> {
        match number {
            _ if number > self.before => Err(StoreError::ToldTwice { what: what(unpriced) }),
            _ if self.may_correct(number) => Ok(()),
            _ => Err(StoreError::Conflict {
                what: what(unpriced),
                differences: vec![Difference {
                    field: "price",
                    known: format!("billed by entry {number}"),
                    told: unpriced.reason.as_str().to_owned(),
                }],
            }),
        }
    }

    fn known_unpriced(&mut self, key: &FactKey, told: &Unpriced) -> Result<(), StoreError> {
        let subject = self.interned.subject(self.tables, &told.subject)?;
        let known: [String; 5] = self
            .tables
            .connection
            .prepare_cached(KNOWN_UNPRICED)
            .and_then(|mut statement| {
                statement.query_row([key.0], |row| {
                    let number = |column| row.get(column).map(|n: i64| n.to_string());
                    let per_hour: Option<String> = row.get(3)?;
                    let per_hour = per_hour.unwrap_or_default();
                    Ok([number(0)?, number(1)?, number(2)?, per_hour, row.get(4)?])
                })
            })
            .at(self.tables.path, "looking up unpriced usage")?;
        let now = [
            subject.to_string(),
            told.since.timestamp().to_string(),
            told.period.end.timestamp().to_string(),
            told.per_hour.map(decimal_text).unwrap_or_default(),
            told.reason.as_str().to_owned(),
        ];
        let fields = [
            "subject (row)",
            "since (Unix seconds)",
            "end (Unix seconds)",
            "units per hour",
            "reason",
        ];
        hold_against(|| what(told), fields, known, now)?;
        self.appended.known = self.appended.known.saturating_add(1);
        Ok(())
    }
}

fn what(unpriced: &Unpriced) -> String {
    fact(&unpriced.resource, &unpriced.meter, unpriced.period.start)
}
