//! Statements of vendors: kept beside the ledger, the latest export of a billing period in force.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::bench::{Ended, run, shared};

/// The columns that a comparison needs, as EA spells them.
pub const HEADER: &str = "BillingPeriodStartDate,BillingPeriodEndDate,Date,MeterCategory,MeterSubCategory,MeterName,Quantity,EffectivePrice,\
    Cost,UnitPrice,BillingCurrency,ResourceLocation,ResourceId,AdditionalInfo,Tags,UnitOfMeasure,ResourceGroup,ChargeType";

/// A machine of the managed group on a day of October 2026, at 0.229 an hour.
pub fn vm(name: &str, day: &str, hours: &str, cost: &str) -> String {
    format!(
        "10/01/2026,10/31/2026,10/{day}/2026,Virtual Machines,Virtual Machines DSv2 Series,DS3 v2,{hours},0.229,{cost},0.229,USD,westus2,\
         /subscriptions/s/resourceGroups/databricks-rg-ws-1/providers/Microsoft.Compute/virtualMachines/{name},\
         \"{{\"\"ServiceType\"\":\"\"Standard_DS3_v2\"\"}}\",\"\"\"Vendor\"\": \"\"Databricks\"\",\"\"ClusterId\"\": \"\"c-1\"\"\",1 Hour,\
         databricks-rg-ws-1,Usage"
    )
}

fn write(folder: &Path, name: &str, rows: &[String]) -> String {
    let path = folder.join(name);
    fs::write(&path, format!("{HEADER}\n{}\n", rows.join("\n"))).unwrap();
    path.display().to_string()
}

pub fn ingest(ledger: &str, files: &[&str], more: &[&str]) -> (Ended, Value) {
    let flags = ["--ledger", ledger, "--format", "json"];
    let ended = run(&[&["ingest", "azure-cost"], files, &flags, more].concat());
    let told = serde_json::from_str(&ended.stdout).unwrap_or(Value::Null);
    (ended, told)
}

/// 2.29 + 0.229 in two packed parts of one folder; what Azure writes beside them is no part.
#[test]
fn packed_parts_of_a_folder_are_one_export() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = folder.path().join("l.db").display().to_string();
    let parts = folder.path().join("parts");
    fs::create_dir(&parts).unwrap();
    let table = |row: String| format!("{HEADER}\n{row}\n");
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut packer, table(vm("i-1", "1", "10", "2.29")).as_bytes()).unwrap();
    fs::write(parts.join("part_0.csv.gz"), packer.finish().unwrap()).unwrap();
    let packed = zstd::encode_all(table(vm("i-2", "1", "1", "0.229")).as_bytes(), 1).unwrap();
    fs::write(parts.join("part_1.csv.zst"), packed).unwrap();
    fs::write(parts.join("_manifest.json"), "{}").unwrap();
    let (ended, told) = ingest(&ledger, &[parts.to_str().unwrap()], &[]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let period = &told["periods"][0];
    assert_eq!(
        (period["lines"].as_u64(), period["parts"][0]["cost"].as_str()),
        (Some(2), Some("2.519"))
    );
    // What cannot be read is written down with its reason.
    let bad = folder.path().join("bad.csv").display().to_string();
    let rows = [vm("i-1", "1", "ten", "2.29"), vm("i-2", "1", "1", "0.229")];
    fs::write(&bad, format!("{HEADER}\n{}\n", rows.join("\n"))).unwrap();
    let rejects = folder.path().join("r.ndjson").display().to_string();
    let third = folder.path().join("third.db").display().to_string();
    let (ended, told) = ingest(&third, &[&bad], &["--rejects", &rejects]);
    assert_eq!((ended.code, told["rejected"].as_u64()), (Some(1), Some(1)));
    let line: Value = serde_json::from_str(fs::read_to_string(&rejects).unwrap().trim()).unwrap();
    assert_eq!(
        (
            line["line"].as_u64(),
            line["column"].as_str(),
            line["code"].as_str()
        ),
        (Some(2), Some("Quantity"), Some("statement::number"))
    );
    assert_eq!(line["row"]["Quantity"].as_str(), Some("ten"));
    // JSON, row by row, says the same.
    let json = r#"{"Date": "2026-10-01", "MeterCategory": "Virtual Machines", "Quantity": 1, "Cost": 0.229, "BillingCurrency": "USD"}"#;
    let one = folder.path().join("one.json").display().to_string();
    fs::write(&one, json).unwrap();
    let other = folder.path().join("other.db").display().to_string();
    let (ended, told) = ingest(&other, &[&one], &[]);
    assert_eq!(
        (ended.code, told["rows"].as_u64()),
        (Some(0), Some(1)),
        "{}",
        ended.stderr
    );
}

#[test]
fn an_export_told_twice_changes_nothing_and_a_newer_one_replaces_it() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = folder.path().join("l.db").display().to_string();
    let monday = write(
        folder.path(),
        "monday.csv",
        &[vm("i-1", "1", "10", "2.29"), vm("i-2", "1", "1", "0.229")],
    );
    let tuesday = write(folder.path(), "tuesday.csv", &[vm("i-1", "1", "11", "2.519")]);
    let outcome = |told: &Value| {
        let period = &told["periods"][0];
        (
            period["outcome"].as_str().unwrap().to_owned(),
            period["replaced_lines"].as_u64().unwrap(),
            period["parts"][0]["cost"].as_str().unwrap().to_owned(),
        )
    };
    let said = |outcome: &str, replaced: u64, cost: &str| (outcome.to_owned(), replaced, cost.to_owned());
    // 2.29 + 0.229
    let (_, told) = ingest(&ledger, &[&monday], &[]);
    assert_eq!(outcome(&told), said("in-force", 0, "2.519"));
    let before = fs::read(&ledger).unwrap();
    let (ended, told) = ingest(&ledger, &[&monday], &[]);
    assert_eq!((ended.code, outcome(&told)), (Some(0), said("known", 0, "2.519")));
    // The same file once more beside itself is the same export.
    let (_, told) = ingest(&ledger, &[&monday, &monday], &[]);
    assert_eq!(outcome(&told), said("known", 0, "2.519"));
    assert_eq!(told["repeated_files"].as_array().unwrap().len(), 1);
    assert_eq!(fs::read(&ledger).unwrap(), before, "to the byte");
    let (_, told) = ingest(&ledger, &[&tuesday], &[]);
    assert_eq!(outcome(&told), said("in-force", 2, "2.519"));
    let (ended, told) = ingest(&ledger, &[&monday], &[]);
    assert_eq!(
        (ended.code, outcome(&told)),
        (Some(0), said("superseded", 0, "2.519"))
    );
    assert!(ended.stderr.contains("statement::not-taken"), "{}", ended.stderr);
    let checked = run(&["ledger", "check", &ledger]);
    assert_eq!(checked.code, Some(0), "{}", checked.stdout);
    assert!(checked.stdout.starts_with("0 entries"), "{}", checked.stdout);
}

/// An assertion that does not hold is a fault of a check and none of a copy: the file is whole.
#[test]
fn a_ledger_that_disagrees_with_an_invoice_is_copied_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    fs::write(path("l.db"), crate::errors::billed()).unwrap();
    let assert = [
        "ledger",
        "assert",
        &path("l.db"),
        "--vendor",
        "azure",
        "--month",
        "2026-10",
        "--currency",
        "USD",
    ];
    let ended = run(&[&assert[..], &["--amount", "0.61"]].concat());
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stdout.contains("DIFFERS"), "{}", ended.stdout);
    assert_eq!(run(&["ledger", "check", &path("l.db")]).code, Some(1));
    assert_eq!(
        run(&["ledger", "backup", &path("l.db"), &path("copy.db")]).code,
        Some(0)
    );
    // Within the tolerance: 0.61 - 0.600166666 = 0.009833334.
    let ended = run(&[&assert[..], &["--amount", "0.61", "--tolerance", "0.009833334"]].concat());
    assert!(ended.stdout.contains("agrees"), "{}", ended.stdout);
    assert_eq!(run(&["ledger", "check", &path("l.db")]).code, Some(0));
    let listed = run(&["ledger", "assertions", &path("l.db"), "--format", "json"]);
    let rows: Value = serde_json::from_str(&listed.stdout).unwrap();
    assert_eq!(
        (&rows[0]["superseded_by"], &rows[1]["difference"]),
        (&2.into(), &"-0.009833334".into())
    );
}

/// A row that cannot be read is told, the others are kept.
#[test]
fn a_bad_row_hides_no_good_one() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = folder.path().join("l.db").display().to_string();
    let file = write(
        folder.path(),
        "e.csv",
        &[vm("i-1", "1", "ten", "2.29"), vm("i-2", "1", "1", "0.229")],
    );
    let (ended, told) = ingest(&ledger, &[&file], &[]);
    assert_eq!(ended.code, Some(1));
    assert_eq!((&told["rows"], &told["rejected"]), (&2.into(), &1.into()));
    assert!(
        ended.stderr.contains("e.csv:2: Quantity: found `ten`"),
        "{}",
        ended.stderr
    );
}

/// The shared sample: 27.788 DBU at 0.30 are 8.3364, 25.235 hours at 0.249 are 6.283515.
#[test]
fn the_shared_export_is_read() {
    let Some(shared) = shared("the_shared_export_is_read") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let ledger = folder.path().join("l.db").display().to_string();
    let sample = shared.join("data/billing/azure_cost_export_c360-2025-04.csv");
    let (ended, told) = ingest(&ledger, &[sample.to_str().unwrap()], &[]);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    let period = &told["periods"][0];
    assert_eq!(period["billing_period_start"], "2025-03-01");
    let parts = &period["parts"];
    assert_eq!(
        (&parts[0]["belongs"], &parts[0]["cost"]),
        (&"workspace".into(), &"8.3364".into())
    );
    assert_eq!(
        (&parts[1]["belongs"], &parts[1]["cost"]),
        (&"managed-group".into(), &"6.283515".into())
    );
}
