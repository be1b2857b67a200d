//! The check of a whole ledger file: SQLite's own structure, the chain of hashes, balances, roll-ups.
//!
//! Entries are read in pages and roll-ups day by day, so memory does not grow with the ledger. All reading happens
//! in one transaction: a writer beside it is not seen half.
#![deny(clippy::arithmetic_side_effects)]

use rusqlite::Connection;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::database::Database;
use super::dimension::Dimensions;
use super::error::{At, StoreError};
use super::query::{self, UnreadableEntry};
use crate::ledger::account::Account;
use crate::ledger::check::{Balances, ChainWalk, Finding, KeyWalk, LineSums, code, compare_day};
use crate::ledger::transaction::{ChainHash, FactKey};
use crate::model::money::Currency;
use crate::model::period::SECONDS_PER_DAY;

/// Code of what SQLite itself finds wrong with the file.
pub const STRUCTURE: &str = "store::structure";
/// Findings listed; more are counted.
const LISTED: usize = 100;

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckReport {
    /// Entries read.
    pub entries: u64,
    /// Hash of the last entry.
    pub head: ChainHash,
    /// The ledger's currency; none before the first entry.
    pub currency: Option<Currency>,
    /// Balance of every account, from the entries.
    pub balances: Balances,
    /// Disagreements, at most 100.
    pub findings: Vec<Finding>,
    /// Disagreements beyond those listed.
    pub omitted: u64,
}

impl CheckReport {
    /// Whether everything agrees.
    pub fn is_sound(&self) -> bool {
        self.findings.is_empty()
    }

    fn add(&mut self, findings: impl IntoIterator<Item = Finding>) {
        for finding in findings {
            if self.findings.len() < LISTED {
                self.findings.push(finding);
            } else {
                self.omitted = self.omitted.saturating_add(1);
            }
        }
    }
}

/// Checks a whole ledger. `progress` is told steps done and steps in all.
///
/// # Errors
/// [`StoreError`] when the file cannot be read at all; what is read and disagrees is a finding.
pub fn check(database: &Database, progress: &mut dyn FnMut(u64, u64)) -> Result<CheckReport, StoreError> {
    let path = database.path.as_path();
    let snapshot = database
        .connection
        .unchecked_transaction()
        .at(path, "starting the check")?;
    let head = query::head(&snapshot, path)?;
    let mut report = CheckReport {
        entries: 0,
        head: head.hash,
        currency: head.currency,
        balances: Balances::default(),
        findings: Vec::new(),
        omitted: 0,
    };
    let entries = u64::try_from(head.entries).unwrap_or_default();
    let mut steps = Steps {
        done: 0,
        all: entries.saturating_mul(2),
        progress,
    };
    report.add(structure(&snapshot, path)?);
    walk_chain(database, entries, &mut report, &mut steps)?;
    walk_days(&snapshot, path, &mut report, &mut steps)?;
    let (told, unreadable) = balances_of_rollups(&snapshot, path)?;
    report.add(unreadable);
    report.add(report.balances.compare(&told));
    steps.end();
    Ok(report)
}

struct Steps<'p> {
    done: u64,
    all: u64,
    progress: &'p mut dyn FnMut(u64, u64),
}

impl Steps<'_> {
    fn step(&mut self) {
        self.done = self.done.saturating_add(1);
        if self.done.is_multiple_of(4096) {
            (self.progress)(self.done.min(self.all), self.all);
        }
    }

    fn end(&mut self) {
        (self.progress)(self.all, self.all);
    }
}

/// What SQLite says of pages, indexes, constraints and references.
fn structure(connection: &Connection, path: &Path) -> Result<Vec<Finding>, StoreError> {
    let doing = "checking the file's structure";
    let said: Vec<String> = connection
        .prepare(&format!("PRAGMA integrity_check({LISTED})"))
        .and_then(|mut statement| statement.query_map([], |row| row.get(0))?.collect())
        .at(path, doing)?;
    let dangling: Vec<String> = connection
        .prepare("PRAGMA foreign_key_check")
        .and_then(|mut statement| {
            let rows = statement.query_map([], |row| {
                let (table, parent): (String, String) = (row.get(0)?, row.get(2)?);
                Ok(format!("a row of `{table}` names a `{parent}` that is not there"))
            })?;
            rows.take(LISTED).collect()
        })
        .at(path, doing)?;
    let wrong = said.into_iter().filter(|line| line != "ok").chain(dangling);
    Ok(wrong
        .map(|found| Finding {
            code: STRUCTURE,
            entry: None,
            what: "the file".to_owned(),
            expected: "sound".to_owned(),
            found,
        })
        .collect())
}

fn walk_chain(
    database: &Database,
    entries: u64,
    report: &mut CheckReport,
    steps: &mut Steps<'_>,
) -> Result<(), StoreError> {
    let mut walk = ChainWalk::default();
    for stored in database.entries() {
        match stored {
            Ok(stored) => {
                let charge = &stored.entry.charge;
                report.add(walk.entry(stored.number, &stored.entry, stored.hash));
                report.balances.transfer(
                    &stored.entry.debit,
                    &stored.entry.credit,
                    charge.list_cost_nano.into(),
                );
            }
            Err(unreadable) => match *unreadable {
                UnreadableEntry {
                    number: Some(number),
                    hash,
                    error,
                } => report.add(walk.skip(number, hash, &error.to_string())),
                UnreadableEntry { error, .. } => return Err(error),
            },
        }
        report.entries = report.entries.saturating_add(1);
        steps.step();
    }
    report.add(walk.finish(entries, report.head));
    Ok(())
}

/// Subject, meter, price.
type Line = (i64, i64, i64);

/// Reads entries in order of their keys, which is the order of time, and compares each day when it is over.
fn walk_days(
    connection: &Connection,
    path: &Path,
    report: &mut CheckReport,
    steps: &mut Steps<'_>,
) -> Result<(), StoreError> {
    let doing = "summing entries by day";
    let sql = "SELECT key, number, period_start, subject_id, meter_id, price_id, quantity_nano, amount_nano \
               FROM entry ORDER BY key";
    let mut days = Days {
        connection,
        path,
        rest: stored_days(connection, path)?,
        open: None,
    };
    let mut keys = KeyWalk::default();
    let mut statement = connection.prepare(sql).at(path, doing)?;
    let mut rows = statement.query([]).at(path, doing)?;
    while let Some(row) = rows.next().at(path, doing)? {
        let number = |column| row.get::<_, i64>(column).at(path, doing);
        let key = FactKey(row.get(0).at(path, doing)?);
        report.add(keys.key(key, u64::try_from(number(1)?).unwrap_or_default()));
        let day = number(2)?.div_euclid(SECONDS_PER_DAY);
        let sums = LineSums {
            quantity_nano: number(6)?.into(),
            cost_nano: number(7)?.into(),
            entries: 1,
        };
        report.add(days.entry(day, (number(3)?, number(4)?, number(5)?), sums)?);
        steps.step();
    }
    report.add(days.close()?);
    report.add(days.remaining()?);
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

/// Balances as the roll-ups tell them: an independent road to the same numbers. With them, the lines whose subject
/// or meter cannot be read.
fn balances_of_rollups(connection: &Connection, path: &Path) -> Result<(Balances, Vec<Finding>), StoreError> {
    let doing = "summing daily sums";
    let sql = "SELECT subject_id, meter_id, sum(cost_nano / 1000000000), sum(cost_nano % 1000000000) \
               FROM rollup_day GROUP BY subject_id, meter_id";
    let mut dimensions = Dimensions::new(connection, path);
    let (mut balances, mut unreadable) = (Balances::default(), Vec::new());
    let mut statement = connection.prepare(sql).at(path, doing)?;
    let mut rows = statement.query([]).at(path, doing)?;
    while let Some(row) = rows.next().at(path, doing)? {
        let number = |column| row.get::<_, i64>(column).at(path, doing);
        let (subject, meter) = (dimensions.subject(number(0)?), dimensions.meter(number(1)?));
        let (subject, meter) = match (subject, meter) {
            (Ok(subject), Ok(meter)) => (subject, meter),
            (Err(error), _) | (_, Err(error)) => {
                if unreadable.len() < LISTED {
                    unreadable.push(unreadable_line(&error));
                }
                continue;
            }
        };
        let whole = i128::from(number(2)?).saturating_mul(1_000_000_000);
        balances.transfer(
            &Account::of_subject(&subject),
            &Account::of_meter(&meter),
            whole.saturating_add(i128::from(number(3)?)),
        );
    }
    Ok((balances, unreadable))
}

fn unreadable_line(error: &StoreError) -> Finding {
    Finding {
        code: code::UNREADABLE,
        entry: None,
        what: "a line of the daily sums".to_owned(),
        expected: "readable".to_owned(),
        found: error.to_string(),
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use super::*;
    use crate::ledger::sample::vm_hour;
    use std::path::PathBuf;
    use tempfile::{TempDir, tempdir};

    fn ledger() -> (TempDir, PathBuf) {
        let folder = tempdir().unwrap();
        let path = folder.path().join("ledger.db");
        let mut database = Database::open(&path).unwrap();
        for hour in 0..5 {
            database.append("s", &vm_hour("i-1", hour)).unwrap();
        }
        (folder, path)
    }

    /// What a check finds after someone took SQL to the file.
    fn found_after(sql: &str) -> Vec<(&'static str, Option<u64>)> {
        let (_folder, path) = ledger();
        let raw = Connection::open(&path).unwrap();
        raw.execute_batch(
            "DROP TRIGGER entry_is_not_changed; DROP TRIGGER entry_is_not_deleted; \
             DROP TRIGGER subject_is_not_changed; DROP TRIGGER price_is_not_changed; \
             DROP TRIGGER meter_is_not_changed; PRAGMA foreign_keys = OFF",
        )
        .unwrap();
        raw.execute_batch(sql).unwrap();
        drop(raw);
        let database = Database::open_read_only(&path).unwrap();
        let report = check(&database, &mut |_, _| ()).unwrap();
        report.findings.iter().map(|f| (f.code, f.entry)).collect()
    }

    #[test]
    fn a_ledger_as_written_is_sound_and_progress_reaches_its_end() {
        let (_folder, path) = ledger();
        let database = Database::open_read_only(&path).unwrap();
        let mut last = (0, 0);
        let report = check(&database, &mut |done, all| last = (done, all)).unwrap();
        assert!(report.is_sound(), "{:?}", report.findings);
        assert_eq!((report.entries, last), (5, (10, 10)));
        assert_eq!(report.balances.sum(), 0);
        assert_eq!(report.balances, database.balances().unwrap());
        assert!(
            check(&Database::in_memory().unwrap(), &mut |_, _| ())
                .unwrap()
                .is_sound()
        );
    }

    #[test]
    fn tampering_is_found_where_it_happened() {
        let hash = |n| (code::HASH, Some(n));
        let rollup = (code::ROLLUP, None);
        let balance = (code::BALANCE, None);
        assert_eq!(
            found_after("UPDATE entry SET amount_nano = 1 WHERE number = 3"),
            [hash(3), rollup, balance, balance]
        );
        assert_eq!(
            found_after("UPDATE rollup_day SET cost_nano = cost_nano + 1"),
            [rollup, balance, balance]
        );
        assert_eq!(
            found_after("UPDATE entry SET resource = 'i-2' WHERE number = 2"),
            [(code::KEY, Some(2)), hash(2)]
        );
        assert_eq!(
            found_after("UPDATE price SET unit_price = '9'"),
            [1, 2, 3, 4, 5].map(hash)
        );
        assert_eq!(found_after("UPDATE ledger SET entries = 6"), [(code::HEAD, None)]);
        assert_eq!(
            found_after("DELETE FROM rollup_day"),
            [rollup, rollup, rollup, balance, balance]
        );
    }

    #[test]
    fn a_deleted_entry_is_missed() {
        let found = found_after("DELETE FROM entry WHERE number = 2");
        assert_eq!(found[0], (code::SEQUENCE, Some(3)));
        assert_eq!(found[1], (code::HASH, Some(3)));
        let last = found_after("DELETE FROM entry WHERE number = 5");
        assert!(last.contains(&(code::HEAD, None)), "{last:?}");
    }

    #[test]
    fn an_entry_that_cannot_be_read_is_a_finding_and_the_walk_goes_on() {
        let found = found_after("UPDATE meter SET name = 'nonsense'");
        assert!(found.contains(&(code::UNREADABLE, Some(5))), "{found:?}");
        let found = found_after("DELETE FROM subject");
        assert!(found.contains(&(STRUCTURE, None)), "{found:?}");
        assert!(found.contains(&(code::UNREADABLE, Some(1))), "{found:?}");
    }
}
