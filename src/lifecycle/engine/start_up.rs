//! A start, from the request to RUNNING.
//!
//! The request is accepted and looked at; then machines are asked for, all at once, and from that moment on they are
//! billed. Each is allocated, gets its network and disks and its image; one that a pool held ready has all but the
//! image, and that too if the runtime was preloaded. Init scripts run on every machine before Spark does. The driver
//! boots and opens its context; workers register. When enough of them have, libraries and security follow, and the
//! cluster is RUNNING. Workers that register later join then. A restart keeps the machines; an edit of a running
//! cluster starts it on new ones.

use serde_json::json;
use std::sync::Arc;

use super::cluster::{Node, StartUp};
use super::happening::{Ailment, Happening};
use super::index::ClusterKey;
use super::queue::Second;
use super::supply::{note, step_index};
use super::world::{Done, World};
use crate::databricks::cluster_spec::Role;
use crate::databricks::event::{EventDetails, EventType, Reason};
use crate::databricks::state::State;
use crate::databricks::termination::TerminationCode;
use crate::lifecycle::draw::Purpose;
use crate::lifecycle::state::Trigger;
use crate::lifecycle::timing::Step;
use crate::lifecycle::work::WorkerId;

impl World<'_> {
    /// A start begins; its first event has been told.
    pub fn begin_start(&mut self, key: ClusterKey, began_as: EventType, at: Second) -> Done {
        let timing = self.input.timing;
        let Some(cluster) = self.clusters.get_mut(key) else {
            return Ok(());
        };
        cluster.starts += 1;
        cluster.terminated_at = None;
        cluster.idle_planned = None;
        cluster.new_life();
        cluster.recoveries = 0;
        cluster.recovery_planned = false;
        cluster.step_up = 0;
        cluster.step_down = 1;
        let start = cluster.starts;
        let mut start_up = StartUp {
            began_as: began_as.as_str(),
            requested: at,
            ..StartUp::default()
        };
        let index = [cluster.number, start];
        let draws = self.draws.key(&cluster.blueprint.object, Purpose::Steps, &index);
        let mut from = at;
        for (step, range) in [(Step::Accept, timing.accept), (Step::Validate, timing.validate)] {
            let seconds = i64::from(draws.within(range, step_index(step)));
            from = note(&mut start_up.steps, None, step, from, seconds);
        }
        cluster.starting = Some(start_up);
        if from == at {
            return self.provision(key, start, at);
        }
        self.plan(from, Happening::Provision { cluster: key, start });
        Ok(())
    }

    /// Asks for the machines that the cluster does not have yet, and computes when it will be RUNNING.
    pub fn provision(&mut self, key: ClusterKey, start: u64, at: Second) -> Done {
        let Some(cluster) = self.clusters.get_mut(key) else {
            return Ok(());
        };
        let starting = matches!(cluster.state, State::Pending | State::Restarting);
        if cluster.starts != start || !starting {
            return Ok(());
        }
        let blueprint = Arc::clone(&cluster.blueprint);
        let mut start_up = cluster.starting.take().unwrap_or_default();
        let target = cluster.target;
        let has_driver = !cluster.nodes.is_empty();
        start_up.in_place = has_driver;
        let missing = target.saturating_sub(cluster.present_workers());
        for node in &mut cluster.nodes {
            node.registers = node.registers.max(at);
            node.joined = false;
            node.excluded = false;
        }
        if let Some(reason) = self.exhausted_pool(&blueprint, !has_driver, missing) {
            return self.fail_start(key, start_up, reason, at);
        }
        let mut steps = std::mem::take(&mut start_up.steps);
        if !has_driver {
            match self.request_node(key, Role::Driver, 0, at, &mut steps) {
                Ok(node) => self.add_node(key, node),
                Err(reason) => {
                    start_up.steps = steps;
                    return self.fail_start(key, start_up, reason, at);
                }
            }
        }
        for _ in 0..missing {
            let ordinal = self.next_ordinal(key);
            match self.request_node(key, Role::Worker, ordinal, at, &mut steps) {
                Ok(node) => self.add_node(key, node),
                Err(reason) => {
                    start_up.shortage.get_or_insert(reason);
                }
            }
        }
        for pool in [blueprint.driver.pool, blueprint.worker.pool]
            .into_iter()
            .flatten()
        {
            self.keep_minimum(pool, at);
        }
        start_up.steps = steps;
        self.schedule_start(key, start_up, at)
    }

    /// All machines have been asked for: when what follows will have happened.
    fn schedule_start(&mut self, key: ClusterKey, mut start_up: StartUp, at: Second) -> Done {
        let timing = self.input.timing;
        let Some(cluster) = self.clusters.get(key) else {
            return Ok(());
        };
        let (start, blueprint) = (cluster.starts, Arc::clone(&cluster.blueprint));
        let enough = enough_workers(cluster.target, timing.enough_workers_percent);
        if cluster.present_workers() < enough {
            let usual = || Reason::new(TerminationCode::CloudProviderResourceStockout, []);
            let reason = start_up.shortage.clone().unwrap_or_else(usual);
            return self.fail_start(key, start_up, reason, at);
        }
        let index = [cluster.number, start];
        let draws = self.draws.key(&blueprint.object, Purpose::Steps, &index);
        let seconds = |step, range| i64::from(draws.within(range, step_index(step)));
        let steps = &mut start_up.steps;
        let Some(driver) = cluster.nodes.first() else {
            return Ok(());
        };
        let (scripts, driver_ready) = (driver.usable, driver.registers);
        let boot = seconds(Step::DriverBoot, timing.driver_boot);
        let booted = note(steps, Some(0), Step::DriverBoot, driver_ready, boot);
        let context = seconds(Step::SparkContext, timing.spark_context);
        let context = note(steps, Some(0), Step::SparkContext, booted, context);
        let register: Vec<(u64, Second)> = cluster
            .workers()
            .map(|node| {
                let index = [cluster.number, start, node.ordinal];
                let draws = self.draws.key(&blueprint.object, Purpose::Steps, &index);
                let seconds = draws.within(timing.register, step_index(Step::Register));
                let number = u32::try_from(node.ordinal).unwrap_or(u32::MAX);
                let from = node.registers.max(context);
                (
                    node.ordinal,
                    note(steps, Some(number), Step::Register, from, i64::from(seconds)),
                )
            })
            .collect();
        let mut by_time: Vec<Second> = register.iter().map(|(_, at)| *at).collect();
        by_time.sort_unstable();
        let nth = usize::try_from(enough).unwrap_or(usize::MAX);
        let registered = nth
            .checked_sub(1)
            .and_then(|i| by_time.get(i))
            .copied()
            .unwrap_or(context);
        let mut running = registered.max(context);
        if blueprint.has_libraries || cluster.task_libraries {
            let libraries = seconds(Step::Libraries, timing.libraries);
            running = note(steps, None, Step::Libraries, running, libraries);
        }
        let security = seconds(Step::Security, timing.security);
        running = note(steps, None, Step::Security, running, security);
        let chance = self
            .draws
            .key(&blueprint.object, Purpose::InitScripts, &index)
            .below(1_000_000, 0);
        let failed = chance < u64::from(self.input.hazards.init_script_failure);
        let in_place = start_up.in_place;
        if let Some(cluster) = self.clusters.get_mut(key) {
            for (ordinal, at) in &register {
                if let Some(node) = cluster.nodes.iter_mut().find(|n| n.ordinal == *ordinal) {
                    node.registers = *at;
                }
            }
            if let Some(driver) = cluster.nodes.first_mut() {
                driver.registers = running;
            }
            cluster.starting = Some(start_up);
        }
        if blueprint.has_init_scripts && !in_place {
            self.plan(scripts, Happening::InitScriptsStart { cluster: key, start });
            let end = Happening::InitScriptsEnd {
                cluster: key,
                start,
                failed,
            };
            self.plan(driver_ready, end);
            if failed {
                return Ok(());
            }
        }
        self.plan(running, Happening::Started { cluster: key, start });
        for (ordinal, at) in register {
            if at > running {
                self.plan(
                    at,
                    Happening::Joined {
                        cluster: key,
                        start,
                        ordinal,
                    },
                );
            }
        }
        Ok(())
    }

    pub fn init_scripts_start(&mut self, key: ClusterKey, start: u64, at: Second) -> Done {
        if self.is_starting(key, start) {
            let details = self.init_script_details(key, None);
            self.tell(key, at, EventType::InitScriptsStarted, details);
        }
        Ok(())
    }

    pub fn init_scripts_end(&mut self, key: ClusterKey, start: u64, failed: bool, at: Second) -> Done {
        if !self.is_starting(key, start) {
            return Ok(());
        }
        let details = self.init_script_details(key, Some(failed));
        let instance_id = details.instance_id.clone();
        self.tell(key, at, EventType::InitScriptsFinished, details);
        if !failed {
            return Ok(());
        }
        let parameters = [(
            "instance_id",
            instance_id.as_deref().unwrap_or_default().to_owned(),
        )];
        self.terminate(
            key,
            Reason::new(TerminationCode::InitScriptFailure, parameters),
            None,
            at,
        )
    }

    fn is_starting(&self, key: ClusterKey, start: u64) -> bool {
        self.clusters
            .get(key)
            .is_some_and(|c| c.starts == start && matches!(c.state, State::Pending | State::Restarting))
    }

    /// `InitScriptEventDetails` of the driver: before, or after with how it went.
    fn init_script_details(&self, key: ClusterKey, failed: Option<bool>) -> EventDetails {
        let Some(cluster) = self.clusters.get(key) else {
            return EventDetails::default();
        };
        let node = cluster.nodes.first().map(|n| Arc::clone(&n.instance_id));
        let scripts = cluster
            .blueprint
            .init_scripts
            .as_array()
            .cloned()
            .unwrap_or_default();
        let last = scripts.len().saturating_sub(1);
        let listed: Vec<serde_json::Value> = scripts
            .into_iter()
            .enumerate()
            .map(|(i, mut script)| {
                if let (Some(failed), Some(script)) = (failed, script.as_object_mut()) {
                    let status = if failed && i == last {
                        "FAILED_EXECUTION"
                    } else {
                        "SUCCEEDED"
                    };
                    script.insert("status".to_owned(), json!(status));
                }
                script
            })
            .collect();
        EventDetails {
            init_scripts: Some(json!({"cluster": listed, "reported_for_node": node.as_deref()})),
            instance_id: node,
            ..EventDetails::default()
        }
    }

    /// The start has come to its end: RUNNING.
    pub fn started(&mut self, key: ClusterKey, start: u64, at: Second) -> Done {
        if !self.is_starting(key, start) {
            return Ok(());
        }
        let Some(cluster) = self.clusters.get_mut(key) else {
            return Ok(());
        };
        for node in &mut cluster.nodes {
            node.joined = node.registers <= at;
        }
        self.step(key, Trigger::Ready, at)?;
        let Some(cluster) = self.clusters.get_mut(key) else {
            return Ok(());
        };
        let single_node = cluster.target == 0;
        let start_up = cluster.starting.take().unwrap_or_default();
        let joined: Vec<(WorkerId, u32)> = cluster
            .nodes
            .iter()
            .filter(|n| n.joined && (n.role == Role::Worker || single_node))
            .map(|n| (WorkerId(n.ordinal), n.vcpus))
            .collect();
        for (worker, cores) in joined {
            cluster.executors.add_worker(worker, cores, at);
        }
        let (current, target) = (cluster.current_workers(), cluster.target);
        let missing = cluster.present_workers() < target;
        let shortage = start_up.shortage.clone().filter(|_| missing);
        let details = EventDetails {
            current_num_workers: Some(current),
            target_num_workers: Some(target),
            current_num_vcpus: Some(cluster.vcpus(current)),
            target_num_vcpus: Some(cluster.vcpus(target)),
            reason: shortage,
            ..EventDetails::default()
        };
        let waiting = std::mem::take(&mut cluster.waiting);
        self.out.push(start_up.record(&cluster.subject, Some(at)));
        self.tell(key, at, EventType::Running, details);
        self.tell(key, at, EventType::DriverHealthy, EventDetails::default());
        self.place_machines(key);
        for ailment in Ailment::ALL {
            self.plan_ailment(key, ailment, at, 0);
        }
        self.begin_stats(key, at);
        if missing {
            self.plan_recovery(key, false, at);
        }
        for waiting in waiting {
            self.begin_work(key, waiting, at)?;
        }
        self.reconsider(key, at);
        Ok(())
    }

    /// A start that comes to nothing.
    fn fail_start(&mut self, key: ClusterKey, start_up: StartUp, reason: Reason, at: Second) -> Done {
        if let Some(cluster) = self.clusters.get_mut(key) {
            cluster.starting = Some(start_up);
        }
        self.terminate(key, reason, None, at)
    }

    pub fn add_node(&mut self, key: ClusterKey, node: Node) {
        if let Some(cluster) = self.clusters.get_mut(key) {
            cluster.nodes.push(node);
        }
    }

    pub fn next_ordinal(&mut self, key: ClusterKey) -> u64 {
        self.clusters.get_mut(key).map_or(0, |c| {
            let ordinal = c.next_ordinal;
            c.next_ordinal += 1;
            ordinal
        })
    }

    /// Machines that come from the cloud for this cluster are in it from now on; those of pools are told of when they
    /// come.
    pub fn place_machines(&mut self, key: ClusterKey) {
        let Some(cluster) = self.clusters.get(key) else {
            return;
        };
        for node in cluster.nodes.iter().filter(|n| n.joined) {
            if let Some(machine) = self.machines.get_mut(node.machine)
                && machine.pool.is_none()
            {
                machine.place = super::machine::Place::Placed { cluster: key };
            }
        }
    }
}

/// Workers that must have come for a cluster of so many to be RUNNING.
pub(super) fn enough_workers(target: u32, percent: u32) -> u32 {
    let enough = u64::from(target) * u64::from(percent.min(100));
    u32::try_from(enough.div_ceil(100)).unwrap_or(target)
}
