//! Laws of the simulation, held against random inputs.

use proptest::prelude::*;
use serde_json::json;
use std::collections::BTreeMap;

use super::between::Between;
use super::fixture::*;
use super::schedule::{Afterwards, RunSchedule};
use super::simulation::{AdmittedCluster, AdmittedJob, MeteredPool, Outcome, Simulation, Timing};
use super::state::{Trigger, next};
use crate::databricks::event::{EventType, InstanceState};
use crate::databricks::state::State;
use crate::model::period::{Period, parse_instant};
use crate::model::usage::Usage;

fn between(max: u32) -> impl Strategy<Value = Between> {
    (0..max, 0..max).prop_map(|(a, b)| Between {
        min: a.min(b),
        max: a.max(b),
    })
}

fn some_pool() -> impl Strategy<Value = MeteredPool> {
    (0_u32..4, prop::option::of(1_u32..6), 0_u32..40).prop_map(|(min_idle, max_capacity, minutes)| {
        let fields = json!({"min_idle_instances": min_idle, "max_capacity": max_capacity,
            "idle_instance_autotermination_minutes": minutes});
        pool("pool-a", fields)
    })
}

fn request() -> impl Strategy<Value = serde_json::Value> {
    (0_u32..4, any::<bool>(), prop_oneof![Just(0_u32), 1_u32..60]).prop_map(|(workers, pooled, minutes)| {
        if pooled {
            json!({"num_workers": workers, "instance_pool_id": "pool-a", "autotermination_minutes": minutes})
        } else {
            json!({"num_workers": workers, "node_type_id": "n", "autotermination_minutes": minutes})
        }
    })
}

fn time_of_day() -> impl Strategy<Value = String> {
    (0_u32..24, 0_u32..60).prop_map(|(hour, minute)| format!("{hour:02}:{minute:02}:00"))
}

fn some_cluster() -> impl Strategy<Value = AdmittedCluster> {
    let session = (time_of_day(), 1_u32..200, any::<bool>()).prop_map(|(start, minutes, terminate)| {
        let then = if terminate {
            Afterwards::Terminate
        } else {
            Afterwards::Idle
        };
        super::schedule::Session {
            then,
            ..session(&start, minutes)
        }
    });
    let sessions = prop::collection::vec(session, 0..5);
    (
        time_of_day(),
        request(),
        sessions,
        prop::option::of(time_of_day()),
    )
        .prop_map(|(create_at, request, sessions, end)| {
            let mut cluster = cluster("", &create_at, request, sessions);
            cluster.life.terminate_at = end
                .map(|end| at(&end))
                .filter(|end| *end > cluster.life.create_at);
            cluster
        })
}

fn some_job() -> impl Strategy<Value = AdmittedJob> {
    (request(), 20_u32..300, between(120)).prop_map(|(request, minutes, run_minutes)| {
        let mut job = job("", "00:00", 1, request);
        job.runs.schedule = RunSchedule::Every { minutes };
        job.runs.run_minutes = run_minutes;
        job
    })
}

/// A day and a bit with a pool, up to four clusters and up to two jobs.
fn simulation() -> impl Strategy<Value = Simulation> {
    let objects = (
        some_pool(),
        prop::collection::vec(some_cluster(), 0..5),
        prop::collection::vec(some_job(), 0..3),
    );
    (any::<u64>(), (between(600), between(120), between(300)), objects).prop_map(
        |(seed, (cold, warm, termination), (pool, mut clusters, mut jobs))| {
            for (i, cluster) in clusters.iter_mut().enumerate() {
                cluster.name = format!("c{i}");
            }
            for (i, job) in jobs.iter_mut().enumerate() {
                job.name = format!("j{i}");
            }
            Simulation {
                seed,
                period: Period::new(at("00:00:00"), parse_instant("2026-10-02T07:00:00Z").unwrap()).unwrap(),
                timing: Timing {
                    cold_start_seconds: cold,
                    warm_start_seconds: warm,
                    termination_seconds: termination,
                },
                pools: vec![pool],
                clusters,
                jobs,
            }
        },
    )
}

/// The usages of each instance, split into VM and DBU.
fn by_instance(outcome: &Outcome) -> BTreeMap<&str, (Vec<&Usage>, Vec<&Usage>)> {
    let mut instances: BTreeMap<&str, (Vec<&Usage>, Vec<&Usage>)> = BTreeMap::new();
    for usage in &outcome.usage {
        let (vm, dbu) = instances.entry(&usage.resource).or_default();
        if is_vm(usage) {
            vm.push(usage)
        } else {
            dbu.push(usage)
        }
    }
    instances
}

proptest! {
    #[test]
    fn the_same_seed_gives_the_same_outcome(simulation in simulation()) {
        prop_assert_eq!(run(&simulation), run(&simulation));
    }

    #[test]
    fn another_cluster_changes_nothing_of_what_it_shares_no_pool_with(
        simulation in simulation(),
        mut other in some_cluster(),
        first in any::<bool>(),
    ) {
        let before = run(&simulation);
        other.name = "other".to_owned();
        other.admitted = admitted(json!({"num_workers": 2, "node_type_id": "n", "autotermination_minutes": 9}));
        other.admitted.team = "other-team".to_owned();
        let mut more = simulation;
        more.clusters.insert(if first { 0 } else { more.clusters.len() }, other);
        let after = run(&more);
        let of_others = |u: &&Usage| u.subject.team != "other-team";
        let rest: Vec<_> = after.usage.iter().filter(of_others).cloned().collect();
        prop_assert_eq!(rest, before.usage);
        prop_assert_eq!(after.instance_events, before.instance_events);
    }

    #[test]
    fn every_dbu_stretch_lies_within_a_vm_stretch_of_its_instance_and_subject(simulation in simulation()) {
        let outcome = run(&simulation);
        for (instance, (vm, dbu)) in by_instance(&outcome) {
            for d in dbu {
                let inside = |v: &&&Usage| v.subject == d.subject
                    && v.period.start <= d.period.start && d.period.end <= v.period.end;
                prop_assert_eq!(vm.iter().filter(inside).count(), 1, "{} {}", instance, d.period);
            }
        }
    }

    #[test]
    fn stretches_of_one_instance_do_not_overlap_and_those_of_its_vm_leave_no_gap(simulation in simulation()) {
        let outcome = run(&simulation);
        for (instance, (vm, dbu)) in by_instance(&outcome) {
            for pair in vm.windows(2) {
                prop_assert_eq!(pair[0].period.end, pair[1].period.start, "{}", instance);
            }
            for pair in dbu.windows(2) {
                prop_assert!(pair[0].period.end <= pair[1].period.start, "{}", instance);
            }
            for usage in vm.iter().chain(&dbu) {
                prop_assert_eq!(usage.since, usage.period.start);
                prop_assert!(usage.period.start >= simulation.period.start);
                prop_assert!(usage.period.end <= simulation.period.end);
            }
        }
    }

    #[test]
    fn a_pool_instance_is_billed_from_its_launch_until_it_is_gone(simulation in simulation()) {
        let outcome = run(&simulation);
        let mut lives: BTreeMap<&str, Period> = BTreeMap::new();
        for event in &outcome.instance_events {
            match event.state {
                InstanceState::Launching => {
                    let life = Period { start: event.event_time, end: simulation.period.end };
                    lives.insert(&event.instance_id, life);
                }
                InstanceState::Terminated => {
                    lives.get_mut(event.instance_id.as_str()).unwrap().end = event.event_time;
                }
                _ => {}
            }
        }
        let launched_to_gone: i64 = lives.values().map(Period::seconds).sum();
        prop_assert_eq!(seconds(&outcome, VM, |u| !u.subject.pool.is_empty()), launched_to_gone);
    }

    #[test]
    fn a_pool_never_holds_more_than_its_capacity(simulation in simulation()) {
        let outcome = run(&simulation);
        let Some(max) = simulation.pools[0].pool.max_capacity else { return Ok(()) };
        let mut alive = 0_u32;
        for event in &outcome.instance_events {
            match event.state {
                InstanceState::Launching => alive += 1,
                InstanceState::Terminated => alive -= 1,
                _ => {}
            }
            // At one instant the order of instances is that of their ids, so the count may run ahead by those
            // that come and go in it; at the end of the instant it holds.
            let last = outcome.instance_events.iter().rfind(|e| e.event_time == event.event_time);
            if last == Some(event) {
                prop_assert!(alive <= max, "{} of {} at {}", alive, max, event.event_time);
            }
        }
    }

    #[test]
    fn the_events_of_a_cluster_follow_the_state_table(simulation in simulation()) {
        let outcome = run(&simulation);
        for cluster in &outcome.clusters {
            let mut state: Option<State> = None;
            for event in outcome.events.iter().filter(|e| e.cluster_id == cluster.subject.cluster_id) {
                state = Some(match (event.event_type, state) {
                    (EventType::Creating, None) => State::Pending,
                    // There is no event for TERMINATED: a start is the proof that it was reached.
                    (EventType::Starting, Some(State::Terminating)) => State::Pending,
                    (EventType::Running, Some(s)) => next(s, Trigger::NodesCame).unwrap(),
                    (EventType::DriverHealthy, Some(State::Running)) => State::Running,
                    (EventType::Terminating, Some(s)) => next(s, Trigger::Terminate).unwrap(),
                    (event, state) => panic!("{} in {state:?}", event.as_str()),
                });
            }
            let ended = (state, cluster.state) == (Some(State::Terminating), State::Terminated);
            prop_assert!(ended || state == Some(cluster.state), "{:?} {:?}", state, cluster.state);
        }
    }
}
