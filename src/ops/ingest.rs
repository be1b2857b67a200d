//! Ingest: what really happened is taken in and billed.

pub mod azure_cost;
mod batch_writer;
pub mod billing_usage;
pub mod cluster_events;
pub mod context;
pub mod legacy_usage;
mod lost;
mod metered;
pub mod node_timeline;
mod pile;
mod rated;
mod rejects;
mod subjects;

/// How far a telling is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Rows read; how many there are is not known before.
    Read(u64),
    /// Rows billed, or clusters, and all of those that were read.
    Billed(u64, u64),
}
