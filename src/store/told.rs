//! What was told before is held against what is told now.

use super::error::StoreError;
use crate::ledger::transaction::Difference;

/// Nothing where both say the same.
///
/// # Errors
/// [`StoreError::Conflict`] with every field that differs.
pub(super) fn hold_against<const N: usize>(
    what: impl FnOnce() -> String,
    fields: [&'static str; N],
    known: [String; N],
    told: [String; N],
) -> Result<(), StoreError> {
    let differences: Vec<Difference> = fields
        .into_iter()
        .zip(known.into_iter().zip(told))
        .filter(|(_, (known, told))| known != told)
        .map(|(field, (known, told))| Difference { field, known, told })
        .collect();
    if differences.is_empty() {
        return Ok(());
    }
    Err(StoreError::Conflict {
        what: what(),
        differences,
    })
}
