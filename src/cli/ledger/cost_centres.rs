//! `tollgate ledger cost-centres`.

use clap::Args;
use std::path::PathBuf;

use crate::cli::context::TextOrJson;
use crate::cli::exit::{Exit, json, print};
use crate::model::diagnostic::Diagnostics;
use crate::model::period::Month;
use crate::ops::ledger_cost_centres::rules_over_ledger;

/// Asks rules for cost centres for all that a ledger has: what each rule takes, who would owe what beside what is booked, which rules
/// match nothing. Nothing is written: whose a fact is, is part of it.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: tollgate ledger cost-centres october.db --cost-centres cost-centres.yaml --month 2026-10"
)]
pub(in crate::cli) struct CostCentres {
    /// The ledger
    ledger: PathBuf,
    /// The rules
    #[arg(long, value_name = "FILE")]
    cost_centres: PathBuf,
    /// Only what is billed in this month (`2026-10`)
    #[arg(long, value_name = "MONTH")]
    month: Option<Month>,
    /// Output format
    #[arg(long, value_enum, default_value = "text")]
    format: TextOrJson,
}

impl CostCentres {
    pub fn answer(self) -> Result<Exit, Diagnostics> {
        let told = rules_over_ledger(&self.ledger, &self.cost_centres, self.month)?;
        print(&match self.format {
            TextOrJson::Text => told.text(),
            TextOrJson::Json => json(&told.json())?,
        });
        Ok(Exit::InOrder)
    }
}
