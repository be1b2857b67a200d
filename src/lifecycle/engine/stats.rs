//! AUTOSCALING_STATS_REPORT: every hour that a cluster which scales by itself has run, for how long its workers were there
//! and for how long they ran nothing. What has run for less than an hour when the cluster ends is not reported.

use super::happening::Happening;
use super::index::ClusterKey;
use super::queue::Second;
use super::world::{Done, World};
use crate::databricks::event::{AutoscalingStats, EventDetails, EventType};

const HOUR: Second = 3_600;

impl World<'_> {
    /// A cluster is RUNNING: its hours begin.
    pub fn begin_stats(&mut self, key: ClusterKey, at: Second) {
        if let Some(cluster) = self.clusters.get_mut(key) {
            cluster.stats_planned = false;
        }
        self.plan_stats(key, at);
    }

    /// Plans the next report, if the cluster scales by itself and none is planned: what it has from now on counts.
    pub fn plan_stats(&mut self, key: ClusterKey, at: Second) {
        let Some(cluster) = self.clusters.get_mut(key) else {
            return;
        };
        if cluster.range().is_none() || cluster.stats_planned {
            return;
        }
        cluster.stats_planned = true;
        cluster.executors.take_instance_seconds(at);
        let start = cluster.starts;
        self.plan(at + HOUR, Happening::StatsDue { cluster: key, start });
    }

    /// An hour has passed.
    pub fn stats_due(&mut self, key: ClusterKey, start: u64, at: Second) -> Done {
        if !self.still_runs(key, start) {
            return Ok(());
        }
        let Some(cluster) = self.clusters.get_mut(key) else {
            return Ok(());
        };
        cluster.stats_planned = false;
        if cluster.range().is_none() {
            return Ok(());
        }
        let seconds = cluster.executors.take_instance_seconds(at);
        let details = EventDetails {
            autoscaling_stats: Some(AutoscalingStats {
                total_instance_seconds: seconds.total,
                unused_instance_seconds: seconds.unused,
            }),
            ..EventDetails::default()
        };
        self.tell(key, at, EventType::AutoscalingStatsReport, details);
        self.plan_stats(key, at);
        Ok(())
    }
}
