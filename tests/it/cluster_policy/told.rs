//! What is told to people and machines, and what must not be.

use serde_json::{Value, json};

use crate::bench::{Ended, tollgate_in};

/// Values that no message may show.
const SECRETS: [&str; 5] = ["hunter2pw", "AAAASECRET1", "tok-sekret", "sk-live-123", "userpw"];

fn files(files: &[(&str, Value)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        std::fs::write(folder.path().join(name), content.to_string()).unwrap();
    }
    folder
}

fn run(folder: &tempfile::TempDir, arguments: &str) -> Ended {
    let arguments: Vec<&str> = arguments.split_whitespace().collect();
    tollgate_in(folder.path(), &arguments).output().unwrap().into()
}

fn secret_definition() -> Value {
    json!({
        "spark_env_vars.DB_PASSWORD": {"type": "fixed", "value": "hunter2pw"},
        "spark_conf.fs.azure.account.key.x": {"type": "allowlist", "values": ["AAAASECRET1"]},
        "spark_env_vars.MY_TOKEN": {"type": "regex", "pattern": "tok-sekret.*"},
        "spark_env_vars.API_KEY": {"type": "fixed", "value": "sk-live-123", "defaultValue": "sk-live-123"},
    })
}

#[test]
fn no_message_shows_a_secret() {
    let wrong = json!({"num_workers": 2, "spark_conf": {"fs.azure.account.key.x": "z"},
        "spark_env_vars": {"DB_PASSWORD": "userpw", "MY_TOKEN": "ut", "API_KEY": "uk"}});
    let missing = json!({"num_workers": 2});
    let broken = json!({"spark_env_vars.API_KEY": {"type": "regex", "pattern": "sk-live-123["}});
    let policy = json!({"policy": "p", "rules": [{"rule": "a", "plugin": "cluster-policy",
        "settings": {"definition": secret_definition().to_string()}}]});
    let cluster = json!({"cluster_id": "1", "state": "RUNNING", "spark_version": "15.4.x-scala2.12",
        "node_type_id": "Standard_DS3_v2", "num_workers": 1, "spark_env_vars": {"DB_PASSWORD": "userpw"}});
    let folder = files(&[
        ("d.json", secret_definition()),
        ("wrong.json", wrong),
        ("missing.json", missing),
        ("broken.json", broken),
        ("policy.json", policy),
        ("clusters.json", json!({"clusters": [cluster]})),
    ]);
    for arguments in [
        "check wrong.json --definition d.json --at 2026-10-01",
        "check missing.json --definition d.json --at 2026-10-01",
        "check wrong.json --definition broken.json --at 2026-10-01",
        "policy explain d.json --at 2026-10-01",
        "policy explain d.json --format json --at 2026-10-01",
        "policy explain policy.json --format json --at 2026-10-01",
        "policy explain d.json --request wrong.json --at 2026-10-01",
        "policy compliance clusters.json --definition d.json --region westus2 --at 2026-10-01",
        "policy compliance clusters.json --definition d.json --format json --at 2026-10-01",
        "policy lint d.json --at 2026-10-01",
    ] {
        let ended = run(&folder, arguments);
        let all = format!("{}{}", ended.stdout, ended.stderr);
        assert!(!all.is_empty(), "{arguments}");
        for secret in SECRETS {
            assert!(!all.contains(secret), "{arguments} shows {secret}\n{all}");
        }
    }
}

/// The completed request goes to the API and holds its values; what is said of it does not.
#[test]
fn json_tells_secrets_in_the_completed_request_alone() {
    let wrong = json!({"num_workers": 2, "spark_conf": {"fs.azure.account.key.x": "z"},
        "spark_env_vars": {"DB_PASSWORD": "userpw", "MY_TOKEN": "ut", "API_KEY": "uk"}});
    let folder = files(&[("d.json", secret_definition()), ("r.json", wrong)]);
    let ended = run(
        &folder,
        "check r.json --definition d.json --format json --at 2026-10-01",
    );
    let mut answer: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(answer["cluster"]["spark_env_vars"]["DB_PASSWORD"], "userpw");
    answer.as_object_mut().unwrap().remove("cluster");
    for secret in SECRETS {
        assert!(!answer.to_string().contains(secret), "{secret} in {answer:#}");
    }
}

#[test]
fn a_partial_request_is_still_a_request() {
    let definition = json!({"num_workers": {"type": "range", "maxValue": 10, "isOptional": true}});
    let no_requests = [
        json!({"num_worker": 50}),
        json!({"policies": []}),
        json!({"policy_id": "A", "name": "n", "definition": "{}"}),
    ];
    for (i, body) in no_requests.into_iter().enumerate() {
        let folder = files(&[("d.json", definition.clone()), ("r.json", body)]);
        let ended = run(&folder, "check r.json --definition d.json --at 2026-10-01");
        assert_eq!(ended.code, Some(2), "{i}: {}", ended.stdout);
        assert!(
            ended.stderr.contains("request::not-a-cluster"),
            "{i}: {}",
            ended.stderr
        );
    }
    // The clusters of a job are judged one by one, and a job may have none.
    let job = json!({"new_cluster": {"num_workers": 50}});
    let folder = files(&[("d.json", definition.clone()), ("r.json", job)]);
    assert_eq!(
        run(&folder, "check r.json --definition d.json --at 2026-10-01").code,
        Some(1)
    );
    let none = json!({"name": "job", "job_clusters": []});
    let folder = files(&[("d.json", definition.clone()), ("r.json", none)]);
    let ended = run(&folder, "check r.json --definition d.json --at 2026-10-01");
    assert_eq!(ended.code, Some(0));
    assert!(
        ended.stderr.contains("warning[request::no-compute]"),
        "{}",
        ended.stderr
    );
    let folder = files(&[("d.json", definition), ("r.json", json!({}))]);
    assert_eq!(
        run(&folder, "check r.json --definition d.json --at 2026-10-01").code,
        Some(0)
    );
}

/// A list of ten thousand is a denial like any other, and no answer that is too large.
#[test]
fn a_long_list_is_shown_by_its_beginning() {
    let many: Vec<String> = (0..10_000).map(|i| format!("Standard_X{i}")).collect();
    let definition = json!({"node_type_id": {"type": "allowlist", "values": many}});
    let request = json!({"node_type_id": "Standard_DS3_v2", "cluster_name": "n".repeat(300_000)});
    let folder = files(&[("d.json", definition), ("r.json", request)]);
    let ended = run(
        &folder,
        "check r.json --definition d.json --format json --at 2026-10-01",
    );
    let answer: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!((ended.code, &answer["failures"]), (Some(1), &json!([])));
    let allowed = &answer["violations"][0]["allowed"];
    assert_eq!(allowed["values"].as_array().unwrap().len(), 100);
    assert_eq!(allowed["and_more"], 9_900);
}

/// What enforcement would leave without a size cannot be, and saves nothing.
#[test]
fn enforcement_that_leaves_no_size_has_no_price() {
    let definition = json!({"num_workers": {"type": "forbidden"}});
    let cluster = json!({"cluster_id": "a", "state": "RUNNING", "cluster_source": "UI", "num_workers": 8,
        "spark_version": "15.4.x-scala2.12", "node_type_id": "Standard_DS3_v2"});
    let folder = files(&[("d.json", definition), ("c.json", cluster)]);
    let ended = run(
        &folder,
        "policy compliance c.json --definition d.json --region westus2 --format json --at 2026-10-01",
    );
    let answer: Value = serde_json::from_str(&ended.stdout).unwrap();
    let told = &answer["clusters"][0];
    assert_eq!(told["is_compliant_after"], false);
    // Nine machines of 0.229 and nine times 0.75 DBU at 0.55.
    assert_eq!(told["cost"]["before"]["max"], "5.7735");
    assert_eq!(told["cost"]["after"]["max"], Value::Null);
    assert_eq!(answer["totals"][0]["unpriced_clusters"], 1);
}
