//! `EventDetails` of an event that really happened: what bills hang on is typed and must be right, the rest is taken as
//! it comes.

use serde_json::{Map, Value};
use std::sync::Arc;

use super::cluster_records::pools;
use crate::databricks::cluster_spec::ClusterSpec;
use crate::databricks::event::ClusterSize;
use crate::databricks::fields::{FieldProblem, Fields};
use crate::databricks::instance_pool::InstancePool;

/// What an event says of a cluster, as far as anybody asks for it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RealDetails {
    /// Who asked for it.
    pub user: Option<String>,
    /// The size asked for.
    pub cluster_size: Option<ClusterSize>,
    /// Workers there are.
    pub current_num_workers: Option<u32>,
    /// Workers aimed at.
    pub target_num_workers: Option<u32>,
    /// `EventDetailsCause`, verbatim.
    pub cause: Option<String>,
    /// `TerminationReason.code`, verbatim: the API knows more than 180 of them.
    pub reason_code: Option<String>,
    /// The run that a job cluster is for.
    pub job_run_name: Option<String>,
    /// The definition that it is created with or edited to.
    pub attributes: Option<Arc<Attributes>>,
    /// The definition before an edit.
    pub previous_attributes: Option<Arc<Attributes>>,
}

/// `ClusterAttributes`, as far as bills hang on them. Sizes are not among them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attributes {
    /// Read as a request; its `workers` say nothing.
    pub spec: ClusterSpec,
    /// The pools that its nodes come from, with the node types that it has from them.
    pub pools: Vec<InstancePool>,
}

/// What is read of `ClusterAttributes`. The others decide no bill, and a real cluster's `spark_conf` may hold what a
/// request may not (`${...}`).
const READ: [&str; 12] = [
    "aws_attributes",
    "azure_attributes",
    "cluster_name",
    "custom_tags",
    "driver_instance_pool_id",
    "driver_node_type_id",
    "gcp_attributes",
    "instance_pool_id",
    "node_type_id",
    "policy_id",
    "runtime_engine",
    "spark_version",
];

/// Reads the details of an event; paths of problems begin at the event.
pub(super) fn read(details: &Map<String, Value>) -> Result<RealDetails, Vec<FieldProblem>> {
    let mut fields = Fields::new(details, "details");
    let text = |name: &str| details.get(name).and_then(Value::as_str).map(str::to_owned);
    let mut read = RealDetails {
        user: text("user"),
        current_num_workers: fields.count("current_num_workers"),
        target_num_workers: fields.count("target_num_workers"),
        cluster_size: size(&mut fields),
        cause: text("cause"),
        reason_code: details
            .get("reason")
            .and_then(|r| r.get("code"))
            .and_then(Value::as_str)
            .map(str::to_owned),
        job_run_name: text("job_run_name"),
        ..RealDetails::default()
    };
    read.attributes = attributes(&mut fields, details, "attributes");
    read.previous_attributes = attributes(&mut fields, details, "previous_attributes");
    match fields.problems.is_empty() {
        true => Ok(read),
        false => Err(fields.problems),
    }
}

/// `autoscale` wins over `num_workers`, as in requests.
fn size(fields: &mut Fields<'_>) -> Option<ClusterSize> {
    let mut size = fields.object("cluster_size")?;
    let num_workers = size.count("num_workers");
    let range = size.object("autoscale").map(|mut autoscale| {
        let range = (autoscale.count("min_workers"), autoscale.count("max_workers"));
        size.absorb(autoscale);
        range
    });
    fields.absorb(size);
    match range {
        Some((min, max)) => {
            // The API's own default for an absent minimum is 1.
            let min_workers = min.unwrap_or(1);
            let max_workers = max.unwrap_or(min_workers);
            Some(ClusterSize::Autoscale {
                min_workers,
                max_workers,
            })
        }
        None => num_workers.map(|num_workers| ClusterSize::Fixed { num_workers }),
    }
}

fn attributes(fields: &mut Fields<'_>, details: &Map<String, Value>, name: &str) -> Option<Arc<Attributes>> {
    // Fields says what is wrong with anything but an object.
    fields.object(name)?;
    let mut body = details.get(name)?.as_object()?.clone();
    body.retain(|key, value| READ.contains(&key.as_str()) && !value.is_null());
    let empty = |value: &Value| value.as_str() == Some("");
    body.retain(|_, value| !empty(value));
    let pools = pools(&mut body);
    match ClusterSpec::read(&Value::Object(body)) {
        Ok(spec) => Some(Arc::new(Attributes { spec, pools })),
        Err(problems) => {
            fields.problems.extend(problems.into_iter().map(|p| FieldProblem {
                path: format!("details.{name}.{}", p.path),
                ..p
            }));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(details: &Value) -> Result<RealDetails, Vec<FieldProblem>> {
        read(details.as_object().unwrap())
    }

    #[test]
    fn what_bills_hang_on_is_typed() {
        let read = of(&json!({
            "user": "ana@example.com", "current_num_workers": 2, "target_num_workers": 4.0, "cause": "NEW_CAUSE",
            "reason": {"code": "SOMETHING_NEW", "type": 7}, "cluster_size": {"num_workers": 0, "autoscale": {"min_workers": 1, "max_workers": 4}},
            "attributes": {"node_type_id": "i3.xlarge", "instance_pool_id": "p", "spark_conf": {"a": "${b}"},
                "driver_instance_pool_id": "", "policy_id": null}
        }))
        .unwrap();
        assert_eq!(
            (read.current_num_workers, read.target_num_workers),
            (Some(2), Some(4))
        );
        assert_eq!(
            read.cluster_size,
            Some(ClusterSize::Autoscale {
                min_workers: 1,
                max_workers: 4
            })
        );
        assert_eq!(read.reason_code.as_deref(), Some("SOMETHING_NEW"));
        let attributes = read.attributes.unwrap();
        assert_eq!(attributes.pools[0].node_type_id, "i3.xlarge");
        assert_eq!(attributes.spec.instance_pool_id.as_deref(), Some("p"));
    }

    #[test]
    fn everything_wrong_is_named_by_its_path() {
        let problems = of(&json!({
            "current_num_workers": -1, "target_num_workers": "four", "cluster_size": {"num_workers": []},
            "attributes": {"node_type_id": 7}, "previous_attributes": []
        }))
        .unwrap_err();
        let paths: Vec<&str> = problems.iter().map(|p| p.path.as_str()).collect();
        assert_eq!(
            paths,
            [
                "details.current_num_workers",
                "details.target_num_workers",
                "details.cluster_size.num_workers",
                "details.attributes.node_type_id",
                "details.previous_attributes",
            ]
        );
    }
}
