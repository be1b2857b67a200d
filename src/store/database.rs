//! Opening: what is ours is brought up to date, what is not is refused untouched.

use rusqlite::{Connection, OpenFlags};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::error::{At, BUSY_TIMEOUT_MS, StoreError};
use super::intern::Interned;

/// `toll`, in the file's header: whose database this is.
const APPLICATION_ID: i32 = 0x746f_6c6c;

/// One file per change, in order; the version of a file is how many were applied. Forward only.
const MIGRATIONS: [&str; 3] = [
    include_str!("migrations/0001_journal.sql"),
    include_str!("migrations/0002_history.sql"),
    include_str!("migrations/0003_runs_and_decisions.sql"),
];

/// An open ledger file. One process writes at a time; others wait, readers never do.
#[derive(Debug)]
pub struct Database {
    pub(super) connection: Connection,
    pub(super) path: PathBuf,
    pub(super) interned: Interned,
}

impl Database {
    /// Opens a ledger for writing; makes it if there is none, and brings an older form up to date.
    ///
    /// # Errors
    /// [`StoreError`] for a file that is not a ledger, is newer, locked, damaged or may not be written.
    pub fn open(path: impl AsRef<Path>) -> Result<Database, StoreError> {
        let path = path.as_ref();
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).at(path, "opening")?;
        let mut database = Database::new(connection, path);
        database.prepare_to_write()?;
        Ok(database)
    }

    /// Opens a ledger for reading only; never makes or changes one.
    ///
    /// # Errors
    /// [`StoreError`] for a file that does not exist, is not a ledger, is of another version or damaged.
    pub fn open_read_only(path: impl AsRef<Path>) -> Result<Database, StoreError> {
        let path = path.as_ref();
        if !path.exists() {
            return Err(StoreError::Missing {
                path: path.to_owned(),
            });
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).at(path, "opening")?;
        let database = Database::new(connection, path);
        database.wait_for_locks()?;
        match database.version()? {
            Some(version) if version == supported() => Ok(database),
            Some(found) => Err(StoreError::Older {
                path: path.to_owned(),
                found,
                expected: supported(),
            }),
            None => Err(StoreError::Missing {
                path: path.to_owned(),
            }),
        }
    }

    /// A ledger in memory, gone with the value.
    ///
    /// # Errors
    /// [`StoreError`] when SQLite has no memory.
    pub fn in_memory() -> Result<Database, StoreError> {
        let path = Path::new(":memory:");
        let connection = Connection::open_in_memory().at(path, "opening")?;
        let mut database = Database::new(connection, path);
        database.prepare_to_write()?;
        Ok(database)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn new(connection: Connection, path: &Path) -> Database {
        Database {
            connection,
            path: path.to_owned(),
            interned: Interned::default(),
        }
    }

    fn prepare_to_write(&mut self) -> Result<(), StoreError> {
        self.wait_for_locks()?;
        let version = self.version()?;
        if self.connection.is_readonly("main").at(&self.path, "opening")? {
            return Err(StoreError::ReadOnly {
                path: self.path.clone(),
            });
        }
        self.set_pragmas()?;
        self.migrate(version.unwrap_or_default())
    }

    fn wait_for_locks(&self) -> Result<(), StoreError> {
        let timeout = Duration::from_millis(BUSY_TIMEOUT_MS);
        self.connection
            .busy_timeout(timeout)
            .and_then(|()| self.connection.pragma_update(None, "foreign_keys", true))
            .at(&self.path, "setting the timeout")
    }

    /// WAL lets readers read while one writes; FULL puts a commit on disk before it is acknowledged.
    fn set_pragmas(&self) -> Result<(), StoreError> {
        self.connection
            .pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))
            .and_then(|()| self.connection.pragma_update(None, "synchronous", "FULL"))
            .at(&self.path, "setting the journal mode")
    }

    /// The form's version; none for a file without content. Refuses what is not ours or is too new.
    fn version(&self) -> Result<Option<i32>, StoreError> {
        let found = self.pragma("application_id")?;
        let version = self.pragma("user_version")?;
        if found == 0 && version == 0 && self.is_blank()? {
            return Ok(None);
        }
        if found != APPLICATION_ID {
            return Err(StoreError::Foreign {
                path: self.path.clone(),
                found,
                expected: APPLICATION_ID,
            });
        }
        if version > supported() {
            return Err(StoreError::Newer {
                path: self.path.clone(),
                found: version,
                supported: supported(),
            });
        }
        Ok(Some(version))
    }

    fn pragma(&self, name: &str) -> Result<i32, StoreError> {
        self.connection
            .pragma_query_value(None, name, |row| row.get(0))
            .at(&self.path, "reading the header")
    }

    fn is_blank(&self) -> Result<bool, StoreError> {
        self.connection
            .query_row("SELECT count(*) = 0 FROM sqlite_schema", [], |row| row.get(0))
            .at(&self.path, "reading the schema")
    }

    /// All steps are one transaction, so that a stop in between leaves the form it found: a new file is a whole
    /// ledger or none.
    fn migrate(&mut self, from: i32) -> Result<(), StoreError> {
        if from >= supported() {
            return Ok(());
        }
        let path = &self.path;
        let doing = "bringing the file up to date";
        let steps = self
            .connection
            .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)
            .at(path, doing)?;
        // Another process may have taken them while we waited for the lock.
        let current: i32 = steps
            .pragma_query_value(None, "user_version", |row| row.get(0))
            .at(path, doing)?;
        for (_, sql) in (1..).zip(MIGRATIONS).filter(|(version, _)| *version > current) {
            steps.execute_batch(sql).at(path, doing)?;
        }
        steps
            .pragma_update(None, "application_id", APPLICATION_ID)
            .and_then(|()| steps.pragma_update(None, "user_version", current.max(supported())))
            .and_then(|()| steps.commit())
            .at(path, doing)
    }
}

fn supported() -> i32 {
    i32::try_from(MIGRATIONS.len()).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use tempfile::tempdir;

    fn error(path: &Path) -> StoreError {
        let before = fs::read(path).unwrap();
        let error = Database::open(path).unwrap_err();
        assert_eq!(
            fs::read(path).unwrap(),
            before,
            "a refused file is left as it was"
        );
        error
    }

    #[test]
    fn a_new_file_is_made_durable_and_opened_again() {
        let folder = tempdir().unwrap();
        let path = folder.path().join("ledger.db");
        for _ in 0..2 {
            let database = Database::open(&path).unwrap();
            let journal: String = database
                .connection
                .pragma_query_value(None, "journal_mode", |row| row.get(0))
                .unwrap();
            assert_eq!(journal, "wal");
            assert_eq!(database.pragma("synchronous").unwrap(), 2, "FULL");
            assert_eq!(database.pragma("foreign_keys").unwrap(), 1);
            assert_eq!(database.version().unwrap(), Some(supported()));
        }
        assert!(Database::open_read_only(&path).is_ok());
    }

    #[test]
    fn what_is_not_a_ledger_is_refused_untouched() {
        let folder = tempdir().unwrap();
        let garbage = folder.path().join("garbage");
        fs::write(&garbage, "team,cost\netl,12\n".repeat(400)).unwrap();
        assert!(matches!(error(&garbage), StoreError::NotADatabase { .. }));

        let foreign = folder.path().join("foreign");
        let other = Connection::open(&foreign).unwrap();
        other.execute_batch("CREATE TABLE t (x)").unwrap();
        drop(other);
        assert!(matches!(
            error(&foreign),
            StoreError::Foreign {
                found: 0,
                expected: APPLICATION_ID,
                ..
            }
        ));
        assert!(matches!(
            Database::open(folder.path().join("no/such/folder.db")),
            Err(StoreError::CannotOpen { .. })
        ));
    }

    #[test]
    fn a_newer_form_is_refused_and_an_older_one_is_not_read() {
        let folder = tempdir().unwrap();
        let path = folder.path().join("ledger.db");
        drop(Database::open(&path).unwrap());
        let set = |version: i32| {
            let raw = Connection::open(&path).unwrap();
            raw.pragma_update(None, "user_version", version).unwrap();
        };
        set(supported() + 1);
        assert!(
            matches!(Database::open(&path), Err(StoreError::Newer { found, .. }) if found == supported() + 1)
        );
        set(supported() - 1);
        assert!(matches!(
            Database::open_read_only(&path),
            Err(StoreError::Older { .. })
        ));
    }

    #[test]
    fn every_version_comes_up_to_date() {
        let folder = tempdir().unwrap();
        for version in 0..MIGRATIONS.len() {
            let path = folder.path().join(format!("{version}.db"));
            let raw = Connection::open(&path).unwrap();
            for sql in MIGRATIONS.iter().take(version) {
                raw.execute_batch(sql).unwrap();
            }
            let application = if version == 0 { 0 } else { APPLICATION_ID };
            raw.pragma_update(None, "application_id", application).unwrap();
            raw.pragma_update(None, "user_version", i32::try_from(version).unwrap())
                .unwrap();
            drop(raw);
            let database = Database::open(&path).unwrap();
            assert_eq!(database.version().unwrap(), Some(supported()));
            assert_eq!(database.head().unwrap().entries, 0);
        }
    }

    #[test]
    fn reading_makes_no_file_and_writes_nothing() {
        let folder = tempdir().unwrap();
        let path = folder.path().join("ledger.db");
        assert!(matches!(
            Database::open_read_only(&path),
            Err(StoreError::Missing { .. })
        ));
        assert!(!path.exists());
        drop(Database::open(&path).unwrap());
        let mut reader = Database::open_read_only(&path).unwrap();
        let hour = crate::ledger::sample::vm_hour("i-1", 0);
        assert!(matches!(
            reader.append("s", &hour),
            Err(StoreError::ReadOnly { .. })
        ));
    }

    #[test]
    fn a_truncated_file_is_refused_as_damaged() {
        let folder = tempdir().unwrap();
        let path = folder.path().join("ledger.db");
        drop(Database::open(&path).unwrap());
        let bytes = fs::read(&path).unwrap();
        fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
        assert!(matches!(error(&path), StoreError::Corrupt { .. }));
    }

    #[test]
    fn a_writer_beside_us_is_waited_for_and_named() {
        let folder = tempdir().unwrap();
        let path = folder.path().join("ledger.db");
        let mut ours = Database::open(&path).unwrap();
        let theirs = Connection::open(&path).unwrap();
        theirs.execute_batch("BEGIN IMMEDIATE").unwrap();
        ours.connection.busy_timeout(Duration::from_millis(1)).unwrap();
        let hour = crate::ledger::sample::vm_hour("i-1", 0);
        assert!(matches!(ours.append("s", &hour), Err(StoreError::Locked { .. })));
        assert!(
            Database::open_read_only(&path).unwrap().head().is_ok(),
            "readers never wait"
        );
        theirs.execute_batch("COMMIT").unwrap();
        assert_eq!(ours.append("s", &hour).unwrap().new, 1);
    }

    #[test]
    fn a_full_disk_is_named_and_the_batch_is_gone_whole() {
        let folder = tempdir().unwrap();
        let mut database = Database::open(folder.path().join("ledger.db")).unwrap();
        let pages = database.pragma("page_count").unwrap();
        database
            .connection
            .pragma_update(None, "max_page_count", pages + 2)
            .unwrap();
        let batch: Vec<_> = (0..2_000)
            .flat_map(|n| crate::ledger::sample::vm_hour(&format!("instance-{n}"), 0))
            .collect();
        assert!(matches!(
            database.append("s", &batch),
            Err(StoreError::Full { .. })
        ));
        assert_eq!(database.head().unwrap().entries, 0);
        database
            .connection
            .pragma_update(None, "max_page_count", 1_000_000)
            .unwrap();
        assert_eq!(database.append("s", &batch).unwrap().new, 2_000);
    }
}
