//! Prices in force, charges, and usage that has no price.

use rust_decimal::Decimal;
use std::sync::Arc;

use super::exact::{Inexact, multiply_nano};
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
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Price {
    /// Money per unit that is owed: as agreed in a contract, else the list price.
    pub unit_price: UnitPrice,
    /// The list price, where a contract agrees on something else. In the same currency.
    pub list_unit_price: Option<UnitPrice>,
    /// Its currency.
    pub currency: Currency,
    /// Book and source: `azure-vm-westus2#azure-page-2023-07-03`.
    pub source: Arc<str>,
    /// Not a real price: a placeholder that says so.
    pub synthetic: bool,
    /// The commitment that has paid: the unit price is then what a unit of the usage takes of its payments.
    pub commitment: Option<PaidBy>,
}

/// A commitment that has paid for a usage.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PaidBy {
    /// Its name.
    pub name: Arc<str>,
    /// What a unit would have cost without it; zero for what was not used.
    pub contracted_unit_price: UnitPrice,
}

/// What a charge costs, in the words of FOCUS, in 10^-9 of the currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Costs {
    /// At the list price.
    pub list_nano: i64,
    /// At the contracted price, commitments apart.
    pub contracted_nano: i64,
    /// On the vendor's invoice: nothing where a commitment has paid, and what is paid for commitments.
    pub billed_nano: i64,
    /// With the payments of commitments where they are used, and not where they are paid.
    pub effective_nano: i64,
}

impl Price {
    /// The costs of a charge of a meter at this price.
    ///
    /// # Errors
    /// [`Inexact`] when one of them exceeds 64 bits.
    pub fn costs(&self, meter: &Meter, quantity_nano: i64, cost_nano: i64) -> Result<Costs, Inexact> {
        let of_usage = |price: UnitPrice| multiply_nano(quantity_nano, price.0);
        Ok(match (meter.is_commitment(), &self.commitment) {
            (false, None) => Costs {
                list_nano: self.list_cost_nano(quantity_nano, cost_nano)?,
                contracted_nano: cost_nano,
                billed_nano: cost_nano,
                effective_nano: cost_nano,
            },
            (false, Some(paid)) => Costs {
                list_nano: of_usage(self.list_unit_price.unwrap_or(paid.contracted_unit_price))?,
                contracted_nano: of_usage(paid.contracted_unit_price)?,
                billed_nano: 0,
                effective_nano: cost_nano,
            },
            (true, None) => Costs {
                billed_nano: cost_nano,
                ..Costs::default()
            },
            (true, Some(_)) => Costs {
                effective_nano: cost_nano,
                ..Costs::default()
            },
        })
    }

    /// What the vendor asks of everybody.
    pub fn list(&self) -> UnitPrice {
        self.list_unit_price.unwrap_or(self.unit_price)
    }

    /// What a unit costs by contract, commitments apart.
    pub fn contracted(&self) -> UnitPrice {
        let paid = self.commitment.as_ref();
        paid.map_or(self.unit_price, |paid| paid.contracted_unit_price)
    }

    /// What a quantity would cost at the list price, in 10^-9 of the currency, rounded half-even, as FOCUS has it: the
    /// list price times the quantity. Without a contract it is the cost itself, which was rounded over its whole stretch.
    ///
    /// # Errors
    /// [`Inexact`] when the cost exceeds 64 bits.
    fn list_cost_nano(&self, quantity_nano: i64, cost_nano: i64) -> Result<i64, Inexact> {
        match self.list_unit_price {
            None => Ok(cost_nano),
            Some(list) => multiply_nano(quantity_nano, list.0),
        }
    }
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
    /// What is owed, in 10^-9 of the currency: the contracted cost, in words of FOCUS.
    pub cost_nano: i64,
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
