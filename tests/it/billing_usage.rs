//! Rows of `system.billing.usage` against numbers from a calculator: Databricks' list prices times the quantities, corrections,
//! a tier that changes, files that overlap in any order.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::bench::{Ended, run};

fn row(id: &str, sku: &str, start: &str, end: &str, quantity: &str, record_type: &str) -> Value {
    json!({
        "record_id": id, "account_id": "acc", "workspace_id": "42", "sku_name": sku, "cloud": "AZURE",
        "usage_start_time": start, "usage_end_time": end, "custom_tags": {"team": "data"}, "usage_unit": "DBU",
        "usage_quantity": quantity, "usage_metadata": {"cluster_id": "c-1"}, "record_type": record_type,
    })
}

fn write(folder: &Path, name: &str, rows: &[Value]) -> String {
    let path = folder.join(name);
    fs::write(&path, Value::Array(rows.to_vec()).to_string()).unwrap();
    path.display().to_string()
}

fn ingest(ledger: &str, files: &[&str]) -> (Ended, Value) {
    let flags = ["--ledger", ledger, "--team-tag", "team", "--format", "json"];
    let ended = run(&[&["ingest", "billing-usage"], files, &flags].concat());
    let told = serde_json::from_str(&ended.stdout).unwrap_or(Value::Null);
    (ended, told)
}

fn total(ledger: &str, month: &str) -> String {
    let report = run(&[
        "report", month, "--ledger", ledger, "--by", "team", "--format", "csv",
    ]);
    let mut lines = csv::Reader::from_reader(report.stdout.as_bytes());
    let line = lines.records().next().unwrap().unwrap();
    assert_eq!(&line[1], "total");
    line[10].to_owned()
}

fn head(ledger: &str) -> Value {
    let checked = run(&["ledger", "check", ledger, "--format", "json"]);
    let told: Value = serde_json::from_str(&checked.stdout).unwrap();
    assert_eq!(told["sound"], true, "{told}");
    told["head"].clone()
}

/// Quantities and list prices that Azure's best practices and Infracost's golden files multiply.
#[test]
fn quantities_cost_their_list_price() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = folder.path().join("u.db").display().to_string();
    let hour = |id: &str, sku: &str, quantity: &str| {
        row(
            id,
            sku,
            "2026-05-04T10:00:00Z",
            "2026-05-04T11:00:00Z",
            quantity,
            "ORIGINAL",
        )
    };
    // 2000 x 0.55 + 2000 x 0.30 + 500 x 0.55 + 1000 x 0.30 + 2000 x 0.22 + 1000 x 0.40 = 3115
    let rows = [
        hour("a", "PREMIUM_ALL_PURPOSE_COMPUTE", "2000"),
        hour("b", "PREMIUM_JOBS_COMPUTE", "2000"),
        hour("c", "PREMIUM_ALL_PURPOSE_COMPUTE", "500"),
        hour("d", "PREMIUM_JOBS_COMPUTE", "1000"),
        hour("e", "PREMIUM_JOBS_LIGHT_COMPUTE", "2000"),
        hour("f", "STANDARD_ALL_PURPOSE_COMPUTE", "1000"),
    ];
    let (ended, told) = ingest(&ledger, &[&write(folder.path(), "u.json", &rows)]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(
        told["skus"]["AZURE PREMIUM_ALL_PURPOSE_COMPUTE"]["cost"]["USD"],
        "1375"
    );
    assert_eq!(total(&ledger, "2026-05"), "3115");
}

/// The same workload before and after the workspace's upgrade, which Databricks meters under another SKU; and a row that
/// lies across midnight at the end of a month belongs to both months.
#[test]
fn a_tier_that_changes_and_a_month_that_ends() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = folder.path().join("u.db").display().to_string();
    let rows = [
        // 10 x 0.40 until the upgrade at noon, 10 x 0.55 after it.
        row(
            "a",
            "STANDARD_ALL_PURPOSE_COMPUTE",
            "2026-05-31T11:00:00Z",
            "2026-05-31T12:00:00Z",
            "10",
            "ORIGINAL",
        ),
        row(
            "b",
            "PREMIUM_ALL_PURPOSE_COMPUTE",
            "2026-05-31T12:00:00Z",
            "2026-05-31T13:00:00Z",
            "10",
            "ORIGINAL",
        ),
        // 3 DBU from 23:20 to 00:20: 2 in May, 1 in June, at 0.30.
        row(
            "c",
            "PREMIUM_JOBS_COMPUTE",
            "2026-05-31T23:20:00Z",
            "2026-06-01T00:20:00Z",
            "3",
            "ORIGINAL",
        ),
    ];
    let (ended, told) = ingest(&ledger, &[&write(folder.path(), "u.json", &rows)]);
    assert_eq!(
        (ended.code, &told["new_facts"]),
        (Some(0), &json!(4)),
        "{}",
        ended.stderr
    );
    assert_eq!(total(&ledger, "2026-05"), "10.1");
    assert_eq!(total(&ledger, "2026-06"), "0.3");
}

/// What is told in one file, in two that overlap, or twice, is one ledger.
#[test]
fn overlapping_files_in_any_order_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let hour = |id: &str, quantity: &str, kind: &str| {
        row(
            id,
            "PREMIUM_JOBS_COMPUTE",
            "2026-05-04T10:00:00Z",
            "2026-05-04T11:00:00Z",
            quantity,
            kind,
        )
    };
    let rows = [
        hour("a", "259.4356", "ORIGINAL"),
        hour("b", "-259.4356", "RETRACTION"),
        hour("c", "250.0000", "RESTATEMENT"),
        hour("d", "0.000000000000000001", "ORIGINAL"),
    ];
    let all = write(folder.path(), "all.json", &rows);
    let first = write(folder.path(), "first.json", &rows[..3]);
    let last = write(
        folder.path(),
        "last.json",
        &[rows[3].clone(), rows[1].clone(), rows[0].clone()],
    );
    let ledger = |name: &str| folder.path().join(name).display().to_string();
    let (one, two) = (ledger("one.db"), ledger("two.db"));
    ingest(&one, &[&all]);
    let (_, told) = ingest(&two, &[&last, &first]);
    assert_eq!(
        (&told["rows"]["repeated"], &told["new_facts"]),
        (&json!(2), &json!(4))
    );
    assert_eq!(head(&one), head(&two));
    let (_, again) = ingest(&one, &[&first, &last]);
    assert_eq!(
        (&again["new_facts"], &again["known_facts"]),
        (&json!(0), &json!(4))
    );
    assert_eq!(head(&one), head(&two));
    // 250 x 0.30; 10^-18 DBU are less than half of 10^-9 of anything.
    assert_eq!(total(&one, "2026-05"), "75");

    // The same row with another quantity is refused, and nothing is written.
    let forged = write(folder.path(), "forged.json", &[hour("a", "1", "ORIGINAL")]);
    let (ended, _) = ingest(&one, &[&forged]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("store::conflict"), "{}", ended.stderr);
    assert_eq!(head(&one), head(&two));
}
