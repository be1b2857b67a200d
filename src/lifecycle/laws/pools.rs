//! What the instance events of a pool say it holds.

use proptest::prelude::*;
use std::collections::BTreeMap;

use super::super::simulation::{Outcome, Simulation};
use crate::databricks::event::InstanceState;

/// At no instant more instances than `max_capacity`, and never fewer idle or on their way than `min_idle_instances` unless
/// the pool is full. Where the cloud may refuse machines the minimum is nobody's promise.
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
        let mut held: BTreeMap<&str, InstanceState> = BTreeMap::new();
        for (i, event) in events.iter().enumerate() {
            match event.state {
                InstanceState::Terminating | InstanceState::Terminated => held.remove(&*event.instance_id),
                state => held.insert(&*event.instance_id, state),
            };
            let all = u32::try_from(held.len()).unwrap();
            prop_assert!(pool.max_capacity.is_none_or(|max| all <= max), "{event:?}: {all}");
            if events
                .get(i + 1)
                .is_some_and(|next| next.event_time == event.event_time)
            {
                continue;
            }
            // One that was launched for a cluster may be the pool's by now.
            let at_hand = held
                .values()
                .filter(|state| **state != InstanceState::Placed)
                .count();
            let enough = at_hand >= usize::try_from(pool.min_idle_instances).unwrap();
            prop_assert!(
                !gives || enough || pool.max_capacity == Some(all),
                "{event:?}: {held:?}"
            );
        }
    }
    Ok(())
}
