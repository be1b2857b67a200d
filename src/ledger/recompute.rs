//! Recomputing: whether a cost is that of its quantity at its price.
//!
//! Quantity and cost of an entry are differences of running totals, each rounded once, so neither follows from the other to the last
//! digit. But each is within 10^-9 of the exact number, and the exact cost is the exact quantity times the price: a stored cost
//! lies within `1 + price` of the last digit of what the stored quantity costs. What a contract takes out of other
//! charges, and what it leaves of its payments, are no products; applying the contract again recomputes them.
#![deny(clippy::arithmetic_side_effects)]

use rust_decimal::Decimal;

use super::agreement::Teller;
use super::check::{Finding, code, nano_text};
use super::transaction::Entry;
use crate::model::charge::Charge;
use crate::model::exact::multiply_nano;

/// Whether the cost of an entry is a part of other costs, or what payments leave, so that no price gives it.
pub fn is_remainder(entry: &Entry) -> bool {
    let teller = entry.source.parse::<Teller>();
    teller.is_ok_and(|teller| teller.part.is_remainder())
}

/// What is wrong with the cost of an entry of this number.
pub fn cost_finding(number: u64, charge: &Charge) -> Option<Finding> {
    let price = charge.price.unit_price.0;
    let what = format!(
        "the cost of {} {} at {price}",
        nano_text(charge.quantity_nano.into()),
        charge.meter.unit()
    );
    let found = nano_text(charge.cost_nano.into());
    let finding = |expected: String| Finding {
        code: code::COST,
        entry: Some(number),
        what,
        expected,
        found,
    };
    let Ok(recomputed) = multiply_nano(charge.quantity_nano, price) else {
        return Some(finding("a number of 64 bits".to_owned()));
    };
    let apart = Decimal::from(recomputed.abs_diff(charge.cost_nano));
    (apart > tolerance(price)).then(|| finding(nano_text(recomputed.into())))
}

/// In 10^-9: two roundings of half a digit of the cost, two of the quantity times the price, and half a digit of the product itself.
fn tolerance(price: Decimal) -> Decimal {
    let half_digits = Decimal::new(15, 1);
    price.abs().checked_add(half_digits).unwrap_or(Decimal::MAX)
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use super::*;
    use crate::ledger::rate::rate;
    use crate::ledger::sample::{charges, price, subject, usage, vm_hour};
    use crate::model::charge::PriceInForce;
    use crate::model::period::{Period, from_unix};
    use proptest::prelude::*;

    #[test]
    fn a_cost_that_is_another_is_told_with_what_it_should_be() {
        let mut charge = charges(&vm_hour("i-1", 3)).remove(0);
        assert_eq!(cost_finding(3, &charge), None);
        // 0.229 an hour: the last digit may be rounded otherwise, the one before it not.
        charge.cost_nano += 1;
        assert_eq!(cost_finding(3, &charge), None);
        charge.cost_nano += 9;
        assert_eq!(
            cost_finding(3, &charge).unwrap().to_string(),
            "entry 3: the cost of 1 hour at 0.229 should be 0.229 but is 0.22900001"
        );
        charge.cost_nano = -229_000_000;
        assert!(cost_finding(3, &charge).is_some());
        charge.quantity_nano = -charge.quantity_nano;
        assert_eq!(cost_finding(3, &charge), None);
        charge.quantity_nano = i64::MAX;
        charge.price.unit_price.0 = Decimal::from(1_000_000);
        let told = cost_finding(3, &charge).unwrap().to_string();
        assert!(told.contains("should be a number of 64 bits"), "{told}");
    }

    proptest! {
        /// Whatever is rated, however it is cut, at two prices.
        #[test]
        fn what_was_rated_is_recomputed(
            per_hour in "[0-9]{1,3}\\.[0-9]{0,9}", prices in prop::array::uniform2("[0-9]{1,4}\\.[0-9]{0,9}"),
            since in 0_i64..200_000, change in 1_i64..100_000, seconds in 1_i64..200_000,
        ) {
            let stretch = Period::new(from_unix(since), from_unix(since + change + seconds)).unwrap();
            let cut = from_unix(since + change);
            let told = usage("r", subject("etl", "n"), "dbu/AZURE/PREMIUM_JOBS_COMPUTE", Some(&per_hour), stretch);
            let in_force = [(stretch.start, cut, &prices[0]), (cut, stretch.end, &prices[1])].map(|(start, end, text)| PriceInForce {
                period: Period::new(start, end).unwrap(),
                price: Some(price(text)),
            });
            for (number, charge) in (1..).zip(charges(&rate(&told, &in_force).unwrap())) {
                prop_assert_eq!(cost_finding(number, &charge), None);
            }
        }
    }
}
