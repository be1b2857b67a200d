//! Offer files of the AWS Price List Bulk API for AmazonEC2, as JSON or CSV, and answers of `describe-spot-price-history`: prices
//! of Linux machines, on demand and spot.
//!
//! An offer file has hundreds of megabytes, so it is read as it comes and never held. Which products are taken follows the query
//! that answers with one price per size: Linux, shared tenancy, no licence, no software installed before, `BoxUsage`.

mod offer_csv;
mod offer_json;
mod product;
mod spot;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::io::{self, Read};
use std::rc::Rc;
use std::sync::Arc;

use rust_decimal::Decimal;

use super::periods::{Start, successive};
use super::{Expected, Imported, LeftOut, OtherCurrencies, Source, Spot, count, nothing};
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::exact::parse_decimal;
use crate::model::meter::{MeterKind, PurchaseOption};
use crate::model::period::parse_instant;
use crate::model::place::Cloud;
use crate::model::rows::{Input, Opened, opened};
use crate::pricing::book_draft::{Draft, DraftSource};

/// What is read of the files.
#[derive(Debug, Clone, Default)]
pub struct Only {
    /// The regions; all where there are none.
    pub regions: Vec<String>,
    /// The availability zones whose spot prices are read; all where there are none.
    pub zones: Vec<String>,
}

/// Makes a book of offer files and histories of spot prices.
///
/// # Errors
/// `price::syntax`, `price::page`, `price::row`, `price::number`, `price::instant`, `price::currency`, `price::conflict`,
/// `price::nothing`, `file::damaged`; all of them.
pub fn aws_price_list(
    sources: Vec<Source>,
    expected: &Expected,
    only: &Only,
) -> Result<Imported, Diagnostics> {
    let mut desk = Desk::new(expected, only);
    let first = sources.first().map(|source| source.name.clone());
    for source in sources {
        let name: Arc<str> = Arc::from(source.name.as_str());
        match opened(source.input) {
            Ok(Opened::Json(text)) => offer_json::read(&name, text, &mut desk),
            Ok(Opened::Other(Input::Stream(text))) => offer_csv::read(&name, text, &mut desk),
            Ok(Opened::Other(Input::File(_))) => desk.problems.push(not_an_offer(&name, 0)),
            Err(error) => desk.problems.push(damaged(&name, &error)),
        }
    }
    desk.imported(first.as_deref())
}

/// Takes prices and counts what is left out.
struct Desk<'e> {
    expected: &'e Expected,
    only: &'e Only,
    rows: usize,
    starts: Vec<Start>,
    left_out: BTreeMap<LeftOut, usize>,
    currencies: OtherCurrencies,
    problems: Vec<Diagnostic>,
    warnings: Vec<Diagnostic>,
}

/// A price as a file tells it.
struct Price<'a> {
    region: &'a str,
    node_type_id: &'a str,
    purchase_option: PurchaseOption,
    /// The zone of a spot price; empty for prices of a region.
    zone: &'a str,
    currency: &'a str,
    amount: &'a str,
    from: &'a str,
}

impl<'e> Desk<'e> {
    fn new(expected: &'e Expected, only: &'e Only) -> Desk<'e> {
        Desk {
            expected,
            only,
            rows: 0,
            starts: Vec::new(),
            left_out: BTreeMap::new(),
            currencies: OtherCurrencies::default(),
            problems: Vec::new(),
            warnings: Vec::new(),
        }
    }

    fn row(&mut self) {
        self.rows = self.rows.saturating_add(1);
    }

    fn leave(&mut self, reason: LeftOut) {
        count(&mut self.left_out, reason);
    }

    fn is_asked_for(&self, region: &str) -> bool {
        self.only.regions.is_empty() || self.only.regions.iter().any(|asked| asked == region)
    }

    /// Takes a price, or tells what is wrong with it.
    fn price(&mut self, spot: &Spot, price: &Price<'_>) {
        if price.currency != self.expected.currency.as_str() {
            return self.currencies.add(price.currency, spot);
        }
        let read = amount(price.amount)
            .map_err(|what| spot.error("price::number", what))
            .and_then(|amount| match parse_instant(price.from) {
                Ok(from) => Ok((amount, from)),
                Err(error) => Err(spot.error("price::instant", error.to_string())),
            });
        match read {
            Ok((amount, _)) if amount.is_zero() => self.leave(LeftOut::PriceZero),
            Ok((unit_price, from)) => self.starts.push(Start {
                meter: MeterKind::Vm {
                    region: price.region.to_owned(),
                    node_type_id: price.node_type_id.to_owned(),
                    purchase_option: price.purchase_option,
                },
                told_for: price.zone.to_owned(),
                from,
                unit_price,
                spot: spot.clone(),
                region: None,
            }),
            Err(wrong) => self.problems.push(wrong),
        }
    }

    fn tier(&mut self, spot: &Spot) {
        let message = "a price that hangs on the quantity is not taken: a book has one price for all";
        self.warnings.push(spot.warning("price::tier", message));
        self.leave(LeftOut::Tier);
    }

    fn imported(mut self, first: Option<&str>) -> Result<Imported, Diagnostics> {
        self.problems
            .extend(self.currencies.diagnostics(self.expected.currency));
        let rows = successive(self.starts, &mut self.left_out).unwrap_or_else(|conflicts| {
            self.problems.extend(conflicts);
            Vec::new()
        });
        if rows.is_empty() && self.problems.is_empty() {
            self.problems.push(nothing(first, self.rows));
        }
        if !self.problems.is_empty() {
            self.problems.extend(self.warnings);
            return Err(Diagnostics(self.problems).sorted());
        }
        Ok(Imported {
            draft: Draft {
                name: "aws-price-list".to_owned(),
                cloud: Cloud::Aws,
                currency: self.expected.currency,
                source: DraftSource {
                    id: "aws-price-list",
                    title: "AWS Price List Bulk API, AmazonEC2; describe-spot-price-history",
                    retrieved: self.expected.retrieved,
                    note: "OnDemand, Linux, shared tenancy, BoxUsage, nothing installed before; a price holds from its effectiveDate (spot: Timestamp) until the next one.",
                },
                rows,
            },
            rows: self.rows,
            left_out: self.left_out,
            warnings: Diagnostics(self.warnings).sorted().0,
        })
    }
}

/// A price: not negative, exact.
fn amount(text: &str) -> Result<Decimal, String> {
    match parse_decimal(text.trim()) {
        Ok(amount) if amount.is_sign_negative() && !amount.is_zero() => {
            Err(format!("`{amount}` is negative"))
        }
        Ok(amount) => Ok(amount.normalize()),
        Err(error) => Err(error.to_string()),
    }
}

fn not_an_offer(source: &str, line: usize) -> Diagnostic {
    let message = "neither an offer file of AmazonEC2 nor an answer of describe-spot-price-history";
    Diagnostic::error("price::page", source, message)
        .at(line, 0)
        .hint("save /offers/v1.0/aws/AmazonEC2/current/REGION/index.json (or .csv) of the Price List Bulk API, or what `aws ec2 describe-spot-price-history --output json` answers")
}

fn damaged(source: &str, error: &io::Error) -> Diagnostic {
    Diagnostic::error("file::damaged", source, error.to_string()).hint("fetch the file again")
}

/// Counts the lines that are read. Whoever reads byte by byte knows by it where they are.
struct Lines<R> {
    text: R,
    line: Rc<Cell<usize>>,
}

impl<R: Read> Read for Lines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.text.read(buffer)?;
        let ends = buffer.iter().take(n).filter(|byte| **byte == b'\n').count();
        self.line.set(self.line.get().saturating_add(ends));
        Ok(n)
    }
}

#[cfg(test)]
mod tests;
