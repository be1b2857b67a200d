//! One cluster: its state, its nodes, its work.

use super::index::{InstanceIndex, PoolIndex};
use std::collections::BTreeMap;
use std::sync::Arc;

use super::meter::{Meters, Rate};
use super::schedule::Afterwards;
use super::simulation::Admitted;
use super::state::{IllegalTransition, Trigger, next};
use crate::databricks::state::State;
use crate::model::period::Instant;
use crate::model::usage::Subject;

/// What a cluster is made from; the runs of a job share one.
#[derive(Debug)]
pub(super) struct Blueprint<'a> {
    /// The name that draws hang on.
    pub object: String,
    /// What admission knows.
    pub admitted: &'a Admitted,
    /// Its nodes, driver first.
    pub nodes: Vec<NodePlan>,
}

impl Blueprint<'_> {
    /// Whose a cluster of this blueprint is, as far as its driver is concerned.
    pub fn subject(&self, cluster_id: String, cluster_name: String) -> Subject {
        Subject {
            workspace: self.admitted.workspace.clone(),
            team: self.admitted.team.clone(),
            cluster_id,
            cluster_name,
            pool: self.nodes.first().map(|n| n.pool_id.clone()).unwrap_or_default(),
            owner: self.admitted.owner.clone(),
            policy: self.admitted.policy.clone(),
            ..Subject::default()
        }
    }

    /// The pools its nodes come from, each once, with how many come from it.
    pub fn pools(&self) -> BTreeMap<PoolIndex, u32> {
        let mut wanted = BTreeMap::new();
        for pool in self.nodes.iter().filter_map(|n| n.pool) {
            let count: &mut u32 = wanted.entry(pool).or_default();
            *count = count.saturating_add(1);
        }
        wanted
    }
}

/// Where a node comes from and what it is billed for.
#[derive(Debug, Clone)]
pub(super) struct NodePlan {
    /// Its pool, if it comes from one.
    pub pool: Option<PoolIndex>,
    /// Its `instance_pool_id`; empty if it comes from none.
    pub pool_id: String,
    /// While it exists, unless it comes from a pool, which has its own.
    pub while_provisioned: Arc<[Rate]>,
    /// While the cluster runs.
    pub while_running: Arc<[Rate]>,
}

/// A node that the cluster has.
#[derive(Debug, Clone)]
pub(super) struct Node {
    /// The machine.
    pub instance: InstanceIndex,
    /// Its id.
    pub instance_id: String,
    /// The cluster, as far as this node is concerned (it names the node's pool).
    pub subject: Arc<Subject>,
    /// What it is billed for while the cluster runs.
    pub while_running: Arc<[Rate]>,
}

/// Something a cluster is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Work {
    /// How long it lasts once it has begun.
    pub seconds: i64,
    /// What it does when it is done.
    pub then: Done,
}

/// What happens when a work is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Done {
    /// The user goes.
    Session(Afterwards),
    /// The run ends, and its cluster with it.
    Run,
}

/// One cluster.
#[derive(Debug)]
pub(super) struct Cluster<'a> {
    /// What it is made from.
    pub blueprint: Arc<Blueprint<'a>>,
    /// Number among the clusters of the blueprint: 0, or the number of the run.
    pub number: u64,
    /// Whose it is.
    pub subject: Arc<Subject>,
    /// Where it stands.
    pub state: State,
    /// How often it has been created or started.
    pub starts: u64,
    /// Its nodes, driver first; none while it is TERMINATED.
    pub nodes: Vec<Node>,
    /// Work that waits for it to run.
    pub waiting: Vec<Work>,
    /// Works in progress.
    working: u32,
    /// Counts the changes of activity: what was to happen for an earlier one is void.
    activity: u64,
    /// Its user has terminated it for good.
    pub retired: bool,
    running_since: Option<Instant>,
}

impl<'a> Cluster<'a> {
    /// A cluster that is being created.
    pub fn new(blueprint: Arc<Blueprint<'a>>, number: u64, subject: Arc<Subject>) -> Cluster<'a> {
        Cluster {
            blueprint,
            number,
            subject,
            state: State::Pending,
            starts: 0,
            nodes: Vec::new(),
            waiting: Vec::new(),
            working: 0,
            activity: 0,
            retired: false,
            running_since: None,
        }
    }

    /// Moves to the next state; the DBU meters run exactly while that is RUNNING.
    pub fn step(
        &mut self,
        trigger: Trigger,
        at: Instant,
        meters: &mut Meters,
    ) -> Result<(), IllegalTransition> {
        self.state = next(self.state, trigger)?;
        match self.state {
            State::Running => self.running_since = Some(at),
            _ => {
                self.settle(at, meters);
                self.running_since = None;
            }
        }
        Ok(())
    }

    /// Bills its DBUs up to now.
    pub fn settle(&mut self, at: Instant, meters: &mut Meters) {
        if let Some(since) = self.running_since {
            for node in &self.nodes {
                meters.note(&node.instance_id, &node.subject, &node.while_running, since, at);
            }
            self.running_since = Some(at);
        }
    }

    /// A work begins.
    pub fn begin(&mut self) {
        self.working = self.working.saturating_add(1);
        self.activity = self.activity.saturating_add(1);
    }

    /// A work ends.
    pub fn end(&mut self) {
        self.working = self.working.saturating_sub(1);
        self.activity = self.activity.saturating_add(1);
    }

    /// All work is broken off.
    pub fn abandon(&mut self) {
        self.working = 0;
        self.activity = self.activity.saturating_add(1);
        self.waiting.clear();
    }

    /// The mark of being idle now, if it is: it stays the same until something is done again.
    pub fn idle_mark(&self) -> Option<u64> {
        (self.state == State::Running && self.working == 0).then_some(self.activity)
    }

    /// Minutes of idleness after which it terminates; none for never. Clusters of jobs end with their run.
    pub fn autotermination_minutes(&self) -> Option<u32> {
        let minutes = self.blueprint.admitted.spec.autotermination_minutes;
        minutes.filter(|m| *m > 0 && self.subject.job_name.is_empty())
    }

    /// Whether it is on its way to running, or runs.
    pub fn is_up(&self) -> bool {
        matches!(
            self.state,
            State::Pending | State::Running | State::Restarting | State::Resizing
        )
    }
}
