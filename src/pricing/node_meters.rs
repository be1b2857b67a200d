//! What a node is billed for, and what it is made of.

use rust_decimal::Decimal;

use super::catalogue::Catalogue;
use crate::databricks::cluster_spec::{ClusterSpec, NodeSlot};
use crate::databricks::instance_pool::InstancePool;
use crate::databricks::sku::sku_name;
use crate::model::facts::{NodeFact, NodesFact};
use crate::model::meter::{Meter, MeterKind, MeterRate, NodeMeters, PurchaseOption};
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

fn node_type_of<'a>(context: &'a Context<'_>, slot: &NodeSlot<'a>) -> Option<&'a str> {
    match slot.instance_pool_id {
        Some(id) => context
            .pool(id)
            .map(|p| p.node_type_id.as_str())
            .or(slot.node_type_id),
        None => slot.node_type_id,
    }
}
