//! `tollgate price import azure-retail|list-prices FILE...`.

use clap::{Args, Subcommand};
use serde_json::json as object;
use std::path::PathBuf;

use crate::cli::context::{TextOrJson, now};
use crate::cli::exit::{Exit, complain, json, print};
use crate::model::diagnostic::Diagnostics;
use crate::model::money::Currency;
use crate::model::period::{Instant, parse_instant};
use crate::model::place::Cloud;
use crate::ops::price_import::{Kind, import, write_book};
use crate::pricing::import::list_prices::Table;
use crate::pricing::import::{Expected, Imported};

/// Make a price book of what a vendor publishes.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Import {
    /// Pages of the Azure Retail Prices API
    AzureRetail(AzureRetail),
    /// system.billing.list_prices or account_prices
    ListPrices(ListPrices),
}

/// Makes a price book of pages of the Azure Retail Prices API: Linux machines, on demand and spot, and DBUs. What is left
/// out is counted by reason.
#[derive(Debug, Args)]
#[command(after_help = "Example: tollgate price import azure-retail pages/ --out prices/azure.json")]
pub(in crate::cli) struct AzureRetail {
    /// Pages as the API answers (JSON), or folders of *.json; the order is nothing; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Only prices of this region (`westus2`); may be given several times
    #[arg(long = "region", value_name = "REGION")]
    regions: Vec<String>,
    #[command(flatten)]
    book: BookFlags,
}

/// Makes a price book of system.billing.list_prices or account_prices, exported as JSON (an array, {"rows": []}, a row a
/// line), CSV or Parquet, also packed with gzip or zstd. `pricing` is JSON, also as text, or a column `pricing.default` or
/// `pricing_default`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: tollgate price import list-prices list_prices.csv --cloud AZURE --out prices/dbu.json"
)]
pub(in crate::cli) struct ListPrices {
    /// Exports, or folders of their parts; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The rows are of account_prices: what the account has agreed on
    #[arg(long)]
    account_prices: bool,
    /// Only rows of this cloud; needed where there are several
    #[arg(long, value_name = "AWS|AZURE|GCP")]
    cloud: Option<Cloud>,
    #[command(flatten)]
    book: BookFlags,
}

/// The book that is made.
#[derive(Debug, Args)]
struct BookFlags {
    /// File for the book [default: standard output, and the account of it on standard error]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write over a file that is there
    #[arg(long, requires = "out")]
    force: bool,
    /// Currency of the book; rows in another one are an error
    #[arg(long, default_value = "USD", value_parser = |text: &str| Currency::try_from(text.to_owned()))]
    currency: Currency,
    /// When the files were fetched (`2026-10-01`), for the book's source [default: today]
    #[arg(long, value_name = "DATE", value_parser = parse_instant)]
    retrieved: Option<Instant>,
    /// Format of the account of what was taken and left out
    #[arg(long, value_enum, default_value = "text")]
    format: TextOrJson,
}

impl Import {
    pub fn answer(self) -> Result<Exit, Diagnostics> {
        let (files, kind, book) = match self {
            Import::AzureRetail(AzureRetail { files, regions, book }) => {
                (files, Kind::AzureRetail { regions }, book)
            }
            Import::ListPrices(ListPrices {
                files,
                account_prices,
                cloud,
                book,
            }) => {
                let table = if account_prices {
                    Table::AccountPrices
                } else {
                    Table::ListPrices
                };
                (files, Kind::ListPrices { table, cloud }, book)
            }
        };
        let expected = Expected {
            currency: book.currency,
            retrieved: book.retrieved.unwrap_or_else(now),
        };
        let imported = import(&files, &kind, &expected)?;
        let account = match book.format {
            TextOrJson::Text => as_text(&imported),
            TextOrJson::Json => json(&as_json(&imported))?,
        };
        let text = imported.draft.text();
        match &book.out {
            Some(path) => {
                write_book(path, &text, book.force)?;
                print(&account);
            }
            None => {
                print(&text);
                eprint!("{account}");
            }
        }
        complain(&Diagnostics(imported.warnings));
        Ok(Exit::InOrder)
    }
}

fn as_text(imported: &Imported) -> String {
    let left: usize = imported.left_out.values().sum();
    let mut out = format!(
        "{}: {} prices of {} rows, {left} left out\n",
        imported.draft.name,
        imported.draft.rows.len(),
        imported.rows
    );
    for (reason, n) in &imported.left_out {
        let of = reason.of().map_or(String::new(), |of| format!(": {of}"));
        out.push_str(&format!("  {n} {}{of}\n", reason.as_str()));
    }
    out
}

fn as_json(imported: &Imported) -> serde_json::Value {
    let left_out: Vec<_> = imported
        .left_out
        .iter()
        .map(|(reason, n)| object!({"reason": reason.as_str(), "of": reason.of(), "rows": n}))
        .collect();
    object!({"price_book": imported.draft.name, "rows": imported.rows, "prices": imported.draft.rows.len(),
        "left_out": left_out, "warnings": imported.warnings})
}
