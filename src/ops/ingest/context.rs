//! What other tables say of the ids in a row of usage, as it was at the row's time.

use std::collections::HashMap;
use std::ops::ControlFlow;

use crate::databricks::cluster_spec::Purchase;
use crate::intake::context::{JobRun, PoolVersion, job_runs, pools};
use crate::intake::existing_clusters::ExistingCluster;
use crate::intake::table::{Rejected, Taken};
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::period::Instant;
use crate::model::tags::Tags;
use crate::model::usage::Subject;
use crate::ops::files::TableFile;
use crate::ops::running::records;

/// Files of tables that say whose usage is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ContextFiles {
    /// `system.compute.clusters`.
    pub clusters: Vec<TableFile>,
    /// `system.compute.instance_pools`.
    pub pools: Vec<TableFile>,
    /// `system.lakeflow.job_run_timeline`.
    pub job_runs: Vec<TableFile>,
}

/// A cluster as it was from a change on.
pub(super) struct ClusterVersion {
    pub cluster_name: String,
    pub owned_by: String,
    pub policy_id: String,
    /// The pool of the workers, else that of the driver.
    pub instance_pool_id: String,
    /// The pool of the driver, else that of the workers.
    pub driver_instance_pool_id: String,
    pub purchase: Purchase,
    pub custom_tags: Vec<(String, String)>,
}

impl ClusterVersion {
    fn of(record: ExistingCluster) -> ClusterVersion {
        let spec = record.request.spec;
        let (workers, driver) = (spec.instance_pool_id, spec.driver_instance_pool_id);
        ClusterVersion {
            cluster_name: spec.cluster_name.unwrap_or_default(),
            owned_by: record.creator.unwrap_or_default(),
            policy_id: spec.policy_id.unwrap_or_default(),
            instance_pool_id: workers.clone().or(driver.clone()).unwrap_or_default(),
            driver_instance_pool_id: driver.or(workers).unwrap_or_default(),
            purchase: spec.purchase,
            custom_tags: spec.custom_tags,
        }
    }

    /// All tags.
    pub fn tags(&self) -> Tags {
        Tags::of_custom_tags(&self.custom_tags)
    }

    /// The value of a tag; none where it is empty.
    pub fn tag(&self, key: &str) -> Option<&str> {
        let found = self.custom_tags.iter().find(|(k, _)| k == key);
        found
            .map(|(_, value)| value.trim())
            .filter(|value| !value.is_empty())
    }
}

/// What they say.
#[derive(Default)]
pub(super) struct Context {
    clusters: Versions<ClusterVersion>,
    pools: Versions<PoolVersion>,
    job_runs: Versions<JobRun>,
}

impl Context {
    /// Reads them. All rows must be readable: what is billed to somebody else by mistake stays in the ledger.
    ///
    /// # Errors
    /// `cluster::*`, `context::*`, `file::*`; all of them.
    pub fn read(files: &ContextFiles) -> Result<Context, Diagnostics> {
        let mut context = Context::default();
        let (records, mut problems) = records(&files.clusters)?;
        for record in records {
            // An answer of the API tells how a cluster is, and nothing of before.
            let is_answer = record.unknown.is_empty();
            match record.changed_at {
                None if !is_answer => problems.0.push(timeless(&record)),
                since => {
                    let since = since.unwrap_or(Instant::MIN_UTC);
                    let id = record.cluster_id.clone();
                    context.clusters.add(id, since, ClusterVersion::of(record));
                }
            }
        }
        for file in &files.pools {
            pools(&file.source, file.open()?, &mut |told| {
                taken(told, &mut problems, |v| {
                    context.pools.add(v.instance_pool_id.clone(), v.since, v);
                })
            });
        }
        for file in &files.job_runs {
            job_runs(&file.source, file.open()?, &mut |told| {
                taken(told, &mut problems, |run| {
                    // Hours in which it has no name say nothing.
                    if !run.run_name.is_empty() {
                        context
                            .job_runs
                            .add(run_key(&run.job_id, &run.run_id), run.since, run);
                    }
                })
            });
        }
        match problems.has_errors() {
            true => Err(problems.sorted()),
            false => {
                context.clusters.sort();
                context.pools.sort();
                context.job_runs.sort();
                Ok(context)
            }
        }
    }

    /// A cluster as it was at an instant.
    pub fn cluster(&self, cluster_id: &str, at: Instant) -> Option<&ClusterVersion> {
        self.clusters.at(cluster_id, at)
    }

    /// A pool as it was at an instant.
    pub fn pool(&self, instance_pool_id: &str, at: Instant) -> Option<&PoolVersion> {
        self.pools.at(instance_pool_id, at)
    }

    /// Fills in what a subject lacks: it has `instance_pool_id` for its pool and, where the row has no `job_name`, `job_id` for
    /// its job's name.
    pub fn fill(&self, subject: &mut Subject, job_id: &str, at: Instant) {
        if let Some(cluster) = self.clusters.at(&subject.cluster_id, at) {
            let fill = |to: &mut String, from: &String| {
                if to.is_empty() {
                    to.clone_from(from);
                }
            };
            fill(&mut subject.cluster_name, &cluster.cluster_name);
            fill(&mut subject.owner, &cluster.owned_by);
            fill(&mut subject.policy, &cluster.policy_id);
            fill(&mut subject.pool, &cluster.instance_pool_id);
        }
        if let Some(pool) = self.pools.at(&subject.pool, at)
            && !pool.instance_pool_name.is_empty()
        {
            subject.pool.clone_from(&pool.instance_pool_name);
        }
        if subject.job_name == job_id
            && !job_id.is_empty()
            && let Some(run) = self.job_runs.at(&run_key(job_id, &subject.run_id), at)
        {
            subject.job_name.clone_from(&run.run_name);
        }
    }
}

fn timeless(record: &ExistingCluster) -> Diagnostic {
    let message = format!(
        "found nothing, expected the time from which `{}` was so",
        record.cluster_id
    );
    Diagnostic::error("context::column", &record.request.source, message)
        .at(record.request.line, 0)
        .path("change_time")
}

fn run_key(job_id: &str, run_id: &str) -> String {
    format!("{job_id}/{run_id}")
}

fn taken<T>(
    told: Result<Taken<T>, Rejected>,
    problems: &mut Diagnostics,
    take: impl FnOnce(T),
) -> ControlFlow<()> {
    match told {
        Ok(taken) => take(taken.row),
        Err(rejected) => problems.0.extend(rejected.problems),
    }
    ControlFlow::Continue(())
}

/// What was so from when on, by id.
struct Versions<T>(HashMap<String, Vec<(Instant, T)>>);

impl<T> Default for Versions<T> {
    fn default() -> Self {
        Versions(HashMap::new())
    }
}

impl<T> Versions<T> {
    fn add(&mut self, id: String, since: Instant, version: T) {
        self.0.entry(id).or_default().push((since, version));
    }

    fn sort(&mut self) {
        for versions in self.0.values_mut() {
            versions.sort_by_key(|(since, _)| *since);
        }
    }

    /// The version of an instant. Before the first one it is the first: a table tells of a change somewhat later than usage begins.
    fn at(&self, id: &str, at: Instant) -> Option<&T> {
        let versions = self.0.get(id)?;
        let later = versions.partition_point(|(since, _)| *since <= at);
        let found = versions.get(later.saturating_sub(1));
        found.map(|(_, version)| version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::period::parse_instant;

    #[test]
    fn the_version_of_an_instant_is_the_last_change_before_it() {
        let at = |text: &str| parse_instant(text).unwrap();
        let mut versions = Versions::default();
        versions.add("c".to_owned(), at("2026-05-03T00:00:00Z"), 3);
        versions.add("c".to_owned(), at("2026-05-01T00:00:00Z"), 1);
        versions.sort();
        for (time, version) in [
            ("2026-04-01T00:00:00Z", 1),
            ("2026-05-01T00:00:00Z", 1),
            ("2026-05-02T23:59:59Z", 1),
            ("2026-05-03T00:00:00Z", 3),
            ("2026-06-01T00:00:00Z", 3),
        ] {
            assert_eq!(versions.at("c", at(time)), Some(&version), "{time}");
        }
        assert_eq!(versions.at("d", at("2026-05-01T00:00:00Z")), None);
    }
}
