//! Lives of machines, checked by hand, and as laws.

use super::*;
use crate::model::period::parse_instant;
use proptest::prelude::*;

fn at(text: &str) -> Instant {
    parse_instant(&format!("2026-10-{text}Z")).unwrap()
}

fn seen(minutes: &[(&str, &str, &str)]) -> Instance {
    let mut instance = Instance::default();
    for (cluster, start, end) in minutes {
        let period = Period::new(at(start), at(end)).unwrap();
        instance.see(
            &Arc::from(*cluster),
            &Arc::from("m5.xlarge"),
            *cluster == "d",
            period,
        );
    }
    instance
}

fn told(instance: &Instance, until: Instant) -> (Vec<String>, Vec<String>) {
    let (parts, faults) = instance.life(until.timestamp());
    let part = |p: &Part| {
        let whose = p
            .cluster_id
            .as_deref()
            .map_or(format!("waits after {}", p.came_from), str::to_owned);
        format!("{whose}{} {}", if p.is_driver { " driver" } else { "" }, p.period)
    };
    (
        parts.iter().map(part).collect(),
        faults
            .iter()
            .map(|f| format!("{} {}", f.code(), f.message()))
            .collect(),
    )
}

#[test]
fn a_machine_is_there_from_its_first_minute_to_its_last() {
    let instance = seen(&[
        ("d", "01T10:05:00", "01T10:06:00"),
        ("d", "01T10:00:00", "01T10:01:00"),
        ("d", "01T10:00:00", "01T10:01:00"),
    ]);
    let (parts, faults) = told(&instance, at("01T10:06:00"));
    assert_eq!(parts, ["d driver [2026-10-01T10:00:00Z, 2026-10-01T10:06:00Z)"]);
    assert_eq!(faults.len(), 1);
    assert!(
        faults[0]
            .starts_with("node::gap not seen in `d` during [2026-10-01T10:01:00Z, 2026-10-01T10:05:00Z)")
    );
}

#[test]
fn between_two_clusters_it_waits_and_in_two_at_once_it_is_in_the_later() {
    let instance = seen(&[
        ("a", "01T10:00:00", "01T10:10:00"),
        ("b", "01T11:00:00", "01T11:30:00"),
        ("c", "01T11:10:00", "01T11:20:00"),
    ]);
    let (parts, faults) = told(&instance, at("01T11:30:00"));
    assert_eq!(
        parts,
        [
            "a [2026-10-01T10:00:00Z, 2026-10-01T10:10:00Z)",
            "waits after a [2026-10-01T10:10:00Z, 2026-10-01T11:00:00Z)",
            "b [2026-10-01T11:00:00Z, 2026-10-01T11:10:00Z)",
            "c [2026-10-01T11:10:00Z, 2026-10-01T11:20:00Z)",
            "b [2026-10-01T11:20:00Z, 2026-10-01T11:30:00Z)",
        ]
    );
    assert_eq!(faults.len(), 1);
    assert!(
        faults[0].starts_with("node::overlap in `b` and in `c` during [2026-10-01T11:10:00Z"),
        "{faults:?}"
    );
}

#[test]
fn a_machine_of_two_node_types_or_of_two_ages_is_not_billed() {
    let mut instance = seen(&[("a", "01T10:00:00", "01T10:10:00")]);
    let period = Period::new(at("01T10:10:00"), at("01T10:11:00")).unwrap();
    instance.see(&Arc::from("a"), &Arc::from("m5.large"), false, period);
    let (parts, faults) = told(&instance, at("01T10:11:00"));
    assert!(
        parts.is_empty() && faults[0].contains("told as `m5.large` and as `m5.xlarge`"),
        "{faults:?}"
    );
    let mut torn = seen(&[("a", "01T10:00:00", "01T10:10:00")]);
    let old = parse_instant("2016-10-01T10:00:00Z").unwrap();
    let period = Period::new(old, parse_instant("2016-10-01T10:01:00Z").unwrap()).unwrap();
    torn.see(&Arc::from("a"), &Arc::from("m5.xlarge"), false, period);
    assert_eq!(torn.life(at("01T10:10:00").timestamp()).1[0].code(), "node::torn");
}

#[test]
fn what_is_still_there_is_billed_to_its_last_minute_or_for_whole_days_as_told() {
    let ends = |last: &str, table: &str, lived: Option<&str>| {
        let lived = lived.map(at);
        from_unix(until(at(last).timestamp(), at(table).timestamp(), lived))
    };
    for (last, table, lived, expected) in [
        // It ended long before the table does.
        ("05T10:00:00", "05T12:00:00", None, "05T10:00:00"),
        ("05T10:00:00", "05T12:00:00", Some("07T00:00:00"), "05T10:00:00"),
        // Still there: to its last minute; known to have lived on, in whole days.
        ("05T11:58:00", "05T12:00:00", None, "05T11:58:00"),
        ("05T11:58:00", "05T12:00:00", Some("07T18:00:00"), "07T00:00:00"),
        ("05T11:58:00", "05T12:00:00", Some("05T18:00:00"), "05T11:58:00"),
        // The table reaches that instant: the rows tell the end.
        ("05T23:57:00", "06T00:00:00", Some("06T00:00:00"), "05T23:57:00"),
        ("05T12:00:00", "05T12:00:00", Some("04T00:00:00"), "05T12:00:00"),
    ] {
        assert_eq!(ends(last, table, lived), at(expected), "{last} {table} {lived:?}");
    }
}

proptest! {
    /// Minutes in any order are one life; its parts follow each other without gap, from the first minute to the last.
    #[test]
    fn the_order_of_minutes_is_nothing(
        minutes in proptest::collection::vec((0_u8..3, 0_i64..300), 1..40), seed in any::<u64>(),
    ) {
        let of = |order: &[(u8, i64)]| {
            let mut instance = Instance::default();
            for (cluster, minute) in order {
                let period = Period::new(from_unix(minute * 60), from_unix(minute * 60 + 60)).unwrap();
                let cluster: Arc<str> = Arc::from(format!("c{cluster}"));
                instance.see(&cluster, &Arc::from("t"), false, period);
            }
            instance
        };
        let one = of(&minutes);
        let mut other = minutes.clone();
        other.extend_from_slice(&minutes);
        let turn = usize::try_from(seed % 97).unwrap() % other.len();
        other.rotate_left(turn);
        other.reverse();
        prop_assert_eq!(&one, &of(&other));
        let (start, end) = one.extent().unwrap();
        let (parts, _) = one.life(end);
        prop_assert_eq!(parts.first().map(|p| p.period.start.timestamp()), Some(start));
        prop_assert_eq!(parts.last().map(|p| p.period.end.timestamp()), Some(end));
        prop_assert!(parts.windows(2).all(|pair| pair[0].period.end == pair[1].period.start));
        // A shorter life is the beginning of a longer one.
        let cut = (start + end) / 2;
        let (shorter, _) = one.life(cut);
        let total: i64 = shorter.iter().map(|p| p.period.seconds()).sum();
        prop_assert_eq!(total, (cut - start).max(0));
    }
}
