//! Rows of a price table, whatever form it has.

use serde_json::value::RawValue;
use std::ops::ControlFlow;
use std::sync::Arc;

use super::{Source, Spot};
use crate::model::diagnostic::Diagnostic;
use crate::model::json_text::members;
use crate::model::rows::{Codes, Form, Row, Told, read};

/// The columns that are read, without the price.
const COLUMNS: [&str; 6] = [
    "price_start_time",
    "price_end_time",
    "sku_name",
    "cloud",
    "currency_code",
    "usage_unit",
];

/// The price, where it is a column of its own.
const FLAT: [&str; 2] = ["pricing.default", "pricing_default"];

const CODES: Codes = Codes {
    empty: "price::row",
    syntax: "price::syntax",
    not_a_row: "price::row",
    what: "rows of list prices",
    forms: "expected rows of system.billing.list_prices or account_prices as CSV with a header, JSON or Parquet",
};

/// One row: what its cells say, and its price.
pub(super) struct Cells {
    /// Where it stands.
    pub spot: Spot,
    row: Row,
    price: Option<String>,
}

impl Cells {
    /// What a cell says; the price is under `pricing.default`.
    pub fn get(&self, name: &str) -> Option<&str> {
        match name {
            "pricing.default" => self.price.as_deref(),
            name => self.row.text(name).map(str::trim).filter(|text| !text.is_empty()),
        }
    }
}

/// Every row of a source, or what is wrong with it: `price::syntax`, `price::row`, `file::*`.
pub(super) fn rows(source: Source, take: &mut dyn FnMut(Result<Cells, Diagnostic>)) {
    let name: Arc<str> = Arc::from(source.name.as_str());
    read(source.input, &mut |told| {
        match told {
            Told::Columns(columns) => {
                if let Some(problem) = lacks(&name, columns) {
                    take(Err(problem));
                    return ControlFlow::Break(());
                }
            }
            Told::Row(row) => take(cells(&name, row)),
            Told::Fault(fault) => take(Err(fault.diagnostic(&name, &CODES))),
        }
        ControlFlow::Continue(())
    });
}

/// What is wrong with the columns of a table.
fn lacks(source: &str, columns: &[Arc<str>]) -> Option<Diagnostic> {
    let has = |name: &str| columns.iter().any(|column| **column == *name);
    let needed = COLUMNS.into_iter().filter(|name| *name != "price_end_time");
    let is_priced = has("pricing") || FLAT.iter().any(|name| has(name));
    let lacks = needed.filter(|name| !has(name));
    let lacks: Vec<&str> = lacks.chain((!is_priced).then_some("pricing")).collect();
    if lacks.is_empty() {
        return None;
    }
    let message = format!("neither JSON nor a table with the columns {}", lacks.join(", "));
    let problem = Diagnostic::error("price::row", source, message).at(1, 0);
    Some(problem.hint("export the table with its own column names"))
}

fn cells(source: &Arc<str>, row: Row) -> Result<Cells, Diagnostic> {
    let spot = Spot {
        source: Arc::clone(source),
        line: row.line,
        path: row.path.clone(),
    };
    for name in COLUMNS {
        if row.cell(name).is_some_and(|cell| cell.form == Form::Json) {
            return Err(spot.error("price::row", format!("`{name}` is not a text")));
        }
    }
    let price = price(&row).map_err(|what| spot.error("price::row", what))?;
    Ok(Cells { spot, row, price })
}

fn price(row: &Row) -> Result<Option<String>, String> {
    let flat = FLAT.iter().find_map(|name| row.text(name));
    match (flat, row.cell("pricing")) {
        (Some(flat), _) => Ok(Some(flat.trim().to_owned())),
        (None, Some(pricing)) => {
            let read: Result<&RawValue, _> = serde_json::from_str(&pricing.text);
            let read = read.map_err(|_| "`pricing` is not JSON; export it as to_json(pricing)".to_owned())?;
            default_of(read)
        }
        (None, None) => Ok(None),
    }
}

/// `default` of an object; of an object that is written as text, too.
fn default_of(pricing: &RawValue) -> Result<Option<String>, String> {
    let inner = serde_json::from_str::<String>(pricing.get()).ok();
    let parsed = match &inner {
        Some(text) => serde_json::from_str::<&RawValue>(text).ok(),
        None => Some(pricing),
    };
    let members = parsed.and_then(members).ok_or("`pricing` is not an object")?;
    Ok(members.get("default").and_then(|price| scalar(price)))
}

/// The text of a number, or of a text; anything else as it stands. None for null.
fn scalar(value: &RawValue) -> Option<String> {
    match value.get() {
        "null" => None,
        other => Some(serde_json::from_str::<String>(other).unwrap_or_else(|_| other.to_owned())),
    }
}
