//! Machines of real clusters: bills that a calculator checks, and tellings in pieces, in disorder, twice.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use parquet::data_type::{BoolType, ByteArray, ByteArrayType, Int64Type};
use proptest::prelude::*;
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};
use tempfile::{TempDir, tempdir};
use tollgate::model::period::{from_unix, parse_instant, rfc3339};

use crate::bench::{Ended, tollgate_in};

/// A node in a cluster for some time of October 2026: `01T10:00`.
#[derive(Debug, Clone)]
struct Node {
    instance: &'static str,
    cluster: &'static str,
    is_driver: bool,
    from: i64,
    to: i64,
}

const TYPE: &str = "Standard_DS3_v2";

fn at(text: &str) -> i64 {
    parse_instant(&format!("2026-10-{text}:00Z")).unwrap().timestamp()
}

fn node(instance: &'static str, cluster: &'static str, is_driver: bool, from: &str, to: &str) -> Node {
    Node {
        instance,
        cluster,
        is_driver,
        from: at(from),
        to: at(to),
    }
}

/// A row for each of its minutes.
fn minutes(node: &Node) -> Vec<Value> {
    let steps = (node.to - node.from) / 60;
    (0..steps)
        .map(|n| {
            let start = node.from + n * 60;
            json!({"account_id": "a", "workspace_id": "42", "cluster_id": node.cluster, "instance_id": node.instance,
                "start_time": rfc3339(from_unix(start)), "end_time": rfc3339(from_unix(start + 60)),
                "driver": node.is_driver, "cpu_user_percent": 12.5, "node_type": TYPE})
        })
        .collect()
}

fn rows(nodes: &[Node]) -> Vec<Value> {
    nodes.iter().flat_map(minutes).collect()
}

fn lines(rows: &[Value]) -> String {
    rows.iter().map(|row| format!("{row}\n")).collect()
}

/// A folder with ledgers in it.
struct Books(TempDir);

impl Books {
    fn new() -> Books {
        Books(tempdir().unwrap())
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.0.path().join(name), content).unwrap();
    }

    fn run(&self, command: &str) -> Ended {
        let arguments: Vec<&str> = command.split_whitespace().collect();
        tollgate_in(self.0.path(), &arguments).output().unwrap().into()
    }

    /// Tells files to a ledger.
    fn tell(&self, ledger: &str, files: &str, more: &str) -> (Value, Ended) {
        let ended = self.run(&format!(
            "ingest node-timeline {files} --ledger {ledger} --region westus2 --format json {more}"
        ));
        (serde_json::from_str(&ended.stdout).unwrap_or_default(), ended)
    }

    fn entries(&self, ledger: &str) -> Vec<(String, String, String, [i64; 4])> {
        entries(&self.0.path().join(ledger))
    }

    fn head(&self, ledger: &str) -> String {
        let ended = self.run(&format!("ledger check {ledger}"));
        assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
        ended.stdout
    }
}

/// Every entry: resource, meter, cluster's team, since, start, end, amount.
fn entries(ledger: &Path) -> Vec<(String, String, String, [i64; 4])> {
    let raw = Connection::open_with_flags(ledger, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let sql = "SELECT e.resource, m.name, e.since, e.period_start, e.period_end, e.amount_nano, s.id \
               FROM entry e JOIN terms t ON t.id = e.terms_id JOIN meter m ON m.id = t.meter_id \
               JOIN subject s ON s.id = t.subject_id ORDER BY 1, 2, 4";
    let mut statement = raw.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| {
        Ok((
            row.get(0)?,
            row.get(1)?,
            String::new(),
            [row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?],
        ))
    });
    rows.unwrap().map(Result::unwrap).collect()
}

const CLUSTERS: &str = r#"{"workspace_id":"42","cluster_id":"c-1","change_time":"2026-09-01T00:00:00Z","cluster_name":"job-77-run-5-main","owned_by":"ana","worker_node_type":"Standard_DS3_v2","worker_count":2,"tags":{"team":"data"},"azure_attributes":{"availability":"SPOT_WITH_FALLBACK_AZURE","first_on_demand":1},"policy_id":"P1"}
{"workspace_id":"42","cluster_id":"c-2","change_time":"2026-09-01T00:00:00Z","cluster_name":"pooled","owned_by":"bo","worker_instance_pool_id":"p-1","driver_instance_pool_id":"p-1","worker_node_type":"Standard_DS3_v2","worker_count":1}
"#;
const POOLS: &str = r#"{"instance_pool_id":"p-1","change_time":"2026-09-01T00:00:00Z","instance_pool_name":"warm","node_type":"Standard_DS3_v2","azure_attributes":{"availability":"SPOT_AZURE"}}
"#;
const JOB_RUNS: &str = "job_id,run_id,period_start_time,run_name\n77,5,2026-10-01T10:00:00Z,nightly\n";

/// With a pocket calculator, Standard_DS3_v2 in westus2 at 0.229 on demand and 0.024 on spot: the driver, on demand as the first node,
/// from 10:00 to 12:00 is 2 x 0.229 = 0.458; the workers, on spot, from 10:10 to 11:40 are 2 x 1.5 x 0.024 = 0.072.
#[test]
fn machines_are_billed_from_their_first_minute_to_their_last() {
    let books = Books::new();
    let nodes = [
        node("i-d", "c-1", true, "01T10:00", "01T12:00"),
        node("i-1", "c-1", false, "01T10:10", "01T11:40"),
        node("i-2", "c-1", false, "01T10:10", "01T11:40"),
        // The table goes on.
        node("i-9", "c-9", true, "01T23:59", "02T00:00"),
    ];
    books.write("n.json", lines(&rows(&nodes)));
    books.write("c.json", CLUSTERS);
    books.write("j.csv", JOB_RUNS);
    let (told, ended) = books.tell(
        "l.db",
        "n.json",
        "--clusters c.json --job-runs j.csv --team-tag team --workspace 42=lakehouse --until 2026-10-02",
    );
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    let whole = |resource: &str, option: &str, from: &str, to: &str, amount: i64| {
        (
            resource.to_owned(),
            format!("vm/AZURE/westus2/{TYPE}/{option}"),
            String::new(),
            [at(from), at(from), at(to), amount],
        )
    };
    assert_eq!(
        books.entries("l.db")[..3],
        [
            whole("c-1/driver/i-d", "on_demand", "01T10:00", "01T12:00", 458_000_000),
            whole("c-1/worker/i-1", "spot", "01T10:10", "01T11:40", 36_000_000),
            whole("c-1/worker/i-2", "spot", "01T10:10", "01T11:40", 36_000_000),
        ]
    );
    let cluster = &told["clusters"][0];
    assert_eq!(
        (
            cluster["machines"].clone(),
            cluster["drivers"].clone(),
            cluster["cost"]["USD"].clone()
        ),
        (json!(3), json!(1), json!("0.53"))
    );
    // Whose it is, as a report says.
    let report = books.run("report 2026-10 --ledger l.db --by workspace,team,job --format csv");
    for name in ["lakehouse", "data", "nightly"] {
        assert!(report.stdout.contains(name), "{name}: {}", report.stdout);
    }
}

#[test]
fn pools_say_how_machines_are_bought_and_machines_wait_in_them() {
    let books = Books::new();
    let nodes = [
        node("i-1", "c-2", true, "01T10:00", "01T11:00"),
        node("i-1", "c-3", true, "01T12:00", "01T13:00"),
        node("i-9", "c-9", true, "01T23:59", "02T00:00"),
    ];
    books.write("n.json", lines(&rows(&nodes)));
    books.write("c.json", CLUSTERS);
    books.write("p.json", POOLS);
    let (told, ended) = books.tell(
        "l.db",
        "n.json",
        "--clusters c.json --pools p.json --until 2026-10-02",
    );
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    // One machine, three hours at 0.024: in two clusters and between them.
    let billed: Vec<(String, i64)> = books
        .entries("l.db")
        .into_iter()
        .filter(|(resource, ..)| resource.ends_with("i-1"))
        .map(|(resource, meter, _, [.., amount])| {
            assert!(meter.ends_with("/spot"), "{meter}");
            (resource, amount)
        })
        .collect();
    assert_eq!(
        billed,
        [
            ("c-2/driver/i-1".to_owned(), 24_000_000),
            ("c-3/driver/i-1".to_owned(), 24_000_000),
            ("idle/i-1".to_owned(), 24_000_000),
        ]
    );
    let said = told["assumptions"].to_string();
    assert!(
        said.contains("waited in its pool") && said.contains("less than 10 minutes"),
        "{said}"
    );
    let report = books.run("report 2026-10 --ledger l.db --by pool --format csv");
    assert!(report.stdout.contains("warm"), "{}", report.stdout);
}

#[test]
fn what_nothing_tells_is_assumed_and_said_or_given() {
    let books = Books::new();
    books.write(
        "n.json",
        lines(&rows(&[node("i-1", "c-5", true, "01T10:00", "02T00:00")])),
    );
    let (told, _) = books.tell("a.db", "n.json", "");
    assert_eq!(
        (&told["purchases"]["assumed"], &told["purchases"]["on_demand"]),
        (&json!(1), &json!(1))
    );
    assert!(
        told["assumptions"]
            .to_string()
            .contains("1 machine on demand: no record")
    );
    let (told, _) = books.tell("b.db", "n.json", "--purchase spot");
    assert_eq!(
        (&told["purchases"]["by_flag"], &told["purchases"]["spot"]),
        (&json!(1), &json!(1))
    );
    // Without a region there is no price, and what would have none for ever is not told.
    let ended = books.run("ingest node-timeline n.json --ledger c.db");
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("node::region"), "{}", ended.stderr);
    let (told, ended) = books.tell("c.db", "n.json", "--workspace-region 42=westus2");
    assert_eq!((ended.code, &told["new_facts"]), (Some(0), &json!(1)));
    // Told otherwise, it is refused.
    let (told, ended) = books.tell("c.db", "n.json", "--purchase spot");
    assert_eq!((ended.code, &told["refused"]), (Some(1), &json!(1)));
    assert!(
        ended.stderr.contains("node::billed-otherwise"),
        "{}",
        ended.stderr
    );
}

/// The same minutes in any order, twice, in files that overlap, as CSV, JSON or Parquet make the same ledger.
/// An hour of a machine at 0.229: whom it is booked on, the rules say by the tags of the cluster's record.
#[test]
fn rules_say_who_owes_for_machines_of_a_tagged_cluster() {
    let books = Books::new();
    books.write(
        "n.json",
        lines(&rows(&[node("i-1", "c-1", true, "01T10:00", "01T11:00")])),
    );
    books.write(
        "c.json",
        r#"[{"cluster_id": "c-1", "cluster_name": "etl", "spark_version": "15.4.x-scala2.12", "node_type_id": "Standard_DS3_v2",
            "num_workers": 0, "custom_tags": {"CostCenter": "4711"}}]"#,
    );
    books.write(
        "rules.yaml",
        "cost_centres:\n  - { cost_centre: data, when: { tag: { CostCenter: \"4711\" } } }\n",
    );
    let more = "--clusters c.json --cost-centres rules.yaml --until 2026-10-02";
    let (_, ended) = books.tell("l.db", "n.json", more);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let checked = books.head("l.db");
    assert!(
        checked.contains("cost-centre/data") && !checked.contains("unallocated"),
        "{checked}"
    );
}

#[test]
fn order_repetition_and_form_change_nothing() {
    let books = Books::new();
    let nodes = [
        node("i-d", "c-1", true, "01T22:00", "02T02:00"),
        node("i-1", "c-1", false, "01T22:05", "02T01:00"),
        node("i-2", "c-1", false, "01T23:05", "02T01:30"),
        node("i-9", "c-9", true, "02T23:59", "03T00:00"),
    ];
    let all = rows(&nodes);
    books.write("c.json", CLUSTERS);
    books.write("n.json", lines(&all));
    let more = "--clusters c.json --until 2026-10-03";
    books.tell("one.db", "n.json", more);
    let head = books.head("one.db");
    let mut shuffled = all.clone();
    shuffled.reverse();
    shuffled.rotate_left(77);
    books.write("a.json", lines(&shuffled[..400]));
    books.write("b.json", lines(&shuffled[300..]));
    books.tell("two.db", "b.json a.json b.json", more);
    assert_eq!(books.head("two.db").replace("two.db", "one.db"), head);
    books.write("n.csv", csv(&all));
    books.tell("three.db", "n.csv", more);
    assert_eq!(books.head("three.db").replace("three.db", "one.db"), head);
    books.write("n.parquet", parquet_of(&all));
    let (told, ended) = books.tell("four.db", "n.parquet", more);
    assert_eq!(told["rows"]["read"], json!(all.len()), "{}", ended.stderr);
    assert_eq!(books.head("four.db").replace("four.db", "one.db"), head);
    // Told again it writes nothing.
    let (told, ended) = books.tell("one.db", "a.json n.parquet", more);
    assert_eq!(
        (ended.code, &told["new_facts"]),
        (Some(0), &json!(0)),
        "{}",
        ended.stderr
    );
    assert_eq!(books.head("one.db"), head);
}

fn csv(rows: &[Value]) -> String {
    let names = [
        "workspace_id",
        "cluster_id",
        "instance_id",
        "start_time",
        "end_time",
        "driver",
        "node_type",
    ];
    let mut text = format!("{}\n", names.join(","));
    for row in rows {
        let cells: Vec<String> = names
            .iter()
            .map(|name| row[name].to_string().replace('"', ""))
            .collect();
        text.push_str(&format!("{}\n", cells.join(",")));
    }
    text
}

/// The table as Spark writes it: timestamps and a boolean.
fn parquet_of(rows: &[Value]) -> Vec<u8> {
    let texts = ["workspace_id", "cluster_id", "instance_id", "node_type"];
    let columns: String = texts
        .iter()
        .map(|name| format!("REQUIRED BYTE_ARRAY {name} (UTF8);\n"))
        .collect();
    let schema = format!(
        "message nodes {{ {columns} REQUIRED INT64 start_time (TIMESTAMP(MICROS,true)); REQUIRED INT64 end_time (TIMESTAMP(MICROS,true)); REQUIRED BOOLEAN driver; }}"
    );
    let schema = Arc::new(parquet::schema::parser::parse_message_type(&schema).unwrap());
    let mut file =
        parquet::file::writer::SerializedFileWriter::new(Vec::new(), schema, Arc::default()).unwrap();
    let mut group = file.next_row_group().unwrap();
    for name in texts {
        let values: Vec<ByteArray> = rows
            .iter()
            .map(|row| ByteArray::from(row[name].as_str().unwrap()))
            .collect();
        let mut column = group.next_column().unwrap().unwrap();
        column
            .typed::<ByteArrayType>()
            .write_batch(&values, None, None)
            .unwrap();
        column.close().unwrap();
    }
    for name in ["start_time", "end_time"] {
        let micros = |row: &Value| {
            parse_instant(row[name].as_str().unwrap())
                .unwrap()
                .timestamp_micros()
        };
        let values: Vec<i64> = rows.iter().map(micros).collect();
        let mut column = group.next_column().unwrap().unwrap();
        column
            .typed::<Int64Type>()
            .write_batch(&values, None, None)
            .unwrap();
        column.close().unwrap();
    }
    let values: Vec<bool> = rows.iter().map(|row| row["driver"].as_bool().unwrap()).collect();
    let mut column = group.next_column().unwrap().unwrap();
    column
        .typed::<BoolType>()
        .write_batch(&values, None, None)
        .unwrap();
    column.close().unwrap();
    group.close().unwrap();
    file.into_inner().unwrap()
}

/// Day by day, each telling with the machines that are still there: the entries are those of one telling of all days.
#[test]
fn days_told_one_by_one_are_the_days_told_at_once() {
    let books = Books::new();
    let nodes = [
        node("i-d", "c-1", true, "01T10:00", "03T15:20"),
        node("i-1", "c-1", false, "01T10:10", "02T11:40"),
        node("i-2", "c-1", false, "02T11:50", "03T15:00"),
        node("i-9", "c-9", true, "04T00:00", "05T00:00"),
    ];
    let all = rows(&nodes);
    books.write("c.json", CLUSTERS);
    books.write("all.json", lines(&all));
    let (_, ended) = books.tell("one.db", "all.json", "--clusters c.json");
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    for day in 1..=4 {
        let of_day = |row: &&Value| {
            row["start_time"]
                .as_str()
                .unwrap()
                .starts_with(&format!("2026-10-0{day}"))
        };
        let rows: Vec<Value> = all.iter().filter(of_day).cloned().collect();
        books.write("day.json", lines(&rows));
        let (told, ended) = books.tell("two.db", "day.json", "--clusters c.json");
        assert_eq!(ended.code, Some(0), "{day}: {}", ended.stderr);
        assert_eq!(told["refused"], 0);
        // The rows of a day that was told are told once more.
        assert_eq!(
            books.tell("two.db", "day.json", "--clusters c.json").0["new_facts"],
            0
        );
    }
    assert_eq!(books.entries("one.db"), books.entries("two.db"));
    books.head("two.db");
    // The worker of the second day took the place of the first, on spot like it: the driver is the one on demand.
    let options: Vec<String> = books
        .entries("two.db")
        .into_iter()
        .map(|(_, meter, ..)| meter)
        .collect();
    assert_eq!(
        options.iter().filter(|m| m.ends_with("on_demand")).count(),
        4,
        "{options:?}"
    );
}

/// An export that breaks off in mid-day: machines are billed to their last minute, and go on from there to the last digit.
#[test]
fn what_is_still_there_goes_on_where_it_was_billed_to() {
    let books = Books::new();
    let all = rows(&[
        node("i-1", "c-5", true, "01T10:00", "02T18:00"),
        node("i-9", "c-9", true, "03T00:00", "04T00:00"),
    ]);
    let early = |row: &&Value| row["start_time"].as_str().unwrap() < "2026-10-02T12:00";
    let late = |row: &&Value| row["start_time"].as_str().unwrap() >= "2026-10-02T12:00";
    books.write(
        "early.json",
        lines(&all.iter().filter(early).cloned().collect::<Vec<_>>()),
    );
    books.write(
        "late.json",
        lines(&all.iter().filter(late).cloned().collect::<Vec<_>>()),
    );
    let (told, ended) = books.tell("l.db", "early.json", "");
    assert_eq!(
        (ended.code, &told["alive"]),
        (Some(0), &json!(1)),
        "{}",
        ended.stderr
    );
    books.tell("l.db", "late.json", "");
    let since = at("01T10:00");
    let of_i1: Vec<[i64; 4]> = books
        .entries("l.db")
        .into_iter()
        .filter(|(resource, ..)| resource.ends_with("i-1"))
        .map(|(.., numbers)| numbers)
        .collect();
    // 14, 12 and 6 hours at 0.229, one stretch.
    assert_eq!(
        of_i1,
        [
            [since, since, at("02T00:00"), 3_206_000_000],
            [since, at("02T00:00"), at("02T12:00"), 2_748_000_000],
            [since, at("02T12:00"), at("02T18:00"), 1_374_000_000],
        ]
    );
    // Known to have lived until the 5th at noon: billed to the midnight before.
    let (told, ended) = books.tell("n.db", "early.json", "--until 2026-10-05T12:00:00Z");
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(told["assumed_seconds"], json!(60 * 3600));
    let last = books
        .entries("n.db")
        .into_iter()
        .map(|(.., [_, _, end, _])| end)
        .max();
    assert_eq!(last, Some(at("05T00:00")));
}

/// Earlier rows that are told later bill what lacks, before what was billed.
#[test]
fn rows_that_come_late_bill_what_lacks() {
    let books = Books::new();
    let all = rows(&[
        node("i-1", "c-5", true, "01T10:00", "01T14:00"),
        node("i-9", "c-9", true, "02T00:00", "03T00:00"),
    ]);
    let late = |row: &&Value| row["start_time"].as_str().unwrap() >= "2026-10-01T12:00";
    books.write(
        "late.json",
        lines(&all.iter().filter(late).cloned().collect::<Vec<_>>()),
    );
    books.write("all.json", lines(&all));
    books.tell("l.db", "late.json", "");
    let (told, ended) = books.tell("l.db", "all.json", "");
    assert_eq!(
        (ended.code, &told["new_facts"]),
        (Some(0), &json!(1)),
        "{}",
        ended.stderr
    );
    let of_i1: Vec<[i64; 4]> = books
        .entries("l.db")
        .into_iter()
        .filter(|(resource, ..)| resource.ends_with("i-1"))
        .map(|(.., numbers)| numbers)
        .collect();
    // Two hours at 0.229 each.
    assert_eq!(
        of_i1,
        [
            [at("01T10:00"), at("01T10:00"), at("01T12:00"), 458_000_000],
            [at("01T12:00"), at("01T12:00"), at("01T14:00"), 458_000_000],
        ]
    );
    books.head("l.db");
}

#[test]
fn odd_rows_are_rejected_and_written_down_and_hinder_no_other() {
    let books = Books::new();
    let mut all = rows(&[
        node("i-1", "c-5", true, "01T10:00", "01T10:03"),
        node("i-9", "c-9", true, "01T23:59", "02T00:00"),
    ]);
    all[1]["driver"] = json!("perhaps");
    books.write("n.json", lines(&all));
    let (told, ended) = books.tell("l.db", "n.json", "--rejects r.ndjson --until 2026-10-02");
    assert_eq!(ended.code, Some(1));
    assert_eq!(
        (&told["rows"]["rejected"], &told["billed"]),
        (&json!(1), &json!(2))
    );
    let reject: Value =
        serde_json::from_str(&fs::read_to_string(books.0.path().join("r.ndjson")).unwrap()).unwrap();
    assert_eq!(
        (&reject["code"], &reject["column"], &reject["line"]),
        (&json!("node::column"), &json!("driver"), &json!(2))
    );
    // The minute that lacks is a gap, and billed.
    assert_eq!(told["gap_seconds"], 60);
}

/// Bought on spot, as a record says that comes later: the bill of before is reversed and another one written, and the sum is that of
/// a ledger that was told so from the start.
#[test]
fn what_was_told_wrong_is_corrected_by_reversals() {
    let books = Books::new();
    let all = rows(&[
        node("i-1", "c-2", true, "01T10:00", "02T14:00"),
        node("i-9", "c-9", true, "02T23:59", "03T00:00"),
    ]);
    books.write("n.json", lines(&all));
    books.write("c.json", CLUSTERS);
    books.write("p.json", POOLS);
    let right = "--clusters c.json --pools p.json";
    books.tell("l.db", "n.json", "--until 2026-10-09");
    let (told, ended) = books.tell("l.db", "n.json", right);
    assert_eq!(
        (ended.code, &told["refused"]),
        (Some(1), &json!(1)),
        "{}",
        ended.stderr
    );
    let (told, ended) = books.tell("l.db", "n.json", &format!("{right} --correct"));
    assert_eq!(
        (ended.code, &told["refused"]),
        (Some(0), &json!(0)),
        "{}",
        ended.stderr
    );
    books.tell("m.db", "n.json", right);
    let sum = |ledger: &str| {
        books
            .entries(ledger)
            .iter()
            .map(|(.., [.., amount])| amount)
            .sum::<i64>()
    };
    // 28 hours at 0.024 and a minute at 0.229.
    assert_eq!((sum("l.db"), sum("m.db")), (675_816_667, 675_816_667));
    books.head("l.db");
    // Once corrected it is as told: nothing is left to correct, and rows that follow go on from there.
    let (told, _) = books.tell("l.db", "n.json", &format!("{right} --correct"));
    assert_eq!(
        (&told["new_facts"], &told["corrected_facts"]),
        (&json!(0), &json!(0))
    );
    let (told, ended) = books.tell("l.db", "n.json", right);
    assert_eq!(
        (ended.code, &told["new_facts"]),
        (Some(0), &json!(0)),
        "{}",
        ended.stderr
    );
}

/// DBUs and VMs of the same clusters in one ledger: no meter is in both.
#[test]
fn dbus_and_machines_stand_side_by_side() {
    let books = Books::new();
    books.write(
        "n.json",
        lines(&rows(&[
            node("i-1", "c-5", true, "01T10:00", "01T11:00"),
            node("i-9", "c-9", true, "01T23:59", "02T00:00"),
        ])),
    );
    books.write(
        "u.json",
        "{\"record_id\": \"r-1\", \"workspace_id\": \"42\", \"sku_name\": \"PREMIUM_JOBS_COMPUTE\", \"cloud\": \"AZURE\", \"usage_start_time\": \"2026-10-01T10:00:00Z\", \"usage_end_time\": \"2026-10-01T11:00:00Z\", \"usage_unit\": \"DBU\", \"usage_quantity\": 2, \"record_type\": \"ORIGINAL\", \"usage_metadata\": {\"cluster_id\": \"c-5\"}}\n",
    );
    books.tell("l.db", "n.json", "--until 2026-10-02");
    assert_eq!(
        books.run("ingest billing-usage u.json --ledger l.db").code,
        Some(0)
    );
    let kinds: Vec<String> = books
        .entries("l.db")
        .into_iter()
        .map(|(_, meter, ..)| meter.split('/').next().unwrap().to_owned())
        .collect();
    assert_eq!(kinds, ["vm", "vm", "dbu"]);
    let report = books.run("report 2026-10 --ledger l.db --by cluster --format csv");
    // 0.229 and 2 x 0.30.
    assert!(
        report.stdout.contains("0.829") || report.stdout.contains("0.83"),
        "{}",
        report.stdout
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    /// However the rows of some machines are cut into two tellings, the sums are those of one.
    #[test]
    fn two_tellings_cost_what_one_costs(
        spans in proptest::collection::vec((0_i64..2_000, 1_i64..900, 0_usize..3), 1..5), cut in 0_i64..2_900,
    ) {
        const IDS: [&str; 3] = ["i-1", "i-2", "i-3"];
        let books = Books::new();
        let start = at("01T10:00");
        let mut all: Vec<Value> = Vec::new();
        for (from, length, id) in spans {
            all.extend(minutes(&Node {
                instance: IDS[id],
                cluster: "c-5",
                is_driver: false,
                from: start + from * 60,
                to: start + (from + length) * 60,
            }));
        }
        all.extend(minutes(&node("i-9", "c-9", true, "05T00:00", "06T00:00")));
        let cut = rfc3339(from_unix(start + cut * 60));
        let (early, late): (Vec<Value>, Vec<Value>) =
            all.iter().cloned().partition(|row| row["start_time"].as_str().unwrap() < cut.as_str());
        books.write("all.json", lines(&all));
        books.write("early.json", lines(&early));
        books.write("late.json", lines(&late));
        books.tell("one.db", "all.json", "");
        if !early.is_empty() {
            books.tell("two.db", "early.json", "");
        }
        books.tell("two.db", "late.json", "");
        let sums = |ledger: &str| {
            let mut sums: std::collections::BTreeMap<String, (i64, i64)> = Default::default();
            for (resource, _, _, [_, from, to, amount]) in books.entries(ledger) {
                let sum = sums.entry(resource).or_default();
                *sum = (sum.0 + to - from, sum.1 + amount);
            }
            sums
        };
        let (one, two) = (sums("one.db"), sums("two.db"));
        prop_assert_eq!(one.keys().collect::<Vec<_>>(), two.keys().collect::<Vec<_>>());
        for (resource, (seconds, amount)) in &one {
            prop_assert_eq!((*seconds, *amount), two[resource], "{}", resource);
        }
        books.head("two.db");
    }
}
