//! Clusters that exist: the request that would create each as it is today, and what else is known of it.

use std::collections::{BTreeMap, BTreeSet};

use super::requests::request::Request;
use crate::databricks::cluster_source::ClusterSource;
use crate::databricks::instance_pool::InstancePool;
use crate::model::period::Instant;
use crate::model::unknown::Unknown;

/// A cluster that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExistingCluster {
    /// The request that would create it as it is today, and its place. The policy that it was created under is the
    /// request's `policy_id`.
    pub request: Request,
    /// `cluster_id`.
    pub cluster_id: String,
    /// `workspace_id`, where the source tells.
    pub workspace_id: Option<String>,
    /// `state`, verbatim; rows of `system.compute.clusters` have none.
    pub state: Option<String>,
    /// `cluster_source`, where the source tells.
    pub cluster_source: Option<ClusterSource>,
    /// `creator_user_name`, or `owned_by`.
    pub creator: Option<String>,
    /// When the record was made, where the source tells.
    pub changed_at: Option<Instant>,
    /// The record says that the cluster was deleted.
    pub is_deleted: bool,
    /// The pools that it takes its nodes from, with the node types it has from them.
    pub pools: Vec<InstancePool>,
    /// Attributes of which the source says nothing.
    pub unknown: Unknown,
}

impl ExistingCluster {
    /// Whether it counts as active: it runs, or is about to.
    pub fn is_active(&self) -> bool {
        matches!(
            self.state.as_deref(),
            Some("PENDING" | "RUNNING" | "RESTARTING" | "RESIZING")
        )
    }
}

/// One record of each cluster.
#[derive(Debug, Default)]
pub struct Latest {
    /// The latest record of each cluster that exists, in the order read.
    pub clusters: Vec<ExistingCluster>,
    /// Records that a later one of the same cluster replaces.
    pub superseded: usize,
    /// Clusters whose latest record says that they were deleted.
    pub deleted: usize,
}

/// The latest record of each cluster, by the time of the change where both tell it, else by the order read.
pub fn latest(records: Vec<ExistingCluster>) -> Latest {
    let mut newest: BTreeMap<(Option<String>, String), usize> = BTreeMap::new();
    let mut found = Latest::default();
    for (i, record) in records.iter().enumerate() {
        let key = (record.workspace_id.clone(), record.cluster_id.clone());
        let known = newest.get(&key).and_then(|at| records.get(*at));
        if known.is_some() {
            found.superseded = found.superseded.saturating_add(1);
        }
        let older = |known: &ExistingCluster| match (known.changed_at, record.changed_at) {
            (Some(known), Some(this)) => known <= this,
            _ => true,
        };
        if known.is_none_or(older) {
            newest.insert(key, i);
        }
    }
    let kept: BTreeSet<usize> = newest.into_values().collect();
    for (i, record) in records.into_iter().enumerate() {
        if !kept.contains(&i) {
            continue;
        }
        if record.is_deleted {
            found.deleted = found.deleted.saturating_add(1);
        } else {
            found.clusters.push(record);
        }
    }
    found
}

/// Active clusters by creator and `policy_id`. Clusters without a policy, and those of which the source tells no
/// state or no creator, are in no count.
pub fn active_by_creator_and_policy<'a>(
    clusters: impl IntoIterator<Item = &'a ExistingCluster>,
) -> BTreeMap<(String, String), u32> {
    let mut counts: BTreeMap<(String, String), u32> = BTreeMap::new();
    for cluster in clusters.into_iter().filter(|c| c.is_active()) {
        if let (Some(creator), Some(policy)) = (&cluster.creator, &cluster.request.spec.policy_id) {
            let count = counts.entry((creator.clone(), policy.clone())).or_default();
            *count = count.saturating_add(1);
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::super::cluster_records::read;
    use super::*;
    use crate::model::rows::Input;
    use serde_json::json;

    #[test]
    fn the_latest_record_of_a_cluster_counts_and_a_deleted_cluster_is_gone() {
        let row = |id: &str, time: &str, deleted: Option<&str>, workers: u32| {
            json!({"cluster_id": id, "change_time": time, "delete_time": deleted, "worker_count": workers,
                "owned_by": "ana", "worker_node_type": "i3.xlarge"})
        };
        let rows = json!([
            row("a", "2026-09-02T00:00:00.500Z", None, 2),
            row("a", "2026-09-02T00:00:00.250Z", None, 1),
            row("b", "2026-09-01T00:00:00Z", None, 1),
            row("b", "2026-09-03 00:00:00", Some("2026-09-03T00:00:00Z"), 1),
        ]);
        let found = latest(read("c.json", Input::of(rows.to_string())).clusters);
        assert_eq!((found.superseded, found.deleted), (2, 1));
        let [a] = found.clusters.as_slice() else { panic!() };
        assert_eq!((a.cluster_id.as_str(), a.request.spec.workers.max), ("a", 2));
        // Of two records without a time the one read last counts.
        let twice = json!([{"cluster_id": "c", "num_workers": 1}, {"cluster_id": "c", "num_workers": 7}]);
        let found = latest(read("c.json", Input::of(twice.to_string())).clusters);
        assert_eq!(
            (found.superseded, found.clusters[0].request.spec.workers.max),
            (1, 7)
        );
    }

    #[test]
    fn active_clusters_are_counted_by_creator_and_policy() {
        let cluster = |creator: &str, policy: Option<&str>, state: &str| {
            json!({"cluster_id": format!("{creator}-{state}"), "creator_user_name": creator, "policy_id": policy,
                "state": state, "num_workers": 1})
        };
        let all = json!({"clusters": [
            cluster("ana", Some("P1"), "RUNNING"), cluster("ana", Some("P1"), "RESIZING"),
            cluster("ana", Some("P1"), "TERMINATED"), cluster("ana", Some("P2"), "PENDING"),
            cluster("ana", Some("P1"), "TERMINATING"), cluster("bo", Some("P1"), "RESTARTING"),
            cluster("bo", None, "RUNNING"), cluster("bo", Some(""), "RUNNING"),
        ]});
        let read = read("c.json", Input::of(all.to_string()));
        let counts = active_by_creator_and_policy(&read.clusters);
        let told: Vec<_> = counts
            .iter()
            .map(|((who, policy), n)| (who.as_str(), policy.as_str(), *n))
            .collect();
        assert_eq!(told, [("ana", "P1", 2), ("ana", "P2", 1), ("bo", "P1", 1)]);
    }
}
