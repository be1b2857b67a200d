//! How runs of jobs and their tasks end: `RunResultState` and, for tasks, `TerminationCode` of the Jobs API.

use serde::{Deserialize, Serialize};

use super::event::spelled;

spelled! {
    /// `RunResultState`, as far as the lifecycle gives them.
    ResultState {
        /// All went well.
        Success = "SUCCESS",
        /// Some tasks failed, and the leaf tasks went well.
        SuccessWithFailures = "SUCCESS_WITH_FAILURES",
        /// A leaf task failed.
        Failed = "FAILED",
        /// It took longer than `timeout_seconds`.
        TimedOut = "TIMEDOUT",
        /// It did not take place: `max_concurrent_runs` were going on.
        MaximumConcurrentRunsReached = "MAXIMUM_CONCURRENT_RUNS_REACHED",
        /// A task did not take place, for how those it depends on ended.
        UpstreamFailed = "UPSTREAM_FAILED",
        /// A task did not take place, since its `run_if` did not hold.
        Excluded = "EXCLUDED",
    }
}

spelled! {
    /// How one attempt of a task ended: `TerminationCode` of the Jobs API.
    TaskResult {
        /// It went well.
        Success = "SUCCESS",
        /// Its code failed.
        RunExecutionError = "RUN_EXECUTION_ERROR",
        /// Its cluster could not start or went away.
        ClusterError = "CLUSTER_ERROR",
        /// The cloud took the machine of the driver.
        CloudFailure = "CLOUD_FAILURE",
        /// The driver went away.
        DriverError = "DRIVER_ERROR",
        /// It took longer than allowed, or its run did.
        Canceled = "CANCELED",
        /// It did not take place.
        Skipped = "SKIPPED",
    }
}
