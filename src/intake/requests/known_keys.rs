//! Slips in the keys of bodies: `num_wrkers` asks for nothing, and nobody would see it.
//!
//! The APIs get new keys, so that a key which is not known is no mistake; one that is nearly a known key is.

use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::LazyLock;
use tollgate_policy_language::attribute::ATTRIBUTES;

use crate::model::suggest::nearest;

/// Keys of clusters that policies have no attribute for, those that only answers have, and what tools name clusters by.
const OF_CLUSTERS: [&str; 45] = [
    "apply_policy_default_values",
    "clone_from",
    "cluster_cores",
    "cluster_id",
    "cluster_log_status",
    "cluster_memory_mb",
    "cluster_name",
    "cluster_source",
    "cluster_type",
    "creator_user_name",
    "default_tags",
    "dependency_mode",
    "disk_spec",
    "driver",
    "driver_healthy",
    "driver_instance_source",
    "driver_node_type_flexibility",
    "effective_spark_version",
    "executors",
    "idempotency_token",
    "init_scripts_safe_mode",
    "instance_source",
    "is_single_node",
    "jdbc_port",
    "kind",
    "label",
    "last_activity_time",
    "last_restarted_time",
    "last_state_loss_time",
    "libraries",
    "pinned_by_user_name",
    "remote_disk_throughput",
    "single_user_name",
    "spark_context_id",
    "spec",
    "ssh_public_keys",
    "start_time",
    "state",
    "state_message",
    "terminated_time",
    "termination_reason",
    "total_initial_remote_disk_size",
    "use_ml_runtime",
    "worker_node_type_flexibility",
    "workload_type",
];

/// Keys of `jobs/create`, `runs/submit`, the old form of jobs, and answers.
const OF_JOBS: [&str; 63] = [
    "access_control_list",
    "budget_policy_id",
    "continuous",
    "created_time",
    "creator_user_name",
    "dbt_task",
    "deployment",
    "description",
    "duration_target",
    "edit_mode",
    "effective_budget_policy_id",
    "effective_usage_policy_id",
    "email_notifications",
    "environment_variables",
    "environments",
    "existing_cluster_id",
    "format",
    "git_source",
    "has_more",
    "health",
    "idempotency_token",
    "job_clusters",
    "job_id",
    "job_parameters",
    "libraries",
    "max_concurrent_runs",
    "max_retries",
    "min_retry_interval_millis",
    "name",
    "new_cluster",
    "new_settings",
    "next_page_token",
    "notebook_task",
    "notification_settings",
    "parameters",
    "parent_path",
    "performance_target",
    "pipeline_task",
    "python_wheel_task",
    "queue",
    "retry_on_timeout",
    "run_as",
    "run_as_user_name",
    "run_job_task",
    "run_name",
    "schedule",
    "settings",
    "spark_jar_task",
    "spark_python_task",
    "spark_submit_task",
    "sql_task",
    "tags",
    "task_key",
    "tasks",
    "timeout_seconds",
    "trigger",
    "trigger_details",
    "trigger_state",
    "triggers",
    "usage_policy_id",
    "user_name",
    "version",
    "webhook_notifications",
];

/// A key that is nearly a known one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slip {
    /// The key.
    pub found: String,
    /// The known one.
    pub meant: &'static str,
}

/// The slips in the keys of a cluster.
pub fn slips_of_cluster(body: &Value) -> Vec<Slip> {
    // Once for all: a plan has thousands.
    static KNOWN: LazyLock<BTreeSet<&'static str>> = LazyLock::new(|| {
        let attributes = ATTRIBUTES.iter().filter_map(|a| a.path.split('.').next());
        attributes.chain(OF_CLUSTERS).collect()
    });
    slips(body, &KNOWN)
}

/// The slips in the keys of a job.
pub fn slips_of_job(settings: &Value) -> Vec<Slip> {
    static KNOWN: LazyLock<BTreeSet<&'static str>> = LazyLock::new(|| BTreeSet::from(OF_JOBS));
    slips(settings, &KNOWN)
}

fn slips(body: &Value, known: &BTreeSet<&'static str>) -> Vec<Slip> {
    let keys = body.as_object().into_iter().flat_map(|members| members.keys());
    let unknown = keys.filter(|key| !known.contains(key.as_str()));
    unknown
        .filter_map(|key| {
            let meant = nearest(key, known.iter().copied())?;
            // Two of one body are two attributes: the nearer one is there itself.
            body.get(meant).is_none().then(|| Slip {
                found: key.clone(),
                meant,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_slip_is_told_and_a_new_key_is_not() {
        let told = |slips: Vec<Slip>| -> Vec<(String, &'static str)> {
            slips.into_iter().map(|slip| (slip.found, slip.meant)).collect()
        };
        let cluster = json!({"num_wrkers": 1, "custom_tag": {}, "node_type_id": "a", "is_cheap": true, "cluster_cores": 4});
        assert_eq!(
            told(slips_of_cluster(&cluster)),
            [
                ("num_wrkers".to_owned(), "num_workers"),
                ("custom_tag".to_owned(), "custom_tags")
            ]
        );
        let job = json!({"name": "j", "job_cluster": [], "tasks": [], "something_new": 1});
        assert_eq!(
            told(slips_of_job(&job)),
            [("job_cluster".to_owned(), "job_clusters")]
        );
    }
}
