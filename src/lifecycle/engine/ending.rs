//! How clusters end: TERMINATING, the tear-down, TERMINATED, and what follows from it.

use std::sync::Arc;

use super::cluster::{Cluster, Owner, Purpose, Working};
use super::happening::Happening;
use super::index::ClusterKey;
use super::queue::Second;
use super::world::{Done, World};
use crate::databricks::event::{EventDetails, EventType, Reason};
use crate::databricks::run::TaskResult;
use crate::databricks::state::State;
use crate::databricks::termination::{TerminationCode, TerminationType};
use crate::lifecycle::draw;
use crate::lifecycle::state::Trigger;
use crate::lifecycle::work::{Executors, WorkId};

/// A cluster is permanently deleted so long after its termination, unless it is pinned: 30 days.
const FORGOTTEN_AFTER: i64 = 30 * 86_400;

impl World<'_> {
    /// A user terminates the cluster.
    pub fn terminate_by_user(&mut self, key: ClusterKey, at: Second) -> Done {
        let Some(user) = self.clusters.get(key).map(|c| Arc::clone(&c.blueprint.owner)) else {
            return Ok(());
        };
        let reason = Reason::new(TerminationCode::UserRequest, [("username", user.to_string())]);
        self.terminate(key, reason, Some(user), at)
    }

    /// Ends a cluster that is up: its work is lost, its machines go when the tear-down is complete.
    pub fn terminate(&mut self, key: ClusterKey, reason: Reason, user: Option<Arc<str>>, at: Second) -> Done {
        self.step(key, Trigger::Terminate, at)?;
        let details = EventDetails {
            reason: Some(reason.clone()),
            user,
            ..EventDetails::default()
        };
        self.tell(key, at, EventType::Terminating, details);
        let Some(cluster) = self.clusters.get(key) else {
            return Ok(());
        };
        let draws = self.life_draws(cluster, draw::Purpose::Termination);
        let seconds = i64::from(draws.within(self.input.timing.terminate, 0));
        self.plan(at + seconds, Happening::Released { cluster: key });
        let Some(cluster) = self.clusters.get_mut(key) else {
            return Ok(());
        };
        if let Some(start_up) = cluster.starting.take() {
            self.out.push(start_up.record(&cluster.subject, None));
        }
        let result = match (reason.code, reason.reason_type) {
            (TerminationCode::DriverUnreachable | TerminationCode::DriverOutOfDisk, _) => {
                TaskResult::DriverError
            }
            (_, TerminationType::CloudFailure) => TaskResult::CloudFailure,
            _ => TaskResult::ClusterError,
        };
        self.abandon_work(key, result, at)
    }

    /// All work is broken off, and what waited for the cluster is told so. Sessions that wait for an all-purpose
    /// cluster while it is being torn down come later and start it again.
    pub fn abandon_work(&mut self, key: ClusterKey, result: TaskResult, at: Second) -> Done {
        let locality_wait = self.input.timing.locality_wait;
        let broken = self.cancel_works(key, at);
        let Some(cluster) = self.clusters.get_mut(key) else {
            return Ok(());
        };
        let waited = std::mem::take(&mut cluster.waiting);
        cluster.executors = Executors::new(cluster.blueprint.scheduling, locality_wait);
        cluster.work_planned = None;
        cluster.fills_disks = false;
        cluster.scale_up_planned = false;
        cluster.scale_down_planned = None;
        cluster.outages = 0;
        cluster.driver_unreachable = false;
        for working in broken {
            self.work_lost(key, working.owner, working.sent, Some(working.began), result, at)?;
        }
        for waiting in waited {
            self.work_lost(key, waiting.owner, waiting.sent, None, result, at)?;
        }
        Ok(())
    }

    /// All that a cluster computes fails; the cluster goes on. A session whose command fails sends no more.
    pub fn break_off(&mut self, key: ClusterKey, result: TaskResult, at: Second) -> Done {
        for working in self.cancel_works(key, at) {
            self.work_lost(key, working.owner, working.sent, Some(working.began), result, at)?;
        }
        Ok(())
    }

    /// Takes all that a cluster computes off it, before anybody is told: who hears of it may end the cluster.
    fn cancel_works(&mut self, key: ClusterKey, at: Second) -> Vec<Working> {
        let Some(cluster) = self.clusters.get_mut(key) else {
            return Vec::new();
        };
        let works: Vec<u64> = cluster.works.keys().copied().collect();
        let mut lost = 0_u64;
        for work in &works {
            let broken = cluster.executors.cancel(WorkId(*work), at);
            lost = lost.saturating_add(broken.task_seconds);
        }
        cluster.lost_task_seconds = cluster.lost_task_seconds.saturating_add(lost);
        works.iter().filter_map(|id| cluster.end(*id)).collect()
    }

    fn work_lost(
        &mut self,
        key: ClusterKey,
        owner: Owner,
        sent: Second,
        began: Option<Second>,
        result: TaskResult,
        at: Second,
    ) -> Done {
        match owner {
            Owner::Busy { .. } => Ok(()),
            Owner::Command { .. } => {
                self.tell_command(key, sent, began, false, at);
                Ok(())
            }
            Owner::Attempt { run, task, attempt } => {
                self.attempt_ended(run, task, attempt, began, result, at)
            }
        }
    }

    /// The tear-down is complete. A session that came meanwhile starts the cluster again.
    pub fn released(&mut self, key: ClusterKey, at: Second) -> Done {
        let is_down = |c: &Cluster| c.state != State::Terminating;
        if self.clusters.get(key).is_none_or(is_down) {
            return Ok(());
        }
        self.step(key, Trigger::Released, at)?;
        self.return_nodes(key, at);
        let Some(cluster) = self.clusters.get_mut(key) else {
            return Ok(());
        };
        cluster.terminated_at = Some(at);
        let (start, end) = (cluster.starts, self.end);
        match cluster.purpose {
            Purpose::Job { .. } => {
                // Nobody can start it again, so nothing more can happen to it but to be forgotten.
                let gone = at + FORGOTTEN_AFTER;
                cluster.gone_at = (gone < end).then_some(gone);
                self.tell_cluster(key);
                self.clusters.remove(key);
                Ok(())
            }
            Purpose::AllPurpose { .. } if cluster.deleted => self.forget(key, at),
            Purpose::AllPurpose { .. } => {
                self.plan(at + FORGOTTEN_AFTER, Happening::Forgotten { cluster: key, start });
                let Some(cluster) = self.clusters.get(key) else {
                    return Ok(());
                };
                if cluster.waiting.is_empty() || cluster.retired {
                    return Ok(());
                }
                self.start(key, at)
            }
        }
    }

    /// Thirty days have passed since a termination.
    pub fn forgotten(&mut self, key: ClusterKey, start: u64, at: Second) -> Done {
        let due = self
            .clusters
            .get(key)
            .is_some_and(|c| c.state == State::Terminated && c.starts == start && !c.pinned);
        if due { self.forget(key, at) } else { Ok(()) }
    }

    /// There is no such cluster any more.
    fn forget(&mut self, key: ClusterKey, at: Second) -> Done {
        let Some(cluster) = self.clusters.get_mut(key) else {
            return Ok(());
        };
        cluster.gone_at = Some(at);
        if cluster.pinned
            && let Some(site) = self.sites.get_mut(cluster.blueprint.workspace.0)
        {
            site.pinned = site.pinned.saturating_sub(1);
        }
        self.tell_cluster(key);
        // Its key stays in `created`, so that whoever asks for it is told that it does not exist.
        self.clusters.remove(key);
        Ok(())
    }

    /// Unpinned: what was terminated long ago goes.
    pub fn forget_if_due(&mut self, key: ClusterKey, at: Second) -> Done {
        let due = self.clusters.get(key).is_some_and(|c| {
            c.state == State::Terminated && c.terminated_at.is_some_and(|t| t + FORGOTTEN_AFTER <= at)
        });
        if due { self.forget(key, at) } else { Ok(()) }
    }

    /// Permanently deleted while it is down or going down.
    pub fn delete_for_good(&mut self, key: ClusterKey, at: Second) -> Done {
        let Some(cluster) = self.clusters.get_mut(key) else {
            return Ok(());
        };
        cluster.deleted = true;
        cluster.retired = true;
        if cluster.state == State::Terminated {
            self.forget(key, at)
        } else {
            Ok(())
        }
    }

    /// Takes a cluster's machines from it.
    pub fn return_nodes(&mut self, key: ClusterKey, at: Second) {
        let nodes = self.clusters.get_mut(key).map(|c| std::mem::take(&mut c.nodes));
        for mut node in nodes.into_iter().flatten() {
            node.stop_dbus(at, &mut self.out);
            self.return_machine(node.machine, at);
        }
    }

    /// If nothing is done on the cluster now, plans its auto-termination. Clusters of jobs end with their run.
    pub fn await_idleness(&mut self, key: ClusterKey, at: Second) {
        let Some(cluster) = self.clusters.get_mut(key) else {
            return;
        };
        let minutes = cluster.autotermination_minutes();
        if let (Some(mark), Some(minutes)) = (cluster.idle_mark(), minutes)
            && cluster.idle_planned != Some(mark)
        {
            cluster.idle_planned = Some(mark);
            let due = at + i64::from(minutes) * 60;
            self.plan(due, Happening::ClusterIdled { cluster: key, mark });
        }
    }

    pub fn cluster_idled(&mut self, key: ClusterKey, mark: u64, at: Second) -> Done {
        let Some(cluster) = self.clusters.get(key) else {
            return Ok(());
        };
        match cluster.autotermination_minutes() {
            Some(minutes) if cluster.idle_mark() == Some(mark) => {
                let parameters = [("inactivity_duration_min", minutes.to_string())];
                self.terminate(
                    key,
                    Reason::new(TerminationCode::Inactivity, parameters),
                    None,
                    at,
                )
            }
            _ => Ok(()),
        }
    }
}
