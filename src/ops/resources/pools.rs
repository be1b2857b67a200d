//! Instances of pools at an instant. A machine's record says whose it was last; the last event of it by the instant says
//! where it was then, and so in which of its pool's counts it is.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::databricks::event::InstanceState;
use crate::databricks::instance_pool::InstancePoolStats;
use crate::model::period::Instant;
use crate::model::usage::Subject;
use crate::report::resources::PoolResources;
use crate::store::machine::StoredMachine;
use crate::store::{Database, StoreError};

/// What was told of pools and their instances by an instant.
#[derive(Debug, Default)]
pub(super) struct Pools {
    /// All pools of the ledger: workspace, `instance_pool_id`.
    known: Vec<(String, String)>,
    counts: BTreeMap<Key, Counts>,
}

/// Source, workspace, `instance_pool_id`.
type Key = (Arc<str>, String, String);

#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    stats: InstancePoolStats,
    terminating: u32,
}

impl Pools {
    /// Counts the instances among the machines of an instant, and makes each that of whoever had it then.
    pub fn place(
        database: &Database,
        machines: &mut [StoredMachine],
        at: Instant,
    ) -> Result<Pools, StoreError> {
        let mut pools = Pools {
            known: database.pools()?,
            counts: BTreeMap::new(),
        };
        for stored in machines.iter_mut().filter(|m| !m.machine.subject.pool.is_empty()) {
            pools.place_one(database, stored, at)?;
        }
        Ok(pools)
    }

    fn place_one(
        &mut self,
        database: &Database,
        stored: &mut StoredMachine,
        at: Instant,
    ) -> Result<(), StoreError> {
        let last = &stored.machine.subject;
        let told = database.instance_event_at(&stored.source, &stored.machine.instance_id, at)?;
        // Where no event tells, it is where it was last.
        let (state, cluster_id) = match told {
            Some(event) => (InstanceState::from_name(&event.state), event.cluster_id),
            None if last.cluster_id.is_empty() => (Some(InstanceState::Ready), String::new()),
            None => (Some(InstanceState::Placed), last.cluster_id.clone()),
        };
        let key = (
            Arc::clone(&stored.source),
            last.workspace.clone(),
            last.pool.clone(),
        );
        let counts = self.counts.entry(key).or_default();
        match state {
            None | Some(InstanceState::Terminating | InstanceState::Terminated) => {
                counts.terminating = counts.terminating.saturating_add(1);
            }
            Some(state) => counts.stats.count(state, !cluster_id.is_empty()),
        }
        if cluster_id != last.cluster_id {
            stored.machine.subject = holder(database, last, cluster_id)?;
        }
        Ok(())
    }

    /// The pools of a workspace as a source tells of them, also those that hold nothing.
    pub fn of_workspace(&self, source: &Arc<str>, workspace: &str) -> Vec<PoolResources> {
        let here = self.known.iter().filter(|(name, _)| name == workspace);
        here.map(|(_, pool)| {
            let key = (Arc::clone(source), workspace.to_owned(), pool.clone());
            let counts = self.counts.get(&key).copied().unwrap_or_default();
            PoolResources {
                instance_pool_id: pool.clone(),
                stats: counts.stats,
                terminating: counts.terminating,
            }
        })
        .collect()
    }
}

/// Who had an instance of a pool in a cluster, or idle where that is empty.
fn holder(database: &Database, last: &Subject, cluster_id: String) -> Result<Arc<Subject>, StoreError> {
    let billed = database.holder(&last.workspace, &last.pool, &cluster_id)?;
    Ok(billed.unwrap_or_else(|| {
        Arc::new(Subject {
            workspace: last.workspace.clone(),
            pool: last.pool.clone(),
            cluster_id,
            ..Subject::default()
        })
    }))
}
