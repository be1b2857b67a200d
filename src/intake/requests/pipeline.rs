//! The clusters of a pipeline, as the Pipelines API takes them.

use serde_json::Value;

use super::wrong_shape::{WrongShape, of_list};
use crate::model::place::Workload;

/// A cluster of a pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PipelineCluster<'a> {
    /// JSON pointer of its body inside the pipeline.
    pub pointer: String,
    /// Where it is: `clusters.default`; by number where the entry has no label.
    pub address: String,
    /// Its body. `label` and `autoscale.mode` are the pipeline's own.
    pub body: &'a Value,
}

/// Whether Databricks runs it, so that there is no cluster.
pub fn is_serverless(pipeline: &Value) -> bool {
    pipeline.get("serverless").and_then(Value::as_bool) == Some(true)
}

/// Every cluster of a pipeline, in the order written. One that is serverless has none, whatever it lists.
pub fn clusters(pipeline: &Value) -> Vec<PipelineCluster<'_>> {
    if is_serverless(pipeline) {
        return Vec::new();
    }
    let entries = pipeline.get("clusters").and_then(Value::as_array);
    let entries = entries.into_iter().flatten().enumerate();
    entries
        .filter(|(_, body)| body.is_object())
        .map(|(i, body)| PipelineCluster {
            pointer: format!("/clusters/{i}"),
            address: match body.get("label").and_then(Value::as_str) {
                Some(label) => format!("clusters.{label}"),
                None => format!("clusters.{i}"),
            },
            body,
        })
        .collect()
}

/// Where a cluster cannot be seen: a list that is none, entries that are no objects.
pub fn wrong_shapes(pipeline: &Value) -> Vec<WrongShape> {
    let mut found = Vec::new();
    if !is_serverless(pipeline) {
        of_list(pipeline, "clusters", &mut found);
    }
    found
}

/// What its clusters run for: `edition` decides the SKU, and without one it is `ADVANCED`.
///
/// Source of the default: `edition` of `databricks_pipeline`, Terraform provider.
pub fn workload(pipeline: &Value) -> Workload {
    let edition = pipeline
        .get("edition")
        .and_then(Value::as_str)
        .unwrap_or("ADVANCED");
    match edition.to_ascii_uppercase().as_str() {
        "CORE" => Workload::Dlt,
        "PRO" => Workload::DltPro,
        _ => Workload::DltAdvanced,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_pipeline_has_the_clusters_it_lists_unless_it_is_serverless() {
        let mut pipeline = json!({"clusters": [{"label": "default", "num_workers": 1}, {"num_workers": 2}]});
        let found = clusters(&pipeline);
        let told: Vec<_> = found
            .iter()
            .map(|c| (c.address.as_str(), c.pointer.as_str()))
            .collect();
        assert_eq!(
            told,
            [("clusters.default", "/clusters/0"), ("clusters.1", "/clusters/1")]
        );
        assert_eq!(workload(&pipeline), Workload::DltAdvanced);
        pipeline["edition"] = json!("core");
        assert_eq!(workload(&pipeline), Workload::Dlt);
        let shapes = |clusters: Value| wrong_shapes(&json!({"clusters": clusters})).len();
        assert_eq!(
            (
                shapes(json!("${var.c}")),
                shapes(json!([1, {}])),
                shapes(json!(null))
            ),
            (1, 1, 0)
        );
        pipeline["serverless"] = json!(true);
        assert_eq!(clusters(&pipeline), []);
    }
}
