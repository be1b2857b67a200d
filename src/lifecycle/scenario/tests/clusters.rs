//! Clusters: commands, sessions, work.

use super::*;
use crate::lifecycle::simulation::Command;
use crate::lifecycle::workload::{Afterwards, BusyKind, Stage};
use crate::model::period::rfc3339;

/// A team of one cluster with these lines.
fn cluster(lines: &str) -> String {
    format!(
        "clusters:\n  - name: adhoc\n    workspace: analytics\n    principal: a\n    create_at: 2026-10-02T08:00:00Z\n    request: {{ num_workers: 1, node_type_id: x }}\n{lines}"
    )
}

fn one(lines: &str) -> ClusterPlan {
    let mut scenario = parse(MAIN, &[&cluster(lines)]).unwrap_or_else(|e| panic!("{e:?}"));
    scenario.clusters.remove(0)
}

fn wrong(lines: &str) -> Problems {
    parse(MAIN, &[&cluster(lines)]).unwrap_err()
}

#[test]
fn commands_come_in_order_of_time_and_the_end_last() {
    let plan = one("    terminate_at: 2026-10-09T00:00:00Z
    commands:
      - { at: 2026-10-09T00:00:00Z, do: unpin }
      - { at: 2026-10-02T08:00:00Z, do: pin }
      - { at: 2026-10-05T08:00:00Z, resize: 4 }
      - { at: 2026-10-04T08:00:00Z, resize: { min_workers: 1, max_workers: 3 } }
      - { at: 2026-10-06T08:00:00Z, do: start }
      - { at: 2026-10-06T08:00:00Z, do: restart }
      - { at: 2026-10-07T08:00:00Z, do: delete }
      - { at: 2026-10-08T08:00:00Z, edit: { num_workers: null, autoscale: { min_workers: 1, max_workers: 2 } } }
      - { at: 2026-10-08T09:00:00Z, do: permanent-delete }
");
    let told: Vec<String> = plan
        .commands
        .iter()
        .map(|(at, command)| match command {
            CommandPlan::Plain(command) => format!("{} {command:?}", rfc3339(*at)),
            CommandPlan::Edit(patch) => {
                format!("{} {} line {}", rfc3339(*at), patch.value, patch.place("").line)
            }
        })
        .collect();
    assert_eq!(
        told,
        [
            "2026-10-02T08:00:00Z Pin",
            "2026-10-04T08:00:00Z ResizeAutoscale { min_workers: 1, max_workers: 3 }",
            "2026-10-05T08:00:00Z Resize(4)",
            "2026-10-06T08:00:00Z Start",
            "2026-10-06T08:00:00Z Restart",
            "2026-10-07T08:00:00Z Delete",
            "2026-10-08T08:00:00Z {\"num_workers\":null,\"autoscale\":{\"min_workers\":1,\"max_workers\":2}} line 16",
            "2026-10-08T09:00:00Z PermanentDelete",
            "2026-10-09T00:00:00Z Unpin",
            "2026-10-09T00:00:00Z Retire",
        ]
    );
    let plain = one("");
    assert!(plain.commands.is_empty() && plain.sessions.is_empty() && plain.policy.is_none());
    assert_eq!(rfc3339(plain.create_at), "2026-10-02T08:00:00Z");
    assert!(matches!(
        &one("    terminate_at: 2026-10-09\n").commands[..],
        [(_, CommandPlan::Plain(Command::Retire))]
    ));
}

#[test]
fn commands_that_cannot_be_are_told() {
    let problems = wrong(
        "    commands:
      - { at: 2026-10-02T07:59:59Z, do: start }
      - { at: 2026-11-02T07:59:59Z, do: start }
      - { at: noon, do: start }
      - { at: 2026-10-03, do: start, resize: 1 }
      - { at: 2026-10-03 }
      - { at: 2026-10-03, resize: { min_workers: 4, max_workers: 3 } }
      - { at: 2026-10-03, edit: { instance_pool_id: pool-z } }
",
    );
    assert_eq!(
        seen(&problems),
        [
            ("clusters.0.commands.0.at", 8, "scenario::order"),
            ("clusters.0.commands.1.at", 9, "scenario::outside-period"),
            ("clusters.0.commands.2.at", 10, "scenario::instant"),
            ("clusters.0.commands.3", 11, "scenario::one-of"),
            ("clusters.0.commands.4", 12, "scenario::one-of"),
            ("clusters.0.commands.5.resize", 13, "scenario::range"),
            (
                "clusters.0.commands.6.edit.instance_pool_id",
                14,
                "scenario::unknown-pool"
            ),
        ]
    );
    for wrong_one in [
        "do: stop",
        "resize: -1",
        "resize: { min_workers: 1 }",
        "edit: 7",
        "doo: start",
    ] {
        let problems = wrong(&format!("    commands: [ {{ at: 2026-10-03, {wrong_one} }} ]\n"));
        assert_eq!(problems[0].2, "scenario::schema", "{wrong_one}");
    }
    let late = "    terminate_at: 2026-10-09\n    commands: [ { at: 2026-10-10, do: start } ]\n";
    let scenario = parse(MAIN, &[&cluster(late)]).unwrap();
    assert_eq!(
        warnings(&scenario),
        [("scenario::never", "clusters.0.commands.0")]
    );
}

#[test]
fn sessions_are_busy_or_a_burst_of_commands() {
    let plan = one("    sessions:
      - { days: [mon], start: \"09:00\", minutes: 60 }
      - { days: [mon], start: \"09:00\", minutes: 60, kind: command }
      - { days: [mon], start: \"09:00\", minutes: { min: 30, max: 90 }, kind: jdbc, then: terminate }
      - { days: [mon], start: \"09:00\", minutes: 60, kind: structured_streaming, then: idle }
      - { on: 2026-10-05, start: \"09:00\", minutes: 60, kind: dstream }
      - { days: [mon], start: \"09:00\", commands: { count: { min: 3, max: 5 }, pause_seconds: 120, work: { driver_seconds: 2 } } }
      - { days: [mon], start: \"09:00\", commands: { count: 0, work: { driver_seconds: 2 } } }
");
    let busy = |min, max, kind| Activity::Busy {
        minutes: Between { min, max },
        kind,
    };
    let burst = |min, max, pause| Activity::Commands {
        count: Between { min, max },
        pause_seconds: Between::exactly(pause),
        work: std::sync::Arc::new(Work::of_driver(Between::exactly(2))),
    };
    let read: Vec<_> = plan.sessions.into_iter().map(|s| (s.activity, s.then)).collect();
    assert_eq!(
        read,
        [
            (busy(60, 60, BusyKind::Command), Afterwards::Idle),
            (busy(60, 60, BusyKind::Command), Afterwards::Idle),
            (busy(30, 90, BusyKind::Jdbc), Afterwards::Terminate),
            (busy(60, 60, BusyKind::StructuredStreaming), Afterwards::Idle),
            (busy(60, 60, BusyKind::DStream), Afterwards::Idle),
            (burst(3, 5, 120), Afterwards::Idle),
            (burst(0, 0, 0), Afterwards::Idle),
        ]
    );
    let problems = wrong("    sessions:
      - { days: [mon], start: \"09:00\" }
      - { days: [mon], start: \"09:00\", minutes: 1, commands: { count: 1, work: { driver_seconds: 2 } } }
      - { days: [mon], start: \"09:00\", kind: jdbc, commands: { count: { min: 2, max: 1 }, pause_seconds: { min: 2, max: 1 }, work: { driver_seconds: { min: 2, max: 1 } } } }
");
    assert_eq!(
        seen(&problems),
        [
            ("clusters.0.sessions.0", 8, "scenario::one-of"),
            ("clusters.0.sessions.1", 9, "scenario::one-of"),
            ("clusters.0.sessions.2.kind", 10, "scenario::one-of"),
            ("clusters.0.sessions.2.commands.count", 10, "scenario::range"),
            (
                "clusters.0.sessions.2.commands.pause_seconds",
                10,
                "scenario::range"
            ),
            (
                "clusters.0.sessions.2.commands.work.driver_seconds",
                10,
                "scenario::range"
            ),
        ]
    );
    for wrong_one in [
        "minutes: 1, kind: spark",
        "commands: { count: 1 }",
        "commands: { count: 1, work: {} }",
    ] {
        let problems = wrong(&format!(
            "    sessions: [ {{ on: 2026-10-05, start: \"09:00\", {wrong_one} }} ]\n"
        ));
        assert_eq!(problems[0].2, "scenario::schema", "{wrong_one}");
    }
}

/// Reads stages; their dependencies.
fn stages(text: &str) -> Result<Vec<Stage>, Problems> {
    let lines = format!(
        "    sessions:\n      - on: 2026-10-05\n        start: \"09:00\"\n        commands:\n          count: 1\n          work:\n            stages:\n{text}"
    );
    let scenario = parse(MAIN, &[&cluster(&lines)])?;
    match &scenario.clusters[0].sessions[0].activity {
        Activity::Commands { work, .. } => Ok(work.stages.clone()),
        Activity::Busy { .. } => panic!(),
    }
}

#[test]
fn a_stage_follows_the_one_before_unless_it_says_otherwise() {
    let read = stages("            - { name: scan, tasks: 200, task_seconds: { min: 3, max: 9 }, remote_percent: 40, disk_mb_per_task: 512 }
            - { name: lookup, tasks: 4, task_seconds: 1, with_previous: true }
            - { name: join, tasks: 64, task_seconds: 2, after: [scan, lookup] }
            - { name: beside, tasks: 1, task_seconds: 2, with_previous: true }
            - { tasks: 1, task_seconds: 0, after: [3, 0, join, 0] }
            - { tasks: 0, task_seconds: 2 }
            - { tasks: 1, task_seconds: 2, after: [] }
")
    .unwrap();
    let after: Vec<_> = read.iter().map(|s| s.after.clone()).collect();
    assert_eq!(
        after,
        [
            vec![],
            vec![],
            vec![0, 1],
            vec![0, 1],
            vec![0, 2, 3],
            vec![4],
            vec![]
        ]
    );
    let scan = Stage {
        tasks: 200,
        task_seconds: Between { min: 3, max: 9 },
        after: vec![],
        remote_percent: Some(40),
        disk_mb_per_task: 512,
    };
    assert_eq!(read[0], scan);
    assert_eq!((read[1].remote_percent, read[1].disk_mb_per_task), (None, 0));
}

#[test]
fn stages_that_cannot_be_are_told() {
    let problems = stages(
        "            - { name: scan, tasks: 2, task_seconds: 1, with_previous: true }
            - { name: scan, tasks: 2, task_seconds: { min: 2, max: 1 } }
            - { name: join, tasks: 2, task_seconds: 1, after: [scna, 2, join] }
            - { tasks: 2, task_seconds: 1, after: [scan], with_previous: true }
",
    )
    .unwrap_err();
    let stage = |rest: &str| format!("clusters.0.sessions.0.commands.work.stages.{rest}");
    let expected = [
        (stage("0.with_previous"), "scenario::order"),
        (stage("1.name"), "scenario::duplicate"),
        (stage("1.task_seconds"), "scenario::range"),
        (stage("2.after.0"), "scenario::unknown-name"),
        (stage("2.after.1"), "scenario::unknown-name"),
        (stage("2.after.2"), "scenario::unknown-name"),
        (stage("3"), "scenario::one-of"),
    ];
    let problems: Vec<_> = problems.into_iter().map(|(path, _, code)| (path, code)).collect();
    assert_eq!(problems, expected);
}
