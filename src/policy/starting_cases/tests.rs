//! The generator before a stub that judges by the language alone: presence, values, what is fixed filled in.

use serde_json::{Value, json};
use tollgate_policy_language::{Definition, Element, Finding, Meanings, Rule, Target};

use super::body::put;
use super::{StartingCases, cloud_of, starting_cases};
use crate::databricks::cluster_spec::ClusterSpec;
use crate::model::attribute;
use crate::model::decision::{
    Decision, Enforcement, Outcome, RuleName, Supplied, SupplyKind, Undetermined, Violation,
};
use crate::model::place::{Cloud, Workload};

fn nothing(request: &Value) -> Decision {
    Decision::silent(request.clone())
}

fn violation(path: &str) -> Violation {
    Violation {
        by: RuleName::default(),
        path: path.to_owned(),
        message: format!("`{path}` is wrong"),
        databricks_message: None,
        actual: Value::Null,
        allowed: Value::Null,
        remedy: Value::Null,
        expired_waiver: None,
        enforcement: Enforcement::Enforce,
        details: Value::Null,
    }
}

/// What stands where an element aims; a node is a DBU, and the newest runtime is 17.3.
fn seen(cluster: &Value, element: &Element, workload: Workload) -> Option<String> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match &element.target {
        Target::ClusterType => Some(workload.to_string()),
        Target::DbusPerHour => {
            let spec = ClusterSpec::read(cluster).ok()?;
            Some(spec.workers.max.saturating_add(1).to_string())
        }
        _ => attribute::value(cluster, &element.path).map(text),
    }
}

fn judge(definition: &Definition, request: &Value, workload: Workload) -> Result<Decision, String> {
    ClusterSpec::read(request).map_err(|problems| problems[0].message.clone())?;
    let mut decision = nothing(request);
    let meanings = Meanings {
        alias_holds: &|_, key| Some(key.starts_with("17.3.")),
        enum_aliases: true,
    };
    let wants_defaults = request.get("apply_policy_default_values") == Some(&json!(true));
    for element in &definition.elements {
        let filler = match (&element.rule, &element.default) {
            (Rule::Fixed(value), _) => Some(value),
            (Rule::Forbidden, _) => None,
            (_, default) => default.as_ref().filter(|_| wants_defaults),
        };
        let is_field = matches!(element.target, Target::Field(_) | Target::Key { .. });
        if let (true, Some(value), None) = (is_field, filler, seen(request, element, workload)) {
            let value = value.fitting(element.kind);
            put(&mut decision.cluster, &element.target, value.clone());
            decision.supplied.push(Supplied {
                path: element.path.clone(),
                value,
                kind: SupplyKind::Fixed,
                by: RuleName::default(),
            });
        }
    }
    for element in &definition.elements {
        match seen(&decision.cluster, element, workload) {
            None if element.requires() => decision.violations.push(violation(&element.path)),
            Some(given) if matches!(element.judge(&given, &meanings), Finding::Breaks(_)) => {
                decision.violations.push(violation(&element.path));
            }
            _ => {}
        }
    }
    if decision.cluster.get("node_type_id") == Some(&json!("unheard-of")) {
        decision.undetermined.push(Undetermined {
            by: RuleName::default(),
            path: "node_type_id".to_owned(),
            message: "unknown".to_owned(),
        });
    }
    decision.outcome = match (decision.violations.len(), decision.undetermined.len()) {
        (0, 0) => Outcome::Allow,
        (0, _) => Outcome::Undetermined,
        _ => Outcome::Deny,
    };
    Ok(decision)
}

fn found(definition: &Value) -> StartingCases {
    let definition = Definition::parse(definition).unwrap();
    let cloud = cloud_of(&definition).unwrap_or(Cloud::Azure);
    starting_cases(&definition, cloud, &|request, workload| {
        judge(&definition, request, workload)
    })
}

/// Name, request and violations of each case.
fn told(found: &StartingCases) -> Vec<(&str, &Value, Vec<&str>)> {
    let case = |c: &super::StartingCase| -> Vec<String> { c.violations.clone() };
    assert!(
        found
            .cases
            .iter()
            .all(|c| case(c).is_empty() == (c.outcome != Outcome::Deny))
    );
    found
        .cases
        .iter()
        .map(|c| {
            let violations = c.violations.iter().map(String::as_str).collect();
            (c.name.as_str(), &c.request, violations)
        })
        .collect()
}

#[test]
fn each_type_of_element_is_kept_and_broken() {
    let found = found(&json!({
        "node_type_id": {"type": "allowlist", "values": ["Standard_D8s_v3", "Standard_DS3_v2"], "defaultValue": "Standard_DS3_v2"},
        "autotermination_minutes": {"type": "range", "minValue": 20, "maxValue": 90},
        "custom_tags.team": {"type": "fixed", "value": "data"},
        "custom_tags.cost": {"type": "regex", "pattern": "CC-\\d{4}"},
        "spark_conf.spark.x": {"type": "unlimited"},
        "instance_pool_id": {"type": "forbidden"},
        "data_security_mode": {"type": "blocklist", "values": ["NONE"], "isOptional": true}
    }));
    assert_eq!((found.obstacles.len(), found.unbroken.len()), (0, 0));
    let told = told(&found);
    let request = json!({"spark_version": "18.x-scala2.13", "node_type_id": "Standard_DS3_v2", "num_workers": 1,
        "autotermination_minutes": 20, "custom_tags": {"cost": "CC-1111"}, "spark_conf": {"spark.x": "true"}});
    assert_eq!(told[0], ("a request within every rule passes", &request, vec![]));
    assert_eq!(
        found.cases[0].supplied,
        [("custom_tags.team".to_owned(), json!("data"))]
    );
    let names: Vec<_> = told
        .iter()
        .skip(1)
        .map(|(name, _, paths)| (*name, paths.as_slice()))
        .collect();
    assert_eq!(
        names,
        [
            ("a request that asks for the defaults passes with them", &[][..]),
            (
                "`node_type_id` cannot be `Standard_D4s_v3`, which is not on the list",
                &["node_type_id"][..]
            ),
            (
                "`autotermination_minutes` cannot be `91`, which is out of range",
                &["autotermination_minutes"][..]
            ),
            (
                "`custom_tags.team` cannot be `example`",
                &["custom_tags.team"][..]
            ),
            (
                "`custom_tags.cost` cannot be `example`, which does not match",
                &["custom_tags.cost"][..]
            ),
            (
                "leaving out `spark_conf.spark.x` is denied",
                &["spark_conf.spark.x"][..]
            ),
            ("giving `instance_pool_id` is denied", &["instance_pool_id"][..]),
            (
                "`data_security_mode` cannot be `NONE`, which is blocked",
                &["data_security_mode"][..]
            ),
        ]
    );
}

#[test]
fn what_can_only_be_found_by_asking_is_asked() {
    let found = found(&json!({
        "spark_version": {"type": "allowlist", "values": ["auto:latest-lts"]},
        "dbus_per_hour": {"type": "range", "maxValue": 3},
        "num_workers": {"type": "range", "minValue": 1, "defaultValue": 50},
        "cluster_type": {"type": "fixed", "value": "job"}
    }));
    assert_eq!((found.obstacles.len(), found.unbroken.len()), (0, 0));
    let told = told(&found);
    let request =
        json!({"spark_version": "17.3.x-scala2.13", "node_type_id": "Standard_DS3_v2", "num_workers": 1});
    assert_eq!(told[0].1, &request);
    assert_eq!(found.cases[0].workload, Workload::Job);
    let names: Vec<_> = told
        .iter()
        .skip(1)
        .map(|(name, _, paths)| (*name, paths.as_slice()))
        .collect();
    assert_eq!(
        names,
        [
            (
                "`spark_version` cannot be `18.x-scala2.13`, which is not on the list",
                &["spark_version"][..]
            ),
            ("the DBUs of 10 workers are denied", &["dbus_per_hour"][..]),
            (
                "`num_workers` cannot be `0`, which is out of range",
                &["num_workers"][..]
            ),
            ("all-purpose clusters are denied", &["cluster_type"][..]),
        ]
    );
}

#[test]
fn sizes_are_whole() {
    let request = |definition: Value| found(&definition).cases[0].request.clone();
    let range = json!({"type": "range", "minValue": 4, "maxValue": 9});
    assert_eq!(
        request(json!({"autoscale.min_workers": range, "num_workers": {"type": "forbidden"}}))["autoscale"],
        json!({"min_workers": 4, "max_workers": 4})
    );
    assert_eq!(
        request(json!({"autoscale.max_workers": range}))["autoscale"],
        json!({"max_workers": 4, "min_workers": 1})
    );
    assert_eq!(
        request(json!({"num_workers": {"type": "forbidden"}}))["autoscale"],
        json!({"min_workers": 1, "max_workers": 2})
    );
    let single =
        json!({"spark_conf.spark.databricks.cluster.profile": {"type": "fixed", "value": "singleNode"}});
    assert_eq!(request(single)["num_workers"], json!(0));
    let pool = json!({"instance_pool_id": {"type": "fixed", "value": "p"}});
    assert_eq!(request(pool).get("node_type_id"), None);
}

#[test]
fn where_nothing_passes_there_are_denials_and_the_reason() {
    let found = found(&json!({
        "cluster_type": {"type": "fixed", "value": "all-purpose-compute"},
        "custom_tags.a": {"type": "unlimited"},
        "num_workers": {"type": "unlimited", "isOptional": true}
    }));
    assert_eq!(found.obstacles, ["`cluster_type` is wrong"]);
    assert!(found.unbroken.is_empty(), "what nothing can break is not missed");
    let paths: Vec<_> = told(&found).into_iter().map(|(_, _, paths)| paths).collect();
    assert_eq!(
        paths,
        [vec!["cluster_type"], vec!["cluster_type", "custom_tags.a"]]
    );
}

#[test]
fn where_nothing_can_be_judged_the_reason_is_told() {
    let definition = Definition::parse(&json!({"num_workers": {"type": "forbidden"}})).unwrap();
    let found = starting_cases(&definition, Cloud::Azure, &|_, _| Err("it broke".to_owned()));
    assert_eq!(
        (found.cases.len(), found.obstacles),
        (0, vec!["it broke".to_owned()])
    );
}

#[test]
fn the_cloud_is_read_off_node_types_and_blocks() {
    let cloud = |definition: Value| cloud_of(&Definition::parse(&definition).unwrap());
    let node = |id: &str| json!({"driver_node_type_id": {"type": "allowlist", "values": [id]}});
    assert_eq!(cloud(node("i3.xlarge")), Some(Cloud::Aws));
    assert_eq!(cloud(node("Standard_DS3_v2")), Some(Cloud::Azure));
    assert_eq!(cloud(node("n2-highmem-4")), Some(Cloud::Gcp));
    let block = json!({"custom_tags.a.b": {"type": "fixed", "value": "i3.xlarge"}, "gcp_attributes.zone_id": {"type": "unlimited"}});
    assert_eq!(cloud(block), Some(Cloud::Gcp));
    assert_eq!(cloud(json!({"num_workers": {"type": "forbidden"}})), None);
}
