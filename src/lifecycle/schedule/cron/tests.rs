use chrono::{Days, NaiveDate, NaiveDateTime, Timelike};
use proptest::prelude::*;

use super::*;
use crate::model::period::{parse_instant, rfc3339};

fn period(start: &str, end: &str) -> Period {
    Period::new(parse_instant(start).unwrap(), parse_instant(end).unwrap()).unwrap()
}

fn parse(expression: &str, zone: &str) -> CronSchedule {
    CronSchedule::parse(expression, zone).unwrap_or_else(|e| panic!("{expression}: {e}"))
}

/// Instants of an expression, `01-31T02:00` to the minute.
fn due(expression: &str, zone: &str, start: &str, end: &str) -> Vec<String> {
    let instants = parse(expression, zone).instants(&period(start, end));
    instants
        .iter()
        .map(|at| at.format("%m-%dT%H:%M").to_string())
        .collect()
}

/// Days of 2026 at 02:00 UTC, in one line.
fn days_of_2026(expression: &str) -> String {
    due(expression, "UTC", "2026-01-01", "2027-01-01")
        .iter()
        .map(|at| at.strip_suffix("T02:00").unwrap())
        .collect::<Vec<_>>()
        .join(" ")
}

/// 2026-01-01 is a Thursday; the months begin on Thu Sun Sun Wed Fri Mon Wed Sat Tue Thu Sun Tue.
/// Quartz 2.3.2 gives the same days.
#[test]
fn days_of_the_month_and_of_the_week() {
    let table = [
        (
            "0 0 2 L * ?",
            "01-31 02-28 03-31 04-30 05-31 06-30 07-31 08-31 09-30 10-31 11-30 12-31",
        ),
        // Three days before the last: 31 - 3, 28 - 3.
        (
            "0 0 2 L-3 * ?",
            "01-28 02-25 03-28 04-27 05-28 06-27 07-28 08-28 09-27 10-28 11-27 12-28",
        ),
        // The first of the months of 31 days.
        ("0 0 2 L-30 * ?", "01-01 03-01 05-01 07-01 08-01 10-01 12-01"),
        // 01-31 is a Saturday, 05-31 a Sunday, 02-28 and 10-31 Saturdays.
        (
            "0 0 2 LW * ?",
            "01-30 02-27 03-31 04-30 05-29 06-30 07-31 08-31 09-30 10-30 11-30 12-31",
        ),
        // 03-28 is a Saturday, 06-27 too, 09-27 a Sunday.
        (
            "0 0 2 L-3W * ?",
            "01-28 02-25 03-27 04-27 05-28 06-26 07-28 08-28 09-28 10-28 11-27 12-28",
        ),
        // 02-15, 03-15 and 11-15 are Sundays, 08-15 is a Saturday.
        (
            "0 0 2 15W * ?",
            "01-15 02-16 03-16 04-15 05-15 06-15 07-15 08-14 09-15 10-15 11-16 12-15",
        ),
        // 08-01 is a Saturday: not back into July.
        (
            "0 0 2 1W * ?",
            "01-01 02-02 03-02 04-01 05-01 06-01 07-01 08-03 09-01 10-01 11-02 12-01",
        ),
        // 05-31 is a Sunday: not on into June. 01-31 and 10-31 are Saturdays.
        ("0 0 2 31W * ?", "01-30 03-31 05-29 07-31 08-31 10-30 12-31"),
        (
            "0 0 2 ? * 6L",
            "01-30 02-27 03-27 04-24 05-29 06-26 07-31 08-28 09-25 10-30 11-27 12-25",
        ),
        (
            "0 0 2 ? * 6#3",
            "01-16 02-20 03-20 04-17 05-15 06-19 07-17 08-21 09-18 10-16 11-20 12-18",
        ),
        ("0 0 2 ? * 4#5", "04-29 07-29 09-30 12-30"),
        ("0 0 2 ? NOV-FEB 2#1", "01-05 02-02 11-02 12-07"),
        // `L` alone is Saturday.
        ("0 0 2 ? 10 L", "10-03 10-10 10-17 10-24 10-31"),
        (
            "0 0 2 28-3 2-3 ?",
            "02-01 02-02 02-03 02-28 03-01 03-02 03-03 03-28 03-29 03-30 03-31",
        ),
        ("0 0 2 */10 2 ?", "02-01 02-11 02-21"),
        ("0 0 2 30 2 ?", ""),
        ("0 0 2 1,15 1/6 ? 2025-2027", "01-01 01-15 07-01 07-15"),
        ("0 0 2 1 1 ? 2027", ""),
    ];
    for (expression, expected) in table {
        assert_eq!(days_of_2026(expression), expected, "{expression}");
    }
    // In October 2026 the 2nd is a Friday.
    let fortnight = due("0 0 2 ? * FRI-MON", "UTC", "2026-10-01", "2026-10-15");
    let days: Vec<&str> = fortnight.iter().map(|at| &at[3..5]).collect();
    assert_eq!(days, ["02", "03", "04", "05", "09", "10", "11", "12"]);
}

#[test]
fn times_of_the_day() {
    let day = |expression: &str| {
        let due = due(expression, "UTC", "2026-02-01", "2026-02-02");
        due.iter().map(|at| at[6..].to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(
        day("0 0 22-2 * * ?"),
        ["00:00", "01:00", "02:00", "22:00", "23:00"]
    );
    // From 22 by threes: 22, 25 - 24.
    assert_eq!(day("0 0 22-2/3 * * ?"), ["01:00", "22:00"]);
    assert_eq!(day("0 5/20 2 * * ?"), ["02:05", "02:25", "02:45"]);
    assert_eq!(day("0 /20 2 * * ?"), ["02:00", "02:20", "02:40"]);
    assert_eq!(day("\t0  0,30 2\t*  * ? "), ["02:00", "02:30"]);
    assert_eq!(day("0 50-10/10 2 * * ?"), ["02:00", "02:10", "02:50"]);
    assert_eq!(day("0 * * * * ?").len(), 1_440);
    assert_eq!(
        parse("0 0 2 ? * mon,Fri", "UTC")
            .instants(&period("2026-10-01", "2026-11-01"))
            .len(),
        9
    );
}

#[test]
fn runs_are_at_least_ten_seconds_apart() {
    let minute = period("2026-02-01", "2026-02-01T00:01:00Z");
    let seconds = |expression: &str| {
        let instants = parse(expression, "UTC").instants(&minute);
        instants.iter().map(|at| at.second()).collect::<Vec<_>>()
    };
    assert_eq!(seconds("* * * * * ?"), [0, 10, 20, 30, 40, 50]);
    assert_eq!(seconds("3,12,13,58 * * * * ?"), [3, 13, 58]);
}

/// Europe/Berlin 2026-03-29: 02:00 +01:00 becomes 03:00 +02:00 at 01:00 UTC.
/// America/New_York 2026-03-08: 02:00 -05:00 becomes 03:00 -04:00 at 07:00 UTC.
#[test]
fn a_local_time_that_does_not_exist_is_skipped() {
    let berlin = |e: &str| due(e, "Europe/Berlin", "2026-03-28", "2026-03-31");
    assert_eq!(berlin("0 30 2 * * ?"), ["03-28T01:30", "03-30T00:30"]);
    assert_eq!(berlin("0 0 2 * * ?"), ["03-28T01:00", "03-30T00:00"]);
    assert_eq!(
        berlin("0 0 3 * * ?"),
        ["03-28T02:00", "03-29T01:00", "03-30T01:00"]
    );
    let new_york = |e: &str| due(e, "America/New_York", "2026-03-07", "2026-03-10");
    assert_eq!(new_york("0 30 2 * * ?"), ["03-07T07:30", "03-09T06:30"]);
    // Midnight itself is skipped in Cairo on 2026-04-24.
    let cairo = due("0 0 0 * * ?", "Africa/Cairo", "2026-04-22", "2026-04-26");
    assert_eq!(cairo, ["04-22T22:00", "04-24T21:00", "04-25T21:00"]);
}

/// Europe/Berlin 2026-10-25: 03:00 +02:00 becomes 02:00 +01:00 at 01:00 UTC.
/// America/New_York 2026-11-01: 02:00 -04:00 becomes 01:00 -05:00 at 06:00 UTC.
#[test]
fn a_local_time_that_occurs_twice_is_due_the_second_time() {
    let berlin = |e: &str| due(e, "Europe/Berlin", "2026-10-24", "2026-10-27");
    assert_eq!(
        berlin("0 30 2 * * ?"),
        ["10-24T00:30", "10-25T01:30", "10-26T01:30"]
    );
    assert_eq!(
        berlin("0 0 2 * * ?"),
        ["10-24T00:00", "10-25T01:00", "10-26T01:00"]
    );
    assert_eq!(
        berlin("0 0 3 * * ?"),
        ["10-24T01:00", "10-25T02:00", "10-26T02:00"]
    );
    let new_york = |e: &str| due(e, "America/New_York", "2026-10-31", "2026-11-03");
    assert_eq!(
        new_york("0 0 1 * * ?"),
        ["10-31T05:00", "11-01T06:00", "11-02T06:00"]
    );
    assert_eq!(
        new_york("0 30 1 * * ?"),
        ["10-31T05:30", "11-01T06:30", "11-02T06:30"]
    );
}

#[test]
fn what_is_due_in_every_hour_is_due_in_every_real_hour() {
    for (zone, start, end) in [
        ("Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T12:00:00Z"),
        ("Europe/Berlin", "2026-10-24T12:00:00Z", "2026-10-25T12:00:00Z"),
        ("America/New_York", "2026-03-08", "2026-03-09"),
        ("America/New_York", "2026-11-01", "2026-11-02"),
    ] {
        for (expression, runs) in [
            ("0 0 * * * ?", 24),
            ("0 30 0/1 * * ?", 24),
            ("0 0/15 0-23 * * ?", 96),
        ] {
            let instants = parse(expression, zone).instants(&period(start, end));
            assert_eq!(instants.len(), runs, "{expression} in {zone}");
            let step = 86_400 / runs as i64;
            assert!(instants.windows(2).all(|w| (w[1] - w[0]).num_seconds() == step));
        }
    }
}

#[test]
fn what_is_wrong_is_told_with_its_field() {
    use CronField::*;
    let table = [
        ("0 2 * * *", Expression, "0 2 * * *"),
        ("", Expression, ""),
        ("0 0 2 * * ? 2026 7", Expression, "0 0 2 * * ? 2026 7"),
        ("60 0 2 * * ?", Seconds, "60"),
        ("? 0 2 * * ?", Seconds, "?"),
        ("0 */60 2 * * ?", Minutes, "*/60"),
        ("0 0/0 2 * * ?", Minutes, "0/0"),
        ("0 0 24 * * ?", Hours, "24"),
        ("0 0 2,,3 * * ?", Hours, ""),
        ("0 0 2- * * ?", Hours, ""),
        ("0 0 -2 * * ?", Hours, ""),
        ("0 0 +2 * * ?", Hours, "+2"),
        ("0 0 2X * * ?", Hours, "2X"),
        ("0 0 *5 * * ?", Hours, "*5"),
        ("0 0 1-2-3 * * ?", Hours, "2-3"),
        ("0 0 99999999999 * * ?", Hours, "99999999999"),
        ("0 0 2 0/5 * ?", DayOfMonth, "0"),
        ("0 0 2 32 * ?", DayOfMonth, "32"),
        ("0 0 2 1,LW * ?", DayOfMonth, "1,LW"),
        ("0 0 2 1,15W * ?", DayOfMonth, "1,15W"),
        ("0 0 2 L-31 * ?", DayOfMonth, "L-31"),
        ("0 0 2 L-+3 * ?", DayOfMonth, "L-+3"),
        ("0 0 2 W * ?", DayOfMonth, ""),
        ("0 0 2 0W * ?", DayOfMonth, "0"),
        ("0 0 2 5L * ?", DayOfMonth, "5L"),
        ("0 0 2 ? 0 2", Month, "0"),
        ("0 0 2 ? JANUARY 2", Month, "JANUARY"),
        ("0 0 2 ? jan-3 2", Month, "JAN-3"),
        ("0 0 2 ? * 0", DayOfWeek, "0"),
        ("0 0 2 ? * 8", DayOfWeek, "8"),
        ("0 0 2 ? * MON-FRI/2", DayOfWeek, "MON-FRI/2"),
        ("0 0 2 ? * 2,6#3", DayOfWeek, "2,6#3"),
        ("0 0 2 ? * 6#6", DayOfWeek, "6#6"),
        ("0 0 2 ? * 2,6L", DayOfWeek, "2,6L"),
        ("0 0 2 ? * LW", DayOfWeek, "LW"),
        ("0 0 2 ? * MÜN", DayOfWeek, "MÜN"),
        ("0 0 2 ? * ?", DayOfWeek, "?"),
        ("0 0 2 * * *", DayOfWeek, "*"),
        ("0 0 2 1 * 2", DayOfWeek, "2"),
        ("0 0 2 * * MON", DayOfMonth, "*"),
        ("0 0 2 * * ? 1969", Year, "1969"),
        ("0 0 2 * * ? 2027-2026", Year, "2027-2026"),
    ];
    for (expression, field, found) in table {
        let error = CronSchedule::parse(expression, "UTC").unwrap_err();
        assert_eq!(
            (error.field, error.found.as_str()),
            (field, found),
            "{expression}: {error}"
        );
    }
    let error = |expression: &str, zone: &str| CronSchedule::parse(expression, zone).unwrap_err();
    let step = error("0 0 2 ? * MON-FRI/2", "UTC");
    assert_eq!(
        (step.to_string().as_str(), step.hint.as_deref()),
        (
            "day-of-week: found `MON-FRI/2`, expected numbers before a step: Quartz ignores a step after names",
            Some("with numbers: `2-6/2`")
        )
    );
    let zone = error("0 0 2 * * ?", "Europe/Berln");
    assert_eq!(zone.field, TimezoneId);
    assert_eq!(zone.hint.as_deref(), Some("did you mean `Europe/Berlin`?"));
    assert_eq!(
        error("0 0 2 ? * MONDAY", "UTC").hint.as_deref(),
        Some("did you mean `MON`?")
    );
}

/// A field of numbers, read by walking from the start to the end of each range.
fn field_has(text: &str, value: u32, min: u32, max: u32) -> bool {
    text.split(',').any(|item| {
        let (body, step) = item.split_once('/').unwrap_or((item, "1"));
        let step: usize = step.parse().unwrap();
        let (first, last) = match body.split_once('-') {
            Some((a, b)) => (a.parse().unwrap(), b.parse().unwrap()),
            None if body == "*" => (min, max),
            None if item.contains('/') => (body.parse().unwrap(), max),
            None => (body.parse().unwrap(), body.parse().unwrap()),
        };
        let mut walk = vec![first];
        while *walk.last().unwrap() != last {
            let at = *walk.last().unwrap();
            walk.push(if at == max { min } else { at + 1 });
        }
        walk.into_iter().step_by(step).any(|at| at == value)
    })
}

fn month_of(date: NaiveDate) -> Vec<NaiveDate> {
    let first = date.with_day(1).unwrap();
    let same = |day: &NaiveDate| day.month() == date.month();
    first.iter_days().take_while(same).collect()
}

/// The two day fields, each form by counting days of the month.
fn day_has(of_month: &str, of_week: &str, date: NaiveDate) -> bool {
    let month = month_of(date);
    let number = |day: NaiveDate| day.weekday().number_from_sunday();
    if of_month == "?" {
        let alike: Vec<_> = month.iter().filter(|d| d.weekday() == date.weekday()).collect();
        return match (of_week, of_week.split_once('#')) {
            ("L", _) => number(date) == 7,
            (_, Some((day, nth))) => {
                let nth: usize = nth.parse().unwrap();
                number(date).to_string() == day && alike.get(nth - 1) == Some(&&date)
            }
            _ if of_week.ends_with('L') => {
                of_week == format!("{}L", number(date)) && alike.last() == Some(&&date)
            }
            _ => field_has(of_week, number(date), 1, 7),
        };
    }
    let (body, nearest) = (of_month.trim_end_matches('W'), of_month.ends_with('W'));
    let target = match body.strip_prefix('L') {
        Some("") => month.last(),
        Some(before) => month.iter().rev().nth(before[1..].parse().unwrap()),
        None if nearest => month.get(body.parse::<usize>().unwrap() - 1),
        None => return field_has(of_month, date.day(), 1, 31),
    };
    let Some(target) = target else { return false };
    if !nearest {
        return date == *target;
    }
    let weekdays = month.iter().filter(|d| (2..=6).contains(&number(**d)));
    weekdays.min_by_key(|d| (**d - *target).num_days().abs()) == Some(&date)
}

/// An item of a list, `min` to `max`; ranges may run over the end.
fn item(min: u32, max: u32) -> impl Strategy<Value = String> {
    let value = move || min..=max;
    prop_oneof![
        Just("*".to_owned()),
        value().prop_map(|v| v.to_string()),
        (value(), value()).prop_map(|(a, b)| format!("{a}-{b}")),
        (value(), value(), 1..max).prop_map(|(a, b, s)| format!("{a}-{b}/{s}")),
        (value(), 1..max).prop_map(|(a, s)| format!("{a}/{s}")),
        (1..max).prop_map(|s| format!("*/{s}")),
    ]
}

fn list(min: u32, max: u32) -> impl Strategy<Value = String> {
    prop::collection::vec(item(min, max), 1..4).prop_map(|items| items.join(","))
}

/// Day-of-month and day-of-week.
fn day_fields() -> impl Strategy<Value = (String, String)> {
    let of_month = prop_oneof![
        list(1, 31),
        Just("L".to_owned()),
        Just("LW".to_owned()),
        (1..=30).prop_map(|d| format!("L-{d}")),
        (1..=30).prop_map(|d| format!("L-{d}W")),
        (1..=31).prop_map(|d| format!("{d}W")),
    ];
    let of_week = prop_oneof![
        list(1, 7),
        Just("L".to_owned()),
        (1..=7).prop_map(|d| format!("{d}L")),
        (1..=7, 1..=5).prop_map(|(d, n)| format!("{d}#{n}")),
    ];
    prop_oneof![
        of_month.prop_map(|text| (text, "?".to_owned())),
        of_week.prop_map(|text| ("?".to_owned(), text)),
    ]
}

proptest! {
    #[test]
    fn every_day_of_three_years_is_due_if_the_fields_have_it(
        (of_month, of_week) in day_fields(),
        months in list(1, 12),
        year in 1970_i32..2190,
    ) {
        let expression = format!("0 0 2 {of_month} {months} {of_week} {year}-{}", year + 1);
        let first = NaiveDate::from_ymd_opt(year - 1, 12, 1).unwrap();
        let days = 3 * 365;
        let start = first.and_hms_opt(0, 0, 0).unwrap().and_utc();
        let end = start.checked_add_days(Days::new(days)).unwrap();
        let found = parse(&expression, "UTC").instants(&Period::new(start, end).unwrap());
        let expected: Vec<Instant> = first
            .iter_days()
            .take(usize::try_from(days).unwrap())
            .filter(|day| (year..=year + 1).contains(&day.year()))
            .filter(|day| field_has(&months, day.month(), 1, 12) && day_has(&of_month, &of_week, *day))
            .map(|day| day.and_hms_opt(2, 0, 0).unwrap().and_utc())
            .collect();
        prop_assert_eq!(found, expected, "{}", expression);
    }

    /// Each minute around the changes of clocks, in local fields; what occurs again within a day is not due yet,
    /// unless every hour is.
    #[test]
    fn every_minute_is_due_if_the_fields_have_it(
        minutes in list(0, 59),
        hours in list(0, 23),
        (of_month, of_week) in day_fields(),
        (zone, change) in prop::sample::select(vec![
            ("Europe/Berlin", "2026-03-29"),
            ("Europe/Berlin", "2026-10-25"),
            ("America/New_York", "2026-03-08"),
            ("America/New_York", "2026-11-01"),
            ("America/St_Johns", "2026-11-01"),
            ("Africa/Cairo", "2026-10-30"),
            ("Australia/Lord_Howe", "2026-04-05"),
            ("Australia/Lord_Howe", "2026-10-04"),
            ("Asia/Kolkata", "2026-06-01"),
        ]),
        before in 0_i64..3_000,
        length in 1_i64..4_000,
    ) {
        let expression = format!("0 {minutes} {hours} {of_month} * {of_week}");
        let start = from_unix(parse_instant(change).unwrap().timestamp() - before * 60);
        let end = from_unix(start.timestamp() + length * 60);
        let schedule = parse(&expression, zone);
        let tz = schedule.time_zone();
        let local = |at: i64| -> NaiveDateTime { from_unix(at).with_timezone(&tz).naive_local() };
        let hourly = (0..24).all(|hour| field_has(&hours, hour, 0, 23));
        let expected: Vec<Instant> = (0..length)
            .map(|minute| start.timestamp() + minute * 60)
            .filter(|at| {
                let now = local(*at);
                field_has(&minutes, now.minute(), 0, 59)
                    && field_has(&hours, now.hour(), 0, 23)
                    && day_has(&of_month, &of_week, now.date())
                    && (hourly || [30, 60].iter().all(|later| local(at + later * 60) != now))
            })
            .map(from_unix)
            .collect();
        let found = schedule.instants(&Period::new(start, end).unwrap());
        prop_assert_eq!(found, expected, "{} in {}", expression, zone);
    }

    #[test]
    fn no_text_makes_it_fail(expression in "[0-9A-Z*?/,#LW \t-]{0,40}", other in ".{0,30}") {
        let _ = CronSchedule::parse(&expression, "Europe/Berlin");
        let _ = CronSchedule::parse(&other, &other);
    }
}

#[test]
fn an_expression_is_kept_as_it_was_written() {
    let schedule = parse("0 0 2 ? * fri", "Europe/Berlin");
    assert_eq!(
        (schedule.expression(), schedule.time_zone().name()),
        ("0 0 2 ? * fri", "Europe/Berlin")
    );
    assert_eq!(
        rfc3339(schedule.instants(&period("2026-10-01", "2026-10-08"))[0]),
        "2026-10-02T00:00:00Z"
    );
}
