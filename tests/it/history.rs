//! `simulate --from-history`: what a ledger tells of clusters becomes a scenario that can be lived again.

use std::fs;

use serde_json::{Value, json};

use crate::bench::run;

#[test]
fn a_history_lived_again_bills_the_same_work() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    // A run of twenty minutes on two machines, and a notebook used for half an hour that ends ten minutes later.
    let scenario = json!({
        "scenario": "first", "seed": 1,
        "period": {"start": "2026-10-01T00:00:00Z", "end": "2026-10-02T00:00:00Z"},
        "workspaces": [{"name": "w", "cloud": "AZURE", "region": "westus2", "tier": "PREMIUM"}],
        "jobs": [{"name": "etl", "workspace": "w", "principal": "svc", "schedule": {"on": "2026-10-01", "at": "02:00"},
            "run_minutes": 20, "new_cluster": request(None)}],
        "clusters": [{"name": "adhoc", "workspace": "w", "principal": "ana", "create_at": "2026-10-01T08:00:00Z",
            "request": request(Some(10)), "sessions": [{"on": "2026-10-01", "start": "08:00", "minutes": 30}]}],
    });
    fs::write(path("first.json"), scenario.to_string()).unwrap();
    let first = simulate(&path("first.json"), &path("first.db"));

    let made = run(&["simulate", "--from-history", &path("first.db")]);
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    let again: Value = serde_json::from_str(&made.stdout).unwrap();
    assert_eq!(again["jobs"][0]["work"]["driver_seconds"], 20 * 60);
    assert_eq!(again["jobs"][0]["schedule"]["at"], "02:00:00");
    let session = &again["clusters"][0]["sessions"][0];
    assert_eq!(session["commands"]["work"]["driver_seconds"], 30 * 60);
    assert_eq!(session["then"], "idle");
    assert_eq!(again["workspaces"][0]["region"], "westus2");

    fs::write(path("again.json"), &made.stdout).unwrap();
    // No tag names the team in the scenario made: the same work, the same cost, owed by nobody in particular.
    assert_eq!(simulate(&path("again.json"), &path("again.db")), first);
}

fn request(idle_minutes: Option<u32>) -> Value {
    let mut request = json!({"spark_version": "15.4.x-scala2.12", "node_type_id": "Standard_DS3_v2", "num_workers": 1,
        "custom_tags": {"team": "data", "cost_center": "CC-1000"}});
    if let Some(minutes) = idle_minutes {
        request["autotermination_minutes"] = json!(minutes);
    }
    request
}

/// The exact total of October.
fn simulate(scenario: &str, ledger: &str) -> Value {
    let ended = run(&[
        "simulate", scenario, "--ledger", ledger, "--format", "json", "--by", "sku",
    ]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let report: Value = serde_json::from_str(&ended.stdout).unwrap();
    let total = report["total"].clone();
    assert!(!total.is_null(), "{report}");
    total
}
