//! Prices in force, charges, and usage that has no price.

use rust_decimal::Decimal;
use std::sync::Arc;

use super::meter::Meter;
use super::money::{Currency, UnitPrice};
use super::period::{Instant, Period};
use super::usage::Subject;

/// A price over the part of a period in which it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceInForce {
    /// The part of the asked period, half-open.
    pub period: Period,
    /// The price; none where no book has one.
    pub price: Option<Price>,
}

/// Money per unit of a meter, with where the number comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Price {
    /// Money per unit.
    pub unit_price: UnitPrice,
    /// Its currency.
    pub currency: Currency,
    /// Book and source: `azure-vm-westus2#azure-page-2023-07-03`.
    pub source: Arc<str>,
    /// Not a real price: a placeholder that says so.
    pub synthetic: bool,
}

/// A priced usage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge {
    /// The resource used.
    pub resource: Arc<str>,
    /// Whose it is.
    pub subject: Arc<Subject>,
    /// What is billed.
    pub meter: Arc<Meter>,
    /// The period charged: inside one UTC day and one price.
    pub period: Period,
    /// Start of the stretch.
    pub since: Instant,
    /// Quantity in 10^-9 units of the meter.
    pub quantity_nano: i64,
    /// The price.
    pub price: Price,
    /// List cost in 10^-9 of the currency.
    pub list_cost_nano: i64,
}

/// A usage that cannot be priced. It is reported, never counted as zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unpriced {
    /// The resource used.
    pub resource: Arc<str>,
    /// Whose it is.
    pub subject: Arc<Subject>,
    /// What is billed.
    pub meter: Arc<Meter>,
    /// The period, inside one UTC day.
    pub period: Period,
    /// Start of the stretch.
    pub since: Instant,
    /// Units of the meter per hour, if known.
    pub per_hour: Option<Decimal>,
    /// Why there is no price.
    pub reason: UnpricedReason,
}

/// Why a usage has no price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum UnpricedReason {
    /// No book has a price of this meter at that time.
    NoPrice,
    /// The node type (or its Photon rate) is not in the node rates.
    NoRate,
}

impl UnpricedReason {
    /// `no-price` or `no-rate`.
    pub fn as_str(self) -> &'static str {
        match self {
            UnpricedReason::NoPrice => "no-price",
            UnpricedReason::NoRate => "no-rate",
        }
    }
}
