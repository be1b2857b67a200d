//! Golden bills: one named sentence each, with numbers that a pocket calculator checks.
//!
//! What is billed is read from the ledger: the sum of each meter's quantities and amounts. Nothing takes time here but what a
//! test says (all timing is zero), so that hours are hours. Prices are the bundled ones: Standard_DS3_v2 in westus2 0.229 an
//! hour (spot 0.024) and 0.75 DBU, a DBU of all-purpose compute 0.55 (standard 0.40), of a job 0.30.
//!
//! The published examples, by their numbers in the collection: G01, G02, G13, G14 and G17 are lived and billed here (their
//! estimates are in `golden_prices`); G04 to G07 and G20 are rows of usage in `billing_usage`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use tempfile::{TempDir, tempdir};
use tollgate::model::period::parse_instant;
use tollgate::ops::simulate::{SimulateOptions, simulate};
use tollgate::plugin::limits::Limits;

use crate::bench::{Ended, in_process, tollgate_in};

/// Quantity and cost of each meter.
type Bill = BTreeMap<String, (Decimal, Decimal)>;

/// A folder with a ledger in it.
struct Books(TempDir);

impl Books {
    fn new() -> Books {
        let folder = tempdir().unwrap();
        // Somebody has to be able to object; nobody names this policy.
        let policy = "policy: anything\ndescription: Never asked.\nrules:\n  - rule: size\n    plugin: cluster-size\n    settings: { workers: { max: 1000 } }\n";
        fs::create_dir(folder.path().join("policies")).unwrap();
        fs::write(folder.path().join("policies/policy.yaml"), policy).unwrap();
        Books(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Lives a scenario; `rest` are its lines from `workspaces` on.
    fn live(start: &str, end: &str, rest: &str) -> Books {
        Books::new().living(start, end, rest)
    }

    fn living(self, start: &str, end: &str, rest: &str) -> Books {
        let head = "timing: { allocate: 0, network: 0, disks: 0, image: 0, docker_image: 0, init_scripts: 0, driver_boot: 0, \
                    spark_context: 0, register: 0, libraries: 0, security: 0, terminate: 0 }";
        let period = format!("period: {{ start: {start}, end: {end} }}");
        let text = format!("scenario: golden\nseed: 1\npolicies: policies\n{period}\n{head}\n{rest}\n");
        fs::write(self.path("golden.yaml"), text).unwrap();
        let options = SimulateOptions {
            scenario: self.path("golden.yaml"),
            ledger: Some(self.path("l.db")),
            policies: None,
            variant: None,
            explain: None,
            batch_records: None,
            cost_centres: None,
        };
        let host = in_process(Limits::default());
        simulate(&options, &host, &mut |_| {}).unwrap_or_else(|problems| panic!("{problems}"));
        self
    }

    fn run(&self, command: &str) -> Ended {
        let arguments: Vec<&str> = command.split_whitespace().collect();
        tollgate_in(self.0.path(), &arguments).output().unwrap().into()
    }

    fn bill(&self) -> Bill {
        self.bill_of("1970-01-01", "2100-01-01")
    }

    /// What is billed of the time from one instant to another.
    fn bill_of(&self, from: &str, to: &str) -> Bill {
        bill(&self.path("l.db"), from, to)
    }

    /// The total of a month, as its report says exactly.
    fn report(&self, month: &str) -> Decimal {
        let ended = self.run(&format!("report {month} --ledger l.db --by team --format csv"));
        let mut lines = csv::Reader::from_reader(ended.stdout.as_bytes());
        let line = lines.records().next().unwrap().unwrap();
        assert_eq!(&line[1], "total");
        line[10].parse().unwrap()
    }

    /// Usage without a price: meter and why.
    fn unpriced(&self) -> Vec<(String, String)> {
        let sql = "SELECT m.name, u.reason FROM unpriced u JOIN meter m ON m.id = u.meter_id ORDER BY 1";
        let raw = Connection::open_with_flags(self.path("l.db"), OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        let mut statement = raw.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
        rows.unwrap().map(Result::unwrap).collect()
    }
}

fn bill(ledger: &Path, from: &str, to: &str) -> Bill {
    let raw = Connection::open_with_flags(ledger, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let sql = "SELECT m.name, sum(e.quantity_nano), sum(e.amount_nano) FROM entry e JOIN terms t ON t.id = e.terms_id \
               JOIN meter m ON m.id = t.meter_id WHERE e.period_start >= ?1 AND e.period_end <= ?2 GROUP BY m.name";
    let mut statement = raw.prepare(sql).unwrap();
    let seconds = |text: &str| parse_instant(text).unwrap().timestamp();
    let nano = |n: i64| Decimal::new(n, 9).normalize();
    let rows = statement.query_map([seconds(from), seconds(to)], |row| {
        Ok((row.get(0)?, (nano(row.get(1)?), nano(row.get(2)?))))
    });
    rows.unwrap().map(Result::unwrap).collect()
}

/// A bill by hand: meter, quantity, cost.
fn by_hand(lines: &[(&str, &str, &str)]) -> Bill {
    let number = |text: &str| text.parse::<Decimal>().unwrap().normalize();
    let line = |(meter, quantity, cost): &(&str, &str, &str)| {
        ((*meter).to_owned(), (number(quantity), number(cost)))
    };
    lines.iter().map(line).collect()
}

fn total(bill: &Bill) -> Decimal {
    bill.values().map(|(_, cost)| *cost).sum::<Decimal>().normalize()
}

fn dec(text: &str) -> Decimal {
    text.parse::<Decimal>().unwrap().normalize()
}

const LAKEHOUSE: &str = "workspaces: [ { name: lakehouse, cloud: AZURE, region: westus2, tier: PREMIUM } ]\n";
const TOKYO: &str =
    "workspaces: [ { name: lakehouse, cloud: AWS, region: ap-northeast-1, tier: ENTERPRISE } ]\n";
const DS3: &str = "vm/AZURE/westus2/Standard_DS3_v2/on_demand";
const ALL_PURPOSE: &str = "dbu/AZURE/PREMIUM_ALL_PURPOSE_COMPUTE";
const JOBS: &str = "dbu/AZURE/PREMIUM_JOBS_COMPUTE";

/// An all-purpose cluster from one instant to another.
fn cluster(request: &str, from: &str, to: &str) -> String {
    format!(
        "clusters:\n  - {{ name: c, workspace: lakehouse, principal: ana@example.com, create_at: {from}, terminate_at: {to}, request: {{ {request} }} }}\n"
    )
}

const ONE_DS3: &str = "spark_version: 15.4.x-scala2.12, node_type_id: Standard_DS3_v2, num_workers: 0";

/// A job that runs for so many minutes whenever its schedule says.
fn job(request: &str, schedule: &str, minutes: u32) -> String {
    format!(
        "jobs:\n  - {{ name: j, workspace: lakehouse, principal: etl@example.com, schedule: {{ {schedule} }}, run_minutes: {minutes}, new_cluster: {{ {request} }} }}\n"
    )
}

const ONCE: &str = "on: 2026-05-04, at: \"08:00\"";

fn one_job(workspaces: &str, request: &str, minutes: u32) -> Books {
    let jobs = job(request, ONCE, minutes);
    Books::live("2026-05-04", "2026-05-14", &format!("{workspaces}{jobs}"))
}

/// G13: 0.229 + 0.75 x 0.30 = 0.454.
#[test]
fn one_ds3_v2_for_one_hour_of_a_job_on_demand() {
    let books = one_job(LAKEHOUSE, ONE_DS3, 60);
    assert_eq!(
        books.bill(),
        by_hand(&[(DS3, "1", "0.229"), (JOBS, "0.75", "0.225")])
    );
    assert_eq!(books.report("2026-05"), dec("0.454"));
}

/// G14: 0.024 + 0.225 = 0.249: spot discounts the machine, never the DBU.
#[test]
fn one_ds3_v2_for_one_hour_of_a_job_on_spot() {
    let spot = "azure_attributes: { availability: SPOT_AZURE, first_on_demand: 0 }";
    let books = one_job(LAKEHOUSE, &format!("{ONE_DS3}, {spot}"), 60);
    let vm = "vm/AZURE/westus2/Standard_DS3_v2/spot";
    assert_eq!(
        books.bill(),
        by_hand(&[(vm, "1", "0.024"), (JOBS, "0.75", "0.225")])
    );
}

const TEN_DS13: &str = "spark_version: 15.4.x-scala2.12, node_type_id: Standard_DS13_v2, num_workers: 9";
const DS13: &str = "vm/AZURE/westus2/Standard_DS13_v2/on_demand";

/// G01: 10 x 100 h x 0.598 = 598; 10 x 100 h x 2 DBU x 0.55 = 1100. (The example is of another region at the same price.)
#[test]
fn ten_ds13_v2_for_a_hundred_hours_of_notebooks() {
    let clusters = cluster(TEN_DS13, "2026-05-04T00:00:00Z", "2026-05-08T04:00:00Z");
    let books = Books::live("2026-05-01", "2026-06-01", &format!("{LAKEHOUSE}{clusters}"));
    assert_eq!(
        books.bill(),
        by_hand(&[(DS13, "1000", "598"), (ALL_PURPOSE, "2000", "1100")])
    );
    assert_eq!(books.report("2026-05"), dec("1698"));
}

/// G02: the same for a job: 598 + 2000 x 0.30 = 1198.
#[test]
fn ten_ds13_v2_for_a_hundred_hours_of_a_job() {
    let books = one_job(LAKEHOUSE, TEN_DS13, 6000);
    assert_eq!(
        books.bill(),
        by_hand(&[(DS13, "1000", "598"), (JOBS, "2000", "600")])
    );
}

/// G17: an m5.xlarge in Tokyo, Enterprise: 0.69 DBU x 0.65 = 0.4485; its machine 0.248.
#[test]
fn one_hour_of_an_m5_xlarge_in_tokyo() {
    let request = "spark_version: 15.4.x-scala2.12, node_type_id: m5.xlarge, num_workers: 0, aws_attributes: { availability: ON_DEMAND }";
    let clusters = cluster(request, "2026-05-04T08:00:00Z", "2026-05-04T09:00:00Z");
    let books = Books::live("2026-05-01", "2026-06-01", &format!("{TOKYO}{clusters}"));
    assert_eq!(
        books.bill(),
        by_hand(&[
            ("vm/AWS/ap-northeast-1/m5.xlarge/on_demand", "1", "0.248"),
            ("dbu/AWS/ENTERPRISE_ALL_PURPOSE_COMPUTE", "0.69", "0.4485"),
        ])
    );
}

/// 20 seconds of an m5.xlarge: EC2 bills 60 s, 0.248 / 60 = 0.004133...; the DBUs are 20 s x 0.69 / 3600 = 0.003833... x 0.65.
#[test]
fn a_machine_of_aws_is_billed_for_a_minute_at_least() {
    let request = "spark_version: 15.4.x-scala2.12, node_type_id: m5.xlarge, num_workers: 0, aws_attributes: { availability: ON_DEMAND }";
    let clusters = cluster(request, "2026-05-04T08:00:00Z", "2026-05-04T08:00:20Z");
    let books = Books::live("2026-05-04", "2026-05-05", &format!("{TOKYO}{clusters}"));
    assert_eq!(
        books.bill(),
        by_hand(&[
            (
                "vm/AWS/ap-northeast-1/m5.xlarge/on_demand",
                "0.016666667",
                "0.004133333"
            ),
            (
                "dbu/AWS/ENTERPRISE_ALL_PURPOSE_COMPUTE",
                "0.003833333",
                "0.002491667"
            ),
        ])
    );
    // Told by the events of a real cluster, it is the same bill, and said to be longer than the life.
    let attributes = json!({"node_type_id": "m5.xlarge", "aws_attributes": {"availability": "ON_DEMAND"}});
    let flags = "--region ap-northeast-1 --tier ENTERPRISE";
    let (told, said) = Books::told(&attributes, "2026-05-04T08:00:00Z", "2026-05-04T08:00:20Z", flags);
    assert_eq!(told.bill(), books.bill());
    assert!(
        said.contains("billed for longer than they lived, by the increments of their meters: 1 of them"),
        "{said}"
    );
    let explained = books
        .run("simulate golden.yaml --ledger again.db --explain c")
        .stdout;
    assert!(
        explained.contains("Billed for longer than they lived"),
        "{explained}"
    );
    assert!(
        explained.contains("2026-05-04T08:00:20Z  2026-05-04T08:01:00Z       20        60"),
        "{explained}"
    );
}

/// Your own increments: on Azure by the minute and for five minutes at least. 61 s are billed as 300: 0.229 / 12 = 0.019083...
#[test]
fn own_increments_are_those_of_your_invoice() {
    let own = "{\"billing_increments\": \"mine\", \"sources\": {\"invoice\": {\"title\": \"Invoice\", \"retrieved\": \"2026-05-01\"}}, \
               \"increments\": [{\"meters\": [\"vm/AZURE/*\"], \"increment_seconds\": 60, \"minimum_seconds\": 300, \"source\": \"invoice\"}]}";
    let books = Books::new();
    fs::write(books.path("own.json"), own).unwrap();
    let clusters = cluster(ONE_DS3, "2026-05-04T08:00:00Z", "2026-05-04T08:01:01Z");
    let rest = format!("prices: [own.json]\n{LAKEHOUSE}{clusters}");
    let books = books.living("2026-05-04", "2026-05-05", &rest);
    let vm = books.bill().remove(DS3).unwrap();
    assert_eq!(vm, (dec("0.083333333"), dec("0.019083333")));
    // Without them every second counts: 61 x 0.229 / 3600 = 0.003880...
    let plain = Books::live("2026-05-04", "2026-05-05", &format!("{LAKEHOUSE}{clusters}"));
    assert_eq!(plain.bill()[DS3], (dec("0.016944444"), dec("0.003880278")));
}

const RISES: &str =
    "price_changes: [ { at: AT, meter: dbu/AZURE/PREMIUM_ALL_PURPOSE_COMPUTE, unit_price: \"0.60\" } ]\n";

/// From 20:00 to 04:00 the price rises at midnight of the 16th: 4 h x 0.75 x 0.55 = 1.65, and 4 h x 0.75 x 0.60 = 1.80.
#[test]
fn a_price_that_rises_in_the_middle_of_the_month_cuts_what_runs() {
    let clusters = cluster(ONE_DS3, "2026-05-15T20:00:00Z", "2026-05-16T04:00:00Z");
    let changes = RISES.replace("AT", "2026-05-16");
    let books = Books::live(
        "2026-05-01",
        "2026-06-01",
        &format!("{LAKEHOUSE}{changes}{clusters}"),
    );
    assert_eq!(
        books.bill_of("2026-05-15", "2026-05-16")[ALL_PURPOSE],
        (dec("3"), dec("1.65"))
    );
    assert_eq!(
        books.bill_of("2026-05-16", "2026-05-17")[ALL_PURPOSE],
        (dec("3"), dec("1.8"))
    );
    assert_eq!(total(&books.bill()), dec("5.282"), "with 8 h x 0.229 = 1.832");
}

/// From 22:00 on the last of May to 03:00 the price rises with the month: May owes 2 h x 0.75 x 0.55 = 0.825 and 0.458 for
/// the machine, June 3 h x 0.75 x 0.60 = 1.35 and 0.687.
#[test]
fn a_price_that_rises_with_the_month_belongs_to_the_new_month() {
    let clusters = cluster(ONE_DS3, "2026-05-31T22:00:00Z", "2026-06-01T03:00:00Z");
    let changes = RISES.replace("AT", "2026-06-01");
    let books = Books::live(
        "2026-05-31",
        "2026-06-02",
        &format!("{LAKEHOUSE}{changes}{clusters}"),
    );
    assert_eq!(books.report("2026-05"), dec("1.283"));
    assert_eq!(books.report("2026-06"), dec("2.037"));
}

/// Two hours of one DS3_v2, upgraded after the first: 0.75 DBU x 0.40 = 0.30 under the standard SKU, 0.75 x 0.55 = 0.4125
/// under the premium one; the machine, 2 h x 0.229 = 0.458, notices nothing.
#[test]
fn an_upgrade_in_mid_run_cuts_the_dbus_and_not_the_machine() {
    let upgraded = LAKEHOUSE.replace(
        "PREMIUM",
        "STANDARD, tier_changes: [ { at: 2026-09-15T09:00:00Z, tier: PREMIUM } ]",
    );
    let clusters = cluster(ONE_DS3, "2026-09-15T08:00:00Z", "2026-09-15T10:00:00Z");
    let books = Books::live("2026-09-15", "2026-09-16", &format!("{upgraded}{clusters}"));
    let expected = by_hand(&[
        (DS3, "2", "0.458"),
        ("dbu/AZURE/STANDARD_ALL_PURPOSE_COMPUTE", "0.75", "0.3"),
        (ALL_PURPOSE, "0.75", "0.4125"),
    ]);
    assert_eq!(books.bill(), expected);
    // Told by the events of a real cluster, it is the same bill.
    let attributes = json!({"cluster_name": "c", "node_type_id": "Standard_DS3_v2"});
    let flags = "--region westus2 --tier STANDARD --tier-change 2026-09-15T09:00:00Z=PREMIUM";
    let (told, _) = Books::told(&attributes, "2026-09-15T08:00:00Z", "2026-09-15T10:00:00Z", flags);
    assert_eq!(told.bill(), expected);
}

/// A run of two hours at 01:30 in Berlin is two hours on the night that skips one and on the nights around it. In UTC they
/// begin on the 28th at 00:30, on the 29th at 00:30 and at 23:30.
#[test]
fn a_night_that_skips_an_hour_bills_real_hours() {
    let schedule = "quartz_cron_expression: \"0 30 1 * * ?\", timezone_id: Europe/Berlin";
    let jobs = job(ONE_DS3, schedule, 120);
    let books = Books::live(
        "2026-03-28",
        "2026-03-30T12:00:00Z",
        &format!("{LAKEHOUSE}{jobs}"),
    );
    let hours = |from, to| books.bill_of(from, to)[DS3].0;
    assert_eq!(hours("2026-03-28", "2026-03-29"), dec("2"));
    assert_eq!(hours("2026-03-29", "2026-03-30"), dec("2.5"));
    assert_eq!(hours("2026-03-30", "2026-03-31"), dec("1.5"));
    // 6 h x 0.229 = 1.374; 4.5 DBU x 0.30 = 1.35
    assert_eq!(
        books.bill(),
        by_hand(&[(DS3, "6", "1.374"), (JOBS, "4.5", "1.35")])
    );
}

/// Half an hour of every hour of a local day: 23 of them in March, 25 in October. 11.5 h x 0.229 = 2.6335 and 8.625 DBU x 0.30
/// = 2.5875; 12.5 h x 0.229 = 2.8625 and 9.375 DBU x 0.30 = 2.8125.
#[test]
fn a_local_day_has_as_many_hours_as_it_has() {
    let schedule = "quartz_cron_expression: \"0 0 * * * ?\", timezone_id: Europe/Berlin";
    let rest = format!("{LAKEHOUSE}{}", job(ONE_DS3, schedule, 30));
    let march = Books::live("2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z", &rest);
    assert_eq!(
        march.bill(),
        by_hand(&[(DS3, "11.5", "2.6335"), (JOBS, "8.625", "2.5875")])
    );
    let october = Books::live("2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z", &rest);
    assert_eq!(
        october.bill(),
        by_hand(&[(DS3, "12.5", "2.8625"), (JOBS, "9.375", "2.8125")])
    );
}

/// 02:30 does not come on the one night and comes twice on the other: no run, and one hour.
#[test]
fn a_time_that_is_skipped_costs_nothing_and_one_that_comes_twice_runs_once() {
    let schedule = "quartz_cron_expression: \"0 30 2 * * ?\", timezone_id: Europe/Berlin";
    let rest = format!("{LAKEHOUSE}{}", job(ONE_DS3, schedule, 60));
    let march = Books::live("2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z", &rest);
    assert_eq!(march.bill(), Bill::new());
    let october = Books::live("2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z", &rest);
    assert_eq!(
        october.bill(),
        by_hand(&[(DS3, "1", "0.229"), (JOBS, "0.75", "0.225")])
    );
}

/// All of February 2028: 29 x 24 = 696 h x 0.229 = 159.384; 522 DBU x 0.55 = 287.10. The 29th alone: 24 h, 5.496 and 9.90.
#[test]
fn the_leap_day_is_billed_to_itself_and_its_month_has_29_days() {
    let clusters = cluster(ONE_DS3, "2028-02-01T00:00:00Z", "2028-03-01T06:00:00Z");
    let books = Books::live("2028-02-01", "2028-03-02", &format!("{LAKEHOUSE}{clusters}"));
    assert_eq!(
        books.bill_of("2028-02-29", "2028-03-01"),
        by_hand(&[(DS3, "24", "5.496"), (ALL_PURPOSE, "18", "9.9")])
    );
    assert_eq!(
        books.bill_of("2028-02-01", "2028-03-01"),
        by_hand(&[(DS3, "696", "159.384"), (ALL_PURPOSE, "522", "287.1")])
    );
    assert_eq!(books.report("2028-02"), dec("446.484"));
    // 6 h of March: 1.374 + 4.5 x 0.55
    assert_eq!(books.report("2028-03"), dec("3.849"));
}

/// From 17 May, 03:17:11, to 9 July, 22:41:53, are 53 days, 19:24:42, which is 4,649,082 s. x 0.229 / 3600 = 295.733271666...;
/// x 0.75 / 3600 = 968.55875 DBU x 0.55 = 532.7073125. Three reports, none of which is a round number, add up to that.
#[test]
fn three_monthly_reports_add_up_to_the_whole_to_the_last_digit() {
    let clusters = cluster(ONE_DS3, "2026-05-17T03:17:11Z", "2026-07-09T22:41:53Z");
    let books = Books::live("2026-05-01", "2026-08-01", &format!("{LAKEHOUSE}{clusters}"));
    assert_eq!(
        books.bill(),
        by_hand(&[
            (DS3, "1291.411666667", "295.733271667"),
            (ALL_PURPOSE, "968.55875", "532.7073125"),
        ])
    );
    let months = ["2026-05", "2026-06", "2026-07"].map(|month| books.report(month));
    assert_eq!(months.iter().sum::<Decimal>(), dec("828.440584167"));
    // June is whole: 720 h x 0.229 + 540 DBU x 0.55
    assert_eq!(months[1], dec("461.88"));
}

/// 7 DBU from 23:20 to 00:20 are taken back and told anew as 3. Two thirds of 7 are no round number, and cancel to the last digit
/// on both days: 2 x 0.30 = 0.60 is left on the one, 1 x 0.30 on the other.
#[test]
fn a_retraction_cancels_day_by_day_and_a_restatement_takes_its_place() {
    let books = Books::new();
    let row = |id: &str, quantity: &str, kind: &str| {
        let mut row = usage_row(id, "AZURE", "PREMIUM_JOBS_COMPUTE", quantity, kind);
        row["usage_start_time"] = json!("2026-05-04T23:20:00Z");
        row["usage_end_time"] = json!("2026-05-05T00:20:00Z");
        row
    };
    books.ingest_usage(&[
        row("a", "7", "ORIGINAL"),
        row("b", "-7", "RETRACTION"),
        row("c", "3", "RESTATEMENT"),
    ]);
    assert_eq!(
        books.bill_of("2026-05-04", "2026-05-05"),
        by_hand(&[(JOBS, "2", "0.6")])
    );
    assert_eq!(
        books.bill_of("2026-05-05", "2026-05-06"),
        by_hand(&[(JOBS, "1", "0.3")])
    );
}

fn usage_row(id: &str, cloud: &str, sku: &str, quantity: &str, record_type: &str) -> Value {
    json!({
        "record_id": id, "account_id": "acc", "workspace_id": "42", "sku_name": sku, "cloud": cloud,
        "usage_start_time": "2026-05-04T10:00:00Z", "usage_end_time": "2026-05-04T11:00:00Z", "custom_tags": {},
        "usage_unit": "DBU", "usage_quantity": quantity, "usage_metadata": {"cluster_id": "c-1"}, "record_type": record_type,
    })
}

impl Books {
    /// Bills a real cluster of one node that runs from one instant to another; the books, and what is said of it.
    fn told(attributes: &Value, from: &str, to: &str, flags: &str) -> (Books, String) {
        let books = Books::new();
        let event = |at: &str, kind: &str, details: Value| {
            let ms = parse_instant(at).unwrap().timestamp_millis();
            json!({"cluster_id": "0504-080000-golden01", "timestamp": ms, "type": kind, "details": details})
        };
        let size = json!({"attributes": attributes, "cluster_size": {"num_workers": 0}});
        let none = json!({"current_num_workers": 0, "target_num_workers": 0});
        let events = [
            event(from, "CREATING", size),
            event(from, "RUNNING", none),
            event(to, "TERMINATING", json!({})),
        ];
        fs::write(books.path("e.json"), json!({"events": events}).to_string()).unwrap();
        let ended = books.run(&format!(
            "ingest cluster-events e.json --ledger l.db --workspace-name lakehouse {flags}"
        ));
        assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
        (books, ended.stdout)
    }

    fn ingest_usage(&self, rows: &[Value]) {
        fs::write(self.path("u.json"), Value::Array(rows.to_vec()).to_string()).unwrap();
        let ended = self.run("ingest billing-usage u.json --ledger l.db");
        assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    }
}

/// A Standard_F4s has no published Photon rate: its machine is billed, 0.199, and its DBUs are unpriced usage of unknown
/// quantity. A DS3_v2 has one for jobs, 1.88: x 0.30 = 0.564.
#[test]
fn a_photon_node_without_a_rate_is_unpriced_and_not_multiplied() {
    let photon = |node: &str| {
        format!(
            "spark_version: 15.4.x-scala2.12, runtime_engine: PHOTON, node_type_id: {node}, num_workers: 0"
        )
    };
    let books = one_job(LAKEHOUSE, &photon("Standard_F4s"), 60);
    let vm = "vm/AZURE/westus2/Standard_F4s/on_demand";
    let sku = "dbu/AZURE/PREMIUM_JOBS_COMPUTE_(PHOTON)";
    assert_eq!(books.bill(), by_hand(&[(vm, "1", "0.199")]));
    assert_eq!(books.unpriced(), [(sku.to_owned(), "no-rate".to_owned())]);
    let known = one_job(LAKEHOUSE, &photon("Standard_DS3_v2"), 60);
    assert_eq!(
        known.bill(),
        by_hand(&[(DS3, "1", "0.229"), (sku, "1.88", "0.564")])
    );
}

/// Databricks Light is a runtime and a SKU of its own: 0.75 x 0.22 = 0.165.
#[test]
fn a_job_on_the_light_runtime_is_billed_as_jobs_light() {
    let light = "spark_version: apache-spark-2.4.x-scala2.11, node_type_id: Standard_DS3_v2, num_workers: 0";
    let books = one_job(LAKEHOUSE, light, 60);
    let sku = "dbu/AZURE/PREMIUM_JOBS_LIGHT_COMPUTE";
    assert_eq!(
        books.bill(),
        by_hand(&[(DS3, "1", "0.229"), (sku, "0.75", "0.165")])
    );
}

/// The edition of a pipeline is in no event of its cluster, so the workload says it: 0.75 x 0.30, x 0.38, x 0.54; with Photon
/// 1.88 DBU at the same price.
#[test]
fn the_edition_of_a_pipeline_decides_its_sku() {
    for (workload, engine, sku, quantity, cost) in [
        ("dlt", "STANDARD", "DLT_CORE_COMPUTE", "0.75", "0.225"),
        ("dlt-pro", "STANDARD", "DLT_PRO_COMPUTE", "0.75", "0.285"),
        (
            "dlt-advanced",
            "STANDARD",
            "DLT_ADVANCED_COMPUTE",
            "0.75",
            "0.405",
        ),
        (
            "dlt-advanced",
            "PHOTON",
            "DLT_ADVANCED_COMPUTE_(PHOTON)",
            "1.88",
            "1.0152",
        ),
    ] {
        let attributes = json!({"cluster_name": "dlt-execution-1", "node_type_id": "Standard_DS3_v2", "runtime_engine": engine});
        let flags = format!("--region westus2 --workload {workload}");
        let (books, _) = Books::told(
            &attributes,
            "2026-05-04T08:00:00Z",
            "2026-05-04T09:00:00Z",
            &flags,
        );
        let sku = format!("dbu/AZURE/PREMIUM_{sku}");
        assert_eq!(
            books.bill(),
            by_hand(&[(DS3, "1", "0.229"), (&sku, quantity, cost)])
        );
    }
}

/// What has no cluster of ours is billed by its SKU, which ends in its region: an hour of a Small warehouse is 12 DBU, of a
/// 2X-Small 4.
#[test]
fn sql_and_serverless_cost_what_their_region_says() {
    let skus = [
        // 12 x 0.70 = 8.40 in the west of the US, 12 x 1.00 in Tokyo, 4 x 0.70 = 2.80 in Iowa
        ("AZURE", "PREMIUM_SERVERLESS_SQL_COMPUTE_US_WEST_2", "12", "8.4"),
        ("AWS", "ENTERPRISE_SERVERLESS_SQL_COMPUTE_AP_TOKYO", "12", "12"),
        ("GCP", "PREMIUM_SERVERLESS_SQL_COMPUTE_US_IOWA", "4", "2.8"),
        ("AZURE", "PREMIUM_SQL_PRO_COMPUTE_US_WEST_2", "12", "6.6"),
        ("AWS", "PREMIUM_SQL_PRO_COMPUTE_AP_TOKYO", "12", "9.36"),
        ("GCP", "ENTERPRISE_SQL_COMPUTE", "10", "2.2"),
        ("AZURE", "PREMIUM_JOBS_SERVERLESS_COMPUTE_US_WEST_2", "10", "4.5"),
        ("AWS", "PREMIUM_JOBS_SERVERLESS_COMPUTE_AP_TOKYO", "10", "3.9"),
        (
            "AZURE",
            "PREMIUM_ALL_PURPOSE_SERVERLESS_COMPUTE_US_WEST_2",
            "10",
            "9.5",
        ),
        ("GCP", "PREMIUM_DLT_PRO_COMPUTE_(PHOTON)", "10", "2.5"),
        ("AWS", "ENTERPRISE_JOBS_LIGHT_COMPUTE", "10", "1.3"),
    ];
    let books = Books::new();
    let row = |(cloud, sku, quantity, _): &(&str, &str, &str, &str)| {
        usage_row(&format!("{cloud}-{sku}"), cloud, sku, quantity, "ORIGINAL")
    };
    books.ingest_usage(&skus.iter().map(row).collect::<Vec<_>>());
    let line = |(cloud, sku, quantity, cost): &(&str, &str, &str, &str)| {
        (format!("dbu/{cloud}/{sku}"), (dec(quantity), dec(cost)))
    };
    assert_eq!(books.bill(), skus.iter().map(line).collect::<Bill>());
}

/// 4.5 DBU an hour of a serverless task: x 0.45 = 2.025, and no machine.
#[test]
fn a_serverless_task_costs_its_dbus_and_no_machine() {
    let jobs = format!(
        "jobs:\n  - name: j\n    workspace: lakehouse\n    principal: etl@example.com\n    schedule: {{ {ONCE} }}\n    tasks: [ {{ task_key: main, serverless: {{ dbu_per_hour: \"4.5\" }}, run_minutes: 60 }} ]\n"
    );
    let books = Books::live("2026-05-04", "2026-05-05", &format!("{LAKEHOUSE}{jobs}"));
    let sku = "dbu/AZURE/PREMIUM_JOBS_SERVERLESS_COMPUTE_US_WEST_2";
    assert_eq!(books.bill(), by_hand(&[(sku, "4.5", "2.025")]));
}

/// An NC6s_v3 costs 3.06 and 5 DBU x 0.30 = 1.50, with the machine-learning runtime for GPUs and without. A g5.xlarge in Tokyo
/// costs 1.459 and 1.363688888888889 DBU x 0.20 = 0.2727377777...
#[test]
fn gpu_nodes_are_rated_like_others_and_ml_runtimes_cost_nothing_more() {
    let on =
        |runtime: &str, node: &str| format!("spark_version: {runtime}, node_type_id: {node}, num_workers: 0");
    let expected = by_hand(&[
        ("vm/AZURE/westus2/Standard_NC6s_v3/on_demand", "1", "3.06"),
        (JOBS, "5", "1.5"),
    ]);
    for runtime in [
        "15.4.x-gpu-ml-scala2.12",
        "15.4.x-cpu-ml-scala2.12",
        "15.4.x-scala2.12",
    ] {
        let books = one_job(LAKEHOUSE, &on(runtime, "Standard_NC6s_v3"), 60);
        assert_eq!(books.bill(), expected, "{runtime}");
    }
    let g5 = format!(
        "{}, aws_attributes: {{ availability: ON_DEMAND }}",
        on("15.4.x-gpu-ml-scala2.12", "g5.xlarge")
    );
    let books = one_job(TOKYO, &g5, 60);
    assert_eq!(
        books.bill(),
        by_hand(&[
            ("vm/AWS/ap-northeast-1/g5.xlarge/on_demand", "1", "1.459"),
            ("dbu/AWS/ENTERPRISE_JOBS_COMPUTE", "1.363688889", "0.272737778"),
        ])
    );
}
