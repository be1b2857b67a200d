//! A scenario from a ledger's history: clusters as they were created, used and ended, so that variants of what happened
//! can be tried.
//!
//! What events do not tell is taken as it is simplest: a life of a cluster is one command that kept its driver busy from
//! RUNNING until its end, less the idle minutes where it ended for inactivity; a job's cluster is one run of one task. A pool
//! is known by the node type of its machines, and holds none ready.

use serde_json::{Map, Value, json};
use std::path::PathBuf;

use crate::databricks::event::EventType;
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::period::{Instant, next_midnight, rfc3339};
use crate::model::place::Workspace;
use crate::ops::ledger::{diagnose, open_read_only};
use crate::store::history::StoredClusterEvent;

/// Where the history is, and what it does not tell.
#[derive(Debug, Clone)]
pub struct HistoryOptions {
    /// The ledger.
    pub ledger: PathBuf,
    /// Cloud, region and tier of workspaces that the ledger knows by name only.
    pub place: Option<Workspace>,
}

/// A scenario made from a history.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryScenario {
    /// The scenario, as `tollgate simulate` reads it.
    pub scenario: Value,
    /// Clusters that were left out, and why.
    pub warnings: Diagnostics,
}

/// Makes a scenario from the cluster events of a ledger.
///
/// # Errors
/// `store::*`; `report::nothing` where there are no events, `scenario::unknown-workspace` where a workspace is known by
/// its name only.
pub fn scenario_from_history(options: &HistoryOptions) -> Result<HistoryScenario, Diagnostics> {
    let source = options.ledger.display().to_string();
    let database = open_read_only(&options.ledger)?;
    let failed = |e| diagnose(&options.ledger, &e);
    let events = database.all_cluster_events().map_err(failed)?;
    let (Some(first), Some(last)) = (
        events.iter().map(|e| e.timestamp).min(),
        events.iter().map(|e| e.timestamp).max(),
    ) else {
        let nothing = "there are no cluster events in this ledger";
        return Err(Diagnostic::error("report::nothing", &source, nothing)
            .hint("`tollgate ingest cluster-events` and `tollgate simulate` write some")
            .into());
    };
    let pools = database.pools_of_machines().map_err(failed)?;
    let known = database.workspaces().map_err(failed)?;
    let (mut workspaces, mut clusters, mut jobs) = (Vec::new(), Vec::new(), Vec::new());
    let mut warnings = Vec::new();
    let mut names: Vec<&str> = events.iter().map(|e| e.workspace.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        let stored = known.iter().map(|w| &w.workspace).find(|w| w.name == name);
        let Some(place) = stored.or(options.place.as_ref()) else {
            let message = format!("of the workspace `{name}` the ledger knows the name only");
            return Err(Diagnostic::error("scenario::unknown-workspace", &source, message)
                .hint("say --cloud, --region and --tier")
                .into());
        };
        let mut workspace = json!(Workspace {
            name: name.to_owned(),
            ..place.clone()
        });
        if let Some(fields) = workspace.as_object_mut() {
            fields.retain(|_, value| !value.is_null());
        }
        workspaces.push(workspace);
    }
    for of_cluster in events.chunk_by(|a, b| (&a.workspace, &a.cluster_id) == (&b.workspace, &b.cluster_id)) {
        match Told::read(of_cluster, &pools) {
            Ok(told) if told.of_job => jobs.extend(told.job()),
            Ok(told) => clusters.push(told.cluster()),
            Err(why) => {
                let id = of_cluster.first().map_or("", |e| e.cluster_id.as_str());
                let message = format!("`{id}` is left out: {why}");
                warnings.push(Diagnostic::warning("scenario::never", &source, message));
            }
        }
    }
    let start = first.date_naive().and_time(chrono::NaiveTime::MIN).and_utc();
    Ok(HistoryScenario {
        scenario: json!({
            "scenario": "from-history",
            "seed": 1,
            "period": {"start": rfc3339(start), "end": rfc3339(next_midnight(last))},
            "workspaces": workspaces,
            "pools": pools.iter().map(|(workspace, id, node_type_id)| json!({
                "workspace": workspace, "instance_pool_id": id, "node_type_id": node_type_id,
            })).collect::<Vec<_>>(),
            "clusters": clusters,
            "jobs": jobs,
        }),
        warnings: Diagnostics(warnings),
    })
}

/// What the events of one cluster tell.
struct Told<'e> {
    cluster_id: &'e str,
    workspace: &'e str,
    created: Instant,
    principal: String,
    request: Map<String, Value>,
    of_job: bool,
    lives: Vec<Life>,
}

/// From a start to an end.
struct Life {
    requested: Instant,
    busy_seconds: i64,
    by_user: bool,
}

impl<'e> Told<'e> {
    fn read(
        events: &'e [StoredClusterEvent],
        pools: &[(String, String, String)],
    ) -> Result<Told<'e>, &'static str> {
        let first = events.first().ok_or("there are no events")?;
        let is = |e: &StoredClusterEvent, t: EventType| e.event_type == t.as_str();
        let creating = events.iter().find(|e| is(e, EventType::Creating));
        let creating = creating.ok_or("no event tells of its creation")?;
        let details: Value =
            serde_json::from_str(&creating.details).map_err(|_| "its CREATING cannot be read")?;
        let attributes = details.get("attributes").and_then(Value::as_object);
        let mut request = attributes.ok_or("its CREATING tells no attributes")?.clone();
        if let Some(size) = details.get("cluster_size").and_then(Value::as_object) {
            request.extend(size.clone());
        }
        let unknown = |key: &str| {
            let id = request.get(key).and_then(Value::as_str);
            id.is_some_and(|id| !pools.iter().any(|(w, p, _)| *w == first.workspace && p == id))
        };
        if unknown("instance_pool_id") || unknown("driver_instance_pool_id") {
            return Err("it comes from a pool that the ledger does not know");
        }
        let idle_minutes = request
            .get("autotermination_minutes")
            .and_then(Value::as_i64)
            .unwrap_or(0);
        let name = request
            .get("cluster_name")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let mut told = Told {
            cluster_id: &first.cluster_id,
            workspace: &first.workspace,
            created: creating.timestamp,
            principal: details
                .get("user")
                .and_then(Value::as_str)
                .unwrap_or("unknown")
                .to_owned(),
            of_job: details.get("job_run_name").is_some_and(Value::is_string) || name.starts_with("job-"),
            request,
            lives: Vec::new(),
        };
        let (mut requested, mut running) = (None, None);
        for event in events {
            if is(event, EventType::Creating) || is(event, EventType::Starting) {
                (requested, running) = (Some(event.timestamp), None);
            } else if is(event, EventType::Running) {
                running = running.or(Some(event.timestamp));
            } else if is(event, EventType::Terminating) {
                let code = reason(event);
                let idle = if code == "INACTIVITY" {
                    idle_minutes.saturating_mul(60)
                } else {
                    0
                };
                told.live(requested, running, event.timestamp, idle, code == "USER_REQUEST");
                (requested, running) = (None, None);
            }
        }
        if let Some(last) = events.last() {
            told.live(requested, running, last.timestamp, 0, false);
        }
        Ok(told)
    }

    /// Notes a life that came to RUNNING.
    fn live(
        &mut self,
        from: Option<Instant>,
        running: Option<Instant>,
        to: Instant,
        idle: i64,
        by_user: bool,
    ) {
        if let (Some(requested), Some(running)) = (from, running) {
            let busy = (to - running).num_seconds().saturating_sub(idle);
            self.lives.push(Life {
                requested,
                busy_seconds: busy.max(1),
                by_user,
            });
        }
    }

    fn cluster(&self) -> Value {
        let sessions: Vec<Value> = self
            .lives
            .iter()
            .map(|life| {
                json!({
                    "on": life.requested.format("%Y-%m-%d").to_string(),
                    "start": life.requested.format("%H:%M:%S").to_string(),
                    "commands": {"count": 1, "pause_seconds": 0, "work": {"driver_seconds": life.busy_seconds}},
                    "then": if life.by_user { "terminate" } else { "idle" },
                })
            })
            .collect();
        json!({
            "name": self.cluster_id,
            "workspace": self.workspace,
            "principal": self.principal,
            "create_at": rfc3339(self.created),
            "request": self.request,
            "sessions": sessions,
        })
    }

    fn job(&self) -> Option<Value> {
        let life = self.lives.first()?;
        Some(json!({
            "name": self.cluster_id,
            "workspace": self.workspace,
            "principal": self.principal,
            "schedule": {
                "on": life.requested.format("%Y-%m-%d").to_string(),
                "at": life.requested.format("%H:%M:%S").to_string(),
            },
            "work": {"driver_seconds": life.busy_seconds},
            "new_cluster": self.request,
        }))
    }
}

/// The code of a TERMINATING.
fn reason(event: &StoredClusterEvent) -> String {
    let details: Value = serde_json::from_str(&event.details).unwrap_or_default();
    let code = details.pointer("/reason/code").and_then(Value::as_str);
    code.unwrap_or_default().to_owned()
}
