//! The types of resources that are read, and what happens to one.

use serde_json::{Map, Value};

use crate::intake::requests::{job, pipeline};
use crate::model::resource::Action;

/// Types of resources that cost money, or decide what may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// `databricks_cluster`.
    Cluster,
    /// `databricks_job`.
    Job,
    /// `databricks_pipeline`.
    Pipeline,
    /// `databricks_instance_pool`.
    InstancePool,
    /// `databricks_cluster_policy`.
    ClusterPolicy,
    /// `databricks_sql_endpoint`.
    SqlEndpoint,
}

impl Type {
    /// By its name; none for one that is nothing to us.
    pub fn of(name: &str) -> Option<Type> {
        Some(match name {
            "databricks_cluster" => Type::Cluster,
            "databricks_job" => Type::Job,
            "databricks_pipeline" => Type::Pipeline,
            "databricks_instance_pool" => Type::InstancePool,
            "databricks_cluster_policy" => Type::ClusterPolicy,
            "databricks_sql_endpoint" => Type::SqlEndpoint,
            _ => return None,
        })
    }

    /// Ids that a resource gets, and what else it only answers.
    pub fn own(self) -> &'static [&'static str] {
        match self {
            Type::InstancePool => &["id", "instance_pool_id"],
            Type::ClusterPolicy => &["id", "policy_id"],
            Type::SqlEndpoint => &["health", "id", "num_clusters"],
            Type::Pipeline => &["cause", "health", "id"],
            Type::Cluster | Type::Job => &["id"],
        }
    }

    /// The pointers of the clusters in a body, and where each is inside its resource.
    pub fn clusters(self, body: &Value) -> Vec<(String, String)> {
        let jobs = || job::clusters(body).into_iter().map(|c| (c.pointer, c.address));
        let pipelines = || {
            pipeline::clusters(body)
                .into_iter()
                .map(|c| (c.pointer, c.address))
        };
        match self {
            Type::Cluster => vec![(String::new(), String::new())],
            Type::Job => jobs().collect(),
            Type::Pipeline => pipelines().collect(),
            Type::InstancePool | Type::ClusterPolicy | Type::SqlEndpoint => Vec::new(),
        }
    }

    /// Brings ids to where the API has them.
    pub fn name_id(self, body: &mut Map<String, Value>) {
        let key = match self {
            Type::InstancePool => "instance_pool_id",
            Type::ClusterPolicy => "policy_id",
            Type::SqlEndpoint => return,
            Type::Cluster | Type::Job | Type::Pipeline => {
                body.shift_remove("id");
                return;
            }
        };
        if let Some(id) = body.shift_remove("id") {
            body.entry(key).or_insert(id);
        }
    }
}

/// What happens, as `actions` say it; none for what changes nothing that is managed. A resource that is forgotten stays as it is.
///
/// # Errors
/// Actions that nobody knows.
pub fn action(actions: &[impl AsRef<str>]) -> Result<Option<Action>, String> {
    let actions: Vec<&str> = actions.iter().map(AsRef::as_ref).collect();
    Ok(Some(match actions.as_slice() {
        ["no-op"] | ["forget"] => Action::NoOp,
        ["create"] | ["create", "forget"] => Action::Create,
        ["update"] => Action::Update,
        ["delete", "create"] | ["create", "delete"] => Action::Replace,
        ["delete"] => Action::Delete,
        ["read"] | ["open"] => return Ok(None),
        other => return Err(other.join(", ")),
    }))
}
