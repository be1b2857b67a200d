//! `tollgate ledger backup`.

use clap::Args;
use std::path::PathBuf;

use super::tell;
use crate::cli::context::TextOrJson;
use crate::cli::exit::Exit;
use crate::cli::progress::bar;
use crate::model::diagnostic::Diagnostics;
use crate::ops::ledger_copy::backup;

/// Copies a ledger, as it stands at one instant, into a new file and checks the copy. Others may go on writing.
#[derive(Debug, Args)]
#[command(after_help = "Example: tollgate ledger backup october.db backups/october-2026-11-01.db")]
pub(in crate::cli) struct Backup {
    /// The ledger
    ledger: PathBuf,
    /// The copy; there must be no file of that name
    to: PathBuf,
    /// Output format
    #[arg(long, value_enum, default_value = "text")]
    format: TextOrJson,
}

impl Backup {
    pub fn answer(self) -> Result<Exit, Diagnostics> {
        let bar = bar("checking", 0);
        let copied = backup(&self.ledger, &self.to, &mut |done, all| {
            bar.set_length(all);
            bar.set_position(done);
        });
        bar.finish_and_clear();
        tell(&copied?, self.format)
    }
}
