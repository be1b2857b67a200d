//! The linter on files: those of the corpus, those it changes, what it prints for machines; and its manual.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;
use tollgate::model::diagnostic::Severity;
use tollgate::model::period::parse_instant;
use tollgate::ops::lint::{LINTS, Mode, Report, lint};
use tollgate::ops::prices::catalogue;
use tollgate::plugin::limits::Limits;

use crate::bench::{Ended, golden, in_process, project, run_with_input, shared, tollgate_in};

fn looked_at(path: &Path) -> Report {
    let mut known = catalogue(&[]).unwrap();
    let at = parse_instant("2026-11-21").unwrap();
    let host = || Ok(in_process(Limits::default()));
    lint(&[path.to_owned()], Mode::Look, &mut known, at, &host).unwrap()
}

/// What the columns of the corpus' index say of each file.
fn index(folder: &Path) -> Vec<(String, String)> {
    let text = fs::read_to_string(folder.join("index.tsv")).unwrap();
    let rows = text.lines().skip(1).map(|line| {
        let columns: Vec<&str> = line.split('\t').collect();
        (columns[0].to_owned(), columns[3].to_owned())
    });
    rows.collect()
}

#[test]
fn every_published_definition_is_linted_and_every_malformed_one_has_an_error() {
    let Some(shared) = shared("every_published_definition_is_linted_and_every_malformed_one_has_an_error")
    else {
        return;
    };
    let folder = shared.join("data/policies");
    let index = index(&folder);
    assert!(index.len() > 50);
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (file, kind) in &index {
        let report = looked_at(&folder.join(file));
        assert_eq!((report.files, report.unreadable.0.len()), (1, 0), "{file}");
        let errors = report
            .findings
            .iter()
            .filter(|f| f.diagnostic.severity == Severity::Error);
        assert!(
            errors.count() > 0 || !kind.starts_with("malformed"),
            "{file} is malformed"
        );
        for finding in &report.findings {
            assert!(
                finding.diagnostic.line > 0 && finding.diagnostic.column > 0,
                "{finding:?}"
            );
            *counts.entry(finding.diagnostic.code).or_default() += 1;
        }
    }
    eprintln!("{counts:#?}");
}

/// What other people publish is not ours to copy; these are shapes of it that broke something.
#[test]
fn a_folder_is_searched_and_what_is_no_policy_is_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("a/definition.json", r#"{"num_workers": {"type": "fixed"}}"#);
    write(
        "a/policy.yaml",
        "policy: a\ndescription: d\nrules:\n  - { rule: r, plugin: cluster-policy, settings: { definition_file: definition.json } }\n",
    );
    write("a/cases.yaml", "cases: []\n");
    write(
        "b/team.policy.yaml",
        "policy: b\ndescription: d\nrules:\n  - { rule: r, plugin: cluster-size, settings: { workers: { max: 5 } } }\n",
    );
    write("request.json", r#"{"num_workers": 2}"#);
    write("package.json", r#"{"name": "x", "scripts": {"a": "b"}}"#);
    write("notes.yaml", "a: 1\n");
    let report = looked_at(folder.path());
    let found: Vec<&str> = report.findings.iter().map(|f| f.diagnostic.code).collect();
    // The definition is looked at once, though a document names it too.
    assert_eq!(
        (report.files, found.as_slice()),
        (3, &["lint::missing-member"][..])
    );
}

const FIXABLE: &str = r#"{
  "node_type_id":   {"type": "whitelist", "values": ["i3.xlarge"]},   
	"num_workers": {"type":"fixed","value":"4","hidden":"true"},
  "custom_tags.a": {"type": "unlimited", "is_optional": "true"}
}"#;

const FIXED: &str = r#"{
  "node_type_id":   {"type": "allowlist", "values": ["i3.xlarge"]},   
	"num_workers": {"type":"fixed","value":4,"hidden":true},
  "custom_tags.a": {"type": "unlimited", "isOptional": true}
}"#;

#[test]
fn a_fix_changes_the_bytes_concerned_and_a_second_run_none() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("p.json");
    fs::write(&file, FIXABLE).unwrap();
    let fix = || -> Ended {
        let arguments = ["policy", "lint", "p.json", "--fix", "--at", "2026-11-21"];
        tollgate_in(folder.path(), &arguments).output().unwrap().into()
    };
    let first = fix();
    assert_eq!((first.code, first.stderr.as_str()), (Some(0), ""));
    assert_eq!(
        first.stdout.lines().filter(|l| l.starts_with("fixed[")).count(),
        5,
        "{}",
        first.stdout
    );
    assert_eq!(fs::read_to_string(&file).unwrap(), FIXED);
    let second = fix();
    assert_eq!(second.stdout, "0 errors, 0 warnings in 1 file\n");
    // Nothing is left over beside it.
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn sarif_is_what_the_standard_says() {
    let ended = run_with_input(
        &["policy", "lint", "-", "--format", "sarif", "--at", "2026-11-21"],
        FIXABLE,
    );
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let log: Value = serde_json::from_str(&ended.stdout).unwrap();
    valid_sarif(&log);
    let run = &log["runs"][0];
    assert_eq!(run["tool"]["driver"]["name"], "tollgate");
    assert_eq!(
        run["tool"]["driver"]["rules"].as_array().unwrap().len(),
        LINTS.len()
    );
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 4);
    let first = &results[0];
    assert_eq!(first["ruleId"], "lint::legacy-type");
    let rule = usize::try_from(first["ruleIndex"].as_u64().unwrap()).unwrap();
    assert_eq!(run["tool"]["driver"]["rules"][rule]["id"], first["ruleId"]);
    let region = &first["locations"][0]["physicalLocation"]["region"];
    assert_eq!(
        (region["startLine"].as_u64(), region["startColumn"].as_u64()),
        (Some(2), Some(30))
    );
    assert_eq!(first["properties"]["fixable"], true);
}

#[test]
fn sarif_tells_of_what_could_not_be_read() {
    let ended = run_with_input(&["policy", "lint", "-", "--format", "sarif"], "{\"a\": {},}");
    assert_eq!(ended.code, Some(2));
    let log: Value = serde_json::from_str(&ended.stdout).unwrap();
    valid_sarif(&log);
    let invocation = &log["runs"][0]["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], false);
    assert_eq!(
        invocation["toolExecutionNotifications"][0]["descriptor"]["id"],
        "document::syntax"
    );
}

/// Holds a log against the schema of the standard, a copy of the one in the crate `serde-sarif` (MIT).
pub fn valid_sarif(log: &Value) {
    let text = fs::read_to_string(project("tests/fixtures/sarif-2.1.0.schema.json")).unwrap();
    let mut schema: Value = serde_json::from_str(&text).unwrap();
    // The pattern of `language`, which we do not write, has a bracket too many: the standard's own slip.
    for of in ["run", "toolComponent"] {
        let language = format!("/definitions/{of}/properties/language");
        let language = schema.pointer_mut(&language).unwrap();
        language.as_object_mut().unwrap().remove("pattern").unwrap();
    }
    let validator = jsonschema::draft7::new(&schema).unwrap();
    let faults: Vec<String> = validator
        .iter_errors(log)
        .map(|e| format!("{}: {e}", e.instance_path()))
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_policies_that_come_with_tollgate_have_no_findings() {
    let ended: Ended = tollgate_in(&project("."), &["policy", "lint", "--strict"])
        .output()
        .unwrap()
        .into();
    assert_eq!(ended.code, Some(0), "{}", ended.stdout);
    assert!(
        ended.stdout.starts_with("0 errors, 0 warnings in "),
        "{}",
        ended.stdout
    );
}

/// The table of `docs/lint.md` is that of the code.
#[test]
fn the_manual_lists_every_finding() {
    let path = "docs/lint.md";
    let (begin, end) = ("<!-- begin of the table -->\n", "<!-- end of the table -->\n");
    let text = fs::read_to_string(project(path)).unwrap();
    let (before, rest) = text.split_once(begin).unwrap();
    let (_, after) = rest.split_once(end).unwrap();
    let mut table = String::from("| code | | what | `--fix` |\n|---|---|---|---|\n");
    for lint in LINTS {
        let severity = match lint.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let fix = lint.fix.unwrap_or_default();
        let code = lint.code.trim_start_matches("lint::");
        table += &format!("| `{code}` | {severity} | {} | {fix} |\n", lint.title);
    }
    golden(path, &format!("{before}{begin}{table}{end}{after}"));
}
