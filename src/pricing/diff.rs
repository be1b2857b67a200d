//! What differs between two sets of price books.

use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};

use super::price_book::{Effective, PriceBook};
use crate::model::charge::Price;
use crate::model::exact::percent_change;
use crate::model::meter::Meter;
use crate::model::period::Instant;

/// How a meter differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// Only the new books have the meter.
    Added,
    /// Only the old books have the meter.
    Removed,
    /// Both have a price, and not the same.
    Changed,
    /// Both have the meter; over this time only the new ones have a price.
    PeriodAdded,
    /// Both have the meter; over this time only the old ones have a price.
    PeriodRemoved,
}

impl Change {
    /// Its stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            Change::Added => "added",
            Change::Removed => "removed",
            Change::Changed => "changed",
            Change::PeriodAdded => "period_added",
            Change::PeriodRemoved => "period_removed",
        }
    }
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The meter.
    pub meter: Meter,
    /// How it differs.
    pub change: Change,
    /// Since when; none since ever.
    pub from: Option<Instant>,
    /// Until when; none until further notice.
    pub to: Option<Instant>,
    /// The price of the old books.
    pub old: Option<Price>,
    /// The price of the new books.
    pub new: Option<Price>,
}

impl Difference {
    /// New less old, where both are in one currency.
    pub fn difference(&self) -> Option<Decimal> {
        let (old, new) = self.prices()?;
        new.checked_sub(old).map(|d| d.normalize())
    }

    /// The same in percent of the old price, 2 places, half-even.
    pub fn percent(&self) -> Option<Decimal> {
        let (old, new) = self.prices()?;
        percent_change(old, new)
    }

    fn prices(&self) -> Option<(Decimal, Decimal)> {
        let (old, new) = (self.old.as_ref()?, self.new.as_ref()?);
        (old.currency == new.currency).then_some((old.unit_price.0, new.unit_price.0))
    }
}

/// Every difference, in the order of meters and time; with an instant, only what differs then. Sources are not compared.
pub fn diff(old: &PriceBook, new: &PriceBook, at: Option<Instant>) -> Vec<Difference> {
    let (old, new) = (by_meter(old, at), by_meter(new, at));
    let meters: BTreeSet<&Meter> = old.keys().chain(new.keys()).copied().collect();
    let mut all: Vec<(String, Vec<Difference>)> = meters
        .into_iter()
        .map(|meter| {
            (
                meter.to_string(),
                of_meter(meter, old.get(meter), new.get(meter), at),
            )
        })
        .collect();
    // The order in which `tollgate price show` gives meters.
    all.sort_by(|(one, _), (other, _)| one.cmp(other));
    all.into_iter().flat_map(|(_, found)| found).collect()
}

type Prices<'b> = Vec<&'b Effective>;

fn by_meter(book: &PriceBook, at: Option<Instant>) -> BTreeMap<&Meter, Prices<'_>> {
    let mut meters: BTreeMap<&Meter, Prices<'_>> = BTreeMap::new();
    for (meter, effective) in book.find("") {
        if at.is_none_or(|at| holds(effective, Some(at))) {
            meters.entry(meter).or_default().push(effective);
        }
    }
    meters
}

/// Whether a price holds at an instant; without one, before everything.
fn holds(effective: &Effective, at: Option<Instant>) -> bool {
    match at {
        Some(at) => effective.from.is_none_or(|from| from <= at) && effective.to.is_none_or(|to| at < to),
        None => effective.from.is_none(),
    }
}

fn of_meter(
    meter: &Meter,
    old: Option<&Prices<'_>>,
    new: Option<&Prices<'_>>,
    at: Option<Instant>,
) -> Vec<Difference> {
    let one_sided = |prices: &Prices<'_>, change: Change| -> Vec<Difference> {
        let row = |e: &&Effective| {
            let price = Some(e.price.clone());
            let (old, new) = if change == Change::Added {
                (None, price)
            } else {
                (price, None)
            };
            let meter = meter.clone();
            Difference {
                meter,
                change,
                from: e.from,
                to: e.to,
                old,
                new,
            }
        };
        prices.iter().map(row).collect()
    };
    match (old, new) {
        (Some(old), Some(new)) => two_sided(meter, old, new, at),
        (Some(old), None) => one_sided(old, Change::Removed),
        (None, Some(new)) => one_sided(new, Change::Added),
        (None, None) => Vec::new(),
    }
}

/// Both sides cut at every instant at which one of them changes; neighbours that say the same are put together.
fn two_sided(meter: &Meter, old: &Prices<'_>, new: &Prices<'_>, at: Option<Instant>) -> Vec<Difference> {
    let cuts: BTreeSet<Instant> = old
        .iter()
        .chain(new)
        .flat_map(|e| [e.from, e.to])
        .flatten()
        .collect();
    // None is before everything as a start, and after everything as an end.
    let starts = [None].into_iter().chain(cuts.iter().copied().map(Some));
    let ends = cuts.iter().copied().map(Some).chain([None]);
    let price = |all: &Prices<'_>, start| all.iter().find(|e| holds(e, start)).map(|e| e.price.clone());
    let mut found: Vec<Difference> = Vec::new();
    for (from, to) in starts.zip(ends) {
        let inside = |at: Instant| from.is_none_or(|from| from <= at) && to.is_none_or(|to| at < to);
        if at.is_some_and(|at| !inside(at)) {
            continue;
        }
        let (old, new) = (price(old, from), price(new, from));
        let change = match (&old, &new) {
            (Some(old), Some(new)) if !same(old, new) => Change::Changed,
            (None, Some(_)) => Change::PeriodAdded,
            (Some(_), None) => Change::PeriodRemoved,
            _ => continue,
        };
        let alike = |last: &&mut Difference| {
            let both = |one: &Option<Price>, other: &Option<Price>| match (one, other) {
                (Some(one), Some(other)) => same(one, other),
                (one, other) => one.is_none() && other.is_none(),
            };
            last.to == from && both(&last.old, &old) && both(&last.new, &new)
        };
        match found.last_mut().filter(alike) {
            Some(last) => last.to = to,
            None => found.push(Difference {
                meter: meter.clone(),
                change,
                from,
                to,
                old,
                new,
            }),
        }
    }
    found
}

fn same(one: &Price, other: &Price) -> bool {
    (one.unit_price, one.currency) == (other.unit_price, other.currency)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::period::parse_instant;

    fn book(rows: &[(&str, &str, &str, &str)]) -> PriceBook {
        let quoted = |day: &str| match day {
            "" => "null".to_owned(),
            day => format!("\"{day}\""),
        };
        let rows: Vec<String> = rows
            .iter()
            .map(|(sku, price, from, to)| {
                format!(
                    "{{\"meter\":{{\"kind\":\"dbu\",\"sku_name\":\"{sku}\"}},\"unit\":\"DBU\",\"unit_price\":\"{price}\",\"from\":{},\"to\":{},\"source\":\"s\"}}",
                    quoted(from), quoted(to)
                )
            })
            .collect();
        let mut book = PriceBook::default();
        let text = format!(
            "{{\"price_book\":\"b\",\"cloud\":\"AZURE\",\"currency\":\"USD\",\"sources\":{{\"s\":{{}}}},\"prices\":[{}]}}",
            rows.join(",")
        );
        book.add("b.json", &text).unwrap();
        book
    }

    fn told(old: &PriceBook, new: &PriceBook, at: Option<&str>) -> Vec<String> {
        let found = diff(old, new, at.map(|at| parse_instant(at).unwrap()));
        let line = |d: Difference| {
            let day = |at: Option<Instant>| at.map_or("-".to_owned(), |at| at.format("%Y-%m-%d").to_string());
            let price = |p: &Option<Price>| p.as_ref().map_or("-".to_owned(), |p| p.unit_price.to_string());
            let change = d.percent().map_or(String::new(), |p| format!(" {p}%"));
            format!(
                "{} {} {} {} {} {}{change}",
                d.meter.sku(),
                d.change.as_str(),
                day(d.from),
                day(d.to),
                price(&d.old),
                price(&d.new)
            )
        };
        found.into_iter().map(line).collect()
    }

    #[test]
    fn meters_prices_and_periods_are_compared() {
        let old = book(&[
            ("A", "0.55", "2024-01-01", ""),
            ("B", "1", "2024-01-01", "2025-01-01"),
            ("C", "2", "", ""),
            ("D", "3", "2024-01-01", ""),
        ]);
        let new = book(&[
            ("A", "0.55", "2024-01-01", "2026-01-01"),
            ("A", "0.5", "2026-01-01", "2026-06-01"),
            // Written in two rows, it is one period.
            ("A", "0.50", "2026-06-01", ""),
            ("B", "1", "2024-06-01", ""),
            ("D", "3.0", "2024-01-01", "2025-01-01"),
            ("D", "3", "2025-01-01", ""),
            ("E", "9", "2024-01-01", ""),
        ]);
        assert_eq!(
            told(&old, &new, None),
            [
                "A changed 2026-01-01 - 0.55 0.5 -9.09%",
                "B period_removed 2024-01-01 2024-06-01 1 -",
                "B period_added 2025-01-01 - - 1",
                "C removed - - 2 -",
                "E added 2024-01-01 - - 9",
            ]
        );
        assert_eq!(
            told(&old, &new, Some("2025-06-01")),
            [
                "B added 2024-06-01 - - 1",
                "C removed - - 2 -",
                "E added 2024-01-01 - - 9"
            ]
        );
        assert!(told(&old, &old, None).is_empty());
    }
}
