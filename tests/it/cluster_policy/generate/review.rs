//! Reviews: a request that is about the attributes of a definition, with its circumstances and facts.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::alphabet::{KEYS, PLACES, POLICIES, REGIONS, Subject, groups};
use super::one_of;

/// A review for a definition over these attributes.
pub fn review(theme: &[Subject], settings: &Value) -> BoxedStrategy<Value> {
    let pool_by_policy = settings.to_string().contains("instance_pool_id");
    (cluster(theme), circumstances(), nodes(), clusters(), unknown())
        .prop_map(move |(mut cluster, circumstances, nodes, clusters, unknown)| {
            for path in &unknown {
                forget(&mut cluster, path);
            }
            let (principal, workload, cloud, dbus, aliases) = circumstances;
            // Who is nobody has no clusters.
            let clusters = if principal.is_null() {
                Value::Null
            } else {
                clusters
            };
            let from_pool = pool_by_policy || !cluster["instance_pool_id"].is_null();
            let mut review = json!({
                "action": "create", "at": "2026-10-01T00:00:00Z", "principal": principal,
                "workload": workload, "cloud": cloud, "cluster": cluster,
                "facts": {
                    "estimate": {"max": {"dbu_per_hour": dbus}},
                    "nodes": nodes, "runtime_aliases": aliases, "clusters": clusters,
                },
            });
            for node in ["driver", "worker"] {
                if let Value::Object(node) = &mut review["facts"]["nodes"][node] {
                    node.insert("from_pool".to_owned(), json!(from_pool));
                }
            }
            if !unknown.is_empty() {
                review["unknown"] = json!(unknown);
            }
            review
        })
        .boxed()
}

/// A create body over the attributes of a theme, and now and then one more.
fn cluster(theme: &[Subject]) -> impl Strategy<Value = Value> + use<> {
    let own: Vec<_> = theme
        .iter()
        .filter(|subject| is_written(subject))
        .map(written)
        .collect();
    let others: Vec<Subject> = groups().concat().into_iter().filter(is_written).collect();
    let one_more = prop::option::weighted(0.3, one_of(others).prop_flat_map(|subject| written(&subject)));
    let about = |start: &str| {
        if theme.iter().any(|s| s.path.starts_with(start)) {
            0.8
        } else {
            0.05
        }
    };
    let wholes = (
        prop::option::weighted(about("init_scripts."), scripts()),
        prop::option::weighted(about("ssh_public_keys."), keys()),
        prop::option::weighted(about("cluster_log_conf."), logs()),
    );
    (own, one_more, wholes, defaults_asked(), policy_id()).prop_map(
        |(own, one_more, (scripts, keys, logs), defaults, policy)| {
            let mut cluster = json!({});
            for (path, value) in one_more.into_iter().chain(own) {
                if let Some(value) = value {
                    put(&mut cluster, path, value);
                }
            }
            let members = [
                ("init_scripts", scripts),
                ("ssh_public_keys", keys),
                ("cluster_log_conf", logs),
                ("apply_policy_default_values", defaults),
                ("policy_id", policy),
            ];
            for (name, value) in members {
                if let Some(value) = value {
                    cluster[name] = value;
                }
            }
            cluster
        },
    )
}

fn is_written(subject: &Subject) -> bool {
    !subject.is_in_list() && !subject.is_in_logs() && !subject.is_virtual()
}

/// A value for an attribute: absent, null, one of the alphabet, one of them in another spelling, of another type.
fn written(subject: &Subject) -> BoxedStrategy<(&'static str, Option<Value>)> {
    let path = subject.path;
    let value = one_of(subject.values.clone());
    let respelled = (value.clone(), 0..3_usize).prop_map(|(value, way)| respell(&value, way));
    let other = one_of(vec![json!(5), json!(true), json!("other"), json!("")]);
    prop_oneof![
        5 => Just(None),
        1 => Just(Some(Value::Null)),
        12 => value.prop_map(Some),
        3 => respelled.prop_map(Some),
        1 => other.prop_map(Some),
    ]
    .prop_map(move |value| (path, value))
    .boxed()
}

/// The same to a reader, and perhaps to the law: `"4"` for `4`, a blank in front, capitals.
fn respell(value: &Value, way: usize) -> Value {
    match value {
        Value::String(text) => match (serde_json::from_str::<serde_json::Number>(text), way) {
            (Ok(number), 0) => Value::Number(number),
            (_, 0 | 1) => json!(format!(" {text}")),
            _ => json!(text.to_uppercase()),
        },
        other => json!(other.to_string()),
    }
}

fn scripts() -> impl Strategy<Value = Value> {
    let kind = one_of(["dbfs", "dbfs", "workspace", "s3", "volumes"]);
    let region = prop::option::of(one_of(REGIONS));
    let entry = (kind, one_of(PLACES), region).prop_map(|(kind, place, region)| {
        let mut entry = json!({kind: {"destination": place}});
        if let Some(region) = region.filter(|_| kind == "s3") {
            entry[kind]["region"] = json!(region);
        }
        entry
    });
    let list = prop::collection::vec(entry, 0..=3).prop_map(Value::from);
    prop_oneof![1 => Just(Value::Null), 15 => list]
}

fn keys() -> impl Strategy<Value = Value> {
    let list = prop::collection::vec(one_of(KEYS), 0..=3).prop_map(Value::from);
    prop_oneof![1 => Just(Value::Null), 15 => list]
}

fn logs() -> impl Strategy<Value = Value> {
    let member = one_of(["s3", "s3", "dbfs", "volumes"]);
    let place = prop::option::weighted(0.9, one_of(PLACES));
    let region = prop::option::of(one_of(REGIONS));
    let logs = (member, place, region).prop_map(|(member, place, region)| {
        let mut inner = json!({});
        if let Some(place) = place {
            inner["destination"] = json!(place);
        }
        if let Some(region) = region.filter(|_| member == "s3") {
            inner["region"] = json!(region);
        }
        json!({member: inner})
    });
    prop_oneof![4 => Just(Value::Null), 6 => logs]
}

fn defaults_asked() -> impl Strategy<Value = Option<Value>> {
    one_of(vec![
        None,
        Some(json!(false)),
        Some(json!(true)),
        Some(json!(true)),
    ])
}

fn policy_id() -> impl Strategy<Value = Option<Value>> {
    prop::option::weighted(0.3, one_of(POLICIES).prop_map(Value::from))
}

/// Principal, workload, cloud, DBU an hour, aliases.
fn circumstances() -> impl Strategy<Value = (Value, &'static str, &'static str, Value, Value)> {
    (
        one_of(vec![
            json!("ana@example.com"),
            json!("ana@example.com"),
            Value::Null,
        ]),
        one_of(["all-purpose", "all-purpose", "job", "dlt"]),
        one_of(["AWS", "AZURE", "GCP"]),
        one_of(vec![
            json!("10"),
            json!("12.5"),
            json!("12.50"),
            json!("0.9"),
            Value::Null,
        ]),
        aliases(),
    )
}

/// What a catalogue knows; the previous LTS version not always.
fn aliases() -> impl Strategy<Value = Value> {
    any::<bool>().prop_map(|knows_previous| {
        let mut aliases = json!({
            "auto:latest-lts": ["17.3.x-scala2.13", "17.3.x-photon-scala2.13", "17.3.x-aarch64-scala2.13"],
            "auto:latest-lts-ml": ["17.3.x-cpu-ml-scala2.13", "17.3.x-gpu-ml-scala2.13"],
        });
        if knows_previous {
            aliases["auto:prev-lts"] = json!(["15.4.x-scala2.12", "15.4.x-photon-scala2.12"]);
        }
        aliases
    })
}

fn nodes() -> impl Strategy<Value = Value> {
    let id = one_of(vec![
        json!("i3.xlarge"),
        json!("i3.2xlarge"),
        json!("g5.xlarge"),
        Value::Null,
    ]);
    let gpus = one_of(vec![json!(0), json!(0), json!(1), Value::Null]);
    let node = (id, gpus).prop_map(|(id, gpus)| json!({"node_type_id": id, "gpus": gpus}));
    let worker = prop::option::weighted(0.7, node.clone());
    (node, worker).prop_map(|(driver, worker)| json!({"driver": driver, "worker": worker}))
}

fn clusters() -> impl Strategy<Value = Value> {
    let counts = (0..=3_u32, 0..=3_u32, 0..=1_u32);
    let told = counts.prop_map(|(p, q, none)| json!({"active_by_policy": {"P": p, "Q": q, "": none}}));
    prop_oneof![1 => Just(Value::Null), 4 => told]
}

fn unknown() -> impl Strategy<Value = Vec<&'static str>> {
    let paths = vec![
        "node_type_id",
        "spark_version",
        "custom_tags",
        "custom_tags.team",
        "spark_conf",
        "spark_conf.spark.speculation",
        "autoscale",
        "num_workers",
        "autotermination_minutes",
        "init_scripts",
        "ssh_public_keys",
        "cluster_log_conf",
        "aws_attributes",
        "azure_attributes.availability",
        "cluster_name",
        "data_security_mode",
    ];
    let some = prop::sample::subsequence(paths, 1..=4);
    prop_oneof![6 => Just(Vec::new()), 1 => some]
}

/// The steps of a path whose first segment decides how the rest is split.
fn steps(path: &str) -> Vec<&str> {
    match path.split_once('.') {
        Some((first @ ("custom_tags" | "spark_conf" | "spark_env_vars"), key)) => vec![first, key],
        _ => path.split('.').collect(),
    }
}

fn put(cluster: &mut Value, path: &str, value: Value) {
    let mut at = cluster;
    for step in steps(path) {
        if !at.is_object() {
            *at = Value::Object(Map::new());
        }
        at = &mut at[step];
    }
    *at = value;
}

fn forget(cluster: &mut Value, path: &str) {
    let mut steps = steps(path);
    let last = steps.pop().unwrap_or_default();
    let mut at = Some(cluster);
    for step in steps {
        at = at.and_then(|at| at.get_mut(step));
    }
    if let Some(Value::Object(members)) = at {
        members.remove(last);
    }
}
