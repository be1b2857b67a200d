//! The attributes that a policy can speak of, as the Clusters API spells them.
//!
//! Sources: the attribute table of the policy documentation, and the request of `clusters/create` in the Go SDK
//! (`service/compute`), both as read in 2026. Attributes of the API that the table does not name count too: "policies
//! support all attributes controlled with the Clusters API".

use crate::path::{Target, generic};
pub use crate::secret::holds_secret;

/// What kind of value an attribute takes; it decides how values are compared and filled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A string, compared exactly.
    Text,
    /// A number, compared as a decimal.
    Number,
    /// `true` or `false`.
    Boolean,
    /// The value of a map of text: everything is text.
    MapValue,
    /// `spark_version`: has spellings, and `auto:` aliases.
    RuntimeKey,
    /// `data_security_mode`: has two names for one thing.
    SecurityMode,
    /// Not in the table: taken as text.
    Unknown,
}

/// An attribute of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attribute {
    /// Its path; `*` stands for an index or a key.
    pub path: &'static str,
    /// Its kind.
    pub kind: Kind,
    /// Requests may leave it out, so a limiting element without `isOptional` makes them give it.
    pub optional: bool,
    /// Clusters of pipelines have it.
    pub pipelines: bool,
}

const fn attribute(path: &'static str, kind: Kind) -> Attribute {
    Attribute {
        path,
        kind,
        optional: true,
        pipelines: false,
    }
}

/// One that every request gives, or should.
const fn expected(path: &'static str, kind: Kind) -> Attribute {
    Attribute {
        path,
        kind,
        optional: false,
        pipelines: false,
    }
}

/// One that clusters of pipelines have too.
const fn anywhere(path: &'static str, kind: Kind) -> Attribute {
    Attribute {
        path,
        kind,
        optional: true,
        pipelines: true,
    }
}

/// Every attribute known.
pub const ATTRIBUTES: &[Attribute] = &[
    attribute("cluster_name", Kind::Text),
    expected("spark_version", Kind::RuntimeKey),
    attribute("runtime_engine", Kind::Text),
    attribute("use_ml_runtime", Kind::Boolean),
    attribute("kind", Kind::Text),
    attribute("is_single_node", Kind::Boolean),
    Attribute {
        path: "node_type_id",
        kind: Kind::Text,
        optional: false,
        pipelines: true,
    },
    anywhere("driver_node_type_id", Kind::Text),
    anywhere("num_workers", Kind::Number),
    anywhere("autoscale.min_workers", Kind::Number),
    anywhere("autoscale.max_workers", Kind::Number),
    anywhere("autoscale.mode", Kind::Text),
    expected("autotermination_minutes", Kind::Number),
    anywhere("instance_pool_id", Kind::Text),
    anywhere("driver_instance_pool_id", Kind::Text),
    attribute("data_security_mode", Kind::SecurityMode),
    attribute("single_user_name", Kind::Text),
    attribute("enable_elastic_disk", Kind::Boolean),
    anywhere("enable_local_disk_encryption", Kind::Boolean),
    attribute("workload_type.clients.jobs", Kind::Boolean),
    attribute("workload_type.clients.notebooks", Kind::Boolean),
    anywhere("custom_tags.*", Kind::MapValue),
    anywhere("spark_conf.*", Kind::MapValue),
    anywhere("spark_env_vars.*", Kind::MapValue),
    anywhere("ssh_public_keys.*", Kind::Text),
    anywhere("init_scripts.*.workspace.destination", Kind::Text),
    anywhere("init_scripts.*.volumes.destination", Kind::Text),
    anywhere("init_scripts.*.s3.destination", Kind::Text),
    anywhere("init_scripts.*.s3.region", Kind::Text),
    anywhere("init_scripts.*.s3.endpoint", Kind::Text),
    anywhere("init_scripts.*.s3.canned_acl", Kind::Text),
    anywhere("init_scripts.*.s3.enable_encryption", Kind::Boolean),
    anywhere("init_scripts.*.s3.encryption_type", Kind::Text),
    anywhere("init_scripts.*.s3.kms_key", Kind::Text),
    anywhere("init_scripts.*.abfss.destination", Kind::Text),
    anywhere("init_scripts.*.gcs.destination", Kind::Text),
    anywhere("init_scripts.*.dbfs.destination", Kind::Text),
    anywhere("init_scripts.*.file.destination", Kind::Text),
    attribute("docker_image.url", Kind::Text),
    attribute("docker_image.basic_auth.username", Kind::Text),
    attribute("docker_image.basic_auth.password", Kind::Text),
    anywhere("cluster_log_conf.type", Kind::Text),
    anywhere("cluster_log_conf.path", Kind::Text),
    anywhere("cluster_log_conf.region", Kind::Text),
    anywhere("cluster_log_conf.dbfs.destination", Kind::Text),
    anywhere("cluster_log_conf.s3.destination", Kind::Text),
    anywhere("cluster_log_conf.s3.region", Kind::Text),
    anywhere("cluster_log_conf.volumes.destination", Kind::Text),
    anywhere("aws_attributes.availability", Kind::Text),
    anywhere("aws_attributes.first_on_demand", Kind::Number),
    anywhere("aws_attributes.spot_bid_price_percent", Kind::Number),
    anywhere("aws_attributes.zone_id", Kind::Text),
    anywhere("aws_attributes.instance_profile_arn", Kind::Text),
    anywhere("aws_attributes.ebs_volume_type", Kind::Text),
    anywhere("aws_attributes.ebs_volume_count", Kind::Number),
    anywhere("aws_attributes.ebs_volume_size", Kind::Number),
    anywhere("aws_attributes.ebs_volume_iops", Kind::Number),
    anywhere("aws_attributes.ebs_volume_throughput", Kind::Number),
    anywhere("azure_attributes.availability", Kind::Text),
    anywhere("azure_attributes.first_on_demand", Kind::Number),
    anywhere("azure_attributes.spot_bid_max_price", Kind::Number),
    anywhere(
        "azure_attributes.log_analytics_info.log_analytics_workspace_id",
        Kind::Text,
    ),
    anywhere(
        "azure_attributes.log_analytics_info.log_analytics_primary_key",
        Kind::Text,
    ),
    anywhere("azure_attributes.capacity_reservation_group", Kind::Text),
    anywhere("gcp_attributes.availability", Kind::Text),
    anywhere("gcp_attributes.zone_id", Kind::Text),
    anywhere("gcp_attributes.local_ssd_count", Kind::Number),
    anywhere("gcp_attributes.boot_disk_size", Kind::Number),
    anywhere("gcp_attributes.first_on_demand", Kind::Number),
    anywhere("gcp_attributes.google_service_account", Kind::Text),
    anywhere("gcp_attributes.confidential_compute_type", Kind::Text),
    anywhere("gcp_attributes.use_preemptible_executors", Kind::Boolean),
    attribute(
        "worker_node_type_flexibility.alternate_node_type_ids.*",
        Kind::Text,
    ),
    attribute(
        "driver_node_type_flexibility.alternate_node_type_ids.*",
        Kind::Text,
    ),
    attribute("remote_disk_throughput", Kind::Number),
    attribute("total_initial_remote_disk_size", Kind::Number),
    attribute("dependency_mode", Kind::Text),
    attribute("enable_serverless_compute", Kind::Boolean),
    attribute("virtual_cluster_size", Kind::Text),
    anywhere("policy_id", Kind::Text),
    anywhere("apply_policy_default_values", Kind::Boolean),
];

/// Attributes that no request has: computed from it.
pub const VIRTUAL: [&str; 3] = ["dbus_per_hour", "cluster_type", "cluster_source"];

/// The attributes that say how large a cluster is: exactly one of them.
pub const SIZES: [&str; 3] = ["num_workers", "autoscale", "virtual_cluster_size"];

/// What the API says where there are more or fewer of [`SIZES`]; from a backend log of 2023.
pub const NOT_ONE_SIZE: &str =
    "Exactly 1 of virtual_cluster_size, num_workers or autoscale must be specified.";

/// The values that `cluster_type` can have.
pub const CLUSTER_TYPES: [&str; 3] = ["all-purpose", "job", "dlt"];

/// The attribute of a path, keys and indices of any name included; none if the table has none.
pub fn find(path: &str) -> Option<&'static Attribute> {
    let generic = generic(path);
    ATTRIBUTES.iter().find(|a| a.path == generic)
}

/// The kind of what a path names.
pub fn kind(path: &str) -> Kind {
    match Target::of(path) {
        Target::DbusPerHour => Kind::Number,
        Target::ClusterType | Target::ClusterSource => Kind::Text,
        _ => find(path).map_or(Kind::Unknown, |a| a.kind),
    }
}

/// Whether a request, or the language, has an attribute of this path.
pub fn is_known(path: &str) -> bool {
    VIRTUAL.contains(&path) || find(path).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_indices_are_found_under_their_star() {
        assert_eq!(kind("custom_tags.cost.centre of mine"), Kind::MapValue);
        assert_eq!(kind("init_scripts.3.workspace.destination"), Kind::Text);
        assert_eq!(kind("ssh_public_keys.0"), Kind::Text);
        assert_eq!(kind("num_workers"), Kind::Number);
        assert_eq!(kind("dbus_per_hour"), Kind::Number);
        assert!(!is_known("num_worker") && !is_known(".dbus_per_hour") && !is_known("custom_tags"));
    }
}
