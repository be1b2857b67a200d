//! Cost centres by rules, through every command that posts entries: what the rules say of a ledger is what was booked under them.

use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

use crate::bench::{Ended, project, tollgate_in};
use crate::errors::write;

fn run(folder: &Path, command: &str) -> Ended {
    let words: Vec<&str> = command.split(' ').collect();
    tollgate_in(folder, &words).output().unwrap().into()
}

fn done(folder: &Path, command: &str) -> String {
    let ended = run(folder, command);
    assert_eq!(ended.code, Some(0), "{command}: {}{}", ended.stdout, ended.stderr);
    ended.stdout
}

/// Cost by cost centre: by the rules, and as it is booked.
fn centres(folder: &Path, rules: &str) -> BTreeMap<String, (String, String)> {
    let told = done(
        folder,
        &format!("ledger cost-centres l.db --cost-centres {rules} --format json"),
    );
    let told: Value = serde_json::from_str(&told).unwrap();
    let text = |line: &Value, key: &str| line[key].as_str().unwrap().to_owned();
    let lines = told["cost_centres"].as_array().unwrap().iter();
    lines
        .map(|line| {
            let costs = (
                text(line, "contracted_cost"),
                text(line, "booked_contracted_cost"),
            );
            (text(line, "cost_centre"), costs)
        })
        .collect()
}

fn told(name: &str, cost: &str) -> (String, (String, String)) {
    (name.to_owned(), (cost.to_owned(), cost.to_owned()))
}

/// One machine for an hour in a cluster of data (0.229 and 0.75 DBU at 0.55 = 0.4125), for half of one in a cluster of ml (0.1145 and
/// 0.20625), 600 s idle (0.038166666); 24 hours of gateway, address and storage (1.8).
#[test]
fn a_simulation_is_booked_as_the_rules_say_meter_by_meter() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let scenario = std::fs::read(project("tests/cli/allocate.in/scenario.yaml")).unwrap();
    write(folder, "scenario.yaml", scenario);
    write(
        folder,
        "rules.yaml",
        "cost_centres:\n  - cost_centre: machines\n    when: { meter: vm, pool: warm }\n  - cost_centre: '{tag.team}'\n\
         otherwise: platform\n",
    );
    done(
        folder,
        "simulate scenario.yaml --ledger l.db --cost-centres rules.yaml",
    );
    let expected = [
        told("data", "0.4125"),
        told("machines", "0.381666666"),
        told("ml", "0.20625"),
        told("platform", "1.8"),
    ];
    assert_eq!(centres(folder, "rules.yaml"), expected.into());
    // The same again changes nothing; other rules are another run.
    let again = done(
        folder,
        "simulate scenario.yaml --ledger l.db --cost-centres rules.yaml",
    );
    assert!(
        again.contains("0 facts written to l.db, 9 known before"),
        "{again}"
    );
    write(
        folder,
        "other.yaml",
        "cost_centres:\n  - cost_centre: '{owner}'\n    when: { cloud: AZURE }\n",
    );
    let other = run(
        folder,
        "simulate scenario.yaml --ledger l.db --cost-centres other.yaml",
    );
    assert_eq!(other.code, Some(2), "{}", other.stderr);
    let by_owner = centres(folder, "other.yaml");
    assert_eq!(by_owner["ana@example.com"].0, "0.6415");
    assert_eq!(
        by_owner["unallocated"],
        ("1.838166666".to_owned(), "0".to_owned())
    );
    assert!(done(folder, "ledger check l.db").ends_with("in order\n"));
}

/// Bundled fixtures: a job's cluster and one that is scaled, each told whole.
#[test]
fn cluster_events_are_booked_as_the_rules_say() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for name in ["plain.json", "autoscale.json"] {
        let text = std::fs::read(project("tests/fixtures/cluster-events").join(name)).unwrap();
        write(folder, name, text);
    }
    write(
        folder,
        "rules.yaml",
        "cost_centres:\n  - cost_centre: jobs-{job_name}\n    when: { sku: '*JOBS*' }\n  - cost_centre: job-machines\n    when: { job_name: '*' }\n",
    );
    let ingest = "ingest cluster-events plain.json autoscale.json --ledger l.db --workspace-name lakehouse --region westus2";
    let told = done(folder, &format!("{ingest} --cost-centres rules.yaml"));
    assert!(told.contains("14 facts written"), "{told}");
    let centres = centres(folder, "rules.yaml");
    let names: Vec<&str> = centres.keys().map(String::as_str).collect();
    assert_eq!(names, ["job-machines", "jobs-42", "unallocated"]);
    // 4.35 DBU at 0.30; three machines of two hours at 0.229.
    assert_eq!(centres["jobs-42"].0, "1.305");
    assert_eq!(centres["job-machines"].0, "1.374");
    assert!(
        centres.values().all(|(by_rules, booked)| by_rules == booked),
        "{centres:?}"
    );
    // Without the rules the job's facts are others, which is told; the other cluster's are known, unallocated either way.
    let other = run(folder, ingest);
    assert_eq!(other.code, Some(1), "{}", other.stderr);
    assert_eq!(
        other.stderr.matches("store::conflict").count(),
        1,
        "{}",
        other.stderr
    );
}

#[test]
fn the_log_of_before_is_booked_as_the_rules_say() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let log = std::fs::read(project("tests/cli/ingest-legacy-usage.in/log.csv")).unwrap();
    write(folder, "log.csv", log);
    write(
        folder,
        "rules.yaml",
        "cost_centres:\n  - cost_centre: finance\n    when: { tag: { dept: 'fi*' }, job_name: '11' }\notherwise: rest\n",
    );
    let sku = "--sku STANDARD_AUTOMATED_OPSEC=PREMIUM_JOBS_COMPUTE";
    done(
        folder,
        &format!("ingest legacy-usage log.csv --ledger l.db --cloud AZURE {sku} --cost-centres rules.yaml"),
    );
    // 8.5 and 2 DBU at 0.30.
    let expected = [told("finance", "2.55"), told("rest", "0.6")];
    assert_eq!(centres(folder, "rules.yaml"), expected.into());
}

#[test]
fn rules_and_a_tag_at_once_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let both = "--team-tag team --cost-centres rules.yaml";
    for command in [
        "ingest billing-usage u.csv --ledger l.db",
        "ingest legacy-usage u.csv --ledger l.db --cloud AZURE",
        "ingest cluster-events e.json --ledger l.db --workspace-name w",
    ] {
        let ended = run(folder.path(), &format!("{command} {both}"));
        assert_eq!(ended.code, Some(2), "{command}");
        assert!(ended.stderr.contains("cannot be used with"), "{}", ended.stderr);
    }
}
