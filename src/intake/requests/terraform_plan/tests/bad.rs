//! Texts that are no plan, and plans that are broken in parts.

use serde_json::{Value, json};

use super::super::{alone, read};
use super::{addresses, create, flat, reading};

fn codes(text: &str) -> Vec<(&'static str, usize)> {
    let problems = read("plan.json", text).problems.0.into_iter();
    problems.map(|p| (p.code, p.line)).collect()
}

fn with(key: &str, value: Value) -> String {
    let mut plan = flat(&[], &[]);
    plan[key] = value;
    plan.to_string()
}

#[test]
fn what_is_no_plan_is_named() {
    let whole = flat(
        &[create(
            "databricks_cluster.a",
            json!({"num_workers": 1}),
            json!({}),
        )],
        &[],
    )
    .to_string();
    for length in [1, 20, whole.len() / 2, whole.len() - 1] {
        assert_eq!(codes(&whole[..length]), [("plan::syntax", 1)], "{length}");
    }
    assert_eq!(
        codes("{\"format_version\": \"1.2\",\n\"planned_values\": {\"a\": }}"),
        [("plan::syntax", 2)]
    );
    assert_eq!(codes("[1]"), [("plan::syntax", 1)]);
    let state = json!({"format_version": "1.0", "terraform_version": "1.9.0", "values": {"root_module": {}}});
    assert_eq!(codes(&state.to_string()), [("request::state-not-plan", 1)]);
    let state =
        json!({"version": 4, "terraform_version": "1.9.0", "serial": 1, "lineage": "x", "resources": []});
    assert_eq!(codes(&state.to_string()), [("request::state-not-plan", 1)]);
    for other in [
        json!({"format_version": "1.0"}),
        json!({"format_version": "1.0", "provider_schemas": {}}),
    ] {
        assert_eq!(codes(&other.to_string()), [("plan::not-a-plan", 1)]);
    }
    let values = |module: Value| json!({"format_version": "1.2", "planned_values": {"root_module": module}});
    let cluster = json!({"resources": [{"address": "databricks_cluster.c", "mode": "managed", "values": {"num_workers": 900}}]});
    for module in [cluster.clone(), json!({"child_modules": [cluster]}), json!(1)] {
        assert_eq!(codes(&values(module).to_string()), [("plan::not-a-plan", 1)]);
    }
    let data = json!({"resources": [{"address": "data.x.y", "mode": "data"}]});
    for module in [json!({}), data] {
        assert_eq!(codes(&values(module).to_string()), []);
    }
    for version in [
        json!("2.0"),
        json!("0.1"),
        json!("10.1"),
        json!(2),
        json!(null),
        json!([1]),
    ] {
        assert_eq!(codes(&with("format_version", version)), [("plan::version", 1)]);
    }
    for other in [
        json!({"a": 1}),
        json!("x"),
        json!(1),
        json!(-1),
        json!(1.5),
        json!(true),
    ] {
        assert_eq!(
            codes(&with("resource_changes", other)),
            [("plan::resource-changes", 1)]
        );
    }
    // A plan without resources has no changes.
    assert_eq!(codes(&with("resource_changes", Value::Null)), []);
    assert_eq!(
        codes("{\"format_version\": \"1.2\", \"configuration\": {\"root_module\": {}}}"),
        []
    );
}

#[test]
fn a_plan_that_says_not_everything_is_warned_of() {
    let warned = |key: &str, value: Value| {
        let found = read("plan.json", &with(key, value));
        assert!(!found.problems.has_errors());
        found.problems.0.iter().map(|p| p.code).collect::<Vec<_>>()
    };
    assert_eq!(warned("errored", json!(true)), ["plan::errored"]);
    assert_eq!(warned("complete", json!(false)), ["plan::incomplete"]);
    assert_eq!(warned("deferred_changes", json!([{}])), ["plan::incomplete"]);
    assert_eq!(warned("deferred_changes", json!([])), [""; 0]);
}

#[test]
fn one_bad_resource_hides_no_other() {
    let good = || create("databricks_cluster.good", json!({"num_workers": 1}), json!({}));
    let twice = good()
        .to_string()
        .replace("\"num_workers\":1", "\"num_workers\":1,\"num_workers\":2")
        .replace("good", "twice");
    let deep = good().to_string().replace(
        "\"num_workers\":1",
        &format!("\"spark_conf\":{}{}", "[".repeat(10_000), "]".repeat(10_000)),
    );
    let mut strange = good();
    strange["change"]["actions"] = json!(["renovate"]);
    let mut no_object = good();
    no_object["change"]["after"] = json!("x");
    let mut wrong = good();
    wrong["change"]["after"]["num_workers"] = json!("x");
    let parts = [
        "{\"mode\": \"managed\"}".to_owned(),
        twice,
        deep,
        strange.to_string(),
        no_object.to_string(),
        wrong.to_string(),
        good()
            .to_string()
            .replacen("\"name\"", "\"name\": \"n\", \"name\"", 1),
        good().to_string(),
    ];
    let text = format!(
        "{{\"format_version\": \"1.2\", \"resource_changes\": [\n{}\n]}}",
        parts.join(",\n")
    );
    let found = read("plan.json", &text);
    assert_eq!(addresses(&found), ["databricks_cluster.good"]);
    assert_eq!(found.requests[0].line, 9);
    let mut told = codes(&text);
    told.sort_by_key(|(_, line)| *line);
    assert_eq!(
        told,
        [
            ("plan::resource", 2),
            ("request::duplicate-key", 3),
            ("plan::resource", 4),
            ("plan::action", 5),
            ("plan::resource", 6),
            ("request::wrong-type", 7),
            ("request::duplicate-key", 8),
        ]
    );
}

#[test]
fn a_key_of_the_plan_that_stands_twice_makes_it_no_plan() {
    let twice = "{\"format_version\": \"1.2\",\n\"resource_changes\": [],\n\"resource_changes\": []}";
    assert_eq!(codes(twice), [("request::duplicate-key", 3)]);
    assert_eq!(
        codes("{\"format_version\": \"1.2\", \"checks\": 1, \"checks\": 2}"),
        [("request::duplicate-key", 1)]
    );
}

#[test]
fn nesting_without_end_is_no_crash() {
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    for key in ["planned_values", "configuration", "prior_state", "variables"] {
        let text = with(key, json!("DEEP")).replace("\"DEEP\"", &deep);
        let told = codes(&text);
        let expected: &[&str] = if key == "configuration" {
            &["plan::configuration"]
        } else {
            &[]
        };
        assert_eq!(told.iter().map(|t| t.0).collect::<Vec<_>>(), expected, "{key}");
    }
    let calls = "{\"module_calls\": {\"a\": {\"module\": ".repeat(10_000);
    let text = with("configuration", json!("DEEP")).replace(
        "\"DEEP\"",
        &format!("{{\"root_module\": {calls}{{}}{}}}", "}}}".repeat(10_000)),
    );
    assert_eq!(codes(&text)[0].0, "plan::configuration");
    let changes = with("resource_changes", json!("DEEP")).replace("\"DEEP\"", &deep);
    assert_eq!(codes(&changes)[0].0, "plan::resource");
}

#[test]
fn a_byte_order_mark_is_nothing_and_what_follows_is_another_document() {
    let text = flat(
        &[create(
            "databricks_cluster.a",
            json!({"num_workers": 1}),
            json!({}),
        )],
        &[],
    )
    .to_string();
    assert_eq!(
        alone("p", &format!("\u{feff}{text}\n")).unwrap().requests.len(),
        1
    );
    assert!(alone("p", &format!("{text}\n{text}")).is_none());
    assert_eq!(reading(&flat(&[], &[])).requests, []);
}

#[test]
fn blocks_that_hold_clusters_are_lists() {
    let cluster = json!({"num_workers": 900});
    for (kind, after, path) in [
        (
            "job",
            json!({"task": {"task_key": "t", "new_cluster": [cluster]}}),
            "`tasks`",
        ),
        (
            "job",
            json!({"task": [{"task_key": "t", "new_cluster": cluster}]}),
            "`tasks.0.new_cluster`",
        ),
        ("job", json!({"job_cluster": "x"}), "`job_clusters`"),
        ("pipeline", json!({"cluster": cluster}), "`clusters`"),
    ] {
        let found = reading(&flat(
            &[create(&format!("databricks_{kind}.x"), after, json!({}))],
            &[],
        ));
        let told: Vec<_> = found
            .problems
            .0
            .iter()
            .map(|p| (p.code, p.message.contains(path)))
            .collect();
        assert_eq!(told, [("plan::resource", true)], "{path}");
        assert_eq!(found.requests, []);
    }
}
