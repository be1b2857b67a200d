//! A record of a cluster, as far as both of its forms go: the API's object, a row of the system table.

use serde_json::{Map, Value};

use crate::databricks::cluster_source::ClusterSource;
use crate::model::period::Instant;

/// A record of a cluster, its request not read yet.
pub(super) struct Record {
    pub body: Map<String, Value>,
    pub cluster_id: String,
    pub workspace_id: Option<String>,
    pub state: Option<String>,
    pub cluster_source: Option<ClusterSource>,
    pub creator: Option<String>,
    pub changed_at: Option<Instant>,
    pub is_deleted: bool,
    pub unknown: Vec<String>,
}
