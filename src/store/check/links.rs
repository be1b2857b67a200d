//! Corrections: what an entry says of another against what that one says.
#![deny(clippy::arithmetic_side_effects)]

use crate::ledger::check::Finding;
use crate::ledger::correction::{Link, Named, findings};
use crate::store::database::Database;
use crate::store::entries::{StoredEntry, entry_of_number};
use crate::store::error::{At, StoreError};
use crate::store::intern::Tables;

/// Holds an entry that corrects another against it.
pub(super) fn link_findings(
    database: &Database,
    stored: &StoredEntry,
    link: Link,
) -> Result<Vec<Finding>, StoreError> {
    let number = i64::try_from(link.number()).unwrap_or(i64::MAX);
    let tables = Tables {
        connection: &database.connection,
        path: &database.path,
    };
    let entry = match entry_of_number(tables, number) {
        // It is told by its own number that it cannot be read.
        Err(StoreError::Unreadable { .. }) => return Ok(Vec::new()),
        read => read?.map(|known| known.entry),
    };
    let named = entry.map(|entry| {
        Ok(Named {
            entry,
            reversals: numbers(tables, number, Link::Reverses(0))?,
            replacements: numbers(tables, number, Link::Replaces(0))?,
        })
    });
    let named = named.transpose()?;
    Ok(findings(stored.number, &stored.entry, link, named.as_ref()))
}

/// The entries that reverse or replace an entry, the first of them.
fn numbers(tables: Tables<'_>, corrected: i64, link: Link) -> Result<Vec<u64>, StoreError> {
    let sql = "SELECT number FROM correction WHERE corrected = ?1 AND link = ?2 ORDER BY number LIMIT 2";
    tables
        .connection
        .prepare_cached(sql)
        .and_then(|mut statement| {
            let rows = statement.query_map((corrected, link.as_str()), |row| row.get::<_, i64>(0))?;
            rows.map(|number| Ok(u64::try_from(number?).unwrap_or_default()))
                .collect()
        })
        .at(tables.path, "reading corrections")
}
