//! Why clusters end: `TerminationReason.code` and `.type`.
//!
//! The API knows 187 codes (databricks-sdk 0.156.0); here are those that the lifecycle gives. A history may carry any
//! of them and keeps it as text. Which type a code has is documented for none; the types of the first three and of
//! faults of the cloud are what everybody sees, the others are our reading of their names.

use serde::{Deserialize, Serialize};

use super::event::spelled;

spelled! {
    /// `TerminationReason.type`.
    TerminationType {
        /// It ended as it should.
        Success = "SUCCESS",
        /// Whoever asked for it asked for something that cannot be.
        ClientError = "CLIENT_ERROR",
        /// Databricks failed.
        ServiceFault = "SERVICE_FAULT",
        /// The cloud failed.
        CloudFailure = "CLOUD_FAILURE",
    }
}

spelled! {
    /// `TerminationReason.code`, as far as the lifecycle gives them.
    TerminationCode {
        /// Somebody asked for it.
        UserRequest = "USER_REQUEST",
        /// `autotermination_minutes` passed without a command.
        Inactivity = "INACTIVITY",
        /// The run ended.
        JobFinished = "JOB_FINISHED",
        /// The pool has no instance left to give.
        InstancePoolMaxCapacityReached = "INSTANCE_POOL_MAX_CAPACITY_REACHED",
        /// An init script failed.
        InitScriptFailure = "INIT_SCRIPT_FAILURE",
        /// The cloud has no such machine left (any cloud).
        CloudProviderResourceStockout = "CLOUD_PROVIDER_RESOURCE_STOCKOUT",
        /// The same, in the words of AWS.
        AwsInsufficientInstanceCapacityFailure = "AWS_INSUFFICIENT_INSTANCE_CAPACITY_FAILURE",
        /// The same, in the words of GCP.
        GcpInsufficientCapacity = "GCP_INSUFFICIENT_CAPACITY",
        /// The subscription may not have so many vCPUs.
        AzureQuotaExceededException = "AZURE_QUOTA_EXCEEDED_EXCEPTION",
        /// The account may not have so many vCPUs.
        AwsResourceQuotaExceeded = "AWS_RESOURCE_QUOTA_EXCEEDED",
        /// The project may not have so many vCPUs.
        GcpQuotaExceeded = "GCP_QUOTA_EXCEEDED",
        /// A spot or preemptible instance was taken back.
        SpotInstanceTermination = "SPOT_INSTANCE_TERMINATION",
        /// The driver cannot be reached.
        DriverUnreachable = "DRIVER_UNREACHABLE",
        /// The driver does not respond.
        DriverUnresponsive = "DRIVER_UNRESPONSIVE",
        /// The driver's disk is full.
        DriverOutOfDisk = "DRIVER_OUT_OF_DISK",
        /// A node does not answer any more.
        CommunicationLost = "COMMUNICATION_LOST",
        /// The cloud shut a node down.
        CloudProviderShutdown = "CLOUD_PROVIDER_SHUTDOWN",
        /// The metastore cannot be reached.
        HivemetastoreConnectivityFailure = "HIVEMETASTORE_CONNECTIVITY_FAILURE",
        /// Spark did not come up.
        SparkStartupFailure = "SPARK_STARTUP_FAILURE",
    }
}

impl TerminationCode {
    /// `TerminationReason.type` that goes with it.
    pub fn reason_type(self) -> TerminationType {
        use TerminationCode::*;
        match self {
            UserRequest | Inactivity | JobFinished => TerminationType::Success,
            InstancePoolMaxCapacityReached | InitScriptFailure => TerminationType::ClientError,
            CloudProviderResourceStockout
            | AwsInsufficientInstanceCapacityFailure
            | GcpInsufficientCapacity
            | AzureQuotaExceededException
            | AwsResourceQuotaExceeded
            | GcpQuotaExceeded
            | SpotInstanceTermination
            | CloudProviderShutdown => TerminationType::CloudFailure,
            DriverUnreachable
            | DriverUnresponsive
            | DriverOutOfDisk
            | CommunicationLost
            | HivemetastoreConnectivityFailure
            | SparkStartupFailure => TerminationType::ServiceFault,
        }
    }
}
