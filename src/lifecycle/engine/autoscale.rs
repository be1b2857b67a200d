//! Autoscaling, driven by pending tasks.
//!
//! | | optimised (Premium and above) | standard |
//! |---|---|---|
//! | up | from minimum to maximum in at most two steps | 8 workers more (`spark.databricks.autoscaling.standardFirstStepUp`), then twice as many with every step |
//! | down | workers that ran nothing for 40 s on a job's cluster, 150 s on an all-purpose one (`spark.databricks.aggressiveWindowDownS`, at most 600), while others work | only when nothing at all has run for 10 minutes: 1 worker, then twice as many with every step |
//!
//! Source: Databricks' documentation of both. It does not say how often either looks; a scenario sets that
//! (`autoscale_interval`). Optimised autoscaling also takes away workers whose shuffle files nobody needs; here a
//! worker's idleness stands for that.

use super::happening::Happening;
use super::index::ClusterKey;
use super::queue::Second;
use super::world::{Done, World};
use crate::databricks::event::Cause;
use crate::databricks::state::State;
use crate::lifecycle::draw::Purpose;
use crate::lifecycle::work::WorkerId;
use crate::model::place::Tier;

const JOB_WINDOW: i64 = 40;
const ALL_PURPOSE_WINDOW: i64 = 150;
const STANDARD_WINDOW: i64 = 600;

impl World<'_> {
    /// Plans what follows from what the cluster has to do now: the next move of its work, more or fewer workers, its
    /// auto-termination.
    pub fn reconsider(&mut self, key: ClusterKey, at: Second) {
        self.plan_work(key);
        self.plan_scaling(key, at);
        self.await_idleness(key, at);
    }

    fn plan_work(&mut self, key: ClusterKey) {
        let Some(cluster) = self.clusters.get_mut(key) else {
            return;
        };
        if !cluster.runs() {
            return;
        }
        let Some(next) = cluster.executors.next() else {
            return;
        };
        if cluster.work_planned.is_none_or(|planned| next < planned) {
            cluster.work_planned = Some(next);
            self.plan(next, Happening::WorkMoves { cluster: key });
        }
    }

    fn plan_scaling(&mut self, key: ClusterKey, at: Second) {
        let Some(cluster) = self.clusters.get_mut(key) else {
            return;
        };
        let Some((min, max)) = cluster.range() else { return };
        if cluster.state != State::Running {
            return;
        }
        let start = cluster.starts;
        let demand = cluster.executors.demand();
        if demand.pending > 0 && cluster.target < max && !cluster.scale_up_planned {
            cluster.scale_up_planned = true;
            let index = [cluster.number, start, u64::try_from(at).unwrap_or_default()];
            let draws = self.draws.key(&cluster.blueprint.object, Purpose::Delay, &index);
            let seconds = i64::from(draws.within(self.input.timing.autoscale_interval, 2)).max(1);
            self.plan(at + seconds, Happening::ScaleUp { cluster: key, start });
            return;
        }
        if cluster.target <= min {
            return;
        }
        if !self.is_optimised(key)
            && self
                .clusters
                .get(key)
                .is_some_and(|c| c.scale_down_planned.is_some())
        {
            return;
        }
        let Some(due) = self.idle_deadline(key) else {
            return;
        };
        let due = due.max(at);
        let Some(cluster) = self.clusters.get_mut(key) else {
            return;
        };
        if cluster.scale_down_planned.is_none_or(|planned| due < planned) {
            cluster.scale_down_planned = Some(due);
            self.plan(due, Happening::ScaleDown { cluster: key, start });
        }
    }

    /// When the first worker will have been idle for the whole window, if nothing changes.
    fn idle_deadline(&self, key: ClusterKey) -> Option<Second> {
        let cluster = self.clusters.get(key)?;
        let window = self.window(key);
        let mut idle = cluster
            .workers()
            .filter(|n| n.joined && !n.draining)
            .map(|n| cluster.executors.idle_since(WorkerId(n.ordinal)));
        if self.is_optimised(key) {
            idle.flatten().min().map(|since| since + window)
        } else {
            // All of them, or none: the last that became idle decides.
            let all: Option<Vec<Second>> = idle.by_ref().collect();
            all?.into_iter().max().map(|since| since + window)
        }
    }

    fn is_optimised(&self, key: ClusterKey) -> bool {
        self.clusters
            .get(key)
            .and_then(|c| self.sites.get(c.blueprint.workspace.0))
            .is_some_and(|site| site.tier() != Tier::Standard)
    }

    fn window(&self, key: ClusterKey) -> i64 {
        let Some(cluster) = self.clusters.get(key) else {
            return STANDARD_WINDOW;
        };
        match (
            self.is_optimised(key),
            cluster.blueprint.window_down,
            cluster.of_job(),
        ) {
            (false, _, _) => STANDARD_WINDOW,
            (true, Some(seconds), _) => i64::from(seconds),
            (true, None, true) => JOB_WINDOW,
            (true, None, false) => ALL_PURPOSE_WINDOW,
        }
    }

    /// Autoscaling looks whether more workers are needed.
    pub fn scale_up(&mut self, key: ClusterKey, start: u64, at: Second) -> Done {
        let optimised = self.is_optimised(key);
        let Some(cluster) = self.clusters.get_mut(key) else {
            return Ok(());
        };
        if cluster.starts != start {
            return Ok(());
        }
        cluster.scale_up_planned = false;
        let (Some((min, max)), State::Running) = (cluster.range(), cluster.state) else {
            return Ok(());
        };
        let demand = cluster.executors.demand();
        let cores = u64::from(cluster.blueprint.worker.vcpus.max(1));
        let needed = (demand.running + demand.pending).div_ceil(cores);
        let needed = u32::try_from(needed).unwrap_or(u32::MAX).clamp(min, max);
        if demand.pending == 0 || needed <= cluster.target {
            cluster.step_up = 0;
            self.reconsider(key, at);
            return Ok(());
        }
        let step = if optimised {
            (max - min).div_ceil(2)
        } else if cluster.step_up == 0 {
            cluster.blueprint.first_step_up
        } else {
            cluster.step_up.saturating_mul(2)
        };
        cluster.step_up = step;
        cluster.step_down = 1;
        let target = needed.min(cluster.target.saturating_add(step.max(1)));
        self.resize(key, target, Cause::Autoscale, None, at)?;
        self.reconsider(key, at);
        Ok(())
    }

    /// Autoscaling looks whether workers have been idle for long enough.
    pub fn scale_down(&mut self, key: ClusterKey, start: u64, at: Second) -> Done {
        let (optimised, window) = (self.is_optimised(key), self.window(key));
        let Some(cluster) = self.clusters.get_mut(key) else {
            return Ok(());
        };
        if cluster.starts != start || cluster.scale_down_planned != Some(at) {
            return Ok(());
        }
        cluster.scale_down_planned = None;
        let (Some((min, _)), State::Running) = (cluster.range(), cluster.state) else {
            return Ok(());
        };
        let idle = cluster
            .workers()
            .filter(|n| n.joined && !n.draining)
            .filter(|n| {
                let since = cluster.executors.idle_since(WorkerId(n.ordinal));
                since.is_some_and(|since| since + window <= at)
            })
            .count();
        let idle = u32::try_from(idle).unwrap_or(u32::MAX);
        let present = cluster.present_workers();
        let fewer = if optimised {
            idle
        } else if idle == present {
            let step = cluster.step_down;
            cluster.step_down = step.saturating_mul(2);
            idle.min(step)
        } else {
            0
        };
        let target = present.saturating_sub(fewer).max(min);
        // Workers that are missing are no reason to aim at fewer: recovery asks for them again.
        if fewer > 0 && target < cluster.target {
            self.resize(key, target, Cause::Autoscale, None, at)?;
            if !optimised {
                // The next step follows without another ten minutes, as long as nothing runs.
                let Some(cluster) = self.clusters.get_mut(key) else {
                    return Ok(());
                };
                let index = [cluster.number, start, u64::try_from(at).unwrap_or_default()];
                let draws = self.draws.key(&cluster.blueprint.object, Purpose::Delay, &index);
                let seconds = i64::from(draws.within(self.input.timing.autoscale_interval, 2)).max(1);
                if cluster.target > min {
                    cluster.scale_down_planned = Some(at + seconds);
                    self.plan(at + seconds, Happening::ScaleDown { cluster: key, start });
                }
            }
        }
        self.reconsider(key, at);
        Ok(())
    }
}
