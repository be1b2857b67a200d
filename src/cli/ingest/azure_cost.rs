//! `tollgate ingest azure-cost`.

use clap::Args;
use std::path::PathBuf;

use crate::cli::context::{TextOrJson, now};
use crate::cli::exit::{Exit, complain, json, print};
use crate::cli::progress::Bars;
use crate::model::diagnostic::Diagnostics;
use crate::model::period::{Instant, parse_instant};
use crate::ops::files::tables;
use crate::ops::ingest::azure_cost::{CostOptions, ingest};
use crate::report::statement::text;

/// Keeps what Azure says it has billed beside the ledger, for `tollgate reconcile`: the lines of an actual-cost export (EA or MCA).
/// They move no balance. All files of one call are one export; told again it changes nothing, a newer export of the same billing
/// period and scope replaces it.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 every row is kept; 1 some rows could not be read; 2 could not answer.\n\n\
                  Example: tollgate ingest azure-cost part_0.csv part_1.csv --ledger october.db --exported-at 2026-11-02T06:00:00Z"
)]
pub(in crate::cli) struct AzureCost {
    /// Actual-cost exports as CSV or Parquet, packed or not; of a folder all parts; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The ledger
    #[arg(long, value_name = "FILE")]
    ledger: PathBuf,
    /// What of the account the export covers, where there is one for each part: a subscription's name [default: all]
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    scope: String,
    /// When Azure made the export; of two that say so the later one holds, otherwise the one told later
    #[arg(long, value_name = "TIME", value_parser = parse_instant)]
    exported_at: Option<Instant>,
    /// Write the rows that cannot be read to this file, one JSON object a line with their reasons
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
    /// Output format
    #[arg(long, value_enum, default_value = "text")]
    format: TextOrJson,
}

impl AzureCost {
    pub fn answer(self) -> Result<Exit, Diagnostics> {
        let sources = tables(&self.files)?;
        let options = CostOptions {
            ledger: self.ledger,
            scope: self.scope,
            exported_at: self.exported_at,
            told_at: now(),
            rejects: self.rejects,
        };
        let mut bars = Bars::default();
        let answer = ingest(&sources, &options, &mut |step| bars.show_ingest(step));
        bars.finish();
        let (told, problems) = answer?;
        print(&match self.format {
            TextOrJson::Text => text(&told),
            TextOrJson::Json => json(&told)?,
        });
        complain(&problems);
        Ok(match problems.has_errors() {
            true => Exit::Fault,
            false => Exit::InOrder,
        })
    }
}
