//! What a month's subjects used: costs from the roll-ups, seconds of machines from the entries.

use rusqlite::params;
use std::collections::BTreeMap;

use super::DOING;
use crate::ledger::allocation::Used;
use crate::ledger::closing::Closings;
use crate::ledger::fact::FactKey;
use crate::model::meter::Category;
use crate::model::period::{Month, SECONDS_PER_DAY, from_unix};
use crate::store::closing::closings;
use crate::store::dimension::Dimensions;
use crate::store::error::{At, StoreError};
use crate::store::intern::Tables;

/// Subject and class of meter.
type Of = (i64, Category);

#[derive(Default)]
struct Sums {
    seconds: i128,
    cost_nano: i128,
}

/// What is billed in a month that is open, its corrections of closed months with it.
pub(super) fn used(tables: Tables<'_>, month: Month) -> Result<Vec<Used>, StoreError> {
    let mut dimensions = Dimensions::new(tables.connection, tables.path);
    let mut sums: BTreeMap<Of, Sums> = BTreeMap::new();
    costs(tables, month, &mut dimensions, &mut sums)?;
    seconds(tables, month, &mut dimensions, &mut sums)?;
    late_seconds(tables, month, &mut dimensions, &mut sums)?;
    sums.into_iter()
        .map(|((subject, category), sums)| {
            Ok(Used {
                subject: dimensions.subject(subject)?,
                category,
                seconds: sums.seconds,
                cost_nano: sums.cost_nano,
            })
        })
        .collect()
}

fn costs(
    Tables { connection, path }: Tables<'_>,
    month: Month,
    dimensions: &mut Dimensions<'_>,
    sums: &mut BTreeMap<Of, Sums>,
) -> Result<(), StoreError> {
    // Whole units and nanos are summed apart: 64 bits then hold any month, and the sum stays exact.
    let sql = "SELECT subject_id, meter_id, sum(cost_nano / 1000000000), sum(cost_nano % 1000000000) FROM \
               (SELECT subject_id, meter_id, cost_nano FROM rollup_day WHERE day >= ?1 AND day < ?2 \
                UNION ALL SELECT subject_id, meter_id, cost_nano FROM rollup_late WHERE billing_month = ?3) \
               GROUP BY subject_id, meter_id";
    let day = |at: crate::model::period::Instant| at.timestamp().div_euclid(SECONDS_PER_DAY);
    let period = month.period();
    let mut statement = connection.prepare_cached(sql).at(path, DOING)?;
    let mut rows = statement
        .query(params![day(period.start), day(period.end), month.to_string()])
        .at(path, DOING)?;
    while let Some(row) = rows.next().at(path, DOING)? {
        let number = |column| row.get::<_, i64>(column).at(path, DOING);
        let meter = dimensions.meter(number(1)?)?;
        if meter.is_commitment() {
            continue;
        }
        let category = meter.category();
        let cost = i128::from(number(2)?).saturating_mul(1_000_000_000);
        let sum = sums.entry((number(0)?, category)).or_default();
        sum.cost_nano = sum
            .cost_nano
            .saturating_add(cost)
            .saturating_add(i128::from(number(3)?));
    }
    Ok(())
}

/// The seconds of an entry: what takes back what another says (a reversal, a retraction, usage that a commitment has paid) counts
/// against it.
const SECONDS: &str = "(period_end - period_start) * (CASE WHEN quantity_nano < 0 THEN -1 ELSE 1 END)";

/// Charges of the month itself: it is open, so none of them is late.
fn seconds(
    Tables { connection, path }: Tables<'_>,
    month: Month,
    dimensions: &mut Dimensions<'_>,
    sums: &mut BTreeMap<Of, Sums>,
) -> Result<(), StoreError> {
    let sql = format!(
        "SELECT subject_id, meter_id, sum({SECONDS}) FROM entry JOIN terms ON terms.id = terms_id \
         WHERE key >= ?1 AND key < ?2 GROUP BY subject_id, meter_id"
    );
    let period = month.period();
    let (from, to) = (FactKey::floor(period.start), FactKey::floor(period.end));
    let mut statement = connection.prepare_cached(&sql).at(path, DOING)?;
    let mut rows = statement.query([from.0, to.0]).at(path, DOING)?;
    while let Some(row) = rows.next().at(path, DOING)? {
        let number = |column| row.get::<_, i64>(column).at(path, DOING);
        add(sums, dimensions, (number(0)?, number(1)?), number(2)?)?;
    }
    Ok(())
}

/// Charges of closed months that are billed in this one.
fn late_seconds(
    tables: Tables<'_>,
    month: Month,
    dimensions: &mut Dimensions<'_>,
    sums: &mut BTreeMap<Of, Sums>,
) -> Result<(), StoreError> {
    let Tables { connection, path } = tables;
    let closings: Closings = closings(tables)?;
    let Some(first) = closings.all().first() else {
        return Ok(());
    };
    if !has_late(tables, month)? {
        return Ok(());
    }
    let sql = format!(
        "SELECT number, period_start, subject_id, meter_id, {SECONDS} \
         FROM entry JOIN terms ON terms.id = terms_id WHERE number > ?1 AND period_start < ?2"
    );
    let after = i64::try_from(first.entries).unwrap_or(i64::MAX);
    let mut statement = connection.prepare_cached(&sql).at(path, DOING)?;
    let mut rows = statement
        .query([after, month.period().start.timestamp()])
        .at(path, DOING)?;
    while let Some(row) = rows.next().at(path, DOING)? {
        let number = |column| row.get::<_, i64>(column).at(path, DOING);
        let told = u64::try_from(number(0)?).unwrap_or_default();
        if closings.late_in(told, from_unix(number(1)?)) == Some(month) {
            add(sums, dimensions, (number(2)?, number(3)?), number(4)?)?;
        }
    }
    Ok(())
}

fn has_late(Tables { connection, path }: Tables<'_>, month: Month) -> Result<bool, StoreError> {
    connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM rollup_late WHERE billing_month = ?1)")
        .and_then(|mut statement| statement.query_row([month.to_string()], |row| row.get(0)))
        .at(path, DOING)
}

/// Seconds count where they are of a machine.
fn add(
    sums: &mut BTreeMap<Of, Sums>,
    dimensions: &mut Dimensions<'_>,
    (subject, meter): (i64, i64),
    seconds: i64,
) -> Result<(), StoreError> {
    let meter = dimensions.meter(meter)?;
    let category = meter.category();
    if category == Category::Vm && !meter.is_commitment() {
        let sum = sums.entry((subject, category)).or_default();
        sum.seconds = sum.seconds.saturating_add(seconds.into());
    }
    Ok(())
}
