//! Ingest: what really happened is taken in and billed.

pub mod azure_cost;
pub mod billing_usage;
pub mod cluster_events;
