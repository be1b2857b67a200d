//! From prices that begin at some instant to prices that hold over periods.

use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};

use super::{LeftOut, Spot, count};
use crate::model::diagnostic::Diagnostic;
use crate::model::exact::decimal_text;
use crate::model::meter::MeterKind;
use crate::model::period::{Instant, rfc3339};
use crate::pricing::book_draft::DraftRow;

/// A price from an instant on, as one row tells it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Start {
    pub meter: MeterKind,
    /// Where the price is told for; a SKU that is the same everywhere is told for each region.
    pub told_for: String,
    pub from: Instant,
    pub unit_price: Decimal,
    pub spot: Spot,
    /// Region of a regional SKU.
    pub region: Option<String>,
}

/// The starts of one meter, told for one region: one price at each instant.
type Line = BTreeMap<Instant, Start>;

/// Successive half-open periods: each price ends where the next one begins, the last one has no end. Rows that say the
/// same are one.
///
/// # Errors
/// `price::conflict` where two rows give a meter two prices at once, also where they tell them for different regions and
/// the meter is the same in all.
pub(super) fn successive(
    mut starts: Vec<Start>,
    left_out: &mut BTreeMap<LeftOut, usize>,
) -> Result<Vec<DraftRow>, Vec<Diagnostic>> {
    // Sorted, so that the order of the texts decides nothing.
    starts.sort();
    let mut problems = Vec::new();
    let mut meters: BTreeMap<MeterKind, BTreeMap<String, Line>> = BTreeMap::new();
    for start in starts {
        let lines = meters.entry(start.meter.clone()).or_default();
        let line = lines.entry(start.told_for.clone()).or_default();
        match line.get(&start.from) {
            Some(other) if other.unit_price == start.unit_price => count(left_out, LeftOut::Repeated),
            Some(other) => problems.push(conflict(other, &start)),
            None => {
                line.insert(start.from, start);
            }
        }
    }
    let mut rows = Vec::new();
    for (meter, lines) in meters {
        let lines: Vec<Line> = lines.into_values().collect();
        match together(&lines) {
            Ok(prices) => {
                let told: usize = lines.iter().map(Line::len).sum();
                for _ in prices.len()..told {
                    count(left_out, LeftOut::Repeated);
                }
                rows.extend(periods(&meter, &prices));
            }
            Err(found) => problems.push(found),
        }
    }
    if problems.is_empty() {
        Ok(rows)
    } else {
        Err(problems)
    }
}

/// The one price at each instant at which any line begins another.
fn together(lines: &[Line]) -> Result<Vec<&Start>, Diagnostic> {
    let instants: BTreeSet<Instant> = lines.iter().flat_map(|line| line.keys().copied()).collect();
    let mut prices: Vec<&Start> = Vec::new();
    for at in instants {
        let mut in_force = lines
            .iter()
            .filter_map(|line| line.range(..=at).next_back().map(|(_, start)| start));
        let Some(first) = in_force.next() else { continue };
        if let Some(other) = in_force.find(|other| other.unit_price != first.unit_price) {
            return Err(conflict(first, other));
        }
        if prices
            .last()
            .is_none_or(|last| last.unit_price != first.unit_price)
        {
            prices.push(lines.iter().find_map(|line| line.get(&at)).unwrap_or(first));
        }
    }
    Ok(prices)
}

fn periods(meter: &MeterKind, prices: &[&Start]) -> Vec<DraftRow> {
    let ends = prices.iter().skip(1).map(|next| Some(next.from)).chain([None]);
    let row = |(start, to): (&&Start, Option<Instant>)| DraftRow {
        meter: meter.clone(),
        from: start.from,
        to,
        unit_price: start.unit_price,
        region: start.region.clone(),
    };
    prices.iter().zip(ends).map(row).collect()
}

fn conflict(one: &Start, other: &Start) -> Diagnostic {
    let (one, other) = (one.min(other), one.max(other));
    let told = |start: &Start| {
        let place = match start.told_for.as_str() {
            "" => String::new(),
            region => format!(" in {region}"),
        };
        let price = decimal_text(start.unit_price);
        format!("{price} from {}{place} ({})", rfc3339(start.from), start.spot)
    };
    let what = match &one.meter {
        MeterKind::Vm {
            region,
            node_type_id,
            purchase_option,
        } => format!("{node_type_id} {} in {region}", purchase_option.as_str()),
        MeterKind::Dbu { sku_name } => sku_name.clone(),
        _ => "the meter".to_owned(),
    };
    let message = format!("{what} has two prices at once: {} and {}", told(one), told(other));
    let hint = match (&one.meter, one.told_for.as_str()) {
        (MeterKind::Vm { .. }, zone) if !zone.is_empty() => {
            "neither is taken; a meter has one price in a region: name the zone whose prices are paid (--zone)"
        }
        _ => "neither is taken; leave out the file or the region that does not apply (--region)",
    };
    other.spot.error("price::conflict", message).hint(hint)
}
