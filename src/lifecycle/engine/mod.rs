//! The discrete-event engine: what is due happens, and what follows from it is planned.
//!
//! ```text
//! queue       what is still to happen, in a fixed order
//! happening   what can happen
//! index       which cluster, machine, run, pool, workspace
//! blueprint   what clusters are made from
//! world       everything that there is at one instant
//! cluster     one cluster: its state, its nodes, its work
//! machine     one machine: whose it is, since when
//! pool        one pool: what it holds, what it must hold
//! supply      where machines come from and where they go
//! command     what users ask of clusters
//! start_up    from the request to RUNNING
//! session     what people compute
//! job         runs of jobs, their tasks and clusters
//! size        resizes, recovery
//! autoscale   when to resize
//! stats       what autoscaling clusters report by the hour
//! health      what goes wrong
//! exclusion   workers that get no more tasks
//! ending      TERMINATING and after
//! tier        what runs when a workspace is upgraded
//! ```

mod autoscale;
mod blueprint;
mod cluster;
mod command;
mod ending;
mod exclusion;
mod happening;
mod health;
mod index;
mod job;
mod machine;
mod pool;
mod queue;
mod session;
mod size;
mod start_up;
mod stats;
mod supply;
mod tier;
mod world;

use happening::Happening;
use index::{PoolIndex, WorkspaceIndex};
use queue::Second;
use world::{Done, World};

use super::simulation::{Progress, Record, Simulation, SimulationError};
use crate::model::period::{from_unix, next_midnight};

/// Runs a simulation from the start of its period to the end. Every record goes to `tell`, whose error stops it;
/// `observe` hears at each day that begins how far it is.
///
/// # Errors
/// [`SimulationError`] when the input does not fit together, or `tell` wants no more.
pub fn simulate(
    input: &Simulation,
    tell: &mut dyn FnMut(Record) -> Result<(), String>,
    observe: &mut dyn FnMut(Progress),
) -> Result<(), SimulationError> {
    let mut world = World::new(input)?;
    world.plan_inputs();
    for pool in (0..world.pools.len()).map(PoolIndex) {
        world.keep_minimum(pool, world.start);
    }
    let mut day = world.start;
    while let Some((at, what)) = world.queue.pop_before(world.end) {
        if at >= day {
            observe(Progress {
                at: from_unix(at),
                period: input.period,
            });
            day = next_midnight(from_unix(at)).timestamp();
        }
        world.happen(at, what)?;
        for record in world.out.drain(..) {
            tell(record).map_err(SimulationError::Stopped)?;
        }
    }
    world.finish();
    for record in world.out.drain(..) {
        tell(record).map_err(SimulationError::Stopped)?;
    }
    observe(Progress {
        at: input.period.end,
        period: input.period,
    });
    Ok(())
}

impl World<'_> {
    /// Plans what the input says. Sessions and commands are planned when their cluster is created.
    fn plan_inputs(&mut self) {
        let input = self.input;
        for (number, cluster) in input.clusters.iter().enumerate() {
            if input.period.contains(cluster.create_at) {
                self.plan(
                    cluster.create_at.timestamp(),
                    Happening::Created { input: number },
                );
            }
        }
        for (job, plan) in input.jobs.iter().enumerate() {
            for (number, at) in (1..).zip(plan.schedule.instants(&input.period)) {
                self.plan(at.timestamp(), Happening::RunDue { job, number });
            }
        }
        for (index, metered) in input.workspaces.iter().enumerate() {
            for change in metered
                .workspace
                .tier_changes
                .iter()
                .filter(|c| input.period.contains(c.at))
            {
                let workspace = WorkspaceIndex(index);
                self.plan(change.at.timestamp(), Happening::TierChanges { workspace });
            }
        }
        for (number, incident) in input.incidents.iter().enumerate() {
            if input.period.contains(incident.at) {
                let what = incident.what;
                self.plan(incident.at.timestamp(), Happening::Incident { number, what });
            }
        }
    }

    fn happen(&mut self, at: Second, what: Happening) -> Done {
        use Happening::*;
        match what {
            Released { cluster } => self.released(cluster, at),
            MachineGone { machine } => {
                self.remove_machine(machine, at);
                Ok(())
            }
            MachineReady { machine } => self.machine_ready(machine, at),
            Evicted { machine } => self.evicted(machine, at),
            WorkerTrouble { machine, what } => self.worker_trouble(machine, what, at),
            Provision { cluster, start } => self.provision(cluster, start, at),
            InitScriptsStart { cluster, start } => self.init_scripts_start(cluster, start, at),
            InitScriptsEnd {
                cluster,
                start,
                failed,
            } => self.init_scripts_end(cluster, start, failed, at),
            Started { cluster, start } => self.started(cluster, start, at),
            Joined {
                cluster,
                start,
                ordinal,
            } => self.joined(cluster, start, ordinal, at),
            WorkMoves { cluster } => self.work_moves(cluster, at),
            ServerlessDone { run, task, attempt } => self.serverless_done(run, task, attempt, at),
            Decommissioned {
                cluster,
                start,
                ordinal,
            } => self.decommissioned(cluster, start, ordinal, at),
            Recover {
                cluster,
                start,
                bad_nodes,
            } => self.recover(cluster, start, bad_nodes, at),
            Resumed {
                cluster,
                start,
                driver,
            } => self.resumed(cluster, start, driver, at),
            DriverGivenUp { cluster, start } => self.driver_given_up(cluster, start, at),
            Health {
                cluster,
                start,
                what,
                hours,
            } => self.health(cluster, start, what, hours, at),
            Incident { number, what } => self.incident(number, what, at),
            Created { input } => self.create(input, at),
            Commanded { input, number } => self.commanded(input, number, at),
            SessionStarts {
                cluster,
                session,
                due,
            } => self.session_starts(cluster, session, due, at),
            CommandSent {
                cluster,
                session,
                due,
                left,
            } => self.command_sent(cluster, session, due, left, at),
            RunDue { job, number } => self.run_due(job, number, at),
            RunTurn { job } => self.run_turn(job, at),
            Retry { run, task } => self.retry(run, task, at),
            AttemptTimeout { run, task, attempt } => self.attempt_timeout(run, task, attempt, at),
            RunTimeout { run } => self.run_timeout(run, at),
            ScaleUp { cluster, start } => self.scale_up(cluster, start, at),
            ScaleDown { cluster, start } => self.scale_down(cluster, start, at),
            StatsDue { cluster, start } => self.stats_due(cluster, start, at),
            ClusterIdled { cluster, mark } => self.cluster_idled(cluster, mark, at),
            InstanceIdled { machine, since } => self.instance_idled(machine, since, at),
            Forgotten { cluster, start } => self.forgotten(cluster, start, at),
            TierChanges { workspace } => {
                self.tier_changes(workspace, at);
                Ok(())
            }
        }
    }
}
