//! Runs of jobs: tasks in the order of their dependencies, retries, timeouts, and the clusters that they share.

use std::collections::VecDeque;
use std::sync::Arc;

use super::blueprint::{Blueprint, DbuRates, of_tier};
use super::cluster::{Owner, Purpose, Waiting};
use super::happening::Happening;
use super::index::{ClusterKey, RunKey, WorkspaceIndex};
use super::queue::Second;
use super::world::{Done, World};
use crate::databricks::event::Reason;
use crate::databricks::run::{ResultState, TaskResult};
use crate::databricks::termination::TerminationCode;
use crate::lifecycle::draw::{self, DrawKey};
use crate::lifecycle::meter::{Rate, rates, stretch};
use crate::lifecycle::simulation::{AttemptRecord, Record, RunRecord, Serverless, SimulationError};
use crate::lifecycle::work::{Executors, WorkId, WorkerId};
use crate::lifecycle::workload::{Compute, Job, RunIf, Scheduling, Task, Work};
use crate::model::increment::Increment;
use crate::model::meter::MeterRate;
use crate::model::period::from_unix;
use crate::model::usage::Subject;

/// Cores that serverless compute has: more than any work needs.
const SERVERLESS_CORES: u32 = 100_000;

/// Seconds from the end of a run of a continuous job to the next: Databricks says "under 60 seconds".
const CONTINUOUS_PAUSE: i64 = 1;
/// The same after a run that failed. Databricks backs off exponentially; how far is not documented.
const FAILED_PAUSE: i64 = 60;

/// A job and its runs.
#[derive(Debug)]
pub(super) struct JobState {
    /// What its clusters are made from, in the order of its `job_clusters`.
    pub blueprints: Vec<Arc<Blueprint>>,
    pub name: Arc<str>,
    pub job_id: u64,
    /// Runs that go on.
    pub active: u32,
    /// Runs that wait for their turn: number and when they were due.
    pub queued: VecDeque<(u64, Second)>,
    /// Runs of a continuous job there have been.
    pub continuous_runs: u64,
    /// The cluster created last, for incidents.
    pub latest: Option<ClusterKey>,
    /// Rates of the serverless compute of its tasks.
    serverless: Vec<Option<DbuRates>>,
    workspace: WorkspaceIndex,
}

/// A run that goes on.
#[derive(Debug)]
pub(super) struct Run {
    pub job: usize,
    pub number: u64,
    pub run_id: Arc<str>,
    pub due: Second,
    pub started: Second,
    tasks: Vec<TaskState>,
    /// Its clusters, in the order of the job's `job_clusters`, and how many of each there have been.
    clusters: Vec<(Option<ClusterKey>, u64)>,
    timed_out: bool,
}

/// Where a task of a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TaskState {
    /// What it depends on has not ended.
    Blocked,
    /// An attempt waits or works since then.
    Active {
        attempt: u32,
        due: Second,
    },
    /// The next attempt will come.
    Waiting {
        attempt: u32,
    },
    Ended(TaskEnd),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TaskEnd {
    Success,
    Failed,
    TimedOut,
    /// It did not take place, for its dependencies failed.
    UpstreamFailed,
    /// It did not take place, since its `run_if` did not hold.
    Excluded,
}

impl TaskEnd {
    fn failed(self) -> bool {
        matches!(
            self,
            TaskEnd::Failed | TaskEnd::TimedOut | TaskEnd::UpstreamFailed
        )
    }
}

impl JobState {
    pub fn new(world: &World<'_>, job: &Job) -> Result<JobState, SimulationError> {
        let object = format!("job/{}", job.name);
        let one = job.job_clusters.len() == 1;
        let mut blueprints = Vec::with_capacity(job.job_clusters.len());
        for cluster in &job.job_clusters {
            let object = if one {
                object.clone()
            } else {
                format!("{object}/{}", cluster.key)
            };
            blueprints.push(world.blueprint(object, &cluster.admitted)?);
        }
        let mut serverless = Vec::with_capacity(job.tasks.len());
        for task in &job.tasks {
            match &task.compute {
                Compute::Serverless(s) => {
                    serverless.push(Some(serverless_rates(s)?));
                }
                Compute::Existing(name) if !world.names.contains_key(name.as_str()) => {
                    return Err(SimulationError::Unknown {
                        object: job.name.clone(),
                        name: name.clone(),
                    });
                }
                _ => serverless.push(None),
            }
        }
        // Nine digits, the first of them no zero.
        let number = world.draws.below(900_000_000, &object, draw::Purpose::JobId, &[]);
        Ok(JobState {
            blueprints,
            name: job.name.as_str().into(),
            job_id: number.saturating_add(100_000_000),
            active: 0,
            queued: VecDeque::new(),
            continuous_runs: 0,
            latest: None,
            serverless,
            workspace: world.site(&object, &job.workspace)?.0,
        })
    }
}

impl<'a> World<'a> {
    /// A run of a job is due.
    pub fn run_due(&mut self, job: usize, number: u64, at: Second) -> Done {
        let (Some(plan), Some(state)) = (self.input.jobs.get(job), self.jobs.get_mut(job)) else {
            return Err(SimulationError::Lost("a job"));
        };
        // Whose turn it is goes first, even if it has not come yet at this instant.
        if state.active >= plan.max_concurrent_runs.max(1) || !state.queued.is_empty() {
            if plan.queue {
                state.queued.push_back((number, at));
            } else {
                let due = from_unix(at);
                self.out.push(Record::Run(RunRecord {
                    job_name: Arc::clone(&state.name),
                    run_id: Arc::from(""),
                    due,
                    started: due,
                    ended: Some(due),
                    result: Some(ResultState::MaximumConcurrentRunsReached),
                }));
            }
            return Ok(());
        }
        self.start_run(job, number, at, at)
    }

    /// It is the turn of the run that waited longest.
    pub fn run_turn(&mut self, job: usize, at: Second) -> Done {
        match self.jobs.get_mut(job).and_then(|state| state.queued.pop_front()) {
            Some((number, due)) => self.start_run(job, number, due, at),
            None => Ok(()),
        }
    }

    fn start_run(&mut self, job: usize, number: u64, due: Second, at: Second) -> Done {
        let (Some(plan), Some(state)) = (self.input.jobs.get(job), self.jobs.get_mut(job)) else {
            return Err(SimulationError::Lost("a job"));
        };
        state.active += 1;
        // The job's id before the number of the run: no two runs of a workspace share an id, and another job
        // changes none.
        let run_id = state.job_id.saturating_mul(1_000_000).saturating_add(number);
        let run = self.runs.insert(Run {
            job,
            number,
            run_id: run_id.to_string().into(),
            due,
            started: at,
            tasks: vec![TaskState::Blocked; plan.tasks.len()],
            clusters: vec![(None, 0); plan.job_clusters.len()],
            timed_out: false,
        });
        if let Some(seconds) = plan.timeout_seconds {
            self.plan(at + i64::from(seconds), Happening::RunTimeout { run });
        }
        self.advance_run(run, at)
    }

    /// Begins what can begin, gives back clusters that nobody needs any more, and ends the run when all has ended.
    fn advance_run(&mut self, key: RunKey, at: Second) -> Done {
        let Some((job, plan)) = self.job_of(key) else {
            return Ok(());
        };
        // Each pass may end tasks (skipped ones) that others depend on; they stand before their dependents.
        for (task, task_plan) in plan.tasks.iter().enumerate() {
            let Some(run) = self.runs.get(key) else {
                return Ok(());
            };
            if run.tasks.get(task) != Some(&TaskState::Blocked) {
                continue;
            }
            match verdict(run, task_plan) {
                Verdict::Wait => {}
                Verdict::Begin => self.begin_attempt(key, task, 0, at)?,
                Verdict::Skip(end) => {
                    self.set_task(key, task, TaskState::Ended(end));
                    self.tell_attempt(key, task, 0, "", (at, None, at), TaskResult::Skipped);
                }
            }
        }
        self.release_job_clusters(key, at)?;
        let Some(run) = self.runs.get(key) else {
            return Ok(());
        };
        if !run.tasks.iter().all(|t| matches!(t, TaskState::Ended(_))) {
            return Ok(());
        }
        let result = result_of(run, plan);
        let record = self.run_record(key, Some(at), Some(result));
        self.out.extend(record.map(Record::Run));
        self.runs.remove(key);
        let Some(state) = self.jobs.get_mut(job) else {
            return Ok(());
        };
        state.active = state.active.saturating_sub(1);
        if !state.queued.is_empty() {
            // Not at once: a long queue of runs that end where they begin would be as deep a recursion.
            self.plan(at, Happening::RunTurn { job });
            return Ok(());
        }
        if plan.schedule.is_continuous() {
            state.continuous_runs += 1;
            let number = state.continuous_runs.saturating_add(1);
            let pause = if result == ResultState::Success {
                CONTINUOUS_PAUSE
            } else {
                FAILED_PAUSE
            };
            self.plan(at + pause, Happening::RunDue { job, number });
        }
        Ok(())
    }

    /// A task of a run begins, or begins again.
    fn begin_attempt(&mut self, key: RunKey, task: usize, attempt: u32, at: Second) -> Done {
        let Some((_, plan)) = self.job_of(key) else {
            return Ok(());
        };
        let Some(task_plan) = plan.tasks.get(task) else {
            return Ok(());
        };
        self.set_task(key, task, TaskState::Active { attempt, due: at });
        if let Some(seconds) = task_plan.timeout_seconds {
            self.plan(
                at + i64::from(seconds),
                Happening::AttemptTimeout {
                    run: key,
                    task,
                    attempt,
                },
            );
        }
        let waiting = Waiting {
            owner: Owner::Attempt {
                run: key,
                task,
                attempt,
            },
            sent: at,
        };
        match &task_plan.compute {
            Compute::JobCluster(index) => {
                let cluster = self.job_cluster(key, *index, task_plan.has_libraries, at)?;
                match self.clusters.get_mut(cluster) {
                    Some(c) if c.runs() => {
                        self.begin_work(cluster, waiting, at)?;
                        self.reconsider(cluster, at);
                        Ok(())
                    }
                    Some(c) if c.is_up() => {
                        c.waiting.push(waiting);
                        Ok(())
                    }
                    // It failed at once: the pool had nothing to give, say.
                    _ => self.attempt_ended(key, task, attempt, None, TaskResult::ClusterError, at),
                }
            }
            Compute::Existing(name) => {
                let created = self
                    .names
                    .get(name.as_str())
                    .and_then(|i| self.created.get(*i).cloned().flatten());
                let usable = created.map(|(cluster, _)| cluster);
                let usable = usable.and_then(|key| Some((key, self.clusters.get_mut(key)?)));
                match usable.filter(|(_, c)| !c.retired) {
                    Some((cluster, c)) => {
                        c.task_libraries |= task_plan.has_libraries;
                        self.use_cluster(cluster, waiting, at)
                    }
                    None => self.attempt_ended(key, task, attempt, None, TaskResult::ClusterError, at),
                }
            }
            Compute::Serverless(_) => {
                let seconds = self
                    .task_work(key, task)
                    .map_or(0, |(work, draws)| serverless_seconds(work, draws));
                self.plan(
                    at + seconds,
                    Happening::ServerlessDone {
                        run: key,
                        task,
                        attempt,
                    },
                );
                Ok(())
            }
        }
    }

    /// The run's cluster of this index: the one that is up, or a new one, started with libraries or without. It may have
    /// failed at once.
    fn job_cluster(
        &mut self,
        key: RunKey,
        index: usize,
        libraries: bool,
        at: Second,
    ) -> Result<ClusterKey, SimulationError> {
        let lost = SimulationError::Lost("a run");
        let Some(run) = self.runs.get(key) else {
            return Err(lost);
        };
        let Some((known, count)) = run.clusters.get(index).copied() else {
            return Err(lost);
        };
        if let Some(known) = known
            && self.clusters.get(known).is_some_and(|c| c.is_up())
        {
            return Ok(known);
        }
        let (job, number, run_id) = (run.job, run.number, Arc::clone(&run.run_id));
        let Some(state) = self.jobs.get(job) else {
            return Err(lost);
        };
        let Some(blueprint) = state.blueprints.get(index).map(Arc::clone) else {
            return Err(lost);
        };
        let key_of_cluster = self.input.jobs.get(job).and_then(|j| j.job_clusters.get(index));
        let key_of_cluster = key_of_cluster.map_or("", |c| c.key.as_str());
        let name = format!("job-{}-run-{run_id}-{key_of_cluster}", state.job_id);
        let job_name = state.name.to_string();
        // A run that needs a cluster a second time gets one of its own: another number, another chance.
        let number = number.saturating_add(count.saturating_mul(1 << 40));
        let mut subject = self.subject(&blueprint, number, name.clone(), at);
        subject.job_name = job_name;
        subject.run_id = run_id.to_string();
        let cluster = self.new_cluster(blueprint, Purpose::Job { run: key }, number, subject);
        if let Some(c) = self.clusters.get_mut(cluster) {
            c.job_run_name = Some(name.into());
            c.task_libraries = libraries;
        }
        if let Some(slot) = self.runs.get_mut(key).and_then(|r| r.clusters.get_mut(index)) {
            *slot = (Some(cluster), count + 1);
        }
        if let Some(state) = self.jobs.get_mut(job) {
            state.latest = Some(cluster);
        }
        self.begin_creation(cluster, at)?;
        Ok(cluster)
    }

    /// What a task computes, and the draws of its durations: the same in every attempt.
    pub fn task_work(&self, key: RunKey, task: usize) -> Option<(Arc<Work>, DrawKey)> {
        let run = self.runs.get(key)?;
        let plan = self.input.jobs.get(run.job)?.tasks.get(task)?;
        Some((
            Arc::clone(&plan.work),
            self.task_draws(run, task, draw::Purpose::Work),
        ))
    }

    fn task_draws(&self, run: &Run, task: usize, purpose: draw::Purpose) -> DrawKey {
        let name = self.jobs.get(run.job).map_or("", |j| &*j.name);
        let index = [
            u64::try_from(run.due).unwrap_or_default(),
            u64::try_from(task).unwrap_or_default(),
        ];
        self.draws.key(&format!("job/{name}"), purpose, &index)
    }

    /// An attempt on serverless compute has ended.
    pub fn serverless_done(&mut self, key: RunKey, task: usize, attempt: u32, at: Second) -> Done {
        match self.active_since(key, task, attempt) {
            Some(due) => self.attempt_ended(key, task, attempt, Some(due), TaskResult::Success, at),
            None => Ok(()),
        }
    }

    /// Bills serverless compute for an attempt up to now: since its beginning, or since the tier last changed.
    fn bill_serverless(&mut self, key: RunKey, task: usize, attempt: u32, from: Second, at: Second) {
        let Some((job, plan)) = self.job_of(key) else {
            return;
        };
        let (Some(run), Some(state), Some(task_plan)) =
            (self.runs.get(key), self.jobs.get(job), plan.tasks.get(task))
        else {
            return;
        };
        let (Compute::Serverless(serverless), Some(Some(tiers)), Some(site)) = (
            &task_plan.compute,
            state.serverless.get(task),
            self.sites.get(state.workspace.0),
        ) else {
            return;
        };
        let rates = of_tier(tiers, site.tier_changes);
        let from = from.max(site.tier_since);
        let Serverless {
            workspace,
            team,
            tags,
            ..
        } = serverless;
        let subject = Arc::new(Subject {
            workspace: workspace.clone(),
            team: team.clone(),
            job_name: state.name.to_string(),
            run_id: run.run_id.to_string(),
            owner: plan.principal.clone(),
            tags: tags.clone(),
            ..Subject::default()
        });
        let resource = format!("serverless/{}/{}/{attempt}", run.run_id, task_plan.key);
        self.out
            .extend(stretch(&resource, &subject, rates, from, at).map(Record::Usage));
    }

    /// An attempt has ended, one way or another; void if it has already.
    pub fn attempt_ended(
        &mut self,
        key: RunKey,
        task: usize,
        attempt: u32,
        began: Option<Second>,
        result: TaskResult,
        at: Second,
    ) -> Done {
        let Some(due) = self.active_since(key, task, attempt) else {
            return Ok(());
        };
        let Some((_, plan)) = self.job_of(key) else {
            return Ok(());
        };
        let Some(task_plan) = plan.tasks.get(task) else {
            return Ok(());
        };
        let result = match result {
            TaskResult::Success if self.fails(key, task, attempt, task_plan) => TaskResult::RunExecutionError,
            other => other,
        };
        if let Compute::Serverless(_) = task_plan.compute {
            self.bill_serverless(key, task, attempt, due, at);
        }
        let cluster_id = self.cluster_of(key, task);
        self.tell_attempt(key, task, attempt, &cluster_id, (due, began, at), result);
        let again = attempt < task_plan.max_retries
            && self.runs.get(key).is_some_and(|r| !r.timed_out)
            && (result != TaskResult::Canceled || task_plan.retry_on_timeout);
        match result {
            TaskResult::Success => self.set_task(key, task, TaskState::Ended(TaskEnd::Success)),
            _ if again => {
                self.set_task(key, task, TaskState::Waiting { attempt: attempt + 1 });
                let seconds = i64::from(task_plan.retry_seconds);
                self.plan(at + seconds, Happening::Retry { run: key, task });
                return Ok(());
            }
            TaskResult::Canceled => self.set_task(key, task, TaskState::Ended(TaskEnd::TimedOut)),
            _ => self.set_task(key, task, TaskState::Ended(TaskEnd::Failed)),
        }
        self.advance_run(key, at)
    }

    fn fails(&self, key: RunKey, task: usize, attempt: u32, plan: &Task) -> bool {
        let Some(run) = self.runs.get(key) else {
            return false;
        };
        let draws = self.task_draws(run, task, draw::Purpose::Attempt);
        draws.below(1_000_000, u64::from(attempt)) < u64::from(plan.failures_per_million)
    }

    /// A task is tried again.
    pub fn retry(&mut self, key: RunKey, task: usize, at: Second) -> Done {
        let state = self.runs.get(key).and_then(|r| r.tasks.get(task));
        match state {
            Some(TaskState::Waiting { attempt }) => self.begin_attempt(key, task, *attempt, at),
            _ => Ok(()),
        }
    }

    /// An attempt has taken too long.
    pub fn attempt_timeout(&mut self, key: RunKey, task: usize, attempt: u32, at: Second) -> Done {
        if self.active_since(key, task, attempt).is_none() {
            return Ok(());
        }
        let began = self.take_back(key, task, attempt, at);
        self.attempt_ended(key, task, attempt, began, TaskResult::Canceled, at)
    }

    /// A run has taken too long: its tasks are canceled, and what has not begun does not begin.
    pub fn run_timeout(&mut self, key: RunKey, at: Second) -> Done {
        let Some(run) = self.runs.get_mut(key) else {
            return Ok(());
        };
        run.timed_out = true;
        let mut active = Vec::new();
        for (task, state) in run.tasks.iter_mut().enumerate() {
            match *state {
                TaskState::Active { attempt, .. } => active.push((task, attempt)),
                TaskState::Blocked | TaskState::Waiting { .. } => {
                    *state = TaskState::Ended(TaskEnd::TimedOut)
                }
                TaskState::Ended(_) => {}
            }
        }
        for (task, attempt) in active {
            let began = self.take_back(key, task, attempt, at);
            self.attempt_ended(key, task, attempt, began, TaskResult::Canceled, at)?;
        }
        // Nothing was active: nobody else notices that all has ended.
        self.advance_run(key, at)
    }

    /// Takes an attempt off the cluster that it waits for or works on; when it began to work.
    fn take_back(&mut self, key: RunKey, task: usize, attempt: u32, at: Second) -> Option<Second> {
        let cluster_key = self.cluster_key_of(key, task)?;
        let owner = Owner::Attempt {
            run: key,
            task,
            attempt,
        };
        let cluster = self.clusters.get_mut(cluster_key)?;
        cluster.waiting.retain(|w| w.owner != owner);
        let work = cluster
            .works
            .iter()
            .find(|(_, w)| w.owner == owner)
            .map(|(id, _)| *id)?;
        let lost = cluster.executors.cancel(WorkId(work), at);
        cluster.lost_task_seconds = cluster.lost_task_seconds.saturating_add(lost.task_seconds);
        let began = cluster.end(work)?.began;
        // The cores it had are free for others, and the cluster may idle now.
        self.reconsider(cluster_key, at);
        Some(began)
    }

    /// Clusters of a run that no task needs any more end.
    fn release_job_clusters(&mut self, key: RunKey, at: Second) -> Done {
        let Some((_, plan)) = self.job_of(key) else {
            return Ok(());
        };
        let Some(run) = self.runs.get(key) else {
            return Ok(());
        };
        let needed = |index: usize| {
            plan.tasks.iter().zip(&run.tasks).any(|(task, state)| {
                task.compute == Compute::JobCluster(index) && !matches!(state, TaskState::Ended(_))
            })
        };
        let free: Vec<ClusterKey> = run
            .clusters
            .iter()
            .enumerate()
            .filter(|(index, _)| !needed(*index))
            .filter_map(|(_, (cluster, _))| *cluster)
            .filter(|c| self.clusters.get(*c).is_some_and(|c| c.is_up()))
            .collect();
        for cluster in free {
            self.terminate(cluster, Reason::new(TerminationCode::JobFinished, []), None, at)?;
        }
        Ok(())
    }

    /// Runs that go on at the end of the period.
    pub fn finish_runs(&mut self) {
        let keys: Vec<RunKey> = self.runs.keys().collect();
        let end = self.end;
        for key in keys {
            self.bill_serverless_of(key, None, end);
            let record = self.run_record(key, None, None);
            self.out.extend(record.map(Record::Run));
        }
    }

    /// Bills the attempts of a run that go on on serverless compute up to now; of one workspace, or of any.
    pub fn bill_serverless_of(&mut self, key: RunKey, of: Option<WorkspaceIndex>, at: Second) {
        let Some(run) = self.runs.get(key) else {
            return;
        };
        let workspace = self.jobs.get(run.job).map(|job| job.workspace);
        if of.is_some() && workspace != of {
            return;
        }
        let active = run.tasks.iter().enumerate();
        let active: Vec<(usize, u32, Second)> = active
            .filter_map(|(task, state)| match state {
                TaskState::Active { attempt, due } => Some((task, *attempt, *due)),
                _ => None,
            })
            .collect();
        for (task, attempt, due) in active {
            self.bill_serverless(key, task, attempt, due, at);
        }
    }

    fn job_of(&self, key: RunKey) -> Option<(usize, &'a Job)> {
        let job = self.runs.get(key)?.job;
        Some((job, self.input.jobs.get(job)?))
    }

    fn set_task(&mut self, key: RunKey, task: usize, to: TaskState) {
        if let Some(state) = self.runs.get_mut(key).and_then(|r| r.tasks.get_mut(task)) {
            *state = to;
        }
    }

    /// Since when this attempt goes on, if it does.
    fn active_since(&self, key: RunKey, task: usize, attempt: u32) -> Option<Second> {
        match self.runs.get(key)?.tasks.get(task)? {
            TaskState::Active { attempt: a, due } if *a == attempt => Some(*due),
            _ => None,
        }
    }

    fn cluster_key_of(&self, key: RunKey, task: usize) -> Option<ClusterKey> {
        let run = self.runs.get(key)?;
        let plan = self.input.jobs.get(run.job)?.tasks.get(task)?;
        match &plan.compute {
            Compute::JobCluster(index) => run.clusters.get(*index)?.0,
            Compute::Existing(name) => {
                let input = self.names.get(name.as_str())?;
                self.created.get(*input)?.as_ref().map(|(key, _)| *key)
            }
            Compute::Serverless(_) => None,
        }
    }

    /// Id of the cluster that a task runs on; empty for none.
    fn cluster_of(&self, key: RunKey, task: usize) -> Arc<str> {
        let cluster = self.cluster_key_of(key, task).and_then(|c| self.clusters.get(c));
        cluster.map_or_else(|| Arc::from(""), |c| Arc::clone(&c.id))
    }

    fn tell_attempt(
        &mut self,
        key: RunKey,
        task: usize,
        attempt: u32,
        cluster_id: &str,
        (due, began, ended): (Second, Option<Second>, Second),
        result: TaskResult,
    ) {
        let (Some(run), Some((job, plan))) = (self.runs.get(key), self.job_of(key)) else {
            return;
        };
        let (Some(state), Some(task)) = (self.jobs.get(job), plan.tasks.get(task)) else {
            return;
        };
        self.out.push(Record::Attempt(AttemptRecord {
            job_name: Arc::clone(&state.name),
            run_id: Arc::clone(&run.run_id),
            task_key: task.key.as_str().into(),
            attempt,
            cluster_id: cluster_id.into(),
            due: from_unix(due),
            began: began.map(from_unix),
            ended: from_unix(ended),
            result,
        }));
    }

    fn run_record(
        &self,
        key: RunKey,
        ended: Option<Second>,
        result: Option<ResultState>,
    ) -> Option<RunRecord> {
        let run = self.runs.get(key)?;
        Some(RunRecord {
            job_name: Arc::clone(&self.jobs.get(run.job)?.name),
            run_id: Arc::clone(&run.run_id),
            due: from_unix(run.due),
            started: from_unix(run.started),
            ended: ended.map(from_unix),
            result,
        })
    }
}

enum Verdict {
    Wait,
    Begin,
    Skip(TaskEnd),
}

/// Whether a blocked task may begin.
fn verdict(run: &Run, plan: &Task) -> Verdict {
    let mut ends = Vec::with_capacity(plan.depends_on.len());
    for dependency in &plan.depends_on {
        match run.tasks.get(*dependency) {
            Some(TaskState::Ended(end)) => ends.push(*end),
            _ => return Verdict::Wait,
        }
    }
    if run.timed_out {
        return Verdict::Skip(TaskEnd::TimedOut);
    }
    let success = |e: &TaskEnd| *e == TaskEnd::Success;
    let failed = |e: &TaskEnd| e.failed();
    let holds = ends.is_empty()
        || match plan.run_if {
            RunIf::AllSuccess => ends.iter().all(success),
            RunIf::AllDone => true,
            RunIf::NoneFailed => !ends.iter().any(failed) && ends.iter().any(success),
            RunIf::AtLeastOneSuccess => ends.iter().any(success),
            RunIf::AllFailed => ends.iter().all(failed),
            RunIf::AtLeastOneFailed => ends.iter().any(failed),
        };
    match plan.run_if {
        _ if holds => Verdict::Begin,
        RunIf::AllSuccess | RunIf::NoneFailed | RunIf::AtLeastOneSuccess if ends.iter().any(failed) => {
            Verdict::Skip(TaskEnd::UpstreamFailed)
        }
        _ => Verdict::Skip(TaskEnd::Excluded),
    }
}

/// How a run ended whose tasks all have: by its leaves, the tasks nothing depends on.
fn result_of(run: &Run, plan: &Job) -> ResultState {
    let end = |task: usize| match run.tasks.get(task) {
        Some(TaskState::Ended(end)) => *end,
        _ => TaskEnd::Failed,
    };
    if run.timed_out {
        return ResultState::TimedOut;
    }
    let is_leaf = |task: usize| !plan.tasks.iter().any(|t| t.depends_on.contains(&task));
    let leaves = (0..plan.tasks.len()).filter(|t| is_leaf(*t)).map(end);
    let mut worst = None;
    for end in leaves.filter(|e| e.failed()) {
        worst = Some(match end {
            TaskEnd::TimedOut => ResultState::TimedOut,
            TaskEnd::UpstreamFailed => worst.unwrap_or(ResultState::UpstreamFailed),
            _ => ResultState::Failed,
        });
    }
    let some_failed = (0..plan.tasks.len()).map(end).any(|e| e.failed());
    worst.unwrap_or(if some_failed {
        ResultState::SuccessWithFailures
    } else {
        ResultState::Success
    })
}

/// How long work takes where there are cores for all of it.
fn serverless_seconds(work: Arc<Work>, draws: DrawKey) -> i64 {
    let mut executors = Executors::new(Scheduling::Fair, 0);
    executors.add_worker(WorkerId(0), SERVERLESS_CORES, 0);
    executors.submit(WorkId(0), work, draws, 0);
    let mut ended = executors.advance(0);
    while ended.is_empty() {
        let Some(next) = executors.next() else { return 0 };
        ended = executors.advance(next);
    }
    ended.first().map_or(0, |e| e.at)
}

/// What serverless compute is billed by before any change of the workspace's tier, and after each.
fn serverless_rates(serverless: &Serverless) -> Result<DbuRates, SimulationError> {
    let meters = std::iter::once(&serverless.meter).chain(&serverless.after_tier_changes);
    let tiers: Vec<Arc<[Rate]>> = meters
        .map(|meter| {
            rates([&MeterRate {
                meter: meter.clone(),
                per_hour: serverless.dbu_per_hour,
                increment: Increment::PER_SECOND,
            }])
        })
        .collect::<Result<_, _>>()?;
    Ok(tiers.into())
}
