//! One machine: where it is, whose it is, and since when.

use std::sync::Arc;

use super::index::{ClusterKey, PoolIndex, WorkspaceIndex};
use super::queue::Second;
use crate::lifecycle::meter::{Rate, stretch};
use crate::lifecycle::simulation::Record;
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
    /// Added disks: since when the present owner owes for each.
    pub added_disks: Vec<Second>,
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
        for (number, since) in (1..).zip(&mut self.added_disks) {
            let disk = format!("{}/disk-{number}", self.id);
            out.extend(stretch(&disk, &self.whose, &self.added_disk_rates, *since, at).map(Record::Usage));
            *since = at;
        }
    }

    /// It is gone, or the period ends.
    pub fn gone(mut self, at: Second, out: &mut Vec<Record>) {
        self.settle(at, out);
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
