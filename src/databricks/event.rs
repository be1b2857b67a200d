//! Cluster events, spelled as `clusters/events` spells them, and the events of pool instances. There is a TERMINATING
//! and no TERMINATED, an UPSIZE_COMPLETED and nothing for a finished downsize.
//!
//! Names, fields and enums are those of databricks-sdk 0.156.0 (`EventType`, `EventDetails`, `EventDetailsCause`).

use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::termination::{TerminationCode, TerminationType};
use crate::model::period::Instant;

/// Writes an enum whose variants the API spells in upper case with underscores, with both directions of spelling.
macro_rules! spelled {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$doc])* #[serde(rename = $text)] $variant,)*
        }

        impl $name {
            /// All of them, in the order of declaration.
            pub const ALL: &'static [$name] = &[$($name::$variant,)*];

            /// As the API spells it.
            pub fn as_str(self) -> &'static str {
                match self {
                    $($name::$variant => $text,)*
                }
            }

            /// From the API's spelling.
            pub fn from_name(text: &str) -> Option<$name> {
                $name::ALL.iter().copied().find(|v| v.as_str() == text)
            }
        }
    };
}
pub(crate) use spelled;

spelled! {
    /// `EventType`: all that the API knows.
    EventType {
        /// Nodes could not be added.
        AddNodesFailed = "ADD_NODES_FAILED",
        /// The cluster was updated by Databricks (automatic cluster update).
        AutomaticClusterUpdate = "AUTOMATIC_CLUSTER_UPDATE",
        /// Autoscaling waits after failures.
        AutoscalingBackoff = "AUTOSCALING_BACKOFF",
        /// Autoscaling could not reach its target.
        AutoscalingFailed = "AUTOSCALING_FAILED",
        /// Hourly: for how long workers were there and for how long nothing used them.
        AutoscalingStatsReport = "AUTOSCALING_STATS_REPORT",
        /// Moved to another control plane.
        ClusterMigrated = "CLUSTER_MIGRATED",
        /// Creation begins.
        Creating = "CREATING",
        /// DBFS does not answer.
        DbfsDown = "DBFS_DOWN",
        /// Nodes have been decommissioned.
        DecommissionEnded = "DECOMMISSION_ENDED",
        /// Nodes are being decommissioned.
        DecommissionStarted = "DECOMMISSION_STARTED",
        /// A deferred enforcement of a policy failed.
        DeferredPolicyEnforcementFailed = "DEFERRED_POLICY_ENFORCEMENT_FAILED",
        /// An enforcement of a policy waits for the cluster's end.
        DeferredPolicyEnforcementScheduled = "DEFERRED_POLICY_ENFORCEMENT_SCHEDULED",
        /// Low on disk space, and another disk would exceed the maximum.
        DidNotExpandDisk = "DID_NOT_EXPAND_DISK",
        /// The driver answers.
        DriverHealthy = "DRIVER_HEALTHY",
        /// The driver is up and does not respond, likely for garbage collection.
        DriverNotResponding = "DRIVER_NOT_RESPONDING",
        /// The driver cannot be reached.
        DriverUnavailable = "DRIVER_UNAVAILABLE",
        /// The cluster's definition was changed.
        Edited = "EDITED",
        /// A disk was added.
        ExpandedDisk = "EXPANDED_DISK",
        /// A disk could not be added.
        FailedToExpandDisk = "FAILED_TO_EXPAND_DISK",
        /// Init scripts have ended, well or badly.
        InitScriptsFinished = "INIT_SCRIPTS_FINISHED",
        /// Init scripts begin.
        InitScriptsStarted = "INIT_SCRIPTS_STARTED",
        /// The metastore does not answer.
        MetastoreDown = "METASTORE_DOWN",
        /// Nodes are gone that nobody gave back.
        NodesLost = "NODES_LOST",
        /// A node is used no more, after failures.
        NodeBlacklisted = "NODE_BLACKLISTED",
        /// A node has been decommissioned because it was excluded.
        NodeExcludedDecommissioned = "NODE_EXCLUDED_DECOMMISSIONED",
        /// Kept in the list beyond 30 days.
        Pinned = "PINNED",
        /// The number of workers that is aimed at changes, up or down.
        Resizing = "RESIZING",
        /// A running cluster is restarted.
        Restarting = "RESTARTING",
        /// Creation, start or restart has finished.
        Running = "RUNNING",
        /// The driver's Spark context is gone, or an exception was thrown from it.
        SparkException = "SPARK_EXCEPTION",
        /// A terminated cluster is started again.
        Starting = "STARTING",
        /// Tear-down begins.
        Terminating = "TERMINATING",
        /// A Unity Catalog volume is misconfigured.
        UcVolumeMisconfigured = "UC_VOLUME_MISCONFIGURED",
        /// Kept no longer.
        Unpinned = "UNPINNED",
        /// Nodes have been added, as many as could be.
        UpsizeCompleted = "UPSIZE_COMPLETED",
    }
}

spelled! {
    /// `EventDetailsCause`: why a size changes.
    Cause {
        /// Lost nodes are replaced.
        Autorecovery = "AUTORECOVERY",
        /// Autoscaling.
        Autoscale = "AUTOSCALE",
        /// Autoscaling, newer implementation.
        AutoscaleV2 = "AUTOSCALE_V2",
        /// Autoscaling by the runtime.
        DbrAutoscale = "DBR_AUTOSCALE",
        /// Bad nodes are replaced.
        ReplaceBadNodes = "REPLACE_BAD_NODES",
        /// Somebody asked for it.
        UserRequest = "USER_REQUEST",
    }
}

/// `ClusterSize`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClusterSize {
    /// A range to scale in.
    Autoscale {
        /// Fewest workers.
        min_workers: u32,
        /// Most workers.
        max_workers: u32,
    },
    /// A fixed number of workers.
    #[serde(untagged)]
    Fixed {
        /// Workers, the driver not counted.
        num_workers: u32,
    },
}

/// `TerminationReason`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// Why.
    pub code: TerminationCode,
    /// What kind of reason that is.
    #[serde(rename = "type")]
    pub reason_type: TerminationType,
    /// What there is to say about it.
    #[serde(default)]
    pub parameters: BTreeMap<String, String>,
}

impl Reason {
    /// A reason of the code's usual type.
    pub fn new<const N: usize>(code: TerminationCode, parameters: [(&str, String); N]) -> Reason {
        Reason {
            code,
            reason_type: code.reason_type(),
            parameters: parameters.into_iter().map(|(k, v)| (k.to_owned(), v)).collect(),
        }
    }
}

/// `autoscaling_stats` of AUTOSCALING_STATS_REPORT. The SDK's `EventDetails` leave it out; an answer in the tests of
/// databricks-cli has it, with these two numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct AutoscalingStats {
    /// Seconds that workers were there, added up.
    pub total_instance_seconds: u64,
    /// Of these, that they ran nothing.
    pub unused_instance_seconds: u64,
}

/// `EventDetails`, as far as the lifecycle writes them. What is none is left out.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct EventDetails {
    /// The definition the cluster is created with or edited to.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "shared")]
    pub attributes: Option<Arc<Value>>,
    /// The definition before an edit.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "shared")]
    pub previous_attributes: Option<Arc<Value>>,
    /// The size asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster_size: Option<ClusterSize>,
    /// The size asked for before an edit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous_cluster_size: Option<ClusterSize>,
    /// Workers there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_num_workers: Option<u32>,
    /// Workers aimed at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_num_workers: Option<u32>,
    /// vCPUs there are, if the node types' are known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_num_vcpus: Option<u32>,
    /// vCPUs aimed at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_num_vcpus: Option<u32>,
    /// Why a size changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    /// Why a cluster ends, nodes are lost, or fewer nodes came than were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// Who asked for it.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "shared")]
    pub user: Option<Arc<str>>,
    /// The run that a job cluster is for.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "shared")]
    pub job_run_name: Option<Arc<str>>,
    /// The instance that it happened to.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "shared")]
    pub instance_id: Option<Arc<str>>,
    /// Disk size in bytes after an expansion.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disk_size: Option<u64>,
    /// Disk size in bytes before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous_disk_size: Option<u64>,
    /// Free bytes on the disk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub free_space: Option<u64>,
    /// Why a disk was not added.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub did_not_expand_reason: Option<String>,
    /// What the driver says of itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub driver_state_message: Option<String>,
    /// Init scripts and how they went: `InitScriptEventDetails`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub init_scripts: Option<Value>,
    /// What an autoscaling cluster had in the last hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub autoscaling_stats: Option<AutoscalingStats>,
}

/// Writes what several events share.
fn shared<T: Serialize + ?Sized, S: Serializer>(value: &Option<Arc<T>>, to: S) -> Result<S::Ok, S::Error> {
    value.as_deref().serialize(to)
}

impl EventDetails {
    /// As JSON text. Keys stand in the order of this struct: same details, same bytes.
    pub fn to_json(&self) -> String {
        // Nothing in it can fail to be written; an empty object says so if that ever changes.
        serde_json::to_string(self).unwrap_or_else(|_| "{}".to_owned())
    }
}

/// Something that happened to a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterEvent {
    /// When.
    pub timestamp: Instant,
    /// Workspace name.
    pub workspace: Arc<str>,
    /// Which cluster.
    pub cluster_id: Arc<str>,
    /// What.
    pub event_type: EventType,
    /// More about it.
    pub details: EventDetails,
}

spelled! {
    /// `state` of `system.compute.instance_events`, as far as the lifecycle makes them.
    InstanceState {
        /// Asked of the cloud; billed from here.
        Launching = "INSTANCE_LAUNCHING",
        /// Idle in its pool.
        Ready = "INSTANCE_READY",
        /// Placed in a cluster.
        Placed = "INSTANCE_PLACED",
        /// Being given back to the cloud.
        Terminating = "INSTANCE_TERMINATING",
        /// Given back; billed until here.
        Terminated = "INSTANCE_TERMINATED",
    }
}

/// Something that happened to an instance of a pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceEvent {
    /// When.
    pub event_time: Instant,
    /// Workspace name.
    pub workspace: Arc<str>,
    /// Which instance.
    pub instance_id: Arc<str>,
    /// Its pool.
    pub instance_pool_id: Arc<str>,
    /// The cluster it is placed in or launched for; empty otherwise.
    pub cluster_id: Arc<str>,
    /// What.
    pub state: InstanceState,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_api_knows_35_types_and_6_causes() {
        assert_eq!((EventType::ALL.len(), Cause::ALL.len()), (35, 6));
        assert_eq!(EventType::from_name("NODES_LOST"), Some(EventType::NodesLost));
        assert_eq!(EventType::from_name("TERMINATED"), None);
    }

    #[test]
    fn details_leave_out_what_is_not_known() {
        let details = EventDetails {
            cluster_size: Some(ClusterSize::Autoscale {
                min_workers: 1,
                max_workers: 4,
            }),
            reason: Some(Reason::new(
                TerminationCode::UserRequest,
                [("username", "a@example.com".to_owned())],
            )),
            ..EventDetails::default()
        };
        let expected = json!({
            "cluster_size": {"autoscale": {"min_workers": 1, "max_workers": 4}},
            "reason": {"code": "USER_REQUEST", "type": "SUCCESS", "parameters": {"username": "a@example.com"}}
        });
        assert_eq!(
            serde_json::from_str::<Value>(&details.to_json()).unwrap(),
            expected
        );
        let fixed = serde_json::to_value(ClusterSize::Fixed { num_workers: 2 }).unwrap();
        assert_eq!(fixed, json!({"num_workers": 2}));
    }
}
