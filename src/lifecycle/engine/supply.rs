//! Where machines come from and where they go: the cloud, or a pool that holds some ready.
//!
//! A request for a machine is met at once or not at all: quota and capacity are looked at when it is made. What follows
//! (allocation, network, disks, image) takes the seconds that the scenario says.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::blueprint::{Blueprint, Metered};
use super::cluster::{Cluster, Node};
use super::happening::{Happening, Trouble};
use super::index::{ClusterKey, MachineKey, PoolIndex, WorkspaceIndex};
use super::machine::{Machine, Place};
use super::queue::Second;
use super::world::{Done, World};
use crate::databricks::cluster_spec::Role;
use crate::databricks::event::{InstanceState, Reason};
use crate::databricks::termination::TerminationCode;
use crate::lifecycle::draw::{DrawKey, Purpose};
use crate::lifecycle::simulation::StartStep;
use crate::lifecycle::timing::Step;
use crate::model::meter::PurchaseOption;
use crate::model::period::{Period, from_unix};
use crate::model::place::Cloud;
use crate::model::usage::Subject;

/// Parts of the draws of a machine.
mod part {
    pub const STEPS: u64 = 0;
    pub const EVICTION: u64 = 1;
    pub const LOSS: u64 = 2;
    pub const DISK: u64 = 3;
    pub const EXCLUSION: u64 = 4;
}

/// A machine to be asked of the cloud.
struct Order {
    id: Arc<str>,
    workspace: WorkspaceIndex,
    pool: Option<PoolIndex>,
    cluster: Option<ClusterKey>,
    whose: Arc<Subject>,
    node_type_id: Arc<str>,
    option: PurchaseOption,
    driver: bool,
    vcpus: u32,
    disk_mb: Option<u64>,
    metered: Metered,
    /// Chance of this machine.
    draws: DrawKey,
    /// A custom image brings its own runtime.
    docker_image: bool,
}

impl World<'_> {
    /// The first pool that cannot give what a cluster wants of it, as the reason to end it.
    pub fn exhausted_pool(&self, blueprint: &Blueprint, driver: bool, workers: u32) -> Option<Reason> {
        let mut wanted: BTreeMap<PoolIndex, u32> = BTreeMap::new();
        for (pool, count) in [
            (blueprint.driver.pool, u32::from(driver)),
            (blueprint.worker.pool, workers),
        ] {
            if let Some(pool) = pool {
                let sum = wanted.entry(pool).or_default();
                *sum = sum.saturating_add(count);
            }
        }
        wanted.into_iter().find_map(|(pool, count)| {
            let pool = self.pools.get(pool.0)?;
            (count > 0 && !pool.can_give(count)).then(|| {
                Reason::new(
                    TerminationCode::InstancePoolMaxCapacityReached,
                    [("instance_pool_id", pool.id.to_string())],
                )
            })
        })
    }

    /// Asks for one node. Its steps are added to those given; `from` is when the machine is asked for.
    ///
    /// # Errors
    /// Why there is none.
    pub fn request_node(
        &mut self,
        key: ClusterKey,
        role: Role,
        ordinal: u64,
        from: Second,
        steps: &mut Vec<StartStep>,
    ) -> Result<Node, Reason> {
        let Some(cluster) = self.clusters.get(key) else {
            return Err(Reason::new(TerminationCode::CloudProviderShutdown, []));
        };
        let blueprint = Arc::clone(&cluster.blueprint);
        let plan = blueprint.plan(role).clone();
        let subject = subject_of_node(cluster, &plan.pool_id);
        let index = [cluster.number, cluster.starts, ordinal];
        let draws = self.draws.key(&blueprint.object, Purpose::Machine, &index);
        let step_draws = self.draws.key(&blueprint.object, Purpose::Steps, &index);
        let guaranteed_already = cluster.nodes.iter().filter(|n| n.guaranteed).count();
        let node_number = u32::try_from(ordinal).unwrap_or(u32::MAX);
        let mut guaranteed = false;
        let (machine, ready) = match plan.pool {
            Some(pool) => match self.pools.get_mut(pool.0).and_then(|p| p.take()) {
                Some(idle) => {
                    let ready =
                        self.take_from_pool(key, pool, idle, &subject, step_draws, from, node_number, steps);
                    (idle, ready)
                }
                None => self.launch_in_pool(pool, Some((key, &subject)), from, Some((node_number, steps)))?,
            },
            None => {
                let wants_spot = blueprint.purchase.spot;
                let first = usize::try_from(blueprint.purchase.first_on_demand).unwrap_or(usize::MAX);
                guaranteed = wants_spot && guaranteed_already < first;
                let option = self.buy(&blueprint, wants_spot && !guaranteed, &index)?;
                self.check_quota(blueprint.workspace, plan.vcpus)?;
                let id = self.instance_id(&blueprint.object, &index, from);
                let order = Order {
                    id,
                    workspace: blueprint.workspace,
                    pool: None,
                    cluster: Some(key),
                    whose: Arc::clone(&subject),
                    node_type_id: Arc::clone(&plan.node_type_id),
                    option,
                    driver: role == Role::Driver,
                    vcpus: plan.vcpus,
                    disk_mb: plan.local_disk_mb,
                    metered: plan.metered(option).clone(),
                    draws,
                    docker_image: blueprint.docker_image,
                };
                self.launch(order, step_draws, from, Some((node_number, steps)))
            }
        };
        let Some(bought) = self.machines.get(machine) else {
            return Err(Reason::new(TerminationCode::CloudProviderShutdown, []));
        };
        let registers = if blueprint.has_init_scripts {
            let seconds = step_draws.within(self.input.timing.init_scripts, step_index(Step::InitScripts));
            note(
                steps,
                Some(node_number),
                Step::InitScripts,
                ready,
                i64::from(seconds),
            )
        } else {
            ready
        };
        Ok(Node {
            ordinal,
            role,
            machine,
            instance_id: Arc::clone(&bought.id),
            subject,
            dbus: Arc::clone(&plan.dbus),
            tier: self.tier_number(blueprint.workspace),
            guaranteed,
            vcpus: plan.vcpus,
            usable: ready,
            registers,
            joined: false,
            draining: false,
            excluded: false,
            dbu_since: None,
        })
    }

    /// A cluster has no more use for a machine: the cloud's is given back, that of a pool is held ready again.
    pub fn return_machine(&mut self, key: MachineKey, at: Second) {
        let Some(machine) = self.machines.get_mut(key) else {
            return;
        };
        let Some(pool) = machine.pool else {
            self.remove_machine(key, at);
            return;
        };
        let launching = matches!(machine.place, Place::Launching { .. });
        let Some(state) = self.pools.get_mut(pool.0) else {
            return;
        };
        if launching {
            // It has not even come yet: from now on it comes for the pool.
            state.pending_used = state.pending_used.saturating_sub(1);
            state.pending_idle = state.pending_idle.saturating_add(1);
            machine.hand_over(&state.subject, at, &mut self.out);
            machine.place = Place::Launching { cluster: None };
            self.tell_instance(key, at, InstanceState::Launching);
        } else {
            state.used = state.used.saturating_sub(1);
            self.hold_ready(pool, key, at);
        }
    }

    /// Launches what a pool lacks to its minimum. What the cloud cannot give is asked for again when the pool next
    /// changes.
    pub fn keep_minimum(&mut self, index: PoolIndex, at: Second) {
        let missing = self.pools.get(index.0).map_or(0, |p| p.missing());
        for _ in 0..missing {
            if self.launch_in_pool(index, None, at, None).is_err() {
                return;
            }
        }
    }

    /// An instance that a pool has launched is usable.
    pub fn machine_ready(&mut self, key: MachineKey, at: Second) -> Done {
        let Some(machine) = self.machines.get_mut(key) else {
            return Ok(());
        };
        let (Some(pool), Place::Launching { cluster }) = (machine.pool, machine.place) else {
            return Ok(());
        };
        let Some(state) = self.pools.get_mut(pool.0) else {
            return Ok(());
        };
        match cluster {
            Some(cluster) => {
                state.pending_used = state.pending_used.saturating_sub(1);
                state.used = state.used.saturating_add(1);
                machine.place = Place::Placed { cluster };
                self.tell_instance(key, at, InstanceState::Placed);
            }
            None => {
                state.pending_idle = state.pending_idle.saturating_sub(1);
                self.hold_ready(pool, key, at);
            }
        }
        Ok(())
    }

    /// An instance has idled for the whole timeout: it goes, unless the pool needs it as part of its minimum.
    pub fn instance_idled(&mut self, key: MachineKey, since: Second, at: Second) -> Done {
        let Some(machine) = self.machines.get_mut(key) else {
            return Ok(());
        };
        let (Some(pool), true) = (machine.pool, machine.place == Place::Idle { since }) else {
            return Ok(());
        };
        let Some(state) = self.pools.get_mut(pool.0) else {
            return Ok(());
        };
        if !state.has_surplus() {
            return Ok(());
        }
        state.give_up(key);
        machine.place = Place::Terminating;
        let object = format!("pool/{}", state.id);
        let index = [
            u64::try_from(machine.launched).unwrap_or_default(),
            u64::try_from(at).unwrap_or_default(),
        ];
        let draws = self.draws.key(&object, Purpose::Termination, &index);
        let seconds = i64::from(draws.within(self.input.timing.terminate, 0));
        self.tell_instance(key, at, InstanceState::Terminating);
        self.plan(at + seconds, Happening::MachineGone { machine: key });
        Ok(())
    }

    /// A machine is gone.
    pub fn remove_machine(&mut self, key: MachineKey, at: Second) {
        self.tell_instance(key, at, InstanceState::Terminated);
        let Some(machine) = self.machines.remove(key) else {
            return;
        };
        if let Some(site) = self.sites.get_mut(machine.workspace.0) {
            site.vcpus_used = site.vcpus_used.saturating_sub(machine.vcpus);
        }
        machine.gone(at, self.end, &mut self.out);
    }

    /// An instance that a pool holds ready, for a cluster: when it can be used.
    #[allow(clippy::too_many_arguments)]
    fn take_from_pool(
        &mut self,
        cluster: ClusterKey,
        pool: PoolIndex,
        key: MachineKey,
        subject: &Arc<Subject>,
        draws: DrawKey,
        from: Second,
        node: u32,
        steps: &mut Vec<StartStep>,
    ) -> Second {
        let blueprint = self.clusters.get(cluster).map(|c| Arc::clone(&c.blueprint));
        let loaded = match (self.pools.get_mut(pool.0), &blueprint) {
            (Some(pool), Some(b)) => {
                pool.used = pool.used.saturating_add(1);
                pool.has_loaded(b.spark_version.as_deref(), b.docker_image)
            }
            _ => false,
        };
        if let Some(machine) = self.machines.get_mut(key) {
            machine.hand_over(subject, from, &mut self.out);
            machine.place = Place::Placed { cluster };
        }
        self.tell_instance(key, from, InstanceState::Placed);
        if loaded {
            return from;
        }
        let docker = blueprint.is_some_and(|b| b.docker_image);
        let timing = &self.input.timing;
        let range = if docker { timing.docker_image } else { timing.image };
        let seconds = draws.within(range, step_index(Step::Image));
        note(steps, Some(node), Step::Image, from, i64::from(seconds))
    }

    /// A new machine of a pool, for a cluster or to be held ready, and when it is ready.
    fn launch_in_pool(
        &mut self,
        index: PoolIndex,
        wanted: Option<(ClusterKey, &Arc<Subject>)>,
        at: Second,
        steps: Option<(u32, &mut Vec<StartStep>)>,
    ) -> Result<(MachineKey, Second), Reason> {
        let lost = || Reason::new(TerminationCode::CloudProviderShutdown, []);
        let (workspace, vcpus) = {
            let pool = self.pools.get(index.0).ok_or_else(lost)?;
            (pool.workspace, pool.vcpus)
        };
        let (object, number, option) = {
            let pool = self.pools.get_mut(index.0).ok_or_else(lost)?;
            if wanted.is_some() && !pool.can_give(1) {
                return Err(Reason::new(
                    TerminationCode::InstancePoolMaxCapacityReached,
                    [("instance_pool_id", pool.id.to_string())],
                ));
            }
            let number = pool.launched;
            pool.launched = pool.launched.saturating_add(1);
            (format!("pool/{}", pool.id), number, pool.option)
        };
        let chance = self.draws.key(&object, Purpose::Capacity, &[number]);
        let hazard = match option {
            PurchaseOption::Spot => self.input.hazards.spot_unavailable,
            PurchaseOption::OnDemand => self.input.hazards.stockout,
        };
        if chance.below(1_000_000, 0) < u64::from(hazard) {
            return Err(self.stockout(workspace));
        }
        self.check_quota(workspace, vcpus)?;
        let docker_image = wanted
            .and_then(|(key, _)| self.clusters.get(key))
            .is_some_and(|c| c.blueprint.docker_image);
        let id = self.instance_id(&object, &[number], at);
        let pool = self.pools.get_mut(index.0).ok_or_else(lost)?;
        match wanted {
            Some(_) => pool.pending_used = pool.pending_used.saturating_add(1),
            None => pool.pending_idle = pool.pending_idle.saturating_add(1),
        }
        let order = Order {
            id,
            workspace,
            pool: Some(index),
            cluster: wanted.map(|(key, _)| key),
            whose: Arc::clone(wanted.map_or(&pool.subject, |(_, subject)| subject)),
            node_type_id: Arc::clone(&pool.node_type_id),
            option,
            driver: false,
            vcpus,
            disk_mb: pool.local_disk_mb,
            metered: pool.metered.clone(),
            draws: self.draws.key(&object, Purpose::Machine, &[number]),
            docker_image,
        };
        let step_draws = self.draws.key(&object, Purpose::Steps, &[number]);
        let (machine, ready) = self.launch(order, step_draws, at, steps);
        self.tell_instance(machine, at, InstanceState::Launching);
        self.plan(ready, Happening::MachineReady { machine });
        Ok((machine, ready))
    }

    /// A machine is asked of the cloud: what it is and when its image is on it.
    fn launch(
        &mut self,
        order: Order,
        step_draws: DrawKey,
        at: Second,
        steps: Option<(u32, &mut Vec<StartStep>)>,
    ) -> (MachineKey, Second) {
        let timing = &self.input.timing;
        let image = if order.docker_image {
            timing.docker_image
        } else {
            timing.image
        };
        let mut ready = at;
        let mut ignored = Vec::new();
        let (node, steps) = steps.map_or((0, &mut ignored), |(node, steps)| (node, steps));
        for (step, range) in [
            (Step::Allocate, timing.allocate),
            (Step::Network, timing.network),
            (Step::Disks, timing.disks),
            (Step::Image, image),
        ] {
            let seconds = step_draws.within(range, step_index(step));
            ready = note(steps, Some(node), step, ready, i64::from(seconds));
        }
        let added = self.sites.get_mut(order.workspace.0).and_then(|site| {
            site.vcpus_used = site.vcpus_used.saturating_add(order.vcpus);
            site.added_disk.as_ref().map(|(_, rates)| Arc::clone(rates))
        });
        let (option, draws) = (order.option, order.draws.part(part::STEPS));
        let eviction = self.eviction_hazard(&order);
        let key = self.machines.insert(Machine {
            id: order.id,
            pool: order.pool,
            workspace: order.workspace,
            place: Place::Launching {
                cluster: order.cluster,
            },
            whose: order.whose,
            since: at,
            launched: at,
            node_type_id: order.node_type_id,
            option,
            driver: order.driver,
            vcpus: order.vcpus,
            rates: order.metered.while_provisioned,
            disk_mb: order.disk_mb,
            added_disks: Vec::new(),
            added_disk_rates: added.unwrap_or_default(),
        });
        let left = self.end - at;
        if option == PurchaseOption::Spot
            && let Some(second) = draws.part(part::EVICTION).first_within(eviction, left)
        {
            self.plan(at + second, Happening::Evicted { machine: key });
        }
        if !order.driver {
            let hazards = &self.input.hazards;
            for (part, hazard, what) in [
                (part::LOSS, hazards.worker_lost, Trouble::Lost),
                (part::DISK, hazards.disk_full, Trouble::DiskFull),
                (part::EXCLUSION, hazards.node_excluded, Trouble::Excluded),
            ] {
                if let Some(second) = draws.part(part).first_within(hazard, left) {
                    self.plan(at + second, Happening::WorkerTrouble { machine: key, what });
                }
            }
        }
        (key, ready)
    }

    /// 32 hexadecimal digits, the second of the launch first: ids of one time lie together wherever they are stored.
    fn instance_id(&self, object: &str, index: &[u64], at: Second) -> Arc<str> {
        let chance = self.draws.hex(object, Purpose::InstanceId, index);
        let rest = chance.get(8..).unwrap_or_default();
        format!("{at:08x}{rest}").into()
    }

    fn eviction_hazard(&self, order: &Order) -> u32 {
        let fits = |node_type: &Option<String>| node_type.as_ref().is_none_or(|t| **t == *order.node_type_id);
        let hazards = &self.input.hazards.evictions;
        let found = hazards.iter().find(|e| fits(&e.node_type_id));
        found.map_or(0, |e| e.per_million_hours)
    }

    /// How a machine is bought, if the cloud has it to give.
    fn buy(&self, blueprint: &Blueprint, spot: bool, index: &[u64]) -> Result<PurchaseOption, Reason> {
        let draws = self.draws.key(&blueprint.object, Purpose::Capacity, index);
        let hazards = &self.input.hazards;
        let missing = |part, per_million: u32| draws.below(1_000_000, part) < u64::from(per_million);
        if spot {
            if !missing(0, hazards.spot_unavailable) {
                return Ok(PurchaseOption::Spot);
            }
            if !blueprint.purchase.fallback {
                return Err(self.stockout(blueprint.workspace));
            }
        }
        if missing(1, hazards.stockout) {
            return Err(self.stockout(blueprint.workspace));
        }
        Ok(PurchaseOption::OnDemand)
    }

    /// Why the cloud has no machine to give, in its own words.
    fn stockout(&self, workspace: WorkspaceIndex) -> Reason {
        let code = match self.cloud(workspace) {
            Some(Cloud::Aws) => TerminationCode::AwsInsufficientInstanceCapacityFailure,
            Some(Cloud::Gcp) => TerminationCode::GcpInsufficientCapacity,
            _ => TerminationCode::CloudProviderResourceStockout,
        };
        Reason::new(code, [])
    }

    fn check_quota(&self, workspace: WorkspaceIndex, vcpus: u32) -> Result<(), Reason> {
        let Some(site) = self.sites.get(workspace.0) else {
            return Ok(());
        };
        match site.quota {
            Some(quota) if site.vcpus_used.saturating_add(vcpus) > quota => {
                let code = match site.workspace.cloud {
                    Cloud::Aws => TerminationCode::AwsResourceQuotaExceeded,
                    Cloud::Azure => TerminationCode::AzureQuotaExceededException,
                    Cloud::Gcp => TerminationCode::GcpQuotaExceeded,
                };
                Err(Reason::new(
                    code,
                    [
                        ("quota_vcpus", quota.to_string()),
                        ("used_vcpus", site.vcpus_used.to_string()),
                    ],
                ))
            }
            _ => Ok(()),
        }
    }

    fn cloud(&self, workspace: WorkspaceIndex) -> Option<Cloud> {
        self.sites.get(workspace.0).map(|s| s.workspace.cloud)
    }

    /// From now on a pool holds an instance ready, until a cluster takes it or it has idled for too long.
    fn hold_ready(&mut self, pool: PoolIndex, key: MachineKey, at: Second) {
        let Some(state) = self.pools.get_mut(pool.0) else {
            return;
        };
        state.put(key);
        let minutes = i64::from(state.definition.idle_instance_autotermination_minutes);
        if let Some(machine) = self.machines.get_mut(key) {
            machine.hand_over(&state.subject, at, &mut self.out);
            machine.place = Place::Idle { since: at };
        }
        self.tell_instance(key, at, InstanceState::Ready);
        self.plan(
            at + minutes * 60,
            Happening::InstanceIdled {
                machine: key,
                since: at,
            },
        );
    }
}

/// The cluster, as far as a node of this pool is concerned.
fn subject_of_node(cluster: &Cluster, pool_id: &str) -> Arc<Subject> {
    if cluster.subject.pool == pool_id {
        return Arc::clone(&cluster.subject);
    }
    let known = cluster.nodes.iter().find(|n| n.subject.pool == pool_id);
    known.map_or_else(
        || {
            Arc::new(Subject {
                pool: pool_id.to_owned(),
                ..(*cluster.subject).clone()
            })
        },
        |node| Arc::clone(&node.subject),
    )
}

/// Notes a step and tells when it ends.
pub(super) fn note(
    steps: &mut Vec<StartStep>,
    node: Option<u32>,
    step: Step,
    from: Second,
    seconds: i64,
) -> Second {
    let to = from + seconds;
    if let Some(period) = Period::new(from_unix(from), from_unix(to)) {
        steps.push(StartStep { node, step, period });
    }
    to
}

/// Number of a step's draw.
pub(super) fn step_index(step: Step) -> u64 {
    let at = Step::ALL.iter().position(|s| *s == step).unwrap_or_default();
    u64::try_from(at).unwrap_or_default()
}
