//! What others have written becomes ours, each thing with its place: what is asked for (`requests`), what there is and what
//! has happened (the other files: records of clusters, their events, usage, nodes, cost exports, policies).
//!
//! In go texts and tables; out comes what they say and, for what cannot be read, diagnostics. One bad row among many does not
//! hide the good ones.

pub mod azure_cost;
pub mod billing_usage;
pub mod cluster_events;
pub mod cluster_records;
mod compute_clusters_table;
pub mod context;
pub mod cost_centres;
mod event_details;
pub mod existing_clusters;
pub mod legacy_usage;
mod moment;
pub mod node_timeline;
pub mod node_types;
mod record;
pub mod requests;
pub mod table;
pub mod workspace_policies;
