//! The export, held against the programs it is for: hledger and Beancount accept it, and their sums are the ledger's.
//! Where a program is not installed its test says that it was skipped; `.ci/run` installs both.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::bench::{Ended, run};

/// October, with two cost centres whose names other programs could stumble over.
fn october() -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let scenario = "scenario: tricky\nseed: 1\nperiod: { start: 2026-10-01T00:00:00Z, end: 2026-11-01T00:00:00Z }\n\
        team_tag: team\nworkspaces: [ { name: w, cloud: AZURE, region: westus2, tier: PREMIUM } ]\njobs:\n";
    let job = |number: usize, team: &str| {
        format!(
            "  - {{ name: job-{number}, workspace: w, principal: svc@example.com, schedule: {{ days: [mon, wed], at: \"02:00\" }},\n\
             \x20     run_minutes: {{ min: 7, max: 55 }}, new_cluster: {{ spark_version: 15.4.x-scala2.12, node_type_id: Standard_DS3_v2,\n\
             \x20     num_workers: 2, custom_tags: {{ team: {team}, cost_center: CC-1100 }} }} }}\n"
        )
    };
    let teams = [
        "data: platform",
        "Data- platform",
        "data- platform",
        "(ml)",
        "b;c",
        "x  y",
        "\"50 %\"",
        "étude",
    ];
    let jobs: String = teams
        .iter()
        .enumerate()
        .map(|(number, team)| job(number, &serde_json::to_string(team).unwrap()))
        .collect();
    fs::write(folder.path().join("scenario.yaml"), format!("{scenario}{jobs}")).unwrap();
    let ledger = folder.path().join("tricky.db").display().to_string();
    let scenario = folder.path().join("scenario.yaml").display().to_string();
    // Bundled guardrails want well-behaved tags; these are not.
    fs::create_dir(folder.path().join("none")).unwrap();
    fs::write(
        folder.path().join("none/policy.yaml"),
        "policy: none\nrules:\n  - { rule: any, plugin: cluster-size, settings: { workers: { max: 9 } } }\n",
    )
    .unwrap();
    let policies = folder.path().join("none").display().to_string();
    let lived = run(&[
        "simulate",
        &scenario,
        "--ledger",
        &ledger,
        "--policies",
        &policies,
    ]);
    assert_eq!(lived.code, Some(0), "{}", lived.stderr);
    // Machines that are reserved and units that are prepaid: commitments are accounts, too.
    let contract = folder.path().join("contract.json").display().to_string();
    fs::write(
        &contract,
        r#"{"contract": "acme", "currency": "USD", "commitments": [
            {"name": "ds3", "kind": "reservation", "cloud": "AZURE", "from": "2026-10-01", "to": "2026-12-01",
             "meters": ["vm/AZURE/*"], "quantity": "3", "payments": {"upfront": "100.01"}},
            {"name": "dbcu", "kind": "prepaid", "cloud": "AZURE", "from": "2026-10-01", "to": "2027-10-01",
             "meters": ["dbu/*"], "units": "7", "payments": {"upfront": "6.1"}}]}"#,
    )
    .unwrap();
    let applied = run(&[
        "ledger",
        "apply-contract",
        &ledger,
        "--contract",
        &contract,
        "--month",
        "2026-10",
    ]);
    assert_eq!(applied.code, Some(0), "{}", applied.stderr);
    assert!(balances(&ledger).contains_key("commitment/ds3"));
    (folder, ledger)
}

fn export(ledger: &str, format: &str, out: &Path) -> Ended {
    let out = out.to_str().unwrap();
    run(&["ledger", "export", ledger, "--format", format, "--out", out])
}

/// What the ledger says itself, in 10^-9, by account.
fn balances(ledger: &str) -> BTreeMap<String, i128> {
    let checked = run(&["ledger", "check", ledger, "--format", "json"]);
    let told: Value = serde_json::from_str(&checked.stdout).unwrap();
    let of = |line: &Value| {
        let text = |key: &str| line[key].as_str().unwrap().to_owned();
        (text("account"), nano(&text("balance")))
    };
    told["balances"].as_array().unwrap().iter().map(of).collect()
}

/// A decimal in 10^-9.
fn nano(text: &str) -> i128 {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    sign * format!("{whole}{fraction:0<9}").parse::<i128>().unwrap()
}

/// Whether a program can be run; else the test says that it was skipped.
fn installed(test: &str, program: &str) -> bool {
    let found = Command::new(program).arg("--version").output().is_ok();
    if !found {
        let _ = writeln!(std::io::stderr(), "skipped: {test} needs `{program}`");
    }
    found
}

fn ended(program: &str, arguments: &[&str]) -> (bool, String) {
    let output = Command::new(program).args(arguments).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.success(),
        format!("{}{}", text(&output.stdout), text(&output.stderr)),
    )
}

#[test]
fn hledger_accepts_the_journal_and_its_balances_are_ours() {
    if !installed("hledger_accepts_the_journal_and_its_balances_are_ours", "hledger") {
        return;
    }
    let (folder, ledger) = october();
    let journal = folder.path().join("tricky.journal");
    assert_eq!(export(&ledger, "hledger", &journal).code, Some(0));
    let path = journal.to_str().unwrap();
    for checks in [vec!["--strict"], vec!["ordereddates"]] {
        let (accepted, said) = ended("hledger", &[&["-f", path, "check"], &checks[..]].concat());
        assert!(accepted, "{checks:?}: {said}");
    }
    let (_, said) = ended(
        "hledger",
        &[
            "-f",
            path,
            "balance",
            "--flat",
            "--no-total",
            "--output-format",
            "csv",
        ],
    );
    let mut reader = csv::Reader::from_reader(said.as_bytes());
    let theirs: BTreeMap<String, i128> = reader
        .records()
        .map(|line| {
            let line = line.unwrap();
            (line[0].to_owned(), nano(line[1].trim_end_matches(" USD")))
        })
        .collect();
    let ours: BTreeMap<String, i128> = balances(&ledger)
        .into_iter()
        .map(|(account, sum)| {
            let (kind, name) = account.split_once('/').unwrap();
            let name = name
                .replace('%', "%25")
                .replace('"', "%22")
                .replace(':', "%3A")
                .replace(';', "%3B")
                .replace('(', "%28")
                .replace(')', "%29")
                .replace("  ", "%20%20");
            (format!("{kind}:{name}"), sum)
        })
        .collect();
    assert_eq!(theirs, ours);
    assert_eq!(
        ours.len(),
        9 + 2 + 2,
        "eight cost centres and that of nobody, two vendors, two commitments"
    );

    // The journal checks itself: an amount that was changed by hand breaks an assertion.
    let text = fs::read_to_string(&journal).unwrap();
    let (line, changed) = text
        .lines()
        .find(|l| l.starts_with("    vendor:azure  -"))
        .map(|l| (l.to_owned(), l.replace("azure  -", "azure  -1")))
        .unwrap();
    let debit = text.lines().find(|l| l.starts_with("    cost-centre:")).unwrap();
    let forged = text
        .replacen(&line, &changed, 1)
        .replacen(debit, debit.split("  0").next().unwrap(), 1);
    fs::write(&journal, forged).unwrap();
    assert!(!ended("hledger", &["-f", path, "check"]).0);
}

#[test]
fn bean_check_accepts_the_ledger_and_its_balances_are_ours() {
    if !installed(
        "bean_check_accepts_the_ledger_and_its_balances_are_ours",
        "bean-check",
    ) {
        return;
    }
    let (folder, ledger) = october();
    let beans = folder.path().join("tricky.beancount");
    assert_eq!(export(&ledger, "beancount", &beans).code, Some(0));
    let path = beans.to_str().unwrap();
    let (accepted, said) = ended("bean-check", &[path]);
    assert!(accepted, "{said}");
    // The balances that it accepted are those the ledger has, each of them.
    let text = fs::read_to_string(&beans).unwrap();
    let mut asserted: Vec<i128> = text
        .lines()
        .filter(|l| l.contains(" balance "))
        .map(|l| nano(l.split("  ").nth(1).unwrap().trim_end_matches(" USD")))
        .collect();
    let mut ours: Vec<i128> = balances(&ledger).into_values().collect();
    asserted.sort_unstable();
    ours.sort_unstable();
    assert_eq!(asserted, ours);
    let first = text.lines().find(|l| l.contains(" balance ")).unwrap();
    fs::write(&beans, text.replace(first, &first.replacen("  ", "  1", 1))).unwrap();
    assert!(!ended("bean-check", &[path]).0, "a wrong balance is noticed");
}

#[test]
fn lines_of_csv_sum_to_the_balances_and_a_month_is_a_part() {
    let (folder, ledger) = october();
    let out = folder.path().join("tricky.csv");
    assert_eq!(export(&ledger, "csv", &out).code, Some(0));
    let mut sums: BTreeMap<String, i128> = BTreeMap::new();
    let mut reader = csv::Reader::from_path(&out).unwrap();
    let mut starts = Vec::new();
    for line in reader.records() {
        let line = line.unwrap();
        // What a commitment is owed is what was used of it; else what is billed moves.
        let amount = nano(if line[5].starts_with("commitment/") {
            &line[31]
        } else {
            &line[30]
        });
        *sums.entry(line[4].to_owned()).or_default() += amount;
        *sums.entry(line[5].to_owned()).or_default() -= amount;
        starts.push(line[1].to_owned());
    }
    assert_eq!(sums, balances(&ledger));
    assert!(starts.is_sorted(), "in order of time");
    let whole = fs::read_to_string(&out).unwrap();
    let of_month = |month| run(&["ledger", "export", &ledger, "--format", "csv", "--month", month]).stdout;
    assert_eq!(of_month("2026-10"), whole);
    assert_eq!(of_month("2026-11").lines().count(), 1, "the header alone");
}

/// DuckDB reads the table as typed columns, and its sums are the ledger's and those of the report.
#[test]
fn duckdb_reads_the_table_and_its_sums_are_ours() {
    let python = std::env::var("TOLLGATE_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let has_duckdb = Command::new(&python).args(["-c", "import duckdb"]).output();
    if !has_duckdb.is_ok_and(|ended| ended.status.success()) {
        let _ = writeln!(
            std::io::stderr(),
            "skipped: duckdb_reads_the_table_and_its_sums_are_ours needs Python with `duckdb`"
        );
        return;
    }
    let (folder, ledger) = october();
    // One row that is told differently later: a reversal and a replacement are in the table, too.
    let usage = |quantity: &str| {
        let row = format!(
            "{{\"record_id\": \"r-1\", \"sku_name\": \"PREMIUM_JOBS_COMPUTE\", \"cloud\": \"AZURE\", \"usage_start_time\": \
             \"2026-10-04T10:00:00Z\", \"usage_end_time\": \"2026-10-04T11:00:00Z\", \"usage_unit\": \"DBU\", \"usage_quantity\": \
             {quantity}, \"record_type\": \"ORIGINAL\"}}"
        );
        let path = folder.path().join("u.json");
        fs::write(&path, row).unwrap();
        run(&[
            "ingest",
            "billing-usage",
            path.to_str().unwrap(),
            "--ledger",
            &ledger,
            "--correct",
        ])
    };
    assert_eq!((usage("10").code, usage("12").code), (Some(0), Some(0)));
    let table = folder.path().join("o.parquet");
    let written = export(&ledger, "parquet", &table);
    assert_eq!(
        (written.code, written.stdout.as_str()),
        (Some(0), ""),
        "{}",
        written.stderr
    );
    let again = folder.path().join("again.parquet");
    export(&ledger, "parquet", &again);
    assert_eq!(fs::read(&table).unwrap(), fs::read(&again).unwrap());
    let read = Command::new(&python)
        .arg(crate::bench::project("tests/oracle/export_parquet.py"))
        .arg(&table)
        .output()
        .unwrap();
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    let text = String::from_utf8(read.stdout).unwrap();
    let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split('\t').collect()).collect();
    let of = |kind: &str| {
        lines
            .iter()
            .filter(|line| line[0] == kind)
            .cloned()
            .collect::<Vec<_>>()
    };
    let header = run(&[
        "ledger", "export", &ledger, "--format", "csv", "--month", "2026-11",
    ])
    .stdout;
    let names: Vec<&str> = header.trim_end().split(',').collect();
    assert_eq!(of("column").iter().map(|line| line[1]).collect::<Vec<_>>(), names);
    let types: BTreeMap<&str, &str> = of("column").iter().map(|line| (line[1], line[2])).collect();
    for (name, kind) in [
        ("x_EntryNumber", "BIGINT"),
        ("ChargePeriodStart", "TIMESTAMP WITH TIME ZONE"),
        ("ContractedCost", "DECIMAL(38,9)"),
        ("PricingQuantity", "DECIMAL(38,9)"),
        ("ContractedUnitPrice", "DECIMAL(38,20)"),
        ("x_PriceSynthetic", "BOOLEAN"),
        ("ResourceId", "VARCHAR"),
        ("x_ReplacesEntry", "BIGINT"),
    ] {
        assert_eq!(types[name], kind, "{name}");
    }
    let sums = of("sum");
    let theirs: BTreeMap<String, i128> = sums
        .iter()
        .filter(|line| line[1].starts_with("cost-centre/"))
        .map(|line| (line[1].to_owned(), nano(line[2])))
        .collect();
    let mut ours = balances(&ledger);
    ours.retain(|account, _| account.starts_with("cost-centre/"));
    assert_eq!(theirs, ours);
    // 2026-10-01T00:00:00Z and 2026-11-01T00:00:00Z.
    let inside = |line: &&Vec<&str>| {
        line[4].parse::<i64>().unwrap() >= 1_790_812_800_000
            && line[5].parse::<i64>().unwrap() <= 1_793_491_200_000
    };
    assert_eq!(sums.iter().filter(inside).count(), sums.len());
    let links = |at: usize| {
        sums.iter()
            .map(|line| line[at].parse::<u64>().unwrap())
            .sum::<u64>()
    };
    assert_eq!((links(6), links(7)), (1, 1));
    let report = run(&["report", "2026-10", "--ledger", &ledger, "--format", "json"]);
    let told: Value = serde_json::from_str(&report.stdout).unwrap();
    let total: i128 = sums.iter().map(|line| nano(line[3])).sum();
    assert_eq!(
        nano(told["total"]["effective_cost"].as_str().unwrap_or_default()),
        total,
        "{}",
        told["total"]
    );
}
