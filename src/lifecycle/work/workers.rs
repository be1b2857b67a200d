//! The machines of a cluster and their cores.

use super::WorkerId;

#[derive(Debug)]
struct Worker {
    id: WorkerId,
    cores: u32,
    running: u32,
    draining: bool,
    /// When its last task ended, or when it came.
    idle_since: i64,
    disk_mb: u64,
}

impl Worker {
    /// Cores that would take a task.
    fn free(&self) -> u32 {
        if self.draining {
            0
        } else {
            self.cores.saturating_sub(self.running)
        }
    }

    /// Starts tasks; whether it ran none before.
    fn start(&mut self, count: u32) -> bool {
        let was_idle = self.running == 0 && count > 0;
        self.running = self.running.saturating_add(count);
        was_idle
    }
}

/// The machines, in the order of their ids.
#[derive(Debug, Default)]
pub(super) struct Workers {
    list: Vec<Worker>,
    /// The sum of their free cores.
    free: u64,
    running: u64,
    /// How many of them run no task.
    idle: u64,
}

impl Workers {
    /// Adds a machine; one that is there already stays as it is.
    pub fn add(&mut self, id: WorkerId, cores: u32, at: i64) {
        if let Err(place) = self.place(id) {
            self.free = self.free.saturating_add(u64::from(cores));
            let worker = Worker {
                id,
                cores,
                running: 0,
                draining: false,
                idle_since: at,
                disk_mb: 0,
            };
            self.list.insert(place, worker);
            self.idle = self.idle.saturating_add(1);
        }
    }

    /// Gives a machine no more tasks.
    pub fn drain(&mut self, id: WorkerId) {
        let free = self.free_of(id);
        if let Some(worker) = self.get_mut(id) {
            worker.draining = true;
            self.free = self.free.saturating_sub(u64::from(free));
        }
    }

    /// Takes a machine away with everything on it.
    pub fn remove(&mut self, id: WorkerId) {
        self.free = self.free.saturating_sub(u64::from(self.free_of(id)));
        if let Ok(place) = self.place(id) {
            let worker = self.list.remove(place);
            self.running = self.running.saturating_sub(u64::from(worker.running));
            self.idle = self.idle.saturating_sub(u64::from(worker.running == 0));
        }
    }

    /// Cores that would take a task.
    pub fn free(&self) -> u64 {
        self.free
    }

    /// Cores of a machine that would take a task.
    pub fn free_of(&self, id: WorkerId) -> u32 {
        self.get(id).map(Worker::free).unwrap_or_default()
    }

    /// Tasks that run.
    pub fn running(&self) -> u64 {
        self.running
    }

    /// How many machines there are, and how many of them run no task.
    pub fn count(&self) -> (u64, u64) {
        (u64::try_from(self.list.len()).unwrap_or(u64::MAX), self.idle)
    }

    /// Whether a machine is there and takes tasks.
    pub fn takes_tasks(&self, id: WorkerId) -> bool {
        self.get(id).is_some_and(|worker| !worker.draining)
    }

    /// The machines that take tasks.
    pub fn taking_tasks(&self) -> impl Iterator<Item = WorkerId> {
        self.list.iter().filter(|w| !w.draining).map(|w| w.id)
    }

    /// Every machine.
    #[cfg(test)]
    pub fn ids(&self) -> impl Iterator<Item = WorkerId> {
        self.list.iter().map(|worker| worker.id)
    }

    /// Whether a machine runs a task.
    pub fn is_busy(&self, id: WorkerId) -> bool {
        self.get(id).is_some_and(|worker| worker.running > 0)
    }

    /// Since when a machine runs no task.
    pub fn idle_since(&self, id: WorkerId) -> Option<i64> {
        let worker = self.get(id)?;
        (worker.running == 0).then_some(worker.idle_since)
    }

    /// What lies on a machine's disk.
    pub fn disk_mb(&self, id: WorkerId) -> u64 {
        self.get(id).map(|worker| worker.disk_mb).unwrap_or_default()
    }

    /// Puts something on a machine's disk.
    pub fn fill_disk(&mut self, id: WorkerId, mb: u64) {
        if let Some(worker) = self.get_mut(id) {
            worker.disk_mb = worker.disk_mb.saturating_add(mb);
        }
    }

    /// Takes something off a machine's disk.
    pub fn clear_disk(&mut self, id: WorkerId, mb: u64) {
        if let Some(worker) = self.get_mut(id) {
            worker.disk_mb = worker.disk_mb.saturating_sub(mb);
        }
    }

    /// Gives tasks to one machine, which has the cores for them.
    pub fn start(&mut self, id: WorkerId, count: u32) {
        if let Some(worker) = self.get_mut(id) {
            let was_idle = worker.start(count);
            self.idle = self.idle.saturating_sub(u64::from(was_idle));
            self.started(count);
        }
    }

    /// Gives tasks to machines one after the other, each to the machine that then has the most free cores, the lowest
    /// id among equals. `each` hears how many a machine got, perhaps in several parts. The cores must be there.
    pub fn spread(&mut self, count: u32, mut each: impl FnMut(WorkerId, u32)) {
        let mut left = count;
        while left > 0 {
            let Level { top, peers, below } = self.level();
            if top == 0 {
                break;
            }
            // Those with the most go down together, until others have as many or too few tasks are left for all.
            let together = (left.checked_div(peers).unwrap_or_default()).min(top.saturating_sub(below));
            for worker in self.list.iter_mut().filter(|w| w.free() == top) {
                let share = together.max(1);
                if left < share {
                    break;
                }
                left = left.saturating_sub(share);
                let was_idle = worker.start(share);
                self.idle = self.idle.saturating_sub(u64::from(was_idle));
                each(worker.id, share);
            }
        }
        self.started(count.saturating_sub(left));
    }

    /// Takes back the cores of tasks that are no longer running.
    pub fn stop(&mut self, id: WorkerId, count: u32, at: i64) {
        if let Some(worker) = self.get_mut(id) {
            let was_busy = worker.running > 0;
            worker.running = worker.running.saturating_sub(count);
            let is_idle = worker.running == 0;
            if is_idle {
                worker.idle_since = at;
            }
            if !worker.draining {
                self.free = self.free.saturating_add(u64::from(count));
            }
            self.idle = self.idle.saturating_add(u64::from(was_busy && is_idle));
            self.running = self.running.saturating_sub(u64::from(count));
        }
    }

    fn started(&mut self, count: u32) {
        self.free = self.free.saturating_sub(u64::from(count));
        self.running = self.running.saturating_add(u64::from(count));
    }

    fn level(&self) -> Level {
        let mut level = Level::default();
        for free in self.list.iter().map(Worker::free) {
            if free > level.top {
                level = Level {
                    top: free,
                    peers: 1,
                    below: level.top,
                };
            } else if free == level.top {
                level.peers = level.peers.saturating_add(1);
            } else {
                level.below = level.below.max(free);
            }
        }
        level
    }

    fn place(&self, id: WorkerId) -> Result<usize, usize> {
        self.list.binary_search_by_key(&id, |worker| worker.id)
    }

    fn get(&self, id: WorkerId) -> Option<&Worker> {
        self.list.get(self.place(id).ok()?)
    }

    fn get_mut(&mut self, id: WorkerId) -> Option<&mut Worker> {
        let place = self.place(id).ok()?;
        self.list.get_mut(place)
    }
}

/// The machines with the most free cores.
#[derive(Debug, Default)]
struct Level {
    /// Free cores of each.
    top: u32,
    /// How many machines.
    peers: u32,
    /// The most that any other one has.
    below: u32,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn workers(cores: &[u32]) -> Workers {
        let mut workers = Workers::default();
        for (id, cores) in (0..).zip(cores) {
            workers.add(WorkerId(id), *cores, 0);
        }
        workers
    }

    fn frees(workers: &Workers) -> Vec<u32> {
        workers.list.iter().map(Worker::free).collect()
    }

    #[test]
    fn tasks_go_where_the_most_cores_are_free() {
        // 4 2 5: the third (4 2 4), then the first and the third in turn (3 2 3), (2 2 2), then the first (1 2 2).
        let mut some = workers(&[4, 2, 5]);
        let mut heard = [0; 3];
        some.spread(6, |id, n| heard[id.0 as usize] += n);
        assert_eq!(frees(&some), [1, 2, 2]);
        assert_eq!(heard, [3, 0, 3]);
        assert_eq!((some.free(), some.running()), (5, 6));
    }

    #[test]
    fn a_machine_that_drains_has_no_free_core() {
        let mut some = workers(&[4, 2]);
        some.start(WorkerId(0), 1);
        some.drain(WorkerId(0));
        some.drain(WorkerId(0));
        assert_eq!((some.free(), some.running()), (2, 1));
        some.stop(WorkerId(0), 1, 7);
        assert_eq!((some.free(), some.idle_since(WorkerId(0))), (2, Some(7)));
        some.remove(WorkerId(0));
        assert_eq!((some.free(), some.running()), (2, 0));
    }

    proptest! {
        #[test]
        fn many_at_once_go_where_one_after_the_other_would(
            cores in prop::collection::vec(0_u32..9, 1..7),
            share in 0_u32..100,
        ) {
            let total: u32 = cores.iter().sum();
            let count = total * share / 100;
            let (mut at_once, mut singly) = (workers(&cores), workers(&cores));
            at_once.spread(count, |_, _| ());
            for _ in 0..count {
                let most = singly.list.iter().map(Worker::free).max().unwrap();
                let first = singly.list.iter().find(|w| w.free() == most).unwrap().id;
                singly.start(first, 1);
            }
            prop_assert_eq!(frees(&at_once), frees(&singly));
            prop_assert_eq!(at_once.free(), u64::from(total - count));
        }
    }
}
