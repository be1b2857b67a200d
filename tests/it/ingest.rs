//! Real events: bills that a calculator checks, and tellings in pieces, in disorder, twice.

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use rusqlite::{Connection, OpenFlags};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use tempfile::{TempDir, tempdir};

use crate::bench::{Ended, project, tollgate_in};

const FLAGS: &str = "--workspace-name lakehouse --region westus2 --team-tag team --format json";

fn fixture(name: &str) -> String {
    fs::read_to_string(project("tests/fixtures/cluster-events").join(name)).unwrap()
}

/// A folder with a ledger in it.
struct Books(TempDir);

impl Books {
    fn new() -> Books {
        Books(tempdir().unwrap())
    }

    /// Tells a text; what is printed, and the exit code.
    fn tell(&self, text: &str, more: &str) -> (Value, Ended) {
        fs::write(self.0.path().join("events.json"), text).unwrap();
        let command = format!("ingest cluster-events events.json --ledger l.db {FLAGS} {more}");
        let arguments: Vec<&str> = command.split_whitespace().collect();
        let ended: Ended = tollgate_in(self.0.path(), &arguments).output().unwrap().into();
        (serde_json::from_str(&ended.stdout).unwrap_or_default(), ended)
    }

    /// Every entry: resource, meter, period, quantity, amount.
    fn entries(&self) -> Vec<(String, String, [i64; 4])> {
        entries(&self.0.path().join("l.db"))
    }
}

fn entries(ledger: &Path) -> Vec<(String, String, [i64; 4])> {
    let raw = Connection::open_with_flags(ledger, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let sql = "SELECT e.resource, m.name, e.period_start, e.period_end, e.quantity_nano, e.amount_nano \
               FROM entry e JOIN terms t ON t.id = e.terms_id JOIN meter m ON m.id = t.meter_id ORDER BY 1, 2, 3";
    let mut statement = raw.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| {
        Ok((
            row.get(0)?,
            row.get(1)?,
            [row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?],
        ))
    });
    rows.unwrap().map(Result::unwrap).collect()
}

/// Events of a fixture, oldest first.
fn events(name: &str) -> Vec<Value> {
    let page: Value = serde_json::from_str(&fixture(name)).unwrap();
    let mut events = page["events"].as_array().unwrap().clone();
    events.reverse();
    events
}

fn until(events: &[Value], end: &str) -> (Vec<Value>, Vec<Value>) {
    let end = tollgate::model::period::parse_instant(end)
        .unwrap()
        .timestamp_millis();
    let before = |e: &Value| e["timestamp"].as_i64().unwrap() < end;
    events.iter().cloned().partition(before)
}

#[test]
fn bills_are_as_by_hand() {
    // Standard_DS3_v2 costs 0.229 an hour (spot 0.024) and runs 0.75 DBU, Standard_DS4_v2 0.458 and 1.5; a DBU costs 0.55,
    // that of a job 0.30.
    let bills = [
        // 3 nodes: 6 h of machines x 0.229; 3 x 1:56 h x 0.75 = 4.35 DBU x 0.30
        ("plain.json", "4.35", "1.374 + 1.305", "2.679"),
        // 3 + 3 + 1 + 1 h x 0.229; 2 x 2:55 h + 2 x 0:54 h = 7:38 h x 0.75 = 5.725 DBU x 0.55
        ("autoscale.json", "5.725", "1.832 + 3.14875", "4.98075"),
        // 2 x 0:50 h x 0.229 + 2 x 1:10 h x 0.458; 2 x 0:45 h x 0.75 + 2 x 1:05 h x 1.5 = 4.375 DBU x 0.55
        ("edit.json", "4.375", "0.381667 + 1.068667 + 2.40625", "3.856583"),
        // 2 h x 0.229 + (2 h + 1:59 h) x 0.024; 2 x 1:55 h + 1:50 h = 5:40 h x 0.75 = 4.25 DBU x 0.55
        ("spot.json", "4.25", "0.458 + 0.0956 + 2.3375", "2.8911"),
        // 2 x 86 h + 49 h = 221 h x 0.229; (221 h - 2 x 4 min - 3 min) x 0.75 = 165.6125 DBU x 0.55
        ("long.json", "165.6125", "50.609 + 91.086875", "141.695875"),
    ];
    for (name, dbu, _, cost) in bills {
        let (told, ended) = Books::new().tell(&fixture(name), "");
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{name}");
        let cluster = &told["clusters"][0];
        let found: Decimal = cluster["cost"]["USD"].as_str().unwrap().parse().unwrap();
        // Each entry is rounded to 10^-9; all of them together stay far below 10^-6.
        assert_eq!(found.round_dp(6), cost.parse::<Decimal>().unwrap(), "{name}");
        assert_eq!(cluster["dbu"].as_str().unwrap(), dbu, "{name}");
        assert_eq!(cluster["billed"], "whole", "{name}");
    }
}

#[test]
fn what_a_history_lacks_is_said_and_the_rest_is_billed() {
    let books = Books::new();
    fs::write(books.0.path().join("clusters.json"), fixture("clusters.json")).unwrap();
    let (told, ended) = books.tell(&fixture("faulty.ndjson"), "--clusters clusters.json");
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    // 1 h + 0:30 h + 1 h x 0.229; (0:55 + 0:24 + 0:55) h x 0.75 x 0.55
    assert_eq!(told["clusters"][1]["cost"]["USD"], "1.49375");
    // 2 nodes of its record: 2 h x 0.229 + 1.5 DBU x 0.55
    assert_eq!(told["clusters"][0]["cost"]["USD"], "1.283");
    assert_eq!(
        told["faults"],
        json!({"event::duplicate": 1, "event::late": 1, "event::missing-running": 1, "event::missing-start": 1,
            "event::missing-terminating": 1, "event::out-of-order": 1})
    );
    assert_eq!(told["events"]["unknown_types"], json!({"HOVERING": 1}));
    assert_eq!(told["events"]["ignored"], 2);
}

#[test]
fn packed_parts_of_a_folder_are_told_as_the_texts_they_are() {
    let (plain, packed) = (Books::new(), Books::new());
    let names = ["plain.json", "autoscale.json"];
    let parts = packed.0.path().join("parts");
    fs::create_dir(&parts).unwrap();
    for name in names {
        let (told, ended) = plain.tell(&fixture(name), "");
        assert!(!told.is_null(), "{}", ended.stderr);
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        std::io::Write::write_all(&mut packer, fixture(name).as_bytes()).unwrap();
        fs::write(parts.join(format!("{name}.gz")), packer.finish().unwrap()).unwrap();
    }
    let command = format!("ingest cluster-events parts --ledger l.db {FLAGS}");
    let arguments: Vec<&str> = command.split_whitespace().collect();
    let ended: Ended = tollgate_in(packed.0.path(), &arguments).output().unwrap().into();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(packed.entries(), plain.entries());
    // Cut in half it is told to be damaged.
    let half = fs::read(parts.join("plain.json.gz")).unwrap();
    fs::write(parts.join("plain.json.gz"), &half[..half.len() / 2]).unwrap();
    let ended: Ended = tollgate_in(packed.0.path(), &arguments).output().unwrap().into();
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("file::damaged"), "{}", ended.stderr);
}

#[test]
fn told_twice_nothing_changes() {
    let books = Books::new();
    let all = fixture("autoscale.json");
    let (first, _) = books.tell(&all, "");
    assert!(first["facts"]["new"].as_u64().unwrap() > 0);
    let before = books.entries();
    let (second, ended) = books.tell(&all, "");
    assert_eq!(ended.code, Some(0));
    assert_eq!(
        (&second["facts"]["new"], &second["events"]["new"]),
        (&json!(0), &json!(0))
    );
    assert_eq!(second["facts"]["known"], first["facts"]["new"]);
    assert_eq!(before, books.entries());
}

#[test]
fn told_day_by_day_is_told_once() {
    let all = events("long.json");
    let once = Books::new();
    once.tell(&json!(all).to_string(), "");
    // The first days again and again, then everything; and each day's events alone.
    for again in [true, false] {
        let books = Books::new();
        let mut known = Vec::new();
        for cut in [
            "2026-10-02T11:30:00Z",
            "2026-10-03T12:00:00Z",
            "2026-10-05T00:00:00Z",
        ] {
            let (before, _) = until(&all, cut);
            let now: Vec<Value> = before
                .iter()
                .filter(|e| again || !known.contains(*e))
                .cloned()
                .collect();
            known = before;
            let (told, ended) = books.tell(&json!(now).to_string(), &format!("--cut {cut}"));
            assert_eq!(ended.code, Some(0), "{}", ended.stderr);
            let midnight = format!("{}T00:00:00Z", &cut[..10]);
            assert_eq!(told["clusters"][0]["lives"][0]["billed_until"], json!(midnight));
            assert_eq!(told["clusters"][0]["billed"], "to_cut");
        }
        let rest: Vec<Value> = all
            .iter()
            .filter(|e| again || !known.contains(*e))
            .cloned()
            .collect();
        let (told, ended) = books.tell(&json!(rest).to_string(), "");
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
        assert_eq!(told["clusters"][0]["billed"], "whole");
        assert_eq!(books.entries(), once.entries());
    }
}

#[test]
fn a_cluster_that_goes_on_without_an_event_is_billed_by_the_next_cut() {
    let books = Books::new();
    let (first, _) = until(&events("long.json"), "2026-10-02");
    books.tell(&json!(first).to_string(), "--cut 2026-10-02");
    let before = books.entries().len();
    let (told, ended) = books.tell(&fixture("plain.json"), "--cut 2026-10-04");
    assert_eq!(ended.code, Some(0));
    assert!(ended.stderr.contains("event::unterminated"), "{}", ended.stderr);
    let long = &told["clusters"][1];
    assert_eq!(
        (&long["cluster_id"], &long["lives"][0]["billed_until"]),
        (&json!("1001-200000-long0005"), &json!("2026-10-04T00:00:00Z"))
    );
    // Two more days of two nodes, machine and DBU; and 6 facts of the other cluster.
    assert_eq!(books.entries().len(), before + 8 + 6);
    // Without a cut it is told, and not billed.
    let (told, ended) = books.tell(&fixture("plain.json"), "");
    assert_eq!(
        (ended.code, &told["clusters"][1]["billed"]),
        (Some(1), &json!("partly"))
    );
    assert_eq!(books.entries().len(), before + 8 + 6);
    assert!(
        ended.stderr.starts_with("error[event::unterminated]"),
        "{}",
        ended.stderr
    );
}

#[test]
fn what_was_billed_is_not_billed_otherwise() {
    let books = Books::new();
    let (first, _) = until(&events("long.json"), "2026-10-02");
    books.tell(&json!(first).to_string(), "--cut 2026-10-04");
    let before = books.entries();
    // It was not there any more on the days billed.
    let mut ended_before = first[1].clone();
    ended_before["type"] = json!("TERMINATING");
    ended_before["timestamp"] = json!(ended_before["timestamp"].as_i64().unwrap() + 3_600_000);
    let (told, ended) = books.tell(&json!([ended_before, fixture_event()]).to_string(), "");
    assert_eq!(ended.code, Some(1));
    assert!(
        ended.stderr.contains("event::billed-otherwise"),
        "{}",
        ended.stderr
    );
    let long = |told: &Value| {
        let all = told["clusters"].as_array().unwrap();
        all.iter()
            .find(|c| c["cluster_id"] == "1001-200000-long0005")
            .unwrap()["billed"]
            .clone()
    };
    assert_eq!(long(&told), "not");
    assert_eq!(before, books.entries());
    // Nothing of what was refused was kept: the true end is taken.
    let (told, ended) = books.tell(&fixture("long.json"), "");
    assert_eq!(
        (ended.code, long(&told)),
        (Some(0), json!("whole")),
        "{}",
        ended.stderr
    );
}

/// An event of another cluster that bills nothing.
fn fixture_event() -> Value {
    json!({"cluster_id": "c-2", "timestamp": 1_790_900_000_000_i64, "type": "TERMINATING"})
}

#[test]
fn a_cluster_with_an_unreadable_event_is_held_back_and_others_are_billed() {
    let books = Books::new();
    let wrong = fixture("plain.json").replacen(
        "\"current_num_workers\": 2",
        "\"current_num_workers\": \"two\"",
        1,
    );
    let both = format!("{wrong}{}", fixture("autoscale.json"));
    let (told, ended) = books.tell(&both, "");
    assert_eq!(ended.code, Some(1));
    let billed: Vec<&Value> = told["clusters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| &c["billed"])
        .collect();
    assert_eq!(billed, ["not", "whole"]);
    assert!(ended.stderr.contains("request::wrong-type") && ended.stderr.contains("event::held-back"));
    assert!(
        books
            .entries()
            .iter()
            .all(|(resource, ..)| resource.starts_with("1001-090000"))
    );
    // What could be of any cluster stops everything.
    let (_, ended) = books.tell("{\"events\": [7]}", "");
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""));
}

#[test]
fn usage_without_a_price_is_told_and_settled_by_a_price() {
    let books = Books::new();
    fs::write(books.0.path().join("events.json"), fixture("plain.json")).unwrap();
    let run = |more: &[&str]| -> Ended {
        let mut arguments = vec![
            "ingest",
            "cluster-events",
            "events.json",
            "--ledger",
            "l.db",
            "--workspace-name",
            "w",
            "--format",
            "json",
        ];
        arguments.extend(more);
        tollgate_in(books.0.path(), &arguments).output().unwrap().into()
    };
    let ended = run(&[]);
    let told: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!((ended.code, &told["facts"]["unpriced"]), (Some(1), &json!(3)));
    // The price of one VM in a region that was not named before is another meter: that is no settlement but a conflict.
    let other = run(&["--region", "westus2"]);
    assert_eq!(other.code, Some(1));
    assert!(
        other.stderr.contains("event::billed-otherwise"),
        "{}",
        other.stderr
    );
    assert_eq!(books.entries().len(), 3);
    // A price for the meter that had none settles it: 3 machines for 2 h.
    let own = json!({"price_book": "own", "cloud": "AZURE", "currency": "USD", "sources": {"s": {"title": "t"}}, "prices": [
        {"meter": {"kind": "vm", "region": "unknown-region", "node_type_id": "Standard_DS3_v2", "purchase_option": "on_demand"},
         "unit": "hour", "unit_price": "0.5", "from": null, "to": null, "source": "s"}]});
    fs::write(books.0.path().join("own.json"), own.to_string()).unwrap();
    let settled = run(&["--prices", "own.json"]);
    assert_eq!(settled.code, Some(0), "{}", settled.stderr);
    assert_eq!(books.entries().len(), 6);
}

#[test]
fn what_has_ended_is_not_asked_about_again() {
    let books = Books::new();
    fs::write(books.0.path().join("clusters.json"), fixture("clusters.json")).unwrap();
    books.tell(&fixture("faulty.ndjson"), "--clusters clusters.json");
    // Without its record nothing would tell the cloud of the one whose events tell no definition.
    let (told, ended) = books.tell(&fixture("plain.json"), "");
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    assert_eq!(told["clusters"].as_array().unwrap().len(), 1);
}

/// Lines in a new order, some of them twice, become the same entries.
fn shuffled(keys: &[u32]) -> String {
    let mut lines: Vec<(u32, String)> = ["long.json", "edit.json", "spot.json"]
        .iter()
        .flat_map(|name| events(name))
        .map(|e| e.to_string())
        .zip(keys.iter().copied())
        .flat_map(|(line, key)| {
            let again = (key % 3 == 0).then(|| (key.rotate_left(16), line.clone()));
            [Some((key, line)), again].into_iter().flatten()
        })
        .collect();
    lines.sort();
    lines.into_iter().map(|(_, line)| line + "\n").collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]
    #[test]
    fn disorder_and_repetition_change_no_entry(keys in prop::collection::vec(any::<u32>(), 17)) {
        let (ordered, disordered) = (Books::new(), Books::new());
        let in_order: Vec<u32> = (0..17).map(|i| i * 3 + 1).collect();
        ordered.tell(&shuffled(&in_order), "");
        let (_, ended) = disordered.tell(&shuffled(&keys), "");
        prop_assert_eq!(ended.code, Some(0));
        // 26 of long.json, whose first two nodes live on 5 days and whose third on 3, and twice 8.
        prop_assert_eq!(ordered.entries().len(), 42);
        prop_assert_eq!(ordered.entries(), disordered.entries());
    }
}
