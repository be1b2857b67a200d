//! Import: what was taken over judges as its definition does, and its cases pass.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tollgate::model::decision::Outcome;
use tollgate::model::diagnostic::Diagnostics;
use tollgate::ops::files::Text;
use tollgate::ops::import::{ImportOptions, Imported, import};
use tollgate::ops::policy_test::{CaseResult, run, suites_below};
use tollgate::plugin::Host;
use tollgate::plugin::limits::Limits;
use tollgate::pricing::catalogue::Catalogue;

use crate::bench::{in_process, shared};

fn host() -> Host {
    in_process(Limits {
        deadline_ms: 2_000,
        ..Limits::default()
    })
}

fn imported(text: &str, output: &Path, name: Option<&str>) -> (Vec<Imported>, Diagnostics) {
    let source = Text {
        below: None,
        source: "p.json".to_owned(),
        text: text.to_owned(),
    };
    let options = ImportOptions {
        output: output.to_owned(),
        name: name.map(str::to_owned),
        force: false,
        cloud: None,
    };
    import(&source, &host(), &mut Catalogue::default(), &options).unwrap_or_else(|e| panic!("{e}"))
}

fn all_cases_pass(folder: &Path) -> usize {
    let mut cases = 0;
    for suite in suites_below(folder).unwrap() {
        for case in run(&suite, &host(), &mut Catalogue::default()).unwrap_or_else(|e| panic!("{e}")) {
            assert_eq!(case.result, CaseResult::Pass, "{}: {}", case.source, case.name);
            cases += 1;
        }
    }
    cases
}

#[test]
fn a_policy_of_a_workspace_is_taken_over_with_cases_that_pass() {
    let folder = tempfile::tempdir().unwrap();
    let definition = json!({
        "spark_version": {"type": "unlimited", "defaultValue": "auto:latest-lts"},
        "node_type_id": {"type": "regex", "pattern": "Standard_D[0-9]+s_v3"},
        "autoscale.min_workers": {"type": "fixed", "value": 1, "hidden": true},
        "autoscale.max_workers": {"type": "range", "minValue": 2, "maxValue": 6},
        "num_workers": {"type": "forbidden", "hidden": true},
        "dbus_per_hour": {"type": "range", "maxValue": 20},
        "cluster_type": {"type": "fixed", "value": "all-purpose"},
        "init_scripts.0.workspace.destination": {"type": "fixed", "value": "/Shared/base.sh"},
        "init_scripts.*.workspace.destination": {"type": "forbidden"},
        "cluster_log_conf.type": {"type": "fixed", "value": "DBFS"},
        "cluster_log_conf.path": {"type": "regex", "pattern": "dbfs:/logs/.+"},
        "custom_tags.cost center": {"type": "allowlist", "values": ["CC-1", "CC-2"]}
    });
    let policy = json!({"policies": [{"policy_id": "A1B2", "name": "Équipe data: prod", "definition": definition.to_string()}]});
    let (imported, problems) = imported(&policy.to_string(), folder.path(), None);
    assert_eq!(problems, Diagnostics::default());
    let [one] = imported.as_slice() else { panic!() };
    assert_eq!(one.name, "quipe-data-prod");
    assert_eq!((&one.cases.obstacles, &one.cases.unbroken), (&vec![], &vec![]));
    assert_eq!(one.cases.cases[0].outcome, Outcome::Allow);
    // One that passes, one with the defaults, and a denial for each element.
    assert_eq!(all_cases_pass(folder.path()), 14);
    let kept = fs::read_to_string(folder.path().join("quipe-data-prod/definition.json")).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&kept).unwrap(), definition);
}

#[test]
fn a_definition_on_several_lines_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let text = "{\n\t\"num_workers\":   {\"type\": \"range\", \"maxValue\": 4.0},\n\t\"num_workers\": {\"type\": \"range\", \"maxValue\": 8}\n}\n";
    let (imported, _) = imported(text, folder.path(), Some("Team X"));
    assert_eq!(imported[0].name, "team-x");
    let kept = fs::read_to_string(folder.path().join("team-x/definition.json")).unwrap();
    assert_eq!(kept, text);
    // Of a key that is given twice the last counts, here as there.
    assert!(all_cases_pass(folder.path()) >= 2);
}

#[test]
fn a_family_is_taken_over_as_a_family() {
    let folder = tempfile::tempdir().unwrap();
    let policy = json!({"name": "p", "policy_family_id": "personal-vm",
        "policy_family_definition_overrides": "{\"custom_tags.team\": {\"type\": \"unlimited\"}}"});
    let (imported, problems) = imported(&policy.to_string(), folder.path(), None);
    assert_eq!((imported.len(), problems), (1, Diagnostics::default()));
    let text = fs::read_to_string(folder.path().join("p/policy.yaml")).unwrap();
    assert!(text.contains("policy_family_id: personal-vm"), "{text}");
    assert!(!folder.path().join("p/definition.json").exists());
    assert!(all_cases_pass(folder.path()) >= 2);
}

#[test]
fn a_malformed_definition_is_told_and_hinders_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let all = "{\"policies\": [\n {\"name\": \"a\", \"definition\": \"{\\\"x\\\": 1, \\\"y/z\\\": {\\\"type\\\": \\\"regex\\\"}}\"},\n {\"name\": \"b\", \"definition\": {\"num_workers\": {\"type\": \"forbidden\"}}},\n {\"name\": \"B\", \"definition\": \"{}\"},\n {\"name\": \"c\", \"definition\": \"[1\"}]}";
    let (imported, problems) = imported(all, folder.path(), None);
    let names: Vec<&str> = imported.iter().map(|i| i.name.as_str()).collect();
    assert_eq!(names, ["b", "b-2"]);
    let told: Vec<_> = problems
        .0
        .iter()
        .map(|d| (d.code, d.line, d.path.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            ("import::malformed", 2, "policies.0.definition.x"),
            ("import::malformed", 2, "policies.0.definition.y/z"),
            ("import::malformed", 5, "policies.3.definition"),
        ]
    );
    let mut there: Vec<String> = fs::read_dir(folder.path())
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    there.sort();
    assert_eq!(there, ["b", "b-2"]);
}

/// Definitions that people publish: those that can be used are imported, and what is written passes.
#[test]
fn published_definitions_are_taken_over() {
    let Some(corpus) = shared("published_definitions_are_taken_over") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let (mut whole, mut malformed) = (0, 0);
    for entry in fs::read_dir(corpus.join("data/policies")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if !name.chars().all(|c| c.is_ascii_digit()) {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let (imported, problems) = imported(&text, folder.path(), Some(&format!("p{name}")));
        match imported.as_slice() {
            [one] if one.cases.obstacles.is_empty() && one.cases.unbroken.is_empty() => whole += 1,
            [_] => {}
            _ => {
                assert!(
                    problems.0.iter().all(|p| p.code == "import::malformed"),
                    "{problems}"
                );
                malformed += 1;
            }
        }
    }
    assert!(
        whole >= 38 && malformed <= 14,
        "{whole} without a gap, {malformed} malformed"
    );
    assert!(all_cases_pass(folder.path()) > 150);
}
