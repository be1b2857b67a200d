//! Where the rows stood that became entries. No part of the fact: the same row may be told by other files, and then it is known.

use rusqlite::{OptionalExtension, params};
use std::sync::Arc;

use super::{Appended, Writer, write};
use crate::ledger::fact::SourceRow;
use crate::ledger::rate::Rated;
use crate::store::database::Database;
use crate::store::error::{At, StoreError};

impl Database {
    /// Appends as [`Database::append`] does, each fact with the row that it comes from; of new entries these are kept.
    ///
    /// # Errors
    /// Those of [`Database::append`].
    pub fn append_rows(
        &mut self,
        source: &str,
        batch: &[Rated],
        rows: &[SourceRow],
    ) -> Result<Appended, StoreError> {
        self.in_transaction("writing a batch", |tables, interned| {
            write(tables, interned, source, (batch, rows))
        })
    }

    /// Whether the ledger knows of any entry which row it comes from.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read.
    pub fn has_source_rows(&self) -> Result<bool, StoreError> {
        self.connection
            .query_row("SELECT EXISTS (SELECT 1 FROM source_row)", [], |row| row.get(0))
            .at(&self.path, READING)
    }

    /// The row that an entry comes from; none where it comes from no row.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read.
    pub fn source_row(&self, entry: u64) -> Result<Option<SourceRow>, StoreError> {
        let sql =
            "SELECT name, line FROM source_row JOIN source_file ON source_file.id = file_id WHERE entry = ?1";
        let number = i64::try_from(entry).unwrap_or(i64::MAX);
        let found: Option<(String, i64)> = self
            .connection
            .prepare_cached(sql)
            .and_then(|mut statement| {
                statement
                    .query_row([number], |row| Ok((row.get(0)?, row.get(1)?)))
                    .optional()
            })
            .at(&self.path, READING)?;
        Ok(found.map(|(file, line)| SourceRow {
            file: Arc::from(file),
            line: u32::try_from(line).unwrap_or_default(),
        }))
    }
}

const READING: &str = "reading where a row stood";

impl Writer<'_> {
    /// Keeps where the row of a new entry stood, if it comes from one.
    pub(super) fn keep_row(&mut self, entry: i64) -> Result<(), StoreError> {
        let Some(SourceRow { file, line }) = self.row.take() else {
            return Ok(());
        };
        let file = self.interned.source_file(self.tables, &file)?;
        self.tables
            .connection
            .prepare_cached("INSERT INTO source_row (entry, file_id, line) VALUES (?1, ?2, ?3)")
            .and_then(|mut statement| statement.execute(params![entry, file, line]))
            .at(self.tables.path, "writing where a row stood")?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::sample::vm_hour;
    use crate::store::check::check;

    #[test]
    fn the_first_row_that_told_an_entry_is_kept() {
        let mut database = Database::in_memory().unwrap();
        assert!(!database.has_source_rows().unwrap());
        let row = |file: &str, line| SourceRow {
            file: Arc::from(file),
            line,
        };
        let facts: Vec<Rated> = [vm_hour("i-1", 3), vm_hour("i-2", 3)].concat();
        database
            .append_rows("s", &facts[..1], &[row("a.csv", 7)])
            .unwrap();
        // The second file overlaps: what it tells again is known, and comes from where it was told first.
        let again = database
            .append_rows("s", &facts, &[row("b.csv", 2), row("b.csv", 3)])
            .unwrap();
        assert_eq!((again.new, again.known), (1, 1));
        database.append("s", &vm_hour("i-3", 3)).unwrap();
        let found: Vec<Option<SourceRow>> = (1..=3).map(|n| database.source_row(n).unwrap()).collect();
        assert_eq!(found, [Some(row("a.csv", 7)), Some(row("b.csv", 3)), None]);
        assert!(database.has_source_rows().unwrap());
        assert!(check(&database, &mut |_, _| ()).unwrap().is_sound());
    }
}
