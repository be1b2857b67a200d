//! `tollgate ingest billing-usage`.

use clap::Args;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use crate::cli::context::TextOrJson;
use crate::cli::exit::{Exit, complain, json, print};
use crate::cli::progress::Bars;
use crate::model::diagnostic::Diagnostics;
use crate::ops::files::{stdin_once, tables};
use crate::ops::ingest::billing_usage::{UsageOptions, ingest};
use crate::ops::ingest::context::ContextFiles;
use crate::ops::prices::catalogue;
use crate::report::billing_usage::{IngestedUsage, text};

/// Bills what Databricks itself has metered: each row of system.billing.usage at the price in force, RETRACTION and RESTATEMENT as
/// facts of their own. Told twice, or by files that overlap, it changes nothing; told differently it is refused, or corrected with --correct. Rows that cannot be billed are told with file,
/// line and reason.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 all is billed; 1 something is not billed, or has no price; 2 could not answer.\n\n\
                  Example: tollgate ingest billing-usage usage.csv --ledger october.db --team-tag team --workspace 1234567890=lakehouse"
)]
pub(in crate::cli) struct BillingUsage {
    /// Rows as CSV, JSON or Parquet, also packed with gzip or zstd; folders of such parts; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The ledger that is billed
    #[arg(long, value_name = "FILE")]
    ledger: PathBuf,
    /// Own price books: files, or folders of *.json
    #[arg(long, value_name = "PATH")]
    prices: Vec<PathBuf>,
    /// Tag that names the cost centre
    #[arg(long, value_name = "TAG")]
    team_tag: Option<String>,
    /// Name of a workspace by its id; may be given several times
    #[arg(long, value_name = "ID=NAME", value_parser = named)]
    workspace: Vec<(String, String)>,
    /// Rows of system.compute.clusters, or JSON of clusters/list: name, owner, policy and pool of each cluster as it was then; may be given several times
    #[arg(long, value_name = "FILE")]
    clusters: Vec<PathBuf>,
    /// Rows of system.compute.instance_pools: names of pools; may be given several times
    #[arg(long, value_name = "FILE")]
    pools: Vec<PathBuf>,
    /// Rows of system.lakeflow.job_run_timeline: names of runs for rows that have no job_name; may be given several times
    #[arg(long, value_name = "FILE")]
    job_runs: Vec<PathBuf>,
    /// File for the rows that are not billed: one JSON object a line with file, line, column, code, reason and the row
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
    /// Correct what was told differently before: it is reversed and told anew, and nothing is changed
    #[arg(long)]
    correct: bool,
    // Hidden: nobody bills better with it. Tests kill small tellings between many transactions.
    /// Facts of one transaction
    #[arg(long, value_name = "NUMBER", hide = true)]
    batch_facts: Option<NonZeroUsize>,
    /// Output format
    #[arg(long, value_enum, default_value = "text")]
    format: TextOrJson,
}

pub(super) fn named(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((id, name)) if !id.is_empty() && !name.is_empty() => Ok((id.to_owned(), name.to_owned())),
        _ => Err("expected `ID=NAME`, as in `1234567890=lakehouse`".to_owned()),
    }
}

impl BillingUsage {
    pub fn answer(self) -> Result<Exit, Diagnostics> {
        let context = self.clusters.iter().chain(&self.pools).chain(&self.job_runs);
        stdin_once(self.files.iter().chain(context))?;
        let sources = tables(&self.files)?;
        let mut catalogue = catalogue(&self.prices)?;
        let options = UsageOptions {
            ledger: self.ledger,
            team_tag: self.team_tag,
            workspaces: self.workspace.into_iter().collect(),
            context: ContextFiles {
                clusters: tables(&self.clusters)?,
                pools: tables(&self.pools)?,
                job_runs: tables(&self.job_runs)?,
            },
            rejects: self.rejects,
            correct: self.correct,
            batch_facts: self.batch_facts,
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

/// Prints what came of it.
pub(super) fn ended(
    told: &IngestedUsage,
    problems: &Diagnostics,
    format: TextOrJson,
) -> Result<Exit, Diagnostics> {
    print(&match format {
        TextOrJson::Text => text(told),
        TextOrJson::Json => json(told)?,
    });
    complain(problems);
    Ok(match told.is_whole() && !problems.has_errors() {
        true => Exit::InOrder,
        false => Exit::Fault,
    })
}
