//! SKU names: `{TIER}_{PRODUCT}` with `_(PHOTON)`, as in `system.billing.usage.sku_name`.

use crate::model::place::{Tier, Workload};

/// The SKU that classic compute of a workspace is billed under.
///
/// Tier, workload and Photon decide it; node type, region and machine-learning runtime do not
/// (pricing page and `system.billing.list_prices`).
pub fn sku_name(tier: Tier, workload: Workload, photon: bool) -> String {
    let product = match workload {
        Workload::AllPurpose => "ALL_PURPOSE_COMPUTE",
        Workload::Job => "JOBS_COMPUTE",
        // The edition (core, pro, advanced) is the pipeline's own setting; core is its default here.
        Workload::Dlt => "DLT_CORE_COMPUTE",
    };
    let photon = if photon { "_(PHOTON)" } else { "" };
    format!("{tier}_{product}{photon}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_price_list() {
        assert_eq!(
            sku_name(Tier::Premium, Workload::Job, true),
            "PREMIUM_JOBS_COMPUTE_(PHOTON)"
        );
        assert_eq!(
            sku_name(Tier::Standard, Workload::AllPurpose, false),
            "STANDARD_ALL_PURPOSE_COMPUTE"
        );
    }
}
