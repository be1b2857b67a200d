//! Which meter of ours a line of Azure's statement is.
//!
//! Machines are told by `MeterCategory` `Virtual Machines`, size, region and `Spot`; DBUs by the meter's name. Nothing is guessed:
//! what is not certain is no meter, with the reason.

use super::import::databricks_meter::{DatabricksMeter, databricks_meter};
use crate::databricks::sku::region_of_end;
use crate::model::meter::{Meter, MeterKind, PurchaseOption};
use crate::model::place::Cloud;
use crate::model::statement::StatementLine;

/// The meter of a line.
///
/// # Errors
/// Why it is none, in words for a person.
pub fn statement_meter(line: &StatementLine) -> Result<Meter, String> {
    if !line.charge_type.is_empty() && !line.charge_type.eq_ignore_ascii_case("Usage") {
        return Err(format!("a charge of type `{}`", line.charge_type));
    }
    let kind = match line.meter_category.to_lowercase().as_str() {
        "virtual machines" => machine(line)?,
        "azure databricks" => dbu(line)?,
        _ => {
            return Err(format!(
                "no meter of category `{}` is billed by us",
                line.meter_category
            ));
        }
    };
    let cloud = Cloud::Azure;
    Ok(Meter { cloud, kind })
}

/// A quantity counts single hours or DBUs. A DBU meter may say `1 Hour`; its quantity is DBUs all the same.
fn unit(line: &StatementLine, units: &[&str]) -> Result<(), String> {
    let unit = line.unit_of_measure.to_lowercase();
    match units.contains(&unit.as_str()) {
        true => Ok(()),
        false => Err(format!("its unit of measure is `{}`", line.unit_of_measure)),
    }
}

fn machine(line: &StatementLine) -> Result<MeterKind, String> {
    unit(line, &["1 hour"])?;
    if line.meter_subcategory.contains("Windows") {
        return Err("a machine with Windows".to_owned());
    }
    let (size, purchase_option) = match line.meter_name.strip_suffix(" Spot") {
        Some(size) => (size, PurchaseOption::Spot),
        None => (line.meter_name.as_str(), PurchaseOption::OnDemand),
    };
    if size.ends_with(" Low Priority") {
        return Err("a low-priority machine".to_owned());
    }
    Ok(MeterKind::Vm {
        region: region(line).ok_or("its region is not known")?,
        node_type_id: size_of(line, size)?,
        purchase_option,
    })
}

/// The size as the API spells it: `ServiceType`, or the meter's name where it names one size (`D4ds v6`; `D2 v3/D2s v3` are two).
fn size_of(line: &StatementLine, name: &str) -> Result<String, String> {
    if !line.service_type.is_empty() {
        return Ok(line.service_type.clone());
    }
    match name.trim() {
        "" => Err("it names no size".to_owned()),
        several if several.contains('/') => Err(format!("its name `{several}` stands for several sizes")),
        one => Ok(format!("Standard_{}", one.replace(' ', "_"))),
    }
}

fn dbu(line: &StatementLine) -> Result<MeterKind, String> {
    unit(line, &["1 hour", "1 dbu"])?;
    let name = line.meter_name.trim().to_lowercase();
    match databricks_meter(&name, &region(line).unwrap_or_default()) {
        DatabricksMeter::Everywhere(sku_name) | DatabricksMeter::Regional(sku_name) => {
            Ok(MeterKind::Dbu { sku_name })
        }
        DatabricksMeter::UnknownRegion => Err("how its SKU names its region is not known".to_owned()),
        DatabricksMeter::Unknown => Err("no SKU of this name is known".to_owned()),
    }
}

/// The region's code. `ResourceLocation` is the code, in any case (`eastus`, `EastUS`); where it or `MeterRegion` is a name for
/// people (`US East 2`), that is how SKUs end in it.
fn region(line: &StatementLine) -> Option<String> {
    let named = |text: &str| {
        let end = text.trim().to_uppercase().replace(' ', "_");
        region_of_end(Cloud::Azure, &end).map(str::to_owned)
    };
    let location = line.resource_location.trim();
    let code = || {
        let fits = !location.is_empty() && location.bytes().all(|b| b.is_ascii_alphanumeric());
        fits.then(|| location.to_lowercase())
    };
    named(location)
        .or_else(code)
        .or_else(|| named(&line.meter_region))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::statement::tests::line;

    fn meter(change: impl FnOnce(&mut StatementLine)) -> Result<String, String> {
        let mut line = line();
        change(&mut line);
        statement_meter(&line).map(|m| m.to_string())
    }

    fn databricks(name: &str) -> impl FnOnce(&mut StatementLine) {
        let name = name.to_owned();
        move |line| {
            line.meter_category = "Azure Databricks".to_owned();
            line.meter_name = name;
        }
    }

    #[test]
    fn lines_are_meters() {
        let vm = |rest: &str| Ok(format!("vm/AZURE/{rest}"));
        assert_eq!(meter(|_| ()), vm("westus2/Standard_DS3_v2/on_demand"));
        let spot = |line: &mut StatementLine| {
            line.meter_name = "D4ds v6 Spot".to_owned();
            line.service_type.clear();
            line.resource_location = "EU West".to_owned();
        };
        assert_eq!(meter(spot), vm("westeurope/Standard_D4ds_v6/spot"));
        let by_meter_region = |line: &mut StatementLine| line.resource_location.clear();
        assert_eq!(meter(by_meter_region), vm("westus2/Standard_DS3_v2/on_demand"));
        let dbu = |rest: &str| Ok(format!("dbu/AZURE/{rest}"));
        assert_eq!(
            meter(databricks("Premium All-Purpose Photon DBU")),
            dbu("PREMIUM_ALL_PURPOSE_COMPUTE_(PHOTON)")
        );
        assert_eq!(
            meter(databricks("Premium Serverless SQL DBU")),
            dbu("PREMIUM_SERVERLESS_SQL_COMPUTE_US_WEST_2")
        );
    }

    #[test]
    fn what_is_not_certain_is_no_meter() {
        let why = |change: fn(&mut StatementLine)| meter(change).unwrap_err();
        assert_eq!(
            why(|l| l.charge_type = "Purchase".to_owned()),
            "a charge of type `Purchase`"
        );
        assert_eq!(
            why(|l| l.unit_of_measure = "100 Hours".to_owned()),
            "its unit of measure is `100 Hours`"
        );
        assert_eq!(
            why(|l| l.meter_subcategory.push_str(" Windows")),
            "a machine with Windows"
        );
        assert_eq!(
            why(|l| l.meter_name = "DS3 v2 Low Priority".to_owned()),
            "a low-priority machine"
        );
        let two = why(|l| {
            l.meter_name = "D2 v3/D2s v3".to_owned();
            l.service_type.clear();
        });
        assert!(two.contains("several sizes"), "{two}");
        assert_eq!(
            why(|l| l.meter_category = "Storage".to_owned()),
            "no meter of category `Storage` is billed by us"
        );
        let trial = meter(databricks("Premium - Free Trial Jobs Compute DBU")).unwrap_err();
        assert_eq!(trial, "no SKU of this name is known");
    }
}
