//! Bills against the rule of Databricks Labs' Overwatch, which computes costs from events alone.
//!
//! VM: from CREATING or STARTING to TERMINATING, driver and target workers. DBU: driver and current workers, except from
//! CREATING, STARTING or RESTARTING to RUNNING and after TERMINATING. Workers are `current_num_workers`, else
//! `cluster_size.num_workers`, else `autoscale.min_workers`.
//!
//! What events do not tell, and so takes no time here: how long a request is taken in and looked at before machines are
//! asked for (accept, validate), how long machines live after TERMINATING (terminate), how long a busy worker stays that
//! is to go (decommission; no event tells that a downsize is complete, so the current workers of a RESIZING are at
//! most its target). Workers that join one by one are told of when the last has: all steps take equally long here.
//! Machines that are lost or late are told of in counts of workers, but not how long their VMs lived: there are no hazards.

use proptest::prelude::*;
use std::collections::BTreeMap;

use super::super::between::Between;
use super::super::fixture::{is_vm, run};
use super::super::simulation::Outcome;
use super::super::timing::Timing;
use super::random;
use crate::databricks::event::{ClusterEvent, ClusterSize, EventType};
use crate::model::meter::MeterKind;
use crate::model::period::Instant;

/// Seconds of VMs and of DBUs.
type Seconds = (i64, i64);

#[derive(Debug, Default)]
struct Meter {
    /// Since when, and how many nodes.
    vm: Option<(Instant, i64)>,
    dbu: Option<(Instant, i64)>,
    seconds: Seconds,
}

impl Meter {
    fn set(&mut self, at: Instant, vm_nodes: Option<i64>, dbu_nodes: Option<i64>) {
        let spent = |since: Option<(Instant, i64)>| {
            since.map_or(0, |(since, nodes)| (at - since).num_seconds() * nodes)
        };
        self.seconds.0 += spent(self.vm);
        self.seconds.1 += spent(self.dbu);
        self.vm = vm_nodes.map(|n| (at, n));
        self.dbu = dbu_nodes.map(|n| (at, n));
    }
}

/// What events alone say that clusters owe.
fn by_events(outcome: &Outcome, end: Instant) -> BTreeMap<&str, Seconds> {
    let mut meters: BTreeMap<&str, Meter> = BTreeMap::new();
    for event in &outcome.events {
        let meter = meters.entry(&event.cluster_id).or_default();
        let (at, on) = (event.timestamp, meter.vm.is_some());
        let target = nodes(event, event.details.target_num_workers);
        let (vm_before, dbu_before) = (meter.vm.map(|v| v.1), meter.dbu.map(|d| d.1));
        match event.event_type {
            EventType::Creating | EventType::Starting => meter.set(at, target, None),
            EventType::Restarting => meter.set(at, vm_before, None),
            EventType::Terminating => meter.set(at, None, None),
            EventType::Edited if on => meter.set(at, target, dbu_before),
            EventType::Running | EventType::UpsizeCompleted => {
                meter.set(at, target, nodes(event, event.details.current_num_workers));
            }
            EventType::Resizing => {
                meter.set(
                    at,
                    target,
                    nodes(event, event.details.current_num_workers).min(target),
                );
            }
            _ => {}
        }
    }
    let total = |mut meter: Meter| {
        meter.set(end, None, None);
        meter.seconds
    };
    meters.into_iter().map(|(id, meter)| (id, total(meter))).collect()
}

/// Driver and workers.
fn nodes(event: &ClusterEvent, workers: Option<u32>) -> Option<i64> {
    let of_size = event.details.cluster_size.map(|size| match size {
        ClusterSize::Fixed { num_workers } => num_workers,
        ClusterSize::Autoscale { min_workers, .. } => min_workers,
    });
    workers.or(of_size).map(|workers| i64::from(workers) + 1)
}

/// What the meter says that clusters owe.
fn by_meter(outcome: &Outcome) -> BTreeMap<&str, Seconds> {
    let mut owed: BTreeMap<&str, Seconds> = BTreeMap::new();
    for usage in outcome
        .usage
        .iter()
        .filter(|u| !matches!(u.meter.kind, MeterKind::Disk { .. }))
    {
        let seconds = owed.entry(&usage.subject.cluster_id).or_default();
        let of = if is_vm(usage) {
            &mut seconds.0
        } else {
            &mut seconds.1
        };
        *of += usage.period.seconds();
    }
    owed
}

fn timing() -> impl Strategy<Value = Timing> {
    let s = |max: u32| prop_oneof![1 => Just(0_u32), 4 => 0..=max].prop_map(Between::exactly);
    let machine = (s(200), s(30), s(30), s(120), s(60));
    (machine, s(40), s(30), s(20), s(30), s(40), s(20), s(60)).prop_map(
        |(m, scripts, boot, context, register, libraries, security, interval)| {
            let none = Between::exactly(0);
            Timing {
                accept: none,
                validate: none,
                terminate: none,
                decommission: none,
                allocate: m.0,
                network: m.1,
                disks: m.2,
                image: m.3,
                docker_image: m.4,
                init_scripts: scripts,
                driver_boot: boot,
                spark_context: context,
                register,
                libraries,
                security,
                autoscale_interval: interval,
                ..Timing::default()
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn events_and_meter_agree_on_every_second(cluster in random::used(), timing in timing(), seed in any::<u64>()) {
        let mut simulation = random::of_clusters(vec![cluster]);
        simulation.timing = timing;
        simulation.seed = seed;
        let outcome = run(&simulation);
        let mut told = by_events(&outcome, simulation.period.end);
        // A cluster that lived for no second owes nothing and has no usage.
        told.retain(|_, seconds| *seconds != (0, 0));
        prop_assert_eq!(told, by_meter(&outcome));
    }
}
