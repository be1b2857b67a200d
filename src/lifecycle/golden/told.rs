//! What came of a simulation, one line each, to be held against lines written by hand.

use super::super::between::Between;
use super::super::fixture::*;
use super::super::simulation::{Outcome, Simulation};
use super::super::timing::Timing;
use crate::databricks::event::{ClusterEvent, ClusterSize, Reason};
use crate::model::period::Instant;

fn clock(at: Instant) -> String {
    at.format("%H:%M:%S").to_string()
}

/// Time of day and name of each event, then what its details say: the size asked for, workers there are / aimed at,
/// the cause, who, the reason, instance seconds. An instance id is told as the part its machine plays.
pub fn told(outcome: &Outcome) -> Vec<String> {
    outcome.events.iter().map(|e| line(outcome, e)).collect()
}

fn line(outcome: &Outcome, event: &ClusterEvent) -> String {
    let d = &event.details;
    let mut line = format!("{} {}", clock(event.timestamp), event.event_type.as_str());
    match d.cluster_size {
        Some(ClusterSize::Fixed { num_workers }) => line += &format!(" size {num_workers}"),
        Some(ClusterSize::Autoscale {
            min_workers,
            max_workers,
        }) => {
            line += &format!(" size {min_workers}-{max_workers}");
        }
        None => {}
    }
    if let (Some(current), Some(target)) = (d.current_num_workers, d.target_num_workers) {
        line += &format!(" {current}/{target}");
    }
    if let Some(cause) = d.cause {
        line += &format!(" {}", cause.as_str());
    }
    if let Some(user) = &d.user {
        line += &format!(" by {}", user.split('@').next().unwrap());
    }
    if let Some(id) = &d.instance_id {
        let machine = outcome.machines.iter().find(|m| m.instance_id == *id).unwrap();
        line += if machine.driver { " @driver" } else { " @worker" };
    }
    if let Some(reason) = &d.reason {
        line += &format!(" {}", reason_line(reason));
        if let (Some(lost), Some(id)) = (reason.parameters.get("instance_id"), &d.instance_id) {
            assert_eq!(**lost, **id);
        }
    }
    if let Some(stats) = &d.autoscaling_stats {
        let (total, unused) = (stats.total_instance_seconds, stats.unused_instance_seconds);
        line += &format!(" {total} s, {unused} unused");
    }
    line
}

fn reason_line(reason: &Reason) -> String {
    let mut line = format!("{} {}", reason.code.as_str(), reason.reason_type.as_str());
    for (key, value) in &reason.parameters {
        line += &if key == "instance_id" {
            format!(" {key}")
        } else {
            format!(" {key}={value}")
        };
    }
    line
}

/// Seconds of VMs and of DBUs, over all nodes.
pub fn billed(outcome: &Outcome) -> (i64, i64) {
    let vm = seconds(outcome, VM, |_| true) + seconds(outcome, SPOT, |_| true);
    (vm, seconds(outcome, DBU, |_| true))
}

/// Attempts: task, number, due, began, ended, result.
pub fn attempts(outcome: &Outcome) -> Vec<String> {
    let attempts = outcome.attempts.iter();
    attempts
        .map(|a| {
            let began = a.began.map_or("-".to_owned(), clock);
            let (due, ended) = (clock(a.due), clock(a.ended));
            format!(
                "{}#{} {due} {began} {ended} {}",
                a.task_key,
                a.attempt,
                a.result.as_str()
            )
        })
        .collect()
}

/// Runs: due, started, ended, result.
pub fn runs(outcome: &Outcome) -> Vec<String> {
    let runs = outcome.runs.iter();
    runs.map(|r| {
        let ended = r.ended.map_or("-".to_owned(), clock);
        let result = r.result.map_or("-", |r| r.as_str());
        format!("{} {} {ended} {result}", clock(r.due), clock(r.started))
    })
    .collect()
}

/// Commands: sent, began, ended, whether done.
pub fn sent(outcome: &Outcome) -> Vec<String> {
    let commands = outcome.commands.iter();
    commands
        .map(|c| {
            let began = c.began.map_or("-".to_owned(), clock);
            let done = if c.done { "done" } else { "lost" };
            format!("{} {began} {} {done}", clock(c.sent), clock(c.ended))
        })
        .collect()
}

/// Steps of the only start there was: node, step, seconds from the request to its beginning and end.
pub fn steps(outcome: &Outcome) -> Vec<String> {
    let [start] = outcome.starts.as_slice() else {
        panic!("{:?}", outcome.starts)
    };
    let since = |at: Instant| (at - start.requested).num_seconds();
    let steps = start.steps.iter();
    steps
        .map(|s| {
            let node = s.node.map_or("-".to_owned(), |n| n.to_string());
            format!(
                "{node} {} {}-{}",
                s.step.as_str(),
                since(s.period.start),
                since(s.period.end)
            )
        })
        .collect()
}

/// Machines in order of launch, the driver first: how bought, from, to.
pub fn machines(outcome: &Outcome) -> Vec<String> {
    let mut machines: Vec<_> = outcome.machines.iter().collect();
    machines.sort_by_key(|m| (m.period.start, !m.driver, m.period.end));
    let line = |m: &&crate::model::machine::Machine| {
        let role = if m.driver { "driver" } else { "worker" };
        let (from, to) = (clock(m.period.start), clock(m.period.end));
        format!("{role} {} {from} {to}", m.purchase_option.as_str())
    };
    machines.iter().map(line).collect()
}

/// Every step takes another number of seconds.
pub fn uneven() -> Timing {
    let s = Between::exactly;
    Timing {
        accept: s(1),
        validate: s(2),
        allocate: s(100),
        network: s(10),
        disks: s(20),
        image: s(40),
        docker_image: s(30),
        init_scripts: s(7),
        driver_boot: s(5),
        spark_context: s(3),
        register: s(4),
        libraries: s(6),
        security: s(8),
        terminate: s(50),
        ..Timing::default()
    }
}

/// The outcome of one all-purpose cluster on 2026-10-01, after something is changed.
pub fn outcome_of(change: impl FnOnce(&mut Simulation)) -> Outcome {
    let mut simulation = one_day();
    change(&mut simulation);
    run(&simulation)
}
