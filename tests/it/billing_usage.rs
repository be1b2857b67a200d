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

/// Rows that are not billed are in a file, one object each, with what they said; it is there whole or not at all.
#[test]
fn what_is_not_billed_is_in_a_file_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = folder.path().join("u.db").display().to_string();
    let rejects = folder.path().join("rejects.ndjson");
    let hour = |id: &str, quantity: &str| {
        let (start, end) = ("2026-05-04T10:00:00Z", "2026-05-04T11:00:00Z");
        row(id, "PREMIUM_JOBS_COMPUTE", start, end, quantity, "ORIGINAL")
    };
    let mut wrong = hour("b", "x\"y");
    wrong["usage_unit"] = json!("GB");
    let table = write(
        folder.path(),
        "u.json",
        &[hour("a", "1"), wrong.clone(), hour("a", "2")],
    );
    let flags = |table: &str| {
        run(&[
            "ingest",
            "billing-usage",
            table,
            "--ledger",
            &ledger,
            "--rejects",
            rejects.to_str().unwrap(),
        ])
    };
    assert_eq!(flags(&table).code, Some(1));
    let text = fs::read_to_string(&rejects).unwrap();
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 2, "{text}");
    assert_eq!(
        (
            &lines[0]["file"],
            &lines[0]["line"],
            &lines[0]["column"],
            &lines[0]["code"]
        ),
        (
            &json!(table),
            &json!(1),
            &json!("usage_quantity"),
            &json!("usage::column")
        )
    );
    assert_eq!(lines[0]["more"][0]["code"], "usage::unit");
    assert_eq!(lines[0]["row"], wrong);
    assert_eq!(
        (&lines[1]["code"], &lines[1]["row"]),
        (&json!("usage::told-differently"), &Value::Null)
    );

    // Where nothing can be billed, the file is what it was.
    let conflict = write(folder.path(), "c.json", &[hour("a", "7"), wrong]);
    assert_eq!(flags(&conflict).code, Some(2));
    assert_eq!(fs::read_to_string(&rejects).unwrap(), text);
    assert_eq!(
        fs::read_dir(folder.path())
            .unwrap()
            .filter(|e| { e.as_ref().unwrap().file_name().to_string_lossy().contains(".new") })
            .count(),
        0
    );
}

/// A folder as Spark writes it: parts, some of them packed, and what is no part.
#[test]
fn a_folder_of_parts_is_one_table() {
    use std::io::Write;
    let folder = tempfile::tempdir().unwrap();
    let hour = |id: &str, quantity: &str| {
        let (start, end) = ("2026-05-04T10:00:00Z", "2026-05-04T11:00:00Z");
        row(id, "PREMIUM_JOBS_COMPUTE", start, end, quantity, "ORIGINAL").to_string()
    };
    let parts = folder.path().join("export");
    fs::create_dir_all(parts.join("date=2026-05-04")).unwrap();
    fs::create_dir_all(parts.join("_delta_log")).unwrap();
    for nothing in ["_SUCCESS", ".part-0.crc", "_delta_log/0.json"] {
        fs::write(parts.join(nothing), "[7]").unwrap();
    }
    fs::write(parts.join("part-0"), hour("a", "1")).unwrap();
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packer.write_all(hour("b", "2").as_bytes()).unwrap();
    fs::write(parts.join("date=2026-05-04/part-1"), packer.finish().unwrap()).unwrap();
    let packed = zstd::encode_all(hour("c", "4").as_bytes(), 1).unwrap();
    fs::write(parts.join("date=2026-05-04/part-2.json"), packed).unwrap();
    let ledger = folder.path().join("u.db").display().to_string();
    let (ended, told) = ingest(&ledger, &[parts.to_str().unwrap()]);
    assert_eq!(
        (ended.code, &told["rows"]["original"]),
        (Some(0), &json!(3)),
        "{}",
        ended.stderr
    );
    // (1 + 2 + 4) x 0.30
    assert_eq!(total(&ledger, "2026-05"), "2.1");
}

/// The table as Spark writes it: decimals, timestamps, a map and a struct. Its ledger is that of the same rows as JSON.
#[test]
fn parquet_is_billed_as_json_is() {
    use parquet::data_type::{ByteArray, ByteArrayType, FixedLenByteArray, FixedLenByteArrayType, Int64Type};
    use std::sync::Arc;
    let folder = tempfile::tempdir().unwrap();
    let texts = [
        "record_id",
        "account_id",
        "workspace_id",
        "sku_name",
        "cloud",
        "usage_unit",
        "record_type",
    ];
    let values = [
        "p-1",
        "acc",
        "42",
        "PREMIUM_JOBS_COMPUTE",
        "AZURE",
        "DBU",
        "ORIGINAL",
    ];
    let columns: String = texts
        .iter()
        .map(|name| format!("REQUIRED BYTE_ARRAY {name} (UTF8);\n"))
        .collect();
    let schema = format!(
        "message usage {{ {columns}
         REQUIRED INT64 usage_start_time (TIMESTAMP(MICROS,true)); REQUIRED INT64 usage_end_time (TIMESTAMP(MICROS,true));
         REQUIRED FIXED_LEN_BYTE_ARRAY (16) usage_quantity (DECIMAL(38,18));
         OPTIONAL group custom_tags (MAP) {{ REPEATED group key_value {{ REQUIRED BYTE_ARRAY key (UTF8); OPTIONAL BYTE_ARRAY value (UTF8); }} }}
         OPTIONAL group usage_metadata {{ OPTIONAL BYTE_ARRAY cluster_id (UTF8); OPTIONAL BYTE_ARRAY warehouse_id (UTF8); }} }}"
    );
    let schema = Arc::new(parquet::schema::parser::parse_message_type(&schema).unwrap());
    let mut file =
        parquet::file::writer::SerializedFileWriter::new(Vec::new(), schema, Arc::default()).unwrap();
    let mut group = file.next_row_group().unwrap();
    macro_rules! column {
        ($kind:ty, $values:expr, $levels:expr, $repeats:expr) => {{
            let mut column = group.next_column().unwrap().unwrap();
            column
                .typed::<$kind>()
                .write_batch($values, $levels, $repeats)
                .unwrap();
            column.close().unwrap();
        }};
    }
    for value in values {
        column!(ByteArrayType, &[ByteArray::from(value)], None, None);
    }
    // 2026-05-04T10:00:00Z is 1777888800.
    column!(Int64Type, &[1_777_888_800_000_000], None, None);
    column!(Int64Type, &[1_777_892_400_000_000], None, None);
    let quantity = 259_435_600_000_000_000_001_i128.to_be_bytes().to_vec();
    column!(
        FixedLenByteArrayType,
        &[FixedLenByteArray::from(ByteArray::from(quantity))],
        None,
        None
    );
    column!(ByteArrayType, &[ByteArray::from("team")], Some(&[2]), Some(&[0]));
    column!(ByteArrayType, &[ByteArray::from("data")], Some(&[3]), Some(&[0]));
    column!(ByteArrayType, &[ByteArray::from("c-1")], Some(&[2]), None);
    column!(ByteArrayType, &[], Some(&[1]), None);
    group.close().unwrap();
    let part = folder.path().join("part-0.snappy.parquet");
    fs::write(&part, file.into_inner().unwrap()).unwrap();
    let ledger = |name: &str| folder.path().join(name).display().to_string();
    let (one, two) = (ledger("one.db"), ledger("two.db"));
    let (ended, told) = ingest(&one, &[part.to_str().unwrap()]);
    assert_eq!(
        (ended.code, &told["new_facts"]),
        (Some(0), &json!(1)),
        "{}",
        ended.stderr
    );
    let (start, end) = ("2026-05-04T10:00:00Z", "2026-05-04T11:00:00Z");
    let same = row(
        "p-1",
        "PREMIUM_JOBS_COMPUTE",
        start,
        end,
        "259.435600000000000001",
        "ORIGINAL",
    );
    ingest(&two, &[&write(folder.path(), "u.json", &[same])]);
    assert_eq!(head(&one), head(&two));
}

/// Clusters, pools and runs are called what they were called then; what the row itself says wins.
#[test]
fn context_says_whose_usage_it_was_at_the_time() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let clusters = file(
        "clusters.csv",
        "cluster_id,change_time,cluster_name,owned_by,policy_id,worker_instance_pool_id\n\
         c-1,2026-05-04T11:00:00Z,renamed,bo,P2,pool-1\nc-1,2026-05-01T00:00:00Z,etl,ana,P1,pool-1\n",
    );
    let pools = file(
        "pools.ndjson",
        "{\"instance_pool_id\":\"pool-1\",\"change_time\":\"2026-05-01T00:00:00Z\",\"instance_pool_name\":\"small\"}\n",
    );
    let runs = file(
        "runs.csv",
        "job_id,run_id,period_start_time,run_name\n7,70,2026-05-04T10:00:00Z,\n7,70,2026-05-04T10:30:00Z,nightly\n",
    );
    let hour = |id: &str, start: &str, end: &str, more: &[(&str, Value)]| {
        let mut row = row(id, "PREMIUM_JOBS_COMPUTE", start, end, "10", "ORIGINAL");
        for (member, value) in more {
            row["usage_metadata"][*member] = value.clone();
        }
        row
    };
    let mut owned = hour(
        "b",
        "2026-05-04T11:00:00Z",
        "2026-05-04T12:00:00Z",
        &[("job_name", json!("told"))],
    );
    owned["identity_metadata"] = json!({"run_as": "robot"});
    let first = hour(
        "a",
        "2026-05-04T10:00:00Z",
        "2026-05-04T11:00:00Z",
        &[("job_id", json!("7")), ("job_run_id", json!("70"))],
    );
    let ledger = folder.path().join("u.db").display().to_string();
    let (ended, _) = ingest(
        &ledger,
        &[
            &write(folder.path(), "u.json", &[first, owned]),
            "--clusters",
            &clusters,
            "--pools",
            &pools,
            "--job-runs",
            &runs,
        ],
    );
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let exported = run(&["ledger", "export", &ledger, "--format", "csv"]);
    let mut lines = csv::Reader::from_reader(exported.stdout.as_bytes());
    let header = lines.headers().unwrap().clone();
    let texts: Vec<String> = lines
        .records()
        .map(|line| line.unwrap().iter().collect::<Vec<_>>().join("|"))
        .collect();
    for (line, words) in texts.iter().zip([
        ["etl", "ana", "P1", "small", "nightly"],
        ["renamed", "robot", "P2", "small", "told"],
    ]) {
        for word in words {
            assert!(
                line.split('|').any(|cell| cell == word),
                "{word} in {header:?}: {line}"
            );
        }
    }
}
