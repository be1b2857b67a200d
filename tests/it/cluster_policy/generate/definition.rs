//! Settings: a definition over some attributes, a dialect, what the policy counts.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::alphabet::{POLICIES, Subject};
use super::one_of;

/// The names of a dialect, each with its two values.
fn dialects() -> [(&'static str, Vec<Value>); 8] {
    let either = |default: &str, other: &str| vec![json!(default), json!(other)];
    [
        ("missing_fixed", either("fill", "deny")),
        ("missing_with_default", either("deny", "allow")),
        ("optional_defaults", either("fill", "leave")),
        ("missing_number", either("deny", "zero")),
        ("missing_entries", either("fill", "deny")),
        ("unknown_attributes", either("judge", "ignore")),
        ("enum_aliases", vec![json!(true), json!(false)]),
        ("structure", either("check", "ignore")),
    ]
}

/// Settings over these attributes.
pub fn settings(theme: &[Subject]) -> impl Strategy<Value = Value> + use<> {
    (
        definition(theme),
        dialect(),
        prop::option::weighted(0.15, 1..=3_u32),
        prop::option::weighted(0.2, one_of(POLICIES)),
        prop::bool::weighted(0.15),
    )
        .prop_map(|(definition, dialect, most, policy, as_text)| {
            let definition = if as_text {
                json!(definition.to_string())
            } else {
                definition
            };
            let members = [
                ("definition", Some(definition)),
                ("dialect", dialect),
                ("max_clusters_per_user", most.map(Value::from)),
                ("policy_id", policy.map(Value::from)),
            ];
            let given = members
                .into_iter()
                .filter_map(|(name, value)| Some((name.to_owned(), value?)));
            Value::Object(given.collect())
        })
}

fn dialect() -> impl Strategy<Value = Option<Value>> {
    let members: Vec<_> = dialects()
        .into_iter()
        .map(|(name, values)| {
            prop::option::weighted(0.4, one_of(values).prop_map(move |value| (name, value)))
        })
        .collect();
    let dialect = members.prop_map(|members| {
        let chosen = members.into_iter().flatten();
        Value::Object(chosen.map(|(name, value)| (name.to_owned(), value)).collect())
    });
    prop::option::weighted(0.6, dialect)
}

/// Mostly a good definition; sometimes one that cannot be loaded.
fn definition(theme: &[Subject]) -> impl Strategy<Value = Value> + use<> {
    let elements: Vec<_> = theme
        .iter()
        .map(|subject| {
            let path = subject.path;
            element(subject).prop_map(move |element| (path, element))
        })
        .collect();
    let good = elements.prop_map(|elements| {
        let named = elements
            .into_iter()
            .map(|(path, element)| (path.to_owned(), element));
        Value::Object(named.collect::<Map<String, Value>>())
    });
    let with_a_bad_element = (good.clone(), bad_element(), any::<prop::sample::Index>()).prop_map(
        |(mut definition, bad, index)| {
            let paths: Vec<String> = definition.as_object().unwrap().keys().cloned().collect();
            definition[index.get(&paths).as_str()] = bad;
            definition
        },
    );
    let bad = one_of(vec![
        json!([{"foo": "bar"}]),
        json!("[]"),
        json!("{\"a\": "),
        json!("text"),
    ]);
    prop_oneof![95 => good, 4 => with_a_bad_element, 1 => bad]
}

fn bad_element() -> BoxedStrategy<Value> {
    one_of(vec![
        json!("bar"),
        json!(["bar"]),
        json!({}),
        json!({"value": "a"}),
        json!({"type": "exactly", "value": "a"}),
        json!({"type": 5, "value": "a"}),
        json!({"type": "fixed", "maxValue": 3}),
        json!({"type": "fixed", "value": {"a": 1}}),
        json!({"type": "fixed", "value": null}),
        json!({"type": "allowlist"}),
        json!({"type": "allowlist", "values": "a"}),
        json!({"type": "blocklist", "values": ["a", ["b"]]}),
        json!({"type": "regex", "value": "a"}),
        json!({"type": "regex", "pattern": "("}),
        json!({"type": "regex", "pattern": "(?=a)a"}),
        json!({"type": "regex", "pattern": "(a)\\1"}),
        json!({"type": "regex", "pattern": "a)|(b"}),
        json!({"type": "regex", "pattern": 5}),
        json!({"type": "range", "minValue": "many"}),
        json!({"type": "range", "maxValue": true}),
        json!({"type": "unlimited", "defaultValue": ["a"]}),
        json!({"type": "allowlist", "values": ["a"], "defaultValue": null}),
    ])
}

/// An element for an attribute, with members that belong there and some that do not.
fn element(subject: &Subject) -> BoxedStrategy<Value> {
    let value = one_of(subject.values.clone());
    let values = prop::collection::vec(value.clone(), 0..=3);
    let list = move |name: &'static str| {
        values
            .clone()
            .prop_map(move |values| json!({"type": name, "values": values}))
    };
    let fixed = value.prop_map(|value| json!({"type": "fixed", "value": value}));
    let forbidden = Just(json!({"type": "forbidden"}));
    let unlimited = Just(json!({"type": "unlimited"}));
    let spared = |paths: &[&str], weight: u32| if paths.contains(&subject.path) { 0 } else { weight };
    let for_numbers = if subject.has_numbers() { 20 } else { 2 };
    let weighted = vec![
        (20, fixed.boxed()),
        (spared(&["dbus_per_hour"], 8), forbidden.boxed()),
        (16, list("allowlist").boxed()),
        (3, list("whitelist").boxed()),
        (10, list("blocklist").boxed()),
        (2, list("blacklist").boxed()),
        (
            spared(&["cluster_source", "data_security_mode"], 12),
            regex(subject),
        ),
        (spared(&["spark_version"], for_numbers), range(subject)),
        (12, unlimited.boxed()),
    ];
    let some = weighted.into_iter().filter(|(weight, _)| *weight > 0).collect();
    let kind = proptest::strategy::Union::new_weighted(some);
    (kind, limiting_members(subject), odd_members())
        .prop_map(|(mut element, limiting, odd)| {
            let members = element.as_object_mut().unwrap();
            for (name, value) in limiting.into_iter().chain(odd).flatten() {
                members.entry(name).or_insert(value);
            }
            element
        })
        .boxed()
}

type Member = Option<(String, Value)>;

fn member(name: &'static str, share: f64, values: Vec<Value>) -> impl Strategy<Value = Member> + Clone {
    prop::option::weighted(
        share,
        one_of(values).prop_map(move |value| (name.to_owned(), value)),
    )
}

fn limiting_members(subject: &Subject) -> impl Strategy<Value = Vec<Member>> + use<> {
    let optional = vec![
        json!(true),
        json!(true),
        json!("true"),
        json!(false),
        json!("false"),
    ];
    vec![
        member("defaultValue", 0.45, subject.values.clone()).boxed(),
        member("isOptional", 0.4, optional).boxed(),
    ]
}

/// Members that say nothing.
fn odd_members() -> impl Strategy<Value = Vec<Member>> {
    vec![
        member("hidden", 0.3, vec![json!(true), json!(false), json!("true")]).boxed(),
        member("default_value", 0.05, vec![json!("etl"), json!({})]).boxed(),
        member("value", 0.05, vec![json!("etl"), json!(4)]).boxed(),
    ]
}

/// Patterns around the values: one of them, two of them, the start of one, any number, all.
fn regex(subject: &Subject) -> BoxedStrategy<Value> {
    let texts: Vec<String> = subject.values.iter().map(text).collect();
    let value = one_of(texts);
    let escaped = |text: &str| regex::escape(text);
    let one = value.clone().prop_map(move |one| escaped(&one));
    let two =
        (value.clone(), value.clone()).prop_map(move |(a, b)| format!("{}|{}", escaped(&a), escaped(&b)));
    let start = value.clone().prop_map(move |one| {
        let start: String = one.chars().take(3).collect();
        format!("^{}.*", escaped(&start))
    });
    let any = one_of(vec![
        ".*".to_owned(),
        ".+".to_owned(),
        "[0-9]+".to_owned(),
        "[a-z]*".to_owned(),
    ]);
    prop_oneof![3 => one, 3 => two, 2 => start, 2 => any]
        .prop_map(|pattern| json!({"type": "regex", "pattern": pattern}))
        .boxed()
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Bounds near the values, the lower one first; each may be missing or be text.
fn range(subject: &Subject) -> BoxedStrategy<Value> {
    let mut bounds: Vec<f64> = subject.values.iter().filter_map(Value::as_f64).collect();
    bounds.extend([0.0, 2.0, 12.5]);
    let bound = prop::option::weighted(0.7, (one_of(bounds), prop::bool::weighted(0.2)));
    (bound.clone(), bound)
        .prop_map(|(a, b)| {
            let (min, max) = match (a, b) {
                (Some(a), Some(b)) if a.0 > b.0 => (Some(b), Some(a)),
                as_drawn => as_drawn,
            };
            let mut element = json!({"type": "range"});
            for (name, bound) in [("minValue", min), ("maxValue", max)] {
                if let Some((bound, as_text)) = bound {
                    let bound = whole(bound);
                    element[name] = if as_text { json!(bound.to_string()) } else { bound };
                }
            }
            element
        })
        .boxed()
}

/// `4` for `4.0`, as people write bounds.
fn whole(bound: f64) -> Value {
    serde_json::from_str(&bound.to_string()).unwrap()
}
