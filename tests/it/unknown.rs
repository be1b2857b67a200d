//! What nobody knows yet: rules say that they cannot judge, policies say what that means, and nothing is guessed.

use serde_json::{Value, json};
use std::fs;
use tempfile::TempDir;

use crate::bench::{Ended, tollgate_in};

/// A bundle as the CLI prints it: the size of its cluster is not known, and its machines come from a pool of the bundle.
fn bundle() -> Value {
    json!({
        "bundle": {"name": "b", "target": "dev"},
        "workspace": {"host": "https://adb-1.2.azuredatabricks.net"},
        "resources": {
            "instance_pools": {"small": {"instance_pool_name": "small", "node_type_id": "Standard_DS3_v2",
                "min_idle_instances": 2, "preloaded_spark_versions": ["15.4.x-scala2.12"]}},
            "clusters": {
                "open": {"cluster_name": "open", "spark_version": "15.4.x-scala2.12", "num_workers": "${var.size}",
                    "node_type_id": "Standard_DS3_v2"},
                "pooled": {"cluster_name": "pooled", "spark_version": "15.4.x-scala2.12", "num_workers": 2,
                    "instance_pool_id": "${resources.instance_pools.small.id}"},
            },
        },
    })
}

fn folder(rules: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("bundle.json"), bundle().to_string()).unwrap();
    let policy = format!("policy: p\nguardrail: true\nrules:\n{rules}");
    fs::write(folder.path().join("p.policy.yaml"), policy).unwrap();
    folder
}

fn check(folder: &TempDir) -> Ended {
    let command = "check bundle.json --policies . --region westus2 --at 2026-10-01 --format json-report";
    let arguments: Vec<&str> = command.split(' ').collect();
    tollgate_in(folder.path(), &arguments).output().unwrap().into()
}

fn report(ended: &Ended) -> Value {
    serde_json::from_str(&ended.stdout).unwrap_or_else(|e| panic!("{e}: {}{}", ended.stdout, ended.stderr))
}

fn decisions(report: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let all = report["decisions"].as_array().unwrap().iter();
    all.map(|d| (text(&d["request"]["name"]), text(&d["decision"])))
        .collect()
}

#[test]
fn a_policy_says_what_it_means_that_a_rule_cannot_judge() {
    for (setting, decision, code) in [
        ("", "undetermined", 1),
        ("on_undetermined: undetermined", "undetermined", 1),
        ("on_undetermined: deny", "deny", 1),
        ("on_undetermined: pass", "allow", 0),
        ("on_undetermined: deny\n    enforcement: monitor", "allow", 0),
    ] {
        let rule = format!(
            "  - rule: size\n    plugin: cluster-size\n    settings: {{workers: {{max: 8}}}}\n    {setting}\n"
        );
        let ended = check(&folder(&rule));
        assert_eq!(
            ended.code,
            Some(code),
            "{setting}: {}{}",
            ended.stdout,
            ended.stderr
        );
        let report = report(&ended);
        let expected = [("open", decision), ("pooled", "allow")];
        assert_eq!(
            decisions(&report),
            expected.map(|(n, d)| (n.to_owned(), d.to_owned())),
            "{setting}"
        );
        let open = &report["decisions"][0];
        assert_eq!(
            open["undetermined"][0]["path"], "num_workers",
            "shown whatever it means"
        );
        assert_eq!(open["violations"], json!([]));
        // Unknown is not zero: neither its size nor its cost is guessed.
        assert_eq!(open["estimate"]["max"]["nodes"], Value::Null);
        assert_eq!(open["estimate"]["max"]["cost_per_hour"], Value::Null);
        assert_eq!(open["estimate"]["unknown"], json!(["num_workers"]));
    }
}

#[test]
fn a_pool_of_the_same_document_tells_the_machine_and_the_cost_before_it_has_an_id() {
    let rules = "  - {rule: machines, plugin: node-type, settings: {workers: {deny: [Standard_DS3_v2]}}}\n  \
                 - {rule: cost, plugin: cost-ceiling, settings: {cost_per_hour: {currency: USD, at_max: '1.9'}}}\n";
    let report = report(&check(&folder(rules)));
    let pooled = &report["decisions"][1];
    assert_eq!(
        pooled["request"]["unknown"],
        json!([{"path": "instance_pool_id", "refers_to": "resources.instance_pools.small"}])
    );
    let broken: Vec<&str> = pooled["violations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| v["rule"].as_str().unwrap())
        .collect();
    // Three nodes: 3 x (0.229 + 0.75 x 0.55) = 1.9245.
    assert_eq!(broken, ["machines", "cost"]);
    assert_eq!(pooled["estimate"]["max"]["cost_per_hour"], "1.9245");
    assert_eq!(pooled["undetermined"], json!([]));
    // The id itself is not known, and a rule that needs it says so.
    let definition = "  - {rule: pool, plugin: cluster-policy, settings: {definition: {instance_pool_id: {type: fixed, value: pool-1}}}}\n";
    let report = self::report(&check(&folder(definition)));
    assert_eq!(report["decisions"][1]["decision"], "undetermined");
    assert_eq!(report["decisions"][1]["violations"], json!([]));
}

#[test]
fn a_rule_cannot_fill_in_what_somebody_else_will() {
    let definition = "  - {rule: size, plugin: cluster-policy, settings: {definition: {num_workers: {type: fixed, value: 1}}}}\n";
    let report = report(&check(&folder(definition)));
    let open = &report["decisions"][0];
    assert_eq!(
        (&open["decision"], &open["supplied"]),
        (&json!("undetermined"), &json!([]))
    );
    assert_eq!(open["cluster"]["num_workers"], Value::Null);
}

/// What could not be judged is neither free nor forgotten.
#[test]
fn a_cluster_that_cannot_be_judged_is_counted_and_costs() {
    let folder = TempDir::new().unwrap();
    let cluster = |name: &str, policy: Option<&str>| {
        json!({"cluster_name": name, "spark_version": "15.4.x-scala2.12", "node_type_id": "Standard_DS3_v2",
            "num_workers": 2, "policy_id": policy})
    };
    let both = json!([cluster("a", None), cluster("b", Some("NOPE"))]);
    fs::write(folder.path().join("both.json"), both.to_string()).unwrap();
    fs::write(folder.path().join("usage.yaml"), "hours_per_month: 100\n").unwrap();
    let arguments =
        "check both.json both.json --region westus2 --at 2026-10-01 --usage usage.yaml --format json-report";
    let arguments: Vec<&str> = arguments.split(' ').collect();
    let ended: Ended = tollgate_in(folder.path(), &arguments).output().unwrap().into();
    assert_eq!(ended.code, Some(2));
    let report = report(&ended);
    let summary = &report["summary"];
    // A file that is named twice is read once.
    assert_eq!(
        (&summary["clusters"], &summary["unanswered"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(report["unanswered"][0]["name"], "b");
    // Two clusters of three nodes for 100 hours: 2 x 192.45.
    assert_eq!(report["cost"]["total"]["per_month"]["after"]["max"], "384.9");
}

#[test]
fn a_folder_that_asks_for_nothing_is_a_mistake_and_other_json_in_it_is_not() {
    let folder = TempDir::new().unwrap();
    let package = r#"{"name": "web", "version": "1.0.0", "dependencies": {}}"#;
    fs::create_dir(folder.path().join("web")).unwrap();
    fs::write(folder.path().join("web/package.json"), package).unwrap();
    for command in ["check", "estimate"] {
        let run = |what: &str| -> Ended {
            let arguments = [command, what, "--region", "westus2", "--at", "2026-10-01"];
            tollgate_in(folder.path(), &arguments).output().unwrap().into()
        };
        let nothing = run("web");
        assert_eq!(nothing.code, Some(2), "{}", nothing.stderr);
        assert!(
            nothing.stderr.contains("error[file::no-documents]"),
            "{}",
            nothing.stderr
        );
        fs::write(folder.path().join("web/bundle.json"), bundle().to_string()).unwrap();
        let ended = run("web");
        assert!(!ended.stderr.contains("error"), "{command}: {}", ended.stderr);
        assert!(ended.stdout.contains("pooled"), "{command}: {}", ended.stdout);
        fs::remove_file(folder.path().join("web/bundle.json")).unwrap();
    }
}

/// Twins get one decision, and what hangs on their place all the same.
#[test]
fn requests_that_ask_the_same_are_waived_each_by_itself() {
    let folder = TempDir::new().unwrap();
    let cluster =
        json!({"spark_version": "15.4.x-scala2.12", "node_type_id": "Standard_DS3_v2", "num_workers": 9});
    let keys = ["one", "two"].map(|key| json!({"job_cluster_key": key, "new_cluster": cluster}));
    fs::write(
        folder.path().join("job.json"),
        json!({"name": "j", "job_clusters": keys}).to_string(),
    )
    .unwrap();
    let policy = "policy: p\nguardrail: true\nrules:\n  - {rule: size, plugin: cluster-size, settings: {workers: {max: 8}}}\n";
    fs::write(folder.path().join("p.policy.yaml"), policy).unwrap();
    let waivers = "waivers:\n  - {waiver: w, reason: r, approved_by: a, expires: 2026-12-31, scope: {rule: size, resource: j/one}}\n";
    fs::write(folder.path().join("w.yaml"), waivers).unwrap();
    let arguments = "check job.json --policies p.policy.yaml --waivers w.yaml --region westus2 --at 2026-10-01 --format json-report";
    let arguments: Vec<&str> = arguments.split(' ').collect();
    let ended: Ended = tollgate_in(folder.path(), &arguments).output().unwrap().into();
    let report = report(&ended);
    let expected = [("j/one", "allow"), ("j/two", "deny")];
    assert_eq!(
        decisions(&report),
        expected.map(|(n, d)| (n.to_owned(), d.to_owned()))
    );
}
