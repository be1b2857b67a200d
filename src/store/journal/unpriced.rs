//! Writing usage that has no price: told once, never counted as zero, settled when its price is told.

use rusqlite::{OptionalExtension, params};

use super::{Writer, fact};
use crate::ledger::fact::{FactKey, Origin};
use crate::ledger::transaction::Difference;
use crate::model::charge::Unpriced;
use crate::model::exact::decimal_text;
use crate::store::error::{At, StoreError};
use crate::store::told::hold_against;
use crate::store::untagged::is_told_then;

const INSERT_UNPRICED: &str = "INSERT INTO unpriced (key, source_id, resource, subject_id, meter_id, since, \
     period_start, period_end, per_hour, reason) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) \
     ON CONFLICT (key) DO NOTHING";

const KNOWN_UNPRICED: &str =
    "SELECT subject_id, since, period_end, per_hour, reason FROM unpriced WHERE key = ?1";

impl Writer<'_> {
    pub(super) fn unpriced(&mut self, unpriced: &Unpriced) -> Result<(), StoreError> {
        let origin = Origin::of(&self.source, &unpriced.meter.to_string());
        let key = FactKey::of(&origin, &unpriced.resource, unpriced.period.start);
        if !self.told.insert(key) {
            return Err(StoreError::ToldTwice { what: what(unpriced) });
        }
        self.refuse_if_billed(&key, unpriced)?;
        let subject = self.interned.subject(self.tables, &unpriced.subject)?;
        let meter = self.interned.meter(self.tables, &unpriced.meter)?;
        let changed = self
            .tables
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
        if changed == 0 {
            return self.known_unpriced(&key, unpriced, subject);
        }
        self.waiting = true;
        self.appended.new = self.appended.new.saturating_add(1);
        self.appended.unpriced = self.appended.unpriced.saturating_add(1);
        Ok(())
    }

    fn refuse_if_billed(&self, key: &FactKey, unpriced: &Unpriced) -> Result<(), StoreError> {
        let billed: Option<i64> = self
            .tables
            .connection
            .prepare_cached("SELECT number FROM entry WHERE key = ?1")
            .and_then(|mut statement| statement.query_row([key.0], |row| row.get(0)).optional())
            .at(self.tables.path, "looking up an entry")?;
        match billed {
            None => Ok(()),
            Some(number) if number > self.before => Err(StoreError::ToldTwice { what: what(unpriced) }),
            Some(number) => Err(StoreError::Conflict {
                what: what(unpriced),
                differences: vec![Difference {
                    field: "price",
                    known: format!("billed by entry {number}"),
                    told: unpriced.reason.as_str().to_owned(),
                }],
            }),
        }
    }

    fn known_unpriced(&mut self, key: &FactKey, told: &Unpriced, subject: i64) -> Result<(), StoreError> {
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
        let known_subject = known.first().and_then(|id| id.parse().ok()).unwrap_or_default();
        let subject = match is_told_then(self.tables, known_subject, &told.subject)? {
            true => known_subject,
            false => subject,
        };
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
