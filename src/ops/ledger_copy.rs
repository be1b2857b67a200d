//! Backup and restore: a copy of a ledger that is proved to be in order before anybody relies on it.

use std::fs;
use std::path::{Path, PathBuf};

use super::files::not_written;
use super::ledger::{check, diagnose, open, open_read_only};
use crate::ledger::chain::ChainHash;
use crate::ledger::check::code;
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::store::check::CheckReport;
use crate::store::copy::beside;
use crate::store::{Database, StoreError};

/// A copy that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// Where it is.
    pub file: PathBuf,
    /// Entries in it.
    pub entries: u64,
    /// Hash of the last one and all before it.
    pub head: ChainHash,
    /// Where the ledger is kept that was there before, if there was one.
    pub kept: Option<PathBuf>,
}

/// Copies a ledger, as it stands at one instant, into a new file, and checks the copy. Others may go on writing.
/// `progress` is told steps of the check done and in all.
///
/// # Errors
/// `store::*`; `store::exists` where there is a file of that name; `ledger::not-in-order` when the copy has faults (it
/// is left, for whoever looks into it).
pub fn backup(ledger: &Path, to: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<Copied, Diagnostics> {
    let database = open_read_only(ledger)?;
    database.copy_to(to).map_err(|e| diagnose(to, &e))?;
    let found = in_order(to, progress)?;
    Ok(Copied {
        file: to.to_owned(),
        entries: found.entries,
        head: found.head,
        kept: None,
    })
}

/// Makes a backup the ledger again. The backup is checked first and stays as it is; a ledger that is there is kept as
/// `LEDGER.before-restore` if it may be replaced.
///
/// # Errors
/// `store::*`; `store::exists` where there is a ledger and `replace` is not said, or a kept one of that name;
/// `ledger::not-in-order` when the backup has faults. Then nothing is changed.
pub fn restore(
    from: &Path,
    ledger: &Path,
    replace: bool,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Copied, Diagnostics> {
    let found = in_order(from, progress)?;
    let kept = match (ledger.exists(), replace) {
        (false, _) => None,
        (true, true) => Some(put_aside(ledger)?),
        (true, false) => {
            let exists = StoreError::Exists {
                path: ledger.to_owned(),
            };
            return Err(diagnose(ledger, &exists));
        }
    };
    open_read_only(from)?
        .copy_to(ledger)
        .map_err(|e| diagnose(ledger, &e))?;
    Ok(Copied {
        file: ledger.to_owned(),
        entries: found.entries,
        head: found.head,
        kept,
    })
}

/// Moves a ledger out of the way, whole: what is only in its log is brought into it first. What cannot be opened as a
/// ledger any more (that may be why a backup is restored) is moved with its log.
fn put_aside(ledger: &Path) -> Result<PathBuf, Diagnostics> {
    let kept = beside(ledger, ".before-restore");
    if kept.exists() {
        return Err(diagnose(&kept, &StoreError::Exists { path: kept.clone() }));
    }
    match open(ledger).as_ref().map(Database::empty_log) {
        Ok(Err(e)) if e.code() == "store::locked" => return Err(diagnose(ledger, &e)),
        Ok(_) | Err(_) => {}
    }
    for suffix in ["", "-wal", "-shm"] {
        let (from, to) = (beside(ledger, suffix), beside(&kept, suffix));
        match fs::rename(&from, &to) {
            Err(e) if suffix.is_empty() || e.kind() != std::io::ErrorKind::NotFound => {
                return Err(not_written(&to.display().to_string(), &e));
            }
            _ => {}
        }
    }
    Ok(kept)
}

fn in_order(file: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<CheckReport, Diagnostics> {
    let found = check(file, progress)?;
    // A month that is not what an invoice says is no damage: such a ledger is copied like any other.
    let damage = found.findings.iter().find(|f| f.code != code::ASSERTION);
    match damage {
        None => Ok(found),
        Some(first) => {
            let message = format!("is not in order: {first}");
            Err(
                Diagnostic::error("ledger::not-in-order", file.display().to_string(), message)
                    .hint("`tollgate ledger check` tells all that is wrong with it")
                    .into(),
            )
        }
    }
}
