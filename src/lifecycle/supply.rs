//! Where machines come from and where they go: the cloud, or a pool that holds some ready.

use super::index::{ClusterIndex, InstanceIndex, PoolIndex};
use std::sync::Arc;

use super::cluster::{Blueprint, Node, NodePlan};
use super::draw::Purpose;
use super::instance::{Instance, Place};
use super::simulation::SimulationError;
use super::world::{Happening, World};
use crate::databricks::event::InstanceState;
use crate::model::period::Instant;
use crate::model::usage::Subject;

/// A node of a cluster that is being created or started.
struct Wanted<'b> {
    cluster: ClusterIndex,
    /// Whose the node will be.
    subject: Arc<Subject>,
    plan: &'b NodePlan,
    /// What the node's draws hang on: the blueprint's name; number of the cluster, of the start, of the node.
    object: &'b str,
    index: [u64; 3],
}

impl World<'_> {
    /// The first pool that cannot give what a cluster wants of it.
    pub fn exhausted_pool(&mut self, blueprint: &Blueprint<'_>) -> Result<Option<String>, SimulationError> {
        for (pool, wanted) in blueprint.pools() {
            let pool = self.pool(pool)?;
            if !pool.can_give(wanted) {
                return Ok(Some(pool.definition.instance_pool_id.clone()));
            }
        }
        Ok(None)
    }

    /// Gives a cluster its machines; tells the seconds until the last of them can be used.
    pub fn supply_nodes(&mut self, index: ClusterIndex, at: Instant) -> Result<i64, SimulationError> {
        let cluster = self.cluster(index)?;
        let blueprint = Arc::clone(&cluster.blueprint);
        let (number, start) = (cluster.number, cluster.starts);
        let mut subject = Arc::clone(&cluster.subject);
        let (mut nodes, mut slowest) = (Vec::with_capacity(blueprint.nodes.len()), 0);
        for (node, plan) in (0..).zip(&blueprint.nodes) {
            if subject.pool != plan.pool_id {
                subject = Arc::new(Subject {
                    pool: plan.pool_id.clone(),
                    ..(*subject).clone()
                });
            }
            let wanted = Wanted {
                cluster: index,
                subject: Arc::clone(&subject),
                plan,
                object: &blueprint.object,
                index: [number, start, node],
            };
            let (instance, seconds) = match plan.pool {
                None => self.launch_for(&wanted, at),
                Some(pool) => self.draw_from(pool, &wanted, at)?,
            };
            slowest = seconds.max(slowest);
            nodes.push(Node {
                instance,
                instance_id: self.instance(instance)?.id.clone(),
                subject: Arc::clone(&subject),
                while_running: Arc::clone(&plan.while_running),
            });
        }
        self.cluster(index)?.nodes = nodes;
        for pool in blueprint.pools().into_keys() {
            self.keep_minimum(pool, at)?;
        }
        Ok(slowest)
    }

    /// Takes a cluster's machines from it: the cloud's are given back, those of pools are held ready again.
    pub fn return_nodes(&mut self, index: ClusterIndex, at: Instant) -> Result<(), SimulationError> {
        for node in std::mem::take(&mut self.cluster(index)?.nodes) {
            let instance = self.instance(node.instance)?;
            match (instance.pool, instance.place) {
                (None, _) => self.with_instance(node.instance, |i, meters, _| i.release(at, meters))?,
                // It has not even come yet: from now on it comes for the pool.
                (Some(pool), Place::Launching { .. }) => {
                    let pool = self.pool(pool)?;
                    pool.expect_idle();
                    let subject = Arc::clone(&pool.subject);
                    self.with_instance(node.instance, |i, meters, _| {
                        i.hand_over(&subject, at, meters);
                        i.place = Place::Launching { cluster: None };
                    })?;
                }
                (Some(pool), _) => self.hold_ready(pool, node.instance, at)?,
            }
        }
        Ok(())
    }

    /// Launches what a pool lacks to its minimum.
    pub fn keep_minimum(&mut self, index: PoolIndex, at: Instant) -> Result<(), SimulationError> {
        for _ in 0..self.pool(index)?.missing() {
            self.pool(index)?.expect_idle();
            self.launch_in(index, None, at)?;
        }
        Ok(())
    }

    /// An instance that a pool has launched has come.
    pub fn instance_came(&mut self, index: InstanceIndex, at: Instant) -> Result<(), SimulationError> {
        let instance = self.instance(index)?;
        match (instance.pool, instance.place) {
            (
                _,
                Place::Launching {
                    cluster: Some(cluster),
                },
            ) => self.with_instance(index, |i, _, history| {
                i.place = Place::Placed { cluster };
                history.instance(i, at, InstanceState::Placed);
            }),
            (Some(pool), Place::Launching { cluster: None }) => {
                self.pool(pool)?.expected_came();
                self.hold_ready(pool, index, at)
            }
            _ => Ok(()),
        }
    }

    /// An instance has idled for the whole timeout: it goes, unless the pool needs it as part of its minimum.
    pub fn instance_idled(
        &mut self,
        index: InstanceIndex,
        since: Instant,
        at: Instant,
    ) -> Result<(), SimulationError> {
        let instance = self.instance(index)?;
        let (Some(pool), true) = (instance.pool, instance.place == Place::Idle { since }) else {
            return Ok(());
        };
        let pool = self.pool(pool)?;
        if !pool.has_surplus() {
            return Ok(());
        }
        pool.give_up(index);
        self.with_instance(index, |i, meters, history| {
            i.release(at, meters);
            history.instance(i, at, InstanceState::Terminated);
        })
    }

    /// A machine of the cloud, for one cluster.
    fn launch_for(&mut self, wanted: &Wanted<'_>, at: Instant) -> (InstanceIndex, i64) {
        let range = self.input.timing.cold_start_seconds;
        let seconds = self
            .draws
            .within(range, wanted.object, Purpose::ColdStart, &wanted.index);
        let id = self.draws.hex(wanted.object, Purpose::InstanceId, &wanted.index);
        let rates = Arc::clone(&wanted.plan.while_provisioned);
        let whose = Arc::clone(&wanted.subject);
        let launched = Instance::launched(id, None, Some(wanted.cluster), whose, rates, at);
        (self.add_instance(launched), i64::from(seconds))
    }

    /// A machine of a pool: one that it holds ready, else a new one.
    fn draw_from(
        &mut self,
        pool: PoolIndex,
        wanted: &Wanted<'_>,
        at: Instant,
    ) -> Result<(InstanceIndex, i64), SimulationError> {
        let Some(ready) = self.pool(pool)?.take() else {
            return self.launch_in(pool, Some(wanted), at);
        };
        self.with_instance(ready, |i, meters, history| {
            i.hand_over(&wanted.subject, at, meters);
            i.place = Place::Placed {
                cluster: wanted.cluster,
            };
            history.instance(i, at, InstanceState::Placed);
        })?;
        let range = self.input.timing.warm_start_seconds;
        let seconds = self
            .draws
            .within(range, wanted.object, Purpose::WarmStart, &wanted.index);
        Ok((ready, i64::from(seconds)))
    }

    /// A new machine of a pool, for a cluster or to be held ready.
    fn launch_in(
        &mut self,
        index: PoolIndex,
        wanted: Option<&Wanted<'_>>,
        at: Instant,
    ) -> Result<(InstanceIndex, i64), SimulationError> {
        let (draws, cold_start) = (self.draws, self.input.timing.cold_start_seconds);
        let pool = self.pool(index)?;
        let (id, seconds) = pool.launch(&draws, cold_start);
        let whose = wanted.map_or(&pool.subject, |w| &w.subject);
        let (whose, rates) = (Arc::clone(whose), Arc::clone(&pool.rates));
        let cluster = wanted.map(|w| w.cluster);
        let instance = self.add_instance(Instance::launched(id, Some(index), cluster, whose, rates, at));
        self.with_instance(instance, |i, _, history| {
            history.instance(i, at, InstanceState::Launching)
        })?;
        self.plan_after(at, seconds, Happening::InstanceCame { instance });
        Ok((instance, seconds))
    }

    /// From now on a pool holds an instance ready, until a cluster takes it or it has idled for too long.
    fn hold_ready(
        &mut self,
        pool: PoolIndex,
        index: InstanceIndex,
        at: Instant,
    ) -> Result<(), SimulationError> {
        let pool = self.pool(pool)?;
        pool.put(index);
        let subject = Arc::clone(&pool.subject);
        let minutes = i64::from(pool.definition.idle_instance_autotermination_minutes);
        self.with_instance(index, |i, meters, history| {
            // One that was launched to be held ready is the pool's since its launch: one stretch.
            if i.whose != subject {
                i.hand_over(&subject, at, meters);
            }
            i.place = Place::Idle { since: at };
            history.instance(i, at, InstanceState::Ready);
        })?;
        let idled = Happening::InstanceIdled {
            instance: index,
            since: at,
        };
        self.plan_after(at, minutes.saturating_mul(60), idled);
        Ok(())
    }
}
