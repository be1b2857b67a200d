//! When things are due: sessions of a cluster and runs of a job, as rules, turned into instants.
//!
//! All times of day are UTC. A rule speaks of starts only; how long the work lasts is another matter.

use chrono::{Datelike, NaiveDate, NaiveTime, Weekday};

use super::between::Between;
use crate::model::period::{Instant, Period, from_unix};

/// Days on which a rule is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Days {
    /// Every week on these days.
    Weekly(Vec<Weekday>),
    /// Once.
    On(NaiveDate),
}

/// A time when a cluster is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// On which days.
    pub days: Days,
    /// At what time of day.
    pub start: NaiveTime,
    /// How long the work lasts, counted from its beginning, which waits until the cluster runs.
    pub minutes: Between,
    /// What happens to the cluster when the work is done.
    pub then: Afterwards,
}

/// What happens to a cluster after a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Afterwards {
    /// It idles until its auto-termination.
    #[default]
    Idle,
    /// Its user terminates it.
    Terminate,
}

/// When the runs of a job are due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunSchedule {
    /// On some days at a time of day.
    Days {
        /// On which days.
        days: Days,
        /// At what time of day.
        at: NaiveTime,
    },
    /// Every so many minutes, counted from the start of the period.
    Every {
        /// Minutes from one start to the next; at least 1.
        minutes: u32,
    },
}

impl Days {
    /// The instants of a time of day on these days inside a period, in order.
    pub fn instants(&self, time: NaiveTime, period: &Period) -> Vec<Instant> {
        match self {
            Days::On(date) => {
                let at = date.and_time(time).and_utc();
                if period.contains(at) { vec![at] } else { Vec::new() }
            }
            Days::Weekly(days) => period
                .start
                .date_naive()
                .iter_days()
                .take_while(|day| *day <= period.end.date_naive())
                .filter(|day| days.contains(&day.weekday()))
                .map(|day| day.and_time(time).and_utc())
                .filter(|at| period.contains(*at))
                .collect(),
        }
    }
}

impl RunSchedule {
    /// The instants at which runs are due inside a period, in order.
    pub fn instants(&self, period: &Period) -> Vec<Instant> {
        match self {
            RunSchedule::Days { days, at } => days.instants(*at, period),
            RunSchedule::Every { minutes } => {
                let step = i64::from(*minutes).max(1).saturating_mul(60);
                let first = period.start.timestamp();
                std::iter::successors(Some(first), |at| at.checked_add(step))
                    .map(from_unix)
                    .take_while(|at| *at < period.end)
                    .collect()
            }
        }
    }
}

/// A time of day, `02:00` or `02:00:30`.
pub fn parse_time_of_day(text: &str) -> Option<NaiveTime> {
    let well_formed = matches!(text.len(), 5 | 8);
    let time =
        NaiveTime::parse_from_str(text, "%H:%M").or_else(|_| NaiveTime::parse_from_str(text, "%H:%M:%S"));
    // chrono reads `23:59:60` as a leap second; a day here has 86,400 seconds.
    let leap = text.ends_with(":60");
    time.ok().filter(|_| well_formed && !leap)
}

/// A day of the week, `mon` to `sun`.
pub fn parse_weekday(text: &str) -> Option<Weekday> {
    Some(match text {
        "mon" => Weekday::Mon,
        "tue" => Weekday::Tue,
        "wed" => Weekday::Wed,
        "thu" => Weekday::Thu,
        "fri" => Weekday::Fri,
        "sat" => Weekday::Sat,
        "sun" => Weekday::Sun,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::period::{parse_instant, rfc3339};
    use Weekday::{Fri, Mon, Thu, Tue, Wed};

    fn period(start: &str, end: &str) -> Period {
        Period::new(parse_instant(start).unwrap(), parse_instant(end).unwrap()).unwrap()
    }

    #[test]
    fn october_2026_has_twenty_two_weekdays_and_a_half_open_end() {
        let nine = parse_time_of_day("09:00").unwrap();
        let weekdays = Days::Weekly(vec![Mon, Tue, Wed, Thu, Fri]);
        let due = weekdays.instants(nine, &period("2026-10-01", "2026-11-01"));
        assert_eq!(due.len(), 22);
        assert_eq!(rfc3339(due[0]), "2026-10-01T09:00:00Z");
        // A period that starts after the time of day and ends on it has neither.
        assert!(
            weekdays
                .instants(nine, &period("2026-10-01T09:00:01Z", "2026-10-02T09:00:00Z"))
                .is_empty()
        );
        let once = Days::On(NaiveDate::from_ymd_opt(2026, 10, 3).unwrap());
        assert_eq!(once.instants(nine, &period("2026-10-01", "2026-11-01")).len(), 1);
        assert!(
            once.instants(nine, &period("2026-10-04", "2026-11-01"))
                .is_empty()
        );
    }

    #[test]
    fn every_hour_is_744_runs_in_a_month_of_31_days() {
        let hourly = RunSchedule::Every { minutes: 60 };
        assert_eq!(hourly.instants(&period("2026-10-01", "2026-11-01")).len(), 744);
    }

    #[test]
    fn times_of_day_are_read_strictly() {
        assert!(parse_time_of_day("23:59").is_some() && parse_time_of_day("02:00:30").is_some());
        for wrong in ["24:00", "9:00", "09:60", "23:59:60", "noon", "09:00Z", ""] {
            assert!(parse_time_of_day(wrong).is_none(), "{wrong}");
        }
    }
}
