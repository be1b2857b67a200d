//! What machines and nodes are billed for.

use proptest::prelude::*;
use std::collections::BTreeMap;

use super::super::fixture::is_vm;
use super::super::simulation::{Outcome, Simulation};
use crate::databricks::event::EventType;
use crate::model::meter::{Meter, MeterKind};
use crate::model::period::Instant;
use crate::model::usage::Usage;

/// Usages of each VM, by their beginning.
fn lives(outcome: &Outcome) -> BTreeMap<&str, Vec<&Usage>> {
    let mut lives: BTreeMap<&str, Vec<&Usage>> = BTreeMap::new();
    for usage in outcome.usage.iter().filter(|u| is_vm(u)) {
        lives.entry(&usage.resource).or_default().push(usage);
    }
    for life in lives.values_mut() {
        life.sort_by_key(|u| u.period.start);
    }
    lives
}

/// Each machine's VM is owed for from its launch until it is gone, by one after the other; nothing else is a VM.
pub fn are_billed_for_as_long_as_they_exist(outcome: &Outcome) -> Result<(), TestCaseError> {
    let mut lives = lives(outcome);
    for machine in &outcome.machines {
        let life = lives.remove(&*machine.instance_id).unwrap_or_default();
        let mut from = machine.period.start;
        for usage in &life {
            prop_assert_eq!(usage.period.start, from, "{:?}", machine);
            let bought = match &usage.meter.kind {
                MeterKind::Vm { purchase_option, .. } => Some(*purchase_option),
                _ => None,
            };
            prop_assert_eq!(bought, Some(machine.purchase_option));
            from = usage.period.end;
        }
        prop_assert_eq!(from, machine.period.end, "{:?}", machine);
    }
    prop_assert!(lives.is_empty(), "{:?}", lives.keys());
    Ok(())
}

/// When the events of a cluster say that it runs: from RUNNING to RESTARTING or TERMINATING.
fn running<'a>(simulation: &Simulation, outcome: &'a Outcome) -> BTreeMap<&'a str, Vec<(Instant, Instant)>> {
    let mut running: BTreeMap<&str, Vec<(Instant, Instant)>> = BTreeMap::new();
    for event in &outcome.events {
        let stretches = running.entry(&event.cluster_id).or_default();
        match (event.event_type, stretches.last_mut()) {
            (EventType::Running, _) => stretches.push((event.timestamp, simulation.period.end)),
            (EventType::Restarting | EventType::Terminating, Some(last)) => {
                last.1 = last.1.min(event.timestamp)
            }
            _ => {}
        }
    }
    running
}

/// DBUs of a node are owed only while its VM is, by the same subject, and while its cluster runs; once at a time.
pub fn owe_dbus_only_in_running_clusters(
    simulation: &Simulation,
    outcome: &Outcome,
) -> Result<(), TestCaseError> {
    let (lives, running) = (lives(outcome), running(simulation, outcome));
    let mut told: BTreeMap<(&str, &Meter), Vec<&Usage>> = BTreeMap::new();
    for usage in &outcome.usage {
        told.entry((&usage.resource, &usage.meter))
            .or_default()
            .push(usage);
        if !matches!(usage.meter.kind, MeterKind::Dbu { .. }) {
            continue;
        }
        let inside = |start: Instant, end: Instant| start <= usage.period.start && usage.period.end <= end;
        if usage.resource.starts_with("serverless/") {
            prop_assert!(usage.subject.cluster_id.is_empty() && !usage.subject.run_id.is_empty());
            prop_assert!(!lives.contains_key(usage.resource.as_str()));
            continue;
        }
        let life = lives.get(usage.resource.as_str()).map_or(&[][..], Vec::as_slice);
        let owned = life
            .iter()
            .any(|vm| vm.subject == usage.subject && inside(vm.period.start, vm.period.end));
        prop_assert!(owned, "{:?} in {:?}", usage, life);
        let runs = running.get(usage.subject.cluster_id.as_str());
        let runs = runs.is_some_and(|r| r.iter().any(|(start, end)| inside(*start, *end)));
        prop_assert!(runs, "{:?}", usage);
    }
    for ((resource, _), mut usages) in told {
        usages.sort_by_key(|u| u.period.start);
        let apart = usages.windows(2).all(|w| w[0].period.end <= w[1].period.start);
        prop_assert!(apart, "{resource}: {usages:?}");
    }
    Ok(())
}
