//! When things are due: sessions of a cluster and runs of a job, as rules, turned into instants.
//!
//! A time of day is one of a time zone, or of UTC where none is named. A rule speaks of starts only; how long the work
//! lasts is another matter.
//!
//! ```text
//! clock  times of day of a zone as instants: what happens when clocks are put forward and back
//! zone   names of time zones
//! cron   expressions of Quartz, as Databricks jobs have them
//! ```

mod clock;

pub mod cron;
pub mod zone;

use chrono::{Datelike, NaiveDate, NaiveTime, Timelike, Weekday};
use chrono_tz::Tz;

use self::clock::Repeated;
use self::cron::CronSchedule;
use crate::model::period::{Instant, Period, from_unix};

/// Days on which a rule is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Days {
    /// Every week on these days.
    Weekly(Vec<Weekday>),
    /// Once.
    On(NaiveDate),
}

/// Some days at a time of day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionTimes {
    /// On which days; days of the time zone.
    pub days: Days,
    /// At what time of day there.
    pub start: NaiveTime,
    /// The zone; UTC without one.
    pub time_zone: Option<Tz>,
}

/// When the runs of a job are due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunSchedule {
    /// On some days at a time of day.
    Days(SessionTimes),
    /// Every so many minutes, counted from the start of the period.
    Every {
        /// Minutes from one start to the next; at least 1.
        minutes: u32,
    },
    /// As an expression of Quartz says.
    Cron(CronSchedule),
    /// Always: the next run is due when the one before has ended. Only the caller knows when that is.
    Continuous,
    /// As the schedule inside says, but its user has paused it.
    Paused(Box<RunSchedule>),
}

impl Days {
    fn contains(&self, date: NaiveDate) -> bool {
        match self {
            Days::Weekly(days) => days.contains(&date.weekday()),
            Days::On(day) => *day == date,
        }
    }
}

impl SessionTimes {
    /// The instants inside a period, in order.
    ///
    /// As with Quartz there is none on a day whose clock skips the time of day, and where the clock shows it twice it
    /// is the second time.
    pub fn instants(&self, period: &Period) -> Vec<Instant> {
        let mut found = Vec::new();
        let time = [self.start.num_seconds_from_midnight()];
        let wanted = |date| self.days.contains(date);
        clock::each(self.time_zone, period, Repeated::Last, &time, wanted, |at| {
            found.push(from_unix(at));
        });
        found
    }
}

impl RunSchedule {
    /// Whether the next run is due when the one before has ended.
    pub fn is_continuous(&self) -> bool {
        matches!(self, RunSchedule::Continuous)
    }

    /// The instants at which runs are due inside a period, in order.
    ///
    /// Of a continuous schedule it is the start of the period alone; the later runs depend on the ends of those before.
    /// A paused one has none.
    pub fn instants(&self, period: &Period) -> Vec<Instant> {
        match self {
            RunSchedule::Days(times) => times.instants(period),
            RunSchedule::Every { minutes } => {
                let step = i64::from(*minutes).max(1).saturating_mul(60);
                let first = period.start.timestamp();
                std::iter::successors(Some(first), |at| at.checked_add(step))
                    .map(from_unix)
                    .take_while(|at| *at < period.end)
                    .collect()
            }
            RunSchedule::Cron(schedule) => schedule.instants(period),
            RunSchedule::Continuous => vec![period.start],
            RunSchedule::Paused(_) => Vec::new(),
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

    fn times(days: Days, start: &str, zone: Option<Tz>) -> SessionTimes {
        SessionTimes {
            days,
            start: parse_time_of_day(start).unwrap(),
            time_zone: zone,
        }
    }

    fn on(date: &str) -> Days {
        Days::On(date.parse().unwrap())
    }

    fn shown(instants: Vec<Instant>) -> Vec<String> {
        instants.into_iter().map(rfc3339).collect()
    }

    #[test]
    fn october_2026_has_twenty_two_weekdays_and_a_half_open_end() {
        let october = period("2026-10-01", "2026-11-01");
        let weekdays = times(Days::Weekly(vec![Mon, Tue, Wed, Thu, Fri]), "09:00", None);
        let due = weekdays.instants(&october);
        assert_eq!(due.len(), 22);
        assert_eq!(rfc3339(due[0]), "2026-10-01T09:00:00Z");
        // A period that starts after the time of day and ends on it has neither.
        assert!(
            weekdays
                .instants(&period("2026-10-01T09:00:01Z", "2026-10-02T09:00:00Z"))
                .is_empty()
        );
        let once = times(on("2026-10-03"), "09:00", None);
        assert_eq!(once.instants(&october).len(), 1);
        assert!(once.instants(&period("2026-10-04", "2026-11-01")).is_empty());
    }

    #[test]
    fn days_are_days_of_the_zone() {
        // Monday 2026-10-05 from 00:30 in Berlin, two hours ahead of UTC, is still Sunday in UTC; in November it is one.
        let berlin = Some(chrono_tz::Europe::Berlin);
        let mondays = times(Days::Weekly(vec![Mon]), "00:30", berlin);
        assert_eq!(
            shown(mondays.instants(&period("2026-10-04", "2026-11-09"))),
            [
                "2026-10-04T22:30:00Z",
                "2026-10-11T22:30:00Z",
                "2026-10-18T22:30:00Z",
                "2026-10-25T23:30:00Z",
                "2026-11-01T23:30:00Z",
                "2026-11-08T23:30:00Z",
            ]
        );
        // Kiritimati is fourteen hours ahead: 2026-10-01 00:00 there is 2026-09-30 10:00.
        let kiritimati = times(on("2026-10-01"), "00:00", Some(chrono_tz::Pacific::Kiritimati));
        assert_eq!(
            shown(kiritimati.instants(&period("2026-09-30", "2026-10-01"))),
            ["2026-09-30T10:00:00Z"]
        );
    }

    #[test]
    fn a_session_in_the_gap_is_skipped_and_in_the_repeated_hour_comes_the_second_time() {
        let berlin = Some(chrono_tz::Europe::Berlin);
        let gap = times(on("2026-03-29"), "02:30", berlin);
        assert!(gap.instants(&period("2026-03-01", "2026-04-30")).is_empty());
        let twice = times(on("2026-10-25"), "02:30", berlin);
        assert_eq!(
            shown(twice.instants(&period("2026-10-01", "2026-11-01"))),
            ["2026-10-25T01:30:00Z"]
        );
        // A period that ends between the two has neither, the one that follows has it.
        assert!(
            twice
                .instants(&period("2026-10-01", "2026-10-25T01:00:00Z"))
                .is_empty()
        );
        let rest = period("2026-10-25T01:00:00Z", "2026-11-01");
        assert_eq!(twice.instants(&rest).len(), 1);
    }

    #[test]
    fn a_continuous_schedule_has_its_first_run_and_a_paused_one_has_none() {
        let october = period("2026-10-01", "2026-11-01");
        let first = RunSchedule::Continuous.instants(&october);
        assert_eq!(shown(first), ["2026-10-01T00:00:00Z"]);
        let paused = RunSchedule::Paused(Box::new(RunSchedule::Continuous));
        assert!(paused.instants(&october).is_empty());
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
