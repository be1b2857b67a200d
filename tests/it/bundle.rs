//! Asset bundles: `databricks.yml` and what the CLI prints of it ask for the same.

use std::fs;
use std::path::Path;

use tollgate::intake::requests::bundle::BundleOptions;
use tollgate::intake::requests::documents::{self, ReadOptions};
use tollgate::intake::requests::reading::{Reading, Resource};
use tollgate::intake::requests::request::Request;
use tollgate::model::diagnostic::Severity;
use tollgate::ops::files::OnDisk;

use crate::bench::{golden, project, run, shared};

fn options(target: Option<&str>, user: &str, variables: &[(&str, &str)]) -> ReadOptions {
    let text = |text: &str| text.to_owned();
    ReadOptions {
        bundle: BundleOptions {
            target: target.map(text),
            variables: variables.iter().map(|(k, v)| (text(k), text(v))).collect(),
            user: Some(text(user)),
            ..BundleOptions::default()
        },
        ..ReadOptions::default()
    }
}

fn read(path: &Path, options: &ReadOptions) -> Reading {
    let text = fs::read_to_string(path).unwrap();
    documents::read(&path.display().to_string(), &text, &OnDisk, options)
}

/// A request without what only one of the forms has: places, and what nobody wrote.
fn placeless(request: &Request) -> Request {
    let mut request = request.clone();
    request.source.clear();
    request.line = 0;
    request.around.injected.clear();
    request.around.written = Default::default();
    if let Some(policy) = &request.around.policy {
        let mut policy = (**policy).clone();
        policy.source.clear();
        policy.line = 0;
        request.around.policy = Some(policy.into());
    }
    request
}

fn placeless_resource(resource: &Resource) -> Resource {
    Resource {
        source: String::new(),
        line: 0,
        ..resource.clone()
    }
}

/// Both forms of a bundle in a folder; they must ask for the same.
fn both(folder: &Path, target: &str, options: &ReadOptions) -> Reading {
    let yaml = read(&folder.join("databricks.yml"), options);
    let json = read(&folder.join(format!("validate.{target}.json")), options);
    assert_eq!(json.problems.0, []);
    assert_eq!(yaml.problems.0, []);
    assert_eq!(yaml.requests.len(), json.requests.len());
    for (yaml, json) in yaml.requests.iter().zip(&json.requests) {
        assert_eq!(placeless(yaml), placeless(json));
    }
    let placeless =
        |reading: &Reading| -> Vec<Resource> { reading.resources.iter().map(placeless_resource).collect() };
    assert_eq!(placeless(&yaml), placeless(&json));
    yaml
}

/// What was found, for people: one line for each resource, and its body below.
fn told(reading: &Reading, folder: &Path) -> String {
    let mut lines = String::new();
    let short = |source: &str| {
        let inside = Path::new(source)
            .strip_prefix(folder)
            .unwrap_or(Path::new(source));
        inside.display().to_string()
    };
    for request in &reading.requests {
        let around = &request.around;
        let address = request.address.as_deref().unwrap_or("-");
        lines += &format!(
            "{} {address} ({}:{})\n",
            around.kind,
            short(&request.source),
            request.line
        );
        lines += &format!("    {}\n", request.body);
        let mut tell = |what: &str, text: String| {
            if !text.is_empty() {
                lines += &format!("    {what}: {text}\n");
            }
        };
        tell("name", request.name.clone().unwrap_or_default());
        tell("unknown", around.unknown.paths.join(", "));
        let references = around.unknown.references.iter();
        tell(
            "refers",
            references
                .map(|(from, to)| format!("{from} to {to}"))
                .collect::<Vec<_>>()
                .join(", "),
        );
        tell("injected", around.injected.join(", "));
        tell(
            "policy",
            around
                .policy
                .as_ref()
                .map_or(String::new(), |policy| policy.name.clone()),
        );
        tell(
            "schedule",
            around
                .schedule
                .as_ref()
                .map_or(String::new(), |when| format!("{when:?}")),
        );
        let tags: Vec<String> = around.job_tags.iter().map(|(k, v)| format!("{k}={v}")).collect();
        tell("job tags", tags.join(", "));
        let places: Vec<String> = (around.written.iter())
            .map(|(path, at)| format!("{path} {}:{}", short(&at.source), at.line))
            .collect();
        tell("places", places.join(", "));
        tell("workspace", around.workspace.clone().unwrap_or_default());
    }
    for resource in &reading.resources {
        let address = resource.address.as_deref().unwrap_or("-");
        lines += &format!(
            "{} {address} ({}:{})\n",
            resource.kind,
            short(&resource.source),
            resource.line
        );
        lines += &format!("    {}\n", resource.body);
        if !resource.unknown.is_empty() {
            lines += &format!("    unknown: {}\n", resource.unknown.paths.join(", "));
        }
    }
    for problem in &reading.problems.0 {
        lines += &format!(
            "{}[{}] {}:{} {}\n",
            match problem.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            },
            problem.code,
            short(&problem.source),
            problem.line,
            problem.path
        );
    }
    lines
}

#[test]
fn a_bundle_and_what_the_cli_prints_of_it_ask_for_the_same() {
    let folder = project("tests/fixtures/bundle/lakehouse");
    for target in ["dev", "prod"] {
        let found = both(
            &folder,
            target,
            &options(Some(target), "ana", &[("owner", "ops")]),
        );
        golden(
            &format!("tests/fixtures/bundle/lakehouse/found.{target}.txt"),
            &told(&found, &folder),
        );
    }
}

/// The examples were printed by the CLI itself. What is found in them was read by eye.
#[test]
fn real_bundles_ask_for_what_the_cli_says() {
    let Some(folder) = shared("real_bundles_ask_for_what_the_cli_says") else {
        return;
    };
    let examples = folder.join("examples/dab");
    for (name, target) in [
        ("01-job-clusters-targets", "dev"),
        ("01-job-clusters-targets", "prod"),
        ("02-interactive-cluster-dev", "dev"),
        ("02-interactive-cluster-dev", "prod"),
        ("03-pool-policy-resources", "default"),
    ] {
        let folder = examples.join(name);
        let found = both(&folder, target, &options(Some(target), "dev", &[]));
        golden(
            &format!("tests/fixtures/bundle/examples/{name}.{target}.txt"),
            &told(&found, &folder),
        );
    }
    let folder = examples.join("06-unresolved-and-errors");
    let options = options(None, "dev", &[]);
    for file in ["databricks.yml", "validate.dev.json"] {
        let found = read(&folder.join(file), &options);
        golden(
            &format!("tests/fixtures/bundle/examples/06-unresolved-and-errors.{file}.txt"),
            &told(&found, &folder),
        );
    }
}

/// Line 81 of the root file is what the target says of a task that an included file has.
#[test]
fn a_finding_stands_where_its_value_was_written() {
    let bundle = "tests/fixtures/bundle/lakehouse/databricks.yml";
    let of = |format: &str| {
        let place = ["--region", "westus2", "--at", "2026-10-01"];
        let of_bundle = ["--target", "prod", "--var", "owner=ops"];
        let by = ["--policy", "etl-jobs", "--format", format];
        run(&[&["check", bundle], &of_bundle[..], &by[..], &place[..]].concat()).stdout
    };
    let rule = "title=etl-jobs/spot-workers::live nightly for prod/load";
    let told = of("github");
    let expected = format!("::error file={bundle},line=81,{rule}");
    assert!(told.contains(&expected), "{told}");
    let log: serde_json::Value = serde_json::from_str(&of("sarif")).unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap();
    let lines = results
        .iter()
        .filter(|result| result["ruleId"] == "etl-jobs/spot-workers")
        .map(|result| &result["locations"][0]["physicalLocation"]);
    let is_there = |place: &serde_json::Value| {
        place["artifactLocation"]["uri"] == bundle && place["region"]["startLine"] == 81
    };
    assert!(lines.into_iter().any(is_there), "{results:#?}");
    let told = of("text");
    assert!(told.contains(&format!("      at: {bundle}:81\n")), "{told}");
    assert!(
        told.contains(&format!("      at: custom_tags.team  ({bundle}:45)\n")),
        "{told}"
    );
}
