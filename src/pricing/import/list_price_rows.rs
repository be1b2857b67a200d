//! Rows of a price table, whether its text is JSON or CSV.

use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::fields::Fields;
use super::{Input, Spot};
use crate::model::diagnostic::Diagnostic;
use crate::model::json_text::{JsonText, items, members};

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

/// One row: what its cells say, empty ones left out. The price is under `pricing.default`.
pub(super) struct Cells {
    /// Where it stands.
    pub spot: Spot,
    cells: BTreeMap<&'static str, String>,
}

impl Cells {
    /// What a cell says.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.cells.get(name).map(String::as_str)
    }
}

/// Every row of a text, or what is wrong with it: `price::syntax`, `price::row`.
pub(super) fn rows(input: &Input<'_>) -> Vec<Result<Cells, Diagnostic>> {
    let start = input.text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
    if start.starts_with(['{', '[']) {
        json_rows(input)
    } else {
        csv_rows(input, start)
    }
}

fn json_rows(input: &Input<'_>) -> Vec<Result<Cells, Diagnostic>> {
    let text = JsonText::new(input.source, input.text);
    let source: Arc<str> = Arc::from(input.source);
    let documents = text.documents("price::syntax");
    let mut rows: Vec<Result<Cells, Diagnostic>> = documents.problems.into_iter().map(Err).collect();
    for document in documents.found {
        let in_rows = members(document).and_then(|m| m.get("rows").copied());
        let (prefix, listed) = match in_rows {
            Some(inner) => ("rows.", items(inner)),
            None => ("", items(document)),
        };
        let mut row = |value, path| {
            let fields = Fields::read(&text, &source, value, path);
            rows.push(fields.and_then(|fields| of_fields(&fields)));
        };
        match listed {
            Some(listed) => {
                for (i, value) in listed.into_iter().enumerate() {
                    row(value, format!("{prefix}{i}"));
                }
            }
            None => row(document, String::new()),
        }
    }
    rows
}

fn of_fields(fields: &Fields<'_>) -> Result<Cells, Diagnostic> {
    let mut cells = BTreeMap::new();
    for name in COLUMNS {
        if let Some(text) = fields.text(name)? {
            cells.insert(name, text);
        }
    }
    let flat = FLAT.iter().find_map(|name| fields.value(name));
    let price = match (flat, fields.value("pricing")) {
        (Some(flat), _) => scalar(flat),
        (None, Some(pricing)) => default_of(pricing).map_err(|what| fields.spot.error("price::row", what))?,
        (None, None) => None,
    };
    cells.extend(price.map(|price| (FLAT[0], price)));
    Ok(Cells {
        spot: fields.spot.clone(),
        cells,
    })
}

fn csv_rows(input: &Input<'_>, start: &str) -> Vec<Result<Cells, Diagnostic>> {
    let source: Arc<str> = Arc::from(input.source);
    // What was trimmed may have held lines.
    let skipped = input.text.len().saturating_sub(start.len());
    let before = input
        .text
        .get(..skipped)
        .unwrap_or_default()
        .matches('\n')
        .count();
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(start.as_bytes());
    let wrong = |error: &csv::Error| {
        let line = error
            .position()
            .map_or(0, |p| usize::try_from(p.line()).unwrap_or(usize::MAX));
        let line = line.saturating_add(before);
        Diagnostic::error("price::syntax", input.source, csv_message(error)).at(line, 0)
    };
    let header = match reader.headers() {
        Ok(header) => header.clone(),
        Err(error) => return vec![Err(wrong(&error))],
    };
    let column = |name: &str| header.iter().any(|column| column == name);
    let lacks: Vec<&str> = COLUMNS
        .into_iter()
        .filter(|name| *name != "price_end_time" && !column(name))
        .collect();
    let priced = column("pricing") || FLAT.iter().any(|name| column(name));
    if !lacks.is_empty() || !priced {
        let lacks: Vec<&str> = lacks.into_iter().chain((!priced).then_some("pricing")).collect();
        let message = format!("neither JSON nor CSV with the columns {}", lacks.join(", "));
        return vec![Err(Diagnostic::error("price::row", input.source, message)
            .at(before.saturating_add(1), 0)
            .hint(
                "export the table with its own column names; Parquet is not read yet",
            ))];
    }
    let records = reader.records().map(|record| {
        let record = record.map_err(|error| wrong(&error))?;
        let line = record
            .position()
            .map_or(0, |p| usize::try_from(p.line()).unwrap_or(usize::MAX));
        let spot = Spot {
            source: Arc::clone(&source),
            line: line.saturating_add(before),
            path: String::new(),
        };
        of_record(&header, &record, spot)
    });
    records.collect()
}

fn of_record(
    header: &csv::StringRecord,
    record: &csv::StringRecord,
    spot: Spot,
) -> Result<Cells, Diagnostic> {
    let cell = |name: &str| {
        let at = header.iter().position(|column| column == name)?;
        record.get(at).filter(|text| !text.is_empty() && *text != "null")
    };
    let mut cells: BTreeMap<&'static str, String> = COLUMNS
        .iter()
        .filter_map(|name| Some((*name, cell(name)?.to_owned())))
        .collect();
    let flat = FLAT.iter().find_map(|name| cell(name)).map(str::to_owned);
    let price = match (flat, cell("pricing")) {
        (Some(flat), _) => Some(flat),
        (None, Some(pricing)) => {
            let read: Result<&RawValue, _> = serde_json::from_str(pricing);
            let expected = || "`pricing` is not JSON; export it as to_json(pricing)".to_owned();
            read.map_err(|_| expected())
                .and_then(default_of)
                .map_err(|what| spot.error("price::row", what))?
        }
        (None, None) => None,
    };
    cells.extend(price.map(|price| (FLAT[0], price)));
    Ok(Cells { spot, cells })
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

fn csv_message(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => {
            format!("found {len} columns, expected {expected_len}")
        }
        _ => "not CSV".to_owned(),
    }
}
