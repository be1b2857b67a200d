//! Whether commitments make sense: what they speak of exists, and costs less than without them.

use rust_decimal::Decimal;

use super::Contract;
use crate::model::agreement::{Agreed, Commitment, CommitmentKind};
use crate::model::exact::nano_to_decimal;
use crate::model::meter::Meter;
use crate::model::meter_pattern::MeterPattern;
use crate::model::period::SECONDS_PER_HOUR;
use crate::pricing::price_book::Effective;

/// A commitment that may be mistyped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Doubt {
    /// A pattern that speaks of no meter with a list price.
    Unmatched(String),
    /// What it would cost, said in a sentence.
    Dear(String),
}

impl Contract {
    /// Doubts about commitments, each with its number from 0, where these are the list prices.
    pub fn doubts(&self, listed: &[(&Meter, &Effective)]) -> Vec<(usize, Doubt)> {
        let commitments = self.commitments.iter().enumerate();
        commitments
            .flat_map(|(i, commitment)| of(commitment, listed).into_iter().map(move |doubt| (i, doubt)))
            .collect()
    }
}

fn of(commitment: &Commitment, listed: &[(&Meter, &Effective)]) -> Vec<Doubt> {
    let total = commitment.payments.total(&commitment.period).unwrap_or_default();
    let hours = Decimal::from(commitment.period.seconds().div_euclid(SECONDS_PER_HOUR));
    let mut doubts = Vec::new();
    let mut priced = |pattern: &MeterPattern, price: &dyn Fn(Decimal) -> Option<Decimal>| {
        let (mut matched, mut told) = (false, false);
        for (meter, effective) in listed.iter().filter(|(meter, _)| pattern.matches(meter)) {
            matched = true;
            let list = effective.price.unit_price.0;
            let ended = effective.to.is_some_and(|to| to <= commitment.period.start);
            // One of those that a pattern speaks of says enough.
            if let Some(dear) = price(list).filter(|price| !told && !ended && *price > list) {
                told = true;
                let dear = dear.round_dp(6).normalize();
                doubts.push(Doubt::Dear(format!(
                    "{meter} costs {dear} with it and {list} without"
                )));
            }
        }
        if !matched {
            doubts.push(Doubt::Unmatched(pattern.to_string()));
        }
    };
    match &commitment.kind {
        CommitmentKind::Prepaid {
            meters, units_nano, ..
        } => {
            let per_unit = total.checked_div(nano_to_decimal(*units_nano));
            let price = |list: Decimal| per_unit?.checked_mul(list);
            meters.iter().for_each(|pattern| priced(pattern, &price));
        }
        CommitmentKind::Reservation {
            meters,
            quantity_nano,
        } => {
            let units = nano_to_decimal(*quantity_nano).checked_mul(hours);
            let per_unit = units.and_then(|units| total.checked_div(units));
            for (pattern, ratio) in meters {
                priced(pattern, &|_| per_unit?.checked_mul(*ratio));
            }
        }
        CommitmentKind::SavingsPlan { prices, .. } => {
            for (meters, agreed) in prices {
                let price = |list| price_of(agreed, list);
                meters.iter().for_each(|pattern| priced(pattern, &price));
            }
        }
    }
    doubts
}

fn price_of(agreed: &Agreed, list: Decimal) -> Option<Decimal> {
    let price = agreed.unit_price(crate::model::money::UnitPrice(list));
    price.ok().map(|price| price.0)
}
