//! Which products of an offer file are machines as Databricks starts them.

use serde::Deserialize;

use super::Desk;
use crate::pricing::import::LeftOut;

/// What an offer file says of a product, as far as it decides.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Product {
    #[serde(rename = "productFamily")]
    pub family: Option<String>,
    pub attributes: Attributes,
}

/// Attributes of a product.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Attributes {
    pub region_code: Option<String>,
    pub location_type: Option<String>,
    pub instance_type: Option<String>,
    pub tenancy: Option<String>,
    pub operating_system: Option<String>,
    pub license_model: Option<String>,
    pub pre_installed_sw: Option<String>,
    #[serde(rename = "usagetype")]
    pub usage_type: Option<String>,
    #[serde(rename = "capacitystatus")]
    pub capacity_status: Option<String>,
    #[serde(rename = "marketoption")]
    pub market_option: Option<String>,
}

/// A machine of a region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Machine {
    pub region: String,
    pub node_type_id: String,
}

/// Families of products that are machines.
const MACHINES: [&str; 2] = ["Compute Instance", "Compute Instance (bare metal)"];

impl Product {
    /// The machine that it is, or why it is none that counts. What an attribute does not say is not taken for what it should say,
    /// but for those that older files lack.
    pub fn machine(self, desk: &Desk<'_>) -> Result<Machine, LeftOut> {
        let of = self.attributes;
        let is = |attribute: &Option<String>, expected: &str| {
            let said = attribute.as_deref().unwrap_or_default();
            said.eq_ignore_ascii_case(expected)
        };
        let is_or_unsaid = |attribute: &Option<String>, expected: &str| {
            attribute.as_deref().is_none_or(str::is_empty) || is(attribute, expected)
        };
        if !MACHINES.contains(&self.family.as_deref().unwrap_or_default()) {
            return Err(LeftOut::NotAMachine);
        }
        if !is_or_unsaid(&of.location_type, "AWS Region") {
            return Err(LeftOut::OtherLocation);
        }
        let said = |text: Option<String>| text.filter(|text| !text.is_empty());
        let (Some(region), Some(node_type_id)) = (said(of.region_code), said(of.instance_type)) else {
            return Err(LeftOut::NoSizeOrRegion);
        };
        if !desk.is_asked_for(&region) {
            return Err(LeftOut::OtherRegion);
        }
        if !is(&of.operating_system, "Linux") {
            let system = of.operating_system.unwrap_or_default().to_lowercase();
            return Err(LeftOut::OtherSystem(system));
        }
        if !is(&of.tenancy, "Shared") {
            return Err(LeftOut::OtherTenancy);
        }
        if !is(&of.pre_installed_sw, "NA") {
            return Err(LeftOut::PreInstalledSoftware);
        }
        if !is(&of.license_model, "No License required") {
            return Err(LeftOut::Licence);
        }
        if !is_or_unsaid(&of.market_option, "OnDemand") {
            return Err(LeftOut::NotConsumption);
        }
        if !is_or_unsaid(&of.capacity_status, "Used") || !is_box_usage(of.usage_type.as_deref()) {
            return Err(LeftOut::NotBoxUsage);
        }
        Ok(Machine { region, node_type_id })
    }
}

/// `BoxUsage:m5.large`, in most regions with their short name before it: `USW2-BoxUsage:m5.large`. `HostBoxUsage` is another thing.
fn is_box_usage(usage_type: Option<&str>) -> bool {
    let usage = usage_type.unwrap_or_default();
    let what = usage.split_once(':').map_or(usage, |(what, _)| what);
    what.rsplit('-').next() == Some("BoxUsage")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn box_usage_has_the_name_of_its_region_before_it_or_none() {
        for (usage, is) in [
            ("BoxUsage:m5.large", true),
            ("BoxUsage", true),
            ("USW2-BoxUsage:m5.large", true),
            ("HostBoxUsage:m5.large", false),
            ("EUC1-HostBoxUsage:m5.large", false),
            ("EUC1-UnusedBox:m5.large", false),
            ("DedicatedUsage:m5.large", false),
            ("", false),
        ] {
            assert_eq!(is_box_usage(Some(usage)), is, "{usage}");
        }
        assert!(!is_box_usage(None));
    }
}
