//! Values that satisfy an element, and values that break it, as far as that can be told without judging.

use rust_decimal::Decimal;
use serde_json::Value;
use tollgate_policy_language::element::is_alias;
use tollgate_policy_language::{Element, Finding, Kind, Meanings, Rule, Scalar};

use super::attribute_samples::attribute_samples;
use super::pattern_samples::pattern_samples;
use crate::model::place::Cloud;

/// Values that are tried for one attribute.
const MAX_VALUES: usize = 40;

/// Values that satisfy an element, the plainest first.
pub(super) fn fitting(element: &Element, cloud: Cloud) -> Vec<Value> {
    let mut values: Vec<Scalar> = element.default.iter().cloned().collect();
    match &element.rule {
        Rule::Fixed(_) | Rule::Allowlist(_) => values.extend(element.rule.values().iter().cloned()),
        Rule::Regex(pattern) => {
            values.extend(samples(element, cloud));
            values.extend(pattern_samples(pattern.written()).iter().map(|s| scalar(s)));
        }
        Rule::Range { min, max } => {
            let bounds = min.iter().chain(max);
            values.extend(bounds.map(|bound| scalar(&bound.normalize().to_string())));
            values.extend(samples(element, cloud));
        }
        Rule::Blocklist(_) | Rule::Unlimited => values.extend(samples(element, cloud)),
        Rule::Forbidden => {}
    }
    // A request names a runtime, not an alias: which one an alias stands for is found by asking.
    if element.kind == Kind::RuntimeKey && values.iter().any(|v| is_alias(&v.text)) {
        values.retain(|v| !is_alias(&v.text));
        values.extend(samples(element, cloud));
    }
    judged_as(values, element, |finding| !matches!(finding, Finding::Breaks(_)))
}

/// Values that break an element, the plainest first.
pub(super) fn breaking(element: &Element, cloud: Cloud) -> Vec<Value> {
    let mut values: Vec<Scalar> = Vec::new();
    let beyond = |bound: Option<Decimal>, step: Decimal| {
        let number = bound?.checked_add(step)?.normalize();
        Some(scalar(&number.to_string()))
    };
    match &element.rule {
        Rule::Range { min, max } => {
            values.extend(beyond(*max, Decimal::ONE));
            values.extend(beyond(*min, Decimal::NEGATIVE_ONE));
        }
        Rule::Blocklist(listed) => {
            values.extend(listed.iter().filter(|v| !is_alias(&v.text)).cloned());
        }
        Rule::Fixed(value) => {
            values.extend(samples(element, cloud));
            values.extend(beyond(value.number, Decimal::ONE));
        }
        Rule::Allowlist(listed) => {
            values.extend(samples(element, cloud));
            values.extend(beyond(listed.iter().filter_map(|v| v.number).max(), Decimal::ONE));
        }
        Rule::Regex(_) | Rule::Forbidden | Rule::Unlimited => {}
    }
    values.extend(samples(element, cloud));
    values.extend(["not-allowed", "x", "-"].map(scalar));
    match element.kind {
        Kind::Boolean => values.retain(|v| matches!(v.text.as_str(), "true" | "false")),
        Kind::Number => values.retain(|v| v.number.is_some()),
        _ => {}
    }
    judged_as(values, element, |finding| finding != Finding::Fits)
}

fn samples(element: &Element, cloud: Cloud) -> Vec<Scalar> {
    let samples = attribute_samples(&element.path, cloud);
    samples.iter().filter_map(Scalar::read).collect()
}

fn scalar(text: &str) -> Scalar {
    Scalar {
        json: Value::String(text.to_owned()),
        text: text.to_owned(),
        number: tollgate_policy_language::decimal::parse(text),
    }
}

/// The values of which the element by itself says what is wanted, in the type of the attribute, each once.
fn judged_as(values: Vec<Scalar>, element: &Element, wanted: impl Fn(Finding) -> bool) -> Vec<Value> {
    let meanings = Meanings {
        alias_holds: &|_, _| None,
        enum_aliases: true,
    };
    let mut unique: Vec<Value> = Vec::new();
    for scalar in values {
        let value = scalar.fitting(element.kind);
        if wanted(element.judge(&scalar.text, &meanings)) && !unique.contains(&value) {
            unique.push(value);
        }
    }
    unique.truncate(MAX_VALUES);
    unique
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn first(path: &str, element: Value) -> (Value, Value) {
        let element = Element::read(path, &element).unwrap();
        let of = |values: Vec<Value>| values.into_iter().next().unwrap_or_default();
        (
            of(fitting(&element, Cloud::Azure)),
            of(breaking(&element, Cloud::Azure)),
        )
    }

    #[test]
    fn each_type_gives_a_value_that_fits_and_one_that_does_not() {
        let cases = [
            (
                "autotermination_minutes",
                json!({"type": "range", "minValue": 20, "maxValue": 90}),
                json!(20),
                json!(91),
            ),
            (
                "autotermination_minutes",
                json!({"type": "range", "minValue": 10}),
                json!(10),
                json!(9),
            ),
            (
                "num_workers",
                json!({"type": "range", "maxValue": 4, "defaultValue": 2}),
                json!(2),
                json!(5),
            ),
            (
                "node_type_id",
                json!({"type": "allowlist", "values": ["Standard_X"]}),
                json!("Standard_X"),
                json!("Standard_DS3_v2"),
            ),
            (
                "custom_tags.a",
                json!({"type": "blocklist", "values": ["example"]}),
                json!("data"),
                json!("example"),
            ),
            (
                "custom_tags.a",
                json!({"type": "regex", "pattern": "CC-[0-9]{3}"}),
                json!("CC-000"),
                json!("example"),
            ),
            (
                "enable_elastic_disk",
                json!({"type": "fixed", "value": true}),
                json!(true),
                json!(false),
            ),
            (
                "spark_conf.a",
                json!({"type": "fixed", "value": true}),
                json!("true"),
                json!("1"),
            ),
            (
                "azure_attributes.spot_bid_max_price",
                json!({"type": "fixed", "value": -1.0}),
                json!(-1.0),
                json!(1),
            ),
            (
                "instance_pool_id",
                json!({"type": "forbidden"}),
                Value::Null,
                json!("example"),
            ),
            // What an alias stands for is not known here, so every runtime may fit, and every runtime may not.
            (
                "spark_version",
                json!({"type": "fixed", "value": "auto:latest-lts"}),
                json!("18.x-scala2.13"),
                json!("18.x-scala2.13"),
            ),
        ];
        for (path, element, fits, breaks) in cases {
            assert_eq!(first(path, element.clone()), (fits, breaks), "{path} {element}");
        }
    }

    #[test]
    fn a_pattern_that_is_not_understood_gives_what_samples_fit() {
        let hexadecimal = json!({"type": "regex", "pattern": "\\x64ata"});
        assert_eq!(first("custom_tags.a", hexadecimal).0, json!("data"));
        let (fits, _) = first(
            "node_type_id",
            json!({"type": "regex", "pattern": "Standard_D[0-9]+s_v3"}),
        );
        assert_eq!(fits, json!("Standard_D4s_v3"), "a real one before a made-up one");
    }
}
