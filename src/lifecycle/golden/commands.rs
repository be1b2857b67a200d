//! What users ask of clusters, and what they are answered.

use chrono::Days;
use serde_json::{Value, json};

use super::super::fixture::*;
use super::super::simulation::{Command, Outcome, Simulation};
use super::super::workload::Session;
use super::told::*;
use crate::databricks::state::State;
use crate::model::period::parse_instant;

fn fixed(workers: u32) -> Value {
    json!({"num_workers": workers, "node_type_id": "Standard_DS3_v2"})
}

fn asked(commands: &[(&str, Command)]) -> Outcome {
    with_sessions(commands, Vec::new())
}

fn with_sessions(commands: &[(&str, Command)], sessions: Vec<Session>) -> Outcome {
    outcome_of(|s| {
        let mut adhoc = cluster("adhoc", "08:00:00", fixed(1), sessions);
        adhoc.commands = commands
            .iter()
            .map(|(time, c)| command(time, c.clone()))
            .collect();
        s.clusters = vec![adhoc];
    })
}

fn edit(request: Value) -> Command {
    Command::Edit(Box::new(admitted(request)))
}

/// PENDING to 08:04:00, RUNNING, RESTARTING from 08:20:00 to 08:20:30, RESIZING from 08:30:00 to 08:33:30, TERMINATING
/// from 08:40:00 to 08:41:00, TERMINATED, gone at 09:00:00.
#[test]
fn what_is_not_in_order_in_a_state_is_refused_in_the_words_of_the_api() {
    let mut commands = vec![
        ("08:20:00", Command::Restart),
        ("08:30:00", Command::Resize(2)),
        ("08:40:00", Command::Delete),
        ("09:00:00", Command::PermanentDelete),
    ];
    let for_running = || {
        let range = Command::ResizeAutoscale {
            min_workers: 1,
            max_workers: 2,
        };
        [Command::Restart, edit(fixed(3)), Command::Resize(3), range]
    };
    let mut expected = Vec::new();
    for (time, state) in [
        ("08:01:00", "Pending"),
        ("08:10:00", "Running"),
        ("08:20:10", "Restarting"),
        ("08:31:00", "Resizing"),
        ("08:40:30", "Terminating"),
        ("08:50:00", "Terminated"),
        ("09:10:00", ""),
    ] {
        let wrong: Vec<Command> = match state {
            "Running" => vec![Command::Start],
            // An edit of a terminated cluster is in order.
            "Terminated" => vec![Command::Restart, Command::Resize(3)],
            "" => {
                let others = [
                    Command::Delete,
                    Command::PermanentDelete,
                    Command::Pin,
                    Command::Unpin,
                ];
                [Command::Start]
                    .into_iter()
                    .chain(for_running())
                    .chain(others)
                    .collect()
            }
            _ => [Command::Start].into_iter().chain(for_running()).collect(),
        };
        for command in wrong {
            expected.push((at(time), command.as_str(), state));
            commands.push((time, command));
        }
    }
    commands.sort_by_key(|(time, _)| *time);
    let outcome = asked(&commands);
    let id = only_cluster(&outcome);
    assert_eq!(outcome.refusals.len(), expected.len());
    for (refusal, (at, call, state)) in outcome.refusals.iter().zip(expected) {
        assert_eq!((refusal.at, refusal.call, &*refusal.cluster_id), (at, call, &*id));
        let (code, message) = if state.is_empty() {
            ("INVALID_PARAMETER_VALUE", format!("Cluster {id} does not exist"))
        } else {
            (
                "INVALID_STATE",
                format!("Cluster {id} is in unexpected state {state}."),
            )
        };
        assert_eq!((refusal.error_code, &refusal.message), (code, &message));
    }
    assert_eq!(
        told(&outcome)[3..],
        [
            "08:20:00 RESTARTING by ana",
            "08:20:30 RUNNING 1/1",
            "08:20:30 DRIVER_HEALTHY",
            "08:30:00 RESIZING 1/2 USER_REQUEST by ana",
            "08:33:30 UPSIZE_COMPLETED 2/2",
            "08:40:00 TERMINATING by ana USER_REQUEST SUCCESS username=ana@example.com",
        ]
    );
    assert_eq!(outcome.clusters[0].gone, Some(at("09:00:00")));
}

#[test]
fn a_second_delete_changes_nothing() {
    let delete = |time| (time, Command::Delete);
    let outcome = asked(&[delete("08:10:00"), delete("08:10:30"), delete("08:20:00")]);
    assert_eq!(told(&outcome).len(), 4);
    assert!(outcome.refusals.is_empty());
}

/// Machines stay from 08:00:00 to 08:31:00; DBU from 08:04:00 to 08:20:00 and from 08:20:30 to 08:30:00.
#[test]
fn a_restart_keeps_the_machines_and_loses_the_work() {
    let commands = [("08:20:00", Command::Restart), ("08:30:00", Command::Delete)];
    let outcome = with_sessions(&commands, vec![query("08:19:30", stages(&[(4, 100)]))]);
    assert_eq!(
        told(&outcome)[3..],
        [
            "08:20:00 RESTARTING by ana",
            "08:20:30 RUNNING 1/1",
            "08:20:30 DRIVER_HEALTHY",
            "08:30:00 TERMINATING by ana USER_REQUEST SUCCESS username=ana@example.com",
        ]
    );
    assert_eq!(
        machines(&outcome),
        [
            "driver on_demand 08:00:00 08:31:00",
            "worker on_demand 08:00:00 08:31:00"
        ]
        .map(str::to_owned)
    );
    assert_eq!(billed(&outcome), (2 * 1_860, 2 * (960 + 570)));
    assert_eq!(sent(&outcome), ["08:19:30 08:19:30 08:20:00 lost"]);
    assert_eq!(outcome.clusters[0].lost_task_seconds, 120);
}

/// Init scripts have run on machines that stay; on new ones, after an edit to spot, they run.
#[test]
fn init_scripts_run_once_on_a_machine() {
    let scripts = json!([{"workspace": {"destination": "/a.sh"}}]);
    let mut request = fixed(0);
    request["init_scripts"] = scripts;
    let mut changed = request.clone();
    changed["azure_attributes"] = json!({"availability": "SPOT_AZURE"});
    let outcome = outcome_of(|s| {
        s.pools = vec![pool("pool-a", json!({"min_idle_instances": 3}))];
        for name in ["own", "of-pool"] {
            let (mut request, mut changed) = (request.clone(), changed.clone());
            if name == "of-pool" {
                for r in [&mut request, &mut changed] {
                    r["instance_pool_id"] = json!("pool-a");
                }
            }
            let mut adhoc = cluster(name, "08:00:00", request, Vec::new());
            adhoc.commands = vec![
                command("09:00:00", Command::Restart),
                command("10:00:00", Command::Edit(Box::new(admitted(changed)))),
            ];
            s.clusters.push(adhoc);
        }
    });
    let scripts_at = |cluster: usize| {
        let id = &outcome.clusters[cluster].subject.cluster_id;
        let story = story(&outcome, id);
        story
            .into_iter()
            .filter(|l| l.contains("INIT_SCRIPTS_STARTED"))
            .collect::<Vec<_>>()
    };
    // 210 s of a new machine; none of one that a pool holds (no image time here).
    assert_eq!(
        scripts_at(0),
        ["08:03:30 INIT_SCRIPTS_STARTED", "10:03:30 INIT_SCRIPTS_STARTED"]
    );
    assert_eq!(
        scripts_at(1),
        ["08:00:00 INIT_SCRIPTS_STARTED", "10:00:00 INIT_SCRIPTS_STARTED"]
    );
}

#[test]
fn an_edit_restarts_a_running_cluster_on_what_it_asks_for() {
    let mut spot = fixed(2);
    spot["azure_attributes"] = json!({"availability": "SPOT_AZURE", "first_on_demand": 1});
    let outcome = asked(&[("09:00:00", edit(spot.clone())), ("10:00:00", Command::Delete)]);
    assert_eq!(
        told(&outcome)[3..],
        [
            "09:00:00 EDITED size 2 by ana",
            "09:00:00 RESTARTING by ana",
            "09:04:00 RUNNING 2/2",
            "09:04:00 DRIVER_HEALTHY",
            "10:00:00 TERMINATING by ana USER_REQUEST SUCCESS username=ana@example.com",
        ]
    );
    let edited = &outcome.events[3].details;
    assert_eq!(edited.attributes.as_deref(), Some(&spot));
    assert_eq!(edited.previous_attributes.as_deref(), Some(&fixed(1)));
    assert_eq!(
        machines(&outcome),
        [
            "driver on_demand 08:00:00 09:00:00",
            "worker on_demand 08:00:00 09:00:00",
            "driver on_demand 09:00:00 10:01:00",
            "worker spot 09:00:00 10:01:00",
            "worker spot 09:00:00 10:01:00",
        ]
        .map(str::to_owned)
    );
    // VM: 2 x 3600 and 3 x 3660; DBU: 2 x 3360 (from 08:04:00) and 3 x 3360 (from 09:04:00).
    assert_eq!(billed(&outcome), (2 * 3_600 + 3 * 3_660, 2 * 3_360 + 3 * 3_360));
}

#[test]
fn an_edit_of_a_terminated_cluster_counts_from_its_next_start() {
    let commands = [
        ("08:30:00", Command::Delete),
        ("09:00:00", edit(fixed(3))),
        ("10:00:00", Command::Start),
        ("11:00:00", Command::Delete),
    ];
    let outcome = asked(&commands);
    assert_eq!(
        told(&outcome)[4..],
        [
            "09:00:00 EDITED size 3 by ana",
            "10:00:00 STARTING size 3 by ana",
            "10:04:00 RUNNING 3/3",
            "10:04:00 DRIVER_HEALTHY",
            "11:00:00 TERMINATING by ana USER_REQUEST SUCCESS username=ana@example.com",
        ]
    );
    // 08:00:00 to 08:31:00 and 08:04:00 to 08:30:00 twice; 10:00:00 to 11:01:00 and 10:04:00 to 11:00:00 four times.
    assert_eq!(billed(&outcome), (2 * 1_860 + 4 * 3_660, 2 * 1_560 + 4 * 3_360));
}

/// 8 tasks of 60 s from 11:00:00 and 4 of 10 s from 11:00:30 on 4 cores: see `work::first_in_first_out_and_fair`.
#[test]
fn an_edit_of_a_terminated_cluster_changes_how_its_cores_are_shared() {
    let mut fifo = fixed(1);
    fifo["spark_conf"] = json!({"spark.scheduler.mode": "FIFO"});
    let commands = [
        ("08:30:00", Command::Delete),
        ("09:00:00", edit(fifo)),
        ("10:00:00", Command::Start),
    ];
    let sessions = vec![
        query("11:00", stages(&[(8, 60)])),
        query("11:00:30", stages(&[(4, 10)])),
    ];
    let outcome = with_sessions(&commands, sessions);
    assert_eq!(
        sent(&outcome),
        [
            "11:00:00 11:00:00 11:02:00 done",
            "11:00:30 11:00:30 11:02:10 done"
        ]
    );
}

#[test]
fn a_resize_is_remembered_by_the_next_start() {
    let commands = [
        ("08:10:00", Command::Resize(2)),
        ("08:20:00", Command::Delete),
        ("08:30:00", Command::Start),
    ];
    assert_eq!(
        told(&asked(&commands))[6..8],
        ["08:30:00 STARTING size 2 by ana", "08:34:00 RUNNING 2/2"]
    );
    let range = Command::ResizeAutoscale {
        min_workers: 3,
        max_workers: 5,
    };
    let commands = [
        ("08:10:00", range),
        ("08:20:00", Command::Delete),
        ("08:30:00", Command::Start),
    ];
    assert_eq!(
        told(&asked(&commands))[6..8],
        ["08:30:00 STARTING size 3-5 by ana", "08:34:00 RUNNING 3/3"]
    );
}

/// Terminated at 08:11:00 of 2026-10-01; 30 days later is 2026-10-31.
fn for_two_months(commands: &[(&str, Command)]) -> Outcome {
    outcome_of(|s: &mut Simulation| {
        s.period.end = s.period.end.checked_add_days(Days::new(60)).unwrap();
        let mut adhoc = cluster("adhoc", "08:00:00", fixed(1), Vec::new());
        adhoc.commands = vec![command("08:10:00", Command::Delete)];
        for (time, command) in commands {
            adhoc
                .commands
                .push((parse_instant(time).unwrap(), command.clone()));
        }
        s.clusters = vec![adhoc];
    })
}

#[test]
fn thirty_days_after_its_termination_a_cluster_is_gone_unless_it_is_pinned() {
    let gone = |o: &Outcome| o.clusters[0].gone;
    let instant = |text| parse_instant(text).ok();
    let pin = ("2026-10-05T00:00:00Z", Command::Pin);
    let start = ("2026-11-01T00:00:00Z", Command::Start);

    let outcome = for_two_months(std::slice::from_ref(&start));
    assert_eq!(gone(&outcome), instant("2026-10-31T08:11:00Z"));
    let id = only_cluster(&outcome);
    assert_eq!(
        outcome.refusals[0].message,
        format!("Cluster {id} does not exist")
    );

    let outcome = for_two_months(&[pin.clone(), pin.clone()]);
    assert_eq!((gone(&outcome), outcome.clusters[0].pinned), (None, true));
    // The second pin changes nothing.
    assert_eq!(told(&outcome)[4..], ["00:00:00 PINNED by ana"]);

    // Unpinned before the 30 days are over, it goes then; after them, at once.
    for (unpinned, expected) in [
        ("2026-10-20T00:00:00Z", "2026-10-31T08:11:00Z"),
        ("2026-11-10T00:00:00Z", "2026-11-10T00:00:00Z"),
    ] {
        let outcome = for_two_months(&[pin.clone(), (unpinned, Command::Unpin)]);
        assert_eq!(gone(&outcome), instant(expected));
        assert_eq!(
            told(&outcome)[4..],
            ["00:00:00 PINNED by ana", "00:00:00 UNPINNED by ana"]
        );
    }

    // Started in between, the 30 days count anew.
    let again = [
        ("2026-10-20T00:00:00Z", Command::Start),
        ("2026-10-20T01:00:00Z", Command::Delete),
    ];
    assert_eq!(gone(&for_two_months(&again)), instant("2026-11-19T01:01:00Z"));
}

#[test]
fn a_permanently_deleted_cluster_is_gone_when_it_is_down() {
    // Running: gone when TERMINATED. TERMINATING since 08:10:00: the same. TERMINATED: at once.
    for (commands, gone) in [
        (vec![("08:10:00", Command::PermanentDelete)], "08:11:00"),
        (
            vec![
                ("08:10:00", Command::Delete),
                ("08:10:30", Command::PermanentDelete),
            ],
            "08:11:00",
        ),
        (
            vec![
                ("08:10:00", Command::Delete),
                ("08:20:00", Command::PermanentDelete),
            ],
            "08:20:00",
        ),
    ] {
        let outcome = with_sessions(&commands, vec![session("09:00", 10)]);
        assert_eq!(outcome.clusters[0].gone, Some(at(gone)));
        assert_eq!(outcome.clusters[0].state, State::Terminated);
        assert_eq!(told(&outcome).len(), 4);
    }
}

/// A command that waits for a cluster to be down, so that it can be started, is lost if it never will be.
#[test]
fn what_waits_for_a_cluster_that_goes_for_good_is_told_so() {
    for last in [Command::Retire, Command::PermanentDelete] {
        let commands = [("08:10:00", Command::Delete), ("08:10:30", last)];
        let outcome = with_sessions(&commands, vec![query("08:10:10", stages(&[(1, 10)]))]);
        assert_eq!(sent(&outcome), ["08:10:10 - 08:10:30 lost"]);
    }
}

#[test]
fn a_hundred_clusters_can_be_pinned() {
    let outcome = outcome_of(|s| {
        for number in 0..101 {
            let mut adhoc = cluster(&format!("c{number:03}"), "08:00:00", fixed(0), Vec::new());
            adhoc.commands = vec![
                command("08:10:00", Command::Pin),
                command("08:20:00", Command::Retire),
            ];
            s.clusters.push(adhoc);
        }
        // One that goes for good makes room.
        s.clusters[0]
            .commands
            .push(command("09:00:00", Command::PermanentDelete));
        s.clusters[100].commands.push(command("09:00:01", Command::Pin));
    });
    let [refusal] = outcome.refusals.as_slice() else {
        panic!("{:?}", outcome.refusals)
    };
    assert_eq!((refusal.at, refusal.call), (at("08:10:00"), "pin"));
    assert_eq!(refusal.error_code, "INVALID_PARAMETER_VALUE");
    let pinned = outcome
        .events
        .iter()
        .filter(|e| e.event_type.as_str() == "PINNED")
        .count();
    assert_eq!(pinned, 101);
}
