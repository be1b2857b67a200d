//! What resources that are no cluster cost per hour: the instances that a pool keeps idle, and SQL warehouses.

use rust_decimal::Decimal;
use serde_json::Value;

use super::catalogue::Catalogue;
use super::node_meters::instance_meters;
use crate::databricks::instance_pool::InstancePool;
use crate::databricks::sku::region_end;
use crate::model::cost_change::Range;
use crate::model::exact::{Inexact, add, multiply};
use crate::model::meter::{Meter, MeterKind};
use crate::model::period::Instant;
use crate::model::place::Workspace;

/// What an hour costs, and why that is unknown where it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PerHour {
    /// From the smallest size to the largest.
    pub range: Range,
    /// Meters without a price, or what else is not known; empty where the range is known.
    pub unknown: Vec<String>,
}

impl PerHour {
    /// Unknown, for a reason.
    pub fn unknown(why: impl Into<String>) -> PerHour {
        PerHour {
            range: Range::default(),
            unknown: vec![why.into()],
        }
    }
}

/// DBU an hour of one cluster of a warehouse, by `cluster_size`; the same for every type of warehouse.
///
/// Sources: pricing page of Databricks SQL (2X-Small 4, Small 12, 4X-Large 528 also in golden examples of others).
const WAREHOUSE_DBU: [(&str, u32); 9] = [
    ("2X-Small", 4),
    ("X-Small", 6),
    ("Small", 12),
    ("Medium", 24),
    ("Large", 40),
    ("X-Large", 80),
    ("2X-Large", 144),
    ("3X-Large", 272),
    ("4X-Large", 528),
];

/// What the instances that a pool keeps idle cost per hour. Those that clusters use are paid by the clusters.
///
/// # Errors
/// [`Inexact`] when a number outgrows what decimals hold.
pub fn idle_pool(
    catalogue: &Catalogue,
    workspace: &Workspace,
    at: Instant,
    pool: &InstancePool,
) -> Result<PerHour, Inexact> {
    let purchase = pool.purchase_option(workspace.cloud);
    let (mut one, mut unknown) = (Decimal::ZERO, Vec::new());
    for rate in instance_meters(catalogue, workspace, &pool.node_type_id, purchase) {
        match (rate.per_hour, catalogue.book.price_at(&rate.meter, at)) {
            (Some(quantity), Some(price)) => one = add(one, multiply(quantity, price.unit_price.0)?)?,
            _ => unknown.push(rate.meter.to_string()),
        }
    }
    // Nothing idle costs nothing, whatever its price.
    if pool.min_idle_instances == 0 {
        return Ok(PerHour {
            range: Range::ZERO,
            unknown: Vec::new(),
        });
    }
    let all = match unknown.is_empty() {
        true => Some(multiply(one, Decimal::from(pool.min_idle_instances))?),
        false => None,
    };
    Ok(PerHour {
        range: Range { min: all, max: all },
        unknown,
    })
}

/// What a SQL warehouse costs per hour that it runs, from `min_num_clusters` to `max_num_clusters`; of one that is not
/// serverless the machines have no published number, so that its cost is unknown.
///
/// # Errors
/// [`Inexact`] when a number outgrows what decimals hold.
pub fn warehouse(
    catalogue: &Catalogue,
    workspace: &Workspace,
    at: Instant,
    body: &Value,
) -> Result<PerHour, Inexact> {
    let size = body
        .get("cluster_size")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let Some((_, dbu)) = WAREHOUSE_DBU.iter().find(|(name, _)| *name == size) else {
        return Ok(PerHour::unknown(format!(
            "DBU of a warehouse of the size `{size}`"
        )));
    };
    if body.get("enable_serverless_compute").and_then(Value::as_bool) != Some(true) {
        return Ok(PerHour::unknown("machines of a warehouse that is not serverless"));
    }
    let end = workspace
        .region
        .as_deref()
        .and_then(|region| region_end(workspace.cloud, region));
    let Some(end) = end else {
        return Ok(PerHour::unknown("the region of a serverless warehouse"));
    };
    let tier = workspace.tier_at(at);
    let meter = Meter {
        cloud: workspace.cloud,
        kind: MeterKind::Dbu {
            sku_name: format!("{tier}_SERVERLESS_SQL_COMPUTE_{end}"),
        },
    };
    let Some(price) = catalogue.book.price_at(&meter, at) else {
        return Ok(PerHour::unknown(meter.to_string()));
    };
    let one = multiply(Decimal::from(*dbu), price.unit_price.0)?;
    let clusters = |key: &str| body.get(key).and_then(Value::as_u64).unwrap_or(1).clamp(1, 100);
    let min = clusters("min_num_clusters");
    let max = clusters("max_num_clusters").max(min);
    Ok(PerHour {
        range: Range {
            min: Some(multiply(one, Decimal::from(min))?),
            max: Some(multiply(one, Decimal::from(max))?),
        },
        unknown: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::exact::decimal_text;
    use crate::model::period::parse_instant;
    use crate::model::place::{Cloud, Tier};
    use serde_json::json;

    fn in_region(region: &str) -> (Catalogue, Workspace) {
        let mut catalogue = Catalogue::default();
        catalogue.load(Cloud::Azure, Some(region)).unwrap();
        let workspace = Workspace {
            region: Some(region.to_owned()),
            ..Workspace::new(Cloud::Azure, Tier::Premium)
        };
        (catalogue, workspace)
    }

    fn text(found: &PerHour) -> [Option<String>; 2] {
        [found.range.min, found.range.max].map(|n| n.map(decimal_text))
    }

    #[test]
    fn idle_instances_cost_their_machines_and_nothing_else() {
        let (catalogue, workspace) = in_region("westus2");
        let at = parse_instant("2026-10-01").unwrap();
        let pool = |idle: u32, node: &str| -> InstancePool {
            serde_json::from_value(json!({"instance_pool_id": "p", "instance_pool_name": "p",
                "node_type_id": node, "min_idle_instances": idle}))
            .unwrap()
        };
        // 3 x 0.229.
        let found = idle_pool(&catalogue, &workspace, at, &pool(3, "Standard_DS3_v2")).unwrap();
        assert_eq!(text(&found)[0].as_deref(), Some("0.687"));
        let none = idle_pool(&catalogue, &workspace, at, &pool(0, "Standard_Nobody")).unwrap();
        assert_eq!(none.range, Range::ZERO);
        let unknown = idle_pool(&catalogue, &workspace, at, &pool(1, "Standard_Nobody")).unwrap();
        assert_eq!(unknown.unknown, ["vm/AZURE/westus2/Standard_Nobody/on_demand"]);
    }

    #[test]
    fn a_serverless_warehouse_costs_its_dbu() {
        let (catalogue, workspace) = in_region("westus2");
        let at = parse_instant("2026-10-01").unwrap();
        let of = |body: Value| warehouse(&catalogue, &workspace, at, &body).unwrap();
        // Small: 12 DBU x 0.70, one to three clusters.
        let found =
            of(json!({"cluster_size": "Small", "enable_serverless_compute": true, "max_num_clusters": 3}));
        assert_eq!(text(&found), [Some("8.4".to_owned()), Some("25.2".to_owned())]);
        let classic = of(json!({"cluster_size": "Small"}));
        assert!(!classic.range.is_known() && !classic.unknown.is_empty());
        assert!(
            !of(json!({"cluster_size": "Huge", "enable_serverless_compute": true}))
                .range
                .is_known()
        );
    }
}
