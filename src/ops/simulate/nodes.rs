//! What machines, pools and workspaces of a simulation are made of and billed for.

use rust_decimal::Decimal;
use std::sync::Arc;

use crate::databricks::cluster_spec::{ClusterSpec, NodeSlot, Role};
use crate::databricks::sku::jobs_serverless_sku_name;
use crate::lifecycle::scenario::{Scenario, ScenarioPool};
use crate::lifecycle::simulation::{MeteredPool, MeteredWorkspace, NodeKind, Serverless};
use crate::model::meter::{Meter, MeterKind, PurchaseOption};
use crate::model::place::{Workload, Workspace};
use crate::model::tags::Tags;
use crate::pricing::catalogue::Catalogue;
use crate::pricing::node_meters::{
    Context, NO_NODE_TYPE, added_disk_meter, node_meters, node_type_of, workspace_meters,
};

/// The machines of a cluster's driver and of its workers, which it may have none of now and some after a resize.
pub(super) fn driver_and_worker(
    catalogue: &Catalogue,
    context: &Context<'_>,
    spec: &ClusterSpec,
) -> (NodeKind, NodeKind) {
    let kind = |role| {
        let slot = spec.nodes(1).find(|slot| slot.role == role);
        let node_type_id = slot.as_ref().and_then(|slot| node_type_of(context, slot));
        node_kind(catalogue, context, spec, (role, node_type_id))
    };
    (kind(Role::Driver), kind(Role::Worker))
}

/// A kind of machine, with its meters however it is bought.
fn node_kind(
    catalogue: &Catalogue,
    context: &Context<'_>,
    spec: &ClusterSpec,
    (role, node_type_id): (Role, Option<&str>),
) -> NodeKind {
    // Without its pool, which would decide how it is bought.
    let meters = |tier, purchase_option| {
        let workspace = &context.workspace.in_tier(tier);
        let context = Context {
            workspace,
            ..*context
        };
        let slot = NodeSlot {
            role,
            node_type_id,
            instance_pool_id: None,
            purchase_option,
        };
        node_meters(catalogue, &context, spec, &slot)
    };
    let workspace = context.workspace;
    let known = node_type_id.and_then(|id| catalogue.rates.node_type(id));
    NodeKind {
        node_type_id: Arc::from(node_type_id.unwrap_or(NO_NODE_TYPE)),
        vcpus: known.and_then(|node| node.vcpus),
        local_disk_mb: known.and_then(|node| node.local_disk_mb),
        on_demand: meters(workspace.tier, PurchaseOption::OnDemand),
        spot: meters(workspace.tier, PurchaseOption::Spot),
        after_tier_changes: workspace
            .tier_changes
            .iter()
            .map(|change| meters(change.tier, PurchaseOption::OnDemand).while_running)
            .collect(),
    }
}

/// A pool with the meters of its instances. What they are billed for while a cluster runs is the cluster's part, which
/// the pool does not know: here it is that of all-purpose compute, and nothing reads it.
pub(super) fn metered_pool(
    scenario: &Scenario,
    catalogue: &Catalogue,
    ScenarioPool { workspace, pool }: &ScenarioPool,
) -> Option<MeteredPool> {
    let place = scenario.workspaces.iter().find(|w| w.name == *workspace)?;
    let context = Context {
        workspace: place,
        workload: Workload::AllPurpose,
        at: scenario.period.start,
        pools: &[],
    };
    let node = (Role::Worker, Some(pool.node_type_id.as_str()));
    Some(MeteredPool {
        workspace: workspace.clone(),
        pool: pool.clone(),
        team: scenario.team_of_pool(pool),
        node: node_kind(catalogue, &context, &ClusterSpec::default(), node),
    })
}

/// A workspace with the meters of its managed resource group.
pub(super) fn metered_workspace(catalogue: &Catalogue, workspace: &Workspace) -> MeteredWorkspace {
    MeteredWorkspace {
        workspace: workspace.clone(),
        meters: workspace_meters(workspace),
        added_disk: added_disk_meter(catalogue, workspace),
    }
}

/// Serverless compute of a workspace.
pub(super) fn serverless(
    workspace: &Workspace,
    (team, tags): (String, Tags),
    dbu_per_hour: Option<Decimal>,
) -> Serverless {
    let (cloud, region) = (workspace.cloud, workspace.region.as_deref());
    let meter = |tier| Meter {
        cloud,
        kind: MeterKind::Dbu {
            sku_name: jobs_serverless_sku_name(cloud, region, tier),
        },
    };
    let changes = workspace.tier_changes.iter();
    Serverless {
        workspace: workspace.name.clone(),
        team,
        tags,
        meter: meter(workspace.tier),
        after_tier_changes: changes.map(|change| meter(change.tier)).collect(),
        dbu_per_hour,
    }
}
