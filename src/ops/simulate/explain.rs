//! Explain: the timelines of the starts of one cluster, or of the clusters of one job, and the machines that are billed for
//! longer than they lived.

use crate::lifecycle::simulation::{self, StartRecord, StartStep};
use crate::lifecycle::timing::Step;
use crate::report::timeline::{BilledBeyond, Timeline, TimelineStep};

/// A start, as a report shows it: by time, then driver first.
pub(super) fn timeline(start: &StartRecord) -> Timeline {
    let mut steps: Vec<&StartStep> = start.steps.iter().collect();
    steps.sort_by_key(|s| (s.period.start, s.period.end, s.node));
    Timeline {
        cluster_name: start.subject.cluster_name.clone(),
        cluster_id: start.subject.cluster_id.clone(),
        began_as: start.began_as,
        requested: start.requested,
        running: start.running,
        steps: steps.into_iter().map(step).collect(),
    }
}

fn step(step: &StartStep) -> TimelineStep {
    TimelineStep {
        node: step.node.map(|n| match n {
            0 => "driver".to_owned(),
            n => format!("worker-{n}"),
        }),
        step: step.step.as_str(),
        start: step.period.start,
        end: step.period.end,
        // Nothing is asked of the cloud before the request has been looked at.
        billed: match step.step {
            Step::Accept | Step::Validate => "none",
            _ => "vm",
        },
    }
}

/// A machine or disk that is billed for longer than it lived, as a report shows it.
pub(super) fn billed_beyond(beyond: &simulation::BilledBeyond) -> BilledBeyond {
    BilledBeyond {
        resource: beyond.resource.clone(),
        meter: beyond.meter.to_string(),
        launched: beyond.launched,
        gone: beyond.gone,
        billed_until: beyond.until,
    }
}
