//! Plans of Terraform: every resource is found, none is missed, none is invented.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tollgate::intake::documents::{ReadOptions, read};
use tollgate::intake::reading::Reading;
use tollgate::ops::files::OnDisk;

use crate::bench::{project, shared};

fn reading(path: &Path) -> Reading {
    let text = fs::read_to_string(path).unwrap();
    read("plan.json", &text, &OnDisk, &ReadOptions::default())
}

/// A line for each request and each resource, and what is unknown of it.
fn told(found: &Reading) -> String {
    let mut lines = Vec::new();
    for request in &found.requests {
        let around = &request.around;
        lines.push(format!(
            "{} {} {}",
            around.kind,
            around.action,
            request.address.as_deref().unwrap()
        ));
        for path in &around.unknown.paths {
            match around.unknown.references.get(path) {
                Some(to) => lines.push(format!("  unknown {path}: {to}")),
                None => lines.push(format!("  unknown {path}")),
            }
        }
        for path in &around.injected {
            lines.push(format!("  injected {path}"));
        }
        if let Some(before) = &around.before {
            lines.push(format!("  before {} workers", before.spec.workers.max));
        }
        if let Some(policy) = &around.policy {
            let known = if policy.settings.is_some() {
                "known"
            } else {
                "not known"
            };
            lines.push(format!("  policy {}, {known}", policy.name));
        }
    }
    for resource in &found.resources {
        lines.push(format!(
            "{} {} {}",
            resource.kind,
            resource.action,
            resource.address.as_deref().unwrap()
        ));
        lines.extend(
            resource
                .unknown
                .paths
                .iter()
                .map(|path| format!("  unknown {path}")),
        );
    }
    for problem in &found.problems.0 {
        lines.push(problem.to_string());
    }
    lines.join("\n")
}

/// What a plan has of the types that are read, counted in its text by other means.
fn expected(path: &Path) -> (usize, usize) {
    let plan: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let (mut clusters, mut others) = (0, 0);
    for change in plan["resource_changes"].as_array().unwrap() {
        let values = &change["change"]["after"];
        let new_clusters = values.to_string().matches("\"new_cluster\":[{").count();
        match change["type"].as_str().unwrap() {
            "databricks_cluster" => clusters += 1,
            "databricks_job" => clusters += new_clusters,
            "databricks_instance_pool" | "databricks_cluster_policy" => others += 1,
            _ => {}
        }
    }
    (clusters, others)
}

#[test]
fn genuine_plans_are_read_whole() {
    let Some(shared) = shared("genuine_plans_are_read_whole") else {
        return;
    };
    let example = |name: &str| {
        let path = shared.join("examples/terraform").join(name).join("plan.json");
        let found = reading(&path);
        assert_eq!(
            (found.requests.len(), found.resources.len()),
            expected(&path),
            "{name}"
        );
        told(&found)
    };
    insta::assert_snapshot!(example("01-basic-policy-pool"), @"");
    insta::assert_snapshot!(example("02-modules-foreach"), @"");
    insta::assert_snapshot!(example("03-job-clusters"), @"");
    insta::assert_snapshot!(example("04-unknown-refs"), @"");
}

#[test]
fn an_estate_of_every_type_and_action_is_read_whole() {
    let found = reading(&project("tests/fixtures/terraform/estate.json"));
    assert!(!format!("{:?}", found.requests).contains("not to be seen"));
    insta::assert_snapshot!(told(&found), @"");
}
