//! The ledger's two promises of speed: charges are inserted durably at hundreds of thousands a second, and a month's
//! report comes from the daily sums, so it does not depend on the number of charges.
//!
//! `cargo bench --bench ledger`
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    missing_docs
)]

use std::sync::Arc;
use tempfile::TempDir;
use tollgate::ledger::rate::{Rated, rate};
use tollgate::model::charge::{Price, PriceInForce};
use tollgate::model::meter::Meter;
use tollgate::model::money::{Currency, UnitPrice};
use tollgate::model::period::{Month, Period, from_unix};
use tollgate::model::usage::{Subject, Usage};
use tollgate::report::{CostReport, Dimension, Format, MonthInput, RenderOptions, render};
use tollgate::store::Database;

const CLUSTERS: i64 = 500;
const DAYS: i64 = 31;
/// Per cluster and day; 500 x 31 x 65 = 1,007,500, cut to a million.
const CHARGES_PER_DAY: i64 = 65;
const CHARGES: usize = 1_000_000;
const BATCH: usize = 10_000;

fn main() {
    divan::main();
}

/// A million charges in order of time: VM and DBU of the nodes of 500 clusters of 20 teams.
fn charges() -> Vec<Rated> {
    let mut rated: Vec<Rated> = days(CHARGES_PER_DAY).flatten().collect();
    rated.truncate(CHARGES);
    assert_eq!(rated.len(), CHARGES);
    rated
}

/// The charges of October, day by day; so many of each cluster and day.
fn days(per_day: i64) -> impl Iterator<Item = Vec<Rated>> {
    let month: Month = "2026-10".parse().unwrap();
    let start = month.period().start.timestamp();
    let seconds = 78_000 / per_day;
    let subjects: Vec<Arc<Subject>> = (0..CLUSTERS).map(subject).collect();
    let meters: Vec<Arc<Meter>> = [
        "vm/AZURE/westus2/Standard_DS3_v2/on_demand",
        "vm/AZURE/westus2/Standard_DS3_v2/spot",
        "dbu/AZURE/PREMIUM_JOBS_COMPUTE",
    ]
    .iter()
    .map(|text| Arc::new(text.parse().unwrap()))
    .collect();
    let prices = ["0.229", "0.0458", "0.3"].map(price);
    (0..DAYS).map(move |day| {
        let mut rated = Vec::new();
        for n in 0..per_day {
            for (subject, cluster) in subjects.iter().zip(0_i64..) {
                let kind = usize::try_from(n % 3).unwrap();
                let from = start + day * 86_400 + n * seconds + cluster;
                let period = Period::new(from_unix(from), from_unix(from + seconds - 1)).unwrap();
                let usage = Usage {
                    resource: format!("{cluster:04x}-{n:04x}-{day:02}"),
                    subject: Arc::clone(subject),
                    meter: Arc::clone(&meters[kind]),
                    per_hour: Some("0.75".parse().unwrap()),
                    period,
                    since: period.start,
                };
                let price = Some(prices[kind].clone());
                rated.extend(rate(&usage, &[PriceInForce { period, price }]).unwrap());
            }
        }
        rated
    })
}

fn subject(cluster: i64) -> Arc<Subject> {
    Arc::new(Subject {
        workspace: "prod-westus2".to_owned(),
        team: format!("team-{:02}", cluster % 20),
        cluster_id: format!("1001-0101{cluster:02}-abcd{cluster:04}"),
        cluster_name: format!("etl-nightly-{cluster}"),
        job_name: format!("job-{cluster}"),
        run_id: String::new(),
        pool: String::new(),
        owner: format!("user{}@example.com", cluster % 60),
        policy: "etl-jobs".to_owned(),
    })
}

fn price(text: &str) -> Price {
    Price {
        unit_price: UnitPrice(text.parse().unwrap()),
        list_unit_price: None,
        commitment: None,
        currency: Currency::USD,
        source: Arc::from("azure-westus2#list-2026-10-01"),
        synthetic: false,
    }
}

fn filled(charges: &[Rated]) -> (TempDir, Database) {
    let folder = TempDir::new().unwrap();
    let mut database = Database::open(folder.path().join("ledger.db")).unwrap();
    for batch in charges.chunks(BATCH) {
        database.append("bench", batch).unwrap();
    }
    (folder, database)
}

/// A new file each time; every batch of 10,000 is on disk before the next begins.
#[divan::bench(sample_count = 3, sample_size = 1)]
fn append_a_million_durably(bencher: divan::Bencher) {
    let charges = charges();
    bencher
        .counter(divan::counter::ItemsCount::new(CHARGES))
        .bench_local(|| filled(&charges));
}

/// The same facts again: all known.
#[divan::bench(sample_count = 3, sample_size = 1)]
fn append_a_million_known(bencher: divan::Bencher) {
    let charges = charges();
    let (_folder, mut database) = filled(&charges);
    bencher
        .counter(divan::counter::ItemsCount::new(CHARGES))
        .bench_local(|| {
            for batch in charges.chunks(BATCH) {
                database.append("bench", batch).unwrap();
            }
        });
}

/// Query, sums and text, by team and SKU and cluster.
#[divan::bench(sample_count = 10, sample_size = 1)]
fn report_a_month_of_a_million(bencher: divan::Bencher) {
    let (_folder, database) = filled(&charges());
    bencher.bench_local(|| report(&database));
}

/// Ten times the charges, of the same clusters: 650 a day each.
#[divan::bench(sample_count = 10, sample_size = 1)]
fn report_a_month_of_ten_million(bencher: divan::Bencher) {
    let folder = TempDir::new().unwrap();
    let mut database = Database::open(folder.path().join("ledger.db")).unwrap();
    for day in days(10 * CHARGES_PER_DAY) {
        for batch in day.chunks(10 * BATCH) {
            database.append("bench", batch).unwrap();
        }
    }
    bencher.bench_local(|| report(&database));
}

fn report(database: &Database) -> String {
    let month: Month = "2026-10".parse().unwrap();
    let options = RenderOptions {
        dimensions: vec![Dimension::Team, Dimension::Sku, Dimension::Cluster],
        decimals: 2,
    };
    let head = database.head().unwrap();
    let report = CostReport::new(MonthInput {
        month,
        currency: head.currency,
        head: head.hash,
        ledger_entries: u64::try_from(head.entries).unwrap(),
        closed_at: None,
        rows: database.cost_rows(&month.period()).unwrap(),
        late: Vec::new(),
        unpriced: database.unpriced_rows(&month.period()).unwrap(),
        unfinished_runs: database.unfinished_runs().unwrap(),
    });
    render(&report, Format::Text, &options).unwrap()
}

/// Everything recomputed.
#[divan::bench(sample_count = 3, sample_size = 1)]
fn check_a_million(bencher: divan::Bencher) {
    let (_folder, database) = filled(&charges());
    bencher
        .counter(divan::counter::ItemsCount::new(CHARGES))
        .bench_local(|| check(&database));
}

fn check(database: &Database) {
    let report = tollgate::store::check::check(database, &mut |_, _| ()).unwrap();
    assert!(report.is_sound());
}
