//! Which stage gets the free cores, and where its tasks run.
//!
//! While cores are shared out they only become fewer, tasks that wait too, and nobody's wait ends: who can use no
//! core will not be able to use one later in the same round. So each work is asked once, or until its share is full.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::WorkerId;
use super::due::{Batch, Turn, merge};
use super::progress::Progress;
use super::stage::{Run, StageProgress};
use super::workers::Workers;
use crate::lifecycle::workload::Scheduling;

/// Shares out the free cores. Its buffers are kept from one round to the next.
#[derive(Debug)]
pub(super) struct Launcher {
    mode: Scheduling,
    locality_wait: i64,
    started: Vec<Batch>,
    /// By tasks that run, then by the order of submission.
    turns: BinaryHeap<Reverse<(u64, usize)>>,
}

impl Launcher {
    pub fn new(mode: Scheduling, locality_wait_seconds: u32) -> Launcher {
        Launcher {
            mode,
            locality_wait: i64::from(locality_wait_seconds),
            started: Vec::new(),
            turns: BinaryHeap::new(),
        }
    }

    /// Launches what can be launched; the batches are merged and without order. `works` are in the order of their
    /// turns.
    pub fn round(
        &mut self,
        works: &mut [Progress],
        workers: &mut Workers,
        now: i64,
    ) -> impl Iterator<Item = Batch> {
        if workers.free() > 0 {
            let mut round = Round {
                workers,
                started: &mut self.started,
                locality_wait: self.locality_wait,
                now,
            };
            match self.mode {
                Scheduling::Fifo => round.in_order(works),
                Scheduling::Fair => round.in_turns(works, &mut self.turns),
            }
        }
        merge(&mut self.started);
        self.started.drain(..)
    }

    /// When the next stage stops holding tasks back that could run then, given that a round was just held.
    pub fn next_release(&self, works: &[Progress], workers: &Workers, now: i64) -> Option<i64> {
        if workers.free() == 0 {
            return None;
        }
        let stages = works.iter().flat_map(|work| &work.stages);
        stages
            .filter(|stage| stage.pending() > 0 && stage.has_homes())
            .map(|stage| stage.held_since.saturating_add(self.locality_wait))
            .filter(|at| *at > now)
            .min()
    }
}

/// A stage of a work.
#[derive(Debug, Clone, Copy)]
struct Place {
    turn: Turn,
    stage: usize,
}

/// Where the tasks of a batch run.
#[derive(Debug, Clone, Copy)]
enum Where {
    /// On the worker that holds their data.
    Home(WorkerId),
    /// Anywhere, since their data is on no worker.
    Anywhere,
    /// Away from their data.
    Away,
}

struct Round<'a> {
    workers: &'a mut Workers,
    started: &'a mut Vec<Batch>,
    locality_wait: i64,
    now: i64,
}

impl Round<'_> {
    fn in_order(&mut self, works: &mut [Progress]) {
        for work in works {
            if self.workers.free() == 0 {
                break;
            }
            self.work(work, u64::MAX);
        }
    }

    fn in_turns(&mut self, works: &mut [Progress], turns: &mut BinaryHeap<Reverse<(u64, usize)>>) {
        let wanting = works.iter().enumerate().filter(|(_, work)| work.pending() > 0);
        turns.extend(wanting.map(|(index, work)| Reverse((work.running, index))));
        while self.workers.free() > 0
            && let Some(Reverse((running, index))) = turns.pop()
            && let Some(work) = works.get_mut(index)
        {
            // What it may have before it is somebody else's turn.
            let share = match turns.peek() {
                Some(Reverse((others, other))) => others
                    .saturating_sub(running)
                    .saturating_add(u64::from(index < *other)),
                None => u64::MAX,
            };
            if self.work(work, share) == share {
                turns.push(Reverse((work.running, index)));
            }
        }
        turns.clear();
    }

    /// Launches at most so many tasks of a work, the stage of the lowest index first.
    fn work(&mut self, work: &mut Progress, share: u64) -> u64 {
        let mut left = share;
        for (index, stage) in work.stages.iter_mut().enumerate() {
            if left == 0 || self.workers.free() == 0 {
                break;
            }
            if stage.pending() > 0 {
                let place = Place {
                    turn: work.turn,
                    stage: index,
                };
                left = left.saturating_sub(self.stage(place, stage, left));
            }
        }
        let launched = share.saturating_sub(left);
        work.running = work.running.saturating_add(launched);
        launched
    }

    /// Launches at most so many tasks of a stage: those that can run where their data is, those whose data is on no
    /// worker, and when nothing has run at its data for long enough the others.
    fn stage(&mut self, place: Place, stage: &mut StageProgress, share: u64) -> u64 {
        let before = stage.pending();
        let left =
            |stage: &StageProgress| share.saturating_sub(u64::from(before.saturating_sub(stage.pending())));
        if stage.has_homes() {
            self.at_home(place, stage, share);
            if stage.pending() < before {
                stage.held_since = self.now;
            }
        }
        self.anywhere(place, stage, left(stage), Where::Anywhere);
        if stage.held_since.saturating_add(self.locality_wait) <= self.now {
            self.anywhere(place, stage, left(stage), Where::Away);
        }
        u64::from(before.saturating_sub(stage.pending()))
    }

    fn at_home(&mut self, place: Place, stage: &mut StageProgress, share: u64) {
        if share >= u64::from(stage.pending()).min(self.workers.free()) {
            // Whoever is first, each home gets what it can take.
            for home in 0..stage.homes().count() {
                self.at_one_home(place, stage, home);
            }
            return;
        }
        let mut left = share;
        while left > 0
            && let Some((home, worker)) = self.freest_home(stage)
            && let Some(run) = stage.take(home, 1)
        {
            self.start(place, stage, home, run, Where::Home(worker));
            left = left.saturating_sub(1);
        }
    }

    fn at_one_home(&mut self, place: Place, stage: &mut StageProgress, home: usize) {
        let Some((_, worker)) = stage.homes().nth(home) else {
            return;
        };
        loop {
            let free = self.workers.free_of(worker);
            if free == 0 {
                break;
            }
            let Some(run) = stage.take(home, free) else {
                break;
            };
            self.start(place, stage, home, run, Where::Home(worker));
        }
    }

    /// The home with the most free cores among those that a task waits at, the lowest id among equals.
    fn freest_home(&self, stage: &StageProgress) -> Option<(usize, WorkerId)> {
        stage
            .homes()
            .map(|(home, worker)| (self.workers.free_of(worker), Reverse((home, worker))))
            .filter(|(free, Reverse((home, _)))| *free > 0 && stage.waits_at(*home))
            .max()
            .map(|(_, Reverse(found))| found)
    }

    fn anywhere(&mut self, place: Place, stage: &mut StageProgress, share: u64, whither: Where) {
        let mut left = share;
        while left > 0 && self.workers.free() > 0 {
            let workers = &self.workers;
            let home = stage.first(|worker| matches!(whither, Where::Away) || !workers.takes_tasks(worker));
            let most = u32::try_from(left.min(workers.free())).unwrap_or(u32::MAX);
            let Some((home, run)) =
                home.and_then(|home| Some((home, stage.take(home, stage.at_once(most))?)))
            else {
                break;
            };
            self.start(place, stage, home, run, whither);
            left = left.saturating_sub(u64::from(run.count));
        }
    }

    fn start(&mut self, place: Place, stage: &StageProgress, home: usize, run: Run, whither: Where) {
        let seconds = match whither {
            Where::Away => stage.remote_seconds(run.seconds),
            _ => u64::from(run.seconds),
        };
        let now = self.now;
        let end = now.saturating_add_unsigned(seconds);
        let started = &mut *self.started;
        let mut begin = |worker, count| {
            started.push(Batch {
                end,
                start: now,
                worker,
                turn: place.turn,
                stage: place.stage,
                home,
                seconds: run.seconds,
                count,
            });
        };
        if let Where::Home(worker) = whither {
            self.workers.start(worker, run.count);
            begin(worker, run.count);
        } else {
            self.workers.spread(run.count, begin);
        }
    }
}
