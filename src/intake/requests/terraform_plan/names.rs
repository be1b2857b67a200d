//! Names of the provider's schema: what is a list, what is the provider's own, what holds clusters.

/// Blocks of which there may be many, and what the API calls them; every other block is one object.
const LISTS: [(&str, &str); 22] = [
    ("cluster", "clusters"),
    ("cluster_mount_info", "cluster_mount_infos"),
    ("custom_tags", "custom_tags"),
    ("depends_on", "depends_on"),
    ("environment", "environments"),
    ("init_scripts", "init_scripts"),
    ("job_cluster", "job_clusters"),
    ("launch_template_override", "launch_template_override"),
    ("libraries", "libraries"),
    ("library", "libraries"),
    ("notification", "notifications"),
    ("objects", "objects"),
    (
        "on_duration_warning_threshold_exceeded",
        "on_duration_warning_threshold_exceeded",
    ),
    ("on_failure", "on_failure"),
    ("on_start", "on_start"),
    ("on_streaming_backlog_exceeded", "on_streaming_backlog_exceeded"),
    ("on_success", "on_success"),
    ("parameter", "parameters"),
    ("preloaded_docker_image", "preloaded_docker_images"),
    ("rules", "rules"),
    ("subscriptions", "subscriptions"),
    ("task", "tasks"),
];

/// What is the provider's own, in every block.
const OF_THE_PROVIDER: [&str; 4] = ["is_pinned", "no_wait", "provider_config", "timeouts"];

/// What the API only answers, or the provider keeps, of a resource.
const ANSWERED: [&str; 16] = [
    "always_running",
    "cluster_id",
    "control_run_state",
    "creator_name",
    "creator_user_name",
    "default_tags",
    "expected_last_modified",
    "health_status",
    "jdbc_url",
    "last_modified",
    "latest_updates",
    "num_active_sessions",
    "odbc_params",
    "run_as_user_name",
    "state",
    "url",
];

/// What holds clusters, or decides whether there are any.
pub const HOLDING: [&str; 6] = [
    "cluster",
    "for_each_task",
    "job_cluster",
    "new_cluster",
    "serverless",
    "task",
];

/// Blocks of [`HOLDING`]: the provider writes each as a list.
pub const BLOCKS: [&str; 5] = ["cluster", "for_each_task", "job_cluster", "new_cluster", "task"];

/// Attributes that the server chooses where they are null, so that null is planned as unknown.
pub const SERVER_CHOOSES: [&str; 7] = [
    "definition",
    "driver_instance_pool_id",
    "driver_node_type_id",
    "enable_elastic_disk",
    "enable_local_disk_encryption",
    "instance_pool_id",
    "node_type_id",
];

/// What the server chooses besides, where nobody wrote anything.
const ALSO_COMPUTED: [&str; 8] = [
    "cluster_source",
    "data_source_id",
    "enable_serverless_compute",
    "format",
    "name",
    "policy_id",
    "retry_on_timeout",
    "run_as",
];

/// Blocks of which the server chooses every attribute that is not written.
const COMPUTED_INSIDE: [&str; 3] = ["aws_attributes", "azure_attributes", "gcp_attributes"];

/// Attributes of which it is told when nobody set them and they have a value all the same.
pub const DEFAULTED: [&str; 2] = ["autotermination_minutes", "num_workers"];

/// What the API calls the blocks of a name, where there may be many of them.
pub fn list_name(block: &str) -> Option<&'static str> {
    let found = LISTS.iter().find(|(name, _)| *name == block);
    found.map(|(_, api)| *api)
}

/// Whether the server chooses an attribute of the block at a path where nobody wrote it. A block, and any other attribute,
/// is unknown only because somebody wrote it: in a `dynamic` block, which leaves no key in the configuration.
pub fn is_computed(key: &str, path: &str) -> bool {
    let block = path.rsplit('.').next().unwrap_or_default();
    SERVER_CHOOSES.contains(&key) || ALSO_COMPUTED.contains(&key) || COMPUTED_INSIDE.contains(&block)
}

/// Whether nobody asks for an attribute of the block at a path.
pub fn is_dropped(key: &str, path: &str) -> bool {
    let answered = path.is_empty() && ANSWERED.contains(&key);
    answered || key.starts_with("__") || OF_THE_PROVIDER.contains(&key)
}
