//! One instance pool: what it holds, what it must hold.
//!
//! It keeps `min_idle_instances` idle at all times, launching others for those that clusters take, as far as
//! `max_capacity` (which counts idle, used and launching ones) lets it. Each idle instance has its own clock:
//! when it has idled for `idle_instance_autotermination_minutes` and the pool then holds more than the
//! minimum, it goes; otherwise it stays as part of the minimum. Clusters take the one that idled longest.

use std::collections::VecDeque;
use std::sync::Arc;

use super::blueprint::Metered;
use super::index::{MachineKey, WorkspaceIndex};
use crate::databricks::instance_pool::InstancePool;
use crate::lifecycle::simulation::{MeteredPool, SimulationError, UNKNOWN_VCPUS};
use crate::model::meter::PurchaseOption;
use crate::model::place::Cloud;
use crate::model::tags::Tags;
use crate::model::usage::Subject;

/// One pool.
#[derive(Debug)]
pub(super) struct Pool<'a> {
    /// As the API takes it.
    pub definition: &'a InstancePool,
    pub id: Arc<str>,
    pub workspace: WorkspaceIndex,
    pub workspace_name: Arc<str>,
    /// The pool itself: who owes for idle instances.
    pub subject: Arc<Subject>,
    pub option: PurchaseOption,
    pub metered: Metered,
    pub node_type_id: Arc<str>,
    pub vcpus: u32,
    pub local_disk_mb: Option<u64>,
    /// Instances held ready, the one that idled longest first.
    idle: VecDeque<MachineKey>,
    /// `InstancePoolStats`, but for the idle ones, who are counted above.
    pub used: u32,
    pub pending_used: u32,
    pub pending_idle: u32,
    /// Instances there have ever been.
    pub launched: u64,
}

impl<'a> Pool<'a> {
    /// A pool without instances.
    pub fn new(
        input: &'a MeteredPool,
        workspace: WorkspaceIndex,
        cloud: Cloud,
    ) -> Result<Pool<'a>, SimulationError> {
        let subject = Subject {
            workspace: input.workspace.clone(),
            team: input.team.clone(),
            pool: input.pool.instance_pool_id.clone(),
            tags: Tags::of_map(&input.pool.custom_tags),
            ..Subject::default()
        };
        let option = input.pool.purchase_option(cloud);
        let metered = match option {
            PurchaseOption::OnDemand => Metered::new(&input.node.on_demand)?,
            PurchaseOption::Spot => Metered::new(&input.node.spot)?,
        };
        Ok(Pool {
            definition: &input.pool,
            id: input.pool.instance_pool_id.as_str().into(),
            workspace,
            workspace_name: input.workspace.as_str().into(),
            subject: Arc::new(subject),
            option,
            metered,
            node_type_id: Arc::clone(&input.node.node_type_id),
            vcpus: input.node.vcpus.unwrap_or(UNKNOWN_VCPUS),
            local_disk_mb: input.node.local_disk_mb,
            idle: VecDeque::new(),
            used: 0,
            pending_used: 0,
            pending_idle: 0,
            launched: 0,
        })
    }

    /// Whether it can give so many instances, idle or new.
    pub fn can_give(&self, wanted: u32) -> bool {
        wanted.saturating_sub(self.idle_count()) <= self.room()
    }

    /// The instance that idled longest.
    pub fn take(&mut self) -> Option<MachineKey> {
        self.idle.pop_front()
    }

    /// Holds an instance ready.
    pub fn put(&mut self, instance: MachineKey) {
        self.idle.push_back(instance);
    }

    /// An idle instance goes, or is lost.
    pub fn give_up(&mut self, instance: MachineKey) {
        self.idle.retain(|i| *i != instance);
    }

    /// Whether it holds more idle instances than it must.
    pub fn has_surplus(&self) -> bool {
        self.idle_count() > self.definition.min_idle_instances
    }

    /// How many instances it must launch now to hold the minimum.
    pub fn missing(&self) -> u32 {
        let held = self.idle_count().saturating_add(self.pending_idle);
        self.definition
            .min_idle_instances
            .saturating_sub(held)
            .min(self.room())
    }

    /// Whether the runtime of a request is on its instances already.
    pub fn has_loaded(&self, spark_version: Option<&str>, docker_image: bool) -> bool {
        let loaded = &self.definition.preloaded_spark_versions;
        !docker_image && spark_version.is_some_and(|v| loaded.iter().any(|l| l == v))
    }

    pub fn idle_count(&self) -> u32 {
        u32::try_from(self.idle.len()).unwrap_or(u32::MAX)
    }

    /// Instances there are: idle, used, and on their way.
    pub fn alive(&self) -> u32 {
        self.idle_count()
            .saturating_add(self.used)
            .saturating_add(self.pending_used)
            .saturating_add(self.pending_idle)
    }

    fn room(&self) -> u32 {
        let max = self.definition.max_capacity;
        max.map_or(u32::MAX, |max| max.saturating_sub(self.alive()))
    }
}
