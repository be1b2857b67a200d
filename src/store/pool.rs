//! Pools that were told of, and where their instances were at an instant: by the last that had been told of each.

use rusqlite::{OptionalExtension, params};
use std::sync::Arc;

use super::database::Database;
use super::dimension::Dimensions;
use super::error::{At, StoreError};
use super::history::{StoredInstanceEvent, instance_event_of};
use crate::model::period::Instant;
use crate::model::usage::Subject;

const EVENT_AT: &str = "SELECT source.name, pool.workspace, instance_id, event_time, name.name, instance_pool_id, \
     cluster.cluster_id FROM instance JOIN source ON source.id = instance.source_id \
     JOIN instance_event ON instance_row = instance.id JOIN name ON name.id = state JOIN pool ON pool.id = pool_row \
     JOIN cluster ON cluster.id = cluster_row WHERE instance_id = ?1 AND source.name = ?2 AND event_time <= ?3 \
     ORDER BY event_time DESC, told DESC LIMIT 1";

/// An edit may have made several subjects of one cluster: the last of them. Without a cluster it is the pool's own.
const HOLDER: &str = "SELECT id FROM subject WHERE cluster_id = ?1 AND workspace = ?2 AND pool = ?3 \
     ORDER BY id DESC LIMIT 1";
const POOL_ITSELF: &str = "SELECT id FROM subject WHERE cluster_id = '' AND run_id = '' AND workspace = ?1 \
     AND pool = ?2 ORDER BY id DESC LIMIT 1";

impl Database {
    /// The pools of which an instance was ever told, by workspace and `instance_pool_id`.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read.
    pub fn pools(&self) -> Result<Vec<(String, String)>, StoreError> {
        self.connection
            .prepare_cached("SELECT workspace, instance_pool_id FROM pool ORDER BY 1, 2")
            .and_then(|mut s| s.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect())
            .at(&self.path, "reading pools")
    }

    /// The last that a source had told of an instance by an instant; none if nothing.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read.
    pub fn instance_event_at(
        &self,
        source: &str,
        instance_id: &str,
        at: Instant,
    ) -> Result<Option<StoredInstanceEvent>, StoreError> {
        let values = params![instance_id, source, at.timestamp()];
        self.connection
            .prepare_cached(EVENT_AT)
            .and_then(|mut s| s.query_row(values, instance_event_of).optional())
            .at(&self.path, "reading instance events")
    }

    /// Who is billed for an instance of a pool in a cluster, or idle where that is empty; none if nobody ever was.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read.
    pub fn holder(
        &self,
        workspace: &str,
        instance_pool_id: &str,
        cluster_id: &str,
    ) -> Result<Option<Arc<Subject>>, StoreError> {
        let id: Option<i64> = if cluster_id.is_empty() {
            self.id_of(POOL_ITSELF, params![workspace, instance_pool_id])?
        } else {
            self.id_of(HOLDER, params![cluster_id, workspace, instance_pool_id])?
        };
        let mut dimensions = Dimensions::new(&self.connection, &self.path);
        id.map(|id| dimensions.subject(id)).transpose()
    }

    fn id_of(&self, sql: &str, values: impl rusqlite::Params) -> Result<Option<i64>, StoreError> {
        self.connection
            .prepare_cached(sql)
            .and_then(|mut s| s.query_row(values, |row| row.get(0)).optional())
            .at(&self.path, "reading subjects")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::databricks::event::{InstanceEvent, InstanceState};
    use crate::ledger::sample::at;
    use crate::model::period::from_unix;

    fn event(second: i64, cluster: &str, state: InstanceState) -> InstanceEvent {
        InstanceEvent {
            event_time: from_unix(at("2026-10-01").timestamp() + second),
            workspace: "prod".into(),
            instance_id: "i".into(),
            instance_pool_id: "warm".into(),
            cluster_id: cluster.into(),
            state,
        }
    }

    #[test]
    fn the_last_that_was_told_by_an_instant_counts() {
        let mut database = Database::in_memory().unwrap();
        let events = [
            event(10, "", InstanceState::Launching),
            event(20, "", InstanceState::Ready),
            event(20, "c", InstanceState::Placed),
            event(30, "", InstanceState::Ready),
        ];
        database.append_instance_events("s", &events).unwrap();
        let told = |source: &str, second: i64| {
            let at = from_unix(at("2026-10-01").timestamp() + second);
            let found = database.instance_event_at(source, "i", at).unwrap();
            found.map(|e| (e.state, e.cluster_id))
        };
        assert_eq!(told("s", 9), None);
        assert_eq!(
            told("s", 19),
            Some(("INSTANCE_LAUNCHING".to_owned(), String::new()))
        );
        assert_eq!(
            told("s", 20),
            Some(("INSTANCE_PLACED".to_owned(), "c".to_owned()))
        );
        assert_eq!(told("s", 99), Some(("INSTANCE_READY".to_owned(), String::new())));
        assert_eq!(told("t", 99), None, "another source tells of its own instances");
        assert_eq!(
            database.pools().unwrap(),
            [("prod".to_owned(), "warm".to_owned())]
        );
    }

    #[test]
    fn an_instance_is_found_by_keys() {
        let database = Database::in_memory().unwrap();
        for (sql, expected) in [
            (
                EVENT_AT,
                "SEARCH instance_event USING PRIMARY KEY (instance_row=? AND event_time<?)",
            ),
            (HOLDER, "(cluster_id=?)"),
            (POOL_ITSELF, "(cluster_id=? AND run_id=? AND workspace=?)"),
        ] {
            let plan = database.plan(sql);
            assert!(plan.contains(expected), "{plan}");
            assert!(!plan.contains("SCAN"), "{plan}");
        }
    }
}
