//! What looks wrong with prices of machines: spot beside on demand, one region beside another, unknown node types.

use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};

use super::Entry;
use crate::model::diagnostic::Diagnostic;
use crate::model::exact::{decimal_text, multiply};
use crate::model::meter::{Meter, MeterKind, PurchaseOption};
use crate::model::money::Currency;
use crate::model::place::Cloud;
use crate::pricing::catalogue::Catalogue;

/// Spot as a part of on demand, in hundredths, where tables hold estimates: seen in public tables that give 30 % for spot,
/// 60 % and 40 % for one and three years.
const RATIOS: [i64; 3] = [30, 40, 60];
/// So many pairs make a pattern.
const PAIRS_MIN: usize = 3;
/// The licence of Windows on Azure in USD per vCPU and hour, in thousandths: 0.356 and 0.172 of `Standard_D4as_v5` in
/// `eastus` are 4 times 0.046 apart, and so are the other Windows prices that `pricing/README.md` tells of.
const LICENCE_THOUSANDTHS: i64 = 46;

/// An entry that prices a machine.
struct Machine<'e> {
    entry: &'e Entry<'e>,
    region: &'e str,
    node_type_id: &'e str,
    purchase_option: PurchaseOption,
}

impl Machine<'_> {
    fn price(&self) -> Decimal {
        self.entry.effective.price.unit_price.0
    }

    fn currency(&self) -> Currency {
        self.entry.effective.price.currency
    }
}

pub(super) fn check(entries: &[Entry<'_>], catalogue: &Catalogue, found: &mut Vec<Diagnostic>) {
    let machines: Vec<Machine<'_>> = entries.iter().filter_map(machine).collect();
    let mut unknown = BTreeSet::new();
    for machine in &machines {
        let (source, node) = (machine.entry.source, machine.node_type_id);
        if catalogue.rates.node_type(node).is_none() && unknown.insert((source, node)) {
            let message = format!("`{node}` is no node type whose DBU rate is known");
            found.push(machine.entry.warning("price::unknown-node-type", message));
        }
    }
    beside_on_demand(&machines, found);
    windows(&machines, catalogue, found);
}

fn machine<'e>(entry: &'e Entry<'e>) -> Option<Machine<'e>> {
    let MeterKind::Vm {
        region,
        node_type_id,
        purchase_option,
    } = &entry.meter.kind
    else {
        return None;
    };
    Some(Machine {
        entry,
        region,
        node_type_id,
        purchase_option: *purchase_option,
    })
}

/// Spot that is not below on demand, and files in which it is always the same part of it.
fn beside_on_demand(machines: &[Machine<'_>], found: &mut Vec<Diagnostic>) {
    let key = |m: &Machine<'_>| {
        (
            m.entry.meter.cloud,
            m.region.to_owned(),
            m.node_type_id.to_owned(),
        )
    };
    let mut on_demand: BTreeMap<_, Vec<&Machine<'_>>> = BTreeMap::new();
    for machine in machines
        .iter()
        .filter(|m| m.purchase_option == PurchaseOption::OnDemand)
    {
        on_demand.entry(key(machine)).or_default().push(machine);
    }
    // By file: how many pairs, and how many have each ratio.
    let mut files: BTreeMap<&str, (usize, [usize; 3])> = BTreeMap::new();
    for spot in machines
        .iter()
        .filter(|m| m.purchase_option == PurchaseOption::Spot)
    {
        for base in on_demand.get(&key(spot)).into_iter().flatten() {
            let together = base.entry.effective.overlaps(&spot.entry.effective);
            if !together || base.currency() != spot.currency() {
                continue;
            }
            if spot.price() >= base.price() {
                let (price, other) = (decimal_text(spot.price()), decimal_text(base.price()));
                let message = format!(
                    "{} costs {price}, on demand {other} ({}:{})",
                    spot.entry.meter, base.entry.source, base.entry.line
                );
                found.push(spot.entry.error("price::spot-not-below", message));
            }
            let (pairs, counts) = files.entry(spot.entry.source).or_default();
            *pairs = pairs.saturating_add(1);
            for (ratio, n) in RATIOS.iter().zip(counts) {
                let exact =
                    multiply(base.price(), Decimal::new(*ratio, 2)).is_ok_and(|part| part == spot.price());
                *n = n.saturating_add(usize::from(exact));
            }
        }
    }
    for (source, (pairs, counts)) in files {
        for (ratio, n) in RATIOS.iter().zip(counts) {
            if pairs >= PAIRS_MIN && n.saturating_mul(2) > pairs {
                let message = format!("{n} of {pairs} spot prices are exactly 0.{ratio} of on demand");
                found.push(
                    Diagnostic::warning("price::ratio", source, message)
                        .hint("estimates look like this; a market price does not"),
                );
            }
        }
    }
}

/// Machines on demand that cost about a licence more than the same node type where it is cheapest.
fn windows(machines: &[Machine<'_>], catalogue: &Catalogue, found: &mut Vec<Diagnostic>) {
    let mut cheapest: BTreeMap<String, Decimal> = BTreeMap::new();
    let mut told = |meter: &Meter, currency: Currency, price: Decimal| {
        if let Some(node) = licensed(meter).filter(|_| currency == Currency::USD && !price.is_zero()) {
            let least = cheapest.entry(node.to_owned()).or_insert(price);
            *least = price.min(*least);
        }
    };
    for (meter, effective) in catalogue.book.find("vm/AZURE/") {
        told(meter, effective.price.currency, effective.price.unit_price.0);
    }
    for machine in machines {
        told(&machine.entry.meter, machine.currency(), machine.price());
    }
    for machine in machines.iter().filter(|m| m.currency() == Currency::USD) {
        let Some(node) = licensed(&machine.entry.meter) else {
            continue;
        };
        let vcpus = catalogue.rates.node_type(node).and_then(|n| n.vcpus);
        let (Some(vcpus), Some(least)) = (vcpus, cheapest.get(node)) else {
            continue;
        };
        let Some(surplus) = machine.price().checked_sub(*least) else {
            continue;
        };
        // Within a tenth of the licence.
        let licence = |tenths: i64| {
            Decimal::from(vcpus).checked_mul(Decimal::new(LICENCE_THOUSANDTHS.saturating_mul(tenths), 4))
        };
        let like =
            licence(9).is_some_and(|low| low <= surplus) && licence(11).is_some_and(|high| surplus <= high);
        if like {
            let message = format!(
                "{} costs {}, elsewhere {}: the difference is about that of a Windows licence",
                machine.entry.meter,
                decimal_text(machine.price()),
                decimal_text(*least)
            );
            found.push(machine.entry.warning("price::windows", message));
        }
    }
}

/// The node type of a machine on demand, in the cloud whose licence is known.
fn licensed(meter: &Meter) -> Option<&str> {
    match &meter.kind {
        MeterKind::Vm {
            node_type_id,
            purchase_option: PurchaseOption::OnDemand,
            ..
        } if meter.cloud == Cloud::Azure => Some(node_type_id),
        _ => None,
    }
}
