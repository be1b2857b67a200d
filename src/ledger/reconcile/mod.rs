//! Reconciliation: what we have billed beside what a vendor says it has, meter by meter, day by day, resource by resource.
//!
//! Comes in: [`Item`]s of both sides. Goes out: [`Difference`]s, each in a [`Class`]; their money adds up, exactly, to the vendor's
//! sum less ours. Deliberately absent: which line of a statement is which meter, and where both sides come from.
//!
//! A difference is classed by what differs, not by its size. Where both sides name one price each, and price and quantity
//! differ, it is split: our price times the difference of quantity, and the rest.
#![deny(clippy::arithmetic_side_effects)]

pub mod invoice_rule;
#[cfg(test)]
mod tests;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::model::amount::Amount;
use crate::model::exact::{Inexact, multiply};
use crate::model::place::UnknownName;

/// How fine both sides are compared at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Grain {
    /// The month of a meter.
    Meter,
    /// A UTC day of a meter.
    Day,
    /// A resource's day of a meter, where both sides know the same resources: else their clusters, else the day.
    #[default]
    Resource,
}

impl FromStr for Grain {
    type Err = UnknownName;
    fn from_str(text: &str) -> Result<Grain, UnknownName> {
        match text {
            "meter" => Ok(Grain::Meter),
            "day" => Ok(Grain::Day),
            "resource" => Ok(Grain::Resource),
            _ => Err(UnknownName {
                what: "grain",
                found: text.to_owned(),
                expected: "meter, day, resource",
            }),
        }
    }
}

impl fmt::Display for Grain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Grain::Meter => "meter",
            Grain::Day => "day",
            Grain::Resource => "resource",
        })
    }
}

/// What a meter was compared by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Its whole month.
    Meter,
    /// Its days.
    Day,
    /// Clusters and days.
    Cluster,
    /// Resources and days.
    Resource,
}

impl Level {
    /// `meter`, `day`, `cluster` or `resource`.
    pub fn as_str(self) -> &'static str {
        match self {
            Level::Meter => "meter",
            Level::Day => "day",
            Level::Cluster => "cluster",
            Level::Resource => "resource",
        }
    }
}

/// What one side says of a meter, a day and a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The meter's text; its case does not count.
    pub meter: Arc<str>,
    /// The UTC day.
    pub day: NaiveDate,
    /// A machine's or a record's name; empty where unknown. Its case does not count.
    pub resource: Arc<str>,
    /// A cluster's id; empty for none.
    pub cluster: Arc<str>,
    /// Units of the meter.
    pub quantity: Amount,
    /// Money per unit, if known.
    pub price: Option<Decimal>,
    /// Money.
    pub cost: Amount,
    /// By how much the quantity may be off because it was rounded when written.
    pub quantity_slack: Amount,
    /// By how much the cost may be.
    pub cost_slack: Amount,
}

/// A line of the statement of which we do not know which meter it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmapped {
    /// What the vendor calls it.
    pub meter: String,
    /// The UTC day.
    pub day: NaiveDate,
    /// Its resource.
    pub resource: String,
    /// As the vendor counts it.
    pub quantity: Amount,
    /// Money.
    pub cost: Amount,
    /// Why it is no meter of ours.
    pub why: String,
}

/// What differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Nothing.
    Matched,
    /// The vendor tells of it, the ledger does not.
    MissingHere,
    /// The ledger tells of it, the vendor does not.
    MissingThere,
    /// The money per unit.
    DifferentPrice,
    /// The units.
    DifferentQuantity,
    /// The last digits that one of both has written.
    Rounding,
    /// The vendor's line is no meter of ours.
    Unmapped,
}

impl Class {
    /// All, in the order in which they are shown.
    pub const ALL: [Class; 7] = [
        Class::Matched,
        Class::MissingHere,
        Class::MissingThere,
        Class::DifferentPrice,
        Class::DifferentQuantity,
        Class::Rounding,
        Class::Unmapped,
    ];

    /// `matched`, `missing here`, ...
    pub fn as_str(self) -> &'static str {
        match self {
            Class::Matched => "matched",
            Class::MissingHere => "missing here",
            Class::MissingThere => "missing there",
            Class::DifferentPrice => "different price",
            Class::DifferentQuantity => "different quantity",
            Class::Rounding => "rounding",
            Class::Unmapped => "unmapped",
        }
    }
}

/// What one side says, summed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Side {
    /// Units.
    pub quantity: Amount,
    /// Money.
    pub cost: Amount,
}

/// A difference, or the part of one that lies in a class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What differs.
    pub class: Class,
    /// The meter.
    pub meter: Arc<str>,
    /// The UTC day; none where whole months were compared.
    pub day: Option<NaiveDate>,
    /// Resource or cluster, by `level`; empty where days were compared.
    pub resource: Arc<str>,
    /// What was compared.
    pub level: Level,
    /// What the ledger says; none where it says nothing.
    pub ours: Option<Side>,
    /// What the vendor says.
    pub theirs: Option<Side>,
    /// The vendor's money less ours, as far as it is due to this class.
    pub money: Amount,
    /// Whether the rest of the difference lies in another class.
    pub split: bool,
    /// Why a line is unmapped; empty for the others.
    pub why: String,
}

/// Two sides, compared.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Compared {
    /// By class; inside, the most money first, then by meter, day and resource.
    pub differences: Vec<Difference>,
    /// How many meters were compared by what.
    pub levels: BTreeMap<Level, usize>,
    /// What matched comes to.
    pub matched: Amount,
}

impl Compared {
    /// The vendor's sum less ours, by the differences.
    ///
    /// # Errors
    /// [`Inexact`] beyond 128 bits.
    pub fn money(&self) -> Result<Amount, Inexact> {
        self.differences
            .iter()
            .try_fold(Amount::ZERO, |sum, d| sum.plus(d.money))
    }
}

/// Compares both sides.
///
/// # Errors
/// [`Inexact`] for sums beyond 128 bits.
pub fn compare(
    ours: &[Item],
    theirs: &[Item],
    unmapped: Vec<Unmapped>,
    grain: Grain,
) -> Result<Compared, Inexact> {
    let mut meters: BTreeMap<String, [Vec<&Item>; 2]> = BTreeMap::new();
    for (side, items) in [ours, theirs].into_iter().enumerate() {
        for item in items {
            let both = meters.entry(item.meter.to_lowercase()).or_default();
            if let Some(of_side) = both.get_mut(side) {
                of_side.push(item);
            }
        }
    }
    let mut compared = Compared::default();
    for [ours, theirs] in meters.values() {
        let level = level(ours, theirs, grain);
        let count = compared.levels.entry(level).or_default();
        *count = count.saturating_add(1);
        let mut groups: BTreeMap<(Option<NaiveDate>, String), Group> = BTreeMap::new();
        for (side, items) in [ours, theirs].into_iter().enumerate() {
            for item in items {
                groups
                    .entry(key(item, level))
                    .or_default()
                    .add(item, side, level)?;
            }
        }
        for ((day, _), group) in groups {
            group.differences(day, level, &mut compared)?;
        }
    }
    compared.differences.extend(unmapped.into_iter().map(of_unmapped));
    compared.differences.sort_by(|a, b| {
        let order = |d: &Difference| (d.class, std::cmp::Reverse(d.money.absolute()));
        order(a)
            .cmp(&order(b))
            .then_with(|| (&a.meter, a.day, &a.resource).cmp(&(&b.meter, b.day, &b.resource)))
    });
    Ok(compared)
}

fn of_unmapped(line: Unmapped) -> Difference {
    Difference {
        class: Class::Unmapped,
        meter: Arc::from(line.meter),
        day: Some(line.day),
        resource: Arc::from(line.resource),
        level: Level::Resource,
        ours: None,
        theirs: Some(Side {
            quantity: line.quantity,
            cost: line.cost,
        }),
        money: line.cost,
        split: false,
        why: line.why,
    }
}

/// The finest that both sides know of a meter: they know resources where one is named on both, and so with clusters.
fn level(ours: &[&Item], theirs: &[&Item], grain: Grain) -> Level {
    let shared = |name: fn(&Item) -> &str| {
        let named = |items: &[&Item]| -> BTreeSet<String> {
            let names = items.iter().map(|i| name(i).to_lowercase());
            names.filter(|n| !n.is_empty()).collect()
        };
        !named(ours).is_disjoint(&named(theirs))
    };
    match grain {
        Grain::Meter => Level::Meter,
        Grain::Day => Level::Day,
        Grain::Resource if shared(|i| &i.resource) => Level::Resource,
        Grain::Resource if shared(|i| &i.cluster) => Level::Cluster,
        Grain::Resource => Level::Day,
    }
}

fn name(item: &Item, level: Level) -> Arc<str> {
    match level {
        Level::Resource => Arc::clone(&item.resource),
        Level::Cluster => Arc::clone(&item.cluster),
        Level::Meter | Level::Day => Arc::from(""),
    }
}

fn key(item: &Item, level: Level) -> (Option<NaiveDate>, String) {
    let day = (level != Level::Meter).then_some(item.day);
    (day, name(item, level).to_lowercase())
}

/// The price of a side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Price {
    #[default]
    NotTold,
    One(Decimal),
    /// More than one, or one and lines without.
    Unclear,
}

impl Price {
    fn add(&mut self, told: Option<Decimal>, first: bool) {
        let told = told.map_or(Price::Unclear, |p| Price::One(p.normalize()));
        *self = if first || *self == told {
            told
        } else {
            Price::Unclear
        };
    }

    fn one(self) -> Option<Decimal> {
        match self {
            Price::One(price) => Some(price),
            Price::NotTold | Price::Unclear => None,
        }
    }
}

/// Items of both sides that are compared as one.
#[derive(Debug, Clone, Default)]
struct Group {
    meter: Option<Arc<str>>,
    resource: Option<Arc<str>>,
    sides: [Option<Side>; 2],
    prices: [Price; 2],
    quantity_slack: Amount,
    cost_slack: Amount,
}

impl Group {
    fn add(&mut self, item: &Item, side: usize, level: Level) -> Result<(), Inexact> {
        self.meter.get_or_insert_with(|| Arc::clone(&item.meter));
        self.resource.get_or_insert_with(|| name(item, level));
        if let (Some(sum), Some(price)) = (self.sides.get_mut(side), self.prices.get_mut(side)) {
            price.add(item.price, sum.is_none());
            let before = sum.unwrap_or_default();
            *sum = Some(Side {
                quantity: before.quantity.plus(item.quantity)?,
                cost: before.cost.plus(item.cost)?,
            });
        }
        self.quantity_slack = self.quantity_slack.plus(item.quantity_slack)?;
        self.cost_slack = self.cost_slack.plus(item.cost_slack)?;
        Ok(())
    }

    fn differences(self, day: Option<NaiveDate>, level: Level, to: &mut Compared) -> Result<(), Inexact> {
        let [ours, theirs] = self.sides;
        let parts = match (ours, theirs) {
            (None, None) => return Ok(()),
            (None, Some(theirs)) => vec![(Class::MissingHere, theirs.cost)],
            (Some(ours), None) => vec![(Class::MissingThere, Amount::ZERO.minus(ours.cost)?)],
            (Some(ours), Some(theirs)) => self.parts(ours, theirs)?,
        };
        let split = parts.len() > 1;
        for (class, money) in parts {
            if class == Class::Matched {
                to.matched = to.matched.plus(ours.unwrap_or_default().cost)?;
            }
            to.differences.push(Difference {
                class,
                meter: self.meter.clone().unwrap_or_else(|| Arc::from("")),
                day,
                resource: self.resource.clone().unwrap_or_else(|| Arc::from("")),
                level,
                ours,
                theirs,
                money,
                split,
                why: String::new(),
            });
        }
        Ok(())
    }

    /// What differs between two sides that both tell of it, and how much money each part is.
    fn parts(&self, ours: Side, theirs: Side) -> Result<Vec<(Class, Amount)>, Inexact> {
        let quantity = theirs.quantity.minus(ours.quantity)?;
        let money = theirs.cost.minus(ours.cost)?;
        if quantity.is_zero() && money.is_zero() {
            return Ok(vec![(Class::Matched, Amount::ZERO)]);
        }
        let prices = self.prices.map(Price::one);
        let same_price = matches!(prices, [Some(a), Some(b)] if a == b);
        let same_quantity = quantity.absolute() <= self.quantity_slack;
        let other_price = matches!(prices, [Some(_), Some(_)]) && !same_price;
        if same_quantity && !other_price && money.absolute() <= self.money_slack()? {
            return Ok(vec![(Class::Rounding, money)]);
        }
        if same_quantity {
            return Ok(vec![(Class::DifferentPrice, money)]);
        }
        let [Some(price), Some(_)] = prices else {
            return Ok(vec![(Class::DifferentQuantity, money)]);
        };
        if same_price {
            return Ok(vec![(Class::DifferentQuantity, money)]);
        }
        // A product with too many digits cannot be split off: then all of it is due to the quantity.
        match times(price, quantity) {
            Ok(of_quantity) => Ok(vec![
                (Class::DifferentPrice, money.minus(of_quantity)?),
                (Class::DifferentQuantity, of_quantity),
            ]),
            Err(_) => Ok(vec![(Class::DifferentQuantity, money)]),
        }
    }

    /// How far costs may be apart because quantities and costs were rounded when written.
    fn money_slack(&self) -> Result<Amount, Inexact> {
        let [ours, theirs] = self.prices.map(Price::one);
        let of_quantity = match theirs.or(ours) {
            Some(price) => times(price.abs(), self.quantity_slack).unwrap_or_default(),
            None => Amount::ZERO,
        };
        self.cost_slack.plus(of_quantity)
    }
}

fn times(price: Decimal, quantity: Amount) -> Result<Amount, Inexact> {
    Amount::of_decimal(multiply(price, quantity.decimal()?)?)
}
