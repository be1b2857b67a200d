//! Lives with every stretch written down, each checkable with a clock.

use proptest::prelude::*;
use rust_decimal::Decimal;
use serde_json::json;
use std::sync::Arc;

use super::told::{Order, priority};
use super::*;
use crate::databricks::cluster_spec::ClusterSpec;
use crate::databricks::event::{ClusterSize, EventType};
use crate::model::increment::Increment;
use crate::model::meter::{MeterRate, PurchaseOption};
use crate::model::period::{from_unix, parse_instant};
use crate::model::place::Workload;
use crate::model::usage::Subject;

/// An instant of 1 October 2026; `2/10:00` is of the second.
fn at(text: &str) -> Instant {
    let (day, time) = text.split_once('/').unwrap_or(("1", text));
    parse_instant(&format!("2026-10-{day:0>2}T{time}:00Z")).unwrap()
}

fn definition(node: Option<&str>, size: Option<ClusterSize>) -> Arc<Definition> {
    let body = match node {
        Some("spot") => json!({"node_type_id": "m", "azure_attributes":
            {"availability": "SPOT_WITH_FALLBACK_AZURE", "first_on_demand": 2}}),
        Some(node) => json!({"node_type_id": node}),
        None => json!({}),
    };
    Arc::new(Definition {
        spec: ClusterSpec::read(&body).unwrap(),
        size,
        pools: Vec::new(),
        workload: Workload::AllPurpose,
        subject: Arc::new(Subject::default()),
    })
}

/// `10:00 RESIZING c=1 t=3`; `n=` is `cluster_size.num_workers`, `a=1-4` an autoscaling one, `d=` and `p=` the node types
/// of the definition and of the one before.
fn event(line: &str) -> Told {
    let mut words = line.split_whitespace();
    let (time, name) = (words.next().unwrap(), words.next().unwrap());
    let mut told = Told {
        at: at(time),
        event_type: EventType::from_name(name),
        current_num_workers: None,
        target_num_workers: None,
        cluster_size: None,
        definition: None,
        previous_definition: None,
        text: line.split_once(' ').unwrap().1.into(),
        order: Order::Now(at(time).timestamp_millis()),
        page: 0,
    };
    for word in words {
        match word.split_once('=').unwrap() {
            ("c", n) => told.current_num_workers = n.parse().ok(),
            ("t", n) => told.target_num_workers = n.parse().ok(),
            ("n", n) => {
                told.cluster_size = n
                    .parse()
                    .ok()
                    .map(|num_workers| ClusterSize::Fixed { num_workers })
            }
            ("a", range) => {
                let (min, max) = range.split_once('-').unwrap();
                told.cluster_size = Some(ClusterSize::Autoscale {
                    min_workers: min.parse().unwrap(),
                    max_workers: max.parse().unwrap(),
                });
            }
            ("d", node) => told.definition = Some(definition(Some(node), None)),
            ("p", node) => told.previous_definition = Some(definition(Some(node), None)),
            ("ms", ms) => told.order = Order::Now(told.at.timestamp_millis() + ms.parse::<i64>().unwrap()),
            other => panic!("{other:?}"),
        }
    }
    told
}

fn events(lines: &[&str]) -> Vec<Told> {
    lines.iter().map(|line| event(line)).collect()
}

fn bill(definition: &Definition, slot: &NodeSlot<'_>, at: Instant) -> NodeMeters {
    bill_in(Increment::PER_SECOND, definition, slot, at)
}

fn bill_in(increment: Increment, definition: &Definition, slot: &NodeSlot<'_>, _: Instant) -> NodeMeters {
    let bought = match slot.purchase_option {
        PurchaseOption::Spot => "spot",
        PurchaseOption::OnDemand => "on_demand",
    };
    let node = slot.node_type_id.unwrap_or("none");
    let meter = |text: String, per_hour| MeterRate {
        meter: text.parse().unwrap(),
        per_hour,
        increment,
    };
    let rate = definition.names_nodes().then_some(Decimal::new(75, 2));
    NodeMeters {
        while_provisioned: vec![meter(format!("vm/AZURE/r/{node}/{bought}"), Some(Decimal::ONE))],
        while_running: MeterRate {
            increment: Increment::PER_SECOND,
            ..meter("dbu/AZURE/S".to_owned(), rate)
        },
    }
}

fn asked(events: &[Told], cut: Option<&str>, known: Arc<Definition>) -> Replayed {
    asked_in(Increment::PER_SECOND, events, cut, known)
}

fn asked_in(increment: Increment, events: &[Told], cut: Option<&str>, known: Arc<Definition>) -> Replayed {
    let bill = |d: &Definition, s: &NodeSlot<'_>, at| bill_in(increment, d, s, at);
    replay(&Replay {
        cluster_id: "c",
        events,
        known,
        cut: cut.map(at),
        termination_seconds: 0,
        tier_changes: &[],
        bill: &bill,
    })
    .unwrap()
}

fn of(lines: &[&str]) -> Replayed {
    asked(&events(lines), None, definition(Some("m"), None))
}

/// Every stretch as `driver vm 10:00-12:00`, sorted.
fn stretches(replayed: &Replayed) -> Vec<String> {
    let time = |at: Instant| {
        at.format("%-d/%H:%M")
            .to_string()
            .trim_start_matches("1/")
            .to_owned()
    };
    let mut all: Vec<String> = replayed
        .usage
        .iter()
        .map(|u| {
            let meter = u.meter.to_string();
            let what = match meter.strip_prefix("vm/AZURE/r/") {
                Some(vm) => format!("vm {}", vm.replace("/on_demand", "").replace("m/spot", "spot")),
                None => "dbu".to_owned(),
            };
            let unknown = if u.per_hour.is_none() { " ?" } else { "" };
            let node = u.resource.trim_start_matches("c/").replace("worker-", "w");
            format!(
                "{node} {what}{unknown} {}-{}",
                time(u.period.start),
                time(u.period.end)
            )
        })
        .collect();
    all.sort();
    all
}

fn faults(replayed: &Replayed) -> Vec<(&'static str, usize)> {
    replayed
        .faults
        .iter()
        .map(|f| (f.fault.code(), f.event))
        .collect()
}

#[test]
fn a_plain_life_is_billed_from_creating_and_running_to_terminating() {
    let replayed = of(&[
        "10:00 CREATING n=2 d=m",
        "10:03 INIT_SCRIPTS_STARTED",
        "10:04 INIT_SCRIPTS_FINISHED",
        "10:05 RUNNING c=2 t=2",
        "10:05 DRIVER_HEALTHY",
        "12:00 TERMINATING",
    ]);
    assert_eq!(
        stretches(&replayed),
        [
            "driver dbu 10:05-12:00",
            "driver vm m 10:00-12:00",
            "w1 dbu 10:05-12:00",
            "w1 vm m 10:00-12:00",
            "w2 dbu 10:05-12:00",
            "w2 vm m 10:00-12:00",
        ]
    );
    assert_eq!(faults(&replayed), []);
    assert_eq!(
        replayed.lives,
        [Life {
            started: at("10:00"),
            running: Some(at("10:05")),
            end: End::Told(at("12:00")),
            billed_until: Some(at("12:00")),
        }]
    );
}

#[test]
fn added_workers_cost_a_machine_from_resizing_and_dbus_once_they_have_come() {
    let replayed = of(&[
        "10:00 CREATING a=1-4 d=m",
        "10:05 RUNNING c=1 t=1",
        "11:00 RESIZING c=1 t=3",
        "11:04 AUTOSCALING_STATS_REPORT c=2",
        "11:06 UPSIZE_COMPLETED c=3 t=3",
        "12:00 RESIZING c=3 t=1",
        "12:01 DRIVER_HEALTHY c=2",
        "12:30 RESIZING c=1 t=2",
        "12:33 UPSIZE_COMPLETED",
        "13:00 TERMINATING",
    ]);
    assert_eq!(
        stretches(&replayed),
        [
            "driver dbu 10:05-13:00",
            "driver vm m 10:00-13:00",
            "w1 dbu 10:05-13:00",
            "w1 vm m 10:00-13:00",
            "w2 dbu 11:04-12:00",
            "w2 dbu 12:33-13:00",
            "w2 vm m 11:00-12:00",
            "w2 vm m 12:30-13:00",
            "w3 dbu 11:06-12:00",
            "w3 vm m 11:00-12:00",
        ]
    );
    assert_eq!(faults(&replayed), []);
}

#[test]
fn fewer_workers_than_asked_for_run_fewer_dbus_and_all_machines() {
    let replayed = of(&["10:00 STARTING", "10:05 RUNNING c=1 t=2", "11:00 TERMINATING"]);
    assert_eq!(
        stretches(&replayed),
        [
            "driver dbu 10:05-11:00",
            "driver vm m 10:00-11:00",
            "w1 dbu 10:05-11:00",
            "w1 vm m 10:00-11:00",
            "w2 vm m 10:00-11:00",
        ]
    );
    assert_eq!(faults(&replayed), [("event::no-size", 0)]);
}

#[test]
fn a_restart_keeps_the_machines_and_stops_the_dbus() {
    let replayed = of(&[
        "10:00 CREATING n=1 d=m",
        "10:05 RUNNING",
        "11:00 RESTARTING",
        "11:03 RUNNING",
        "12:00 TERMINATING",
    ]);
    assert_eq!(
        stretches(&replayed),
        [
            "driver dbu 10:05-11:00",
            "driver dbu 11:03-12:00",
            "driver vm m 10:00-12:00",
            "w1 dbu 10:05-11:00",
            "w1 dbu 11:03-12:00",
            "w1 vm m 10:00-12:00",
        ]
    );
}

#[test]
fn an_edit_takes_effect_at_the_next_restart_or_start() {
    let lines = [
        "10:00 CREATING n=1 d=m",
        "10:05 RUNNING",
        "11:00 EDITED n=0 d=x p=m",
        "11:10 RESTARTING",
        "11:15 RUNNING",
        "12:00 TERMINATING",
        "12:30 EDITED n=1 d=y p=x",
        "13:00 STARTING",
        "13:05 RUNNING",
        "14:00 TERMINATING",
    ];
    let expected = [
        "driver dbu 10:05-11:10",
        "driver dbu 11:15-12:00",
        "driver dbu 13:05-14:00",
        "driver vm m 10:00-11:10",
        "driver vm x 11:10-12:00",
        "driver vm y 13:00-14:00",
        "w1 dbu 10:05-11:10",
        "w1 dbu 13:05-14:00",
        "w1 vm m 10:00-11:10",
        "w1 vm y 13:00-14:00",
    ];
    assert_eq!(stretches(&of(&lines)), expected);
    // What was before the first edit is told by the edit.
    let mut without = lines;
    without[0] = "10:00 CREATING n=1";
    let replayed = asked(&events(&without), None, definition(None, None));
    assert_eq!(stretches(&replayed), expected);
}

#[test]
fn lost_workers_are_not_billed_until_they_are_asked_for_again() {
    let replayed = of(&[
        "10:00 CREATING n=3 d=spot",
        "10:05 RUNNING c=3 t=3",
        "11:00 NODES_LOST c=1",
        "11:01 RESIZING c=1 t=3",
        "11:05 UPSIZE_COMPLETED c=3 t=3",
        "11:30 NODES_LOST",
        "12:00 TERMINATING",
    ]);
    assert_eq!(
        stretches(&replayed),
        [
            "driver dbu 10:05-12:00",
            "driver vm m 10:00-12:00",
            "w1 dbu 10:05-12:00",
            "w1 vm m 10:00-12:00",
            "w2 dbu 10:05-11:00",
            "w2 dbu 11:05-12:00",
            "w2 vm spot 10:00-11:00",
            "w2 vm spot 11:01-12:00",
            "w3 dbu 10:05-11:00",
            "w3 dbu 11:05-12:00",
            "w3 vm spot 10:00-11:00",
            "w3 vm spot 11:01-12:00",
        ]
    );
    assert_eq!(faults(&replayed), [("event::lost-uncounted", 5)]);
}

#[test]
fn what_comes_after_the_end_is_ignored_and_said() {
    let replayed = of(&[
        "10:00 CREATING n=0 d=m",
        "10:05 RUNNING",
        "11:00 TERMINATING",
        "11:00 NODES_LOST c=0",
        "11:01 EXPANDED_DISK",
        "11:02 TERMINATING",
        "11:03 PINNED",
    ]);
    assert_eq!(
        stretches(&replayed),
        ["driver dbu 10:05-11:00", "driver vm m 10:00-11:00"]
    );
    // NODES_LOST of the minute of the end has its place before it.
    assert_eq!(faults(&replayed), [("event::late", 4), ("event::late", 5)]);
}

#[test]
fn a_life_without_a_start_begins_at_the_first_event_known() {
    let running = of(&["10:00 UPSIZE_COMPLETED c=1 t=1", "11:00 TERMINATING"]);
    let expected = [
        "driver dbu 10:00-11:00",
        "driver vm m 10:00-11:00",
        "w1 dbu 10:00-11:00",
        "w1 vm m 10:00-11:00",
    ];
    assert_eq!(stretches(&running), expected);
    assert_eq!(faults(&running)[0], ("event::missing-start", 0));
    // A RUNNING that follows says that it was still starting.
    let starting = of(&[
        "10:00 INIT_SCRIPTS_FINISHED",
        "10:01 RUNNING c=0",
        "11:00 TERMINATING",
    ]);
    assert_eq!(
        stretches(&starting),
        ["driver dbu 10:01-11:00", "driver vm m 10:00-11:00"]
    );
    // The end alone tells no life.
    let end = of(&["11:00 TERMINATING"]);
    assert_eq!(
        (stretches(&end).len(), faults(&end)),
        (0, vec![("event::missing-start", 0)])
    );
    // After an end only RUNNING and RESTARTING are a life's.
    let again = of(&[
        "09:00 TERMINATING",
        "09:01 UPSIZE_COMPLETED c=5",
        "10:00 RUNNING c=0",
        "11:00 TERMINATING",
    ]);
    assert_eq!(
        stretches(&again),
        ["driver dbu 10:00-11:00", "driver vm m 10:00-11:00"]
    );
    // A rest of a life before the first start is not billed.
    let rest = of(&["09:00 NODES_LOST c=1", "10:00 STARTING n=0", "10:10 TERMINATING"]);
    assert_eq!(stretches(&rest), ["driver vm m 10:00-10:10"]);
    assert_eq!(faults(&rest), [("event::late", 0)]);
}

#[test]
fn a_running_that_is_missing_is_where_the_cluster_first_works() {
    let replayed = of(&[
        "10:00 CREATING n=1 d=m",
        "10:06 DRIVER_HEALTHY",
        "11:00 TERMINATING",
    ]);
    assert_eq!(
        stretches(&replayed),
        [
            "driver dbu 10:06-11:00",
            "driver vm m 10:00-11:00",
            "w1 dbu 10:06-11:00",
            "w1 vm m 10:00-11:00",
        ]
    );
    assert_eq!(faults(&replayed), [("event::missing-running", 1)]);
    // A start that never came up runs no DBU, and that is no fault.
    let failed = of(&["10:00 CREATING n=0 d=m", "10:20 TERMINATING"]);
    assert_eq!(
        (stretches(&failed), faults(&failed)),
        (vec!["driver vm m 10:00-10:20".to_owned()], vec![])
    );
}

#[test]
fn an_end_that_is_missing_is_at_the_last_certain_event() {
    let replayed = of(&[
        "10:00 CREATING n=0 d=m",
        "10:05 RUNNING",
        "11:00 AUTOSCALING_STATS_REPORT",
        "11:30 EXPANDED_DISK",
        "11:40 EDITED d=x",
        "13:00 STARTING",
        "13:05 RUNNING",
        "14:00 TERMINATING",
    ]);
    assert_eq!(
        stretches(&replayed),
        [
            "driver dbu 10:05-11:00",
            "driver dbu 13:05-14:00",
            "driver vm m 10:00-11:00",
            "driver vm x 13:00-14:00",
        ]
    );
    assert_eq!(faults(&replayed), [("event::missing-terminating", 2)]);
    assert_eq!(replayed.lives[0].end, End::Imputed(at("11:00")));
}

#[test]
fn a_life_without_an_end_is_billed_to_the_last_midnight_before_the_cut() {
    let lines = events(&[
        "10:00 CREATING n=0 d=m",
        "10:05 RUNNING",
        "3/08:00 RESIZING c=0 t=1",
    ]);
    let known = || definition(Some("m"), None);
    let cut = asked(&lines, Some("3/12:00"), known());
    assert_eq!(
        stretches(&cut),
        ["driver dbu 10:05-3/00:00", "driver vm m 10:00-3/00:00"]
    );
    assert_eq!(faults(&cut), [("event::unterminated", 0)]);
    assert_eq!(
        (cut.lives[0].end, cut.lives[0].billed_until),
        (End::Open, Some(at("3/00:00")))
    );
    // Without a cut, and with one on the day of the start, nothing is.
    let open = asked(&lines, None, known());
    assert_eq!((open.usage.len(), open.lives[0].billed_until), (0, None));
    assert_eq!(asked(&lines, Some("23:00"), known()).usage, []);
}

#[test]
fn a_start_without_a_size_has_the_size_asked_for_last() {
    let fixed = of(&[
        "10:00 CREATING n=1 d=m",
        "10:10 RUNNING",
        "10:20 RESIZING c=1 t=2",
        "10:30 TERMINATING",
        "11:00 STARTING",
        "11:10 TERMINATING",
    ]);
    let second =
        |all: Vec<String>| -> Vec<String> { all.into_iter().filter(|s| s.contains(" 11:00-")).collect() };
    let three = [
        "driver vm m 11:00-11:10",
        "w1 vm m 11:00-11:10",
        "w2 vm m 11:00-11:10",
    ];
    assert_eq!(second(stretches(&fixed)), three);
    let scaling = of(&[
        "10:00 CREATING a=1-9 d=m",
        "10:10 RUNNING",
        "10:20 RESIZING c=1 t=2",
        "10:30 TERMINATING",
        "11:00 STARTING",
        "11:10 TERMINATING",
    ]);
    assert_eq!(second(stretches(&scaling)), three[..2]);
}

#[test]
fn what_nothing_tells_is_unpriced_and_not_silent() {
    let lines = events(&["10:00 STARTING", "10:05 RUNNING", "11:00 TERMINATING"]);
    let replayed = asked(&lines, None, definition(None, None));
    assert_eq!(
        stretches(&replayed),
        [
            "driver dbu ? 10:05-11:00",
            "driver vm none 10:00-11:00",
            "workers dbu ? 10:05-11:00",
            "workers vm none ? 10:00-11:00",
        ]
    );
    assert_eq!(
        faults(&replayed),
        [("event::no-size", 0), ("event::no-node-type", 0)]
    );
}

#[test]
fn machines_may_go_some_seconds_later_but_not_into_the_next_life() {
    let lines = events(&[
        "10:00 CREATING n=0 d=m",
        "11:00 TERMINATING",
        "11:02 STARTING",
        "12:00 TERMINATING",
    ]);
    let replayed = replay(&Replay {
        cluster_id: "c",
        events: &lines,
        known: definition(Some("m"), None),
        cut: None,
        termination_seconds: 300,
        tier_changes: &[],
        bill: &bill,
    })
    .unwrap();
    assert_eq!(
        stretches(&replayed),
        ["driver vm m 10:00-11:02", "driver vm m 11:02-12:05"]
    );
}

#[test]
fn each_machine_is_rounded_once_and_the_next_of_its_number_is_another() {
    // By the hour: the first worker lived for 35 minutes and is billed to 11:00, while the second, launched at 10:40,
    // lives for 80 and is billed for 120. DBUs have no increment.
    let lines = events(&[
        "10:00 CREATING n=1 d=m",
        "10:05 RUNNING c=1 t=1",
        "10:35 RESIZING c=1 t=0",
        "10:40 RESIZING c=0 t=1",
        "10:45 UPSIZE_COMPLETED c=1 t=1",
        "12:00 TERMINATING",
    ]);
    let by_the_hour = Increment::new(3600, 0).unwrap();
    let replayed = asked_in(by_the_hour, &lines, None, definition(Some("m"), None));
    assert_eq!(
        stretches(&replayed),
        [
            "driver dbu 10:05-12:00",
            "driver vm m 10:00-12:00",
            "w1 dbu 10:05-10:35",
            "w1 dbu 10:45-12:00",
            "w1 vm m 10:00-11:00",
            "w1 vm m 10:40-12:40",
        ]
    );
    assert_eq!(replayed.rounded, 2);
}

#[test]
fn a_restart_on_other_machines_rounds_the_ones_before() {
    let lines = events(&[
        "10:00 CREATING n=0 d=m",
        "10:05 RUNNING",
        "10:10 EDITED d=x",
        "10:20 RESTARTING",
        "10:25 RUNNING",
        "10:30 TERMINATING",
    ]);
    let minimum = Increment::new(1, 1800).unwrap();
    let replayed = asked_in(minimum, &lines, None, definition(Some("m"), None));
    // 20 minutes of one, 10 of the other: half an hour each.
    assert_eq!(
        stretches(&replayed),
        [
            "driver dbu 10:05-10:20",
            "driver dbu 10:25-10:30",
            "driver vm m 10:00-10:30",
            "driver vm x 10:20-10:50",
        ]
    );
}

#[test]
fn no_increment_reaches_beyond_the_cut_of_a_life_without_an_end() {
    let lines = events(&[
        "2/23:00 CREATING n=1 d=m",
        "2/23:05 RUNNING c=1 t=1",
        "2/23:50 RESIZING c=1 t=0",
    ]);
    let by_the_hour = Increment::new(3600, 7200).unwrap();
    let known = definition(Some("m"), None);
    let told = |cut| stretches(&asked_in(by_the_hour, &lines, Some(cut), Arc::clone(&known)));
    let dbus = ["driver dbu 2/23:05-3/00:00", "w1 dbu 2/23:05-2/23:50"];
    let machines = ["driver vm m 2/23:00-3/00:00", "w1 vm m 2/23:00-3/00:00"];
    assert_eq!(told("3/12:00"), [dbus[0], machines[0], dbus[1], machines[1]]);
    // A day later the worker that went is billed for its two hours.
    assert_eq!(told("4/12:00")[3], "w1 vm m 2/23:00-3/01:00");
}

#[test]
fn a_tier_that_changes_cuts_dbus_and_no_machine() {
    // Upgraded at 11:00: until then the SKU is S, then T. A cluster that goes on is cut at the same instant.
    let changes = [at("11:00")];
    let bill = |d: &Definition, s: &NodeSlot<'_>, when: Instant| {
        let mut meters = bill(d, s, when);
        if when >= at("11:00") {
            meters.while_running.meter = "dbu/AZURE/T".parse().unwrap();
        }
        meters
    };
    let told = |lines: &[&str], cut: Option<&str>| {
        let events = events(lines);
        let replayed = replay(&Replay {
            cluster_id: "c",
            events: &events,
            known: definition(Some("m"), None),
            cut: cut.map(at),
            termination_seconds: 0,
            tier_changes: &changes,
            bill: &bill,
        })
        .unwrap();
        let line = |u: &crate::model::usage::Usage| {
            let clock = |at: Instant| at.format("%-d/%H:%M").to_string();
            let (start, end) = (clock(u.period.start), clock(u.period.end));
            format!("{} {} {start}-{end}", u.resource, u.meter)
        };
        let mut lines: Vec<String> = replayed.usage.iter().map(line).collect();
        lines.sort();
        lines
    };
    assert_eq!(
        told(
            &["10:00 CREATING n=0 d=m", "10:05 RUNNING", "12:00 TERMINATING"],
            None
        ),
        [
            "c/driver dbu/AZURE/S 1/10:05-1/11:00",
            "c/driver dbu/AZURE/T 1/11:00-1/12:00",
            "c/driver vm/AZURE/r/m/on_demand 1/10:00-1/12:00",
        ]
    );
    assert_eq!(
        told(&["10:00 CREATING n=0 d=m", "10:05 RUNNING"], Some("2/06:00")),
        [
            "c/driver dbu/AZURE/S 1/10:05-1/11:00",
            "c/driver dbu/AZURE/T 1/11:00-2/00:00",
            "c/driver vm/AZURE/r/m/on_demand 1/10:00-2/00:00",
        ]
    );
    // One that starts later is billed under the new SKU from its beginning, one that ended before under the old one.
    assert_eq!(
        told(
            &["11:00 CREATING n=0 d=m", "11:05 RUNNING", "12:00 TERMINATING"],
            None
        )[0],
        "c/driver dbu/AZURE/T 1/11:05-1/12:00"
    );
    assert_eq!(
        told(
            &["10:00 CREATING n=0 d=m", "10:05 RUNNING", "11:00 TERMINATING"],
            None
        )[0],
        "c/driver dbu/AZURE/S 1/10:05-1/11:00"
    );
}

#[test]
fn either_direction_is_an_order_and_a_change_of_direction_is_none() {
    let up = [
        "10:00 CREATING n=0 d=m",
        "10:05 RUNNING",
        "10:06 PINNED",
        "11:00 TERMINATING",
    ];
    let mut down = up;
    down.reverse();
    assert_eq!((faults(&of(&up)), faults(&of(&down))), (vec![], vec![]));
    let mixed = [up[0], up[2], up[1], up[3]];
    assert_eq!(faults(&of(&mixed)), [("event::out-of-order", 2)]);
    let twice = [up[0], up[1], up[1], up[2], up[3]];
    assert_eq!(faults(&of(&twice)), [("event::duplicate", 2)]);
}

#[test]
fn within_a_second_milliseconds_decide_then_the_course_of_a_life() {
    // The steps of a standard autoscaler: the end of one, the begin of the next.
    let steps = |first: &str, second: &str| {
        of(&[
            "10:00 CREATING a=1-9 d=m",
            "10:05 RUNNING c=1 t=1",
            "10:10 RESIZING c=1 t=2",
            first,
            second,
            "11:00 TERMINATING",
        ])
    };
    let right = steps(
        "10:12 UPSIZE_COMPLETED c=2 t=2 ms=100",
        "10:12 RESIZING c=2 t=3 ms=200",
    );
    assert!(stretches(&right).contains(&"w3 vm m 10:12-11:00".to_owned()));
    let wrong = steps(
        "10:12 UPSIZE_COMPLETED c=2 t=2 ms=300",
        "10:12 RESIZING c=2 t=3 ms=200",
    );
    assert!(!stretches(&wrong).contains(&"w3 vm m 10:12-11:00".to_owned()));
    assert!(priority(Some(EventType::Edited)) < priority(Some(EventType::Restarting)));
}

#[test]
fn what_no_cluster_can_have_used_is_refused() {
    // 100,001 nodes for 243 days.
    let asked = Replay {
        cluster_id: "c",
        events: &events(&["10:00 CREATING n=100000 d=m"]),
        known: definition(None, None),
        cut: parse_instant("2027-06-01").ok(),
        termination_seconds: 0,
        tier_changes: &[],
        bill: &bill,
    };
    assert!(matches!(
        replay(&asked),
        Err(ReplayError::TooMuch {
            what: "days of nodes",
            ..
        })
    ));
}

/// Any history: types, counts and times as they come.
fn any_history() -> impl Strategy<Value = Vec<Told>> {
    let types = prop::sample::select(EventType::ALL.to_vec());
    let count = || prop::option::of(0_u32..5);
    let size = prop::option::of((0_u32..4).prop_map(|num_workers| ClusterSize::Fixed { num_workers }));
    let one = (
        0_i64..200_000,
        types,
        count(),
        count(),
        size,
        prop::option::of(0_usize..3),
    );
    prop::collection::vec(one, 0..40).prop_map(|all| {
        let base = at("10:00").timestamp();
        all.into_iter()
            .map(|(second, event_type, current, target, size, node)| Told {
                at: from_unix(base + second),
                event_type: Some(event_type),
                current_num_workers: current,
                target_num_workers: target,
                cluster_size: size,
                definition: node.map(|n| definition(Some(["m", "x", "spot"][n]), None)),
                previous_definition: None,
                text: format!("{event_type:?} {current:?} {target:?} {size:?} {node:?}").into(),
                order: Order::Now((base + second) * 1_000),
                page: 0,
            })
            .collect()
    })
}

proptest! {
    #[test]
    fn order_and_repetition_change_no_bill(
        history in any_history(),
        seed in prop::collection::vec(any::<u32>(), 80),
        cut in prop::option::of(Just("3/05:00")),
    ) {
        let known = || definition(Some("m"), None);
        let once = asked(&history, cut, known());
        let mut other: Vec<(u32, Told)> = history
            .iter()
            .chain(history.iter().take(9))
            .cloned()
            .zip(seed)
            .map(|(told, key)| (key, told))
            .collect();
        other.sort_by_key(|(key, _)| *key);
        let other: Vec<Told> = other.into_iter().map(|(_, told)| told).collect();
        // The seeds are enough for every event, so none is lost.
        prop_assert!(other.len() >= history.len());
        let again = asked(&other, cut, known());
        prop_assert_eq!(once.usage, again.usage);
        prop_assert_eq!(once.lives, again.lives);
    }

    #[test]
    fn a_resource_runs_a_meter_once_at_a_time_and_dbus_only_while_its_machine_is_there(history in any_history()) {
        let replayed = asked(&history, Some("9/00:00"), definition(Some("m"), None));
        let mut by_meter: std::collections::BTreeMap<(String, bool), Vec<(Instant, Instant)>> = Default::default();
        for u in &replayed.usage {
            let is_vm = u.meter.to_string().starts_with("vm");
            by_meter.entry((u.resource.clone(), is_vm)).or_default().push((u.period.start, u.period.end));
        }
        for ((resource, is_vm), spans) in &mut by_meter {
            spans.sort();
            prop_assert!(spans.windows(2).all(|w| w[0].1 <= w[1].0), "{} {}", resource, is_vm);
        }
        for ((resource, is_vm), spans) in &by_meter {
            if *is_vm { continue }
            let machines = by_meter.get(&(resource.clone(), true)).cloned().unwrap_or_default();
            let seconds = |from: Instant, to: Instant| -> i64 {
                machines.iter().map(|m| (to.min(m.1) - from.max(m.0)).num_seconds().max(0)).sum()
            };
            for (from, to) in spans {
                prop_assert_eq!(seconds(*from, *to), (*to - *from).num_seconds(), "{}", resource);
            }
        }
    }

    #[test]
    fn a_tier_that_changes_cuts_dbus_and_changes_nothing_else(history in any_history(), second in 0_i64..250_000) {
        let change = from_unix(at("10:00").timestamp() + second);
        let events = history;
        let told = |tier_changes: &[Instant]| {
            let bill = |d: &Definition, s: &NodeSlot<'_>, when: Instant| {
                let mut meters = bill(d, s, when);
                if tier_changes.iter().any(|change| *change <= when) {
                    meters.while_running.meter = "dbu/AZURE/T".parse().unwrap();
                }
                meters
            };
            let known = definition(Some("m"), None);
            let (cut, cluster_id) = (Some(at("9/00:00")), "c");
            replay(&Replay { cluster_id, events: &events, known, cut, termination_seconds: 0, tier_changes, bill: &bill }).unwrap()
        };
        let (base, cut) = (told(&[]), told(&[change]));
        let is_dbu = |u: &&crate::model::usage::Usage| u.meter.to_string().starts_with("dbu");
        let seconds = |r: &Replayed| {
            let mut all: std::collections::BTreeMap<String, i64> = Default::default();
            for u in r.usage.iter().filter(is_dbu) {
                *all.entry(u.resource.clone()).or_default() += u.period.seconds();
            }
            all
        };
        prop_assert_eq!(seconds(&base), seconds(&cut));
        for u in cut.usage.iter().filter(is_dbu) {
            match u.meter.to_string() == "dbu/AZURE/T" {
                true => prop_assert!(change <= u.period.start, "{:?}", u),
                false => prop_assert!(u.period.end <= change, "{:?}", u),
            }
        }
        let machines = |r: &Replayed| -> Vec<_> { r.usage.iter().filter(|u| !is_dbu(u)).cloned().collect() };
        prop_assert_eq!(machines(&base), machines(&cut));
    }

    #[test]
    fn what_a_later_telling_adds_to_an_open_life_changes_nothing_told(
        history in any_history(), further in 1_u32..5, increment in 1_u32..5_000, minimum in 0_u32..5_000,
    ) {
        // The same events with a later cut: every whole day billed before is billed the same.
        let known = || definition(Some("m"), None);
        let cut = |day: u32| format!("{day}/12:00");
        let increment = Increment::new(increment, minimum).unwrap();
        let early = asked_in(increment, &history, Some(&cut(4)), known());
        let late = asked_in(increment, &history, Some(&cut(4 + further)), known());
        let days = |r: &Replayed| -> std::collections::BTreeSet<(String, String, Instant, Instant)> {
            r.usage
                .iter()
                .flat_map(|u| u.period.cut([]).into_iter().map(|p| (u.resource.clone(), u.meter.to_string(), p.start, p.end)))
                .collect()
        };
        prop_assert!(days(&early).is_subset(&days(&late)));
    }
}
