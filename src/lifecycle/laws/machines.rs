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

/// When the usages of a machine and of its disks would end if there were no increments.
pub fn end_without_increments(outcome: &Outcome) -> impl Fn(&Usage) -> Instant {
    let gone: BTreeMap<String, Instant> = outcome
        .machines
        .iter()
        .map(|m| (m.instance_id.to_string(), m.period.end))
        .collect();
    move |usage| {
        let machine = usage.resource.split('/').next().unwrap_or_default();
        let gone = gone.get(machine).copied();
        gone.map_or(usage.period.end, |gone| usage.period.end.min(gone))
    }
}

/// Up to when something is billed that began and is gone: whole increments, at least the minimum, not beyond the period. What
/// is still there at its end is billed to it.
fn billed_until(simulation: &Simulation, began: Instant, gone: Instant) -> Instant {
    let end = simulation.period.end;
    if gone == end {
        return end;
    }
    let increment = simulation.pools[0].node.spot.while_provisioned[0].increment;
    let lived = (gone - began).num_seconds();
    (began + chrono::Duration::seconds(increment.billed(lived))).min(end)
}

/// Each added disk is owed for from its addition until its machine is gone, in whole increments.
pub fn are_billed_for_their_disks(simulation: &Simulation, outcome: &Outcome) -> Result<(), TestCaseError> {
    for disk in &outcome.added_disks {
        let resource = format!("{}/disk-{}", disk.instance_id, disk.number);
        let machine = outcome
            .machines
            .iter()
            .find(|m| m.instance_id == disk.instance_id);
        let gone = machine.map_or(disk.added, |m| m.period.end);
        let usages = outcome.usage.iter().filter(|u| u.resource == resource);
        let seconds: i64 = usages.map(|u| u.period.seconds()).sum();
        let until = billed_until(simulation, disk.added, gone);
        prop_assert_eq!(seconds, (until - disk.added).num_seconds(), "{:?}", disk);
    }
    Ok(())
}

/// Each machine's VM is owed for from its launch until it is gone, rounded once, by one after the other; nothing else is a VM.
pub fn are_billed_for_as_long_as_they_exist(
    simulation: &Simulation,
    outcome: &Outcome,
) -> Result<(), TestCaseError> {
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
        let until = billed_until(simulation, machine.period.start, machine.period.end);
        prop_assert_eq!(from, until, "{:?}", machine);
        let told = outcome
            .billed_beyond
            .iter()
            .any(|b| *b.resource == *machine.instance_id && b.until == until);
        prop_assert_eq!(told, until > machine.period.end);
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
