//! `tollgate report [MONTH]`: the month's costs from the ledger.

use clap::Args;
use std::path::PathBuf;

use super::exit::{Exit, finish, print};
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::period::Month;
use crate::ops::report::report;
use crate::report::{CostReport, Dimension, Format, RenderOptions, render};

/// Reports a month: DBU, VM, disk and network cost by any dimension; idle pool cost and unpriced usage apart.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: tollgate report 2026-10 --ledger october.db --by team,sku --format markdown"
)]
pub(super) struct Report {
    /// The month, as in 2026-10 [default: the latest with an entry]
    month: Option<Month>,
    /// The ledger
    #[arg(long, value_name = "FILE")]
    ledger: PathBuf,
    #[command(flatten)]
    flags: ReportFlags,
}

/// How a report is shown.
#[derive(Debug, Args)]
pub(super) struct ReportFlags {
    /// Tables, one per dimension: team, workspace, sku, cluster, job, pool, day, policy, owner
    #[arg(
        long,
        value_delimiter = ',',
        value_name = "DIMENSIONS",
        default_value = "team,workspace,sku,job,pool"
    )]
    by: Vec<Dimension>,
    /// Decimals of money in text and Markdown; CSV and JSON are exact
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(0..=9))]
    decimals: u32,
    /// Output format: text, markdown, csv or json
    #[arg(long, default_value_t = Format::Text)]
    format: Format,
}

impl ReportFlags {
    /// The form asked for.
    pub fn format(&self) -> Format {
        self.format
    }

    /// Whether the reader is a person at a terminal.
    pub fn is_text(&self) -> bool {
        self.format == Format::Text
    }
}

impl Report {
    pub fn run(self) -> Exit {
        finish(self.answer())
    }

    fn answer(self) -> Result<Exit, Diagnostics> {
        let found = report(&self.ledger, self.month)?;
        print(&rendered(&found, &self.flags)?);
        Ok(Exit::InOrder)
    }
}

/// A report as the flags want it.
pub(super) fn rendered(report: &CostReport, flags: &ReportFlags) -> Result<String, Diagnostics> {
    let options = RenderOptions {
        dimensions: flags.by.clone(),
        decimals: flags.decimals,
    };
    render(report, flags.format, &options)
        .map_err(|e| Diagnostic::error("report::render", "report", e.to_string()).into())
}
