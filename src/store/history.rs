//! Event history: what happened to clusters and to the instances of pools.

use rusqlite::{Row, TransactionBehavior, params};

use super::database::Database;
use super::error::{At, StoreError};
use crate::databricks::event::{ClusterEvent, InstanceEvent};
use crate::model::period::{Instant, from_unix};

/// A cluster event as stored. The type is kept as text: the API grows, a history does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredClusterEvent {
    /// Who told it.
    pub source: String,
    /// Workspace name.
    pub workspace: String,
    /// Which cluster.
    pub cluster_id: String,
    /// When.
    pub timestamp: Instant,
    /// `EventType`, as the API spells it.
    pub event_type: String,
    /// `EventDetails`, as JSON text.
    pub details: String,
}

/// An instance event as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredInstanceEvent {
    /// Who told it.
    pub source: String,
    /// Workspace name.
    pub workspace: String,
    /// Which instance.
    pub instance_id: String,
    /// When.
    pub event_time: Instant,
    /// Its state, as the system table spells it.
    pub state: String,
    /// Its pool.
    pub instance_pool_id: String,
    /// The cluster it is placed in or launched for; empty otherwise.
    pub cluster_id: String,
}

const INSERT_CLUSTER_EVENT: &str = "INSERT INTO cluster_event (source, workspace, cluster_id, timestamp, \
     event_type, details) VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING";

const INSERT_INSTANCE_EVENT: &str = "INSERT INTO instance_event (source, workspace, instance_id, event_time, \
     state, instance_pool_id, cluster_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING";

impl Database {
    /// Writes cluster events; how many were new.
    ///
    /// # Errors
    /// [`StoreError`]; then none of them is written.
    pub fn append_cluster_events(
        &mut self,
        source: &str,
        events: &[ClusterEvent],
    ) -> Result<u64, StoreError> {
        self.append_all(INSERT_CLUSTER_EVENT, events, |statement, event| {
            statement.execute(params![
                source,
                event.workspace,
                event.cluster_id,
                event.timestamp.timestamp(),
                event.event_type.as_str(),
                event.details.to_string(),
            ])
        })
    }

    /// Writes instance events; how many were new.
    ///
    /// # Errors
    /// [`StoreError`]; then none of them is written.
    pub fn append_instance_events(
        &mut self,
        source: &str,
        events: &[InstanceEvent],
    ) -> Result<u64, StoreError> {
        self.append_all(INSERT_INSTANCE_EVENT, events, |statement, event| {
            statement.execute(params![
                source,
                event.workspace,
                event.instance_id,
                event.event_time.timestamp(),
                event.state.as_str(),
                event.instance_pool_id,
                event.cluster_id,
            ])
        })
    }

    /// The events of one cluster, in order of time.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read.
    pub fn cluster_events(&self, cluster_id: &str) -> Result<Vec<StoredClusterEvent>, StoreError> {
        let sql = "SELECT source, workspace, cluster_id, timestamp, event_type, details FROM cluster_event \
                   WHERE cluster_id = ?1 ORDER BY timestamp, rowid";
        self.connection
            .prepare_cached(sql)
            .and_then(|mut s| s.query_map([cluster_id], cluster_event_of)?.collect())
            .at(&self.path, "reading cluster events")
    }

    /// The events of one instance, in order of time.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read.
    pub fn instance_events(&self, instance_id: &str) -> Result<Vec<StoredInstanceEvent>, StoreError> {
        let sql = "SELECT source, workspace, instance_id, event_time, state, instance_pool_id, cluster_id \
                   FROM instance_event WHERE instance_id = ?1 ORDER BY event_time, rowid";
        self.connection
            .prepare_cached(sql)
            .and_then(|mut s| s.query_map([instance_id], instance_event_of)?.collect())
            .at(&self.path, "reading instance events")
    }

    /// Runs one insert per item in one transaction; how many rows are new.
    pub(super) fn append_all<T>(
        &mut self,
        insert: &str,
        items: &[T],
        mut write: impl FnMut(&mut rusqlite::Statement<'_>, &T) -> Result<usize, rusqlite::Error>,
    ) -> Result<u64, StoreError> {
        let doing = "writing history";
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .at(&self.path, doing)?;
        let mut new = 0_u64;
        {
            let mut statement = transaction.prepare_cached(insert).at(&self.path, doing)?;
            for item in items {
                let changed = write(&mut statement, item).at(&self.path, doing)?;
                new = new.saturating_add(u64::try_from(changed).unwrap_or_default());
            }
        }
        transaction.commit().at(&self.path, doing)?;
        Ok(new)
    }
}

fn cluster_event_of(row: &Row<'_>) -> Result<StoredClusterEvent, rusqlite::Error> {
    Ok(StoredClusterEvent {
        source: row.get(0)?,
        workspace: row.get(1)?,
        cluster_id: row.get(2)?,
        timestamp: from_unix(row.get(3)?),
        event_type: row.get(4)?,
        details: row.get(5)?,
    })
}

fn instance_event_of(row: &Row<'_>) -> Result<StoredInstanceEvent, rusqlite::Error> {
    Ok(StoredInstanceEvent {
        source: row.get(0)?,
        workspace: row.get(1)?,
        instance_id: row.get(2)?,
        event_time: from_unix(row.get(3)?),
        state: row.get(4)?,
        instance_pool_id: row.get(5)?,
        cluster_id: row.get(6)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::databricks::event::{EventType, InstanceState};
    use crate::ledger::sample::at;
    use serde_json::json;

    #[test]
    fn a_history_told_twice_is_one_history() {
        let mut database = Database::in_memory().unwrap();
        let event = |second: u32, event_type| ClusterEvent {
            timestamp: at(&format!("2026-10-01T00:00:{second:02}Z")),
            workspace: "prod".to_owned(),
            cluster_id: "c".to_owned(),
            event_type,
            details: json!({"current_num_workers": second}),
        };
        let events = [event(9, EventType::Running), event(0, EventType::Creating)];
        assert_eq!(database.append_cluster_events("s", &events).unwrap(), 2);
        assert_eq!(database.append_cluster_events("s", &events).unwrap(), 0);
        let read = database.cluster_events("c").unwrap();
        let types: Vec<&str> = read.iter().map(|e| e.event_type.as_str()).collect();
        assert_eq!(types, ["CREATING", "RUNNING"]);
        assert_eq!(read[1].details, r#"{"current_num_workers":9}"#);

        let instance = InstanceEvent {
            event_time: at("2026-10-01"),
            workspace: "prod".to_owned(),
            instance_id: "i".to_owned(),
            instance_pool_id: "p".to_owned(),
            cluster_id: String::new(),
            state: InstanceState::Ready,
        };
        assert_eq!(
            database
                .append_instance_events("s", std::slice::from_ref(&instance))
                .unwrap(),
            1
        );
        assert_eq!(database.append_instance_events("s", &[instance]).unwrap(), 0);
        assert_eq!(database.instance_events("i").unwrap()[0].state, "INSTANCE_READY");
    }
}
