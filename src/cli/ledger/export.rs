//! `tollgate ledger export`.

use clap::Args;
use std::io::{self, Write};
use std::path::PathBuf;

use crate::cli::exit::Exit;
use crate::cli::progress::bar;
use crate::model::diagnostic::Diagnostics;
use crate::model::period::Month;
use crate::ops::files::write_whole;
use crate::ops::ledger_export::{ExportOptions, export};
use crate::report::journal::JournalFormat;

/// Writes the entries in order of time for another program of accounting. Amounts are exact; each entry carries its number
/// and its hash.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: tollgate ledger export october.db --format hledger --out october.journal\n\n\
                  hledger -f october.journal check --strict, and bean-check, hold their own sums against the ledger's."
)]
pub(in crate::cli) struct Export {
    /// The ledger
    ledger: PathBuf,
    /// hledger, beancount or csv
    #[arg(long)]
    format: JournalFormat,
    /// One month of it, as in 2026-10
    #[arg(long)]
    month: Option<Month>,
    /// A file to write, whole or not at all [default: stdout]
    #[arg(long, value_name = "FILE")]
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
            None => {
                let mut out = Forgiving(io::stdout().lock());
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

fn written(options: &ExportOptions, name: &str, out: &mut dyn Write) -> Result<(), Diagnostics> {
    let bar = bar("exporting", 0);
    let exported = export(options, name, out, &mut |done, all| {
        bar.set_length(all);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    exported.map(drop)
}

/// A reader that went away (`| head`) is not an error of ours: what it does not take is dropped.
struct Forgiving<W>(W);

impl<W: Write> Write for Forgiving<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.0.write(bytes) {
            Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(bytes.len()),
            other => other,
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self.0.flush() {
            Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            other => other,
        }
    }
}
