//! Cost change: what each resource of a change costs before and after, and all of them together.
//!
//! Prices are those of one instant on both sides: what is told is what the change does, not what prices did.

mod hours;

use serde_json::Value;

pub use self::hours::RunningHours;
use self::hours::hours;
use super::judge::PlaceOptions;
use crate::databricks::cluster_spec::ClusterSpec;
use crate::databricks::instance_pool::InstancePool;
use crate::intake::requests::instance_pool::pool;
use crate::intake::requests::reading::Resource;
use crate::intake::requests::request::Request;
use crate::intake::requests::schedule::Schedule;
use crate::intake::requests::usage_file::{Named, UsageFile};
use crate::model::cost_change::{Cost, CostChange, Range, ResourceCost, Total};
use crate::model::exact::Inexact;
use crate::model::money::Currency;
use crate::model::period::{Instant, Month};
use crate::model::place::{Workload, Workspace};
use crate::model::resource::{Action, Kind};
use crate::pricing::catalogue::Catalogue;
use crate::pricing::estimate::estimate;
use crate::pricing::node_meters::Context;
use crate::pricing::standing::{PerHour, idle_pool, warehouse};

/// What costs depend on besides the requests.
#[derive(Debug, Clone, Copy)]
pub struct Basis<'a> {
    /// Prices and rates.
    pub catalogue: &'a Catalogue,
    /// How long things run.
    pub usage: &'a UsageFile,
    /// Prices in force at this instant, hours of its month.
    pub at: Instant,
}

/// Attributes that decide what a resource costs.
fn deciding(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::InstancePool => &POOL_DECIDES,
        Kind::SqlWarehouse => &WAREHOUSE_DECIDES,
        _ => &[],
    }
}

/// Attributes that decide what a pool costs.
const POOL_DECIDES: [&str; 5] = [
    "aws_attributes.availability",
    "azure_attributes.availability",
    "gcp_attributes.gcp_availability",
    "min_idle_instances",
    "node_type_id",
];

/// Attributes that decide what a warehouse costs.
const WAREHOUSE_DECIDES: [&str; 4] = [
    "cluster_size",
    "enable_serverless_compute",
    "max_num_clusters",
    "min_num_clusters",
];

impl Basis<'_> {
    /// What a cluster costs, before and after. `workload` is what it is for after, and before where nothing else is told of that.
    ///
    /// # Errors
    /// [`Inexact`] when a number outgrows what decimals hold.
    pub fn cluster(
        &self,
        request: &Request,
        workspace: &Workspace,
        workload: Workload,
    ) -> Result<ResourceCost, Inexact> {
        let around = &request.around;
        let side = |workload, spec: &ClusterSpec, pools: &[InstancePool], schedule: Option<&Schedule>| {
            let context = Context {
                workspace,
                workload,
                at: self.at,
                pools,
            };
            let estimate = estimate(self.catalogue, &context, spec)?;
            let per_hour = PerHour {
                range: Range::of(&estimate),
                unknown: match estimate.unknown.is_empty() {
                    true => estimate.unpriced,
                    false => estimate.unknown,
                },
            };
            self.cost(per_hour, &named(request), schedule)
        };
        let before = around.before.as_deref();
        let before = before
            .map(|b| {
                let was = b.workload.unwrap_or(workload);
                side(was, &b.spec, &b.pools, b.schedule.as_ref())
            })
            .transpose()?;
        let after = match around.action {
            Action::Delete => None,
            _ => Some(side(
                workload,
                &request.spec,
                &around.pools,
                around.schedule.as_ref(),
            )?),
        };
        Ok(ResourceCost {
            source: request.source.clone(),
            line: request.line,
            address: request.address.clone(),
            name: request.name.clone(),
            kind: around.kind,
            action: around.action,
            before,
            after,
        })
    }

    /// What a pool or a warehouse costs, before and after; none for what costs nothing by itself.
    ///
    /// # Errors
    /// [`Inexact`] when a number outgrows what decimals hold.
    pub fn resource(
        &self,
        resource: &Resource,
        workspace: Option<&Workspace>,
    ) -> Result<Option<ResourceCost>, Inexact> {
        if resource.kind == Kind::ClusterPolicy {
            return Ok(None);
        }
        let named = Named {
            address: resource.address.as_deref(),
            name: resource.name.as_deref(),
            job: None,
            kind: resource.kind,
        };
        let side = |body: &Value| {
            let per_hour = match workspace {
                Some(workspace) => self.per_hour(resource.kind, body, workspace)?,
                None => PerHour::unknown("the cloud"),
            };
            self.cost(per_hour, &named, None)
        };
        let open = deciding(resource.kind)
            .iter()
            .find(|key| resource.unknown.touches(key));
        Ok(Some(ResourceCost {
            source: resource.source.clone(),
            line: resource.line,
            address: resource.address.clone(),
            name: resource.name.clone(),
            kind: resource.kind,
            action: resource.action,
            before: resource.before.as_ref().map(side).transpose()?,
            after: match resource.action {
                Action::Delete => None,
                // What is unknown is so of what will be, not of what there is.
                _ => Some(match open {
                    Some(key) => self.cost(PerHour::unknown(*key), &named, None)?,
                    None => side(&resource.body)?,
                }),
            },
        }))
    }

    fn per_hour(&self, kind: Kind, body: &Value, workspace: &Workspace) -> Result<PerHour, Inexact> {
        match kind {
            Kind::InstancePool => match pool("", body) {
                Some(pool) => idle_pool(self.catalogue, workspace, self.at, &pool),
                None => Ok(PerHour::unknown("the node type of the pool")),
            },
            Kind::SqlWarehouse => warehouse(self.catalogue, workspace, self.at, body),
            _ => Ok(PerHour::unknown("what serverless compute will use")),
        }
    }

    fn cost(&self, per_hour: PerHour, of: &Named<'_>, schedule: Option<&Schedule>) -> Result<Cost, Inexact> {
        let hours = hours(self.usage, of, schedule, Month::of(self.at));
        Ok(Cost {
            per_month: per_hour.range.times(hours.per_month)?,
            per_hour: per_hour.range,
            hours_per_month: hours.per_month,
            hours_from: hours.from,
            unknown: per_hour.unknown,
        })
    }
}

/// How usage files name a cluster.
fn named(request: &Request) -> Named<'_> {
    Named {
        address: request.address.as_deref(),
        name: request.name.as_deref(),
        job: request.around.job.as_deref(),
        kind: request.around.kind,
    }
}

/// Puts the costs of resources together.
///
/// # Errors
/// [`Inexact`] when a number outgrows what decimals hold.
pub fn together(
    currency: Currency,
    at: Instant,
    resources: Vec<ResourceCost>,
) -> Result<CostChange, Inexact> {
    Ok(CostChange {
        currency,
        at,
        total: Total::of(&resources)?,
        resources,
    })
}

/// The workspace of a resource that is no cluster: what the options say, else what its own attributes give away.
pub fn workspace_of(resource: &Resource, place: &PlaceOptions) -> Option<Workspace> {
    let body = match resource.body.is_null() {
        true => resource.before.as_ref()?,
        false => &resource.body,
    };
    // Pools spell their machines and clouds as clusters do.
    let mut known = body.clone();
    if let Some(object) = known.as_object_mut() {
        object.retain(|key, _| key == "node_type_id" || key.ends_with("_attributes"));
    }
    let spec = ClusterSpec::read(&known).unwrap_or_default();
    place.workspace(&spec)
}
