//! The JSON form of a price book, `pricing/schema/price_book.schema.json`, as it is read.

use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::price_book::Effective;
use crate::model::charge::Price;
use crate::model::diagnostic::{Diagnostic, json_message};
use crate::model::exact::parse_decimal;
use crate::model::json_text::JsonText;
use crate::model::meter::{Meter, MeterKind};
use crate::model::money::{Currency, UnitPrice};
use crate::model::period::{Instant, parse_instant};
use crate::model::place::Cloud;

/// What is wrong with a row: a code and a message.
pub(super) type Fault = (&'static str, String);

/// A book's text, its rows not yet understood.
#[derive(Debug, Deserialize)]
pub(super) struct BookFile<'a> {
    price_book: String,
    cloud: Cloud,
    currency: Currency,
    #[serde(default)]
    sources: BTreeMap<String, Source>,
    #[serde(borrow)]
    pub prices: Vec<Row<'a>>,
}

#[derive(Debug, Deserialize)]
struct Source {
    #[serde(default)]
    synthetic: bool,
}

#[derive(Debug, Deserialize)]
pub(super) struct Row<'a> {
    meter: MeterKind,
    unit: &'a str,
    unit_price: &'a str,
    #[serde(default)]
    from: Option<&'a str>,
    #[serde(default)]
    to: Option<&'a str>,
    source: &'a str,
    /// Why the number may be wrong.
    #[serde(borrow, default)]
    pub suspect: Option<Cow<'a, str>>,
}

impl<'a> BookFile<'a> {
    /// Reads a book's text.
    ///
    /// # Errors
    /// `price::syntax`.
    pub fn parse(source: &str, text: &'a str) -> Result<BookFile<'a>, Diagnostic> {
        serde_json::from_str(text).map_err(|e| {
            Diagnostic::error("price::syntax", source, json_message(&e)).at(e.line(), e.column())
        })
    }

    /// What a row says.
    ///
    /// # Errors
    /// `price::source`, `price::number`, `price::unit`, `price::instant`.
    pub fn effective(&self, row: &Row<'_>) -> Result<(Meter, Effective), Fault> {
        let known = self.sources.get(row.source).ok_or_else(|| {
            let message = format!("`{}` is not among the sources", row.source);
            ("price::source", message)
        })?;
        let unit_price: Decimal =
            parse_decimal(row.unit_price).map_err(|e| ("price::number", e.to_string()))?;
        if unit_price.is_sign_negative() {
            return Err(("price::number", format!("`{unit_price}` is negative")));
        }
        let meter = Meter {
            cloud: self.cloud,
            kind: row.meter.clone(),
        };
        if row.unit != meter.unit() {
            let message = format!("found `{}`, expected `{}`", row.unit, meter.unit());
            return Err(("price::unit", message));
        }
        let price = Price {
            unit_price: UnitPrice(unit_price.normalize()),
            list_unit_price: None,
            commitment: None,
            currency: self.currency,
            source: Arc::from(format!("{}#{}", self.price_book, row.source)),
            synthetic: known.synthetic,
        };
        let (from, to) = (instant(row.from)?, instant(row.to)?);
        Ok((meter, Effective { from, to, price }))
    }
}

pub(super) fn instant(text: Option<&str>) -> Result<Option<Instant>, Fault> {
    let read = text.map(parse_instant).transpose();
    read.map_err(|e| ("price::instant", e.to_string()))
}

/// The line of each row of a book's text, from 1; none for what is no book.
pub(super) fn row_lines(source: &str, text: &str) -> Vec<usize> {
    #[derive(Deserialize)]
    struct Rows<'a> {
        #[serde(borrow)]
        prices: Vec<&'a RawValue>,
    }
    let rows: Vec<&RawValue> =
        serde_json::from_str::<Rows<'_>>(text).map_or_else(|_| Vec::new(), |r| r.prices);
    let text = JsonText::new(source, text);
    rows.iter().map(|row| text.line_of(row.get())).collect()
}
