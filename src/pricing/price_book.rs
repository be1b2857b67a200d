//! A price book: prices of meters with their effective periods and sources.

use std::collections::HashMap;
use std::sync::Arc;

use super::book_file::{BookFile, Fault};
use super::contract::{Contract, agree};
use crate::model::charge::{Price, PriceInForce};
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::meter::Meter;
use crate::model::money::UnitPrice;
use crate::model::period::{Instant, Period};

/// Prices of many meters, from one or several books.
#[derive(Debug, Clone, Default)]
pub struct PriceBook {
    prices: HashMap<Meter, Vec<Effective>>,
}

/// A meter that has no price.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no price book has a price of `{0}`")]
pub struct NoPrice(pub Meter);

/// A price and when it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effective {
    /// First instant; none since ever.
    pub from: Option<Instant>,
    /// First instant after; none until further notice.
    pub to: Option<Instant>,
    /// The price.
    pub price: Price,
}

impl Effective {
    fn starts_before(&self, at: Instant) -> bool {
        self.from.is_none_or(|from| from <= at)
    }

    fn ends_after(&self, at: Instant) -> bool {
        self.to.is_none_or(|to| at < to)
    }

    pub(super) fn overlaps(&self, other: &Effective) -> bool {
        let before = |end: Option<Instant>, start: Option<Instant>| matches!((end, start), (Some(e), Some(s)) if e <= s);
        !before(self.to, other.from) && !before(other.to, self.from)
    }
}

impl PriceBook {
    /// Reads a book's text and adds its prices.
    ///
    /// # Errors
    /// `price::syntax`, `price::number`, `price::instant`, `price::unit`, `price::source`,
    /// `price::overlap`; all rows are looked at.
    pub fn add(&mut self, source: &str, text: &str) -> Result<(), Diagnostics> {
        let file = BookFile::parse(source, text)?;
        let mut problems = Vec::new();
        for (i, row) in file.prices.iter().enumerate() {
            let read = file.effective(row);
            if let Err((code, message)) = read.and_then(|(meter, new)| self.insert(meter, new)) {
                problems.push(Diagnostic::error(code, source, message).path(format!("prices.{i}")));
            }
        }
        if problems.is_empty() {
            Ok(())
        } else {
            Err(Diagnostics(problems))
        }
    }

    fn insert(&mut self, meter: Meter, new: Effective) -> Result<(), Fault> {
        let name = meter.to_string();
        let all = self.prices.entry(meter).or_default();
        if let Some(other) = all.iter().find(|e| e.overlaps(&new)) {
            let message = format!(
                "{name} has two prices at once: {} ({}) and {} ({})",
                other.price.unit_price, other.price.source, new.price.unit_price, new.price.source
            );
            return Err(("price::overlap", message));
        }
        all.push(new);
        all.sort_by_key(|e| e.from);
        Ok(())
    }

    /// Prices of another book take the place of ours: meter by meter, from the instant each of them begins to
    /// hold until it ends. What ours say of other meters and other times stays.
    pub fn override_with(&mut self, other: PriceBook) {
        for (meter, theirs) in other.prices {
            let ours = self.prices.remove(&meter).unwrap_or_default();
            let mut kept = ours;
            for new in &theirs {
                kept = kept.into_iter().flat_map(|old| without(old, new)).collect();
            }
            kept.extend(theirs);
            kept.sort_by_key(|e| e.from);
            self.prices.insert(meter, kept);
        }
    }

    /// Lets a meter have another price from an instant on, until further notice: what the book says of it from then on
    /// no longer holds. Changes are told in order of time, so that each ends the one before. The currency stays that of
    /// the price in force then; without one, that of the last price before, else of the first after.
    ///
    /// # Errors
    /// [`NoPrice`] where the book has no price of the meter, so that there is nothing to change.
    pub fn change(
        &mut self,
        meter: &Meter,
        from: Instant,
        unit_price: UnitPrice,
        source: &Arc<str>,
    ) -> Result<(), NoPrice> {
        let all = self.prices.get(meter).map(Vec::as_slice).unwrap_or_default();
        // They are in order of time.
        let before = all.iter().rev().find(|e| e.starts_before(from));
        let like = before.or(all.first()).ok_or_else(|| NoPrice(meter.clone()))?;
        let changed = Effective {
            from: Some(from),
            to: None,
            price: Price {
                unit_price,
                list_unit_price: None,
                commitment: None,
                currency: like.price.currency,
                source: Arc::clone(source),
                synthetic: false,
            },
        };
        self.override_with(PriceBook {
            prices: HashMap::from([(meter.clone(), vec![changed])]),
        });
        Ok(())
    }

    /// Puts what contracts say in the place of list prices, beside which these stay. What a contract has already spoken of
    /// stays as it is.
    ///
    /// # Errors
    /// `price::currency` for a contract in another currency than a price it speaks of, `price::number` for a price with
    /// too many digits.
    pub fn agree(&mut self, contracts: &[Contract]) -> Result<(), Diagnostics> {
        if contracts.is_empty() {
            return Ok(());
        }
        for (meter, all) in &mut self.prices {
            let mut agreed = Vec::with_capacity(all.len());
            for effective in std::mem::take(all) {
                match effective.price.list_unit_price {
                    Some(_) => agreed.push(effective),
                    None => agreed.extend(agree(contracts, meter, effective)?),
                }
            }
            *all = agreed;
        }
        Ok(())
    }

    /// The prices of those meters that another book has too.
    pub fn of_meters_in(&self, other: &PriceBook) -> PriceBook {
        let shared = self
            .prices
            .iter()
            .filter(|(meter, _)| other.prices.contains_key(*meter));
        PriceBook {
            prices: shared.map(|(meter, all)| (meter.clone(), all.clone())).collect(),
        }
    }

    /// Takes over another book; of a meter that both have, only the other's prices stay.
    pub fn replace_with(&mut self, other: PriceBook) {
        self.prices.extend(other.prices);
    }

    /// The price of a meter at an instant.
    pub fn price_at(&self, meter: &Meter, at: Instant) -> Option<&Price> {
        let all = self.prices.get(meter)?;
        all.iter()
            .find(|e| e.starts_before(at) && e.ends_after(at))
            .map(|e| &e.price)
    }

    /// The prices in force over a period, in order, without gap or overlap; where no price holds the part says
    /// so.
    pub fn in_force(&self, meter: &Meter, period: Period) -> Vec<PriceInForce> {
        let mut parts = Vec::with_capacity(1);
        let mut at = period.start;
        for effective in self.prices.get(meter).into_iter().flatten() {
            let start = effective.from.map_or(at, |f| f.max(at));
            let end = effective.to.map_or(period.end, |t| t.min(period.end));
            let Some(held) = Period::new(start, end) else {
                continue;
            };
            if let Some(gap) = Period::new(at, held.start) {
                parts.push(PriceInForce {
                    period: gap,
                    price: None,
                });
            }
            parts.push(PriceInForce {
                period: held,
                price: Some(effective.price.clone()),
            });
            at = held.end;
        }
        if let Some(gap) = Period::new(at, period.end) {
            parts.push(PriceInForce {
                period: gap,
                price: None,
            });
        }
        parts
    }

    /// Every price of the meters whose text contains `needle`, ignoring case; sorted by meter and time.
    pub fn find(&self, needle: &str) -> Vec<(&Meter, &Effective)> {
        let needle = needle.to_lowercase();
        let mut found: Vec<_> = self
            .prices
            .iter()
            .filter(|(meter, _)| meter.to_string().to_lowercase().contains(&needle))
            .flat_map(|(meter, all)| all.iter().map(move |e| (meter, e)))
            .collect();
        found.sort_by_cached_key(|(meter, effective)| (meter.to_string(), effective.from));
        found
    }

    /// How many prices there are.
    pub fn len(&self) -> usize {
        self.prices.values().map(Vec::len).sum()
    }

    /// Whether there is no price.
    pub fn is_empty(&self) -> bool {
        self.prices.is_empty()
    }
}

/// What is left of `old` where `new` does not hold.
pub(super) fn without(old: Effective, new: &Effective) -> Vec<Effective> {
    if !old.overlaps(new) {
        return vec![old];
    }
    let mut left = Vec::new();
    if let Some(from) = new.from
        && old.from.is_none_or(|f| f < from)
    {
        left.push(Effective {
            to: Some(from),
            ..old.clone()
        });
    }
    if let Some(to) = new.to
        && old.to.is_none_or(|t| to < t)
    {
        left.push(Effective {
            from: Some(to),
            ..old
        });
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::exact::parse_decimal;
    use crate::model::money::Currency;
    use crate::model::period::parse_instant;
    use rust_decimal::Decimal;

    fn book(rows: &str) -> Result<PriceBook, Diagnostics> {
        let mut book = PriceBook::default();
        book.add(
            "b.json",
            &format!(
                r#"{{"price_book":"b","cloud":"AZURE","currency":"USD","sources":{{"s":{{}}}},"prices":[{rows}]}}"#
            ),
        )?;
        Ok(book)
    }

    fn row(price: &str, from: &str, to: &str) -> String {
        let quoted = |t: &str| {
            if t.is_empty() {
                "null".to_owned()
            } else {
                format!("\"{t}\"")
            }
        };
        format!(
            r#"{{"meter":{{"kind":"dbu","sku_name":"X"}},"unit":"DBU","unit_price":"{price}","from":{},"to":{},"source":"s"}}"#,
            quoted(from),
            quoted(to)
        )
    }

    fn meter() -> Meter {
        "dbu/AZURE/X".parse().unwrap()
    }

    #[test]
    fn a_price_holds_from_its_start_until_just_before_its_end() {
        let rows = [
            row("0.40", "2026-01-01", "2026-10-16"),
            row("0.55", "2026-10-16", ""),
        ]
        .join(",");
        let book = book(&rows).unwrap();
        let at = |t: &str| {
            book.price_at(&meter(), parse_instant(t).unwrap())
                .map(|p| p.unit_price.to_string())
        };
        assert_eq!(at("2026-10-15T23:59:59Z").as_deref(), Some("0.4"));
        assert_eq!(at("2026-10-16T00:00:00Z").as_deref(), Some("0.55"));
        assert_eq!(at("2025-12-31T23:59:59Z"), None);
        let month = "2026-01".parse::<crate::model::period::Month>().unwrap().period();
        let early = Period {
            start: parse_instant("2025-12-01").unwrap(),
            end: month.end,
        };
        let parts: Vec<_> = book
            .in_force(&meter(), early)
            .iter()
            .map(|p| p.price.is_some())
            .collect();
        assert_eq!(parts, [false, true]);
    }

    #[test]
    fn overlaps_and_bad_numbers_are_refused_with_their_row() {
        let code = |rows: &str| book(rows).unwrap_err().0[0].code;
        assert_eq!(
            code(&[row("1", "", "2026-02-01"), row("2", "2026-01-01", "")].join(",")),
            "price::overlap"
        );
        assert_eq!(code(&row("-1", "", "")), "price::number");
        assert_eq!(code(&row("1e3x", "", "")), "price::number");
        assert_eq!(code(&row("1", "yesterday", "")), "price::instant");
        assert_eq!(code("{}"), "price::syntax");
    }

    #[test]
    fn a_change_holds_until_the_next_one_whatever_the_book_says_later() {
        let rows = [
            row("0.40", "2026-01-01", "2026-10-16"),
            row("0.55", "2026-10-16", ""),
        ]
        .join(",");
        let mut book = book(&rows).unwrap();
        let source: Arc<str> = Arc::from("what-if#price_changes");
        let mut change = |at: &str, price: &str| {
            let price = UnitPrice(parse_decimal(price).unwrap());
            book.change(&meter(), parse_instant(at).unwrap(), price, &source)
        };
        change("2026-10-10", "0.28").unwrap();
        change("2026-10-20T12:00:00Z", "0.30").unwrap();
        let held: Vec<_> = book
            .find("x")
            .into_iter()
            .map(|(_, e)| {
                let text = |at: Option<Instant>| at.map(crate::model::period::rfc3339).unwrap_or_default();
                let price = &e.price;
                assert_eq!((price.currency, price.synthetic), (Currency::USD, false));
                (
                    text(e.from),
                    text(e.to),
                    price.unit_price.to_string(),
                    price.source.to_string(),
                )
            })
            .collect();
        let line = |from: &str, to: &str, price: &str, source: &str| {
            let full = |day: &str| match day.len() {
                10 => format!("{day}T00:00:00Z"),
                _ => day.to_owned(),
            };
            (full(from), full(to), price.to_owned(), source.to_owned())
        };
        assert_eq!(
            held,
            [
                line("2026-01-01", "2026-10-10", "0.4", "b#s"),
                line(
                    "2026-10-10",
                    "2026-10-20T12:00:00Z",
                    "0.28",
                    "what-if#price_changes"
                ),
                line("2026-10-20T12:00:00Z", "", "0.3", "what-if#price_changes"),
            ]
        );
        // What was told is in force to the second.
        let at = |t: &str| book.price_at(&meter(), parse_instant(t).unwrap()).unwrap();
        assert_eq!(at("2026-10-20T11:59:59Z").unit_price.to_string(), "0.28");
        assert_eq!(at("2026-10-20T12:00:00Z").unit_price.to_string(), "0.3");
    }

    #[test]
    fn a_change_takes_its_currency_from_the_nearest_price_and_needs_one() {
        let source: Arc<str> = Arc::from("s");
        let change = |book: &mut PriceBook, at: &str| {
            let price = UnitPrice(Decimal::ONE);
            book.change(&meter(), parse_instant(at).unwrap(), price, &source)
        };
        // Before the first price, after the end of the last, exactly at a start.
        for at in ["2025-01-01", "2026-03-01", "2026-01-01"] {
            let mut book = book(&row("0.40", "2026-01-01", "2026-02-01")).unwrap();
            change(&mut book, at).unwrap();
            let price = book
                .price_at(&meter(), parse_instant("2030-01-01").unwrap())
                .unwrap();
            assert_eq!(
                (price.unit_price.0, price.currency),
                (Decimal::ONE, Currency::USD),
                "{at}"
            );
        }
        let mut euros = PriceBook::default();
        let text = format!(
            r#"{{"price_book":"e","cloud":"AZURE","currency":"EUR","sources":{{"s":{{}}}},"prices":[{}]}}"#,
            row("0.40", "", "")
        );
        euros.add("e.json", &text).unwrap();
        change(&mut euros, "2026-03-01").unwrap();
        let price = euros
            .price_at(&meter(), parse_instant("2026-03-01").unwrap())
            .unwrap();
        assert_eq!(price.currency.as_str(), "EUR");
        assert_eq!(
            change(&mut PriceBook::default(), "2026-01-01"),
            Err(NoPrice(meter()))
        );
    }

    #[test]
    fn an_override_cuts_what_it_replaces() {
        let mut ours = book(&row("0.30", "", "")).unwrap();
        ours.override_with(book(&row("0.20", "2026-02-01", "2026-03-01")).unwrap());
        let prices: Vec<_> = ours
            .find("x")
            .iter()
            .map(|(_, e)| e.price.unit_price.to_string())
            .collect();
        assert_eq!(prices, ["0.3", "0.2", "0.3"]);
    }
}
