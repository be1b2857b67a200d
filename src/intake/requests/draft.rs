//! A body on its way to a request: templates are taken out, what is left is read.

use serde_json::Value;

use super::reading::Reading;
use super::request::{Request, Surroundings};
use crate::databricks::cluster_spec::ClusterSpec;
use crate::databricks::fields::is_template;
use crate::model::diagnostic::Diagnostic;
use crate::model::resource::Kind;
use crate::model::unknown::Unknown;

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
                name: match self.around.kind {
                    // Its job decides what it is called: bindings and waivers go by this name.
                    Kind::JobCluster | Kind::TaskCluster | Kind::PipelineCluster => self.name,
                    _ => spec.cluster_name.clone().or(self.name),
                },
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
/// `resources.instance_pools.small`. Names of resources that are no cluster are free text and stay; of a cluster's name a rule
/// may judge, and nobody knows it yet.
pub fn take_templates(body: &mut Value, unknown: &mut Unknown) {
    take_below(body, "", unknown);
}

/// What resources are called that no rule judges: free text.
const NAMES: [&str; 2] = ["instance_pool_name", "name"];

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
                "cluster_name",
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
            json!({"node_type_id": "i3.xlarge",
                "spark_conf": {"c": "{{secrets/a/b}}"}, "init_scripts": [{"workspace": {}}],
                "ssh_public_keys": [null, "k"]})
        );
    }
}
