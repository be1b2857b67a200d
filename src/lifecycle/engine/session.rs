//! Sessions and the work they bring to a cluster; the same door for the tasks of jobs.

use std::sync::Arc;

use super::cluster::{Owner, Purpose, Waiting, Working};
use super::happening::Happening;
use super::index::ClusterKey;
use super::queue::Second;
use super::world::{Done, World};
use crate::databricks::run::TaskResult;
use crate::databricks::state::State;
use crate::lifecycle::between::Between;
use crate::lifecycle::draw::{self, DrawKey};
use crate::lifecycle::simulation::{CommandRecord, Record};
use crate::lifecycle::work::{Ended, WorkId};
use crate::lifecycle::workload::{Activity, Afterwards, Session, Work};
use crate::model::period::from_unix;

impl World<'_> {
    /// A session begins.
    pub fn session_starts(&mut self, key: ClusterKey, session: usize, due: Second, at: Second) -> Done {
        let Some(plan) = self.session(key, session) else {
            return Ok(());
        };
        let owner = match &plan.activity {
            Activity::Busy { .. } => Owner::Busy { session, due },
            Activity::Commands { count, .. } => {
                let count = self.session_draws(key, session, due).within(*count, u64::MAX);
                let Some(left) = count.checked_sub(1) else {
                    return Ok(());
                };
                Owner::Command { session, due, left }
            }
        };
        self.use_cluster(key, Waiting { owner, sent: at }, at)
    }

    /// A command of a session is sent.
    pub fn command_sent(
        &mut self,
        key: ClusterKey,
        session: usize,
        due: Second,
        left: u32,
        at: Second,
    ) -> Done {
        let owner = Owner::Command { session, due, left };
        self.use_cluster(key, Waiting { owner, sent: at }, at)
    }

    /// Something is to be computed on an all-purpose cluster, which is started if that is down. Nobody
    /// uses a cluster that is terminated for good.
    pub fn use_cluster(&mut self, key: ClusterKey, waiting: Waiting, at: Second) -> Done {
        let Some(cluster) = self.clusters.get_mut(key) else {
            return Ok(());
        };
        if cluster.retired {
            return Ok(());
        }
        match cluster.state {
            State::Running | State::Resizing => {
                self.begin_work(key, waiting, at)?;
                self.reconsider(key, at);
                Ok(())
            }
            State::Terminated => {
                cluster.waiting.push(waiting);
                self.start(key, at)
            }
            // It waits until the cluster runs, or until it is down and can be started.
            _ => {
                cluster.waiting.push(waiting);
                Ok(())
            }
        }
    }

    /// Begins something on a cluster that runs. The caller reconsiders the cluster afterwards.
    pub fn begin_work(&mut self, key: ClusterKey, waiting: Waiting, at: Second) -> Done {
        let Some((work, draws, counts)) = self.work_of(key, waiting.owner) else {
            return Ok(());
        };
        let fills = work.stages.iter().any(|s| s.disk_mb_per_task > 0);
        let Some(cluster) = self.clusters.get_mut(key) else {
            return Ok(());
        };
        let id = cluster.begin(Working {
            owner: waiting.owner,
            sent: waiting.sent,
            began: at,
            counts,
        });
        cluster.fills_disks |= fills;
        cluster.executors.submit(WorkId(id), work, draws, at);
        Ok(())
    }

    /// What is to be computed, the draws of its durations, and whether auto-termination counts it.
    fn work_of(&self, key: ClusterKey, owner: Owner) -> Option<(Arc<Work>, DrawKey, bool)> {
        match owner {
            Owner::Busy { session, due } => {
                let Activity::Busy { minutes, kind } = &self.session(key, session)?.activity else {
                    return None;
                };
                let cluster = self.clusters.get(key)?;
                let index = [u64::try_from(due).unwrap_or_default()];
                let object = self.object_of(key)?;
                let drawn = self.draws.within(*minutes, &object, draw::Purpose::Work, &index);
                let seconds = Between::exactly(drawn.saturating_mul(60));
                let draws = self.life_draws(cluster, draw::Purpose::Work);
                Some((Arc::new(Work::of_driver(seconds)), draws, kind.counts()))
            }
            Owner::Command { session, due, left } => {
                let Activity::Commands { work, .. } = &self.session(key, session)?.activity else {
                    return None;
                };
                let draws = self.session_draws(key, session, due).part(u64::from(left));
                Some((Arc::clone(work), draws, true))
            }
            Owner::Attempt { run, task, .. } => {
                let (work, draws) = self.task_work(run, task)?;
                Some((work, draws, true))
            }
        }
    }

    /// The name that draws of an all-purpose cluster's sessions hang on: an edit does not change it.
    fn object_of(&self, key: ClusterKey) -> Option<String> {
        match self.clusters.get(key)?.purpose {
            Purpose::AllPurpose { input } => {
                Some(format!("cluster/{}", self.input.clusters.get(input)?.name))
            }
            Purpose::Job { .. } => None,
        }
    }

    fn session_draws(&self, key: ClusterKey, session: usize, due: Second) -> DrawKey {
        let index = [
            u64::try_from(session).unwrap_or_default(),
            u64::try_from(due).unwrap_or_default(),
        ];
        let object = self.object_of(key).unwrap_or_default();
        self.draws.key(&object, draw::Purpose::Session, &index)
    }

    fn session(&self, key: ClusterKey, session: usize) -> Option<&Session> {
        match self.clusters.get(key)?.purpose {
            Purpose::AllPurpose { input } => self.input.clusters.get(input)?.sessions.get(session),
            Purpose::Job { .. } => None,
        }
    }

    /// Tasks may have ended.
    pub fn work_moves(&mut self, key: ClusterKey, at: Second) -> Done {
        let Some(cluster) = self.clusters.get_mut(key) else {
            return Ok(());
        };
        if cluster.work_planned != Some(at) || !cluster.runs() {
            return Ok(());
        }
        cluster.work_planned = None;
        let start = cluster.starts;
        let ended = cluster.executors.advance(at);
        // All of them have ended before anything follows: whoever ends may end the cluster, and the others are not lost.
        let ended: Vec<Working> = ended
            .iter()
            .filter_map(|Ended { work, .. }| cluster.end(work.0))
            .collect();
        for working in ended {
            self.work_ended(key, working, at)?;
        }
        if !self.still_runs(key, start) {
            return Ok(());
        }
        self.watch_disks(key, at);
        self.release_drained(key, at)?;
        self.reconsider(key, at);
        Ok(())
    }

    fn work_ended(&mut self, key: ClusterKey, ended: Working, at: Second) -> Done {
        let Working {
            owner, sent, began, ..
        } = ended;
        match owner {
            Owner::Busy { session, .. } => self.session_ends(key, session, at),
            Owner::Command { session, due, left } => {
                self.tell_command(key, sent, Some(began), true, at);
                let Some(next) = left.checked_sub(1) else {
                    return self.session_ends(key, session, at);
                };
                let pause = match self.session(key, session).map(|s| &s.activity) {
                    Some(Activity::Commands { pause_seconds, .. }) => *pause_seconds,
                    _ => return Ok(()),
                };
                let seconds = self
                    .session_draws(key, session, due)
                    .within(pause, u64::from(left));
                let sent = Happening::CommandSent {
                    cluster: key,
                    session,
                    due,
                    left: next,
                };
                self.plan(at + i64::from(seconds), sent);
                Ok(())
            }
            Owner::Attempt { run, task, attempt } => {
                self.attempt_ended(run, task, attempt, Some(began), TaskResult::Success, at)
            }
        }
    }

    fn session_ends(&mut self, key: ClusterKey, session: usize, at: Second) -> Done {
        let then = self.session(key, session).map(|s| s.then);
        match then {
            Some(Afterwards::Terminate) if self.clusters.get(key).is_some_and(|c| c.runs()) => {
                self.terminate_by_user(key, at)
            }
            _ => Ok(()),
        }
    }

    pub fn tell_command(
        &mut self,
        key: ClusterKey,
        sent: Second,
        began: Option<Second>,
        done: bool,
        at: Second,
    ) {
        if let Some(cluster) = self.clusters.get(key) {
            self.out.push(Record::Command(CommandRecord {
                subject: Arc::clone(&cluster.subject),
                sent: from_unix(sent),
                began: began.map(from_unix),
                ended: from_unix(at),
                done,
            }));
        }
    }
}
