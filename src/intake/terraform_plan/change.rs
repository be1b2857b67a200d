//! One resource change, as requests and resources: how it is after, how it was before, and which of both belong together.

use serde_json::value::RawValue;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::sync::Arc;

use super::address::Site;
use super::configuration::{Told, Written};
use super::plan::ResourceChange;
use super::references::{Follower, Instances};
use super::shape::{Shaped, Values};
use crate::databricks::instance_pool::InstancePool;
use crate::intake::api::Whereabouts;
use crate::intake::clusters_api::Form;
use crate::intake::reading::Reading;
use crate::intake::request::{Before, Request, Surroundings};
use crate::intake::{instance_pool, job, pipeline};
use crate::model::diagnostic::Diagnostic;
use crate::model::resource::{Action, Kind};
use crate::model::strict_json::Strict;
use crate::model::unknown::Unknown;

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
    fn own(self) -> &'static [&'static str] {
        match self {
            Type::InstancePool => &["id", "instance_pool_id"],
            Type::ClusterPolicy => &["id", "policy_id"],
            Type::SqlEndpoint => &["health", "id", "num_clusters"],
            Type::Pipeline => &["cause", "health", "id"],
            Type::Cluster | Type::Job => &["id"],
        }
    }

    /// The pointers of the clusters in a body, and where each is inside its resource.
    fn clusters(self, body: &Value) -> Vec<(String, String)> {
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

/// Attributes that the server chooses where they are null, so that null is planned as unknown.
const SERVER_CHOOSES: [&str; 7] = [
    "definition",
    "driver_instance_pool_id",
    "driver_node_type_id",
    "enable_elastic_disk",
    "enable_local_disk_encryption",
    "instance_pool_id",
    "node_type_id",
];

/// What all changes of a plan have in common.
pub struct Changes<'p> {
    /// What is written, where the plan has it.
    pub written: Option<&'p Written<'p>>,
    /// What there will be.
    pub instances: &'p Instances,
    /// Pools as they are before, under their ids and addresses.
    pub pools_before: Arc<Vec<InstancePool>>,
}

/// A change that is read.
pub struct Entry<'p> {
    /// File, or `-`.
    pub source: &'p str,
    /// Line of the entry.
    pub line: usize,
    /// As Terraform prints it.
    pub address: String,
    /// The type.
    pub kind: Type,
    /// Where it stands.
    pub site: Option<Site>,
    /// The entry.
    pub change: &'p ResourceChange<'p>,
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

impl Changes<'_> {
    /// Reads a change into a reading.
    pub fn read(&self, entry: &Entry<'_>, action: Action, into: &mut Reading) {
        let change = &entry.change.change;
        let written = self.written.zip(entry.site.as_ref());
        let written = written.and_then(|(written, site)| {
            let resource = written.resource(site, &entry.change.kind, &entry.change.name)?;
            Some((resource, written.host(resource)))
        });
        let (resource, workspace) = written.unzip();
        let around = Surroundings {
            action,
            workspace: workspace.flatten(),
            job: (entry.kind != Type::Cluster).then(|| {
                let key = entry.site.as_ref().map_or("", |site| site.key.as_str());
                format!("{}{key}", entry.change.name)
            }),
            ..Surroundings::default()
        };
        let nothing = Marks::default();
        let (mut after, mut asked) = (Reading::default(), BTreeSet::new());
        if action.is_judged() {
            let marks = Marks {
                unknown: change.after_unknown,
                sensitive: change.after_sensitive,
                told: Told::of(resource),
            };
            let Some(shaped) = entry.shaped(change.after, &marks, into) else {
                return;
            };
            for path in &shaped.holding {
                into.problems.0.push(entry.hidden(path));
            }
            asked = self.side(entry, shaped, &around, &mut after);
        }
        let mut before = Reading::default();
        if action != Action::Create {
            let values = match action {
                Action::NoOp => change.after.or(change.before),
                _ => change.before,
            };
            let marks = Marks {
                sensitive: match action {
                    Action::NoOp => change.after_sensitive,
                    _ => change.before_sensitive,
                },
                ..nothing
            };
            let Some(shaped) = entry.shaped(values, &marks, into) else {
                return;
            };
            let around = Surroundings {
                action: match action {
                    Action::NoOp => Action::NoOp,
                    _ => Action::Delete,
                },
                ..around
            };
            self.side(entry, shaped, &around, &mut before);
        }
        self.pair(after, before, &asked, into);
    }

    /// Reads one side of a change. Answers the addresses of the clusters that are asked for, readable or not.
    fn side(
        &self,
        entry: &Entry<'_>,
        mut shaped: Shaped,
        around: &Surroundings,
        into: &mut Reading,
    ) -> BTreeSet<String> {
        let address = |inner: &str| match inner {
            "" => entry.address.clone(),
            inner => format!("{}.{inner}", entry.address),
        };
        self.leave_to_the_server(entry, &mut shaped);
        let mut asked = BTreeSet::new();
        let mut injected = Vec::new();
        for (pointer, inner) in entry.kind.clusters(&shaped.body) {
            let found = shaped.send(&pointer);
            let address = address(&inner);
            if !found.is_empty() {
                injected.push((address.clone(), found));
            }
            asked.insert(address);
        }
        let body = std::mem::take(&mut shaped.body);
        let place = |_: &str| (entry.source.to_owned(), entry.line);
        let unknown = |pointer: &str, _: &mut Value| self.unknown(entry, &shaped, pointer);
        let at = Whereabouts {
            address: Some(entry.address.clone()),
            place: &place,
            unknown: &unknown,
        };
        let name = around.job.clone();
        match entry.kind {
            Type::Cluster => at.cluster(body, Form::Partial, around.clone(), into),
            Type::Job => at.job(&body, around, into),
            Type::Pipeline => at.pipeline(&body, around, into),
            Type::InstancePool | Type::ClusterPolicy | Type::SqlEndpoint => {
                let (kind, key) = match entry.kind {
                    Type::InstancePool => (Kind::InstancePool, "instance_pool_name"),
                    Type::ClusterPolicy => (Kind::ClusterPolicy, "name"),
                    _ => (Kind::SqlWarehouse, "name"),
                };
                let named = body.get(key).and_then(Value::as_str).map(str::to_owned);
                at.resource(kind, body, named.or(name), around.action, into);
            }
        }
        for request in &mut into.requests {
            let of = |(address, _): &&mut (String, Vec<String>)| request.address.as_ref() == Some(address);
            if let Some((_, found)) = injected.iter_mut().find(of) {
                request.around.injected = std::mem::take(found);
            }
        }
        asked
    }

    fn follower(&self) -> Option<Follower<'_>> {
        self.written.map(|written| Follower {
            written,
            instances: self.instances,
        })
    }

    /// What is set to null by a condition that is known, `count.index == 0 ? null : "i3.xlarge"`, is the server's to choose.
    fn leave_to_the_server(&self, entry: &Entry<'_>, shaped: &mut Shaped) {
        let Some((follower, site)) = self.follower().zip(entry.site.as_ref()) else {
            return;
        };
        shaped.open.retain(|path, open| {
            let last = path.rsplit('.').next().unwrap_or_default();
            !(SERVER_CHOOSES.contains(&last) && follower.is_known(site, &open.references))
        });
    }

    /// What is unknown below a JSON pointer, with what it will refer to.
    fn unknown(&self, entry: &Entry<'_>, shaped: &Shaped, pointer: &str) -> Unknown {
        let prefix = pointer.trim_start_matches('/').replace('/', ".");
        let mut unknown = Unknown::default();
        let follower = self.follower();
        for (path, open) in shaped.below(&prefix) {
            let known = follower.as_ref().zip(entry.site.as_ref());
            let kind = match path {
                "instance_pool_id" | "driver_instance_pool_id" => "databricks_instance_pool",
                "policy_id" => "databricks_cluster_policy",
                _ => "",
            };
            let known = known.filter(|_| !kind.is_empty());
            match known.and_then(|(follower, site)| follower.target(site, &open.references, kind)) {
                Some(target) => unknown.refer(path, target),
                None => unknown.add(path),
            }
        }
        unknown
    }

    /// Puts together what has the same address before and after.
    fn pair(&self, after: Reading, mut before: Reading, asked: &BTreeSet<String>, into: &mut Reading) {
        into.problems.0.extend(after.problems.0);
        into.problems.0.append(&mut before.problems.0);
        for mut request in after.requests {
            let was = before
                .requests
                .iter()
                .position(|was| was.address == request.address);
            match was {
                Some(was) => {
                    let was = before.requests.remove(was);
                    request.around.before = Some(Box::new(self.was(was)));
                }
                None => request.around.action = Action::Create,
            }
            into.requests.push(request);
        }
        for mut request in before.requests {
            // What is asked for and cannot be read is not deleted.
            if request
                .address
                .as_ref()
                .is_none_or(|address| !asked.contains(address))
            {
                request.around.before = Some(Box::new(self.was(request.clone())));
                into.requests.push(request);
            }
        }
        for mut resource in after.resources {
            let same = |was: &crate::intake::reading::Resource| {
                (was.kind, &was.address) == (resource.kind, &resource.address)
            };
            match before.resources.iter().position(same) {
                Some(was) => resource.before = Some(before.resources.remove(was).body),
                None => resource.action = Action::Create,
            }
            into.resources.push(resource);
        }
        for mut resource in before.resources {
            resource.before = Some(resource.body.clone());
            if resource.action == Action::Delete {
                resource.body = Value::Null;
            }
            into.resources.push(resource);
        }
    }

    fn was(&self, request: Request) -> Before {
        Before {
            body: request.body,
            spec: request.spec,
            pools: Arc::clone(&self.pools_before),
            schedule: request.around.schedule,
        }
    }
}

/// What a plan marks in the values of a resource.
struct Marks<'p> {
    unknown: Option<&'p RawValue>,
    sensitive: Option<&'p RawValue>,
    told: Told<'p>,
}

impl Default for Marks<'_> {
    fn default() -> Self {
        Marks {
            unknown: None,
            sensitive: None,
            told: Told::Nothing,
        }
    }
}

impl<'p> Entry<'p> {
    /// The values of one side in the shape of the API; none, and a problem told, where they cannot be read.
    fn shaped(&self, values: Option<&RawValue>, marks: &Marks<'_>, into: &mut Reading) -> Option<Shaped> {
        let mut read = |raw: Option<&RawValue>| match strict(raw) {
            Ok(value) => Some(value),
            Err(error) => {
                into.problems.0.push(super::unreadable(self, &error));
                None
            }
        };
        let (values, unknown, sensitive) = (read(values)?, read(marks.unknown)?, read(marks.sensitive)?);
        let values = match values {
            Value::Object(values) => values,
            Value::Null => Map::new(),
            _ => {
                let message = "found values that are no object, expected the attributes of the resource";
                into.problems.0.push(self.problem("plan::resource", message));
                return None;
            }
        };
        let values = Values {
            values,
            unknown: &unknown,
            sensitive: &sensitive,
            told: marks.told,
            own: self.kind.own(),
        };
        let mut shaped = values.shaped();
        if let Value::Object(body) = &mut shaped.body {
            self.kind.name_id(body);
        }
        Some(shaped)
    }

    /// Something wrong with the resource.
    pub fn problem(&self, code: &'static str, message: impl Into<String>) -> Diagnostic {
        let found = Diagnostic::error(code, self.source, message).at(self.line, 0);
        found.path(self.address.clone())
    }

    /// A warning that there may be clusters that do not show.
    fn hidden(&self, path: &str) -> Diagnostic {
        let message = match path {
            "" => "everything of the resource is sensitive, so nothing of it is judged".to_owned(),
            path => {
                format!("`{path}` is unknown until apply, or sensitive, so clusters in it are not judged")
            }
        };
        let found = Diagnostic::warning("plan::hidden", self.source, message).at(self.line, 0);
        let found = found.path(self.address.clone());
        found.hint("give what decides how many clusters there are a value that is known when planning")
    }
}

/// A part of the plan, in which no key may stand twice; null where there is none.
pub fn strict(raw: Option<&RawValue>) -> Result<Value, serde_json::Error> {
    match raw {
        None => Ok(Value::Null),
        Some(raw) => serde_json::from_str::<Strict>(raw.get()).map(|Strict(value)| value),
    }
}

/// The pool of a resource as it is before, under its id and its address.
pub fn pools_of(entry: &Entry<'_>) -> Vec<InstancePool> {
    let mut ignored = Reading::default();
    let values = entry.change.change.before;
    let shaped = values.and_then(|values| entry.shaped(Some(values), &Marks::default(), &mut ignored));
    let Some(shaped) = shaped else {
        return Vec::new();
    };
    let id = shaped.body.get("instance_pool_id").and_then(Value::as_str);
    let names = id.into_iter().chain([entry.address.as_str()]);
    names
        .filter_map(|name| instance_pool::pool(name, &shaped.body))
        .collect()
}
