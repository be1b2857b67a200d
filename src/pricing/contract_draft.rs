//! A contract that is yet to be written: what an import makes, in the form that [`super::contract`] reads.

use rust_decimal::Decimal;
use serde_json::json;

use crate::model::exact::decimal_text;
use crate::model::meter::Meter;
use crate::model::money::Currency;
use crate::model::period::{Instant, rfc3339};

/// A contract of one source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContractDraft {
    /// Its name.
    pub name: String,
    /// Its currency.
    pub currency: Currency,
    /// Where its numbers come from.
    pub note: String,
    /// Its terms, in the order of meters and time.
    pub terms: Vec<DraftTerm>,
}

/// A price that was agreed on for a meter and a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftTerm {
    /// What it speaks of.
    pub meter: Meter,
    /// First instant.
    pub from: Instant,
    /// First instant after; none until further notice.
    pub to: Option<Instant>,
    /// Money per unit.
    pub unit_price: Decimal,
}

impl ContractDraft {
    /// The contract's text, one term a line.
    pub fn text(&self) -> String {
        let terms: Vec<String> = self.terms.iter().map(term).collect();
        format!(
            "{{\"contract\":{},\"currency\":\"{}\",\n \"note\":{},\n \"terms\":[\n{}\n ]\n}}\n",
            json!(self.name),
            self.currency,
            json!(self.note),
            terms.join(",\n")
        )
    }
}

fn term(term: &DraftTerm) -> String {
    let value = json!({
        "meters": [term.meter.to_string()],
        "unit_price": decimal_text(term.unit_price),
        "from": rfc3339(term.from),
        "to": term.to.map(rfc3339),
    });
    format!(" {value}")
}
