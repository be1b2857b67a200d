//! One work in progress: its driver part, its stages as those before them end, and what it left on disks.

use std::sync::Arc;

use super::WorkerId;
use super::due::{Batch, Turn};
use super::stage::{Run, StageProgress, Step};
use super::workers::Workers;
use crate::lifecycle::draw::DrawKey;
use crate::lifecycle::workload::Work;

/// The driver's part of a work's draws; the stages have those of their indices.
const DRIVER: u64 = u64::MAX;

/// A work in progress.
#[derive(Debug)]
pub(super) struct Progress {
    pub turn: Turn,
    what: Arc<Work>,
    driver_seconds: u32,
    pub stages: Vec<StageProgress>,
    /// Tasks that run.
    pub running: u64,
    /// Stages that are not done.
    left: usize,
    in_driver: bool,
    /// MiB by worker.
    disk: Vec<(WorkerId, u64)>,
}

impl Progress {
    /// A work that is in its driver part.
    pub fn new(turn: Turn, what: Arc<Work>, draws: DrawKey) -> Progress {
        let stages: Vec<StageProgress> = (0..)
            .zip(&what.stages)
            .map(|(index, stage)| StageProgress::new(stage, draws.part(index)))
            .collect();
        Progress {
            turn,
            driver_seconds: draws.part(DRIVER).within(what.driver_seconds, 0),
            left: stages.len(),
            what,
            stages,
            running: 0,
            in_driver: true,
            disk: Vec::new(),
        }
    }

    /// Seconds that the driver part takes.
    pub fn driver_seconds(&self) -> u32 {
        self.driver_seconds
    }

    /// Tasks that would run if they had a core.
    pub fn pending(&self) -> u64 {
        let pending = self.stages.iter().map(|stage| u64::from(stage.pending()));
        pending.fold(0, u64::saturating_add)
    }

    /// Whether nothing is left to do.
    pub fn is_done(&self) -> bool {
        self.left == 0 && !self.in_driver
    }

    /// Ends the driver part.
    pub fn end_driver(&mut self, workers: &Workers, at: i64) {
        self.in_driver = false;
        self.begin_stages(workers, at);
    }

    /// Ends tasks, which leave something on their worker's disk.
    pub fn end_tasks(&mut self, batch: &Batch, workers: &mut Workers, at: i64) {
        let Some(stage) = self.stages.get_mut(batch.stage) else {
            return;
        };
        self.running = self.running.saturating_sub(u64::from(batch.count));
        stage.end(batch.count);
        let done = stage.step() == Step::Done;
        let mb = u64::from(stage.disk_mb_per_task()).saturating_mul(u64::from(batch.count));
        if mb > 0 {
            workers.fill_disk(batch.worker, mb);
            match self.disk.iter_mut().find(|(worker, _)| *worker == batch.worker) {
                Some((_, all)) => *all = all.saturating_add(mb),
                None => self.disk.push((batch.worker, mb)),
            }
        }
        if done {
            self.left = self.left.saturating_sub(1);
            self.begin_stages(workers, at);
        }
    }

    /// Puts tasks back to be run again.
    pub fn lose(&mut self, batch: &Batch) {
        self.running = self.running.saturating_sub(u64::from(batch.count));
        if let Some(stage) = self.stages.get_mut(batch.stage) {
            let Batch { seconds, count, .. } = *batch;
            stage.put_back(batch.home, Run { seconds, count });
        }
    }

    /// Forgets what it left on the disk of a worker that is gone.
    pub fn forget_disk(&mut self, gone: WorkerId) {
        self.disk.retain(|(worker, _)| *worker != gone);
    }

    /// Takes what it left off the workers' disks.
    pub fn clear_disks(&self, workers: &mut Workers) {
        for (worker, mb) in &self.disk {
            workers.clear_disk(*worker, *mb);
        }
    }

    /// Lets the stages run whose turn it is. A stage waits for stages of lower indices only, so that one pass is
    /// enough when those without tasks are done at once.
    fn begin_stages(&mut self, workers: &Workers, at: i64) {
        for index in 0..self.stages.len() {
            let (before, rest) = self.stages.split_at_mut(index);
            let (Some(stage), Some(what)) = (rest.first_mut(), self.what.stages.get(index)) else {
                continue;
            };
            let is_done = |after: &usize| before.get(*after).is_none_or(|b| b.step() == Step::Done);
            if stage.step() == Step::Waiting && what.after.iter().all(is_done) {
                stage.begin(workers.taking_tasks(), at);
                if stage.step() == Step::Done {
                    self.left = self.left.saturating_sub(1);
                }
            }
        }
    }
}
