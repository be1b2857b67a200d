//! A request for a cluster, as it was found.

use serde_json::Value;
use std::sync::Arc;

use super::reading::Reading;
use super::schedule::Schedule;
use crate::databricks::cluster_spec::ClusterSpec;
use crate::databricks::fields::is_template;
use crate::databricks::instance_pool::InstancePool;
use crate::model::diagnostic::Diagnostic;
use crate::model::place::Workload;
use crate::model::resource::{Action, Kind};
use crate::model::unknown::Unknown;
use crate::model::written::Written;

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
    /// The body, as given; what is unknown is not in it.
    pub body: Value,
    /// The body, read.
    pub spec: ClusterSpec,
    /// What the document tells of it besides.
    pub around: Surroundings,
}

/// What a document tells of a cluster besides its body. A bare body tells nothing of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Surroundings {
    /// What kind of cluster.
    pub kind: Kind,
    /// What for; none where only the caller knows.
    pub workload: Option<Workload>,
    /// What would happen to it.
    pub action: Action,
    /// What is not known yet.
    pub unknown: Unknown,
    /// The cluster policy it names, where the document has it.
    pub policy: Option<Arc<PolicyFound>>,
    /// The instance pools of the document, by the ids that clusters name them by: their own, or a reference.
    pub pools: Arc<Vec<InstancePool>>,
    /// Host of the workspace, as the document has it: `https://adb-123.4.azuredatabricks.net`.
    pub workspace: Option<String>,
    /// Target of the bundle.
    pub target: Option<String>,
    /// The job or pipeline it belongs to: its name, else its key.
    pub job: Option<String>,
    /// Tags of the job or pipeline, which its clusters carry in addition to their own.
    pub job_tags: Vec<(String, String)>,
    /// When its job runs, where the document tells.
    pub schedule: Option<Schedule>,
    /// The cluster as it is before; none where there is none.
    pub before: Option<Box<Before>>,
    /// Attributes that nobody wrote and a tool put in: `autotermination_minutes`, which the Terraform provider sends with its
    /// own default, and `num_workers`, which it plans beside `autoscale`, does not send, and which is not in the body. Sorted.
    pub injected: Vec<String>,
    /// Where its attributes were written, in a bundle's files; of other documents it stands in one piece.
    pub written: Arc<Written>,
}

/// A cluster as it is before the change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Before {
    /// Its body.
    pub body: Value,
    /// The body, read.
    pub spec: ClusterSpec,
    /// The pools it takes its nodes from.
    pub pools: Arc<Vec<InstancePool>>,
    /// When its job runs.
    pub schedule: Option<Schedule>,
}

/// A Databricks cluster policy that a document defines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyFound {
    /// What the document calls it: `databricks_cluster_policy.team`, `resources.cluster_policies.team`.
    pub name: String,
    /// The file it stands in.
    pub source: String,
    /// Its first line, from 1.
    pub line: usize,
    /// Settings of the plugin `cluster-policy`: definition, or family with overrides, and the number of clusters that a
    /// user may have; none where what decides is not known yet.
    pub settings: Option<Value>,
}

impl Request {
    /// File and line of an attribute, as far as they are known: those of what holds it, and at last of the request.
    pub fn place_of(&self, path: &str) -> (&str, usize) {
        let written = self.around.written.place(path);
        written.unwrap_or((&self.source, self.line))
    }

    /// Something wrong with the request as a whole, at its place.
    pub fn problem(&self, code: &'static str, message: impl Into<String>) -> Diagnostic {
        let found = Diagnostic::error(code, &self.source, message).at(self.line, 0);
        found.path(self.address.clone().unwrap_or_default())
    }
}

/// A body with its place, on its way to a request.
pub struct Draft<'a> {
    /// Where inside its source.
    pub address: Option<String>,
    /// The name that people know it by, where the body has none: of a job's cluster its job and key.
    pub name: Option<String>,
    /// The body. Templates must have been taken out of it, where they mean values that are not known yet.
    pub body: Value,
    /// The rest.
    pub around: Surroundings,
    /// File and line of an attribute, by its path; that of the body for an empty one.
    pub place: &'a dyn Fn(&str) -> (String, usize),
}

impl Draft<'_> {
    /// Reads the body: a request, or what is wrong with it, goes into the reading.
    pub fn finish(self, reading: &mut Reading) {
        let (source, line) = (self.place)("");
        match ClusterSpec::read_known(&self.body, &self.around.unknown) {
            Ok(spec) => reading.requests.push(Request {
                source,
                line,
                name: spec.cluster_name.clone().or(self.name),
                address: self.address,
                body: self.body,
                spec,
                around: self.around,
            }),
            Err(problems) => reading.problems.0.extend(problems.into_iter().map(|problem| {
                let (source, line) = (self.place)(&problem.path);
                let path = match (&self.address, problem.path.as_str()) {
                    (Some(address), "") => address.clone(),
                    (Some(address), path) => format!("{address}.{path}"),
                    (None, path) => path.to_owned(),
                };
                let mut found = Diagnostic::error(problem.code, source, problem.message).at(line, 0);
                found.hint = problem.hint;
                found.path(path)
            })),
        }
    }
}

/// Takes the values that are templates (`${var.size}`) out of a body: they are not known yet. What a template refers to
/// is kept where it is an id of a resource: `${resources.instance_pools.small.id}` refers to
/// `resources.instance_pools.small`. Names are free text and stay.
pub fn take_templates(body: &mut Value, unknown: &mut Unknown) {
    take_below(body, "", unknown);
}

/// What resources are called: free text.
const NAMES: [&str; 3] = ["cluster_name", "instance_pool_name", "name"];

fn take_below(at: &mut Value, path: &str, unknown: &mut Unknown) {
    let below = |step: &str| match path {
        "" => step.to_owned(),
        path => format!("{path}.{step}"),
    };
    match at {
        Value::Object(members) => members.retain(|key, value| {
            let path = below(key);
            if NAMES.contains(&path.as_str()) {
                return true;
            }
            let Some(template) = value.as_str().filter(|text| is_template(text)) else {
                take_below(value, &path, unknown);
                return true;
            };
            match referred(template) {
                Some(to) => unknown.refer(&path, to),
                None => unknown.add(path),
            }
            false
        }),
        Value::Array(items) => {
            for (i, item) in items.iter_mut().enumerate() {
                let path = below(&i.to_string());
                if item.as_str().is_some_and(is_template) {
                    // Later entries keep their places.
                    *item = Value::Null;
                    unknown.add(path);
                } else {
                    take_below(item, &path, unknown);
                }
            }
        }
        _ => {}
    }
}

/// What a whole text refers to: `${resources.instance_pools.small.id}`.
fn referred(template: &str) -> Option<&str> {
    let inner = template.strip_prefix("${")?.strip_suffix('}')?;
    let name = inner.strip_suffix(".id")?;
    let is_name = |c: char| c.is_ascii_alphanumeric() || "._-[]\"".contains(c);
    (name.starts_with("resources.") && name.chars().all(is_name)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn templates_are_unknown_values_and_ids_of_resources_are_references() {
        let mut body = json!({"cluster_name": "${bundle.name} x", "num_workers": "${var.n}", "node_type_id": "i3.xlarge",
            "instance_pool_id": "${resources.instance_pools.small.id}", "policy_id": "${var.policy}",
            "spark_conf": {"a.b": "${var.x}", "c": "{{secrets/a/b}}"},
            "init_scripts": [{"workspace": {"destination": "${workspace.file_path}/i.sh"}}],
            "ssh_public_keys": ["${var.key}", "k"]});
        let mut unknown = Unknown::default();
        take_templates(&mut body, &mut unknown);
        assert_eq!(
            unknown.paths,
            [
                "init_scripts.0.workspace.destination",
                "instance_pool_id",
                "num_workers",
                "policy_id",
                "spark_conf.a.b",
                "ssh_public_keys.0"
            ]
        );
        assert_eq!(
            unknown.references["instance_pool_id"],
            "resources.instance_pools.small"
        );
        assert_eq!(unknown.references.len(), 1);
        assert_eq!(
            body,
            json!({"cluster_name": "${bundle.name} x", "node_type_id": "i3.xlarge",
                "spark_conf": {"c": "{{secrets/a/b}}"}, "init_scripts": [{"workspace": {}}],
                "ssh_public_keys": [null, "k"]})
        );
    }
}
