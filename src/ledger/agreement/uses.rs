//! The charges of a day, with what no agreement has taken of them yet.
#![deny(clippy::arithmetic_side_effects)]

use std::collections::HashMap;
use std::sync::Arc;

use super::{Line, Part, Teller};
use crate::model::agreement::Commitment;
use crate::model::charge::{Charge, Price};
use crate::model::exact::{Inexact, multiply_nano};

/// Charges that shrink as agreements take of them, and the lines these tell.
#[derive(Debug)]
pub(super) struct Uses {
    /// Quantity and cost are what is left.
    left: Vec<Charge>,
    lines: Vec<Line>,
}

/// Uses that differ in their resources alone, so that one that takes another back counts against it.
#[derive(Debug)]
pub(super) struct Together {
    /// Their places.
    pub members: Vec<usize>,
    /// What is left of all of them, in 10^-9 units.
    pub quantity_nano: i64,
}

impl Uses {
    pub fn new(charges: Vec<Charge>) -> Uses {
        Uses {
            left: charges,
            lines: Vec::new(),
        }
    }

    /// What is left, by place.
    pub fn all(&self) -> impl Iterator<Item = (usize, &Charge)> {
        self.left.iter().enumerate()
    }

    pub fn at(&self, place: usize) -> Option<&Charge> {
        self.left.get(place)
    }

    /// The uses that are asked for, in order of time, together with those that say the same of other resources.
    pub fn together(&self, wanted: impl Fn(&Charge) -> bool) -> Result<Vec<Together>, Inexact> {
        let mut found: Vec<Together> = Vec::new();
        let mut places: HashMap<_, usize> = HashMap::new();
        for (place, charge) in self.all().filter(|(_, charge)| wanted(charge)) {
            let same = (charge.period, &charge.meter, &charge.subject, &charge.price);
            let group = *places.entry(same).or_insert_with(|| {
                found.push(Together {
                    members: Vec::new(),
                    quantity_nano: 0,
                });
                found.len().saturating_sub(1)
            });
            if let Some(group) = found.get_mut(group) {
                group.members.push(place);
                group.quantity_nano = sum(group.quantity_nano, charge.quantity_nano)?;
            }
        }
        Ok(found)
    }

    /// How much of what is left of each member makes so much of what is left of all of them, which is not less.
    pub fn spread(&self, quantity_nano: i64, together: &Together) -> Result<Vec<(usize, i64)>, Inexact> {
        let left = together.members.iter().filter_map(|place| {
            let charge = self.at(*place)?;
            Some((*place, charge.quantity_nano))
        });
        shares(quantity_nano, &left.collect::<Vec<_>>())
    }

    /// Moves a part of a use to another price: one line takes it back, one bills it there.
    pub fn bill_anew(
        &mut self,
        place: usize,
        quantity_nano: i64,
        price: Price,
        agreement: &Arc<str>,
        [back, anew]: [Part; 2],
    ) -> Result<Option<Charge>, Inexact> {
        let Some(charge) = self.left.get_mut(place).filter(|_| quantity_nano != 0) else {
            return Ok(None);
        };
        let cost_nano = cost_of(charge, quantity_nano)?;
        charge.quantity_nano = sum(charge.quantity_nano, negated(quantity_nano)?)?;
        charge.cost_nano = sum(charge.cost_nano, negated(cost_nano)?)?;
        let taken = Charge {
            quantity_nano: negated(quantity_nano)?,
            cost_nano: negated(cost_nano)?,
            ..charge.clone()
        };
        let billed = Charge {
            quantity_nano,
            cost_nano: multiply_nano(quantity_nano, price.unit_price.0)?,
            price,
            ..charge.clone()
        };
        self.push(agreement, back, taken);
        self.push(agreement, anew, billed.clone());
        Ok(Some(billed))
    }

    /// A use that came to be by another price, for the agreements after.
    pub fn add(&mut self, charge: Charge) {
        self.left.push(charge);
    }

    /// A line that is no usage.
    pub fn tell(&mut self, commitment: &Commitment, part: Part, charge: Charge) {
        self.push(&commitment.name, part, charge);
    }

    fn push(&mut self, agreement: &Arc<str>, part: Part, charge: Charge) {
        let agreement = Arc::clone(agreement);
        self.lines.push(Line {
            teller: Teller { agreement, part },
            charge,
        });
    }

    pub fn into_lines(self) -> Vec<Line> {
        self.lines
    }
}

/// The cost of a part of what is left; whoever takes the rest takes what is left of the cost.
fn cost_of(charge: &Charge, quantity_nano: i64) -> Result<i64, Inexact> {
    if quantity_nano == charge.quantity_nano || charge.quantity_nano == 0 {
        return Ok(charge.cost_nano);
    }
    let product = i128::from(charge.cost_nano).checked_mul(quantity_nano.into());
    let share = product.and_then(|product| product.checked_div(charge.quantity_nano.into()));
    share
        .and_then(|share| i64::try_from(share).ok())
        .ok_or_else(|| too_large("a part of a cost"))
}

/// A whole spread over weights of some places, in their order: differences of a running total, so that no unit is lost.
/// Weights may be negative; their sum is positive.
pub(super) fn shares(whole: i64, weights: &[(usize, i64)]) -> Result<Vec<(usize, i64)>, Inexact> {
    let weight = weights.iter().map(|(_, weight)| i128::from(*weight));
    let weight = weight.fold(0, i128::saturating_add);
    let (mut passed, mut given) = (0_i128, 0_i128);
    let mut shares = Vec::with_capacity(weights.len());
    for (place, part) in weights.iter().copied() {
        passed = passed.saturating_add(part.into());
        let until = i128::from(whole)
            .checked_mul(passed)
            .and_then(|product| product.checked_div_euclid(weight))
            .ok_or_else(|| too_large("a share of a quantity"))?;
        let share = until.saturating_sub(given);
        given = until;
        let share = i64::try_from(share).map_err(|_| too_large("a share of a quantity"))?;
        shares.push((place, share));
    }
    Ok(shares)
}

pub(super) fn sum(a: i64, b: i64) -> Result<i64, Inexact> {
    a.checked_add(b).ok_or_else(|| too_large("a sum"))
}

pub(super) fn negated(a: i64) -> Result<i64, Inexact> {
    a.checked_neg().ok_or_else(|| too_large("a quantity"))
}

pub(super) fn too_large(what: &str) -> Inexact {
    Inexact {
        what: what.to_owned(),
        why: "it exceeds 9223372036",
    }
}
