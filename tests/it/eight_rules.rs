//! The eight rules that policy engines are measured with, made of the bundled plugins, against an oracle that
//! shares no code with them.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use tollgate::model::decision::{Decision, Outcome};
use tollgate::model::place::Cloud;
use tollgate::ops::judge::{Asked, PlaceOptions, judge};
use tollgate::ops::prices::catalogue;
use tollgate::plugin::limits::Limits;
use tollgate::policy::document::PolicyDocument;
use tollgate::policy::loaded::Policy;
use tollgate::pricing::catalogue::Catalogue;

use crate::bench::{in_process, project, shared, spec_of};

struct Bench {
    policy: Policy,
    catalogue: Catalogue,
}

impl Bench {
    fn new() -> Bench {
        let host = in_process(Limits {
            deadline_ms: 2_000,
            ..Limits::default()
        });
        let folder = project("tests/fixtures/eight-rules");
        let text = fs::read_to_string(folder.join("policy.yaml")).unwrap();
        let document = PolicyDocument::parse("policy.yaml", &text).unwrap();
        let mut catalogue = catalogue(&[folder.join("rates.json")]).unwrap();
        catalogue.load(Cloud::Azure, None).unwrap();
        Bench {
            policy: Policy::load(&document, &host, &|f| fs::read(f)).unwrap(),
            catalogue,
        }
    }

    fn decide(&self, body: &Value) -> Decision {
        let workspace = PlaceOptions {
            cloud: Some(Cloud::Azure),
            ..PlaceOptions::default()
        }
        .workspace(&spec_of(body))
        .unwrap();
        let asked = Asked {
            body,
            principal: None,
            workspace: &workspace,
            workload: Default::default(),
            at: tollgate::model::period::parse_instant("2026-10-01").unwrap(),
            pools: &[],
            unknown: &tollgate::model::unknown::NOTHING,
            trace: false,
            cost: None,
            clusters: None,
        };
        judge(&[&self.policy], &self.catalogue, &asked).unwrap()
    }

    fn agrees(&self, body: &Value, oracle: &BTreeSet<String>) {
        let decision = self.decide(body);
        assert!(
            decision.failures.is_empty() && decision.undetermined.is_empty(),
            "{decision:?}"
        );
        let found: BTreeSet<String> = decision.violations.iter().map(|v| v.by.rule.clone()).collect();
        assert_eq!(&found, oracle, "{body}");
        assert_eq!(decision.outcome == Outcome::Allow, oracle.is_empty(), "{body}");
    }
}

/// The oracle of this file: the rules once more, by hand, on integers.
fn oracle(r: &Value) -> BTreeSet<String> {
    let mut broken = BTreeSet::new();
    let text = |path: &str| {
        r.pointer(path)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let number = |path: &str| r.pointer(path).and_then(Value::as_i64);
    let mut mark = |rule: &str, wrong: bool| {
        if wrong {
            broken.insert(rule.to_owned());
        }
    };
    let version = text("/spark_version");
    let parts: Vec<&str> = version.split('-').collect();
    let numbers: Vec<&str> = parts[0].split('.').collect();
    let plain = numbers.len() == 3
        && ["14", "15", "16", "17"].contains(&numbers[0])
        && !numbers[1].is_empty()
        && numbers[1].bytes().all(|b| b.is_ascii_digit())
        && numbers[2] == "x";
    let middle = parts[1..].join("-");
    let suffixes = ["scala2.12", "scala2.13"];
    let known = suffixes.iter().any(|s| {
        ["", "cpu-ml-", "photon-"]
            .iter()
            .any(|m| middle == format!("{m}{s}"))
    });
    mark("R1", !(plain && known));
    let rate = |node: &str| match node {
        "Standard_D4ds_v5" => 1_000,
        "Standard_D8ds_v5" => 2_000,
        "Standard_D16ds_v5" => 4_000,
        "Standard_E4ds_v5" => 1_250,
        "Standard_E8ds_v5" => 2_500,
        "Standard_E16ds_v5" => 5_000,
        "Standard_L8s_v3" => 2_750,
        "Standard_F8" => 1_750,
        _ => 20_000,
    };
    let worker = text("/node_type_id");
    let driver = r
        .pointer("/driver_node_type_id")
        .and_then(Value::as_str)
        .unwrap_or(&worker)
        .to_owned();
    mark("R2", rate(&worker) == 20_000 || rate(&driver) == 20_000);
    mark(
        "R3",
        !(10..=120).contains(&number("/autotermination_minutes").unwrap_or(0)),
    );
    let workers = number("/autoscale/max_workers")
        .or(number("/num_workers"))
        .unwrap_or(0);
    mark("R4", workers > 20);
    mark(
        "R5",
        number("/azure_attributes/first_on_demand").unwrap_or(0) < 1
            || text("/azure_attributes/availability") != "SPOT_WITH_FALLBACK_AZURE",
    );
    let centre = text("/custom_tags/CostCenter");
    let digits = centre.strip_prefix("CC-").unwrap_or_default();
    let tagged = digits.len() == 4
        && digits.bytes().all(|b| b.is_ascii_digit())
        && !text("/custom_tags/Team").is_empty()
        && ["dev", "test", "prod"].contains(&text("/custom_tags/Env").as_str());
    mark("R6", !tagged);
    let scripts = r
        .get("init_scripts")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    let trusted = |s: &Value| {
        s.pointer("/workspace/destination")
            .and_then(Value::as_str)
            .is_some_and(|d| d.starts_with("/Platform/init/"))
    };
    mark("R7", !scripts.iter().all(trusted));
    let photon = if text("/runtime_engine") == "PHOTON" { 2 } else { 1 };
    mark("R8", (rate(&worker) * workers + rate(&driver)) * photon > 60_000);
    broken
}

/// A request with nothing wrong, and one wrong thing after another put into it by the bits of a number.
fn request(bits: u32) -> Value {
    let nodes = [
        "Standard_D4ds_v5",
        "Standard_E8ds_v5",
        "Standard_L8s_v3",
        "Standard_F8",
    ];
    let mut r = json!({
        "cluster_name": format!("r{bits}"),
        "spark_version": if bits & 1 == 0 { "15.4.x-cpu-ml-scala2.12" } else { "13.3.x-scala2.12" },
        "node_type_id": if bits & 2 == 0 { nodes[(bits >> 8) as usize % 4] } else { "Standard_E64ds_v5" },
        "runtime_engine": if bits & 0x1000 == 0 { "STANDARD" } else { "PHOTON" },
        "autotermination_minutes": if bits & 4 == 0 { 10 + (bits >> 8) % 111 } else { 121 },
        "azure_attributes": {"availability": "SPOT_WITH_FALLBACK_AZURE", "first_on_demand": u32::from(bits & 16 == 0)},
        "custom_tags": {"CostCenter": if bits & 32 == 0 { "CC-0042" } else { "CC-42" }, "Team": "team01", "Env": "prod"},
        "init_scripts": [{"workspace": {"destination": if bits & 64 == 0 { "/Platform/init/a.sh" } else { "/Shared/a.sh" }}}],
    });
    let workers = if bits & 8 == 0 { 1 + (bits >> 9) % 20 } else { 21 };
    if bits & 0x2000 == 0 {
        r["num_workers"] = json!(workers);
    } else {
        r["autoscale"] = json!({"min_workers": 1, "max_workers": workers});
    }
    r
}

#[test]
fn verdicts_and_rules_equal_the_oracle_of_this_file() {
    let bench = Bench::new();
    let mut seen = BTreeSet::new();
    for i in 0..600_u32 {
        // Every rule broken alone and in company; an odd multiplier walks through all bits.
        let body = request(if i < 128 {
            i
        } else {
            i.wrapping_mul(2_654_435_761) >> 12
        });
        let expected = oracle(&body);
        seen.extend(expected.iter().cloned());
        bench.agrees(&body, &expected);
    }
    assert_eq!(seen.len(), 8, "every rule was broken at least once: {seen:?}");
}

#[test]
fn verdicts_and_rules_equal_the_shared_oracle() {
    let Some(shared) = shared("verdicts_and_rules_equal_the_shared_oracle") else {
        return;
    };
    let out = tempfile::tempdir().unwrap();
    generate(&shared, 10_000, out.path());
    let bench = Bench::new();
    let read = |name: &str| fs::read_to_string(out.path().join(name)).unwrap();
    let (requests, verdicts) = (read("requests.ndjson"), read("verdicts.ndjson"));
    let mut count = 0;
    for (request, verdict) in requests.lines().zip(verdicts.lines()) {
        let verdict: Value = serde_json::from_str(verdict).unwrap();
        let expected = verdict["rules"]
            .as_array()
            .unwrap()
            .iter()
            .map(|r| r.as_str().unwrap().to_owned())
            .collect();
        bench.agrees(&serde_json::from_str(request).unwrap(), &expected);
        count += 1;
    }
    assert_eq!(count, 10_000);
}

fn generate(shared: &Path, count: u32, out: &Path) {
    let script = shared.join("bench/gen/gen_requests.py");
    let mut python = Command::new("python3");
    python
        .arg(script)
        .arg(count.to_string())
        .arg(out)
        .stdout(std::process::Stdio::null());
    assert!(python.status().unwrap().success());
}
