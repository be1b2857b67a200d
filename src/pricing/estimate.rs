//! What a cluster costs per hour at a size, meter by meter.

use rust_decimal::Decimal;
use std::sync::Arc;

use super::catalogue::Catalogue;
use super::node_meters::{Context, node_meters};
use crate::databricks::cluster_spec::{ClusterSpec, Role};
use crate::model::charge::Price;
use crate::model::estimate::{Estimate, EstimateLine, NodeEstimate, SizeEstimate};
use crate::model::exact::{Inexact, add, multiply};
use crate::model::meter::{Category, Meter, PurchaseOption};
use crate::model::money::Currency;

/// What the cluster costs per hour, at its smallest and at its largest.
///
/// # Errors
/// [`Inexact`] when a number outgrows what decimals hold.
pub fn estimate(
    catalogue: &Catalogue,
    context: &Context<'_>,
    spec: &ClusterSpec,
) -> Result<Estimate, Inexact> {
    if !spec.undecided.is_empty() {
        let mut unknown = Estimate::unknown(Currency::USD, context.at, &spec.undecided);
        if !spec.size_is_unknown() {
            unknown.min.nodes = Some(spec.workers.min.saturating_add(1));
            unknown.max.nodes = Some(spec.workers.max.saturating_add(1));
        }
        return Ok(unknown);
    }
    let kinds = kinds(catalogue, context, spec);
    let max = size_estimate(&kinds, spec.workers.max, |kind| kind.at_max)?;
    let min = match spec.workers.min == spec.workers.max {
        true => max.clone(),
        false => size_estimate(&kinds, spec.workers.min, |kind| kind.at_min)?,
    };
    let mut driver = NodeEstimate::UNKNOWN;
    let mut worker: Option<NodeEstimate> = None;
    for kind in &kinds {
        let one = kind.node_estimate()?;
        match kind.role {
            Role::Driver => driver = one,
            Role::Worker => worker = Some(dearer(worker, one)),
        }
    }
    let unknown = max
        .lines
        .iter()
        .chain(&min.lines)
        .filter(|l| l.cost_per_hour.is_none());
    let mut unpriced: Vec<String> = unknown.map(|l| l.meter.to_string()).collect();
    unpriced.sort_unstable();
    unpriced.dedup();
    // The books have one currency; a mix is refused by the ledger.
    let currency = kinds
        .iter()
        .flat_map(|k| &k.meters)
        .find_map(|m| m.price)
        .map_or(Currency::USD, |p| p.currency);
    Ok(Estimate {
        currency,
        at: context.at,
        min,
        max,
        driver,
        worker,
        unpriced,
        unknown: Vec::new(),
    })
}

/// Nodes that are billed alike: one driver, workers on demand, workers on spot. Each is looked up once.
struct Kind<'c> {
    role: Role,
    purchase_option: PurchaseOption,
    at_min: u32,
    at_max: u32,
    meters: Vec<PricedMeter<'c>>,
}

struct PricedMeter<'c> {
    meter: Arc<Meter>,
    per_hour: Option<Decimal>,
    price: Option<&'c Price>,
}

fn kinds<'c>(catalogue: &'c Catalogue, context: &Context<'_>, spec: &ClusterSpec) -> Vec<Kind<'c>> {
    let mut kinds: Vec<Kind<'c>> = Vec::with_capacity(3);
    for (i, slot) in (0_u32..).zip(spec.nodes(spec.workers.max)) {
        let in_min = u32::from(i <= spec.workers.min);
        let alike = |k: &&mut Kind<'_>| k.role == slot.role && k.purchase_option == slot.purchase_option;
        match kinds.iter_mut().find(alike) {
            Some(kind) => {
                kind.at_min = kind.at_min.saturating_add(in_min);
                kind.at_max = kind.at_max.saturating_add(1);
            }
            None => {
                let node = node_meters(catalogue, context, spec, &slot);
                let rates = node.while_provisioned.into_iter().chain([node.while_running]);
                let meters = rates.map(|rate| PricedMeter {
                    price: catalogue.book.price_at(&rate.meter, context.at),
                    meter: Arc::new(rate.meter),
                    per_hour: rate.per_hour,
                });
                kinds.push(Kind {
                    role: slot.role,
                    purchase_option: slot.purchase_option,
                    at_min: in_min,
                    at_max: 1,
                    meters: meters.collect(),
                });
            }
        }
    }
    kinds
}

impl Kind<'_> {
    fn node_estimate(&self) -> Result<NodeEstimate, Inexact> {
        let costs = self.meters.iter().map(|m| match (m.per_hour, m.price) {
            (Some(quantity), Some(price)) => multiply(quantity, price.unit_price.0).map(Some),
            _ => Ok(None),
        });
        let costs = costs.collect::<Result<Vec<_>, _>>()?;
        let dbu = self.meters.iter().find(|m| m.meter.category() == Category::Dbu);
        Ok(NodeEstimate {
            dbu_per_hour: dbu.and_then(|m| m.per_hour),
            cost_per_hour: sum(costs)?,
        })
    }
}

fn dearer(a: Option<NodeEstimate>, b: NodeEstimate) -> NodeEstimate {
    match a {
        // An unknown cost makes the dearest unknown.
        Some(a)
            if a.cost_per_hour.is_none()
                || (b.cost_per_hour.is_some() && a.cost_per_hour >= b.cost_per_hour) =>
        {
            a
        }
        _ => b,
    }
}

fn size_estimate(
    kinds: &[Kind<'_>],
    workers: u32,
    count: impl Fn(&Kind<'_>) -> u32,
) -> Result<SizeEstimate, Inexact> {
    let lines = lines(kinds, count)?;
    let of = |category| {
        sum(lines
            .iter()
            .filter(|l| l.meter.category() == category)
            .map(|l| l.cost_per_hour))
    };
    let dbus = lines
        .iter()
        .filter(|l| l.meter.category() == Category::Dbu)
        .map(|l| l.quantity_per_hour);
    Ok(SizeEstimate {
        nodes: Some(workers.saturating_add(1)),
        dbu_per_hour: sum(dbus)?,
        dbu_cost_per_hour: of(Category::Dbu)?,
        vm_cost_per_hour: of(Category::Vm)?,
        disk_cost_per_hour: of(Category::Disk)?,
        network_cost_per_hour: of(Category::Network)?,
        cost_per_hour: sum(lines.iter().map(|l| l.cost_per_hour))?,
        lines,
    })
}

/// One line per meter, in the order of meters.
fn lines(kinds: &[Kind<'_>], count: impl Fn(&Kind<'_>) -> u32) -> Result<Vec<EstimateLine>, Inexact> {
    let mut lines: Vec<EstimateLine> = Vec::with_capacity(4);
    for kind in kinds {
        let nodes = count(kind);
        for priced in kind.meters.iter().filter(|_| nodes > 0) {
            let quantity = priced
                .per_hour
                .map(|q| multiply(q, Decimal::from(nodes)))
                .transpose()?;
            match lines.iter_mut().find(|l| l.meter == priced.meter) {
                Some(line) => {
                    line.nodes = line.nodes.saturating_add(nodes);
                    line.quantity_per_hour = sum([line.quantity_per_hour, quantity])?;
                }
                None => lines.push(EstimateLine {
                    meter: Arc::clone(&priced.meter),
                    nodes,
                    quantity_per_hour: quantity,
                    unit_price: priced.price.map(|p| p.unit_price.0),
                    cost_per_hour: None,
                    source: priced.price.map(|p| Arc::clone(&p.source)),
                    synthetic: priced.price.is_some_and(|p| p.synthetic),
                }),
            }
        }
    }
    for line in &mut lines {
        line.cost_per_hour = match (line.quantity_per_hour, line.unit_price) {
            (Some(quantity), Some(price)) => Some(multiply(quantity, price)?),
            _ => None,
        };
    }
    lines.sort_by(|a, b| (&a.meter.kind, a.meter.cloud).cmp(&(&b.meter.kind, b.meter.cloud)));
    Ok(lines)
}

/// The sum, unknown as soon as one part is.
fn sum(parts: impl IntoIterator<Item = Option<Decimal>>) -> Result<Option<Decimal>, Inexact> {
    let mut total = Decimal::ZERO;
    for part in parts {
        match part {
            Some(part) => total = add(total, part)?,
            None => return Ok(None),
        }
    }
    Ok(Some(total))
}
