//! Reservations and savings plans: they look at each hour for itself, and what an hour does not use is lost.
#![deny(clippy::arithmetic_side_effects)]

use rust_decimal::Decimal;
use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::amortised::Amortised;
use super::uses::{Uses, negated, shares, sum, too_large};
use super::{Part, paid_price, unused};
use crate::model::agreement::{Agreed, Commitment, CommitmentKind};
use crate::model::charge::Charge;
use crate::model::exact::{Inexact, multiply_nano};
use crate::model::meter::{MeterKind, PurchaseOption};
use crate::model::meter_pattern::MeterPattern;
use crate::model::money::UnitPrice;
use crate::model::period::{Period, SECONDS_PER_DAY, SECONDS_PER_HOUR};

const HOURS: usize = 24;

/// What no agreement has taken yet of each use, hour by hour, in 10^-9 units.
#[derive(Debug)]
pub(super) struct Hours {
    day: Period,
    left: Vec<[i64; HOURS]>,
}

impl Hours {
    /// Uses count as spread evenly over their periods.
    pub fn of(day: Period, uses: &Uses) -> Result<Hours, Inexact> {
        let left = uses.all().map(|(_, charge)| by_hour(day, charge));
        Ok(Hours {
            day,
            left: left.collect::<Result<_, _>>()?,
        })
    }

    fn at(&self, place: usize, hour: usize) -> i64 {
        let hours = self.left.get(place);
        hours
            .and_then(|hours| hours.get(hour))
            .copied()
            .unwrap_or_default()
    }

    /// What an hour has of each of some uses.
    fn of_each(&self, members: &[usize], hour: usize) -> Vec<(usize, i64)> {
        let members = members.iter();
        members.map(|place| (*place, self.at(*place, hour))).collect()
    }

    fn take(&mut self, place: usize, hour: usize, quantity_nano: i64) {
        if let Some(left) = self.left.get_mut(place).and_then(|hours| hours.get_mut(hour)) {
            *left = left.saturating_sub(quantity_nano);
        }
    }
}

fn by_hour(day: Period, charge: &Charge) -> Result<[i64; HOURS], Inexact> {
    let second = |at: crate::model::period::Instant| {
        let passed = at.signed_duration_since(day.start).num_seconds();
        passed.clamp(0, SECONDS_PER_DAY)
    };
    let (start, end) = (second(charge.period.start), second(charge.period.end));
    let seconds = i128::from(end.saturating_sub(start)).max(1);
    let mut hours = [0; HOURS];
    let (mut until, mut before) = (0_i64, 0_i128);
    for hour in &mut hours {
        until = until.saturating_add(SECONDS_PER_HOUR);
        let passed = i128::from(until.clamp(start, end).saturating_sub(start));
        let used = i128::from(charge.quantity_nano)
            .saturating_mul(passed)
            .div_euclid(seconds);
        *hour = i64::try_from(used.saturating_sub(before)).map_err(|_| too_large("an hour's quantity"))?;
        before = used;
    }
    Ok(hours)
}

/// Uses that a commitment may pay for, together: one that takes another back counts against it.
#[derive(Debug)]
struct Candidate {
    members: Vec<usize>,
    /// Units that an hour of it takes; of a savings plan, its price there.
    units: Decimal,
}

/// Applies a reservation or a savings plan to a day.
pub(super) fn apply(
    commitment: &Commitment,
    amortised: &Amortised,
    hours: &mut Hours,
    uses: &mut Uses,
) -> Result<(), Inexact> {
    if !commitment.period.contains(hours.day.start) {
        return Ok(());
    }
    match &commitment.kind {
        CommitmentKind::Prepaid { .. } => Ok(()),
        CommitmentKind::Reservation {
            meters,
            quantity_nano,
        } => {
            let candidates = vec![reserved(meters, uses)?];
            let taken = cover(&candidates, *quantity_nano, hours)?;
            let per_unit = UnitPrice(amortised.per_unit);
            bill(commitment, amortised, (taken, per_unit), hours.day, uses)
        }
        CommitmentKind::SavingsPlan {
            per_hour_nano,
            prices,
        } => {
            let candidates = saving(prices, uses)?;
            let taken = cover(&candidates, *per_hour_nano, hours)?;
            bill(
                commitment,
                amortised,
                (taken, UnitPrice(Decimal::ONE)),
                hours.day,
                uses,
            )
        }
    }
}

/// What a day took.
#[derive(Debug, Default)]
struct Taken {
    /// By place: what one unit of it takes, and how much of it.
    uses: BTreeMap<usize, (Decimal, i64)>,
    /// Units of the day that nothing took, in 10^-9.
    unused_nano: i64,
}

/// The meter's text; none of spot machines, which no reservation and no plan pays for.
fn committed(charge: &Charge) -> Option<String> {
    let spot = matches!(
        charge.meter.kind,
        MeterKind::Vm {
            purchase_option: PurchaseOption::Spot,
            ..
        }
    );
    (!spot).then(|| charge.meter.to_string())
}

/// Machines that are reserved, in order of time.
fn reserved(meters: &[(MeterPattern, Decimal)], uses: &Uses) -> Result<Vec<Candidate>, Inexact> {
    let units = |charge: &Charge| {
        let meter = committed(charge)?;
        let mut meters = meters.iter();
        let (_, units) = meters.find(|(pattern, _)| pattern.matches_text(&meter))?;
        Some(*units)
    };
    let together = uses.together(|charge| units(charge).is_some())?.into_iter();
    let candidates = together.filter_map(|together| {
        let first = together.members.first().and_then(|place| uses.at(*place))?;
        Some(Candidate {
            units: units(first)?,
            members: together.members,
        })
    });
    Ok(candidates.collect())
}

/// Uses that the plan makes cheaper, those that save most per unit of money first, as AWS and Azure apply them; those of one meter at
/// one saving share.
fn saving(prices: &[(Vec<MeterPattern>, Agreed)], uses: &Uses) -> Result<Vec<Vec<Candidate>>, Inexact> {
    let agreed = |charge: &Charge| {
        let meter = committed(charge)?;
        let speaks =
            |(meters, _): &&(Vec<MeterPattern>, Agreed)| meters.iter().any(|p| p.matches_text(&meter));
        let (_, agreed) = prices.iter().find(speaks)?;
        Some((meter, *agreed))
    };
    let mut groups: BTreeMap<(Reverse<Decimal>, String), Vec<Candidate>> = BTreeMap::new();
    for together in uses.together(|charge| agreed(charge).is_some())? {
        let first = together.members.first().and_then(|place| uses.at(*place));
        let Some((charge, (meter, agreed))) = first.and_then(|charge| Some((charge, agreed(charge)?))) else {
            continue;
        };
        let units = agreed.unit_price(charge.price.list())?.0;
        let before = charge.price.unit_price.0;
        if units < before {
            // A price of zero saves without taking any money.
            let saved = before.checked_div(units).unwrap_or(Decimal::MAX);
            let group = groups.entry((Reverse(saved), meter)).or_default();
            group.push(Candidate {
                members: together.members,
                units,
            });
        }
    }
    Ok(groups.into_values().collect())
}

/// Covers each hour: a group of candidates takes what the groups before it left, and shares where it is not enough.
fn cover(groups: &[Vec<Candidate>], per_hour_nano: i64, hours: &mut Hours) -> Result<Taken, Inexact> {
    let mut taken = Taken::default();
    for hour in 0..HOURS {
        let mut left = per_hour_nano;
        for group in groups {
            left = cover_hour(group, hour, left, hours, &mut taken)?;
        }
        taken.unused_nano = sum(taken.unused_nano, left)?;
    }
    Ok(taken)
}

/// What is left of the hour after a group took of it.
fn cover_hour(
    group: &[Candidate],
    hour: usize,
    left: i64,
    hours: &mut Hours,
    taken: &mut Taken,
) -> Result<i64, Inexact> {
    let mut wanted = 0;
    let mut weights = Vec::with_capacity(group.len());
    for (i, candidate) in group.iter().enumerate() {
        let quantity = hours.of_each(&candidate.members, hour).into_iter();
        let quantity = quantity.map(|(_, part)| part).try_fold(0, sum)?;
        if quantity > 0 {
            wanted = sum(wanted, multiply_nano(quantity, candidate.units)?)?;
            weights.push((i, quantity));
        }
    }
    if left <= 0 || weights.is_empty() {
        return Ok(left);
    }
    let shared = if wanted <= left {
        weights
    } else {
        share_hour(&weights, wanted, left)?
    };
    for (i, quantity_nano) in shared {
        let Some(candidate) = group.get(i) else {
            continue;
        };
        let of_each = hours.of_each(&candidate.members, hour);
        for (place, quantity_nano) in shares(quantity_nano, &of_each)? {
            hours.take(place, hour, quantity_nano);
            let entry = taken.uses.entry(place).or_insert((candidate.units, 0));
            entry.1 = sum(entry.1, quantity_nano)?;
        }
    }
    Ok(left.saturating_sub(wanted).max(0))
}

/// Quantities in the relation of what is left to what is wanted.
fn share_hour(weights: &[(usize, i64)], wanted: i64, left: i64) -> Result<Vec<(usize, i64)>, Inexact> {
    let all = weights.iter().map(|(_, quantity)| i128::from(*quantity));
    let all = all.fold(0, i128::saturating_add);
    let covered = all
        .checked_mul(left.into())
        .and_then(|product| product.checked_div(wanted.into()))
        .and_then(|covered| i64::try_from(covered).ok());
    shares(covered.ok_or_else(|| too_large("a share of an hour"))?, weights)
}

/// Bills what was taken to the commitment, and what was not as unused.
fn bill(
    commitment: &Commitment,
    amortised: &Amortised,
    (taken, per_unit): (Taken, UnitPrice),
    day: Period,
    uses: &mut Uses,
) -> Result<(), Inexact> {
    let mut rest = amortised.on(day);
    let parts = [Part::Covered, Part::Used];
    for (place, (units, quantity_nano)) in taken.uses {
        let Some(usage) = uses.at(place).map(|charge| charge.price.clone()) else {
            continue;
        };
        let unit_price = match commitment.kind {
            CommitmentKind::SavingsPlan { .. } => UnitPrice(units),
            _ => amortised.unit_price(units)?,
        };
        let price = paid_price(commitment, &usage, unit_price);
        let used = uses.bill_anew(place, quantity_nano, price, &commitment.name, parts)?;
        let cost = used.map(|charge| charge.cost_nano).unwrap_or_default();
        rest = sum(rest, negated(cost)?)?;
    }
    unused(commitment, day, (taken.unused_nano, rest), per_unit, uses);
    Ok(())
}
