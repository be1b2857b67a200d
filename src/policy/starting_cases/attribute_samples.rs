//! Values that requests plausibly give to an attribute.

use serde_json::{Value, json};
use tollgate_policy_language::path::generic;
use tollgate_policy_language::{Kind, attribute};

use crate::model::place::Cloud;

/// Small node types first, of several families; all of them have published rates.
const AWS_NODES: &str = "i3.xlarge m5.xlarge m5d.xlarge r5.xlarge c5.xlarge i3.2xlarge m5.2xlarge r5d.xlarge m5.4xlarge \
    g4dn.xlarge p3.2xlarge i3.16xlarge";
const AZURE_NODES: &str = "Standard_DS3_v2 Standard_D4s_v3 Standard_F4s Standard_E4s_v3 Standard_L4s Standard_DS4_v2 \
    Standard_D8s_v3 Standard_DS5_v2 Standard_E8s_v3 Standard_NC4as_T4_v3 Standard_NC6s_v3 \
    Standard_D64s_v3";
const GCP_NODES: &str = "n2-standard-4 n1-standard-4 e2-standard-4 n2-highmem-4 n2-standard-8 n1-highmem-8 a2-highgpu-1g \
    n2-standard-32";

/// Runtimes, newest first; the plain ones before the others.
const RUNTIMES: &str = "18.x-scala2.13 17.3.x-scala2.13 16.4.x-scala2.12 15.4.x-scala2.12 19.x-scala2.13 14.3.x-scala2.12 \
    13.3.x-scala2.12 12.2.x-scala2.12 11.3.x-scala2.12 10.4.x-scala2.12 9.1.x-scala2.12 7.3.x-scala2.12 \
    6.4.x-scala2.11 18.x-cpu-ml-scala2.13 17.3.x-cpu-ml-scala2.13 16.4.x-cpu-ml-scala2.12 \
    15.4.x-cpu-ml-scala2.12 19.x-cpu-ml-scala2.13 18.x-gpu-ml-scala2.13 15.4.x-gpu-ml-scala2.12 \
    18.x-photon-scala2.13 15.4.x-photon-scala2.12 18.x-aarch64-scala2.13 18.2.x-scala2.13";

/// Values for the attribute of a path, the plainest first.
pub(super) fn attribute_samples(path: &str, cloud: Cloud) -> Vec<Value> {
    let texts = |texts: &[&str]| texts.iter().map(|t| Value::from(*t)).collect::<Vec<_>>();
    let (last, first) = (
        path.rsplit('.').next().unwrap_or(path),
        path.split('.').next().unwrap_or(path),
    );
    match generic(path).as_str() {
        "spark_version" => RUNTIMES.split(' ').map(Value::from).collect(),
        "node_type_id" | "driver_node_type_id" => node_types(cloud).map(Value::from).collect(),
        p if p.ends_with("alternate_node_type_ids.*") => node_types(cloud).map(Value::from).collect(),
        "runtime_engine" => texts(&["STANDARD", "PHOTON"]),
        "kind" => texts(&["CLASSIC_PREVIEW"]),
        "data_security_mode" => texts(&[
            "SINGLE_USER",
            "USER_ISOLATION",
            "NONE",
            "DATA_SECURITY_MODE_AUTO",
            "LEGACY_SINGLE_USER",
            "LEGACY_TABLE_ACL",
        ]),
        "cluster_name" => texts(&["nightly", "team-dev"]),
        "single_user_name" => texts(&["user@example.com"]),
        "cluster_log_conf.type" => texts(&["DBFS", "VOLUMES", "S3", "NONE"]),
        "cluster_log_conf.path" => texts(&[
            "dbfs:/cluster-logs",
            "/Volumes/main/default/logs",
            "s3://example/logs",
        ]),
        "cluster_log_conf.region" => texts(&["us-west-2", "eu-west-1"]),
        "docker_image.url" => texts(&["example.azurecr.io/image:1"]),
        "ssh_public_keys.*" => texts(&["ssh-ed25519 AAAAC3Nz example"]),
        "aws_attributes.availability" => texts(&["SPOT_WITH_FALLBACK", "ON_DEMAND", "SPOT"]),
        "azure_attributes.availability" => {
            texts(&["SPOT_WITH_FALLBACK_AZURE", "ON_DEMAND_AZURE", "SPOT_AZURE"])
        }
        "gcp_attributes.availability" => texts(&[
            "PREEMPTIBLE_WITH_FALLBACK_GCP",
            "ON_DEMAND_GCP",
            "PREEMPTIBLE_GCP",
        ]),
        "aws_attributes.ebs_volume_type" => texts(&["GENERAL_PURPOSE_SSD", "THROUGHPUT_OPTIMIZED_HDD"]),
        "aws_attributes.instance_profile_arn" => {
            texts(&["arn:aws:iam::123456789012:instance-profile/example"])
        }
        "aws_attributes.zone_id" | "gcp_attributes.zone_id" => texts(&["auto", "us-west-2a"]),
        "autotermination_minutes" => vec![json!(30), json!(60), json!(120), json!(10), json!(4320), json!(0)],
        _ if last == "destination" => texts(&[destination(path), "dbfs:/scripts/init.sh", "/Shared/init.sh"]),
        _ if first == "custom_tags" => texts(&["example", "data", "dev"]),
        _ if first == "spark_conf" => texts(&["true", "1", "example"]),
        _ => match attribute::kind(path) {
            Kind::Boolean => vec![json!(true), json!(false)],
            Kind::Number => [1, 2, 0, 4, 8, 10, 30, 60, 100, 1000].map(Value::from).to_vec(),
            _ => texts(&["example", "1", "true"]),
        },
    }
}

/// Node types of a cloud.
pub(super) fn node_types(cloud: Cloud) -> impl Iterator<Item = &'static str> {
    let all = match cloud {
        Cloud::Aws => AWS_NODES,
        Cloud::Azure => AZURE_NODES,
        Cloud::Gcp => GCP_NODES,
    };
    all.split(' ')
}

/// A runtime that most policies admit.
pub(super) fn plain_runtime() -> Value {
    RUNTIMES.split(' ').next().map_or(Value::Null, Value::from)
}

/// The destination of a script, by where it lies.
fn destination(path: &str) -> &'static str {
    let lies_in = |kind: &str| path.contains(&format!(".{kind}."));
    if lies_in("volumes") {
        "/Volumes/main/default/scripts/init.sh"
    } else if lies_in("s3") {
        "s3://example/init.sh"
    } else if lies_in("abfss") {
        "abfss://scripts@example.dfs.core.windows.net/init.sh"
    } else if lies_in("gcs") {
        "gs://example/init.sh"
    } else if lies_in("dbfs") {
        "dbfs:/scripts/init.sh"
    } else if lies_in("file") {
        "file:/scripts/init.sh"
    } else {
        "/Shared/init.sh"
    }
}

/// An entry of a list of which nothing is said.
pub(super) fn plain_entry(list: &str) -> Value {
    match list {
        "init_scripts" => json!({"workspace": {"destination": "/Shared/other.sh"}}),
        "ssh_public_keys" => json!("ssh-ed25519 AAAAC3Nz other"),
        _ => json!("other"),
    }
}
