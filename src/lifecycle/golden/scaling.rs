//! More and fewer workers: autoscaling and resizes.

use serde_json::{Value, json};

use super::super::between::Between;
use super::super::fixture::*;
use super::super::hazard::{Incident, IncidentKind, Quota};
use super::super::simulation::{Command, Outcome, Simulation};
use super::super::workload::Session;
use super::told::*;
use crate::model::place::Tier;

fn range(min: u32, max: u32) -> Value {
    json!({"autoscale": {"min_workers": min, "max_workers": max}, "node_type_id": "Standard_DS3_v2",
        "autotermination_minutes": 30})
}

fn fixed(workers: u32) -> Value {
    json!({"num_workers": workers, "node_type_id": "Standard_DS3_v2", "autotermination_minutes": 30})
}

fn asks(session: Session, request: Value, change: impl FnOnce(&mut Simulation)) -> Outcome {
    outcome_of(|s| {
        s.clusters = vec![cluster("adhoc", "08:00:00", request, vec![session])];
        change(s);
    })
}

/// 40 tasks of 600 s from 08:10:00 want 10 workers of 4 cores; 5 is the most. Half of the range, 2, at 08:10:10, the
/// other half 10 s after those have come.
///
/// Tasks: 4 on the first worker (08:10:00), 8 on the next two (08:13:40), 8 on the last two (08:17:20); a second time
/// each from 08:20:00, 08:23:40 and 08:27:20, to 08:30:00, 08:33:40 and 08:37:20: all 40. Workers that were idle for
/// 150 s go: one at 08:32:30, two at 08:36:10, and one of the last two at 08:39:50, down to the minimum.
#[test]
fn optimised_autoscaling_reaches_the_maximum_in_two_steps_and_takes_idle_workers_away() {
    let outcome = asks(query("08:10", stages(&[(40, 600)])), range(1, 5), |_| ());
    assert_eq!(
        told(&outcome),
        [
            "08:00:00 CREATING size 1-5 by ana",
            "08:04:00 RUNNING 1/1",
            "08:04:00 DRIVER_HEALTHY",
            "08:10:10 RESIZING 1/3 AUTOSCALE",
            "08:13:40 UPSIZE_COMPLETED 3/3",
            "08:13:50 RESIZING 3/5 AUTOSCALE",
            "08:17:20 UPSIZE_COMPLETED 5/5",
            "08:32:30 RESIZING 5/4 AUTOSCALE",
            "08:36:10 RESIZING 4/2 AUTOSCALE",
            "08:39:50 RESIZING 2/1 AUTOSCALE",
            // Since 08:04:00: 1710 s, three times 1350, 2800; each of the five was busy for 1200.
            "09:04:00 AUTOSCALING_STATS_REPORT 8560 s, 2560 unused",
            "09:07:20 TERMINATING INACTIVITY SUCCESS inactivity_duration_min=30",
        ]
    );
    assert_eq!(sent(&outcome), ["08:10:00 08:10:00 08:37:20 done"]);
    // VM: driver 08:00:00 to 09:08:20, 4100 s; first worker to 08:32:30, 1950; two from 08:10:10 to 08:36:10, 1560 each;
    // one from 08:13:50 to 08:39:50, 1560; one from 08:13:50 to 09:08:20, 3270.
    let vm = 4_100 + 1_950 + 2 * 1_560 + 1_560 + 3_270;
    // DBU: driver 08:04:00 to 09:07:20, 3800; 1710; two from 08:13:40, 1350 each; from 08:17:20 1350 and 3000.
    let dbu = 3_800 + 1_710 + 2 * 1_350 + 1_350 + 3_000;
    assert_eq!(billed(&outcome), (vm, dbu));
}

fn reports(outcome: &Outcome) -> Vec<String> {
    let mut lines = told(outcome);
    lines.retain(|line| line.contains("AUTOSCALING_STATS_REPORT"));
    lines
}

/// RUNNING at 08:04:00; 12 tasks of 300 s from 08:10:00. The first worker runs four to 08:15:00 and four to 08:20:00. A
/// second is asked for at 08:10:10, comes at 08:13:40 for four until 08:18:40, and goes after 150 s, at 08:21:10. A third is
/// asked for at 08:13:50, comes at 08:17:20, finds nothing to do and goes at 08:19:50.
#[test]
fn an_autoscaling_cluster_reports_every_hour_what_its_workers_were_there_for() {
    let mut request = range(1, 3);
    request["autotermination_minutes"] = json!(120);
    let outcome = asks(query("08:10", stages(&[(12, 300)])), request, |_| ());
    // Present 3600, 450 and 150 s; busy 600 and 300 s. In the second hour one worker, idle. At 10:20:00, 120 minutes after the
    // last task, the cluster ends, 16 minutes into the third.
    assert_eq!(
        reports(&outcome),
        [
            "09:04:00 AUTOSCALING_STATS_REPORT 4200 s, 3300 unused",
            "10:04:00 AUTOSCALING_STATS_REPORT 3600 s, 3600 unused",
        ]
    );
    let stats = outcome
        .events
        .iter()
        .find(|e| e.details.autoscaling_stats.is_some());
    assert_eq!(
        stats.unwrap().details.to_json(),
        r#"{"autoscaling_stats":{"total_instance_seconds":4200,"unused_instance_seconds":3300}}"#
    );
}

#[test]
fn hours_are_reported_from_the_resize_to_a_range_to_the_resize_to_a_number() {
    let mut request = fixed(2);
    request["autotermination_minutes"] = json!(0);
    let outcome = asks(query("08:10", stages(&[(1, 60)])), request, |s| {
        s.clusters[0].commands = vec![
            command(
                "08:30:00",
                Command::ResizeAutoscale {
                    min_workers: 2,
                    max_workers: 3,
                },
            ),
            command("09:40:00", Command::Resize(2)),
            command("12:00:00", Command::Delete),
        ];
    });
    assert_eq!(
        reports(&outcome),
        ["09:30:00 AUTOSCALING_STATS_REPORT 7200 s, 7200 unused"]
    );
}

#[test]
fn a_set_window_counts_up_to_ten_minutes() {
    // The first worker idles since 08:12:00, the others since 08:13:40: 40 s are over at once for the first, and 600 s, the
    // most there can be, at 08:22:00.
    for (set, down) in [("40", "08:13:40"), ("900", "08:22:00")] {
        let mut request = range(1, 4);
        request["spark_conf"] = json!({"spark.databricks.aggressiveWindowDownS": set});
        // 12 tasks of 40 s: 4 at 08:10:00, 4 at 08:10:40 and 4 at 08:11:20. At 08:10:10 3 workers are wanted, and a step
        // is half of the range, rounded up: 2. They come at 08:13:40 and find no work.
        let outcome = asks(query("08:10", stages(&[(12, 40)])), request, |_| ());
        assert_eq!(
            told(&outcome)[3..6],
            [
                "08:10:10 RESIZING 1/3 AUTOSCALE".to_owned(),
                "08:13:40 UPSIZE_COMPLETED 3/3".to_owned(),
                format!("{down} RESIZING 3/2 AUTOSCALE"),
            ]
        );
    }
}

/// 100 tasks of 600 s want 25 workers; 12 is the most. Eight more at first, then what is left.
///
/// Tasks: 4, 32 and 12 at 08:10:00, 08:13:40 and 08:17:20, then every 600 s the same again: 4 + 32 + 12 (48), 4 + 32 + 12
/// (96), 4 from 08:30:00 to 08:40:00. Ten minutes later one worker goes, then two, four, and the rest but the minimum.
#[test]
fn standard_autoscaling_grows_by_eight_and_shrinks_after_ten_idle_minutes() {
    let outcome = asks(query("08:10", stages(&[(100, 600)])), range(1, 12), |s| {
        s.workspaces[0].workspace.tier = Tier::Standard;
    });
    assert_eq!(
        told(&outcome)[3..],
        [
            "08:10:10 RESIZING 1/9 AUTOSCALE",
            "08:13:40 UPSIZE_COMPLETED 9/9",
            "08:13:50 RESIZING 9/12 AUTOSCALE",
            "08:17:20 UPSIZE_COMPLETED 12/12",
            "08:50:00 RESIZING 12/11 AUTOSCALE",
            "08:50:10 RESIZING 11/9 AUTOSCALE",
            "08:50:20 RESIZING 9/5 AUTOSCALE",
            "08:50:30 RESIZING 5/1 AUTOSCALE",
            // Workers by the counts below, less the driver, from 08:04:00 to 09:04:00; each four tasks keep one for 600 s.
            "09:04:00 AUTOSCALING_STATS_REPORT 27140 s, 12140 unused",
            "09:10:00 TERMINATING INACTIVITY SUCCESS inactivity_duration_min=30",
        ]
    );
    assert_eq!(sent(&outcome), ["08:10:00 08:10:00 08:40:00 done"]);
    // VM: two nodes (driver, one worker) that stay, of which the worker may be any: by the counts of the events.
    // 08:00:00 to 08:10:10 2 nodes, to 08:13:50 10, to 08:50:00 13, then 12, 10 and 6 for 10 s each, 2 to 09:11:00.
    let vm = 610 * 2 + 220 * 10 + 2_170 * 13 + 10 * (12 + 10 + 6) + 1_230 * 2;
    // DBU: 08:04:00 to 08:13:40 2, to 08:17:20 10, to 08:50:00 13, then the same, 2 to 09:10:00.
    let dbu = 580 * 2 + 220 * 10 + 1_960 * 13 + 10 * (12 + 10 + 6) + 1_170 * 2;
    assert_eq!(billed(&outcome), (vm, dbu));
}

#[test]
fn the_first_step_up_of_standard_autoscaling_can_be_set() {
    let mut request = range(1, 12);
    request["spark_conf"] = json!({"spark.databricks.autoscaling.standardFirstStepUp": "2"});
    let outcome = asks(query("08:10", stages(&[(100, 3_600)])), request, |s| {
        s.workspaces[0].workspace.tier = Tier::Standard;
    });
    // 2, then twice as many with each step; 220 s (10 s until it looks, 210 s of the machines) from one to the next.
    let lines = told(&outcome);
    let resizes: Vec<&String> = lines.iter().filter(|l| l.contains("RESIZING")).take(3).collect();
    assert_eq!(
        resizes,
        [
            "08:10:10 RESIZING 1/3 AUTOSCALE",
            "08:13:50 RESIZING 3/7 AUTOSCALE",
            "08:17:30 RESIZING 7/12 AUTOSCALE",
        ]
    );
}

/// A worker is lost at 08:20:00; recovery brings another after 10 s.
#[test]
fn a_lost_worker_of_an_autoscaling_cluster_is_replaced() {
    let outcome = asks(query("08:10", stages(&[(8, 3_000)])), range(1, 2), |s| {
        s.incidents = vec![Incident {
            at: at("08:20:00"),
            object: "adhoc".to_owned(),
            what: IncidentKind::LoseWorker(1),
        }];
    });
    assert_eq!(
        told(&outcome)[3..10],
        [
            "08:10:10 RESIZING 1/2 AUTOSCALE",
            "08:13:40 UPSIZE_COMPLETED 2/2",
            "08:20:00 NODES_LOST 1/2 @worker COMMUNICATION_LOST SERVICE_FAULT instance_id",
            "08:20:10 RESIZING 1/2 AUTORECOVERY",
            "08:23:40 UPSIZE_COMPLETED 2/2",
            // 960, 3020 and 2420 s, of which 600, 3000 and 2420 busy.
            "09:04:00 AUTOSCALING_STATS_REPORT 6400 s, 380 unused",
            // Four tasks of the second worker end at 08:13:40 + 3000 s, the four that were lost at 08:23:40 + 3000 s.
            "09:06:10 RESIZING 2/1 AUTOSCALE",
        ]
    );
    assert_eq!(sent(&outcome), ["08:10:00 08:10:00 09:13:40 done"]);
    // Ran from 08:10:00 to 08:20:00 and were lost: 4 x 600 s.
    assert_eq!(outcome.clusters[0].lost_task_seconds, 2_400);
}

/// 12 tasks of 600 s: three workers by 08:17:20, of which the first has nothing to do from 08:20:00 on and would go at
/// 08:22:30. Four tasks keep it busy again from 08:22:00 on, and the second is lost at 08:22:20: when autoscaling looks,
/// nobody is idle, and one worker missing is no reason to aim at fewer. Recovery comes 60 s after the loss.
#[test]
fn a_missing_worker_is_not_an_idle_one() {
    let outcome = asks(query("08:10", stages(&[(12, 600)])), range(1, 3), |s| {
        s.timing.recover = Between::exactly(60);
        s.clusters[0].sessions.push(query("08:22", stages(&[(4, 1_000)])));
        s.incidents = vec![Incident {
            at: at("08:22:20"),
            object: "adhoc".to_owned(),
            what: IncidentKind::LoseWorker(2),
        }];
    });
    assert_eq!(
        told(&outcome)[3..9],
        [
            "08:10:10 RESIZING 1/2 AUTOSCALE",
            "08:13:40 UPSIZE_COMPLETED 2/2",
            "08:13:50 RESIZING 2/3 AUTOSCALE",
            "08:17:20 UPSIZE_COMPLETED 3/3",
            "08:22:20 NODES_LOST 2/3 @worker COMMUNICATION_LOST SERVICE_FAULT instance_id",
            "08:23:20 RESIZING 2/3 AUTORECOVERY",
        ]
    );
}

#[test]
fn a_user_resizes_up_and_down_and_the_machines_come_and_go() {
    let outcome = asks(session("08:00", 60), fixed(1), |s| {
        s.clusters[0].commands = vec![
            command("08:10:00", Command::Resize(3)),
            command("08:20:00", Command::Resize(0)),
        ];
    });
    assert_eq!(
        told(&outcome)[3..6],
        [
            "08:10:00 RESIZING 1/3 USER_REQUEST by ana",
            "08:13:30 UPSIZE_COMPLETED 3/3",
            "08:20:00 RESIZING 3/0 USER_REQUEST by ana",
        ]
    );
    // 12 cores more than the 8 there are: driver and one worker, then three.
    let details = &outcome.events[3].details;
    assert_eq!(
        (details.current_num_vcpus, details.target_num_vcpus),
        (Some(8), Some(16))
    );
    // Driver: 08:00:00 to 09:35:00 and 08:04:00 to 09:34:00. One worker from the beginning to 08:20:00, two from 08:10:00.
    assert_eq!(billed(&outcome), (5_700 + 1_200 + 2 * 600, 5_400 + 960 + 2 * 390));
}

/// 8 tasks of 100 s keep both workers busy to 08:11:40. One is to go at 08:11:00 and may finish first, at most 60 s.
#[test]
fn a_busy_worker_finishes_its_tasks_before_it_goes() {
    let outcome = asks(query("08:10", stages(&[(8, 100)])), fixed(2), |s| {
        s.clusters[0].commands = vec![command("08:11:00", Command::Resize(1))];
    });
    assert_eq!(
        told(&outcome)[3..6],
        [
            "08:11:00 RESIZING 2/1 USER_REQUEST by ana",
            "08:11:00 DECOMMISSION_STARTED",
            "08:11:40 DECOMMISSION_ENDED",
        ]
    );
    assert_eq!(sent(&outcome), ["08:10:00 08:10:00 08:11:40 done"]);
    assert_eq!(outcome.clusters[0].lost_task_seconds, 0);
    // Idle from 08:11:40: to 08:41:40, gone 08:42:40. The worker that goes: 700 s of VM, 460 s of DBU.
    assert_eq!(billed(&outcome), (2 * 2_560 + 700, 2 * 2_260 + 460));
}

/// Tasks of 1000 s do not end in time: 4 x 120 s are lost at 08:12:00, and run again after the other four, at 08:26:40.
#[test]
fn a_worker_that_does_not_finish_in_time_goes_and_its_tasks_run_again() {
    let outcome = asks(query("08:10", stages(&[(8, 1_000)])), fixed(2), |s| {
        s.clusters[0].commands = vec![command("08:11:00", Command::Resize(1))];
    });
    assert_eq!(told(&outcome)[5], "08:12:00 DECOMMISSION_ENDED");
    assert_eq!(sent(&outcome), ["08:10:00 08:10:00 08:43:20 done"]);
    assert_eq!(outcome.clusters[0].lost_task_seconds, 480);
}

/// The one that is to go at 08:12:00 at the latest is lost before, or its disk is full: nobody is decommissioned any more.
#[test]
fn a_decommissioned_worker_that_is_lost_has_ended_too() {
    for (what, line) in [
        (
            IncidentKind::LoseWorker(2),
            "08:11:30 NODES_LOST 1/1 @worker COMMUNICATION_LOST SERVICE_FAULT instance_id",
        ),
        (IncidentKind::DiskFull(2), "08:11:30 NODE_BLACKLISTED @worker"),
    ] {
        let outcome = asks(query("08:10", stages(&[(8, 1_000)])), fixed(2), |s| {
            s.clusters[0].commands = vec![command("08:11:00", Command::Resize(1))];
            s.incidents = vec![Incident {
                at: at("08:11:30"),
                object: "adhoc".to_owned(),
                what,
            }];
        });
        assert_eq!(
            told(&outcome)[3..7],
            [
                "08:11:00 RESIZING 2/1 USER_REQUEST by ana",
                "08:11:00 DECOMMISSION_STARTED",
                line,
                "08:11:30 DECOMMISSION_ENDED",
            ]
        );
    }
}

/// 8 vCPUs are the driver and one worker of the two that are the minimum. That autoscaling gets no more at 08:04:20 is no
/// reason to want fewer than the minimum.
#[test]
fn autoscaling_that_comes_short_keeps_to_the_minimum() {
    let outcome = asks(query("08:04:10", stages(&[(100, 600)])), range(2, 4), |s| {
        s.timing.enough_workers_percent = 50;
        s.timing.recover = Between::exactly(60);
        s.hazards.quotas = vec![Quota {
            workspace: "w".to_owned(),
            vcpus: 8,
        }];
    });
    let why = "AZURE_QUOTA_EXCEEDED_EXCEPTION CLOUD_FAILURE quota_vcpus=8 used_vcpus=8";
    assert_eq!(
        told(&outcome)[3..6],
        [
            "08:04:20 RESIZING 1/3 AUTOSCALE".to_owned(),
            format!("08:04:20 ADD_NODES_FAILED 1/3 {why}"),
            format!("08:04:20 UPSIZE_COMPLETED 1/2 {why}"),
        ]
    );
    // 60 s after 08:04:00, and in between autoscaling again every 10 s.
    assert!(told(&outcome).contains(&"08:05:00 RESIZING 1/2 AUTORECOVERY".to_owned()));
}

#[test]
fn a_resize_to_a_range_keeps_the_workers_that_are_in_it_and_scales_from_there() {
    let outcome = asks(query("08:20", stages(&[(40, 600)])), fixed(1), |s| {
        let range = Command::ResizeAutoscale {
            min_workers: 2,
            max_workers: 3,
        };
        s.clusters[0].commands = vec![command("08:10:00", range)];
    });
    assert_eq!(
        told(&outcome)[3..7],
        [
            "08:10:00 RESIZING 1/2 USER_REQUEST by ana",
            "08:13:30 UPSIZE_COMPLETED 2/2",
            "08:20:10 RESIZING 2/3 AUTOSCALE",
            "08:23:40 UPSIZE_COMPLETED 3/3",
        ]
    );
}
