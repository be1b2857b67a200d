//! The ledger: opening it with diagnostics, and checking it.

use std::path::Path;

use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::store::check::CheckReport;
use crate::store::{Database, StoreError};

/// A store's error as a diagnostic that names the file.
pub fn diagnose(path: &Path, error: &StoreError) -> Diagnostics {
    Diagnostic::error(error.code(), path.display().to_string(), error.to_string()).into()
}

/// Opens a ledger to write, making it where there is none.
///
/// # Errors
/// `store::*`.
pub fn open(path: &Path) -> Result<Database, Diagnostics> {
    Database::open(path).map_err(|e| diagnose(path, &e))
}

/// Opens a ledger that is there to write, an older form too; makes none.
///
/// # Errors
/// `store::*`.
pub fn open_existing(path: &Path) -> Result<Database, Diagnostics> {
    match Database::open_read_only(path) {
        Ok(_) | Err(StoreError::Older { .. }) => open(path),
        Err(error) => Err(diagnose(path, &error)),
    }
}

/// Opens a ledger to read.
///
/// # Errors
/// `store::*`.
pub fn open_read_only(path: &Path) -> Result<Database, Diagnostics> {
    Database::open_read_only(path).map_err(|e| diagnose(path, &e))
}

/// Recomputes hashes, balances and roll-ups. `progress` is told steps done and steps in all.
///
/// # Errors
/// `store::*` when the file cannot be read at all; what disagrees is a finding of the report.
pub fn check(path: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<CheckReport, Diagnostics> {
    let database = open_read_only(path)?;
    crate::store::check::check(&database, progress).map_err(|e| diagnose(path, &e))
}
