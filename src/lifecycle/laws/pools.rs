//! What the instance events of a pool say it holds.

use proptest::prelude::*;
use std::collections::BTreeMap;

use super::super::simulation::{Outcome, Simulation};
use crate::databricks::event::{InstanceEvent, InstanceState};
use crate::databricks::instance_pool::InstancePoolStats;

/// At no instant more instances than `max_capacity`, and never fewer idle or on their way than `min_idle_instances` unless
/// the pool is full. Where the cloud may refuse machines the minimum is nobody's promise. The counts and what is being torn
/// down are all the machines of the pool that exist.
pub fn keep_to_their_limits(simulation: &Simulation, outcome: &Outcome) -> Result<(), TestCaseError> {
    let hazards = &simulation.hazards;
    let gives = hazards.quotas.is_empty() && hazards.stockout == 0 && hazards.spot_unavailable == 0;
    for metered in &simulation.pools {
        let pool = &metered.pool;
        let events = outcome
            .instance_events
            .iter()
            .filter(|e| *e.instance_pool_id == *pool.instance_pool_id);
        let events: Vec<_> = events.collect();
        if gives && pool.min_idle_instances > 0 && pool.max_capacity != Some(0) {
            prop_assert_eq!(
                events.first().map(|e| e.event_time),
                Some(simulation.period.start)
            );
        }
        let mut held: BTreeMap<&str, &InstanceEvent> = BTreeMap::new();
        for (i, event) in events.iter().enumerate() {
            match event.state {
                InstanceState::Terminated => held.remove(&*event.instance_id),
                _ => held.insert(&*event.instance_id, event),
            };
            let mut stats = InstancePoolStats::default();
            for last in held.values() {
                stats.count(last.state, !last.cluster_id.is_empty());
            }
            let all = stats.total();
            prop_assert!(pool.max_capacity.is_none_or(|max| all <= max), "{event:?}: {all}");
            if events
                .get(i + 1)
                .is_some_and(|next| next.event_time == event.event_time)
            {
                continue;
            }
            let at_hand = stats.idle_count + stats.pending_idle_count;
            let enough = at_hand >= pool.min_idle_instances;
            prop_assert!(
                !gives || enough || pool.max_capacity == Some(all),
                "{event:?}: {held:?}"
            );
            let exist = outcome
                .machines
                .iter()
                .filter(|m| m.subject.pool == pool.instance_pool_id && m.period.contains(event.event_time));
            let terminating = held.values().filter(|e| e.state == InstanceState::Terminating);
            let counted = usize::try_from(all).unwrap() + terminating.count();
            prop_assert_eq!(counted, exist.count(), "{:?}: {:?}", event, held);
        }
    }
    Ok(())
}
