//! Rows of `system.billing.usage`, killed anywhere while they are ingested: the ledger is in order after each kill, and telling the
//! same rows again completes it to the same bytes. The same for a telling that corrects most of what another has told.
//!
//! Rows are billed in some twenty transactions; how they are killed is in `kills`.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use crate::bench::run;
use crate::kills::{Chance, Gauge, Site, Work};

const ROWS: u64 = 2_400;
/// Facts of one transaction.
const BATCH: &str = "130";
/// 2026-05-01T00:00:00Z, Friday.
const START: u64 = 1_777_593_600;

fn instant(seconds: u64) -> String {
    tollgate::model::period::rfc3339(tollgate::model::period::from_unix(
        i64::try_from(seconds).unwrap(),
    ))
}

/// Rows of a month: some over midnight, some taken back and told anew, some without a price; every fifth tells another quantity in
/// the second edition, every twentieth another SKU.
pub fn rows(edition: u64) -> String {
    let mut text = String::from(
        "record_id,account_id,workspace_id,sku_name,cloud,usage_start_time,usage_end_time,custom_tags,usage_unit,usage_quantity,\
         usage_metadata,record_type\n",
    );
    let skus = [
        "PREMIUM_JOBS_COMPUTE",
        "PREMIUM_ALL_PURPOSE_COMPUTE",
        "PREMIUM_UNHEARD_OF",
        "PREMIUM_JOBS_LIGHT_COMPUTE",
    ];
    for n in 0..ROWS {
        let mut chance = Chance(n);
        let start = START + chance.below(30 * 86_400);
        let end = start + 1 + chance.below(3_600);
        let sku = chance.below(4) + if n % 20 == 0 { edition } else { 0 };
        let sku = skus[usize::try_from(sku % 4).unwrap()];
        let (team, cluster) = (chance.below(7), chance.below(40));
        let quantity = chance.below(90_000) + if n % 5 == 0 { edition } else { 0 };
        let mut row = |id: String, sign: &str, quantity: u64, record_type: &str| {
            writeln!(
                text,
                "{id},acc,42,{sku},AZURE,{},{},\"{{\"\"team\"\":\"\"team-{team}\"\"}}\",DBU,{sign}{}.{:03},\
                 \"{{\"\"cluster_id\"\":\"\"c-{cluster}\"\"}}\",{record_type}",
                instant(start),
                instant(end),
                quantity / 1_000,
                quantity % 1_000,
            )
            .unwrap();
        };
        row(format!("r-{n}"), "", quantity, "ORIGINAL");
        if n % 50 == 7 {
            row(format!("r-{n}-back"), "-", quantity, "RETRACTION");
            row(format!("r-{n}-anew"), "", quantity / 2, "RESTATEMENT");
        }
    }
    text
}

fn arguments(folder: &Path, edition: u64, more: &[&str]) -> Vec<String> {
    let path = folder.join(format!("usage-{edition}.csv"));
    fs::write(&path, rows(edition)).unwrap();
    let path = path.to_str().unwrap();
    let fixed = ["ingest", "billing-usage", path, "--team-tag", "team"];
    fixed.iter().chain(more).map(|word| (*word).to_owned()).collect()
}

fn parts() -> Vec<String> {
    ["--batch-facts", BATCH].map(str::to_owned).into()
}

/// A ledger that was told the first edition.
fn told(folder: &Path) -> PathBuf {
    let ledger = folder.join("told.db");
    let mut arguments = arguments(folder, 0, &["--ledger"]);
    arguments.push(ledger.display().to_string());
    let ended = run(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(ended.code, Some(1), "some have no price: {}", ended.stderr);
    ledger
}

#[test]
fn wherever_an_ingestion_is_killed_the_ledger_is_in_order_and_completed_to_the_same_bytes() {
    let site = Site::new(|folder| Work {
        arguments: arguments(folder, 0, &[]),
        in_parts: parts(),
        begins_with: None,
        gauges: vec![Gauge::Logged, Gauge::Entries],
    });
    assert!(site.totals.entries > 1_800, "{:?}", site.totals);
    site.kill_often(6);
}

#[test]
fn wherever_a_correction_is_killed_the_ledger_is_in_order_and_completed_to_the_same_bytes() {
    let site = Site::new(|folder| Work {
        in_parts: parts(),
        begins_with: Some(told(folder)),
        arguments: arguments(folder, 1, &["--correct"]),
        gauges: vec![Gauge::Logged, Gauge::Entries],
    });
    // A fifth of the rows is reversed and told anew.
    assert!(site.totals.entries > 2_400, "{:?}", site.totals);
    site.kill_often(6);
}
