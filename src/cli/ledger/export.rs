//! `tollgate ledger export`.

use clap::Args;
use std::io::Write;
use std::path::PathBuf;

use crate::cli::exit::{Exit, Stdout};
use crate::cli::progress::bar;
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::period::Month;
use crate::ops::files::write_whole;
use crate::ops::ledger_export::{ExportOptions, export};
use crate::report::journal::JournalFormat;

/// Writes the entries in order of time for another program. Amounts are exact; each entry carries its number
/// and its hash.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: tollgate ledger export october.db --format hledger --out october.journal\n\
                  Example: tollgate ledger export october.db --format parquet --out october.parquet\n\n\
                  hledger -f october.journal check --strict, and bean-check, hold their own sums against the ledger's."
)]
pub(in crate::cli) struct Export {
    /// The ledger
    ledger: PathBuf,
    /// hledger, beancount, csv or parquet
    #[arg(long)]
    format: JournalFormat,
    /// One month of it, as in 2026-10
    #[arg(long)]
    month: Option<Month>,
    /// A file to write, whole or not at all [default: stdout; parquet needs one]
    #[arg(long, visible_alias = "output", value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Export {
    pub fn answer(self) -> Result<Exit, Diagnostics> {
        let options = ExportOptions {
            ledger: self.ledger,
            month: self.month,
            format: self.format,
        };
        match &self.out {
            None if self.format.is_binary() => return Err(not_printed(self.format)),
            None => {
                let mut out = Stdout::default();
                written(&options, "stdout", &mut out)?;
            }
            Some(path) => {
                let name = path.display().to_string();
                write_whole(path, |file| written(&options, &name, file))?;
            }
        }
        Ok(Exit::InOrder)
    }
}

fn not_printed(format: JournalFormat) -> Diagnostics {
    let message = format!("{format} is no text and is not printed; expected a file to write");
    let problem = Diagnostic::error("export::binary", "stdout", message);
    problem.hint("name it with --out").into()
}

fn written(options: &ExportOptions, name: &str, out: &mut (dyn Write + Send)) -> Result<(), Diagnostics> {
    let bar = bar("exporting", 0);
    let exported = export(options, name, out, &mut |done, all| {
        bar.set_length(all);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    exported.map(drop)
}
