//! Documents become requests, each with its place.
//!
//! In goes text; out come requests and, for what cannot be read, diagnostics. One bad request among many does
//! not hide the good ones.

pub mod against;
pub mod api;
pub mod azure_cost;
pub mod billing_usage;
pub mod bundle;
pub mod cluster_events;
pub mod cluster_records;
pub mod clusters_api;
mod compute_clusters_table;
pub mod context;
pub mod cost_centres;
pub mod documents;
mod event_details;
pub mod existing_clusters;
pub mod instance_pool;
pub mod job;
pub mod legacy_usage;
mod moment;
pub mod node_timeline;
pub mod node_types;
pub mod pipeline;
pub mod reading;
mod record;
pub mod request;
pub mod schedule;
pub mod table;
pub mod terraform_plan;
pub mod usage_file;
pub mod workspace_policies;
