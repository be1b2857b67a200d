//! Small scenarios whose seconds are computed by hand, in the comment of each. A cold start takes 240 s, one on idle
//! machines of a pool 30 s, a tear-down 60 s, all on 2026-10-01. A machine has its image 210 s after it was asked for.

mod commands;
mod health;
mod increments;
mod job;
mod pool;
mod scaling;
mod spot;
mod start;
mod tier;
mod told;
mod work;

use serde_json::{Value, json};

use super::fixture::*;
use super::simulation::{Command, Outcome, Simulation, SimulationError};
use super::workload::{Afterwards, Session};
use crate::databricks::run::ResultState;
use crate::databricks::state::State;
use crate::model::usage::Usage;

/// The reasons that events give.
fn reason(outcome: &Outcome) -> Vec<Value> {
    let details = outcome.events.iter().filter_map(|e| e.details.reason.as_ref());
    details.map(|r| serde_json::to_value(r).unwrap()).collect()
}

/// Driver and one worker, which end 30 minutes after their last use.
fn two_nodes() -> Value {
    json!({"num_workers": 1, "node_type_id": "Standard_DS3_v2", "autotermination_minutes": 30})
}

fn single_node_of(pool: &str) -> Value {
    json!({"num_workers": 0, "instance_pool_id": pool})
}

#[test]
fn idle_cluster_is_terminated_and_not_billed_after() {
    let mut simulation = one_day();
    simulation.clusters = vec![cluster(
        "adhoc",
        "08:00:00",
        two_nodes(),
        vec![session("08:00", 60)],
    )];
    let outcome = run(&simulation);
    // Running from 08:04:00, used until 09:04:00, idle until 09:34:00, gone at 09:35:00.
    assert_eq!(
        story(&outcome, &only_cluster(&outcome)),
        [
            "08:00:00 CREATING",
            "08:04:00 RUNNING",
            "08:04:00 DRIVER_HEALTHY",
            "09:34:00 TERMINATING"
        ]
    );
    let inactivity =
        json!({"code": "INACTIVITY", "type": "SUCCESS", "parameters": {"inactivity_duration_min": "30"}});
    assert_eq!(reason(&outcome), [inactivity]);
    // VM: 95 min x 2 nodes; DBU: 90 min x 2 nodes.
    assert_eq!(seconds(&outcome, VM, |_| true), 2 * 5_700);
    assert_eq!(seconds(&outcome, DBU, |_| true), 2 * 5_400);
    assert_eq!(outcome.clusters[0].state, State::Terminated);
}

#[test]
fn a_session_starts_a_terminated_cluster_again_under_its_id() {
    let mut simulation = one_day();
    let sessions = vec![session("08:00", 60), session("13:00", 10)];
    simulation.clusters = vec![cluster("adhoc", "08:00:00", two_nodes(), sessions)];
    let outcome = run(&simulation);
    assert_eq!(
        story(&outcome, &only_cluster(&outcome))[4..],
        [
            "13:00:00 STARTING",
            "13:04:00 RUNNING",
            "13:04:00 DRIVER_HEALTHY",
            "13:44:00 TERMINATING"
        ]
    );
    // First 95 and 90 min as above; then 240 + 600 + 1800 + 60 = 2700 s of VM and 2400 s of DBU, each twice.
    assert_eq!(seconds(&outcome, VM, |_| true), 2 * (5_700 + 2_700));
    assert_eq!(seconds(&outcome, DBU, |_| true), 2 * (5_400 + 2_400));
}

#[test]
fn a_session_that_finds_the_cluster_running_extends_its_activity() {
    let mut simulation = one_day();
    // The second session begins in the last minute of idleness: at 09:33:00 of 09:34:00.
    let sessions = vec![session("08:00", 60), session("09:33", 10)];
    simulation.clusters = vec![cluster("adhoc", "08:00:00", two_nodes(), sessions)];
    // Used until 09:43:00, idle until 10:13:00: 129 min from 08:04:00.
    assert_eq!(seconds(&run(&simulation), DBU, |_| true), 2 * 129 * 60);
    // At the very end of idleness the session wins: 09:34:00 + 10 min + 30 min is 130 min.
    simulation.clusters[0].sessions[1] = session("09:34", 10);
    assert_eq!(seconds(&run(&simulation), DBU, |_| true), 2 * 130 * 60);
}

#[test]
fn a_session_that_comes_during_termination_waits_and_starts_the_cluster() {
    let mut simulation = one_day();
    let first = Session {
        then: Afterwards::Terminate,
        ..session("08:00", 60)
    };
    simulation.clusters = vec![cluster(
        "adhoc",
        "08:00:00",
        two_nodes(),
        vec![first, session("09:04:30", 10)],
    )];
    let outcome = run(&simulation);
    assert_eq!(
        story(&outcome, &only_cluster(&outcome))[3..6],
        ["09:04:00 TERMINATING", "09:05:00 STARTING", "09:09:00 RUNNING"]
    );
    assert_eq!(
        reason(&outcome)[0]["parameters"],
        json!({"username": "ana@example.com"})
    );
}

#[test]
fn user_termination_of_a_pending_cluster_bills_its_machines_and_no_dbu() {
    let mut simulation = one_day();
    let mut adhoc = cluster(
        "adhoc",
        "08:00:00",
        two_nodes(),
        vec![session("08:01", 60), session("12:00", 60)],
    );
    adhoc.commands = vec![command("08:02:00", Command::Retire)];
    simulation.clusters = vec![adhoc];
    let outcome = run(&simulation);
    assert_eq!(
        story(&outcome, &only_cluster(&outcome)),
        ["08:00:00 CREATING", "08:02:00 TERMINATING"]
    );
    // 120 s up to the request, 60 s of termination, two machines; the session at noon does not take place.
    assert_eq!(seconds(&outcome, VM, |_| true), 2 * 180);
    assert_eq!(seconds(&outcome, DBU, |_| true), 0);
}

#[test]
fn never_terminated_cluster_is_billed_to_the_end_of_the_period() {
    let mut simulation = one_day();
    let request = json!({"num_workers": 0, "node_type_id": "Standard_DS3_v2", "autotermination_minutes": 0});
    simulation.clusters = vec![cluster("adhoc", "08:00:00", request, Vec::new())];
    let outcome = run(&simulation);
    // 16 h of VM, 240 s less of DBU.
    assert_eq!(seconds(&outcome, VM, |_| true), 57_600);
    assert_eq!(seconds(&outcome, DBU, |_| true), 57_360);
    assert_eq!(outcome.clusters[0].state, State::Running);
}

#[test]
fn job_cluster_is_released_after_its_run() {
    let mut simulation = one_day();
    simulation.jobs = vec![job("etl", "02:00", 10, two_nodes())];
    let outcome = run(&simulation);
    let id = only_cluster(&outcome);
    assert!(id.starts_with("1001-020000-") && id.len() == 20, "{id}");
    assert_eq!(
        story(&outcome, &id),
        [
            "02:00:00 CREATING",
            "02:04:00 RUNNING",
            "02:04:00 DRIVER_HEALTHY",
            "02:14:00 TERMINATING"
        ]
    );
    assert_eq!(reason(&outcome)[0]["code"], "JOB_FINISHED");
    // 240 + 600 + 60 s of VM and 600 s of DBU, two nodes; no auto-termination though the request has one.
    assert_eq!(seconds(&outcome, VM, |_| true), 2 * 900);
    assert_eq!(seconds(&outcome, DBU, |_| true), 2 * 600);
    let subject = &outcome.clusters[0].subject;
    assert_eq!(subject.job_name, "etl");
    assert!(
        subject.run_id.ends_with("000001") && subject.run_id.len() == 15,
        "{}",
        subject.run_id
    );
    let (job_id, run_id) = (&subject.run_id[..9], &subject.run_id);
    assert_eq!(subject.cluster_name, format!("job-{job_id}-run-{run_id}-etl"));
}

#[test]
fn a_run_that_is_due_while_the_one_before_still_runs_is_skipped() {
    let mut simulation = one_day();
    let mut etl = job("etl", "02:00", 25 * 60, two_nodes());
    etl.schedule = super::schedule::RunSchedule::Every { minutes: 720 };
    simulation.jobs = vec![etl];
    let outcome = run(&simulation);
    assert_eq!(outcome.clusters.len(), 1);
    let [going_on, skipped] = outcome.runs.as_slice() else {
        panic!("{:?}", outcome.runs)
    };
    let (skipped, going_on) = if skipped.result.is_some() {
        (skipped, going_on)
    } else {
        (going_on, skipped)
    };
    assert_eq!(skipped.due, at("12:00:00"));
    assert_eq!(skipped.result, Some(ResultState::MaximumConcurrentRunsReached));
    assert_eq!((going_on.due, going_on.ended), (at("00:00:00"), None));
}

#[test]
fn pool_keeps_minimum_idle_and_bills_vm_only() {
    let mut simulation = one_day();
    let idle = json!({"min_idle_instances": 2, "idle_instance_autotermination_minutes": 10});
    simulation.pools = vec![pool("pool-a", idle)];
    let outcome = run(&simulation);
    // Two machines for 24 h, owed by the pool's team, of no cluster; the timeout does not touch the minimum.
    let idle = |u: &Usage| {
        let s = &u.subject;
        (s.team.as_str(), s.pool.as_str(), s.cluster_id.as_str()) == ("pool-team", "pool-a", "")
    };
    assert_eq!(seconds(&outcome, VM, idle), 2 * 86_400);
    assert_eq!(outcome.usage.len(), 2);
    let launched_and_ready = [
        "00:00:00 INSTANCE_LAUNCHING",
        "00:00:00 INSTANCE_LAUNCHING",
        "00:03:30 INSTANCE_READY",
        "00:03:30 INSTANCE_READY",
    ];
    assert_eq!(instances(&outcome), launched_and_ready);
}

#[test]
fn warm_start_is_faster_and_the_pool_is_filled_up_again() {
    let mut simulation = one_day();
    let idle = json!({"min_idle_instances": 1, "idle_instance_autotermination_minutes": 15});
    simulation.pools = vec![pool("pool-a", idle)];
    simulation.jobs = vec![job("etl", "02:00", 10, single_node_of("pool-a"))];
    let outcome = run(&simulation);
    assert_eq!(
        story(&outcome, &only_cluster(&outcome)),
        [
            "02:00:00 CREATING",
            "02:00:30 RUNNING",
            "02:00:30 DRIVER_HEALTHY",
            "02:10:30 TERMINATING"
        ]
    );
    // Another one is launched for the one that is taken and has its image at 02:00:00 + 210 s = 02:03:30. The one that
    // is taken is back at 02:11:30: one above the minimum. The first to have idled for 15 minutes, at 02:18:30, goes,
    // which takes 60 s.
    assert_eq!(
        instances(&outcome)[2..],
        [
            "02:00:00 INSTANCE_PLACED",
            "02:00:00 INSTANCE_LAUNCHING",
            "02:03:30 INSTANCE_READY",
            "02:11:30 INSTANCE_READY",
            "02:18:30 INSTANCE_TERMINATING",
            "02:19:30 INSTANCE_TERMINATED"
        ]
        .map(str::to_owned)
    );
    // The cluster owes 30 + 600 + 60 s of VM and 600 s of DBU; the pool owes the first machine up to 02:00:00
    // (7200 s) and from 02:11:30 to the end (78510 s), and of the second 02:00:00 to 02:19:30 (210 s launching, 900 s
    // idle, 60 s of tear-down: 1170 s).
    let of_pool = |u: &Usage| u.subject.cluster_id.is_empty();
    assert_eq!(seconds(&outcome, VM, |u| !of_pool(u)), 690);
    assert_eq!(seconds(&outcome, DBU, |_| true), 600);
    assert_eq!(seconds(&outcome, VM, of_pool), 7_200 + 78_510 + 1_170);
    let placed = outcome.usage.iter().find(|u| is_vm(u) && !of_pool(u)).unwrap();
    assert_eq!(
        (placed.subject.pool.as_str(), placed.subject.team.as_str()),
        ("pool-a", "a-team")
    );
}

#[test]
fn a_pool_without_idle_instances_launches_for_the_cluster_and_keeps_the_machine_for_a_while() {
    let mut simulation = one_day();
    simulation.pools = vec![pool(
        "pool-a",
        json!({"idle_instance_autotermination_minutes": 15}),
    )];
    simulation.jobs = vec![job("etl", "02:00", 10, single_node_of("pool-a"))];
    let outcome = run(&simulation);
    assert_eq!(
        instances(&outcome),
        [
            "02:00:00 INSTANCE_LAUNCHING",
            "02:03:30 INSTANCE_PLACED",
            "02:15:00 INSTANCE_READY",
            "02:30:00 INSTANCE_TERMINATING",
            "02:31:00 INSTANCE_TERMINATED"
        ]
    );
    // The cluster owes 240 + 600 + 60 s, the pool 15 min of idleness and 60 s of tear-down.
    let of_pool = |u: &Usage| u.subject.cluster_id.is_empty();
    assert_eq!(seconds(&outcome, VM, |u| !of_pool(u)), 900);
    assert_eq!(seconds(&outcome, VM, of_pool), 960);
}

#[test]
fn a_timeout_of_zero_gives_a_returned_instance_back_at_once() {
    let mut simulation = one_day();
    simulation.pools = vec![pool("pool-a", json!({}))];
    simulation.jobs = vec![job("etl", "02:00", 10, single_node_of("pool-a"))];
    let outcome = run(&simulation);
    assert_eq!(
        instances(&outcome)[2..],
        [
            "02:15:00 INSTANCE_READY",
            "02:15:00 INSTANCE_TERMINATING",
            "02:16:00 INSTANCE_TERMINATED"
        ]
    );
    // 240 + 600 + 60 s of the cluster, 60 s more until the machine is gone.
    assert_eq!(seconds(&outcome, VM, |_| true), 960);
}

#[test]
fn capacity_exceeded_ends_the_cluster_without_machines_or_dbu() {
    let mut simulation = one_day();
    simulation.pools = vec![pool("pool-a", json!({"max_capacity": 1}))];
    let request = json!({"num_workers": 1, "instance_pool_id": "pool-a"});
    simulation.jobs = vec![job("etl", "02:00", 10, request)];
    let outcome = run(&simulation);
    assert_eq!(
        story(&outcome, &only_cluster(&outcome)),
        ["02:00:00 CREATING", "02:00:00 TERMINATING"]
    );
    let exhausted = json!({"code": "INSTANCE_POOL_MAX_CAPACITY_REACHED", "type": "CLIENT_ERROR",
        "parameters": {"instance_pool_id": "pool-a"}});
    assert_eq!(reason(&outcome), [exhausted]);
    assert_eq!((outcome.usage.len(), outcome.instance_events.len()), (0, 0));
}

#[test]
fn a_cluster_that_ends_before_its_pool_machine_has_come_leaves_it_to_the_pool() {
    let mut simulation = one_day();
    simulation.pools = vec![pool(
        "pool-a",
        json!({"idle_instance_autotermination_minutes": 15}),
    )];
    let mut adhoc = cluster("adhoc", "08:00:00", single_node_of("pool-a"), Vec::new());
    adhoc.commands = vec![command("08:01:00", Command::Retire)];
    simulation.clusters = vec![adhoc];
    let outcome = run(&simulation);
    assert_eq!(
        instances(&outcome),
        [
            "08:00:00 INSTANCE_LAUNCHING",
            "08:02:00 INSTANCE_LAUNCHING",
            "08:03:30 INSTANCE_READY",
            "08:18:30 INSTANCE_TERMINATING",
            "08:19:30 INSTANCE_TERMINATED"
        ]
    );
    let launched_for = |i: usize| !outcome.instance_events[i].cluster_id.is_empty();
    assert_eq!((launched_for(0), launched_for(1)), (true, false));
    // The cluster owes 08:00:00 to 08:02:00; the machine has its image at 08:03:30, idles until 08:18:30 and is gone at
    // 08:19:30: the pool owes 17.5 min.
    let of_pool = |u: &Usage| u.subject.cluster_id.is_empty();
    assert_eq!(seconds(&outcome, VM, |u| !of_pool(u)), 120);
    assert_eq!(seconds(&outcome, VM, of_pool), 1_050);
}

#[test]
fn the_driver_may_come_from_a_pool_of_its_own() {
    let mut simulation = one_day();
    simulation.pools = vec![
        pool("pool-driver", json!({"min_idle_instances": 1})),
        pool("pool-worker", json!({})),
    ];
    let request = json!({"num_workers": 2, "instance_pool_id": "pool-worker", "driver_instance_pool_id": "pool-driver"});
    simulation.jobs = vec![job("etl", "02:00", 10, request)];
    let outcome = run(&simulation);
    // The driver idles already and has booted at 02:00:30; the workers are launched and have their image at 02:03:30:
    // the slowest node decides.
    assert_eq!(story(&outcome, &only_cluster(&outcome))[1], "02:03:30 RUNNING");
    let placed_from =
        |pool: &'static str| move |u: &Usage| u.subject.pool == pool && !u.subject.cluster_id.is_empty();
    // 210 + 600 + 60 s each.
    assert_eq!(seconds(&outcome, VM, placed_from("pool-driver")), 870);
    assert_eq!(seconds(&outcome, VM, placed_from("pool-worker")), 2 * 870);
    assert_eq!(outcome.clusters[0].subject.pool, "pool-driver");
}

#[test]
fn an_autoscaling_cluster_runs_at_its_minimum() {
    let mut simulation = one_day();
    let request =
        json!({"autoscale": {"min_workers": 2, "max_workers": 8}, "node_type_id": "Standard_DS3_v2"});
    simulation.jobs = vec![job("etl", "02:00", 10, request)];
    let outcome = run(&simulation);
    assert_eq!(seconds(&outcome, DBU, |_| true), 3 * 600);
    let details = |i: usize| serde_json::from_str::<Value>(&outcome.events[i].details.to_json()).unwrap();
    assert_eq!(details(0)["cluster_size"]["autoscale"]["max_workers"], 8);
    // Three machines of four cores.
    let sizes = json!({"current_num_workers": 2, "target_num_workers": 2, "current_num_vcpus": 12, "target_num_vcpus": 12});
    assert_eq!(details(1), sizes);
}

#[test]
fn input_that_does_not_fit_together_is_refused() {
    let mut simulation = one_day();
    simulation.jobs = vec![job("etl", "02:00", 10, single_node_of("pool-b"))];
    let refused = |s: &Simulation| super::simulate(s, &mut |_| Ok(()), &mut |_| ()).unwrap_err();
    let unknown = refused(&simulation);
    assert!(matches!(unknown, SimulationError::UnknownPool { ref object, .. } if object == "job/etl"));
    simulation.jobs[0].job_clusters[0].admitted.workspace = "elsewhere".to_owned();
    assert!(matches!(refused(&simulation), SimulationError::Unknown { ref name, .. } if name == "elsewhere"));
}

#[test]
fn progress_is_told_once_a_day_and_at_the_end() {
    let mut simulation = one_day();
    simulation.jobs = vec![
        job("etl", "02:00", 10, two_nodes()),
        job("late", "03:00", 10, two_nodes()),
    ];
    let mut seen = Vec::new();
    super::simulate(&simulation, &mut |_| Ok(()), &mut |p| seen.push(p.at)).unwrap();
    assert_eq!(seen, [at("02:00:00"), simulation.period.end]);
}
