//! Reading jobs: their clusters and their tasks.

use std::collections::BTreeMap;

use super::check::Checker;
use super::form::{JobForm, TaskForm, WorkForm};
use super::{ComputePlan, JobClusterPlan, JobPlan, TaskPlan};
use crate::lifecycle::between::Between;
use crate::lifecycle::schedule::RunSchedule;
use crate::lifecycle::workload::{RunIf, Work};
use crate::model::document::{Document, pointer_step};
use crate::model::exact::parse_decimal;

/// The key of the only task of a job that names none.
const ONLY_TASK: &str = "main";

/// Seconds of a minute.
const MINUTE: u32 = 60;

impl Checker<'_> {
    pub(super) fn job(&mut self, document: &Document, at: &str, form: JobForm) -> Option<JobPlan> {
        self.name(document, &pointer_step(at, "name"), &form.name, "job");
        self.workspace(document, at, &form.workspace);
        self.principal(document, at, &form.principal);
        let schedule_at = pointer_step(at, "schedule");
        let schedule = self.schedule(document, &schedule_at, &form.schedule);
        if let (Some(schedule), Some(period)) = (&schedule, self.period)
            && !matches!(schedule, RunSchedule::Paused(_))
            && schedule.instants(&period).is_empty()
        {
            let message = "never takes place: no run is due in the period";
            self.warning(document, &schedule_at, message);
        }
        let what = [
            ("new_cluster", form.new_cluster.map(|_| None)),
            ("tasks", form.tasks.as_deref().map(Some)),
        ];
        let (job_clusters, tasks) = match self.exactly_one(document, at, what)? {
            None => self.only_task(document, at, &form)?,
            Some(tasks) => self.tasks(document, at, &form, tasks)?,
        };
        Some(JobPlan {
            name: form.name,
            workspace: form.workspace,
            principal: form.principal,
            schedule: schedule?,
            max_concurrent_runs: form.max_concurrent_runs.unwrap_or(1),
            queue: form.queue,
            timeout_seconds: form.timeout_seconds.filter(|seconds| *seconds > 0),
            job_clusters,
            tasks,
        })
    }

    /// The short form: one task on a cluster of its own.
    fn only_task(
        &mut self,
        document: &Document,
        at: &str,
        form: &JobForm,
    ) -> Option<(Vec<JobClusterPlan>, Vec<TaskPlan>)> {
        if !form.job_clusters.is_empty() {
            let message = "found `new_cluster` and `job_clusters`; the latter are for `tasks`".to_owned();
            self.error(
                document,
                &pointer_step(at, "job_clusters"),
                "scenario::one-of",
                message,
            );
        }
        let request_at = pointer_step(at, "new_cluster");
        self.pools_named(document, &request_at, &form.workspace);
        let work = self.minutes_or_work(document, at, form.run_minutes, form.work.as_ref());
        let cluster = JobClusterPlan {
            key: ONLY_TASK.to_owned(),
            policy: form.policy.clone(),
            request: document.part(&request_at)?,
        };
        let task = TaskPlan {
            key: ONLY_TASK.to_owned(),
            depends_on: Vec::new(),
            run_if: RunIf::default(),
            compute: ComputePlan::JobCluster(0),
            work: work?,
            has_libraries: false,
            failures_per_million: 0,
            max_retries: 0,
            retry_seconds: 0,
            retry_on_timeout: false,
            timeout_seconds: None,
        };
        Some((vec![cluster], vec![task]))
    }

    /// The long form.
    fn tasks(
        &mut self,
        document: &Document,
        at: &str,
        form: &JobForm,
        tasks: &[TaskForm],
    ) -> Option<(Vec<JobClusterPlan>, Vec<TaskPlan>)> {
        for (key, given) in [
            ("run_minutes", form.run_minutes.is_some()),
            ("work", form.work.is_some()),
        ] {
            if given {
                let message = format!("found `{key}` beside `tasks`, which have one each");
                self.error(document, &pointer_step(at, key), "scenario::one-of", message);
            }
        }
        let mut clusters = self.shared_clusters(document, at, form);
        self.unused(document, at, form, tasks);
        let order = self.order(document, &pointer_step(at, "tasks"), tasks);
        let mut read = Vec::with_capacity(tasks.len());
        for (i, task) in tasks.iter().enumerate() {
            let at = format!("{at}/tasks/{i}");
            read.push(self.task(document, &at, (form, task), &mut clusters));
        }
        let order = order?;
        let mut place = vec![0_usize; order.len()];
        for (new, old) in order.iter().enumerate() {
            place.get_mut(*old).map(|slot| *slot = new)?;
        }
        let index: BTreeMap<&str, usize> = tasks
            .iter()
            .zip(&place)
            .map(|(task, place)| (task.task_key.as_str(), *place))
            .collect();
        let mut sorted = Vec::with_capacity(read.len());
        for old in order {
            let mut task = read.get_mut(old)?.take()?;
            let keys = tasks.get(old)?.depends_on.iter();
            task.depends_on = keys.filter_map(|key| index.get(key.as_str()).copied()).collect();
            task.depends_on.sort_unstable();
            task.depends_on.dedup();
            sorted.push(task);
        }
        Some((clusters, sorted))
    }

    fn shared_clusters(&mut self, document: &Document, at: &str, form: &JobForm) -> Vec<JobClusterPlan> {
        let mut clusters: Vec<JobClusterPlan> = Vec::new();
        for (i, cluster) in form.job_clusters.iter().enumerate() {
            let at = format!("{at}/job_clusters/{i}");
            let key = &cluster.job_cluster_key;
            if clusters.iter().any(|known| known.key == *key) {
                self.duplicate(
                    document,
                    &pointer_step(&at, "job_cluster_key"),
                    "job cluster",
                    key,
                );
            }
            let request_at = pointer_step(&at, "new_cluster");
            self.pools_named(document, &request_at, &form.workspace);
            clusters.extend(document.part(&request_at).map(|request| JobClusterPlan {
                key: key.clone(),
                policy: cluster.policy.clone().or_else(|| form.policy.clone()),
                request,
            }));
        }
        clusters
    }

    fn unused(&mut self, document: &Document, at: &str, form: &JobForm, tasks: &[TaskForm]) {
        for (i, cluster) in form.job_clusters.iter().enumerate() {
            let key = Some(cluster.job_cluster_key.as_str());
            if !tasks.iter().any(|task| task.job_cluster_key.as_deref() == key) {
                let at = format!("{at}/job_clusters/{i}");
                self.warning(document, &at, "is never created: no task runs on it");
            }
        }
    }

    /// The order in which tasks come after those they depend on, otherwise as written.
    fn order(&mut self, document: &Document, at: &str, tasks: &[TaskForm]) -> Option<Vec<usize>> {
        let before = self.problems.len();
        let mut index: BTreeMap<&str, usize> = BTreeMap::new();
        for (i, task) in tasks.iter().enumerate() {
            if index.insert(&task.task_key, i).is_some() {
                self.duplicate(document, &format!("{at}/{i}/task_key"), "task", &task.task_key);
            }
        }
        let mut waits: Vec<Vec<usize>> = Vec::with_capacity(tasks.len());
        for (i, task) in tasks.iter().enumerate() {
            let mut needs = Vec::with_capacity(task.depends_on.len());
            for (k, key) in task.depends_on.iter().enumerate() {
                match index.get(key.as_str()) {
                    Some(needed) => needs.push(*needed),
                    None => {
                        let message = format!("there is no task `{key}`");
                        let known = index.keys().copied();
                        self.unknown(
                            document,
                            &format!("{at}/{i}/depends_on/{k}"),
                            (key, message),
                            known,
                        );
                    }
                }
            }
            waits.push(needs);
        }
        if self.problems.len() > before {
            return None;
        }
        match sorted(&waits) {
            Ok(order) => Some(order),
            Err(circle) => {
                let first = circle.first().copied().unwrap_or_default();
                let keys: Vec<&str> = circle
                    .iter()
                    .filter_map(|i| tasks.get(*i))
                    .map(|task| task.task_key.as_str())
                    .collect();
                let message = format!("waits for itself: {}", keys.join(" after "));
                self.error(
                    document,
                    &format!("{at}/{first}/depends_on"),
                    "scenario::circle",
                    message,
                );
                None
            }
        }
    }

    fn task(
        &mut self,
        document: &Document,
        at: &str,
        (job, form): (&JobForm, &TaskForm),
        clusters: &mut Vec<JobClusterPlan>,
    ) -> Option<TaskPlan> {
        let work = self.minutes_or_work(document, at, form.run_minutes, form.work.as_ref());
        let compute = self.compute(document, at, (job, form), clusters);
        let has_libraries = !form.libraries.is_empty();
        if has_libraries && form.serverless.is_some() {
            let at = pointer_step(at, "libraries");
            self.warning(
                document,
                &at,
                "are never installed: no cluster starts for the task",
            );
        }
        Some(TaskPlan {
            key: form.task_key.clone(),
            depends_on: Vec::new(),
            run_if: form.run_if.into(),
            compute: compute?,
            work: work?,
            has_libraries,
            failures_per_million: form.failures_per_million,
            max_retries: form.max_retries,
            retry_seconds: form.min_retry_interval_seconds,
            retry_on_timeout: form.retry_on_timeout,
            timeout_seconds: form.timeout_seconds.filter(|seconds| *seconds > 0),
        })
    }

    /// Where a task runs; a cluster of its own joins those of the job.
    fn compute(
        &mut self,
        document: &Document,
        at: &str,
        (job, form): (&JobForm, &TaskForm),
        clusters: &mut Vec<JobClusterPlan>,
    ) -> Option<ComputePlan> {
        let key = form.job_cluster_key.as_ref();
        // Those of single tasks, which stand behind the shared ones, cannot be named.
        let all = clusters.get(..job.job_clusters.len()).unwrap_or_default();
        let shared = key.map(|key| self.shared(document, &pointer_step(at, "job_cluster_key"), key, all));
        let existing = form.existing_cluster.as_ref().map(|name| {
            self.existing(
                document,
                &pointer_step(at, "existing_cluster"),
                name,
                &job.workspace,
            )
        });
        let serverless = form.serverless.as_ref().map(|form| {
            let dbu_per_hour = match form.dbu_per_hour.as_deref().map(parse_decimal).transpose() {
                Ok(number) => number,
                Err(e) => {
                    let at = format!("{at}/serverless/dbu_per_hour");
                    self.error(document, &at, "rate::number", e.to_string());
                    None
                }
            };
            Some(ComputePlan::Serverless {
                dbu_per_hour,
                custom_tags: form.custom_tags.clone(),
            })
        });
        let own = form.new_cluster.map(|_| {
            let request_at = pointer_step(at, "new_cluster");
            self.pools_named(document, &request_at, &job.workspace);
            if clusters.iter().any(|known| known.key == form.task_key) {
                let at = pointer_step(at, "task_key");
                self.duplicate(document, &at, "job cluster", &form.task_key);
            }
            let index = clusters.len();
            clusters.push(JobClusterPlan {
                key: form.task_key.clone(),
                policy: job.policy.clone(),
                request: document.part(&request_at)?,
            });
            Some(ComputePlan::JobCluster(index))
        });
        let choices = [
            ("job_cluster_key", shared),
            ("new_cluster", own),
            ("existing_cluster", existing),
            ("serverless", serverless),
        ];
        self.exactly_one(document, at, choices)?
    }

    /// One of the job's shared clusters.
    fn shared(
        &mut self,
        document: &Document,
        at: &str,
        key: &str,
        clusters: &[JobClusterPlan],
    ) -> Option<ComputePlan> {
        let index = clusters.iter().position(|cluster| cluster.key == key);
        if index.is_none() {
            let message = format!("the job has no cluster `{key}`");
            let known = clusters.iter().map(|cluster| cluster.key.as_str());
            self.unknown(document, at, (key, message), known);
        }
        index.map(ComputePlan::JobCluster)
    }

    /// An all-purpose cluster of the scenario.
    fn existing(
        &mut self,
        document: &Document,
        at: &str,
        name: &str,
        workspace: &str,
    ) -> Option<ComputePlan> {
        if self.clusters.get(name).is_some_and(|of| of == workspace) {
            return Some(ComputePlan::Existing(name.to_owned()));
        }
        let here = self.clusters.iter().filter(|(_, of)| *of == workspace);
        let known: Vec<String> = here.map(|(name, _)| name.clone()).collect();
        let message = format!("workspace `{workspace}` has no cluster `{name}`");
        self.unknown(document, at, (name, message), known.iter().map(String::as_str));
        None
    }

    /// Jobs that a variant keeps must not run on clusters that it leaves out.
    pub(super) fn still_there(&mut self, document: &Document, jobs: &[JobPlan]) {
        let Some((_, at)) = &self.left.only else { return };
        for job in jobs {
            for task in &job.tasks {
                if let ComputePlan::Existing(name) = &task.compute
                    && !self.stays(name)
                {
                    let message = format!("leaves out `{name}`, on which the job `{}` runs", job.name);
                    self.error(document, at, "scenario::unknown-name", message);
                }
            }
        }
    }

    fn minutes_or_work(
        &mut self,
        document: &Document,
        at: &str,
        minutes: Option<Between>,
        work: Option<&WorkForm>,
    ) -> Option<Work> {
        let minutes = minutes.map(|minutes| {
            let Between { min, max } = self.range(document, &pointer_step(at, "run_minutes"), minutes);
            Some(Work::of_driver(Between {
                min: min.saturating_mul(MINUTE),
                max: max.saturating_mul(MINUTE),
            }))
        });
        let work = work.map(|work| self.work(document, &pointer_step(at, "work"), work));
        self.exactly_one(document, at, [("run_minutes", minutes), ("work", work)])?
    }
}

/// Indices in an order in which each comes after those it waits for, and otherwise as they are; or those of a circle,
/// its first again at its end.
fn sorted(waits: &[Vec<usize>]) -> Result<Vec<usize>, Vec<usize>> {
    let mut order: Vec<usize> = Vec::with_capacity(waits.len());
    let mut placed = vec![false; waits.len()];
    let is_placed = |placed: &[bool], i: usize| placed.get(i).copied().unwrap_or(true);
    while order.len() < waits.len() {
        let ready = waits.iter().enumerate().find(|(i, needs)| {
            !is_placed(&placed, *i) && needs.iter().all(|needed| is_placed(&placed, *needed))
        });
        let Some((i, _)) = ready else {
            return Err(circle(waits, &placed));
        };
        if let Some(slot) = placed.get_mut(i) {
            *slot = true;
        }
        order.push(i);
    }
    Ok(order)
}

/// A circle among those that are not placed: each of them waits for another one of them.
fn circle(waits: &[Vec<usize>], placed: &[bool]) -> Vec<usize> {
    let open = |i: &usize| placed.get(*i) == Some(&false);
    let mut path: Vec<usize> = Vec::new();
    let mut at = (0..waits.len()).find(open);
    while let Some(i) = at {
        if let Some(start) = path.iter().position(|seen| *seen == i) {
            path.push(i);
            return path.split_off(start);
        }
        path.push(i);
        at = waits.get(i).and_then(|needs| needs.iter().copied().find(open));
    }
    path
}
