//! Everything that there is at one instant of a simulation, and what is still to happen.

use super::index::{ClusterIndex, InstanceIndex, PoolIndex};
use std::sync::Arc;

use super::cluster::{Blueprint, Cluster, Done, NodePlan, Work};
use super::draw::{Draws, Purpose};
use super::history::History;
use super::instance::Instance;
use super::meter::{Meters, rates};
use super::pool::Pool;
use super::queue::{Priority, Queue};
use super::simulation::{
    Admitted, Outcome, SimulatedCluster, Simulation, SimulationError, SkippedRun, starting_nodes,
};
use crate::model::period::{Instant, from_unix};

/// What is still to happen. The variants stand in the order in which they happen at one instant: what ends
/// comes before what begins, so that machines are free for whom comes; what only happens if nothing else does
/// (idling for too long) comes last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Happening {
    /// A cluster's tear-down is complete.
    Released { cluster: ClusterIndex },
    /// An instance of a pool has come.
    InstanceCame { instance: InstanceIndex },
    /// The last node of a cluster has come; void unless it is still that start.
    NodesCame { cluster: ClusterIndex, start: u64 },
    /// A work is done; void unless the cluster still runs since that start.
    WorkDone {
        cluster: ClusterIndex,
        start: u64,
        then: Done,
    },
    /// A cluster's user terminates it for good.
    Retired { cluster: ClusterIndex },
    /// A user creates a cluster.
    Created { input: usize },
    /// A session of a cluster begins.
    SessionStarts { cluster: ClusterIndex, work: Work },
    /// A run of a job is due.
    RunDue { job: usize, number: u64 },
    /// A cluster may have idled for too long; void unless its mark is still the same.
    ClusterIdled { cluster: ClusterIndex, mark: u64 },
    /// An instance of a pool may have idled for too long; void unless it idles since then.
    InstanceIdled { instance: InstanceIndex, since: Instant },
}

impl Happening {
    fn priority(&self) -> Priority {
        match self {
            Happening::Released { .. } => 0,
            Happening::InstanceCame { .. } => 1,
            Happening::NodesCame { .. } => 2,
            Happening::WorkDone { .. } => 3,
            Happening::Retired { .. } => 4,
            Happening::Created { .. } => 5,
            Happening::SessionStarts { .. } | Happening::RunDue { .. } => 6,
            Happening::ClusterIdled { .. } => 7,
            Happening::InstanceIdled { .. } => 8,
        }
    }
}

/// A job and its latest run.
#[derive(Debug)]
pub(super) struct Job<'a> {
    /// What its clusters are made from.
    pub blueprint: Arc<Blueprint<'a>>,
    /// Its `job_id`.
    pub job_id: u64,
    /// The cluster of its latest run.
    pub latest: Option<ClusterIndex>,
}

/// Everything that there is.
#[derive(Debug)]
pub(super) struct World<'a> {
    pub input: &'a Simulation,
    pub draws: Draws,
    pub queue: Queue<Happening>,
    pub history: History,
    pub meters: Meters,
    pub skipped_runs: Vec<SkippedRun>,
    /// Blueprints of the all-purpose clusters, in the order of the input.
    pub blueprints: Vec<Arc<Blueprint<'a>>>,
    pub jobs: Vec<Job<'a>>,
    clusters: Vec<Cluster<'a>>,
    pools: Vec<Pool<'a>>,
    instances: Vec<Instance>,
}

impl<'a> World<'a> {
    /// The world before anything has happened.
    pub fn new(input: &'a Simulation) -> Result<World<'a>, SimulationError> {
        let draws = Draws::new(input.seed);
        let pools = input.pools.iter().map(Pool::new).collect::<Result<Vec<_>, _>>()?;
        let blueprint = |kind: &str, name: &str, admitted: &'a Admitted| {
            blueprint(format!("{kind}/{name}"), admitted, &pools).map(Arc::new)
        };
        let mut blueprints = Vec::with_capacity(input.clusters.len());
        for cluster in &input.clusters {
            blueprints.push(blueprint("cluster", &cluster.name, &cluster.admitted)?);
        }
        let mut jobs = Vec::with_capacity(input.jobs.len());
        for job in &input.jobs {
            let blueprint = blueprint("job", &job.name, &job.admitted)?;
            // Nine digits, the first of them no zero.
            let number = draws.below(900_000_000, &blueprint.object, Purpose::JobId, &[]);
            jobs.push(Job {
                blueprint,
                job_id: number.saturating_add(100_000_000),
                latest: None,
            });
        }
        Ok(World {
            input,
            draws,
            queue: Queue::new(),
            history: History::default(),
            meters: Meters::default(),
            skipped_runs: Vec::new(),
            blueprints,
            jobs,
            clusters: Vec::new(),
            pools,
            instances: Vec::new(),
        })
    }

    /// Lets something happen.
    pub fn plan(&mut self, at: Instant, what: Happening) {
        self.queue.push(at, what.priority(), what);
    }

    /// Lets something happen so many seconds later.
    pub fn plan_after(&mut self, at: Instant, seconds: i64, what: Happening) {
        self.plan(from_unix(at.timestamp().saturating_add(seconds)), what);
    }

    pub fn cluster(&mut self, index: ClusterIndex) -> Result<&mut Cluster<'a>, SimulationError> {
        self.clusters
            .get_mut(index.0)
            .ok_or(SimulationError::Lost("a cluster"))
    }

    pub fn pool(&mut self, index: PoolIndex) -> Result<&mut Pool<'a>, SimulationError> {
        self.pools.get_mut(index.0).ok_or(SimulationError::Lost("a pool"))
    }

    pub fn instance(&mut self, index: InstanceIndex) -> Result<&mut Instance, SimulationError> {
        self.instances
            .get_mut(index.0)
            .ok_or(SimulationError::Lost("an instance"))
    }

    pub fn pool_indices(&self) -> impl Iterator<Item = PoolIndex> + use<> {
        (0..self.pools.len()).map(PoolIndex)
    }

    pub fn add_cluster(&mut self, cluster: Cluster<'a>) -> ClusterIndex {
        self.clusters.push(cluster);
        ClusterIndex(self.clusters.len().saturating_sub(1))
    }

    pub fn add_instance(&mut self, instance: Instance) -> InstanceIndex {
        self.instances.push(instance);
        InstanceIndex(self.instances.len().saturating_sub(1))
    }

    /// Tells of a cluster, with the meters and the history it reports to at hand.
    pub fn with_cluster<T>(
        &mut self,
        index: ClusterIndex,
        tell: impl FnOnce(&mut Cluster<'a>, &mut Meters, &mut History) -> T,
    ) -> Result<T, SimulationError> {
        let cluster = self
            .clusters
            .get_mut(index.0)
            .ok_or(SimulationError::Lost("a cluster"))?;
        Ok(tell(cluster, &mut self.meters, &mut self.history))
    }

    /// Tells of an instance, with the meters and the history it reports to at hand.
    pub fn with_instance<T>(
        &mut self,
        index: InstanceIndex,
        tell: impl FnOnce(&mut Instance, &mut Meters, &mut History) -> T,
    ) -> Result<T, SimulationError> {
        let instance = self
            .instances
            .get_mut(index.0)
            .ok_or(SimulationError::Lost("an instance"))?;
        Ok(tell(instance, &mut self.meters, &mut self.history))
    }

    /// Bills what still runs up to the end of the period.
    pub fn into_outcome(mut self) -> Outcome {
        let end = self.input.period.end;
        for instance in &mut self.instances {
            instance.settle(end, &mut self.meters);
        }
        for cluster in &mut self.clusters {
            cluster.settle(end, &mut self.meters);
        }
        let mut clusters: Vec<SimulatedCluster> = self
            .clusters
            .iter()
            .map(|c| SimulatedCluster {
                subject: Arc::clone(&c.subject),
                state: c.state,
            })
            .collect();
        clusters.sort_by(|a, b| a.subject.cluster_id.cmp(&b.subject.cluster_id));
        self.skipped_runs.sort();
        let (events, instance_events) = self.history.sorted();
        Outcome {
            events,
            instance_events,
            usage: self.meters.sorted(),
            clusters,
            skipped_runs: self.skipped_runs,
        }
    }
}

/// Joins the nodes of a request with their meters and pools.
fn blueprint<'a>(
    object: String,
    admitted: &'a Admitted,
    pools: &[Pool<'_>],
) -> Result<Blueprint<'a>, SimulationError> {
    let slots: Vec<_> = starting_nodes(&admitted.spec).collect();
    if slots.len() != admitted.meters.len() {
        let (expected, found) = (slots.len(), admitted.meters.len());
        return Err(SimulationError::Meters {
            object,
            expected,
            found,
        });
    }
    let mut nodes = Vec::with_capacity(slots.len());
    for (slot, meters) in slots.iter().zip(&admitted.meters) {
        let pool = match slot.instance_pool_id {
            None => None,
            Some(id) => Some(
                pool_of(id, admitted, pools).ok_or_else(|| SimulationError::UnknownPool {
                    object: object.clone(),
                    workspace: admitted.workspace.clone(),
                    instance_pool_id: id.to_owned(),
                })?,
            ),
        };
        nodes.push(NodePlan {
            pool,
            pool_id: slot.instance_pool_id.unwrap_or_default().to_owned(),
            while_provisioned: rates(&meters.while_provisioned)?,
            while_running: rates([&meters.while_running])?,
        });
    }
    Ok(Blueprint {
        object,
        admitted,
        nodes,
    })
}

fn pool_of(id: &str, admitted: &Admitted, pools: &[Pool<'_>]) -> Option<PoolIndex> {
    let known = |p: &Pool<'_>| p.definition.instance_pool_id == id && p.workspace == admitted.workspace;
    pools.iter().position(known).map(PoolIndex)
}
