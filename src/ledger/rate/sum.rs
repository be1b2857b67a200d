//! What many usages cost together, exact until it is read: no piece is rounded and no entry is made.
//!
//! The sum that a ledger's rounded pieces are held against, and the quick way to what a month would cost at other prices.
#![deny(clippy::arithmetic_side_effects)]

use rust_decimal::Decimal;

use crate::model::charge::PriceInForce;
use crate::model::exact::{HourlyRate, Inexact, RunningTotal};

/// The prices of one meter, ready to be multiplied: seconds since 1970, half-open, in order of time.
#[derive(Debug, Clone, Default)]
pub struct PriceSteps(Vec<(i64, i64, Option<Decimal>)>);

impl PriceSteps {
    /// Prices in force, in order of time.
    pub fn new(prices: &[PriceInForce]) -> PriceSteps {
        let step = |p: &PriceInForce| {
            let price = p.price.as_ref().map(|price| price.unit_price.0.normalize());
            (p.period.start.timestamp(), p.period.end.timestamp(), price)
        };
        PriceSteps(prices.iter().map(step).collect())
    }
}

/// A sum of usages of any meters in one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ExactSum {
    total: RunningTotal,
    unpriced_seconds: i64,
}

impl ExactSum {
    /// Adds a meter that ran at so many units an hour from a second to another. What no price covers counts as unpriced.
    ///
    /// # Errors
    /// [`Inexact`] for products of more than 20 decimals and sums beyond 128 bits.
    pub fn add(
        &mut self,
        steps: &PriceSteps,
        per_hour: Decimal,
        start: i64,
        end: i64,
    ) -> Result<(), Inexact> {
        let mut unpriced = end.saturating_sub(start);
        for (from, to, price) in &steps.0 {
            if *from >= end {
                break;
            }
            let seconds = end.min(*to).saturating_sub(start.max(*from));
            if let (Some(price), true) = (price, seconds > 0) {
                self.total
                    .run(HourlyRate::of_product(per_hour, *price)?, seconds)?;
                unpriced = unpriced.saturating_sub(seconds);
            }
        }
        self.unpriced_seconds = self.unpriced_seconds.saturating_add(unpriced.max(0));
        Ok(())
    }

    /// Adds another sum.
    ///
    /// # Errors
    /// [`Inexact`] for sums beyond 128 bits.
    pub fn add_sum(&mut self, other: &ExactSum) -> Result<(), Inexact> {
        self.total = self.total.plus(other.total)?;
        self.unpriced_seconds = self.unpriced_seconds.saturating_add(other.unpriced_seconds);
        Ok(())
    }

    /// The sum in 10^-9 of the currency, rounded half to even once.
    ///
    /// # Errors
    /// [`Inexact`] when it exceeds 64 bits.
    pub fn nano(&self) -> Result<i64, Inexact> {
        self.total.nano()
    }

    /// The sum in 10^-places of the currency, rounded half to even once.
    pub fn rounded(&self, places: u32) -> i128 {
        self.total.rounded(places)
    }

    /// Seconds of use that have no price.
    pub fn unpriced_seconds(&self) -> i64 {
        self.unpriced_seconds
    }
}
