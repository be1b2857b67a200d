//! What is told of a cluster, and the order it happened in.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::fault::{Fault, Found};
use crate::databricks::cluster_spec::ClusterSpec;
use crate::databricks::event::{ClusterSize, EventType};
use crate::databricks::instance_pool::InstancePool;
use crate::model::period::Instant;
use crate::model::place::Workload;
use crate::model::usage::Subject;

/// An event of a cluster, as far as bills hang on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// When, in whole seconds.
    pub at: Instant,
    /// What; none where its type is not known.
    pub event_type: Option<EventType>,
    /// Workers there are.
    pub current_num_workers: Option<u32>,
    /// Workers aimed at.
    pub target_num_workers: Option<u32>,
    /// The size asked for.
    pub cluster_size: Option<ClusterSize>,
    /// The definition it tells.
    pub definition: Option<Arc<Definition>>,
    /// The definition before an edit.
    pub previous_definition: Option<Arc<Definition>>,
    /// Type and details: of one second, events with equal texts are one event.
    pub text: Arc<str>,
    /// Where it belongs among those of its second.
    pub order: Order,
    /// The page or list it was told in. Each is expected to be in order of time, up or down.
    pub page: usize,
}

/// Where an event belongs among those of its second. What was told in an earlier telling comes before what is told now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Order {
    /// Told before; its number in the order kept then.
    Before(usize),
    /// Told now; in milliseconds since 1970.
    Now(i64),
}

/// How a cluster is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// Node types, pools, how machines are bought.
    pub spec: ClusterSpec,
    /// The size it asks for, where the source tells one.
    pub size: Option<ClusterSize>,
    /// The pools its nodes come from, as far as known.
    pub pools: Vec<InstancePool>,
    /// What it runs for.
    pub workload: Workload,
    /// Who owes; `pool` is filled in node by node.
    pub subject: Arc<Subject>,
}

impl Definition {
    /// Whether it says what its nodes are.
    pub(super) fn names_nodes(&self) -> bool {
        let spec = &self.spec;
        let by_pool = |id: &Option<String>| {
            let known = |p: &InstancePool| Some(&p.instance_pool_id) == id.as_ref();
            self.pools.iter().any(known)
        };
        let named = spec.node_type_id.is_some() || by_pool(&spec.instance_pool_id);
        named || spec.driver_node_type_id.is_some() || by_pool(&spec.driver_instance_pool_id)
    }
}

/// Which of two events of one millisecond comes first: the order in which a cluster goes through them. EDITED comes before
/// the restart it causes, a loss before the RESIZING that makes up for it, TERMINATING before nothing.
pub fn priority(event_type: Option<EventType>) -> u8 {
    use EventType::*;
    match event_type {
        Some(Edited) => 0,
        Some(Creating | Starting) => 1,
        Some(InitScriptsStarted) => 2,
        Some(InitScriptsFinished) => 3,
        Some(Running) => 4,
        Some(DriverHealthy) => 5,
        Some(NodesLost) => 6,
        Some(Resizing) => 8,
        Some(UpsizeCompleted) => 9,
        Some(Restarting) => 10,
        Some(Terminating) => 11,
        _ => 7,
    }
}

/// An event with its number in the list it was told in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Event<'a> {
    pub told: &'a Told,
    pub index: usize,
}

/// The events in the order they happened, each once.
pub(super) fn in_order<'a>(events: &'a [Told], faults: &mut Vec<Found>) -> Vec<Event<'a>> {
    note_disorder(events, faults);
    let mut seen: HashMap<(Instant, &str), usize> = HashMap::with_capacity(events.len());
    let mut kept: Vec<Event<'a>> = Vec::with_capacity(events.len());
    for (index, told) in events.iter().enumerate() {
        let event = Event { told, index };
        let known = seen.get(&(told.at, &*told.text)).copied();
        let Some(slot) = known.and_then(|at| kept.get_mut(at)) else {
            seen.insert((told.at, &told.text), kept.len());
            kept.push(event);
            continue;
        };
        // What is told again keeps the order of the telling that knows milliseconds.
        let is_repeat = matches!((slot.told.order, told.order), (Order::Now(_), Order::Now(_)));
        if is_repeat {
            let fault = Fault::Duplicate;
            faults.push(Found { fault, event: index });
        }
        let replaces = match (slot.told.order, told.order) {
            (Order::Before(_), Order::Now(_)) => true,
            (Order::Now(kept), Order::Now(this)) => this < kept,
            _ => false,
        };
        if replaces {
            *slot = event;
        }
    }
    kept.sort_by(|a, b| {
        let rank = |e: &Event<'_>| (e.told.at, e.told.order, priority(e.told.event_type));
        rank(a).cmp(&rank(b)).then_with(|| a.told.text.cmp(&b.told.text))
    });
    kept
}

/// Pages come newest first unless asked otherwise, so either direction is an order: the one that most events of a page
/// keep. Those that go against it are out of order.
fn note_disorder(events: &[Told], faults: &mut Vec<Found>) {
    let mut steps: BTreeMap<usize, [Vec<usize>; 2]> = BTreeMap::new();
    let mut before: Option<(usize, i64)> = None;
    for (index, event) in events.iter().enumerate() {
        let Order::Now(ms) = event.order else { continue };
        let known = before.replace((event.page, ms));
        let Some((_, last)) = known.filter(|(page, _)| *page == event.page) else {
            continue;
        };
        let [up, down] = steps.entry(event.page).or_default();
        match ms.cmp(&last) {
            Ordering::Greater => up.push(index),
            Ordering::Less => down.push(index),
            Ordering::Equal => {}
        }
    }
    for [up, down] in steps.into_values() {
        let against = if up.len() < down.len() { up } else { down };
        faults.extend(against.into_iter().map(|event| Found {
            fault: Fault::OutOfOrder,
            event,
        }));
    }
}
