//! Everything that there is at one instant of a simulation, and what is still to happen.

use slotmap::SlotMap;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::blueprint::Blueprint;
use super::cluster::Cluster;
use super::happening::Happening;
use super::index::{ClusterKey, MachineKey, PoolIndex, RunKey, WorkspaceIndex};
use super::job::{JobState, Run};
use super::machine::Machine;
use super::pool::Pool;
use super::queue::{Queue, Second};
use crate::databricks::event::{ClusterEvent, EventDetails, EventType, InstanceEvent, InstanceState};
use crate::lifecycle::draw::{DrawKey, Draws, Purpose};
use crate::lifecycle::meter::{Rate, rates, stretch};
use crate::lifecycle::simulation::{Admitted, ClusterRecord, Record, Simulation, SimulationError};
use crate::lifecycle::state::{Trigger, next};
use crate::model::period::from_unix;
use crate::model::place::{Tier, Workspace};
use crate::model::usage::{Subject, UNALLOCATED};

/// What most steps of the engine answer.
pub(super) type Done = Result<(), SimulationError>;

/// A workspace and what it has in use.
#[derive(Debug)]
pub(super) struct Site<'a> {
    pub workspace: &'a Workspace,
    pub rates: Arc<[Rate]>,
    /// What a disk that is added to a machine is billed for, and its name.
    pub added_disk: Option<(Arc<str>, Arc<[Rate]>)>,
    /// Most vCPUs at the same time.
    pub quota: Option<u32>,
    pub vcpus_used: u32,
    pub pinned: u32,
    /// Changes of its tier so far, and when the last was.
    pub tier_changes: usize,
    pub tier_since: Second,
}

impl Site<'_> {
    /// The tier in force.
    pub fn tier(&self) -> Tier {
        let changes = self.workspace.tier_changes.iter();
        let passed = changes.take(self.tier_changes).next_back();
        passed.map_or(self.workspace.tier, |change| change.tier)
    }
}

/// Everything that there is.
#[derive(Debug)]
pub(super) struct World<'a> {
    pub input: &'a Simulation,
    pub start: Second,
    pub end: Second,
    pub draws: Draws,
    pub queue: Queue<Happening>,
    /// What has come of it and was not told yet.
    pub out: Vec<Record>,
    pub sites: Vec<Site<'a>>,
    pub pools: Vec<Pool<'a>>,
    pub machines: SlotMap<MachineKey, Machine>,
    pub clusters: SlotMap<ClusterKey, Cluster>,
    pub jobs: Vec<JobState>,
    pub runs: SlotMap<RunKey, Run>,
    /// All-purpose clusters that have been created, by their number in the input.
    pub created: Vec<Option<(ClusterKey, Arc<str>)>>,
    /// The blueprints of the clusters, each made when it is first needed, and of their edits.
    pub blueprints: Vec<Arc<Blueprint>>,
    /// Names of all-purpose clusters, for the tasks that run on them.
    pub names: BTreeMap<&'a str, usize>,
}

impl<'a> World<'a> {
    /// The world before anything has happened.
    pub fn new(input: &'a Simulation) -> Result<World<'a>, SimulationError> {
        let mut sites = Vec::with_capacity(input.workspaces.len());
        for metered in &input.workspaces {
            let added_disk = match &metered.added_disk {
                None => None,
                Some(rate) => {
                    let disk = metered.workspace.autoscale_disk.as_deref().unwrap_or_default();
                    Some((Arc::from(disk), rates([rate])?))
                }
            };
            let name = &metered.workspace.name;
            let quota = input.hazards.quotas.iter().find(|q| q.workspace == *name);
            sites.push(Site {
                workspace: &metered.workspace,
                rates: rates(&metered.meters)?,
                added_disk,
                quota: quota.map(|q| q.vcpus),
                vcpus_used: 0,
                pinned: 0,
                tier_changes: 0,
                tier_since: i64::MIN,
            });
        }
        let mut world = World {
            input,
            start: input.period.start.timestamp(),
            end: input.period.end.timestamp(),
            draws: Draws::new(input.seed),
            queue: Queue::new(),
            out: Vec::new(),
            sites,
            pools: Vec::with_capacity(input.pools.len()),
            machines: SlotMap::with_key(),
            clusters: SlotMap::with_key(),
            jobs: Vec::new(),
            runs: SlotMap::with_key(),
            created: vec![None; input.clusters.len()],
            blueprints: Vec::with_capacity(input.clusters.len()),
            names: input
                .clusters
                .iter()
                .zip(0..)
                .map(|(c, i)| (c.name.as_str(), i))
                .collect(),
        };
        for pool in &input.pools {
            let (index, site) = world.site(&pool.pool.instance_pool_id, &pool.workspace)?;
            let cloud = site.workspace.cloud;
            world.pools.push(Pool::new(pool, index, cloud)?);
        }
        for cluster in &input.clusters {
            let blueprint = world.blueprint(format!("cluster/{}", cluster.name), &cluster.admitted)?;
            world.blueprints.push(blueprint);
        }
        for job in &input.jobs {
            let state = JobState::new(&world, job)?;
            world.jobs.push(state);
        }
        Ok(world)
    }

    /// The workspace of a name.
    pub fn site(&self, object: &str, name: &str) -> Result<(WorkspaceIndex, &Site<'a>), SimulationError> {
        let at = self.sites.iter().position(|s| s.workspace.name == name);
        at.and_then(|i| Some((WorkspaceIndex(i), self.sites.get(i)?)))
            .ok_or_else(|| SimulationError::Unknown {
                object: object.to_owned(),
                name: name.to_owned(),
            })
    }

    /// Joins a request with its workspace and its pools.
    pub fn blueprint(&self, object: String, admitted: &Admitted) -> Result<Arc<Blueprint>, SimulationError> {
        let (index, _) = self.site(&object, &admitted.workspace)?;
        let pool_of = |id: &str| {
            let known = |p: &Pool<'_>| *p.id == *id && p.workspace == index;
            self.pools.iter().position(known).map(PoolIndex)
        };
        Blueprint::new(object, admitted, index, pool_of).map(Arc::new)
    }

    /// Lets something happen.
    pub fn plan(&mut self, at: Second, what: Happening) {
        if at < self.end {
            self.queue.push(at, what.priority(), what);
        }
    }

    /// The draws of one life of a cluster for a purpose.
    pub fn life_draws(&self, cluster: &Cluster, purpose: Purpose) -> DrawKey {
        let index = [cluster.number, cluster.starts];
        self.draws.key(&cluster.blueprint.object, purpose, &index)
    }

    /// Whether a cluster runs, and has not been started again since that start.
    pub fn still_runs(&self, key: ClusterKey, start: u64) -> bool {
        let same = |c: &Cluster| c.starts == start && c.runs();
        self.clusters.get(key).is_some_and(same)
    }

    /// Moves a cluster to the next state; its DBU meters run exactly while that is RUNNING or RESIZING.
    pub fn step(&mut self, key: ClusterKey, trigger: Trigger, at: Second) -> Done {
        let Some(cluster) = self.clusters.get_mut(key) else {
            return Err(SimulationError::Lost("a cluster"));
        };
        let before = cluster.runs();
        cluster.state =
            next(cluster.state, trigger).map_err(|source| SimulationError::IllegalTransition {
                cluster_id: cluster.subject.cluster_id.clone(),
                source,
            })?;
        if cluster.runs() != before {
            let on = cluster.runs();
            cluster.bill_dbus(on, at, &mut self.out);
        }
        Ok(())
    }

    /// Something happens to a cluster.
    pub fn tell(&mut self, key: ClusterKey, at: Second, event_type: EventType, details: EventDetails) {
        if let Some(cluster) = self.clusters.get(key) {
            self.out.push(Record::ClusterEvent(ClusterEvent {
                timestamp: from_unix(at),
                workspace: Arc::clone(&cluster.blueprint.workspace_name),
                cluster_id: Arc::clone(&cluster.id),
                event_type,
                details,
            }));
        }
    }

    /// Something happens to an instance of a pool; what happens to other machines is not recorded.
    pub fn tell_instance(&mut self, key: MachineKey, at: Second, state: InstanceState) {
        let Some(machine) = self.machines.get(key) else {
            return;
        };
        let Some(pool) = machine.pool.and_then(|p| self.pools.get(p.0)) else {
            return;
        };
        let cluster = machine.cluster().and_then(|c| self.clusters.get(c));
        self.out.push(Record::InstanceEvent(InstanceEvent {
            event_time: from_unix(at),
            workspace: Arc::clone(&pool.workspace_name),
            instance_id: Arc::clone(&machine.id),
            instance_pool_id: Arc::clone(&pool.id),
            cluster_id: cluster.map_or_else(|| Arc::from(""), |c| Arc::clone(&c.id)),
            state,
        }));
    }

    /// What became of a cluster.
    pub fn tell_cluster(&mut self, key: ClusterKey) {
        if let Some(cluster) = self.clusters.get(key) {
            self.out.push(Record::Cluster(ClusterRecord {
                subject: Arc::clone(&cluster.subject),
                state: cluster.state,
                pinned: cluster.pinned,
                gone: cluster.gone_at.map(from_unix),
                lost_task_seconds: cluster.lost_task_seconds,
            }));
        }
    }

    /// Bills what still runs up to the end of the period, and tells what still is there.
    pub fn finish(&mut self) {
        let end = self.end;
        let keys: Vec<ClusterKey> = self.clusters.keys().collect();
        for key in keys {
            if let Some(cluster) = self.clusters.get_mut(key) {
                cluster.bill_dbus(false, end, &mut self.out);
            }
            self.tell_cluster(key);
        }
        for (_, machine) in std::mem::take(&mut self.machines) {
            machine.still_there(end, &mut self.out);
        }
        self.finish_runs();
        for site in &self.sites {
            let subject = Arc::new(Subject {
                workspace: site.workspace.name.clone(),
                team: UNALLOCATED.to_owned(),
                ..Subject::default()
            });
            let resource = format!("{}/managed-resource-group", site.workspace.name);
            let usages = stretch(&resource, &subject, &site.rates, self.start, end);
            self.out.extend(usages.map(Record::Usage));
        }
    }
}
