//! A request for a cluster, as it was found.

use serde_json::Value;

use crate::databricks::cluster_spec::ClusterSpec;
use crate::model::diagnostic::Diagnostic;

/// One cluster that somebody wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// File, or `-`.
    pub source: String,
    /// First line of the request, from 1.
    pub line: usize,
    /// Where inside the source: `clusters.3`, a resource address; none for the whole file.
    pub address: Option<String>,
    /// `cluster_name`, if it has one.
    pub name: Option<String>,
    /// The body, as given.
    pub body: Value,
    /// The body, read.
    pub spec: ClusterSpec,
}

impl Request {
    /// Something wrong with the request as a whole, at its place.
    pub fn problem(&self, code: &'static str, message: impl Into<String>) -> Diagnostic {
        let found = Diagnostic::error(code, &self.source, message).at(self.line, 0);
        found.path(self.address.clone().unwrap_or_default())
    }
}
