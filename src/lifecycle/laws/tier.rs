//! A change of a workspace's tier cuts DBUs, and changes nothing else.

use proptest::prelude::*;
use std::collections::BTreeMap;

use super::super::fixture::{after_changes, at, run};
use super::super::simulation::Outcome;
use super::random;
use crate::model::meter::MeterKind;
use crate::model::place::{Tier, TierChange};
use crate::model::usage::Usage;

const AFTER: &str = "dbu/AZURE/ENTERPRISE_ANYTHING";

fn is_dbu(usage: &Usage) -> bool {
    matches!(usage.meter.kind, MeterKind::Dbu { .. })
}

/// Seconds of DBUs of each resource and subject.
fn dbu_seconds(outcome: &Outcome) -> BTreeMap<(String, String), i64> {
    let mut seconds = BTreeMap::new();
    for usage in outcome.usage.iter().filter(|u| is_dbu(u)) {
        let whose = (usage.resource.clone(), usage.subject.cluster_id.clone());
        *seconds.entry(whose).or_default() += usage.period.seconds();
    }
    seconds
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn an_upgrade_cuts_dbus_and_changes_nothing_else(simulation in random::simulation(), second in 1_u32..21_600) {
        let mut base = simulation;
        // Both of these tiers scale alike.
        base.workspaces[0].workspace.tier = Tier::Premium;
        base.workspaces[0].workspace.tier_changes.clear();
        let mut upgraded = base.clone();
        let change = at(&random::clock(second));
        upgraded.workspaces[0].workspace.tier_changes = vec![TierChange { at: change, tier: Tier::Enterprise }];
        after_changes(&mut upgraded, &[AFTER]);
        let (before, after) = (run(&base), run(&upgraded));
        prop_assert_eq!(dbu_seconds(&before), dbu_seconds(&after));
        for usage in after.usage.iter().filter(|u| is_dbu(u)) {
            match usage.meter.to_string() == AFTER {
                true => prop_assert!(change <= usage.period.start, "{:?}", usage),
                false => prop_assert!(usage.period.end <= change, "{:?}", usage),
            }
        }
        let others = |o: &Outcome| -> Vec<Usage> { o.usage.iter().filter(|u| !is_dbu(u)).cloned().collect() };
        prop_assert_eq!(others(&before), others(&after));
        prop_assert_eq!(before.events, after.events);
        prop_assert_eq!(before.runs, after.runs);
        let ends: Vec<_> = after.usage.iter().map(super::machines::end_without_increments(&Outcome {
            machines: after.machines.clone(),
            ..Outcome::default()
        })).collect();
        prop_assert!(super::in_order(ends));
    }
}
