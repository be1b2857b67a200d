//! The lifecycle: a scenario of clusters, pools and jobs becomes events and usage.
//!
//! In comes a [`scenario::Scenario`], whose requests admission has judged and completed, as a
//! [`simulation::Simulation`]; out go [`simulation::Record`]s: what happened, spelled as Databricks spells it, and what
//! was used, meter by meter, to the second. This layer knows meters and no prices, admitted requests and no policies; it
//! reads no file and no clock. Chance comes from the scenario's seed, and a draw belongs to its object, so that adding a
//! cluster changes nothing about another one (unless they share a pool or a quota). The model is described in
//! `docs/lifecycle.md`.
//!
//! ```text
//! scenario        the user's file -> workspaces, pools, clusters, jobs, variants, with every problem and its place
//! schedule        sessions and runs as rules -> the instants at which they are due
//! workload        what clusters are used for
//! timing, hazard  how long things take, what can go wrong
//! simulation      what is simulated, what comes of it
//! state           the state machine: two tables
//! draw, between   seeded numbers, and what they are drawn from
//! work            tasks on the cores of one cluster
//! engine          what is due happens, and what follows from it is planned
//! meter           what has run, as usage
//! replay          events of real clusters, for the same meter
//! presence        minutes in which real nodes were seen, as lives of machines
//! resource_group  what hangs on a workspace and on a machine
//! ```

pub mod between;
pub mod draw;
mod engine;
pub mod hazard;
mod meter;
pub mod presence;
pub mod replay;
pub mod resource_group;
pub mod scenario;
pub mod schedule;
pub mod simulation;
pub mod state;
pub mod timing;
mod work;
pub mod workload;

pub use engine::simulate;
pub use scenario::Scenario;
pub use simulation::{Outcome, Progress, Record, Simulation, SimulationError};

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod laws;
