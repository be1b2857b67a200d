//! The form of a file: whose it is, which version it has, and how an older one is brought up to date.

use rusqlite::TransactionBehavior;

use super::database::Database;
use super::error::{At, StoreError};

/// `toll`, in the file's header: whose database this is.
const APPLICATION_ID: i32 = 0x746f_6c6c;

/// One file per change, in order; the version of a file is how many were applied. Forward only.
const MIGRATIONS: [&str; 9] = [
    include_str!("migrations/0001_journal.sql"),
    include_str!("migrations/0002_history.sql"),
    include_str!("migrations/0003_runs_and_decisions.sql"),
    include_str!("migrations/0004_history_by_day.sql"),
    include_str!("migrations/0005_list_price.sql"),
    include_str!("migrations/0006_closing.sql"),
    include_str!("migrations/0007_statement.sql"),
    include_str!("migrations/0008_commitment.sql"),
    include_str!("migrations/0009_correction.sql"),
];

/// The newest form known.
pub(super) fn supported() -> i32 {
    i32::try_from(MIGRATIONS.len()).unwrap_or(i32::MAX)
}

impl Database {
    /// The form's version; none for a file without content. Refuses what is not ours or is too new.
    pub(super) fn version(&self) -> Result<Option<i32>, StoreError> {
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

    pub(super) fn pragma(&self, name: &str) -> Result<i32, StoreError> {
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
    pub(super) fn migrate(&mut self, from: i32) -> Result<(), StoreError> {
        if from >= supported() {
            return Ok(());
        }
        let path = &self.path;
        let doing = "bringing the file up to date";
        let steps = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
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

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::Connection;
    use std::fs;
    use std::path::Path;
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

    /// Two clusters told of across midnight, before 1970 too; a machine with an added disk; an instance of a pool.
    const HISTORY_OF_VERSION_3: &str = "
        INSERT INTO source (id, name) VALUES (1, 's');
        INSERT INTO name (id, name) VALUES (1, 'CREATING'), (2, 'RUNNING'), (3, 'Standard_DS3_v2'), (4, 'INSTANCE_READY');
        INSERT INTO cluster (id, source_id, workspace, cluster_id) VALUES (1, 1, 'w', 'c'), (2, 1, 'w', 'd'), (3, 1, 'w', '');
        INSERT INTO cluster_event (cluster_row, timestamp, event_type, digest, told, details) VALUES
            (1, -1, 1, 7, 1, '{}'), (1, 86399, 1, 7, 2, '{}'), (1, 86400, 2, 8, 3, '{\"x\":1}'), (2, 0, 1, 9, 4, '{}');
        UPDATE history SET told = 5;
        INSERT INTO instance (id, source_id, instance_id) VALUES (1, 1, 'i-1'), (2, 1, 'i-2');
        INSERT INTO pool (id, workspace, instance_pool_id) VALUES (1, 'w', 'p');
        INSERT INTO instance_event VALUES (2, 10, 4, 3, 1, 5);
        INSERT INTO subject VALUES (1, 'w', 't', 'c', 'n', '', '', '', '', '');
        INSERT INTO machine VALUES (1, 1, 3, 'spot', 1, 100, 200, 7);
        INSERT INTO added_disk VALUES (1, 1, 'P15', 150);";

    #[test]
    fn a_history_by_cluster_becomes_one_by_day() {
        let folder = tempdir().unwrap();
        let path = folder.path().join("3.db");
        let raw = Connection::open(&path).unwrap();
        for sql in MIGRATIONS.iter().take(3).chain([&HISTORY_OF_VERSION_3]) {
            raw.execute_batch(sql).unwrap();
        }
        raw.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
        raw.pragma_update(None, "user_version", 3).unwrap();
        drop(raw);
        let database = Database::open(&path).unwrap();
        let told = |cluster: &str| -> Vec<(i64, String, String)> {
            let events = database.cluster_events(cluster).unwrap().into_iter();
            events
                .map(|e| (e.timestamp.timestamp(), e.event_type, e.details))
                .collect()
        };
        let event =
            |at: i64, event_type: &str, details: &str| (at, event_type.to_owned(), details.to_owned());
        assert_eq!(
            told("c"),
            [
                event(-1, "CREATING", "{}"),
                event(86_399, "CREATING", "{}"),
                event(86_400, "RUNNING", r#"{"x":1}"#)
            ]
        );
        assert_eq!(told("d"), [event(0, "CREATING", "{}")]);
        let days: Vec<i64> = database
            .connection
            .prepare("SELECT day FROM event_day")
            .and_then(|mut s| s.query_map([], |row| row.get(0))?.collect())
            .unwrap();
        assert_eq!(days, [-1, 0, 1]);
        let machines = database
            .machines_at(crate::model::period::from_unix(150))
            .unwrap();
        assert_eq!(machines.len(), 1);
        assert_eq!(
            (&*machines[0].machine.instance_id, machines[0].added_disks.len()),
            ("i-1", 1)
        );
        assert_eq!(database.instance_events("i-2").unwrap().len(), 1);
        assert!(
            crate::store::check::check(&database, &mut |_, _| ())
                .unwrap()
                .is_sound()
        );
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
}
