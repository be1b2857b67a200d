//! What agreements say against what the ledger has of them: only the difference is posted.
//!
//! Usage that is told late changes what is covered, also on days before and after. Applying again then posts what differs, as entries
//! of their own, and nothing where nothing does. A line of one fact is told by the source `contract/NAME/PART`, a second time by
//! `contract/NAME/PART/2`, and so on: each telling has a key of its own.
#![deny(clippy::arithmetic_side_effects)]

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::uses::{negated, sum};
use super::{Line, Teller};
use crate::model::charge::{Charge, Price};
use crate::model::exact::Inexact;
use crate::model::meter::Meter;
use crate::model::period::{Instant, Period};
use crate::model::usage::Subject;

/// What makes two lines one.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Same {
    teller: Teller,
    resource: Arc<str>,
    meter: Arc<Meter>,
    subject: Arc<Subject>,
    period: Period,
    price: Price,
}

/// What makes two entries of one source have one key.
#[derive(Debug, PartialEq, Eq, Hash)]
struct OneKey {
    teller: Teller,
    resource: Arc<str>,
    meter: Arc<Meter>,
    start: Instant,
}

impl Same {
    fn of(line: &Line) -> Same {
        let charge = &line.charge;
        Same {
            teller: line.teller.clone(),
            resource: Arc::clone(&charge.resource),
            meter: Arc::clone(&charge.meter),
            subject: Arc::clone(&charge.subject),
            period: charge.period,
            price: charge.price.clone(),
        }
    }
}

impl OneKey {
    fn of(line: &Line) -> OneKey {
        OneKey {
            teller: line.teller.clone(),
            resource: Arc::clone(&line.charge.resource),
            meter: Arc::clone(&line.charge.meter),
            start: line.charge.period.start,
        }
    }
}

/// The charges to post so that what is posted becomes what is said, by source.
///
/// # Errors
/// [`Inexact`] for sums that 64 bits do not hold.
pub fn differences(said: Vec<Line>, posted: Vec<Line>) -> Result<BTreeMap<String, Vec<Charge>>, Inexact> {
    let mut tellings: HashMap<OneKey, u64> = HashMap::new();
    for line in &posted {
        let tellings = tellings.entry(OneKey::of(line)).or_default();
        *tellings = tellings.saturating_add(1);
    }
    let mut sums: Vec<Line> = Vec::with_capacity(said.len());
    let mut places: HashMap<Same, usize> = HashMap::new();
    let taken_back = posted
        .into_iter()
        .map(taken_back)
        .collect::<Result<Vec<_>, _>>()?;
    for line in said.into_iter().chain(taken_back) {
        let place = *places.entry(Same::of(&line)).or_insert(sums.len());
        match sums.get_mut(place) {
            Some(Line { charge, .. }) => {
                charge.quantity_nano = sum(charge.quantity_nano, line.charge.quantity_nano)?;
                charge.cost_nano = sum(charge.cost_nano, line.charge.cost_nano)?;
            }
            None => sums.push(line),
        }
    }
    let mut differences: BTreeMap<String, Vec<Charge>> = BTreeMap::new();
    for line in sums {
        if line.charge.quantity_nano == 0 && line.charge.cost_nano == 0 {
            continue;
        }
        let told = tellings.entry(OneKey::of(&line)).or_default();
        *told = told.saturating_add(1);
        let source = match *told {
            1 => line.teller.to_string(),
            again => format!("{}/{again}", line.teller),
        };
        differences.entry(source).or_default().push(line.charge);
    }
    Ok(differences)
}

fn taken_back(mut line: Line) -> Result<Line, Inexact> {
    line.charge.quantity_nano = negated(line.charge.quantity_nano)?;
    line.charge.cost_nano = negated(line.charge.cost_nano)?;
    Ok(line)
}
