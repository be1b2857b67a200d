//! `tollgate ledger restore`.

use clap::Args;
use std::path::PathBuf;

use super::tell;
use crate::cli::context::TextOrJson;
use crate::cli::exit::Exit;
use crate::cli::progress::bar;
use crate::model::diagnostic::Diagnostics;
use crate::ops::ledger_copy::restore;

/// Checks a backup and makes it the ledger again; the backup stays as it is.
#[derive(Debug, Args)]
#[command(after_help = "Example: tollgate ledger restore backups/october-2026-11-01.db october.db")]
pub(in crate::cli) struct Restore {
    /// The backup
    from: PathBuf,
    /// The ledger
    ledger: PathBuf,
    /// Replace a ledger that is there; it is kept as LEDGER.before-restore
    #[arg(long)]
    replace: bool,
    /// Output format
    #[arg(long, value_enum, default_value = "text")]
    format: TextOrJson,
}

impl Restore {
    pub fn answer(self) -> Result<Exit, Diagnostics> {
        let bar = bar("checking", 0);
        let copied = restore(&self.from, &self.ledger, self.replace, &mut |done, all| {
            bar.set_length(all);
            bar.set_position(done);
        });
        bar.finish_and_clear();
        tell(&copied?, self.format)
    }
}
