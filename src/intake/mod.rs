//! Documents become requests, each with its place.
//!
//! In goes text; out come requests and, for what cannot be read, diagnostics. One bad request among many does
//! not hide the good ones.

pub mod azure_cost;
pub mod billing_usage;
pub mod cluster_events;
pub mod cluster_records;
pub mod clusters_api;
mod compute_clusters_table;
pub mod context;
mod event_details;
pub mod existing_clusters;
pub mod legacy_usage;
mod moment;
pub mod node_timeline;
pub mod node_types;
mod record;
pub mod request;
pub mod table;
pub mod workspace_policies;
