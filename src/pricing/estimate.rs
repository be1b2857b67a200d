//! What a cluster is billed for, node by node, and what that costs per hour at a size.

use rust_decimal::Decimal;
use std::collections::BTreeMap;

use super::catalogue::Catalogue;
use crate::databricks::cluster_spec::{ClusterSpec, NodeSlot, Role};
use crate::databricks::instance_pool::InstancePool;
use crate::databricks::sku::sku_name;
use crate::model::estimate::{Estimate, EstimateLine, NodeEstimate, SizeEstimate};
use crate::model::exact::{Inexact, add, multiply};
use crate::model::facts::{NodeFact, NodesFact};
use crate::model::meter::{Category, Meter, MeterKind, MeterRate, NodeMeters, PurchaseOption};
use crate::model::money::Currency;
use crate::model::period::Instant;
use crate::model::place::{Workload, Workspace};

/// Region of a VM whose workspace has none. No book has prices for it, so such a VM is unpriced.
const NO_REGION: &str = "unknown-region";
/// Node type of a node whose request names none and whose pool is not known.
const NO_NODE_TYPE: &str = "unknown-node-type";

/// Where and when a cluster is looked at: all that prices depend on besides the request.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// Where it runs.
    pub workspace: &'a Workspace,
    /// What it runs for.
    pub workload: Workload,
    /// Prices and rates in force at this instant are taken.
    pub at: Instant,
    /// The pools that clusters can name.
    pub pools: &'a [InstancePool],
}

impl Context<'_> {
    fn pool(&self, id: &str) -> Option<&InstancePool> {
        self.pools.iter().find(|p| p.instance_pool_id == id)
    }
}

/// What one node of a cluster is billed for.
pub fn node_meters(
    catalogue: &Catalogue,
    context: &Context<'_>,
    spec: &ClusterSpec,
    slot: &NodeSlot<'_>,
) -> NodeMeters {
    let pool = slot.instance_pool_id.and_then(|id| context.pool(id));
    let node_type_id = node_type_of(context, slot);
    let purchase_option = match (slot.instance_pool_id, pool) {
        (Some(_), Some(pool)) => pool.purchase_option(context.workspace.cloud),
        _ => slot.purchase_option,
    };
    let sku = sku_name(context.workspace.tier, context.workload, spec.photon);
    let rate = node_type_id
        .and_then(|id| catalogue.rates.node_type(id))
        .and_then(|node| node.dbu_per_hour(context.workload, spec.photon, context.at));
    NodeMeters {
        while_provisioned: instance_meters(
            context.workspace,
            node_type_id.unwrap_or(NO_NODE_TYPE),
            purchase_option,
        ),
        while_running: MeterRate {
            meter: Meter {
                cloud: context.workspace.cloud,
                kind: MeterKind::Dbu { sku_name: sku },
            },
            per_hour: rate,
        },
    }
}

/// What an instance is billed for from provisioning until it is gone, placed in a cluster or not: the VM, its
/// disks, its address.
pub fn instance_meters(
    workspace: &Workspace,
    node_type_id: &str,
    purchase_option: PurchaseOption,
) -> Vec<MeterRate> {
    let region = workspace.region.clone().unwrap_or_else(|| NO_REGION.to_owned());
    let vm = MeterKind::Vm {
        region: region.clone(),
        node_type_id: node_type_id.to_owned(),
        purchase_option,
    };
    let disks = workspace.node_disks.iter().map(|d| MeterKind::Disk {
        region: region.clone(),
        disk: d.clone(),
    });
    let address = workspace.public_ip.then(|| MeterKind::PublicIp {
        region: region.clone(),
    });
    std::iter::once(vm)
        .chain(disks)
        .chain(address)
        .map(|kind| MeterRate {
            meter: Meter {
                cloud: workspace.cloud,
                kind,
            },
            per_hour: Some(Decimal::ONE),
        })
        .collect()
}

/// The fact `nodes`: what the driver and the workers are made of.
pub fn nodes_fact(catalogue: &Catalogue, context: &Context<'_>, spec: &ClusterSpec) -> NodesFact {
    let fact = |slot: &NodeSlot<'_>| {
        let id = node_type_of(context, slot);
        let known = id.and_then(|id| catalogue.rates.node_type(id));
        NodeFact {
            node_type_id: id.map(str::to_owned),
            vcpus: known.and_then(|n| n.vcpus),
            memory_mb: known.and_then(|n| n.memory_mb),
            gpus: known.and_then(|n| n.gpus),
            from_pool: slot.instance_pool_id.is_some(),
        }
    };
    let mut slots = spec.nodes(spec.workers.max);
    let driver = slots.next().map(|s| fact(&s)).unwrap_or_default();
    NodesFact {
        driver,
        worker: slots.next().map(|s| fact(&s)),
    }
}

/// What the cluster costs per hour, at its smallest and at its largest.
///
/// # Errors
/// [`Inexact`] when a number outgrows what decimals hold.
pub fn estimate(
    catalogue: &Catalogue,
    context: &Context<'_>,
    spec: &ClusterSpec,
) -> Result<Estimate, Inexact> {
    let mut unpriced = Vec::new();
    let min = size_estimate(catalogue, context, spec, spec.workers.min, &mut unpriced)?;
    let max = size_estimate(catalogue, context, spec, spec.workers.max, &mut unpriced)?;
    unpriced.sort_unstable();
    unpriced.dedup();
    let mut driver = NodeEstimate {
        dbu_per_hour: None,
        cost_per_hour: None,
    };
    let mut worker: Option<NodeEstimate> = None;
    let mut seen: Vec<PurchaseOption> = Vec::new();
    for slot in spec.nodes(spec.workers.max) {
        // Workers differ in their purchase option only.
        if slot.role == Role::Worker && seen.contains(&slot.purchase_option) {
            continue;
        }
        let one = node_estimate(catalogue, context, &node_meters(catalogue, context, spec, &slot))?;
        match slot.role {
            Role::Driver => driver = one,
            Role::Worker => {
                seen.push(slot.purchase_option);
                worker = Some(dearer(worker, one));
            }
        }
    }
    let currency = currency(catalogue, context, spec).unwrap_or(Currency::USD);
    Ok(Estimate {
        currency,
        at: context.at,
        min,
        max,
        driver,
        worker,
        unpriced,
    })
}

fn node_type_of<'a>(context: &'a Context<'_>, slot: &NodeSlot<'a>) -> Option<&'a str> {
    match slot.instance_pool_id {
        Some(id) => context
            .pool(id)
            .map(|p| p.node_type_id.as_str())
            .or(slot.node_type_id),
        None => slot.node_type_id,
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

fn node_estimate(
    catalogue: &Catalogue,
    context: &Context<'_>,
    meters: &NodeMeters,
) -> Result<NodeEstimate, Inexact> {
    let mut cost = Some(Decimal::ZERO);
    for rate in meters.while_provisioned.iter().chain([&meters.while_running]) {
        let price = catalogue.book.price_at(&rate.meter, context.at);
        cost = match (cost, rate.per_hour, price) {
            (Some(sum), Some(quantity), Some(price)) => {
                Some(add(sum, multiply(quantity, price.unit_price.0)?)?)
            }
            _ => None,
        };
    }
    Ok(NodeEstimate {
        dbu_per_hour: meters.while_running.per_hour,
        cost_per_hour: cost,
    })
}

fn size_estimate(
    catalogue: &Catalogue,
    context: &Context<'_>,
    spec: &ClusterSpec,
    workers: u32,
    unpriced: &mut Vec<String>,
) -> Result<SizeEstimate, Inexact> {
    let lines = lines(catalogue, context, spec, workers)?;
    for line in lines.iter().filter(|l| l.cost_per_hour.is_none()) {
        unpriced.push(line.meter.to_string());
    }
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
        nodes: workers.saturating_add(1),
        dbu_per_hour: sum(dbus)?,
        dbu_cost_per_hour: of(Category::Dbu)?,
        vm_cost_per_hour: of(Category::Vm)?,
        disk_cost_per_hour: of(Category::Disk)?,
        network_cost_per_hour: of(Category::Network)?,
        cost_per_hour: sum(lines.iter().map(|l| l.cost_per_hour))?,
        lines,
    })
}

/// One line per meter, sorted by the meter's text.
fn lines(
    catalogue: &Catalogue,
    context: &Context<'_>,
    spec: &ClusterSpec,
    workers: u32,
) -> Result<Vec<EstimateLine>, Inexact> {
    // Nodes of one role and purchase option have the same meters, so each kind is looked up once.
    let mut kinds: Vec<(NodeSlot<'_>, u32)> = Vec::new();
    for slot in spec.nodes(workers) {
        match kinds.iter_mut().find(|(known, _)| *known == slot) {
            Some((_, count)) => *count = count.saturating_add(1),
            None => kinds.push((slot, 1)),
        }
    }
    let mut meters: BTreeMap<String, EstimateLine> = BTreeMap::new();
    for (slot, count) in kinds {
        let node = node_meters(catalogue, context, spec, &slot);
        for rate in node.while_provisioned.into_iter().chain([node.while_running]) {
            let quantity = rate
                .per_hour
                .map(|q| multiply(q, Decimal::from(count)))
                .transpose()?;
            match meters.get_mut(&rate.meter.to_string()) {
                Some(line) => {
                    line.nodes = line.nodes.saturating_add(count);
                    line.quantity_per_hour = sum([line.quantity_per_hour, quantity])?;
                }
                None => {
                    let line = EstimateLine {
                        nodes: count,
                        quantity_per_hour: quantity,
                        unit_price: None,
                        cost_per_hour: None,
                        source: None,
                        synthetic: false,
                        meter: rate.meter,
                    };
                    meters.insert(line.meter.to_string(), line);
                }
            }
        }
    }
    let mut lines: Vec<EstimateLine> = meters.into_values().collect();
    for line in &mut lines {
        if let Some(price) = catalogue.book.price_at(&line.meter, context.at) {
            line.unit_price = Some(price.unit_price.0);
            line.source = Some(price.source.to_string());
            line.synthetic = price.synthetic;
            line.cost_per_hour = line
                .quantity_per_hour
                .map(|q| multiply(q, price.unit_price.0))
                .transpose()?;
        }
    }
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

/// The currency of the books; they all have the same, or the first found stands and the ledger refuses a mix.
fn currency(catalogue: &Catalogue, context: &Context<'_>, spec: &ClusterSpec) -> Option<Currency> {
    let slot = spec.nodes(0).next()?;
    let meters = node_meters(catalogue, context, spec, &slot);
    catalogue
        .book
        .price_at(&meters.while_running.meter, context.at)
        .map(|p| p.currency)
}
