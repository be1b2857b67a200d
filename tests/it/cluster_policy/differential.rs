//! The plugin against the naive evaluator: same definitions accepted, same values filled in, same paths violated, same
//! paths left open, the same Databricks texts.
//!
//! Two hundred definitions with ten reviews each; `TOLLGATE_DEFINITIONS=11000` is the nightly form of over 100,000 pairs. The
//! plugin runs in its sandbox, from the component that is bundled.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use rust_decimal::Decimal;
use serde_json::Value;
use tollgate::model::attribute;
use tollgate::plugin::Host;
use tollgate::plugin::bundled::find;
use tollgate::plugin::compile::Compiler;
use tollgate::plugin::failure::LoadFailure;
use tollgate::plugin::limits::Limits;
use tollgate::plugin::rehearsal::{Rehearsal, Rehearsed};

use super::generate::pairs;
use super::naive::{self, Answer};
use super::vectors;

/// Of the seeded generator: any other would do.
const SEED: [u8; 32] = *b"a definition and ten requests...";

fn host() -> Host {
    let limits = Limits {
        deadline_ms: 10_000,
        ..Limits::default()
    };
    Host::new(limits, Compiler::InProcess, None).unwrap()
}

fn plugin(host: &Host) -> Rehearsal<'_> {
    host.rehearsal(find("cluster-policy").unwrap()).unwrap()
}

/// What the plugin answers, in the words of the naive evaluator.
fn answer(rule: &mut Rehearsed<'_>, review: &Value) -> Answer {
    let supplied: Vec<(String, Value, bool)> = rule
        .supply(&review.to_string())
        .unwrap()
        .into_iter()
        .map(|s| (s.path, s.value, s.fixed))
        .collect();
    let mut completed = review.clone();
    for (path, value, _) in &supplied {
        attribute::set(&mut completed["cluster"], path, value.clone()).unwrap();
    }
    let verdict = rule.evaluate(&completed.to_string()).unwrap();
    let mut messages: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for violation in &verdict.violations {
        let said = violation.databricks_message.clone();
        messages.entry(violation.path.clone()).or_default().extend(said);
    }
    Answer {
        supplied,
        violated: verdict.violations.into_iter().map(|v| v.path).collect(),
        messages,
        undetermined: verdict.undetermined.into_iter().map(|(path, _)| path).collect(),
    }
}

/// Supplies by path; a number is the decimal that it is.
fn by_path(supplied: &[(String, Value, bool)]) -> BTreeMap<&str, (String, bool)> {
    let text = |value: &Value| match value {
        Value::Number(number) => {
            let text = number.to_string();
            Decimal::from_str(&text).map_or(text, |d| d.normalize().to_string())
        }
        other => other.to_string(),
    };
    supplied
        .iter()
        .map(|(path, value, fixed)| (path.as_str(), (text(value), *fixed)))
        .collect()
}

/// Texts by path. Left out are those that name an alias (the plugin puts its key there, and no source shows which of the
/// two Databricks shows), those of secrets, which the plugin hides, and of `cluster_source`, whose case is ignored.
fn texts<'a>(answer: &'a Answer, settings: &Value) -> BTreeMap<&'a str, BTreeSet<&'a str>> {
    let names_alias = settings["definition"].to_string().contains("auto:");
    let is_secret =
        |path: &str| path.contains("account.key") || path.contains("PASSWORD") || path.contains("password");
    answer
        .messages
        .iter()
        .filter(|(_, texts)| !texts.is_empty())
        .filter(|(path, _)| match path.as_str() {
            "spark_version" => !names_alias,
            "cluster_source" => false,
            path => !is_secret(path),
        })
        .map(|(path, texts)| (path.as_str(), texts.iter().map(String::as_str).collect()))
        .collect()
}

fn compare(settings: &Value, review: &Value, ours: &Answer, naive: &Answer) {
    let about = || format!("\nsettings {settings:#}\nreview {review:#}");
    assert_eq!(
        by_path(&ours.supplied),
        by_path(&naive.supplied),
        "supplied{}",
        about()
    );
    assert_eq!(ours.violated, naive.violated, "violated{}", about());
    assert_eq!(ours.undetermined, naive.undetermined, "undetermined{}", about());
    assert_eq!(
        texts(ours, settings),
        texts(naive, settings),
        "messages{}",
        about()
    );
}

#[test]
fn the_plugin_agrees_with_a_naive_reading_of_the_reference() {
    let definitions = std::env::var("TOLLGATE_DEFINITIONS").map_or(200, |n| n.parse().unwrap());
    let host = host();
    let plugin = plugin(&host);
    let (mut refused, mut judged, mut violated) = (0, 0, 0);
    for (settings, reviews) in pairs(SEED, definitions) {
        let mut rule = match (
            plugin.with(&settings.to_string()),
            naive::judge(&settings, &reviews[0]),
        ) {
            (Ok(rule), Ok(_)) => rule,
            (Err(LoadFailure::Settings(_)), Err(_)) => {
                refused += 1;
                continue;
            }
            (Err(ours), Ok(_)) => panic!("refused: {ours}\nsettings {settings:#}"),
            (Err(ours), Err(_)) => panic!("broke: {ours}\nsettings {settings:#}"),
            (Ok(_), Err(naive)) => panic!("should be refused: {naive}\nsettings {settings:#}"),
        };
        for review in &reviews {
            let naive = naive::judge(&settings, review).unwrap();
            let ours = answer(&mut rule, review);
            compare(&settings, review, &ours, &naive);
            judged += 1;
            violated += usize::from(!ours.violated.is_empty());
        }
    }
    println!("{judged} pairs agree, {violated} of them violate; {refused} definitions refused by both");
    assert!(judged > definitions * 8, "most definitions can be judged");
}

#[test]
fn every_vector_holds_in_the_sandbox() {
    let host = host();
    let plugin = plugin(&host);
    let judge = |settings: &Value, review: &Value| {
        let mut rule = plugin.with(&settings.to_string()).unwrap();
        answer(&mut rule, review)
    };
    vectors::ours()
        .iter()
        .for_each(|vector| vectors::holds(vector, &judge));
}
