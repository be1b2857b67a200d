//! Plans of Terraform: every resource is found, none is missed, none is invented.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;
use tollgate::intake::requests::documents::{ReadOptions, read};
use tollgate::intake::requests::reading::Reading;
use tollgate::intake::requests::request::Request;
use tollgate::model::resource::Action;
use tollgate::ops::files::OnDisk;

use crate::bench::{project, shared};

#[path = "../../benches/fixtures/plan.rs"]
mod fixture;

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
    insta::assert_snapshot!(example("01-basic-policy-pool"), @r#"
    cluster create databricks_cluster.shared
      unknown instance_pool_id: databricks_instance_pool.small
      unknown policy_id: databricks_cluster_policy.team
      injected autotermination_minutes
      injected num_workers
      policy databricks_cluster_policy.team, not known
    cluster-policy create databricks_cluster_policy.team
      unknown definition
    instance-pool create databricks_instance_pool.small
    "#);
    insta::assert_snapshot!(example("02-modules-foreach"), @r#"
    cluster create module.compute["finance"].databricks_cluster.env[0]
      unknown policy_id: module.compute["finance"].databricks_cluster_policy.this
      policy module.compute["finance"].databricks_cluster_policy.this, known
    cluster create module.compute["finance"].databricks_cluster.env[1]
      unknown policy_id: module.compute["finance"].databricks_cluster_policy.this
      policy module.compute["finance"].databricks_cluster_policy.this, known
    cluster create module.compute["marketing"].databricks_cluster.env[0]
      unknown policy_id: module.compute["marketing"].databricks_cluster_policy.this
      policy module.compute["marketing"].databricks_cluster_policy.this, known
    cluster create module.compute["marketing"].databricks_cluster.env[1]
      unknown policy_id: module.compute["marketing"].databricks_cluster_policy.this
      policy module.compute["marketing"].databricks_cluster_policy.this, known
    cluster-policy create module.compute["finance"].databricks_cluster_policy.this
    cluster-policy create module.compute["marketing"].databricks_cluster_policy.this
    "#);
    insta::assert_snapshot!(example("03-job-clusters"), @r#"
    job-cluster create databricks_job.nightly.job_clusters.wide
      unknown driver_instance_pool_id: databricks_instance_pool.etl
      unknown instance_pool_id: databricks_instance_pool.etl
      injected num_workers
    job-cluster create databricks_job.nightly.job_clusters.tiny
    task-cluster create databricks_job.nightly.tasks.own
    task-cluster create databricks_job.nightly.tasks.loop.inner
    instance-pool create databricks_instance_pool.etl
    "#);
    insta::assert_snapshot!(example("04-unknown-refs"), @r#"
    cluster create databricks_cluster.late
      unknown autotermination_minutes
      unknown cluster_name
      unknown custom_tags
      unknown node_type_id
      unknown num_workers
      unknown policy_id: databricks_cluster_policy.p
      unknown spark_conf.spark.sql.shuffle.partitions
      policy databricks_cluster_policy.p, known
    job-cluster create databricks_job.j.job_clusters.a
      unknown driver_node_type_id
      unknown enable_elastic_disk
      unknown enable_local_disk_encryption
      unknown node_type_id
      unknown num_workers
      unknown policy_id
    job-cluster create databricks_job.j.job_clusters.b
      unknown driver_node_type_id
      unknown enable_elastic_disk
      unknown enable_local_disk_encryption
      unknown node_type_id
      unknown num_workers
      unknown policy_id
    cluster-policy create databricks_cluster_policy.p
    "#);
}

#[test]
fn an_estate_of_every_type_and_action_is_read_whole() {
    let found = reading(&project("tests/fixtures/terraform/estate.json"));
    assert!(!format!("{:?}", found.requests).contains("not to be seen"));
    insta::assert_snapshot!(told(&found), @r#"
    cluster create databricks_cluster.bi
      unknown instance_pool_id: databricks_instance_pool.warm
      injected autotermination_minutes
      injected num_workers
      policy data.databricks_cluster_policy.shared, known
    cluster update databricks_cluster.legacy
      unknown spark_conf.fs.key
      injected autotermination_minutes
      before 2 workers
      policy databricks_cluster_policy.base, known
    cluster delete databricks_cluster.old
      before 8 workers
    job-cluster update databricks_job.etl["daily"].job_clusters.main
      before 2 workers
    task-cluster create databricks_job.etl["daily"].tasks.score
      unknown instance_pool_id: databricks_instance_pool.warm
    task-cluster create databricks_job.etl["daily"].tasks.each.one
    job-cluster delete databricks_job.etl["daily"].job_clusters.gone
      before 1 workers
    pipeline-cluster create databricks_pipeline.live.clusters.default
    cluster create module.team["finance"].databricks_cluster.env[0]
      unknown policy_id: module.team["finance"].databricks_cluster_policy.this
      policy module.team["finance"].databricks_cluster_policy.this, known
    cluster create module.team["sales"].databricks_cluster.env[0]
      unknown policy_id: module.team["sales"].databricks_cluster_policy.this
      policy module.team["sales"].databricks_cluster_policy.this, known
    cluster-policy no-op databricks_cluster_policy.base
    instance-pool replace databricks_instance_pool.warm
    serverless create databricks_job.etl["daily"].environments.light
    sql-warehouse create databricks_sql_endpoint.bi
    cluster-policy create module.team["finance"].databricks_cluster_policy.this
    cluster-policy create module.team["sales"].databricks_cluster_policy.this
    "#);
}

/// The plan that is measured is one: everything in it is found.
#[test]
fn a_plan_of_many_resources_is_read_whole() {
    let text = fixture::plan(700);
    let found = read("plan.json", &text, &OnDisk, &ReadOptions::default());
    assert_eq!(found.problems.0, []);
    // Of ten resources four are clusters, four are jobs of two clusters each, two are a pool and a policy.
    assert_eq!((found.requests.len(), found.resources.len()), (70 * 12, 70 * 2));
    let of = |action: Action| {
        found
            .requests
            .iter()
            .filter(|r| r.around.action == action)
            .count()
    };
    assert_eq!(
        (of(Action::Create), of(Action::Update), of(Action::NoOp)),
        (600, 120, 120)
    );
    let referring = |r: &&Request| r.around.unknown.references.contains_key("instance_pool_id");
    assert_eq!(found.requests.iter().filter(referring).count(), 200);
}

#[test]
fn a_plan_is_known_by_its_content_alone_or_among_others() {
    let path = project("tests/fixtures/terraform/estate.json");
    let plan: BTreeMap<String, Value> = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    let lines = |found: &Reading| found.requests.iter().map(|r| r.line).collect::<Vec<_>>();
    let read = |text: &str| read("-", text, &OnDisk, &ReadOptions::default());
    // With its keys sorted it begins with another one.
    let sorted = serde_json::to_string(&plan).unwrap();
    assert!(sorted.starts_with("{\"applyable\""));
    let found = read(&sorted);
    assert_eq!(told(&found), told(&reading(&path)));
    assert!(found.tells_change);
    // One document a line: a cluster, a plan, what is broken, a plan that begins as Terraform begins it.
    let one = r#"{"format_version":"1.2","resource_changes":[{"address":"databricks_cluster.a","mode":"managed","type":"databricks_cluster","name":"a","change":{"actions":["create"],"after":{"num_workers":1}}}]}"#;
    let found = read(&format!("{{\"num_workers\": 1}}\n{sorted}\n{{broken\n{one}\n"));
    let expected: Vec<usize> = [vec![1], vec![2; 10], vec![4]].concat();
    assert_eq!(lines(&found), expected);
    assert_eq!(
        found
            .problems
            .0
            .iter()
            .map(|p| (p.code, p.line))
            .collect::<Vec<_>>(),
        [("request::syntax", 3)]
    );
    let found = read(&format!("\u{feff}{one}\n{one}\n"));
    assert_eq!((lines(&found), found.problems.0), (vec![1, 2], vec![]));
}
