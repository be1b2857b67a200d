//! One machine: where it is, whose it is, and since when.

use std::slice;
use std::sync::Arc;

use super::index::{ClusterKey, PoolIndex, WorkspaceIndex};
use super::queue::Second;
use crate::lifecycle::meter::{Rate, stretch};
use crate::lifecycle::simulation::{BilledBeyond, Record};
use crate::model::machine as model;
use crate::model::meter::PurchaseOption;
use crate::model::period::{Period, from_unix};
use crate::model::usage::Subject;

/// Where a machine is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Asked of the cloud: for a cluster, or to be held ready by its pool.
    Launching { cluster: Option<ClusterKey> },
    /// Held ready by its pool, since the given second.
    Idle { since: Second },
    /// In a cluster.
    Placed { cluster: ClusterKey },
    /// Being given back to the cloud.
    Terminating,
}

/// An added disk.
#[derive(Debug, Clone, Copy)]
pub(super) struct AddedSince {
    pub added: Second,
    /// Since when the present owner owes for it.
    pub since: Second,
}

/// One machine.
#[derive(Debug)]
pub(super) struct Machine {
    pub id: Arc<str>,
    pub pool: Option<PoolIndex>,
    pub workspace: WorkspaceIndex,
    pub place: Place,
    /// Who owes for it now.
    pub whose: Arc<Subject>,
    /// Since when.
    pub since: Second,
    pub launched: Second,
    pub node_type_id: Arc<str>,
    pub option: PurchaseOption,
    pub driver: bool,
    pub vcpus: u32,
    /// What it is billed for as long as it exists.
    pub rates: Arc<[Rate]>,
    /// MiB of local disk, as far as known, added disks included.
    pub disk_mb: Option<u64>,
    /// Added disks.
    pub added_disks: Vec<AddedSince>,
    /// What each of them is billed for.
    pub added_disk_rates: Arc<[Rate]>,
}

impl Machine {
    /// From now on somebody else owes for it.
    pub fn hand_over(&mut self, to: &Arc<Subject>, at: Second, out: &mut Vec<Record>) {
        if self.whose != *to {
            self.settle(at, out);
            self.whose = Arc::clone(to);
        }
    }

    /// Bills it up to now.
    pub fn settle(&mut self, at: Second, out: &mut Vec<Record>) {
        out.extend(stretch(&self.id, &self.whose, &self.rates, self.since, at).map(Record::Usage));
        self.since = at;
        for (number, disk) in (1..).zip(&mut self.added_disks) {
            let name = disk_name(&self.id, number);
            out.extend(
                stretch(&name, &self.whose, &self.added_disk_rates, disk.since, at).map(Record::Usage),
            );
            disk.since = at;
        }
    }

    /// It is gone. Its cloud bills whole increments of its life; what of them lies beyond the period is not looked at.
    pub fn gone(self, at: Second, end: Second, out: &mut Vec<Record>) {
        self.bill_last(&self.id, &self.rates, (self.launched, self.since), (at, end), out);
        for (number, disk) in (1..).zip(&self.added_disks) {
            let name = disk_name(&self.id, number);
            let began = (disk.added, disk.since);
            self.bill_last(&name, &self.added_disk_rates, began, (at, end), out);
        }
        self.tell(at, out);
    }

    /// The period ends, and it goes on.
    pub fn still_there(mut self, end: Second, out: &mut Vec<Record>) {
        self.settle(end, out);
        self.tell(end, out);
    }

    /// The last stretch of a machine or disk that is gone, as long as each of its meters bills it.
    fn bill_last(
        &self,
        resource: &str,
        rates: &[Rate],
        (launched, since): (Second, Second),
        (at, end): (Second, Second),
        out: &mut Vec<Record>,
    ) {
        for rate in rates {
            let until = rate.billed_until(launched, at).min(end);
            let usages = stretch(resource, &self.whose, slice::from_ref(rate), since, until);
            out.extend(usages.map(Record::Usage));
            if until > at {
                out.push(Record::BilledBeyond(BilledBeyond {
                    subject: Arc::clone(&self.whose),
                    resource: resource.to_owned(),
                    meter: Arc::clone(&rate.meter),
                    launched: from_unix(launched),
                    gone: from_unix(at),
                    until: from_unix(until),
                }));
            }
        }
    }

    fn tell(self, at: Second, out: &mut Vec<Record>) {
        let Some(period) = Period::new(from_unix(self.launched), from_unix(at)) else {
            return;
        };
        out.push(Record::Machine(model::Machine {
            instance_id: self.id,
            subject: self.whose,
            node_type_id: self.node_type_id,
            purchase_option: self.option,
            driver: self.driver,
            period,
        }));
    }

    /// The cluster it is in or comes for.
    pub fn cluster(&self) -> Option<ClusterKey> {
        match self.place {
            Place::Launching { cluster } => cluster,
            Place::Placed { cluster } => Some(cluster),
            Place::Idle { .. } | Place::Terminating => None,
        }
    }
}

/// What usage calls the added disk of this number.
fn disk_name(machine: &str, number: u32) -> String {
    format!("{machine}/disk-{number}")
}
