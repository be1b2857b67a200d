//! Rows of `system.billing.usage`: CSV with a header, JSON (an array, or an object with `rows`), or a JSON object per line.
//!
//! In goes text; out come rows with the line on which each stands, and what is wrong with the others. A row that cannot be
//! read hides no other. Quantities are read from the text as written: no number passes through floating point.

use chrono::Timelike;
use rust_decimal::Decimal;
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

use super::moment::moment;
use crate::databricks::billing_usage::{BillingUsage, RecordType};
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::exact::parse_decimal;
use crate::model::json_text::{JsonText, items, members};
use crate::model::period::{Instant, Period};
use crate::model::place::Cloud;

/// A row and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageRow {
    /// The file.
    pub source: String,
    /// Its line, from 1.
    pub line: usize,
    /// What it says.
    pub usage: BillingUsage,
}

/// What was read from one source.
#[derive(Debug, Default)]
pub struct Read {
    /// The rows, in the order written.
    pub rows: Vec<UsageRow>,
    /// What is wrong with the others: `usage::*`.
    pub problems: Diagnostics,
    /// Rows that were seen, those with problems too.
    pub seen: usize,
}

const FORMS: &str = "expected rows of system.billing.usage as CSV with a header, as a JSON array, or as one JSON object per line";

/// Reads a source.
pub fn read(source: &str, text: &str) -> Read {
    let mut reader = Reader {
        source,
        read: Read::default(),
    };
    match text.trim_start_matches('\u{feff}').trim_start().chars().next() {
        None => reader.problem(
            "usage::empty",
            0,
            "expected rows of usage, found nothing",
            Some(FORMS),
        ),
        Some('{' | '[') => reader.json(text),
        Some(_) => reader.csv(text),
    }
    reader.read
}

/// A row as text by column; objects as their JSON.
type Cells = BTreeMap<String, String>;

struct Reader<'a> {
    source: &'a str,
    read: Read,
}

impl Reader<'_> {
    fn problem(&mut self, code: &'static str, line: usize, message: &str, hint: Option<&str>) {
        let mut problem = Diagnostic::error(code, self.source, message).at(line, 0);
        if let Some(hint) = hint {
            problem = problem.hint(hint);
        }
        self.read.problems.0.push(problem);
    }

    fn json(&mut self, text: &str) {
        let json = JsonText::new(self.source, text);
        let documents = json.documents("usage::syntax");
        self.read.problems.0.extend(documents.problems);
        for document in documents.found {
            self.value(document, &json);
        }
    }

    /// A list of rows, an object that holds one, or a row.
    fn value(&mut self, raw: &RawValue, json: &JsonText<'_>) {
        if let Some(items) = items(raw) {
            for item in items {
                self.value(item, json);
            }
            return;
        }
        let line = json.line_of(raw.get());
        let Some(members) = members(raw) else {
            return self.problem("usage::not-usage", line, "found no object", Some(FORMS));
        };
        if let Some(rows) = members.get("rows").and_then(|rows| items(rows)) {
            for row in rows {
                self.value(row, json);
            }
            return;
        }
        let cells = members
            .into_iter()
            .filter_map(|(column, value)| Some((column, cell(value)?)));
        self.row(&cells.collect(), line);
    }

    fn csv(&mut self, text: &str) {
        let text = text.trim_start_matches('\u{feff}');
        let mut csv = csv::ReaderBuilder::new().from_reader(text.as_bytes());
        let header = match csv.headers() {
            Ok(header) => header.clone(),
            Err(error) => return self.csv_fault(&error),
        };
        if !header.iter().any(|column| column == "record_id") {
            let found: Vec<&str> = header.iter().take(5).collect();
            let message = format!(
                "neither JSON nor a header with `record_id`, but `{}`",
                found.join(",")
            );
            return self.problem("usage::not-usage", 1, &message, Some(FORMS));
        }
        for record in csv.records() {
            match record {
                Ok(record) => {
                    let line = record.position().map_or(0, |p| p.line());
                    let cells = header.iter().zip(record.iter());
                    let cells = cells
                        .filter(|(_, cell)| !matches!(*cell, "" | "null" | "NULL"))
                        .map(|(column, cell)| (column.to_owned(), cell.to_owned()));
                    self.row(&cells.collect(), usize::try_from(line).unwrap_or_default());
                }
                Err(error) => self.csv_fault(&error),
            }
        }
    }

    fn csv_fault(&mut self, error: &csv::Error) {
        let line = error.position().map_or(0, csv::Position::line);
        let message = match error.kind() {
            csv::ErrorKind::UnequalLengths {
                expected_len, len, ..
            } => format!("expected {expected_len} columns as in the header, found {len}"),
            _ => error.to_string(),
        };
        self.read.seen = self.read.seen.saturating_add(1);
        let line = usize::try_from(line).unwrap_or_default();
        self.problem("usage::syntax", line, &message, None);
    }

    fn row(&mut self, cells: &Cells, line: usize) {
        if !cells.contains_key("record_id") {
            let found: Vec<&str> = cells.keys().take(5).map(String::as_str).collect();
            let message = format!("no `record_id` among {}", found.join(", "));
            return self.problem("usage::not-usage", line, &message, Some(FORMS));
        }
        self.read.seen = self.read.seen.saturating_add(1);
        let mut row = Row {
            cells,
            problems: Vec::new(),
        };
        match row.usage() {
            Some(usage) if row.problems.is_empty() => self.read.rows.push(UsageRow {
                source: self.source.to_owned(),
                line,
                usage,
            }),
            _ => {
                for Problem {
                    code,
                    column,
                    message,
                } in row.problems
                {
                    let problem = Diagnostic::error(code, self.source, message).at(line, 0);
                    self.read.problems.0.push(problem.path(column));
                }
            }
        }
    }
}

/// The text of a value; none for null and empty text.
fn cell(raw: &RawValue) -> Option<String> {
    let text = match raw.get().as_bytes().first() {
        Some(b'"') => serde_json::from_str(raw.get()).ok()?,
        _ => raw.get().to_owned(),
    };
    (!text.is_empty() && text != "null").then_some(text)
}

struct Problem {
    code: &'static str,
    column: String,
    message: String,
}

struct Row<'a> {
    cells: &'a Cells,
    problems: Vec<Problem>,
}

impl Row<'_> {
    /// The row; none where a problem was noted.
    fn usage(&mut self) -> Option<BillingUsage> {
        let period = self.period();
        let quantity = self.quantity();
        let record_type = self.record_type(quantity);
        let cloud = self.needed("cloud", "AWS, AZURE or GCP", |text| text.parse::<Cloud>().ok());
        let record_id = self.needed("record_id", "an id", |text| Some(text.to_owned()));
        let sku_name = self.needed("sku_name", "a SKU, `PREMIUM_JOBS_COMPUTE`", |text| {
            (!text.contains('/')).then(|| text.to_owned())
        });
        let custom_tags = self.object("custom_tags");
        let usage_metadata = self.object("usage_metadata");
        let identity_metadata = self.object("identity_metadata");
        Some(BillingUsage {
            record_id: record_id?,
            account_id: self.text("account_id"),
            workspace_id: self.text("workspace_id"),
            sku_name: sku_name?,
            cloud: cloud?,
            period: period?,
            usage_quantity: quantity?,
            record_type: record_type?,
            custom_tags,
            usage_metadata,
            identity_metadata,
        })
    }

    fn text(&self, column: &str) -> String {
        self.cells.get(column).cloned().unwrap_or_default()
    }

    fn wrong(&mut self, code: &'static str, column: &str, message: String) {
        self.problems.push(Problem {
            code,
            column: column.to_owned(),
            message,
        });
    }

    fn needed<T>(&mut self, column: &str, expected: &str, read: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        let found = self.cells.get(column);
        let value = found.and_then(|text| read(text));
        if value.is_none() {
            let found = found.map_or("nothing".to_owned(), |text| {
                format!("`{}`", text.chars().take(60).collect::<String>())
            });
            self.wrong(
                "usage::column",
                column,
                format!("found {found}, expected {expected}"),
            );
        }
        value
    }

    fn period(&mut self) -> Option<Period> {
        let expected = "a time in whole seconds, `2026-10-01T00:00:00Z`";
        let whole = |text: &str| moment(text).filter(|at: &Instant| at.nanosecond() == 0);
        let start = self.needed("usage_start_time", expected, whole);
        let end = self.needed("usage_end_time", expected, whole);
        let (start, end) = (start?, end?);
        let period = Period::new(start, end);
        if period.is_none() {
            let message = format!("expected an end after the start, found {}", Period { start, end });
            self.wrong("usage::column", "usage_end_time", message);
        }
        period
    }

    fn quantity(&mut self) -> Option<Decimal> {
        let quantity = self.needed(
            "usage_quantity",
            "a decimal number of at most 28 digits",
            |text| parse_decimal(text).ok(),
        );
        match self.cells.get("usage_unit").map(String::as_str) {
            Some("DBU") => quantity,
            found => {
                let found = found.unwrap_or("nothing");
                self.wrong(
                    "usage::unit",
                    "usage_unit",
                    format!("found `{found}`; usage in DBU is billed, other units are not yet"),
                );
                None
            }
        }
    }

    /// A RETRACTION takes away, the others add.
    fn record_type(&mut self, quantity: Option<Decimal>) -> Option<RecordType> {
        let expected = "ORIGINAL, RETRACTION or RESTATEMENT";
        let record_type = self.needed("record_type", expected, RecordType::from_name)?;
        let quantity = quantity?;
        let fits = match record_type {
            RecordType::Retraction => quantity <= Decimal::ZERO,
            RecordType::Original | RecordType::Restatement => quantity >= Decimal::ZERO,
        };
        if !fits {
            let message = format!(
                "found `{quantity}` in a row of type {}, expected the other sign",
                record_type.as_str()
            );
            self.wrong("usage::column", "usage_quantity", message);
        }
        fits.then_some(record_type)
    }

    /// A map or struct, given as an object or as its JSON; what is null or empty in it is left out.
    fn object(&mut self, column: &str) -> BTreeMap<String, String> {
        let Some(text) = self.cells.get(column) else {
            return BTreeMap::new();
        };
        let Ok(Value::Object(object)) = serde_json::from_str::<Value>(text) else {
            let message = format!(
                "found `{}`, expected an object, or its JSON as text",
                text.chars().take(60).collect::<String>()
            );
            self.wrong("usage::column", column, message);
            return BTreeMap::new();
        };
        let shown = |value: Value| match value {
            Value::Null => None,
            Value::String(text) => (!text.is_empty()).then_some(text),
            other => Some(other.to_string()),
        };
        object
            .into_iter()
            .filter_map(|(key, value)| Some((key, shown(value)?)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HEADER: &str = "record_id,account_id,workspace_id,sku_name,cloud,usage_start_time,usage_end_time,custom_tags,usage_unit,\
        usage_quantity,usage_metadata,identity_metadata,record_type";

    fn csv(row: &str) -> Read {
        read("u.csv", &format!("{HEADER}\n{row}\n"))
    }

    #[test]
    fn a_row_is_the_same_in_every_form() {
        let from_csv = csv(concat!(
            "r-1,a,42,PREMIUM_JOBS_COMPUTE,AZURE,2025-03-10T10:00:00.000+00:00,2025-03-10 11:00:00,\"{\"\"team\"\":\"\"data\"\"}\",DBU,",
            "259.435600000000000001,\"{\"\"cluster_id\"\":\"\"c-1\"\",\"\"job_id\"\":\"\"42\"\",\"\"warehouse_id\"\":null}\",\"{\"\"run_as\"\":\"\"sp\"\"}\",ORIGINAL"
        ));
        let row = r#"{"record_id":"r-1","account_id":"a","workspace_id":42,"sku_name":"PREMIUM_JOBS_COMPUTE","cloud":"AZURE",
            "usage_start_time":"2025-03-10T10:00:00Z","usage_end_time":"2025-03-10T11:00:00Z","custom_tags":{"team":"data"},"usage_unit":"DBU",
            "usage_quantity":259.435600000000000001,"usage_metadata":{"cluster_id":"c-1","job_id":42,"warehouse_id":null},
            "identity_metadata":{"run_as":"sp","owned_by":null},"record_type":"ORIGINAL","ingestion_date":"2025-03-10"}"#;
        let usage = from_csv.rows[0].usage.clone();
        assert_eq!(
            usage.usage_quantity.to_string(),
            "259.435600000000000001",
            "no float on the way"
        );
        assert_eq!(
            (usage.metadata(&["job_name", "job_id"]), usage.identity()),
            ("42", "sp")
        );
        for text in [
            row.to_owned(),
            format!("[{row}]"),
            format!("{{\"rows\": [{row}]}}"),
        ] {
            let read = read("u.json", &text);
            assert_eq!(read.problems, Diagnostics::default());
            assert_eq!(read.rows[0].usage, usage);
        }
        assert_eq!((from_csv.rows[0].line, from_csv.seen), (2, 1));
    }

    #[test]
    fn what_is_wrong_with_a_row_is_named_and_hides_no_other() {
        let good = "r,a,1,S,AWS,2026-10-01T00:00:00Z,2026-10-01T01:00:00Z,,DBU,1,,,ORIGINAL";
        let bad = [
            "r,a,1,S,OCI,2026-10-01T00:00:00Z,2026-10-01T00:00:00Z,x,DBU,one,,,ORIGINAL",
            "r,a,1,S,AWS,2026-10-01T00:00:00.5Z,2026-10-01T01:00:00Z,,GB,1,,,ORIGINAL",
            "r,a,1,S,AWS,2026-10-01T00:00:00Z,2026-10-01T01:00:00Z,,DBU,1,,,RETRACTION",
            "too,short",
        ];
        let read = csv(&[bad[0], good, bad[1], bad[2], bad[3]].join("\n"));
        assert_eq!((read.rows.len(), read.seen), (1, 5));
        let told: Vec<_> = read
            .problems
            .0
            .iter()
            .map(|p| (p.code, p.line, p.path.as_str()))
            .collect();
        assert_eq!(
            told,
            [
                ("usage::column", 2, "usage_end_time"),
                ("usage::column", 2, "usage_quantity"),
                ("usage::column", 2, "cloud"),
                ("usage::column", 2, "custom_tags"),
                ("usage::column", 4, "usage_start_time"),
                ("usage::unit", 4, "usage_unit"),
                ("usage::column", 5, "usage_quantity"),
                ("usage::syntax", 6, ""),
            ]
        );
    }

    proptest! {
        /// Whatever the text, there is an answer.
        #[test]
        fn nothing_panics(text in "\\PC*", row in "[\\[\\]{}\":,a-z0-9.eE+-]{0,80}") {
            read("x", &text);
            read("x", &row);
            csv(&row);
        }
    }
}
