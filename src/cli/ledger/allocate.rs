//! `tollgate ledger allocate`.

use clap::Args;
use std::path::PathBuf;

use crate::cli::context::TextOrJson;
use crate::cli::exit::{Exit, json, print};
use crate::model::diagnostic::Diagnostics;
use crate::model::period::Month;
use crate::ops::ledger_allocate::{Split, allocate, mode};

/// Moves what a month's idle pool instances and resource groups cost to the cost centres that used the pool or the workspace, exact
/// to the last digit. Vendors are owed the same. Again, it changes nothing; after more was told, it posts the difference.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: tollgate ledger allocate october.db --month 2026-10 --idle by-seconds --resource-group by-cost"
)]
pub(in crate::cli) struct Allocate {
    /// The ledger
    ledger: PathBuf,
    /// The month (`2026-10`), which must be open
    #[arg(long, value_name = "MONTH")]
    month: Month,
    /// By what idle instances of a pool are split: by the seconds that its machines were used, or by what they cost while they were;
    /// `none` leaves them as they are
    #[arg(long, value_name = "by-seconds|by-cost|none", default_value = "by-seconds")]
    idle: Split,
    /// By what NAT gateway and storage of a workspace are split: by the seconds of machines, or by all that was billed there
    #[arg(long, value_name = "by-seconds|by-cost|none", default_value = "none")]
    resource_group: Split,
    /// Show what would be written, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Output format
    #[arg(long, value_enum, default_value = "text")]
    format: TextOrJson,
}

impl Allocate {
    pub fn answer(self) -> Result<Exit, Diagnostics> {
        let keys = (self.idle, self.resource_group);
        let told = allocate(&self.ledger, self.month, keys, mode(self.dry_run))?;
        print(&match self.format {
            TextOrJson::Text => told.text(),
            TextOrJson::Json => json(&told.json())?,
        });
        Ok(Exit::InOrder)
    }
}
