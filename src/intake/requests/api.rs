//! Bodies of the APIs of Databricks: clusters, jobs, pipelines, instance pools.

use serde_json::Value;

use super::clusters_api::{Form, is_a_part, is_marked};
use super::draft::Draft;
use super::known_keys::{Slip, slips_of_cluster, slips_of_job};
use super::reading::{Reading, Resource};
use super::request::Surroundings;
use super::schedule::Schedule;
use super::wrong_shape::WrongShape;
use super::{job, pipeline};
use crate::databricks::fields::is_template;
use crate::model::attribute;
use crate::model::diagnostic::Diagnostic;
use crate::model::document::pointer_step;
use crate::model::place::Workload;
use crate::model::resource::{Action, Kind};
use crate::model::unknown::Unknown;

/// Which API a body is meant for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Api {
    /// `clusters/create`, `clusters/edit`.
    Cluster(Form),
    /// `jobs/create`, `jobs/reset`, `runs/submit`, answers of `jobs/get`.
    Job,
    /// `POST` and `PUT` of `pipelines`.
    Pipeline,
    /// `instance-pools/create`, `instance-pools/edit`.
    InstancePool,
}

/// File and line of what stands at a JSON pointer below a body; of the nearest parent where there is nothing.
pub type PlaceOf<'a> = &'a dyn Fn(&str) -> (String, usize);

/// What is not known of the body at a pointer; what is not known is taken out of it.
pub type UnknownOf<'a> = &'a dyn Fn(&str, &mut Value) -> Unknown;

/// Reads a body of which everything is known. `address` is where the body is inside its source.
pub fn read(api: Api, body: Value, address: Option<String>, place: PlaceOf<'_>, into: &mut Reading) {
    let at = Whereabouts {
        address,
        place,
        unknown: &|_, _| Unknown::default(),
    };
    let around = Surroundings::default();
    match api {
        Api::Cluster(form) => at.cluster(body, form, around, into),
        Api::Job => at.job(&body, &around, into),
        Api::Pipeline => at.pipeline(&body, &around, into),
        Api::InstancePool => {
            let action = action(&body, "instance_pool_id");
            at.resource(Kind::InstancePool, body, None, action, into);
        }
    }
}

/// Where a body stands in its document.
pub struct Whereabouts<'a> {
    /// Its address; none for the whole document.
    pub address: Option<String>,
    /// Places below it.
    pub place: PlaceOf<'a>,
    /// What is unknown below it.
    pub unknown: UnknownOf<'a>,
}

impl Whereabouts<'_> {
    fn below(&self, inner: &str) -> String {
        match &self.address {
            Some(address) => format!("{address}.{inner}"),
            None => inner.to_owned(),
        }
    }

    /// A cluster of its own.
    pub fn cluster(self, body: Value, form: Form, around: Surroundings, into: &mut Reading) {
        if let Some(keys) = body.as_object() {
            let is_one = match form {
                Form::Whole => is_marked(keys),
                Form::Partial => is_a_part(keys),
            };
            if !is_one {
                let found: Vec<&str> = keys.keys().take(5).map(String::as_str).collect();
                let message = format!("not a clusters/create body: found the keys {}", found.join(", "));
                let hint = "expected at least one of spark_version, node_type_id, num_workers, autoscale, instance_pool_id";
                let (source, line) = (self.place)("");
                let problem = Diagnostic::error("request::not-a-cluster", source, message).at(line, 0);
                let problem = problem.path(self.address.unwrap_or_default()).hint(hint);
                into.problems.0.push(problem);
                return;
            }
        }
        let action = match around.action {
            Action::Create => action(&body, "cluster_id"),
            told => told,
        };
        let around = Surroundings { action, ..around };
        self.request("", body, self.address.clone(), None, around, into);
    }

    /// The clusters and environments of a job. `around` is what its document tells of it.
    pub fn job(&self, body: &Value, around: &Surroundings, into: &mut Reading) {
        let (settings, prefix) = inside(body, &["settings", "new_settings"]);
        let text = |key: &str| settings.get(key).and_then(Value::as_str).map(str::to_owned);
        let around = Surroundings {
            workload: Some(Workload::Job),
            job: named_or(text("name").or_else(|| text("run_name")), around),
            job_tags: tags(settings.get("tags")),
            schedule: Schedule::of_job(settings),
            action: match around.action {
                Action::Create => action(body, "job_id"),
                told => told,
            },
            ..around.clone()
        };
        self.wrong_shapes(job::wrong_shapes(settings), &prefix, into);
        self.slips(slips_of_job(settings), &prefix, self.address.as_deref(), into);
        for cluster in job::clusters(settings) {
            let around = Surroundings {
                kind: cluster.kind,
                ..around.clone()
            };
            let pointer = format!("{prefix}{}", cluster.pointer);
            let name = named(&around, &cluster.address);
            let address = Some(self.below(&cluster.address));
            self.request(&pointer, cluster.body.clone(), address, name, around, into);
        }
        for environment in job::environments(settings) {
            let (source, line) = (self.place)(&format!("{prefix}{}", environment.pointer));
            let address = format!("environments.{}", environment.key);
            let mut body = environment.body.clone();
            let unknown = (self.unknown)(&format!("{prefix}{}", environment.pointer), &mut body);
            into.resources.push(Resource {
                source,
                line,
                name: named(&around, &address),
                address: Some(self.below(&address)),
                kind: Kind::Serverless,
                action: around.action,
                body,
                unknown,
                before: None,
            });
        }
    }

    /// The clusters of a pipeline, or that it is serverless.
    pub fn pipeline(&self, body: &Value, around: &Surroundings, into: &mut Reading) {
        let (settings, prefix) = inside(body, &["spec"]);
        let name = settings.get("name").and_then(Value::as_str).map(str::to_owned);
        let around = Surroundings {
            kind: Kind::PipelineCluster,
            workload: Some(pipeline::workload(settings)),
            job: named_or(name, around),
            job_tags: tags(settings.get("tags")),
            action: match around.action {
                Action::Create => action(body, "pipeline_id"),
                told => told,
            },
            ..around.clone()
        };
        if pipeline::is_serverless(settings) {
            let name = around.job.clone();
            self.resource(Kind::Serverless, settings.clone(), name, around.action, into);
        }
        self.wrong_shapes(pipeline::wrong_shapes(settings), &prefix, into);
        for cluster in pipeline::clusters(settings) {
            let pointer = format!("{prefix}{}", cluster.pointer);
            let name = named(&around, &cluster.address);
            let address = Some(self.below(&cluster.address));
            self.request(
                &pointer,
                cluster.body.clone(),
                address,
                name,
                around.clone(),
                into,
            );
        }
    }

    /// Something that is no cluster.
    pub fn resource(
        &self,
        kind: Kind,
        mut body: Value,
        name: Option<String>,
        action: Action,
        into: &mut Reading,
    ) {
        let unknown = (self.unknown)("", &mut body);
        let (source, line) = (self.place)("");
        let text = |key: &str| body.get(key).and_then(Value::as_str).map(str::to_owned);
        into.resources.push(Resource {
            source,
            line,
            address: self.address.clone(),
            name: name
                .or_else(|| text("instance_pool_name"))
                .or_else(|| text("name")),
            kind,
            action,
            body,
            unknown,
            before: None,
        });
    }

    /// Parts in which compute cannot be seen.
    fn wrong_shapes(&self, found: Vec<WrongShape>, prefix: &str, into: &mut Reading) {
        into.problems.0.extend(found.into_iter().map(|shape| {
            let (source, line) = (self.place)(&format!("{prefix}{}", shape.pointer));
            let problem = Diagnostic::error("request::wrong-type", source, shape.message).at(line, 0);
            problem.path(self.below(&shape.address))
        }));
    }

    /// Keys that are nearly known ones, of what stands at a pointer and has an address.
    fn slips(&self, found: Vec<Slip>, pointer: &str, address: Option<&str>, into: &mut Reading) {
        into.problems.0.extend(found.into_iter().map(|slip| {
            let (source, line) = (self.place)(&pointer_step(pointer, &slip.found));
            let message = format!("unknown attribute `{}`: nothing looks at it", slip.found);
            let path = match address {
                Some(address) => format!("{address}.{}", slip.found),
                None => slip.found,
            };
            let problem = Diagnostic::warning("request::unknown-attribute", source, message).at(line, 0);
            problem.path(path).hint(format!("did you mean `{}`?", slip.meant))
        }));
    }

    fn request(
        &self,
        pointer: &str,
        mut body: Value,
        address: Option<String>,
        name: Option<String>,
        around: Surroundings,
        into: &mut Reading,
    ) {
        self.slips(slips_of_cluster(&body), pointer, address.as_deref(), into);
        // People know it by the template; rules do not.
        let template = body.get("cluster_name").and_then(Value::as_str);
        let template = template.filter(|text| is_template(text)).map(str::to_owned);
        let unknown = (self.unknown)(pointer, &mut body);
        let is_open = unknown.covers("cluster_name") && around.kind == Kind::default();
        let name = template.filter(|_| is_open).or(name);
        let place = |path: &str| match path {
            "" => (self.place)(pointer),
            path => {
                let steps = attribute::steps(path).into_iter();
                (self.place)(&steps.fold(pointer.to_owned(), |at, step| pointer_step(&at, step)))
            }
        };
        Draft {
            address,
            name,
            body,
            around: Surroundings { unknown, ..around },
            place: &place,
        }
        .finish(into);
    }
}

/// The settings of an object of the API, and the pointer to them: what `get` answers has them one level down.
fn inside<'v>(body: &'v Value, keys: &[&str]) -> (&'v Value, String) {
    for key in keys {
        if let Some(inner) = body.get(*key).filter(|v| v.is_object()) {
            return (inner, format!("/{key}"));
        }
    }
    (body, String::new())
}

/// An object that is named by its id is changed; one without is made.
fn action(body: &Value, id: &str) -> Action {
    match body.get(id).is_some_and(|v| !v.is_null()) {
        true => Action::Update,
        false => Action::Create,
    }
}

/// The name of a job or pipeline; else what its document calls it, unless it has a name that nobody knows yet.
fn named_or(name: Option<String>, around: &Surroundings) -> Option<String> {
    match around.job_unknown.covers("name") {
        true => name,
        false => name.or_else(|| around.job.clone()),
    }
}

/// `etl/main` for the address `job_clusters.main` of the job `etl`.
fn named(around: &Surroundings, address: &str) -> Option<String> {
    let key = address.split_once('.').map_or(address, |(_, key)| key);
    around.job.as_ref().map(|job| format!("{job}/{key}"))
}

/// Tags of a job are a map, those of a pipeline too.
fn tags(tags: Option<&Value>) -> Vec<(String, String)> {
    let members = tags.and_then(Value::as_object).into_iter().flatten();
    members
        .filter_map(|(key, value)| match value {
            Value::String(text) => Some((key.clone(), text.clone())),
            Value::Number(_) | Value::Bool(_) => Some((key.clone(), value.to_string())),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_cluster_of_a_job_is_called_what_its_job_and_key_say() {
        let task = json!({"task_key": "t", "new_cluster": {"cluster_name": "etl/free", "num_wrkers": 1}});
        let found = read_one(Api::Job, json!({"name": "other", "tasks": [task, "x"]}));
        assert_eq!(found.requests[0].name.as_deref(), Some("other/t"));
        let told: Vec<_> = found
            .problems
            .0
            .iter()
            .map(|d| (d.code, d.path.as_str()))
            .collect();
        assert_eq!(
            told,
            [
                ("request::wrong-type", "tasks.1"),
                ("request::unknown-attribute", "tasks.t.num_wrkers")
            ]
        );
    }

    fn read_one(api: Api, body: Value) -> Reading {
        let mut reading = Reading::default();
        read(api, body, None, &|_| ("x.json".to_owned(), 1), &mut reading);
        reading
    }

    #[test]
    fn clusters_of_jobs_and_pipelines_know_what_they_are_for() {
        let job = json!({"job_id": 7, "settings": {"name": "etl", "tags": {"team": "a"},
            "schedule": {"quartz_cron_expression": "0 0 3 * * ?", "timezone_id": "UTC"},
            "job_clusters": [{"job_cluster_key": "main", "new_cluster": {"num_workers": 1}}],
            "environments": [{"environment_key": "e"}]}});
        let found = read_one(Api::Job, job);
        let [request] = found.requests.as_slice() else {
            panic!()
        };
        assert_eq!(request.address.as_deref(), Some("job_clusters.main"));
        assert_eq!(request.name.as_deref(), Some("etl/main"));
        let around = &request.around;
        assert_eq!(
            (around.workload, around.action),
            (Some(Workload::Job), Action::Update)
        );
        assert_eq!(around.job_tags, [("team".to_owned(), "a".to_owned())]);
        assert!(around.schedule.is_some());
        assert_eq!(found.resources[0].kind, Kind::Serverless);
        let pipeline =
            json!({"name": "p", "edition": "PRO", "clusters": [{"label": "default", "num_workers": 1}]});
        let found = read_one(Api::Pipeline, pipeline);
        assert_eq!(found.requests[0].around.workload, Some(Workload::DltPro));
        let pool = read_one(
            Api::InstancePool,
            json!({"instance_pool_name": "small", "node_type_id": "x"}),
        );
        assert_eq!(pool.resources[0].name.as_deref(), Some("small"));
    }
}
