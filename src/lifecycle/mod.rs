//! The lifecycle: a scenario of clusters, pools and jobs becomes events and usage.
//!
//! In comes a [`scenario::Scenario`], whose requests admission has judged and completed, as a
//! [`simulation::Simulation`]; out goes a [`simulation::Outcome`]: what happened, spelled as Databricks spells
//! it, and what was used, meter by meter, to the second. This layer knows meters and no prices, admitted
//! requests and no policies; it reads no file and no clock. Chance comes from the scenario's seed, and a draw
//! belongs to its object, so that adding a cluster changes nothing about another one (unless they share a pool).
//!
//! ```text
//! between     a number, or a range to draw from
//! schedule    sessions and runs as rules -> the instants at which they are due
//! scenario    the user's file -> workspaces, pools, clusters, jobs, with every problem and its place
//! simulation  what is simulated, what comes of it
//! state       the state machine, one table
//! draw        seeded numbers
//! queue       what is still to happen, in a fixed order
//! cluster     one cluster: its state, its nodes, its work
//! pool        one pool: what it holds, what it must hold
//! instance    one machine: whose it is, since when
//! index       which cluster, machine, pool
//! supply      where machines come from and where they go
//! world       everything that there is at one instant
//! simulate    the loop: what happens, what follows from it
//! history     what has happened, as events
//! meter       what has run, as usage
//! ```
//!
//! What it does not do yet: autoscaling (a cluster stays at `autoscale.min_workers`), failures of nodes, spot
//! evictions, restarts and resizes by users, runs that overlap with themselves, the managed resource group.

mod cluster;
mod history;
mod index;
mod instance;
mod meter;
mod pool;
mod queue;
mod supply;
mod world;

pub mod between;
pub mod draw;
pub mod scenario;
pub mod schedule;
pub mod simulate;
pub mod simulation;
pub mod state;

pub use scenario::Scenario;
pub use simulate::simulate;
pub use simulation::{
    Admitted, AdmittedCluster, AdmittedJob, MeteredPool, Outcome, Progress, Simulation, SimulationError,
};

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod laws;
