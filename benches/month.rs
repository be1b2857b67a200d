//! A month of five hundred clusters, from requests to the ledger.
//!
//! `cargo bench --bench month`
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    missing_docs
)]

use std::fmt::Write;
use tollgate::ops::simulate::{SimulateOptions, simulate};
use tollgate::plugin::Host;
use tollgate::plugin::cache::ImageCache;
use tollgate::plugin::compile::Compiler;
use tollgate::plugin::limits::Limits;

fn main() {
    divan::main();
}

/// 300 all-purpose clusters used on weekdays and 200 nightly jobs; driver and four workers each.
fn scenario() -> String {
    let mut text = String::from(
        "scenario: five-hundred\nseed: 1\nperiod: { start: 2026-10-01T00:00:00Z, end: 2026-11-01T00:00:00Z }\nteam_tag: team\n\
         workspaces: [{ name: w, cloud: AZURE, region: westus2, tier: PREMIUM }]\nclusters:\n",
    );
    let request = |team: usize| {
        format!(
            "{{ spark_version: 15.4.x-scala2.12, node_type_id: Standard_DS3_v2, num_workers: 4, autotermination_minutes: 30, \
             custom_tags: {{ team: team-{}, cost_center: CC-1000 }} }}",
            team % 40
        )
    };
    for i in 0..300 {
        let _ = writeln!(
            text,
            "  - {{ name: notebook-{i}, workspace: w, principal: u{i}@example.com, create_at: 2026-10-01T07:00:00Z, \
             sessions: [{{ days: [mon, tue, wed, thu, fri], start: \"08:{:02}\", minutes: {{ min: 200, max: 480 }} }}], request: {} }}",
            i % 60,
            request(i)
        );
    }
    text.push_str("jobs:\n");
    for i in 0..200 {
        let _ = writeln!(
            text,
            "  - {{ name: job-{i}, workspace: w, principal: svc@example.com, schedule: {{ days: [mon, tue, wed, thu, fri, sat, sun], at: \"{:02}:{:02}\" }}, \
             run_minutes: {{ min: 20, max: 90 }}, new_cluster: {} }}",
            i % 6,
            i % 60,
            request(i)
        );
    }
    text
}

/// Judging 500 requests, living a month, rating every stretch, writing it durably, summing the report.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn a_month_of_500_clusters(bencher: divan::Bencher<'_, '_>) {
    let images = std::env::temp_dir().join("tollgate-bench-images");
    let host = Host::new(
        Limits::default(),
        Compiler::InProcess,
        Some(ImageCache::open(&images).unwrap()),
    )
    .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scenario.yaml");
    std::fs::write(&path, scenario()).unwrap();
    let mut number = 0;
    bencher.bench_local(|| {
        number += 1;
        let options = SimulateOptions {
            scenario: path.clone(),
            ledger: Some(folder.path().join(format!("{number}.db"))),
            policies: None,
            variant: None,
            explain: None,
            cost_centres: None,
            batch_records: None,
        };
        let simulated = simulate(&options, &host, &mut |_| {}).unwrap();
        assert_eq!(simulated.requests.len(), 500);
        assert!(
            simulated
                .requests
                .iter()
                .all(|r| r.decision.violations.is_empty())
        );
        println!(
            "    {} clusters, {} facts",
            simulated.clusters, simulated.new_facts
        );
    });
}
