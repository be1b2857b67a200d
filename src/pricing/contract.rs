//! A contract: what was agreed on with a vendor for some meters and some time, off the list price or instead of it.
//!
//! A contract speaks of list prices, it has none: a meter without a list price stays without a price, and a term lasts as
//! long as the list price it speaks of holds. Of several terms the first that speaks of a meter at an instant counts, in
//! the order of the file and of the files. The JSON form is `pricing/schema/contract.schema.json`.

mod commitments;
mod sense;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::sync::Arc;

use self::commitments::{CommitmentRow, TiersRow, Within};
pub use self::sense::Doubt;
use super::book_file::{Fault, instant};
use super::price_book::{Effective, without};
use crate::model::agreement::{Agreed, Commitment, VolumeTiers};
use crate::model::charge::Price;
use crate::model::diagnostic::{Diagnostic, Diagnostics, json_message};
use crate::model::exact::{add, multiply, parse_decimal};
use crate::model::meter::Meter;
use crate::model::meter_pattern::MeterPattern;
use crate::model::money::{Currency, UnitPrice};
use crate::model::period::Instant;

/// What was agreed on.
#[derive(Debug, Clone)]
pub struct Contract {
    /// The file, for diagnostics.
    source: Arc<str>,
    name: String,
    currency: Currency,
    terms: Vec<Term>,
    commitments: Vec<Commitment>,
    volume_tiers: Vec<VolumeTiers>,
}

#[derive(Debug, Clone)]
struct Term {
    meters: Vec<MeterPattern>,
    agreed: Agreed,
    from: Option<Instant>,
    to: Option<Instant>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ContractFile<'a> {
    contract: String,
    currency: Currency,
    #[serde(default, rename = "note")]
    _note: Option<IgnoredAny>,
    #[serde(default, rename = "$schema")]
    _schema: Option<IgnoredAny>,
    #[serde(borrow, default)]
    terms: Vec<TermRow<'a>>,
    #[serde(borrow, default)]
    commitments: Vec<CommitmentRow<'a>>,
    #[serde(borrow, default)]
    volume_tiers: Vec<TiersRow<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TermRow<'a> {
    meters: Vec<String>,
    #[serde(default)]
    discount_percent: Option<&'a str>,
    #[serde(default)]
    unit_price: Option<&'a str>,
    #[serde(default)]
    from: Option<&'a str>,
    #[serde(default)]
    to: Option<&'a str>,
    #[serde(default, rename = "note")]
    _note: Option<IgnoredAny>,
}

impl Contract {
    /// Reads a contract.
    ///
    /// # Errors
    /// `price::syntax`, `price::term`, `price::pattern`, `price::number`, `price::instant`; all terms are looked at.
    pub fn parse(source: &str, text: &str) -> Result<Contract, Diagnostics> {
        let file: ContractFile<'_> = serde_json::from_str(text).map_err(|e| {
            Diagnostic::error("price::syntax", source, json_message(&e))
                .at(e.line(), e.column())
                .hint("see pricing/README.md for the form of a contract")
        })?;
        let mut problems = Vec::new();
        let (currency, contract) = (file.currency, file.contract);
        let within = |number| Within {
            contract: &contract,
            currency,
            number,
        };
        let terms = read_all(source, "terms", file.terms, &mut problems, |_, row| {
            Term::read(row)
        });
        let commitments = read_all(
            source,
            "commitments",
            file.commitments,
            &mut problems,
            |i, row| row.read(within(i)),
        );
        let volume_tiers = read_all(
            source,
            "volume_tiers",
            file.volume_tiers,
            &mut problems,
            |i, row| row.read(within(i)),
        );
        if terms.len() + commitments.len() + volume_tiers.len() == 0 && problems.is_empty() {
            let message = "it agrees on nothing; expected `terms`, `commitments` or `volume_tiers`";
            problems.push(Diagnostic::error("price::term", source, message));
        }
        match problems.is_empty() {
            true => Ok(Contract {
                source: Arc::from(source),
                name: contract,
                currency,
                terms,
                commitments,
                volume_tiers,
            }),
            false => Err(Diagnostics(problems)),
        }
    }

    /// Money promised or paid beforehand.
    pub fn commitments(&self) -> &[Commitment] {
        &self.commitments
    }

    /// Prices above so much a month.
    pub fn volume_tiers(&self) -> &[VolumeTiers] {
        &self.volume_tiers
    }

    /// The patterns that speak of none of these meters, each with the number of its term, from 0.
    pub fn unmatched<'a>(&'a self, meters: &'a [String]) -> impl Iterator<Item = (usize, &'a str)> {
        let patterns = self.terms.iter().enumerate();
        let patterns = patterns.flat_map(|(i, term)| term.meters.iter().map(move |pattern| (i, pattern)));
        let unmatched =
            patterns.filter(|(_, pattern)| !meters.iter().any(|meter| pattern.matches_text(meter)));
        unmatched.map(|(i, pattern)| (i, pattern.as_str()))
    }

    /// What a term makes of a list price over the part where both hold; none where they do not.
    fn part(
        &self,
        number: usize,
        term: &Term,
        meter: &str,
        listed: &Effective,
    ) -> Result<Option<Effective>, Diagnostic> {
        let Some((from, to)) = term.part_of(listed) else {
            return Ok(None);
        };
        let wrong = |code, message: String| {
            Diagnostic::error(code, &*self.source, message).path(format!("terms.{number}"))
        };
        if self.currency != listed.price.currency {
            let message = format!(
                "the contract is in {}, the list price of {meter} ({}) in {}",
                self.currency, listed.price.source, listed.price.currency
            );
            return Err(wrong("price::currency", message)
                .hint("a ledger has one currency: give price books in the currency of the contract"));
        }
        let list = listed.price.unit_price;
        let price = Price {
            unit_price: term
                .agreed
                .unit_price(list)
                .map_err(|e| wrong("price::number", e.to_string()))?,
            list_unit_price: Some(list),
            source: Arc::from(format!("{}#terms.{number} on {}", self.name, listed.price.source)),
            ..listed.price.clone()
        };
        Ok(Some(Effective { from, to, price }))
    }

    /// The file.
    pub fn source(&self) -> &str {
        &self.source
    }
}

impl Term {
    fn read(row: TermRow<'_>) -> Result<Term, Fault> {
        let (meters, agreed) = (
            patterns(&row.meters)?,
            agreed(row.discount_percent, row.unit_price)?,
        );
        let (from, to) = (instant(row.from)?, instant(row.to)?);
        if let (Some(start), Some(end)) = (from, to)
            && start >= end
        {
            let [from, to] = [row.from, row.to].map(Option::unwrap_or_default);
            let message = format!("it ends at {to}, not after its start {from}");
            return Err(("price::instant", message));
        }
        Ok(Term {
            meters,
            agreed,
            from,
            to,
        })
    }

    fn speaks_of(&self, meter: &str) -> bool {
        self.meters.iter().any(|pattern| pattern.matches_text(meter))
    }

    /// The part of a list price over which it holds.
    fn part_of(&self, listed: &Effective) -> Option<(Option<Instant>, Option<Instant>)> {
        // No start is before any start, and no end after any end.
        let from = self.from.max(listed.from);
        let to = match (self.to, listed.to) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        let empty = matches!((from, to), (Some(from), Some(to)) if from >= to);
        (!empty).then_some((from, to))
    }
}

/// Reads the rows of a section; what is wrong with a row is told with its place.
fn read_all<R, T>(
    source: &str,
    section: &str,
    rows: Vec<R>,
    problems: &mut Vec<Diagnostic>,
    read: impl Fn(usize, R) -> Result<T, Fault>,
) -> Vec<T> {
    let mut found = Vec::with_capacity(rows.len());
    for (i, row) in rows.into_iter().enumerate() {
        match read(i, row) {
            Ok(row) => found.push(row),
            Err((code, message)) => {
                problems.push(Diagnostic::error(code, source, message).path(format!("{section}.{i}")));
            }
        }
    }
    found
}

/// The patterns of `meters`: one at least.
pub(super) fn patterns(meters: &[String]) -> Result<Vec<MeterPattern>, Fault> {
    if meters.is_empty() {
        return Err(("price::term", "`meters` names none".to_owned()));
    }
    let patterns = meters.iter().map(|text| MeterPattern::new(text));
    patterns
        .collect::<Result<_, _>>()
        .map_err(|e| ("price::pattern", e.to_string()))
}

/// A discount or a price, not both.
fn agreed(discount_percent: Option<&str>, unit_price: Option<&str>) -> Result<Agreed, Fault> {
    let number = |text: &str| parse_decimal(text).map_err(|e| ("price::number", e.to_string()));
    match (discount_percent, unit_price) {
        (Some(percent), None) => Ok(Agreed::Share(share(number(percent)?)?)),
        (None, Some(price)) => {
            let price = number(price)?;
            if price.is_sign_negative() {
                return Err(("price::number", format!("`{price}` is negative")));
            }
            Ok(Agreed::Price(UnitPrice(price.normalize())))
        }
        _ => {
            let message = "expected either `discount_percent` or `unit_price`";
            Err(("price::term", message.to_owned()))
        }
    }
}

/// What is left when so many percent are off.
fn share(percent: Decimal) -> Result<Decimal, Fault> {
    let hundred = Decimal::ONE_HUNDRED;
    if percent < Decimal::ZERO || percent > hundred {
        let message = format!("`{percent}` percent; expected 0 to 100");
        return Err(("price::number", message));
    }
    let left = add(hundred, -percent).and_then(|left| multiply(left, Decimal::new(1, 2)));
    left.map_err(|e| ("price::number", e.to_string()))
}

/// A list price cut where terms begin and end: over each part what is owed, with the list price beside it.
///
/// # Errors
/// `price::currency` for a term in another currency than the price, `price::number` for a price with too many digits.
pub(super) fn agree(
    contracts: &[Contract],
    meter: &Meter,
    listed: Effective,
) -> Result<Vec<Effective>, Diagnostic> {
    let name = meter.to_string();
    let mut agreed = Vec::new();
    let mut open = vec![listed];
    for contract in contracts {
        let terms = contract.terms.iter().enumerate();
        for (i, term) in terms.filter(|(_, term)| term.speaks_of(&name)) {
            let mut still_open = Vec::new();
            for listed in open {
                match contract.part(i, term, &name, &listed)? {
                    Some(part) => {
                        still_open.extend(without(listed, &part));
                        agreed.push(part);
                    }
                    None => still_open.push(listed),
                }
            }
            open = still_open;
        }
    }
    agreed.extend(open);
    agreed.sort_by_key(|e| e.from);
    Ok(agreed)
}

#[cfg(test)]
mod tests;
