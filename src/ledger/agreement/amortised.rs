//! Amortisation: what each day of a term takes of its payments, and what a unit does.
#![deny(clippy::arithmetic_side_effects)]

use rust_decimal::{Decimal, RoundingStrategy};

use crate::model::agreement::{Commitment, CommitmentKind};
use crate::model::exact::{Inexact, NANO, multiply_nano, nano_to_decimal};
use crate::model::money::UnitPrice;
use crate::model::period::{Period, SECONDS_PER_DAY, SECONDS_PER_HOUR};

/// Decimals of a unit's share of the payments: finer than any price, coarse enough to be multiplied exactly. What rounding leaves
/// is borne by what is not used, so that a term takes what was paid to the last digit.
const PLACES: u32 = 12;

/// The payments of a commitment over its term.
#[derive(Debug, Clone)]
pub(super) struct Amortised {
    term: Period,
    /// All payments, in 10^-9.
    pub total_nano: i64,
    /// What a unit takes: a unit-hour of a reservation, a unit that is prepaid.
    pub per_unit: Decimal,
}

impl Amortised {
    pub fn of(commitment: &Commitment) -> Result<Amortised, Inexact> {
        let total = commitment.payments.total(&commitment.period)?;
        let hours = Decimal::from(commitment.period.seconds().div_euclid(SECONDS_PER_HOUR));
        let units = match commitment.kind {
            CommitmentKind::Prepaid { units_nano, .. } => Some(nano_to_decimal(units_nano)),
            CommitmentKind::Reservation { quantity_nano, .. } => {
                nano_to_decimal(quantity_nano).checked_mul(hours)
            }
            CommitmentKind::SavingsPlan { .. } => Some(total),
        };
        let per_unit = units.and_then(|units| total.checked_div(units));
        Ok(Amortised {
            term: commitment.period,
            total_nano: multiply_nano(NANO, total)?,
            per_unit: per_unit.map(fine).ok_or_else(|| Inexact {
                what: format!("{total} over the units of `{}`", commitment.name),
                why: "it overflows",
            })?,
        })
    }

    /// What a unit takes where a unit of the meter is so much of it.
    pub fn unit_price(&self, units: Decimal) -> Result<UnitPrice, Inexact> {
        let price = self.per_unit.checked_mul(units).ok_or_else(|| Inexact {
            what: format!("{} x {units}", self.per_unit),
            why: "it overflows",
        })?;
        Ok(UnitPrice(fine(price)))
    }

    /// What a day of the term takes, in 10^-9: differences of a running total, so that all days together take all payments.
    pub fn on(&self, day: Period) -> i64 {
        let until = |at: crate::model::period::Instant| {
            let of = |seconds: i64| i128::from(seconds.div_euclid(SECONDS_PER_DAY));
            let passed = of(at.signed_duration_since(self.term.start).num_seconds());
            let days = of(self.term.seconds()).max(1);
            i128::from(self.total_nano)
                .saturating_mul(passed)
                .div_euclid(days)
        };
        let of_day = until(day.end).saturating_sub(until(day.start));
        i64::try_from(of_day).unwrap_or(i64::MAX)
    }
}

fn fine(price: Decimal) -> Decimal {
    price
        .round_dp_with_strategy(PLACES, RoundingStrategy::MidpointNearestEven)
        .normalize()
}
