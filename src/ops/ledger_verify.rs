//! Verify: the check of a ledger and beyond it, and its chain held against a copy or a head.

use std::path::{Path, PathBuf};

use super::ledger::{diagnose, open_read_only};
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::store::check;

pub use crate::store::check::{CheckReport, Recomputed, Relation, Stands, Verified};

/// Hexadecimal digits of a head that a report shortens it to; fewer could be of many entries.
const FEWEST_DIGITS: usize = 12;
const DIGITS: usize = 64;

/// What the chain is held against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Against {
    /// A copy: its entries are the first of the ledger's.
    Copy(PathBuf),
    /// The digits that a head begins with: it is in the chain.
    Head(String),
}

impl Against {
    /// A file that is there is a copy; 12 to 64 hexadecimal digits are a head.
    ///
    /// # Errors
    /// `verify::not-a-head` for anything else.
    pub fn of(text: &str) -> Result<Against, Diagnostics> {
        if Path::new(text).exists() {
            return Ok(Against::Copy(PathBuf::from(text)));
        }
        let is_head =
            (FEWEST_DIGITS..=DIGITS).contains(&text.len()) && text.bytes().all(|c| c.is_ascii_hexdigit());
        if is_head {
            return Ok(Against::Head(text.to_owned()));
        }
        let message =
            "expected a copy of the ledger, or the 64 hexadecimal digits of a head, or the first 12 of them";
        let problem = Diagnostic::error("verify::not-a-head", text, message);
        Err(problem
            .hint("there is no file of that name; `tollgate ledger check` prints a head")
            .into())
    }
}

/// Checks a ledger; `deep` recomputes costs and digests too. `progress` is told steps done and steps in all.
///
/// # Errors
/// `store::*` when a file cannot be read at all; what disagrees is a finding of the report.
pub fn verify(
    ledger: &Path,
    deep: bool,
    against: Option<&Against>,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Verified, Diagnostics> {
    let database = open_read_only(ledger)?;
    let copy = match against {
        Some(Against::Copy(path)) => Some(open_read_only(path)?),
        _ => None,
    };
    let against = match (against, &copy) {
        (Some(Against::Head(digits)), _) => Some(check::Against::Head(digits)),
        (_, Some(copy)) => Some(check::Against::Copy(copy)),
        (_, None) => None,
    };
    check::verify(&database, deep, against, progress).map_err(|e| diagnose(ledger, &e))
}
