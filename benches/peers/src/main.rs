//! Eight rules on ten thousand requests: tollgate's fresh sandboxes, regorus (interpreter and bytecode), and
//! hand-written Rust as the floor, in turn, in one process, each answering which rules are broken.
//!
//! The ratios are the result; the machine's mood is in all of them alike.

use std::collections::{BTreeSet, HashMap};
use std::time::Instant;

use serde_json::{Value, json};
use tollgate::databricks::cluster_spec::ClusterSpec;
use tollgate::model::place::{Cloud, Workspace};
use tollgate::ops::judge::{Asked, PlaceOptions, judge};
use tollgate::ops::prices::catalogue;
use tollgate::plugin::Host;
use tollgate::plugin::cache::ImageCache;
use tollgate::plugin::compile::Compiler;
use tollgate::plugin::limits::Limits;
use tollgate::policy::document::PolicyDocument;
use tollgate::policy::loaded::Policy;
use tollgate::pricing::catalogue::Catalogue;

type Broken = BTreeSet<String>;

const REQUESTS: usize = 10_000;
const ROUNDS: usize = 5;

fn main() {
    let lines: Vec<String> = (0..REQUESTS).map(|i| request(i).to_string()).collect();
    let mut engines: Vec<(&str, Box<dyn FnMut(&str) -> Broken>)> = vec![
        ("native Rust (floor)", native()),
        ("regorus, bytecode", regorus_bytecode()),
        ("regorus, interpreter", regorus_interpreter()),
        ("tollgate, 8 fresh sandboxes", tollgate()),
    ];
    let floor: Vec<Broken> = lines.iter().map(|l| engines[0].1(l)).collect();
    println!("{REQUESTS} requests of {} bytes, {ROUNDS} rounds in turn", lines[0].len());
    let mut medians: Vec<Vec<f64>> = vec![Vec::new(); engines.len()];
    let mut tails = medians.clone();
    for _ in 0..ROUNDS {
        for (number, (name, engine)) in engines.iter_mut().enumerate() {
            let mut times = Vec::with_capacity(lines.len());
            for (line, expected) in lines.iter().zip(&floor) {
                let started = Instant::now();
                let broken = engine(line);
                times.push(started.elapsed().as_nanos() as f64 / 1_000.0);
                assert_eq!(&broken, expected, "{name} disagrees on {line}");
            }
            times.sort_by(f64::total_cmp);
            medians[number].push(times[times.len() / 2]);
            tails[number].push(times[times.len() * 99 / 100]);
        }
    }
    println!("{:<30} {:>10} {:>10} {:>12}", "engine", "p50 us", "p99 us", "x floor");
    let middle = |v: &Vec<f64>| {
        let mut v = v.clone();
        v.sort_by(f64::total_cmp);
        v[v.len() / 2]
    };
    let base = middle(&medians[0]);
    for (number, (name, _)) in engines.iter().enumerate() {
        let p50 = middle(&medians[number]);
        println!("{name:<30} {p50:>10.1} {:>10.1} {:>12.1}", middle(&tails[number]), p50 / base);
    }
}

/// Six in ten have nothing wrong; the others break one to three rules.
fn request(i: usize) -> Value {
    let nodes = ["Standard_D4ds_v5", "Standard_D8ds_v5", "Standard_E8ds_v5", "Standard_L8s_v3"];
    let mut r = json!({
        "cluster_name": format!("team{:02}-etl-{i:05}", i % 40), "spark_version": "15.4.x-cpu-ml-scala2.12",
        "node_type_id": nodes[i % 4], "runtime_engine": "STANDARD", "data_security_mode": "USER_ISOLATION",
        "autotermination_minutes": 10 + i % 111, "num_workers": 1 + i % 17,
        "azure_attributes": {"first_on_demand": 1 + i % 3, "availability": "SPOT_WITH_FALLBACK_AZURE", "spot_bid_max_price": -1},
        "spark_conf": {"spark.databricks.delta.preview.enabled": "true", "spark.sql.shuffle.partitions": "200"},
        "spark_env_vars": {"PYSPARK_PYTHON": "/databricks/python3/bin/python3"},
        "custom_tags": {"CostCenter": format!("CC-{:04}", i % 10_000), "Team": format!("team{:02}", i % 40), "Env": "prod"},
        "cluster_log_conf": {"dbfs": {"destination": "dbfs:/cluster-logs"}},
        "init_scripts": [{"workspace": {"destination": "/Platform/init/setup-1.sh"}}],
    });
    let draw = (i as u32).wrapping_mul(2_654_435_761) >> 8;
    if draw % 10 < 4 {
        for spoilt in 0..=(draw >> 8) % 3 {
            match (draw >> (10 + spoilt * 4)) % 8 {
                0 => r["spark_version"] = json!("10.4.x-scala2.12"),
                1 => r["node_type_id"] = json!("Standard_E64ds_v5"),
                2 => r["autotermination_minutes"] = json!(240),
                3 => r["num_workers"] = json!(30),
                4 => r["azure_attributes"]["first_on_demand"] = json!(0),
                5 => r["custom_tags"]["Env"] = json!("sandbox"),
                6 => r["init_scripts"] = json!([{"dbfs": {"destination": "dbfs:/FileStore/init.sh"}}]),
                _ => r["runtime_engine"] = json!("PHOTON"),
            }
        }
    }
    r
}

fn native() -> Box<dyn FnMut(&str) -> Broken> {
    #[derive(serde::Deserialize)]
    struct Spot<'a> { first_on_demand: Option<i64>, availability: Option<&'a str> }
    #[derive(serde::Deserialize)]
    struct Place<'a> { destination: &'a str }
    #[derive(serde::Deserialize)]
    struct Script<'a> { #[serde(borrow)] workspace: Option<Place<'a>> }
    #[derive(serde::Deserialize)]
    struct Asked<'a> {
        spark_version: &'a str, node_type_id: &'a str, driver_node_type_id: Option<&'a str>, runtime_engine: Option<&'a str>,
        autotermination_minutes: Option<i64>, num_workers: Option<i64>, #[serde(borrow)] azure_attributes: Option<Spot<'a>>,
        #[serde(borrow)] custom_tags: Option<HashMap<&'a str, &'a str>>, #[serde(borrow, default)] init_scripts: Vec<Script<'a>>,
    }
    let version = regex::Regex::new(r"^1[4-7]\.[0-9]+\.x(-cpu-ml|-photon)?-scala2\.1[23]$").unwrap();
    let centre = regex::Regex::new("^CC-[0-9]{4}$").unwrap();
    let rates: HashMap<&str, i64> = [
        ("Standard_D4ds_v5", 1_000), ("Standard_D8ds_v5", 2_000), ("Standard_D16ds_v5", 4_000), ("Standard_E4ds_v5", 1_250),
        ("Standard_E8ds_v5", 2_500), ("Standard_E16ds_v5", 5_000), ("Standard_L8s_v3", 2_750), ("Standard_F8", 1_750),
    ].into();
    Box::new(move |line| {
        let r: Asked<'_> = serde_json::from_str(line).unwrap();
        let rate = |node: &str| rates.get(node).copied().unwrap_or(20_000);
        let driver = r.driver_node_type_id.unwrap_or(r.node_type_id);
        let workers = r.num_workers.unwrap_or(0);
        let spot = r.azure_attributes.as_ref();
        let tag = |key: &str| r.custom_tags.as_ref().and_then(|t| t.get(key)).copied().unwrap_or_default();
        let trusted = |s: &Script<'_>| s.workspace.as_ref().is_some_and(|w| w.destination.starts_with("/Platform/init/"));
        let factor = if r.runtime_engine == Some("PHOTON") { 2 } else { 1 };
        [
            ("R1", !version.is_match(r.spark_version)),
            ("R2", rate(r.node_type_id) == 20_000 || rate(driver) == 20_000),
            ("R3", !(10..=120).contains(&r.autotermination_minutes.unwrap_or(0))),
            ("R4", workers > 20),
            ("R5", !spot.is_some_and(|s| s.first_on_demand.unwrap_or(0) >= 1 && s.availability == Some("SPOT_WITH_FALLBACK_AZURE"))),
            ("R6", !centre.is_match(tag("CostCenter")) || tag("Team").is_empty() || !["dev", "test", "prod"].contains(&tag("Env"))),
            ("R7", !r.init_scripts.iter().all(trusted)),
            ("R8", (rate(r.node_type_id) * workers + rate(driver)) * factor > 60_000),
        ]
        .into_iter()
        .filter(|(_, broken)| *broken)
        .map(|(rule, _)| rule.to_owned())
        .collect()
    })
}

const REGO: &str = include_str!("eight_rules.rego");
const ENTRY: &str = "data.eight_rules.broken";

fn compiled() -> regorus::CompiledPolicy {
    let mut engine = regorus::Engine::new();
    engine.add_policy("eight_rules.rego".to_owned(), REGO.to_owned()).unwrap();
    engine.compile_with_entrypoint(&ENTRY.into()).unwrap()
}

fn names(found: &regorus::Value) -> Broken {
    found.as_set().unwrap().iter().map(|r| r.as_string().unwrap().to_string()).collect()
}

fn regorus_interpreter() -> Box<dyn FnMut(&str) -> Broken> {
    let policy = compiled();
    Box::new(move |line| names(&policy.eval_with_input(regorus::Value::from_json_str(line).unwrap()).unwrap()))
}

fn regorus_bytecode() -> Box<dyn FnMut(&str) -> Broken> {
    let program = regorus::languages::rego::compiler::Compiler::compile_from_policy(&compiled(), &[ENTRY]).unwrap();
    let mut machine = regorus::rvm::RegoVM::new();
    machine.load_program(program);
    machine.set_data(regorus::Value::new_object()).unwrap();
    Box::new(move |line| {
        machine.set_input(regorus::Value::from_json_str(line).unwrap());
        names(&machine.execute().unwrap())
    })
}

fn tollgate() -> Box<dyn FnMut(&str) -> Broken> {
    struct Ready { policy: Policy, catalogue: Catalogue, workspace: Workspace }
    let fixture = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/eight-rules");
    let cache = ImageCache::open(&std::env::temp_dir().join("tollgate-bench-images")).unwrap();
    let host = Host::new(Limits::default(), Compiler::InProcess, Some(cache)).unwrap();
    let text = std::fs::read_to_string(fixture.join("policy.yaml")).unwrap();
    let document = PolicyDocument::parse("policy.yaml", &text).unwrap();
    let mut catalogue = catalogue(&[fixture.join("rates.json")]).unwrap();
    catalogue.load(Cloud::Azure, Some("westus2")).unwrap();
    let place = PlaceOptions { cloud: Some(Cloud::Azure), region: Some("westus2".to_owned()), ..PlaceOptions::default() };
    let ready = Ready {
        policy: Policy::load(&document, &host, &|f| std::fs::read(f)).unwrap(),
        catalogue,
        workspace: place.workspace(&ClusterSpec::default()).unwrap(),
    };
    Box::new(move |line| {
        let body: Value = serde_json::from_str(line).unwrap();
        let asked = Asked {
            body: &body, principal: None, workspace: &ready.workspace, workload: Default::default(),
            at: tollgate::model::period::parse_instant("2026-10-01").unwrap(), pools: &[], unknown: &[], trace: false,
            clusters: None,
        };
        let decision = judge(&[&ready.policy], &ready.catalogue, &asked).unwrap();
        assert!(decision.failures.is_empty());
        decision.violations.into_iter().map(|v| v.by.rule).collect()
    })
}
