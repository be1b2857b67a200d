//! The same rules told task by task, second by second and core by core: slow, and as plain as can be.

use std::cmp::Reverse;
use std::sync::Arc;

use super::{Demand, Ended, Lost, Totals, WorkId, WorkerId};
use crate::lifecycle::draw::DrawKey;
use crate::lifecycle::workload::{Scheduling, Work};

#[derive(Clone, Copy, PartialEq)]
enum State {
    Waiting { was_lost: bool },
    Running { worker: WorkerId, start: i64, end: i64 },
    Done { worker: WorkerId },
}

struct Task {
    seconds: u32,
    home: usize,
    state: State,
}

struct Begun {
    tasks: Vec<Task>,
    homes: Vec<WorkerId>,
    held_since: i64,
}

impl Begun {
    fn is_done(&self) -> bool {
        self.tasks
            .iter()
            .all(|task| matches!(task.state, State::Done { .. }))
    }
}

struct Job {
    id: WorkId,
    submitted: i64,
    what: Arc<Work>,
    draws: DrawKey,
    driver_end: i64,
    stages: Vec<Option<Begun>>,
}

impl Job {
    fn tasks(&self) -> impl Iterator<Item = &Task> {
        self.stages.iter().flatten().flat_map(|stage| &stage.tasks)
    }

    fn running(&self) -> usize {
        let runs = |task: &&Task| matches!(task.state, State::Running { .. });
        self.tasks().filter(runs).count()
    }
}

struct Machine {
    id: WorkerId,
    cores: u32,
    draining: bool,
    idle_since: i64,
}

/// One cluster, at one second.
pub(super) struct Reference {
    mode: Scheduling,
    wait: i64,
    now: i64,
    paused: bool,
    machines: Vec<Machine>,
    jobs: Vec<Job>,
    pub ended: Vec<Ended>,
    pub totals: Totals,
}

impl Reference {
    pub fn new(mode: Scheduling, wait: u32) -> Reference {
        Reference {
            mode,
            wait: wait.into(),
            now: 0,
            paused: false,
            machines: Vec::new(),
            jobs: Vec::new(),
            ended: Vec::new(),
            totals: Totals::default(),
        }
    }

    /// Everything that happens at a second. Seconds come one after the other.
    pub fn second(&mut self, now: i64) {
        self.now = now;
        loop {
            while self.something_ends() {}
            let mut launched = false;
            while !self.paused && self.launch_one() {
                launched = true;
            }
            if !launched {
                return;
            }
        }
    }

    pub fn add_worker(&mut self, id: WorkerId, cores: u32) {
        if self.machine(id).is_none() {
            self.machines.push(Machine {
                id,
                cores,
                draining: false,
                idle_since: self.now,
            });
            self.machines.sort_by_key(|machine| machine.id);
        }
    }

    pub fn drain_worker(&mut self, id: WorkerId) {
        for machine in self.machines.iter_mut().filter(|machine| machine.id == id) {
            machine.draining = true;
        }
    }

    pub fn remove_worker(&mut self, id: WorkerId) -> Lost {
        let now = self.now;
        let mut lost = Lost::default();
        let jobs = self.jobs.iter_mut();
        for task in jobs
            .flat_map(|job| job.stages.iter_mut().flatten())
            .flat_map(|stage| &mut stage.tasks)
        {
            match task.state {
                State::Running { worker, start, .. } if worker == id => {
                    lost.tasks += 1;
                    lost.task_seconds += (now - start) as u64;
                    task.state = State::Waiting { was_lost: true };
                }
                // A machine that comes back under its id brings no data.
                State::Done { worker } if worker == id => {
                    task.state = State::Done {
                        worker: WorkerId(u64::MAX),
                    };
                }
                _ => {}
            }
        }
        self.machines.retain(|machine| machine.id != id);
        self.totals.lost += u64::from(lost.tasks);
        self.totals.lost_task_seconds += lost.task_seconds;
        lost
    }

    pub fn submit(&mut self, id: WorkId, what: Arc<Work>, draws: DrawKey) {
        if self.jobs.iter().all(|job| job.id != id) {
            let driver = draws.part(u64::MAX).within(what.driver_seconds, 0);
            self.jobs.push(Job {
                id,
                submitted: self.now,
                draws,
                driver_end: self.now + i64::from(driver),
                stages: what.stages.iter().map(|_| None).collect(),
                what,
            });
        }
    }

    pub fn cancel(&mut self, id: WorkId) -> Lost {
        let mut lost = Lost::default();
        if let Some(place) = self.jobs.iter().position(|job| job.id == id) {
            let job = self.jobs.remove(place);
            for task in job.tasks() {
                if let State::Running { worker, start, .. } = task.state {
                    lost.tasks += 1;
                    lost.task_seconds += (self.now - start) as u64;
                    self.idles(worker);
                }
            }
        }
        self.totals.cancelled += u64::from(lost.tasks);
        self.totals.cancelled_task_seconds += lost.task_seconds;
        lost
    }

    pub fn pause(&mut self, paused: bool) {
        self.paused = paused;
    }

    pub fn demand(&self) -> Demand {
        let tasks = || self.jobs.iter().flat_map(Job::tasks);
        let waits = |task: &&Task| matches!(task.state, State::Waiting { .. });
        Demand {
            running: self.jobs.iter().map(|job| job.running() as u64).sum(),
            pending: tasks().filter(waits).count() as u64,
            works: self.jobs.len() as u32,
        }
    }

    /// Each machine with since when it idles and what lies on its disk.
    pub fn machines(&self) -> Vec<(WorkerId, Option<i64>, u64)> {
        let machine = |m: &Machine| {
            (
                m.id,
                (self.runs(m.id) == 0).then_some(m.idle_since),
                self.disk_mb(m.id),
            )
        };
        self.machines.iter().map(machine).collect()
    }

    pub fn busy_until(&self, id: WorkerId) -> Option<i64> {
        let tasks = self.jobs.iter().flat_map(Job::tasks);
        let ends = tasks.filter_map(|task| match task.state {
            State::Running { worker, end, .. } if worker == id => Some(end),
            _ => None,
        });
        ends.max()
    }

    fn disk_mb(&self, id: WorkerId) -> u64 {
        let mut mb = 0;
        for job in &self.jobs {
            for (stage, begun) in job.what.stages.iter().zip(&job.stages) {
                let tasks = begun.iter().flat_map(|begun| &begun.tasks);
                let left = tasks
                    .filter(|task| task.state == State::Done { worker: id })
                    .count() as u64;
                mb += left * u64::from(stage.disk_mb_per_task);
            }
        }
        mb
    }

    /// Ends one task, begins one stage or ends one work.
    fn something_ends(&mut self) -> bool {
        let now = self.now;
        let at_work: Vec<WorkerId> = self
            .machines
            .iter()
            .filter(|m| !m.draining)
            .map(|m| m.id)
            .collect();
        for place in 0..self.jobs.len() {
            let job = &mut self.jobs[place];
            for task in job.stages.iter_mut().flatten().flat_map(|stage| &mut stage.tasks) {
                if let State::Running { worker, start, end } = task.state
                    && end <= now
                {
                    task.state = State::Done { worker };
                    self.totals.done += 1;
                    self.totals.done_task_seconds += (end - start) as u64;
                    self.idles(worker);
                    return true;
                }
            }
            if job.driver_end > now {
                continue;
            }
            let done =
                |stages: &[Option<Begun>], index: usize| stages[index].as_ref().is_some_and(Begun::is_done);
            for (index, stage) in job.what.stages.iter().enumerate() {
                if job.stages[index].is_none() && stage.after.iter().all(|after| done(&job.stages, *after)) {
                    let homes = if stage.remote_percent.is_some() {
                        at_work
                    } else {
                        Vec::new()
                    };
                    let task = |i: u32| Task {
                        seconds: job.draws.part(index as u64).within(stage.task_seconds, i.into()),
                        home: if homes.is_empty() {
                            0
                        } else {
                            i as usize % homes.len()
                        },
                        state: State::Waiting { was_lost: false },
                    };
                    job.stages[index] = Some(Begun {
                        tasks: (0..stage.tasks).map(task).collect(),
                        homes,
                        held_since: now,
                    });
                    return true;
                }
            }
            if (0..job.stages.len()).all(|index| done(&job.stages, index)) {
                let work = self.jobs.remove(place).id;
                self.ended.push(Ended { at: now, work });
                return true;
            }
        }
        false
    }

    /// Gives one core to whoever is next.
    fn launch_one(&mut self) -> bool {
        let mut order: Vec<usize> = (0..self.jobs.len()).collect();
        order.sort_by_key(|place| {
            let job = &self.jobs[*place];
            let running = match self.mode {
                Scheduling::Fifo => 0,
                Scheduling::Fair => job.running(),
            };
            (running, job.submitted, job.id)
        });
        for place in order {
            for stage in 0..self.jobs[place].stages.len() {
                if let Some((task, worker, is_home, seconds)) = self.choice(place, stage) {
                    let begun = self.jobs[place].stages[stage].as_mut().unwrap();
                    begun.tasks[task].state = State::Running {
                        worker,
                        start: self.now,
                        end: self.now + seconds,
                    };
                    if is_home {
                        begun.held_since = self.now;
                    }
                    self.totals.launched += 1;
                    return true;
                }
            }
        }
        false
    }

    /// Which task of a stage goes where next, whether that is at home, and how long it takes there.
    fn choice(&self, job: usize, stage: usize) -> Option<(usize, WorkerId, bool, i64)> {
        let job = &self.jobs[job];
        let begun = job.stages[stage].as_ref()?;
        let home = |task: &Task| begun.homes.get(task.home).copied();
        let first = |may: &dyn Fn(&Task) -> bool| {
            let waiting = begun.tasks.iter().enumerate().filter(|(_, task)| may(task));
            waiting
                .filter_map(|(index, task)| match task.state {
                    State::Waiting { was_lost: true } => Some((0, task.seconds, task.home, index)),
                    State::Waiting { was_lost: false } => Some((1, 0, 0, index)),
                    _ => None,
                })
                .min()
                .map(|(_, _, _, index)| index)
        };
        let mut free: Vec<&Machine> = self.machines.iter().filter(|m| self.free(m) > 0).collect();
        free.sort_by_key(|machine| (Reverse(self.free(machine)), machine.id));
        for machine in &free {
            if let Some(task) = first(&|task| home(task) == Some(machine.id)) {
                return Some((task, machine.id, true, begun.tasks[task].seconds.into()));
            }
        }
        let freest = free.first()?.id;
        let is_there = |id| self.machine(id).is_some_and(|machine| !machine.draining);
        if let Some(task) = first(&|task| !home(task).is_some_and(is_there)) {
            return Some((task, freest, false, begun.tasks[task].seconds.into()));
        }
        if self.now < begun.held_since + self.wait {
            return None;
        }
        let task = first(&|_| true)?;
        let seconds = i64::from(begun.tasks[task].seconds);
        let percent = i64::from(job.what.stages[stage].remote_percent.unwrap());
        Some((task, freest, false, (seconds * (100 + percent) + 99) / 100))
    }

    fn machine(&self, id: WorkerId) -> Option<&Machine> {
        self.machines.iter().find(|machine| machine.id == id)
    }

    fn runs(&self, id: WorkerId) -> u32 {
        let here = |task: &&Task| matches!(task.state, State::Running { worker, .. } if worker == id);
        self.jobs.iter().flat_map(Job::tasks).filter(here).count() as u32
    }

    fn free(&self, machine: &Machine) -> u32 {
        if machine.draining {
            0
        } else {
            machine.cores - self.runs(machine.id)
        }
    }

    fn idles(&mut self, id: WorkerId) {
        for machine in self.machines.iter_mut().filter(|machine| machine.id == id) {
            machine.idle_since = self.now;
        }
    }
}
