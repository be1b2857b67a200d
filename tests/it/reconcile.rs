//! Reconciliation: a ledger and statements against numbers from a calculator, and the law that nothing is ever left out.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;
use rust_decimal::Decimal;
use serde_json::Value;
use tollgate::ledger::rate::{Rated, rate};
use tollgate::model::charge::{Price, PriceInForce};
use tollgate::model::exact::parse_decimal;
use tollgate::model::money::{Currency, UnitPrice};
use tollgate::model::period::{Period, from_unix, parse_instant};
use tollgate::model::usage::{Subject, Usage};
use tollgate::ops::reconcile::{Grain, InvoiceRule, ReconcileOptions, reconcile};
use tollgate::pricing::catalogue::Catalogue;
use tollgate::store::Database;

use crate::bench::{Ended, run};
use crate::statement::{HEADER, ingest, vm};

const VM: &str = "vm/AZURE/westus2/Standard_DS3_v2/on_demand";
const DBU: &str = "dbu/AZURE/PREMIUM_JOBS_COMPUTE";

/// What a resource of cluster c-1 uses from a midnight of October 2026 on.
fn used(meter: &str, resource: &str, day: i64, seconds: i64, per_hour: &str, price: &str) -> Vec<Rated> {
    let start = parse_instant("2026-10-01").unwrap().timestamp() + (day - 1) * 86_400;
    let period = Period::new(from_unix(start), from_unix(start + seconds)).unwrap();
    let subject = Subject {
        team: "data".to_owned(),
        cluster_id: "c-1".to_owned(),
        ..Subject::default()
    };
    let usage = Usage {
        resource: resource.to_owned(),
        subject: Arc::new(subject),
        meter: Arc::new(meter.parse().unwrap()),
        per_hour: Some(parse_decimal(per_hour).unwrap()),
        period,
        since: period.start,
    };
    let price = Price {
        unit_price: UnitPrice(parse_decimal(price).unwrap()),
        list_unit_price: None,
        commitment: None,
        currency: Currency::USD,
        source: Arc::from("book#list"),
        synthetic: false,
    };
    rate(
        &usage,
        &[PriceInForce {
            period,
            price: Some(price),
        }],
    )
    .unwrap()
}

fn hours(resource: &str, hours: i64) -> Vec<Rated> {
    used(VM, resource, 1, hours * 3_600, "1", "0.229")
}

/// The ledger of the golden reconciliation: 11.091333333 USD.
fn golden(folder: &Path) -> String {
    let path = folder.join("l.db");
    let facts: Vec<Rated> = [
        hours("i-1", 10), // 2.29
        hours("i-2", 5),  // 1.145
        hours("i-4", 10), // 2.29
        hours("i-5", 8),  // 1.832
        hours("i-6", 2),  // 0.458
        // 20 minutes: 0.333333333 h, 0.229 x 1200 / 3600 = 0.076333333
        used(VM, "i-7", 1, 1_200, "1", "0.229"),
        // 10 hours at 1 DBU an hour: 10 x 0.30 = 3
        used(DBU, "i-1", 1, 36_000, "1", "0.3"),
    ]
    .concat();
    Database::open(&path).unwrap().append("s", &facts).unwrap();
    path.display().to_string()
}

fn other(category: &str, name: &str, group: &str, quantity: &str, cost: &str) -> String {
    format!(
        "10/01/2026,10/31/2026,10/01/2026,{category},,{name},{quantity},,{cost},,USD,westus2,/subscriptions/s/resourceGroups/{group}/x,,\
         \"\"\"ClusterId\"\": \"\"c-1\"\"\",1 Hour,{group},Usage"
    )
}

/// The statement: 13.09257 USD of Databricks, 100 USD of something else.
fn statement() -> String {
    let rows = [
        vm("i-1", "01", "10", "2.29"),
        vm("i-3", "01", "4", "0.916"),
        vm("i-4", "01", "10", "2.5").replace(",0.229,", ",0.25,"),
        vm("i-5", "01", "9", "2.061"),
        vm("i-6", "01", "3", "0.75").replace(",0.229,", ",0.25,"),
        vm("i-7", "01", "0.33", "0.07557"),
        other("Storage", "P10 LRS Disk", "databricks-rg-ws-1", "0.1", "1.5"),
        other("Azure Databricks", "Premium Jobs Compute DBU", "rg", "10", "3")
            .replace(",10,,3,,", ",10,0.3,3,0.3,"),
        other("SQL Database", "vCore", "rg", "24", "100"),
    ];
    format!("{HEADER}\n{}\n", rows.join("\n"))
}

fn reconciled(ledger: &str, flags: &[&str]) -> (Ended, Value) {
    let all = [
        &["reconcile", "2026-10", "--ledger", ledger, "--format", "json"],
        flags,
    ]
    .concat();
    let ended = run(&all);
    let told: Value = serde_json::from_str(&ended.stdout).unwrap_or(Value::Null);
    (ended, told[0].clone())
}

/// Lines and money of each class, in order.
fn classes(told: &Value) -> Vec<(String, u64, String)> {
    let classes = told["classes"].as_array().unwrap().iter();
    let class = |c: &Value| {
        let text = |key: &str| c[key].as_str().unwrap().to_owned();
        (text("class"), c["lines"].as_u64().unwrap(), text("difference"))
    };
    classes.map(class).collect()
}

fn said(all: &[(&str, u64, &str)]) -> Vec<(String, u64, String)> {
    all.iter()
        .map(|(c, n, d)| ((*c).to_owned(), *n, (*d).to_owned()))
        .collect()
}

#[test]
fn a_statement_is_reconciled_to_the_last_digit() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = golden(folder.path());
    let export = folder.path().join("e.csv");
    fs::write(&export, statement()).unwrap();
    ingest(&ledger, &[export.to_str().unwrap()], &[]);
    let (ended, told) = reconciled(&ledger, &[]);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(1), ""));
    let expected = said(&[
        // i-1, and the DBUs of c-1
        ("matched", 2, "0"),
        // i-3: 4 x 0.229
        ("missing here", 1, "0.916"),
        // i-2: 5 x 0.229
        ("missing there", 1, "-1.145"),
        // i-4: 10 x (0.25 - 0.229) = 0.21; i-6: 3 x (0.25 - 0.229) = 0.063
        ("different price", 2, "0.273"),
        // i-5: 1 x 0.229; i-6: 1 x 0.229
        ("different quantity", 2, "0.458"),
        // i-7: 0.07557 - 0.076333333
        ("rounding", 1, "-0.000763333"),
        ("unmapped", 1, "1.5"),
    ]);
    assert_eq!(classes(&told), expected);
    // 11.091333333 + 0.916 - 1.145 + 0.273 + 0.458 - 0.000763333 + 1.5 = 13.09257
    for (key, value) in [
        ("ledger", "11.091333333"),
        ("rule_difference", "0"),
        ("residual", "0"),
        ("statement", "13.09257"),
        ("matched", "5.29"),
        // 0.916 + 1.145 + 0.273 + 0.458 + 0.000763333 + 1.5
        ("off", "4.292763333"),
        ("rounding_rule", "exact"),
    ] {
        assert_eq!(told[key], value, "{key}");
    }
    assert_eq!(told["aside"]["foreign_cost"]["USD"], "100");
    assert_eq!(
        told["meters_compared_by"],
        serde_json::json!({"resource": 1, "cluster": 1})
    );
    let code = |tolerance: &str| reconciled(&ledger, &["--tolerance", tolerance]).0.code;
    assert_eq!((code("4.292763333"), code("4.292763332")), (Some(0), Some(1)));
    // Fewer lines are shown, the sums are whole.
    let (_, short) = reconciled(&ledger, &["--limit", "1"]);
    assert_eq!(classes(&short), expected);
    assert_eq!(short["classes"][3]["listed"].as_array().unwrap().len(), 1);
}

#[test]
fn the_vendors_rounding_is_a_line_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = golden(folder.path());
    let export = folder.path().join("e.csv");
    fs::write(&export, statement()).unwrap();
    ingest(&ledger, &[export.to_str().unwrap()], &[]);
    let under = |rules: &str| {
        let (_, told) = reconciled(&ledger, &["--invoice-rule", rules]);
        let text = |key: &str| told[key].as_str().unwrap().to_owned();
        (
            text("rounding_rule"),
            text("rule_difference"),
            classes(&told)[5].clone(),
            text("residual"),
        )
    };
    let rounding = |lines, money: &str| ("rounding".to_owned(), lines, money.to_owned());
    let zero = "0".to_owned();
    // i-7 in hundredths of an hour: 0.33 x 0.229 = 0.07557, as the vendor has it.
    let expected = (
        "hours-2".to_owned(),
        "-0.000763333".to_owned(),
        rounding(0, "0"),
        zero.clone(),
    );
    assert_eq!(under("hours-2"), expected);
    // In cents 1.145 is 1.14 (-0.005), 1.832 is 1.83 (-0.002), 0.458 is 0.46 (+0.002), 0.076333333 is 0.08 (+0.003666667).
    let (rule, difference, _, residual) = under("line-cent");
    assert_eq!(
        (rule.as_str(), difference.as_str(), residual),
        ("line-cent", "-0.001333333", zero)
    );
    // 20 minutes are whole minutes.
    assert_eq!(under("minute-up").1, "0");
    // Hours first, then cents: 0.07557 is 0.08, the same as before.
    assert_eq!(under("line-cent,hours-2").1, "-0.001333333");
}

/// Machines that the vendor names otherwise are compared by their clusters, and without clusters by the day.
#[test]
fn the_grain_is_what_both_sides_know() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("l.db");
    let facts = [hours("i-1", 10), hours("i-2", 5)].concat();
    Database::open(&path).unwrap().append("s", &facts).unwrap();
    let ledger = path.display().to_string();
    let compared = |row: String, flags: &[&str]| {
        let export = folder.path().join("e.csv");
        fs::write(&export, format!("{HEADER}\n{row}\n")).unwrap();
        ingest(&ledger, &[export.to_str().unwrap()], &[]);
        let (ended, told) = reconciled(&ledger, flags);
        (ended.code, told["meters_compared_by"].to_string())
    };
    // 15 x 0.229 = 3.435
    let row = vm("workers-1", "01", "15", "3.435");
    assert_eq!(
        compared(row.clone(), &[]),
        (Some(0), r#"{"cluster":1}"#.to_owned())
    );
    let nobody = row.replace("c-1", "");
    assert_eq!(
        compared(nobody.clone(), &[]),
        (Some(0), r#"{"day":1}"#.to_owned())
    );
    assert_eq!(
        compared(nobody.clone(), &["--by", "meter"]),
        (Some(0), r#"{"meter":1}"#.to_owned())
    );
    assert_eq!(
        compared(nobody, &["--by", "day"]),
        (Some(0), r#"{"day":1}"#.to_owned())
    );
}

/// What the document shows is what the session proves.
#[test]
fn the_document_shows_the_session() {
    let read = |file: &str| fs::read_to_string(crate::bench::project(file)).unwrap();
    let (document, session) = (read("docs/reconcile.md"), read("tests/cli/reconcile.md"));
    let blocks: Vec<&str> = document.split("```console\n").skip(1).collect();
    assert_eq!(blocks.len(), 1);
    for block in blocks {
        let shown = block.split("```").next().unwrap();
        assert!(session.contains(shown), "the session says otherwise:\n{shown}");
    }
}

fn usage_row(id: &str, quantity: &str) -> Value {
    serde_json::json!({
        "record_id": id, "account_id": "acc", "workspace_id": "42", "sku_name": "PREMIUM_JOBS_COMPUTE", "cloud": "AZURE",
        "usage_start_time": "2026-10-04T10:00:00Z", "usage_end_time": "2026-10-04T11:00:00Z", "usage_unit": "DBU",
        "usage_quantity": quantity, "usage_metadata": {"cluster_id": "c-1"}, "record_type": "ORIGINAL",
    })
}

/// A row that came after the ledger was billed is missing here; the others match by their records.
#[test]
fn rows_of_usage_are_reconciled_by_record() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let rows = [usage_row("a", "259.4356"), usage_row("b", "2")];
    fs::write(path("one.json"), Value::Array(rows[..1].to_vec()).to_string()).unwrap();
    fs::write(path("all.json"), Value::Array(rows.to_vec()).to_string()).unwrap();
    let billed = run(&[
        "ingest",
        "billing-usage",
        &path("one.json"),
        "--ledger",
        &path("u.db"),
    ]);
    assert_eq!(billed.code, Some(0), "{}", billed.stderr);
    let (ended, told) = reconciled(&path("u.db"), &["--billing-usage", &path("one.json")]);
    assert_eq!(
        (ended.code, &told["statement"]),
        (Some(0), &"77.83068".into()),
        "{}",
        ended.stderr
    );
    let (ended, told) = reconciled(&path("u.db"), &["--billing-usage", &path("all.json")]);
    assert_eq!(ended.code, Some(1));
    // 2 x 0.30
    assert_eq!(
        classes(&told)[1],
        ("missing here".to_owned(), 1, "0.6".to_owned())
    );
    assert_eq!(
        (&told["against"], &told["residual"]),
        (&"billing-usage".into(), &"0".into())
    );
}

/// What was done to a line of the statement.
#[derive(Debug, Clone, Copy)]
enum Perturbed {
    Not,
    Left,
    Quantity,
    Price,
    Digits,
    Unmapped,
    Foreign,
}

fn any_line() -> impl Strategy<Value = (i64, i64, i64, Perturbed)> {
    use Perturbed::*;
    let perturbed = prop::sample::select(vec![Not, Left, Quantity, Price, Digits, Unmapped, Foreign]);
    (1_i64..4, 1_i64..4, 1_i64..86_400, perturbed)
}

fn exact(nano: i64) -> Decimal {
    Decimal::new(nano, 9)
}

/// The row of a charge after it was perturbed; what it costs, if it counts.
fn perturbed(charge: &tollgate::model::charge::Charge, how: Perturbed) -> Option<(String, Option<Decimal>)> {
    let (quantity, cost) = (exact(charge.quantity_nano), exact(charge.cost_nano));
    let day = charge.period.start.format("%d").to_string();
    let row = |quantity: Decimal, cost: Decimal| {
        vm(&charge.resource, &day, &quantity.to_string(), &cost.to_string())
    };
    let more = Decimal::new(123_456_789_012_345_678, 18);
    Some(match how {
        Perturbed::Not => (row(quantity, cost), Some(cost)),
        Perturbed::Left => return None,
        Perturbed::Quantity => (row(quantity + more, cost + more), Some(cost + more)),
        Perturbed::Price => (
            row(quantity, cost + more).replace(",0.229,", ",0.3,"),
            Some(cost + more),
        ),
        Perturbed::Digits => (
            row(quantity.round_dp(2), cost.round_dp(2)),
            Some(cost.round_dp(2)),
        ),
        Perturbed::Unmapped => (
            row(quantity, cost).replace("Virtual Machines,", "Storage,"),
            Some(cost),
        ),
        Perturbed::Foreign => {
            let foreign = row(quantity, cost)
                .replace("databricks-rg-ws-1", "rg")
                .replace("Databricks", "x");
            (foreign, None)
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Random ledgers, statements with all kinds of faults, every grain and rule: ledger + rules + classes + residual is the statement, and
    /// nothing is left over. Both sums are the test's own.
    #[test]
    fn ledger_and_differences_are_the_statement(
        lines in prop::collection::vec(any_line(), 1..12),
        grain in prop::sample::select(vec![Grain::Meter, Grain::Day, Grain::Resource]),
        rules in prop::sample::subsequence(vec![InvoiceRule::LineCent, InvoiceRule::Hours2, InvoiceRule::MinuteUp], 0..=3),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("l.db");
        let (mut facts, mut rows) = (Vec::new(), vec![vm("never", "01", "1", "1")]);
        let (mut ledger, mut statement) = (Decimal::ZERO, Decimal::ONE);
        for (n, (resource, day, seconds, how)) in lines.iter().enumerate() {
            let rated = used(VM, &format!("i-{resource}-{n}"), *day, *seconds, "1", "0.229");
            let Rated::Charge(charge) = &rated[0] else { panic!("no charge") };
            ledger += exact(charge.cost_nano);
            if let Some((row, cost)) = perturbed(charge, *how) {
                rows.push(row);
                statement += cost.unwrap_or_default();
            }
            facts.extend(rated);
        }
        Database::open(&path).unwrap().append("s", &facts).unwrap();
        let export = folder.path().join("e.csv");
        std::fs::write(&export, format!("{HEADER}\n{}\n", rows.join("\n"))).unwrap();
        let export = tollgate::ops::files::tables(&[export]).unwrap();
        let cost_options = tollgate::ops::ingest::azure_cost::CostOptions {
            ledger: path.clone(),
            scope: String::new(),
            exported_at: None,
            told_at: parse_instant("2026-11-01").unwrap(),
            rejects: None,
        };
        let (_, problems) =
            tollgate::ops::ingest::azure_cost::ingest(&export, &cost_options, &mut |_| {}).unwrap();
        prop_assert!(problems.0.is_empty(), "{}", problems);
        let options = ReconcileOptions {
            ledger: path,
            month: "2026-10".parse().unwrap(),
            grain,
            rules,
            tolerance: Decimal::ZERO,
        };
        let (found, _) = reconcile(&options, &[], &mut Catalogue::default()).unwrap();
        let found = &found[0];
        prop_assert_eq!(found.sums.ledger.decimal().unwrap(), ledger.normalize());
        prop_assert_eq!(found.sums.statement.decimal().unwrap(), statement.normalize());
        let differences = found.compared.money().unwrap().decimal().unwrap();
        let told = ledger + found.sums.rule.decimal().unwrap() + differences + found.residual.decimal().unwrap();
        prop_assert_eq!(told, statement);
        prop_assert!(found.residual.is_zero(), "residual {}", found.residual);
    }
}
