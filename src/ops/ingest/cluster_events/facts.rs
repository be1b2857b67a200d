//! Facts are held against those that the ledger has.

use std::collections::BTreeSet;

use crate::ledger::rate::Rated;
use crate::store::real_history::Billed;

/// The facts of the ledger that are not told any more. While there are none, what is told now bills nothing twice: its own facts do
/// not overlap, and those of the ledger are among them.
pub(in crate::ops::ingest) fn lost(known: &[Billed], told: &[Rated]) -> Vec<Billed> {
    let told: BTreeSet<Billed> = told.iter().map(billed).collect();
    let is_lost = |fact: &&Billed| !told.contains(fact);
    known.iter().filter(is_lost).cloned().collect()
}

/// Of those, the facts of which nothing is told any more: what begins when another one does is told anew by that one.
pub(in crate::ops::ingest) fn gone(lost: Vec<Billed>, told: &[Rated]) -> Vec<Billed> {
    let name = |fact: &Billed| (fact.resource.clone(), fact.meter.clone(), fact.period.start);
    let told: BTreeSet<_> = told.iter().map(|one| name(&billed(one))).collect();
    lost.into_iter()
        .filter(|fact| !told.contains(&name(fact)))
        .collect()
}

fn billed(one: &Rated) -> Billed {
    let (resource, meter, period) = match one {
        Rated::Charge(c) => (&c.resource, &c.meter, c.period),
        Rated::Unpriced(u) => (&u.resource, &u.meter, u.period),
    };
    Billed {
        resource: resource.to_string(),
        meter: meter.to_string(),
        period,
    }
}

/// What a fact of the ledger is told as now.
pub(super) fn difference(lost: &Billed, told: &[Rated]) -> String {
    let told = told.iter().map(billed).collect::<BTreeSet<Billed>>();
    let same = |one: &&Billed| (&one.resource, &one.meter) == (&lost.resource, &lost.meter);
    let now = told
        .iter()
        .filter(same)
        .find(|one| one.period.intersection(&lost.period).is_some());
    let now = match now {
        Some(one) => format!("for {}", one.period),
        None => "not for that time".to_owned(),
    };
    format!(
        "the ledger has `{}` of `{}` for {}, and what is known now bills it {now}",
        lost.meter, lost.resource, lost.period
    )
}
