//! How long commands take, by who gets the cores and where the data is.

use serde_json::json;
use std::sync::Arc;

use super::super::between::Between;
use super::super::fixture::*;
use super::super::simulation::Outcome;
use super::super::workload::{Activity, Afterwards, Session, Work};
use super::told::*;

fn computed(workers: u32, mode: &str, locality_wait: u32, sessions: Vec<Session>) -> Outcome {
    outcome_of(|s| {
        s.timing.locality_wait = locality_wait;
        let request = json!({"num_workers": workers, "node_type_id": "Standard_DS3_v2",
            "spark_conf": {"spark.scheduler.mode": mode}});
        s.clusters = vec![cluster("adhoc", "08:00:00", request, sessions)];
    })
}

/// 8 tasks of 60 s from 08:10:00 and 4 of 10 s from 08:10:30, on 4 cores. First in, first out: the second command waits to
/// 08:12:00. Fair: at 08:11:00 each gets two cores, at 08:11:10 the second the two that it left, to 08:11:20; the first
/// runs two tasks to 08:12:00 and the last two from 08:11:20.
#[test]
fn first_in_first_out_and_fair() {
    let sessions = || {
        vec![
            query("08:10", stages(&[(8, 60)])),
            query("08:10:30", stages(&[(4, 10)])),
        ]
    };
    assert_eq!(
        sent(&computed(1, "FIFO", 3, sessions())),
        [
            "08:10:00 08:10:00 08:12:00 done",
            "08:10:30 08:10:30 08:12:10 done"
        ]
    );
    assert_eq!(
        sent(&computed(1, "FAIR", 3, sessions())),
        [
            "08:10:30 08:10:30 08:11:20 done",
            "08:10:00 08:10:00 08:12:20 done"
        ]
    );
}

/// 7 tasks of 100 s take all four cores of the first worker and three of the second. Of two tasks of 10 s the second runs
/// at home, on the second worker; the first waits for its own. When a core is free at 08:10:10 it has waited long
/// enough and takes 10 s and 50 % there: 25 s in all. Where it must wait for 60 s, 75.
#[test]
fn a_task_waits_for_its_data_and_takes_longer_away_from_it() {
    for (wait, ended) in [(3, "08:10:25"), (60, "08:11:15")] {
        let mut at_home = stages(&[(2, 10)]);
        at_home.stages[0].remote_percent = Some(50);
        let sessions = vec![query("08:10", stages(&[(7, 100)])), query("08:10", at_home)];
        let outcome = computed(2, "FAIR", wait, sessions);
        assert_eq!(sent(&outcome)[0], format!("08:10:00 08:10:00 {ended} done"));
    }
}

/// A driver part of 5 s, then 4 tasks of 10 s, then 2 of 20 s: 35 s. Three of these, 7 s apart.
#[test]
fn a_session_sends_one_command_after_another() {
    let mut work: Work = stages(&[(4, 10), (2, 20)]);
    work.driver_seconds = Between::exactly(5);
    let burst = Session {
        activity: Activity::Commands {
            count: Between::exactly(3),
            pause_seconds: Between::exactly(7),
            work: Arc::new(work),
        },
        ..session("08:10", 0)
    };
    assert_eq!(
        sent(&computed(1, "FAIR", 3, vec![burst])),
        [
            "08:10:00 08:10:00 08:10:35 done",
            "08:10:42 08:10:42 08:11:17 done",
            "08:11:24 08:11:24 08:11:59 done",
        ]
    );
}

/// A session ends at 08:11:00 and its user terminates the cluster; a command that ends in the same second has ended.
#[test]
fn what_ends_together_with_its_cluster_is_done() {
    let last = Session {
        then: Afterwards::Terminate,
        ..session("08:10", 1)
    };
    let outcome = computed(
        1,
        "FAIR",
        3,
        vec![last.clone(), query("08:10", stages(&[(4, 60)])), last],
    );
    assert_eq!(sent(&outcome), ["08:10:00 08:10:00 08:11:00 done"]);
    assert_eq!(
        told(&outcome)[3..],
        ["08:11:00 TERMINATING by ana USER_REQUEST SUCCESS username=ana@example.com"]
    );
}

/// A single node runs tasks on the driver's own four cores: 8 x 30 s are a minute.
#[test]
fn a_single_node_computes_on_its_driver() {
    let outcome = computed(0, "FAIR", 3, vec![query("08:10", stages(&[(8, 30)]))]);
    assert_eq!(sent(&outcome), ["08:10:00 08:10:00 08:11:00 done"]);
}

/// Sent while the cluster is created, begun when it runs.
#[test]
fn a_command_waits_for_its_cluster() {
    let outcome = computed(1, "FAIR", 3, vec![query("08:01", stages(&[(4, 30)]))]);
    assert_eq!(sent(&outcome), ["08:01:00 08:04:00 08:04:30 done"]);
}
