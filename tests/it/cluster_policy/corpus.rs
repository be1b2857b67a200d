//! Every definition of the shared corpus against every request of it: a decision or a clear diagnostic, no rule that
//! breaks; how many of each per definition is kept in `tests/corpus/definitions.txt`, to be read when it changes.
//!
//! Most of the corpus are templates of Terraform. They are rendered first, each expression by a plain value of its kind.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tollgate::intake::requests::clusters_api::Form;
use tollgate::intake::requests::documents::ReadOptions;
use tollgate::model::decision::Outcome;
use tollgate::model::place::Cloud;
use tollgate::ops::check::{CheckOptions, check};
use tollgate::ops::files::{Text, below, has_extension, read_text};
use tollgate::ops::judge::PlaceOptions;
use tollgate::ops::policies::{DEFINITION, Policies, PolicySource};
use tollgate::ops::prices::catalogue;
use tollgate::plugin::Host;
use tollgate::plugin::limits::Limits;
use tollgate::pricing::catalogue::Catalogue;

use crate::bench::{golden, in_process, shared};

/// Counts of one definition.
#[derive(Default)]
struct Counts {
    allowed: usize,
    denied: usize,
    undetermined: usize,
    diagnosed: usize,
}

#[test]
fn every_definition_judges_every_request() {
    let Some(shared) = shared("every_definition_judges_every_request") else {
        return;
    };
    let requests: Vec<Text> = json_below(&shared.join("data/requests"));
    let host = in_process(Limits {
        deadline_ms: 5_000,
        ..Limits::default()
    });
    let mut known = catalogue(&[]).unwrap();
    let mut out = String::from("definition  allowed  denied  undetermined  diagnosed\n");
    let mut pairs = 0;
    let folder = tempfile::tempdir().unwrap();
    for file in below(&shared.join("data/policies"), &is_definition).unwrap() {
        let name = file.file_stem().unwrap().to_string_lossy();
        let definition: Value = serde_json::from_str(&read_text(&file).unwrap().text).unwrap();
        let file = folder.path().join(file.file_name().unwrap());
        std::fs::write(&file, rendered(definition, "").to_string()).unwrap();
        match judge_all(&file, &requests, &host, &mut known) {
            Ok(Counts {
                allowed,
                denied,
                undetermined,
                diagnosed,
            }) => {
                pairs += requests.len();
                let _ = writeln!(
                    out,
                    "{name:<10}  {allowed:>7}  {denied:>6}  {undetermined:>12}  {diagnosed:>9}"
                );
            }
            Err(codes) => {
                let _ = writeln!(out, "{name:<10}  cannot be loaded: {codes}");
            }
        }
    }
    assert!(pairs > 2_500, "{pairs} pairs");
    golden("tests/corpus/definitions.txt", &out);
}

fn is_definition(path: &Path) -> bool {
    has_extension(path, &["json"]) && path.file_stem().is_some_and(|stem| stem != "vectors")
}

fn json_below(folder: &Path) -> Vec<Text> {
    let files = below(folder, &|p| has_extension(p, &["json"])).unwrap();
    let render = |file: &PathBuf| {
        let Text { source, text, .. } = read_text(file).unwrap();
        let text = match serde_json::from_str(&text) {
            Ok(value) => rendered(value, "").to_string(),
            Err(_) => text,
        };
        Text {
            source,
            text,
            below: None,
        }
    };
    files.iter().map(render).collect()
}

/// A document with each expression replaced by a value such as its key takes.
fn rendered(value: Value, key: &str) -> Value {
    match value {
        Value::Object(members) => {
            let render = |(key, value): (String, Value)| {
                let value = rendered(value, &key);
                (key, value)
            };
            Value::Object(members.into_iter().map(render).collect())
        }
        Value::Array(items) => items.into_iter().map(|item| rendered(item, "")).collect(),
        Value::String(text) if is_expression(&text) => plain(key),
        Value::String(text) => Value::String(without_expressions(&text)),
        other => other,
    }
}

/// `${...}` and nothing else, or a `$PLACEHOLDER`.
fn is_expression(text: &str) -> bool {
    let whole =
        text.starts_with("${") && text.ends_with('}') && !text.get(2..).unwrap_or_default().contains("${");
    whole || (text.starts_with('$') && text.bytes().skip(1).all(|b| b.is_ascii_uppercase() || b == b'_'))
}

/// Text with each expression in it replaced by `x`.
fn without_expressions(text: &str) -> String {
    match text
        .split_once("${")
        .and_then(|(before, rest)| Some((before, rest.split_once('}')?.1)))
    {
        Some((before, after)) => format!("{before}x{}", without_expressions(after)),
        None => text.to_owned(),
    }
}

fn plain(key: &str) -> Value {
    let ends = |words: &[&str]| words.iter().any(|word| key.ends_with(word));
    match key {
        "values" => json!(["rendered"]),
        "spark_version" => json!("15.4.x-scala2.12"),
        "autoscale" => json!({"min_workers": 1, "max_workers": 2}),
        "init_scripts" | "ssh_public_keys" => json!([]),
        "spark_conf" | "custom_tags" | "spark_env_vars" | "tags" => json!({}),
        _ if ends(&["pool_id", "policy_id", "_attributes", "_conf", "_info"]) => Value::Null,
        _ if ends(&["node_type_id"]) => json!("Standard_DS3_v2"),
        _ if ends(&[
            "workers",
            "minutes",
            "on_demand",
            "count",
            "size",
            "percent",
            "price",
            "Value",
        ]) =>
        {
            json!(4)
        }
        _ if key.starts_with("enable_") || key.starts_with("is_") => json!(true),
        _ => json!("rendered"),
    }
}

/// Judges every request by one definition; the codes of its problems where it cannot be loaded.
fn judge_all(file: &Path, requests: &[Text], host: &Host, known: &mut Catalogue) -> Result<Counts, String> {
    let source = PolicySource::Definition(file.to_owned());
    let mut policies = Policies::open(&source, host).unwrap();
    let options = CheckOptions {
        policy: Some(DEFINITION.to_owned()),
        place: PlaceOptions {
            cloud_where_untold: Some(Cloud::Azure),
            region: Some("westus2".to_owned()),
            ..PlaceOptions::default()
        },
        workload: Default::default(),
        at: tollgate::model::period::parse_instant("2026-10-01").unwrap(),
        principal: None,
        read: ReadOptions {
            form: Form::Partial,
            ..ReadOptions::default()
        },
        clusters: None,
        admission: Default::default(),
        against: None,
        usage: None,
    };
    let mut counts = Counts::default();
    for request in requests {
        let checked = check(vec![request.clone()], &mut policies, known, &options).map_err(|problems| {
            let places = problems.0.iter().map(|p| format!("{} at {}", p.code, p.path));
            places.collect::<Vec<_>>().join(", ")
        })?;
        for answer in &checked.answers {
            let failures = &answer.decision.failures;
            assert!(
                failures.is_empty(),
                "{} {}: {failures:?}",
                file.display(),
                request.source
            );
            match answer.decision.outcome {
                Outcome::Allow => counts.allowed += 1,
                Outcome::Deny => counts.denied += 1,
                Outcome::Undetermined => counts.undetermined += 1,
            }
        }
        counts.diagnosed += usize::from(checked.answers.is_empty());
        assert!(
            checked.problems.0.iter().all(|p| !p.message.is_empty())
                && (!checked.answers.is_empty() || !checked.problems.0.is_empty())
        );
    }
    Ok(counts)
}
