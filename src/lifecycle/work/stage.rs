//! One stage: the tasks that wait, and where their data is.
//!
//! Tasks that have not begun are no list but a count per home. Tasks that were lost are told apart by their
//! duration and their home only, so that they are few entries too.

use super::WorkerId;
use crate::lifecycle::draw::DrawKey;
use crate::lifecycle::workload::Stage;

/// How far a stage has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// It waits for another stage or for the driver.
    Waiting,
    /// Its tasks run or may run.
    Runnable,
    /// All its tasks have ended.
    Done,
}

/// A worker that holds data of a stage: of the tasks whose number, divided by the number of homes, leaves its index.
#[derive(Debug, Clone, Copy)]
struct Home {
    worker: WorkerId,
    /// How many of its tasks have begun.
    begun: u32,
}

/// Tasks that were lost and wait again. They go before tasks that have not begun, as in Spark, which takes the task
/// that was put back last; the shortest goes first, the lowest home among equals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Returned {
    seconds: u32,
    home: usize,
    count: u32,
}

/// Tasks of one home that take equally long where their data is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run {
    pub seconds: u32,
    pub count: u32,
}

/// A stage in progress.
#[derive(Debug)]
pub(super) struct StageProgress {
    stage: Stage,
    draws: DrawKey,
    step: Step,
    /// Tasks that would run if they had a core.
    pending: u32,
    running: u32,
    /// None: it does not matter where the tasks run, and they count as of home 0.
    homes: Vec<Home>,
    /// How many tasks have begun, without homes.
    begun: u32,
    /// In their order.
    returned: Vec<Returned>,
    /// Since when tasks are held back for the sake of their homes.
    pub held_since: i64,
}

impl StageProgress {
    /// A stage that waits; `after` is not looked at here.
    pub fn new(stage: &Stage, draws: DrawKey) -> StageProgress {
        StageProgress {
            stage: Stage {
                after: Vec::new(),
                ..*stage
            },
            draws,
            step: Step::Waiting,
            pending: 0,
            running: 0,
            homes: Vec::new(),
            begun: 0,
            returned: Vec::new(),
            held_since: 0,
        }
    }

    /// Lets its tasks run; without tasks it is done at once.
    pub fn begin(&mut self, workers: impl Iterator<Item = WorkerId>, at: i64) {
        self.pending = self.stage.tasks;
        self.held_since = at;
        if self.stage.tasks == 0 {
            self.step = Step::Done;
            return;
        }
        self.step = Step::Runnable;
        if self.stage.remote_percent.is_some() {
            self.homes.extend(workers.map(|worker| Home { worker, begun: 0 }));
        }
    }

    pub fn step(&self) -> Step {
        self.step
    }

    /// Tasks that would run if they had a core.
    pub fn pending(&self) -> u32 {
        self.pending
    }

    /// MiB that a task leaves behind.
    pub fn disk_mb_per_task(&self) -> u32 {
        self.stage.disk_mb_per_task
    }

    /// Whether it matters where its tasks run.
    pub fn has_homes(&self) -> bool {
        !self.homes.is_empty()
    }

    /// The workers that hold its data, in order of their ids, with the index of each.
    pub fn homes(&self) -> impl Iterator<Item = (usize, WorkerId)> {
        self.homes.iter().map(|home| home.worker).enumerate()
    }

    /// Seconds of a task that runs away from its data, rounded up.
    pub fn remote_seconds(&self, seconds: u32) -> u64 {
        let percent = u64::from(self.stage.remote_percent.unwrap_or_default());
        let longer = u64::from(seconds).saturating_mul(percent).div_ceil(100);
        u64::from(seconds).saturating_add(longer)
    }

    /// Whether a task of a home waits.
    pub fn waits_at(&self, home: usize) -> bool {
        self.fresh(home).is_some() || self.returned.iter().any(|r| r.home == home)
    }

    /// The home of the task that goes first among those whose worker is `eligible`. Without homes every task is.
    pub fn first(&self, eligible: impl Fn(WorkerId) -> bool) -> Option<usize> {
        if self.pending == 0 {
            return None;
        }
        if self.homes.is_empty() {
            return Some(0);
        }
        let may = |home: &usize| self.homes.get(*home).is_some_and(|h| eligible(h.worker));
        if let Some(returned) = self.returned.iter().find(|r| may(&r.home)) {
            return Some(returned.home);
        }
        (0..self.homes.len())
            .filter(may)
            .filter_map(|home| Some((self.fresh(home)?, home)))
            .min()
            .map(|(_, home)| home)
    }

    /// Takes at most so many tasks of a home, in their order, as far as they take equally long: one by one where
    /// durations are drawn.
    pub fn take(&mut self, home: usize, most: u32) -> Option<Run> {
        let run = match self.returned.iter().position(|r| r.home == home) {
            Some(place) => self.take_returned(place, most),
            None => self.take_fresh(home, most),
        }?;
        self.pending = self.pending.saturating_sub(run.count);
        self.running = self.running.saturating_add(run.count);
        Some(run)
    }

    /// How many tasks of a home `take` can take at once.
    pub fn at_once(&self, most: u32) -> u32 {
        if self.homes.len() > 1 { most.min(1) } else { most }
    }

    /// Puts running tasks back to be run again from the beginning.
    pub fn put_back(&mut self, home: usize, run: Run) {
        self.running = self.running.saturating_sub(run.count);
        self.pending = self.pending.saturating_add(run.count);
        let key = (run.seconds, home);
        match self.returned.binary_search_by_key(&key, |r| (r.seconds, r.home)) {
            Ok(place) => {
                if let Some(returned) = self.returned.get_mut(place) {
                    returned.count = returned.count.saturating_add(run.count);
                }
            }
            Err(place) => {
                let Run { seconds, count } = run;
                self.returned.insert(place, Returned { seconds, home, count });
            }
        }
    }

    /// Notes that running tasks have ended.
    pub fn end(&mut self, count: u32) {
        self.running = self.running.saturating_sub(count);
        if self.running == 0 && self.pending == 0 {
            self.step = Step::Done;
            self.homes = Vec::new();
        }
    }

    fn take_returned(&mut self, place: usize, most: u32) -> Option<Run> {
        let returned = self.returned.get_mut(place)?;
        let count = returned.count.min(most);
        returned.count = returned.count.saturating_sub(count);
        let run = Run {
            seconds: returned.seconds,
            count,
        };
        if returned.count == 0 {
            self.returned.remove(place);
        }
        Some(run)
    }

    fn take_fresh(&mut self, home: usize, most: u32) -> Option<Run> {
        let number = self.fresh(home)?;
        let range = self.stage.task_seconds;
        let count = if range.min < range.max {
            most.min(1)
        } else {
            most.min(self.fresh_left(number))
        };
        let begun = match self.homes.get_mut(home) {
            Some(home) => &mut home.begun,
            None => &mut self.begun,
        };
        *begun = begun.saturating_add(count);
        Some(Run {
            seconds: self.draws.within(range, number),
            count,
        })
    }

    /// The number of the next task of a home that has not begun.
    fn fresh(&self, home: usize) -> Option<u64> {
        let number = match self.homes.get(home) {
            Some(Home { begun, .. }) => u64::from(*begun)
                .saturating_mul(self.stride())
                .saturating_add(u64::try_from(home).ok()?),
            None => u64::from(self.begun),
        };
        (number < u64::from(self.stage.tasks)).then_some(number)
    }

    /// How many tasks of a home have not begun, the next of them being `number`.
    fn fresh_left(&self, number: u64) -> u32 {
        let left = u64::from(self.stage.tasks)
            .saturating_sub(number)
            .div_ceil(self.stride());
        u32::try_from(left).unwrap_or(u32::MAX)
    }

    fn stride(&self) -> u64 {
        u64::try_from(self.homes.len()).unwrap_or(u64::MAX).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{draws, stage};
    use super::*;

    fn begun(stage: &Stage, homes: u64) -> StageProgress {
        let mut progress = StageProgress::new(stage, draws(1));
        progress.begin((0..homes).map(WorkerId), 0);
        progress
    }

    fn at_home(tasks: u32) -> Stage {
        Stage {
            remote_percent: Some(50),
            ..stage(tasks, 9)
        }
    }

    /// The next home and how many were taken there, until nothing waits.
    fn all(progress: &mut StageProgress, most: u32) -> Vec<(usize, Run)> {
        std::iter::from_fn(|| {
            let home = progress.first(|_| true)?;
            Some((home, progress.take(home, most)?))
        })
        .collect()
    }

    #[test]
    fn tasks_go_in_the_order_of_their_numbers() {
        let run = |count| Run { seconds: 9, count };
        // 0 1 2 | 3 4, each at the home of its number modulo 3.
        let homes: Vec<usize> = all(&mut begun(&at_home(5), 3), 1)
            .iter()
            .map(|(home, _)| *home)
            .collect();
        assert_eq!(homes, [0, 1, 2, 0, 1]);
        // Home 0 has 0 and 3, home 1 has 1 and 4, home 2 has 2.
        assert_eq!(
            all(&mut begun(&at_home(5), 3), 9),
            [(0, run(2)), (1, run(2)), (2, run(1))]
        );
        // No worker is there: no homes.
        assert_eq!(all(&mut begun(&at_home(5), 0), 3), [(0, run(3)), (0, run(2))]);
    }

    #[test]
    fn lost_tasks_go_first_the_shortest_before_all() {
        let mut progress = begun(&at_home(6), 3);
        for _ in 0..4 {
            let home = progress.first(|_| true).unwrap();
            progress.take(home, 1).unwrap();
        }
        let run = |seconds, count| Run { seconds, count };
        // As if their durations had been drawn.
        progress.put_back(2, run(9, 1));
        progress.put_back(1, run(9, 1));
        progress.put_back(0, run(7, 1));
        progress.put_back(0, run(7, 1));
        assert_eq!(progress.pending(), 6);
        assert_eq!(progress.first(|worker| worker == WorkerId(2)), Some(2));
        let order = [
            (0, run(7, 2)),
            (1, run(9, 1)),
            (2, run(9, 1)),
            (1, run(9, 1)),
            (2, run(9, 1)),
        ];
        assert_eq!(all(&mut progress, 5), order);
        assert_eq!((progress.pending(), progress.first(|_| true)), (0, None));
        progress.end(6);
        assert_eq!(progress.step(), Step::Done);
    }

    #[test]
    fn away_takes_longer_rounded_up() {
        // Half of 9 is 4.5.
        assert_eq!(begun(&at_home(1), 1).remote_seconds(9), 14);
        assert_eq!(begun(&stage(1, 9), 1).remote_seconds(9), 9);
    }
}
