//! What goes wrong: machines that are lost or evicted, disks that run full, drivers, metastores and file systems that do not
//! answer, exceptions.

use std::sync::Arc;

use super::cluster::Cluster;
use super::happening::{Ailment, Happening, Trouble};
use super::index::{ClusterKey, MachineKey};
use super::machine::{AddedSince, Place};
use super::queue::Second;
use super::world::{Done, World};
use crate::databricks::cluster_spec::Role;
use crate::databricks::event::{EventDetails, EventType, Reason};
use crate::databricks::run::TaskResult;
use crate::databricks::termination::TerminationCode;
use crate::lifecycle::draw::Purpose;
use crate::lifecycle::hazard::IncidentKind;
use crate::lifecycle::simulation::Record;
use crate::lifecycle::work::WorkerId;
use crate::model::machine::AddedDisk;
use crate::model::meter::PurchaseOption;
use crate::model::period::from_unix;

/// A disk is low on space from this share of it on, in percent.
const LOW_ON_SPACE_PERCENT: u64 = 90;
/// Databricks adds disks to an instance up to 5 TB in all (AWS, documented); taken for every cloud.
const MAX_DISK_MB: u64 = 5 * 1024 * 1024;
/// A full disk without a known size: what the events then say.
const UNKNOWN_DISK_MB: u64 = 100 * 1024;
const MB: u64 = 1024 * 1024;

impl World<'_> {
    /// A machine is evicted, if it still is there.
    pub fn evicted(&mut self, key: MachineKey, at: Second) -> Done {
        self.lose_machine(key, TerminationCode::SpotInstanceTermination, at)
    }

    /// A machine goes that nobody gave back.
    fn lose_machine(&mut self, key: MachineKey, code: TerminationCode, at: Second) -> Done {
        let Some(machine) = self.machines.get(key) else {
            return Ok(());
        };
        let (pool, place, cluster) = (machine.pool, machine.place, machine.cluster());
        if let Some(pool) = pool
            && let Some(state) = self.pools.get_mut(pool.0)
        {
            match place {
                Place::Idle { .. } => state.give_up(key),
                Place::Placed { .. } => state.used = state.used.saturating_sub(1),
                Place::Launching { cluster: Some(_) } => {
                    state.pending_used = state.pending_used.saturating_sub(1)
                }
                Place::Launching { cluster: None } => {
                    state.pending_idle = state.pending_idle.saturating_sub(1)
                }
                Place::Terminating => {}
            }
        }
        if let Some(cluster) = cluster {
            self.lose_node(cluster, key, code, at)?;
        } else {
            self.remove_machine(key, at);
        }
        if let Some(pool) = pool {
            self.keep_minimum(pool, at);
        }
        Ok(())
    }

    /// A node is lost with its machine. Without its driver a cluster ends.
    fn lose_node(&mut self, key: ClusterKey, machine: MachineKey, code: TerminationCode, at: Second) -> Done {
        let Some(cluster) = self.clusters.get_mut(key) else {
            self.remove_machine(machine, at);
            return Ok(());
        };
        let Some(index) = cluster.nodes.iter().position(|n| n.machine == machine) else {
            self.remove_machine(machine, at);
            return Ok(());
        };
        let mut node = cluster.nodes.remove(index);
        node.stop_dbus(at, &mut self.out);
        if node.joined && cluster.runs() {
            let lost = cluster.executors.remove_worker(WorkerId(node.ordinal), at);
            cluster.lost_task_seconds = cluster.lost_task_seconds.saturating_add(lost.task_seconds);
        }
        let instance_id = Arc::clone(&node.instance_id);
        let reason = Reason::new(code, [("instance_id", instance_id.to_string())]);
        let (current, target, up) = (cluster.current_workers(), cluster.target, cluster.is_up());
        self.remove_machine(machine, at);
        if !up {
            // It is being torn down: nobody misses the node, and nothing tells of it.
            return Ok(());
        }
        if node.role == Role::Driver {
            return self.terminate(key, reason, None, at);
        }
        let details = EventDetails {
            current_num_workers: Some(current),
            target_num_workers: Some(target),
            instance_id: Some(instance_id),
            reason: Some(reason),
            ..EventDetails::default()
        };
        self.tell(key, at, EventType::NodesLost, details);
        if node.draining {
            self.end_decommission(key, at);
        }
        if self.clusters.get(key).is_some_and(Cluster::runs) {
            self.plan_recovery(key, false, at);
            self.settle_size(key, at)?;
            self.reconsider(key, at);
            return Ok(());
        }
        Ok(())
    }

    /// Something happens to a worker's machine.
    pub fn worker_trouble(&mut self, key: MachineKey, what: Trouble, at: Second) -> Done {
        let Some(machine) = self.machines.get(key) else {
            return Ok(());
        };
        let Some(cluster) = machine.cluster() else {
            return match what {
                Trouble::Lost => self.lose_machine(key, TerminationCode::CommunicationLost, at),
                // Nothing fills its disk or fails on it.
                Trouble::DiskFull | Trouble::Excluded => Ok(()),
            };
        };
        let node = self
            .clusters
            .get(cluster)
            .and_then(|c| c.nodes.iter().find(|n| n.machine == key));
        match (what, node.map(|n| (n.role, n.joined, n.ordinal))) {
            // What a pool launched without knowing for whom may be a driver now; its hazards are the cluster's.
            (_, Some((Role::Driver, ..))) => Ok(()),
            (Trouble::Lost, _) => self.lose_machine(key, TerminationCode::CommunicationLost, at),
            (Trouble::DiskFull, Some((_, true, ordinal))) => self.disk_full(cluster, ordinal, at),
            (Trouble::Excluded, Some((_, true, ordinal))) => self.exclude(cluster, ordinal, at),
            (Trouble::DiskFull | Trouble::Excluded, _) => Ok(()),
        }
    }

    /// The disk of a worker runs full: disk autoscaling adds one, or the worker is used no more and replaced.
    fn disk_full(&mut self, key: ClusterKey, ordinal: u64, at: Second) -> Done {
        if self.expand_disk(key, ordinal, None, at) {
            return Ok(());
        }
        let Some(cluster) = self.clusters.get(key) else {
            return Ok(());
        };
        if !cluster.runs() {
            return Ok(());
        }
        let Some(node) = cluster.nodes.iter().find(|n| n.ordinal == ordinal) else {
            return Ok(());
        };
        let details = EventDetails {
            instance_id: Some(Arc::clone(&node.instance_id)),
            ..EventDetails::default()
        };
        let draining = node.draining;
        self.tell(key, at, EventType::NodeBlacklisted, details);
        self.drop_worker(key, ordinal, at);
        if draining {
            self.end_decommission(key, at);
        }
        self.plan_recovery(key, true, at);
        self.settle_size(key, at)?;
        self.reconsider(key, at);
        Ok(())
    }

    /// Adds a disk to a worker's machine. False if its definition or the cloud does not let it.
    fn expand_disk(&mut self, key: ClusterKey, ordinal: u64, used_mb: Option<u64>, at: Second) -> bool {
        let Some(cluster) = self.clusters.get(key) else {
            return false;
        };
        let Some(node) = cluster.nodes.iter().find(|n| n.ordinal == ordinal) else {
            return false;
        };
        let elastic = cluster.blueprint.elastic_disk;
        let site = self.sites.get(cluster.blueprint.workspace.0);
        let disk = site
            .and_then(|s| s.added_disk.as_ref())
            .map(|(disk, _)| Arc::clone(disk));
        let (Some(disk), true) = (disk, elastic) else {
            return false;
        };
        let (machine_key, instance_id) = (node.machine, Arc::clone(&node.instance_id));
        let Some(machine) = self.machines.get_mut(machine_key) else {
            return false;
        };
        let before = machine.disk_mb.unwrap_or(UNKNOWN_DISK_MB);
        let free = before.saturating_sub(used_mb.unwrap_or(before));
        let size = disk_mb(&disk);
        let mut details = EventDetails {
            instance_id: Some(Arc::clone(&instance_id)),
            previous_disk_size: Some(before.saturating_mul(MB)),
            free_space: Some(free.saturating_mul(MB)),
            ..EventDetails::default()
        };
        if before.saturating_add(size) > MAX_DISK_MB {
            details.did_not_expand_reason =
                Some("the disks of the instance have reached their maximum".to_owned());
            self.tell(key, at, EventType::DidNotExpandDisk, details);
            return used_mb.is_some();
        }
        let after = before.saturating_add(size);
        machine.disk_mb = Some(after);
        machine.added_disks.push(AddedSince { added: at, since: at });
        let number = u32::try_from(machine.added_disks.len()).unwrap_or(u32::MAX);
        self.out.push(Record::AddedDisk(AddedDisk {
            instance_id,
            number,
            disk,
            added: from_unix(at),
        }));
        details.disk_size = Some(after.saturating_mul(MB));
        self.tell(key, at, EventType::ExpandedDisk, details);
        true
    }

    /// Looks whether what tasks have left on the disks of the workers needs more room.
    pub fn watch_disks(&mut self, key: ClusterKey, at: Second) {
        let Some(cluster) = self.clusters.get(key) else {
            return;
        };
        if !cluster.fills_disks {
            return;
        }
        let low: Vec<(u64, u64)> = cluster
            .nodes
            .iter()
            .filter(|n| n.joined)
            .filter_map(|n| {
                let used = cluster.executors.disk_mb(WorkerId(n.ordinal));
                let size = self.machines.get(n.machine)?.disk_mb?;
                let limit = size.saturating_mul(LOW_ON_SPACE_PERCENT) / 100;
                (used > limit).then_some((n.ordinal, used))
            })
            .collect();
        for (ordinal, used) in low {
            self.expand_disk(key, ordinal, Some(used), at);
        }
    }

    /// Plans the next time that something happens to a cluster's health by chance, from so many hours of this life on.
    pub fn plan_ailment(&mut self, key: ClusterKey, what: Ailment, at: Second, hours: u32) {
        let hazards = &self.input.hazards;
        let (part, hazard) = match what {
            Ailment::DriverUnreachable => (0, hazards.driver_unreachable),
            Ailment::DriverNotResponding => (1, hazards.driver_not_responding),
            Ailment::MetastoreDown => (2, hazards.metastore_down),
            Ailment::DbfsDown => (3, hazards.dbfs_down),
            Ailment::SparkException => (4, hazards.spark_exception),
        };
        let Some(cluster) = self.clusters.get(key) else {
            return;
        };
        let draws = self
            .life_draws(cluster, Purpose::Health)
            .part(part)
            .part(u64::from(hours));
        let start = cluster.starts;
        if let Some(second) = draws.first_within(hazard, self.end - at) {
            let happening = Happening::Health {
                cluster: key,
                start,
                what,
                hours: hours.saturating_add(1),
            };
            self.plan(at + second, happening);
        }
    }

    pub fn health(&mut self, key: ClusterKey, start: u64, what: Ailment, hours: u32, at: Second) -> Done {
        if !self.still_runs(key, start) {
            return Ok(());
        }
        self.suffer(key, what, at)?;
        if what != Ailment::DriverUnreachable {
            self.plan_ailment(key, what, at, hours);
        }
        Ok(())
    }

    fn suffer(&mut self, key: ClusterKey, what: Ailment, at: Second) -> Done {
        let Some(cluster) = self.clusters.get_mut(key) else {
            return Ok(());
        };
        if !cluster.runs() {
            return Ok(());
        }
        let start = cluster.starts;
        let index = [cluster.number, start, u64::try_from(at).unwrap_or_default()];
        let draws = self.draws.key(&cluster.blueprint.object, Purpose::Delay, &index);
        let timing = &self.input.timing;
        let resumed = |driver| Happening::Resumed {
            cluster: key,
            start,
            driver,
        };
        let (event, range, then) = match what {
            Ailment::DriverUnreachable => {
                if std::mem::replace(&mut cluster.driver_unreachable, true) {
                    return Ok(());
                }
                let then = Happening::DriverGivenUp { cluster: key, start };
                (EventType::DriverUnavailable, timing.driver_grace, then)
            }
            Ailment::DriverNotResponding => {
                (EventType::DriverNotResponding, timing.driver_pause, resumed(true))
            }
            Ailment::MetastoreDown => (EventType::MetastoreDown, timing.metastore_outage, resumed(false)),
            Ailment::DbfsDown => (EventType::DbfsDown, timing.dbfs_outage, resumed(false)),
            Ailment::SparkException => (EventType::SparkException, timing.spark_context, resumed(true)),
        };
        cluster.outages += 1;
        cluster.executors.pause(at);
        let seconds = i64::from(draws.within(range, 3));
        self.plan(at + seconds, then);
        self.tell(key, at, event, EventDetails::default());
        if what == Ailment::SparkException {
            self.break_off(key, TaskResult::RunExecutionError, at)?;
            self.reconsider(key, at);
        }
        Ok(())
    }

    /// A driver responds again, or a metastore or DBFS is back.
    pub fn resumed(&mut self, key: ClusterKey, start: u64, driver: bool, at: Second) -> Done {
        let Some(cluster) = self.clusters.get_mut(key) else {
            return Ok(());
        };
        if cluster.starts != start || !cluster.runs() {
            return Ok(());
        }
        cluster.outages = cluster.outages.saturating_sub(1);
        if cluster.outages == 0 {
            cluster.executors.resume(at);
        }
        if driver {
            self.tell(key, at, EventType::DriverHealthy, EventDetails::default());
        }
        self.reconsider(key, at);
        Ok(())
    }

    /// A driver has been unreachable for long enough: the cluster ends.
    pub fn driver_given_up(&mut self, key: ClusterKey, start: u64, at: Second) -> Done {
        if !self.still_runs(key, start) {
            return Ok(());
        }
        self.terminate(key, Reason::new(TerminationCode::DriverUnreachable, []), None, at)
    }

    /// Something happens because the scenario says so. Nothing, if the cluster is not up, or has no such node.
    pub fn incident(&mut self, number: usize, what: IncidentKind, at: Second) -> Done {
        let Some(key) = self.incident_cluster(number) else {
            return Ok(());
        };
        let Some(cluster) = self.clusters.get(key) else {
            return Ok(());
        };
        if !cluster.is_up() {
            return Ok(());
        }
        let worker = |n: u32| {
            let index = usize::try_from(n).ok()?.checked_sub(1)?;
            cluster.workers().nth(index)
        };
        match what {
            IncidentKind::Evict(n) => {
                let node = if n == 0 { cluster.nodes.first() } else { worker(n) };
                let machine = node.map(|n| n.machine);
                let spot = |m: &MachineKey| {
                    self.machines
                        .get(*m)
                        .is_some_and(|m| m.option == PurchaseOption::Spot)
                };
                match machine.filter(spot) {
                    Some(machine) => self.evicted(machine, at),
                    None => Ok(()),
                }
            }
            IncidentKind::LoseWorker(n) => match worker(n).map(|n| n.machine) {
                Some(machine) => self.lose_machine(machine, TerminationCode::CommunicationLost, at),
                None => Ok(()),
            },
            IncidentKind::DiskFull(n) => match worker(n).filter(|n| n.joined).map(|n| n.ordinal) {
                Some(ordinal) => self.disk_full(key, ordinal, at),
                None => Ok(()),
            },
            IncidentKind::ExcludeNode(n) => match worker(n).filter(|n| n.joined).map(|n| n.ordinal) {
                Some(ordinal) => self.exclude(key, ordinal, at),
                None => Ok(()),
            },
            IncidentKind::DriverUnreachable => self.suffer(key, Ailment::DriverUnreachable, at),
            IncidentKind::DriverNotResponding => self.suffer(key, Ailment::DriverNotResponding, at),
            IncidentKind::MetastoreDown => self.suffer(key, Ailment::MetastoreDown, at),
            IncidentKind::DbfsDown => self.suffer(key, Ailment::DbfsDown, at),
            IncidentKind::SparkException => self.suffer(key, Ailment::SparkException, at),
        }
    }

    fn incident_cluster(&self, number: usize) -> Option<ClusterKey> {
        let object = &self.input.incidents.get(number)?.object;
        let of_cluster = self
            .names
            .get(object.as_str())
            .and_then(|i| self.created.get(*i)?.as_ref());
        let of_job = || self.jobs.iter().find(|j| *j.name == **object)?.latest;
        of_cluster.map(|(key, _)| *key).or_else(of_job)
    }
}

/// MiB of a disk, by the name that its cloud gives it: Azure's sizes, else 256 GiB.
fn disk_mb(name: &str) -> u64 {
    let size = name.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    let gib = match size.parse::<u32>() {
        Ok(1) => 4,
        Ok(2) => 8,
        Ok(3) => 16,
        Ok(4) => 32,
        Ok(6) => 64,
        Ok(10) => 128,
        Ok(20) => 512,
        Ok(30) => 1024,
        Ok(40) => 2048,
        Ok(50) => 4096,
        _ => 256,
    };
    gib * 1024
}
