//! `tollgate price check [PATH...]`.

use clap::Args;
use serde_json::json as object;
use std::path::PathBuf;

use crate::cli::context::TextOrJson;
use crate::cli::exit::{Exit, json, print};
use crate::model::diagnostic::{Diagnostics, Severity};
use crate::ops::price_check::{Checked, check};

/// Finds what is wrong with price books. Errors end with 1: overlaps, spot not below on demand, prices of zero or less, rows
/// that cannot be read. Warnings alone end with 0: gaps, spot prices in one exact ratio, prices like those of Windows, rows
/// marked as suspect, unknown node types; with --strict they end with 1, too.
#[derive(Debug, Args)]
#[command(after_help = "Example: tollgate price check prices/ --strict")]
pub(in crate::cli) struct CheckBooks {
    /// Price books and node rates: files, or folders of *.json [default: the books that come with tollgate]
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Warnings count too
    #[arg(long)]
    strict: bool,
    /// Output format
    #[arg(long, value_enum, default_value = "text")]
    format: TextOrJson,
}

impl CheckBooks {
    pub fn answer(self) -> Result<Exit, Diagnostics> {
        let checked = check(&self.paths)?;
        let count = |severity| checked.findings.iter().filter(|f| f.severity == severity).count();
        let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
        print(&match self.format {
            TextOrJson::Text => as_text(&checked, errors, warnings),
            TextOrJson::Json => json(
                &object!({"books": checked.books, "errors": errors, "warnings": warnings,
                "findings": checked.findings}),
            )?,
        });
        let counted = if self.strict {
            errors.saturating_add(warnings)
        } else {
            errors
        };
        Ok(if counted > 0 { Exit::Fault } else { Exit::InOrder })
    }
}

fn as_text(checked: &Checked, errors: usize, warnings: usize) -> String {
    let mut out = String::new();
    for finding in &checked.findings {
        out.push_str(&format!("{finding}\n"));
    }
    let number = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
    out.push_str(&format!(
        "{}, {} in {}\n",
        number(errors, "error"),
        number(warnings, "warning"),
        number(checked.books, "book")
    ));
    out
}
