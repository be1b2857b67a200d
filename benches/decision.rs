//! Decisions: one of a five-rule policy in process (parse, supply, facts, a fresh sandbox for every call), and
//! ten thousand requests as `tollgate check` takes them.
//!
//! `cargo bench --bench decision`
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    missing_docs
)]

use serde_json::{Value, json};
use tollgate::databricks::cluster_spec::ClusterSpec;
use tollgate::model::decision::Outcome;
use tollgate::model::place::{Cloud, Workload, Workspace};
use tollgate::ops::check::{CheckOptions, check};
use tollgate::ops::files::Text;
use tollgate::ops::judge::{Asked, PlaceOptions, judge};
use tollgate::ops::policies::{Policies, PolicySource};
use tollgate::plugin::Host;
use tollgate::plugin::cache::ImageCache;
use tollgate::plugin::compile::Compiler;
use tollgate::plugin::limits::Limits;
use tollgate::policy::document::PolicyDocument;
use tollgate::policy::loaded::Policy;
use tollgate::pricing::catalogue::Catalogue;

fn main() {
    divan::main();
}

fn host() -> Host {
    let folder = std::env::temp_dir().join("tollgate-bench-images");
    Host::new(
        Limits::default(),
        Compiler::InProcess,
        Some(ImageCache::open(&folder).unwrap()),
    )
    .unwrap()
}

fn five_rules() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/five-rules.yaml")
}

/// A request of some 700 bytes; `env` is left out so that a rule supplies it.
fn request(i: usize) -> Value {
    json!({
        "cluster_name": format!("team{:02}-etl-{i:05}", i % 40),
        "spark_version": "15.4.x-scala2.12",
        "node_type_id": "Standard_D8s_v3",
        "driver_node_type_id": "Standard_DS3_v2",
        "runtime_engine": "STANDARD",
        "data_security_mode": "USER_ISOLATION",
        "autotermination_minutes": 10 + i % 110,
        "autoscale": {"min_workers": 1, "max_workers": 1 + i % 25},
        "azure_attributes": {"first_on_demand": 1, "availability": "SPOT_WITH_FALLBACK_AZURE", "spot_bid_max_price": -1},
        "spark_conf": {"spark.databricks.delta.preview.enabled": "true", "spark.sql.shuffle.partitions": "200"},
        "spark_env_vars": {"PYSPARK_PYTHON": "/databricks/python3/bin/python3"},
        "custom_tags": {"CostCenter": format!("CC-{:04}", i % 10_000), "Team": format!("team{:02}", i % 40)},
        "cluster_log_conf": {"dbfs": {"destination": "dbfs:/cluster-logs"}},
        "init_scripts": [{"workspace": {"destination": "/Platform/init/setup.sh"}}],
    })
}

struct Setup {
    policy: Policy,
    catalogue: Catalogue,
    workspace: Workspace,
}

fn setup() -> Setup {
    let document =
        PolicyDocument::parse("five-rules.yaml", &std::fs::read_to_string(five_rules()).unwrap()).unwrap();
    let policy = Policy::load(&document, &host(), &|file| std::fs::read(file)).unwrap();
    let mut catalogue = Catalogue::default();
    catalogue.load(Cloud::Azure, Some("westus2")).unwrap();
    let spec = ClusterSpec::read(&request(0)).unwrap();
    let place = PlaceOptions {
        region: Some("westus2".to_owned()),
        ..PlaceOptions::default()
    };
    Setup {
        policy,
        catalogue,
        workspace: place.workspace(&spec).unwrap(),
    }
}

fn decide(setup: &Setup, text: &str) -> Outcome {
    let body: Value = serde_json::from_str(text).unwrap();
    let asked = Asked {
        body: &body,
        principal: Some("ana@example.com"),
        workspace: &setup.workspace,
        workload: Workload::Job,
        at: tollgate::model::period::parse_instant("2026-10-01").unwrap(),
        pools: &[],
        unknown: &tollgate::model::unknown::NOTHING,
        trace: false,
        cost: None,
        clusters: None,
    };
    judge(&[&setup.policy], &setup.catalogue, &asked).unwrap().outcome
}

/// Parse, supply (one sandbox), facts twice (the request was completed), five sandboxes.
#[divan::bench(sample_count = 2_000)]
fn one_decision_of_five_rules(bencher: divan::Bencher<'_, '_>) {
    let setup = setup();
    let text = request(7).to_string();
    assert_eq!(decide(&setup, &text), Outcome::Allow);
    bencher.bench_local(|| decide(&setup, divan::black_box(&text)));
}

/// The share of it that is not sandboxes: parsing, reading and the estimate.
#[divan::bench(sample_count = 2_000)]
fn parse_and_facts_alone(bencher: divan::Bencher<'_, '_>) {
    let setup = setup();
    let text = request(7).to_string();
    bencher.bench_local(|| {
        let body: Value = serde_json::from_str(divan::black_box(&text)).unwrap();
        let spec = ClusterSpec::read(&body).unwrap();
        let context = tollgate::pricing::node_meters::Context {
            workspace: &setup.workspace,
            workload: Workload::Job,
            at: tollgate::model::period::parse_instant("2026-10-01").unwrap(),
            pools: &[],
        };
        tollgate::pricing::estimate::estimate(&setup.catalogue, &context, &spec).unwrap()
    });
}

/// A definition of sixty rules, of every kind, frozen into its image; and a review that it has nothing against.
fn sixty_rules() -> (Policy, String) {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/sixty-rules");
    let document = json!({"policy": "sixty", "rules": [
        {"rule": "sixty", "plugin": "cluster-policy", "settings": {"definition_file": "definition.json"}}]});
    let document = PolicyDocument::parse("sixty.json", &document.to_string()).unwrap();
    let policy = Policy::load(&document, &host(), &|file| std::fs::read(folder.join(file))).unwrap();
    (
        policy,
        std::fs::read_to_string(folder.join("review.json")).unwrap(),
    )
}

/// One verdict in a fresh sandbox. `benches/peers` times the same code outside of it.
#[divan::bench(sample_count = 5_000)]
fn sixty_rules_of_a_definition_judged(bencher: divan::Bencher<'_, '_>) {
    let (policy, review) = sixty_rules();
    let image = &policy.rules[0].image;
    let verdict = image.evaluate(&review).unwrap();
    assert!(
        verdict.violations.is_empty() && verdict.undetermined.is_empty(),
        "{verdict:?}"
    );
    bencher.bench_local(|| image.evaluate(divan::black_box(&review)).unwrap());
}

/// The same definition asked what it fills in.
#[divan::bench(sample_count = 5_000)]
fn sixty_rules_of_a_definition_asked_to_supply(bencher: divan::Bencher<'_, '_>) {
    let (policy, review) = sixty_rules();
    let image = &policy.rules[0].image;
    bencher.bench_local(|| image.supply(divan::black_box(&review)).unwrap());
}

/// Ten thousand requests, one per line, on every core, policies and prices already loaded.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn ten_thousand_decisions(bencher: divan::Bencher<'_, '_>) {
    let host = host();
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(five_rules(), folder.path().join("policy.yaml")).unwrap();
    let mut policies = Policies::open(&PolicySource::Folder(folder.path().to_owned()), &host).unwrap();
    let mut catalogue = Catalogue::default();
    let text = (0..10_000)
        .map(|i| request(i).to_string())
        .collect::<Vec<_>>()
        .join("\n");
    let sources = [Text {
        below: None,
        source: "requests.ndjson".to_owned(),
        text,
    }];
    let options = CheckOptions {
        policy: Some("five-rules".to_owned()),
        place: PlaceOptions {
            region: Some("westus2".to_owned()),
            ..PlaceOptions::default()
        },
        workload: Workload::Job,
        at: tollgate::model::period::parse_instant("2026-10-01").unwrap(),
        principal: None,
        read: Default::default(),
        clusters: None,
        admission: Default::default(),
        against: None,
        usage: None,
    };
    bencher
        .counter(divan::counter::ItemsCount::new(10_000_usize))
        .bench_local(|| {
            let checked = check(sources.to_vec(), &mut policies, &mut catalogue, &options).unwrap();
            assert_eq!(checked.answers.len(), 10_000);
        });
}
