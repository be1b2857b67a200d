//! What the CLI makes of resources before it sends them: entries of one key merged, presets and development mode, defaults.
//! So both forms of a bundle have the same bodies.

use std::collections::BTreeMap;

use super::merge::by_key;
use super::node::{Members, Node};
use super::presets::Presets;
use super::shape::{of_kind, shape};
use crate::model::diagnostic::Diagnostic;

/// Attribute paths that nobody wrote, by the address of the cluster or pool that has them.
pub type Injected = BTreeMap<String, Vec<String>>;

/// Completes every resource. `compute` is the cluster that stands in for the compute of all jobs.
pub fn complete(
    resources: &mut Members,
    presets: &Presets,
    compute: Option<&Node>,
    problems: &mut Vec<Diagnostic>,
) -> Injected {
    let mut injected = Injected::new();
    for (kind, of_that_kind) in resources {
        let Some(known) = of_kind(kind) else { continue };
        for (key, resource) in of_that_kind.members_mut().into_iter().flatten() {
            if resource.members().is_none() {
                continue;
            }
            if kind == "cluster_policies" {
                definition_as_text(resource);
            }
            shape(resource, known);
            let mut at = At {
                address: format!("resources.{kind}.{key}"),
                injected: &mut injected,
                problems,
            };
            match kind.as_str() {
                "clusters" => at.cluster(resource, presets),
                "jobs" => at.job(resource, presets, compute),
                "pipelines" => at.pipeline(resource, presets),
                "instance_pools" => {
                    presets.name(resource, "instance_pool_name");
                    at.tags(resource, presets);
                }
                "cluster_policies" => presets.name(resource, "name"),
                _ => warehouse(resource, presets),
            }
        }
    }
    injected
}

/// A policy's definition may be written as a map; the API takes its JSON as text.
fn definition_as_text(policy: &mut Node) {
    for key in ["definition", "policy_family_definition_overrides"] {
        if let Some(written) = policy.get_mut(key)
            && written.members().is_some()
        {
            *written = Node::scalar(written.value().to_string(), &written.place);
        }
    }
}

struct At<'a> {
    address: String,
    injected: &'a mut Injected,
    problems: &'a mut Vec<Diagnostic>,
}

impl At<'_> {
    fn cluster(&mut self, cluster: &mut Node, presets: &Presets) {
        of_pool(cluster);
        presets.name(cluster, "cluster_name");
        self.tags(cluster, presets);
        let address = self.address.clone();
        self.default(cluster, &address, "autotermination_minutes", 60);
        self.workload_type(cluster, &address);
    }

    fn tags(&mut self, resource: &mut Node, presets: &Presets) {
        let added = presets.tags(resource, "custom_tags");
        let paths = added.into_iter().map(|key| format!("custom_tags.{key}"));
        self.injected
            .entry(self.address.clone())
            .or_default()
            .extend(paths);
    }

    fn job(&mut self, job: &mut Node, presets: &Presets, compute: Option<&Node>) {
        for (list, key) in [("job_clusters", "job_cluster_key"), ("tasks", "task_key")] {
            if let Some(list_node) = job.get_mut(list) {
                by_key(
                    list_node,
                    key,
                    None,
                    &format!("{}.{list}", self.address),
                    self.problems,
                );
            }
        }
        for entry in entries(job, "job_clusters") {
            let key = entry
                .get("job_cluster_key")
                .and_then(Node::text)
                .unwrap_or_default();
            let address = format!("{}.job_clusters.{key}", self.address);
            let Some(cluster) = entry.get_mut("new_cluster").filter(|c| c.members().is_some()) else {
                continue;
            };
            of_pool(cluster);
            if cluster.get("autoscale").is_none() {
                self.default(cluster, &address, "num_workers", 0);
            }
            self.workload_type(cluster, &address);
        }
        for task in entries(job, "tasks") {
            if let Some(cluster) = task.get_mut("new_cluster") {
                of_pool(cluster);
            }
            if let Some(compute) = compute {
                stand_in(task, compute);
            }
        }
        presets.job(job);
        job.add_missing("name", "Untitled");
        job.add_missing("max_concurrent_runs", 1);
        for when in ["schedule", "trigger", "continuous"] {
            if let Some(when) = job.get_mut(when) {
                when.add_missing("pause_status", "UNPAUSED");
            }
        }
    }

    fn pipeline(&mut self, pipeline: &mut Node, presets: &Presets) {
        if let Some(clusters) = pipeline.get_mut("clusters") {
            let path = format!("{}.clusters", self.address);
            by_key(clusters, "label", Some("default"), &path, self.problems);
        }
        presets.pipeline(pipeline);
        pipeline.add_missing("channel", "CURRENT");
        pipeline.add_missing("edition", "ADVANCED");
    }

    fn workload_type(&mut self, cluster: &mut Node, address: &str) {
        let clients = cluster
            .get_mut("workload_type")
            .and_then(|node| node.get_mut("clients"));
        let Some(clients) = clients else { return };
        for key in ["jobs", "notebooks"] {
            if clients.add_missing(key, true) {
                self.inject(address, format!("workload_type.clients.{key}"));
            }
        }
    }

    fn default(&mut self, cluster: &mut Node, address: &str, key: &str, value: i64) {
        if cluster.add_missing(key, value) {
            self.inject(address, key.to_owned());
        }
    }

    fn inject(&mut self, address: &str, path: String) {
        self.injected.entry(address.to_owned()).or_default().push(path);
    }
}

fn entries<'n>(of: &'n mut Node, list: &str) -> impl Iterator<Item = &'n mut Node> {
    of.get_mut(list).and_then(Node::items_mut).into_iter().flatten()
}

/// A cluster of a pool takes its nodes from there: what it says of them is left out. One that is of no pool has no
/// driver of one.
fn of_pool(cluster: &mut Node) {
    let Some(members) = cluster.members_mut() else {
        return;
    };
    if !members.contains_key("instance_pool_id") {
        members.remove("driver_instance_pool_id");
        return;
    }
    for key in ["node_type_id", "driver_node_type_id", "enable_elastic_disk"] {
        members.remove(key);
    }
    for (attributes, kept) in [
        ("aws_attributes", "instance_profile_arn"),
        ("azure_attributes", ""),
        ("gcp_attributes", "google_service_account"),
    ] {
        if let Some(attributes) = members.get_mut(attributes).and_then(Node::members_mut) {
            attributes.retain(|key, _| key == kept);
        }
    }
}

/// Puts one cluster in the place of the compute of a task that has any.
fn stand_in(task: &mut Node, compute: &Node) {
    const COMPUTE: [&str; 4] = [
        "new_cluster",
        "existing_cluster_id",
        "environment_key",
        "job_cluster_key",
    ];
    let inner = task.at(["for_each_task", "task"]).is_some();
    let task = match inner {
        true => task
            .get_mut("for_each_task")
            .and_then(|node| node.get_mut("task")),
        false => Some(task),
    };
    let Some(members) = task.and_then(Node::members_mut) else {
        return;
    };
    if COMPUTE.iter().any(|key| members.contains_key(*key)) {
        members.retain(|key, _| !COMPUTE.contains(&key.as_str()));
        members.insert("existing_cluster_id".to_owned(), compute.clone());
    }
}

fn warehouse(warehouse: &mut Node, presets: &Presets) {
    presets.name(warehouse, "name");
    presets.warehouse_tags(warehouse);
    warehouse.add_missing("auto_stop_mins", 120);
    warehouse.add_missing("enable_photon", true);
    warehouse.add_missing("max_num_clusters", 1);
    warehouse.add_missing("spot_instance_policy", "COST_OPTIMIZED");
}
