//! `tollgate ingest legacy-usage`.

use clap::Args;
use std::path::PathBuf;

use super::billing_usage::{ended, named};
use crate::cli::context::TextOrJson;
use crate::cli::exit::Exit;
use crate::cli::progress::Bars;
use crate::model::diagnostic::Diagnostics;
use crate::model::place::Cloud;
use crate::ops::files::tables;
use crate::ops::ingest::legacy_usage::{LegacyOptions, ingest};
use crate::ops::prices::catalogue;

/// Bills the billable usage log that the account console offered before system.billing.usage: DBUs of each cluster, hour and SKU at the
/// price in force. A timestamp is the end of its hour. Told twice it changes nothing. A SKU that no price list has is told, not guessed.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 all is billed; 1 something is not billed, or has no price; 2 could not answer.\n\n\
                  Example: tollgate ingest legacy-usage 2019-02.csv --ledger 2019.db --cloud AWS --team-tag dept --sku STANDARD_AUTOMATED_OPSEC=PREMIUM_JOBS_COMPUTE"
)]
pub(in crate::cli) struct LegacyUsage {
    /// Rows as CSV, JSON or Parquet, also packed with gzip or zstd; folders of such parts; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The ledger that is billed
    #[arg(long, value_name = "FILE")]
    ledger: PathBuf,
    /// The cloud of the account: the log does not tell it
    #[arg(long, value_name = "AWS|AZURE|GCP")]
    cloud: Cloud,
    /// Own price books: files, or folders of *.json
    #[arg(long, value_name = "PATH")]
    prices: Vec<PathBuf>,
    /// Tag that names the cost centre
    #[arg(long, value_name = "TAG")]
    team_tag: Option<String>,
    /// Name of a workspace by its id; may be given several times
    #[arg(long, value_name = "ID=NAME", value_parser = named)]
    workspace: Vec<(String, String)>,
    /// SKU that a name of the log is billed under; may be given several times
    #[arg(long, value_name = "NAME=SKU", value_parser = named)]
    sku: Vec<(String, String)>,
    /// File for the rows that are not billed: one JSON object a line with file, line, column, code, reason and the row
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
    /// Correct what was told differently before: it is reversed and told anew, and nothing is changed
    #[arg(long)]
    correct: bool,
    /// Output format
    #[arg(long, value_enum, default_value = "text")]
    format: TextOrJson,
}

impl LegacyUsage {
    pub fn answer(self) -> Result<Exit, Diagnostics> {
        let sources = tables(&self.files)?;
        let mut catalogue = catalogue(&self.prices)?;
        let options = LegacyOptions {
            ledger: self.ledger,
            cloud: self.cloud,
            team_tag: self.team_tag,
            workspaces: self.workspace.into_iter().collect(),
            skus: self.sku.into_iter().collect(),
            rejects: self.rejects,
            correct: self.correct,
        };
        let mut bars = Bars::default();
        let told = ingest(&sources, &mut catalogue, &options, &mut |step| {
            bars.show_ingest(step)
        });
        bars.finish();
        let (told, problems) = told?;
        ended(&told, &problems, self.format)
    }
}
