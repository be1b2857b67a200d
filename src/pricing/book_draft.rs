//! A price book that is yet to be written: what an import makes, in the form that [`super::price_book`] reads.

use rust_decimal::Decimal;
use serde_json::{Map, json};

use crate::model::exact::decimal_text;
use crate::model::meter::{Meter, MeterKind};
use crate::model::money::Currency;
use crate::model::period::{Instant, rfc3339};
use crate::model::place::Cloud;

/// A book of one source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Its name: small letters, digits, `-` and `_`.
    pub name: String,
    /// Its cloud.
    pub cloud: Cloud,
    /// Its currency.
    pub currency: Currency,
    /// Where its numbers come from.
    pub source: DraftSource,
    /// Its rows, in the order of meters and time.
    pub rows: Vec<DraftRow>,
}

/// Where the numbers of a draft come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftSource {
    /// Its id in the book.
    pub id: &'static str,
    /// Publisher and document.
    pub title: &'static str,
    /// When it was fetched; the day is written.
    pub retrieved: Instant,
    /// How the numbers were read.
    pub note: &'static str,
}

/// A price over a time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DraftRow {
    /// What is billed.
    pub meter: MeterKind,
    /// First instant.
    pub from: Instant,
    /// First instant after; none until further notice.
    pub to: Option<Instant>,
    /// Money per unit.
    pub unit_price: Decimal,
    /// Region of a regional SKU, for information.
    pub region: Option<String>,
}

impl Draft {
    /// The book's text, one row a line.
    pub fn text(&self) -> String {
        let DraftSource {
            id,
            title,
            retrieved,
            note,
        } = &self.source;
        let source =
            json!({"title": title, "retrieved": retrieved.format("%Y-%m-%d").to_string(), "note": note});
        let rows: Vec<String> = self
            .rows
            .iter()
            .map(|row| format!(" {}", self.row(row)))
            .collect();
        format!(
            "{{\"price_book\":{},\"cloud\":\"{}\",\"currency\":\"{}\",\n \"sources\":{{\n  \"{id}\":{source}\n }},\n \"prices\":[\n{}\n ]\n}}\n",
            json!(self.name),
            self.cloud,
            self.currency,
            rows.join(",\n")
        )
    }

    fn row(&self, row: &DraftRow) -> serde_json::Value {
        let meter = Meter {
            cloud: self.cloud,
            kind: row.meter.clone(),
        };
        let mut members = Map::new();
        let mut member = |name: &str, value: serde_json::Value| members.insert(name.to_owned(), value);
        member("meter", json!(meter.kind));
        member("unit", json!(meter.unit()));
        member("unit_price", json!(decimal_text(row.unit_price)));
        member("from", json!(rfc3339(row.from)));
        member("to", json!(row.to.map(rfc3339)));
        member("source", json!(self.source.id));
        if let Some(region) = &row.region {
            member("region", json!(region));
        }
        serde_json::Value::Object(members)
    }
}
