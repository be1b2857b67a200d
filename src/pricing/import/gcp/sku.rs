//! The prices of a SKU: `pricingInfo`, each with the instant from which it holds.

use rust_decimal::Decimal;

use super::Not;
use super::component::Part;
use crate::model::exact::add;
use crate::model::json_text::{JsonText, items};
use crate::model::period::{Instant, parse_instant};
use crate::pricing::import::LeftOut;
use crate::pricing::import::fields::Fields;

/// What an entry of `pricingInfo` says.
pub(super) enum Told {
    Price(Price),
    /// It costs nothing: the price is missing.
    Free,
    /// The price hangs on the quantity.
    Tiers,
}

/// A price of a unit.
pub(super) struct Price {
    pub currency: String,
    pub amount: Decimal,
    pub from: Instant,
}

/// All prices of a SKU.
pub(super) fn prices(text: &JsonText<'_>, sku: &Fields<'_>, part: Part) -> Result<Vec<Told>, Not> {
    let listed = sku.value("pricingInfo").and_then(items);
    let listed = listed.ok_or_else(|| sku.spot.error("price::row", "`pricingInfo` is not a list"))?;
    let source = &sku.spot.source;
    let mut told = Vec::with_capacity(listed.len());
    for (i, item) in listed.into_iter().enumerate() {
        let path = format!("{}.pricingInfo.{i}", sku.spot.path);
        told.push(price(text, &Fields::read(text, source, item, path)?, part)?);
    }
    Ok(told)
}

fn price(text: &JsonText<'_>, info: &Fields<'_>, part: Part) -> Result<Told, Not> {
    let from = info.needed("effectiveTime")?;
    let from = parse_instant(&from).map_err(|e| info.spot.error("price::instant", e.to_string()))?;
    let expression = info.inner(text, "pricingExpression")?;
    let unit = expression.needed("usageUnit")?;
    let expected = match part {
        Part::Core => "h",
        Part::Ram => "GiBy.h",
    };
    if unit != expected {
        return Err(Not::Taken(LeftOut::OtherUnit(unit.to_lowercase())));
    }
    let rates = expression.value("tieredRates").and_then(items);
    let rates = rates.ok_or_else(|| info.spot.error("price::row", "`tieredRates` is not a list"))?;
    let &[rate] = rates.as_slice() else {
        return Ok(Told::Tiers);
    };
    let path = format!("{}.tieredRates.0", expression.spot.path);
    let rate = Fields::read(text, &info.spot.source, rate, path)?;
    if rate
        .number("startUsageAmount")?
        .is_some_and(|start| !start.is_zero())
    {
        return Ok(Told::Tiers);
    }
    let unit_price = rate.inner(text, "unitPrice")?;
    let amount = money(&unit_price)?;
    if amount.is_zero() {
        return Ok(Told::Free);
    }
    Ok(Told::Price(Price {
        currency: unit_price.needed("currencyCode")?,
        amount,
        from,
    }))
}

/// `units` in text, and `nanos` of them.
fn money(price: &Fields<'_>) -> Result<Decimal, Not> {
    let wrong = |what: &str| price.spot.error("price::number", what.to_owned());
    let units = price.text("units")?.unwrap_or_else(|| "0".to_owned());
    let units: u32 = units
        .parse()
        .map_err(|_| wrong(&format!("`units`: `{units}` is no whole number from 0 on")))?;
    let nanos = price.number("nanos")?.unwrap_or_default();
    let is_nano = nanos.is_integer() && nanos >= Decimal::ZERO && nanos < Decimal::from(1_000_000_000_u32);
    let nanos = match (is_nano, nanos.try_into()) {
        (true, Ok(nanos)) => Decimal::new(nanos, 9),
        _ => return Err(wrong(&format!("`nanos`: `{nanos}` is no whole number below 10^9")).into()),
    };
    let sum = add(Decimal::from(units), nanos).map_err(|e| wrong(&e.to_string()))?;
    Ok(sum.normalize())
}
