//! `tollgate ledger ...`.

mod apply_contract;
mod assert;
mod backup;
mod check;
mod close;
mod export;
mod restore;
mod verify;

use clap::Subcommand;

pub(super) use self::assert::not_negative;
use super::context::TextOrJson;
use super::exit::{Exit, finish, json, print};
use crate::model::diagnostic::Diagnostics;
use crate::ops::ledger_copy::Copied;

/// Work with the ledger.
#[derive(Debug, Subcommand)]
pub(super) enum Ledger {
    /// Recompute every hash, balance and roll-up
    Check(check::Check),
    /// Do that, recompute costs and digests, and hold the chain against a copy or a head
    Verify(verify::Verify),
    /// Make a month final
    Close(close::Close),
    /// Apply commitments and volume tiers to a month's usage
    ApplyContract(apply_contract::ApplyContract),
    /// List the months that are closed
    Closings(close::List),
    /// Note what a vendor's invoice says of a month, for `check` to hold
    Assert(assert::Assert),
    /// List the assertions and how the ledger stands to them
    Assertions(assert::Assertions),
    /// Write the entries for hledger, Beancount, or as CSV
    Export(export::Export),
    /// Copy a ledger that may be in use, and check the copy
    Backup(backup::Backup),
    /// Make a backup the ledger again
    Restore(restore::Restore),
}

impl Ledger {
    pub fn run(self) -> Exit {
        finish(match self {
            Ledger::Check(command) => command.answer(),
            Ledger::Verify(command) => command.answer(),
            Ledger::Close(command) => command.answer(),
            Ledger::ApplyContract(command) => command.answer(),
            Ledger::Closings(command) => command.answer(),
            Ledger::Assert(command) => command.answer(),
            Ledger::Assertions(command) => command.answer(),
            Ledger::Export(command) => command.answer(),
            Ledger::Backup(command) => command.answer(),
            Ledger::Restore(command) => command.answer(),
        })
    }
}

/// Says what was copied.
fn tell(copied: &Copied, format: TextOrJson) -> Result<Exit, Diagnostics> {
    let (file, head) = (copied.file.display().to_string(), copied.head.to_string());
    let kept = copied.kept.as_ref().map(|path| path.display().to_string());
    print(&match format {
        TextOrJson::Json => json(&serde_json::json!({
            "file": file, "entries": copied.entries, "head": head, "kept": kept,
        }))?,
        TextOrJson::Text => {
            let mut out = format!("{file}: {} entries, head {head}, in order\n", copied.entries);
            if let Some(kept) = kept {
                out.push_str(&format!("the ledger that was there is kept as {kept}\n"));
            }
            out
        }
    });
    Ok(Exit::InOrder)
}
