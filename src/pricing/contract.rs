//! A contract: what was agreed on with a vendor for some meters and some time, off the list price or instead of it.
//!
//! A contract speaks of list prices, it has none: a meter without a list price stays without a price, and a term lasts as
//! long as the list price it speaks of holds. Of several terms the first that speaks of a meter at an instant counts, in
//! the order of the file and of the files. The JSON form is `pricing/schema/contract.schema.json`.

use rust_decimal::Decimal;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::sync::Arc;

use super::book_file::{Fault, instant};
use super::price_book::{Effective, without};
use crate::model::charge::Price;
use crate::model::diagnostic::{Diagnostic, Diagnostics, json_message};
use crate::model::exact::{add, multiply, parse_decimal};
use crate::model::glob::matches;
use crate::model::meter::Meter;
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
}

#[derive(Debug, Clone)]
struct Term {
    meters: Vec<String>,
    agreed: Agreed,
    from: Option<Instant>,
    to: Option<Instant>,
}

#[derive(Debug, Clone, Copy)]
enum Agreed {
    /// What is left of the list price: 0.88 where 12 percent are off.
    Share(Decimal),
    /// A price instead of the list price.
    Price(UnitPrice),
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
    #[serde(borrow)]
    terms: Vec<TermRow<'a>>,
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

/// What the texts of meters begin with.
const KINDS: [&str; 6] = ["vm/", "dbu/", "disk/", "public_ip/", "nat_gateway/", "storage/"];

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
        let mut terms = Vec::with_capacity(file.terms.len());
        for (i, row) in file.terms.into_iter().enumerate() {
            match Term::read(row) {
                Ok(term) => terms.push(term),
                Err((code, message)) => {
                    problems.push(Diagnostic::error(code, source, message).path(format!("terms.{i}")));
                }
            }
        }
        match problems.is_empty() {
            true => Ok(Contract {
                source: Arc::from(source),
                name: file.contract,
                currency: file.currency,
                terms,
            }),
            false => Err(Diagnostics(problems)),
        }
    }

    /// The patterns that speak of none of these meters, each with the number of its term, from 0.
    pub fn unmatched<'a>(&'a self, meters: &'a [String]) -> impl Iterator<Item = (usize, &'a str)> {
        let patterns = self.terms.iter().enumerate();
        let patterns =
            patterns.flat_map(|(i, term)| term.meters.iter().map(move |pattern| (i, pattern.as_str())));
        patterns.filter(|(_, pattern)| !meters.iter().any(|meter| matches(pattern, meter)))
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
            unit_price: term.unit_price(list).map_err(|e| wrong("price::number", e))?,
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
        if row.meters.is_empty() {
            return Err(("price::term", "`meters` names none".to_owned()));
        }
        for pattern in &row.meters {
            if !pattern.starts_with('*') && !KINDS.iter().any(|kind| pattern.starts_with(kind)) {
                let message = format!(
                    "`{pattern}` begins with no kind of meter; expected one of {}, as in `dbu/AZURE/PREMIUM_*`",
                    KINDS.join(" ")
                );
                return Err(("price::pattern", message));
            }
        }
        let number = |text: &str| parse_decimal(text).map_err(|e| ("price::number", e.to_string()));
        let agreed = match (row.discount_percent, row.unit_price) {
            (Some(percent), None) => Agreed::Share(share(number(percent)?)?),
            (None, Some(price)) => {
                let price = number(price)?;
                if price.is_sign_negative() {
                    return Err(("price::number", format!("`{price}` is negative")));
                }
                Agreed::Price(UnitPrice(price.normalize()))
            }
            _ => {
                let message = "expected either `discount_percent` or `unit_price`";
                return Err(("price::term", message.to_owned()));
            }
        };
        let (from, to) = (instant(row.from)?, instant(row.to)?);
        if let (Some(start), Some(end)) = (from, to)
            && start >= end
        {
            let [from, to] = [row.from, row.to].map(Option::unwrap_or_default);
            let message = format!("it ends at {to}, not after its start {from}");
            return Err(("price::instant", message));
        }
        Ok(Term {
            meters: row.meters,
            agreed,
            from,
            to,
        })
    }

    fn speaks_of(&self, meter: &str) -> bool {
        self.meters.iter().any(|pattern| matches(pattern, meter))
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

    fn unit_price(&self, list: UnitPrice) -> Result<UnitPrice, String> {
        match self.agreed {
            Agreed::Price(price) => Ok(price),
            Agreed::Share(share) => multiply(list.0, share)
                .map(|price| UnitPrice(price.normalize()))
                .map_err(|e| e.to_string()),
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
mod tests {
    use super::*;
    use crate::pricing::price_book::PriceBook;

    fn contract(terms: &str) -> Result<Contract, Diagnostics> {
        let text = format!(r#"{{"contract":"acme","currency":"USD","terms":{terms}}}"#);
        Contract::parse("acme.json", &text)
    }

    fn agreed(currency: &str, terms: &str) -> Result<PriceBook, Diagnostics> {
        let mut book = PriceBook::default();
        let rows = r#"[
            {"meter":{"kind":"dbu","sku_name":"JOBS"},"unit":"DBU","unit_price":"0.30","from":null,"to":"2026-10-16","source":"s"},
            {"meter":{"kind":"dbu","sku_name":"JOBS"},"unit":"DBU","unit_price":"0.33","from":"2026-10-16","to":null,"source":"s"},
            {"meter":{"kind":"dbu","sku_name":"SQL"},"unit":"DBU","unit_price":"0.22","from":"2026-10-01","to":null,"source":"s"}]"#;
        let text = format!(
            r#"{{"price_book":"b","cloud":"AZURE","currency":"{currency}","sources":{{"s":{{}}}},"prices":{rows}}}"#
        );
        book.add("b.json", &text).unwrap();
        book.agree(&[contract(terms)?])?;
        Ok(book)
    }

    /// `instant: owed of list`, where the price changes.
    fn shown(book: &PriceBook, meter: &str) -> Vec<String> {
        let found = book.find(meter);
        let from = |e: &Effective| e.from.map_or("ever".to_owned(), |at| at.date_naive().to_string());
        let line = |e: &Effective| {
            let price = &e.price;
            let list = price.list_unit_price.map_or("list".to_owned(), |p| p.to_string());
            format!("{}: {} of {list}", from(e), price.unit_price)
        };
        found.iter().map(|(_, e)| line(e)).collect()
    }

    #[test]
    fn a_term_holds_as_long_as_it_says_over_each_list_price() {
        // 12.5 percent off 0.30 are 0.2625, off 0.33 they are 0.28875.
        let terms =
            r#"[{"meters":["dbu/*/JOBS*"],"discount_percent":"12.5","from":"2026-10-10","to":"2026-11-01"}]"#;
        let book = agreed("USD", terms).unwrap();
        assert_eq!(
            shown(&book, "JOBS"),
            [
                "ever: 0.3 of list",
                "2026-10-10: 0.2625 of 0.3",
                "2026-10-16: 0.28875 of 0.33",
                "2026-11-01: 0.33 of list"
            ]
        );
        assert_eq!(shown(&book, "SQL"), ["2026-10-01: 0.22 of list"]);
        let source = &book.find("JOBS")[1].1.price.source;
        assert_eq!(&**source, "acme#terms.0 on b#s");
    }

    #[test]
    fn the_first_term_counts_and_a_second_look_changes_nothing() {
        let terms = r#"[{"meters":["dbu/AZURE/SQL"],"unit_price":"0.20","from":"2026-10-05","to":"2026-10-08"},
                        {"meters":["*"],"discount_percent":"50"}]"#;
        let mut book = agreed("USD", terms).unwrap();
        let once = [
            "2026-10-01: 0.11 of 0.22",
            "2026-10-05: 0.2 of 0.22",
            "2026-10-08: 0.11 of 0.22",
        ];
        assert_eq!(shown(&book, "SQL"), once);
        book.agree(&[contract(terms).unwrap()]).unwrap();
        assert_eq!(shown(&book, "SQL"), once);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_term() {
        for (terms, code) in [
            ("{}", "price::syntax"),
            (r#"[{"meters":[],"unit_price":"1"}]"#, "price::term"),
            (r#"[{"meters":["*"]}]"#, "price::term"),
            (
                r#"[{"meters":["*"],"unit_price":"1","discount_percent":"1"}]"#,
                "price::term",
            ),
            (r#"[{"meters":["JOBS"],"unit_price":"1"}]"#, "price::pattern"),
            (
                r#"[{"meters":["*"],"discount_percent":"100.1"}]"#,
                "price::number",
            ),
            (r#"[{"meters":["*"],"discount_percent":"-1"}]"#, "price::number"),
            (r#"[{"meters":["*"],"unit_price":"-1"}]"#, "price::number"),
            (
                r#"[{"meters":["*"],"unit_price":"1","from":"May"}]"#,
                "price::instant",
            ),
            (
                r#"[{"meters":["*"],"unit_price":"1","from":"2026-05-02","to":"2026-05-02"}]"#,
                "price::instant",
            ),
        ] {
            assert_eq!(contract(terms).unwrap_err().0[0].code, code, "{terms}");
        }
        let other = agreed("EUR", r#"[{"meters":["*"],"discount_percent":"1"}]"#).unwrap_err();
        assert_eq!(other.0[0].code, "price::currency");
        let fine = agreed(
            "USD",
            r#"[{"meters":["*"],"discount_percent":"1.00000000000000000000000007"}]"#,
        );
        assert_eq!(fine.unwrap_err().0[0].code, "price::number");
    }
}
