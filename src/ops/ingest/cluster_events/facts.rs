//! Facts are held against those that the ledger has.

use std::collections::BTreeSet;

use crate::ledger::rate::Rated;
use crate::store::real_history::Billed;

/// The first fact of the ledger that is not told any more. While there is none, what is told now bills nothing twice: its
/// own facts do not overlap, and those of the ledger are among them.
pub(super) fn differs(known: &[Billed], told: &[Rated]) -> Option<String> {
    let told: BTreeSet<Billed> = told
        .iter()
        .map(|one| match one {
            Rated::Charge(c) => (&c.resource, &c.meter, c.period),
            Rated::Unpriced(u) => (&u.resource, &u.meter, u.period),
        })
        .map(|(resource, meter, period)| Billed {
            resource: resource.to_string(),
            meter: meter.to_string(),
            period,
        })
        .collect();
    let lost = known.iter().find(|fact| !told.contains(fact))?;
    let same = |one: &&Billed| (&one.resource, &one.meter) == (&lost.resource, &lost.meter);
    let now = told
        .iter()
        .filter(same)
        .find(|one| one.period.intersection(&lost.period).is_some());
    let now = match now {
        Some(one) => format!("for {}", one.period),
        None => "not for that time".to_owned(),
    };
    Some(format!(
        "the ledger has `{}` of `{}` for {}, and what is known now bills it {now}",
        lost.meter, lost.resource, lost.period
    ))
}
