//! Small clusters, computed by hand.

use super::fixture::*;
use super::{Demand, Lost, Totals, WorkId, WorkerId};
use crate::lifecycle::between::Between;
use crate::lifecycle::workload::{Scheduling, Stage, Work};

const ONE: WorkerId = WorkerId(1);
const TWO: WorkerId = WorkerId(2);

fn demand(running: u64, pending: u64, works: u32) -> Demand {
    Demand {
        running,
        pending,
        works,
    }
}

/// Two cores, 4 x 10 s then 2 x 10 s a second later. FIFO: the first work has both cores until 20, the second one
/// runs from 20 to 30.
#[test]
fn first_in_first_out() {
    let mut some = cluster(Scheduling::Fifo, &[2]);
    submit(&mut some, 1, work(vec![stage(4, 10)]), 0);
    submit(&mut some, 2, work(vec![stage(2, 10)]), 1);
    assert_eq!(some.demand(), demand(2, 4, 2));
    assert_eq!(ended(&mut some, 100), [(1, 20), (2, 30)]);
}

/// The same. FAIR: at 10 two cores become free and nobody runs anything: one each (the first submitted goes first). At
/// 20 again: one task each, both end at 30.
#[test]
fn fair_shares() {
    let mut some = cluster(Scheduling::Fair, &[2]);
    submit(&mut some, 1, work(vec![stage(4, 10)]), 0);
    submit(&mut some, 2, work(vec![stage(2, 10)]), 1);
    assert_eq!(some.next(), Some(10));
    assert_eq!(ended(&mut some, 20), []);
    assert_eq!(some.demand(), demand(2, 0, 2));
    assert_eq!(ended(&mut some, 100), [(1, 30), (2, 30)]);
    assert_eq!(some.next(), None);
}

/// Eight cores, three works of ten tasks at once. The first takes all 8. At 10: the first has 2 left, the others 10;
/// of 8 cores the first gets 2, the others 3 each. At 20 they have 7 each: 4 and 4; at 30 3 and 3. Ends: 20, 40, 40.
#[test]
fn fair_shares_of_three() {
    let mut some = cluster(Scheduling::Fair, &[8]);
    for id in 1..=3 {
        submit(&mut some, id, work(vec![stage(10, 10)]), 0);
    }
    assert_eq!(ended(&mut some, 100), [(1, 20), (2, 40), (3, 40)]);
}

/// Driver 5 s; stage 0 of 3 x 10 s on 2 cores from 5 to 25; stage 1 after it, 2 x 4 s, to 29. Stage 2 waits for
/// nothing: 1 x 3 s from 15, when the third task of stage 0 has taken the other core, to 18.
#[test]
fn stages_follow_one_another() {
    let mut some = cluster(Scheduling::Fifo, &[2]);
    let second = Stage {
        after: vec![0, 0],
        ..stage(2, 4)
    };
    let what = Work {
        driver_seconds: Between::exactly(5),
        stages: vec![stage(3, 10), second, stage(1, 3)],
    };
    submit(&mut some, 1, what, 0);
    assert_eq!(some.demand(), demand(0, 0, 1));
    assert_eq!(some.next(), Some(5));
    some.advance(5);
    assert_eq!(some.demand(), demand(2, 2, 1));
    some.advance(15);
    assert_eq!((some.demand(), some.next()), (demand(2, 0, 1), Some(18)));
    some.advance(25);
    assert_eq!(some.demand(), demand(2, 0, 1));
    assert_eq!(ended(&mut some, 100), [(1, 29)]);
}

#[test]
fn work_of_the_driver_alone_needs_no_worker() {
    let mut some = cluster(Scheduling::Fifo, &[]);
    submit(&mut some, 1, Work::of_driver(Between::exactly(7)), 3);
    submit(&mut some, 2, work(vec![stage(1, 1)]), 3);
    assert_eq!(ended(&mut some, 100), [(1, 10)]);
    assert_eq!((some.demand(), some.next()), (demand(0, 1, 1), None));
    some.add_worker(ONE, 1, 200);
    assert_eq!(ended(&mut some, 300), [(2, 201)]);
}

/// Stage 0 has no tasks, stage 1 comes after it and takes no time, 5 tasks one after the other on one core; stage 2
/// after that has no tasks. All at 4, and told at once.
#[test]
fn nothing_to_do_takes_no_time() {
    let mut some = cluster(Scheduling::Fair, &[1]);
    let after = |of, stage| Stage {
        after: vec![of],
        ..stage
    };
    let stages = vec![stage(0, 9), after(0, stage(5, 0)), after(1, stage(0, 9))];
    submit(&mut some, 2, work(stages), 4);
    submit(&mut some, 1, work(vec![]), 4);
    assert_eq!(some.next(), Some(4));
    assert_eq!(ended(&mut some, 4), [(1, 4), (2, 4)]);
    assert_eq!((some.next(), some.idle_since(ONE)), (None, Some(4)));
    assert_eq!(some.totals().done, 5);
}

/// Tasks that take a quarter longer away from their data.
fn at_home(tasks: u32, seconds: u32) -> Stage {
    Stage {
        remote_percent: Some(25),
        ..stage(tasks, seconds)
    }
}

/// 4 x 10 s on two workers of one core: 0 and 2 at home on the first, 1 and 3 on the second, both to 20.
#[test]
fn tasks_run_where_their_data_is() {
    let mut some = cluster(Scheduling::Fifo, &[1, 1]);
    submit(&mut some, 1, work(vec![at_home(4, 10)]), 0);
    assert_eq!(ended(&mut some, 100), [(1, 20)]);
}

/// Tasks 0, 2, 4 at home on worker 1 (1 core), 1 and 3 on worker 2 (2 cores). At 0: 0, 1 and 3 start; at 10 task 2
/// starts at home, which renews the wait of 3 s; at 13 task 4 starts away and takes 10 + 2.5, rounded up 13 s, to 26.
#[test]
fn a_task_goes_elsewhere_after_the_wait() {
    let mut some = cluster(Scheduling::Fifo, &[1, 2]);
    submit(&mut some, 1, work(vec![at_home(5, 10)]), 0);
    some.advance(10);
    assert_eq!((some.demand(), some.next()), (demand(1, 1, 1), Some(13)));
    some.advance(13);
    assert_eq!((some.demand(), some.next()), (demand(2, 0, 1), Some(20)));
    assert_eq!(ended(&mut some, 100), [(1, 26)]);
    assert_eq!(some.totals().done_task_seconds, 4 * 10 + 13);
}

/// The core on worker 1 is busy to 20 with another work. Tasks 0 and 1 of the second work: 1 starts at home at 0, 0
/// waits to 3, then finds worker 2's second core and takes 13 s, to 16.
#[test]
fn the_wait_counts_from_when_the_stage_could_run() {
    let mut some = cluster(Scheduling::Fifo, &[1]);
    submit(&mut some, 1, work(vec![stage(1, 20)]), 0);
    some.add_worker(TWO, 2, 0);
    submit(&mut some, 2, work(vec![at_home(2, 10)]), 0);
    assert_eq!((some.demand(), some.next()), (demand(2, 1, 2), Some(3)));
    assert_eq!(ended(&mut some, 100), [(2, 16), (1, 20)]);
}

/// Task 2 waits for worker 1, which is drained at 1: no home any more, so it starts on worker 2 at once and as fast.
#[test]
fn a_home_that_drains_is_no_home() {
    let mut some = cluster(Scheduling::Fifo, &[1, 2]);
    submit(&mut some, 1, work(vec![at_home(3, 10)]), 0);
    assert_eq!(some.demand(), demand(2, 1, 1));
    some.drain_worker(ONE, 1);
    assert_eq!(some.demand(), demand(3, 0, 1));
    assert_eq!(ended(&mut some, 100), [(1, 11)]);
}

/// 3 x 10 s on workers of 2 and 1 cores: two on the first. Gone at 4: 2 tasks, 8 task seconds. Worker 2 runs its own
/// to 10, then the two lost ones to 20 and 30.
#[test]
fn what_a_lost_worker_ran_is_run_again() {
    let mut some = cluster(Scheduling::Fifo, &[2, 1]);
    let left = Stage {
        disk_mb_per_task: 5,
        ..stage(3, 10)
    };
    submit(&mut some, 1, work(vec![left]), 0);
    let lost = Lost {
        tasks: 2,
        task_seconds: 8,
    };
    assert_eq!(some.remove_worker(ONE, 4), lost);
    assert_eq!(some.remove_worker(ONE, 4), Lost::default());
    assert_eq!(some.demand(), demand(1, 2, 1));
    some.advance(29);
    assert_eq!((some.disk_mb(ONE), some.disk_mb(TWO)), (0, 10));
    assert_eq!(ended(&mut some, 100), [(1, 30)]);
    assert_eq!(some.disk_mb(TWO), 0);
    let totals = Totals {
        launched: 5,
        done: 3,
        done_task_seconds: 30,
        lost: 2,
        lost_task_seconds: 8,
        ..Totals::default()
    };
    assert_eq!(*some.totals(), totals);
}

/// At the instant at which its task ends nothing is lost; the next task was launched and had run 0 seconds.
#[test]
fn a_task_that_ends_as_its_worker_leaves_has_ended() {
    let mut some = cluster(Scheduling::Fifo, &[1]);
    submit(&mut some, 1, work(vec![stage(2, 10)]), 0);
    let lost = Lost {
        tasks: 1,
        task_seconds: 0,
    };
    assert_eq!(some.remove_worker(ONE, 10), lost);
    assert_eq!((some.demand(), some.totals().done), (demand(0, 1, 1), 1));
}

/// 6 x 10 s on 2 + 2 cores, worker 1 drained at 5: it idles from 10 on; worker 2 runs the other two from 10 to 20.
#[test]
fn a_drained_worker_ends_what_it_runs() {
    let mut some = cluster(Scheduling::Fifo, &[2, 2]);
    submit(&mut some, 1, work(vec![stage(6, 10)]), 0);
    some.drain_worker(ONE, 5);
    assert!(some.is_busy(ONE) && some.idle_since(ONE).is_none());
    some.advance(12);
    assert!(!some.is_busy(ONE) && some.is_busy(TWO));
    assert_eq!(some.idle_since(ONE), Some(10));
    assert_eq!(some.workers().collect::<Vec<_>>(), [ONE, TWO]);
    assert_eq!(ended(&mut some, 100), [(1, 20)]);
    assert_eq!(some.idle_since(TWO), Some(20));
}

/// Cancelled at 4, the first work loses 2 x 4 task seconds, and the second has the cores from 4 to 14.
#[test]
fn a_cancelled_work_leaves_its_cores_to_others() {
    let mut some = cluster(Scheduling::Fifo, &[2]);
    submit(&mut some, 1, work(vec![stage(9, 10)]), 0);
    submit(&mut some, 2, work(vec![stage(2, 10)]), 0);
    submit(&mut some, 3, Work::of_driver(Between::exactly(50)), 0);
    let lost = Lost {
        tasks: 2,
        task_seconds: 8,
    };
    assert_eq!(some.cancel(WorkId(1), 4), lost);
    assert_eq!(some.cancel(WorkId(1), 4), Lost::default());
    assert_eq!(some.cancel(WorkId(3), 4), Lost::default());
    assert_eq!(ended(&mut some, 100), [(2, 14)]);
    assert_eq!(some.totals().cancelled_task_seconds, 8);
}

/// Paused from 5 to 30: the first task ends at 10, the second runs from 30 to 40.
#[test]
fn a_paused_driver_launches_nothing() {
    let mut some = cluster(Scheduling::Fifo, &[1]);
    submit(&mut some, 1, work(vec![stage(2, 10)]), 0);
    some.pause(5);
    some.advance(20);
    assert_eq!((some.demand(), some.next()), (demand(0, 1, 1), None));
    some.resume(30);
    assert_eq!(ended(&mut some, 100), [(1, 40)]);
}

/// A million equal tasks on 8 x 4 cores are 31,250 rounds of 1 s, each of 8 batches.
#[test]
fn equal_tasks_run_in_batches() {
    let mut some = cluster(Scheduling::Fair, &[4; 8]);
    submit(&mut some, 1, work(vec![stage(1_000_000, 1)]), 0);
    assert_eq!(ended(&mut some, 1_000_000), [(1, 31_250)]);
}

/// 2^32 - 1 tasks and more cores than that: two batches.
#[test]
fn there_may_be_as_many_tasks_and_cores_as_can_be_written() {
    let mut some = cluster(Scheduling::Fair, &[u32::MAX, u32::MAX]);
    let huge = Stage {
        disk_mb_per_task: u32::MAX,
        ..stage(u32::MAX, u32::MAX)
    };
    submit(&mut some, 1, work(vec![huge]), 0);
    assert_eq!(some.demand(), demand(u64::from(u32::MAX), 0, 1));
    assert_eq!(ended(&mut some, i64::MAX), [(1, i64::from(u32::MAX))]);
}

/// Contracts that are not kept: a stage that waits for itself, ids twice, calls that are late, instants at the end.
/// The second task waits 3 s for a worker without cores, then takes 2^32 - 1 s and as many percent longer: the whole is
/// (2^32 - 1) x (2^32 + 99) / 100 = 184467444946163465.25, rounded up.
#[test]
fn nonsense_is_survived() {
    let mut some = cluster(Scheduling::Fifo, &[1, 0, 1]);
    let odd = Stage {
        after: vec![0, 9],
        remote_percent: Some(u32::MAX),
        ..stage(2, u32::MAX)
    };
    submit(&mut some, 1, work(vec![odd]), 10);
    submit(&mut some, 1, work(vec![]), 10);
    submit(&mut some, 2, work(vec![]), 5);
    some.add_worker(ONE, 9, 0);
    let last = 13 + 184_467_444_946_163_466;
    assert_eq!(ended(&mut some, i64::MAX - 1), [(2, 10), (1, last)]);
    submit(&mut some, 3, work(vec![stage(1, 1)]), i64::MAX);
    assert_eq!(ended(&mut some, i64::MAX), [(3, i64::MAX)]);
}
