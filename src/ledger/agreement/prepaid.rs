//! Prepaid units: usage draws them down in order of time, until they are gone or their term ends.
#![deny(clippy::arithmetic_side_effects)]

use super::amortised::Amortised;
use super::uses::{Together, Uses, negated, sum, too_large};
use super::{Part, paid_price, speaks_of, unused};
use crate::model::agreement::{Commitment, CommitmentKind, DrawnAt};
use crate::model::charge::Price;
use crate::model::exact::{Inexact, multiply_nano};
use crate::model::money::UnitPrice;
use crate::model::period::Period;

/// Units, and what of them is drawn.
#[derive(Debug)]
pub(super) struct Prepaid {
    drawn_at: DrawnAt,
    /// Units left, in 10^-9.
    left_nano: i64,
    /// What was drawn took of the payments, in 10^-9.
    spent_nano: i64,
}

impl Prepaid {
    pub fn of(commitment: &Commitment) -> Option<Prepaid> {
        let CommitmentKind::Prepaid {
            units_nano, drawn_at, ..
        } = commitment.kind
        else {
            return None;
        };
        Some(Prepaid {
            drawn_at,
            left_nano: units_nano,
            spent_nano: 0,
        })
    }

    pub fn apply(
        &mut self,
        commitment: &Commitment,
        amortised: &Amortised,
        day: Period,
        uses: &mut Uses,
    ) -> Result<(), Inexact> {
        for together in uses.together(|charge| speaks_of(commitment, charge))? {
            if self.left_nano > 0 && together.quantity_nano > 0 {
                self.draw(commitment, amortised, &together, uses)?;
            }
        }
        if day.end == commitment.period.end {
            let lost = sum(amortised.total_nano, negated(self.spent_nano)?)?;
            let lost = (self.left_nano, lost);
            unused(commitment, day, lost, UnitPrice(amortised.per_unit), uses);
        }
        Ok(())
    }

    fn draw(
        &mut self,
        commitment: &Commitment,
        amortised: &Amortised,
        together: &Together,
        uses: &mut Uses,
    ) -> Result<(), Inexact> {
        let first = together.members.first().and_then(|place| uses.at(*place));
        let Some(usage) = first.map(|charge| charge.price.clone()) else {
            return Ok(());
        };
        let worth = self.worth(&usage);
        let wanted = multiply_nano(together.quantity_nano, worth.0)?;
        let (quantity_nano, drawn) = if wanted <= self.left_nano {
            (together.quantity_nano, wanted)
        } else {
            (units_for(self.left_nano, worth)?, self.left_nano)
        };
        let price = paid_price(commitment, &usage, amortised.unit_price(worth.0)?);
        let parts = [Part::Covered, Part::Used];
        for (place, quantity_nano) in uses.spread(quantity_nano, together)? {
            let used = uses.bill_anew(place, quantity_nano, price.clone(), &commitment.name, parts)?;
            let cost = used.map(|charge| charge.cost_nano).unwrap_or_default();
            self.spent_nano = sum(self.spent_nano, cost)?;
        }
        self.left_nano = sum(self.left_nano, negated(drawn)?)?;
        Ok(())
    }

    /// What a unit of usage draws.
    fn worth(&self, usage: &Price) -> UnitPrice {
        match self.drawn_at {
            DrawnAt::List => usage.list(),
            DrawnAt::Contracted => usage.unit_price,
        }
    }
}

/// How much of a meter so much buys at a price above 0, in 10^-9 units, rounded down.
fn units_for(money_nano: i64, price: UnitPrice) -> Result<i64, Inexact> {
    let price = price.0.normalize();
    let scaled = 10_i128
        .checked_pow(price.scale())
        .and_then(|power| power.checked_mul(money_nano.into()));
    let units = scaled.and_then(|scaled| scaled.checked_div(price.mantissa()));
    units
        .and_then(|units| i64::try_from(units).ok())
        .ok_or_else(|| too_large("a quantity"))
}
