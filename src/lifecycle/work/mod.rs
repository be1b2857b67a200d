//! Work on one running cluster: stages of tasks share the cores of its workers, as Spark's scheduler shares them out.
//!
//! In come machines that arrive and leave and pieces of work; out goes when each work ends, how many tasks run and
//! wait, which machines idle and what was lost with those that left. Time is in Unix seconds. Nothing is drawn
//! anew: a task's duration hangs on its work, its stage and its number.
//!
//! ```text
//! executors   one cluster: what is called from outside, and the order of what happens at one instant
//! launch      which stage gets the free cores, and where its tasks run
//! workers     the machines and their cores
//! progress    one work: its driver part, its stages, what it left on disks
//! stage       one stage: the tasks that wait, where their data is
//! due         what is running, by when it ends
//! ```
//!
//! At one instant everything that is due ends first, then free cores are filled; tasks of 0 seconds make that
//! happen again. A call is carried out after all of that, at its instant, and the cores are filled again. So a call
//! may come with or without an [`Executors::advance`] to its instant before.
//!
//! What it does not do: shuffle data that was lost with a worker is not computed again, a stage that is done stays
//! done. No speculation, no pools with weights, two levels of locality (a worker, anywhere) of Spark's five.

mod due;
mod executors;
mod launch;
mod progress;
mod stage;
mod workers;

pub use executors::Executors;

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod reference;

/// The engine's number of a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct WorkerId(pub u64);

/// The engine's number of a piece of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct WorkId(pub u64);

/// Running tasks that came to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Lost {
    /// How many tasks.
    pub tasks: u32,
    /// Seconds that they had run, added up.
    pub task_seconds: u64,
}

/// Seconds of machines, added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct InstanceSeconds {
    /// That they were there.
    pub total: u64,
    /// Of these, that they ran no task.
    pub unused: u64,
}

/// A work that ended by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ended {
    /// When, in Unix seconds.
    pub at: i64,
    /// Which.
    pub work: WorkId,
}

/// How much there is to do at one instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Demand {
    /// Tasks that run.
    pub running: u64,
    /// Tasks that would run if they had a core: those of stages that wait for no other stage.
    pub pending: u64,
    /// Works in progress, those in their driver part among them.
    pub works: u32,
}

/// What has happened since the beginning. `launched` is the sum of `done`, `lost`, `cancelled` and what is running.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Tasks that were launched; a task that was lost counts again.
    pub launched: u64,
    /// Tasks that ended by themselves.
    pub done: u64,
    /// Seconds that those took.
    pub done_task_seconds: u64,
    /// Tasks that were lost with their worker.
    pub lost: u64,
    /// Seconds that those had run.
    pub lost_task_seconds: u64,
    /// Tasks that were running when their work was cancelled.
    pub cancelled: u64,
    /// Seconds that those had run.
    pub cancelled_task_seconds: u64,
}
