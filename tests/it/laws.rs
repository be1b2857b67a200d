//! Laws of judging: the same question has the same answer, the order of keys says nothing, and no request, however
//! odd, breaks a rule or the program.

use std::sync::OnceLock;

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use tollgate::databricks::cluster_spec::ClusterSpec;
use tollgate::intake::requests::documents::ReadOptions;
use tollgate::model::attribute;
use tollgate::model::decision::Decision;
use tollgate::model::period::parse_instant;
use tollgate::model::place::{Cloud, Workload};
use tollgate::ops::files::OnDisk;
use tollgate::ops::judge::{Asked, PlaceOptions, applicable, judge};
use tollgate::ops::policies::{Policies, PolicySource};
use tollgate::plugin::Host;
use tollgate::plugin::limits::Limits;
use tollgate::pricing::catalogue::Catalogue;

use crate::bench::in_process;

/// Every bundled policy, each rule with its settings.
fn policies() -> &'static Policies<'static> {
    static HOST: OnceLock<Host> = OnceLock::new();
    static POLICIES: OnceLock<Policies<'static>> = OnceLock::new();
    POLICIES.get_or_init(|| {
        // A machine busy with other tests must not look like a slow rule.
        let limits = Limits {
            deadline_ms: 10_000,
            ..Limits::default()
        };
        let host = HOST.get_or_init(|| in_process(limits));
        let mut policies = Policies::open(&PolicySource::Bundled, host).unwrap();
        let names: Vec<String> = policies.names().into_iter().map(str::to_owned).collect();
        names.iter().for_each(|name| policies.load(name).unwrap());
        policies
    })
}

fn catalogue() -> &'static Catalogue {
    static CATALOGUE: OnceLock<Catalogue> = OnceLock::new();
    CATALOGUE.get_or_init(|| {
        let mut catalogue = Catalogue::default();
        catalogue.load(Cloud::Azure, Some("westus2")).unwrap();
        catalogue
    })
}

/// The decision of a policy and the guardrails; none where the request cannot be read, which is an error and no
/// decision.
fn decide(body: &Value, (policy, workload): (&str, Workload)) -> Option<Decision> {
    let spec = ClusterSpec::read(body).ok()?;
    let place = PlaceOptions {
        cloud: Some(Cloud::Azure),
        region: Some("westus2".to_owned()),
        ..PlaceOptions::default()
    };
    let workspace = place.workspace(&spec).unwrap();
    let asked = Asked {
        body,
        principal: Some("ana@example.com"),
        workspace: &workspace,
        workload,
        at: parse_instant("2026-10-01").unwrap(),
        pools: &[],
        unknown: &tollgate::model::unknown::NOTHING,
        trace: false,
        cost: None,
        clusters: None,
    };
    let applying = applicable(policies(), &policies().guardrails(), Some(policy));
    Some(judge(&applying, catalogue(), &asked).unwrap_or_else(|e| panic!("{e}\n{body}")))
}

/// Keys of every object in another order, a different one for each seed.
fn shuffled(value: &Value, seed: u64) -> Value {
    match value {
        Value::Object(map) => {
            let mut keys: Vec<&String> = map.keys().collect();
            keys.sort_by_key(|key| {
                blake3::hash(format!("{seed}/{key}").as_bytes())
                    .as_bytes()
                    .to_vec()
            });
            keys.into_iter()
                .map(|key| (key.clone(), shuffled(&map[key], seed)))
                .collect::<Map<_, _>>()
                .into()
        }
        Value::Array(items) => items.iter().map(|item| shuffled(item, seed)).collect(),
        other => other.clone(),
    }
}

fn known_request() -> impl Strategy<Value = Value> {
    let nodes = prop::sample::select(vec![
        "Standard_DS3_v2",
        "Standard_D8s_v3",
        "Standard_NC6s_v3",
        "Standard_E64s_v3",
        "i3.xlarge",
        "nothing",
        "",
    ]);
    let runtimes = prop::sample::select(vec![
        "15.4.x-scala2.12",
        "16.4.x-scala2.12",
        "7.3.x-scala2.12",
        "15.4.x-gpu-ml-scala2.12",
        "15.4.x-photon-scala2.12",
        "custom:x",
        "x",
        "",
    ]);
    let size = prop_oneof![
        (0_u32..60).prop_map(|n| json!({"num_workers": n})),
        (0_u32..40, 0_u32..40)
            .prop_map(|(a, more)| json!({"autoscale": {"min_workers": a, "max_workers": a + more}})),
        Just(json!({})),
    ];
    let minutes = prop::option::of(prop::sample::select(vec![0_u32, 10, 30, 60, 120, 9_999]));
    let availability = prop::option::of(prop::sample::select(vec![
        "SPOT_WITH_FALLBACK_AZURE",
        "ON_DEMAND_AZURE",
        "SPOT_AZURE",
        "SOMETHING_NEW",
    ]));
    let tags = prop::sample::select(vec![
        json!({}),
        json!({"team": "data", "cost_center": "CC-1100"}),
        json!({"team": "", "cost_center": "x", "a.b": "c"}),
    ]);
    let scripts = prop::sample::select(vec![
        json!([]),
        json!([{"dbfs": {"destination": "dbfs:/x.sh"}}]),
        json!([{"workspace": {"destination": "/Shared/x.sh"}}, {"volumes": {"destination": "/Volumes/x"}}]),
    ]);
    (
        nodes,
        runtimes,
        size,
        minutes,
        availability,
        tags,
        scripts,
        any::<bool>(),
    )
        .prop_map(
            |(node, runtime, size, minutes, availability, tags, scripts, photon)| {
                let mut body = json!({"node_type_id": node, "spark_version": runtime, "custom_tags": tags,
                "init_scripts": scripts, "runtime_engine": if photon { "PHOTON" } else { "STANDARD" }});
                let object = body.as_object_mut().unwrap();
                object.extend(size.as_object().unwrap().clone());
                if let Some(minutes) = minutes {
                    object.insert("autotermination_minutes".to_owned(), minutes.into());
                }
                if let Some(availability) = availability {
                    object.insert(
                        "azure_attributes".to_owned(),
                        json!({"availability": availability, "first_on_demand": 1}),
                    );
                }
                body
            },
        )
}

/// Any JSON: all kinds of values, numbers at their ends, keys with dots and slashes and nothing.
fn any_json() -> impl Strategy<Value = Value> {
    let key = prop::sample::select(vec![
        "",
        "a",
        "num_workers",
        "destination",
        "a.b",
        "a/b",
        "~",
        "0",
        "min_workers",
        "\u{0}",
        "é\u{202e}",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop::sample::select(vec![0_i64, 1, -1, 100_000, 100_001, i64::MAX, i64::MIN]).prop_map(Value::from),
        prop::sample::select(vec![
            "",
            "x",
            "${var.x}",
            "{{x}}",
            "1",
            "true",
            "\u{0}\u{1b}[31m",
            "ß日本"
        ])
        .prop_map(Value::from),
        "\\PC{0,40}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((key.clone(), inner), 0..5).prop_map(|entries| {
                Value::Object(entries.into_iter().map(|(k, v)| (k.to_owned(), v)).collect())
            }),
        ]
    })
}

const PATHS: [&str; 30] = [
    "num_workers",
    "autoscale",
    "autoscale.min_workers",
    "autoscale.max_workers",
    "node_type_id",
    "driver_node_type_id",
    "spark_version",
    "runtime_engine",
    "autotermination_minutes",
    "custom_tags",
    "custom_tags.team",
    "custom_tags.cost_center",
    "custom_tags.a.b",
    "spark_conf",
    "spark_conf.spark.databricks.cluster.profile",
    "spark_env_vars",
    "spark_env_vars.X",
    "azure_attributes",
    "azure_attributes.availability",
    "azure_attributes.first_on_demand",
    "azure_attributes.spot_bid_max_price",
    "init_scripts",
    "init_scripts.0",
    "init_scripts.0.workspace.destination",
    "instance_pool_id",
    "driver_instance_pool_id",
    "data_security_mode",
    "is_single_node",
    "cluster_name",
    "unheard_of",
];

/// The policy that is named, and what the cluster is for.
fn asked() -> impl Strategy<Value = (&'static str, Workload)> {
    let policy = prop::sample::select(policies().names());
    (
        policy,
        prop::sample::select(vec![Workload::AllPurpose, Workload::Job, Workload::Dlt]),
    )
}

/// What a rule sees of keys it takes as they come: violations may be listed in the order written.
fn sorted(decision: &Decision) -> Vec<String> {
    let mut all: Vec<String> = decision
        .violations
        .iter()
        .map(|v| {
            format!(
                "{}/{} {} {} {}",
                v.by.policy, v.by.rule, v.path, v.actual, v.message
            )
        })
        .collect();
    all.sort();
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_same_request_is_decided_the_same_twice(body in known_request(), asked in asked()) {
        let first = decide(&body, asked);
        prop_assert!(first.is_some(), "readable: {body}");
        prop_assert_eq!(&first, &decide(&body, asked));
    }

    #[test]
    fn the_order_of_keys_decides_nothing(body in known_request(), seed in any::<u64>(), asked in asked()) {
        let (one, two) = (decide(&body, asked).unwrap(), decide(&shuffled(&body, seed), asked).unwrap());
        prop_assert_eq!(one.outcome, two.outcome);
        prop_assert_eq!(sorted(&one), sorted(&two));
        prop_assert_eq!(one.estimate, two.estimate);
        prop_assert_eq!(one.cluster, two.cluster, "the same object, whatever its order");
    }

    #[test]
    fn no_value_at_any_path_breaks_a_rule(
        body in known_request(),
        changes in prop::collection::vec((prop::sample::select(PATHS.to_vec()), any_json()), 1..4),
        asked in asked(),
    ) {
        let mut body = body;
        for (path, value) in changes {
            let _ = attribute::set(&mut body, path, value);
        }
        if let Some(decision) = decide(&body, asked) {
            prop_assert!(decision.failures.is_empty(), "{:?}\n{}", decision.failures, body);
            prop_assert_eq!(decision.clone(), decide(&body, asked).unwrap());
        }
    }

    #[test]
    fn any_json_is_read_or_refused_and_never_breaks_anything(body in any_json(), asked in asked()) {
        if let Some(decision) = decide(&body, asked) {
            prop_assert!(decision.failures.is_empty(), "{:?}\n{}", decision.failures, body);
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,200}") {
        let read = tollgate::intake::requests::documents::read("x", &text, &OnDisk, &ReadOptions::default());
        prop_assert!(!read.requests.is_empty() || !read.problems.0.is_empty(), "neither read nor refused");
    }
}
