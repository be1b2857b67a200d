//! One machine: where it is, whose it is, and since when.

use super::index::{ClusterIndex, PoolIndex};
use std::sync::Arc;

use super::meter::{Meters, Rate};
use crate::model::period::Instant;
use crate::model::usage::Subject;

/// Where a machine is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Asked of the cloud: for a cluster, or to be held ready by its pool.
    Launching { cluster: Option<ClusterIndex> },
    /// Held ready by its pool, since the given instant.
    Idle { since: Instant },
    /// In a cluster.
    Placed { cluster: ClusterIndex },
    /// Given back to the cloud.
    Gone,
}

/// One machine.
#[derive(Debug)]
pub(super) struct Instance {
    /// Its id.
    pub id: String,
    /// Its pool, if it is of one.
    pub pool: Option<PoolIndex>,
    /// Where it is.
    pub place: Place,
    /// Who owes for it now.
    pub whose: Arc<Subject>,
    /// Since when.
    since: Instant,
    /// What it is billed for as long as it exists.
    rates: Arc<[Rate]>,
}

impl Instance {
    /// A machine that is asked of the cloud now.
    pub fn launched(
        id: String,
        pool: Option<PoolIndex>,
        cluster: Option<ClusterIndex>,
        whose: Arc<Subject>,
        rates: Arc<[Rate]>,
        at: Instant,
    ) -> Instance {
        Instance {
            id,
            pool,
            place: Place::Launching { cluster },
            whose,
            since: at,
            rates,
        }
    }

    /// From now on somebody else owes for it.
    pub fn hand_over(&mut self, to: &Arc<Subject>, at: Instant, meters: &mut Meters) {
        self.settle(at, meters);
        self.whose = Arc::clone(to);
    }

    /// Bills it up to now.
    pub fn settle(&mut self, at: Instant, meters: &mut Meters) {
        if self.place != Place::Gone {
            meters.note(&self.id, &self.whose, &self.rates, self.since, at);
            self.since = at;
        }
    }

    /// Gives it back to the cloud.
    pub fn release(&mut self, at: Instant, meters: &mut Meters) {
        self.settle(at, meters);
        self.place = Place::Gone;
    }
}
