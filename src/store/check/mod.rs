//! The check of a whole ledger file: SQLite's own structure, the chain of hashes, balances, roll-ups.
//!
//! Entries are read in pages and roll-ups day by day, so memory does not grow with the ledger. All reading happens
//! in one transaction: a writer beside it is not seen half.
#![deny(clippy::arithmetic_side_effects)]

mod against;
mod days;
mod deep;
mod links;
mod verify;

use rusqlite::{Connection, OptionalExtension};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

pub use self::against::Relation;
use self::days::walk_days;
pub use self::deep::Recomputed;
use self::links::link_findings;
pub use self::verify::{Against, Stands, Verified, verify};
use super::database::Database;
use super::dimension::Dimensions;
use super::entries::UnreadableEntry;
use super::error::{At, StoreError};
use super::query;
use crate::ledger::account::Account;
use crate::ledger::agreement::Teller;
use crate::ledger::balance::Balances;
use crate::ledger::chain::ChainHash;
use crate::ledger::check::{ChainWalk, Finding, code, nano_text};
use crate::ledger::recompute::cost_finding;
use crate::model::charge::Price;
use crate::model::meter::Meter;
use crate::model::money::Currency;
use crate::model::usage::Subject;

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

    fn of(head: &query::Head) -> CheckReport {
        CheckReport {
            entries: 0,
            head: head.hash,
            currency: head.currency,
            balances: Balances::default(),
            findings: Vec::new(),
            omitted: 0,
        }
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
    Ok(verify(database, false, None, progress)?.check)
}

/// What is read is of the state that the transaction sees. Costs are recomputed where that is asked.
fn run(
    snapshot: &Connection,
    database: &Database,
    recomputed: Option<&mut Recomputed>,
    steps: &mut Steps<'_>,
) -> Result<CheckReport, StoreError> {
    let path = database.path.as_path();
    let head = query::head(snapshot, path)?;
    let mut report = CheckReport::of(&head);
    let entries = u64::try_from(head.entries).unwrap_or_default();
    report.add(structure(snapshot, path)?);
    walk_chain(database, entries, &mut report, recomputed, steps)?;
    walk_days(snapshot, path, &mut report, steps)?;
    report.add(closed_months(database)?);
    let (told, unreadable) = balances_of_rollups(snapshot, path)?;
    report.add(unreadable);
    report.add(report.balances.compare(&told));
    report.add(database.hold_assertions(head.currency)?);
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
    mut recomputed: Option<&mut Recomputed>,
    steps: &mut Steps<'_>,
) -> Result<(), StoreError> {
    let mut walk = ChainWalk::default();
    for stored in database.entries() {
        match stored {
            Ok(stored) => {
                let charge = &stored.entry.charge;
                if let Some(recomputed) = &mut recomputed {
                    // Parts of the costs of other entries, and what is left of payments, are no products.
                    let teller = stored.entry.source.parse::<Teller>();
                    if !teller.is_ok_and(|teller| teller.part.is_remainder()) {
                        report.add(cost_finding(stored.number, charge));
                        recomputed.costs = recomputed.costs.saturating_add(1);
                    }
                }
                report.add(walk.entry(stored.number, &stored.entry, &stored.digests, stored.hash));
                if let Some(link) = stored.entry.link {
                    report.add(link_findings(database, &stored, link)?);
                }
                report
                    .balances
                    .transfer(&stored.entry.debit, &stored.entry.credit, charge.cost_nano.into());
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

/// Whether the sums of closed months, and the ledger's head when they were closed, are still what they were.
fn closed_months(database: &Database) -> Result<Vec<Finding>, StoreError> {
    let mut findings = Vec::new();
    for closing in database.closings()?.all() {
        let (month, path) = (closing.month, database.path.as_path());
        let mut compare = |what: String, expected: String, found: String| {
            if expected != found {
                findings.push(Finding {
                    code: code::CLOSING,
                    entry: None,
                    what,
                    expected,
                    found,
                });
            }
        };
        let hash: Option<[u8; 32]> = database
            .connection
            .prepare_cached("SELECT hash FROM entry WHERE number = ?1")
            .and_then(|mut statement| {
                let number = i64::try_from(closing.entries).unwrap_or(i64::MAX);
                statement.query_row([number], |row| row.get(0)).optional()
            })
            .at(path, "reading a closed month")?;
        let hash = hash.map_or("missing".to_owned(), |hash| ChainHash(hash).to_string());
        compare(
            format!("the head when {month} was closed, entry {}", closing.entries),
            closing.head.to_string(),
            hash,
        );
        let found = database.totals(month)?.by_vendor;
        let vendors: BTreeSet<&str> = closing
            .cost_nano
            .keys()
            .map(String::as_str)
            .chain(found.keys().copied())
            .collect();
        for vendor in vendors {
            let closed = closing.cost_nano.get(vendor).copied().unwrap_or_default();
            let found = found.get(vendor).copied().unwrap_or_default();
            let what = format!("{month}, which is closed: the sum for {vendor}");
            compare(what, nano_text(closed.into()), nano_text(found));
        }
    }
    Ok(findings)
}

/// Balances as the roll-ups tell them: an independent road to the same numbers. With them, the lines whose subject
/// or meter cannot be read.
fn balances_of_rollups(connection: &Connection, path: &Path) -> Result<(Balances, Vec<Finding>), StoreError> {
    let doing = "summing daily sums";
    let sql = "SELECT subject_id, meter_id, price_id, sum(cost_nano / 1000000000), sum(cost_nano % 1000000000) \
               FROM (SELECT subject_id, meter_id, price_id, cost_nano FROM rollup_day \
                     UNION ALL SELECT subject_id, meter_id, price_id, cost_nano FROM rollup_late) \
               GROUP BY subject_id, meter_id, price_id";
    let mut dimensions = Dimensions::new(connection, path);
    let (mut balances, mut unreadable) = (Balances::default(), Vec::new());
    let mut statement = connection.prepare(sql).at(path, doing)?;
    let mut rows = statement.query([]).at(path, doing)?;
    while let Some(row) = rows.next().at(path, doing)? {
        let number = |column| row.get::<_, i64>(column).at(path, doing);
        let line = read_line(&mut dimensions, [number(0)?, number(1)?, number(2)?]);
        let (subject, meter, price) = match line {
            Ok(line) => line,
            Err(error) => {
                if unreadable.len() < LISTED {
                    unreadable.push(unreadable_line(&error));
                }
                continue;
            }
        };
        let whole = i128::from(number(3)?).saturating_mul(1_000_000_000);
        balances.transfer(
            &Account::debit(&subject, &meter, &price),
            &Account::credit(&meter, &price),
            whole.saturating_add(i128::from(number(4)?)),
        );
    }
    Ok((balances, unreadable))
}

/// Whose, of what, at which price.
type LineParts = (Arc<Subject>, Arc<Meter>, Arc<Price>);

fn read_line(
    dimensions: &mut Dimensions<'_>,
    [subject, meter, price]: [i64; 3],
) -> Result<LineParts, StoreError> {
    Ok((
        dimensions.subject(subject)?,
        dimensions.meter(meter)?,
        dimensions.price(price)?,
    ))
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
mod tests;
