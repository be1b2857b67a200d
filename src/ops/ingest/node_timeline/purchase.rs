//! How machines were bought: no row tells. A pool's own setting comes first, then what the cluster's record asked for, then what the
//! command says.
//!
//! `first_on_demand` counts nodes, the driver first: the driver is on demand where it is at least one, and a worker where fewer workers
//! than the rest of it are there on demand when it comes.

use std::collections::HashMap;
use std::sync::Arc;

use super::bill::Machine;
use crate::databricks::cluster_spec::is_spot;
use crate::lifecycle::presence::Part;
use crate::model::meter::PurchaseOption;
use crate::model::period::Instant;
use crate::ops::ingest::context::Context;
use crate::report::node_timeline::Purchases;

/// What the answer rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Basis {
    /// A record says so of each machine that it is about.
    Told,
    /// A record says how many; which, the order in which they came.
    Order,
    /// The command says so.
    Flag,
    /// Nothing says so.
    Assumed,
}

/// Decides machine by machine, in order of time.
pub(super) struct Buying<'c> {
    context: &'c Context,
    flag: Option<PurchaseOption>,
    /// Of each cluster, until when its workers on demand were there.
    on_demand: HashMap<Arc<str>, Vec<Instant>>,
    pub counted: Purchases,
}

impl<'c> Buying<'c> {
    pub fn new(context: &'c Context, flag: Option<PurchaseOption>) -> Buying<'c> {
        Buying {
            context,
            flag,
            on_demand: HashMap::new(),
            counted: Purchases::default(),
        }
    }

    /// How a machine was bought. What the ledger says of it stands where only the order of coming would tell.
    pub fn option(&mut self, machine: &Machine) -> (PurchaseOption, Basis) {
        let Some(first) = machine.parts.first() else {
            return (PurchaseOption::OnDemand, Basis::Assumed);
        };
        let (mut option, basis) = self.decide(first);
        if let (Basis::Order, Some(known)) = (basis, machine.known.purchase_option()) {
            option = known;
        }
        if option == PurchaseOption::OnDemand && !first.is_driver {
            let workers = self.on_demand.entry(Arc::clone(&first.came_from)).or_default();
            workers.push(
                machine
                    .parts
                    .last()
                    .map_or(first.period.end, |last| last.period.end),
            );
        }
        self.counted
            .count(option, basis == Basis::Flag, basis == Basis::Assumed);
        (option, basis)
    }

    fn decide(&self, part: &Part) -> (PurchaseOption, Basis) {
        let at = part.period.start;
        let of = |availability: &str| match is_spot(availability) {
            true => PurchaseOption::Spot,
            false => PurchaseOption::OnDemand,
        };
        let untold = match self.flag {
            Some(option) => (option, Basis::Flag),
            None => (PurchaseOption::OnDemand, Basis::Assumed),
        };
        let Some(cluster) = self.context.cluster(&part.came_from, at) else {
            return untold;
        };
        let pool = match part.is_driver {
            true => &cluster.driver_instance_pool_id,
            false => &cluster.instance_pool_id,
        };
        if !pool.is_empty() {
            let known = self.context.pool(pool, at).filter(|p| !p.availability.is_empty());
            return known.map_or(untold, |pool| (of(&pool.availability), Basis::Told));
        }
        let Some(availability) = cluster.purchase.availability.as_deref() else {
            return untold;
        };
        let first_on_demand = usize::try_from(cluster.purchase.first_on_demand).unwrap_or(usize::MAX);
        match of(availability) {
            PurchaseOption::Spot if first_on_demand > 0 => {
                let before = self.on_demand.get(&part.came_from).into_iter().flatten();
                let there = before.filter(|until| **until > at).count();
                let is_first = part.is_driver || there < first_on_demand.saturating_sub(1);
                match is_first {
                    true => (PurchaseOption::OnDemand, Basis::Order),
                    false => (PurchaseOption::Spot, Basis::Order),
                }
            }
            option => (option, Basis::Told),
        }
    }
}
