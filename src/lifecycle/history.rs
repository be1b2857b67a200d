//! What has happened, as the events that Databricks would have recorded.

use serde_json::{Value, json};

use super::cluster::Cluster;
use super::instance::Instance;
use crate::databricks::cluster_spec::ClusterSpec;
use crate::databricks::event::{ClusterEvent, EventType, InstanceEvent, InstanceState};
use crate::databricks::state::TerminationCode;
use crate::model::period::Instant;

/// All events so far.
#[derive(Debug, Default)]
pub(super) struct History {
    events: Vec<ClusterEvent>,
    instance_events: Vec<InstanceEvent>,
}

impl History {
    /// Something happens to a cluster.
    pub fn cluster(
        &mut self,
        cluster: &Cluster<'_>,
        timestamp: Instant,
        event_type: EventType,
        details: Value,
    ) {
        self.events.push(ClusterEvent {
            timestamp,
            workspace: cluster.subject.workspace.clone(),
            cluster_id: cluster.subject.cluster_id.clone(),
            event_type,
            details,
        });
    }

    /// Something happens to an instance of a pool; what happens to other machines is not recorded.
    pub fn instance(&mut self, instance: &Instance, event_time: Instant, state: InstanceState) {
        if instance.pool.is_none() {
            return;
        }
        self.instance_events.push(InstanceEvent {
            event_time,
            workspace: instance.whose.workspace.clone(),
            instance_id: instance.id.clone(),
            instance_pool_id: instance.whose.pool.clone(),
            cluster_id: instance.whose.cluster_id.clone(),
            state,
        });
    }

    /// Both kinds in their order. The sorts are stable: what happens to one object at one instant stays in
    /// the order in which it happened.
    pub fn sorted(mut self) -> (Vec<ClusterEvent>, Vec<InstanceEvent>) {
        self.events.sort_by(|a, b| {
            (a.timestamp, &a.workspace, &a.cluster_id).cmp(&(b.timestamp, &b.workspace, &b.cluster_id))
        });
        self.instance_events.sort_by(|a, b| {
            (a.event_time, &a.workspace, &a.instance_pool_id, &a.instance_id).cmp(&(
                b.event_time,
                &b.workspace,
                &b.instance_pool_id,
                &b.instance_id,
            ))
        });
        (self.events, self.instance_events)
    }
}

/// `EventDetails` of CREATING.
pub(super) fn creating(user: &str, spec: &ClusterSpec) -> Value {
    let size = match spec.workers {
        w if w.min == w.max => json!({"num_workers": w.min}),
        w => json!({"autoscale": {"min_workers": w.min, "max_workers": w.max}}),
    };
    json!({"user": user, "cluster_size": size})
}

/// `EventDetails` of STARTING.
pub(super) fn starting(user: &str) -> Value {
    json!({"user": user})
}

/// `EventDetails` of RUNNING: all nodes have come.
pub(super) fn running(workers: u32) -> Value {
    json!({"current_num_workers": workers, "target_num_workers": workers})
}

/// Why a cluster ends, with what Databricks tells about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ending {
    /// Its user asked for it.
    UserRequest { user: String },
    /// Nobody has used it for so many minutes.
    Inactivity { minutes: u32 },
    /// Its run has ended.
    JobFinished,
    /// A pool has no instance left to give.
    PoolExhausted { instance_pool_id: String },
}

/// `EventDetails` of TERMINATING.
pub(super) fn terminating(ending: &Ending) -> Value {
    let (code, parameters) = match ending {
        Ending::UserRequest { user } => (TerminationCode::UserRequest, json!({"username": user})),
        Ending::Inactivity { minutes } => (
            TerminationCode::Inactivity,
            json!({"inactivity_duration_min": minutes.to_string()}),
        ),
        Ending::JobFinished => (TerminationCode::JobFinished, json!({})),
        Ending::PoolExhausted { instance_pool_id } => (
            TerminationCode::InstancePoolMaxCapacityReached,
            json!({"instance_pool_id": instance_pool_id}),
        ),
    };
    let reason = json!({"code": code.as_str(), "type": code.reason_type(), "parameters": parameters});
    match ending {
        Ending::UserRequest { user } => json!({"reason": reason, "user": user}),
        _ => json!({"reason": reason}),
    }
}
