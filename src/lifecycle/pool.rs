//! One instance pool: what it holds, what it must hold.
//!
//! It keeps `min_idle_instances` idle at all times, launching others for those that clusters take, as far as
//! `max_capacity` (which counts idle, used and launching ones) lets it. Each idle instance has its own clock:
//! when it has idled for `idle_instance_autotermination_minutes` and the pool then holds more than the
//! minimum, it goes; otherwise it stays as part of the minimum. Clusters take the one that idled longest.

use super::index::InstanceIndex;
use std::collections::VecDeque;
use std::sync::Arc;

use super::between::Between;
use super::draw::{Draws, Purpose};
use super::meter::{Rate, rates};
use super::simulation::MeteredPool;
use crate::databricks::instance_pool::InstancePool;
use crate::model::exact::Inexact;
use crate::model::usage::Subject;

/// One pool.
#[derive(Debug)]
pub(super) struct Pool<'a> {
    /// As the API takes it.
    pub definition: &'a InstancePool,
    /// Workspace name.
    pub workspace: &'a str,
    /// The pool itself: who owes for idle instances.
    pub subject: Arc<Subject>,
    /// What each instance is billed for while it exists.
    pub rates: Arc<[Rate]>,
    /// Instances held ready, the one that idled longest first.
    idle: VecDeque<InstanceIndex>,
    /// Instances launched to be held ready.
    launching: u32,
    /// Instances there are, wherever they are.
    alive: u32,
    /// Instances there have ever been.
    launched: u64,
}

impl<'a> Pool<'a> {
    /// A pool without instances.
    pub fn new(input: &'a MeteredPool) -> Result<Pool<'a>, Inexact> {
        let subject = Subject {
            workspace: input.workspace.clone(),
            team: input.team.clone(),
            pool: input.pool.instance_pool_id.clone(),
            ..Subject::default()
        };
        Ok(Pool {
            definition: &input.pool,
            workspace: &input.workspace,
            subject: Arc::new(subject),
            rates: rates(&input.instance_meters)?,
            idle: VecDeque::new(),
            launching: 0,
            alive: 0,
            launched: 0,
        })
    }

    /// Whether it can give so many instances, idle or new.
    pub fn can_give(&self, wanted: u32) -> bool {
        wanted.saturating_sub(self.idle_count()) <= self.room()
    }

    /// The instance that idled longest.
    pub fn take(&mut self) -> Option<InstanceIndex> {
        self.idle.pop_front()
    }

    /// Holds an instance ready.
    pub fn put(&mut self, instance: InstanceIndex) {
        self.idle.push_back(instance);
    }

    /// Whether it holds more idle instances than it must.
    pub fn has_surplus(&self) -> bool {
        self.idle_count() > self.definition.min_idle_instances
    }

    /// How many instances it must launch now to hold the minimum.
    pub fn missing(&self) -> u32 {
        let held = self.idle_count().saturating_add(self.launching);
        self.definition
            .min_idle_instances
            .saturating_sub(held)
            .min(self.room())
    }

    /// An instance is launched: its id, and the seconds it will take.
    pub fn launch(&mut self, draws: &Draws, cold_start: Between) -> (String, i64) {
        let object = format!("pool/{}", self.definition.instance_pool_id);
        let ordinal = [self.launched];
        self.launched = self.launched.saturating_add(1);
        self.alive = self.alive.saturating_add(1);
        let seconds = draws.within(cold_start, &object, Purpose::ColdStart, &ordinal);
        (
            draws.hex(&object, Purpose::InstanceId, &ordinal),
            i64::from(seconds),
        )
    }

    /// An instance is on its way to be held ready.
    pub fn expect_idle(&mut self) {
        self.launching = self.launching.saturating_add(1);
    }

    /// An instance that was on its way to be held ready has come.
    pub fn expected_came(&mut self) {
        self.launching = self.launching.saturating_sub(1);
    }

    /// Gives an idle instance back to the cloud.
    pub fn give_up(&mut self, instance: InstanceIndex) {
        self.idle.retain(|i| *i != instance);
        self.alive = self.alive.saturating_sub(1);
    }

    fn idle_count(&self) -> u32 {
        u32::try_from(self.idle.len()).unwrap_or(u32::MAX)
    }

    fn room(&self) -> u32 {
        self.definition
            .max_capacity
            .map_or(u32::MAX, |max| max.saturating_sub(self.alive))
    }
}
