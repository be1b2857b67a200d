//! `tollgate ledger apply-contract`.

use clap::Args;
use std::path::PathBuf;

use crate::cli::context::TextOrJson;
use crate::cli::exit::{Exit, json, print};
use crate::cli::progress::bar;
use crate::model::diagnostic::Diagnostics;
use crate::model::period::Month;
use crate::ops::apply_contract::apply;

/// Applies what a contract says of whole months: reservations, savings plans, prepaid units, volume tiers. Usage that is paid for is
/// taken back from the vendor and billed to the commitment. Applying again posts only what has changed since.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: tollgate ledger apply-contract october.db --contract acme.json --month 2026-10"
)]
pub(in crate::cli) struct ApplyContract {
    /// The ledger
    ledger: PathBuf,
    /// A contract, or a folder of them; all that are applied to this ledger
    #[arg(long = "contract", value_name = "FILE", required = true)]
    contracts: Vec<PathBuf>,
    /// The last month (`2026-10`); all before it are looked at, too
    #[arg(long, value_name = "MONTH")]
    month: Month,
    /// Output format
    #[arg(long, value_enum, default_value = "text")]
    format: TextOrJson,
}

impl ApplyContract {
    pub fn answer(self) -> Result<Exit, Diagnostics> {
        let bar = bar("applying", 1);
        let told = apply(&self.ledger, &self.contracts, self.month, &mut |done, all| {
            bar.set_length(all);
            bar.set_position(done);
        });
        bar.finish_and_clear();
        let told = told?;
        print(&match self.format {
            TextOrJson::Json => json(&told.as_json())?,
            TextOrJson::Text => told.as_text(),
        });
        Ok(Exit::InOrder)
    }
}
