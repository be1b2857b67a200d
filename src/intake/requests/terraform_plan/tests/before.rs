//! What happens to each resource, and how it was before.

use serde_json::{Value, json};

use super::{addresses, entry, flat, reading, requests};
use crate::model::place::Workload;
use crate::model::resource::{Action, Kind};

fn cluster(workers: u64) -> Value {
    json!({"id": "0101-c", "cluster_id": "0101-c", "num_workers": workers, "node_type_id": "i3.xlarge", "state": "RUNNING"})
}

#[test]
fn every_action_has_its_request() {
    let change = |actions: &[&str], before: Value, after: Value| {
        let all = flat(
            &[entry(
                "databricks_cluster.c",
                actions,
                json!({"before": before, "after": after}),
            )],
            &[],
        );
        let mut found = requests(&all);
        found.pop().map(|r| {
            (
                r.around.action,
                r.spec.workers.max,
                r.around.before.map(|b| b.spec.workers.max),
            )
        })
    };
    let (old, new) = (|| cluster(1), || cluster(2));
    assert_eq!(
        change(&["create"], Value::Null, new()),
        Some((Action::Create, 2, None))
    );
    assert_eq!(
        change(&["update"], old(), new()),
        Some((Action::Update, 2, Some(1)))
    );
    assert_eq!(
        change(&["delete", "create"], old(), new()),
        Some((Action::Replace, 2, Some(1)))
    );
    assert_eq!(
        change(&["create", "delete"], old(), new()),
        Some((Action::Replace, 2, Some(1)))
    );
    assert_eq!(
        change(&["create", "forget"], old(), new()),
        Some((Action::Create, 2, None))
    );
    assert_eq!(
        change(&["delete"], old(), Value::Null),
        Some((Action::Delete, 1, Some(1)))
    );
    assert_eq!(
        change(&["forget"], old(), Value::Null),
        Some((Action::NoOp, 1, Some(1)))
    );
    assert_eq!(change(&["no-op"], old(), old()), Some((Action::NoOp, 1, Some(1))));
    assert_eq!(change(&["read"], Value::Null, new()), None);
    // A data source is none of it, whatever it is called.
    let mut data = entry("databricks_cluster.c", &["create"], json!({"after": new()}));
    data["mode"] = json!("data");
    assert_eq!(requests(&flat(&[data], &[])), []);
}

#[test]
fn the_object_that_was_to_go_earlier_has_an_address_of_its_own() {
    let mut deposed = entry("databricks_cluster.c", &["delete"], json!({"before": cluster(3)}));
    deposed["deposed"] = json!("8b2e11aa");
    let now = entry(
        "databricks_cluster.c",
        &["no-op"],
        json!({"before": cluster(1), "after": cluster(1)}),
    );
    let found = reading(&flat(&[now, deposed], &[]));
    assert_eq!(
        addresses(&found),
        [
            "databricks_cluster.c",
            "databricks_cluster.c (deposed object 8b2e11aa)"
        ]
    );
}

#[test]
fn clusters_of_a_job_are_matched_by_their_keys() {
    let part =
        |key: &str, workers: u64| json!({"job_cluster_key": key, "new_cluster": [{"num_workers": workers}]});
    let task = |key: &str, workers: u64| json!({"task_key": key, "new_cluster": [{"num_workers": workers}]});
    let cron = |cron: &str| json!([{"quartz_cron_expression": cron, "timezone_id": "UTC"}]);
    let before = json!({"id": "7", "name": "etl", "schedule": cron("0 0 1 * * ?"), "job_cluster": [part("gone", 9), part("kept", 1)],
        "task": [task("t", 4)], "environment": [{"environment_key": "old"}]});
    let after = json!({"id": "7", "name": "etl", "schedule": cron("0 0 2 * * ?"), "job_cluster": [part("kept", 2), part("new", 3)],
        "task": [task("t", 5)]});
    let found = reading(&flat(
        &[entry(
            "databricks_job.j",
            &["update"],
            json!({"before": before, "after": after}),
        )],
        &[],
    ));
    assert_eq!(found.problems.0, []);
    let told: Vec<_> = found
        .requests
        .iter()
        .map(|r| {
            let before = r.around.before.as_deref();
            (
                r.name.as_deref().unwrap(),
                r.around.action,
                r.spec.workers.max,
                before.map(|b| b.spec.workers.max),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("etl/kept", Action::Update, 2, Some(1)),
            ("etl/new", Action::Create, 3, None),
            ("etl/t", Action::Update, 5, Some(4)),
            ("etl/gone", Action::Delete, 9, Some(9)),
        ]
    );
    let kept = &found.requests[0].around;
    let cron = |schedule: &Option<crate::intake::requests::schedule::Schedule>| {
        schedule.as_ref().unwrap().quartz_cron_expression.clone().unwrap()
    };
    assert_eq!(
        (
            cron(&kept.before.as_ref().unwrap().schedule),
            cron(&kept.schedule)
        ),
        ("0 0 1 * * ?".to_owned(), "0 0 2 * * ?".to_owned())
    );
    let [old] = found.resources.as_slice() else {
        panic!()
    };
    assert_eq!(
        (old.kind, old.action, &old.body),
        (Kind::Serverless, Action::Delete, &Value::Null)
    );
}

#[test]
fn a_pipeline_that_becomes_serverless_loses_its_clusters() {
    let before =
        json!({"name": "p", "serverless": false, "cluster": [{"label": "default", "num_workers": 2}]});
    let after = json!({"name": "p", "serverless": true, "cluster": []});
    let found = reading(&flat(
        &[entry(
            "databricks_pipeline.p",
            &["update"],
            json!({"before": before, "after": after}),
        )],
        &[],
    ));
    let request = &found.requests[0];
    assert_eq!(
        (addresses(&found), request.around.action),
        (vec!["databricks_pipeline.p.clusters.default"], Action::Delete)
    );
    let serverless = &found.resources[0];
    assert_eq!(
        (serverless.kind, serverless.action, &serverless.before),
        (Kind::Serverless, Action::Create, &None)
    );
}

#[test]
fn pools_before_are_those_of_the_state() {
    let pool = |node: &str| json!({"id": "0101-p", "instance_pool_id": "0101-p", "instance_pool_name": "p", "node_type_id": node});
    let pooled = |workers: u64| json!({"num_workers": workers, "instance_pool_id": "0101-p", "node_type_id": "set by the server"});
    let changes = [
        entry(
            "databricks_instance_pool.p",
            &["delete"],
            json!({"before": pool("i3.xlarge")}),
        ),
        entry(
            "databricks_instance_pool.q",
            &["update"],
            json!({"before": pool("a"), "after": pool("b")}),
        ),
        entry(
            "databricks_cluster.c",
            &["update"],
            json!({"before": pooled(1), "after": pooled(2)}),
        ),
    ];
    let found = reading(&flat(&changes, &[]));
    let before = found.requests[0].around.before.as_deref().unwrap();
    assert_eq!(
        before.body,
        json!({"num_workers": 1, "instance_pool_id": "0101-p"})
    );
    assert_eq!(before.pools[0].node_type_id, "i3.xlarge");
    let [gone, changed] = found.resources.as_slice() else {
        panic!()
    };
    assert_eq!(
        (gone.action, &gone.body, gone.name.as_deref()),
        (Action::Delete, &Value::Null, Some("p"))
    );
    assert_eq!(gone.before.as_ref().unwrap()["node_type_id"], "i3.xlarge");
    assert_eq!(changed.before.as_ref().unwrap()["node_type_id"], "a");
    assert_eq!(changed.body["node_type_id"], "b");
}

#[test]
fn what_cannot_be_read_after_is_not_deleted() {
    let change = json!({"before": {"num_workers": 1}, "after": {"num_workers": "many"}});
    let found = reading(&flat(&[entry("databricks_cluster.c", &["update"], change)], &[]));
    assert_eq!(found.requests, []);
    let problems: Vec<_> = found
        .problems
        .0
        .iter()
        .map(|p| (p.code, p.path.as_str()))
        .collect();
    assert_eq!(
        problems,
        [("request::wrong-type", "databricks_cluster.c.num_workers")]
    );
}

#[test]
fn a_pipeline_was_what_its_edition_made_it() {
    let pipeline = |edition: &str| json!({"name": "p", "edition": edition, "cluster": [{"label": "default", "num_workers": 1}]});
    let change = json!({"before": pipeline("CORE"), "after": pipeline("ADVANCED")});
    let all = requests(&flat(&[entry("databricks_pipeline.p", &["update"], change)], &[]));
    let around = &all[0].around;
    let before = around.before.as_ref().and_then(|before| before.workload);
    assert_eq!(
        (before, around.workload),
        (Some(Workload::Dlt), Some(Workload::DltAdvanced))
    );
}
