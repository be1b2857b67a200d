//! Two chains: whether one is the beginning of the other, and whether a head is in one.
#![deny(clippy::arithmetic_side_effects)]

use rusqlite::OptionalExtension;

use crate::ledger::chain::ChainHash;
use crate::store::database::Database;
use crate::store::error::{At, StoreError};

/// How a copy stands to a ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// Both have the same entries.
    Same,
    /// The copy's entries are the first of the ledger's.
    Prefix,
    /// The ledger's entries are the first of the copy's.
    Longer,
    /// They part: the first entry that differs.
    Parted {
        /// Its number.
        entry: u64,
        /// The ledger's hash of it.
        ours: ChainHash,
        /// The copy's.
        theirs: ChainHash,
    },
}

/// Walks both chains side by side, by their stored hashes; `step` is called for each entry.
pub(super) fn relation(
    ours: &Database,
    theirs: &Database,
    step: &mut dyn FnMut(),
) -> Result<Relation, StoreError> {
    let doing = "reading the chain";
    let sql = "SELECT number, hash FROM entry ORDER BY number";
    let mut our_chain = ours.connection.prepare(sql).at(&ours.path, doing)?;
    let mut their_chain = theirs.connection.prepare(sql).at(&theirs.path, doing)?;
    let mut our_rows = our_chain.query([]).at(&ours.path, doing)?;
    let mut their_rows = their_chain.query([]).at(&theirs.path, doing)?;
    let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?, ChainHash(row.get(1)?)));
    loop {
        step();
        let our = our_rows.next().at(&ours.path, doing)?.map(read);
        let their = their_rows.next().at(&theirs.path, doing)?.map(read);
        let our = our.transpose().at(&ours.path, doing)?;
        match (our, their.transpose().at(&theirs.path, doing)?) {
            (None, None) => return Ok(Relation::Same),
            (Some(_), None) => return Ok(Relation::Prefix),
            (None, Some(_)) => return Ok(Relation::Longer),
            (Some(our), Some(their)) if our == their => {}
            (Some((number, ours)), Some((other, theirs))) => {
                return Ok(Relation::Parted {
                    entry: u64::try_from(number.min(other)).unwrap_or_default(),
                    ours,
                    theirs,
                });
            }
        }
    }
}

/// The entry whose hash begins with these hexadecimal digits; 0 is the beginning of every chain. The first one, where several do.
pub(super) fn entry_of_head(database: &Database, digits: &str) -> Result<Option<u64>, StoreError> {
    let digits = digits.to_ascii_lowercase();
    if ChainHash::genesis().to_string().starts_with(&digits) {
        return Ok(Some(0));
    }
    let sql =
        "SELECT number FROM entry WHERE substr(lower(hex(hash)), 1, length(?1)) = ?1 ORDER BY number LIMIT 1";
    let number: Option<i64> = database
        .connection
        .prepare(sql)
        .and_then(|mut statement| statement.query_row([&digits], |row| row.get(0)).optional())
        .at(&database.path, "looking for a head")?;
    Ok(number.and_then(|number| u64::try_from(number).ok()))
}
