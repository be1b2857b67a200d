//! More and fewer workers: resizes by users, by autoscaling and by recovery, one way for all.
//!
//! RESIZING tells the new target. Upwards, machines are asked for at once and each joins when it has registered;
//! UPSIZE_COMPLETED tells that all that could be had have come. Downwards, idle workers go at once; a busy one finishes
//! its tasks first, at most for the seconds that the scenario grants; nothing tells that a downsize is complete.

use std::sync::Arc;

use super::cluster::Node;
use super::happening::Happening;
use super::index::ClusterKey;
use super::queue::Second;
use super::world::{Done, World};
use crate::databricks::cluster_spec::Role;
use crate::databricks::event::{Cause, EventDetails, EventType, Reason};
use crate::databricks::state::State;
use crate::lifecycle::draw::Purpose;
use crate::lifecycle::state::Trigger;
use crate::lifecycle::timing::Step;
use crate::lifecycle::work::WorkerId;

use super::supply::{note, step_index};

/// Most seconds between two attempts at recovery.
const LONGEST_RECOVERY: i64 = 3_600;

impl World<'_> {
    /// Aims at another number of workers. The cluster is RUNNING.
    pub fn resize(
        &mut self,
        key: ClusterKey,
        target: u32,
        cause: Cause,
        user: Option<Arc<str>>,
        at: Second,
    ) -> Done {
        let Some(cluster) = self.clusters.get_mut(key) else {
            return Ok(());
        };
        if cluster.state != State::Running {
            return Ok(());
        }
        let current = cluster.current_workers();
        cluster.target = target;
        cluster.shortage = None;
        // An earlier resize may have been cut short by a restart.
        cluster.grows = false;
        let present = cluster.present_workers();
        let details = EventDetails {
            current_num_workers: Some(current),
            target_num_workers: Some(target),
            current_num_vcpus: Some(cluster.vcpus(current)),
            target_num_vcpus: Some(cluster.vcpus(target)),
            cause: Some(cause),
            user,
            ..EventDetails::default()
        };
        self.step(key, Trigger::Resize, at)?;
        self.tell(key, at, EventType::Resizing, details);
        if target >= present {
            self.grow(key, target - present, cause, at)?;
        } else {
            self.shrink(key, present - target, at)?;
        }
        self.settle_size(key, at)
    }

    /// Asks for so many workers more.
    fn grow(&mut self, key: ClusterKey, more: u32, cause: Cause, at: Second) -> Done {
        let mut steps = Vec::new();
        let mut shortage = None;
        if let Some(cluster) = self.clusters.get_mut(key) {
            cluster.grows = more > 0;
        }
        for _ in 0..more {
            let ordinal = self.next_ordinal(key);
            steps.clear();
            match self.request_node(key, Role::Worker, ordinal, at, &mut steps) {
                Ok(mut node) => {
                    node.registers = self.registers(key, ordinal, node.registers);
                    let (at, start) = (node.registers, self.clusters.get(key).map_or(0, |c| c.starts));
                    self.add_node(key, node);
                    self.plan(
                        at,
                        Happening::Joined {
                            cluster: key,
                            start,
                            ordinal,
                        },
                    );
                }
                Err(reason) => {
                    shortage.get_or_insert(reason);
                }
            }
        }
        if let Some(pool) = self.clusters.get(key).and_then(|c| c.blueprint.worker.pool) {
            self.keep_minimum(pool, at);
        }
        if let Some(reason) = shortage {
            self.fall_short(key, reason, cause, at);
        }
        Ok(())
    }

    /// When a worker whose machine is usable then has registered.
    fn registers(&self, key: ClusterKey, ordinal: u64, usable: Second) -> Second {
        let Some(cluster) = self.clusters.get(key) else {
            return usable;
        };
        let index = [cluster.number, cluster.starts, ordinal];
        let draws = self.draws.key(&cluster.blueprint.object, Purpose::Steps, &index);
        let seconds = draws.within(self.input.timing.register, step_index(Step::Register));
        note(&mut Vec::new(), None, Step::Register, usable, i64::from(seconds))
    }

    /// Fewer workers came than were asked for. What autoscaling wanted it will want again; what a user or a recovery
    /// wanted is tried again later.
    fn fall_short(&mut self, key: ClusterKey, reason: Reason, cause: Cause, at: Second) {
        let Some(cluster) = self.clusters.get_mut(key) else {
            return;
        };
        let (current, present) = (cluster.current_workers(), cluster.present_workers());
        let target = cluster.target;
        cluster.shortage = Some(reason.clone());
        let details = EventDetails {
            current_num_workers: Some(current),
            target_num_workers: Some(target),
            reason: Some(reason),
            ..EventDetails::default()
        };
        if cause == Cause::Autoscale {
            // Not below the minimum, which recovery sees to.
            cluster.target = present.max(cluster.range().map_or(0, |(min, _)| min));
        } else {
            cluster.recoveries = cluster.recoveries.saturating_add(1);
        }
        self.tell(key, at, EventType::AddNodesFailed, details);
        if cause != Cause::Autoscale {
            self.plan_recovery(key, false, at);
        }
    }

    /// Takes so many workers away: idle ones first, those that idle longest; then the last that came.
    fn shrink(&mut self, key: ClusterKey, fewer: u32, at: Second) -> Done {
        let Some(cluster) = self.clusters.get_mut(key) else {
            return Ok(());
        };
        let start = cluster.starts;
        let mut candidates: Vec<(bool, Second, std::cmp::Reverse<u64>, u64)> = cluster
            .workers()
            .filter(|n| !n.draining)
            .map(|n| {
                let worker = WorkerId(n.ordinal);
                let busy = n.joined && cluster.executors.is_busy(worker);
                let idle_since = cluster.executors.idle_since(worker).unwrap_or(at);
                (busy, idle_since, std::cmp::Reverse(n.ordinal), n.ordinal)
            })
            .collect();
        candidates.sort_unstable();
        let mut draining = false;
        for (busy, _, _, ordinal) in candidates
            .into_iter()
            .take(usize::try_from(fewer).unwrap_or(usize::MAX))
        {
            if !busy {
                self.drop_worker(key, ordinal, at);
                continue;
            }
            draining = true;
            let Some(cluster) = self.clusters.get_mut(key) else {
                return Ok(());
            };
            if let Some(node) = cluster.nodes.iter_mut().find(|n| n.ordinal == ordinal) {
                node.draining = true;
            }
            cluster.executors.drain_worker(WorkerId(ordinal), at);
            let draws = self.draws.key(
                &cluster.blueprint.object,
                Purpose::Delay,
                &[cluster.number, start, ordinal],
            );
            let limit = i64::from(draws.within(self.input.timing.decommission, 0));
            self.plan(
                at + limit,
                Happening::Decommissioned {
                    cluster: key,
                    start,
                    ordinal,
                },
            );
        }
        if draining {
            self.tell(key, at, EventType::DecommissionStarted, EventDetails::default());
        }
        Ok(())
    }

    /// A worker goes: what it still runs is lost.
    pub fn drop_worker(&mut self, key: ClusterKey, ordinal: u64, at: Second) {
        let Some(cluster) = self.clusters.get_mut(key) else {
            return;
        };
        let Some(at_index) = cluster.nodes.iter().position(|n| n.ordinal == ordinal) else {
            return;
        };
        let mut node = cluster.nodes.remove(at_index);
        node.stop_dbus(at, &mut self.out);
        if node.joined {
            let lost = cluster.executors.remove_worker(WorkerId(ordinal), at);
            cluster.lost_task_seconds = cluster.lost_task_seconds.saturating_add(lost.task_seconds);
        }
        self.return_machine(node.machine, at);
    }

    /// A worker that was to finish its tasks has had its time, or has finished them.
    pub fn decommissioned(&mut self, key: ClusterKey, start: u64, ordinal: u64, at: Second) -> Done {
        let going = |n: &&Node| n.ordinal == ordinal && (n.draining || n.excluded);
        let same = self.clusters.get(key).filter(|c| c.starts == start && c.runs());
        let Some(node) = same.and_then(|c| c.nodes.iter().find(going)) else {
            return Ok(());
        };
        let (draining, excluded) = (node.draining, node.excluded);
        if excluded {
            self.tell_excluded(key, ordinal, at);
        }
        self.drop_worker(key, ordinal, at);
        if draining {
            self.end_decommission(key, at);
        }
        if excluded {
            self.plan_recovery(key, true, at);
        }
        self.settle_size(key, at)?;
        self.reconsider(key, at);
        Ok(())
    }

    /// Workers that were to finish their tasks and have, go.
    pub fn release_drained(&mut self, key: ClusterKey, at: Second) -> Done {
        let Some(cluster) = self.clusters.get(key) else {
            return Ok(());
        };
        if cluster.state != State::Resizing {
            return Ok(());
        }
        let done: Vec<u64> = cluster
            .nodes
            .iter()
            .filter(|n| n.draining && !cluster.executors.is_busy(WorkerId(n.ordinal)))
            .map(|n| n.ordinal)
            .collect();
        if done.is_empty() {
            return Ok(());
        }
        for ordinal in done {
            self.drop_worker(key, ordinal, at);
        }
        self.end_decommission(key, at);
        self.settle_size(key, at)
    }

    pub fn end_decommission(&mut self, key: ClusterKey, at: Second) {
        let some_left = self
            .clusters
            .get(key)
            .is_some_and(|c| c.nodes.iter().any(|n| n.draining));
        if !some_left {
            self.tell(key, at, EventType::DecommissionEnded, EventDetails::default());
        }
    }

    /// A worker registers with a cluster that is up.
    pub fn joined(&mut self, key: ClusterKey, start: u64, ordinal: u64, at: Second) -> Done {
        let Some(cluster) = self.clusters.get_mut(key) else {
            return Ok(());
        };
        if cluster.starts != start || !cluster.runs() || !cluster.join(ordinal, at) {
            return Ok(());
        }
        let vcpus = cluster
            .nodes
            .iter()
            .find(|n| n.ordinal == ordinal)
            .map_or(0, |n| n.vcpus);
        cluster.executors.add_worker(WorkerId(ordinal), vcpus, at);
        self.place_machines(key);
        // Those that were late for RUNNING have come: nothing was resized, but nodes were added.
        let late = self
            .clusters
            .get(key)
            .is_some_and(|c| c.state == State::Running && c.nodes.iter().all(|n| n.joined));
        if late {
            self.upsize_completed(key, at);
        }
        self.settle_size(key, at)?;
        self.reconsider(key, at);
        Ok(())
    }

    /// A resize ends when nobody comes or goes any more.
    pub fn settle_size(&mut self, key: ClusterKey, at: Second) -> Done {
        let Some(cluster) = self.clusters.get(key) else {
            return Ok(());
        };
        let moving = cluster.nodes.iter().any(|n| !n.joined || n.draining);
        if cluster.state != State::Resizing || moving {
            return Ok(());
        }
        self.upsize_completed_if_grown(key, at);
        self.step(key, Trigger::Ready, at)
    }

    fn upsize_completed_if_grown(&mut self, key: ClusterKey, at: Second) {
        let grew = self
            .clusters
            .get_mut(key)
            .is_some_and(|c| std::mem::take(&mut c.grows));
        if grew {
            self.upsize_completed(key, at);
        }
    }

    fn upsize_completed(&mut self, key: ClusterKey, at: Second) {
        let Some(cluster) = self.clusters.get_mut(key) else {
            return;
        };
        let (current, target) = (cluster.current_workers(), cluster.target);
        if current >= target {
            cluster.recoveries = 0;
        }
        let details = EventDetails {
            current_num_workers: Some(current),
            target_num_workers: Some(target),
            current_num_vcpus: Some(cluster.vcpus(current)),
            target_num_vcpus: Some(cluster.vcpus(target)),
            reason: cluster.shortage.take(),
            ..EventDetails::default()
        };
        self.tell(key, at, EventType::UpsizeCompleted, details);
    }

    /// Nodes that are missing will be asked for again: after a while that doubles with every failure in a row.
    pub fn plan_recovery(&mut self, key: ClusterKey, bad_nodes: bool, at: Second) {
        let Some(cluster) = self.clusters.get_mut(key) else {
            return;
        };
        if std::mem::replace(&mut cluster.recovery_planned, true) {
            return;
        }
        let start = cluster.starts;
        let index = [cluster.number, start, u64::try_from(at).unwrap_or_default()];
        let draws = self.draws.key(&cluster.blueprint.object, Purpose::Delay, &index);
        let seconds = i64::from(draws.within(self.input.timing.recover, 1)).max(1);
        let doubled = seconds
            .saturating_mul(1 << cluster.recoveries.min(12))
            .min(LONGEST_RECOVERY.max(seconds));
        self.plan(
            at + doubled,
            Happening::Recover {
                cluster: key,
                start,
                bad_nodes,
            },
        );
    }

    /// Nodes that are missing are asked for again.
    pub fn recover(&mut self, key: ClusterKey, start: u64, bad_nodes: bool, at: Second) -> Done {
        let Some(cluster) = self.clusters.get_mut(key) else {
            return Ok(());
        };
        if cluster.starts != start || !cluster.runs() {
            return Ok(());
        }
        cluster.recovery_planned = false;
        let (target, present) = (cluster.target, cluster.present_workers());
        if present >= target {
            return Ok(());
        }
        if cluster.state == State::Resizing {
            self.plan_recovery(key, bad_nodes, at);
            return Ok(());
        }
        let cause = if bad_nodes {
            Cause::ReplaceBadNodes
        } else {
            Cause::Autorecovery
        };
        self.resize(key, target, cause, None, at)?;
        self.reconsider(key, at);
        Ok(())
    }
}
