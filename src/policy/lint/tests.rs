//! Definitions, and what is found in them.

use super::codes::LINTS;
use super::world::tests::world;
use super::*;
use crate::model::finding::{Fix, apply};
use proptest::prelude::*;
use serde_json::{Value, json};

fn findings(source: &str, text: &str) -> Vec<Finding> {
    let file = File::new(source, text);
    let linted = lint(&file, Reason::Named, &world()).unwrap().unwrap();
    for finding in &linted.findings {
        let code = finding.diagnostic.code;
        let known = codes::find(code).unwrap_or_else(|| panic!("{code} is not in the table"));
        assert!(
            finding.fix.is_none() || known.fix.is_some(),
            "the table tells of no fix of {code}"
        );
    }
    linted.findings
}

fn codes(text: &str) -> Vec<&'static str> {
    let mut codes: Vec<&str> = findings("p.json", text)
        .iter()
        .map(|f| f.diagnostic.code.strip_prefix("lint::").unwrap())
        .collect();
    codes.sort_unstable();
    codes
}

/// Definitions, each with everything that is found in it.
#[test]
fn definitions_have_the_findings_they_should() {
    let cases: &[(&str, &[&str])] = &[
        // Nothing.
        ("{}", &[]),
        (
            r#"{"spark_version": {"type": "unlimited", "defaultValue": "auto:latest-lts"}}"#,
            &[],
        ),
        (
            r#"{"spark_version": {"type": "allowlist", "values": ["15.4.x-scala2.12", "15.4.x-photon-scala2.12"]}}"#,
            &[],
        ),
        (
            r#"{"spark_version": {"type": "regex", "pattern": "15\\.4\\.x-(cpu-ml-)?scala2\\.1[23]"}}"#,
            &[],
        ),
        (
            r#"{"spark_version": {"type": "blocklist", "values": ["13.3.x-scala2.12"]}}"#,
            &[],
        ),
        (
            r#"{"autotermination_minutes": {"type": "range", "minValue": 10, "maxValue": 120}}"#,
            &[],
        ),
        (r#"{"custom_tags.team.name": {"type": "fixed", "value": 7}}"#, &[]),
        (
            r#"{"spark_conf.spark.executor.cores": {"type": "range", "maxValue": 4, "isOptional": true}}"#,
            &[],
        ),
        (
            r#"{"node_type_id": {"type": "allowlist", "values": ["Standard_DS3_v2"]}, "dbus_per_hour": {"type": "range", "maxValue": 0.75}}"#,
            &[],
        ),
        (
            r#"{"instance_pool_id": {"type": "forbidden"}, "driver_instance_pool_id": {"type": "forbidden"}, "node_type_id": {"type": "fixed", "value": "i3.xlarge"}}"#,
            &[],
        ),
        (
            r#"{"init_scripts.0.workspace.destination": {"type": "fixed", "value": "/a"}, "init_scripts.*.dbfs.destination": {"type": "forbidden"}}"#,
            &[],
        ),
        // Shape.
        ("[]", &["not-a-definition"]),
        (r#"[{"foo": "bar"}]"#, &["not-a-definition"]),
        ("7", &["not-a-definition"]),
        (r#""{\"num_workers\": {\"type\": \"fixd\"}}""#, &["unknown-type"]),
        (r#"{"foo": "bar"}"#, &["not-an-element"]),
        (r#"{"num_workers": {"value": 1}}"#, &["missing-type"]),
        (r#"{"num_workers": {"type": 7}}"#, &["unknown-type"]),
        (
            r#"{"spark_version": {"type": "regex", "value": "15.*"}}"#,
            &["missing-member"],
        ),
        (
            r#"{"dbus_per_hour": {"type": "fixed", "maxValue": 5}}"#,
            &["missing-member"],
        ),
        (
            r#"{"num_workers": {"type": "range", "maxValue": "many"}}"#,
            &["wrong-member-type"],
        ),
        (
            r#"{"num_workers": {"type": "allowlist", "values": 4}}"#,
            &["wrong-member-type"],
        ),
        (
            r#"{"num_workers": {"type": "unlimited", "isOptional": 1}}"#,
            &["wrong-member-type"],
        ),
        (
            r#"{"cluster_name": {"type": "regex", "pattern": "(a"}}"#,
            &["pattern-syntax"],
        ),
        (
            r#"{"cluster_name": {"type": "regex", "pattern": "(?!a).*"}}"#,
            &["pattern-beyond"],
        ),
        (
            r#"{"cluster_name": {"type": "regex", "pattern": "\\p{L}+"}}"#,
            &["pattern-beyond"],
        ),
        (
            r#"{"num_workers": {"type": "fixed", "value": 1, "value": 2}, "num_workers": {"type": "forbidden"}}"#,
            &["duplicate-key", "duplicate-key"],
        ),
        (
            r#"{"node_type_id": {"type": "allowlist", "values": []}}"#,
            &["empty-values"],
        ),
        // Members.
        (
            r#"{"custom_tags.a": {"type": "unlimited", "default_value": "b", "note": ""}}"#,
            &["unknown-member", "unknown-member"],
        ),
        (
            r#"{"custom_tags.a": {"type": "unlimited", "default_value": "b", "DefaultValue": "c", "is_optional": true, "isOptional": true}}"#,
            &["unknown-member", "unknown-member", "unknown-member"],
        ),
        (
            r#"{"custom_tags.a": {"type": "unlimited", "value": "b"}}"#,
            &["idle-member"],
        ),
        (
            r#"{"custom_tags.a": {"type": "fixed", "value": "b", "defaultValue": "c", "isOptional": false}}"#,
            &["idle-member"],
        ),
        (
            r#"{"dbus_per_hour": {"type": "range", "maxValue": 9, "defaultValue": 3}}"#,
            &["idle-member"],
        ),
        (
            r#"{"custom_tags.a": {"type": "forbidden", "hidden": "true"}}"#,
            &["flag-as-text"],
        ),
        (
            r#"{"kind": {"type": "whitelist", "values": ["CLASSIC_PREVIEW"]}}"#,
            &["legacy-type"],
        ),
        // Attributes.
        (
            r#"{"num_worker": {"type": "fixed", "value": 1}}"#,
            &["unknown-attribute"],
        ),
        (
            r#"{".dbus_per_hour": {"type": "range", "maxValue": 5}, "cluster_source": {"type": "fixed", "value": "UI"}}"#,
            &["legacy-attribute", "legacy-attribute"],
        ),
        (r#"{"custom_tags.*": {"type": "unlimited"}}"#, &["star-key"]),
        (
            r#"{"node_type_id": {"type": "fixed", "value": "i3.xlarge"}, "azure_attributes.availability": {"type": "fixed", "value": "SPOT_AZURE"}}"#,
            &["mixed-clouds"],
        ),
        (
            r#"{"aws_attributes.zone_id": {"type": "forbidden"}, "azure_attributes.availability": {"type": "fixed", "value": "SPOT_AZURE"}}"#,
            &[],
        ),
        (
            r#"{"init_scripts.1.dbfs.destination": {"type": "fixed", "value": "dbfs:/a"}}"#,
            &["list-gap"],
        ),
        // Values.
        (
            r#"{"num_workers": {"type": "fixed", "value": "4"}}"#,
            &["value-as-text"],
        ),
        (
            r#"{"enable_elastic_disk": {"type": "fixed", "value": "true"}}"#,
            &["value-as-text"],
        ),
        (
            r#"{"num_workers": {"type": "fixed", "value": "four"}}"#,
            &["impossible-value"],
        ),
        (
            r#"{"spark_version": {"type": "blocklist", "values": ["15.4.x-scala2.12"], "defaultValue": "15.4.x-scala2.12"}}"#,
            &["default-breaks-rule"],
        ),
        (
            r#"{"spark_version": {"type": "allowlist", "values": ["15.4.x-scala2.12"], "defaultValue": "auto:latest-lts"}}"#,
            &[],
        ),
        (
            r#"{"num_workers": {"type": "range", "minValue": 4, "maxValue": 2, "defaultValue": 3}}"#,
            &["default-breaks-rule", "range-order"],
        ),
        (r#"{"num_workers": {"type": "range"}}"#, &["range-open"]),
        (
            r#"{"cluster_name": {"type": "range", "minValue": 1}}"#,
            &["range-on-text"],
        ),
        (
            r#"{"data_security_mode": {"type": "fixed", "value": "single_user"}}"#,
            &["unknown-value"],
        ),
        (
            r#"{"autotermination_minutes": {"type": "fixed", "value": 5}}"#,
            &["beyond-api"],
        ),
        (
            r#"{"autotermination_minutes": {"type": "range", "minValue": 1, "maxValue": 5}}"#,
            &["beyond-api"],
        ),
        // Patterns.
        (
            r#"{"cluster_name": {"type": "regex", "pattern": "^a-.*$"}}"#,
            &["redundant-anchor"],
        ),
        (
            r#"{"cluster_name": {"type": "regex", "pattern": "^a|b$"}}"#,
            &["anchored-branch"],
        ),
        (
            r#"{"cluster_name": {"type": "regex", "pattern": "v[2,3]"}}"#,
            &["separator-in-class"],
        ),
        (
            r#"{"spark_version": {"type": "regex", "pattern": "15.4.x-scala.*"}}"#,
            &["unescaped-dot"],
        ),
        (
            r#"{"spark_version": {"type": "regex", "pattern": "1[5-9]\\..*-scala2\\.12"}}"#,
            &["scala-pinned"],
        ),
        (
            r#"{"spark_version": {"type": "allowlist", "values": ["17.3.x-scala2.12"]}}"#,
            &["scala-pinned"],
        ),
        (
            r#"{"spark_version": {"type": "regex", "pattern": "15\\.4"}}"#,
            &["matches-nothing"],
        ),
        (
            r#"{"cluster_type": {"type": "regex", "pattern": "jobs?-.*"}}"#,
            &["matches-nothing"],
        ),
        // Together.
        (
            r#"{"instance_pool_id": {"type": "fixed", "value": "p"}, "node_type_id": {"type": "fixed", "value": "i3.xlarge"}}"#,
            &["pool-and-node-type"],
        ),
        (
            r#"{"instance_pool_id": {"type": "fixed", "value": "p"}, "driver_node_type_id": {"type": "fixed", "value": "i3.xlarge"}}"#,
            &["pool-and-node-type"],
        ),
        (
            r#"{"instance_pool_id": {"type": "unlimited"}, "node_type_id": {"type": "allowlist", "values": ["i3.xlarge"]}}"#,
            &["pool-or-node-type"],
        ),
        (
            r#"{"num_workers": {"type": "unlimited"}, "autoscale.max_workers": {"type": "range", "maxValue": 4}}"#,
            &["size-twice"],
        ),
        (
            r#"{"num_workers": {"type": "forbidden"}, "autoscale.max_workers": {"type": "range", "maxValue": 4}}"#,
            &[],
        ),
        (
            r#"{"num_workers": {"type": "forbidden"}, "autoscale.max_workers": {"type": "forbidden"}}"#,
            &["no-size"],
        ),
        (
            r#"{"instance_pool_id": {"type": "unlimited", "isOptional": true, "defaultValue": "p"}, "node_type_id": {"type": "allowlist", "values": ["i3.xlarge"], "defaultValue": "i3.xlarge"}}"#,
            &["defaults-collide"],
        ),
        (
            r#"{"autoscale.min_workers": {"type": "fixed", "value": 8}, "autoscale.max_workers": {"type": "range", "maxValue": 4}}"#,
            &["autoscale-order"],
        ),
        (
            r#"{"init_scripts.0.dbfs.destination": {"type": "fixed", "value": "dbfs:/a"}, "init_scripts.0.file.destination": {"type": "fixed", "value": "file:/a"}}"#,
            &["entry-of-two-kinds"],
        ),
        (
            r#"{"cluster_log_conf.path": {"type": "fixed", "value": "dbfs:/logs"}}"#,
            &["log-path-without-type"],
        ),
        (
            r#"{"node_type_id": {"type": "fixed", "value": "Standard_DS5_v2"}, "num_workers": {"type": "range", "minValue": 2}, "dbus_per_hour": {"type": "range", "maxValue": 8}}"#,
            &["dbus-unreachable"],
        ),
        (
            r#"{"node_type_id": {"type": "fixed", "value": "Standard_DS5_v2"}, "num_workers": {"type": "range", "minValue": 2}, "dbus_per_hour": {"type": "range", "maxValue": 9}}"#,
            &[],
        ),
        // Workloads.
        (
            r#"{"cluster_type": {"type": "allowlist", "values": ["all-purpose", "job-compute"]}}"#,
            &["cluster-type"],
        ),
        (
            r#"{"cluster_type": {"type": "forbidden"}}"#,
            &["virtual-forbidden"],
        ),
        (
            r#"{"dbus_per_hour": {"type": "fixed", "value": 50}}"#,
            &["dbus-not-a-range"],
        ),
        (
            r#"{"autotermination_minutes": {"type": "fixed", "value": 0}}"#,
            &["never-terminates"],
        ),
        (
            r#"{"autotermination_minutes": {"type": "range", "maxValue": 120}}"#,
            &["never-terminates"],
        ),
        (
            r#"{"autotermination_minutes": {"type": "unlimited", "defaultValue": 60}}"#,
            &["never-terminates"],
        ),
        (
            r#"{"cluster_type": {"type": "fixed", "value": "all-purpose"}, "autotermination_minutes": {"type": "range", "minValue": 10, "isOptional": true}}"#,
            &["never-terminates"],
        ),
        (
            r#"{"autotermination_minutes": {"type": "range", "minValue": 10, "isOptional": true}}"#,
            &[],
        ),
        (
            r#"{"cluster_type": {"type": "fixed", "value": "job"}, "autotermination_minutes": {"type": "fixed", "value": 10}}"#,
            &["autotermination-on-jobs"],
        ),
        (
            r#"{"cluster_type": {"type": "fixed", "value": "job"}, "autotermination_minutes": {"type": "forbidden"}}"#,
            &[],
        ),
        (
            r#"{"cluster_type": {"type": "fixed", "value": "dlt"}, "enable_elastic_disk": {"type": "fixed", "value": true}, "runtime_engine": {"type": "forbidden"}}"#,
            &["breaks-pipelines"],
        ),
        (
            r#"{"driver_node_type_id": {"type": "allowlist", "values": ["i3.xlarge"]}}"#,
            &["required-by-accident"],
        ),
        (r#"{"driver_node_type_id": {"type": "unlimited"}}"#, &[]),
        // The world.
        (
            r#"{"node_type_id": {"type": "allowlist", "values": ["Standard_DS3", "i3.xlarge", "m-fleet.xlarge", "n2-standard-4"]}}"#,
            &["unknown-node-type"],
        ),
        (
            r#"{"spark_version": {"type": "fixed", "value": "13.3.x-scala2.12"}}"#,
            &["runtime-ended"],
        ),
        (
            r#"{"spark_version": {"type": "regex", "pattern": "(?:10|13)\\.[0-9]+\\.x-.*"}}"#,
            &["runtime-ended"],
        ),
        (
            r#"{"spark_version": {"type": "fixed", "value": "14.3.x-scala2.12"}}"#,
            &["runtime-ending"],
        ),
        (
            r#"{"spark_version": {"type": "allowlist", "values": ["15.7.x-scala2.12", "15.4", "custom:mine"]}}"#,
            &["unknown-runtime", "unknown-runtime"],
        ),
        (
            r#"{"spark_version": {"type": "fixed", "value": "auto:newest"}}"#,
            &["unknown-alias"],
        ),
        // Secrets and templates.
        (
            r#"{"spark_env_vars.DB_PASSWORD": {"type": "fixed", "value": "hunter22"}}"#,
            &["secret"],
        ),
        (
            r#"{"spark_env_vars.DB_PASSWORD": {"value": "hunter22"}}"#,
            &["missing-type", "secret"],
        ),
        (
            r#"{"spark_env_vars.DB_PASSWORD": {"type": "fixed", "value": "{{secrets/a/b}}"}}"#,
            &[],
        ),
        (
            r#"{"num_workers": {"type": "allowlist", "values": "${var.sizes}"}, "autotermination_minutes": {"type": "range", "maxValue": "${x}", "minValue": "{{ y }}"}}"#,
            &["template"],
        ),
        (
            r#"{"cluster_name": {"type": "regex", "pattern": "${prefix}-[a-z]*"}}"#,
            &["template"],
        ),
        // Policy objects.
        (r#"{"name": "a", "definition": {}}"#, &["definition-object"]),
        (
            r#"{"name": "a", "definition": "{\"a\": 1,}"}"#,
            &["definition-syntax"],
        ),
        (
            r#"{"name": "a", "definition": "${file(\"a.json\")}"}"#,
            &["template"],
        ),
        (r#"{"name": "a", "definition": "[]"}"#, &["not-a-definition"]),
        (
            r#"{"name": "a", "policy_id": "1", "definition": ""}"#,
            &["no-definition", "definition-syntax"],
        ),
        (
            r#"[{"name": "a", "policy_family_id": "power-user", "definition": "{}"}]"#,
            &["two-definitions"],
        ),
        (
            r#"{"policies": [{"name": "a", "policy_id": "1", "policy_family_id": "power-user", "definition": "{\"x\": 1}"}]}"#,
            &[],
        ),
        (
            r#"{"name": "a", "policy_family_definition_overrides": "{}"}"#,
            &["no-definition", "overrides-without-family"],
        ),
        (
            r#"{"name": "a", "policy_family_id": "poweruser"}"#,
            &["unknown-family"],
        ),
        (
            r#"{"definition": "{}", "max_clusters_per_user": 0}"#,
            &["max-clusters", "policy-name"],
        ),
        // The family says what is not overridden: it forbids pools and has a node type by default.
        (
            r#"{"name": "a", "policy_family_id": "job-cluster", "policy_family_definition_overrides": "{\"instance_pool_id\": {\"type\": \"fixed\", \"value\": \"p\"}, \"node_type_id\": {\"type\": \"fixed\", \"value\": \"i3.xlarge\"}}"}"#,
            &["pool-and-node-type"],
        ),
    ];
    for (text, expected) in cases {
        let mut expected = expected.to_vec();
        expected.sort_unstable();
        assert_eq!(codes(text), expected, "{text}");
    }
}

#[test]
fn a_document_is_checked_with_the_definitions_of_its_rules() {
    let text = r#"# ours
policy: mine
guardrail: true
rules:
  - rule: a
    plugin: cluster-policy
    enforcement: monitor
    settings:
      definition:
        num_workers: { type: fixed, value: 1, hidden: "true" }
  - rule: b
    plugin: cluster-policy
    enforcement: monitor
    settings: { definition_file: b.json, policy_family_id: personal-vm }
  - rule: c
    plugin: cluster-policy
    enforcement: monitor
"#;
    let file = File::new("policy.yaml", text);
    let linted = lint(&file, Reason::Lies, &world()).unwrap().unwrap();
    let seen: Vec<(usize, &str, &str)> = linted
        .findings
        .iter()
        .map(|f| (f.diagnostic.line, f.diagnostic.code, f.diagnostic.path.as_str()))
        .collect();
    assert_eq!(
        seen,
        [
            (2, "lint::no-description", "policy"),
            (3, "lint::guardrail-monitors", "guardrail"),
            (
                10,
                "lint::flag-as-text",
                "rules.0.settings.definition.num_workers"
            ),
            (14, "lint::two-definitions", "rules.1.settings.policy_family_id"),
            (15, "lint::no-definition", "rules.2.settings"),
        ]
    );
    assert_eq!(
        (
            linted.references[0].file.as_str(),
            linted.references[0].place.line
        ),
        ("b.json", 14)
    );
    assert_eq!(linted.flawed, [1, 2]);
    assert!(linted.document.is_some());
}

#[test]
fn what_is_no_policy_is_left_alone_unless_it_is_named() {
    let request = File::new("request.json", r#"{"num_workers": 2, "custom_tags": {"a": "b"}}"#);
    assert!(lint(&request, Reason::Lies, &world()).unwrap().is_none());
    assert!(lint(&request, Reason::Named, &world()).unwrap().is_some());
    let broken = File::new("p.json", r#"{"spark_version": {"value": "x"}}"#);
    assert!(lint(&broken, Reason::Lies, &world()).unwrap().is_some());
}

#[test]
fn what_cannot_be_read_is_no_finding() {
    let code = |source: &str, text: &str| {
        let diagnostics = lint(&File::new(source, text), Reason::Named, &world()).unwrap_err();
        (
            diagnostics.0[0].code,
            diagnostics.0[0].line,
            diagnostics.0[0].column,
        )
    };
    assert_eq!(code("p.json", "{\n \"a\": {},\n}"), ("document::syntax", 2, 9));
    assert_eq!(
        code("-", "{\"policy\": {}, // no\n}"),
        ("document::syntax", 1, 16)
    );
    assert_eq!(code("p.json", &"[".repeat(99)).0, "document::depth");
    assert_eq!(
        code("policy.yaml", "policy: a\npolicy: b\n").0,
        "document::syntax"
    );
    // A document in JSON with a comment is what everybody else here reads, too.
    let commented = "{\"policy\": \"a\", \"description\": \"d\", # why\n \"rules\": [{\"rule\": \"a\", \"plugin\": \"runtime\"}]}";
    assert!(findings("policy.json", commented).is_empty());
}

#[test]
fn no_message_shows_a_secret() {
    let secret = "AKIAIOSFODNN7EXAMPLE";
    for element in [
        json!({"type": "fixed", "value": secret}),
        json!({"type": "allowlist", "values": ["a"], "defaultValue": secret}),
        json!({"type": "range", "minValue": secret, "defaultValue": secret}),
        json!({"type": "regex", "pattern": format!("^{secret}$"), "value": secret}),
        json!({"type": "regex", "pattern": "(", "defaultValue": secret}),
        json!({"type": "unlimited", "value": secret, "default": secret, "hidden": secret}),
        json!({"type": "fixed", "value": {"a": secret}}),
        json!({"value": secret}),
        json!(secret),
        json!([secret]),
    ] {
        for path in [
            "num_workers",
            "docker_image.basic_auth.password",
            "enable_elastic_disk",
            "spark_conf.a",
        ] {
            for text in [
                json!({path: element}).to_string(),
                json!({"name": "a", "definition": json!({path: element}).to_string()}).to_string(),
                json!({"name": "a", "definition": json!({path: element})}).to_string(),
            ] {
                for finding in findings("p.json", &text) {
                    assert!(
                        !finding.diagnostic.to_string().contains(secret),
                        "{}",
                        finding.diagnostic
                    );
                }
            }
        }
    }
}

#[test]
fn every_code_has_a_case() {
    let text = include_str!("tests.rs");
    for lint in LINTS {
        let name = lint.code.strip_prefix("lint::").unwrap();
        // These need files, and have their case in `tests/errors`.
        let elsewhere = ["definition-file", "no-cases"].contains(&name);
        let here = [name, lint.code]
            .iter()
            .any(|word| text.contains(&format!("\"{word}\"")));
        assert!(here || elsewhere, "{name}");
    }
}

/// A definition of elements that can be fixed, in a random layout.
fn definitions() -> impl Strategy<Value = Value> {
    let flag = prop_oneof![Just(json!(true)), Just(json!("true")), Just(json!("false"))];
    let pattern = prop::sample::select(vec![
        "^a$",
        "^a|b$",
        "^a$|^b$",
        "a\\$",
        "[ab]^",
        "^^a$$",
        "^*a",
        "(^a$)",
        "^",
        "$",
        "^$",
        "^a\\\\$",
        "^true$",
        "^1$",
        "^ a $",
        "^\"a\"$",
        "(?x)^a$ # $",
    ]);
    let element = prop_oneof![
        flag.clone()
            .prop_map(|hidden| json!({"type": "fixed", "value": "4", "hidden": hidden})),
        prop::collection::vec(prop::sample::select(vec!["1", "4", "-1.5", "007", "x"]), 0..3)
            .prop_map(|values| json!({"type": "whitelist", "values": values, "defaultValue": "4"})),
        flag.clone()
            .prop_map(|o| json!({"type": "blacklist", "values": ["4", "a"], "isOptional": o})),
        pattern.prop_map(|pattern| json!({"type": "regex", "pattern": pattern, "hidden": "false"})),
        (0..9_i32).prop_map(|min| json!({"type": "range", "minValue": min.to_string(), "maxValue": "6"})),
        flag.prop_map(|o| json!({"type": "unlimited", "isOptional": o, "defaultValue": "true"})),
    ];
    let path = prop::sample::select(vec![
        "num_workers",
        "enable_elastic_disk",
        "custom_tags.a",
        "cluster_name",
    ]);
    prop::collection::vec((path, element), 1..4)
        .prop_map(|elements| Value::Object(elements.into_iter().map(|(p, e)| (p.to_owned(), e)).collect()))
}

/// The ways in which a definition can stand in a file.
fn written(definition: &Value) -> Vec<(&'static str, String)> {
    let pretty = serde_json::to_string_pretty(definition).unwrap();
    let block = pretty.replace('\n', "\n        ");
    let single = definition.to_string().replace('\'', "''");
    let rule = "policy: p # why\ndescription: d\nrules:\n  - rule: a\n    plugin: cluster-policy\n    settings:\n      definition:";
    vec![
        ("p.json", format!("\u{feff}{pretty}\n")),
        ("p.json", json!({"name": "a", "definition": pretty}).to_string()),
        ("policy.yaml", format!("{rule} |\n        {block}\n")),
        ("policy.yaml", format!("{rule} '{single}' # end\n")),
        ("policy.yaml", format!("{rule} {definition}\n")),
    ]
}

/// The definition of a file.
fn definition_in(source: &str, text: &str) -> Value {
    let root = match source {
        "p.json" => json::parse(text.trim_start_matches('\u{feff}')).unwrap(),
        _ => yaml::parse(text).unwrap(),
    };
    let found = match source {
        "p.json" => root.get("definition").unwrap_or(&root),
        _ => root.at("/rules/0/settings/definition").unwrap(),
    };
    match found.text() {
        Some(text) => serde_json::from_str(text).unwrap(),
        None => found.value(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// What is fixed judges as it did, stands in the same layout, and leaves nothing to fix.
    #[test]
    fn a_fix_changes_no_verdict_and_is_made_once(definition in definitions()) {
        for (source, text) in written(&definition) {
            let mut fixed = text.clone();
            for _ in 0..3 {
                let found = findings(source, &fixed);
                let fixes: Vec<Fix> = found.into_iter().filter_map(|f| f.fix).collect();
                fixed = apply(&fixed, &fixes).0;
            }
            prop_assert!(findings(source, &fixed).iter().all(|f| f.fix.is_none()), "{fixed}");
            let (before, after) = (definition_in(source, &text), definition_in(source, &fixed));
            prop_assert_eq!(&before, &definition);
            same_verdicts(&before, &after);
            let layout = |text: &str| text.chars().filter(|c| c.is_whitespace() || "{}[],#".contains(*c)).count();
            prop_assert_eq!(layout(&text), layout(&fixed));
        }
    }
}

fn same_verdicts(before: &Value, after: &Value) {
    use tollgate_policy_language::Definition;
    let (before, _) = Definition::read(before);
    let (after, _) = Definition::read(after);
    assert_eq!(before.elements.len(), after.elements.len());
    for (old, new) in before.elements.iter().zip(&after.elements) {
        assert_eq!(
            (&old.path, old.is_optional, old.hidden),
            (&new.path, new.is_optional, new.hidden)
        );
        let default = |e: &tollgate_policy_language::Element| e.default.as_ref().map(|d| d.fitting(e.kind));
        assert_eq!(default(old), default(new));
        for probe in [
            "", "a", "b", "ab", "1", "4", "4.0", "5", "-1.5", "007", "true", "false", " a ", "\"a\"", "a$",
            "x", "^a", "a\\",
        ] {
            assert_eq!(
                subject::judge(old, probe),
                subject::judge(new, probe),
                "{} {probe:?}",
                old.path
            );
        }
    }
}

/// Anything that JSON can be, made of words that the checks look for.
fn anything() -> impl Strategy<Value = Value> {
    let word = prop::sample::select(vec![
        "fixed",
        "regex",
        "range",
        "allowlist",
        "whitelist",
        "forbidden",
        "",
        "0",
        "^",
        "^a|b$",
        "[",
        "[^]",
        "a\\",
        "${x}",
        "{{",
        "auto:",
        "15.4.x-",
        "Standard_",
        "99999999999999999999.x-scala2.12",
        "-1e999",
        "ä",
        "\u{0}",
        "{\"a\":",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        word.prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    let key = prop::sample::select(vec![
        "type",
        "value",
        "values",
        "pattern",
        "minValue",
        "maxValue",
        "defaultValue",
        "isOptional",
        "hidden",
        "default_value",
        "spark_version",
        "node_type_id",
        "num_workers",
        "autoscale.min_workers",
        "autotermination_minutes",
        "dbus_per_hour",
        "cluster_type",
        "init_scripts.9.s3.region",
        "init_scripts.",
        "custom_tags.",
        ".",
        "instance_pool_id",
        "definition",
        "policy_family_id",
        "policy_family_definition_overrides",
        "policy",
        "rules",
        "policies",
        "name",
        "plugin",
        "settings",
    ]);
    leaf.prop_recursive(4, 48, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((key.clone(), inner), 0..8).prop_map(|members| {
                Value::Object(members.into_iter().map(|(k, v)| (k.to_owned(), v)).collect())
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Whatever is read, there is an answer, and every finding lies in the file.
    #[test]
    fn nothing_breaks_the_linter(value in anything(), cut in 0..200_usize, yaml in any::<bool>()) {
        let mut text = serde_json::to_string_pretty(&value).unwrap();
        for _ in 0..2 {
            let file = File::new(if yaml { "p.yaml" } else { "p.json" }, text.clone());
            if let Ok(Some(linted)) = lint(&file, Reason::Named, &world()) {
                for finding in linted.findings {
                    let line = finding.diagnostic.line;
                    prop_assert!((1..=text.lines().count().max(1)).contains(&line), "{}", finding.diagnostic);
                    for edit in finding.fix.into_iter().flat_map(|fix| fix.edits) {
                        prop_assert!(text.get(edit.start..edit.end).is_some());
                    }
                }
            }
            // The same once more with its end cut off.
            let end = (0..=cut.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
            text.truncate(end);
        }
    }
}
