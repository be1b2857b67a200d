//! What clusters are made from: a completed request, read once. The runs of a job share one.

use std::sync::Arc;

use super::index::{PoolIndex, WorkspaceIndex};
use crate::databricks::cluster_spec::{ClusterSpec, Role};
use crate::databricks::event::ClusterSize;
use crate::lifecycle::meter::{Rate, rates};
use crate::lifecycle::simulation::{Admitted, NodeKind, SimulationError, UNKNOWN_VCPUS};
use crate::lifecycle::workload::Scheduling;
use crate::model::meter::{NodeMeters, PurchaseOption};
use crate::model::tags::Tags;

/// What a cluster is made from.
#[derive(Debug)]
pub(super) struct Blueprint {
    /// The name that draws hang on.
    pub object: Arc<str>,
    pub workspace: WorkspaceIndex,
    pub workspace_name: Arc<str>,
    pub team: String,
    pub policy: String,
    pub tags: Tags,
    pub owner: Arc<str>,
    pub cluster_name: Option<String>,
    pub attributes: Arc<serde_json::Value>,
    pub size: ClusterSize,
    /// Minutes of idleness after which it terminates; none for never.
    pub autotermination_minutes: Option<u32>,
    pub driver: NodePlan,
    pub worker: NodePlan,
    pub purchase: Purchase,
    pub spark_version: Option<String>,
    pub docker_image: bool,
    pub init_scripts: Arc<serde_json::Value>,
    pub has_init_scripts: bool,
    pub has_libraries: bool,
    pub elastic_disk: bool,
    pub scheduling: Scheduling,
    /// Seconds of idleness after which optimised autoscaling takes a worker away, where the request sets them.
    pub window_down: Option<u32>,
    /// `spark.databricks.autoscaling.standardFirstStepUp`
    pub first_step_up: u32,
}

/// How its machines are bought, unless they come from a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Purchase {
    pub spot: bool,
    /// What is not to be had as spot is bought on demand.
    pub fallback: bool,
    /// So many nodes, the driver first, are on demand whatever the availability.
    pub first_on_demand: u32,
}

/// Where a node comes from and what it is billed for.
#[derive(Debug, Clone)]
pub(super) struct NodePlan {
    pub pool: Option<PoolIndex>,
    pub pool_id: Arc<str>,
    pub node_type_id: Arc<str>,
    pub vcpus: u32,
    pub local_disk_mb: Option<u64>,
    pub on_demand: Metered,
    pub spot: Metered,
    /// What its DBUs are billed by before any change of the workspace's tier, and after each.
    pub dbus: DbuRates,
}

/// Rates of DBUs, by the number of changes of the workspace's tier there have been.
pub(super) type DbuRates = Arc<[Arc<[Rate]>]>;

/// Rates of a machine.
#[derive(Debug, Clone)]
pub(super) struct Metered {
    pub while_provisioned: Arc<[Rate]>,
}

/// The rates after so many changes of the tier. Whoever names none for a change bills as before it.
pub(super) fn of_tier(rates: &DbuRates, changes: usize) -> &[Rate] {
    rates
        .get(changes)
        .or_else(|| rates.last())
        .map_or(&[], |rates| rates)
}

impl Metered {
    pub fn new(meters: &NodeMeters) -> Result<Metered, SimulationError> {
        Ok(Metered {
            while_provisioned: rates(&meters.while_provisioned)?,
        })
    }
}

impl NodePlan {
    fn new(kind: &NodeKind, pool: Option<(PoolIndex, &str)>) -> Result<NodePlan, SimulationError> {
        let tiers = std::iter::once(&kind.on_demand.while_running).chain(&kind.after_tier_changes);
        let dbus: Vec<Arc<[Rate]>> = tiers.map(|rate| rates([rate])).collect::<Result<_, _>>()?;
        Ok(NodePlan {
            dbus: dbus.into(),
            pool: pool.map(|(index, _)| index),
            pool_id: pool.map_or("", |(_, id)| id).into(),
            node_type_id: Arc::clone(&kind.node_type_id),
            vcpus: kind.vcpus.unwrap_or(UNKNOWN_VCPUS),
            local_disk_mb: kind.local_disk_mb,
            on_demand: Metered::new(&kind.on_demand)?,
            spot: Metered::new(&kind.spot)?,
        })
    }

    pub fn metered(&self, option: PurchaseOption) -> &Metered {
        match option {
            PurchaseOption::OnDemand => &self.on_demand,
            PurchaseOption::Spot => &self.spot,
        }
    }
}

impl Blueprint {
    /// Joins a request with its workspace and its pools.
    pub fn new(
        object: String,
        admitted: &Admitted,
        workspace: WorkspaceIndex,
        pool_of: impl Fn(&str) -> Option<PoolIndex>,
    ) -> Result<Blueprint, SimulationError> {
        let spec = &admitted.spec;
        let plan = |role: Role, kind: &NodeKind| {
            let pool = match pool_id(spec, role) {
                None => None,
                Some(id) => Some((
                    pool_of(id).ok_or_else(|| SimulationError::UnknownPool {
                        object: object.clone(),
                        workspace: admitted.workspace.clone(),
                        instance_pool_id: id.to_owned(),
                    })?,
                    id,
                )),
            };
            NodePlan::new(kind, pool)
        };
        let availability = spec.purchase.availability.as_deref().unwrap_or_default();
        let of = |key: &str| admitted.attributes.get(key);
        let filled = |key: &str| of(key).and_then(|v| v.as_array()).is_some_and(|a| !a.is_empty());
        let conf = |key: &str| of("spark_conf").and_then(|c| c.get(key)).and_then(|v| v.as_str());
        Ok(Blueprint {
            workspace,
            workspace_name: admitted.workspace.as_str().into(),
            team: admitted.team.clone(),
            policy: admitted.policy.clone(),
            tags: spec.tags(),
            owner: admitted.owner.as_str().into(),
            cluster_name: spec.cluster_name.clone(),
            attributes: Arc::clone(&admitted.attributes),
            size: match spec.workers {
                w if w.min == w.max => ClusterSize::Fixed { num_workers: w.min },
                w => ClusterSize::Autoscale {
                    min_workers: w.min,
                    max_workers: w.max,
                },
            },
            autotermination_minutes: spec.autotermination_minutes.filter(|m| *m > 0),
            driver: plan(Role::Driver, &admitted.driver)?,
            worker: plan(Role::Worker, &admitted.worker)?,
            purchase: Purchase {
                spot: spec.asks_for_spot(),
                fallback: availability.contains("WITH_FALLBACK"),
                first_on_demand: spec.purchase.first_on_demand,
            },
            spark_version: spec.spark_version.clone(),
            docker_image: of("docker_image").is_some_and(|v| v.is_object()),
            has_init_scripts: filled("init_scripts"),
            init_scripts: Arc::new(of("init_scripts").cloned().unwrap_or_default()),
            has_libraries: filled("libraries"),
            elastic_disk: of("enable_elastic_disk")
                .and_then(|v| v.as_bool())
                .unwrap_or(false),
            scheduling: match conf("spark.scheduler.mode") {
                Some(mode) if mode.eq_ignore_ascii_case("FIFO") => Scheduling::Fifo,
                _ => Scheduling::Fair,
            },
            window_down: conf("spark.databricks.aggressiveWindowDownS")
                .and_then(|v| v.parse().ok())
                .map(|s: u32| s.min(600)),
            first_step_up: conf("spark.databricks.autoscaling.standardFirstStepUp")
                .and_then(|v| v.parse().ok())
                .unwrap_or(8),
            object: object.into(),
        })
    }

    /// The part of a node.
    pub fn plan(&self, role: Role) -> &NodePlan {
        match role {
            Role::Driver => &self.driver,
            Role::Worker => &self.worker,
        }
    }
}

/// Workers that a cluster of this size starts with. Autoscaling starts at its minimum.
pub(super) fn starting_workers(size: ClusterSize) -> u32 {
    match size {
        ClusterSize::Fixed { num_workers } => num_workers,
        ClusterSize::Autoscale { min_workers, .. } => min_workers,
    }
}

fn pool_id(spec: &ClusterSpec, role: Role) -> Option<&str> {
    let workers = spec.instance_pool_id.as_deref();
    match role {
        Role::Driver => spec.driver_instance_pool_id.as_deref().or(workers),
        Role::Worker => workers,
    }
}
