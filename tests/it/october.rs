//! The example month: what `examples/october/README.md` says of it, computed here from seconds and prices.
//!
//! The expected numbers come from calendar arithmetic and whole numbers in this file, never from the program: a
//! second is a second, an hour has 3600, prices are those the README names.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use chrono::{Datelike, NaiveDate, Weekday};
use rusqlite::{Connection, OpenFlags};
use tempfile::TempDir;
use tollgate::ledger::summary::CostRow;
use tollgate::model::decision::{Enforcement, Outcome};
use tollgate::model::meter::Category;
use tollgate::model::period::Month;
use tollgate::ops::simulate::{SimulateOptions, Simulated, simulate};
use tollgate::plugin::limits::Limits;
use tollgate::report::{CostReport, Dimension, Format, RenderOptions, render};
use tollgate::store::Database;

use crate::bench::{golden, in_process, project};

const COLD_START: i128 = 240;
const WARM_START: i128 = 30;
const TEAR_DOWN: i128 = 60;
const DAY: i128 = 86_400;

fn october() -> Month {
    "2026-10".parse().unwrap()
}

/// A simulated month in a ledger of its own.
fn month() -> (TempDir, Simulated) {
    let folder = tempfile::tempdir().unwrap();
    let simulated = run(&project("examples/october"), &folder.path().join("o.db"));
    (folder, simulated)
}

/// One simulated month for all tests that only read it.
fn shared() -> &'static (PathBuf, Simulated) {
    static MONTH: OnceLock<(PathBuf, Simulated)> = OnceLock::new();
    MONTH.get_or_init(|| {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("october");
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let ledger = folder.join("o.db");
        let simulated = run(&project("examples/october"), &ledger);
        (ledger, simulated)
    })
}

fn run(scenario: &Path, ledger: &Path) -> Simulated {
    let options = SimulateOptions {
        scenario: scenario.to_owned(),
        ledger: Some(ledger.to_owned()),
        policies: None,
        variant: None,
        explain: None,
        cost_centres: None,
        batch_records: None,
    };
    let host = in_process(Limits::default());
    simulate(&options, &host, &mut |_| {}).unwrap_or_else(|problems| panic!("{problems}"))
}

/// Days of October 2026 with a property.
fn days(wanted: impl Fn(NaiveDate) -> bool) -> i128 {
    let days = (1..=31).map(|day| NaiveDate::from_ymd_opt(2026, 10, day).unwrap());
    i128::try_from(days.filter(|day| wanted(*day)).count()).unwrap()
}

fn weekday(day: NaiveDate) -> bool {
    !matches!(day.weekday(), Weekday::Sat | Weekday::Sun)
}

/// `0.229` in 10^-9.
fn nano(text: &str) -> i128 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits: i128 = format!("{whole}{fraction}").parse().unwrap();
    digits * 10_i128.pow(9 - u32::try_from(fraction.len()).unwrap())
}

/// What one price of one line must come to: seconds of single machines, units an hour, price of a unit.
struct Part {
    category: Category,
    price: &'static str,
    seconds: i128,
    per_hour: &'static str,
}

fn vm(seconds: i128, price: &'static str) -> Part {
    Part {
        category: Category::Vm,
        price,
        seconds,
        per_hour: "1",
    }
}

fn dbu(seconds: i128, per_hour: &'static str, price: &'static str) -> Part {
    Part {
        category: Category::Dbu,
        price,
        seconds,
        per_hour,
    }
}

impl Part {
    /// 3600 times the quantity, in 10^-9.
    fn quantity_times_3600(&self) -> i128 {
        self.seconds * nano(self.per_hour)
    }

    /// 3600 times the cost, in 10^-18.
    fn cost_times_3600(&self) -> i128 {
        self.quantity_times_3600() * nano(self.price)
    }
}

/// Half of the sixth decimal, in 10^-9: what is nearer than this is the same to six decimals.
const SIXTH: i128 = 500;

fn same(found_nano: i128, expected: i128, denominator: i128, what: &str) {
    let apart = (found_nano * denominator - expected).abs();
    assert!(
        apart <= SIXTH * denominator,
        "{what}: found {found_nano} nano, expected {expected} / {denominator}"
    );
}

/// Holds the rows of a line against its parts: the same prices, and each quantity and cost.
fn hold(name: &str, rows: &[CostRow], mine: impl Fn(&CostRow) -> bool, parts: &[Part]) {
    let mut found: BTreeMap<(String, i128), (i128, i128)> = BTreeMap::new();
    for row in rows.iter().filter(|row| mine(row)) {
        let price = nano(&row.price.unit_price.to_string());
        let sums = found
            .entry((format!("{:?}", row.meter.category()), price))
            .or_default();
        sums.0 += i128::from(row.quantity_nano);
        sums.1 += i128::from(row.cost_nano);
    }
    let expected: BTreeSet<_> = parts
        .iter()
        .map(|part| (format!("{:?}", part.category), nano(part.price)))
        .collect();
    assert_eq!(
        found.keys().cloned().collect::<BTreeSet<_>>(),
        expected,
        "{name}: billed at these prices and no other"
    );
    for part in parts {
        let (quantity, cost) = found[&(format!("{:?}", part.category), nano(part.price))];
        let what = format!("{name}, {:?} at {}", part.category, part.price);
        same(
            quantity,
            part.quantity_times_3600(),
            3600,
            &format!("{what}: quantity"),
        );
        same(
            cost,
            part.cost_times_3600(),
            3600 * 1_000_000_000,
            &format!("{what}: cost"),
        );
    }
}

#[test]
fn the_eight_lines_of_the_readme_are_what_a_calculator_says() {
    let (ledger, _) = shared();
    let database = Database::open_read_only(ledger).unwrap();
    let rows = database.cost_rows(&october().period()).unwrap();
    let job = |name: &'static str| move |row: &CostRow| row.subject.job_name == name;
    let cluster = |name: &'static str| move |row: &CostRow| row.subject.cluster_name == name;
    let month_seconds = days(|_| true) * DAY;

    // 1. A stream that runs all month.
    let running = month_seconds - COLD_START;
    hold(
        "cdc-orders-stream",
        &rows,
        job("cdc-orders-stream"),
        &[vm(month_seconds, "0.229"), dbu(running, "0.75", "0.30")],
    );

    // 2. A reserve that nobody uses: its machines only, and no DBU.
    hold(
        "pool-reserve",
        &rows,
        |row| row.subject.pool == "pool-reserve",
        &[vm(2 * month_seconds, "0.229")],
    );

    // 3. Dashboards on weekdays: three machines, 08:00:00 to 16:35:00; RUNNING 08:04:00 to 16:34:00.
    let early = days(|day| weekday(day) && day.day() < 16);
    let late = days(|day| weekday(day) && day.day() >= 16);
    assert_eq!((early, late), (11, 11));
    let running = (480 + 30) * 60;
    let alive = COLD_START + running + TEAR_DOWN;
    hold(
        "bi-dashboards",
        &rows,
        cluster("bi-dashboards"),
        &[
            vm(early * 3 * alive, "0.384"),
            vm(late * 3 * alive, "0.36"),
            dbu(early * 3 * running, "1.5", "0.55"),
            dbu(late * 3 * running, "1.5", "0.50"),
        ],
    );

    // 4. A nightly job: driver on demand, four workers spot.
    let nights = days(|_| true);
    let running = 45 * 60;
    let alive = COLD_START + running + TEAR_DOWN;
    hold(
        "etl-orders",
        &rows,
        job("etl-orders"),
        &[
            vm(nights * alive, "0.229"),
            vm(nights * 4 * alive, "0.024"),
            dbu(nights * 5 * running, "0.75", "0.30"),
        ],
    );

    // 5. From a pool that holds both machines ready. What they cost while idle is the pool's.
    let running = 20 * 60;
    let placed = WARM_START + running + TEAR_DOWN;
    hold(
        "pooled-returns",
        &rows,
        job("pooled-returns"),
        &[
            vm(nights * 2 * placed, "0.398"),
            dbu(nights * 2 * running, "1", "0.30"),
        ],
    );

    // 6. Forgotten on the 9th at 15:00: alive to the end of the month.
    let asked = 8 * DAY + 15 * 3600;
    let begun = asked + COLD_START;
    let sixteenth = 15 * DAY;
    hold(
        "forgotten-export",
        &rows,
        cluster("forgotten-export"),
        &[
            vm(month_seconds - asked, "0.299"),
            dbu(sixteenth - begun, "1", "0.55"),
            dbu(month_seconds - sixteenth, "1", "0.50"),
        ],
    );

    // 7. Terminated by its user after an hour, each Friday.
    let friday = |day: NaiveDate| day.weekday() == Weekday::Fri;
    let early = days(|day| friday(day) && day.day() < 16);
    let late = days(|day| friday(day) && day.day() >= 16);
    hold(
        "runbook-fridays",
        &rows,
        cluster("runbook-fridays"),
        &[
            vm((early + late) * (COLD_START + 3600 + TEAR_DOWN), "0.229"),
            dbu(early * 3600, "0.75", "0.55"),
            dbu(late * 3600, "0.75", "0.50"),
        ],
    );

    // 8. One long backfill with Photon.
    let running = 540 * 60;
    let alive = COLD_START + running + TEAR_DOWN;
    hold(
        "backfill-2025",
        &rows,
        job("backfill-2025"),
        &[
            vm(alive, "0.504"),
            vm(10 * alive, "0.054"),
            dbu(11 * running, "5", "0.30"),
        ],
    );

    // The run that never begins costs nothing.
    assert!(!rows.iter().any(|row| row.subject.job_name == "pooled-reprocess"));
}

/// The bold sums of the README, as printed there, against the report that people read.
#[test]
fn the_report_shows_the_sums_of_the_readme() {
    let (_, simulated) = shared();
    let report = &simulated.reports[0];
    let clusters = report.by(Dimension::Cluster);
    let jobs = report.by(Dimension::Job);
    let of_cluster = |name: &str| {
        let mine = clusters
            .iter()
            .filter(|g| g.name.starts_with(&format!("{name} (")));
        mine.map(|g| g.cost.total_nano()).sum::<i128>()
    };
    let of_job = |name: &str| jobs.iter().find(|g| g.name == name).unwrap().cost.total_nano();
    for (found, expected) in [
        (of_job("cdc-orders-stream"), "337.761"),
        (of_cluster("bi-dashboards"), "652.5255"),
        (of_job("etl-orders"), "34.552083333"),
        (of_job("pooled-returns"), "15.042233333"),
        (of_cluster("forgotten-export"), "436.676333333"),
        (of_cluster("runbook-fridays"), "3.190416666"),
        (of_job("backfill-2025"), "157.983"),
    ] {
        same(found, nano(expected), 1, expected);
    }
    let idle: BTreeMap<String, i128> = report
        .idle_pools()
        .into_iter()
        .map(|group| (group.name, group.cost.total_nano()))
        .collect();
    same(idle["pool-reserve"], nano("340.752"), 1, "pool-reserve");
}

#[test]
fn eighteen_of_seventy_one_requests_are_denied_each_by_its_rule() {
    let (_, simulated) = shared();
    let of = |outcome| {
        let mine = simulated
            .requests
            .iter()
            .filter(|r| r.decision.outcome == outcome);
        mine.count()
    };
    assert_eq!(simulated.requests.len(), 71);
    assert_eq!(
        (of(Outcome::Allow), of(Outcome::Deny), of(Outcome::Undetermined)),
        (53, 18, 0)
    );
    let expected: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("etl-legacy-crm", ["baseline/supported-runtime"].as_slice()),
        ("etl-mainframe", &["baseline/supported-runtime"]),
        ("sql-sandbox", &["baseline/supported-runtime"]),
        ("etl-dump", &["baseline/trusted-init-scripts"]),
        ("etl-hr", &["baseline/owner-tags"]),
        ("explore-untagged", &["baseline/owner-tags"]),
        ("train-mistagged", &["baseline/owner-tags"]),
        ("etl-reorg-lake", &["etl-jobs/burn-rate", "etl-jobs/size"]),
        (
            "train-large",
            &[
                "baseline/burn-rate",
                "gpu-training/burn-rate",
                "gpu-training/size",
            ],
        ),
        ("etl-ledger-close", &["etl-jobs/spot-workers"]),
        ("explore-spot-driver", &["shared-analytics/driver-stays"]),
        ("etl-embeddings", &["etl-jobs/no-gpu"]),
        ("explore-forever", &["shared-analytics/goes-to-sleep"]),
        ("gpu-notebook-weekend", &["gpu-training/goes-to-sleep"]),
        ("explore-wide", &["shared-analytics/hourly-cost"]),
        // The big node also burns more than a personal cluster may.
        (
            "personal-sixteen",
            &["personal-compute/affordable", "personal-compute/small-node"],
        ),
        (
            "personal-with-workers",
            &["personal-compute/affordable", "personal-compute/one-node"],
        ),
        ("gpu-wrong-runtime", &["gpu-training/gpu-runtime"]),
    ]);
    let mut found: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for request in &simulated.requests {
        assert_eq!(request.decision.failures, [], "{}", request.name);
        if request.decision.outcome == Outcome::Deny {
            let violations = request.decision.violations.iter();
            let enforced = violations.filter(|v| v.enforcement == Enforcement::Enforce);
            let rules: BTreeSet<String> = enforced
                .map(|v| format!("{}/{}", v.by.policy, v.by.rule))
                .collect();
            found.insert(&request.name, rules.into_iter().collect());
        }
    }
    let expected: BTreeMap<&str, Vec<String>> = expected
        .into_iter()
        .map(|(name, rules)| (name, rules.iter().map(|r| (*r).to_owned()).collect()))
        .collect();
    assert_eq!(found, expected);
}

/// Every name of the README's table of denials is one that is denied, and the other way round.
#[test]
fn the_readme_names_every_denied_request() {
    let (_, simulated) = shared();
    let readme = fs::read_to_string(project("examples/october/README.md")).unwrap();
    let table = readme.split("## What is denied").nth(1).unwrap();
    let named: BTreeSet<&str> = table
        .lines()
        .filter(|line| line.starts_with("| `"))
        .flat_map(|line| line.split('|').nth(1).unwrap().split('`').skip(1).step_by(2))
        .collect();
    let denied: BTreeSet<&str> = simulated
        .requests
        .iter()
        .filter(|r| r.decision.outcome == Outcome::Deny)
        .map(|r| r.name.as_str())
        .collect();
    assert_eq!(named, denied);
}

fn raw(ledger: &Path) -> Connection {
    Connection::open_with_flags(ledger, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap()
}

#[test]
fn the_report_is_the_ledger_however_it_is_cut() {
    let (ledger, simulated) = shared();
    let report = &simulated.reports[0];
    let total = report.total().total_nano();

    // The entries themselves, read without tollgate.
    let raw = raw(ledger);
    let sum = |sql: &str| i128::from(raw.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap());
    assert_eq!(sum("SELECT sum(amount_nano) FROM entry"), total);
    assert_eq!(sum("SELECT sum(amount_nano) FROM posting"), 0);
    assert_eq!(sum("SELECT count(*) FROM entry"), i128::from(simulated.new_facts));
    let idle: i128 = report.idle_pools().iter().map(|g| g.cost.total_nano()).sum();
    let idle_entries = "SELECT sum(amount_nano) FROM entry JOIN terms ON terms.id = terms_id JOIN subject ON subject.id = subject_id \
                        WHERE pool <> '' AND cluster_id = ''";
    assert_eq!(sum(idle_entries), idle);

    for dimension in Dimension::ALL {
        let groups = report.by(dimension);
        let sum: i128 = groups.iter().map(|g| g.cost.total_nano()).sum();
        assert_eq!(sum, total, "{dimension}");
    }
    assert_eq!(report.by(Dimension::Day).len(), 31);
    let teams: BTreeSet<String> = report.by(Dimension::Team).into_iter().map(|g| g.name).collect();
    assert_eq!(
        teams,
        ["analytics", "data-platform", "ml"].map(str::to_owned).into()
    );
    let database = Database::open_read_only(ledger).unwrap();
    assert_eq!(database.totals(october()).unwrap().cost_nano, total);
}

/// A second program's view of every entry: a VM's quantity is its seconds, a cost is quantity times price, and
/// nothing is rounded by more than the running totals explain.
#[test]
fn every_entry_is_its_seconds_times_its_price() {
    let (ledger, simulated) = shared();
    let raw = raw(ledger);
    let sql = "SELECT meter.name, unit_price, period_start, period_end, quantity_nano, amount_nano \
               FROM entry JOIN terms ON terms.id = terms_id JOIN meter ON meter.id = meter_id JOIN price ON price.id = price_id";
    let mut statement = raw.prepare(sql).unwrap();
    let mut rows = statement.query([]).unwrap();
    let (mut entries, mut total) = (0_u64, 0_i128);
    while let Some(row) = rows.next().unwrap() {
        let number = |column: usize| i128::from(row.get::<_, i64>(column).unwrap());
        let (meter, price): (String, String) = (row.get(0).unwrap(), row.get(1).unwrap());
        let (seconds, quantity, amount) = (number(3) - number(2), number(4), number(5));
        if meter.starts_with("vm/") || meter.starts_with("disk/") || meter.starts_with("public_ip/") {
            assert!(
                (quantity * 3600 - seconds * 1_000_000_000).abs() <= 3600,
                "{meter}: {seconds} s are not {quantity}"
            );
        }
        // Two roundings, of the quantity and of the amount, each by at most one unit of the ninth decimal.
        let exact = quantity * nano(&price);
        let apart = (amount * 1_000_000_000 - exact).abs();
        assert!(
            apart <= 1_000_000_000 + nano(&price),
            "{meter}: {quantity} at {price} is not {amount}"
        );
        entries += 1;
        total += amount;
    }
    assert_eq!(entries, simulated.new_facts);
    assert_eq!(total, simulated.reports[0].total().total_nano());
}

fn rendered(report: &CostReport) -> Vec<String> {
    let options = RenderOptions {
        dimensions: Dimension::ALL.to_vec(),
        decimals: 2,
    };
    [Format::Text, Format::Markdown, Format::Csv, Format::Json]
        .into_iter()
        .map(|format| render(report, format, &options).unwrap())
        .collect()
}

#[test]
fn two_runs_into_two_ledgers_say_the_same_to_the_byte() {
    let (one_folder, one) = month();
    let (two_folder, two) = month();
    assert_eq!(rendered(&one.reports[0]), rendered(&two.reports[0]));
    assert_eq!(one.reports[0].head(), two.reports[0].head());
    let dump = |folder: &TempDir| {
        let raw = raw(&folder.path().join("o.db"));
        let mut hasher = blake3::Hasher::new();
        for table in [
            "entry",
            "terms",
            "rollup_day",
            "subject",
            "meter",
            "price",
            "cluster_event",
            "instance_event",
            "decision",
        ] {
            let mut statement = raw.prepare(&format!("SELECT * FROM {table}")).unwrap();
            let columns = statement.column_count();
            let mut rows = statement.query([]).unwrap();
            while let Some(row) = rows.next().unwrap() {
                for column in 0..columns {
                    hasher.update(format!("{:?};", row.get_ref(column).unwrap()).as_bytes());
                }
            }
        }
        hasher.finalize()
    };
    assert_eq!(dump(&one_folder), dump(&two_folder), "row by row");
}

#[test]
fn a_second_run_into_the_same_ledger_adds_nothing() {
    let (folder, first) = month();
    let ledger = folder.path().join("o.db");
    let count = || -> Vec<i64> {
        let raw = raw(&ledger);
        [
            "entry",
            "rollup_day",
            "cluster_event",
            "instance_event",
            "decision",
            "run",
            "unpriced",
        ]
        .iter()
        .map(|table| {
            let sql = format!("SELECT count(*) FROM {table}");
            raw.query_row(&sql, [], |row| row.get(0)).unwrap()
        })
        .collect()
    };
    let before = count();
    let second = run(&project("examples/october"), &ledger);
    assert_eq!((second.new_facts, second.known_facts), (0, first.new_facts));
    assert_eq!(count(), before);
    assert_eq!(rendered(&second.reports[0]), rendered(&first.reports[0]));
}

/// A copy of the example that can be changed.
fn copy(to: &Path) -> PathBuf {
    let from = project("examples/october");
    fs::create_dir_all(to.join("teams")).unwrap();
    for file in [
        "scenario.yaml",
        "prices.json",
        "teams/analytics.yaml",
        "teams/data-platform.yaml",
        "teams/ml.yaml",
    ] {
        fs::copy(from.join(file), to.join(file)).unwrap();
    }
    to.to_owned()
}

#[test]
fn a_changed_scenario_of_the_same_name_is_refused_and_changes_nothing() {
    let (folder, first) = month();
    let ledger = folder.path().join("o.db");
    let changes = [
        ("scenario.yaml", "seed: 20261001", "seed: 20261002"),
        ("teams/ml.yaml", "num_workers: 1", "num_workers: 2"),
        ("prices.json", "\"0.55\"", "\"0.56\""),
    ];
    for (i, (file, old, new)) in changes.into_iter().enumerate() {
        let scenario = copy(&folder.path().join(format!("changed{i}")));
        let text = fs::read_to_string(scenario.join(file)).unwrap();
        assert!(text.contains(old), "{file}");
        fs::write(scenario.join(file), text.replacen(old, new, 1)).unwrap();
        let options = SimulateOptions {
            scenario,
            ledger: Some(ledger.clone()),
            policies: None,
            variant: None,
            explain: None,
            cost_centres: None,
            batch_records: None,
        };
        let refused = simulate(&options, &in_process(Limits::default()), &mut |_| {}).unwrap_err();
        let codes: Vec<_> = refused.0.iter().map(|d| d.code).collect();
        assert_eq!(codes, ["store::other-scenario"], "{file}");
        let head = Database::open_read_only(&ledger).unwrap().head().unwrap();
        assert_eq!(head.hash, first.reports[0].head());
    }
    // A copy that says the same is the same scenario, wherever it lies.
    let scenario = copy(&folder.path().join("same"));
    assert_eq!(run(&scenario, &ledger).new_facts, 0);
}

/// The other parts of the month are drawn from the seed, so only the program can say them: a change of any of
/// them must be meant.
#[test]
fn the_report_of_the_month_is_as_it_was() {
    let (_, simulated) = shared();
    let options = RenderOptions {
        dimensions: [
            Dimension::Team,
            Dimension::Workspace,
            Dimension::Sku,
            Dimension::Job,
            Dimension::Pool,
        ]
        .into(),
        decimals: 2,
    };
    let text = render(&simulated.reports[0], Format::Text, &options).unwrap();
    golden("tests/scenarios/october/report.txt", &text);
    let json = render(&simulated.reports[0], Format::Json, &options).unwrap();
    golden("tests/scenarios/october/report.json", &json);
}
