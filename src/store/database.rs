//! Opening, to write or to read only.

use rusqlite::{Connection, OpenFlags, TransactionBehavior};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::copy::beside;
use super::error::{At, BUSY_TIMEOUT_MS, StoreError};
use super::intern::{Interned, Tables};
use super::migration::supported;

/// An open ledger file. One process writes at a time; others wait, readers never do.
#[derive(Debug)]
pub struct Database {
    pub(super) connection: Connection,
    pub(super) path: PathBuf,
    pub(super) interned: Interned,
}

/// Pages are kept in memory up to this size, in KiB.
const CACHE_KIB: i64 = 262_144;
/// Of a new file. What a ledger writes it writes in long runs; against SQLite's 4 KiB these take an eighth less of the
/// processor's time (fewer pages to fill, to note in the log and to bring into the file).
const PAGE_BYTES: i64 = 16_384;
/// Pages of the log after which it is brought into the file: the later, the more changes of one page become one.
const CHECKPOINT_PAGES: i64 = 8_192;

impl Database {
    /// Opens a ledger for writing; makes it if there is none, and brings an older form up to date, a copy of which stays
    /// beside it as `LEDGER.vN.bak`.
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
    /// Reading beside a writer needs a file of locks next to the ledger. Where the folder may not be written and no
    /// writer left a log, the file is read as it stands, without locks.
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
        match Database::open_to_read(path, path, flags) {
            // SQLite says one or the other when it cannot make its file of locks.
            Err(error @ (StoreError::CannotOpen { .. } | StoreError::ReadOnly { .. })) => {
                let uri = as_it_stands(path, error)?;
                Database::open_to_read(Path::new(&uri), path, flags | OpenFlags::SQLITE_OPEN_URI)
            }
            opened => opened,
        }
    }

    /// `name` is what SQLite is told, `path` what the user is told.
    fn open_to_read(name: &Path, path: &Path, flags: OpenFlags) -> Result<Database, StoreError> {
        let connection = Connection::open_with_flags(name, flags).at(path, "opening")?;
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

    /// Writes in one transaction, durable when this returns; on an error nothing of it is written.
    pub(super) fn in_transaction<T>(
        &mut self,
        doing: &'static str,
        write: impl FnOnce(Tables<'_>, &mut Interned) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let result = self.try_in_transaction(doing, write);
        if result.is_err() {
            // Ids handed out in the transaction are gone with it.
            self.interned = Interned::default();
        }
        result
    }

    fn try_in_transaction<T>(
        &mut self,
        doing: &'static str,
        write: impl FnOnce(Tables<'_>, &mut Interned) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let path = self.path.as_path();
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .at(path, doing)?;
        let tables = Tables {
            connection: &transaction,
            path,
        };
        let written = write(tables, &mut self.interned)?;
        transaction.commit().at(path, doing)?;
        Ok(written)
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
        if let Some(older) = version.filter(|v| *v < supported()) {
            self.copy_to(&free_name(&self.path, older))?;
        }
        self.migrate(version.unwrap_or_default())
    }

    /// References are not looked up row by row: every id that is written was interned by this connection, in this
    /// transaction or before, and is forgotten when one is rolled back. `ledger check` looks them all up.
    fn wait_for_locks(&self) -> Result<(), StoreError> {
        let timeout = Duration::from_millis(BUSY_TIMEOUT_MS);
        self.connection
            .busy_timeout(timeout)
            .and_then(|()| self.connection.pragma_update(None, "foreign_keys", false))
            .at(&self.path, "setting the timeout")
    }

    /// WAL lets readers read while one writes; FULL puts a commit on disk before it is acknowledged.
    ///
    /// The cache holds the indexes of some million entries, so that a batch that is not in order of time does not read
    /// what it just wrote.
    fn set_pragmas(&self) -> Result<(), StoreError> {
        self.connection
            .pragma_update(None, "page_size", PAGE_BYTES)
            .and_then(|()| {
                self.connection
                    .pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))
            })
            .and_then(|()| self.connection.pragma_update(None, "synchronous", "FULL"))
            .and_then(|()| self.connection.pragma_update(None, "cache_size", -CACHE_KIB))
            .and_then(|()| {
                self.connection
                    .pragma_update_and_check(None, "wal_autocheckpoint", CHECKPOINT_PAGES, |_| Ok(()))
            })
            .at(&self.path, "setting the journal mode")
    }
}

#[cfg(test)]
impl Database {
    /// How SQLite would answer a query, a line per step.
    pub(super) fn plan(&self, sql: &str) -> String {
        let mut statement = self
            .connection
            .prepare(&format!("EXPLAIN QUERY PLAN {sql}"))
            .unwrap();
        // Parameters stay unbound: the plan does not hang on them.
        let mut steps = statement.raw_query();
        let mut plan = String::new();
        while let Some(step) = steps.next().unwrap() {
            plan.push_str(&step.get::<_, String>(3).unwrap());
            plan.push('\n');
        }
        plan
    }
}

/// `october.db.v3.bak`; with a number behind it where an earlier attempt has left one.
fn free_name(ledger: &Path, version: i32) -> PathBuf {
    let plain = format!(".v{version}.bak");
    let numbered = (2_u64..).map(|n| format!(".v{version}-{n}.bak"));
    std::iter::once(plain)
        .chain(numbered)
        .map(|suffix| beside(ledger, &suffix))
        .find(|name| !name.exists())
        .unwrap_or_else(|| beside(ledger, ".bak"))
}

/// The URI under which SQLite reads a file without looking for a log or locks. Refused where a log holds entries:
/// without it the newest ones would be missing.
fn as_it_stands(path: &Path, error: StoreError) -> Result<String, StoreError> {
    let name = path
        .canonicalize()
        .ok()
        .and_then(|p| p.to_str().map(str::to_owned));
    let Some(name) = name else {
        return Err(error);
    };
    let log = format!("{name}-wal");
    if std::fs::metadata(&log).is_ok_and(|log| log.len() > 0) {
        return Err(StoreError::CannotOpen {
            path: path.to_owned(),
            why: format!(
                "`{log}` holds entries that are not in the file yet, and nothing can be written beside it"
            ),
        });
    }
    let escaped = name.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    Ok(format!("file:{escaped}?immutable=1"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use tempfile::tempdir;

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
            assert_eq!(database.version().unwrap(), Some(supported()));
        }
        assert!(Database::open_read_only(&path).is_ok());
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

    /// Makes it impossible to make a file of locks beside a ledger. Permissions do not stop root: where the name
    /// can still be taken, it is taken by a link to nowhere, which SQLite does not follow.
    fn close_folder(folder: &Path, ledger: &Path) {
        let mut locks = ledger.as_os_str().to_owned();
        locks.push("-shm");
        fs::set_permissions(folder, fs::Permissions::from_mode(0o555)).unwrap();
        let _ = std::os::unix::fs::symlink(folder.join("no/where"), locks);
    }

    #[test]
    fn a_ledger_is_read_where_nothing_can_be_written() {
        let folder = tempdir().unwrap();
        let path = folder.path().join("what? 100 % #1.db");
        let hour = crate::ledger::sample::vm_hour("i-1", 0);
        Database::open(&path).unwrap().append("s", &hour).unwrap();
        close_folder(folder.path(), &path);
        let database = Database::open_read_only(&path).unwrap();
        assert_eq!(database.head().unwrap().entries, 1);
        assert!(matches!(
            Database::open(&path),
            Err(StoreError::CannotOpen { .. } | StoreError::ReadOnly { .. })
        ));
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    }

    #[test]
    fn entries_that_are_only_in_the_log_are_not_passed_over() {
        let folder = tempdir().unwrap();
        let (path, copy) = (folder.path().join("ledger.db"), folder.path().join("copy.db"));
        let mut database = Database::open(&path).unwrap();
        let hour = crate::ledger::sample::vm_hour("i-1", 0);
        database.append("s", &hour).unwrap();
        fs::copy(&path, &copy).unwrap();
        fs::copy(
            folder.path().join("ledger.db-wal"),
            folder.path().join("copy.db-wal"),
        )
        .unwrap();
        close_folder(folder.path(), &copy);
        let error = Database::open_read_only(&copy).unwrap_err();
        assert!(
            matches!(&error, StoreError::CannotOpen { why, .. } if why.contains("copy.db-wal")),
            "{error}"
        );
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    }
}
