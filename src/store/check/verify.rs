//! Verifying: the check, and beyond it costs, digests, and the chain against a copy or a head.
#![deny(clippy::arithmetic_side_effects)]

use super::against::{Relation, entry_of_head, relation};
use super::deep::{Recomputed, digests};
use super::{CheckReport, Steps, run, walk_chain};
use crate::ledger::check::{Finding, code};
use crate::store::database::Database;
use crate::store::error::{At, StoreError};
use crate::store::query;

/// What the chain is held against.
#[derive(Debug)]
pub enum Against<'a> {
    /// Another file.
    Copy(&'a Database),
    /// Hexadecimal digits that the hash of an entry begins with.
    Head(&'a str),
}

/// How the chain stands to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stands {
    /// A copy of so many entries.
    Copy {
        /// How its entries stand to the ledger's.
        relation: Relation,
        /// Its entries.
        entries: u64,
    },
    /// The entry of a head; none where it is not in the chain.
    Head(Option<u64>),
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// What the check found, and what was found beyond it.
    pub check: CheckReport,
    /// What was recomputed; nothing where that was not asked.
    pub recomputed: Option<Recomputed>,
    /// How the chain stands to what it is held against.
    pub stands: Option<Stands>,
}

/// Checks a ledger; `deep` recomputes costs and digests too. `progress` is told steps done and steps in all.
///
/// # Errors
/// [`StoreError`] when a file cannot be read at all; what disagrees is a finding.
pub fn verify(
    database: &Database,
    deep: bool,
    against: Option<Against<'_>>,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Verified, StoreError> {
    let path = database.path.as_path();
    let snapshot = database
        .connection
        .unchecked_transaction()
        .at(path, "starting the check")?;
    let ours = count(database)?;
    let theirs = match against {
        Some(Against::Copy(copy)) => count(copy)?,
        _ => 0,
    };
    // The ledger's entries twice, as the check reads them; the copy's for its hashes and side by side.
    let mut steps = Steps {
        done: 0,
        all: ours.saturating_add(theirs).saturating_mul(2),
        progress,
    };
    let mut recomputed = deep.then(Recomputed::default);
    let mut check = run(&snapshot, database, recomputed.as_mut(), &mut steps)?;
    if let Some(recomputed) = &mut recomputed {
        digests(database, recomputed, &mut |finding| check.add([finding]))?;
    }
    let stands = match against {
        None => None,
        Some(Against::Head(digits)) => Some(Stands::Head(held_head(database, digits, &mut check)?)),
        Some(Against::Copy(copy)) => Some(held_copy(database, copy, &mut check, &mut steps)?),
    };
    steps.end();
    Ok(Verified {
        check,
        recomputed,
        stands,
    })
}

fn count(database: &Database) -> Result<u64, StoreError> {
    let head = query::head(&database.connection, &database.path)?;
    Ok(u64::try_from(head.entries).unwrap_or_default())
}

fn held_head(database: &Database, digits: &str, check: &mut CheckReport) -> Result<Option<u64>, StoreError> {
    let found = entry_of_head(database, digits)?;
    if found.is_none() {
        check.add([finding(None, format!("the head {digits}"), "in the chain", "not")]);
    }
    Ok(found)
}

/// The copy's hashes are recomputed, too: what they are of is what they say.
fn held_copy(
    database: &Database,
    copy: &Database,
    check: &mut CheckReport,
    steps: &mut Steps<'_>,
) -> Result<Stands, StoreError> {
    let snapshot = copy.connection.unchecked_transaction();
    let _snapshot = snapshot.at(&copy.path, "starting the check")?;
    let name = copy.path.display();
    let mut theirs = CheckReport::of(&query::head(&copy.connection, &copy.path)?);
    let entries = count(copy)?;
    walk_chain(copy, entries, &mut theirs, None, steps)?;
    if let Some(first) = theirs.findings.first() {
        let what = format!("the chain of {name}");
        check.add([finding(None, what, "in order", &format!("not: {first}"))]);
    }
    let relation = relation(database, copy, &mut || steps.step())?;
    match relation {
        Relation::Same | Relation::Prefix => {}
        Relation::Longer => {
            let what = format!("{name}, of {entries} entries,");
            check.add([finding(None, what, "the beginning of this ledger", "longer")]);
        }
        Relation::Parted { entry, ours, theirs } => {
            let what = format!("its hash, which {name} has otherwise,");
            check.add([finding(Some(entry), what, &theirs.to_string(), &ours.to_string())]);
        }
    }
    Ok(Stands::Copy { relation, entries })
}

fn finding(entry: Option<u64>, what: String, expected: &str, found: &str) -> Finding {
    Finding {
        code: code::AGAINST,
        entry,
        what,
        expected: expected.to_owned(),
        found: found.to_owned(),
    }
}
