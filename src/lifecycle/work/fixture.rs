//! What the tests are made of.

use std::sync::Arc;

use super::{Ended, Executors, WorkId, WorkerId};
use crate::lifecycle::between::Between;
use crate::lifecycle::draw::{DrawKey, Draws, Purpose};
use crate::lifecycle::workload::{Scheduling, Stage, Work};

/// The draws of a work of a test.
pub(super) fn draws(work: u64) -> DrawKey {
    Draws::new(7).key("test", Purpose::Work, &[work])
}

/// Tasks of equal length that wait for no other stage and run anywhere.
pub(super) fn stage(tasks: u32, seconds: u32) -> Stage {
    Stage {
        tasks,
        task_seconds: Between::exactly(seconds),
        after: Vec::new(),
        remote_percent: None,
        disk_mb_per_task: 0,
    }
}

/// Work without a driver part.
pub(super) fn work(stages: Vec<Stage>) -> Work {
    Work {
        driver_seconds: Between::exactly(0),
        stages,
    }
}

/// A cluster with workers 1, 2, ... of so many cores since second 0; tasks wait 3 seconds for their homes.
pub(super) fn cluster(mode: Scheduling, cores: &[u32]) -> Executors {
    let mut executors = Executors::new(mode, 3);
    for (id, cores) in (1..).zip(cores) {
        executors.add_worker(WorkerId(id), *cores, 0);
    }
    executors
}

pub(super) fn submit(executors: &mut Executors, id: u64, what: Work, at: i64) {
    executors.submit(WorkId(id), Arc::new(what), draws(id), at);
}

/// When which works ended, up to an instant.
pub(super) fn ended(executors: &mut Executors, to: i64) -> Vec<(u64, i64)> {
    let told = executors.advance(to).into_iter();
    told.map(|Ended { at, work }| (work.0, at)).collect()
}
