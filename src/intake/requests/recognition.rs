//! What a document may be; what an object is, by its keys, and whether it is one thing only.
//!
//! A key decides which API a body is meant for, and what that API does not know would be ignored: compute that nobody
//! judges. So a body with the keys of two kinds is an error, and so is one that is asked to be what its keys are not.

use serde_json::{Map, Value};
use std::str::FromStr;

use super::clusters_api::{MARKS, is_marked};
use crate::model::place::UnknownName;

/// What a document may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DocumentKind {
    /// Clusters API.
    Cluster,
    /// Jobs API.
    Job,
    /// Pipelines API.
    Pipeline,
    /// Instance Pools API.
    InstancePool,
    /// The JSON of a Terraform or OpenTofu plan.
    TerraformPlan,
    /// `databricks.yml`, or the JSON that `bundle validate` prints.
    Bundle,
}

impl DocumentKind {
    /// Every kind, by the name that people insist with.
    pub const NAMES: [(&'static str, DocumentKind); 6] = [
        ("cluster", DocumentKind::Cluster),
        ("job", DocumentKind::Job),
        ("pipeline", DocumentKind::Pipeline),
        ("instance-pool", DocumentKind::InstancePool),
        ("terraform-plan", DocumentKind::TerraformPlan),
        ("bundle", DocumentKind::Bundle),
    ];
}

impl FromStr for DocumentKind {
    type Err = UnknownName;
    fn from_str(text: &str) -> Result<Self, UnknownName> {
        let found = DocumentKind::NAMES.iter().find(|(name, _)| *name == text);
        found.map(|(_, kind)| *kind).ok_or_else(|| UnknownName {
            what: "kind of document",
            found: text.to_owned(),
            expected: "cluster, job, pipeline, instance-pool, terraform-plan, bundle",
        })
    }
}

/// Keys that only jobs have, and that say which compute they take.
const OF_JOBS: [&str; 5] = [
    "tasks",
    "job_clusters",
    "new_cluster",
    "existing_cluster_id",
    "environments",
];

/// Keys that only pipelines have, and that say which compute they take.
const OF_PIPELINES: [&str; 1] = ["clusters"];

/// Keys that only instance pools have.
const OF_POOLS: [&str; 5] = [
    "instance_pool_name",
    "min_idle_instances",
    "max_capacity",
    "idle_instance_autotermination_minutes",
    "preloaded_spark_versions",
];

/// Keys that clusters and instance pools have both.
const OF_POOLS_TOO: [&str; 2] = ["instance_pool_id", "node_type_id"];

/// Keys that name something, and ask for nothing where they stand beside a body of another kind.
const NAMES: [&str; 4] = [
    "cluster_name",
    "existing_cluster_id",
    "instance_pool_name",
    "policy_id",
];

/// What `get` answers has the settings of a job or pipeline one level down.
const WRAPPERS: [&str; 3] = ["settings", "new_settings", "spec"];

/// What an object is, by its keys.
pub fn recognised(keys: &Map<String, Value>) -> Option<DocumentKind> {
    let has = |key: &str| keys.contains_key(key);
    let inner = |key: &str, inside: &str| keys.get(key).is_some_and(|v| v.get(inside).is_some());
    if has("resource_changes") || (has("planned_values") && has("format_version")) {
        return Some(DocumentKind::TerraformPlan);
    }
    if is_state(keys) {
        return None;
    }
    if keys.get("bundle").is_some_and(Value::is_object)
        && (has("resources") || has("targets") || has("workspace"))
    {
        return Some(DocumentKind::Bundle);
    }
    let is_job = |of: &dyn Fn(&str) -> bool| {
        of("tasks") || of("job_clusters") || of("new_cluster") || of("existing_cluster_id")
    };
    if is_job(&has) || is_job(&|key| inner("settings", key)) || is_job(&|key| inner("new_settings", key)) {
        return Some(DocumentKind::Job);
    }
    let is_pipeline = |of: &dyn Fn(&str) -> bool| {
        of("clusters")
            || of("libraries") && (of("catalog") || of("target") || of("schema") || of("storage"))
            || of("serverless") && (of("catalog") || of("channel") || of("edition"))
            || of("development") && of("channel")
    };
    if (is_pipeline(&has) && !has("spark_version"))
        || is_pipeline(&|key| inner("spec", key)) && !inner("spec", "spark_version")
    {
        return Some(DocumentKind::Pipeline);
    }
    if has("instance_pool_name") {
        return Some(DocumentKind::InstancePool);
    }
    is_marked(keys).then_some(DocumentKind::Cluster)
}

/// A state, as its file has it or as `terraform show -json` prints it.
pub fn is_state(keys: &Map<String, Value>) -> bool {
    let has = |key: &str| keys.contains_key(key);
    (has("lineage") && has("serial")) || (has("values") && has("terraform_version"))
}

/// The keys of one kind at one level of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// What they are the keys of.
    pub what: &'static str,
    /// The keys; those one level down with what they are in: `settings.tasks`.
    pub keys: Vec<String>,
}

/// The two kinds of which a body has keys, or the two levels on which it has them; none where it is one thing.
///
/// Who insists on a kind has told what the body is, and then only keys that would hold compute are in the way.
pub fn ambiguous(keys: &Map<String, Value>, insisted: Option<DocumentKind>) -> Option<(Part, Part)> {
    let mut parts = Vec::new();
    parts_of(keys, None, insisted, &mut parts);
    for wrapper in WRAPPERS {
        let Some(inner) = keys.get(wrapper).and_then(Value::as_object) else {
            continue;
        };
        let before = parts.len();
        let outer = keys_of(parts.first());
        parts_of(inner, Some(wrapper), insisted, &mut parts);
        // What is read is what is inside: a wrapper without compute hides what is beside it.
        let hides = match wrapper {
            "spec" => outer.iter().any(|key| OF_PIPELINES.contains(&key.as_str())),
            _ => outer.iter().any(|key| OF_JOBS.contains(&key.as_str())),
        };
        if parts.len() == before && hides {
            parts.push(Part {
                what: "settings one level down",
                keys: vec![wrapper.to_owned()],
            });
        }
    }
    // Answers of clusters/get repeat in `spec` what was asked for.
    if let [outer, inner] = parts.as_slice()
        && outer.what == CLUSTER
        && inner.what == CLUSTER
        && inner.keys.iter().all(|key| key.starts_with("spec."))
    {
        return None;
    }
    let mut parts = parts.into_iter();
    parts.next().zip(parts.next())
}

const CLUSTER: &str = "a cluster";

fn keys_of(part: Option<&Part>) -> Vec<String> {
    part.map(|part| part.keys.clone()).unwrap_or_default()
}

fn parts_of(
    keys: &Map<String, Value>,
    wrapper: Option<&str>,
    insisted: Option<DocumentKind>,
    into: &mut Vec<Part>,
) {
    let is_pool = keys.contains_key("instance_pool_name") || insisted == Some(DocumentKind::InstancePool);
    let all: [(&str, DocumentKind, &[&str]); 4] = [
        ("a job", DocumentKind::Job, &OF_JOBS),
        ("a pipeline", DocumentKind::Pipeline, &OF_PIPELINES),
        ("an instance pool", DocumentKind::InstancePool, &OF_POOLS),
        (CLUSTER, DocumentKind::Cluster, &MARKS),
    ];
    for (what, kind, of_kind) in all {
        let counts = |key: &&&str| {
            let value = keys.get(**key).filter(|value| !value.is_null());
            value.is_some_and(|value| {
                let is_theirs = insisted.is_none_or(|insisted| insisted == kind);
                let is_of_pool = is_pool && kind == DocumentKind::Cluster && OF_POOLS_TOO.contains(*key);
                !is_of_pool && (is_theirs || holds_compute(key, value))
            })
        };
        // An instance pool is known by its name; its other keys alone are no reason to call a cluster one.
        if kind == DocumentKind::InstancePool && !is_pool {
            continue;
        }
        let found = of_kind.iter().filter(counts).map(|key| match wrapper {
            Some(wrapper) => format!("{wrapper}.{key}"),
            None => (*key).to_owned(),
        });
        let found: Vec<String> = found.collect();
        if !found.is_empty() {
            into.push(Part { what, keys: found });
        }
    }
}

fn holds_compute(key: &str, value: &Value) -> bool {
    let is_empty = match value {
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    };
    !is_empty && !NAMES.contains(&key) && !OF_POOLS.contains(&key)
}

/// What somebody insists on, and the keys of which it has one; none where a body has one.
pub fn not_as_asked(
    keys: &Map<String, Value>,
    insisted: DocumentKind,
) -> Option<(&'static str, Vec<&'static str>)> {
    let (what, own, others): (_, &[&str], &[&str]) = match insisted {
        DocumentKind::Job => ("a job", &OF_JOBS, &["settings", "new_settings", "job_id"]),
        DocumentKind::Pipeline => (
            "a pipeline",
            &OF_PIPELINES,
            &[
                "libraries",
                "catalog",
                "target",
                "schema",
                "storage",
                "serverless",
                "channel",
                "edition",
                "continuous",
                "development",
                "spec",
                "pipeline_id",
            ],
        ),
        DocumentKind::InstancePool => ("an instance pool", &OF_POOLS, &["instance_pool_id"]),
        DocumentKind::Bundle => ("a bundle", &["bundle", "resources", "targets"], &[]),
        // Both have an answer of their own.
        DocumentKind::Cluster | DocumentKind::TerraformPlan => return None,
    };
    let is_cluster = insisted == DocumentKind::InstancePool && keys.contains_key("spark_version");
    let expected = [own, others].concat();
    let is_one = expected.iter().any(|key| keys.contains_key(*key)) && !is_cluster;
    (!is_one).then_some((what, expected))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told(body: &Value, insisted: Option<DocumentKind>) -> Option<(String, String)> {
        let (one, other) = ambiguous(body.as_object().unwrap(), insisted)?;
        Some((one.keys.join(" "), other.keys.join(" ")))
    }

    #[test]
    fn keys_of_two_kinds_are_no_one_thing() {
        let task = || json!([{"task_key": "t", "new_cluster": {"num_workers": 900}}]);
        let cases = [
            (
                json!({"settings": {"tasks": task()}, "tasks": task()}),
                "tasks",
                "settings.tasks",
            ),
            (
                json!({"settings": {"environments": []}, "tasks": task()}),
                "tasks",
                "settings.environments",
            ),
            (json!({"settings": {}, "tasks": task()}), "tasks", "settings"),
            (json!({"spec": {}, "clusters": []}), "clusters", "spec"),
            (
                json!({"tasks": [], "spec": {"clusters": []}}),
                "tasks",
                "spec.clusters",
            ),
            (json!({"tasks": [], "num_workers": 9}), "tasks", "num_workers"),
            (
                json!({"clusters": [], "node_type_id": "a"}),
                "clusters",
                "node_type_id",
            ),
            (json!({"tasks": [], "clusters": []}), "tasks", "clusters"),
            (
                json!({"existing_cluster_id": "x", "autoscale": {}}),
                "existing_cluster_id",
                "autoscale",
            ),
            (
                json!({"instance_pool_name": "p", "node_type_id": "a", "num_workers": 900}),
                "instance_pool_name",
                "num_workers",
            ),
        ];
        for (body, one, other) in cases {
            assert_eq!(
                told(&body, None),
                Some((one.to_owned(), other.to_owned())),
                "{body}"
            );
        }
        let fine = [
            json!({"name": "old", "new_cluster": {"num_workers": 1}, "libraries": [], "max_retries": 1}),
            json!({"job_id": 1, "settings": {"tasks": task()}}),
            json!({"cluster_id": "c", "num_workers": 1, "spec": {"num_workers": 1}}),
            json!({"instance_pool_name": "p", "instance_pool_id": "i", "node_type_id": "a", "max_capacity": 3}),
            json!({"num_workers": 1, "instance_pool_id": "i", "tasks": null}),
        ];
        for body in fine {
            assert_eq!(told(&body, None), None, "{body}");
        }
    }

    #[test]
    fn who_insists_is_told_of_other_compute_only() {
        let both = json!({"tasks": [{}], "num_workers": 9});
        assert!(told(&both, Some(DocumentKind::Job)).is_some());
        assert!(told(&both, Some(DocumentKind::Cluster)).is_some());
        let named = json!({"tasks": [], "cluster_name": "x", "num_workers": 9});
        assert_eq!(told(&named, Some(DocumentKind::Cluster)), None);
        let job = json!({"tasks": [{}], "cluster_name": "x"});
        assert_eq!(told(&job, Some(DocumentKind::Job)), None);
        let keys = |body: &Value| body.as_object().unwrap().clone();
        let expected = not_as_asked(&keys(&json!({"num_workers": 1})), DocumentKind::Job);
        assert_eq!(expected.map(|(what, _)| what), Some("a job"));
        assert_eq!(not_as_asked(&keys(&both), DocumentKind::Job), None);
        let cluster = keys(&json!({"spark_version": "a", "instance_pool_id": "p"}));
        assert!(not_as_asked(&cluster, DocumentKind::InstancePool).is_some());
        assert!(not_as_asked(&cluster, DocumentKind::Pipeline).is_some());
        assert!(not_as_asked(&cluster, DocumentKind::Bundle).is_some());
    }
}
