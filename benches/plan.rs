//! The plan of a whole estate: reading it, and checking it from the shell, start of the program included.
//!
//! ```sh
//! cargo bench --bench plan
//! cargo bench --bench plan -- --write 2000 plan.json      # the plan itself, to measure memory with
//! cargo bench --bench plan -- --phases 2000               # where time and memory go
//! ```
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    missing_docs
)]

#[path = "fixtures/plan.rs"]
mod fixture;

use std::process::Command;
use std::time::Instant;

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use tollgate::intake::requests::documents::{ReadOptions, read};
use tollgate::model::period::parse_instant;
use tollgate::model::place::Workload;
use tollgate::ops::check::{CheckOptions, check, report};
use tollgate::ops::files::{OnDisk, Text};
use tollgate::ops::judge::PlaceOptions;
use tollgate::ops::policies::{Policies, PolicySource};
use tollgate::ops::prices::catalogue;
use tollgate::plugin::Host;
use tollgate::plugin::cache::ImageCache;
use tollgate::plugin::compile::Compiler;
use tollgate::plugin::limits::Limits;
use tollgate::report::check::json::ReportJson;

/// Of the check: rules of a policy and of a guardrail, prices of a region.
const CHECK: [&str; 9] = [
    "check",
    "plan.json",
    "--policy",
    "shared-analytics",
    "--region",
    "westus2",
    "--at",
    "2026-10-01",
    "--quiet",
];

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.iter().position(|a| a == "--write") {
        Some(at) => {
            let resources = arguments[at + 1].parse().expect("a number of resources");
            std::fs::write(&arguments[at + 2], fixture::plan(resources)).expect("a file to write");
        }
        None if arguments.iter().any(|a| a == "--phases") => {
            phases(arguments.last().and_then(|n| n.parse().ok()).unwrap_or(2_000));
        }
        None => divan::main(),
    }
}

/// Says after each phase of a check how long it took and what the process holds then.
fn phases(resources: usize) {
    let cache = ImageCache::open(&std::env::temp_dir().join("tollgate-bench-images")).expect("a cache");
    let compiler = Compiler::InProcess;
    let text = fixture::plan(resources);
    let mut since = Instant::now();
    let mut done = |phase: &str| {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let held = |key: &str| {
            let line = status.lines().find(|line| line.starts_with(key));
            line.map_or_else(String::new, |line| {
                line.split_whitespace().skip(1).collect::<Vec<_>>().join(" ")
            })
        };
        println!(
            "{phase:<10} {:>9.1?}  holds {}, at most {}",
            since.elapsed(),
            held("VmRSS:"),
            held("VmHWM:")
        );
        since = Instant::now();
    };
    done("start");
    let host = Host::new(Limits::default(), compiler, Some(cache)).expect("a host");
    let mut policies = Policies::open(&PolicySource::Bundled, &host).expect("policies");
    policies.load("shared-analytics").expect("a policy");
    policies.load("baseline").expect("a guardrail");
    done("policies");
    let mut catalogue = catalogue(&[]).expect("prices");
    let reading = read("plan.json", &text, &OnDisk, &ReadOptions::default());
    done("read");
    drop(reading);
    done("drop");
    let options = CheckOptions {
        policy: Some("shared-analytics".to_owned()),
        place: PlaceOptions {
            region: Some("westus2".to_owned()),
            ..PlaceOptions::default()
        },
        workload: Workload::AllPurpose,
        at: parse_instant("2026-10-01").expect("an instant"),
        principal: None,
        read: ReadOptions::default(),
        clusters: None,
        admission: Default::default(),
        against: None,
        usage: None,
    };
    let sources = vec![Text {
        source: "plan.json".to_owned(),
        text,
        below: None,
    }];
    let checked = check(sources, &mut policies, &mut catalogue, &options).expect("answers");
    done("check");
    let report = report(&checked, &policies, &options);
    let written = serde_json::to_string(&ReportJson::new(&report)).expect("a report");
    done("report");
    assert!(!written.is_empty());
}

/// Images of the plugins are on disk, as after any earlier check.
#[divan::bench(args = [200, 2_000], sample_count = 20, sample_size = 1)]
fn check_from_the_shell(bencher: Bencher, resources: usize) {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("plan.json"), fixture::plan(resources)).expect("a plan");
    let check = || {
        let ended = Command::new(env!("CARGO_BIN_EXE_tollgate"))
            .current_dir(folder.path())
            .args(CHECK)
            .args(["--format", "json-report=report.json"])
            .output()
            .expect("the program");
        // Denied or not: everything was answered.
        assert!(matches!(ended.status.code(), Some(0 | 1)), "{ended:?}");
    };
    check();
    bencher.counter(ItemsCount::new(resources)).bench_local(check);
}

#[divan::bench(args = [200, 2_000], sample_count = 20)]
fn read_plan(bencher: Bencher, resources: usize) {
    let text = fixture::plan(resources);
    bencher
        .counter(BytesCount::of_str(&text))
        .counter(ItemsCount::new(resources))
        .bench(|| {
            let reading = read("plan.json", &text, &OnDisk, &ReadOptions::default());
            assert!(!reading.problems.has_errors());
            reading
        });
}
