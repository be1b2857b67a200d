//! Two readings of the same things at two times: what is now wanted, against what was before.
//!
//! A bundle or a body of an API says nothing of what there is. Whoever has the earlier version of the document (the branch that
//! is merged into) gives it. Resources of one address or name are one.

use std::collections::BTreeMap;

use super::reading::{Reading, Resource};
use super::request::{Before, Request};
use crate::model::resource::{Action, Kind};

/// What makes two things one: the kind, and where they are in a bundle; else the job with the name, else where they are in
/// their document.
type Key = (Kind, Option<String>, String);

/// Tells every request and resource what it is before; what is no longer there is deleted.
pub fn compare(now: &mut Reading, before: Reading) {
    now.tells_change = true;
    let mut requests: BTreeMap<Key, Vec<Request>> = BTreeMap::new();
    for request in before.requests {
        requests.entry(key(&request)).or_default().push(request);
    }
    for request in &mut now.requests {
        let Some(earlier) = next(&mut requests, &key(request), &request.source, |r| &r.source) else {
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
        let Some(earlier) = next(&mut resources, &resource_key(resource), &resource.source, |r| {
            &r.source
        }) else {
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
    key_of(
        request.around.kind,
        request.address.as_deref(),
        request.around.job.clone(),
        request.name.as_deref(),
    )
}

fn resource_key(resource: &Resource) -> Key {
    key_of(
        resource.kind,
        resource.address.as_deref(),
        None,
        resource.name.as_deref(),
    )
}

fn key_of(kind: Kind, address: Option<&str>, job: Option<String>, name: Option<&str>) -> Key {
    match address {
        // Addresses of bundles outlive names, which presets and people change.
        Some(address) if address.starts_with("resources.") => (kind, None, address.to_owned()),
        address => (kind, job, name.or(address).unwrap_or_default().to_owned()),
    }
}

/// The one of a key that stands in a file of this name, else the first that is left.
fn next<T>(all: &mut BTreeMap<Key, Vec<T>>, key: &Key, source: &str, source_of: fn(&T) -> &str) -> Option<T> {
    let left = all.get_mut(key)?;
    let file = |source: &str| source.rsplit(['/', '\\']).next().map(str::to_owned);
    let same = left.iter().position(|one| file(source_of(one)) == file(source));
    let found = (!left.is_empty()).then(|| left.remove(same.unwrap_or(0)));
    if left.is_empty() {
        all.remove(key);
    }
    found
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
    fn jobs_of_several_files_are_not_mixed_up() {
        let job = |name: &str, workers: u32| {
            let body = json!({"name": name, "job_clusters": [{"job_cluster_key": "main", "new_cluster": {"num_workers": workers}}]});
            reading(body)
        };
        let mut now = job("team-a", 1);
        now.append(job("team-b", 10));
        compare(&mut now, job("team-b", 10));
        let told: Vec<_> = now.requests.iter().map(|r| r.around.action).collect();
        assert_eq!(told, [Action::Create, Action::NoOp]);
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
