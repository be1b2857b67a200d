//! One cluster: its state, its nodes, its work.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::blueprint::{Blueprint, DbuRates, of_tier, starting_workers};
use super::index::{MachineKey, RunKey};
use super::queue::Second;
use crate::databricks::cluster_spec::Role;
use crate::databricks::event::{ClusterSize, Reason};
use crate::databricks::state::State;
use crate::lifecycle::meter::stretch;
use crate::lifecycle::simulation::{Record, StartRecord, StartStep};
use crate::lifecycle::work::Executors;
use crate::model::period::from_unix;
use crate::model::usage::Subject;

/// What a cluster is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// The all-purpose cluster of this number in the input.
    AllPurpose { input: usize },
    /// A run of a job; which of the job's clusters.
    Job { run: RunKey },
}

/// Who has something computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    /// A session that keeps the driver busy.
    Busy { session: usize, due: Second },
    /// A command of a session, with how many are to follow.
    Command { session: usize, due: Second, left: u32 },
    /// An attempt of a task.
    Attempt { run: RunKey, task: usize, attempt: u32 },
}

/// Something that waits for the cluster to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Waiting {
    pub owner: Owner,
    /// When it was sent.
    pub sent: Second,
}

/// Something that the cluster computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Working {
    pub owner: Owner,
    pub sent: Second,
    pub began: Second,
    /// Whether auto-termination counts it as activity.
    pub counts: bool,
}

/// A node that the cluster has or waits for.
#[derive(Debug, Clone)]
pub(super) struct Node {
    /// 0 is the driver; workers are numbered from 1 within one start, replacements go on from there.
    pub ordinal: u64,
    pub role: Role,
    pub machine: MachineKey,
    pub instance_id: Arc<str>,
    /// The cluster, as far as this node is concerned (it names the node's pool).
    pub subject: Arc<Subject>,
    pub dbus: DbuRates,
    /// How often the tier has changed of the workspace, as far as this node is billed.
    pub tier: usize,
    /// One of the first nodes, which are on demand whatever the availability.
    pub guaranteed: bool,
    pub vcpus: u32,
    /// When its image is on it, and its init scripts begin.
    pub usable: Second,
    /// When it registers; the driver's is the end of its start.
    pub registers: Second,
    /// It has registered, and does its part.
    pub joined: bool,
    /// It finishes its tasks and goes.
    pub draining: bool,
    /// It was excluded: it finishes its tasks and goes.
    pub excluded: bool,
    /// Since when its DBUs are owed.
    pub dbu_since: Option<Second>,
}

/// A start that goes on.
#[derive(Debug, Clone, Default)]
pub(super) struct StartUp {
    pub began_as: &'static str,
    pub requested: Second,
    pub steps: Vec<StartStep>,
    /// The driver's machine stays: its init scripts have run.
    pub in_place: bool,
    /// Why fewer nodes came than were asked for.
    pub shortage: Option<Reason>,
}

impl StartUp {
    /// What is told of it at its end.
    pub fn record(mut self, subject: &Arc<Subject>, running: Option<Second>) -> Record {
        self.steps.sort_by_key(|s| (s.node, s.period.start));
        Record::Start(StartRecord {
            subject: Arc::clone(subject),
            began_as: self.began_as,
            requested: from_unix(self.requested),
            running: running.map(from_unix),
            steps: self.steps,
        })
    }
}

/// One cluster.
#[derive(Debug)]
pub(super) struct Cluster {
    pub blueprint: Arc<Blueprint>,
    pub purpose: Purpose,
    /// Number among the clusters of the blueprint: 0, or what distinguishes a run's.
    pub number: u64,
    /// Whose it is. `pool` is that of its driver.
    pub subject: Arc<Subject>,
    pub job_run_name: Option<Arc<str>>,
    pub id: Arc<str>,
    pub state: State,
    /// How often it has been created, started or restarted.
    pub starts: u64,
    pub starting: Option<StartUp>,
    /// A task that needs libraries has come: they are installed at every start, as Databricks keeps them.
    pub task_libraries: bool,
    /// The size that was asked for last.
    pub size: ClusterSize,
    /// Workers aimed at.
    pub target: u32,
    pub next_ordinal: u64,
    /// Driver first; none while it is TERMINATED.
    pub nodes: Vec<Node>,
    pub executors: Executors,
    pub works: BTreeMap<u64, Working>,
    pub next_work: u64,
    /// When the next move of the work is planned.
    pub work_planned: Option<Second>,
    /// Work that leaves something on the disks has been submitted since the start.
    pub fills_disks: bool,
    pub waiting: Vec<Waiting>,
    /// Works in progress that count as activity.
    active: u32,
    /// Counts the changes of activity: what was to happen for an earlier one is void.
    activity: u64,
    /// The mark of idleness for which auto-termination is planned.
    pub idle_planned: Option<u64>,
    /// Why the resize that goes on got fewer nodes than asked for.
    pub shortage: Option<Reason>,
    /// The resize that goes on has asked for nodes.
    pub grows: bool,
    /// A check of autoscaling is planned: up, and when down.
    pub scale_up_planned: bool,
    pub scale_down_planned: Option<Second>,
    /// Workers that the next step up adds, and the next step down takes, under standard autoscaling.
    pub step_up: u32,
    pub step_down: u32,
    /// A report of autoscaling is planned.
    pub stats_planned: bool,
    /// Failed recoveries in a row, and whether one is planned.
    pub recoveries: u32,
    pub recovery_planned: bool,
    /// Outages of driver, metastore and DBFS that go on.
    pub outages: u32,
    pub driver_unreachable: bool,
    pub pinned: bool,
    /// Its user has terminated it for good.
    pub retired: bool,
    /// It was permanently deleted: at its termination it is gone.
    pub deleted: bool,
    pub terminated_at: Option<Second>,
    pub gone_at: Option<Second>,
    pub lost_task_seconds: u64,
}

impl Cluster {
    /// A cluster that is being created.
    pub fn new(
        blueprint: Arc<Blueprint>,
        purpose: Purpose,
        number: u64,
        subject: Arc<Subject>,
        executors: Executors,
    ) -> Cluster {
        Cluster {
            size: blueprint.size,
            target: starting_workers(blueprint.size),
            blueprint,
            purpose,
            number,
            id: subject.cluster_id.as_str().into(),
            job_run_name: None,
            subject,
            state: State::Pending,
            starts: 0,
            starting: None,
            task_libraries: false,
            next_ordinal: 1,
            nodes: Vec::new(),
            executors,
            works: BTreeMap::new(),
            next_work: 0,
            work_planned: None,
            fills_disks: false,
            waiting: Vec::new(),
            active: 0,
            activity: 0,
            idle_planned: None,
            shortage: None,
            grows: false,
            scale_up_planned: false,
            scale_down_planned: None,
            step_up: 0,
            step_down: 1,
            stats_planned: false,
            recoveries: 0,
            recovery_planned: false,
            outages: 0,
            driver_unreachable: false,
            pinned: false,
            retired: false,
            deleted: false,
            terminated_at: None,
            gone_at: None,
            lost_task_seconds: 0,
        }
    }

    pub fn of_job(&self) -> bool {
        matches!(self.purpose, Purpose::Job { .. })
    }

    /// Ready for work: RUNNING, or RESIZING with the driver up.
    pub fn runs(&self) -> bool {
        matches!(self.state, State::Running | State::Resizing)
    }

    /// On its way to running, or running.
    pub fn is_up(&self) -> bool {
        matches!(
            self.state,
            State::Pending | State::Running | State::Restarting | State::Resizing
        )
    }

    /// A node registers: it does its part, and its DBUs are owed if the cluster runs.
    pub fn join(&mut self, ordinal: u64, at: Second) -> bool {
        let billable = self.runs();
        let Some(node) = self.nodes.iter_mut().find(|n| n.ordinal == ordinal && !n.joined) else {
            return false;
        };
        node.joined = true;
        node.dbu_since = billable.then_some(at);
        true
    }

    /// The DBU meter of all nodes that have joined starts or stops.
    pub fn bill_dbus(&mut self, on: bool, at: Second, out: &mut Vec<Record>) {
        for node in self.nodes.iter_mut().filter(|n| n.joined) {
            node.stop_dbus(at, out);
            node.dbu_since = on.then_some(at);
        }
    }

    /// Workers that have joined.
    pub fn current_workers(&self) -> u32 {
        let joined = self.workers().filter(|n| n.joined).count();
        u32::try_from(joined).unwrap_or(u32::MAX)
    }

    /// Workers that have joined or are on their way.
    pub fn present_workers(&self) -> u32 {
        u32::try_from(self.workers().count()).unwrap_or(u32::MAX)
    }

    pub fn workers(&self) -> impl Iterator<Item = &Node> {
        self.nodes.iter().filter(|n| n.role == Role::Worker)
    }

    /// vCPUs of driver and so many workers.
    pub fn vcpus(&self, workers: u32) -> u32 {
        let each = self.blueprint.worker.vcpus;
        self.blueprint
            .driver
            .vcpus
            .saturating_add(each.saturating_mul(workers))
    }

    /// A work begins.
    pub fn begin(&mut self, working: Working) -> u64 {
        let id = self.next_work;
        self.next_work += 1;
        if working.counts {
            self.active += 1;
            self.activity += 1;
        }
        self.works.insert(id, working);
        id
    }

    /// A work ends.
    pub fn end(&mut self, id: u64) -> Option<Working> {
        let working = self.works.remove(&id)?;
        if working.counts {
            self.active = self.active.saturating_sub(1);
            self.activity += 1;
        }
        Some(working)
    }

    /// It is started: what was to happen for an idleness before is void.
    pub fn new_life(&mut self) {
        self.activity += 1;
    }

    /// The mark of being idle now, if it is: it stays the same until something is done again.
    pub fn idle_mark(&self) -> Option<u64> {
        (self.runs() && self.active == 0).then_some(self.activity)
    }

    /// Minutes of idleness after which it terminates; none for never. Clusters of jobs end with their run.
    pub fn autotermination_minutes(&self) -> Option<u32> {
        self.blueprint.autotermination_minutes.filter(|_| !self.of_job())
    }

    /// The range to scale in, if it scales by itself.
    pub fn range(&self) -> Option<(u32, u32)> {
        match self.size {
            ClusterSize::Autoscale {
                min_workers,
                max_workers,
            } => Some((min_workers, max_workers)),
            ClusterSize::Fixed { .. } => None,
        }
    }
}

impl Node {
    /// Bills its DBUs up to now, and no further.
    pub fn stop_dbus(&mut self, at: Second, out: &mut Vec<Record>) {
        if let Some(since) = self.dbu_since.take() {
            let rates = of_tier(&self.dbus, self.tier);
            let usages = stretch(&self.instance_id, &self.subject, rates, since, at);
            out.extend(usages.map(Record::Usage));
        }
    }

    /// The tier has changed for that many times: DBUs that run go on under another SKU.
    pub fn change_tier(&mut self, tier: usize, at: Second, out: &mut Vec<Record>) {
        let runs = self.dbu_since.is_some();
        self.stop_dbus(at, out);
        self.tier = tier;
        self.dbu_since = runs.then_some(at);
    }
}
