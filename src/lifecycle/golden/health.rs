//! What keeps a cluster alive, and what goes wrong with it.

use serde_json::{Value, json};

use super::super::between::Between;
use super::super::fixture::*;
use super::super::hazard::{Incident, IncidentKind};
use super::super::simulation::Outcome;
use super::super::workload::{Activity, BusyKind, Session};
use super::told::*;

const DISK: &str = "disk/AZURE/westus2/P15";
const MB: u64 = 1 << 20;

fn one_worker(more: Value) -> Value {
    let mut request =
        json!({"num_workers": 1, "node_type_id": "Standard_DS3_v2", "autotermination_minutes": 30});
    for (key, value) in more.as_object().unwrap() {
        request[key] = value.clone();
    }
    request
}

fn suffers(what: IncidentKind, more: Value, session: Session) -> Outcome {
    outcome_of(|s| {
        s.clusters = vec![cluster("adhoc", "08:00:00", one_worker(more), vec![session])];
        s.incidents = vec![Incident {
            at: at("08:10:30"),
            object: "adhoc".to_owned(),
            what,
        }];
    })
}

/// Busy from 08:04:00 to 10:04:00; 30 minutes of idleness count from there, or from 08:04:00 for what is not seen.
#[test]
fn a_streaming_query_keeps_a_cluster_alive_and_a_dstream_does_not() {
    for (kind, end) in [
        (BusyKind::StructuredStreaming, "10:34:00"),
        (BusyKind::Jdbc, "10:34:00"),
        (BusyKind::Command, "10:34:00"),
        (BusyKind::DStream, "08:34:00"),
    ] {
        let stream = Session {
            activity: Activity::Busy {
                minutes: Between::exactly(120),
                kind,
            },
            ..session("08:00", 0)
        };
        let outcome = outcome_of(|s| {
            s.clusters = vec![cluster("adhoc", "08:00:00", one_worker(json!({})), vec![stream])];
        });
        let expected = format!("{end} TERMINATING INACTIVITY SUCCESS inactivity_duration_min=30");
        assert_eq!(told(&outcome)[3..], [expected], "{kind:?}");
    }
}

#[test]
fn a_full_disk_costs_a_worker_where_none_can_be_added() {
    let outcome = suffers(IncidentKind::DiskFull(1), json!({}), session("08:00", 60));
    assert_eq!(
        told(&outcome)[3..],
        [
            "08:10:30 NODE_BLACKLISTED @worker",
            "08:10:40 RESIZING 0/1 REPLACE_BAD_NODES",
            "08:14:10 UPSIZE_COMPLETED 1/1",
            "09:34:00 TERMINATING INACTIVITY SUCCESS inactivity_duration_min=30",
        ]
    );
    // Driver 5700 and 5400 s; 08:00:00 to 08:10:30 and 08:10:40 to 09:35:00; 08:04:00 to 08:10:30 and 08:14:10 to 09:34:00.
    assert_eq!(billed(&outcome), (5_700 + 630 + 5_060, 5_400 + 390 + 4_790));
}

#[test]
fn a_full_disk_is_expanded_where_the_request_lets_it() {
    let outcome = suffers(
        IncidentKind::DiskFull(1),
        json!({"enable_elastic_disk": true}),
        session("08:00", 60),
    );
    assert_eq!(told(&outcome)[3], "08:10:30 EXPANDED_DISK @worker");
    let details = &outcome.events[3].details;
    // 100,000 MiB that are full, and a P15 of 256 GiB.
    assert_eq!(details.previous_disk_size, Some(100_000 * MB));
    assert_eq!(
        (details.disk_size, details.free_space),
        (Some(362_144 * MB), Some(0))
    );
    // To the end of the machine, 09:35:00.
    assert_eq!(seconds(&outcome, DISK, |_| true), 5_070);
    assert_eq!((outcome.added_disks.len(), outcome.added_disks[0].number), (1, 1));
    // 20 disks of 256 GiB are 5 TiB: with the 100,000 MiB only 19 fit.
    let outcome = outcome_of(|s| {
        s.clusters = vec![cluster(
            "adhoc",
            "08:00:00",
            one_worker(json!({"enable_elastic_disk": true})),
            vec![session("08:00", 60)],
        )];
        let full = |n: u32| Incident {
            at: at(&format!("08:{:02}:00", 10 + n)),
            object: "adhoc".to_owned(),
            what: IncidentKind::DiskFull(1),
        };
        s.incidents = (0..20).map(full).collect();
    });
    assert_eq!(outcome.added_disks.len(), 19);
    let lines = told(&outcome);
    assert_eq!(lines[3 + 19], "08:29:00 DID_NOT_EXPAND_DISK @worker");
    assert_eq!(lines[3 + 20], "08:29:00 NODE_BLACKLISTED @worker");
}

/// Tasks of 10 s leave 12,000 MiB each. Four at a time: 48,000 at 08:10:10, 96,000 at 08:10:20, which is more than nine
/// tenths of 100,000. The last two bring it to 120,000 of 362,144.
#[test]
fn what_tasks_leave_on_the_disk_makes_it_grow() {
    let mut work = stages(&[(10, 10)]);
    work.stages[0].disk_mb_per_task = 12_000;
    let outcome = outcome_of(|s| {
        let request = one_worker(json!({"enable_elastic_disk": true}));
        s.clusters = vec![cluster("adhoc", "08:00:00", request, vec![query("08:10", work)])];
    });
    assert_eq!(told(&outcome)[3], "08:10:20 EXPANDED_DISK @worker");
    assert_eq!(outcome.events[3].details.free_space, Some(4_000 * MB));
    assert_eq!(outcome.added_disks.len(), 1);
    // The command ends at 08:10:30; idle to 08:40:30, gone 08:41:30: 1870 s.
    assert_eq!(seconds(&outcome, DISK, |_| true), 1_870);
}

/// 8 tasks of 60 s on 4 cores from 08:10:00. From 08:10:30 on no task is launched for 60 s, so that the second half
/// begins at 08:11:30 instead of 08:11:00.
#[test]
fn a_driver_that_does_not_respond_launches_nothing() {
    let work = || query("08:10", stages(&[(8, 60)]));
    let outcome = suffers(IncidentKind::DriverNotResponding, json!({}), work());
    assert_eq!(
        told(&outcome)[3..],
        [
            "08:10:30 DRIVER_NOT_RESPONDING",
            "08:11:30 DRIVER_HEALTHY",
            "08:42:30 TERMINATING INACTIVITY SUCCESS inactivity_duration_min=30",
        ]
    );
    assert_eq!(sent(&outcome), ["08:10:00 08:10:00 08:12:30 done"]);
    // A metastore is away for 300 s, to 08:15:30; so is DBFS.
    for (what, event) in [
        (IncidentKind::MetastoreDown, "08:10:30 METASTORE_DOWN"),
        (IncidentKind::DbfsDown, "08:10:30 DBFS_DOWN"),
    ] {
        let outcome = suffers(what, json!({}), work());
        assert_eq!(told(&outcome)[3], event);
        assert_eq!(sent(&outcome), ["08:10:00 08:10:00 08:16:30 done"]);
    }
}

/// What the notebook computed is lost at 08:10:30, four tasks that had run for 30 s. The context is open again 25 s later;
/// idle since 08:10:30, the cluster ends at 08:40:30.
#[test]
fn an_exception_of_the_driver_fails_what_runs_and_the_cluster_goes_on() {
    let outcome = outcome_of(|s| {
        s.timing.spark_context = Between::exactly(25);
        let work = query("08:10", stages(&[(8, 60)]));
        s.clusters = vec![cluster("adhoc", "08:00:00", one_worker(json!({})), vec![work])];
        s.incidents = vec![Incident {
            at: at("08:10:30"),
            object: "adhoc".to_owned(),
            what: IncidentKind::SparkException,
        }];
    });
    // With the context, a start takes 265 s.
    assert_eq!(
        told(&outcome)[1..],
        [
            "08:04:25 RUNNING 1/1",
            "08:04:25 DRIVER_HEALTHY",
            "08:10:30 SPARK_EXCEPTION",
            "08:10:55 DRIVER_HEALTHY",
            "08:40:30 TERMINATING INACTIVITY SUCCESS inactivity_duration_min=30",
        ]
    );
    assert_eq!(sent(&outcome), ["08:10:00 08:10:00 08:10:30 lost"]);
    assert_eq!(outcome.clusters[0].lost_task_seconds, 4 * 30);
}

/// The only task of a run fails at 02:05:00 and is tried again on the cluster, which stays: ten minutes from there.
#[test]
fn a_task_that_an_exception_failed_is_tried_again_on_its_cluster() {
    let outcome = outcome_of(|s| {
        let mut etl = job("etl", "02:00", 10, one_worker(json!({})));
        etl.tasks[0].max_retries = 1;
        s.jobs = vec![etl];
        s.incidents = vec![Incident {
            at: at("02:05:00"),
            object: "etl".to_owned(),
            what: IncidentKind::SparkException,
        }];
    });
    assert_eq!(
        attempts(&outcome),
        [
            "main#0 02:00:00 02:04:00 02:05:00 RUN_EXECUTION_ERROR",
            "main#1 02:05:00 02:05:00 02:15:00 SUCCESS"
        ]
    );
    assert_eq!(
        told(&outcome)[3..],
        [
            "02:05:00 SPARK_EXCEPTION",
            "02:05:00 DRIVER_HEALTHY",
            "02:15:00 TERMINATING JOB_FINISHED SUCCESS",
        ]
    );
}

/// The four tasks that the worker runs at 08:10:30 end at 08:11:00, within the 60 s that it has; then it goes. Another is
/// asked for 10 s later and comes after 210 s, for the other four.
#[test]
fn an_excluded_worker_finishes_its_tasks_and_is_replaced() {
    let outcome = suffers(
        IncidentKind::ExcludeNode(1),
        json!({}),
        query("08:10", stages(&[(8, 60)])),
    );
    assert_eq!(
        told(&outcome)[3..6],
        [
            "08:11:00 NODE_EXCLUDED_DECOMMISSIONED @worker",
            "08:11:10 RESIZING 0/1 REPLACE_BAD_NODES",
            "08:14:40 UPSIZE_COMPLETED 1/1",
        ]
    );
    assert_eq!(sent(&outcome), ["08:10:00 08:10:00 08:15:40 done"]);
    assert_eq!(outcome.clusters[0].lost_task_seconds, 0);
    // Driver 08:00:00 to 08:46:40; workers 08:00:00 to 08:11:00 and 08:11:10 to 08:46:40. DBUs from 08:04:00, of the second
    // worker from 08:14:40, to 08:45:40.
    assert_eq!(billed(&outcome), (2_800 + 660 + 2_130, 2_500 + 420 + 1_860));
    // Tasks of 600 s are cut off after 60 s, when they had run for 90; a worker that runs nothing goes at once.
    let outcome = suffers(
        IncidentKind::ExcludeNode(1),
        json!({}),
        query("08:10", stages(&[(4, 600)])),
    );
    assert_eq!(told(&outcome)[3], "08:11:30 NODE_EXCLUDED_DECOMMISSIONED @worker");
    assert_eq!(outcome.clusters[0].lost_task_seconds, 4 * 90);
    let outcome = suffers(IncidentKind::ExcludeNode(1), json!({}), session("08:00", 60));
    assert_eq!(told(&outcome)[3], "08:10:30 NODE_EXCLUDED_DECOMMISSIONED @worker");
}

#[test]
fn two_outages_end_with_the_longer_one() {
    let outcome = outcome_of(|s| {
        let work = query("08:10", stages(&[(8, 60)]));
        s.clusters = vec![cluster("adhoc", "08:00:00", one_worker(json!({})), vec![work])];
        let incident = |time, what| Incident {
            at: at(time),
            object: "adhoc".to_owned(),
            what,
        };
        s.incidents = vec![
            incident("08:10:10", IncidentKind::MetastoreDown),
            incident("08:10:20", IncidentKind::DriverNotResponding),
        ];
    });
    // The driver responds at 08:11:20; the metastore is back at 08:15:10, and 60 s later all is done.
    assert_eq!(sent(&outcome), ["08:10:00 08:10:00 08:16:10 done"]);
}

#[test]
fn a_driver_that_cannot_be_reached_is_waited_for_and_given_up() {
    let outcome = suffers(
        IncidentKind::DriverUnreachable,
        json!({}),
        query("08:10", stages(&[(8, 60)])),
    );
    assert_eq!(
        told(&outcome)[3..],
        [
            "08:10:30 DRIVER_UNAVAILABLE",
            "08:12:30 TERMINATING DRIVER_UNREACHABLE SERVICE_FAULT"
        ]
    );
    assert_eq!(sent(&outcome), ["08:10:00 08:10:00 08:12:30 lost"]);
    // 08:00:00 to 08:13:30 and 08:04:00 to 08:12:30, two nodes.
    assert_eq!(billed(&outcome), (2 * 810, 2 * 510));
}

/// A lost worker's four tasks of 60 s run again after the other four: 08:11:00 to 08:12:00.
#[test]
fn a_lost_worker_costs_what_its_tasks_had_run() {
    let outcome = suffers(
        IncidentKind::LoseWorker(2),
        json!({"num_workers": 2}),
        query("08:10", stages(&[(8, 60)])),
    );
    assert_eq!(
        told(&outcome)[3..6],
        [
            "08:10:30 NODES_LOST 1/2 @worker COMMUNICATION_LOST SERVICE_FAULT instance_id",
            "08:10:40 RESIZING 1/2 AUTORECOVERY",
            "08:14:10 UPSIZE_COMPLETED 2/2",
        ]
    );
    assert_eq!(sent(&outcome), ["08:10:00 08:10:00 08:12:00 done"]);
    assert_eq!(outcome.clusters[0].lost_task_seconds, 4 * 30);
}
