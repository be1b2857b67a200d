//! Exclusion: Spark gives no more tasks to a worker on which tasks kept failing, and the node goes when those that it runs
//! have ended, at the latest after the time that any worker has which is taken away. Another is asked for then.

use std::sync::Arc;

use super::cluster::Node;
use super::happening::Happening;
use super::index::ClusterKey;
use super::queue::Second;
use super::world::{Done, World};
use crate::databricks::event::{EventDetails, EventType};
use crate::lifecycle::draw::Purpose;
use crate::lifecycle::work::WorkerId;

impl World<'_> {
    /// A worker that has joined is excluded. Nothing, if it is or goes already.
    pub fn exclude(&mut self, key: ClusterKey, ordinal: u64, at: Second) -> Done {
        let Some(cluster) = self.clusters.get_mut(key) else {
            return Ok(());
        };
        if !cluster.runs() {
            return Ok(());
        }
        let start = cluster.starts;
        let stays = |n: &&mut Node| n.ordinal == ordinal && !n.draining && !n.excluded;
        let Some(node) = cluster.nodes.iter_mut().find(stays) else {
            return Ok(());
        };
        node.excluded = true;
        let worker = WorkerId(ordinal);
        cluster.executors.drain_worker(worker, at);
        let Some(idle_at) = cluster.executors.busy_until(worker) else {
            return self.decommissioned(key, start, ordinal, at);
        };
        let index = [cluster.number, start, ordinal];
        let draws = self.draws.key(&cluster.blueprint.object, Purpose::Delay, &index);
        let limit = at + i64::from(draws.within(self.input.timing.decommission, 0));
        let going = Happening::Decommissioned {
            cluster: key,
            start,
            ordinal,
        };
        self.plan(idle_at.min(limit), going);
        self.reconsider(key, at);
        Ok(())
    }

    /// A worker has been decommissioned because it was excluded.
    pub fn tell_excluded(&mut self, key: ClusterKey, ordinal: u64, at: Second) {
        let node = self
            .clusters
            .get(key)
            .and_then(|c| c.nodes.iter().find(|n| n.ordinal == ordinal));
        let details = EventDetails {
            instance_id: node.map(|n| Arc::clone(&n.instance_id)),
            ..EventDetails::default()
        };
        self.tell(key, at, EventType::NodeExcludedDecommissioned, details);
    }
}
