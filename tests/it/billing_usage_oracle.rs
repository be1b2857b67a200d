//! The bill of a month, held against a second implementation: SQL on DuckDB (`tests/oracle/billing_usage.py`). Every team and SKU must
//! agree to the last of nine decimals.
//!
//! 20,000 rows in the normal run, as many as `TOLLGATE_ORACLE_ROWS` says else. Where DuckDB is not installed for the `python3` on the
//! path, or the one that `TOLLGATE_PYTHON` names, the test says that it was skipped; `.ci/run` installs it.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::Command;

use serde_json::json;

use crate::bench::{project, run};

const START: i64 = 1_790_812_800; // 2026-10-01T00:00:00Z
const SKUS: [&str; 4] = [
    "PREMIUM_JOBS_COMPUTE",
    "PREMIUM_JOBS_COMPUTE_(PHOTON)",
    "PREMIUM_ALL_PURPOSE_COMPUTE",
    "PREMIUM_DLT_PRO_COMPUTE",
];

/// SplitMix64 of a stream and a number.
fn draw(stream: u64, number: u64, below: u64) -> u64 {
    let mut z = number
        .wrapping_add(stream << 40)
        .wrapping_add(1)
        .wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (z ^ (z >> 31)) % below
}

fn instant(seconds: i64) -> String {
    tollgate::model::period::rfc3339(tollgate::model::period::from_unix(seconds))
}

/// Four prices of each SKU, which change at odd seconds inside the month; as our book and as a table.
fn write_prices(folder: &Path) {
    let mut book = Vec::new();
    let mut table = String::from("sku_name,from_ts,to_ts,price_e4\n");
    for (n, sku) in (0_u64..).zip(SKUS) {
        let change = |k: i64| {
            START
                + k * 8 * 86_400
                + i64::try_from(draw(1, n * 8 + u64::try_from(k).unwrap(), 86_400)).unwrap()
        };
        let edges = [
            START - 86_400,
            change(0),
            change(1),
            change(2),
            START + 40 * 86_400,
        ];
        for (k, period) in (0_u64..).zip(edges.windows(2)) {
            let price = 1_000 + draw(2, n * 8 + k, 7_000);
            table.push_str(&format!("{sku},{},{},{price}\n", period[0], period[1]));
            book.push(json!({
                "meter": {"kind": "dbu", "sku_name": sku}, "unit": "DBU", "unit_price": format!("0.{price:04}"),
                "from": instant(period[0]), "to": instant(period[1]), "source": "s",
            }));
        }
    }
    let book = json!({
        "price_book": "contract", "cloud": "AZURE", "currency": "USD", "sources": {"s": {"title": "drawn"}}, "prices": book,
    });
    fs::write(folder.join("book.json"), book.to_string()).unwrap();
    fs::write(folder.join("prices.csv"), table).unwrap();
}

/// Rows of an hour or less, some across midnight; every fiftieth is taken back and told anew. Two files, of which the second
/// begins with the last tenth of the first.
fn write_usage(folder: &Path, rows: u64) {
    let header = "record_id,account_id,workspace_id,sku_name,cloud,usage_start_time,usage_end_time,custom_tags,usage_unit,\
                  usage_quantity,usage_metadata,record_type\n";
    let mut files = ["first.csv", "second.csv"].map(|name| {
        let mut file = BufWriter::new(File::create(folder.join(name)).unwrap());
        file.write_all(header.as_bytes()).unwrap();
        file
    });
    for n in 0..rows {
        let start = START + i64::try_from(draw(3, n, 31 * 86_400 - 3_600)).unwrap();
        let start = if n % 3 == 0 {
            start - start.rem_euclid(3_600)
        } else {
            start
        };
        let seconds = if n % 3 == 0 {
            3_600
        } else {
            1 + i64::try_from(draw(4, n, 3_600)).unwrap()
        };
        let sku = SKUS[usize::try_from(draw(5, n, 4)).unwrap()];
        let micro = draw(6, n, 400_000_000);
        let quantity =
            |sign: &str, micro: u64| format!("{sign}{}.{:06}", micro / 1_000_000, micro % 1_000_000);
        let line = |id: String, quantity: String, record_type: &str| {
            format!(
                "{id},acc,42,{sku},AZURE,{},{},\"{{\"\"team\"\":\"\"team-{}\"\"}}\",DBU,{quantity},\"{{\"\"cluster_id\"\":\"\"c-{}\"\"}}\",{record_type}\n",
                instant(start),
                instant(start + seconds),
                draw(7, n, 12),
                draw(8, n, 500),
            )
        };
        let mut lines = line(format!("r-{n}"), quantity("", micro), "ORIGINAL");
        if n % 50 == 0 {
            lines.push_str(&line(format!("r-{n}-back"), quantity("-", micro), "RETRACTION"));
            lines.push_str(&line(
                format!("r-{n}-anew"),
                quantity("", micro / 3 + 1),
                "RESTATEMENT",
            ));
        }
        if n < rows / 2 {
            files[0].write_all(lines.as_bytes()).unwrap();
        }
        if n >= rows / 2 - rows / 20 {
            files[1].write_all(lines.as_bytes()).unwrap();
        }
    }
}

/// Rows, micro-DBU, cost in 10^-9, by team and SKU.
type Bill = BTreeMap<(String, String), (u64, i128, i128)>;

/// The bill in our ledger, from its entries. Pieces of one row count as one.
fn ours(ledger: &str) -> Bill {
    let exported = run(&["ledger", "export", ledger, "--format", "csv"]);
    let scaled = |text: &str, places: usize| -> i128 {
        let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        sign * format!("{whole}{fraction:0<places$}").parse::<i128>().unwrap()
    };
    let mut bill: BTreeMap<(String, String), (std::collections::BTreeSet<String>, i128, i128)> =
        BTreeMap::new();
    for line in csv::Reader::from_reader(exported.stdout.as_bytes()).records() {
        let line = line.unwrap();
        let team = line[4].trim_start_matches("cost-centre/").to_owned();
        let sku = line[13].trim_start_matches("dbu/AZURE/").to_owned();
        let of = bill.entry((team, sku)).or_default();
        of.0.insert(line[14].to_owned());
        of.1 += scaled(&line[8], 9);
        of.2 += scaled(&line[6], 9);
    }
    let counted = |(rows, nano, cost): (std::collections::BTreeSet<String>, i128, i128)| {
        assert_eq!(nano % 1_000, 0, "quantities have six decimals");
        (u64::try_from(rows.len()).unwrap(), nano / 1_000, cost)
    };
    bill.into_iter().map(|(key, of)| (key, counted(of))).collect()
}

fn theirs(python: &str, folder: &Path) -> Bill {
    let output = Command::new(python)
        .arg(project("tests/oracle/billing_usage.py"))
        .args(["prices.csv", "first.csv", "second.csv"])
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines()
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            let key = (cells[0].to_owned(), cells[1].to_owned());
            (
                key,
                (
                    cells[2].parse().unwrap(),
                    cells[3].parse().unwrap(),
                    cells[4].parse().unwrap(),
                ),
            )
        })
        .collect()
}

#[test]
fn duckdb_computes_the_same_bill() {
    let python = std::env::var("TOLLGATE_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let has_duckdb = Command::new(&python).args(["-c", "import duckdb"]).output();
    if !has_duckdb.is_ok_and(|ended| ended.status.success()) {
        let _ = writeln!(
            std::io::stderr(),
            "skipped: duckdb_computes_the_same_bill needs Python with `duckdb`"
        );
        return;
    }
    let rows = std::env::var("TOLLGATE_ORACLE_ROWS").map_or(20_000, |n| n.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    write_prices(folder.path());
    write_usage(folder.path(), rows);
    let at = |name: &str| folder.path().join(name).display().to_string();
    let (ledger, book) = (at("u.db"), at("book.json"));
    let (first, second) = (at("first.csv"), at("second.csv"));
    let ended = run(&[
        "ingest",
        "billing-usage",
        &first,
        &second,
        "--ledger",
        &ledger,
        "--prices",
        &book,
        "--team-tag",
        "team",
    ]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let (ours, theirs) = (ours(&ledger), theirs(&python, folder.path()));
    assert_eq!(ours.len(), 12 * 4);
    assert_eq!(ours, theirs);
}
