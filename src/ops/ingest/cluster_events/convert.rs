//! Events as they were read become what replay takes; definitions get their subject and workload.

use std::sync::Arc;

use crate::databricks::cluster_source::ClusterSource;
use crate::databricks::cluster_spec::ClusterSpec;
use crate::databricks::event::{ClusterSize, EventType};
use crate::databricks::instance_pool::InstancePool;
use crate::intake::cluster_events::{Attributes, RealEvent};
use crate::intake::existing_clusters::ExistingCluster;
use crate::lifecycle::replay::{Definition, Told, told::Order};
use crate::model::place::Workload;
use crate::model::usage::{Subject, UNALLOCATED};

/// What is known of a cluster beside its events.
pub(super) struct Context<'a> {
    pub cluster_id: &'a str,
    pub workspace_name: &'a str,
    pub record: Option<&'a ExistingCluster>,
    pub workload: Workload,
    pub team_tag: Option<&'a str>,
}

/// The events for replay, and the definition where they tell none.
pub(super) fn told(events: &[(RealEvent, bool)], context: &Context<'_>) -> (Vec<Told>, Arc<Definition>) {
    let owner = owner(events, context.record);
    let define = |spec: &ClusterSpec, size, pools: &[InstancePool]| {
        Arc::new(definition(spec, size, pools.to_vec(), &owner, context))
    };
    let of_attributes =
        |found: &Option<Arc<Attributes>>| found.as_ref().map(|a| define(&a.spec, None, &a.pools));
    let told = events
        .iter()
        .enumerate()
        .map(|(i, (event, is_stored))| Told {
            at: event.at,
            event_type: event.event_type,
            current_num_workers: event.details.current_num_workers,
            target_num_workers: event.details.target_num_workers,
            cluster_size: event.details.cluster_size,
            definition: of_attributes(&event.details.attributes),
            previous_definition: of_attributes(&event.details.previous_attributes),
            text: format!("{} {}", event.type_name, event.details_text).into(),
            order: match is_stored {
                true => Order::Before(i),
                false => Order::Now(event.at_ms),
            },
            page: event.place.page,
        })
        .collect();
    let known = match context.record {
        Some(record) => define(&record.request.spec, recorded_size(record), &record.pools),
        None => define(&ClusterSpec::default(), None, &[]),
    };
    (told, known)
}

/// Who created it: as the first CREATING tells, else as its record does.
fn owner(events: &[(RealEvent, bool)], record: Option<&ExistingCluster>) -> String {
    let creating = |e: &&RealEvent| e.event_type == Some(EventType::Creating) && e.details.user.is_some();
    let first = events
        .iter()
        .map(|(e, _)| e)
        .filter(creating)
        .min_by_key(|e| (e.at, &e.details_text));
    first
        .and_then(|e| e.details.user.clone())
        .or_else(|| record?.creator.clone())
        .unwrap_or_default()
}

fn recorded_size(record: &ExistingCluster) -> Option<ClusterSize> {
    let body = &record.request.body;
    let workers = record.request.spec.workers;
    if body.get("autoscale").is_some() {
        return Some(ClusterSize::Autoscale {
            min_workers: workers.min,
            max_workers: workers.max,
        });
    }
    let num_workers = workers.max;
    body.get("num_workers")
        .map(|_| ClusterSize::Fixed { num_workers })
}

fn definition(
    spec: &ClusterSpec,
    size: Option<ClusterSize>,
    pools: Vec<InstancePool>,
    owner: &str,
    context: &Context<'_>,
) -> Definition {
    let name = spec.cluster_name.clone();
    let recorded = || context.record.and_then(|r| r.request.name.clone());
    let cluster_name = name.or_else(recorded).unwrap_or_default();
    let run = run_of(&cluster_name);
    let source = context.record.and_then(|r| r.cluster_source.as_ref());
    let by_name = match (run, cluster_name.starts_with("dlt-execution-")) {
        (Some(_), _) => Some(Workload::Job),
        (None, true) => Some(Workload::Dlt),
        (None, false) => None,
    };
    let workload = source
        .map(ClusterSource::workload)
        .or(by_name)
        .unwrap_or(context.workload);
    // Nothing that is known of a pipeline's cluster tells the pipeline's edition but whoever asks.
    let workload = match (workload, context.workload) {
        (Workload::Dlt, edition @ (Workload::DltPro | Workload::DltAdvanced)) => edition,
        (workload, _) => workload,
    };
    let (job, run) = run.unwrap_or_default();
    let team = context
        .team_tag
        .and_then(|tag| spec.custom_tag(tag))
        .map(str::trim);
    let subject = Subject {
        workspace: context.workspace_name.to_owned(),
        team: team.filter(|t| !t.is_empty()).unwrap_or(UNALLOCATED).to_owned(),
        cluster_id: context.cluster_id.to_owned(),
        job_name: job.to_owned(),
        run_id: run.to_owned(),
        owner: owner.to_owned(),
        policy: spec.policy_id.clone().unwrap_or_default(),
        cluster_name: cluster_name.clone(),
        pool: String::new(),
        tags: spec.tags(),
    };
    Definition {
        spec: spec.clone(),
        size,
        pools,
        workload,
        subject: Arc::new(subject),
    }
}

/// Job and run in the name that Databricks gives the cluster of a run: `job-42-run-7`, with a task's key behind it.
pub(in crate::ops::ingest) fn run_of(name: &str) -> Option<(&str, &str)> {
    let (job, rest) = name.strip_prefix("job-")?.split_once("-run-")?;
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (run, behind) = rest.split_at(end);
    let is_number = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    (is_number(job) && is_number(run) && (behind.is_empty() || behind.starts_with('-'))).then_some((job, run))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_known_by_the_names_of_their_clusters() {
        assert_eq!(run_of("job-42-run-7"), Some(("42", "7")));
        assert_eq!(run_of("job-42-run-7-main"), Some(("42", "7")));
        for other in ["job-a-run-7", "job-42-run-", "job-42-run-7x", "jobs", "job--run-"] {
            assert_eq!(run_of(other), None, "{other}");
        }
    }
}
