//! Ingest: what really happened is taken in and billed.

pub mod billing_usage;
pub mod cluster_events;
