//! Time: half-open periods in UTC, whole seconds, and calendar months.

use chrono::{DateTime, Datelike, NaiveDate, TimeZone, Utc};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// An instant in UTC. Everything billed is billed in whole seconds.
pub type Instant = DateTime<Utc>;

/// Seconds in an hour.
pub const SECONDS_PER_HOUR: i64 = 3_600;
/// Seconds in a UTC day (no leap seconds in billing).
pub const SECONDS_PER_DAY: i64 = 86_400;

/// `[start, end)`: the start belongs to it, the end does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Period {
    /// First instant inside.
    pub start: Instant,
    /// First instant after.
    pub end: Instant,
}

impl Period {
    /// A period, or none when `end` is not after `start`.
    pub fn new(start: Instant, end: Instant) -> Option<Period> {
        (start < end).then_some(Period { start, end })
    }

    /// Length in whole seconds.
    pub fn seconds(&self) -> i64 {
        self.end.timestamp().saturating_sub(self.start.timestamp())
    }

    /// Whether the instant lies inside.
    pub fn contains(&self, at: Instant) -> bool {
        self.start <= at && at < self.end
    }

    /// The part both share.
    pub fn intersection(&self, other: &Period) -> Option<Period> {
        Period::new(self.start.max(other.start), self.end.min(other.end))
    }

    /// The parts of the period by UTC day, in order, without gap or overlap.
    pub fn days(self) -> impl Iterator<Item = Period> {
        let mut rest = Some(self);
        std::iter::from_fn(move || {
            let Period { start, end } = rest?;
            let cut = end.min(next_midnight(start));
            rest = Period::new(cut, end);
            Some(Period { start, end: cut })
        })
    }

    /// Cuts the period at every given instant inside it and at every UTC midnight, in order.
    /// The parts cover the period without gap or overlap. The plain reference for [`Period::days`].
    #[cfg(test)]
    pub fn cut(&self, at: impl IntoIterator<Item = Instant>) -> Vec<Period> {
        let mut cuts: Vec<Instant> = at
            .into_iter()
            .filter(|t| self.start < *t && *t < self.end)
            .collect();
        let mut midnight = next_midnight(self.start);
        while midnight < self.end {
            cuts.push(midnight);
            midnight = next_midnight(midnight);
        }
        cuts.sort_unstable();
        cuts.dedup();
        let mut parts = Vec::with_capacity(cuts.len().saturating_add(1));
        let mut start = self.start;
        for cut in cuts.into_iter().chain([self.end]) {
            parts.push(Period { start, end: cut });
            start = cut;
        }
        parts
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}, {})", rfc3339(self.start), rfc3339(self.end))
    }
}

/// `2026-10-01T00:00:00Z`, the form of every instant that tollgate prints.
pub fn rfc3339(at: Instant) -> String {
    at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The instant of a Unix time in seconds; the epoch for a number outside chrono's range.
pub fn from_unix(seconds: i64) -> Instant {
    Utc.timestamp_opt(seconds, 0).single().unwrap_or_default()
}

/// The first UTC midnight strictly after the instant.
pub fn next_midnight(at: Instant) -> Instant {
    let day = at.timestamp().div_euclid(SECONDS_PER_DAY);
    from_unix(day.saturating_add(1).saturating_mul(SECONDS_PER_DAY))
}

/// A calendar month in UTC, written `2026-10`. Invoices are made per month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Month {
    year: i32,
    month: u32,
}

impl Month {
    /// The month an instant falls in.
    pub fn of(at: Instant) -> Month {
        Month {
            year: at.year(),
            month: at.month(),
        }
    }

    /// From the first instant of the month to the first of the next.
    pub fn period(&self) -> Period {
        let next = if self.month == 12 {
            Month {
                year: self.year.saturating_add(1),
                month: 1,
            }
        } else {
            Month {
                year: self.year,
                month: self.month.saturating_add(1),
            }
        };
        Period {
            start: self.first_instant(),
            end: next.first_instant(),
        }
    }

    fn first_instant(&self) -> Instant {
        NaiveDate::from_ymd_opt(self.year, self.month, 1)
            .and_then(|d| d.and_hms_opt(0, 0, 0))
            .map(|t| t.and_utc())
            .unwrap_or_default()
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

/// A text that is not a month.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a month; expected the form `2026-10`")]
pub struct NotAMonth(pub String);

impl FromStr for Month {
    type Err = NotAMonth;
    fn from_str(text: &str) -> Result<Self, NotAMonth> {
        let wrong = || NotAMonth(text.to_owned());
        let (year, month) = text.split_once('-').ok_or_else(wrong)?;
        let year: i32 = year.parse().map_err(|_| wrong())?;
        let month: u32 = month.parse().map_err(|_| wrong())?;
        if text.len() != 7 || !(1..=12).contains(&month) || !(1970..=9999).contains(&year) {
            return Err(wrong());
        }
        Ok(Month { year, month })
    }
}

/// A text that is not an instant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an instant; expected `2026-10-01` or `2026-10-01T00:00:00Z`")]
pub struct NotAnInstant(pub String);

/// Reads an RFC 3339 instant, or a date as its UTC midnight. Fractions of a second are cut off.
pub fn parse_instant(text: &str) -> Result<Instant, NotAnInstant> {
    if let Ok(date) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return date
            .and_hms_opt(0, 0, 0)
            .map(|t| t.and_utc())
            .ok_or_else(|| NotAnInstant(text.to_owned()));
    }
    DateTime::parse_from_rfc3339(text)
        .map(|t| from_unix(t.timestamp()))
        .map_err(|_| NotAnInstant(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_cut_at_midnights_and_given_instants() {
        let at = |s: &str| parse_instant(s).unwrap();
        let period = Period::new(at("2026-10-30T22:00:00Z"), at("2026-11-01T01:00:00Z")).unwrap();
        let parts = period.cut([at("2026-10-31T12:00:00Z"), at("2020-01-01")]);
        let starts: Vec<String> = parts.iter().map(|p| rfc3339(p.start)).collect();
        assert_eq!(
            starts,
            [
                "2026-10-30T22:00:00Z",
                "2026-10-31T00:00:00Z",
                "2026-10-31T12:00:00Z",
                "2026-11-01T00:00:00Z"
            ]
        );
        assert_eq!(parts.iter().map(Period::seconds).sum::<i64>(), period.seconds());
        assert_eq!(period.days().collect::<Vec<_>>(), period.cut([]));
        let midnights = Period::new(at("2026-10-30"), at("2026-11-01")).unwrap();
        assert_eq!(midnights.days().collect::<Vec<_>>(), midnights.cut([]));
        assert_eq!(midnights.days().count(), 2);
    }

    #[test]
    fn a_month_is_half_open_and_rolls_over_the_year() {
        let december: Month = "2026-12".parse().unwrap();
        assert_eq!(
            december.period().to_string(),
            "[2026-12-01T00:00:00Z, 2027-01-01T00:00:00Z)"
        );
        for wrong in ["2026-13", "2026-1", "october", "2026-00", "26-10"] {
            assert!(wrong.parse::<Month>().is_err(), "{wrong}");
        }
    }
}
