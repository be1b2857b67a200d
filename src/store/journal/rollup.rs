//! The daily sums of one batch: gathered in memory, added to the file once per line.

use rusqlite::params;

use crate::model::charge::Charge;
use crate::model::period::{Month, SECONDS_PER_DAY};
use crate::store::error::{At, StoreError};
use crate::store::intern::{Memory, Tables, TermsRow};

/// The month it is booked in where it is late; day, subject, meter, price.
type Line = (Option<Month>, i64, i64, i64, i64);

#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    quantity_nano: i64,
    cost_nano: i64,
    entries: i64,
}

/// The sums of a batch.
#[derive(Debug, Default)]
pub(super) struct Rollup(Memory<Line, Sums>);

const ADD_TO_LATE_LINE: &str = "INSERT INTO rollup_late (billing_month, day, subject_id, meter_id, price_id, \
     quantity_nano, cost_nano, entries) VALUES (?8, ?1, ?2, ?3, ?4, ?5, ?6, ?7) \
     ON CONFLICT (billing_month, day, subject_id, meter_id, price_id) DO UPDATE SET \
     quantity_nano = quantity_nano + excluded.quantity_nano, cost_nano = cost_nano + excluded.cost_nano, \
     entries = entries + excluded.entries";

const ADD_TO_LINE: &str = "INSERT INTO rollup_day (day, subject_id, meter_id, price_id, quantity_nano, cost_nano, \
     entries) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (day, subject_id, meter_id, price_id) DO UPDATE SET \
     quantity_nano = quantity_nano + excluded.quantity_nano, cost_nano = cost_nano + excluded.cost_nano, \
     entries = entries + excluded.entries";

impl Rollup {
    /// Adds an entry to its line; a late one is booked in a month that is not its own.
    pub fn add(&mut self, late: Option<Month>, terms: &TermsRow, charge: &Charge) -> Result<(), StoreError> {
        let day = charge.period.start.timestamp().div_euclid(SECONDS_PER_DAY);
        let line = (late, day, terms.subject, terms.meter, terms.price);
        let sums = self.0.entry(line).or_default();
        let added = sums
            .quantity_nano
            .checked_add(charge.quantity_nano)
            .zip(sums.cost_nano.checked_add(charge.cost_nano));
        let (quantity_nano, cost_nano) = added.ok_or_else(|| StoreError::TooLarge {
            what: format!("a day's sum of `{}`", charge.meter),
        })?;
        *sums = Sums {
            quantity_nano,
            cost_nano,
            entries: sums.entries.saturating_add(1),
        };
        Ok(())
    }

    /// Writes the sums in order of their lines.
    pub fn write(self, Tables { connection, path }: Tables<'_>) -> Result<(), StoreError> {
        let doing = "summing the day";
        let mut lines: Vec<(Line, Sums)> = self.0.into_iter().collect();
        lines.sort_unstable_by_key(|(line, _)| *line);
        let mut add = connection.prepare_cached(ADD_TO_LINE).at(path, doing)?;
        for ((late, day, subject, meter, price), sums) in lines {
            if let Some(month) = late {
                connection
                    .prepare_cached(ADD_TO_LATE_LINE)
                    .and_then(|mut add| {
                        let (quantity, cost) = (sums.quantity_nano, sums.cost_nano);
                        add.execute(params![
                            day,
                            subject,
                            meter,
                            price,
                            quantity,
                            cost,
                            sums.entries,
                            month.to_string()
                        ])
                    })
                    .at(path, doing)?;
                continue;
            }
            add.execute(params![
                day,
                subject,
                meter,
                price,
                sums.quantity_nano,
                sums.cost_nano,
                sums.entries
            ])
            .at(path, doing)?;
        }
        Ok(())
    }
}
