//! One resource change, as requests and resources: how it is after, how it was before, and which of both belong together.

use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::configuration::{Told, Written};
use super::entry::{Entry, Marks};
use super::names::SERVER_CHOOSES;
use super::references::{Follower, Instances};
use super::shape::Shaped;
use super::types::Type;
use crate::databricks::instance_pool::InstancePool;
use crate::intake::requests::api::Whereabouts;
use crate::intake::requests::clusters_api::Form;
use crate::intake::requests::reading::{Reading, Resource};
use crate::intake::requests::request::{Before, Request, Surroundings};
use crate::model::resource::{Action, Kind};
use crate::model::unknown::Unknown;

/// What all changes of a plan have in common.
pub struct Changes<'p> {
    /// What is written, where the plan has it.
    pub written: Option<&'p Written<'p>>,
    /// What there will be.
    pub instances: &'p Instances,
    /// Pools as they are before, under their ids and addresses.
    pub pools_before: Arc<Vec<InstancePool>>,
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
        let around = &Surroundings {
            job_unknown: match entry.kind {
                Type::Job | Type::Pipeline => shaped.names(),
                _ => Unknown::default(),
            },
            ..around.clone()
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
            let same = |was: &Resource| (was.kind, &was.address) == (resource.kind, &resource.address);
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
            workload: request.around.workload,
            pools: Arc::clone(&self.pools_before),
            schedule: request.around.schedule,
        }
    }
}
