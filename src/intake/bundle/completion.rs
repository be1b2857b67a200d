//! What the CLI makes of resources before it sends them: entries of one key merged, presets and development mode, defaults.
//! So both forms of a bundle have the same bodies.

use serde_json::Value;
use std::collections::BTreeMap;

use super::merge::by_key;
use super::node::{Data, Members, Node, Place};
use super::presets::Presets;
use super::shape::{of_kind, shape};
use super::target::is_true;
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
        default(job, "name", "Untitled");
        default(job, "max_concurrent_runs", 1);
        for when in ["schedule", "trigger", "continuous"] {
            if let Some(when) = job.get_mut(when) {
                default(when, "pause_status", "UNPAUSED");
            }
        }
    }

    fn pipeline(&mut self, pipeline: &mut Node, presets: &Presets) {
        if let Some(clusters) = pipeline.get_mut("clusters") {
            let path = format!("{}.clusters", self.address);
            by_key(clusters, "label", Some("default"), &path, self.problems);
        }
        presets.pipeline(pipeline);
        default(pipeline, "channel", "CURRENT");
        default(pipeline, "edition", "ADVANCED");
    }

    fn workload_type(&mut self, cluster: &mut Node, address: &str) {
        let clients = cluster
            .get_mut("workload_type")
            .and_then(|node| node.get_mut("clients"));
        let Some(clients) = clients else { return };
        for key in ["jobs", "notebooks"] {
            if default(clients, key, true) {
                self.inject(address, format!("workload_type.clients.{key}"));
            }
        }
    }

    fn default(&mut self, cluster: &mut Node, address: &str, key: &str, value: i64) {
        if default(cluster, key, value) {
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

/// Adds a member that is missing. Whether it was.
fn default(node: &mut Node, key: &str, value: impl Into<Value>) -> bool {
    let place = node.place.clone();
    let Some(members) = node.members_mut() else {
        return false;
    };
    if members.contains_key(key) {
        return false;
    }
    members.insert(key.to_owned(), Node::scalar(value, &place));
    true
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
    default(warehouse, "auto_stop_mins", 120);
    default(warehouse, "enable_photon", true);
    default(warehouse, "max_num_clusters", 1);
    default(warehouse, "spot_instance_policy", "COST_OPTIMIZED");
}

impl Presets {
    fn job(&self, job: &mut Node) {
        self.name(job, "name");
        self.tags(job, "tags");
        if let Some(runs) = &self.jobs_max_concurrent_runs {
            default(job, "max_concurrent_runs", runs.clone());
        }
        let Some(pause) = &self.trigger_pause_status else {
            return;
        };
        for when in ["schedule", "trigger", "continuous"] {
            if let Some(when) = job.get_mut(when) {
                default(when, "pause_status", pause.as_str());
            }
        }
    }

    fn pipeline(&self, pipeline: &mut Node) {
        self.name(pipeline, "name");
        self.tags(pipeline, "tags");
        let place = pipeline.place.clone();
        let Some(members) = pipeline.members_mut() else {
            return;
        };
        if self.pipelines_development {
            members.insert("development".to_owned(), Node::scalar(true, &place));
        }
        let is_paused = self.trigger_pause_status.as_deref() == Some("PAUSED");
        if is_paused && members.get("continuous").is_some_and(is_true) {
            members.insert("continuous".to_owned(), Node::scalar(false, &place));
        }
    }

    /// Puts the prefix before a name.
    fn name(&self, resource: &mut Node, key: &str) {
        if self.name_prefix.is_empty() {
            return;
        }
        let place = resource.place.clone();
        let Some(members) = resource.members_mut() else {
            return;
        };
        let name = members
            .entry(key.to_owned())
            .or_insert_with(|| Node::scalar("", &place));
        if let Some(text) = name.text() {
            name.data = Data::Scalar(Value::String(format!("{}{text}", self.name_prefix)));
        }
    }

    /// Adds tags that are missing; their keys.
    fn tags(&self, resource: &mut Node, key: &str) -> Vec<String> {
        let place = resource.place.clone();
        let (mut added, Some(members)) = (Vec::new(), resource.members_mut()) else {
            return Vec::new();
        };
        if self.tags.is_empty() {
            return added;
        }
        let tags = members
            .entry(key.to_owned())
            .or_insert_with(|| Node::empty(&place));
        let Some(tags) = tags.members_mut() else {
            return added;
        };
        for (name, value) in &self.tags {
            if !tags.contains_key(name) {
                tags.insert(name.clone(), placed(value, &place));
                added.push(name.clone());
            }
        }
        added
    }

    /// The tags of a warehouse are a list of keys and values.
    fn warehouse_tags(&self, warehouse: &mut Node) {
        let place = warehouse.place.clone();
        if self.tags.is_empty() {
            return;
        }
        let Some(members) = warehouse.members_mut() else {
            return;
        };
        let tags = members
            .entry("tags".to_owned())
            .or_insert_with(|| Node::empty(&place));
        let Some(tags) = tags.members_mut() else { return };
        let list = tags.entry("custom_tags".to_owned()).or_insert_with(|| Node {
            data: Data::List(Vec::new()),
            place: place.clone(),
        });
        let Some(list) = list.items_mut() else { return };
        for (name, value) in &self.tags {
            let is_there = |tag: &Node| tag.get("key").and_then(Node::text) == Some(name);
            if !list.iter().any(is_there) {
                let pair = [
                    ("key".to_owned(), Node::scalar(name.as_str(), &place)),
                    ("value".to_owned(), placed(value, &place)),
                ];
                list.push(Node {
                    data: Data::Map(Members::from(pair)),
                    place: place.clone(),
                });
            }
        }
    }
}

/// What no file holds stands where the resource does.
fn placed(value: &Node, place: &Place) -> Node {
    match value.place.line {
        0 => Node {
            data: value.data.clone(),
            place: place.clone(),
        },
        _ => value.clone(),
    }
}
