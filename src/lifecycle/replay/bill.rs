//! What a cluster stands for from one instant to the next becomes stretches of usage.
//!
//! The nodes that are billed are always the driver and workers 1 to n, so a change touches only the nodes between the
//! two numbers. A machine that goes is billed by its cloud's increments; whoever comes after it under the same number is
//! another machine, which may begin while the one before is still billed.

use std::slice;
use std::sync::Arc;

use super::told::Definition;
use super::{NodeBill, Replay, ReplayError};
use crate::databricks::cluster_spec::{NodeSlot, Role};
use crate::lifecycle::meter::{Rate, rates, stretch};
use crate::model::increment::Increment;
use crate::model::meter::{MeterRate, PurchaseOption};
use crate::model::period::{Instant, SECONDS_PER_DAY};
use crate::model::usage::{Subject, Usage};

/// Most stretches of one cluster: a node that comes and goes every minute of a year has half a million.
const MOST_STRETCHES: u64 = 5_000_000;
/// Most days of all its stretches together: fifty years of a thousand nodes.
const MOST_DAYS: u64 = 20_000_000;

/// What is billed from an instant on.
#[derive(Debug, Clone)]
pub(super) struct Standing {
    /// The definition in force.
    pub definition: Arc<Definition>,
    /// Workers whose machines there are; none where their number is not known.
    pub workers: Option<u32>,
    /// DBUs run: for so many workers, or for an unknown number.
    pub running: Option<Option<u32>>,
}

/// What one node is billed for, and who owes.
#[derive(Debug, PartialEq, Eq)]
struct Node {
    subject: Arc<Subject>,
    machine: Arc<[Rate]>,
    dbu: Arc<[Rate]>,
}

/// The nodes of a definition since its start: driver, workers on demand, workers on spot, workers of unknown number.
struct Nodes {
    definition: Arc<Definition>,
    /// Since when they are billed so.
    since: Instant,
    driver: Arc<Node>,
    on_demand: Arc<Node>,
    spot: Arc<Node>,
    unknown: Arc<Node>,
}

impl Node {
    fn rates(&self, kind: Kind) -> &[Rate] {
        match kind {
            Kind::Machine => &self.machine,
            Kind::Dbu => &self.dbu,
        }
    }

    /// Whether these meters are billed to the same subject alike.
    fn is_billed_as(&self, other: &Node, kind: Kind) -> bool {
        self.subject == other.subject && self.rates(kind) == other.rates(kind)
    }
}

/// Which meters of a node.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Machine,
    Dbu,
}

/// A stretch that is open.
struct Stretch {
    /// When the machine was asked for.
    launched: Instant,
    since: Instant,
    node: Arc<Node>,
}

/// How a stretch ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ends {
    /// The machine goes on, under another subject or definition.
    HandedOver,
    /// The machine is gone.
    Gone,
}

/// Stretches that are open, node by node: the driver, then the workers.
#[derive(Default)]
struct Open {
    nodes: Vec<Stretch>,
    unknown: Option<Stretch>,
}

/// The bill of one cluster.
pub(super) struct Bill<'a> {
    cluster_id: &'a str,
    of_node: &'a NodeBill<'a>,
    /// What has been used so far.
    pub usage: Vec<Usage>,
    tier_changes: &'a [Instant],
    nodes: Option<Nodes>,
    machines: Open,
    dbus: Open,
    /// Nothing is billed beyond it, not even what increments add: a life without an end is billed in whole days.
    limit: Option<Instant>,
    /// Machines that are billed for longer than they lived.
    pub rounded: u64,
    stretches: u64,
    days: u64,
}

impl<'a> Bill<'a> {
    pub fn new(asked: &Replay<'a>) -> Bill<'a> {
        Bill {
            cluster_id: asked.cluster_id,
            of_node: asked.bill,
            usage: Vec::new(),
            tier_changes: asked.tier_changes,
            nodes: None,
            machines: Open::default(),
            dbus: Open::default(),
            limit: None,
            rounded: 0,
            stretches: 0,
            days: 0,
        }
    }

    /// Another life begins; nothing of it is billed beyond the limit.
    pub fn begin(&mut self, limit: Option<Instant>) {
        self.limit = limit;
    }

    /// From `at` on the cluster stands for this. Nothing is billed beyond `until`; without it nothing is billed at all.
    pub fn stand(
        &mut self,
        at: Instant,
        until: Option<Instant>,
        standing: &Standing,
    ) -> Result<(), ReplayError> {
        let Some(until) = until else { return Ok(()) };
        let at = at.min(until);
        self.change_tiers(at)?;
        self.define(at, &standing.definition)?;
        let (machines, unknown) = match standing.workers {
            Some(n) => (nodes(n), false),
            None => (1, true),
        };
        self.set(Kind::Machine, at, machines, unknown)?;
        let (dbus, unknown) = match standing.running {
            None => (0, false),
            Some(Some(n)) => (nodes(n), false),
            Some(None) => (1, true),
        };
        self.set(Kind::Dbu, at, dbus, unknown)
    }

    /// The life is over: DBUs end at `until`, machines when they are gone.
    pub fn end(&mut self, until: Instant, gone: Instant) -> Result<(), ReplayError> {
        self.change_tiers(until)?;
        self.set(Kind::Dbu, until, 0, false)?;
        self.set(Kind::Machine, gone, 0, false)?;
        self.nodes = None;
        Ok(())
    }

    /// The life is not billed.
    pub fn forget(&mut self) {
        self.nodes = None;
    }

    /// Changes of the tier since the definition was last looked at, up to an instant: DBUs go on under other SKUs.
    fn change_tiers(&mut self, until: Instant) -> Result<(), ReplayError> {
        let Some(nodes) = &self.nodes else { return Ok(()) };
        let (definition, since) = (Arc::clone(&nodes.definition), nodes.since);
        let passed = self
            .tier_changes
            .iter()
            .filter(|at| since < **at && **at <= until);
        for at in passed {
            self.nodes = Some(self.nodes_of(*at, &definition)?);
            for kind in [Kind::Machine, Kind::Dbu] {
                self.renew(kind, *at)?;
            }
        }
        Ok(())
    }

    /// Takes a definition over. Nodes that it bills otherwise begin a new stretch.
    fn define(&mut self, at: Instant, definition: &Arc<Definition>) -> Result<(), ReplayError> {
        if self
            .nodes
            .as_ref()
            .is_some_and(|n| Arc::ptr_eq(&n.definition, definition))
        {
            return Ok(());
        }
        self.nodes = Some(self.nodes_of(at, definition)?);
        for kind in [Kind::Machine, Kind::Dbu] {
            self.renew(kind, at)?;
        }
        Ok(())
    }

    /// Closes and opens the nodes that the new definition bills otherwise.
    fn renew(&mut self, kind: Kind, at: Instant) -> Result<(), ReplayError> {
        let mut open = std::mem::take(self.open(kind));
        for (i, slot) in open.nodes.iter_mut().enumerate() {
            let resource = self.resource(i);
            self.replace(kind, &resource, slot, self.node(i), at)?;
        }
        if let Some(slot) = &mut open.unknown {
            let node = self.nodes.as_ref().map(|n| Arc::clone(&n.unknown));
            let resource = self.resource_unknown();
            self.replace(kind, &resource, slot, node, at)?;
        }
        *self.open(kind) = open;
        Ok(())
    }

    fn replace(
        &mut self,
        kind: Kind,
        resource: &str,
        slot: &mut Stretch,
        node: Option<Arc<Node>>,
        at: Instant,
    ) -> Result<(), ReplayError> {
        match node {
            Some(node) if !node.is_billed_as(&slot.node, kind) => {
                // What is another machine begins to live; a machine that only has another owner lives on.
                let goes_on = node.rates(kind) == slot.node.rates(kind);
                let (launched, ends) = match goes_on {
                    true => (slot.launched, Ends::HandedOver),
                    false => (at, Ends::Gone),
                };
                let since = at;
                let next = Stretch {
                    launched,
                    since,
                    node,
                };
                let before = std::mem::replace(slot, next);
                self.note(kind, resource, &before, at, ends)
            }
            Some(node) => {
                slot.node = node;
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn set(&mut self, kind: Kind, at: Instant, count: usize, unknown: bool) -> Result<(), ReplayError> {
        while self.open(kind).nodes.len() > count {
            let Some(last) = self.open(kind).nodes.pop() else {
                break;
            };
            let index = self.open(kind).nodes.len();
            let resource = self.resource(index);
            self.note(kind, &resource, &last, at, Ends::Gone)?;
        }
        while self.open(kind).nodes.len() < count {
            let index = self.open(kind).nodes.len();
            let Some(node) = self.node(index) else { break };
            self.open(kind).nodes.push(Stretch::new(at, node));
        }
        match (self.open(kind).unknown.take(), unknown) {
            (Some(open), true) => self.open(kind).unknown = Some(open),
            (Some(last), false) => {
                let resource = self.resource_unknown();
                self.note(kind, &resource, &last, at, Ends::Gone)?;
            }
            (None, true) => {
                let node = self.nodes.as_ref().map(|n| Arc::clone(&n.unknown));
                self.open(kind).unknown = node.map(|node| Stretch::new(at, node));
            }
            (None, false) => {}
        }
        Ok(())
    }

    fn open(&mut self, kind: Kind) -> &mut Open {
        match kind {
            Kind::Machine => &mut self.machines,
            Kind::Dbu => &mut self.dbus,
        }
    }

    fn resource(&self, index: usize) -> String {
        match index {
            0 => format!("{}/driver", self.cluster_id),
            worker => format!("{}/worker-{worker}", self.cluster_id),
        }
    }

    fn resource_unknown(&self) -> String {
        format!("{}/workers", self.cluster_id)
    }

    fn note(
        &mut self,
        kind: Kind,
        resource: &str,
        stretch: &Stretch,
        at: Instant,
        ends: Ends,
    ) -> Result<(), ReplayError> {
        let mut is_rounded = false;
        for rate in stretch.node.rates(kind) {
            let until = self.billed_until(rate, stretch.launched, at, ends);
            is_rounded |= until > at.timestamp();
            self.note_rate(resource, stretch, rate, until)?;
        }
        self.rounded = self.rounded.saturating_add(u64::from(is_rounded));
        Ok(())
    }

    fn billed_until(&self, rate: &Rate, launched: Instant, at: Instant, ends: Ends) -> i64 {
        let at = at.timestamp();
        match ends {
            Ends::HandedOver => at,
            Ends::Gone => {
                let until = rate.billed_until(launched.timestamp(), at);
                self.limit
                    .map_or(until, |limit| until.min(limit.timestamp().max(at)))
            }
        }
    }

    fn note_rate(
        &mut self,
        resource: &str,
        Stretch { since, node, .. }: &Stretch,
        rate: &Rate,
        until: i64,
    ) -> Result<(), ReplayError> {
        let since = since.timestamp();
        let seconds = until.saturating_sub(since);
        if seconds <= 0 {
            return Ok(());
        }
        let days = u64::try_from(seconds.div_euclid(SECONDS_PER_DAY)).unwrap_or(0);
        self.stretches = self.stretches.saturating_add(1);
        self.days = self.days.saturating_add(days);
        let limits = [
            (self.stretches, MOST_STRETCHES, "stretches"),
            (self.days, MOST_DAYS, "days of nodes"),
        ];
        for (found, limit, what) in limits {
            if found > limit {
                return Err(ReplayError::TooMuch { limit, what });
            }
        }
        let used = stretch(resource, &node.subject, slice::from_ref(rate), since, until);
        self.usage.extend(used);
        Ok(())
    }

    /// What the node of this number is billed for; 0 is the driver.
    fn node(&self, index: usize) -> Option<Arc<Node>> {
        let nodes = self.nodes.as_ref()?;
        let spec = &nodes.definition.spec;
        let first = usize::try_from(spec.purchase.first_on_demand).unwrap_or(usize::MAX);
        Some(Arc::clone(match index {
            0 => &nodes.driver,
            worker if spec.asks_for_spot() && worker >= first => &nodes.spot,
            _ => &nodes.on_demand,
        }))
    }

    fn nodes_of(&self, at: Instant, definition: &Arc<Definition>) -> Result<Nodes, ReplayError> {
        let node = |slot: &NodeSlot<'_>, is_counted: bool| -> Result<Arc<Node>, ReplayError> {
            let bill = (self.of_node)(definition, slot, at);
            let uncounted = |rate: &MeterRate| MeterRate {
                meter: rate.meter.clone(),
                per_hour: rate.per_hour.filter(|_| is_counted),
                // How many there were that nobody counts, and how long each lived, nobody tells.
                increment: match is_counted {
                    true => rate.increment,
                    false => Increment::PER_SECOND,
                },
            };
            let machine: Vec<MeterRate> = bill.while_provisioned.iter().map(uncounted).collect();
            let mut subject = definition.subject.as_ref().clone();
            subject.pool = slot.instance_pool_id.unwrap_or_default().to_owned();
            Ok(Arc::new(Node {
                subject: Arc::new(subject),
                machine: rates(&machine)?,
                dbu: rates([&uncounted(&bill.while_running)])?,
            }))
        };
        let mut slots = definition.spec.nodes(1);
        let driver = slots.next();
        let worker = slots.find(|slot| slot.role == Role::Worker);
        // `nodes` always gives the driver and as many workers as asked for.
        let (Some(driver), Some(worker)) = (driver, worker) else {
            return Err(ReplayError::TooMuch {
                limit: 0,
                what: "nodes",
            });
        };
        let bought = |purchase_option| NodeSlot {
            purchase_option,
            ..worker.clone()
        };
        Ok(Nodes {
            definition: Arc::clone(definition),
            since: at,
            driver: node(&driver, true)?,
            on_demand: node(&bought(PurchaseOption::OnDemand), true)?,
            spot: node(&bought(PurchaseOption::Spot), true)?,
            unknown: node(&worker, false)?,
        })
    }
}

impl Stretch {
    fn new(at: Instant, node: Arc<Node>) -> Stretch {
        Stretch {
            launched: at,
            since: at,
            node,
        }
    }
}

/// Nodes of a cluster with so many workers.
fn nodes(workers: u32) -> usize {
    usize::try_from(workers).unwrap_or(usize::MAX).saturating_add(1)
}
