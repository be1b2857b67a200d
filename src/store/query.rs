//! Reading: rows for reports from the roll-ups, entries for the check, balances.
#![deny(clippy::arithmetic_side_effects)]

use chrono::{DateTime, NaiveDate};
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::collections::{BTreeMap, VecDeque};
use std::path::Path;

use super::database::Database;
use super::dimension::Dimensions;
use super::error::{At, StoreError};
use super::intern::Tables;
use crate::ledger::check::Balances;
use crate::ledger::summary::{CostRow, UnpricedRow};
use crate::ledger::transaction::{ChainHash, Entry, FactKey};
use crate::model::charge::{Charge, UnpricedReason};
use crate::model::exact::parse_decimal;
use crate::model::money::Currency;
use crate::model::period::{Instant, Period, SECONDS_PER_DAY, from_unix};

/// Where the ledger stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Number of entries.
    pub entries: i64,
    /// Hash of the last entry and all before it.
    pub hash: ChainHash,
    /// The ledger's currency; none before the first entry.
    pub currency: Option<Currency>,
}

/// An entry as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEntry {
    /// Its number, from 1.
    pub number: u64,
    /// What it says.
    pub entry: Entry,
    /// Its stored hash.
    pub hash: ChainHash,
}

/// Sums over a period, in nanos.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Totals {
    /// List cost.
    pub cost_nano: i128,
    /// List cost by vendor: `azure`, `databricks`.
    pub by_vendor: BTreeMap<&'static str, i128>,
    /// Entries summed.
    pub entries: u64,
}

impl Database {
    /// The latest UTC day with an entry, at its midnight; none in an empty ledger.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read.
    pub fn latest_day(&self) -> Result<Option<Instant>, StoreError> {
        let day: Option<i64> = self
            .connection
            .query_row("SELECT max(day) FROM rollup_day", [], |row| row.get(0))
            .at(&self.path, "reading the latest day")?;
        Ok(day.map(|day| from_unix(day.saturating_mul(SECONDS_PER_DAY))))
    }

    /// Number of entries, last hash, currency.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read.
    pub fn head(&self) -> Result<Head, StoreError> {
        head(&self.connection, &self.path)
    }

    /// Costs by day, subject, meter and price, from the roll-ups alone, in order of days.
    ///
    /// # Errors
    /// [`StoreError::NotWholeDays`] for a period that does not start and end at UTC midnights.
    pub fn cost_rows(&self, period: &Period) -> Result<Vec<CostRow>, StoreError> {
        let (first, after) = days(period)?;
        let mut dimensions = Dimensions::new(&self.connection, &self.path);
        let sql = "SELECT day, subject_id, meter_id, price_id, quantity_nano, cost_nano, entries FROM rollup_day \
                   WHERE day >= ?1 AND day < ?2 ORDER BY day, subject_id, meter_id, price_id";
        let doing = "reading daily sums";
        let mut statement = self.connection.prepare_cached(sql).at(&self.path, doing)?;
        let mut rows = statement.query([first, after]).at(&self.path, doing)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next().at(&self.path, doing)? {
            let number = |column| row.get::<_, i64>(column).at(&self.path, doing);
            found.push(CostRow {
                day: date(number(0)?),
                subject: dimensions.subject(number(1)?)?,
                meter: dimensions.meter(number(2)?)?,
                price: dimensions.price(number(3)?)?,
                quantity_nano: number(4)?,
                cost_nano: number(5)?,
                entries: u64::try_from(number(6)?).unwrap_or_default(),
            });
        }
        Ok(found)
    }

    /// Usage without a price that no entry has settled, by day, subject, meter and reason.
    ///
    /// # Errors
    /// [`StoreError::NotWholeDays`] for a period that does not start and end at UTC midnights.
    pub fn unpriced_rows(&self, period: &Period) -> Result<Vec<UnpricedRow>, StoreError> {
        days(period)?;
        let mut dimensions = Dimensions::new(&self.connection, &self.path);
        // The key starts with the period's start, so a month is a range of the primary key.
        let sql = "SELECT period_start / 86400 AS day, subject_id, meter_id, reason, per_hour, \
                   sum(period_end - period_start), count(*) FROM unpriced \
                   WHERE key >= ?1 AND key < ?2 AND settled_by IS NULL \
                   GROUP BY day, subject_id, meter_id, reason, per_hour \
                   ORDER BY day, subject_id, meter_id, reason, per_hour";
        let doing = "reading unpriced usage";
        let (from, to) = (FactKey::floor(period.start), FactKey::floor(period.end));
        let mut statement = self.connection.prepare_cached(sql).at(&self.path, doing)?;
        let mut rows = statement.query([from.0, to.0]).at(&self.path, doing)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next().at(&self.path, doing)? {
            found.push(self.unpriced_row(row, &mut dimensions)?);
        }
        Ok(found)
    }

    fn unpriced_row(
        &self,
        row: &Row<'_>,
        dimensions: &mut Dimensions<'_>,
    ) -> Result<UnpricedRow, StoreError> {
        let doing = "reading unpriced usage";
        let number = |column| row.get::<_, i64>(column).at(&self.path, doing);
        let reason: String = row.get(3).at(&self.path, doing)?;
        let per_hour: Option<String> = row.get(4).at(&self.path, doing)?;
        let unreadable = |why: String| StoreError::Unreadable {
            path: self.path.clone(),
            place: "`unpriced`".to_owned(),
            why,
        };
        Ok(UnpricedRow {
            day: date(number(0)?),
            subject: dimensions.subject(number(1)?)?,
            meter: dimensions.meter(number(2)?)?,
            reason: [UnpricedReason::NoPrice, UnpricedReason::NoRate]
                .into_iter()
                .find(|r| r.as_str() == reason)
                .ok_or_else(|| unreadable(format!("`{reason}` is not a reason")))?,
            quantity_per_hour: per_hour
                .map(|text| parse_decimal(&text).map_err(|e| unreadable(e.to_string())))
                .transpose()?,
            seconds: number(5)?,
            usages: u64::try_from(number(6)?).unwrap_or_default(),
        })
    }

    /// Sums of a period, from the roll-ups alone.
    ///
    /// # Errors
    /// [`StoreError::NotWholeDays`] for a period that does not start and end at UTC midnights.
    pub fn totals(&self, period: &Period) -> Result<Totals, StoreError> {
        let mut totals = Totals::default();
        for row in self.cost_rows(period)? {
            let cost = i128::from(row.cost_nano);
            totals.cost_nano = totals.cost_nano.saturating_add(cost);
            let vendor = totals.by_vendor.entry(row.meter.vendor()).or_default();
            *vendor = vendor.saturating_add(cost);
            totals.entries = totals.entries.saturating_add(row.entries);
        }
        Ok(totals)
    }

    /// The balance of every account, summed from the postings of all entries (this scans them).
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read.
    pub fn balances(&self) -> Result<Balances, StoreError> {
        // Whole units and nanos are summed apart: 64 bits then hold any ledger, and the sum stays exact.
        let sql = "SELECT account, sum(amount_nano / 1000000000), sum(amount_nano % 1000000000) FROM posting \
                   GROUP BY account";
        let doing = "summing postings";
        let mut dimensions = Dimensions::new(&self.connection, &self.path);
        let mut balances = Balances::default();
        let mut statement = self.connection.prepare_cached(sql).at(&self.path, doing)?;
        let mut rows = statement.query([]).at(&self.path, doing)?;
        while let Some(row) = rows.next().at(&self.path, doing)? {
            let number = |column| row.get::<_, i64>(column).at(&self.path, doing);
            let account = dimensions.account(number(0)?)?;
            let whole = i128::from(number(1)?).saturating_mul(1_000_000_000);
            balances.add(&account, whole.saturating_add(i128::from(number(2)?)));
        }
        Ok(balances)
    }

    /// All entries in order, read in pages. An entry that cannot be read is an error item; the walk goes on.
    pub fn entries(&self) -> Entries<'_> {
        Entries {
            connection: &self.connection,
            path: &self.path,
            dimensions: Dimensions::new(&self.connection, &self.path),
            after: 0,
            page: VecDeque::new(),
            ended: false,
        }
    }
}

/// Entries in order, a page at a time.
#[derive(Debug)]
pub struct Entries<'c> {
    connection: &'c Connection,
    path: &'c Path,
    dimensions: Dimensions<'c>,
    after: i64,
    page: VecDeque<EntryRow>,
    ended: bool,
}

/// An entry that cannot be read, with what is left of it.
#[derive(Debug)]
pub struct UnreadableEntry {
    /// Its number; none when the table itself cannot be read further.
    pub number: Option<u64>,
    /// Its stored hash.
    pub hash: Option<ChainHash>,
    /// What is wrong.
    pub error: StoreError,
}

impl Iterator for Entries<'_> {
    type Item = Result<StoredEntry, Box<UnreadableEntry>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.page.is_empty() && !self.ended {
            match self.read_page() {
                Ok(page) => self.page = page,
                Err(error) => {
                    self.ended = true;
                    return Some(Err(Box::new(UnreadableEntry {
                        number: None,
                        hash: None,
                        error,
                    })));
                }
            }
            self.ended = self.page.is_empty();
        }
        let row = self.page.pop_front()?;
        let (number, hash) = (u64::try_from(row.number).unwrap_or_default(), row.hash);
        self.after = row.number;
        Some(row.read(&mut self.dimensions, self.path).map_err(|error| {
            Box::new(UnreadableEntry {
                number: Some(number),
                hash: Some(hash),
                error,
            })
        }))
    }
}

const PAGE: i64 = 4_096;

impl Entries<'_> {
    fn read_page(&self) -> Result<VecDeque<EntryRow>, StoreError> {
        let sql = format!("SELECT {ENTRY_COLUMNS} FROM entry WHERE number > ?1 ORDER BY number LIMIT ?2");
        self.connection
            .prepare_cached(&sql)
            .and_then(|mut statement| statement.query_map([self.after, PAGE], EntryRow::of)?.collect())
            .at(self.path, "reading entries")
    }
}

const ENTRY_COLUMNS: &str = "number, key, source_id, debit_account, credit_account, amount_nano, resource, \
     subject_id, meter_id, price_id, since, period_start, period_end, quantity_nano, hash";

/// The columns of an entry, ids not yet resolved.
#[derive(Debug)]
struct EntryRow {
    number: i64,
    key: FactKey,
    source_id: i64,
    debit_account: i64,
    credit_account: i64,
    amount_nano: i64,
    resource: String,
    subject_id: i64,
    meter_id: i64,
    price_id: i64,
    since: i64,
    period_start: i64,
    period_end: i64,
    quantity_nano: i64,
    hash: ChainHash,
}

impl EntryRow {
    fn of(row: &Row<'_>) -> Result<EntryRow, rusqlite::Error> {
        Ok(EntryRow {
            number: row.get(0)?,
            key: FactKey(row.get(1)?),
            source_id: row.get(2)?,
            debit_account: row.get(3)?,
            credit_account: row.get(4)?,
            amount_nano: row.get(5)?,
            resource: row.get(6)?,
            subject_id: row.get(7)?,
            meter_id: row.get(8)?,
            price_id: row.get(9)?,
            since: row.get(10)?,
            period_start: row.get(11)?,
            period_end: row.get(12)?,
            quantity_nano: row.get(13)?,
            hash: ChainHash(row.get(14)?),
        })
    }

    fn read(self, dimensions: &mut Dimensions<'_>, path: &Path) -> Result<StoredEntry, StoreError> {
        let period = Period::new(from_unix(self.period_start), from_unix(self.period_end));
        let period = period.ok_or_else(|| StoreError::Unreadable {
            path: path.to_owned(),
            place: format!("entry {}", self.number),
            why: format!(
                "expected a period, found {} to {}",
                self.period_start, self.period_end
            ),
        })?;
        let charge = Charge {
            resource: self.resource.into(),
            subject: dimensions.subject(self.subject_id)?,
            meter: dimensions.meter(self.meter_id)?,
            period,
            since: from_unix(self.since),
            quantity_nano: self.quantity_nano,
            price: dimensions.price(self.price_id)?.as_ref().clone(),
            list_cost_nano: self.amount_nano,
        };
        Ok(StoredEntry {
            number: u64::try_from(self.number).unwrap_or_default(),
            entry: Entry {
                key: self.key,
                source: dimensions.source(self.source_id)?,
                debit: dimensions.account(self.debit_account)?,
                credit: dimensions.account(self.credit_account)?,
                charge,
            },
            hash: self.hash,
        })
    }
}

/// The entry of a key that is known to be there.
pub(super) fn entry_of_key(tables: Tables<'_>, key: &FactKey) -> Result<StoredEntry, StoreError> {
    let sql = format!("SELECT {ENTRY_COLUMNS} FROM entry WHERE key = ?1");
    let row = tables
        .connection
        .prepare_cached(&sql)
        .and_then(|mut statement| statement.query_row([key.0], EntryRow::of))
        .at(tables.path, "reading an entry")?;
    row.read(&mut Dimensions::new(tables.connection, tables.path), tables.path)
}

/// Where the ledger stands.
pub(super) fn head(connection: &Connection, path: &Path) -> Result<Head, StoreError> {
    let doing = "reading the head";
    let row: Option<(i64, Option<[u8; 32]>, Option<String>)> = connection
        .prepare_cached("SELECT entries, head, currency FROM ledger WHERE id = 1")
        .and_then(|mut statement| {
            statement
                .query_row(params![], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
                .optional()
        })
        .at(path, doing)?;
    let unreadable = |why: String| StoreError::Unreadable {
        path: path.to_owned(),
        place: "`ledger`".to_owned(),
        why,
    };
    let (entries, hash, currency) =
        row.ok_or_else(|| unreadable("expected one row, found none".to_owned()))?;
    let currency = currency.map(|text| Currency::try_from(text).map_err(|e| unreadable(e.to_string())));
    Ok(Head {
        entries,
        hash: hash.map_or_else(ChainHash::genesis, ChainHash),
        currency: currency.transpose()?,
    })
}

/// First day and the day after the last, in days since 1970-01-01.
fn days(period: &Period) -> Result<(i64, i64), StoreError> {
    let (start, end) = (period.start.timestamp(), period.end.timestamp());
    if start.rem_euclid(SECONDS_PER_DAY) != 0 || end.rem_euclid(SECONDS_PER_DAY) != 0 {
        return Err(StoreError::NotWholeDays { period: *period });
    }
    Ok((start.div_euclid(SECONDS_PER_DAY), end.div_euclid(SECONDS_PER_DAY)))
}

/// The date of a day since 1970-01-01.
pub(super) fn date(day: i64) -> NaiveDate {
    DateTime::from_timestamp(day.saturating_mul(SECONDS_PER_DAY), 0)
        .unwrap_or_default()
        .date_naive()
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use super::*;
    use crate::ledger::sample::{at, period, vm_hour};

    #[test]
    fn costs_are_asked_for_whole_days() {
        let mut database = Database::in_memory().unwrap();
        database.append("s", &vm_hour("i-1", 0)).unwrap();
        let odd = period("2026-10-01T00:00:01Z", "2026-10-02");
        assert!(matches!(
            database.cost_rows(&odd),
            Err(StoreError::NotWholeDays { .. })
        ));
        assert!(matches!(
            database.unpriced_rows(&odd),
            Err(StoreError::NotWholeDays { .. })
        ));
        for (asked, rows) in [
            (period("2026-09-01", "2026-10-01"), 0),
            (period("2026-10-01", "2026-10-02"), 1),
            (period("2026-10-02", "2026-11-01"), 0),
        ] {
            assert_eq!(database.cost_rows(&asked).unwrap().len(), rows, "{asked}");
        }
        assert_eq!(date(-1).to_string(), "1969-12-31");
        assert_eq!(days(&period("2026-10-01", "2026-10-02")).unwrap().0, 20_727);
        assert_eq!(at("2026-10-01").timestamp(), 20_727 * SECONDS_PER_DAY);
    }

    #[test]
    fn entries_come_in_order_across_pages() {
        let mut database = Database::in_memory().unwrap();
        let batch: Vec<_> = (0..PAGE + 3)
            .flat_map(|n| vm_hour(&format!("i-{n}"), 0))
            .collect();
        database.append("s", &batch).unwrap();
        let numbers: Vec<u64> = database.entries().map(|stored| stored.unwrap().number).collect();
        assert!(numbers.iter().copied().eq(1..=u64::try_from(PAGE + 3).unwrap()));
        assert!(Database::in_memory().unwrap().entries().next().is_none());
    }
}
