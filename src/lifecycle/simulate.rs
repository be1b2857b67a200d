//! The loop: what is due happens, and what follows from it is planned.

use super::index::ClusterIndex;
use std::sync::Arc;

use super::between::Between;
use super::cluster::{Cluster, Done, Work};
use super::draw::Purpose;
use super::history::{Ending, creating, running, starting, terminating};
use super::schedule::Afterwards;
use super::simulation::{Outcome, Progress, Simulation, SimulationError, SkippedRun};
use super::state::{IllegalTransition, Trigger};
use super::world::{Happening, World};
use crate::databricks::event::EventType;
use crate::databricks::state::State;
use crate::model::period::{Instant, next_midnight};

/// Runs a simulation from the start of its period to the end; tells at each day that begins how far it is.
///
/// # Errors
/// [`SimulationError`] when the input does not fit together: an unknown pool, meters that do not fit the
/// nodes.
pub fn simulate(input: &Simulation, observe: &mut dyn FnMut(Progress)) -> Result<Outcome, SimulationError> {
    let mut world = World::new(input)?;
    world.plan_inputs();
    for pool in world.pool_indices() {
        world.keep_minimum(pool, input.period.start)?;
    }
    let mut day = input.period.start;
    while let Some((at, what)) = world.queue.pop_before(input.period.end) {
        if at >= day {
            observe(Progress {
                at,
                period: input.period,
            });
            day = next_midnight(at);
        }
        world.happen(at, what)?;
    }
    observe(Progress {
        at: input.period.end,
        period: input.period,
    });
    Ok(world.into_outcome())
}

impl World<'_> {
    /// Plans what the input says: creations and runs. Sessions are planned when their cluster is created.
    fn plan_inputs(&mut self) {
        let input = self.input;
        for (number, cluster) in input.clusters.iter().enumerate() {
            if input.period.contains(cluster.life.create_at) {
                self.plan(cluster.life.create_at, Happening::Created { input: number });
            }
        }
        for (job, plan) in input.jobs.iter().enumerate() {
            for (number, at) in (1..).zip(plan.runs.schedule.instants(&input.period)) {
                self.plan(at, Happening::RunDue { job, number });
            }
        }
    }

    fn happen(&mut self, at: Instant, what: Happening) -> Result<(), SimulationError> {
        match what {
            Happening::Created { input } => self.create(input, at),
            Happening::SessionStarts { cluster, work } => self.use_cluster(cluster, work, at),
            Happening::RunDue { job, number } => self.run(job, number, at),
            Happening::NodesCame { cluster, start } => self.nodes_came(cluster, start, at),
            Happening::WorkDone { cluster, start, then } => self.work_done(cluster, start, then, at),
            Happening::ClusterIdled { cluster, mark } => self.idled(cluster, mark, at),
            Happening::Retired { cluster } => self.retire(cluster, at),
            Happening::Released { cluster } => self.released(cluster, at),
            Happening::InstanceCame { instance } => self.instance_came(instance, at),
            Happening::InstanceIdled { instance, since } => self.instance_idled(instance, since, at),
        }
    }

    /// A user creates an all-purpose cluster.
    fn create(&mut self, input: usize, at: Instant) -> Result<(), SimulationError> {
        let plan = self
            .input
            .clusters
            .get(input)
            .ok_or(SimulationError::Lost("a cluster"))?;
        let blueprint = self
            .blueprints
            .get(input)
            .ok_or(SimulationError::Lost("a cluster"))?;
        let blueprint = Arc::clone(blueprint);
        let cluster_name = plan
            .admitted
            .spec
            .cluster_name
            .clone()
            .unwrap_or_else(|| plan.name.clone());
        let cluster_id = self.cluster_id(&blueprint.object, 0, at);
        let subject = Arc::new(blueprint.subject(cluster_id, cluster_name));
        let cluster = self.add_cluster(Cluster::new(blueprint, 0, subject));
        let end = plan.life.terminate_at.unwrap_or(self.input.period.end);
        if self.input.period.contains(end) {
            self.plan(end, Happening::Retired { cluster });
        }
        for session in &plan.life.sessions {
            for start in session.days.instants(session.start, &self.input.period) {
                if start >= plan.life.create_at && start < end {
                    let then = Done::Session(session.then);
                    let work = self.work(cluster, session.minutes, start, then)?;
                    self.plan(start, Happening::SessionStarts { cluster, work });
                }
            }
        }
        self.begin_creation(cluster, at)
    }

    /// A run of a job is due: it gets a cluster of its own.
    fn run(&mut self, job: usize, number: u64, at: Instant) -> Result<(), SimulationError> {
        let plan = self.input.jobs.get(job).ok_or(SimulationError::Lost("a job"))?;
        let entry = self.jobs.get(job).ok_or(SimulationError::Lost("a job"))?;
        let (blueprint, job_id, latest) = (Arc::clone(&entry.blueprint), entry.job_id, entry.latest);
        if let Some(latest) = latest
            && self.cluster(latest)?.is_up()
        {
            self.skipped_runs.push(SkippedRun {
                at,
                job_name: plan.name.clone(),
            });
            return Ok(());
        }
        // The job's id before the number of the run: no two runs of a workspace share an id, and another job
        // changes none.
        let run_id = job_id.saturating_mul(1_000_000).saturating_add(number);
        let cluster_name = format!("job-{job_id}-run-{run_id}-{}", plan.name);
        let cluster_id = self.cluster_id(&blueprint.object, number, at);
        let mut subject = blueprint.subject(cluster_id, cluster_name);
        subject.job_name.clone_from(&plan.name);
        subject.run_id = run_id.to_string();
        let cluster = self.add_cluster(Cluster::new(blueprint, number, Arc::new(subject)));
        let work = self.work(cluster, plan.runs.run_minutes, at, Done::Run)?;
        self.cluster(cluster)?.waiting.push(work);
        self.jobs
            .get_mut(job)
            .ok_or(SimulationError::Lost("a job"))?
            .latest = Some(cluster);
        self.begin_creation(cluster, at)
    }

    fn begin_creation(&mut self, cluster: ClusterIndex, at: Instant) -> Result<(), SimulationError> {
        self.with_cluster(cluster, |c, _, history| {
            let details = creating(&c.blueprint.admitted.owner, &c.blueprint.admitted.spec);
            history.cluster(c, at, EventType::Creating, details);
        })?;
        self.acquire_nodes(cluster, at)
    }

    /// A session begins: it starts its cluster if that is down.
    fn use_cluster(&mut self, index: ClusterIndex, work: Work, at: Instant) -> Result<(), SimulationError> {
        let cluster = self.cluster(index)?;
        if cluster.retired {
            return Ok(());
        }
        match cluster.state {
            State::Running => self.begin_work(index, work, at),
            State::Terminated => {
                cluster.waiting.push(work);
                self.start(index, at)
            }
            // It waits until the cluster runs, or until it is down and can be started.
            _ => {
                cluster.waiting.push(work);
                Ok(())
            }
        }
    }

    /// A terminated cluster is started again.
    fn start(&mut self, cluster: ClusterIndex, at: Instant) -> Result<(), SimulationError> {
        self.step(cluster, Trigger::Start, at)?;
        self.with_cluster(cluster, |c, _, history| {
            history.cluster(c, at, EventType::Starting, starting(&c.blueprint.admitted.owner));
        })?;
        self.acquire_nodes(cluster, at)
    }

    /// Asks for all nodes at once. Where a pool cannot give what is wanted, nothing is taken and the cluster
    /// ends.
    fn acquire_nodes(&mut self, index: ClusterIndex, at: Instant) -> Result<(), SimulationError> {
        let cluster = self.cluster(index)?;
        cluster.starts = cluster.starts.saturating_add(1);
        let (start, blueprint) = (cluster.starts, Arc::clone(&cluster.blueprint));
        if let Some(instance_pool_id) = self.exhausted_pool(&blueprint)? {
            return self.terminate(index, &Ending::PoolExhausted { instance_pool_id }, at);
        }
        let seconds = self.supply_nodes(index, at)?;
        self.plan_after(
            at,
            seconds,
            Happening::NodesCame {
                cluster: index,
                start,
            },
        );
        Ok(())
    }

    fn nodes_came(&mut self, index: ClusterIndex, start: u64, at: Instant) -> Result<(), SimulationError> {
        let cluster = self.cluster(index)?;
        if cluster.state != State::Pending || cluster.starts != start {
            return Ok(());
        }
        self.step(index, Trigger::NodesCame, at)?;
        let waiting = self.with_cluster(index, |c, _, history| {
            let workers = u32::try_from(c.nodes.len()).unwrap_or(u32::MAX).saturating_sub(1);
            history.cluster(c, at, EventType::Running, running(workers));
            history.cluster(c, at, EventType::DriverHealthy, serde_json::json!({}));
            std::mem::take(&mut c.waiting)
        })?;
        for work in waiting {
            self.begin_work(index, work, at)?;
        }
        self.await_idleness(index, at)
    }

    fn begin_work(&mut self, index: ClusterIndex, work: Work, at: Instant) -> Result<(), SimulationError> {
        let cluster = self.cluster(index)?;
        cluster.begin();
        let start = cluster.starts;
        self.plan_after(
            at,
            work.seconds,
            Happening::WorkDone {
                cluster: index,
                start,
                then: work.then,
            },
        );
        Ok(())
    }

    fn work_done(
        &mut self,
        index: ClusterIndex,
        start: u64,
        then: Done,
        at: Instant,
    ) -> Result<(), SimulationError> {
        let cluster = self.cluster(index)?;
        if cluster.state != State::Running || cluster.starts != start {
            return Ok(());
        }
        cluster.end();
        match then {
            Done::Run => self.terminate(index, &Ending::JobFinished, at),
            Done::Session(Afterwards::Terminate) => self.terminate_by_user(index, at),
            Done::Session(Afterwards::Idle) => self.await_idleness(index, at),
        }
    }

    /// If nothing is done on the cluster now, plans its auto-termination. Clusters of jobs end with their run.
    fn await_idleness(&mut self, index: ClusterIndex, at: Instant) -> Result<(), SimulationError> {
        let cluster = self.cluster(index)?;
        let minutes = cluster.autotermination_minutes();
        if let (Some(mark), Some(minutes)) = (cluster.idle_mark(), minutes) {
            let seconds = i64::from(minutes).saturating_mul(60);
            self.plan_after(at, seconds, Happening::ClusterIdled { cluster: index, mark });
        }
        Ok(())
    }

    fn idled(&mut self, index: ClusterIndex, mark: u64, at: Instant) -> Result<(), SimulationError> {
        let cluster = self.cluster(index)?;
        match cluster.autotermination_minutes() {
            Some(minutes) if cluster.idle_mark() == Some(mark) => {
                self.terminate(index, &Ending::Inactivity { minutes }, at)
            }
            _ => Ok(()),
        }
    }

    /// A user terminates the cluster for good: what waits for it is dropped.
    fn retire(&mut self, index: ClusterIndex, at: Instant) -> Result<(), SimulationError> {
        let cluster = self.cluster(index)?;
        cluster.retired = true;
        cluster.waiting.clear();
        if cluster.is_up() {
            self.terminate_by_user(index, at)
        } else {
            Ok(())
        }
    }

    fn terminate_by_user(&mut self, index: ClusterIndex, at: Instant) -> Result<(), SimulationError> {
        let user = self.cluster(index)?.blueprint.admitted.owner.clone();
        self.terminate(index, &Ending::UserRequest { user }, at)
    }

    fn terminate(
        &mut self,
        index: ClusterIndex,
        ending: &Ending,
        at: Instant,
    ) -> Result<(), SimulationError> {
        self.step(index, Trigger::Terminate, at)?;
        let (draws, range) = (self.draws, self.input.timing.termination_seconds);
        let seconds = self.with_cluster(index, |c, _, history| {
            c.abandon();
            history.cluster(c, at, EventType::Terminating, terminating(ending));
            draws.within(
                range,
                &c.blueprint.object,
                Purpose::Termination,
                &[c.number, c.starts],
            )
        })?;
        self.plan_after(at, i64::from(seconds), Happening::Released { cluster: index });
        Ok(())
    }

    /// The tear-down is complete. A session that came meanwhile starts the cluster again.
    fn released(&mut self, index: ClusterIndex, at: Instant) -> Result<(), SimulationError> {
        self.step(index, Trigger::Released, at)?;
        self.return_nodes(index, at)?;
        if self.cluster(index)?.waiting.is_empty() {
            Ok(())
        } else {
            self.start(index, at)
        }
    }

    fn step(&mut self, index: ClusterIndex, trigger: Trigger, at: Instant) -> Result<(), SimulationError> {
        self.with_cluster(index, |c, meters, _| {
            c.step(trigger, at, meters).map_err(|source: IllegalTransition| {
                SimulationError::IllegalTransition {
                    cluster_id: c.subject.cluster_id.clone(),
                    source,
                }
            })
        })?
    }

    /// How long a work will last. The draw hangs on the instant at which the work is due, so that another
    /// session changes nothing.
    fn work(
        &mut self,
        index: ClusterIndex,
        minutes: Between,
        due: Instant,
        then: Done,
    ) -> Result<Work, SimulationError> {
        let draws = self.draws;
        let cluster = self.cluster(index)?;
        let due = u64::try_from(due.timestamp()).unwrap_or_default();
        let minutes = draws.within(minutes, &cluster.blueprint.object, Purpose::Work, &[due]);
        Ok(Work {
            seconds: i64::from(minutes).saturating_mul(60),
            then,
        })
    }

    /// Month and day, time, and eight letters of chance: `1001-020000-k3j2h1g0`.
    fn cluster_id(&self, object: &str, number: u64, at: Instant) -> String {
        let letters = self.draws.letters(object, Purpose::ClusterId, &[number]);
        format!("{}-{letters}", at.format("%m%d-%H%M%S"))
    }
}
