//! Killed at any moment: the ledger is consistent, and a second run completes it without a double entry.
//!
//! The real program bills a scenario of many batches and is killed with SIGKILL again and again, each time later; the
//! ledger it ends with must be that of a run nobody disturbed, down to the hash of its last entry.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};
use serde_json::Value;

use crate::bench::{run, tollgate};

/// Twelve jobs on three nodes, every hour of October: 12 x 744 runs, each with three machines, billed by the hour of
/// the machine and by the DBU. Four batches of entries and more.
fn scenario(folder: &Path) -> PathBuf {
    let mut text = String::from(
        "scenario: busy\nseed: 1\nperiod: { start: 2026-10-01T00:00:00Z, end: 2026-11-01T00:00:00Z }\nteam_tag: team\n\
         workspaces: [ { name: w, cloud: AZURE, region: westus2, tier: PREMIUM } ]\njobs:\n",
    );
    for job in 0..12 {
        text.push_str(&format!(
            "  - {{ name: job-{job}, workspace: w, principal: svc, schedule: {{ every_minutes: 60 }}, run_minutes: {{ min: 5, max: 40 }},\n\
             \x20     new_cluster: {{ spark_version: 15.4.x-scala2.12, node_type_id: Standard_DS3_v2, num_workers: 2,\n\
             \x20                   custom_tags: {{ team: t{job}, cost_center: CC-1100 }} }} }}\n"
        ));
    }
    let path = folder.join("scenario.yaml");
    fs::write(&path, text).unwrap();
    path
}

fn start(scenario: &Path, ledger: &Path) -> Child {
    let (scenario, ledger) = (scenario.to_str().unwrap(), ledger.to_str().unwrap());
    tollgate(&["simulate", scenario, "--ledger", ledger, "--format", "json"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// When to kill.
#[derive(Debug, Clone, Copy)]
enum When {
    /// The file is there.
    Made,
    /// This much of the log is written: inside some transaction.
    Logged(u64),
    /// So many clusters' events are committed.
    Events(i64),
    /// So many entries are committed.
    Entries(i64),
    /// So many entries are committed, and the next batch has begun: the log or the file has moved since.
    Within(i64),
}

/// A number of the ledger as another process sees it; none while it cannot be read.
fn number(ledger: &Path, sql: &str) -> Option<i64> {
    let connection = Connection::open_with_flags(ledger, OpenFlags::SQLITE_OPEN_READ_ONLY).ok()?;
    connection.query_row(sql, [], |row| row.get(0)).ok()
}

fn bytes(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |found| found.len())
}

const ENTRIES: &str = "SELECT entries FROM ledger";

/// Waits for the moment, at most as long as nobody should have to, and kills.
fn kill_when(child: &mut Child, ledger: &Path, when: When) {
    let log = PathBuf::from(format!("{}-wal", ledger.display()));
    let given_up = Instant::now() + Duration::from_secs(120);
    let touched = |path: &Path| fs::metadata(path).and_then(|found| found.modified()).ok();
    let mut moved = None;
    loop {
        let now = match when {
            When::Made => ledger.exists(),
            When::Logged(size) => bytes(&log) >= size,
            When::Events(count) => {
                number(ledger, "SELECT count(*) FROM cluster_event").is_some_and(|n| n >= count)
            }
            When::Entries(count) => number(ledger, ENTRIES).is_some_and(|n| n >= count),
            When::Within(count) => {
                let enough = moved.is_some() || number(ledger, ENTRIES).is_some_and(|n| n >= count);
                let current = (touched(&log), touched(ledger));
                let before = enough.then(|| *moved.get_or_insert(current));
                before.is_some_and(|before| before != current)
            }
        };
        if now {
            break;
        }
        if let Some(status) = child.try_wait().unwrap() {
            panic!("ended with {status} before {when:?}");
        }
        assert!(Instant::now() < given_up, "{when:?} never came");
        std::thread::yield_now();
    }
    child.kill().unwrap();
    let status = child.wait().unwrap();
    assert_eq!(
        status.signal(),
        Some(9),
        "{when:?}: it was not killed but ended with {status}"
    );
}

fn check(ledger: &Path) -> (Option<i32>, Value) {
    let ended = run(&["ledger", "check", ledger.to_str().unwrap(), "--format", "json"]);
    (
        ended.code,
        serde_json::from_str(&ended.stdout).unwrap_or(Value::String(ended.stderr)),
    )
}

fn report(ledger: &Path) -> String {
    let ended = run(&[
        "report",
        "2026-10",
        "--ledger",
        ledger.to_str().unwrap(),
        "--format",
        "json",
        "--by",
        "day,cluster",
    ]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    ended.stdout
}

#[test]
fn a_killed_simulation_is_completed_by_the_next_without_a_double_entry() {
    let folder = tempfile::tempdir().unwrap();
    let scenario = scenario(folder.path());
    let whole = folder.path().join("whole.db");
    assert!(start(&scenario, &whole).wait().unwrap().success());
    let (code, undisturbed) = check(&whole);
    assert_eq!((code, &undisturbed["sound"]), (Some(0), &Value::Bool(true)));
    let total = undisturbed["entries"].as_i64().unwrap();
    assert!(
        total > 40_000,
        "{total} entries are too few batches to be killed between"
    );

    let broken = folder.path().join("broken.db");
    let moments = [
        When::Made,
        When::Logged(16_384),
        When::Events(1),
        When::Logged(1 << 20),
        When::Entries(1),
        When::Within(1),
        When::Within(20_000),
        When::Entries(30_000),
    ];
    let mut known = 0;
    for when in moments {
        let mut child = start(&scenario, &broken);
        kill_when(&mut child, &broken, when);
        let (code, found) = check(&broken);
        if matches!(when, When::Made | When::Logged(_)) && code == Some(2) {
            // Killed before anything at all was committed: there is a file and no ledger in it yet.
            assert!(found.to_string().contains("store::missing"), "{found}");
            assert_eq!(known, 0);
            continue;
        }
        assert_eq!(code, Some(0), "{when:?}: {found}");
        let entries = found["entries"].as_i64().unwrap();
        assert!(
            entries >= known,
            "{when:?}: {entries} entries, and {known} before it"
        );
        assert!(entries < total, "{when:?}: killed too late to show anything");
        known = entries;
    }
    assert!(known >= 30_000, "entries outlive the kill: {known}");

    assert!(start(&scenario, &broken).wait().unwrap().success());
    let (code, completed) = check(&broken);
    assert_eq!(code, Some(0));
    assert_eq!(completed, undisturbed, "entries, head, balances");
    assert_eq!(report(&broken), report(&whole));
    for table in [
        "entry",
        "rollup_day",
        "cluster_event",
        "instance_event",
        "decision",
        "run",
    ] {
        let rows = |ledger: &Path| number(ledger, &format!("SELECT count(*) FROM {table}")).unwrap();
        assert_eq!(rows(&broken), rows(&whole), "{table}");
    }
    let double = "SELECT count(*) - count(DISTINCT key) FROM entry";
    assert_eq!(number(&broken, double), Some(0));
}

/// A report in between says that something is missing.
#[test]
fn the_report_of_a_killed_run_says_that_it_is_not_finished() {
    let folder = tempfile::tempdir().unwrap();
    let scenario = scenario(folder.path());
    let ledger = folder.path().join("l.db");
    let mut child = start(&scenario, &ledger);
    kill_when(&mut child, &ledger, When::Entries(10_000));
    let found: Value = serde_json::from_str(&report(&ledger)).unwrap();
    assert_eq!(found["unfinished_runs"], serde_json::json!(["busy"]));
}
