//! One cluster: what is called from outside, and the order of what happens at one instant.

use std::sync::Arc;

use super::due::{Batch, Calendar, Due, Turn};
use super::launch::Launcher;
use super::progress::Progress;
use super::workers::Workers;
use super::{Demand, Ended, InstanceSeconds, Lost, Totals, WorkId, WorkerId};
use crate::lifecycle::draw::DrawKey;
use crate::lifecycle::workload::{Scheduling, Work};

/// The cores of one running cluster and the work on them.
///
/// Calls come in order of time; one that is late counts as made at the latest instant that was reached.
#[derive(Debug)]
pub struct Executors {
    now: i64,
    paused: bool,
    workers: Workers,
    /// In the order of their turns.
    works: Vec<Progress>,
    running: Calendar,
    launcher: Launcher,
    /// When the next stage stops waiting for its homes.
    release: Option<i64>,
    /// What nobody has been told of yet.
    ended: Vec<Ended>,
    totals: Totals,
    /// Since they were last taken.
    instance_seconds: InstanceSeconds,
}

impl Executors {
    /// A cluster without workers and work. `locality_wait_seconds` is `spark.locality.wait`.
    pub fn new(mode: Scheduling, locality_wait_seconds: u32) -> Executors {
        Executors {
            now: i64::MIN,
            paused: false,
            workers: Workers::default(),
            works: Vec::new(),
            running: Calendar::default(),
            launcher: Launcher::new(mode, locality_wait_seconds),
            release: None,
            ended: Vec::new(),
            totals: Totals::default(),
            instance_seconds: InstanceSeconds::default(),
        }
    }

    /// Adds a machine. One that is there already, drained or not, stays as it is.
    pub fn add_worker(&mut self, worker: WorkerId, cores: u32, at: i64) {
        self.reach(at);
        self.workers.add(worker, cores, self.now);
        self.settle();
    }

    /// Gives a machine no more tasks; those that it runs end by themselves. It counts as gone where a task's data is
    /// concerned, as a decommissioned executor does in Spark.
    pub fn drain_worker(&mut self, worker: WorkerId, at: i64) {
        self.reach(at);
        self.workers.drain(worker);
        self.settle();
    }

    /// Takes a machine away at once. Its running tasks are lost and wait again, to run from the beginning; tasks that
    /// end at this very instant have ended. What lay on its disk is gone.
    pub fn remove_worker(&mut self, worker: WorkerId, at: i64) -> Lost {
        self.reach(at);
        let (now, works, mut lost) = (self.now, &mut self.works, Lost::default());
        self.running.remove_worker(worker, |batch| {
            lost.add(&batch, now);
            if let Some(work) = find(works, batch.turn).and_then(|place| works.get_mut(place)) {
                work.lose(&batch);
            }
        });
        self.workers.remove(worker);
        for work in &mut self.works {
            work.forget_disk(worker);
        }
        add(&mut self.totals.lost, u64::from(lost.tasks));
        add(&mut self.totals.lost_task_seconds, lost.task_seconds);
        self.settle();
        lost
    }

    /// Begins a work: its driver part, then its stages as those end that they come after. The driver part needs no
    /// worker. A work of an id that is in progress already is ignored.
    pub fn submit(&mut self, work: WorkId, what: Arc<Work>, draws: DrawKey, at: i64) {
        self.reach(at);
        let turn = Turn { at: self.now, work };
        if self.turn_of(work).is_none() {
            let progress = Progress::new(turn, what, draws);
            let end = self.now.saturating_add(i64::from(progress.driver_seconds()));
            self.running.push(Due::Driver { at: end, turn });
            let place = self.works.partition_point(|work| work.turn < turn);
            self.works.insert(place, progress);
        }
        self.settle();
    }

    /// Ends a work before its time; nobody is told by `advance`. Tasks that end at this very instant have ended, and
    /// so may the whole work.
    pub fn cancel(&mut self, work: WorkId, at: i64) -> Lost {
        self.reach(at);
        let mut lost = Lost::default();
        if let Some(turn) = self.turn_of(work) {
            let (now, workers) = (self.now, &mut self.workers);
            self.running.remove_work(turn, |batch| {
                lost.add(&batch, now);
                workers.stop(batch.worker, batch.count, now);
            });
            self.remove_work(turn);
        }
        add(&mut self.totals.cancelled, u64::from(lost.tasks));
        add(&mut self.totals.cancelled_task_seconds, lost.task_seconds);
        self.settle();
        lost
    }

    /// The driver does not respond: no task is launched. What runs goes on and ends, driver parts too.
    pub fn pause(&mut self, at: i64) {
        self.reach(at);
        self.paused = true;
        self.settle();
    }

    /// The driver responds again.
    pub fn resume(&mut self, at: i64) {
        self.reach(at);
        self.paused = false;
        self.settle();
    }

    /// Lets everything happen up to and including `to`. Works that ended since the last call, in order of time, then
    /// of their ids.
    pub fn advance(&mut self, to: i64) -> Vec<Ended> {
        self.reach(to);
        let mut ended = std::mem::take(&mut self.ended);
        ended.sort_unstable();
        ended
    }

    /// When something happens next: something ends, or a task is launched away from its data after a wait. If a call
    /// ended a work at once, then the instant of that. None if nothing will happen without another call.
    pub fn next(&self) -> Option<i64> {
        match self.ended.first() {
            Some(ended) => Some(ended.at),
            None => self.next_inside(),
        }
    }

    /// What runs and what waits.
    pub fn demand(&self) -> Demand {
        let pending = self.works.iter().map(Progress::pending);
        Demand {
            running: self.workers.running(),
            pending: pending.fold(0, u64::saturating_add),
            works: u32::try_from(self.works.len()).unwrap_or(u32::MAX),
        }
    }

    /// Whether a machine runs a task. A machine that is not there does not.
    pub fn is_busy(&self, worker: WorkerId) -> bool {
        self.workers.is_busy(worker)
    }

    /// Since when a machine runs no task: when its last one ended, or when it came. None if it runs one or is not
    /// there.
    pub fn idle_since(&self, worker: WorkerId) -> Option<i64> {
        self.workers.idle_since(worker)
    }

    /// When the last of the tasks that a machine runs now will have ended; none if it runs none.
    pub fn busy_until(&self, worker: WorkerId) -> Option<i64> {
        self.running.last_of(worker)
    }

    /// Seconds of its machines up to an instant, since this was asked last.
    pub fn take_instance_seconds(&mut self, at: i64) -> InstanceSeconds {
        self.reach(at);
        std::mem::take(&mut self.instance_seconds)
    }

    /// The machines that are there, those that drain among them, in order of their ids.
    #[cfg(test)]
    pub fn workers(&self) -> impl Iterator<Item = WorkerId> {
        self.workers.ids()
    }

    /// MiB that lie on a machine's disk: of tasks that ended there, until their work ends.
    pub fn disk_mb(&self, worker: WorkerId) -> u64 {
        self.workers.disk_mb(worker)
    }

    /// What has happened since the beginning.
    #[cfg(test)]
    pub fn totals(&self) -> &Totals {
        &self.totals
    }

    fn next_inside(&self) -> Option<i64> {
        [self.running.next(), self.release].into_iter().flatten().min()
    }

    /// Lets everything happen up to and including an instant.
    fn reach(&mut self, to: i64) {
        while let Some(at) = self.next_inside().filter(|at| *at <= to) {
            self.move_to(at);
            self.settle();
        }
        self.move_to(to);
    }

    fn move_to(&mut self, at: i64) {
        if at <= self.now {
            return;
        }
        let (machines, idle) = self.workers.count();
        let seconds = at.abs_diff(self.now);
        let sums = &mut self.instance_seconds;
        add(&mut sums.total, machines.saturating_mul(seconds));
        add(&mut sums.unused, idle.saturating_mul(seconds));
        self.now = at;
    }

    /// Ends what is due and fills the free cores, until nothing is due any more.
    fn settle(&mut self) {
        loop {
            while let Some(due) = self.running.pop(self.now) {
                self.end(due);
            }
            if !self.paused {
                self.launch();
            }
            if self.running.next().is_none_or(|at| at > self.now) {
                break;
            }
        }
        self.release = if self.paused {
            None
        } else {
            self.launcher.next_release(&self.works, &self.workers, self.now)
        };
    }

    fn launch(&mut self) {
        for batch in self.launcher.round(&mut self.works, &mut self.workers, self.now) {
            add(&mut self.totals.launched, u64::from(batch.count));
            self.running.push(Due::Tasks(batch));
        }
    }

    fn end(&mut self, due: Due) {
        let turn = match due {
            Due::Driver { turn, .. } => turn,
            Due::Tasks(batch) => batch.turn,
        };
        let Some(work) = find(&self.works, turn).and_then(|place| self.works.get_mut(place)) else {
            return;
        };
        match due {
            Due::Driver { .. } => work.end_driver(&self.workers, self.now),
            Due::Tasks(batch) => {
                self.workers.stop(batch.worker, batch.count, self.now);
                work.end_tasks(&batch, &mut self.workers, self.now);
                count_done(&mut self.totals, &batch);
            }
        }
        if work.is_done() {
            self.remove_work(turn);
            let work = turn.work;
            self.ended.push(Ended { at: self.now, work });
        }
    }

    fn remove_work(&mut self, turn: Turn) {
        if let Some(place) = find(&self.works, turn) {
            self.works.remove(place).clear_disks(&mut self.workers);
        }
    }

    fn turn_of(&self, id: WorkId) -> Option<Turn> {
        self.works
            .iter()
            .map(|work| work.turn)
            .find(|turn| turn.work == id)
    }
}

fn find(works: &[Progress], turn: Turn) -> Option<usize> {
    works.binary_search_by_key(&turn, |work| work.turn).ok()
}

fn count_done(totals: &mut Totals, batch: &Batch) {
    add(&mut totals.done, u64::from(batch.count));
    add(&mut totals.done_task_seconds, batch.task_seconds(batch.end));
}

fn add(total: &mut u64, more: u64) {
    *total = total.saturating_add(more);
}
