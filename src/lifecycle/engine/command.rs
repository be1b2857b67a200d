//! What users ask of clusters: creation, and the calls of the Clusters API, each answered by the state table.

use std::sync::Arc;

use super::blueprint::{Blueprint, starting_workers};
use super::cluster::{Cluster, Purpose};
use super::happening::Happening;
use super::index::ClusterKey;
use super::queue::Second;
use super::world::{Done, World};
use crate::databricks::event::{Cause, ClusterSize, EventDetails, EventType};
use crate::databricks::run::TaskResult;
use crate::lifecycle::draw;
use crate::lifecycle::simulation::{Command, Record, Refusal, SimulationError};
use crate::lifecycle::state::{Answer, ApiError, Call, Trigger, answer, gone};
use crate::lifecycle::work::Executors;
use crate::model::period::from_unix;
use crate::model::usage::Subject;

/// Clusters of a workspace that can be pinned, as documented.
const MAX_PINNED: u32 = 100;

impl World<'_> {
    /// A user creates an all-purpose cluster.
    pub fn create(&mut self, input: usize, at: Second) -> Done {
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
        let name = blueprint
            .cluster_name
            .clone()
            .unwrap_or_else(|| plan.name.clone());
        let subject = self.subject(&blueprint, 0, name, at);
        let id = Arc::from(subject.cluster_id.as_str());
        let key = self.new_cluster(blueprint, Purpose::AllPurpose { input }, 0, subject);
        if let Some(slot) = self.created.get_mut(input) {
            *slot = Some((key, id));
        }
        for (number, (at, _)) in plan.commands.iter().enumerate() {
            self.plan(at.timestamp(), Happening::Commanded { input, number });
        }
        for (session, plan) in plan.sessions.iter().enumerate() {
            for due in plan.times.instants(&self.input.period) {
                let due = due.timestamp();
                if due >= at {
                    self.plan(
                        due,
                        Happening::SessionStarts {
                            cluster: key,
                            session,
                            due,
                        },
                    );
                }
            }
        }
        self.begin_creation(key, at)
    }

    /// Whose a cluster of a blueprint is, as far as its driver is concerned.
    pub fn subject(&self, blueprint: &Blueprint, number: u64, cluster_name: String, at: Second) -> Subject {
        Subject {
            workspace: blueprint.workspace_name.to_string(),
            team: blueprint.team.clone(),
            cluster_id: self.cluster_id(&blueprint.object, number, at),
            cluster_name,
            pool: blueprint.driver.pool_id.to_string(),
            owner: blueprint.owner.to_string(),
            policy: blueprint.policy.clone(),
            tags: blueprint.tags.clone(),
            ..Subject::default()
        }
    }

    /// Month and day, time, and eight letters of chance: `1001-020000-k3j2h1g0`.
    fn cluster_id(&self, object: &str, number: u64, at: Second) -> String {
        let letters = self.draws.letters(object, draw::Purpose::ClusterId, &[number]);
        format!("{}-{letters}", from_unix(at).format("%m%d-%H%M%S"))
    }

    pub fn new_cluster(
        &mut self,
        blueprint: Arc<Blueprint>,
        purpose: Purpose,
        number: u64,
        subject: Subject,
    ) -> ClusterKey {
        let executors = Executors::new(blueprint.scheduling, self.input.timing.locality_wait);
        let cluster = Cluster::new(blueprint, purpose, number, Arc::new(subject), executors);
        self.clusters.insert(cluster)
    }

    pub fn begin_creation(&mut self, key: ClusterKey, at: Second) -> Done {
        let Some(cluster) = self.clusters.get(key) else {
            return Ok(());
        };
        let details = EventDetails {
            user: Some(Arc::clone(&cluster.blueprint.owner)),
            cluster_size: Some(cluster.size),
            attributes: Some(Arc::clone(&cluster.blueprint.attributes)),
            job_run_name: cluster.job_run_name.clone(),
            ..EventDetails::default()
        };
        self.tell(key, at, EventType::Creating, details);
        self.begin_start(key, EventType::Creating, at)
    }

    /// A terminated cluster is started again, at the size it was asked for last; autoscaling starts at its minimum.
    pub fn start(&mut self, key: ClusterKey, at: Second) -> Done {
        self.step(key, Trigger::Start, at)?;
        let Some(cluster) = self.clusters.get_mut(key) else {
            return Ok(());
        };
        cluster.target = starting_workers(cluster.size);
        cluster.next_ordinal = 1;
        let details = EventDetails {
            user: Some(Arc::clone(&cluster.blueprint.owner)),
            cluster_size: Some(cluster.size),
            ..EventDetails::default()
        };
        self.tell(key, at, EventType::Starting, details);
        self.begin_start(key, EventType::Starting, at)
    }

    /// A user asks something of a cluster.
    pub fn commanded(&mut self, input: usize, number: usize, at: Second) -> Done {
        let simulation = self.input;
        let command = simulation
            .clusters
            .get(input)
            .and_then(|c| c.commands.get(number));
        let created = self.created.get(input).cloned().flatten();
        let (Some((_, command)), Some((key, cluster_id))) = (command, created) else {
            return Ok(());
        };
        match self.obey(key, &cluster_id, input, number, command, at)? {
            Ok(()) => Ok(()),
            Err(error) => {
                self.out.push(Record::Refusal(Refusal {
                    at: from_unix(at),
                    cluster_id,
                    call: command.as_str(),
                    error_code: error.error_code,
                    message: error.message,
                }));
                Ok(())
            }
        }
    }

    fn obey(
        &mut self,
        key: ClusterKey,
        cluster_id: &str,
        input: usize,
        number: usize,
        command: &Command,
        at: Second,
    ) -> Result<Result<(), ApiError>, SimulationError> {
        let Some(cluster) = self.clusters.get_mut(key) else {
            return Ok(Err(gone(cluster_id)));
        };
        let answer = match answer(cluster_id, cluster.of_job(), cluster.state, call_of(command)) {
            Ok(answer) => answer,
            Err(error) => return Ok(Err(error)),
        };
        match (command, answer) {
            (Command::Start, _) => self.start(key, at)?,
            (Command::Restart, _) => self.restart(key, at)?,
            (Command::Edit(admitted), answer) => {
                let object = format!("cluster/{}/edit-{number}", self.name_of(input));
                let blueprint = self.blueprint(object, admitted)?;
                self.edit(key, blueprint, answer, at)?;
            }
            (Command::Resize(workers), _) => {
                cluster.size = ClusterSize::Fixed {
                    num_workers: *workers,
                };
                let user = Some(Arc::clone(&cluster.blueprint.owner));
                self.resize(key, *workers, Cause::UserRequest, user, at)?;
                self.reconsider(key, at);
            }
            (
                Command::ResizeAutoscale {
                    min_workers,
                    max_workers,
                },
                _,
            ) => {
                let (min, max) = (*min_workers, *max_workers);
                cluster.size = ClusterSize::Autoscale {
                    min_workers: min,
                    max_workers: max,
                };
                let user = Some(Arc::clone(&cluster.blueprint.owner));
                let target = cluster.target.clamp(min.min(max), max);
                self.resize(key, target, Cause::UserRequest, user, at)?;
                self.plan_stats(key, at);
                self.reconsider(key, at);
            }
            (Command::Delete, Answer::Moves(_)) => self.terminate_by_user(key, at)?,
            (Command::Delete, _) => {}
            (Command::Retire, answer) => {
                cluster.retired = true;
                match answer {
                    Answer::Moves(_) => self.terminate_by_user(key, at)?,
                    _ => self.abandon_work(key, TaskResult::ClusterError, at)?,
                }
            }
            (Command::PermanentDelete, answer) => {
                cluster.deleted = true;
                cluster.retired = true;
                match answer {
                    Answer::Moves(_) => self.terminate_by_user(key, at)?,
                    _ => {
                        self.abandon_work(key, TaskResult::ClusterError, at)?;
                        self.delete_for_good(key, at)?;
                    }
                }
            }
            (Command::Pin, _) => return Ok(self.pin(key, at)),
            (Command::Unpin, _) => {
                if cluster.pinned {
                    cluster.pinned = false;
                    if let Some(site) = self.sites.get_mut(cluster.blueprint.workspace.0) {
                        site.pinned = site.pinned.saturating_sub(1);
                    }
                    let details = self.by_owner(key);
                    self.tell(key, at, EventType::Unpinned, details);
                    self.forget_if_due(key, at)?;
                }
            }
        }
        Ok(Ok(()))
    }

    /// Pinning twice changes nothing; a workspace has at most 100 pinned clusters.
    fn pin(&mut self, key: ClusterKey, at: Second) -> Result<(), ApiError> {
        let Some(cluster) = self.clusters.get_mut(key) else {
            return Ok(());
        };
        if cluster.pinned {
            return Ok(());
        }
        let Some(site) = self.sites.get_mut(cluster.blueprint.workspace.0) else {
            return Ok(());
        };
        if site.pinned >= MAX_PINNED {
            return Err(ApiError {
                error_code: "INVALID_PARAMETER_VALUE",
                message: format!("At most {MAX_PINNED} clusters can be pinned"),
            });
        }
        site.pinned += 1;
        cluster.pinned = true;
        let details = self.by_owner(key);
        self.tell(key, at, EventType::Pinned, details);
        Ok(())
    }

    /// A running cluster is restarted: its work is lost, its machines stay.
    fn restart(&mut self, key: ClusterKey, at: Second) -> Done {
        self.step(key, Trigger::Restart, at)?;
        let details = self.by_owner(key);
        self.tell(key, at, EventType::Restarting, details);
        self.abandon_work(key, TaskResult::ClusterError, at)?;
        self.begin_start(key, EventType::Restarting, at)
    }

    /// The definition of a cluster changes. A running one is restarted under the new definition, on new machines.
    fn edit(&mut self, key: ClusterKey, blueprint: Arc<Blueprint>, answer: Answer, at: Second) -> Done {
        let Some(cluster) = self.clusters.get_mut(key) else {
            return Ok(());
        };
        let before = std::mem::replace(&mut cluster.blueprint, blueprint);
        let after = Arc::clone(&cluster.blueprint);
        let previous_size = std::mem::replace(&mut cluster.size, after.size);
        cluster.target = starting_workers(after.size);
        let subject = Subject {
            team: after.team.clone(),
            policy: after.policy.clone(),
            tags: after.tags.clone(),
            pool: after.driver.pool_id.to_string(),
            ..(*cluster.subject).clone()
        };
        if *cluster.subject != subject {
            cluster.subject = Arc::new(subject);
        }
        let details = EventDetails {
            user: Some(Arc::clone(&before.owner)),
            previous_attributes: Some(Arc::clone(&before.attributes)),
            attributes: Some(Arc::clone(&after.attributes)),
            previous_cluster_size: Some(previous_size),
            cluster_size: Some(after.size),
            ..EventDetails::default()
        };
        self.tell(key, at, EventType::Edited, details);
        if !matches!(answer, Answer::Moves(_)) {
            // The next start is under the new `spark.scheduler.mode`; nothing is computed meanwhile.
            let locality_wait = self.input.timing.locality_wait;
            if let Some(cluster) = self.clusters.get_mut(key) {
                cluster.executors = Executors::new(after.scheduling, locality_wait);
            }
            return Ok(());
        }
        self.step(key, Trigger::Restart, at)?;
        let restarting = self.by_owner(key);
        self.tell(key, at, EventType::Restarting, restarting);
        self.abandon_work(key, TaskResult::ClusterError, at)?;
        self.return_nodes(key, at);
        if let Some(cluster) = self.clusters.get_mut(key) {
            cluster.next_ordinal = 1;
        }
        self.begin_start(key, EventType::Restarting, at)
    }

    fn by_owner(&self, key: ClusterKey) -> EventDetails {
        EventDetails {
            user: self.clusters.get(key).map(|c| Arc::clone(&c.blueprint.owner)),
            ..EventDetails::default()
        }
    }

    fn name_of(&self, input: usize) -> &str {
        self.input.clusters.get(input).map_or("", |c| c.name.as_str())
    }
}

fn call_of(command: &Command) -> Call {
    match command {
        Command::Start => Call::Start,
        Command::Restart => Call::Restart,
        Command::Edit(_) => Call::Edit,
        Command::Resize(_) | Command::ResizeAutoscale { .. } => Call::Resize,
        Command::Delete | Command::Retire => Call::Delete,
        Command::PermanentDelete => Call::PermanentDelete,
        Command::Pin => Call::Pin,
        Command::Unpin => Call::Unpin,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::databricks::state::State;

    /// `Moves` says which trigger, and the state table knows it: no call can be in order and then be impossible.
    #[test]
    fn every_call_that_moves_a_cluster_is_in_the_state_table() {
        use State::*;
        for state in [Pending, Running, Restarting, Resizing, Terminating, Terminated] {
            for call in [
                Call::Start,
                Call::Restart,
                Call::Edit,
                Call::Resize,
                Call::Delete,
                Call::PermanentDelete,
                Call::Pin,
                Call::Unpin,
            ] {
                if let Ok(Answer::Moves(trigger)) = answer("c", false, state, call) {
                    assert!(
                        crate::lifecycle::state::next(state, trigger).is_ok(),
                        "{state:?} {call:?}"
                    );
                }
            }
        }
    }
}
