//! SKU names: `{TIER}_{PRODUCT}` with `_(PHOTON)`, as in `system.billing.usage.sku_name`.

use super::cluster_spec::ClusterSpec;
use crate::model::place::{Cloud, Tier, Workload};

/// The SKU that classic compute of a workspace is billed under.
///
/// Tier, workload, Photon and, for jobs, Databricks Light decide it; node type, region and machine-learning runtime do
/// not (pricing page and `system.billing.list_prices`).
pub fn sku_name(tier: Tier, workload: Workload, spec: &ClusterSpec) -> String {
    let product = match workload {
        Workload::AllPurpose => "ALL_PURPOSE_COMPUTE",
        Workload::Job if spec.is_light() => "JOBS_LIGHT_COMPUTE",
        Workload::Job => "JOBS_COMPUTE",
        Workload::Dlt => "DLT_CORE_COMPUTE",
        Workload::DltPro => "DLT_PRO_COMPUTE",
        Workload::DltAdvanced => "DLT_ADVANCED_COMPUTE",
    };
    let photon = if spec.photon { "_(PHOTON)" } else { "" };
    format!("{tier}_{product}{photon}")
}

/// The SKU that a job on serverless compute is billed under: its price depends on the region, which is the end of the
/// name. In a region whose end is not known the name has none, and no price either.
pub fn jobs_serverless_sku_name(cloud: Cloud, region: Option<&str>, tier: Tier) -> String {
    match region.and_then(|region| region_end(cloud, region)) {
        Some(end) => format!("{tier}_JOBS_SERVERLESS_COMPUTE_{end}"),
        None => format!("{tier}_JOBS_SERVERLESS_COMPUTE"),
    }
}

/// How a region is spelled at the end of a regional SKU's name, where that is known.
pub fn region_end(cloud: Cloud, region: &str) -> Option<&'static str> {
    let known = SERVERLESS_REGIONS
        .iter()
        .find(|(of, code, _)| *of == cloud && *code == region);
    known.map(|(_, _, end)| *end)
}

/// The region that is spelled so at the end of a regional SKU's name. Azure's names for people are spelled alike, with spaces.
pub fn region_of_end(cloud: Cloud, end: &str) -> Option<&'static str> {
    let known = SERVERLESS_REGIONS
        .iter()
        .find(|(of, _, known)| *of == cloud && *known == end);
    known.map(|(_, code, _)| *code)
}

/// Cloud, region code and how the region is spelled at the end of a `sku_name`: those regions of
/// `system.billing.list_prices` of 2026-04-10 that have serverless jobs.
const SERVERLESS_REGIONS: &[(Cloud, &str, &str)] = &[
    (Cloud::Aws, "ap-northeast-1", "AP_TOKYO"),
    (Cloud::Aws, "ap-northeast-2", "AP_SEOUL"),
    (Cloud::Aws, "ap-south-1", "AP_MUMBAI"),
    (Cloud::Aws, "ap-southeast-1", "AP_SINGAPORE"),
    (Cloud::Aws, "ap-southeast-2", "AP_SYDNEY"),
    (Cloud::Aws, "ap-southeast-3", "AP_JAKARTA"),
    (Cloud::Aws, "ca-central-1", "CANADA"),
    (Cloud::Aws, "eu-central-1", "EUROPE_FRANKFURT"),
    (Cloud::Aws, "eu-west-1", "EUROPE_IRELAND"),
    (Cloud::Aws, "eu-west-2", "EUROPE_LONDON"),
    (Cloud::Aws, "eu-west-3", "EUROPE_FRANCE"),
    (Cloud::Aws, "sa-east-1", "SA_BRAZIL"),
    (Cloud::Aws, "us-east-1", "US_EAST_N_VIRGINIA"),
    (Cloud::Aws, "us-east-2", "US_EAST_OHIO"),
    (Cloud::Aws, "us-west-1", "US_WEST_CALIFORNIA"),
    (Cloud::Aws, "us-west-2", "US_WEST_OREGON"),
    (Cloud::Azure, "australiacentral", "AUSTRALIA_CENTRAL"),
    (Cloud::Azure, "australiacentral2", "AUSTRALIA_CENTRAL_2"),
    (Cloud::Azure, "australiaeast", "AUSTRALIA_EAST"),
    (Cloud::Azure, "australiasoutheast", "AUSTRALIA_SOUTHEAST"),
    (Cloud::Azure, "brazilsouth", "BRAZIL_SOUTH"),
    (Cloud::Azure, "canadacentral", "CANADA_CENTRAL"),
    (Cloud::Azure, "canadaeast", "CANADA_EAST"),
    (Cloud::Azure, "centralindia", "INDIA_CENTRAL"),
    (Cloud::Azure, "centralus", "US_CENTRAL"),
    (Cloud::Azure, "eastasia", "ASIA_EAST"),
    (Cloud::Azure, "eastus", "US_EAST"),
    (Cloud::Azure, "eastus2", "US_EAST_2"),
    (Cloud::Azure, "francecentral", "FRANCE_CENTRAL"),
    (Cloud::Azure, "germanywestcentral", "GERMANY_WEST_CENTRAL"),
    (Cloud::Azure, "japaneast", "JAPAN_EAST"),
    (Cloud::Azure, "japanwest", "JAPAN_WEST"),
    (Cloud::Azure, "koreacentral", "KOREA_CENTRAL"),
    (Cloud::Azure, "mexicocentral", "MEXICO_CENTRAL"),
    (Cloud::Azure, "northcentralus", "US_NORTH_CENTRAL"),
    (Cloud::Azure, "northeurope", "EU_NORTH"),
    (Cloud::Azure, "norwayeast", "NORWAY_EAST"),
    (Cloud::Azure, "southafricanorth", "SOUTH_AFRICA_NORTH"),
    (Cloud::Azure, "southcentralus", "US_SOUTH_CENTRAL"),
    (Cloud::Azure, "southeastasia", "ASIA_SOUTHEAST"),
    (Cloud::Azure, "southindia", "INDIA_SOUTH"),
    (Cloud::Azure, "swedencentral", "SWEDEN_CENTRAL"),
    (Cloud::Azure, "switzerlandnorth", "SWITZERLAND_NORTH"),
    (Cloud::Azure, "switzerlandwest", "SWITZERLAND_WEST"),
    (Cloud::Azure, "uaenorth", "UAE_NORTH"),
    (Cloud::Azure, "uksouth", "UK_SOUTH"),
    (Cloud::Azure, "ukwest", "UK_WEST"),
    (Cloud::Azure, "westcentralus", "US_WEST_CENTRAL"),
    (Cloud::Azure, "westeurope", "EU_WEST"),
    (Cloud::Azure, "westindia", "INDIA_WEST"),
    (Cloud::Azure, "westus", "US_WEST"),
    (Cloud::Azure, "westus2", "US_WEST_2"),
    (Cloud::Azure, "westus3", "US_WEST_3"),
    (Cloud::Gcp, "asia-northeast1", "ASIA_TOKYO"),
    (Cloud::Gcp, "asia-south1", "INDIA_MUMBAI"),
    (Cloud::Gcp, "asia-southeast1", "ASIA_SINGAPORE"),
    (Cloud::Gcp, "australia-southeast1", "AUSTRALIA_SYDNEY"),
    (Cloud::Gcp, "europe-west1", "EUROPE_BELGIUM"),
    (Cloud::Gcp, "europe-west2", "EUROPE_ENGLAND"),
    (Cloud::Gcp, "europe-west3", "EUROPE_FRANKFURT"),
    (Cloud::Gcp, "me-central2", "ME_DAMMAM"),
    (Cloud::Gcp, "northamerica-northeast1", "CANADA_QUEBEC"),
    (Cloud::Gcp, "southamerica-east1", "SA_BRAZIL"),
    (Cloud::Gcp, "us-central1", "US_IOWA"),
    (Cloud::Gcp, "us-east1", "US_SOUTH_CAROLINA"),
    (Cloud::Gcp, "us-east4", "US_VIRGINIA"),
    (Cloud::Gcp, "us-west1", "US_OREGON"),
    (Cloud::Gcp, "us-west4", "US_NEVADA"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_serverless_sku_ends_in_its_region() {
        let name = |cloud, region| jobs_serverless_sku_name(cloud, region, Tier::Premium);
        assert_eq!(
            name(Cloud::Aws, Some("us-east-1")),
            "PREMIUM_JOBS_SERVERLESS_COMPUTE_US_EAST_N_VIRGINIA"
        );
        assert_eq!(
            name(Cloud::Azure, Some("westeurope")),
            "PREMIUM_JOBS_SERVERLESS_COMPUTE_EU_WEST"
        );
        // A region of another cloud, an unknown one, none at all.
        for region in [Some("us-east-1"), Some("chinaeast2"), None] {
            assert_eq!(name(Cloud::Azure, region), "PREMIUM_JOBS_SERVERLESS_COMPUTE");
        }
    }

    #[test]
    fn names_are_those_of_the_price_list() {
        let spec = |photon, spark_version: &str| ClusterSpec {
            photon,
            spark_version: Some(spark_version.to_owned()),
            ..ClusterSpec::default()
        };
        let (plain, photon) = (spec(false, "15.4.x-scala2.12"), spec(true, "15.4.x-scala2.12"));
        let light = spec(false, "apache-spark-2.4.x-scala2.11");
        for (tier, workload, spec, name) in [
            (
                Tier::Premium,
                Workload::Job,
                &photon,
                "PREMIUM_JOBS_COMPUTE_(PHOTON)",
            ),
            (
                Tier::Standard,
                Workload::AllPurpose,
                &plain,
                "STANDARD_ALL_PURPOSE_COMPUTE",
            ),
            (Tier::Premium, Workload::Job, &light, "PREMIUM_JOBS_LIGHT_COMPUTE"),
            (
                Tier::Premium,
                Workload::AllPurpose,
                &light,
                "PREMIUM_ALL_PURPOSE_COMPUTE",
            ),
            (
                Tier::Enterprise,
                Workload::DltPro,
                &plain,
                "ENTERPRISE_DLT_PRO_COMPUTE",
            ),
            (
                Tier::Premium,
                Workload::DltAdvanced,
                &photon,
                "PREMIUM_DLT_ADVANCED_COMPUTE_(PHOTON)",
            ),
        ] {
            assert_eq!(sku_name(tier, workload, spec), name);
        }
    }
}
