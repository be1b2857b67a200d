//! Agreements: what a contract makes of a list price, and what can only be told when a month's usage is known, commitments
//! and volume tiers.
//!
//! ```text
//! Agreed          a share of the list price, or a price instead of it
//! VolumeTiers     other prices for what is used above so much in a month
//! Commitment      money promised or paid beforehand
//!   Prepaid         units bought at a lower price, drawn down by usage until they are gone or the term ends
//!   Reservation     so many machines, hour by hour; an hour that is not used is lost
//!   SavingsPlan     so much money at other prices, hour by hour; what is not used is lost
//! ```

use chrono::Months;
use rust_decimal::Decimal;
use std::sync::Arc;

use super::exact::{Inexact, add, multiply};
use super::meter::{Category, Meter, MeterKind};
use super::meter_pattern::MeterPattern;
use super::money::{Currency, UnitPrice};
use super::period::{Instant, Period, SECONDS_PER_DAY, SECONDS_PER_HOUR};
use super::place::Cloud;

/// What was agreed on for a meter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Agreed {
    /// What is left of the list price: 0.88 where 12 percent are off.
    Share(Decimal),
    /// A price instead of the list price.
    Price(UnitPrice),
}

impl Agreed {
    /// The price that is owed where this is the list price.
    ///
    /// # Errors
    /// [`Inexact`] for a product of more than 28 digits.
    pub fn unit_price(&self, list: UnitPrice) -> Result<UnitPrice, Inexact> {
        match self {
            Agreed::Price(price) => Ok(*price),
            Agreed::Share(share) => Ok(UnitPrice(multiply(list.0, *share)?.normalize())),
        }
    }
}

/// Other prices for what is used above so much in a calendar month (UTC), by all meters together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VolumeTiers {
    /// Unique among the agreements of a ledger.
    pub name: Arc<str>,
    /// Contract and place: `acme-2026#volume_tiers.0`.
    pub source: Arc<str>,
    /// Currency of its prices.
    pub currency: Currency,
    /// Whose usage counts.
    pub meters: Vec<MeterPattern>,
    /// When it holds: whole UTC days.
    pub period: Period,
    /// In ascending order of `above`.
    pub tiers: Vec<Tier>,
}

/// One of the tiers above the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tier {
    /// Units of the meters in a month above which it holds, in 10^-9.
    pub above_nano: i64,
    /// What was agreed on for these.
    pub agreed: Agreed,
}

/// Money promised or paid beforehand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commitment {
    /// Unique among the agreements of a ledger; its account is `commitment/NAME`.
    pub name: Arc<str>,
    /// Contract and place: `acme-2026#commitments.0`.
    pub source: Arc<str>,
    /// The cloud it was bought for.
    pub cloud: Cloud,
    /// Currency of its payments.
    pub currency: Currency,
    /// Its term: whole UTC days.
    pub period: Period,
    /// The cost centre that bears what is not used.
    pub cost_centre: String,
    /// When and how much is paid.
    pub payments: Payments,
    /// What is bought.
    pub kind: CommitmentKind,
}

/// What a commitment buys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommitmentKind {
    /// Units, such as Databricks commit units, that usage draws down in order of time.
    Prepaid {
        /// What draws on it.
        meters: Vec<MeterPattern>,
        /// Units bought, in 10^-9; a unit is worth 1 of the currency.
        units_nano: i64,
        /// At which price usage draws.
        drawn_at: DrawnAt,
    },
    /// Machines, hour by hour.
    Reservation {
        /// Which machines, each with the units that an hour of it takes: 1, or its ratio of instance size flexibility.
        meters: Vec<(MeterPattern, Decimal)>,
        /// Units reserved in each hour, in 10^-9.
        quantity_nano: i64,
    },
    /// Money at other prices, hour by hour.
    SavingsPlan {
        /// Money for each hour, in 10^-9.
        per_hour_nano: i64,
        /// Prices of the plan; the first that speaks of a meter counts.
        prices: Vec<(Vec<MeterPattern>, Agreed)>,
    },
}

/// At which price usage draws on units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DrawnAt {
    /// At list prices, as Azure's pre-purchase does.
    List,
    /// At contracted prices.
    Contracted,
}

/// When and how much is paid: any of the three, in the currency of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Payments {
    /// On the first day.
    pub upfront: Decimal,
    /// On the first day, and on the same day of each month of the term.
    pub monthly: Decimal,
    /// For each hour of the term, told by the day.
    pub hourly: Decimal,
}

impl Payments {
    /// What is paid on the UTC day that begins here.
    ///
    /// # Errors
    /// [`Inexact`] for sums of more than 28 digits.
    pub fn on(&self, day: Instant, term: &Period) -> Result<Decimal, Inexact> {
        if !term.contains(day) {
            return Ok(Decimal::ZERO);
        }
        let hours = Decimal::from(SECONDS_PER_DAY.div_euclid(SECONDS_PER_HOUR));
        let mut sum = multiply(self.hourly, hours)?;
        if day == term.start {
            sum = add(sum, self.upfront)?;
        }
        if anniversaries(term).any(|at| at == day) {
            sum = add(sum, self.monthly)?;
        }
        Ok(sum)
    }

    /// All payments of the term.
    ///
    /// # Errors
    /// [`Inexact`] for sums of more than 28 digits.
    pub fn total(&self, term: &Period) -> Result<Decimal, Inexact> {
        let months = Decimal::from(anniversaries(term).count());
        let hours = Decimal::from(term.seconds().div_euclid(SECONDS_PER_HOUR));
        let sum = add(self.upfront, multiply(self.monthly, months)?)?;
        add(sum, multiply(self.hourly, hours)?)
    }
}

/// The first day of a term, and the same day of each month after it; the last day of shorter months.
fn anniversaries(term: &Period) -> impl Iterator<Item = Instant> + use<> {
    let Period { start, end } = *term;
    (0..)
        .map_while(move |n| start.checked_add_months(Months::new(n)))
        .take_while(move |at| *at < end)
}

impl Commitment {
    /// The meter of its purchase, and of what is not used of it.
    pub fn meter(&self) -> Meter {
        let of = match self.kind {
            CommitmentKind::Prepaid { .. } => Category::Dbu,
            CommitmentKind::Reservation { .. } | CommitmentKind::SavingsPlan { .. } => Category::Vm,
        };
        let name = self.name.to_string();
        Meter {
            cloud: self.cloud,
            kind: MeterKind::Commitment { of, name },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::period::parse_instant;

    fn at(text: &str) -> Instant {
        parse_instant(text).unwrap()
    }

    fn term(from: &str, to: &str) -> Period {
        Period::new(at(from), at(to)).unwrap()
    }

    #[test]
    fn payments_fall_on_their_days_and_add_up() {
        let payments = Payments {
            upfront: Decimal::from(100),
            monthly: Decimal::from(10),
            hourly: Decimal::new(5, 1),
        };
        // 31 January, 28 February, 31 March: a shorter month pays on its last day. 90 days of 24 hours at 0.5 are 1080.
        let term = term("2026-01-31", "2026-05-01");
        let on = |day| payments.on(at(day), &term).unwrap();
        assert_eq!(on("2026-01-30"), Decimal::ZERO);
        assert_eq!(on("2026-01-31"), Decimal::from(122));
        assert_eq!(on("2026-02-28"), Decimal::from(22));
        assert_eq!(on("2026-03-01"), Decimal::from(12));
        assert_eq!(on("2026-04-30"), Decimal::from(22));
        assert_eq!(on("2026-05-01"), Decimal::ZERO);
        assert_eq!(
            payments.total(&term).unwrap(),
            Decimal::from(100 + 4 * 10 + 90 * 12)
        );
        let by_day: Decimal = term
            .days()
            .map(|day| payments.on(day.start, &term).unwrap())
            .sum();
        assert_eq!(by_day, payments.total(&term).unwrap());
    }
}
