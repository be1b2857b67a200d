//! Two readings of the same things at two times: what is now wanted, against what was before.
//!
//! A bundle or a body of an API says nothing of what there is. Whoever has the earlier version of the document (the branch that
//! is merged into) gives it, and resources of the same address are one.

use std::collections::BTreeMap;

use super::reading::{Reading, Resource};
use super::request::{Before, Request};
use crate::model::resource::{Action, Kind};

/// What makes two requests one: where they are in their documents, else their name.
type Key = (Kind, Option<String>, Option<String>);

/// Tells every request and resource what it is before; what is no longer there is deleted. Of several with one key the
/// first of each are the same.
pub fn compare(now: &mut Reading, before: Reading) {
    now.tells_change = true;
    let mut requests: BTreeMap<Key, Vec<Request>> = BTreeMap::new();
    for request in before.requests {
        requests.entry(key(&request)).or_default().push(request);
    }
    for request in &mut now.requests {
        let Some(earlier) = next(&mut requests, &key(request)) else {
            request.around.action = Action::Create;
            continue;
        };
        let same = earlier.body == request.body
            && earlier.around.unknown == request.around.unknown
            && earlier.around.workload == request.around.workload
            && earlier.around.schedule == request.around.schedule
            && earlier.around.pools == request.around.pools;
        request.around.action = if same { Action::NoOp } else { Action::Update };
        request.around.before = Some(Box::new(before_of(earlier)));
    }
    for mut gone in requests.into_values().flatten() {
        let earlier = before_of(gone.clone());
        gone.around.action = Action::Delete;
        gone.around.before = Some(Box::new(earlier));
        now.requests.push(gone);
    }
    let mut resources: BTreeMap<Key, Vec<Resource>> = BTreeMap::new();
    for resource in before.resources {
        resources
            .entry(resource_key(&resource))
            .or_default()
            .push(resource);
    }
    for resource in &mut now.resources {
        let Some(earlier) = next(&mut resources, &resource_key(resource)) else {
            resource.action = Action::Create;
            continue;
        };
        resource.action = match earlier.body == resource.body {
            true => Action::NoOp,
            false => Action::Update,
        };
        resource.before = Some(earlier.body);
    }
    for gone in resources.into_values().flatten() {
        now.resources.push(Resource {
            action: Action::Delete,
            before: Some(gone.body.clone()),
            ..gone
        });
    }
}

fn key(request: &Request) -> Key {
    let address = request.address.clone();
    let name = match address {
        Some(_) => None,
        None => request.name.clone(),
    };
    (request.around.kind, address, name)
}

fn resource_key(resource: &Resource) -> Key {
    let address = resource.address.clone();
    let name = match address {
        Some(_) => None,
        None => resource.name.clone(),
    };
    (resource.kind, address, name)
}

/// The first that is left under a key.
fn next<T>(all: &mut BTreeMap<Key, Vec<T>>, key: &Key) -> Option<T> {
    let left = all.get_mut(key)?;
    let first = (!left.is_empty()).then(|| left.remove(0));
    if left.is_empty() {
        all.remove(key);
    }
    first
}

fn before_of(earlier: Request) -> Before {
    Before {
        body: earlier.body,
        spec: earlier.spec,
        workload: earlier.around.workload,
        pools: earlier.around.pools,
        schedule: earlier.around.schedule,
    }
}

#[cfg(test)]
mod tests {
    use super::super::api::{Api, read};
    use super::*;
    use crate::model::place::Workload;
    use serde_json::{Value, json};

    fn reading(job: Value) -> Reading {
        let mut reading = Reading::default();
        read(Api::Job, job, None, &|_| ("j.json".to_owned(), 1), &mut reading);
        reading
    }

    #[test]
    fn what_has_the_same_address_is_the_same_thing() {
        let job = |clusters: &[(&str, u32)]| {
            let clusters: Vec<Value> = clusters
                .iter()
                .map(
                    |(key, workers)| json!({"job_cluster_key": key, "new_cluster": {"num_workers": workers}}),
                )
                .collect();
            json!({"name": "j", "job_clusters": clusters})
        };
        let mut now = reading(job(&[("same", 1), ("changed", 3), ("new", 1)]));
        compare(
            &mut now,
            reading(job(&[("gone", 1), ("changed", 2), ("same", 1)])),
        );
        let told: Vec<_> = now
            .requests
            .iter()
            .map(|r| {
                let before = r.around.before.as_ref().map(|b| b.spec.workers.max);
                (r.address.as_deref().unwrap(), r.around.action, before)
            })
            .collect();
        assert_eq!(
            told,
            [
                ("job_clusters.same", Action::NoOp, Some(1)),
                ("job_clusters.changed", Action::Update, Some(2)),
                ("job_clusters.new", Action::Create, None),
                ("job_clusters.gone", Action::Delete, Some(1)),
            ]
        );
    }

    #[test]
    fn a_pipeline_of_another_edition_is_changed() {
        let pipeline = |edition: &str| {
            let body = json!({"name": "p", "edition": edition, "clusters": [{"label": "default", "num_workers": 1}]});
            let mut reading = Reading::default();
            read(
                Api::Pipeline,
                body,
                None,
                &|_| ("p.json".to_owned(), 1),
                &mut reading,
            );
            reading
        };
        for (edition, action) in [("ADVANCED", Action::Update), ("CORE", Action::NoOp)] {
            let mut now = pipeline(edition);
            compare(&mut now, pipeline("CORE"));
            let around = &now.requests[0].around;
            assert_eq!(around.action, action);
            let before = around.before.as_ref().unwrap();
            assert_eq!(before.workload, Some(Workload::Dlt));
        }
    }
}
