//! Laws, held against random clusters and the plain reference.

use std::sync::Arc;

use proptest::prelude::*;

use super::fixture::draws;
use super::reference::Reference;
use super::{Demand, Ended, Executors, InstanceSeconds, Lost, Totals, WorkId, WorkerId};
use crate::lifecycle::between::Between;
use crate::lifecycle::workload::{Scheduling, Stage, Work};

#[derive(Debug, Clone)]
enum Call {
    Add(u64, u32),
    Drain(u64),
    Remove(u64),
    Submit(u64, Arc<Work>),
    Cancel(u64),
    Pause,
    Resume,
}

#[derive(Debug, Clone)]
struct Script {
    mode: Scheduling,
    wait: u32,
    /// In order of time.
    calls: Vec<(i64, Call)>,
}

/// The last second that a script is followed; its calls come before 60.
const END: i64 = 120;

fn between(max: u32) -> impl Strategy<Value = Between> {
    prop_oneof![
        (0..max).prop_map(Between::exactly),
        (0..max, 0..max).prop_map(|(a, b)| Between {
            min: a.min(b),
            max: a.max(b)
        }),
    ]
}

fn stage(index: usize) -> impl Strategy<Value = Stage> {
    let after = prop::collection::vec(0..index.max(1), 0..=index.min(2));
    let percent = prop::option::weighted(0.6, 0_u32..150);
    (0_u32..14, between(8), after, percent, 0_u32..3).prop_map(
        |(tasks, task_seconds, after, remote_percent, disk_mb_per_task)| Stage {
            tasks,
            task_seconds,
            after,
            remote_percent,
            disk_mb_per_task,
        },
    )
}

fn work() -> impl Strategy<Value = Arc<Work>> {
    let stages = (0_usize..4).prop_flat_map(|count| (0..count).map(stage).collect::<Vec<_>>());
    (between(5), stages).prop_map(|(driver_seconds, stages)| {
        Arc::new(Work {
            driver_seconds,
            stages,
        })
    })
}

fn call() -> impl Strategy<Value = Call> {
    prop_oneof![
        4 => (0_u64..5, 0_u32..5).prop_map(|(id, cores)| Call::Add(id, cores)),
        1 => (0_u64..5).prop_map(Call::Drain),
        2 => (0_u64..5).prop_map(Call::Remove),
        6 => (0_u64..6, work()).prop_map(|(id, work)| Call::Submit(id, work)),
        1 => (0_u64..6).prop_map(Call::Cancel),
        1 => Just(Call::Pause),
        2 => Just(Call::Resume),
    ]
}

fn script() -> impl Strategy<Value = Script> {
    let mode = prop_oneof![Just(Scheduling::Fifo), Just(Scheduling::Fair)];
    let calls = prop::collection::vec((0_i64..60, call()), 1..30);
    (mode, 0_u32..8, calls).prop_map(|(mode, wait, mut calls)| {
        calls.sort_by_key(|(at, _)| *at);
        Script { mode, wait, calls }
    })
}

fn make(executors: &mut Executors, call: &Call, at: i64) -> Lost {
    match call {
        Call::Add(id, cores) => executors.add_worker(WorkerId(*id), *cores, at),
        Call::Drain(id) => executors.drain_worker(WorkerId(*id), at),
        Call::Remove(id) => return executors.remove_worker(WorkerId(*id), at),
        Call::Submit(id, work) => executors.submit(WorkId(*id), work.clone(), draws(*id), at),
        Call::Cancel(id) => return executors.cancel(WorkId(*id), at),
        Call::Pause => executors.pause(at),
        Call::Resume => executors.resume(at),
    }
    Lost::default()
}

fn make_plain(reference: &mut Reference, call: &Call) -> Lost {
    match call {
        Call::Add(id, cores) => reference.add_worker(WorkerId(*id), *cores),
        Call::Drain(id) => reference.drain_worker(WorkerId(*id)),
        Call::Remove(id) => return reference.remove_worker(WorkerId(*id)),
        Call::Submit(id, work) => reference.submit(WorkId(*id), work.clone(), draws(*id)),
        Call::Cancel(id) => return reference.cancel(WorkId(*id)),
        Call::Pause => reference.pause(true),
        Call::Resume => reference.pause(false),
    }
    Lost::default()
}

/// Everything that can be seen of a cluster.
#[derive(Debug, PartialEq)]
struct Sight {
    demand: Demand,
    machines: Vec<(WorkerId, Option<i64>, u64)>,
    totals: Totals,
}

fn sight(executors: &Executors) -> Sight {
    let machine = |id| {
        let idle = executors.idle_since(id);
        assert_eq!(executors.is_busy(id), idle.is_none());
        (id, idle, executors.disk_mb(id))
    };
    Sight {
        demand: executors.demand(),
        machines: executors.workers().map(machine).collect(),
        totals: *executors.totals(),
    }
}

fn plain_sight(reference: &Reference) -> Sight {
    Sight {
        demand: reference.demand(),
        machines: reference.machines(),
        totals: reference.totals,
    }
}

fn in_order(mut ended: Vec<Ended>) -> Vec<Ended> {
    ended.sort();
    ended
}

/// The ends, and what is seen after the last second, if calls are made without any `advance`.
fn without_advancing(script: &Script) -> (Vec<Ended>, Sight) {
    let mut executors = Executors::new(script.mode, script.wait);
    for (at, call) in &script.calls {
        make(&mut executors, call, *at);
    }
    let ended = executors.advance(END);
    (ended, sight(&executors))
}

/// The same, if time goes from one `next` to the next one and from call to call.
fn from_next_to_next(script: &Script) -> (Vec<Ended>, Sight) {
    let mut executors = Executors::new(script.mode, script.wait);
    let mut ended = Vec::new();
    for (at, call) in &script.calls {
        while let Some(next) = executors.next().filter(|next| next < at) {
            ended.extend(executors.advance(next));
        }
        make(&mut executors, call, *at);
    }
    while let Some(next) = executors.next().filter(|next| *next <= END) {
        ended.extend(executors.advance(next));
    }
    (in_order(ended), sight(&executors))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn every_second_is_as_the_plain_reference_says(script in script()) {
        let mut executors = Executors::new(script.mode, script.wait);
        let mut reference = Reference::new(script.mode, script.wait);
        let mut ended = Vec::new();
        let mut calls = script.calls.iter().peekable();
        let mut seconds = InstanceSeconds::default();
        for second in 0..=END {
            // What there was after all calls of the second before was there for a second.
            let machines = reference.machines();
            seconds.total += u64::try_from(machines.len()).unwrap();
            seconds.unused += u64::try_from(machines.iter().filter(|m| m.1.is_some()).count()).unwrap();
            let (next, before, ends) = (executors.next(), plain_sight(&reference), reference.ended.len());
            reference.second(second);
            ended.extend(executors.advance(second));
            prop_assert_eq!(sight(&executors), plain_sight(&reference), "at {}", second);
            let happened = before != plain_sight(&reference) || ends < reference.ended.len();
            prop_assert_eq!(next == Some(second), happened, "at {}", second);
            while let Some((_, call)) = calls.next_if(|(at, _)| *at == second) {
                let lost = make_plain(&mut reference, call);
                prop_assert_eq!(make(&mut executors, call, second), lost);
                reference.second(second);
                prop_assert_eq!(sight(&executors), plain_sight(&reference), "at {} after {:?}", second, call);
            }
            ended.extend(executors.advance(second));
            let Totals { launched, done, lost, cancelled, .. } = *executors.totals();
            prop_assert_eq!(launched, done + lost + cancelled + executors.demand().running);
            for (id, ..) in reference.machines() {
                prop_assert_eq!(executors.busy_until(id), reference.busy_until(id), "at {}", second);
            }
        }
        prop_assert_eq!(executors.take_instance_seconds(END), seconds);
        prop_assert_eq!(executors.take_instance_seconds(END), InstanceSeconds::default());
        prop_assert_eq!(in_order(ended), in_order(reference.ended));
    }

    #[test]
    fn it_does_not_matter_when_one_asks(script in script()) {
        prop_assert_eq!(without_advancing(&script), from_next_to_next(&script));
    }

    #[test]
    fn with_a_core_that_stays_all_work_ends(script in script()) {
        let mut executors = Executors::new(script.mode, script.wait);
        let mut tasks = 0;
        for (at, call) in &script.calls {
            make(&mut executors, call, *at);
            if let Call::Submit(_, work) = call {
                tasks += work.stages.iter().map(|stage| u64::from(stage.tasks)).sum::<u64>();
            }
        }
        executors.add_worker(WorkerId(99), 1, END);
        executors.resume(END);
        executors.advance(END + 100_000);
        prop_assert_eq!(executors.demand(), Demand::default());
        prop_assert_eq!(executors.next(), None);
        prop_assert!(executors.totals().done <= tasks);
        prop_assert!(executors.workers().all(|id| executors.disk_mb(id) == 0));
    }
}
