//! `tollgate reconcile`: the ledger's month against what vendors say of it.

use clap::Args;
use rust_decimal::Decimal;
use std::path::PathBuf;

use super::exit::{Exit, complain, finish, json, print};
use super::ledger::not_negative;
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::exact::Inexact;
use crate::model::period::Month;
use crate::ops::files::tables;
use crate::ops::prices::catalogue;
use crate::ops::reconcile::{Grain, InvoiceRule, ReconcileOptions, reconcile};
use crate::report::Format;
use crate::report::reconciliation::{self, Reconciliation};

/// Compares a month of the ledger with the statement of Azure that is kept beside it (`ingest azure-cost`), with rows of
/// system.billing.usage, or with both, each by itself: per meter, UTC day and resource. Every difference is in a class, and ledger,
/// classes and residual add up to the statement exactly.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 they agree within the tolerance; 1 they do not, or a row could not be read or priced; 2 could not answer.\n\n\
                  Example: tollgate reconcile 2026-10 --ledger october.db --billing-usage usage.csv --by day --tolerance 0.05"
)]
pub(super) struct Reconcile {
    /// The month, as in 2026-10
    month: Month,
    /// The ledger
    #[arg(long, value_name = "FILE")]
    ledger: PathBuf,
    /// Rows of system.billing.usage: CSV, JSON or Parquet, also packed, or folders of such parts; may be given several times
    #[arg(long, value_name = "FILE", num_args = 1..)]
    billing_usage: Vec<PathBuf>,
    /// Own price books for the rows of usage: files, or folders of *.json
    #[arg(long, value_name = "PATH")]
    prices: Vec<PathBuf>,
    /// How fine: meter, day or resource; resources only where both sides know the same ones, else their clusters, else days
    #[arg(long, value_name = "GRAIN", default_value_t = Grain::Resource)]
    by: Grain,
    /// Recompute our side as the vendor rounds: line-cent, hours-2, minute-up [default: exact]
    #[arg(long, value_delimiter = ',', value_name = "RULES")]
    invoice_rule: Vec<InvoiceRule>,
    /// What all differences without their signs, and the residual, may come to
    #[arg(long, value_name = "AMOUNT", value_parser = not_negative, default_value = "0.00")]
    tolerance: Decimal,
    /// Lines shown of each class; sums are always whole
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: usize,
    /// Output format: text, markdown, csv or json
    #[arg(long, default_value_t = Format::Text)]
    format: Format,
}

impl Reconcile {
    pub fn run(self) -> Exit {
        finish(self.answer())
    }

    fn answer(self) -> Result<Exit, Diagnostics> {
        let usage = tables(&self.billing_usage)?;
        let mut catalogue = catalogue(&self.prices)?;
        let options = ReconcileOptions {
            ledger: self.ledger,
            month: self.month,
            grain: self.by,
            rules: self.invoice_rule,
            tolerance: self.tolerance,
        };
        let (found, problems) = reconcile(&options, &usage, &mut catalogue)?;
        print(&shown(&found, self.format, self.limit)?);
        complain(&problems);
        Ok(
            match found.iter().all(Reconciliation::agrees) && !problems.has_errors() {
                true => Exit::InOrder,
                false => Exit::Fault,
            },
        )
    }
}

fn shown(found: &[Reconciliation], format: Format, limit: usize) -> Result<String, Diagnostics> {
    let failed = |why: String| Diagnostics::from(Diagnostic::error("report::render", "report", why));
    let all = |form: fn(&Reconciliation, usize) -> Result<String, Inexact>| {
        let pages: Result<Vec<String>, Inexact> = found.iter().map(|one| form(one, limit)).collect();
        pages
            .map(|pages| pages.join("\n"))
            .map_err(|e| failed(e.to_string()))
    };
    match format {
        Format::Text => all(reconciliation::text),
        Format::Markdown => all(reconciliation::markdown),
        Format::Csv => reconciliation::csv(found, limit).map_err(failed),
        Format::Json => {
            let values: Result<Vec<_>, Inexact> =
                found.iter().map(|one| reconciliation::json(one, limit)).collect();
            json(&values.map_err(|e| failed(e.to_string()))?)
        }
    }
}
