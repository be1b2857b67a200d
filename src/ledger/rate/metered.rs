//! Rating a quantity that somebody else has metered: a row of a bill becomes charges, or unpriced usage.
//!
//! The row's period is cut at UTC midnights and where the price changes; the quantity counts as used evenly. What a piece
//! measures and costs is again the difference of two running totals, so that the pieces add up to the row, and a row that takes
//! another back costs, piece by piece, the opposite of what that cost.
#![deny(clippy::arithmetic_side_effects)]

use rust_decimal::Decimal;
use std::sync::Arc;

use super::{RateError, Rated};
use crate::model::charge::{Charge, Price, PriceInForce, Unpriced, UnpricedReason};
use crate::model::exact::{Inexact, share_nano};
use crate::model::period::{Period, SECONDS_PER_HOUR};
use crate::model::usage::MeteredUsage;

/// Rates a row: one [`Rated`] per piece, in order of time. `prices` cover the row's period in order and without gaps.
///
/// # Errors
/// [`RateError::NotWholeSeconds`], [`RateError::Uncovered`], and [`RateError::Inexact`] for amounts too large or too fine to be exact.
pub fn rate_metered(row: &MeteredUsage, prices: &[PriceInForce]) -> Result<Vec<Rated>, RateError> {
    let seconds = whole_seconds(row)?;
    let places = prices.iter().filter_map(|p| p.price.as_ref());
    let places = places
        .map(|p| p.unit_price.0.normalize().scale())
        .max()
        .unwrap_or_default();
    let mut run = Run {
        row,
        quantity: row.quantity.normalize(),
        seconds,
        places,
        done: 0,
        cost: 0,
        rated: Vec::new(),
    };
    let mut covered = row.period.start;
    for in_force in prices {
        let Some(period) = in_force.period.intersection(&row.period) else {
            continue;
        };
        if period.start != covered {
            return Err(uncovered(row, covered, Some(period.start)));
        }
        covered = period.end;
        for piece in period.days() {
            run.piece(piece, in_force.price.as_ref())
                .map_err(|source| inexact(row, source))?;
        }
    }
    if covered == row.period.end {
        Ok(run.rated)
    } else {
        Err(uncovered(row, covered, None))
    }
}

fn whole_seconds(row: &MeteredUsage) -> Result<i64, RateError> {
    for (what, at) in [("the start", row.period.start), ("the end", row.period.end)] {
        if at.timestamp_subsec_nanos() != 0 {
            return Err(RateError::NotWholeSeconds {
                resource: row.resource.to_string(),
                what,
                at,
            });
        }
    }
    match row.period.seconds() {
        seconds if seconds > 0 => Ok(seconds),
        _ => Err(RateError::Empty {
            resource: row.resource.to_string(),
            period: row.period,
        }),
    }
}

/// A row being run through, piece by piece.
struct Run<'a> {
    row: &'a MeteredUsage,
    quantity: Decimal,
    /// Length of the row.
    seconds: i64,
    /// Decimal places in which its prices are held.
    places: u32,
    /// Seconds run through.
    done: i64,
    /// What they cost: `quantity x price x seconds`, in units of the last places of both. Begins anew after a gap.
    cost: i128,
    rated: Vec<Rated>,
}

impl Run<'_> {
    fn piece(&mut self, period: Period, price: Option<&Price>) -> Result<(), Inexact> {
        let before = self.measured(self.done)?;
        self.done = self.done.saturating_add(period.seconds());
        let quantity_nano = difference(self.measured(self.done)?, before)?;
        let rated = match price {
            Some(price) => Rated::Charge(Charge {
                resource: Arc::clone(&self.row.resource),
                subject: Arc::clone(&self.row.subject),
                meter: Arc::clone(&self.row.meter),
                period,
                since: self.row.period.start,
                quantity_nano,
                price: price.clone(),
                cost_nano: self.cost(price, period.seconds())?,
            }),
            None => {
                self.cost = 0;
                Rated::Unpriced(Unpriced {
                    resource: Arc::clone(&self.row.resource),
                    subject: Arc::clone(&self.row.subject),
                    meter: Arc::clone(&self.row.meter),
                    period,
                    since: self.row.period.start,
                    per_hour: self.per_hour(),
                    reason: UnpricedReason::NoPrice,
                })
            }
        };
        self.rated.push(rated);
        Ok(())
    }

    /// What the first seconds of the row measure, in nanos.
    fn measured(&self, seconds: i64) -> Result<i64, Inexact> {
        let numerator = product(self.quantity.mantissa(), seconds.into())?;
        share_nano(numerator, self.quantity.scale(), self.seconds)
    }

    /// What the next seconds cost at a price.
    fn cost(&mut self, price: &Price, seconds: i64) -> Result<i64, Inexact> {
        let places = self.quantity.scale().saturating_add(self.places);
        let before = share_nano(self.cost, places, self.seconds)?;
        let unit_price = price.unit_price.0.normalize();
        let factor = 10_i128.checked_pow(self.places.saturating_sub(unit_price.scale()));
        let unit_price = product(unit_price.mantissa(), factor.ok_or_else(overflow)?)?;
        let more = product(product(self.quantity.mantissa(), unit_price)?, seconds.into())?;
        self.cost = self.cost.checked_add(more).ok_or_else(overflow)?;
        difference(share_nano(self.cost, places, self.seconds)?, before)
    }

    /// Units per hour, where a decimal holds them.
    fn per_hour(&self) -> Option<Decimal> {
        let hourly = self.quantity.mantissa().checked_mul(SECONDS_PER_HOUR.into())?;
        let (seconds, scale) = (i128::from(self.seconds), self.quantity.scale());
        let whole = hourly.checked_rem(seconds)? == 0;
        let per_hour = Decimal::try_from_i128_with_scale(hourly.checked_div(seconds)?, scale).ok()?;
        whole.then_some(per_hour)
    }
}

fn product(a: i128, b: i128) -> Result<i128, Inexact> {
    a.checked_mul(b).ok_or_else(overflow)
}

fn difference(now: i64, before: i64) -> Result<i64, Inexact> {
    now.checked_sub(before).ok_or_else(overflow)
}

fn overflow() -> Inexact {
    Inexact {
        what: "quantity x price x seconds".to_owned(),
        why: "it overflows",
    }
}

fn inexact(row: &MeteredUsage, source: Inexact) -> RateError {
    RateError::Inexact {
        resource: row.resource.to_string(),
        meter: row.meter.to_string(),
        source,
    }
}

fn uncovered(
    row: &MeteredUsage,
    covered: crate::model::period::Instant,
    found: Option<crate::model::period::Instant>,
) -> RateError {
    RateError::Uncovered {
        resource: row.resource.to_string(),
        needed: row.period,
        covered,
        found,
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use super::*;
    use crate::ledger::sample::{at, subject};
    use crate::model::money::{Currency, UnitPrice};
    use crate::model::period::from_unix;
    use proptest::prelude::*;

    fn row(quantity: &str, start: &str, seconds: i64) -> MeteredUsage {
        let start = at(start);
        MeteredUsage {
            resource: "r-1".into(),
            subject: Arc::new(subject("etl", "nightly")),
            meter: Arc::new("dbu/AZURE/PREMIUM_JOBS_COMPUTE".parse().unwrap()),
            period: Period {
                start,
                end: from_unix(start.timestamp() + seconds),
            },
            quantity: quantity.parse().unwrap(),
        }
    }

    fn price(unit_price: &str, start: i64, end: i64) -> PriceInForce {
        let price = (!unit_price.is_empty()).then(|| Price {
            unit_price: UnitPrice(unit_price.parse().unwrap()),
            list_unit_price: None,
            commitment: None,
            currency: Currency::try_from("USD".to_owned()).unwrap(),
            source: "book#s".into(),
            synthetic: false,
        });
        PriceInForce {
            period: Period {
                start: from_unix(start),
                end: from_unix(end),
            },
            price,
        }
    }

    fn charged(rated: &[Rated]) -> Vec<(i64, i64)> {
        rated
            .iter()
            .map(|r| match r {
                Rated::Charge(c) => (c.quantity_nano, c.cost_nano),
                Rated::Unpriced(u) => panic!("{u:?} has no price"),
            })
            .collect()
    }

    #[test]
    fn a_row_costs_its_quantity_at_the_price() {
        // The documentation's trio: 259.4356 told, taken back, told anew as 250.
        let always = [price("0.30", 0, 4_000_000_000)];
        let costs: Vec<(i64, i64)> = ["259.4356", "-259.4356", "250.0000"]
            .iter()
            .flat_map(|q| charged(&rate_metered(&row(q, "2025-03-10T10:00:00Z", 3_600), &always).unwrap()))
            .collect();
        assert_eq!(
            costs,
            [
                (259_435_600_000, 77_830_680_000),
                (-259_435_600_000, -77_830_680_000),
                (250_000_000_000, 75_000_000_000)
            ]
        );
    }

    #[test]
    fn a_price_that_changes_cuts_the_row_where_it_does() {
        // 3 DBU from 23:30 to 00:30; the price changes at 00:15: 1.5 x 0.40 before midnight, 0.75 x 0.40, 0.75 x 0.55.
        let start = at("2026-09-30T23:30:00Z").timestamp();
        let prices = [
            price("0.40", start - 9, start + 2_700),
            price("0.55", start + 2_700, start + 9_999),
        ];
        let rated = rate_metered(&row("3", "2026-09-30T23:30:00Z", 3_600), &prices).unwrap();
        assert_eq!(
            charged(&rated),
            [
                (1_500_000_000, 600_000_000),
                (750_000_000, 300_000_000),
                (750_000_000, 412_500_000)
            ]
        );
    }

    #[test]
    fn what_has_no_price_is_unpriced_and_what_is_not_covered_an_error() {
        let start = at("2026-09-30T10:00:00Z").timestamp();
        let hour = row("0.75", "2026-09-30T10:00:00Z", 3_600);
        let rated = rate_metered(&hour, &[price("", start, start + 3_600)]).unwrap();
        assert!(
            matches!(&rated[..], [Rated::Unpriced(u)] if u.per_hour == Some("0.75".parse().unwrap())),
            "{rated:?}"
        );
        let third = row("1", "2026-09-30T10:00:00Z", 7);
        let rated = rate_metered(&third, &[price("", start, start + 7)]).unwrap();
        // 3600/7 is no decimal.
        assert!(matches!(&rated[..], [Rated::Unpriced(u)] if u.per_hour.is_none()));
        assert!(matches!(
            rate_metered(&hour, &[price("1", start, start + 9)]),
            Err(RateError::Uncovered { .. })
        ));
        let huge = row("79228162514264337593543950335", "2026-09-30T10:00:00Z", 3_600);
        assert!(matches!(
            rate_metered(&huge, &[price("1", start, start + 3_600)]),
            Err(RateError::Inexact { .. })
        ));
    }

    proptest! {
        /// However prices and midnights cut a row: its pieces measure what it says; at one price they cost what the whole costs;
        /// and a row that takes it back costs the opposite, piece by piece.
        #[test]
        fn pieces_add_up_and_a_retraction_cancels(
            mantissa in 0_i64..9_000_000_000_000, scale in 0_u32..18, seconds in 1_i64..300_000, cuts in prop::collection::vec(0_i64..300_000, 0..4),
            unit_price in 0_i64..9_000_000, places in 0_u32..9,
        ) {
            let start = at("2026-09-30T10:00:00Z").timestamp();
            let unit_price = Decimal::new(unit_price, places).to_string();
            let mut edges: Vec<i64> = cuts.into_iter().filter(|c| *c > 0 && *c < seconds).chain([0, seconds]).collect();
            edges.sort_unstable();
            edges.dedup();
            let prices: Vec<_> = edges.windows(2).map(|w| price(&unit_price, start + w[0], start + w[1])).collect();
            let mut told = row("0", "2026-09-30T10:00:00Z", seconds);
            told.quantity = Decimal::new(mantissa, scale);
            // What does not fit into 64 bits of 10^-9 is refused, not wrapped.
            if let Ok(rated) = rate_metered(&told, &prices) {
                let pieces = charged(&rated);
                let quantity: i64 = pieces.iter().map(|p| p.0).sum();
                let whole = share_nano(mantissa.into(), scale, 1).unwrap();
                prop_assert_eq!(quantity, whole);
                let cost: i64 = pieces.iter().map(|p| p.1).sum();
                let exact = i128::from(mantissa) * Decimal::from_str_exact(&unit_price).unwrap().mantissa();
                prop_assert_eq!(cost, share_nano(exact, scale + places, 1).unwrap());
                told.quantity = -told.quantity;
                let opposite: Vec<_> = pieces.iter().map(|(q, c)| (-q, -c)).collect();
                prop_assert_eq!(charged(&rate_metered(&told, &prices).unwrap()), opposite);
            }
        }
    }
}
