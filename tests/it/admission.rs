//! Admission: which policy judges, and what waivers set aside.

use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;

use tollgate::intake::requests::documents::{self, ReadOptions};
use tollgate::intake::requests::request::{PolicyFound, Request};
use tollgate::model::decision::{ChosenBy, Outcome};
use tollgate::model::diagnostic::Diagnostics;
use tollgate::model::place::Workload;
use tollgate::ops::admission::{Admission, Configured, Setup};
use tollgate::ops::check::{Answer, CheckOptions, Checked, check, report};
use tollgate::ops::choice::{Choice, choose};
use tollgate::ops::files::{OnDisk, Text};
use tollgate::ops::policies::{Policies, PolicySource};
use tollgate::ops::prices::catalogue;
use tollgate::ops::waivers::Waivers;
use tollgate::plugin::limits::Limits;

use crate::bench::{in_process, project};

/// Bindings of every kind of condition that a body of the API tells something of.
const FILE: &str = r#"
workspaces:
  - { workspace: prod, host: "adb-1*", cloud: AZURE, region: westus2 }
bindings:
  - policy: etl-jobs
    when: { path: "teams/etl/**", kind: [job-cluster, task-cluster] }
  - policy: gpu-training
    when: { tags: { team: "ml-*" } }
  - policy: shared-analytics
    when: { job: "report-*" }
  - policy: none
    when: { policy_id: "0011*" }
"#;

struct Repository {
    folder: tempfile::TempDir,
}

impl Repository {
    fn of(file: &str, waivers: &str) -> Repository {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("tollgate.yaml"), file).unwrap();
        std::fs::write(folder.path().join("waivers.yaml"), waivers).unwrap();
        Repository { folder }
    }

    fn admission(&self, policies: &Policies<'_>) -> Result<Admission, Diagnostics> {
        let path = |name: &str| self.folder.path().join(name);
        let waivers = Waivers::read(&[path("waivers.yaml")])?;
        let setup = Setup {
            configured: Some(Configured::read(&path("tollgate.yaml"))?),
            current: self.folder.path().to_owned(),
            workspace: None,
            is_policy_given: false,
        };
        setup.admission(&waivers, policies)
    }
}

const NO_WAIVERS: &str = "waivers: []\n";

fn options(admission: Admission, at: &str) -> CheckOptions {
    CheckOptions {
        policy: None,
        place: tollgate::ops::judge::PlaceOptions {
            region: Some("westus2".to_owned()),
            ..Default::default()
        },
        workload: Workload::Job,
        at: tollgate::model::period::parse_instant(at).unwrap(),
        principal: None,
        read: ReadOptions::default(),
        clusters: None,
        against: None,
        usage: None,
        admission,
    }
}

fn limits() -> Limits {
    Limits {
        deadline_ms: 2_000,
        ..Limits::default()
    }
}

/// Checks texts, each with its path below the folder of `tollgate.yaml`.
fn checked(repository: &Repository, texts: &[(&str, Value)], at: &str) -> Checked {
    let host = in_process(limits());
    let mut policies = Policies::open(&PolicySource::Bundled, &host).unwrap();
    let admission = repository.admission(&policies).unwrap();
    let sources: Vec<Text> = texts
        .iter()
        .map(|(source, text)| Text {
            below: None,
            source: (*source).to_owned(),
            text: text.to_string(),
        })
        .collect();
    let options = options(admission, at);
    check(sources, &mut policies, &mut catalogue(&[]).unwrap(), &options).unwrap()
}

fn cluster(name: &str, team: &str, workers: u32) -> Value {
    json!({"cluster_name": name, "spark_version": "15.4.x-scala2.12", "node_type_id": "Standard_D8s_v3",
        "num_workers": workers, "custom_tags": {"team": team, "cost_center": "CC-1000"},
        "azure_attributes": {"availability": "SPOT_WITH_FALLBACK_AZURE", "first_on_demand": 1}})
}

fn job(name: &str, mut cluster: Value) -> Value {
    cluster.as_object_mut().unwrap().remove("cluster_name");
    json!({"name": name, "tasks": [{"task_key": "t", "new_cluster": cluster}]})
}

fn chosen(answer: &Answer) -> (ChosenBy, Vec<&str>) {
    let policies = answer.policies.iter().map(String::as_str);
    (answer.chosen_by, policies.collect())
}

#[test]
fn a_binding_decides_before_what_the_request_names() {
    let mut by_id = cluster("c", "data", 1);
    by_id["policy_id"] = json!("0011AABB");
    let mut named = cluster("c", "data", 1);
    named["policy_id"] = json!("etl-jobs");
    let texts = [
        ("teams/etl/j.json", job("nightly", cluster("c", "ml-1", 1))),
        (
            "./teams/ml/../etl/j.json",
            job("nightly", cluster("c", "data", 1)),
        ),
        ("teams/etl/c.json", cluster("c", "ml-1", 1)),
        ("teams/x.json", job("report-1", cluster("c", "data", 1))),
        ("teams/x.json", by_id),
        ("teams/x.json", named),
    ];
    let checked = checked(&Repository::of(FILE, NO_WAIVERS), &texts, "2026-10-01");
    assert_eq!(checked.problems.0, []);
    let found: Vec<_> = checked.answers.iter().map(chosen).collect();
    assert_eq!(
        found,
        [
            (ChosenBy::Binding, vec!["baseline", "etl-jobs"]),
            (ChosenBy::Binding, vec!["baseline", "etl-jobs"]),
            (ChosenBy::Binding, vec!["baseline", "gpu-training"]),
            (ChosenBy::Binding, vec!["baseline", "shared-analytics"]),
            (ChosenBy::Binding, vec!["baseline"]),
            (ChosenBy::Request, vec!["baseline", "etl-jobs"]),
        ]
    );
}

#[test]
fn what_nothing_is_said_of_is_an_error_and_where_the_file_says_so_none() {
    let texts = [("x.json", cluster("c", "data", 1))];
    let strict = checked(&Repository::of(FILE, NO_WAIVERS), &texts, "2026-10-01");
    assert_eq!(strict.answers.len(), 0);
    assert_eq!(strict.problems.0[0].code, "policy::unbound");
    let lenient = Repository::of(&format!("{FILE}unbound: guardrails\n"), NO_WAIVERS);
    let lenient = checked(&lenient, &texts, "2026-10-01");
    assert_eq!(chosen(&lenient.answers[0]), (ChosenBy::None, vec!["baseline"]));
    let without = checked(&Repository::of("prices: []\n", NO_WAIVERS), &texts, "2026-10-01");
    assert_eq!(chosen(&without.answers[0]), (ChosenBy::None, vec!["baseline"]));
}

/// One request, and something done to it before its policy is chosen.
fn chosen_after(file: &str, text: &Value, change: impl FnOnce(&mut Request)) -> Result<Choice, Diagnostics> {
    let host = in_process(limits());
    let mut policies = Policies::open(&PolicySource::Bundled, &host).unwrap();
    let mut admission = Repository::of(file, NO_WAIVERS).admission(&policies).unwrap();
    admission.bindings.source = "tollgate.yaml".to_owned();
    let read = documents::read("x.json", &text.to_string(), &OnDisk, &ReadOptions::default());
    let mut request = read.requests.into_iter().next().unwrap();
    change(&mut request);
    choose(&request, &mut policies, &options(admission, "2026-10-01"))
}

/// What is told where a binding hangs on what an apply will give.
pub fn nobody_knows() -> Diagnostics {
    let text = job(
        "nightly",
        json!({"spark_version": "15.4.x-scala2.12", "num_workers": 1}),
    );
    chosen_after(FILE, &text, |request| {
        request.around.unknown.add("custom_tags.team")
    })
    .unwrap_err()
}

#[test]
fn what_nobody_knows_yet_is_told_and_never_guessed() {
    assert_eq!(nobody_knows().0[0].code, "policy::binding-unknown");
    // Whatever the tag, the policy is the same.
    let same = FILE.replace("shared-analytics", "gpu-training");
    let text = job(
        "report-1",
        json!({"spark_version": "15.4.x-scala2.12", "num_workers": 1}),
    );
    let unknown = |request: &mut Request| request.around.unknown.add("custom_tags");
    let choice = chosen_after(&same, &text, unknown).unwrap();
    assert_eq!(
        (choice.by, choice.policy.as_deref()),
        (ChosenBy::Binding, Some("gpu-training"))
    );
    // The name of the policy itself is not known.
    let text = cluster("c", "data", 1);
    let choice = chosen_after("prices: []\n", &text, |r| r.around.unknown.add("policy_id")).unwrap();
    assert_eq!((choice.by, &choice.policy), (ChosenBy::Request, &None));
    assert_eq!(choice.undetermined.unwrap().path, "policy_id");
}

fn found(settings: Option<Value>) -> impl FnOnce(&mut Request) {
    move |request| {
        let unknown = &mut request.around.unknown;
        unknown.refer("policy_id", "databricks_cluster_policy.team");
        request.around.policy = Some(Arc::new(PolicyFound {
            name: "databricks_cluster_policy.team".to_owned(),
            source: "plan.json".to_owned(),
            line: 7,
            settings,
        }));
    }
}

#[test]
fn a_policy_of_the_same_document_judges_where_its_definition_is_known() {
    let text = cluster("c", "data", 1);
    let definition = json!({"num_workers": {"type": "range", "maxValue": 5}});
    let choice = chosen_after(
        "prices: []\n",
        &text,
        found(Some(json!({"definition": definition}))),
    )
    .unwrap();
    assert_eq!((choice.by, choice.undetermined), (ChosenBy::Document, None));
    assert!(
        choice
            .policy
            .unwrap()
            .starts_with("databricks_cluster_policy.team")
    );
    let choice = chosen_after("prices: []\n", &text, found(None)).unwrap();
    assert_eq!((choice.by, choice.policy), (ChosenBy::Document, None));
    assert!(choice.undetermined.is_some());
    // A binding may speak of it by its address.
    let bound = "bindings:\n  - policy: etl-jobs\n    when: { policy_id: \"databricks_cluster_policy.*\" }\n";
    let choice = chosen_after(bound, &text, found(None)).unwrap();
    assert_eq!(choice.policy.as_deref(), Some("etl-jobs"));
    // What is wrong with it is told where it stands.
    let broken = json!({"definition": {"num_workers": {"type": "rnge"}}});
    let problems = chosen_after("prices: []\n", &text, found(Some(broken))).unwrap_err();
    assert_eq!(
        (
            problems.0[0].code,
            problems.0[0].source.as_str(),
            problems.0[0].line
        ),
        ("policy::settings", "plan.json", 7)
    );
}

#[test]
fn a_policy_of_the_same_document_denies_by_its_definition() {
    let host = in_process(limits());
    let mut policies = Policies::open(&PolicySource::Bundled, &host).unwrap();
    let found = PolicyFound {
        name: "resources.cluster_policies.team".to_owned(),
        source: "databricks.yml".to_owned(),
        line: 3,
        settings: Some(json!({"definition": "{\"num_workers\": {\"type\": \"range\", \"maxValue\": 5}}"})),
    };
    let key = policies.load_found(&found).unwrap().unwrap();
    assert_eq!(
        policies.load_found(&found).unwrap().as_deref(),
        Some(key.as_str())
    );
    let policy = policies.get(&key).unwrap();
    assert_eq!(policy.name, "resources.cluster_policies.team");
    assert_eq!(policy.rules[0].name.rule, "definition");
}

const WAIVERS: &str = r#"
waivers:
  - waiver: backfill
    reason: r
    approved_by: ana@example.com
    expires: 2026-10-31
    scope: { policy: etl-jobs, rule: size, resource: "nightly*", source: "teams/**", tags: { team: data }, at_most: 24 }
"#;

#[test]
fn a_waiver_sets_aside_what_it_covers_until_it_expires() {
    let repository = Repository::of(FILE, WAIVERS);
    let texts = |workers| [("teams/etl/j.json", job("nightly", cluster("c", "data", workers)))];
    let says = |workers, at: &str| {
        let checked = checked(&repository, &texts(workers), at);
        let d = checked.answers[0].decision.clone();
        let expired = d.violations.iter().filter_map(|v| v.expired_waiver.clone());
        let expired: Vec<String> = expired.map(|w| w.expires).collect();
        (d.outcome, d.waived.len(), expired)
    };
    assert_eq!(says(24, "2026-10-31T23:59:59Z"), (Outcome::Allow, 1, vec![]));
    let since = vec!["2026-10-31".to_owned()];
    assert_eq!(says(24, "2026-11-01"), (Outcome::Deny, 0, since));
    assert_eq!(says(25, "2026-10-01"), (Outcome::Deny, 0, vec![]));
    assert_eq!(says(20, "2026-10-01"), (Outcome::Allow, 0, vec![]));
}

/// A plan that defines a policy: it denies by its definition, can be waived by its address, and its rule has a manual.
#[test]
fn a_policy_of_a_plan_denies_and_can_be_waived() {
    let plan = std::fs::read_to_string(project("tests/fixtures/terraform/estate.json")).unwrap();
    let plan: Value = serde_json::from_str(&plan).unwrap();
    let waivers = WAIVERS
        .replace("policy: etl-jobs", "policy: databricks_cluster_policy.base")
        .replace(
            "rule: size, resource: \"nightly*\", source: \"teams/**\", tags: { team: data }, at_most: 24",
            "rule: definition",
        );
    let legacy = |waivers: &str| {
        let host = in_process(limits());
        let mut policies = Policies::open(&PolicySource::Bundled, &host).unwrap();
        let admission = Repository::of("prices: []\n", waivers)
            .admission(&policies)
            .unwrap();
        let source = Text {
            source: "plan.json".to_owned(),
            text: plan.to_string(),
            below: None,
        };
        let options = options(admission, "2026-10-01");
        let checked = check(
            vec![source],
            &mut policies,
            &mut catalogue(&[]).unwrap(),
            &options,
        )
        .unwrap();
        let told = report(&checked, &policies, &options);
        let manual = told
            .rules
            .iter()
            .any(|rule| rule.by.rule == "definition" && !rule.manual.is_empty());
        let address = Some("databricks_cluster.legacy".to_owned());
        let legacy = checked
            .answers
            .iter()
            .find(|a| a.request.address == address)
            .unwrap();
        assert_eq!(
            chosen(legacy),
            (
                ChosenBy::Document,
                vec!["baseline", "databricks_cluster_policy.base"]
            )
        );
        let by = |rule: &str| {
            legacy
                .decision
                .violations
                .iter()
                .filter(|v| v.by.rule == rule)
                .count()
        };
        (by("definition"), legacy.decision.waived.len(), manual)
    };
    assert_eq!(legacy(NO_WAIVERS), (1, 0, true));
    assert_eq!(legacy(&waivers), (0, 1, true));
}

#[test]
fn what_is_set_aside_asks_for_no_change() {
    let repository = Repository::of(FILE, WAIVERS);
    let texts = [("teams/etl/j.json", job("nightly", cluster("c", "data", 24)))];
    let checked = checked(&repository, &texts, "2026-10-01");
    assert!(checked.answers[0].remedied.is_none());
}

#[test]
fn a_workspace_tells_of_the_place_where_no_flag_does() {
    let host = in_process(limits());
    let policies = Policies::open(&PolicySource::Bundled, &host).unwrap();
    let file = "workspaces:\n  - { workspace: prod, host: \"adb-1*\", cloud: AWS, region: eu-west-1, tier: ENTERPRISE }\n";
    let admission = Repository::of(file, NO_WAIVERS).admission(&policies).unwrap();
    let mut options = options(admission, "2026-10-01");
    options.place.region = None;
    let text = cluster("c", "data", 1).to_string();
    let read = documents::read("x.json", &text, &OnDisk, &ReadOptions::default());
    let mut request = read.requests.into_iter().next().unwrap();
    assert_eq!(
        options.admission.place_of(&request, &options.place),
        options.place
    );
    request.around.workspace = Some("https://adb-12.3.azuredatabricks.net/".to_owned());
    let place = options.admission.place_of(&request, &options.place);
    assert_eq!(place.region.as_deref(), Some("eu-west-1"));
    options.place.region = Some("us-east-1".to_owned());
    let place = options.admission.place_of(&request, &options.place);
    assert_eq!(place.region.as_deref(), Some("us-east-1"));
    assert_eq!(
        (place.cloud, place.tier),
        (Some("AWS".parse().unwrap()), Some("ENTERPRISE".parse().unwrap()))
    );
}

/// The blocks of YAML of the manual are what they say they are.
#[test]
fn the_examples_of_the_manual_are_read() {
    let manual = std::fs::read_to_string(project("docs/admission.md")).unwrap();
    let blocks: Vec<&str> = manual
        .split("```yaml\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap())
        .collect();
    let [file, waivers] = blocks.as_slice() else {
        panic!("expected two blocks, found {}", blocks.len());
    };
    let host = in_process(limits());
    let policies = Policies::open(&PolicySource::Bundled, &host).unwrap();
    let admission = Repository::of(file, waivers).admission(&policies).unwrap();
    assert_eq!(
        (admission.bindings.bindings.len(), admission.waivers.len()),
        (3, 1)
    );
}

#[test]
fn every_path_of_the_file_is_relative_to_it() {
    let file = "policies: ../\nwaivers: [waivers.yaml]\nprices: [/]\nusage: usage.yaml\n";
    let repository = Repository::of(file, NO_WAIVERS);
    let folder = repository.folder.path();
    let read = Configured::read(&folder.join("tollgate.yaml")).unwrap();
    assert_eq!(read.source().unwrap(), PolicySource::Folder(folder.join("../")));
    assert_eq!(read.waivers().unwrap(), [folder.join("waivers.yaml")]);
    assert_eq!(read.prices().unwrap(), [Path::new("/")]);
    // What is not there is told with its line, by who asks for it alone.
    let told = read.usage().unwrap_err().0;
    let told: Vec<_> = told.iter().map(|d| (d.code, d.line, d.path.as_str())).collect();
    assert_eq!(told, [("configuration::missing-file", 4, "usage")]);
    std::fs::write(folder.join("usage.yaml"), "").unwrap();
    assert_eq!(read.usage().unwrap(), Some(folder.join("usage.yaml")));
}
