//! Applying agreements: what can only be told when a month's usage is known, as entries beside those of the usage.
//!
//! Usage is billed at the contracted price when it is told. Day by day, in order of time, each agreement then moves a part of it to
//! another price, by two lines: one takes the part back at the price it was billed at, one bills it at the new price.
//!
//! | agreement | taken back from | billed to | at |
//! |---|---|---|---|
//! | volume tiers | the vendor | the vendor | the tier's price |
//! | reservation, savings plan, prepaid units | the vendor | the commitment's account | what a unit takes of its payments |
//!
//! Payments are purchases: the commitment's account owes the vendor. What the term has paid for and nobody used is billed to the
//! commitment's cost centre. So the vendors' accounts hold what is on their invoices (`BilledCost`), the cost centres' what was used
//! (`EffectiveCost`), and a commitment's account what is paid and not yet used; after its term that is exactly zero.
//!
//! ```text
//! charges of a day ─ tiers ─► reservations ─► savings plans ─► prepaid units ─► lines ─ differences ─► what is not yet posted
//! ```
//!
//! An agreement takes what the ones before it left. Volume tiers count a calendar month; reservations and savings plans look at each
//! hour for itself, over which usage counts as spread evenly; prepaid units are drawn in order of time.
#![deny(clippy::arithmetic_side_effects)]

mod amortised;
mod difference;
mod hourly;
mod prepaid;
mod tier;
mod uses;

use rust_decimal::Decimal;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use self::amortised::Amortised;
use self::hourly::Hours;
use self::prepaid::Prepaid;
use self::tier::TierCount;
use self::uses::Uses;
use crate::model::agreement::{Commitment, CommitmentKind, VolumeTiers};
use crate::model::charge::{Charge, PaidBy, Price};
use crate::model::exact::Inexact;
use crate::model::money::UnitPrice;
use crate::model::period::Period;
use crate::model::usage::Subject;

pub use self::difference::differences;

/// What a line does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Part {
    /// A payment of a commitment.
    Purchase,
    /// Usage that a commitment has paid, taken back from the vendor.
    Covered,
    /// The same usage, billed to the commitment.
    Used,
    /// What was paid and not used.
    Unused,
    /// Usage above a tier's start, taken back at the price below it.
    Regular,
    /// The same usage at the tier's price.
    Tiered,
}

impl Part {
    const ALL: [Part; 6] = [
        Part::Purchase,
        Part::Covered,
        Part::Used,
        Part::Unused,
        Part::Regular,
        Part::Tiered,
    ];

    /// Whether its costs are parts of other costs, or what others left of them, so that no price gives them.
    pub fn is_remainder(self) -> bool {
        matches!(self, Part::Covered | Part::Regular | Part::Unused)
    }

    /// `purchase`, `covered`, `used`, `unused`, `regular` or `tiered`.
    pub fn as_str(self) -> &'static str {
        match self {
            Part::Purchase => "purchase",
            Part::Covered => "covered",
            Part::Used => "used",
            Part::Unused => "unused",
            Part::Regular => "regular",
            Part::Tiered => "tiered",
        }
    }
}

/// Who tells a line: an agreement, one of its parts. As a source of entries: `contract/dbcu-2026/covered`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Teller {
    /// The agreement's name.
    pub agreement: Arc<str>,
    /// What it does.
    pub part: Part,
}

const SOURCE: &str = "contract/";

impl fmt::Display for Teller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SOURCE}{}/{}", self.agreement, self.part.as_str())
    }
}

/// A source of entries that is no agreement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no agreement tells this")]
pub struct NotATeller;

impl FromStr for Teller {
    type Err = NotATeller;
    /// Reads a source, with or without the number of a later telling.
    fn from_str(source: &str) -> Result<Teller, NotATeller> {
        let mut parts = source.strip_prefix(SOURCE).ok_or(NotATeller)?.split('/');
        let (Some(name), Some(part)) = (parts.next(), parts.next()) else {
            return Err(NotATeller);
        };
        let part = Part::ALL.into_iter().find(|known| known.as_str() == part);
        Ok(Teller {
            agreement: Arc::from(name),
            part: part.ok_or(NotATeller)?,
        })
    }
}

/// A charge that an agreement tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Who tells it.
    pub teller: Teller,
    /// What it says.
    pub charge: Charge,
}

/// Agreements being applied, day by day from the first day of the earliest of them on.
#[derive(Debug)]
pub struct Application<'a> {
    tiers: Vec<TierCount<'a>>,
    commitments: Vec<Applied<'a>>,
}

/// A commitment and how far it is.
#[derive(Debug)]
struct Applied<'a> {
    commitment: &'a Commitment,
    amortised: Amortised,
    /// Only of prepaid units.
    prepaid: Option<Prepaid>,
}

impl<'a> Application<'a> {
    /// Nothing is applied yet.
    ///
    /// # Errors
    /// [`Inexact`] for payments that 64 bits do not hold.
    pub fn begin(
        commitments: impl IntoIterator<Item = &'a Commitment>,
        tiers: impl IntoIterator<Item = &'a VolumeTiers>,
    ) -> Result<Application<'a>, Inexact> {
        let commitments = commitments.into_iter().map(|commitment| {
            Ok(Applied {
                commitment,
                amortised: Amortised::of(commitment)?,
                prepaid: Prepaid::of(commitment),
            })
        });
        Ok(Application {
            tiers: tiers.into_iter().map(TierCount::new).collect(),
            commitments: commitments.collect::<Result<_, Inexact>>()?,
        })
    }

    /// Whether an agreement may speak of a charge: others need not be told.
    pub fn speaks_of(&self, charge: &Charge) -> bool {
        let of_tier = |count: &TierCount<'_>| count.speaks_of(charge);
        self.tiers.iter().any(of_tier) || self.commitments.iter().any(|a| speaks_of(a.commitment, charge))
    }

    /// Applies all agreements to the charges of one UTC day, which are told in order of time; days are told in their order.
    ///
    /// # Errors
    /// [`Inexact`] for sums and products that 64 bits do not hold.
    pub fn day(&mut self, day: Period, charges: Vec<Charge>) -> Result<Vec<Line>, Inexact> {
        let mut uses = Uses::new(charges);
        for tier in &mut self.tiers {
            tier.apply(day, &mut uses)?;
        }
        let mut hours = Hours::of(day, &uses)?;
        for reservations in [true, false] {
            for applied in &self.commitments {
                let is_reservation = matches!(applied.commitment.kind, CommitmentKind::Reservation { .. });
                if applied.prepaid.is_none() && is_reservation == reservations {
                    hourly::apply(applied.commitment, &applied.amortised, &mut hours, &mut uses)?;
                }
            }
        }
        for applied in &mut self.commitments {
            if let Some(prepaid) = &mut applied.prepaid {
                prepaid.apply(applied.commitment, &applied.amortised, day, &mut uses)?;
            }
            purchase(applied, day, &mut uses)?;
        }
        Ok(uses.into_lines())
    }
}

/// Whether a commitment pays for such charges.
fn speaks_of(commitment: &Commitment, charge: &Charge) -> bool {
    let meter = charge.meter.to_string();
    commitment.period.contains(charge.period.start)
        && match &commitment.kind {
            CommitmentKind::Prepaid { meters, .. } => meters.iter().any(|p| p.matches_text(&meter)),
            CommitmentKind::Reservation { meters, .. } => meters.iter().any(|(p, _)| p.matches_text(&meter)),
            CommitmentKind::SavingsPlan { prices, .. } => prices
                .iter()
                .any(|(meters, _)| meters.iter().any(|p| p.matches_text(&meter))),
        }
}

/// The payments of a day.
fn purchase(applied: &Applied<'_>, day: Period, uses: &mut Uses) -> Result<(), Inexact> {
    let commitment = applied.commitment;
    let amount = commitment.payments.on(day.start, &commitment.period)?;
    if amount.is_zero() {
        return Ok(());
    }
    let one = crate::model::exact::NANO;
    let charge = Charge {
        quantity_nano: one,
        cost_nano: crate::model::exact::multiply_nano(one, amount)?,
        price: Price {
            unit_price: UnitPrice(amount.normalize()),
            ..own_price(commitment)
        },
        ..own_charge(commitment, day)
    };
    uses.tell(commitment, Part::Purchase, charge);
    Ok(())
}

/// What is not used on a day; nothing where all is.
fn unused(
    commitment: &Commitment,
    day: Period,
    (quantity_nano, cost_nano): (i64, i64),
    unit_price: UnitPrice,
    uses: &mut Uses,
) {
    if quantity_nano == 0 && cost_nano == 0 {
        return;
    }
    let charge = Charge {
        quantity_nano,
        cost_nano,
        price: Price {
            unit_price,
            commitment: Some(PaidBy {
                name: Arc::clone(&commitment.name),
                contracted_unit_price: UnitPrice(Decimal::ZERO),
            }),
            ..own_price(commitment)
        },
        ..own_charge(commitment, day)
    };
    uses.tell(commitment, Part::Unused, charge);
}

/// A charge of the commitment itself.
fn own_charge(commitment: &Commitment, day: Period) -> Charge {
    Charge {
        resource: Arc::clone(&commitment.name),
        subject: Arc::new(Subject {
            team: commitment.cost_centre.clone(),
            ..Subject::default()
        }),
        meter: Arc::new(commitment.meter()),
        period: day,
        since: day.start,
        quantity_nano: 0,
        price: own_price(commitment),
        cost_nano: 0,
    }
}

fn own_price(commitment: &Commitment) -> Price {
    Price {
        unit_price: UnitPrice(Decimal::ZERO),
        list_unit_price: None,
        currency: commitment.currency,
        source: Arc::clone(&commitment.source),
        synthetic: false,
        commitment: None,
    }
}

/// A price of a usage that a commitment has paid.
fn paid_price(commitment: &Commitment, usage: &Price, unit_price: UnitPrice) -> Price {
    Price {
        unit_price,
        list_unit_price: Some(usage.list()),
        source: Arc::clone(&commitment.source),
        commitment: Some(PaidBy {
            name: Arc::clone(&commitment.name),
            contracted_unit_price: usage.unit_price,
        }),
        ..usage.clone()
    }
}

#[cfg(test)]
mod tests;
