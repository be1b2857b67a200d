//! Rows of `system.billing.usage`.
//!
//! In goes a table; out come rows with the line on which each stands, and what is wrong with the others. A row that cannot be
//! read hides no other. Quantities are read from the text as written: no number passes through floating point.

use rust_decimal::Decimal;

use super::table::{Cells, Table, Taker, read as read_table};
use crate::databricks::billing_usage::{BillingUsage, RecordType};
use crate::model::place::Cloud;
use crate::model::rows::{Codes, Input};

const TABLE: Table = Table {
    codes: Codes {
        empty: "usage::empty",
        syntax: "usage::syntax",
        not_a_row: "usage::not-usage",
        what: "rows of usage",
        forms: "expected rows of system.billing.usage as CSV with a header, JSON (a list, or an object a line) or Parquet",
    },
    column: "usage::column",
    marks: &["record_id"],
};

/// Reads a source: `usage::*`, `file::*`. The answer is whether it was a table of usage.
pub fn read(source: &str, input: Input, take: &mut Taker<'_, BillingUsage>) -> bool {
    read_table(source, input, &TABLE, &usage, take)
}

/// The row; none where a problem was noted.
fn usage(cells: &mut Cells<'_>) -> Option<BillingUsage> {
    let period = cells.period("usage_start_time", "usage_end_time");
    let quantity = quantity(cells);
    let record_type = record_type(cells, quantity);
    let cloud = cells.needed("cloud", "AWS, AZURE or GCP", |text| text.parse::<Cloud>().ok());
    let record_id = cells.needed("record_id", "an id", |text| Some(text.to_owned()));
    let sku_name = cells.needed("sku_name", "a SKU, `PREMIUM_JOBS_COMPUTE`", |text| {
        (!text.contains('/')).then(|| text.to_owned())
    });
    let custom_tags = cells.texts("custom_tags");
    let usage_metadata = cells.texts("usage_metadata");
    let identity_metadata = cells.texts("identity_metadata");
    Some(BillingUsage {
        record_id: record_id?,
        account_id: cells.text("account_id").to_owned(),
        workspace_id: cells.text("workspace_id").to_owned(),
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

fn quantity(cells: &mut Cells<'_>) -> Option<Decimal> {
    let quantity = cells.decimal("usage_quantity");
    match cells.text("usage_unit") {
        "DBU" => quantity,
        found => {
            let found = if found.is_empty() { "nothing" } else { found };
            let message = format!("found `{found}`; usage in DBU is billed, other units are not yet");
            cells.wrong("usage::unit", "usage_unit", message);
            None
        }
    }
}

/// A RETRACTION takes away, the others add.
fn record_type(cells: &mut Cells<'_>, quantity: Option<Decimal>) -> Option<RecordType> {
    let expected = "ORIGINAL, RETRACTION or RESTATEMENT";
    let record_type = cells.needed("record_type", expected, RecordType::from_name)?;
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
        cells.wrong("usage::column", "usage_quantity", message);
    }
    fits.then_some(record_type)
}

#[cfg(test)]
mod tests {
    use super::super::table::Taken;
    use super::*;
    use crate::model::diagnostic::Diagnostic;
    use proptest::prelude::*;
    use std::ops::ControlFlow;

    /// What was read from a text.
    #[derive(Default)]
    struct Read {
        rows: Vec<Taken<BillingUsage>>,
        problems: Vec<Diagnostic>,
        seen: usize,
    }

    fn read(source: &str, text: &str) -> Read {
        let mut read = Read::default();
        super::read(source, Input::of(text), &mut |told| {
            match told {
                Ok(row) => {
                    read.seen += 1;
                    read.rows.push(row);
                }
                Err(rejected) => {
                    read.seen += usize::from(rejected.row.is_some());
                    read.problems.extend(rejected.problems);
                }
            }
            ControlFlow::Continue(())
        });
        read
    }

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
        let usage = from_csv.rows[0].row.clone();
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
            assert_eq!(read.problems, []);
            assert_eq!(read.rows[0].row, usage);
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
