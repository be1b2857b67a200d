//! Billing increments of meters: how the time is rounded for which a machine is billed. Data, not code: the bundled table is
//! `pricing/increments.json`, the form `pricing/schema/billing_increments.schema.json`.
//!
//! The first row that speaks of a meter counts, in the order of the files; the user's own files come before the bundled one. A
//! meter of which none speaks is billed per second. Only what is billed for as long as a machine exists has an increment: DBUs are billed per second.

use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::BTreeMap;

use super::book_file::Fault;
use super::contract::patterns;
use crate::model::diagnostic::{Diagnostic, Diagnostics, json_message};
use crate::model::increment::Increment;
use crate::model::meter::Meter;
use crate::model::meter_pattern::MeterPattern;

/// What the patterns of a table may begin with.
const OF_MACHINES: [&str; 3] = ["vm/", "disk/", "public_ip/"];

/// The rows of all tables.
#[derive(Debug, Clone, Default)]
pub struct Increments {
    rows: Vec<Row>,
}

#[derive(Debug, Clone)]
struct Row {
    meters: Vec<MeterPattern>,
    increment: Increment,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TableFile {
    #[serde(rename = "billing_increments")]
    _name: String,
    #[serde(default, rename = "$schema")]
    _schema: Option<IgnoredAny>,
    sources: BTreeMap<String, IgnoredAny>,
    increments: Vec<RowForm>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RowForm {
    meters: Vec<String>,
    increment_seconds: u32,
    #[serde(default)]
    minimum_seconds: u32,
    source: String,
    #[serde(default, rename = "unverified")]
    _unverified: bool,
    #[serde(default, rename = "note")]
    _note: Option<IgnoredAny>,
}

impl Increments {
    /// Reads a table and puts its rows behind those there are.
    ///
    /// # Errors
    /// `price::syntax`, `price::source`, `price::pattern`, `price::term`, `price::increment`; all rows are looked at.
    pub fn add(&mut self, source: &str, text: &str) -> Result<(), Diagnostics> {
        let file: TableFile = serde_json::from_str(text).map_err(|e| {
            Diagnostic::error("price::syntax", source, json_message(&e))
                .at(e.line(), e.column())
                .hint("see pricing/README.md for the form of billing increments")
        })?;
        let mut problems = Vec::new();
        let mut rows = Vec::with_capacity(file.increments.len());
        for (i, form) in file.increments.iter().enumerate() {
            match read(form, &file.sources) {
                Ok(row) => rows.push(row),
                Err((code, message)) => {
                    let path = format!("increments.{i}");
                    problems.push(Diagnostic::error(code, source, message).path(path));
                }
            }
        }
        if !problems.is_empty() {
            return Err(Diagnostics(problems));
        }
        self.rows.append(&mut rows);
        Ok(())
    }

    /// How the time of a meter is rounded; none where no row speaks of it.
    pub fn of(&self, meter: &Meter) -> Option<Increment> {
        let text = meter.to_string();
        let speaks = |row: &&Row| row.meters.iter().any(|pattern| pattern.matches_text(&text));
        self.rows.iter().find(speaks).map(|row| row.increment)
    }
}

fn read(form: &RowForm, sources: &BTreeMap<String, IgnoredAny>) -> Result<Row, Fault> {
    if !sources.contains_key(&form.source) {
        let message = format!("`{}` is not among the sources", form.source);
        return Err(("price::source", message));
    }
    let meters = patterns(&form.meters)?;
    let other = |pattern: &&MeterPattern| !OF_MACHINES.iter().any(|kind| pattern.as_str().starts_with(kind));
    if let Some(other) = meters.iter().find(other) {
        let message = format!(
            "`{other}` is not billed for as long as a machine exists; expected a meter of {}",
            OF_MACHINES.join(" ")
        );
        return Err(("price::increment", message));
    }
    let increment = Increment::new(form.increment_seconds, form.minimum_seconds)
        .map_err(|e| ("price::increment", e.to_string()))?;
    Ok(Row { meters, increment })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: &str) -> Result<Increments, Diagnostics> {
        let mut table = Increments::default();
        let text = format!(r#"{{"billing_increments":"t","sources":{{"s":{{}}}},"increments":{rows}}}"#);
        table.add("t.json", &text)?;
        Ok(table)
    }

    fn billed(table: &Increments, meter: &str, lived: i64) -> i64 {
        table
            .of(&meter.parse().unwrap())
            .unwrap_or_default()
            .billed(lived)
    }

    #[test]
    fn the_first_row_that_speaks_of_a_meter_counts() {
        let found = table(
            r#"[{"meters":["vm/AWS/*/spot"],"increment_seconds":60,"source":"s"},
                {"meters":["vm/AWS/*"],"increment_seconds":1,"minimum_seconds":60,"source":"s","unverified":true}]"#,
        )
        .unwrap();
        assert_eq!(billed(&found, "vm/AWS/r/m5.xlarge/spot", 61), 120);
        assert_eq!(billed(&found, "vm/AWS/r/m5.xlarge/on_demand", 61), 61);
        assert_eq!(billed(&found, "vm/AWS/r/m5.xlarge/on_demand", 7), 60);
        assert_eq!(billed(&found, "vm/AZURE/r/Standard_DS3_v2/spot", 7), 7);
    }

    #[test]
    fn everything_wrong_with_a_table_is_told_with_its_row() {
        let wrong = table(
            r#"[{"meters":["dbu/AZURE/*"],"increment_seconds":60,"source":"s"},
                {"meters":["vm/*"],"increment_seconds":0,"source":"s"},
                {"meters":["vm/*"],"increment_seconds":1,"source":"elsewhere"},
                {"meters":["VM"],"increment_seconds":1,"source":"s"},
                {"meters":[],"increment_seconds":1,"source":"s"}]"#,
        )
        .unwrap_err();
        let codes: Vec<&str> = wrong.0.iter().map(|d| d.code).collect();
        let expected = [
            "price::increment",
            "price::increment",
            "price::source",
            "price::pattern",
            "price::term",
        ];
        assert_eq!(codes, expected);
        assert!(wrong.to_string().contains("increments.1"), "{wrong}");
    }
}
