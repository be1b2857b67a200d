//! Compliance: clusters that exist against policies in their sandboxes.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tollgate::model::diagnostic::Diagnostics;
use tollgate::model::place::Workload;
use tollgate::ops::compliance::{ComplianceOptions, compliance};
use tollgate::ops::files::tables;
use tollgate::ops::judge::PlaceOptions;
use tollgate::ops::policies::{Policies, PolicySource};
use tollgate::ops::prices::catalogue;
use tollgate::plugin::limits::Limits;
use tollgate::report::compliance::{ClusterCompliance, Compliance};

use crate::bench::in_process;

/// A folder with one policy for a `policy_id`, and other documents as given.
fn folder(definition: &Value, others: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let rule = json!({"rule": "shape", "plugin": "cluster-policy",
        "settings": {"definition": definition, "policy_id": "A1", "max_clusters_per_user": 1}});
    let policy = json!({"policy": "team", "rules": [rule]});
    fs::write(folder.path().join("team.policy.json"), policy.to_string()).unwrap();
    for (name, text) in others {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn judged(text: &str, folder: &Path, policy: Option<&str>) -> (Compliance, Diagnostics) {
    let host = in_process(Limits {
        deadline_ms: 2_000,
        ..Limits::default()
    });
    let mut policies = Policies::open(&PolicySource::Folder(folder.to_owned()), &host).unwrap();
    let options = ComplianceOptions {
        policy: policy.map(str::to_owned),
        place: PlaceOptions {
            region: Some("westus2".to_owned()),
            ..PlaceOptions::default()
        },
        workload: Workload::AllPurpose,
        at: tollgate::model::period::parse_instant("2026-10-01").unwrap(),
    };
    let records = tempfile::tempdir().unwrap();
    let path = records.path().join("clusters.json");
    std::fs::write(&path, text).unwrap();
    let sources = tables(&[path]).unwrap();
    compliance(&sources, &mut policies, &mut catalogue(&[]).unwrap(), &options).unwrap()
}

fn cluster(id: &str, more: Value) -> Value {
    let mut cluster = json!({"cluster_id": id, "spark_version": "15.4.x-scala2.12",
        "node_type_id": "Standard_DS3_v2", "num_workers": 2, "policy_id": "A1"});
    for (key, value) in more.as_object().unwrap() {
        cluster[key] = value.clone();
    }
    cluster
}

fn only(found: &(Compliance, Diagnostics)) -> &ClusterCompliance {
    assert_eq!(found.1, Diagnostics::default());
    let [one] = found.0.clusters.as_slice() else {
        panic!("{} clusters", found.0.clusters.len())
    };
    one
}

#[test]
fn a_cluster_is_judged_by_the_policy_that_stands_for_its_id_and_its_difference_is_exact() {
    let definition = json!({"num_workers": {"type": "range", "maxValue": 4, "defaultValue": 1},
        "custom_tags.team": {"type": "fixed", "value": "data"}, "autotermination_minutes": {"type": "range", "minValue": 10}});
    let policies = folder(&definition, &[]);
    let large = cluster(
        "c",
        json!({"num_workers": 10, "creator_user_name": "ana", "autotermination_minutes": 0}),
    );
    let found = judged(&large.to_string(), policies.path(), None);
    let one = only(&found);
    assert_eq!(
        (one.policies.as_slice(), one.is_compliant),
        (&["team".to_owned()][..], Some(false))
    );
    let paths: Vec<&String> = one.violations.keys().collect();
    assert_eq!(
        paths,
        ["num_workers", "autotermination_minutes", "custom_tags.team"]
    );
    let changes: Vec<_> = one
        .changes
        .iter()
        .map(|c| {
            (
                c.field.as_str(),
                c.previous_value.as_deref(),
                c.new_value.as_deref(),
            )
        })
        .collect();
    // A range without a default has no value that enforcement could put there.
    assert_eq!(
        changes,
        [
            ("num_workers", Some("10"), Some("1")),
            ("custom_tags.team", None, Some("data"))
        ]
    );
    assert_eq!(one.is_compliant_after, Some(false));
    assert_eq!(
        one.violations_after.keys().collect::<Vec<_>>(),
        ["autotermination_minutes"]
    );
    // A node: 0.229 for the VM, 0.75 DBU at 0.55; eleven of them, then two.
    let cost = one.cost.as_ref().unwrap();
    let told = |sizes: tollgate::report::compliance::Sizes| sizes.max.unwrap().to_string();
    assert_eq!(
        [told(cost.before), told(cost.after), told(cost.difference)],
        ["7.0565", "1.283", "-5.7735"]
    );
    assert_eq!(found.0.totals.len(), 2);
    assert_eq!(told(found.0.totals[1].difference), "-5.7735");
}

#[test]
fn a_policy_that_is_not_at_hand_is_told_once() {
    let policies = folder(&json!({}), &[]);
    let all = json!([
        cluster("a", json!({"policy_id": "B2"})),
        cluster("b", json!({"policy_id": "B2"})),
        cluster("c", json!({"policy_id": null})),
        cluster("d", json!({})),
    ]);
    let (found, problems) = judged(&all.to_string(), policies.path(), None);
    assert_eq!(problems.0.len(), 1);
    assert_eq!(
        (problems.0[0].code, problems.0[0].path.as_str()),
        ("policy::unknown", "0")
    );
    assert_eq!((found.summary.without_policy, found.summary.compliant), (1, 1));
    // A policy that is given judges them all.
    let (found, problems) = judged(&all.to_string(), policies.path(), Some("team"));
    assert_eq!((problems.0.len(), found.summary.compliant), (0, 4));
}

#[test]
fn node_types_that_come_from_a_pool_are_judged_and_priced_and_stand_beside_no_pool() {
    let definition = json!({"node_type_id": {"type": "allowlist", "values": ["Standard_DS3_v2"]}});
    let policies = folder(&definition, &[]);
    let pooled = |node: &str| {
        let more = json!({"instance_pool_id": "p", "node_type_id": node, "driver_node_type_id": node,
            "azure_attributes": {"availability": "ON_DEMAND_AZURE"}});
        judged(&cluster("c", more).to_string(), policies.path(), None)
    };
    let found = pooled("Standard_DS3_v2");
    assert_eq!(only(&found).is_compliant, Some(true));
    assert_eq!(only(&found).cost.as_ref().unwrap().unpriced, Vec::<String>::new());
    let found = pooled("Standard_D8s_v3");
    let paths: Vec<&String> = only(&found).violations.keys().collect();
    assert_eq!(
        (only(&found).is_compliant, paths),
        (Some(false), vec![&"node_type_id".to_owned()])
    );
}

#[test]
fn what_the_system_table_does_not_tell_is_open_and_what_it_tells_is_judged() {
    let conf = json!({"spark_conf.a": {"type": "fixed", "value": "b"}});
    let policies = folder(&conf, &[]);
    let row = json!({"cluster_id": "c", "change_time": "2026-09-01T00:00:00Z", "worker_node_type": "Standard_DS3_v2",
        "worker_count": 2, "dbr_version": "15.4.x-scala2.12", "cluster_source": "JOB", "policy_id": "A1"});
    let found = judged(&row.to_string(), policies.path(), None);
    let one = only(&found);
    assert_eq!(
        (one.is_compliant, one.workload, one.is_enforceable),
        (None, Workload::Job, false)
    );
    assert_eq!((one.undetermined.len(), one.changes.len()), (1, 0));
    let policies = folder(&json!({"num_workers": {"type": "range", "maxValue": 1}}), &[]);
    assert_eq!(
        only(&judged(&row.to_string(), policies.path(), None)).is_compliant,
        Some(false)
    );
}

#[test]
fn guardrails_apply_beside_the_policy_and_monitored_rules_do_not_count() {
    let size = "policy: size\nguardrail: true\nrules:\n  - { rule: workers, plugin: cluster-size, settings: { workers: { max: 3 } } }\n";
    let watched = "policy: watched\nguardrail: true\nrules:\n  - rule: minutes\n    plugin: auto-termination\n    enforcement: monitor\n    settings: { minutes: { max: 30 } }\n";
    let policies = folder(
        &json!({}),
        &[("size.policy.yaml", size), ("watched.policy.yaml", watched)],
    );
    let fine = cluster("c", json!({}));
    let found = judged(&fine.to_string(), policies.path(), None);
    let one = only(&found);
    assert_eq!(one.policies, ["size", "watched", "team"]);
    assert_eq!((one.is_compliant, one.violation_details.len()), (Some(true), 1));
    let large = cluster("c", json!({"num_workers": 9}));
    let found = judged(&large.to_string(), policies.path(), None);
    // The rule knows a remedy; nobody enforces it.
    assert_eq!(
        (only(&found).is_compliant, only(&found).has_changes),
        (Some(false), false)
    );
}

/// Keys are an interface: each is written down at its field, and none may go.
#[test]
fn the_keys_of_the_json_are_as_they_were() {
    let policies = folder(
        &json!({"num_workers": {"type": "range", "maxValue": 1, "defaultValue": 1}}),
        &[],
    );
    let (found, _) = judged(&cluster("c", json!({})).to_string(), policies.path(), None);
    let told = serde_json::to_value(&found).unwrap();
    let keys = |value: &Value| {
        value
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(keys(&told), "at summary totals clusters");
    assert_eq!(
        keys(&told["summary"]),
        "clusters compliant non_compliant undetermined without_policy not_judged deleted superseded"
    );
    assert_eq!(
        keys(&told["totals"][0]),
        "kind currency clusters unpriced_clusters before after difference"
    );
    assert_eq!(
        keys(&told["clusters"][0]),
        "cluster_id cluster_name source line address state cluster_source workload creator_user_name policy_id policies \
         is_compliant violations violations_left_out violation_details undetermined failures unknown is_enforceable \
         has_changes changes is_compliant_after violations_after cost"
    );
    assert_eq!(
        keys(&told["clusters"][0]["changes"][0]),
        "field previous_value new_value"
    );
    assert_eq!(
        keys(&told["clusters"][0]["cost"]),
        "currency before after difference unpriced"
    );
    assert_eq!(
        told["clusters"][0]["cost"]["before"],
        json!({"min": "1.9245", "max": "1.9245"})
    );
    let documented = fs::read_to_string(crate::bench::project("src/report/compliance.rs")).unwrap();
    for key in keys(&told["clusters"][0]).split(' ') {
        assert!(
            documented.contains(&format!("/// `{key}`")),
            "{key} is not documented"
        );
    }
}
