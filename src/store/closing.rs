//! Closed months.

use rusqlite::{OptionalExtension, Transaction, TransactionBehavior, params};
use std::collections::BTreeMap;

use super::database::Database;
use super::error::{At, StoreError};
use super::intern::Tables;
use crate::ledger::chain::ChainHash;
use crate::ledger::closing::{Closing, Closings};
use crate::model::period::{Instant, Month, NotAMonth, SECONDS_PER_DAY, from_unix};

/// Why a month cannot be closed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotClosed {
    /// An earlier month with entries is open.
    #[error("{0} is open and has entries; close it first")]
    EarlierOpen(Month),
    /// It lies before a month that is closed.
    #[error("it lies before {0}, which is closed: what is told of it now is booked later anyway")]
    Before(Month),
    /// It is not over.
    #[error("it is not over at the time of closing")]
    NotOver,
    /// It has no entries.
    #[error("nothing was billed in it")]
    Nothing,
    /// Usage of it has no price.
    #[error("{0} usages of it have no price; their cost would be booked in a later month")]
    Unpriced(u64),
}

/// What came of closing a month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Closed {
    /// It is closed now.
    Now(Closing),
    /// It was closed before.
    Before(Closing),
    /// It cannot be.
    Not(NotClosed),
}

const DOING: &str = "closing a month";
const READING: &str = "reading closed months";

impl Database {
    /// Closes a month at an instant, durable when this returns. A month that is closed stays as it is.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing is written.
    pub fn close_month(
        &mut self,
        month: Month,
        at: Instant,
        with_unpriced: bool,
    ) -> Result<Closed, StoreError> {
        // All that is read is of one state: nobody else writes while this transaction is open.
        let transaction = Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate)
            .at(&self.path, DOING)?;
        let (before, closings) = (self.head()?, self.closings()?);
        let not = |why| Ok(Closed::Not(why));
        let period = month.period();
        if let Some(known) = closings.of(month) {
            return Ok(Closed::Before(known.clone()));
        }
        if let Some(last) = closings.all().last().filter(|last| last.month > month) {
            return not(NotClosed::Before(last.month));
        }
        if at < period.end {
            return not(NotClosed::NotOver);
        }
        let unpriced = self.unpriced_rows(&period)?.iter().map(|row| row.usages).sum();
        if unpriced > 0 && !with_unpriced {
            return not(NotClosed::Unpriced(unpriced));
        }
        let totals = self.totals(month)?;
        let cost_nano = totals
            .by_vendor
            .into_iter()
            .map(|(vendor, cost)| {
                let cost = i64::try_from(cost).map_err(|_| StoreError::TooLarge {
                    what: format!("the sum of {month} for {vendor}"),
                })?;
                Ok((vendor.to_owned(), cost))
            })
            .collect::<Result<_, StoreError>>()?;
        let closing = Closing {
            month,
            closed_at: at,
            entries: u64::try_from(before.entries).unwrap_or_default(),
            head: before.hash,
            cost_nano,
        };
        let tables = Tables {
            connection: &transaction,
            path: &self.path,
        };
        if let Some(earlier) = first_open(tables, closings.closed_until(), period.start)? {
            return not(NotClosed::EarlierOpen(earlier));
        }
        if totals.entries == 0 {
            return not(NotClosed::Nothing);
        }
        write(tables, &closing)?;
        transaction.commit().at(&self.path, DOING)?;
        Ok(Closed::Now(closing))
    }

    /// The closed months.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read.
    pub fn closings(&self) -> Result<Closings, StoreError> {
        closings(Tables {
            connection: &self.connection,
            path: &self.path,
        })
    }
}

/// The end of the last closed month: all that a batch has to know.
pub(super) fn closed_until(tables: Tables<'_>) -> Result<Option<Instant>, StoreError> {
    let last: Option<String> = tables
        .connection
        .prepare_cached("SELECT max(month) FROM closing")
        .and_then(|mut statement| statement.query_row([], |row| row.get(0)))
        .at(tables.path, READING)?;
    let last = last.map(|name| month(tables, &name)).transpose()?;
    Ok(last.map(|month| month.period().end))
}

fn month(tables: Tables<'_>, name: &str) -> Result<Month, StoreError> {
    name.parse().map_err(|e: NotAMonth| StoreError::Unreadable {
        path: tables.path.to_owned(),
        place: "`closing`".to_owned(),
        why: e.to_string(),
    })
}

/// The closed months.
pub(super) fn closings(tables: Tables<'_>) -> Result<Closings, StoreError> {
    let Tables { connection, path } = tables;
    let rows: Vec<(String, i64, i64, [u8; 32])> = connection
        .prepare_cached("SELECT month, closed_at, entries, head FROM closing ORDER BY month")
        .and_then(|mut statement| {
            let rows =
                statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
            rows.collect()
        })
        .at(path, READING)?;
    let mut all = Vec::with_capacity(rows.len());
    for (name, closed_at, entries, head) in rows {
        let cost_nano: BTreeMap<String, i64> = connection
            .prepare_cached("SELECT vendor, cost_nano FROM closing_cost WHERE month = ?1")
            .and_then(|mut statement| {
                statement
                    .query_map([&name], |row| Ok((row.get(0)?, row.get(1)?)))?
                    .collect()
            })
            .at(path, READING)?;
        all.push(Closing {
            month: month(tables, &name)?,
            closed_at: from_unix(closed_at),
            entries: u64::try_from(entries).unwrap_or_default(),
            head: ChainHash(head),
            cost_nano,
        });
    }
    Ok(Closings::new(all))
}

fn write(Tables { connection, path }: Tables<'_>, closing: &Closing) -> Result<(), StoreError> {
    let month = closing.month.to_string();
    connection
        .prepare_cached("INSERT INTO closing (month, closed_at, entries, head) VALUES (?1, ?2, ?3, ?4)")
        .and_then(|mut statement| {
            let entries = i64::try_from(closing.entries).unwrap_or(i64::MAX);
            statement.execute(params![
                month,
                closing.closed_at.timestamp(),
                entries,
                closing.head.0
            ])
        })
        .at(path, DOING)?;
    for (vendor, cost_nano) in &closing.cost_nano {
        connection
            .prepare_cached("INSERT INTO closing_cost (month, vendor, cost_nano) VALUES (?1, ?2, ?3)")
            .and_then(|mut statement| statement.execute(params![month, vendor, cost_nano]))
            .at(path, DOING)?;
    }
    Ok(())
}

/// The first month with entries between the end of what is closed and another month's start.
fn first_open(
    Tables { connection, path }: Tables<'_>,
    from: Option<Instant>,
    before: Instant,
) -> Result<Option<Month>, StoreError> {
    let day = |at: Instant| at.timestamp().div_euclid(SECONDS_PER_DAY);
    let first: Option<Option<i64>> = connection
        .prepare_cached("SELECT min(day) FROM rollup_day WHERE day >= ?1 AND day < ?2")
        .and_then(|mut statement| {
            let from = from.map_or(i64::MIN, day);
            statement
                .query_row([from, day(before)], |row| row.get(0))
                .optional()
        })
        .at(path, DOING)?;
    let first = first.flatten();
    Ok(first.map(|day| Month::of(from_unix(day.saturating_mul(SECONDS_PER_DAY)))))
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use super::*;
    use crate::ledger::rate::Rated;
    use crate::ledger::sample::{at, period, price, rated, subject, usage};
    use crate::store::check::check;
    use proptest::prelude::*;

    const DBU: &str = "dbu/AZURE/PREMIUM_JOBS_COMPUTE";

    /// An hour of one DBU at a price of that many units, on the first of a month of 2026.
    fn hour(resource: &str, month: u32, dollars: i64) -> Vec<Rated> {
        let day = format!("2026-{month:02}-01");
        let hour = period(&format!("{day}T00:00:00Z"), &format!("{day}T01:00:00Z"));
        let usage = usage(resource, subject("etl", "nightly"), DBU, Some("1"), hour);
        rated(&usage, Some(price(&dollars.to_string())))
    }

    fn month(number: u32) -> Month {
        format!("2026-{number:02}").parse().unwrap()
    }

    fn close(database: &mut Database, number: u32) -> Closed {
        database
            .close_month(month(number), at("2027-01-01"), false)
            .unwrap()
    }

    #[test]
    fn a_closed_month_is_fixed_and_what_comes_later_is_booked_later() {
        let mut database = Database::in_memory().unwrap();
        database.append("s", &hour("a", 3, 5)).unwrap();
        database.append("s", &hour("b", 4, 7)).unwrap();
        assert_eq!(
            close(&mut database, 4),
            Closed::Not(NotClosed::EarlierOpen(month(3)))
        );
        let Closed::Now(march) = close(&mut database, 3) else {
            panic!("it has entries and is over")
        };
        assert_eq!((march.entries, march.cost_nano["databricks"]), (2, 5_000_000_000));
        assert_eq!(close(&mut database, 3), Closed::Before(march));
        assert_eq!(close(&mut database, 2), Closed::Not(NotClosed::Before(month(3))));
        assert_eq!(
            close(&mut database, 5),
            Closed::Not(NotClosed::EarlierOpen(month(4)))
        );
        database.append("s", &hour("late", 3, 11)).unwrap();
        // Told again it changes nothing, late or not.
        assert_eq!(database.append("s", &hour("late", 3, 11)).unwrap().known, 1);
        let cost = |database: &Database, number| database.totals(month(number)).unwrap().cost_nano;
        assert_eq!(
            (cost(&database, 3), cost(&database, 4)),
            (5_000_000_000, 18_000_000_000)
        );
        let latest = |database: &Database| database.latest_month().unwrap();
        assert_eq!(latest(&database), Some(month(4)));
        let late = database.late_rows(month(4)).unwrap();
        assert_eq!((late.len(), late[0].day.to_string().as_str()), (1, "2026-03-01"));
        // What was booked late is closed with the month in which it was booked.
        let Closed::Now(april) = close(&mut database, 4) else {
            panic!("March is closed")
        };
        assert_eq!(april.cost_nano["databricks"], 18_000_000_000);
        // What is told of a closed month now is billed in May, in which nothing is used.
        database.append("s", &hour("later", 4, 13)).unwrap();
        assert_eq!(latest(&database), Some(month(5)));
        assert!(check(&database, &mut |_, _| ()).unwrap().is_sound());
        for sql in [
            "UPDATE closing SET entries = 1",
            "DELETE FROM closing",
            "DELETE FROM closing_cost",
        ] {
            assert!(database.connection.execute_batch(sql).is_err(), "{sql}");
        }
    }

    #[derive(Debug, Clone)]
    enum Act {
        Tell(u32, i64),
        Close(u32),
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        /// A list of who is billed when, kept by hand, comes to the same sums.
        #[test]
        fn every_charge_is_billed_once_in_the_month_that_was_open(acts in prop::collection::vec(
            prop_oneof![
                3 => (1_u32..7, 1_i64..100).prop_map(|(month, dollars)| Act::Tell(month, dollars)),
                1 => (1_u32..7).prop_map(Act::Close),
            ], 1..24)
        ) {
            let mut database = Database::in_memory().unwrap();
            let mut billed: BTreeMap<u32, i64> = BTreeMap::new();
            let mut months_told: Vec<u32> = Vec::new();
            let mut closed = 0;
            for (i, act) in acts.iter().enumerate() {
                match *act {
                    Act::Tell(number, dollars) => {
                        database.append("s", &hour(&format!("r-{i}"), number, dollars)).unwrap();
                        *billed.entry(number.max(closed + 1)).or_default() += dollars;
                        if number > closed {
                            months_told.push(number);
                        }
                    }
                    Act::Close(number) => {
                        let open_before = months_told.iter().any(|told| *told > closed && *told < number);
                        let expected = number > closed && !open_before && billed.contains_key(&number);
                        let now = matches!(close(&mut database, number), Closed::Now(_));
                        prop_assert_eq!(now, expected, "{:?} after {:?}", act, &acts[..i]);
                        if now {
                            closed = number;
                        }
                    }
                }
            }
            for number in 1..9 {
                let expected = i128::from(billed.get(&number).copied().unwrap_or_default()) * 1_000_000_000;
                prop_assert_eq!(database.totals(month(number)).unwrap().cost_nano, expected, "{}", number);
            }
            let found = check(&database, &mut |_, _| ()).unwrap();
            prop_assert!(found.is_sound(), "{:?}", found.findings);
            let told: i64 = billed.values().sum();
            let vendor = found.balances.0.iter().find(|(account, _)| account.kind() == "vendor");
            prop_assert_eq!(vendor.map_or(0, |(_, nano)| -nano), i128::from(told) * 1_000_000_000);
            let closings = database.closings().unwrap();
            let late: i128 = database
                .entries()
                .map(|stored| stored.unwrap())
                .filter(|s| closings.late_in(s.number, s.entry.charge.period.start).is_some())
                .map(|s| i128::from(s.entry.charge.cost_nano))
                .sum();
            let booked: i128 = (1..9)
                .flat_map(|number| database.late_rows(month(number)).unwrap())
                .map(|row| i128::from(row.cost_nano))
                .sum();
            prop_assert_eq!(late, booked);
        }
    }
}
