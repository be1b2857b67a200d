//! The plan of a whole estate: reading it, and checking it from the shell, start of the program included.
//!
//! ```sh
//! cargo bench --bench plan
//! cargo bench --bench plan -- --write 2000 plan.json      # the plan itself, to measure memory with
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

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use tollgate::intake::requests::documents::{ReadOptions, read};
use tollgate::ops::files::OnDisk;

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
        None => divan::main(),
    }
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
