//! The two day fields of Quartz, of which one is `?`.

use chrono::{Datelike, NaiveDate, Weekday};
use std::collections::BTreeSet;

use super::error::{CronError, CronField};
use super::values::{value, values};

/// On which days of a month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum DayRule {
    /// These days of the month.
    OfMonth(BTreeSet<u16>),
    /// So many days before the last one: `L`, `L-3`; with `nearest` the weekday nearest to it: `LW`, `L-3W`.
    BeforeLast { days: u16, nearest: bool },
    /// The weekday nearest to this day, within the month: `15W`.
    Nearest(u16),
    /// These days of the week, 1 for Sunday.
    OfWeek(BTreeSet<u16>),
    /// The last such day of the week: `6L`.
    LastOfWeek(u16),
    /// The `nth` such day of the week, 1 to 5: `6#3`.
    NthOfWeek { day: u16, nth: u16 },
}

impl DayRule {
    /// Reads day-of-month and day-of-week, in capitals.
    pub fn parse(of_month: &str, of_week: &str) -> Result<DayRule, CronError> {
        match (of_month, of_week) {
            ("?", "?") => {
                Err(
                    CronError::new(CronField::DayOfWeek, "?", "days, since day-of-month is `?` too")
                        .hint("`*` for one of them means every day"),
                )
            }
            (_, "?") => DayRule::of_month(of_month),
            ("?", _) => DayRule::of_week(of_week),
            ("*", "*") => Err(both(CronField::DayOfWeek, of_week, "day-of-month")),
            ("*", _) => Err(both(CronField::DayOfMonth, of_month, "day-of-week")),
            _ => Err(both(CronField::DayOfWeek, of_week, "day-of-month")),
        }
    }

    fn of_month(text: &str) -> Result<DayRule, CronError> {
        let field = CronField::DayOfMonth;
        if !text.contains(['L', 'W']) {
            return values(field, text).map(DayRule::OfMonth);
        }
        single(field, text, "`L` and `W`")?;
        let (body, nearest) = match text.strip_suffix('W') {
            Some(body) => (body, true),
            None => (text, false),
        };
        match (body.strip_prefix('L'), nearest) {
            (Some(""), _) => Ok(DayRule::BeforeLast { days: 0, nearest }),
            (Some(rest), _) => rest
                .strip_prefix('-')
                .filter(|days| days.bytes().all(|b| b.is_ascii_digit()))
                .and_then(|days| days.parse().ok())
                .filter(|days| *days <= MOST_BEFORE_LAST)
                .map(|days| DayRule::BeforeLast { days, nearest })
                .ok_or_else(|| {
                    let expected = format!("`L`, `LW` or `L-1` to `L-{MOST_BEFORE_LAST}`");
                    CronError::new(field, text, expected)
                }),
            (None, true) => value(field, body).map(DayRule::Nearest),
            (None, false) => Err(CronError::new(field, text, "`L` before anything else")),
        }
    }

    fn of_week(text: &str) -> Result<DayRule, CronError> {
        let field = CronField::DayOfWeek;
        if text == "L" {
            // Alone it is another name of Saturday.
            return Ok(DayRule::OfWeek(BTreeSet::from([7])));
        }
        if let Some((day, nth)) = text.split_once('#') {
            single(field, text, "`#`")?;
            let day = value(field, day)?;
            let nth = match nth {
                "1" => 1,
                "2" => 2,
                "3" => 3,
                "4" => 4,
                "5" => 5,
                _ => return Err(CronError::new(field, text, "a number from 1 to 5 after `#`")),
            };
            return Ok(DayRule::NthOfWeek { day, nth });
        }
        if text.contains('L') {
            single(field, text, "`L`")?;
            let day = text.strip_suffix('L').unwrap_or(text);
            return value(field, day).map(DayRule::LastOfWeek);
        }
        values(field, text).map(DayRule::OfWeek)
    }

    /// Whether a day is one of these.
    pub fn contains(&self, date: NaiveDate) -> bool {
        let (day, length) = (of(date.day()), u16::from(date.num_days_in_month()));
        let weekday = of(date.weekday().number_from_sunday());
        match self {
            DayRule::OfMonth(days) => days.contains(&day),
            DayRule::BeforeLast { days, nearest: false } => day.saturating_add(*days) == length,
            DayRule::BeforeLast { days, nearest: true } => {
                is_nearest(date, length.saturating_sub(*days), length)
            }
            DayRule::Nearest(wanted) => is_nearest(date, *wanted, length),
            DayRule::OfWeek(days) => days.contains(&weekday),
            DayRule::LastOfWeek(wanted) => weekday == *wanted && day.saturating_add(7) > length,
            DayRule::NthOfWeek { day: wanted, nth } => weekday == *wanted && day.div_ceil(7) == *nth,
        }
    }
}

/// The first day of the longest month.
const MOST_BEFORE_LAST: u16 = 30;

/// Whether a date is the weekday nearest to a day of its month, which has so many days. A month without that day has
/// none, such as February for `30W`; for `L-29W` Quartz 2.3.2 itself does not come to an answer.
fn is_nearest(date: NaiveDate, wanted: u16, length: u16) -> bool {
    let Some(target) = date.with_day(u32::from(wanted)) else {
        return false;
    };
    let day = match target.weekday() {
        Weekday::Sat if wanted == 1 => 3,
        Weekday::Sat => wanted.saturating_sub(1),
        Weekday::Sun if wanted == length => wanted.saturating_sub(2),
        Weekday::Sun => wanted.saturating_add(1),
        _ => wanted,
    };
    of(date.day()) == day
}

fn of(small: u32) -> u16 {
    u16::try_from(small).unwrap_or(u16::MAX)
}

fn single(field: CronField, text: &str, what: &str) -> Result<(), CronError> {
    if text.contains(',') {
        return Err(CronError::new(
            field,
            text,
            format!("{what} alone, not in a list"),
        ));
    }
    Ok(())
}

fn both(field: CronField, found: &str, other: &str) -> CronError {
    CronError::new(field, found, format!("`?`, since {other} is given"))
        .hint("Quartz wants `?` for one of the two day fields: `0 0 2 * * ?` or `0 0 2 ? * MON-FRI`")
}
