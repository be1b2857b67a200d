//! `tollgate price import azure-retail|aws-price-list|gcp-skus|list-prices|account-prices FILE...`.

use clap::{Args, Subcommand};
use serde_json::json as object;
use std::path::PathBuf;

use crate::cli::context::{TextOrJson, now};
use crate::cli::exit::{Exit, complain, json, print};
use crate::model::diagnostic::Diagnostics;
use crate::model::money::Currency;
use crate::model::period::{Instant, parse_instant};
use crate::model::place::Cloud;
use crate::ops::price_import::{Kind, Made, import, write_book};
use crate::pricing::import::Expected;
use crate::pricing::import::aws::Only;
use crate::pricing::import::list_prices::Table;

/// Make a price book of what a vendor publishes.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Import {
    /// Pages of the Azure Retail Prices API
    AzureRetail(AzureRetail),
    /// Offer files of the AWS Price List for AmazonEC2, and spot prices
    AwsPriceList(AwsPriceList),
    /// Pages of the Cloud Billing Catalog API of Google Cloud
    GcpSkus(GcpSkus),
    /// system.billing.list_prices or account_prices
    ListPrices(ListPrices),
    /// system.billing.account_prices, as a contract
    AccountPrices(AccountPrices),
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

/// Makes a price book of offer files of the AWS Price List Bulk API for AmazonEC2 (JSON or CSV, also packed) and of answers of
/// describe-spot-price-history (JSON): Linux machines with shared tenancy and nothing installed, on demand and spot. What is left
/// out is counted by reason. A price holds from its effectiveDate (spot: Timestamp) until the next one.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: tollgate price import aws-price-list index.json spot.json --region eu-west-1 --zone eu-west-1a --out prices/aws.json"
)]
pub(in crate::cli) struct AwsPriceList {
    /// Offer files and histories of spot prices, in any order; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Only prices of this region (`eu-west-1`); may be given several times
    #[arg(long = "region", value_name = "REGION")]
    regions: Vec<String>,
    /// Only spot prices of this availability zone (`eu-west-1a`): a meter has one price in a region; may be given several times
    #[arg(long = "zone", value_name = "ZONE")]
    zones: Vec<String>,
    #[command(flatten)]
    book: BookFlags,
}

/// Makes a price book of pages of the Cloud Billing Catalog API, skus of Compute Engine: a machine costs its cores and its GiB of
/// memory at the prices of its family, on demand and spot. Machines are the node types that tollgate knows. Those with GPUs or
/// local disks cost more than that and have no price. What is left out is counted by reason.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: tollgate price import gcp-skus pages/ --region europe-west4 --out prices/gcp.json"
)]
pub(in crate::cli) struct GcpSkus {
    /// Pages as the API answers (JSON), or folders of *.json; the order is nothing; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Only prices of this region (`europe-west4`); may be given several times
    #[arg(long = "region", value_name = "REGION")]
    regions: Vec<String>,
    /// Own node rates, whose node types are priced, too: files, or folders of *.json
    #[arg(long, value_name = "PATH")]
    prices: Vec<PathBuf>,
    #[command(flatten)]
    book: BookFlags,
}

/// Makes a contract of system.billing.account_prices, exported as JSON, CSV or Parquet, also packed with gzip or zstd: for each SKU and
/// time the price agreed on, with the list price kept beside it. Give it with --prices, next to books of list prices.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: tollgate price import account-prices account_prices.parquet --out prices/contract.json"
)]
pub(in crate::cli) struct AccountPrices {
    /// Exports, or folders of their parts; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Only rows of this cloud
    #[arg(long, value_name = "AWS|AZURE|GCP")]
    cloud: Option<Cloud>,
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
    /// The rows are of account_prices, and make a book that stands for list prices; `account-prices` makes a contract of them
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
            Import::AwsPriceList(AwsPriceList {
                files,
                regions,
                zones,
                book,
            }) => {
                let only = Only { regions, zones };
                (files, Kind::AwsPriceList { only }, book)
            }
            Import::GcpSkus(GcpSkus {
                files,
                regions,
                prices,
                book,
            }) => {
                let own = prices;
                (files, Kind::GcpSkus { regions, own }, book)
            }
            Import::AccountPrices(AccountPrices { files, cloud, book }) => {
                (files, Kind::AccountPrices { cloud }, book)
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
        let made = import(&files, &kind, &expected)?;
        let account = match book.format {
            TextOrJson::Text => as_text(&made),
            TextOrJson::Json => json(&as_json(&made))?,
        };
        match &book.out {
            Some(path) => {
                write_book(path, &made.text, book.force)?;
                print(&account);
            }
            None => {
                print(&made.text);
                eprint!("{account}");
            }
        }
        complain(&Diagnostics(made.warnings));
        Ok(Exit::InOrder)
    }
}

fn as_text(made: &Made) -> String {
    let left: usize = made.left_out.values().sum();
    let mut out = format!(
        "{}: {} {} of {} rows, {left} left out\n",
        made.name, made.len, made.what, made.rows
    );
    for (reason, n) in &made.left_out {
        let of = reason.of().map_or(String::new(), |of| format!(": {of}"));
        out.push_str(&format!("  {n} {}{of}\n", reason.as_str()));
    }
    out
}

fn as_json(made: &Made) -> serde_json::Value {
    let left_out: Vec<_> = made
        .left_out
        .iter()
        .map(|(reason, n)| object!({"reason": reason.as_str(), "of": reason.of(), "rows": n}))
        .collect();
    object!({made.kind: made.name, "rows": made.rows, made.what: made.len, "left_out": left_out,
        "warnings": made.warnings})
}
