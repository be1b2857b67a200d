//! What was told differently before is corrected: the ledger then says what one says that was told the last version alone, and
//! keeps what it said before.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use proptest::prelude::*;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::bench::{Ended, project, run, tollgate_in};

/// A row of `system.billing.usage`, at 0.30 a DBU for jobs and 0.55 for all-purpose compute.
fn row(id: &str, sku: &str, hour: u32, quantity: &str, record_type: &str) -> Value {
    json!({
        "record_id": id, "account_id": "acc", "workspace_id": "42", "sku_name": sku, "cloud": "AZURE",
        "usage_start_time": format!("2026-05-04T{hour:02}:00:00Z"), "usage_end_time": format!("2026-05-04T{:02}:00:00Z", hour + 1),
        "custom_tags": {"team": "data"}, "usage_unit": "DBU", "usage_quantity": quantity, "record_type": record_type,
    })
}

const JOBS: &str = "PREMIUM_JOBS_COMPUTE";
const ALL_PURPOSE: &str = "PREMIUM_ALL_PURPOSE_COMPUTE";

struct Books(TempDir);

impl Books {
    fn new() -> Books {
        Books(tempfile::tempdir().unwrap())
    }

    fn run(&self, command: &str) -> Ended {
        let words: Vec<&str> = command.split_whitespace().collect();
        tollgate_in(self.0.path(), &words).output().unwrap().into()
    }

    /// Tells rows with the flags given; what came of it.
    fn tell(&self, rows: &[Value], flags: &str) -> (Value, Ended) {
        fs::write(self.0.path().join("u.json"), json!(rows).to_string()).unwrap();
        let ended = self.run(&format!(
            "ingest billing-usage u.json --ledger l.db --team-tag team --format json {flags}"
        ));
        (serde_json::from_str(&ended.stdout).unwrap_or_default(), ended)
    }

    /// The ledger's head; it is in order.
    fn head(&self) -> Value {
        let checked = self.run("ledger check l.db --format json");
        let told: Value = serde_json::from_str(&checked.stdout).unwrap();
        assert_eq!(told["sound"], true, "{told}");
        told["head"].clone()
    }

    /// What is billed, by accounts, meter and day: quantity and cost in 10^-9. What comes to nothing is left out.
    fn billed(&self) -> BTreeMap<[String; 4], (i128, i128)> {
        let exported = self.run("ledger export l.db --format csv");
        let mut billed: BTreeMap<[String; 4], (i128, i128)> = BTreeMap::new();
        for line in csv::Reader::from_reader(exported.stdout.as_bytes()).records() {
            let line = line.unwrap();
            let day = line[1][..10].to_owned();
            let of = billed
                .entry([line[4].to_owned(), line[5].to_owned(), line[13].to_owned(), day])
                .or_default();
            of.0 += nano(&line[8]);
            of.1 += nano(&line[25]);
        }
        billed.retain(|_, sum| *sum != (0, 0));
        billed
    }

    fn total(&self) -> i128 {
        self.billed().values().map(|(_, cost)| cost).sum()
    }
}

fn nano(text: &str) -> i128 {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    sign * format!("{whole}{fraction:0<9}").parse::<i128>().unwrap()
}

fn counts(told: &Value) -> [u64; 4] {
    ["new_facts", "known_facts", "corrected_facts", "withdrawn_facts"].map(|key| told[key].as_u64().unwrap())
}

#[test]
fn a_row_told_differently_is_refused_and_corrected_where_one_says_so() {
    let books = Books::new();
    let before = [
        row("a", JOBS, 10, "10", "ORIGINAL"),
        row("b", JOBS, 10, "1", "ORIGINAL"),
    ];
    let after = [
        row("a", JOBS, 10, "12", "ORIGINAL"),
        row("b", JOBS, 10, "1", "ORIGINAL"),
    ];
    books.tell(&before, "");
    let head = books.head();
    let (_, refused) = books.tell(&after, "");
    assert_eq!(refused.code, Some(2));
    assert!(
        refused.stderr.contains("store::conflict") && refused.stderr.contains("`--correct`"),
        "{}",
        refused.stderr
    );
    assert_eq!(books.head(), head);
    let (told, ended) = books.tell(&after, "--correct");
    assert_eq!(
        (ended.code, counts(&told)),
        (Some(0), [0, 1, 1, 0]),
        "{}",
        ended.stderr
    );
    // 13 DBU at 0.30.
    assert_eq!(books.total(), 3_900_000_000);
    let head = books.head();
    for flags in ["--correct", ""] {
        let (told, ended) = books.tell(&after, flags);
        assert_eq!((ended.code, counts(&told)), (Some(0), [0, 2, 0, 0]));
        assert_eq!(books.head(), head);
    }
    // The old version again is a correction, back.
    let (told, _) = books.tell(&before, "--correct");
    assert_eq!(counts(&told), [0, 1, 1, 0]);
    assert_eq!(books.total(), 3_300_000_000);
    books.head();
}

#[test]
fn a_row_of_another_sku_or_hour_leaves_nothing_of_itself_behind() {
    let books = Books::new();
    books.tell(&[row("a", JOBS, 10, "10", "ORIGINAL")], "");
    let other_sku = [row("a", ALL_PURPOSE, 10, "10", "ORIGINAL")];
    let (told, _) = books.tell(&other_sku, "--correct");
    assert_eq!(counts(&told), [1, 0, 0, 1]);
    // 10 DBU at 0.55, and nothing at 0.30.
    assert_eq!(books.total(), 5_500_000_000);
    let (told, _) = books.tell(&[row("a", ALL_PURPOSE, 11, "10", "ORIGINAL")], "--correct");
    assert_eq!(counts(&told), [1, 0, 0, 1]);
    assert_eq!(books.total(), 5_500_000_000);
    // Longer now, over midnight: one more piece, which goes again with the row that follows.
    let mut long = row("a", ALL_PURPOSE, 11, "26", "ORIGINAL");
    long["usage_end_time"] = json!("2026-05-05T00:30:00Z");
    let (told, _) = books.tell(std::slice::from_ref(&long), "--correct");
    assert_eq!(counts(&told), [1, 0, 1, 0]);
    assert_eq!((books.total(), books.billed().len()), (14_300_000_000, 2));
    let (told, _) = books.tell(&[row("a", ALL_PURPOSE, 11, "10", "ORIGINAL")], "--correct");
    assert_eq!(counts(&told), [0, 0, 1, 1]);
    assert_eq!((books.total(), books.billed().len()), (5_500_000_000, 1));
    books.head();
}

#[test]
fn a_retraction_takes_back_what_a_row_says_now() {
    for (taken_back, code, cost) in [("-12", None, 0), ("-10", Some("usage::no-original"), 600_000_000)] {
        let books = Books::new();
        books.tell(&[row("a", JOBS, 10, "10", "ORIGINAL")], "");
        books.tell(&[row("a", JOBS, 10, "12", "ORIGINAL")], "--correct");
        let (_, ended) = books.tell(&[row("a-back", JOBS, 10, taken_back, "RETRACTION")], "");
        assert_eq!(ended.code, Some(0));
        assert_eq!(
            code.is_some_and(|code| ended.stderr.contains(code)),
            code.is_some(),
            "{}",
            ended.stderr
        );
        assert_eq!(code.is_none(), ended.stderr.is_empty(), "{}", ended.stderr);
        assert_eq!(books.total(), cost);
        // The retraction itself was wrong.
        let (told, _) = books.tell(&[row("a-back", JOBS, 10, "-2", "RETRACTION")], "--correct");
        assert_eq!(counts(&told), [0, 0, 1, 0]);
        assert_eq!(books.total(), 3_000_000_000);
        books.head();
    }
}

#[test]
fn two_rows_of_one_id_in_one_telling_are_no_correction() {
    let books = Books::new();
    let both = [
        row("a", JOBS, 10, "10", "ORIGINAL"),
        row("a", JOBS, 10, "12", "ORIGINAL"),
    ];
    let (_, ended) = books.tell(&both, "--correct");
    assert_eq!(ended.code, Some(1));
    assert!(
        ended.stderr.contains("usage::told-differently"),
        "{}",
        ended.stderr
    );
    assert_eq!(books.total(), 3_000_000_000);
}

#[test]
fn an_hour_of_the_old_log_is_corrected_and_other_hours_stay() {
    let books = Books::new();
    let header = "workspaceId,timestamp,clusterId,clusterName,clusterNodeType,clusterOwnerUserId,clusterCustomTags,sku,dbus,machineHours\n";
    let log = |dbus: &str| {
        let hour = |hour: &str, dbus: &str| {
            format!(
                "42,2026-02-22T{hour}:59:59.999Z,c-1,nightly,Standard_DS3_v2,ana,{{}},PREMIUM_JOBS_COMPUTE,{dbus},1\n"
            )
        };
        format!("{header}{}{}", hour("09", dbus), hour("10", "5"))
    };
    let tell = |text: &str, flags: &str| {
        fs::write(books.0.path().join("log.csv"), text).unwrap();
        books.run(&format!(
            "ingest legacy-usage log.csv --ledger l.db --cloud AZURE --format json {flags}"
        ))
    };
    let first = tell(&log("10"), "");
    assert_eq!(first.code, Some(0), "{}", first.stderr);
    assert_eq!(tell(&log("12"), "").code, Some(2));
    let ended = tell(&log("12"), "--correct");
    let told: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(counts(&told), [0, 1, 1, 0], "{}", ended.stderr);
    // Alone, the hour that is corrected takes nothing else away.
    let alone: String = log("13")
        .lines()
        .take(2)
        .map(|line| format!("{line}\n"))
        .collect();
    let told: Value = serde_json::from_str(&tell(&alone, "--correct").stdout).unwrap();
    assert_eq!(counts(&told), [0, 0, 1, 0]);
    // 13 + 5 DBU at 0.30.
    assert_eq!(books.total(), 5_400_000_000);
    books.head();
}

const EVENTS: &str = "ingest cluster-events events.json --ledger l.db --workspace-name lakehouse --region westus2 --format json";

/// A cluster was billed to a cut, and it turns out that it had ended before. What it then costs is what it costs in a ledger that
/// never heard otherwise.
#[test]
fn a_cluster_that_was_billed_for_too_long_is_corrected() {
    let all: Value = serde_json::from_str(
        &fs::read_to_string(project("tests/fixtures/cluster-events/long.json")).unwrap(),
    )
    .unwrap();
    let mut events = all["events"].as_array().unwrap().clone();
    events.reverse();
    let mut end = events[1].clone();
    end["type"] = json!("TERMINATING");
    end["timestamp"] = json!(end["timestamp"].as_i64().unwrap() + 3_600_000);
    let (books, fresh) = (Books::new(), Books::new());
    let tell = |books: &Books, events: &[Value], flags: &str| {
        fs::write(books.0.path().join("events.json"), json!(events).to_string()).unwrap();
        let ended = books.run(&format!("{EVENTS} {flags}"));
        let told: Value = serde_json::from_str(&ended.stdout).unwrap_or_default();
        (told["facts"].clone(), ended)
    };
    tell(&books, &events[..2], "--team-tag team --cut 2026-10-04");
    let (_, refused) = tell(&books, &[end.clone()], "--team-tag team");
    assert!(
        refused.stderr.contains("event::billed-otherwise") && refused.stderr.contains("--correct"),
        "{}",
        refused.stderr
    );
    let (facts, ended) = tell(&books, &[end.clone()], "--team-tag team --correct");
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(
        facts["withdrawn"].as_u64().unwrap() > 0 && facts["corrected"].as_u64().unwrap() > 0,
        "{facts}"
    );
    let told = [&events[..2], &[end]].concat();
    tell(&fresh, &told, "--team-tag team");
    assert_eq!(books.billed(), fresh.billed());
    let head = books.head();
    let (facts, _) = tell(&books, &told, "--team-tag team --correct");
    assert_eq!(
        (&facts["new"], &facts["corrected"], &facts["withdrawn"]),
        (&json!(0), &json!(0), &json!(0))
    );
    assert_eq!(books.head(), head);
    // Whose it is was wrong: another tag, and back.
    for (flags, corrected) in [
        ("--team-tag owner", true),
        ("--team-tag team", true),
        ("--team-tag team", false),
    ] {
        let (facts, _) = tell(&books, &told, &format!("{flags} --correct"));
        assert_eq!(
            facts["corrected"].as_u64().unwrap() > 0,
            corrected,
            "{flags} {facts}"
        );
        books.head();
    }
    assert_eq!(books.billed(), fresh.billed());
}

/// A wrong cut is corrected by telling the right one.
#[test]
fn a_cut_that_was_too_late_is_taken_back() {
    let text = fs::read_to_string(project("tests/fixtures/cluster-events/long.json")).unwrap();
    let all: Value = serde_json::from_str(&text).unwrap();
    let mut events = all["events"].as_array().unwrap().clone();
    events.reverse();
    let (books, fresh) = (Books::new(), Books::new());
    for books in [&books, &fresh] {
        fs::write(books.0.path().join("events.json"), json!(events[..2]).to_string()).unwrap();
    }
    books.run(&format!("{EVENTS} --cut 2026-10-04"));
    books.run(&format!("{EVENTS} --cut 2026-10-02 --correct"));
    fresh.run(&format!("{EVENTS} --cut 2026-10-02"));
    assert_eq!(books.billed(), fresh.billed());
    books.head();
}

#[test]
fn exports_carry_the_links_and_other_programs_accept_them() {
    let books = Books::new();
    books.tell(&[row("a", JOBS, 10, "10", "ORIGINAL")], "");
    books.tell(&[row("a", JOBS, 10, "12", "ORIGINAL")], "--correct");
    let csv = books.run("ledger export l.db --format csv").stdout;
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let header = reader.headers().unwrap().clone();
    let column = |name: &str| header.iter().position(|column| column == name).unwrap();
    let columns = ["x_EntryNumber", "x_ReversesEntry", "x_ReplacesEntry"].map(column);
    let mut links: Vec<[String; 3]> = reader
        .records()
        .map(|line| line.unwrap())
        .map(|line| columns.map(|column| line[column].to_owned()))
        .collect();
    links.sort();
    assert_eq!(links, [["1", "", ""], ["2", "1", ""], ["3", "", "1"]]);
    for (format, reverses, replaces) in [
        ("hledger", "    ; reverses:1\n", "    ; replaces:1\n"),
        ("beancount", "  reverses: \"1\"\n", "  replaces: \"1\"\n"),
    ] {
        let text = books.run(&format!("ledger export l.db --format {format}")).stdout;
        assert_eq!(
            (text.matches(reverses).count(), text.matches(replaces).count()),
            (1, 1),
            "{text}"
        );
        accepted(format, &books.0.path().join(format), &text);
    }
}

/// Where the program is installed, it accepts the export; `export` says that it is not.
fn accepted(format: &str, path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    let path = path.to_str().unwrap();
    let mut command = match format {
        "hledger" => std::process::Command::new("hledger"),
        _ => std::process::Command::new("bean-check"),
    };
    match format {
        "hledger" => command.args(["-f", path, "check", "--strict"]),
        _ => command.arg(path),
    };
    if let Ok(ended) = command.output() {
        assert!(ended.status.success(), "{ended:?}");
    }
}

/// A row of one of four ids, as one telling has it: SKU, hour, quantity, team.
fn rows() -> impl Strategy<Value = Vec<Value>> {
    let version = (0_usize..3, 8_u32..11, 1_u32..5, 0_usize..2);
    prop::collection::vec(prop::option::weighted(0.9, version), 4).prop_map(|versions| {
        let told = versions.into_iter().enumerate();
        told.filter_map(|(id, version)| {
            let (sku, hour, quantity, team) = version?;
            let skus = [JOBS, ALL_PURPOSE, "PREMIUM_UNHEARD_OF"];
            let mut row = row(
                &format!("r-{id}"),
                skus[sku],
                hour,
                &quantity.to_string(),
                "ORIGINAL",
            );
            row["custom_tags"]["team"] = json!(["data", "ml"][team]);
            Some(row)
        })
        .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    /// Rows that a later telling does not speak of stay as they are.
    #[test]
    fn sums_are_those_of_a_ledger_that_was_told_the_last_version_of_each_row(
        told in prop::collection::vec(rows(), 1..4),
    ) {
        let books = Books::new();
        let mut last: BTreeMap<String, Value> = BTreeMap::new();
        for rows in &told {
            let (_, ended) = books.tell(rows, "--correct");
            prop_assert!(ended.code != Some(2), "{}", ended.stderr);
            for row in rows {
                last.insert(row["record_id"].as_str().unwrap().to_owned(), row.clone());
            }
        }
        let fresh = Books::new();
        let all: Vec<Value> = last.into_values().collect();
        fresh.tell(&all, "");
        prop_assert_eq!(books.billed(), fresh.billed());
        let unpriced = |books: &Books| {
            let report = books.run("report 2026-05 --ledger l.db --format json");
            let told: Value = serde_json::from_str(&report.stdout).unwrap_or_default();
            told["unpriced"].clone()
        };
        prop_assert_eq!(unpriced(&books), unpriced(&fresh));
        let head = books.head();
        books.tell(&all, "--correct");
        prop_assert_eq!(books.head(), head);
    }
}

#[test]
fn help_says_what_correct_does() {
    for kind in ["billing-usage", "cluster-events", "legacy-usage"] {
        let help = run(&["ingest", kind, "--help"]);
        assert!(help.stdout.contains("--correct"), "{kind}");
    }
}
