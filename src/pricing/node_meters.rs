//! What a node is billed for and what it is made of, and what a workspace is billed for without any node.

use rust_decimal::Decimal;

use super::catalogue::Catalogue;
use crate::databricks::cluster_spec::{ClusterSpec, NodeSlot};
use crate::databricks::instance_pool::InstancePool;
use crate::databricks::sku::sku_name;
use crate::model::facts::{NodeFact, NodesFact, PoolFact, PoolsFact};
use crate::model::increment::Increment;
use crate::model::meter::{Meter, MeterKind, MeterRate, NO_REGION, NodeMeters, PurchaseOption};
use crate::model::period::Instant;
use crate::model::place::{Workload, Workspace};

/// Node type of a node whose request names none and whose pool is not known.
pub const NO_NODE_TYPE: &str = "unknown-node-type";

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
    let sku = sku_name(context.workspace.tier_at(context.at), context.workload, spec);
    let rate = node_type_id
        .and_then(|id| catalogue.rates.node_type(id))
        .and_then(|node| node.dbu_per_hour(context.workload, spec.photon, context.at));
    NodeMeters {
        while_provisioned: instance_meters(
            catalogue,
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
            increment: Increment::PER_SECOND,
        },
    }
}

/// What an instance is billed for from provisioning until it is gone, placed in a cluster or not: the VM, its
/// disks, its address.
pub fn instance_meters(
    catalogue: &Catalogue,
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
        .map(|kind| {
            let cloud = workspace.cloud;
            let meter = Meter { cloud, kind };
            MeterRate {
                increment: catalogue.increment(&meter),
                per_hour: Some(Decimal::ONE),
                meter,
            }
        })
        .collect()
}

/// What a workspace is billed for as long as its resource group exists, whether a cluster runs or not: the NAT
/// gateway with its address, and what its root storage is said to hold.
pub fn workspace_meters(workspace: &Workspace) -> Vec<MeterRate> {
    let region = || workspace.region.clone().unwrap_or_else(|| NO_REGION.to_owned());
    let gateway = workspace.nat_gateway.then(|| {
        [
            MeterKind::NatGateway { region: region() },
            MeterKind::PublicIp { region: region() },
        ]
    });
    let gateway = gateway.into_iter().flatten().map(|kind| (kind, Decimal::ONE));
    let storage = workspace.root_storage_gb.map(|gb| {
        let kind = MeterKind::Storage {
            region: region(),
            redundancy: workspace.cloud.root_redundancy().to_owned(),
        };
        (kind, Decimal::from(gb))
    });
    gateway
        .chain(storage)
        .map(|(kind, per_hour)| MeterRate {
            meter: Meter {
                cloud: workspace.cloud,
                kind,
            },
            per_hour: Some(per_hour),
            increment: Increment::PER_SECOND,
        })
        .collect()
}

/// What a disk that disk autoscaling adds is billed by, per hour; none where the workspace does not name it.
pub fn added_disk_meter(catalogue: &Catalogue, workspace: &Workspace) -> Option<MeterRate> {
    let disk = workspace.autoscale_disk.clone()?;
    let meter = Meter {
        cloud: workspace.cloud,
        kind: MeterKind::Disk {
            region: workspace.region.clone().unwrap_or_else(|| NO_REGION.to_owned()),
            disk,
        },
    };
    Some(MeterRate {
        increment: catalogue.increment(&meter),
        per_hour: Some(Decimal::ONE),
        meter,
    })
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

/// The fact `pools`: the pools that driver and workers come from.
pub fn pools_fact(context: &Context<'_>, spec: &ClusterSpec) -> PoolsFact {
    let fact = |slot: NodeSlot<'_>| {
        let pool = context.pool(slot.instance_pool_id?)?;
        Some(PoolFact {
            instance_pool_name: pool.instance_pool_name.clone(),
            node_type_id: pool.node_type_id.clone(),
            preloaded_spark_versions: pool.preloaded_spark_versions.clone(),
            min_idle_instances: pool.min_idle_instances,
            max_capacity: pool.max_capacity,
            custom_tags: pool.custom_tags.clone(),
        })
    };
    let mut slots = spec.nodes(spec.workers.max);
    PoolsFact {
        driver: slots.next().and_then(fact),
        worker: slots.next().and_then(fact),
    }
}

/// The node type of a slot: its pool's, else the one the request names; none where nobody says.
pub fn node_type_of<'a>(context: &'a Context<'_>, slot: &NodeSlot<'a>) -> Option<&'a str> {
    match slot.instance_pool_id {
        Some(id) => context
            .pool(id)
            .map(|p| p.node_type_id.as_str())
            .or(slot.node_type_id),
        None => slot.node_type_id,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::place::{Cloud, Tier};

    fn shown(rates: &[MeterRate]) -> Vec<(String, Option<String>)> {
        rates
            .iter()
            .map(|r| (r.meter.to_string(), r.per_hour.map(|n| n.to_string())))
            .collect()
    }

    #[test]
    fn a_workspace_is_billed_for_what_it_names_and_nothing_else() {
        let bare = Workspace {
            region: Some("westus2".to_owned()),
            ..Workspace::new(Cloud::Azure, Tier::Premium)
        };
        assert_eq!(workspace_meters(&bare), []);
        let none = Catalogue::default();
        assert_eq!(added_disk_meter(&none, &bare), None);
        let full = Workspace {
            nat_gateway: true,
            root_storage_gb: Some(250),
            autoscale_disk: Some("P15".to_owned()),
            ..bare
        };
        let text = |s: &str| s.to_owned();
        assert_eq!(
            shown(&workspace_meters(&full)),
            [
                (text("nat_gateway/AZURE/westus2"), Some(text("1"))),
                (text("public_ip/AZURE/westus2"), Some(text("1"))),
                (text("storage/AZURE/westus2/GRS"), Some(text("250"))),
            ]
        );
        let disk = added_disk_meter(&none, &full).map(|rate| rate.meter.to_string());
        assert_eq!(disk.as_deref(), Some("disk/AZURE/westus2/P15"));
    }

    #[test]
    fn every_region_with_disk_prices_has_those_of_the_resource_group() {
        let mut catalogue = Catalogue::default();
        catalogue.load(Cloud::Azure, None).unwrap();
        let at = crate::model::period::parse_instant("2026-10-01").unwrap();
        for region in ["eastus", "eastus2", "francecentral", "northeurope", "westus2"] {
            let workspace = Workspace {
                region: Some(region.to_owned()),
                nat_gateway: true,
                root_storage_gb: Some(1),
                ..Workspace::new(Cloud::Azure, Tier::Premium)
            };
            for rate in workspace_meters(&workspace) {
                let price = catalogue.book.price_at(&rate.meter, at);
                assert!(price.is_some_and(|p| p.synthetic), "{}", rate.meter);
            }
        }
    }
}
