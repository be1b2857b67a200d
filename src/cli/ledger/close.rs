//! `tollgate ledger close` and `tollgate ledger closings`.

use clap::Args;
use serde_json::{Value, json as object};
use std::path::PathBuf;

use crate::cli::context::{TextOrJson, now};
use crate::cli::exit::{Exit, json, print};
use crate::model::diagnostic::Diagnostics;
use crate::model::period::{Instant, Month, parse_instant};
use crate::ops::ledger_close::{close, closings};
use crate::report::closing::{as_json, as_text};

/// Makes a month final. What is told of it later is booked in the earliest month that is open, as a correction.
#[derive(Debug, Args)]
#[command(after_help = "Example: tollgate ledger close october.db --month 2026-10")]
pub(in crate::cli) struct Close {
    /// The ledger
    ledger: PathBuf,
    /// The month (`2026-10`)
    #[arg(long, value_name = "MONTH")]
    month: Month,
    /// When it is closed (`2026-11-03` or RFC 3339), not before its end [default: now]
    #[arg(long, value_name = "TIME", value_parser = parse_instant)]
    at: Option<Instant>,
    /// Close although usage of the month has no price
    #[arg(long)]
    with_unpriced: bool,
    /// Output format
    #[arg(long, value_enum, default_value = "text")]
    format: TextOrJson,
}

/// Lists the months that are closed, with their sums.
#[derive(Debug, Args)]
#[command(after_help = "Example: tollgate ledger closings october.db")]
pub(in crate::cli) struct List {
    /// The ledger
    ledger: PathBuf,
    /// Output format
    #[arg(long, value_enum, default_value = "text")]
    format: TextOrJson,
}

impl Close {
    pub fn answer(self) -> Result<Exit, Diagnostics> {
        let at = self.at.unwrap_or_else(now);
        let closed = close(&self.ledger, self.month, at, self.with_unpriced)?;
        print(&match self.format {
            TextOrJson::Json => {
                let mut form = as_json(&closed.closing, closed.currency);
                if let Value::Object(form) = &mut form {
                    form.insert("closed_before".to_owned(), closed.before.into());
                }
                json(&form)?
            }
            TextOrJson::Text => {
                let before = if closed.before {
                    " (it was closed before)"
                } else {
                    ""
                };
                format!("{}{before}\n", as_text(&closed.closing, closed.currency))
            }
        });
        Ok(Exit::InOrder)
    }
}

impl List {
    pub fn answer(self) -> Result<Exit, Diagnostics> {
        let (all, currency) = closings(&self.ledger)?;
        print(&match self.format {
            TextOrJson::Json => {
                let all: Vec<Value> = all.all().iter().map(|c| as_json(c, currency)).collect();
                json(&object!({"closings": all}))?
            }
            TextOrJson::Text if all.all().is_empty() => "no month is closed\n".to_owned(),
            TextOrJson::Text => {
                let lines = all.all().iter().map(|c| as_text(c, currency) + "\n");
                lines.collect()
            }
        });
        Ok(Exit::InOrder)
    }
}
