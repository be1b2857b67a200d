//! A row of the billable usage log that the account console offered before `system.billing.usage`.
//!
//! Columns are those of the page "Billable usage log schema (legacy)" of Databricks' documentation (archived;
//! docs.databricks.com/archive/admin-guide/usage-analysis, read 2026-11). A row is what a cluster or warehouse used of a SKU in an hour;
//! it has no id and is never corrected.

use rust_decimal::Decimal;
use std::collections::BTreeMap;

use crate::model::period::Period;
use crate::model::place::Tier;

/// A row of the log, as far as it decides what is billed and to whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegacyUsage {
    /// `workspaceId`.
    pub workspace_id: String,
    /// The hour that ends at `timestamp`.
    pub hour: Period,
    /// `clusterId`, of a cluster or a warehouse.
    pub cluster_id: String,
    /// `clusterName`.
    pub cluster_name: String,
    /// `clusterNodeType`.
    pub node_type_id: String,
    /// `clusterOwnerUserName`, or `clusterOwnerUserId` where the log has no names.
    pub owner: String,
    /// `tags`, or `clusterCustomTags` where the log has no other.
    pub tags: BTreeMap<String, String>,
    /// The SKU that `sku` is called in price lists.
    pub sku_name: String,
    /// `dbus`, as written.
    pub dbus: Decimal,
}

/// Products of the log's list of SKUs that are called the same in `system.billing.list_prices`, without tier and `_(PHOTON)`.
const PRODUCTS: [&str; 8] = [
    "ALL_PURPOSE_COMPUTE",
    "JOBS_COMPUTE",
    "JOBS_LIGHT_COMPUTE",
    "SQL_COMPUTE",
    "DLT_CORE_COMPUTE",
    "DLT_PRO_COMPUTE",
    "DLT_ADVANCED_COMPUTE",
    "ALL_PURPOSE_COMPUTE_(DLT)",
];

/// Products whose SKU ends in its region.
const REGIONAL: [&str; 3] = [
    "SQL_PRO_COMPUTE_",
    "SERVERLESS_SQL_COMPUTE_",
    "JOBS_SERVERLESS_COMPUTE_",
];

/// The SKU that a `sku` of the log is called in price lists; none for one that is not known.
///
/// Names of before 2020 (`STANDARD_AUTOMATED_NON_OPSEC`) tell the product but not the tier, so they are not known either: a guess at the
/// tier would be a guess at the price.
pub fn sku_of(sku: &str) -> Option<String> {
    let (tier, product) = sku.split_once('_')?;
    tier.parse::<Tier>().ok()?;
    let product = product.strip_suffix("_(PHOTON)").unwrap_or(product);
    let is_regional = |start: &str| product.len() > start.len() && product.starts_with(start);
    let is_known = PRODUCTS.contains(&product) || REGIONAL.iter().any(|start| is_regional(start));
    is_known.then(|| sku.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_tells_no_tier_or_no_product_is_not_known() {
        for known in [
            "STANDARD_JOBS_COMPUTE",
            "PREMIUM_ALL_PURPOSE_COMPUTE_(PHOTON)",
            "ENTERPRISE_SQL_PRO_COMPUTE_US_EAST_N_VIRGINIA",
        ] {
            assert_eq!(sku_of(known).as_deref(), Some(known));
        }
        for unknown in [
            "STANDARD_AUTOMATED_NON_OPSEC",
            "JOBS_COMPUTE",
            "GOLD_JOBS_COMPUTE",
            "PREMIUM_SQL_PRO_COMPUTE_",
            "",
            "PREMIUM_",
        ] {
            assert_eq!(sku_of(unknown), None, "{unknown}");
        }
    }
}
