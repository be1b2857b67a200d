//! Rows of `system.billing.usage`, from files to the ledger: read, rated, posted durably. How long it takes and how much memory.
//!
//! `cargo bench --bench usage`, or with sizes of your own `cargo bench --bench usage -- 1000000 10000000`. The rows are drawn here:
//! a month of hours, two thousand clusters of forty teams, four SKUs, as CSV in eight parts in no order of time. Memory is the most that
//! this process has held so far, so name the sizes in rising order.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::float_arithmetic,
    missing_docs
)]

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use tollgate::ops::files::tables;
use tollgate::ops::ingest::billing_usage::{UsageOptions, ingest};
use tollgate::ops::prices::catalogue;

// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const CLUSTERS: u64 = 2_000;
const HOURS: u64 = 744;
const PARTS: u64 = 8;
const SKUS: [&str; 4] = [
    "PREMIUM_JOBS_COMPUTE",
    "PREMIUM_ALL_PURPOSE_COMPUTE",
    "PREMIUM_JOBS_COMPUTE_(PHOTON)",
    "PREMIUM_SQL_COMPUTE",
];

/// A number that looks drawn (splitmix64).
fn drawn(n: u64) -> u64 {
    let mut x = n.wrapping_add(0x9E37_79B9_7F4A_7C15);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

fn row(n: u64, out: &mut impl Write) {
    let (cluster, x) = (n % CLUSTERS, drawn(n));
    let hour = (x >> 8) % HOURS;
    let (day, hour) = (hour / 24 + 1, hour % 24);
    let (end_day, end_hour) = if hour == 23 { (day + 1, 0) } else { (day, hour + 1) };
    let end = if end_day > 31 {
        "2026-11-01".to_owned()
    } else {
        format!("2026-10-{end_day:02}")
    };
    let id = (u128::from(x) << 64) | u128::from(drawn(x));
    let id = format!("{id:032x}");
    let sku = SKUS[usize::try_from(cluster % 4).unwrap()];
    writeln!(
        out,
        "{}-{}-{}-{}-{},acc,{},{sku},AZURE,2026-10-{day:02}T{hour:02}:00:00.000+00:00,{end}T{end_hour:02}:00:00.000+00:00,2026-10-{day:02},\
         \"{{\"\"team\"\":\"\"team-{:02}\"\"}}\",DBU,{}.{:06},\"{{\"\"cluster_id\"\":\"\"1001-0101{:02}-abcd{cluster:04}\"\",\"\"job_id\"\":\"\"{}\"\"}}\",\
         \"{{\"\"run_as\"\":\"\"user{}@example.com\"\"}}\",ORIGINAL,2026-10-{day:02}",
        &id[..8], &id[8..12], &id[12..16], &id[16..20], &id[20..],
        1_000 + cluster % 5,
        cluster % 40,
        x % 9,
        (x >> 20) % 1_000_000,
        cluster % 100,
        cluster % 300,
        cluster % 60,
    )
    .unwrap();
}

fn write_parts(rows: u64, folder: &Path) {
    for part in 0..PARTS {
        let file = File::create(folder.join(format!("part-{part:05}.csv"))).unwrap();
        let mut out = BufWriter::with_capacity(1 << 20, file);
        writeln!(
            out,
            "record_id,account_id,workspace_id,sku_name,cloud,usage_start_time,usage_end_time,usage_date,custom_tags,usage_unit,\
             usage_quantity,usage_metadata,identity_metadata,record_type,ingestion_date"
        )
        .unwrap();
        for n in (part..rows).step_by(usize::try_from(PARTS).unwrap()) {
            row(n, &mut out);
        }
        out.flush().unwrap();
    }
}

/// The most memory that this process has held, in MiB.
fn peak_mib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .unwrap_or_default();
    let kib: u64 = line
        .split_whitespace()
        .nth(1)
        .and_then(|n| n.parse().ok())
        .unwrap_or_default();
    kib / 1_024
}

fn main() {
    let sizes: Vec<u64> = std::env::args().filter_map(|a| a.parse().ok()).collect();
    for rows in if sizes.is_empty() { vec![1_000_000] } else { sizes } {
        let folder = tempfile::tempdir().unwrap();
        let parts = folder.path().join("parts");
        fs::create_dir(&parts).unwrap();
        write_parts(rows, &parts);
        let ledger: PathBuf = folder.path().join("l.db");
        let options = UsageOptions {
            ledger: ledger.clone(),
            team_tag: Some("team".to_owned()),
            ..UsageOptions::default()
        };
        let began = Instant::now();
        let mut read = None;
        let sources = tables(&[parts]).unwrap();
        let mut prices = catalogue(&[]).unwrap();
        let (told, problems) = ingest(&sources, &mut prices, &options, &mut |step| {
            if let tollgate::ops::ingest::Step::Billed(..) = step {
                read.get_or_insert_with(|| began.elapsed().as_secs_f64());
            }
        })
        .unwrap();
        let seconds = began.elapsed().as_secs_f64();
        assert!(problems.0.is_empty(), "{problems}");
        assert_eq!(told.new_facts, rows);
        println!(
            "{rows} rows: {seconds:.1} s ({:.1} s read), {} MiB at most, ledger of {} MiB",
            read.unwrap_or_default(),
            peak_mib(),
            fs::metadata(&ledger).unwrap().len() >> 20,
        );
    }
}
