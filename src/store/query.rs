//! Reading sums: rows for reports from the roll-ups, balances, where the ledger stands.
#![deny(clippy::arithmetic_side_effects)]

use chrono::{DateTime, NaiveDate};
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::collections::BTreeMap;
use std::path::Path;

use super::allocation::legs;
use super::database::Database;
use super::dimension::Dimensions;
use super::error::{At, StoreError};
use super::intern::Tables;
use crate::ledger::account::{Account, NotAnAccount};
use crate::ledger::balance::Balances;
use crate::ledger::chain::ChainHash;
use crate::ledger::fact::FactKey;
use crate::ledger::summary::{CostRow, UnpricedRow};
use crate::model::charge::UnpricedReason;
use crate::model::exact::parse_decimal;
use crate::model::money::Currency;
use crate::model::period::{Instant, Month, NotAMonth, Period, SECONDS_PER_DAY, from_unix};

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

/// Sums over a month, in nanos: what vendors bill.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Totals {
    /// What is billed.
    pub cost_nano: i128,
    /// The same by vendor: `azure`, `databricks`.
    pub by_vendor: BTreeMap<&'static str, i128>,
    /// Entries summed.
    pub entries: u64,
}

impl Database {
    /// Everybody who tells facts.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read.
    pub fn sources(&self) -> Result<Vec<String>, StoreError> {
        self.connection
            .prepare_cached("SELECT name FROM source ORDER BY name")
            .and_then(|mut statement| statement.query_map([], |row| row.get(0))?.collect())
            .at(&self.path, "reading sources")
    }

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

    /// The latest month in which anything is billed, late charges of closed months too; none in an empty ledger.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read.
    pub fn latest_month(&self) -> Result<Option<Month>, StoreError> {
        let late: Option<String> = self
            .connection
            .query_row("SELECT max(billing_month) FROM rollup_late", [], |row| row.get(0))
            .at(&self.path, "reading the latest month")?;
        let late = late.map(|month| {
            month.parse().map_err(|e: NotAMonth| StoreError::Unreadable {
                path: self.path.clone(),
                place: "`rollup_late`".to_owned(),
                why: e.to_string(),
            })
        });
        Ok(self.latest_day()?.map(Month::of).max(late.transpose()?))
    }

    /// The earliest UTC day with an entry, at its midnight; none in an empty ledger.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read.
    pub fn earliest_day(&self) -> Result<Option<Instant>, StoreError> {
        let day: Option<i64> = self
            .connection
            .query_row("SELECT min(day) FROM rollup_day", [], |row| row.get(0))
            .at(&self.path, "reading the earliest day")?;
        Ok(day.map(|day| from_unix(day.saturating_mul(SECONDS_PER_DAY))))
    }

    /// Every account, in order.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read, or a name is none of an account.
    pub fn accounts(&self) -> Result<Vec<Account>, StoreError> {
        let names: Vec<String> = self
            .connection
            .prepare_cached("SELECT name FROM account")
            .and_then(|mut statement| statement.query_map([], |row| row.get(0))?.collect())
            .at(&self.path, "reading accounts")?;
        let mut accounts = names
            .iter()
            .map(|name| {
                name.parse().map_err(|e: NotAnAccount| StoreError::Unreadable {
                    path: self.path.clone(),
                    place: "`account`".to_owned(),
                    why: e.to_string(),
                })
            })
            .collect::<Result<Vec<Account>, _>>()?;
        accounts.sort();
        Ok(accounts)
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
        self.rows_of_costs("rollup_day WHERE day >= ?1 AND day < ?2", [first, after])
    }

    /// Costs of earlier months that are booked in this one, because these were closed when they were told; from the roll-ups
    /// alone, in order of days.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read.
    pub fn late_rows(&self, month: Month) -> Result<Vec<CostRow>, StoreError> {
        self.rows_of_costs("rollup_late WHERE billing_month = ?1", [month.to_string()])
    }

    /// Costs of charges inside a period that were told late and so are booked in later months; from the roll-ups alone.
    ///
    /// # Errors
    /// [`StoreError::NotWholeDays`] for a period that does not start and end at UTC midnights.
    pub fn late_rows_of(&self, period: &Period) -> Result<Vec<CostRow>, StoreError> {
        let (first, after) = days(period)?;
        self.rows_of_costs("rollup_late WHERE day >= ?1 AND day < ?2", [first, after])
    }

    /// Costs of all closed months that are booked in later ones; from the roll-ups alone.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read.
    pub fn all_late_rows(&self) -> Result<Vec<CostRow>, StoreError> {
        self.rows_of_costs("rollup_late", [])
    }

    /// The lines of a roll-up that are asked for, in order of days.
    fn rows_of_costs(&self, lines: &str, asked: impl rusqlite::Params) -> Result<Vec<CostRow>, StoreError> {
        let sql = format!(
            "SELECT day, subject_id, meter_id, price_id, quantity_nano, cost_nano, entries FROM {lines} \
             ORDER BY day, subject_id, meter_id, price_id"
        );
        let mut dimensions = Dimensions::new(&self.connection, &self.path);
        let doing = "reading daily sums";
        let mut statement = self.connection.prepare_cached(&sql).at(&self.path, doing)?;
        let mut rows = statement.query(asked).at(&self.path, doing)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next().at(&self.path, doing)? {
            let number = |column| row.get::<_, i64>(column).at(&self.path, doing);
            let (price, quantity_nano, cost_nano) = (dimensions.price(number(3)?)?, number(4)?, number(5)?);
            let meter = dimensions.meter(number(2)?)?;
            let costs = price.costs(&meter, quantity_nano, cost_nano);
            found.push(CostRow {
                day: date(number(0)?),
                subject: dimensions.subject(number(1)?)?,
                meter,
                price,
                quantity_nano,
                cost_nano,
                costs: costs.map_err(|e| StoreError::Unreadable {
                    path: self.path.clone(),
                    place: "`rollup_day`".to_owned(),
                    why: e.to_string(),
                })?,
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
                   WHERE key >= ?1 AND key < ?2 AND settled_by IS NULL AND replaced = 0 \
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

    /// What is billed in a month, late charges of earlier months with it; from the roll-ups alone.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read.
    pub fn totals(&self, month: Month) -> Result<Totals, StoreError> {
        let mut totals = Totals::default();
        let rows = self.cost_rows(&month.period())?.into_iter();
        for row in rows.chain(self.late_rows(month)?) {
            let cost = i128::from(row.costs.billed_nano);
            totals.cost_nano = totals.cost_nano.saturating_add(cost);
            let vendor = totals.by_vendor.entry(row.meter.vendor()).or_default();
            *vendor = vendor.saturating_add(cost);
            totals.entries = totals.entries.saturating_add(row.entries);
        }
        Ok(totals)
    }

    /// The balance of every account, summed from the postings of all entries (this scans them) and from all allocations.
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
        let tables = Tables {
            connection: &self.connection,
            path: &self.path,
        };
        legs(tables, &mut balances)?;
        Ok(balances)
    }
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
}
