//! A fleet for a month, from the scenario's text to the report: how long it takes and how much memory, and whether both
//! grow as the fleet does.
//!
//! `cargo bench --bench fleet`, or with sizes of your own `cargo bench --bench fleet -- 1000 10000 50000`. Memory is the
//! most that this process has held so far, so name the sizes in rising order.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::float_arithmetic,
    missing_docs
)]

use std::fs;
use std::path::Path;
use std::time::Instant;

use serde_json::{Value, json};
use tollgate::ops::simulate::{SimulateOptions, simulate};
use tollgate::plugin::Host;
use tollgate::plugin::cache::ImageCache;
use tollgate::plugin::compile::Compiler;
use tollgate::plugin::limits::Limits;

// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// All-purpose clusters of one to three workers, used on each of October's 22 weekdays for one command of 24 tasks, so that
/// every day they start, grow, shrink and end by themselves.
fn scenario(clusters: usize) -> Value {
    let cluster = |i: usize| {
        json!({
            "name": format!("c{i}"),
            "workspace": "w",
            "principal": format!("u{}@example.com", i % 500),
            "create_at": "2026-10-01T07:00:00Z",
            "sessions": [{
                "days": ["mon", "tue", "wed", "thu", "fri"],
                "start": format!("{:02}:{:02}", 8 + i % 8, i % 60),
                "commands": {
                    "count": 1,
                    "pause_seconds": 60,
                    "work": {"driver_seconds": 5, "stages": [{"tasks": 24, "task_seconds": {"min": 100, "max": 200}}]},
                },
            }],
            "request": {
                "spark_version": "15.4.x-scala2.12",
                "node_type_id": "Standard_DS3_v2",
                "autoscale": {"min_workers": 1, "max_workers": 3},
                "autotermination_minutes": 30,
                "custom_tags": {"team": format!("team-{}", i % 40), "cost_center": "CC-1000"},
            },
        })
    };
    json!({
        "scenario": "fleet",
        "seed": 1,
        "period": {"start": "2026-10-01T00:00:00Z", "end": "2026-11-01T00:00:00Z"},
        "team_tag": "team",
        "workspaces": [{"name": "w", "cloud": "AZURE", "region": "westus2", "tier": "PREMIUM"}],
        "clusters": (0..clusters).map(cluster).collect::<Vec<_>>(),
    })
}

/// MiB, from the kernel's book-keeping.
fn most_memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
}

fn events(ledger: &Path) -> i64 {
    let ledger = rusqlite::Connection::open(ledger).unwrap();
    ledger
        .query_row("SELECT told FROM history", [], |row| row.get(0))
        .unwrap()
}

fn main() {
    let asked: Vec<usize> = std::env::args().filter_map(|a| a.parse().ok()).collect();
    let sizes = if asked.is_empty() {
        vec![1_000, 10_000]
    } else {
        asked
    };
    let images = std::env::temp_dir().join("tollgate-bench-images");
    let host = Host::new(
        Limits::default(),
        Compiler::InProcess,
        Some(ImageCache::open(&images).unwrap()),
    )
    .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut options = SimulateOptions {
        scenario: folder.path().join("scenario.json"),
        ledger: None,
        policies: None,
        variant: None,
        explain: None,
        cost_centres: None,
        batch_records: None,
    };
    for clusters in std::iter::once(10).chain(sizes) {
        fs::write(&options.scenario, scenario(clusters).to_string()).unwrap();
        let ledger = folder.path().join(format!("{clusters}.db"));
        options.ledger = Some(ledger.clone());
        let began = Instant::now();
        let simulated = simulate(&options, &host, &mut |_| {}).unwrap();
        let seconds = began.elapsed().as_secs_f64();
        println!(
            "{clusters} clusters: {seconds:.1} s, {} facts, {} events, {} MiB of file, {} MiB of memory at most",
            simulated.new_facts,
            events(&ledger),
            fs::metadata(&ledger).unwrap().len() >> 20,
            most_memory(),
        );
        fs::remove_file(ledger).unwrap();
    }
}
