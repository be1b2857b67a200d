//! Ingest: what really happened is taken in and billed.

pub mod cluster_events;
