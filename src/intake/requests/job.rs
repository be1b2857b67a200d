//! The clusters of a job, as `jobs/create`, `jobs/reset` and `runs/submit` take them; bundles and plans are brought into
//! this form.
//!
//! A job has clusters that its tasks share (`job_clusters`), clusters of single tasks (`new_cluster`, also inside a
//! `for_each_task`), and in its old form one `new_cluster` of its own. Tasks on a cluster that exists ask for nothing.

use serde_json::Value;

use super::wrong_shape::{WrongShape, of_list, of_object};
use crate::model::resource::Kind;

/// A cluster of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobCluster<'a> {
    /// JSON pointer of its body inside the job.
    pub pointer: String,
    /// Where it is, by keys: `job_clusters.main`, `tasks.load`, `tasks.loop.inner`.
    pub address: String,
    /// Job cluster or task cluster.
    pub kind: Kind,
    /// Its body.
    pub body: &'a Value,
}

/// Compute of a job that Databricks runs: an entry of `environments`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment<'a> {
    /// JSON pointer of the entry inside the job.
    pub pointer: String,
    /// Its `environment_key`, or its number.
    pub key: String,
    /// The entry.
    pub body: &'a Value,
}

/// Every cluster of a job, in the order written.
pub fn clusters(job: &Value) -> Vec<JobCluster<'_>> {
    let mut found = Vec::new();
    if let Some(body) = new_cluster(job) {
        found.push(JobCluster {
            pointer: "/new_cluster".to_owned(),
            address: "new_cluster".to_owned(),
            kind: Kind::TaskCluster,
            body,
        });
    }
    for (i, entry) in list(job, "job_clusters").enumerate() {
        if let Some(body) = new_cluster(entry) {
            found.push(JobCluster {
                pointer: format!("/job_clusters/{i}/new_cluster"),
                address: format!("job_clusters.{}", key(entry, "job_cluster_key", i)),
                kind: Kind::JobCluster,
                body,
            });
        }
    }
    for (i, task) in list(job, "tasks").enumerate() {
        let address = format!("tasks.{}", key(task, "task_key", i));
        task_clusters(task, &format!("/tasks/{i}"), &address, &mut found);
    }
    found
}

fn task_clusters<'a>(task: &'a Value, pointer: &str, address: &str, found: &mut Vec<JobCluster<'a>>) {
    if let Some(body) = new_cluster(task) {
        found.push(JobCluster {
            pointer: format!("{pointer}/new_cluster"),
            address: address.to_owned(),
            kind: Kind::TaskCluster,
            body,
        });
    }
    // The API nests one task and no deeper; what nests deeper is read all the same.
    if let Some(inner) = task.pointer("/for_each_task/task") {
        let address = format!("{address}.{}", key(inner, "task_key", 0));
        task_clusters(inner, &format!("{pointer}/for_each_task/task"), &address, found);
    }
}

/// Where a cluster or a task cannot be seen: lists that are none, entries that are no objects.
pub fn wrong_shapes(job: &Value) -> Vec<WrongShape> {
    let mut found = Vec::new();
    for key in ["job_clusters", "tasks", "environments"] {
        of_list(job, key, &mut found);
    }
    of_new_cluster(job, "", "", &mut found);
    for (i, entry) in list(job, "job_clusters").enumerate() {
        let address = format!("job_clusters.{}.", key(entry, "job_cluster_key", i));
        of_new_cluster(entry, &format!("/job_clusters/{i}"), &address, &mut found);
    }
    for (i, task) in list(job, "tasks").enumerate() {
        let address = format!("tasks.{}.", key(task, "task_key", i));
        of_task(task, &format!("/tasks/{i}"), &address, &mut found);
    }
    found
}

fn of_task(task: &Value, pointer: &str, address: &str, found: &mut Vec<WrongShape>) {
    of_new_cluster(task, pointer, address, found);
    let Some(each) = task.get("for_each_task") else {
        return;
    };
    let (pointer, address) = (
        format!("{pointer}/for_each_task"),
        format!("{address}for_each_task"),
    );
    of_object(each, pointer.clone(), address.clone(), found);
    if let Some(inner) = each.get("task") {
        let (pointer, address) = (format!("{pointer}/task"), format!("{address}.task"));
        of_object(inner, pointer.clone(), address.clone(), found);
        of_task(inner, &pointer, &format!("{address}."), found);
    }
}

fn of_new_cluster(of: &Value, pointer: &str, address: &str, found: &mut Vec<WrongShape>) {
    if let Some(body) = of.get("new_cluster") {
        of_object(
            body,
            format!("{pointer}/new_cluster"),
            format!("{address}new_cluster"),
            found,
        );
    }
}

/// The serverless environments of a job.
pub fn environments(job: &Value) -> Vec<Environment<'_>> {
    let entries = list(job, "environments").enumerate();
    entries
        .map(|(i, body)| Environment {
            pointer: format!("/environments/{i}"),
            key: key(body, "environment_key", i),
            body,
        })
        .collect()
}

fn new_cluster(of: &Value) -> Option<&Value> {
    of.get("new_cluster").filter(|body| body.is_object())
}

fn list<'a>(of: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    of.get(key).and_then(Value::as_array).into_iter().flatten()
}

fn key(of: &Value, key: &str, number: usize) -> String {
    let text = of.get(key).and_then(Value::as_str);
    text.map_or_else(|| number.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_cannot_be_seen_is_told() {
        let job = json!({
            "job_clusters": {"new_cluster": {}}, "environments": "${var.e}", "new_cluster": 1,
            "tasks": ["${resources.jobs.big.tasks[0]}", null, {"task_key": "c", "new_cluster": "${var.c}"},
                {"task_key": "d", "for_each_task": {"task": {"new_cluster": []}}}, {"for_each_task": "x"}],
        });
        let found = wrong_shapes(&job);
        let told: Vec<_> = found
            .iter()
            .map(|s| (s.address.as_str(), s.pointer.as_str()))
            .collect();
        assert_eq!(
            told,
            [
                ("job_clusters", "/job_clusters"),
                ("tasks.0", "/tasks/0"),
                ("environments", "/environments"),
                ("new_cluster", "/new_cluster"),
                ("tasks.c.new_cluster", "/tasks/2/new_cluster"),
                (
                    "tasks.d.for_each_task.task.new_cluster",
                    "/tasks/3/for_each_task/task/new_cluster"
                ),
                ("tasks.4.for_each_task", "/tasks/4/for_each_task"),
            ]
        );
        assert_eq!(found[0].message, "found an object, expected an array");
        assert_eq!(found[2].message, "found `\"${var.e}\"`, expected an array");
        assert_eq!(wrong_shapes(&json!({"tasks": null, "new_cluster": null})), []);
    }

    #[test]
    fn every_cluster_of_a_job_is_found_once() {
        let cluster = || json!({"num_workers": 1});
        let job = json!({
            "job_clusters": [{"job_cluster_key": "main", "new_cluster": cluster()}, {"job_cluster_key": "none"}],
            "tasks": [
                {"task_key": "a", "job_cluster_key": "main"},
                {"task_key": "b", "existing_cluster_id": "0101"},
                {"task_key": "c", "new_cluster": cluster()},
                {"task_key": "d", "for_each_task": {"task": {"task_key": "inner", "new_cluster": cluster()}}},
                {"new_cluster": cluster()},
            ],
            "environments": [{"environment_key": "default"}],
        });
        let found = clusters(&job);
        let told: Vec<_> = found.iter().map(|c| (c.address.as_str(), c.kind)).collect();
        assert_eq!(
            told,
            [
                ("job_clusters.main", Kind::JobCluster),
                ("tasks.c", Kind::TaskCluster),
                ("tasks.d.inner", Kind::TaskCluster),
                ("tasks.4", Kind::TaskCluster),
            ]
        );
        for cluster in &found {
            assert_eq!(job.pointer(&cluster.pointer), Some(cluster.body));
        }
        assert_eq!(environments(&job)[0].key, "default");
        assert_eq!(
            clusters(&json!({"new_cluster": cluster()}))[0].address,
            "new_cluster"
        );
        assert_eq!(clusters(&json!([1, "x", null])), []);
    }
}
