//! Meters of Azure Databricks, and the SKU that each is sold as.

use crate::databricks::sku::region_end;
use crate::model::place::{Cloud, Tier};

/// What a meter of Azure Databricks is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::pricing) enum DatabricksMeter {
    /// A SKU, the same in every region.
    Everywhere(String),
    /// A SKU of this region.
    Regional(String),
    /// A regional SKU of a region whose spelling at the end of a name is not known.
    UnknownRegion,
    /// No SKU is known.
    Unknown,
}

/// Name of the meter without tier and `DBU`, in small letters; the product of the SKU; whether its price hangs on the
/// region. The names are those that reconciliation scripts and calculators of users give (Azure writes `All-purpose` and
/// `All-Purpose`); the SKUs are those of `system.billing.list_prices`.
const PRODUCTS: &[(&str, &str, bool)] = &[
    ("all-purpose compute", "ALL_PURPOSE_COMPUTE", false),
    ("all-purpose photon", "ALL_PURPOSE_COMPUTE_(PHOTON)", false),
    ("jobs compute", "JOBS_COMPUTE", false),
    ("jobs compute photon", "JOBS_COMPUTE_(PHOTON)", false),
    ("jobs light compute", "JOBS_LIGHT_COMPUTE", false),
    ("sql analytics", "SQL_COMPUTE", false),
    ("core compute delta live tables", "DLT_CORE_COMPUTE", false),
    ("pro compute delta live tables", "DLT_PRO_COMPUTE", false),
    (
        "advanced compute delta live tables",
        "DLT_ADVANCED_COMPUTE",
        false,
    ),
    (
        "core compute photon delta live tables",
        "DLT_CORE_COMPUTE_(PHOTON)",
        false,
    ),
    (
        "pro compute photon delta live tables",
        "DLT_PRO_COMPUTE_(PHOTON)",
        false,
    ),
    (
        "advanced compute photon delta live tables",
        "DLT_ADVANCED_COMPUTE_(PHOTON)",
        false,
    ),
    ("automated serverless compute", "JOBS_SERVERLESS_COMPUTE", true),
    (
        "interactive serverless compute",
        "ALL_PURPOSE_SERVERLESS_COMPUTE",
        true,
    ),
    ("serverless sql", "SERVERLESS_SQL_COMPUTE", true),
    ("sql compute pro", "SQL_PRO_COMPUTE", true),
    (
        "serverless realtime inferencing",
        "SERVERLESS_REAL_TIME_INFERENCE",
        true,
    ),
    ("model training", "MODEL_TRAINING", true),
];

/// What a meter is, by its name in small letters and its region.
pub(in crate::pricing) fn databricks_meter(name: &str, region: &str) -> DatabricksMeter {
    let known = || {
        let (tier, rest) = name.strip_suffix(" dbu")?.split_once(' ')?;
        let tier: Tier = tier.parse().ok()?;
        let (_, product, regional) = PRODUCTS.iter().find(|(known, _, _)| *known == rest.trim())?;
        let sku = format!("{tier}_{product}");
        Some(match (regional, region_end(Cloud::Azure, region)) {
            (false, _) => DatabricksMeter::Everywhere(sku),
            (true, Some(end)) => DatabricksMeter::Regional(format!("{sku}_{end}")),
            (true, None) => DatabricksMeter::UnknownRegion,
        })
    };
    known().unwrap_or(DatabricksMeter::Unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meters_are_skus() {
        let everywhere = |sku: &str| DatabricksMeter::Everywhere(sku.to_owned());
        for (name, region, meter) in [
            (
                "premium all-purpose photon dbu",
                "eastus",
                everywhere("PREMIUM_ALL_PURPOSE_COMPUTE_(PHOTON)"),
            ),
            (
                "standard jobs compute dbu",
                "nowhere",
                everywhere("STANDARD_JOBS_COMPUTE"),
            ),
            (
                "premium core compute delta live tables dbu",
                "",
                everywhere("PREMIUM_DLT_CORE_COMPUTE"),
            ),
            (
                "premium automated serverless compute dbu",
                "eastus2",
                DatabricksMeter::Regional("PREMIUM_JOBS_SERVERLESS_COMPUTE_US_EAST_2".to_owned()),
            ),
            (
                "premium serverless sql dbu",
                "chinaeast2",
                DatabricksMeter::UnknownRegion,
            ),
            ("premium jobs compute", "eastus", DatabricksMeter::Unknown),
            (
                "premium - free trial jobs compute dbu",
                "eastus",
                DatabricksMeter::Unknown,
            ),
            ("dbu", "eastus", DatabricksMeter::Unknown),
        ] {
            assert_eq!(databricks_meter(name, region), meter, "{name}");
        }
    }
}
