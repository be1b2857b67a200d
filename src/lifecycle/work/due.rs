//! What is running, by when it ends.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::{Lost, WorkId, WorkerId};

/// A work's place in the order of submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Turn {
    pub at: i64,
    pub work: WorkId,
}

/// Tasks of one stage that began on one worker at one instant and end at another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Batch {
    pub end: i64,
    pub start: i64,
    pub worker: WorkerId,
    pub turn: Turn,
    /// Index of the stage in its work.
    pub stage: usize,
    /// Where the tasks' data is: index among the stage's homes.
    pub home: usize,
    /// What each task takes where its data is.
    pub seconds: u32,
    pub count: u32,
}

impl Batch {
    /// Whether the other one differs in nothing but the number of tasks.
    fn is_like(&self, other: &Batch) -> bool {
        Batch { count: 0, ..*self } == Batch { count: 0, ..*other }
    }

    /// Seconds that its tasks have run, added up.
    pub fn task_seconds(&self, until: i64) -> u64 {
        let each = u64::try_from(until.saturating_sub(self.start)).unwrap_or_default();
        each.saturating_mul(u64::from(self.count))
    }
}

/// Makes one batch of those that differ in nothing but the number of tasks.
pub(super) fn merge(batches: &mut Vec<Batch>) {
    batches.sort_unstable();
    batches.dedup_by(|next, kept| {
        let same = next.is_like(kept);
        if same {
            kept.count = kept.count.saturating_add(next.count);
        }
        same
    });
}

/// Something that ends.
#[derive(Debug, Clone, Copy)]
pub(super) enum Due {
    /// The driver part of a work.
    Driver { at: i64, turn: Turn },
    /// Tasks.
    Tasks(Batch),
}

impl Due {
    fn at(&self) -> i64 {
        match self {
            Due::Driver { at, .. } => *at,
            Due::Tasks(batch) => batch.end,
        }
    }
}

impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        self.at() == other.at()
    }
}

impl Eq for Due {}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The earliest is the greatest. Nothing depends on the order within one instant.
impl Ord for Due {
    fn cmp(&self, other: &Self) -> Ordering {
        other.at().cmp(&self.at())
    }
}

/// Everything that is running.
#[derive(Debug, Default)]
pub(super) struct Calendar {
    due: BinaryHeap<Due>,
}

impl Calendar {
    pub fn push(&mut self, due: Due) {
        self.due.push(due);
    }

    /// When the next thing ends.
    pub fn next(&self) -> Option<i64> {
        self.due.peek().map(Due::at)
    }

    /// Something that has ended by `now`.
    pub fn pop(&mut self, now: i64) -> Option<Due> {
        if self.next()? > now {
            return None;
        }
        self.due.pop()
    }

    /// When the last of a worker's batches ends.
    pub fn last_of(&self, worker: WorkerId) -> Option<i64> {
        let ends = self.due.iter().filter_map(|due| match due {
            Due::Tasks(batch) if batch.worker == worker => Some(batch.end),
            _ => None,
        });
        ends.max()
    }

    /// Takes a worker's batches out, each handed to `each`.
    pub fn remove_worker(&mut self, worker: WorkerId, mut each: impl FnMut(Batch)) {
        self.due.retain(|due| match due {
            Due::Tasks(batch) if batch.worker == worker => {
                each(*batch);
                false
            }
            _ => true,
        });
    }

    /// Takes out what is running of a work, each batch handed to `each`.
    pub fn remove_work(&mut self, of: Turn, mut each: impl FnMut(Batch)) {
        self.due.retain(|due| match due {
            Due::Tasks(batch) if batch.turn == of => {
                each(*batch);
                false
            }
            Due::Driver { turn, .. } => *turn != of,
            Due::Tasks(_) => true,
        });
    }
}

impl Lost {
    pub(super) fn add(&mut self, batch: &Batch, at: i64) {
        self.tasks = self.tasks.saturating_add(batch.count);
        self.task_seconds = self.task_seconds.saturating_add(batch.task_seconds(at));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_that_differ_only_in_their_number_become_one() {
        let batch = |worker, seconds, count| Batch {
            end: 9,
            start: 0,
            worker: WorkerId(worker),
            turn: Turn {
                at: 0,
                work: WorkId(1),
            },
            stage: 0,
            home: 0,
            seconds,
            count,
        };
        let mut batches = vec![batch(2, 9, 1), batch(1, 9, 2), batch(2, 9, 3), batch(2, 8, 1)];
        merge(&mut batches);
        assert_eq!(batches, [batch(1, 9, 2), batch(2, 8, 1), batch(2, 9, 4)]);
    }
}
