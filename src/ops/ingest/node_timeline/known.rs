//! What the ledger has of a machine, from tellings before this one.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::lifecycle::presence::{Instance, Spans};
use crate::model::meter::{Meter, MeterKind, PurchaseOption};
use crate::store::known_usage::KnownUsage;
use crate::store::real_history::Billed;

/// What the ledger has of all machines of a workspace.
pub(super) struct Known(HashMap<String, Vec<KnownUsage>>);

/// What the ledger has of a machine.
#[derive(Default)]
pub(super) struct KnownMachine(pub Vec<KnownUsage>);

impl Known {
    pub fn new(usage: Vec<KnownUsage>) -> Known {
        let mut known: HashMap<String, Vec<KnownUsage>> = HashMap::new();
        for one in usage {
            let instance = one.resource.rsplit('/').next().unwrap_or_default();
            known.entry(instance.to_owned()).or_default().push(one);
        }
        Known(known)
    }

    /// What is known of a machine, in order.
    pub fn take(&mut self, instance_id: &str) -> KnownMachine {
        let mut known = self.0.remove(instance_id).unwrap_or_default();
        known.sort_unstable_by_key(|one| (one.period.start, one.meter.clone()));
        KnownMachine(known)
    }
}

/// `c-1/driver/i-1`: the machine is the last part, so that it is found again.
pub(super) fn resource(cluster_id: Option<&str>, is_driver: bool, instance_id: &str) -> String {
    match (cluster_id, is_driver) {
        (Some(cluster), true) => format!("{cluster}/driver/{instance_id}"),
        (Some(cluster), false) => format!("{cluster}/worker/{instance_id}"),
        (None, _) => format!("idle/{instance_id}"),
    }
}

impl KnownMachine {
    /// The machine with what is known of where it was.
    pub fn with(&self, instance: &Instance) -> Instance {
        let mut all = instance.clone();
        for one in self.0.iter().filter(|one| !one.cluster_id.is_empty()) {
            let cluster: Arc<str> = Arc::from(one.cluster_id.as_str());
            let stay = all.stays.entry(cluster).or_default();
            stay.is_driver |= is_driver(&one.resource);
            stay.seen
                .add(one.period.start.timestamp(), one.period.end.timestamp());
        }
        all
    }

    /// When it is billed for each meter.
    pub fn spans(&self) -> BTreeMap<&str, Spans> {
        let mut spans: BTreeMap<&str, Spans> = BTreeMap::new();
        for one in &self.0 {
            let of_meter = spans.entry(one.meter.as_str()).or_default();
            of_meter.add(one.period.start.timestamp(), one.period.end.timestamp());
        }
        spans
    }

    /// As facts.
    pub fn billed(&self) -> Vec<Billed> {
        let fact = |one: &KnownUsage| Billed {
            resource: one.resource.clone(),
            meter: one.meter.clone(),
            period: one.period,
        };
        self.0.iter().map(fact).collect()
    }

    /// From when on it is billed.
    pub fn start(&self) -> Option<i64> {
        self.0.iter().map(|one| one.period.start.timestamp()).min()
    }

    /// Until when it is billed, in a cluster or between two.
    pub fn end(&self) -> Option<i64> {
        self.0.iter().map(|one| one.period.end.timestamp()).max()
    }

    /// The VM's meter that it was billed by first.
    pub fn vm(&self) -> Option<Meter> {
        let meters = self.0.iter().filter_map(|one| one.meter.parse::<Meter>().ok());
        let mut machines = meters.filter(|meter| matches!(meter.kind, MeterKind::Vm { .. }));
        machines.next()
    }

    /// How it was bought.
    pub fn purchase_option(&self) -> Option<PurchaseOption> {
        match self.vm()?.kind {
            MeterKind::Vm { purchase_option, .. } => Some(purchase_option),
            _ => None,
        }
    }
}

/// Whether a resource is that of a driver.
fn is_driver(resource: &str) -> bool {
    resource.rsplit('/').nth(1) == Some("driver")
}
