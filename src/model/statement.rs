//! Statement lines: what a vendor says it has billed. They are no entries and move no balance.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use std::collections::BTreeMap;

use super::money::Currency;

/// A line of a vendor's statement, as it is written there. Empty text means none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementLine {
    /// First day of the billing period.
    pub period_start: NaiveDate,
    /// Last day of the billing period, which belongs to it.
    pub period_end: NaiveDate,
    /// The day of the usage or the purchase; Azure's days are UTC.
    pub date: NaiveDate,
    /// `MeterCategory`: `Virtual Machines`, `Azure Databricks`.
    pub meter_category: String,
    /// `MeterSubCategory`.
    pub meter_subcategory: String,
    /// `MeterName`: `D4ds v6`, `Premium Jobs Compute DBU`.
    pub meter_name: String,
    /// `MeterId`.
    pub meter_id: String,
    /// `MeterRegion`: a name for people, `US East`.
    pub meter_region: String,
    /// `ResourceLocation`: `eastus`.
    pub resource_location: String,
    /// `ResourceId`: the resource's path.
    pub resource_id: String,
    /// `ResourceGroup`.
    pub resource_group: String,
    /// `Quantity`, in units of `unit_of_measure`.
    pub quantity: Decimal,
    /// `UnitOfMeasure`: `1 Hour`. A DBU meter may say so too, although its quantity is DBUs.
    pub unit_of_measure: String,
    /// `UnitPrice`: the list price; none where the export has none.
    pub unit_price: Option<Decimal>,
    /// `EffectivePrice`: what a unit did cost; none where the export has none.
    pub effective_price: Option<Decimal>,
    /// What the line costs, in `currency`.
    pub cost: Decimal,
    /// `BillingCurrency`.
    pub currency: Currency,
    /// `ChargeType`: `Usage`, `Purchase`, `Refund`, ...
    pub charge_type: String,
    /// `Tags`.
    pub tags: BTreeMap<String, String>,
    /// `ServiceType` of `AdditionalInfo`: a machine's size as its API spells it, `Standard_D4ds_v6`.
    pub service_type: String,
}

/// How a line belongs to Databricks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Belonging {
    /// It is billed for the workspace: DBUs.
    Workspace,
    /// It is in the managed resource group of a workspace: machines, disks, addresses, storage.
    ManagedGroup,
    /// It is tagged as Databricks tags what it makes, in another group: a workspace may name its managed group freely.
    Tagged,
    /// Nothing says that it is Databricks'.
    Foreign,
}

impl StatementLine {
    /// How it belongs to Databricks. DBUs are billed for the workspace, in the group it was made in; everything else lies in the
    /// managed resource group, called `databricks-rg-...` unless somebody chose another name, and is tagged `Vendor: Databricks`
    /// (learn.microsoft.com, "Monitor usage using tags"; azurerm's `managed_resource_group_name`).
    pub fn belonging(&self) -> Belonging {
        let id = self.resource_id.to_lowercase();
        let group = self.resource_group.to_lowercase();
        if self.meter_category.eq_ignore_ascii_case("Azure Databricks")
            || id.contains("/providers/microsoft.databricks/workspaces/")
        {
            Belonging::Workspace
        } else if group.starts_with("databricks-rg-") || id.contains("/resourcegroups/databricks-rg-") {
            Belonging::ManagedGroup
        } else if self.tags.get("Vendor").is_some_and(|v| v == "Databricks") {
            Belonging::Tagged
        } else {
            Belonging::Foreign
        }
    }

    /// The last part of the resource's path: the machine's or the workspace's name.
    pub fn resource_name(&self) -> &str {
        self.resource_id.rsplit('/').next().unwrap_or_default()
    }

    /// `ClusterId` of its tags; empty for none, as on the machines of a pool.
    pub fn cluster_id(&self) -> &str {
        self.tags.get("ClusterId").map_or("", String::as_str)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::model::exact::parse_decimal;

    /// A machine of the managed group on 2026-10-01: 10 hours at 0.229.
    pub(crate) fn line() -> StatementLine {
        let day = |d| NaiveDate::from_ymd_opt(2026, 10, d).unwrap();
        let dec = |text| parse_decimal(text).unwrap();
        StatementLine {
            period_start: day(1),
            period_end: day(31),
            date: day(1),
            meter_category: "Virtual Machines".to_owned(),
            meter_subcategory: "Virtual Machines DSv2 Series".to_owned(),
            meter_name: "DS3 v2".to_owned(),
            meter_id: String::new(),
            meter_region: "US West 2".to_owned(),
            resource_location: "westus2".to_owned(),
            resource_id: "/subscriptions/s/resourceGroups/databricks-rg-ws-1/providers/Microsoft.Compute/virtualMachines/i-1".to_owned(),
            resource_group: "databricks-rg-ws-1".to_owned(),
            quantity: dec("10"),
            unit_of_measure: "1 Hour".to_owned(),
            unit_price: Some(dec("0.229")),
            effective_price: Some(dec("0.229")),
            cost: dec("2.29"),
            currency: Currency::USD,
            charge_type: "Usage".to_owned(),
            tags: BTreeMap::from([("ClusterId".to_owned(), "c-1".to_owned()), ("Vendor".to_owned(), "Databricks".to_owned())]),
            service_type: "Standard_DS3_v2".to_owned(),
        }
    }

    #[test]
    fn what_belongs_to_databricks_is_recognised() {
        let machine = line();
        assert_eq!(machine.belonging(), Belonging::ManagedGroup);
        assert_eq!((machine.resource_name(), machine.cluster_id()), ("i-1", "c-1"));
        let mut elsewhere = machine.clone();
        elsewhere.resource_group = "own-name".to_owned();
        elsewhere.resource_id =
            "/subscriptions/s/resourceGroups/own-name/providers/Microsoft.Compute/virtualMachines/i-1"
                .to_owned();
        assert_eq!(elsewhere.belonging(), Belonging::Tagged);
        elsewhere.tags.clear();
        assert_eq!(elsewhere.belonging(), Belonging::Foreign);
        elsewhere.resource_id =
            "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Databricks/workspaces/ws".to_owned();
        assert_eq!(elsewhere.belonging(), Belonging::Workspace);
    }
}
