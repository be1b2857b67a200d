//! Times of day of a place on days of that place, as instants.
//!
//! Clocks that are put forward leave local times out; put back, they show some twice. A schedule means this:
//!
//! - A local time that does not exist is skipped. A run due at 02:30 does not take place on the night when 02:00
//!   becomes 03:00.
//! - A local time that occurs twice is due once, the second time: [`Repeated::Last`].
//! - What is due in every hour of the day is due in every real hour, twice in the repeated one: [`Repeated::Every`].
//!
//! The first two are what Quartz 2.3.2 answers for Europe/Berlin and America/New_York in 2026 (its
//! `CronExpression.getNextValidTimeAfter`, run on Java 17), whose FAQ says of a time in the gap that "the trigger will
//! be skipped". The third departs from it: Quartz leaves out the first of the two hours, and Databricks warns that an
//! hourly job of such a zone "will be skipped or might appear to be delayed by an hour or two"
//! (<https://docs.databricks.com/jobs/scheduled>). In a zone that is shifted by half an hour (Australia/Lord_Howe)
//! hourly runs then lie half an hour or one and a half hours apart.

use chrono::{NaiveDate, Offset, TimeZone};
use chrono_tz::Tz;

use crate::model::period::{Period, SECONDS_PER_DAY, from_unix};

/// What is meant by a local time that occurs twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeated {
    /// Its second occurrence.
    Last,
    /// Both.
    Every,
}

/// Seconds for which one offset from UTC holds, `[from, to)` in Unix time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stretch {
    from: i64,
    to: i64,
    offset: i64,
}

/// Calls `due` with the Unix time of each time of day (seconds from midnight, ascending) on each wanted day of the
/// zone inside the period, in order. Without a zone, days are those of UTC.
pub(super) fn each(
    zone: Option<Tz>,
    period: &Period,
    repeated: Repeated,
    times: &[u32],
    wanted: impl Fn(NaiveDate) -> bool,
    mut due: impl FnMut(i64),
) {
    let (start, end) = (period.start.timestamp(), period.end.timestamp());
    let stretches = stretches(zone, start, end);
    let followers = stretches.iter().skip(1).map(Some).chain([None]);
    for (stretch, next) in stretches.iter().zip(followers) {
        let local = |at: i64| at.saturating_add(stretch.offset);
        let (first, mut last) = (local(stretch.from.max(start)), local(stretch.to.min(end)));
        if let (Repeated::Last, Some(next)) = (repeated, next) {
            last = last.min(next.from.saturating_add(next.offset));
        }
        for day in first.div_euclid(SECONDS_PER_DAY)..=last.div_euclid(SECONDS_PER_DAY) {
            let midnight = day.saturating_mul(SECONDS_PER_DAY);
            if !wanted(from_unix(midnight).date_naive()) {
                continue;
            }
            times
                .iter()
                .map(|time| midnight.saturating_add(i64::from(*time)))
                .filter(|at| (first..last).contains(at))
                .for_each(|at| due(at.saturating_sub(stretch.offset)));
        }
    }
}

/// The stretches of a period and of the two days after it: whether a time occurs again may show there only.
///
/// They are found by looking at each day; no zone changes its offset twice within a day.
fn stretches(zone: Option<Tz>, start: i64, end: i64) -> Vec<Stretch> {
    let Some(zone) = zone else {
        return vec![Stretch {
            from: start,
            to: end,
            offset: 0,
        }];
    };
    let end = end.saturating_add(SECONDS_PER_DAY.saturating_mul(2));
    let mut found = Vec::new();
    let (mut from, mut offset) = (start, offset_at(zone, start));
    let mut at = start;
    while at < end {
        let next = at.saturating_add(SECONDS_PER_DAY).min(end);
        let then = offset_at(zone, next);
        if then != offset {
            let change = first_with_another(zone, offset, at, next);
            found.push(Stretch {
                from,
                to: change,
                offset,
            });
            (from, offset) = (change, then);
        }
        at = next;
    }
    found.push(Stretch {
        from,
        to: end,
        offset,
    });
    found
}

/// The first second after `low`, where the offset holds, up to `high`, where it does not, in which it does not.
fn first_with_another(zone: Tz, offset: i64, mut low: i64, mut high: i64) -> i64 {
    while high.saturating_sub(low) > 1 {
        let middle = low.midpoint(high);
        if offset_at(zone, middle) == offset {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

/// Seconds that the zone is ahead of UTC at a Unix time.
fn offset_at(zone: Tz, at: i64) -> i64 {
    let offset = zone.offset_from_utc_datetime(&from_unix(at).naive_utc());
    i64::from(offset.fix().local_minus_utc())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::period::parse_instant;

    /// Every zone, two years day by day as above and hour by hour.
    #[test]
    fn no_zone_changes_its_offset_twice_within_a_day() {
        let unix = |text: &str| parse_instant(text).unwrap().timestamp();
        let (start, end) = (unix("2026-01-01"), unix("2028-01-01"));
        for zone in chrono_tz::TZ_VARIANTS {
            let found = stretches(Some(zone), start, end);
            let (mut index, mut at) = (0, start);
            while at < end {
                while found[index].to <= at {
                    index += 1;
                }
                assert_eq!(found[index].offset, offset_at(zone, at), "{zone} at {at}");
                at += 3_600;
            }
            assert!(found.windows(2).all(|w| w[0].to == w[1].from), "{zone}");
        }
    }

    #[test]
    fn a_change_is_found_to_the_second() {
        let unix = |text: &str| parse_instant(text).unwrap().timestamp();
        let berlin = stretches(
            Some(chrono_tz::Europe::Berlin),
            unix("2026-10-01"),
            unix("2026-10-25"),
        );
        // The second stretch begins after the period: it tells that 02:00 to 03:00 occur again.
        let change = unix("2026-10-25T01:00:00Z");
        assert_eq!(
            (berlin.len(), berlin[0].to, berlin[0].offset, berlin[1].offset),
            (2, change, 7_200, 3_600)
        );
    }
}
