//! The days: what the roll-ups say against what the entries say.
#![deny(clippy::arithmetic_side_effects)]

use rusqlite::Connection;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::{CheckReport, Steps};
use crate::ledger::balance::{LineSums, compare_day};
use crate::ledger::check::{Finding, KeyWalk};
use crate::ledger::fact::FactKey;
use crate::model::period::{SECONDS_PER_DAY, from_unix};
use crate::store::closing::closings;
use crate::store::dimension::Dimensions;
use crate::store::error::{At, StoreError};
use crate::store::intern::Tables;
use crate::store::query;

/// Subject, meter, price.
type Line = (i64, i64, i64);
/// The month it is booked in, the day of the charge.
type LateLine = (String, i64, Line);

/// Reads entries in order of their keys, which is the order of time, and compares each day when it is over.
pub(super) fn walk_days(
    connection: &Connection,
    path: &Path,
    report: &mut CheckReport,
    steps: &mut Steps<'_>,
) -> Result<(), StoreError> {
    let doing = "summing entries by day";
    let sql = "SELECT key, number, period_start, subject_id, meter_id, price_id, quantity_nano, amount_nano \
               FROM entry JOIN terms ON terms.id = terms_id ORDER BY key";
    let mut days = Days {
        connection,
        path,
        rest: stored_days(connection, path)?,
        open: None,
    };
    let closings = closings(Tables { connection, path })?;
    let mut late: BTreeMap<LateLine, LineSums> = BTreeMap::new();
    let mut keys = KeyWalk::default();
    let mut statement = connection.prepare(sql).at(path, doing)?;
    let mut rows = statement.query([]).at(path, doing)?;
    while let Some(row) = rows.next().at(path, doing)? {
        let number = |column| row.get::<_, i64>(column).at(path, doing);
        let key = FactKey(row.get(0).at(path, doing)?);
        let told = u64::try_from(number(1)?).unwrap_or_default();
        report.add(keys.key(key, told));
        let day = number(2)?.div_euclid(SECONDS_PER_DAY);
        let sums = LineSums {
            quantity_nano: number(6)?.into(),
            cost_nano: number(7)?.into(),
            entries: 1,
        };
        let line = (number(3)?, number(4)?, number(5)?);
        match closings.late_in(told, from_unix(number(2)?)) {
            Some(month) => late.entry((month.to_string(), day, line)).or_default().add(sums),
            None => report.add(days.entry(day, line, sums)?),
        }
        steps.step();
    }
    report.add(days.close()?);
    report.add(days.remaining()?);
    let stored = stored_late(connection, path)?;
    report.add(compare_day(&late, &stored, |(month, day, line)| {
        format!("booked in {month}: {}", days.name(*day, *line))
    }));
    Ok(())
}

/// The day being summed, and the days of the roll-ups not yet met.
struct Days<'c> {
    connection: &'c Connection,
    path: &'c Path,
    rest: BTreeSet<i64>,
    open: Option<(i64, BTreeMap<Line, LineSums>)>,
}

impl Days<'_> {
    fn entry(&mut self, day: i64, line: Line, sums: LineSums) -> Result<Vec<Finding>, StoreError> {
        let findings = match &self.open {
            Some((open, _)) if *open != day => self.close()?,
            _ => Vec::new(),
        };
        let (_, lines) = self.open.get_or_insert_with(|| (day, BTreeMap::new()));
        lines.entry(line).or_default().add(sums);
        Ok(findings)
    }

    fn close(&mut self) -> Result<Vec<Finding>, StoreError> {
        match self.open.take() {
            Some((day, recomputed)) => self.compare(day, &recomputed),
            None => Ok(Vec::new()),
        }
    }

    /// Days that have roll-ups and no entries.
    fn remaining(&mut self) -> Result<Vec<Finding>, StoreError> {
        let mut findings = Vec::new();
        for day in self.rest.clone() {
            findings.extend(self.compare(day, &BTreeMap::new())?);
        }
        Ok(findings)
    }

    fn compare(
        &mut self,
        day: i64,
        recomputed: &BTreeMap<Line, LineSums>,
    ) -> Result<Vec<Finding>, StoreError> {
        self.rest.remove(&day);
        let stored = stored_day(self.connection, self.path, day)?;
        if *recomputed == stored {
            return Ok(Vec::new());
        }
        Ok(compare_day(recomputed, &stored, |line| self.name(day, *line)))
    }

    fn name(&self, day: i64, (subject, meter, _): Line) -> String {
        let mut dimensions = Dimensions::new(self.connection, self.path);
        let meter = match dimensions.meter(meter) {
            Ok(meter) => meter.to_string(),
            Err(_) => format!("meter {meter}"),
        };
        let whose = match dimensions.subject(subject) {
            Ok(subject) if subject.cluster_id.is_empty() => format!("pool `{}`", subject.pool),
            Ok(subject) => format!("cluster `{}`", subject.cluster_id),
            Err(_) => format!("subject {subject}"),
        };
        format!("{}, {whose}, {meter}", query::date(day))
    }
}

/// Late entries are few: their sums are held at once.
fn stored_late(connection: &Connection, path: &Path) -> Result<BTreeMap<LateLine, LineSums>, StoreError> {
    let sql = "SELECT billing_month, day, subject_id, meter_id, price_id, quantity_nano, cost_nano, entries \
               FROM rollup_late";
    connection
        .prepare_cached(sql)
        .and_then(|mut statement| {
            let rows = statement.query_map([], |row| {
                let sums = LineSums {
                    quantity_nano: row.get::<_, i64>(5)?.into(),
                    cost_nano: row.get::<_, i64>(6)?.into(),
                    entries: row.get::<_, i64>(7)?.into(),
                };
                let line = (row.get(2)?, row.get(3)?, row.get(4)?);
                Ok(((row.get(0)?, row.get(1)?, line), sums))
            })?;
            rows.collect()
        })
        .at(path, "reading late sums")
}

fn stored_days(connection: &Connection, path: &Path) -> Result<BTreeSet<i64>, StoreError> {
    connection
        .prepare("SELECT DISTINCT day FROM rollup_day")
        .and_then(|mut statement| statement.query_map([], |row| row.get(0))?.collect())
        .at(path, "reading the days")
}

fn stored_day(
    connection: &Connection,
    path: &Path,
    day: i64,
) -> Result<BTreeMap<Line, LineSums>, StoreError> {
    let sql = "SELECT subject_id, meter_id, price_id, quantity_nano, cost_nano, entries FROM rollup_day \
               WHERE day = ?1";
    connection
        .prepare_cached(sql)
        .and_then(|mut statement| {
            let rows = statement.query_map([day], |row| {
                let sums = LineSums {
                    quantity_nano: row.get::<_, i64>(3)?.into(),
                    cost_nano: row.get::<_, i64>(4)?.into(),
                    entries: row.get::<_, i64>(5)?.into(),
                };
                Ok(((row.get(0)?, row.get(1)?, row.get(2)?), sums))
            })?;
            rows.collect()
        })
        .at(path, "reading daily sums")
}
