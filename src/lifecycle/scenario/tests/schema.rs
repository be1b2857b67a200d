//! The schema and the form say the same.

use super::super::form::{
    ClusterForm, HazardsForm, IncidentForm, JobForm, Main, Part, TaskForm, TimingForm, VariantForm, WorkForm,
};
use super::*;
use crate::databricks::instance_pool::InstancePool;
use crate::lifecycle::timing::Step;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn schema() -> Value {
    serde_json::from_str(SCHEMA).unwrap()
}

/// The fields of a form, as its refusal of an unknown one lists them.
fn fields<T: DeserializeOwned>() -> BTreeSet<String> {
    let refusal = serde_json::from_value::<T>(json!({"no such field": 1}))
        .err()
        .unwrap()
        .to_string();
    let (_, listed) = refusal
        .split_once("expected ")
        .unwrap_or_else(|| panic!("{refusal}"));
    listed.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The properties of the schema at a pointer.
fn properties(schema: &Value, pointer: &str) -> BTreeSet<String> {
    let object = schema.pointer(&format!("{pointer}/properties"));
    let object = object.unwrap_or_else(|| panic!("{pointer}"));
    object.as_object().unwrap().keys().cloned().collect()
}

#[test]
fn every_form_has_the_fields_of_its_schema() {
    let schema = schema();
    let at = |pointer| properties(&schema, pointer);
    let cluster = "/$defs/clusters/items";
    let job = "/$defs/jobs/items";
    let under = |parent: &str, rest: &str| properties(&schema, &format!("{parent}{rest}"));
    use super::super::form as f;
    for (form, schema) in [
        (fields::<Main>(), at("")),
        (fields::<Part>(), at("/$defs/included")),
        (fields::<f::PeriodForm>(), at("/properties/period")),
        (fields::<User>(), at("/properties/users/items")),
        (fields::<f::WorkspaceForm>(), at("/properties/workspaces/items")),
        (
            fields::<f::TierChangeForm>(),
            at("/properties/workspaces/items/properties/tier_changes/items"),
        ),
        (fields::<IncidentForm>(), at("/properties/incidents/items")),
        (
            fields::<f::PriceChangeForm>(),
            at("/properties/price_changes/items"),
        ),
        (
            fields::<VariantForm>(),
            at("/properties/variants/additionalProperties"),
        ),
        (fields::<TimingForm>(), at("/$defs/timing")),
        (fields::<HazardsForm>(), at("/$defs/hazards")),
        (
            fields::<f::EvictionForm>(),
            under("/$defs/hazards", "/properties/evictions/items"),
        ),
        (
            fields::<f::QuotaForm>(),
            under("/$defs/hazards", "/properties/quotas/items"),
        ),
        (fields::<ClusterForm>(), at(cluster)),
        (
            fields::<f::CommandForm>(),
            under(cluster, "/properties/commands/items"),
        ),
        (
            fields::<f::SessionForm>(),
            under(cluster, "/properties/sessions/items"),
        ),
        (
            fields::<f::CommandsForm>(),
            under(cluster, "/properties/sessions/items/properties/commands"),
        ),
        (fields::<JobForm>(), at(job)),
        (fields::<f::ScheduleForm>(), under(job, "/properties/schedule")),
        (
            fields::<f::JobClusterForm>(),
            under(job, "/properties/job_clusters/items"),
        ),
        (fields::<TaskForm>(), under(job, "/properties/tasks/items")),
        (
            fields::<f::ServerlessForm>(),
            under(job, "/properties/tasks/items/properties/serverless"),
        ),
        (fields::<WorkForm>(), at("/$defs/work")),
        (
            fields::<f::StageForm>(),
            at("/$defs/work/properties/stages/items"),
        ),
    ] {
        assert_eq!(form, schema);
    }
}

#[test]
fn a_pool_has_the_fields_of_its_schema() {
    let mut pool = serde_json::Map::new();
    for field in properties(&schema(), "/$defs/pools/items") {
        let value = match field.as_str() {
            "workspace" => continue,
            "min_idle_instances" | "max_capacity" | "idle_instance_autotermination_minutes" => json!(1),
            "enable_elastic_disk" => json!(true),
            "preloaded_spark_versions" => json!(["15.4.x-scala2.12"]),
            "preloaded_docker_images" => json!([{"url": "u", "basic_auth": {"username": "x"}}]),
            "custom_tags" => json!({"team": "a"}),
            "disk_spec" | "aws_attributes" | "azure_attributes" | "gcp_attributes" => json!({"a": 1}),
            _ => json!("text"),
        };
        pool.insert(field, value);
    }
    let pool = Value::Object(pool);
    let read: InstancePool = serde_json::from_value(pool.clone()).unwrap();
    assert_eq!(serde_json::to_value(read).unwrap(), pool);
}

/// A reader of an editor is told what each property is: it says so itself, or what it refers to does.
#[test]
fn every_property_is_described() {
    fn walk(root: &Value, value: &Value, at: &str, without: &mut Vec<String>) {
        if let Some(properties) = value.get("properties").and_then(Value::as_object) {
            for (name, property) in properties {
                let referred = property.get("$ref").and_then(Value::as_str);
                let referred = referred.and_then(|r| root.pointer(r.trim_start_matches('#')));
                let described = [Some(property), referred].into_iter().flatten().any(|v| {
                    v.get("description")
                        .is_some_and(|d| d.as_str().is_some_and(|d| d.len() > 3))
                });
                if !described {
                    without.push(format!("{at}/{name}"));
                }
            }
        }
        let inner: Vec<(String, &Value)> = match value {
            Value::Object(map) => map.iter().map(|(k, v)| (k.clone(), v)).collect(),
            Value::Array(items) => items
                .iter()
                .enumerate()
                .map(|(i, v)| (i.to_string(), v))
                .collect(),
            _ => Vec::new(),
        };
        for (key, value) in inner {
            walk(root, value, &format!("{at}/{key}"), without);
        }
    }
    let schema = schema();
    let mut without = Vec::new();
    walk(&schema, &schema, "", &mut without);
    assert_eq!(without, Vec::<String>::new());
}

/// The numbers in the descriptions of `timing` are those of the program.
#[test]
fn the_durations_are_described_with_their_defaults() {
    let schema = schema();
    let usual = format!("{:?}", Timing::default());
    for name in properties(&schema, "/$defs/timing") {
        let said = schema
            .pointer(&format!("/$defs/timing/properties/{name}/description"))
            .unwrap();
        let (_, default) = said.as_str().unwrap().rsplit_once("; ").unwrap();
        let number = default.strip_suffix(" without it").unwrap();
        let exact = format!("{name}: Between {{ min: {number}, max: {number} }}");
        let plain = format!("{name}: {number}");
        assert!(
            usual.contains(&exact) || usual.contains(&plain),
            "{name}: {default}"
        );
    }
    for step in Step::ALL {
        assert!(
            properties(&schema, "/$defs/timing").contains(step.as_str()),
            "{step:?}"
        );
    }
}
