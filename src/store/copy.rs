//! Copies of a ledger: a backup, and the file that a backup becomes when it is restored.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use super::database::Database;
use super::error::{At, BUSY_TIMEOUT_MS, StoreError};

impl Database {
    /// Writes all of the ledger, as it stands at one instant, into a new file, durable when this returns. Others may
    /// read and write the ledger meanwhile. The copy appears whole or not at all.
    ///
    /// # Errors
    /// [`StoreError::Exists`] where there is a file of that name; [`StoreError`] when either cannot be read or written.
    pub fn copy_to(&self, to: &Path) -> Result<(), StoreError> {
        if to.exists() {
            return Err(StoreError::Exists { path: to.to_owned() });
        }
        let partial = beside(to, ".partial");
        let written = self.write_copy(&partial).and_then(|()| {
            fs::rename(&partial, to).map_err(|e| StoreError::CannotOpen {
                path: to.to_owned(),
                why: e.to_string(),
            })
        });
        if written.is_err() {
            // What is half there is of no use; if it cannot be removed, its name says what it is.
            let _ = fs::remove_file(&partial);
        }
        written
    }

    fn write_copy(&self, partial: &Path) -> Result<(), StoreError> {
        let cannot = |why: String| StoreError::CannotOpen {
            path: partial.to_owned(),
            why,
        };
        // A stop in an earlier copy may have left it.
        match fs::remove_file(partial) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(cannot(e.to_string())),
            _ => {}
        }
        let name = partial
            .to_str()
            .ok_or_else(|| cannot("SQLite wants a name in UTF-8".to_owned()))?;
        self.connection
            .execute("VACUUM INTO ?1", [name])
            .at(partial, "writing a copy")?;
        File::open(partial)
            .and_then(|file| file.sync_all())
            .map_err(|e| cannot(e.to_string()))
    }

    /// Brings what is in the log into the file as far as nobody reads it, which closing does as well, but silently: here a disk that
    /// fails is told. Nothing is lost where it does: it is in the log.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be written.
    pub fn bring_log_in(&self) -> Result<(), StoreError> {
        self.connection
            .query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
            .at(&self.path, "bringing the log into the file")
    }

    /// Brings everything that is in the log into the file and empties the log, so that the file alone is the ledger.
    ///
    /// # Errors
    /// [`StoreError::Locked`] while somebody else reads or writes.
    pub fn empty_log(&self) -> Result<(), StoreError> {
        let busy: i64 = self
            .connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))
            .at(&self.path, "emptying the log")?;
        if busy == 0 {
            Ok(())
        } else {
            Err(StoreError::Locked {
                path: self.path.clone(),
                waited_ms: BUSY_TIMEOUT_MS,
            })
        }
    }
}

/// `october.db.partial`, in the same folder.
pub fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::sample::vm_hour;
    use crate::store::check::check;
    use tempfile::tempdir;

    #[test]
    fn a_copy_holds_what_is_only_in_the_log_and_is_a_ledger_of_its_own() {
        let folder = tempdir().unwrap();
        let (path, copy) = (folder.path().join("ledger.db"), folder.path().join("copy.db"));
        let mut database = Database::open(&path).unwrap();
        database.append("s", &vm_hour("i-1", 0)).unwrap();
        fs::write(folder.path().join("copy.db.partial"), "left by a stop").unwrap();
        database.copy_to(&copy).unwrap();
        assert!(matches!(database.copy_to(&copy), Err(StoreError::Exists { .. })));
        let mut copied = Database::open(&copy).unwrap();
        assert_eq!(copied.head().unwrap(), database.head().unwrap());
        copied.append("s", &vm_hour("i-2", 0)).unwrap();
        assert!(check(&copied, &mut |_, _| ()).unwrap().is_sound());
        assert_eq!(database.head().unwrap().entries, 1);
        assert!(!folder.path().join("copy.db.partial").exists());
    }

    #[test]
    fn a_copy_that_cannot_be_written_leaves_nothing() {
        let folder = tempdir().unwrap();
        let database = Database::open(folder.path().join("ledger.db")).unwrap();
        let nowhere = folder.path().join("no/such/copy.db");
        assert!(database.copy_to(&nowhere).is_err());
        assert!(!nowhere.exists());
    }
}
