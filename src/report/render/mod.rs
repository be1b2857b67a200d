//! Renderers: one report, four forms.
//!
//! Text and Markdown are for people: money at a few decimals, each cell rounded half-even by itself, and a
//! `(rounding)` line wherever the shown lines do not add up to the shown total. CSV and JSON are for machines: exact
//! decimals, up to nine places, no trailing zeros. Their keys follow FOCUS in snake case where it has a word
//! (`billing_currency`, `list_cost`, `pricing_quantity`, `pricing_unit`); keys may be added, not renamed.
//!
//! Names are the user's and may hold anything. JSON keeps them as they are; the other forms show control and
//! direction characters as escapes (`\u{202e}`), Markdown escapes what it would read as markup, and CSV puts an
//! apostrophe before a name that a spreadsheet would run as a formula.

mod csv;
mod json;
mod markdown;
pub(super) mod name;
mod table;
mod text;

use std::fmt;
use std::str::FromStr;

use super::dimension::Dimension;
use super::month::CostReport;
use crate::model::place::UnknownName;

/// The form of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// For a terminal.
    #[default]
    Text,
    /// For a pull request or a wiki.
    Markdown,
    /// For a spreadsheet.
    Csv,
    /// For a program.
    Json,
}

impl Format {
    /// `text`, `markdown`, `csv` or `json`.
    pub fn as_str(self) -> &'static str {
        match self {
            Format::Text => "text",
            Format::Markdown => "markdown",
            Format::Csv => "csv",
            Format::Json => "json",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Format {
    type Err = UnknownName;
    fn from_str(text: &str) -> Result<Self, UnknownName> {
        [Format::Text, Format::Markdown, Format::Csv, Format::Json]
            .into_iter()
            .find(|format| format.as_str() == text)
            .ok_or_else(|| UnknownName {
                what: "format",
                found: text.to_owned(),
                expected: "text, markdown, csv, json",
            })
    }
}

/// What to show, and how fine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderOptions {
    /// One table per dimension, in this order.
    pub dimensions: Vec<Dimension>,
    /// Decimals of money and quantities in text and Markdown, 0 to 9 (more counts as 9). CSV and JSON are exact.
    pub decimals: u32,
}

impl Default for RenderOptions {
    fn default() -> RenderOptions {
        RenderOptions {
            dimensions: vec![Dimension::Team, Dimension::Sku],
            decimals: 2,
        }
    }
}

/// A report that could not be written as text.
#[derive(Debug, thiserror::Error)]
#[error("the report cannot be written as {format}: {why}")]
pub struct RenderError {
    /// The form asked for.
    pub format: Format,
    /// What the writer says.
    pub why: String,
}

/// The report in a form. Same report, same options, same text.
///
/// # Errors
/// [`RenderError`] when a writer fails, which memory alone can cause.
pub fn render(report: &CostReport, format: Format, options: &RenderOptions) -> Result<String, RenderError> {
    let failed = |why: String| RenderError { format, why };
    match format {
        Format::Text => Ok(text::render(report, options)),
        Format::Markdown => Ok(markdown::render(report, options)),
        Format::Csv => csv::render(report, options).map_err(failed),
        Format::Json => json::render(report, options).map_err(failed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::sample::subject;
    use crate::model::usage::Subject;
    use crate::report::month::tests::{VM, any_rows, input, row, small};
    use proptest::prelude::*;

    fn shown(format: Format, dimensions: Vec<Dimension>) -> String {
        let options = RenderOptions {
            dimensions,
            decimals: 2,
        };
        render(&CostReport::new(small()), format, &options).unwrap()
    }

    #[test]
    fn text() {
        insta::assert_snapshot!(shown(Format::Text, vec![Dimension::Team, Dimension::Sku]), @r#"
        Cost report 2026-10: 2.35 USD
        warning: 2 unpriced usages of 1.50 hours are in no sum of this report; their meters are listed below
        warning: costs of 0.00 USD rest on synthetic prices: placeholders, not a vendor's numbers

        By vendor
          Vendor      Cost
          azure       1.45
          databricks  0.90
          Total       2.35

        By team
          Team         DBU  DBU cost  VM cost  Disk cost  Network cost   Cost
          etl         3.00      0.90     0.92       0.00          0.00   1.82
          platform    0.00      0.00     0.46       0.00          0.00   0.46
          ml          0.00      0.00     0.08       0.00          0.00   0.08
          (rounding)                    -0.01                           -0.01
          Total       3.00      0.90     1.45       0.00          0.00   2.35

        By SKU
          SKU                   Unit  Quantity  Cost
          Standard_DS3_v2       hour      6.33  1.45
          PREMIUM_JOBS_COMPUTE  DBU       3.00  0.90
          Disk E6               hour      1.00  0.00
          Total                                 2.35

        Idle pool instances (part of the costs above)
          Pool    DBU  DBU cost  VM cost  Disk cost  Network cost  Cost
          warm   0.00      0.00     0.46       0.00          0.00  0.46
          Total  0.00      0.00     0.46       0.00          0.00  0.46

        Synthetic prices (placeholders, not a vendor's numbers)
          Meter                  Source   Unit price  Cost
          disk/AZURE/westus2/E6  made-up        0.01  0.00

        Unpriced usage (in no sum above)
          Meter                                    Reason    Usages  Hours  Units per hour
          dbu/AZURE/PREMIUM_JOBS_COMPUTE_(PHOTON)  no-price       2   1.50             1.5

        Period [2026-10-01T00:00:00Z, 2026-11-01T00:00:00Z), days in UTC. Costs are list costs.
        Exact total: 2.350336666 USD.
        Every cell is rounded by itself, half to even, to 2 decimals. Sums are exact; a (rounding) line shows by how much the lines shown differ from the total shown.
        Prices: book#list-2026-10-01, made-up.
        Ledger: 7 entries, head a822dbf5a74f7e4d0ffa32649f2547cf4c58bbd30f919f710f7ed5c715dee415.
        "#);
    }

    #[test]
    fn markdown() {
        insta::assert_snapshot!(shown(Format::Markdown, vec![Dimension::Team]), @r#"
        # Cost report 2026-10: 2.35 USD

        > **Warning:** 2 unpriced usages of 1.50 hours are in no sum of this report; their meters are listed below

        > **Warning:** costs of 0.00 USD rest on synthetic prices: placeholders, not a vendor's numbers

        ## By vendor

        | Vendor | Cost |
        | --- | ---: |
        | azure | 1.45 |
        | databricks | 0.90 |
        | Total | 2.35 |

        ## By team

        | Team | DBU | DBU cost | VM cost | Disk cost | Network cost | Cost |
        | --- | ---: | ---: | ---: | ---: | ---: | ---: |
        | etl | 3.00 | 0.90 | 0.92 | 0.00 | 0.00 | 1.82 |
        | platform | 0.00 | 0.00 | 0.46 | 0.00 | 0.00 | 0.46 |
        | ml | 0.00 | 0.00 | 0.08 | 0.00 | 0.00 | 0.08 |
        | (rounding) |  |  | -0.01 |  |  | -0.01 |
        | Total | 3.00 | 0.90 | 1.45 | 0.00 | 0.00 | 2.35 |

        ## Idle pool instances (part of the costs above)

        | Pool | DBU | DBU cost | VM cost | Disk cost | Network cost | Cost |
        | --- | ---: | ---: | ---: | ---: | ---: | ---: |
        | warm | 0.00 | 0.00 | 0.46 | 0.00 | 0.00 | 0.46 |
        | Total | 0.00 | 0.00 | 0.46 | 0.00 | 0.00 | 0.46 |

        ## Synthetic prices (placeholders, not a vendor's numbers)

        | Meter | Source | Unit price | Cost |
        | --- | --- | ---: | ---: |
        | disk/AZURE/westus2/E6 | made-up | 0.01 | 0.00 |

        ## Unpriced usage (in no sum above)

        | Meter | Reason | Usages | Hours | Units per hour |
        | --- | --- | ---: | ---: | ---: |
        | dbu/AZURE/PREMIUM_JOBS_COMPUTE_(PHOTON) | no-price | 2 | 1.50 | 1.5 |

        Period \[2026-10-01T00:00:00Z, 2026-11-01T00:00:00Z), days in UTC. Costs are list costs.

        Exact total: 2.350336666 USD.

        Every cell is rounded by itself, half to even, to 2 decimals. Sums are exact; a (rounding) line shows by how much the lines shown differ from the total shown.

        Prices: book#list-2026-10-01, made-up.

        Ledger: 7 entries, head a822dbf5a74f7e4d0ffa32649f2547cf4c58bbd30f919f710f7ed5c715dee415.
        "#);
    }

    #[test]
    fn csv() {
        insta::assert_snapshot!(shown(Format::Csv, vec![Dimension::Team, Dimension::Sku]), @r#"
        billing_month,section,name,pricing_quantity,pricing_unit,dbu_quantity,dbu_cost,vm_cost,disk_cost,network_cost,list_cost,billing_currency,price_source,list_unit_price,unpriced_usages,unpriced_reason,quantity_per_hour,contracted_cost
        2026-10,total,,,,3,0.9,1.450333333,0.000003333,0,2.350336666,USD,,,,,,2.350336666
        2026-10,vendor,azure,,,,,,,,1.450336666,USD,,,,,,1.450336666
        2026-10,vendor,databricks,,,,,,,,0.9,USD,,,,,,0.9
        2026-10,team,etl,,,3,0.9,0.916,0,0,1.816,USD,,,,,,1.816
        2026-10,team,platform,,,0,0,0.458,0,0,0.458,USD,,,,,,0.458
        2026-10,team,ml,,,0,0,0.076333333,0.000003333,0,0.076336666,USD,,,,,,0.076336666
        2026-10,sku,Standard_DS3_v2,6.333333333,hour,0,0,1.450333333,0,0,1.450333333,USD,,,,,,1.450333333
        2026-10,sku,PREMIUM_JOBS_COMPUTE,3,DBU,3,0.9,0,0,0,0.9,USD,,,,,,0.9
        2026-10,sku,Disk E6,1,hour,0,0,0,0.000003333,0,0.000003333,USD,,,,,,0.000003333
        2026-10,idle_pool,warm,,,0,0,0.458,0,0,0.458,USD,,,,,,0.458
        2026-10,synthetic_price,disk/AZURE/westus2/E6,,,,,,,,0.000003333,USD,made-up,0.01,,,,0.000003333
        2026-10,unpriced,dbu/AZURE/PREMIUM_JOBS_COMPUTE_(PHOTON),1.5,hour,,,,,,,,,,2,no-price,1.5,
        "#);
    }

    #[test]
    fn json() {
        insta::assert_snapshot!(shown(Format::Json, vec![Dimension::Team]), @r#"
        {
          "billing_month": "2026-10",
          "billing_period_start": "2026-10-01T00:00:00Z",
          "billing_period_end": "2026-11-01T00:00:00Z",
          "billing_currency": "USD",
          "ledger": {
            "entries": 7,
            "head": "a822dbf5a74f7e4d0ffa32649f2547cf4c58bbd30f919f710f7ed5c715dee415"
          },
          "total": {
            "dbu_quantity": "3",
            "dbu_cost": "0.9",
            "vm_cost": "1.450333333",
            "disk_cost": "0.000003333",
            "network_cost": "0",
            "list_cost": "2.350336666",
            "contracted_cost": "2.350336666"
          },
          "vendors": [
            {
              "vendor": "azure",
              "list_cost": "1.450336666",
              "contracted_cost": "1.450336666"
            },
            {
              "vendor": "databricks",
              "list_cost": "0.9",
              "contracted_cost": "0.9"
            }
          ],
          "sections": [
            {
              "dimension": "team",
              "groups": [
                {
                  "name": "etl",
                  "pricing_quantity": null,
                  "pricing_unit": null,
                  "dbu_quantity": "3",
                  "dbu_cost": "0.9",
                  "vm_cost": "0.916",
                  "disk_cost": "0",
                  "network_cost": "0",
                  "list_cost": "1.816",
                  "contracted_cost": "1.816"
                },
                {
                  "name": "platform",
                  "pricing_quantity": null,
                  "pricing_unit": null,
                  "dbu_quantity": "0",
                  "dbu_cost": "0",
                  "vm_cost": "0.458",
                  "disk_cost": "0",
                  "network_cost": "0",
                  "list_cost": "0.458",
                  "contracted_cost": "0.458"
                },
                {
                  "name": "ml",
                  "pricing_quantity": null,
                  "pricing_unit": null,
                  "dbu_quantity": "0",
                  "dbu_cost": "0",
                  "vm_cost": "0.076333333",
                  "disk_cost": "0.000003333",
                  "network_cost": "0",
                  "list_cost": "0.076336666",
                  "contracted_cost": "0.076336666"
                }
              ]
            }
          ],
          "idle_pools": [
            {
              "name": "warm",
              "pricing_quantity": null,
              "pricing_unit": null,
              "dbu_quantity": "0",
              "dbu_cost": "0",
              "vm_cost": "0.458",
              "disk_cost": "0",
              "network_cost": "0",
              "list_cost": "0.458",
              "contracted_cost": "0.458"
            }
          ],
          "unpriced": [
            {
              "meter": "dbu/AZURE/PREMIUM_JOBS_COMPUTE_(PHOTON)",
              "sku": "PREMIUM_JOBS_COMPUTE_(PHOTON)",
              "reason": "no-price",
              "pricing_unit": "DBU",
              "quantity_per_hour": "1.5",
              "seconds": 5400,
              "hours": "1.5",
              "usages": 2
            }
          ],
          "synthetic_prices": [
            {
              "meter": "disk/AZURE/westus2/E6",
              "list_unit_price": "0.01",
              "source": "made-up",
              "list_cost": "0.000003333"
            }
          ],
          "price_sources": [
            "book#list-2026-10-01",
            "made-up"
          ],
          "unfinished_runs": []
        }
        "#);
    }

    /// 250 GB over 4 hours are 1000 GB-hours, at 0.00005 5 cents; a gateway of 4 hours at 0.045 is 18 cents of network.
    #[test]
    fn storage_has_a_column_where_there_is_some() {
        let fixed = Subject {
            workspace: "prod".to_owned(),
            team: "platform".to_owned(),
            ..Subject::default()
        };
        let mut rows = small().rows;
        rows.truncate(2);
        rows.extend([
            row(
                1,
                fixed.clone(),
                "storage/AZURE/westus2/GRS",
                1_000_000_000_000,
                50_000_000,
            ),
            row(1, fixed, "nat_gateway/AZURE/westus2", 4_000_000_000, 180_000_000),
        ]);
        let report = CostReport::new(input(rows));
        let shown = |format, dimension| {
            let options = RenderOptions {
                dimensions: vec![dimension],
                decimals: 2,
            };
            render(&report, format, &options).unwrap()
        };
        let text = shown(Format::Text, Dimension::Team);
        let table = text
            .split("By team\n")
            .nth(1)
            .unwrap()
            .split("\n\n")
            .next()
            .unwrap();
        insta::assert_snapshot!(table, @r"
        Team       DBU  DBU cost  VM cost  Disk cost  Network cost  Storage cost  Cost
        etl       3.00      0.90     0.92       0.00          0.00          0.00  1.82
        platform  0.00      0.00     0.00       0.00          0.18          0.05  0.23
        Total     3.00      0.90     0.92       0.00          0.18          0.05  2.05
        ");
        let csv = shown(Format::Csv, Dimension::Team);
        assert!(
            csv.lines()
                .next()
                .unwrap()
                .ends_with(",quantity_per_hour,storage_cost,contracted_cost")
        );
        assert!(
            csv.contains(",platform,,,0,0,0,0,0.18,0.23,USD,,,,,,0.05,0.23\n"),
            "{csv}"
        );
        let json: serde_json::Value = serde_json::from_str(&shown(Format::Json, Dimension::Sku)).unwrap();
        assert_eq!(json["total"]["storage_cost"], "0.05");
        let skus = json["sections"][0]["groups"].as_array().unwrap();
        let storage = skus.iter().find(|g| g["name"] == "Storage GRS").unwrap();
        assert_eq!(
            (&storage["pricing_quantity"], &storage["pricing_unit"]),
            (&"1000".into(), &"GB-hour".into())
        );
    }

    #[test]
    fn an_empty_month_says_so() {
        let report = CostReport::new(input(Vec::new()));
        let options = RenderOptions::default();
        insta::assert_snapshot!(render(&report, Format::Text, &options).unwrap(), @r#"
        Cost report 2026-10: nothing was billed in this month

        Period [2026-10-01T00:00:00Z, 2026-11-01T00:00:00Z), days in UTC. Costs are list costs.
        Ledger: 7 entries, head a822dbf5a74f7e4d0ffa32649f2547cf4c58bbd30f919f710f7ed5c715dee415.
        "#);
    }

    #[test]
    fn names_break_neither_lines_nor_cells() {
        let mut whose = subject("=cmd|' /C calc'!A0\n| x | y |", "a\r\nb\u{202e}");
        whose.owner = "-2+3".to_owned();
        let report = CostReport::new(input(vec![row(1, whose, VM, 1, 1)]));
        let options = RenderOptions {
            dimensions: vec![Dimension::Team, Dimension::Cluster, Dimension::Owner],
            decimals: 2,
        };
        let tame = CostReport::new(input(vec![row(1, subject("t", "c"), VM, 1, 1)]));
        for format in [Format::Text, Format::Markdown, Format::Csv] {
            let wild = render(&report, format, &options).unwrap();
            let plain = render(&tame, format, &options).unwrap();
            assert_eq!(wild.lines().count(), plain.lines().count(), "{format}: {wild}");
            assert!(!wild.contains(['\r', '\u{202e}', '\u{1b}']), "{format}");
        }
        let markdown = render(&report, Format::Markdown, &options).unwrap();
        for line in markdown.lines().filter(|line| line.starts_with('|')) {
            let bars = line.replace("\\|", "").matches('|').count();
            assert!([3, 8].contains(&bars), "{line}");
        }
        let text = render(&report, Format::Csv, &options).unwrap();
        let mut reader = ::csv::Reader::from_reader(text.as_bytes());
        for record in reader.records() {
            let record = record.unwrap();
            for cell in &record {
                assert!(!cell.starts_with(['=', '+', '-', '@']), "{cell}");
            }
        }
    }

    /// The numbers of the last column of the lines of a Markdown table, in 10^-2; blank is zero.
    fn last_column(table: &str) -> Vec<i128> {
        let cells = table
            .lines()
            .filter_map(|line| line.trim_end_matches(" |").rsplit("| ").next());
        cells
            .map(|cell| cell.trim().replace('.', "").parse().unwrap_or_default())
            .collect()
    }

    proptest! {
        #[test]
        fn the_lines_shown_always_add_up_to_the_total_shown(rows in any_rows()) {
            let report = CostReport::new(input(rows));
            prop_assume!(!report.is_empty());
            let options = RenderOptions { dimensions: vec![Dimension::Day], decimals: 2 };
            let text = render(&report, Format::Markdown, &options).unwrap();
            let table = text.split("## By day\n\n").nth(1).and_then(|rest| rest.split("\n\n").next()).unwrap();
            let numbers = last_column(table);
            let (total, lines) = numbers.split_last().unwrap();
            prop_assert_eq!(lines.iter().sum::<i128>(), *total, "{}", table);
        }

        #[test]
        fn the_same_rows_in_any_order_are_the_same_text(rows in any_rows(), turn in 0_usize..40) {
            let options = RenderOptions { dimensions: Dimension::ALL.to_vec(), decimals: 4 };
            let mut turned = rows.clone();
            turned.rotate_left(turn.min(rows.len()));
            for format in [Format::Text, Format::Markdown, Format::Csv, Format::Json] {
                let one = render(&CostReport::new(input(rows.clone())), format, &options).unwrap();
                let other = render(&CostReport::new(input(turned.clone())), format, &options).unwrap();
                prop_assert_eq!(one, other);
            }
        }
    }
}
