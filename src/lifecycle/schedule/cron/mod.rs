//! Schedules of Databricks jobs: an expression of Quartz, read in a time zone.
//!
//! `0 0 2 * * ?`: seconds, minutes, hours, day-of-month, month, day-of-week and, if wanted, year. Read are all forms
//! that Quartz documents (<https://www.quartz-scheduler.org/api/2.3.0/org/quartz/CronExpression.html>): `*`, `?`,
//! lists, ranges that may run over the end (`FRI-MON`, `22-2`), steps, names in any case, `L`, `L-3`, `LW`, `15W`,
//! `6L`, `6#3`. What Quartz accepts and reads otherwise than it looks is refused: `MON-FRI/2` (it ignores the step),
//! `1,15W` (it drops a day), `MONDAY`, `5X`, `2,,3`, a step of 0.

mod days;
mod error;
mod values;

use chrono::{Datelike, NaiveDate};
use chrono_tz::Tz;
use std::collections::BTreeSet;

use super::clock::{self, Repeated};
use super::zone::parse_zone;
use crate::model::period::{Instant, Period, from_unix};
use days::DayRule;
pub use error::{CronError, CronField};
use values::values;

/// Least seconds between two runs that a schedule triggers: "a minimum interval of 10 seconds ... regardless of the
/// seconds configuration in the cron expression" (<https://docs.databricks.com/jobs/scheduled>).
const MIN_INTERVAL_SECONDS: i64 = 10;

/// Hours of a day.
const HOURS: usize = 24;

/// When runs are due, as `quartz_cron_expression` and `timezone_id` say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CronSchedule {
    expression: String,
    time_zone: Tz,
    seconds: BTreeSet<u16>,
    minutes: BTreeSet<u16>,
    hours: BTreeSet<u16>,
    days: DayRule,
    months: BTreeSet<u16>,
    years: BTreeSet<u16>,
}

impl CronSchedule {
    /// Reads an expression of Quartz and the name of a time zone.
    ///
    /// # Errors
    /// The first thing that is wrong: the zone, the number of fields, then field by field, the two day fields last.
    pub fn parse(expression: &str, timezone_id: &str) -> Result<CronSchedule, CronError> {
        let time_zone = parse_zone(timezone_id)?;
        let capitals = expression.to_ascii_uppercase();
        let fields: Vec<&str> = capitals.split([' ', '\t']).filter(|f| !f.is_empty()).collect();
        let (time, year) = match fields.as_slice() {
            [time @ .., year] if time.len() == 6 => (time, *year),
            time => (time, "*"),
        };
        let [seconds, minutes, hours, of_month, month, of_week] = time else {
            let expected = format!("6 or 7 fields, not {}", fields.len());
            let error = CronError::new(CronField::Expression, expression, expected);
            return Err(error.hint(
                "seconds, minutes, hours, day-of-month, month, day-of-week and, if wanted, year: `0 0 2 * * ?`",
            ));
        };
        Ok(CronSchedule {
            expression: expression.to_owned(),
            time_zone,
            seconds: values(CronField::Seconds, seconds)?,
            minutes: values(CronField::Minutes, minutes)?,
            hours: values(CronField::Hours, hours)?,
            months: values(CronField::Month, month)?,
            years: values(CronField::Year, year)?,
            days: DayRule::parse(of_month, of_week)?,
        })
    }

    /// The expression as it was written.
    pub fn expression(&self) -> &str {
        &self.expression
    }

    /// The zone whose clock it means.
    pub fn time_zone(&self) -> Tz {
        self.time_zone
    }

    /// The instants inside a period, in order, at least 10 seconds apart: of two that are nearer the earlier one counts.
    ///
    /// A local time that the clock skips is skipped; one that it shows twice is due the second time only, unless the
    /// expression allows every hour: then it is due in every real hour.
    pub fn instants(&self, period: &Period) -> Vec<Instant> {
        let repeated = if self.hours.len() == HOURS {
            Repeated::Every
        } else {
            Repeated::Last
        };
        let (mut found, mut free) = (Vec::new(), i64::MIN);
        let wanted = |date| self.contains(date);
        let zone = Some(self.time_zone);
        clock::each(zone, period, repeated, &self.times(), wanted, |at| {
            if at >= free {
                found.push(from_unix(at));
                free = at.saturating_add(MIN_INTERVAL_SECONDS);
            }
        });
        found
    }

    fn contains(&self, date: NaiveDate) -> bool {
        let month = u16::try_from(date.month()).is_ok_and(|month| self.months.contains(&month));
        let year = u16::try_from(date.year()).is_ok_and(|year| self.years.contains(&year));
        month && year && self.days.contains(date)
    }

    /// Seconds from midnight, ascending.
    fn times(&self) -> Vec<u32> {
        let mut times = Vec::new();
        for hour in &self.hours {
            for minute in &self.minutes {
                let start = u32::from(*hour)
                    .saturating_mul(60)
                    .saturating_add(u32::from(*minute))
                    .saturating_mul(60);
                times.extend(self.seconds.iter().map(|s| start.saturating_add(u32::from(*s))));
            }
        }
        times
    }
}

#[cfg(test)]
mod tests;
