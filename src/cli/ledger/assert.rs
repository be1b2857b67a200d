//! `tollgate ledger assert` and `tollgate ledger assertions`.

use clap::Args;
use rust_decimal::Decimal;
use std::path::PathBuf;

use crate::cli::context::{TextOrJson, now};
use crate::cli::exit::{Exit, json, print};
use crate::model::diagnostic::Diagnostics;
use crate::model::exact::parse_decimal;
use crate::model::money::{Currency, NotACurrency};
use crate::model::period::Month;
use crate::ops::assertion::{Assertion, list, tell, vendor};
use crate::report::assertion::text;

/// Notes what a vendor's invoice says of a month: what it is owed for charges inside the month, in UTC. `ledger check` then holds
/// the ledger against it. A later assertion of the same vendor and month supersedes the former; both are kept.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 it is noted, whether the ledger agrees or not; 2 could not answer.\n\n\
                  Example: tollgate ledger assert october.db --vendor azure --month 2026-10 --amount 12345.67 --currency USD --tolerance 0.01 --note INV-7"
)]
pub(in crate::cli) struct Assert {
    /// The ledger
    ledger: PathBuf,
    /// Who is owed
    #[arg(long, value_name = "azure|databricks|aws|gcp", value_parser = vendor)]
    vendor: &'static str,
    /// The month, as in 2026-10
    #[arg(long)]
    month: Month,
    /// What the invoice says, exactly
    #[arg(long, value_parser = parse_decimal, allow_negative_numbers = true)]
    amount: Decimal,
    /// Its currency: three capital letters
    #[arg(long, value_parser = currency)]
    currency: Currency,
    /// By how much the ledger may differ, in either direction
    #[arg(long, value_name = "AMOUNT", value_parser = not_negative, default_value = "0")]
    tolerance: Decimal,
    /// Where the amount comes from: an invoice's number
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    note: String,
    /// Output format
    #[arg(long, value_enum, default_value = "text")]
    format: TextOrJson,
}

pub(in crate::cli) fn currency(text: &str) -> Result<Currency, NotACurrency> {
    Currency::try_from(text.to_owned())
}

pub(in crate::cli) fn not_negative(text: &str) -> Result<Decimal, String> {
    match parse_decimal(text) {
        Ok(number) if number.is_sign_negative() && !number.is_zero() => Err(format!(
            "`{text}` is negative; a tolerance holds in either direction"
        )),
        Ok(number) => Ok(number),
        Err(error) => Err(error.to_string()),
    }
}

impl Assert {
    pub fn answer(self) -> Result<Exit, Diagnostics> {
        let said = Assertion {
            vendor: self.vendor,
            month: self.month,
            amount: self.amount,
            currency: self.currency,
            tolerance: self.tolerance,
            note: self.note,
        };
        let (new, row) = tell(&self.ledger, &said, now())?;
        print(&match self.format {
            TextOrJson::Json => json(&serde_json::json!({ "new": new, "assertion": row }))?,
            TextOrJson::Text => {
                let known = if new {
                    ""
                } else {
                    "known before, nothing changed\n"
                };
                format!("{known}{}", text(&[row]))
            }
        });
        Ok(Exit::InOrder)
    }
}

/// Lists the assertions, superseded ones included, with what the ledger says now.
#[derive(Debug, Args)]
#[command(after_help = "Example: tollgate ledger assertions october.db")]
pub(in crate::cli) struct Assertions {
    /// The ledger
    ledger: PathBuf,
    /// Output format
    #[arg(long, value_enum, default_value = "text")]
    format: TextOrJson,
}

impl Assertions {
    pub fn answer(self) -> Result<Exit, Diagnostics> {
        let rows = list(&self.ledger)?;
        print(&match self.format {
            TextOrJson::Text => text(&rows),
            TextOrJson::Json => json(&rows)?,
        });
        Ok(Exit::InOrder)
    }
}
