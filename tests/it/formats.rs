//! What machines read: keys, number texts, exit codes, the two streams. Run through the real program.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::Stdio;
use std::sync::OnceLock;

use serde_json::{Value, json};

use crate::bench::{Ended, project, run, run_with_input, tollgate};

/// A job cluster that the bundled policies let pass.
fn good() -> Value {
    json!({"cluster_name": "good", "spark_version": "15.4.x-scala2.12", "node_type_id": "Standard_DS3_v2", "num_workers": 2,
        "custom_tags": {"team": "data", "cost_center": "CC-1100"},
        "azure_attributes": {"availability": "SPOT_WITH_FALLBACK_AZURE", "first_on_demand": 1}})
}

/// The same, too large and untagged.
fn bad() -> Value {
    let mut body = good();
    body["cluster_name"] = "bad".into();
    body["num_workers"] = 40.into();
    body["custom_tags"] = json!({});
    body
}

const CONTEXT: [&str; 10] = [
    "check",
    "-",
    "--region",
    "westus2",
    "--workload",
    "job",
    "--at",
    "2026-10-01",
    "--policy",
    "etl-jobs",
];

fn check(input: &str, more: &[&str]) -> Ended {
    run_with_input(&[&CONTEXT[..], more].concat(), input)
}

fn as_json(input: &str) -> (Option<i32>, Vec<Value>) {
    let ended = check(input, &["--format", "json"]);
    let objects = serde_json::Deserializer::from_str(&ended.stdout).into_iter();
    (ended.code, objects.map(Result::unwrap).collect())
}

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

fn lines(input: &[Value]) -> String {
    input.iter().map(|body| format!("{body}\n")).collect()
}

#[test]
fn a_decision_has_exactly_the_keys_of_the_machine_format() {
    let (code, objects) = as_json(&bad().to_string());
    assert_eq!((code, objects.len()), (Some(1), 1));
    let answer = &objects[0];
    // DESIGN.md, "Commands and machine formats"; keys may be added here, never renamed or taken away.
    let told = [
        "request",
        "decision",
        "violations",
        "failures",
        "waived",
        "supplied",
        "cluster",
        "estimate",
    ];
    let added = [
        "undetermined",
        "remedied",
        "databricks_message",
        "policies",
        "chosen_by",
    ];
    assert_eq!(keys(answer), told.into_iter().chain(added).collect());
    assert_eq!(
        keys(&answer["request"]),
        ["source", "address", "name", "line", "kind", "action", "unknown"].into()
    );
    assert_eq!(answer["request"]["source"], "-");
    assert_eq!(answer["request"]["address"], Value::Null);
    assert_eq!(answer["request"]["name"], "bad");
    assert_eq!(answer["decision"], "deny");

    let violations = answer["violations"].as_array().unwrap();
    let by_rule: Vec<&str> = violations.iter().map(|v| v["rule"].as_str().unwrap()).collect();
    assert_eq!(by_rule, ["owner-tags", "owner-tags", "size"]);
    for violation in violations {
        let told = [
            "policy",
            "rule",
            "plugin",
            "path",
            "message",
            "databricks_message",
            "actual",
            "allowed",
            "remedy",
            "enforcement",
            "source",
            "line",
            "injected",
        ];
        assert_eq!(keys(violation), told.into());
        assert_eq!(violation["enforcement"], "enforce");
    }
    let size = &violations[2];
    assert_eq!(
        (&size["policy"], &size["plugin"], &size["path"]),
        (&json!("etl-jobs"), &json!("cluster-size"), &json!("num_workers"))
    );
    assert_eq!(
        (&size["actual"], &size["remedy"]),
        (&json!(40), &json!({"num_workers": 20}))
    );

    for estimate in ["estimate", "remedied"] {
        let estimate = &answer[estimate];
        let added = ["driver", "worker"];
        let told = ["currency", "at", "unpriced", "min", "max"];
        assert_eq!(keys(estimate), told.into_iter().chain(added).collect());
        assert_eq!(estimate["at"], "2026-10-01T00:00:00Z");
        for size in ["min", "max"] {
            let told = [
                "nodes",
                "dbu_per_hour",
                "dbu_cost_per_hour",
                "vm_cost_per_hour",
                "cost_per_hour",
            ];
            let added = ["disk_cost_per_hour", "network_cost_per_hour"];
            assert_eq!(keys(&estimate[size]), told.into_iter().chain(added).collect());
            for money in told.iter().skip(1).chain(&added) {
                let text = estimate[size][money].as_str().unwrap();
                assert!(is_decimal(text), "{money}: {text}");
            }
        }
    }
}

/// Digits, a point, digits; no exponent, no trailing zero.
fn is_decimal(text: &str) -> bool {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "1"));
    let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    digits(whole.trim_start_matches('-')) && digits(fraction) && !fraction.ends_with('0')
}

#[test]
fn money_and_dbu_are_decimal_text_that_a_calculator_agrees_with() {
    let (code, objects) = as_json(&good().to_string());
    assert_eq!(code, Some(0));
    let estimate = &objects[0]["estimate"];
    // Three nodes of 0.75 DBU at 0.30; the driver at 0.229, two spot workers at 0.024.
    let expected = json!({"nodes": 3, "dbu_per_hour": "2.25", "dbu_cost_per_hour": "0.675",
        "vm_cost_per_hour": "0.277", "disk_cost_per_hour": "0", "network_cost_per_hour": "0", "cost_per_hour": "0.952"});
    assert_eq!((&estimate["min"], &estimate["max"]), (&expected, &expected));
    assert_eq!(estimate["unpriced"], json!([]));
    assert_eq!(objects[0]["remedied"], Value::Null);
}

#[test]
fn what_has_no_price_is_null_and_named() {
    let mut body = good();
    body["node_type_id"] = "Standard_Made_Up".into();
    let (_, objects) = as_json(&body.to_string());
    let estimate = &objects[0]["estimate"];
    assert_eq!(estimate["max"]["cost_per_hour"], Value::Null);
    assert!(!estimate["unpriced"].as_array().unwrap().is_empty());
}

#[test]
fn one_request_is_one_object_and_several_are_one_line_each() {
    let one = check(&good().to_string(), &["--format", "json"]);
    assert!(one.stdout.lines().count() > 1, "alone it is shown for reading");
    let several = check(&lines(&[good(), bad(), good()]), &["--format", "json"]);
    assert_eq!(several.code, Some(1), "one of them is denied");
    let decisions: Vec<Value> = several
        .stdout
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["decision"].clone())
        .collect();
    assert_eq!(decisions, ["allow", "deny", "allow"]);
    let array = check(&json!([good(), bad()]).to_string(), &["--format", "json"]);
    assert_eq!(array.stdout.lines().count(), 2);
}

#[test]
fn the_exit_code_says_allow_deny_or_no_answer() {
    assert_eq!(check(&good().to_string(), &[]).code, Some(0));
    assert_eq!(check(&bad().to_string(), &[]).code, Some(1));
    for (input, code) in [
        ("", "request::empty"),
        ("{", "request::syntax"),
        ("{\"a\": 1}", "request::not-a-cluster"),
    ] {
        let ended = check(input, &["--format", "json"]);
        assert_eq!(
            (ended.code, ended.stdout.as_str()),
            (Some(2), ""),
            "{input}: {}",
            ended.stderr
        );
        assert!(
            ended.stderr.starts_with(&format!("error[{code}]")),
            "{input}: {}",
            ended.stderr
        );
    }
    // A list of no requests is a question too, and nothing in it is denied.
    let none = check("[]", &["--format", "json"]);
    assert_eq!((none.code, none.stdout.as_str()), (Some(0), ""));
    assert!(
        none.stderr.starts_with("warning[request::no-compute]"),
        "{}",
        none.stderr
    );
    assert_eq!(run(&["no-such-command"]).code, Some(2));
    assert_eq!(run(&["check"]).code, Some(2));
    assert_eq!(run(&["check", "x", "--format", "yaml"]).code, Some(2));
    assert_eq!(run(&["--version"]).code, Some(0));
    let help = run(&["--help"]);
    assert_eq!(
        (help.code, help.stderr.as_str()),
        (Some(0), ""),
        "asked for, so it is a result"
    );
}

#[test]
fn good_answers_stand_on_stdout_and_bad_input_on_stderr() {
    let input = format!(
        "{}{{broken\n{}",
        lines(&[good()]),
        lines(&[bad(), json!({"node_type_id": 7})])
    );
    let ended = check(&input, &["--format", "json"]);
    assert_eq!(
        ended.code,
        Some(2),
        "an answer is missing, which outranks a denial"
    );
    let answered: Vec<Value> = ended
        .stdout
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    let decisions: Vec<&Value> = answered.iter().map(|a| &a["decision"]).collect();
    assert_eq!(decisions, ["allow", "deny"]);
    let addresses: Vec<&Value> = answered.iter().map(|a| &a["request"]["line"]).collect();
    assert_eq!(addresses, [1, 3]);
    let complaints: Vec<&str> = ended.stderr.lines().filter(|l| l.starts_with("error[")).collect();
    assert_eq!(complaints.len(), 2, "{}", ended.stderr);
    assert!(
        complaints[0].starts_with("error[request::syntax] -:2"),
        "{}",
        complaints[0]
    );
    assert!(
        complaints[1].starts_with("error[request::wrong-type] -:4"),
        "{}",
        complaints[1]
    );
    assert!(!ended.stdout.contains("error["));

    // The same with one good answer alone: still one line, since another was asked for.
    let ended = check(&format!("{}{{broken\n", lines(&[good()])), &["--format", "json"]);
    assert_eq!((ended.code, ended.stdout.lines().count()), (Some(2), 1));
}

/// Requests beyond the number from which several threads judge come in their order, and all of them.
#[test]
fn a_thousand_requests_have_a_thousand_answers_in_order() {
    let many: Vec<Value> = (0..1000)
        .map(|i| {
            let mut body = if i % 3 == 0 { bad() } else { good() };
            body["cluster_name"] = format!("c{i}").into();
            body
        })
        .collect();
    let (code, objects) = as_json(&lines(&many));
    assert_eq!(code, Some(1));
    let found: Vec<(String, String)> = objects
        .iter()
        .map(|o| {
            (
                o["request"]["name"].as_str().unwrap().into(),
                o["decision"].as_str().unwrap().into(),
            )
        })
        .collect();
    let expected: Vec<(String, String)> = (0..1000)
        .map(|i| {
            (
                format!("c{i}"),
                if i % 3 == 0 { "deny" } else { "allow" }.to_owned(),
            )
        })
        .collect();
    assert!(found == expected, "first: {:?}", found.first());
}

/// A ledger of the example month, made once.
fn ledger() -> &'static str {
    static LEDGER: OnceLock<String> = OnceLock::new();
    LEDGER.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("formats");
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let ledger = folder.join("o.db").display().to_string();
        let ended = run(&[
            "simulate",
            "examples/october",
            "--ledger",
            &ledger,
            "--format",
            "json",
        ]);
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
        // The report that the simulation ends with is the report.
        assert_eq!(
            ended.stdout,
            run(&["report", "2026-10", "--ledger", &ledger, "--format", "json"]).stdout
        );
        ledger
    })
}

/// Decimal text in 10^-9.
fn nano(text: &str) -> i128 {
    assert!(is_decimal(text), "{text}");
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    format!("{whole}{fraction:0<9}").parse().unwrap()
}

#[test]
fn the_csv_report_parses_and_sums_to_the_json_total() {
    let report = |format: &str| {
        let by = "team,workspace,sku,cluster,job,pool,day,policy,owner";
        let ended = run(&[
            "report",
            "2026-10",
            "--ledger",
            ledger(),
            "--by",
            by,
            "--format",
            format,
        ]);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        ended.stdout
    };
    let found: Value = serde_json::from_str(&report("json")).unwrap();
    let total = nano(found["total"]["list_cost"].as_str().unwrap());
    let text = report("csv");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().unwrap().clone();
    let column = |name: &str| header.iter().position(|h| h == name).unwrap();
    let (section, list_cost) = (column("section"), column("list_cost"));
    let mut sums: std::collections::BTreeMap<String, i128> = Default::default();
    for record in reader.records() {
        let record = record.unwrap();
        let costs =
            ["dbu_cost", "vm_cost", "disk_cost", "network_cost"].map(|c| record[column(c)].to_owned());
        let cost = nano(&record[list_cost]);
        if costs.iter().all(|c| !c.is_empty()) {
            assert_eq!(costs.iter().map(|c| nano(c)).sum::<i128>(), cost, "{record:?}");
        }
        *sums.entry(record[section].to_owned()).or_default() += cost;
    }
    for section in [
        "total",
        "vendor",
        "team",
        "workspace",
        "sku",
        "cluster",
        "job",
        "pool",
        "day",
        "policy",
        "owner",
    ] {
        assert_eq!(sums[section], total, "{section}");
    }
    for section in found["sections"].as_array().unwrap() {
        let groups = section["groups"].as_array().unwrap();
        let sum: i128 = groups
            .iter()
            .map(|g| nano(g["list_cost"].as_str().unwrap()))
            .sum();
        assert_eq!(sum, total, "{}", section["dimension"]);
    }
}

#[test]
fn the_json_report_has_its_keys() {
    let ended = run(&["report", "--ledger", ledger(), "--format", "json"]);
    let found: Value = serde_json::from_str(&ended.stdout).unwrap();
    let told = [
        "billing_month",
        "billing_period_start",
        "billing_period_end",
        "billing_currency",
        "ledger",
        "total",
        "vendors",
        "sections",
        "idle_pools",
        "unpriced",
        "synthetic_prices",
        "price_sources",
        "unfinished_runs",
    ];
    assert_eq!(keys(&found), told.into());
    let costs = [
        "dbu_quantity",
        "dbu_cost",
        "vm_cost",
        "disk_cost",
        "network_cost",
        "list_cost",
        "contracted_cost",
    ];
    assert_eq!(keys(&found["total"]), costs.into());
    let dimensions: Vec<&Value> = found["sections"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| &s["dimension"])
        .collect();
    assert_eq!(dimensions, ["team", "workspace", "sku", "job", "pool"]);
}

/// `tollgate ... | head -1`: the reader goes away, and nobody is told of a panic.
#[test]
fn a_reader_that_goes_away_is_no_fault() {
    let many = lines(&vec![good(); 2_000]);
    let input = tempfile::NamedTempFile::new().unwrap();
    fs::write(input.path(), many).unwrap();
    let requests = input.path().to_str().unwrap();
    let check = [
        "check",
        requests,
        "--region",
        "westus2",
        "--at",
        "2026-10-01",
        "--workload",
        "job",
    ];
    let report = [
        "report",
        "--ledger",
        ledger(),
        "--by",
        "cluster",
        "--format",
        "json",
    ];
    let estimate = ["estimate", requests, "--region", "westus2", "--at", "2026-10-01"];
    for arguments in [
        &check[..],
        &report,
        &estimate,
        &["plugin", "inspect", "spot-mix"],
        &["completions", "zsh"],
        &["price", "show", "Standard_", "--at", "2026-10-01"],
        &["--help"],
    ] {
        let mut child = tollgate(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut first = [0; 16];
        child.stdout.take().unwrap().read_exact(&mut first).unwrap();
        let ended = child.wait_with_output().unwrap();
        assert_eq!(String::from_utf8_lossy(&ended.stderr), "", "{arguments:?}");
        assert_ne!(ended.status.code(), Some(101), "{arguments:?}");
    }
}

#[test]
fn a_pipe_gets_neither_colours_nor_progress() {
    let folder = tempfile::tempdir().unwrap();
    let new = folder.path().join("n.db").display().to_string();
    let denied = folder.path().join("bad.json");
    fs::write(&denied, bad().to_string()).unwrap();
    let denied = denied.to_str().unwrap();
    let scenario = project("examples/october").display().to_string();
    for arguments in [
        &["check", denied, "--region", "westus2", "--at", "2026-10-01"][..],
        &["simulate", &scenario, "--ledger", &new],
        &["report", "--ledger", &new],
        &["ledger", "check", &new],
        &["policy", "test"],
        &["--help"],
        &["check", "--no-such-flag"],
    ] {
        for no_colour in ["", "1"] {
            let mut command = tollgate(arguments);
            command.env("NO_COLOR", no_colour).env_remove("CLICOLOR_FORCE");
            let ended: Ended = command.output().unwrap().into();
            for text in [&ended.stdout, &ended.stderr] {
                assert!(
                    !text.contains('\u{1b}') && !text.contains('\r'),
                    "{arguments:?}: {text:?}"
                );
            }
            if ended.code != Some(2) {
                assert_eq!(ended.stderr, "", "{arguments:?}");
            }
        }
    }
}

/// A terminal gets colours unless NO_COLOR is set; `script` of util-linux makes a terminal.
#[test]
fn a_terminal_gets_colours_unless_no_color_says_no() {
    if !Path::new("/usr/bin/script").is_file() {
        eprintln!("skipped: needs script(1)");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("bad.json"), bad().to_string()).unwrap();
    let shown = |no_colour: Option<&str>| {
        let line = format!(
            "{} check bad.json --region westus2 --at 2026-10-01",
            env!("CARGO_BIN_EXE_tollgate")
        );
        let mut command = std::process::Command::new("/usr/bin/script");
        command
            .args(["-qec", &line, "/dev/null"])
            .current_dir(folder.path())
            .env("TOLLGATE_CACHE_DIR", crate::bench::images())
            .env_remove("NO_COLOR")
            .stdin(Stdio::null());
        if let Some(value) = no_colour {
            command.env("NO_COLOR", value);
        }
        String::from_utf8_lossy(&command.output().unwrap().stdout).into_owned()
    };
    assert!(shown(None).contains("\u{1b}["));
    assert!(
        shown(Some("")).contains("\u{1b}["),
        "an empty NO_COLOR says nothing"
    );
    let plain = shown(Some("1"));
    assert!(plain.contains("DENY") && !plain.contains('\u{1b}'), "{plain:?}");
}
