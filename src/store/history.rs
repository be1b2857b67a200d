//! Event history: what happened to clusters and to the instances of pools.

use rusqlite::{CachedStatement, Row, params};
use std::borrow::Cow;
use std::sync::Arc;

use super::database::Database;
use super::error::{At, StoreError};
use super::intern::{Interned, Tables};
use super::names::Names;
use crate::databricks::event::{ClusterEvent, InstanceEvent};
use crate::model::period::{Instant, SECONDS_PER_DAY, from_unix};

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

const INSERT_CLUSTER_EVENT: &str = "INSERT INTO cluster_event (day, cluster_row, timestamp, event_type, digest, told, \
     details) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING";

/// The events of one cluster: a stretch of the key for each day that there is.
const OF_CLUSTER: &str = "SELECT source.name, workspace, cluster_id, timestamp, name.name, details \
     FROM cluster CROSS JOIN event_day CROSS JOIN cluster_event \
     ON cluster_event.day = event_day.day AND cluster_row = cluster.id \
     JOIN source ON source.id = source_id JOIN name ON name.id = event_type \
     WHERE cluster_id = ?1 ORDER BY timestamp, told";

const INSERT_INSTANCE_EVENT: &str = "INSERT INTO instance_event (instance_row, event_time, state, cluster_row, \
     pool_row, told) VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING";

impl Database {
    /// Writes cluster events in the order given; how many were new.
    ///
    /// # Errors
    /// [`StoreError`]; then none of them is written.
    pub fn append_cluster_events(
        &mut self,
        source: &str,
        events: &[ClusterEvent],
    ) -> Result<u64, StoreError> {
        self.in_transaction("writing history", |tables, interned| {
            write_events(tables, interned, source, events, &[]).map(|(new, _)| new)
        })
    }

    /// Writes instance events in the order given; how many were new.
    ///
    /// # Errors
    /// [`StoreError`]; then none of them is written.
    pub fn append_instance_events(
        &mut self,
        source: &str,
        events: &[InstanceEvent],
    ) -> Result<u64, StoreError> {
        self.in_transaction("writing history", |tables, interned| {
            write_events(tables, interned, source, &[], events).map(|(_, new)| new)
        })
    }

    /// The events of one cluster, in order of time; those of one second in the order in which they were told.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read.
    pub fn cluster_events(&self, cluster_id: &str) -> Result<Vec<StoredClusterEvent>, StoreError> {
        self.connection
            .prepare_cached(OF_CLUSTER)
            .and_then(|mut s| s.query_map([cluster_id], cluster_event_of)?.collect())
            .at(&self.path, "reading cluster events")
    }

    /// All cluster events, by workspace and cluster, each in order of time; those of one second in the order in which they
    /// were told.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read.
    pub fn all_cluster_events(&self) -> Result<Vec<StoredClusterEvent>, StoreError> {
        let sql = "SELECT source.name, workspace, cluster_id, timestamp, name.name, details \
                   FROM cluster JOIN cluster_event ON cluster_row = cluster.id JOIN source ON source.id = source_id \
                   JOIN name ON name.id = event_type ORDER BY workspace, cluster_id, timestamp, told";
        self.connection
            .prepare_cached(sql)
            .and_then(|mut s| s.query_map([], cluster_event_of)?.collect())
            .at(&self.path, "reading cluster events")
    }

    /// The events of one instance, in order of time; those of one second in the order in which they were told.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read.
    pub fn instance_events(&self, instance_id: &str) -> Result<Vec<StoredInstanceEvent>, StoreError> {
        let sql = "SELECT source.name, pool.workspace, instance_id, event_time, name.name, instance_pool_id, \
                   cluster.cluster_id FROM instance JOIN instance_event ON instance_row = instance.id \
                   JOIN source ON source.id = instance.source_id JOIN name ON name.id = state \
                   JOIN pool ON pool.id = pool_row JOIN cluster ON cluster.id = cluster_row \
                   WHERE instance_id = ?1 ORDER BY event_time, told";
        self.connection
            .prepare_cached(sql)
            .and_then(|mut s| s.query_map([instance_id], instance_event_of)?.collect())
            .at(&self.path, "reading instance events")
    }
}

/// Writes events into the transaction that is open; how many of each kind were new.
pub(super) fn write_events(
    tables: Tables<'_>,
    interned: &mut Interned,
    source: &str,
    cluster_events: &[ClusterEvent],
    instance_events: &[InstanceEvent],
) -> Result<(u64, u64), StoreError> {
    if cluster_events.is_empty() && instance_events.is_empty() {
        return Ok((0, 0));
    }
    writing(tables, interned, source, |writer| {
        Ok((
            writer.cluster_events(cluster_events)?,
            writer.instance_events(instance_events)?,
        ))
    })
}

/// Writes cluster events of one source as they were told, types and details of any kind.
pub(super) fn write_told_events(
    tables: Tables<'_>,
    interned: &mut Interned,
    source: &str,
    events: &[&StoredClusterEvent],
) -> Result<u64, StoreError> {
    writing(tables, interned, source, |writer| writer.told_events(events))
}

/// Counts what is told while it is written.
fn writing<T>(
    tables: Tables<'_>,
    interned: &mut Interned,
    source: &str,
    write: impl FnOnce(&mut Writer<'_>) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let before: i64 = tables
        .connection
        .prepare_cached("SELECT told FROM history")
        .and_then(|mut statement| statement.query_row([], |row| row.get(0)))
        .at(tables.path, DOING)?;
    let mut writer = Writer {
        insert: tables
            .connection
            .prepare_cached(INSERT_CLUSTER_EVENT)
            .at(tables.path, DOING)?,
        tables,
        source_id: interned.source(tables, source)?,
        names: &mut interned.names,
        told: before,
    };
    let written = write(&mut writer)?;
    let told = writer.told;
    if told != before {
        tables
            .connection
            .prepare_cached("UPDATE history SET told = ?1")
            .and_then(|mut statement| statement.execute([told]))
            .at(tables.path, DOING)?;
    }
    Ok(written)
}

const DOING: &str = "writing history";

/// One batch being written.
struct Writer<'c> {
    tables: Tables<'c>,
    insert: CachedStatement<'c>,
    source_id: i64,
    names: &'c mut Names,
    /// Events told so far.
    told: i64,
}

/// An event as it is written; in the order of the key, then of telling.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct EventRow<'e> {
    day: i64,
    cluster_row: i64,
    timestamp: i64,
    event_type: i64,
    digest: i64,
    told: i64,
    details: Cow<'e, str>,
}

impl Writer<'_> {
    fn cluster_events(&mut self, events: &[ClusterEvent]) -> Result<u64, StoreError> {
        let mut rows = Vec::with_capacity(events.len());
        for event in events {
            let (workspace, cluster_id) = (&event.workspace, &event.cluster_id);
            let cluster = self
                .names
                .cluster(self.tables, self.source_id, workspace, cluster_id)?;
            let details = event.details.to_json().into();
            rows.push(self.row(cluster, event.timestamp, event.event_type.as_str(), details)?);
        }
        self.write_rows(rows)
    }

    fn told_events(&mut self, events: &[&StoredClusterEvent]) -> Result<u64, StoreError> {
        let mut rows = Vec::with_capacity(events.len());
        for event in events {
            let (workspace, cluster_id) = (Arc::from(&*event.workspace), Arc::from(&*event.cluster_id));
            let cluster = self
                .names
                .cluster(self.tables, self.source_id, &workspace, &cluster_id)?;
            let details = Cow::Borrowed(&*event.details);
            rows.push(self.row(cluster, event.timestamp, &event.event_type, details)?);
        }
        self.write_rows(rows)
    }

    fn row<'e>(
        &mut self,
        cluster_row: i64,
        timestamp: Instant,
        event_type: &str,
        details: Cow<'e, str>,
    ) -> Result<EventRow<'e>, StoreError> {
        let timestamp = timestamp.timestamp();
        Ok(EventRow {
            day: timestamp.div_euclid(SECONDS_PER_DAY),
            cluster_row,
            timestamp,
            event_type: self.names.name(self.tables, event_type)?,
            digest: digest(&details),
            told: 0,
            details,
        })
    }

    /// Numbers the rows as they were told and writes them in the order of their key, which is quicker: neighbours lie on
    /// one page. Of equal ones the first told stays. Numbers are used up only by a batch that tells something new, so
    /// that telling it again leaves no gap.
    fn write_rows(&mut self, mut rows: Vec<EventRow<'_>>) -> Result<u64, StoreError> {
        let mut told = self.told;
        for row in &mut rows {
            told = told.saturating_add(1);
            row.told = told;
        }
        rows.sort_unstable();
        let insert = &mut self.insert;
        let mut new = 0_u64;
        for row in &rows {
            let written = insert.execute(params![
                row.day,
                row.cluster_row,
                row.timestamp,
                row.event_type,
                row.digest,
                row.told,
                row.details
            ]);
            if written.at(self.tables.path, DOING)? == 1 {
                new = new.saturating_add(1);
            }
        }
        if new > 0 {
            self.told = told;
        }
        Ok(new)
    }

    fn instance_events(&mut self, events: &[InstanceEvent]) -> Result<u64, StoreError> {
        let Tables { connection, path } = self.tables;
        let mut insert = connection.prepare_cached(INSERT_INSTANCE_EVENT).at(path, DOING)?;
        let mut new = 0;
        for event in events {
            let (workspace, source_id) = (&event.workspace, self.source_id);
            let written = insert.execute(params![
                self.names.instance(self.tables, source_id, &event.instance_id)?,
                event.event_time.timestamp(),
                self.names.name(self.tables, event.state.as_str())?,
                self.names
                    .cluster(self.tables, source_id, workspace, &event.cluster_id)?,
                self.names.pool(self.tables, workspace, &event.instance_pool_id)?,
                self.told.saturating_add(1),
            ]);
            new = self.count(new, written.at(path, DOING)?);
        }
        Ok(new)
    }

    fn count(&mut self, new: u64, written: usize) -> u64 {
        if written == 0 {
            return new;
        }
        self.told = self.told.saturating_add(1);
        new.saturating_add(1)
    }
}

/// The first eight bytes of BLAKE3, so that details of one cluster, second and type are told apart.
pub(super) fn digest(details: &str) -> i64 {
    let [a, b, c, d, e, f, g, h, ..] = *blake3::hash(details.as_bytes()).as_bytes();
    i64::from_be_bytes([a, b, c, d, e, f, g, h])
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

pub(super) fn instance_event_of(row: &Row<'_>) -> Result<StoredInstanceEvent, rusqlite::Error> {
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
    use crate::databricks::event::{EventDetails, EventType, InstanceState};
    use crate::ledger::sample::at;
    use crate::model::period::from_unix;
    use proptest::prelude::*;
    use std::collections::HashSet;

    fn event(cluster: &str, second: i64, event_type: EventType, workers: u32) -> ClusterEvent {
        ClusterEvent {
            timestamp: from_unix(at("2026-10-01").timestamp() + second),
            workspace: "prod".into(),
            cluster_id: cluster.into(),
            event_type,
            details: EventDetails {
                current_num_workers: Some(workers),
                ..EventDetails::default()
            },
        }
    }

    fn instance(state: InstanceState, cluster: &str) -> InstanceEvent {
        InstanceEvent {
            event_time: at("2026-10-01"),
            workspace: "prod".into(),
            instance_id: "i".into(),
            instance_pool_id: "p".into(),
            cluster_id: cluster.into(),
            state,
        }
    }

    #[test]
    fn a_history_told_twice_is_one_history() {
        let mut database = Database::in_memory().unwrap();
        let events = [
            event("c", 9, EventType::Running, 9),
            event("c", 0, EventType::Creating, 0),
        ];
        assert_eq!(database.append_cluster_events("s", &events).unwrap(), 2);
        assert_eq!(database.append_cluster_events("s", &events).unwrap(), 0);
        let read = database.cluster_events("c").unwrap();
        let types: Vec<&str> = read.iter().map(|e| e.event_type.as_str()).collect();
        assert_eq!(types, ["CREATING", "RUNNING"]);
        assert_eq!(read[1].details, r#"{"current_num_workers":9}"#);
        assert_eq!(
            (read[0].source.as_str(), read[0].workspace.as_str()),
            ("s", "prod")
        );
    }

    #[test]
    fn what_happens_in_one_second_stays_in_the_order_in_which_it_was_told() {
        let mut database = Database::in_memory().unwrap();
        let told = [
            event("c", 5, EventType::UpsizeCompleted, 2),
            event("c", 5, EventType::Creating, 1),
            event("c", 5, EventType::UpsizeCompleted, 1),
            event("d", 5, EventType::Starting, 1),
        ];
        // The second batch tells what the first told last once more: it keeps its place.
        database.append_cluster_events("s", &told[..2]).unwrap();
        assert_eq!(database.append_cluster_events("s", &told[1..]).unwrap(), 2);
        let read = database.cluster_events("c").unwrap();
        let told: Vec<String> = told[..3].iter().map(|e| e.details.to_json()).collect();
        assert_eq!(read.into_iter().map(|e| e.details).collect::<Vec<_>>(), told);

        let states = [
            instance(InstanceState::Ready, ""),
            instance(InstanceState::Placed, "c"),
            instance(InstanceState::Ready, ""),
            instance(InstanceState::Placed, "d"),
        ];
        assert_eq!(database.append_instance_events("s", &states).unwrap(), 3);
        assert_eq!(database.append_instance_events("s", &states).unwrap(), 0);
        let read = database.instance_events("i").unwrap();
        let read: Vec<_> = read
            .iter()
            .map(|e| (e.state.as_str(), e.cluster_id.as_str()))
            .collect();
        assert_eq!(
            read,
            [
                ("INSTANCE_READY", ""),
                ("INSTANCE_PLACED", "c"),
                ("INSTANCE_PLACED", "d")
            ]
        );
    }

    #[test]
    fn two_sources_may_tell_of_one_cluster() {
        let mut database = Database::in_memory().unwrap();
        let events = [event("c", 0, EventType::Creating, 0)];
        assert_eq!(database.append_cluster_events("s", &events).unwrap(), 1);
        assert_eq!(database.append_cluster_events("t", &events).unwrap(), 1);
        let sources: Vec<String> = database
            .cluster_events("c")
            .unwrap()
            .into_iter()
            .map(|e| e.source)
            .collect();
        assert_eq!(sources, ["s", "t"]);
    }

    #[test]
    fn the_events_of_a_cluster_are_found_by_their_key() {
        let database = Database::in_memory().unwrap();
        for (table, sql) in [
            ("cluster_event", OF_CLUSTER),
            (
                "instance_event",
                "SELECT state FROM instance JOIN instance_event ON instance_row = instance.id \
                WHERE instance_id = 'i' ORDER BY event_time, told",
            ),
        ] {
            let plan = database.plan(sql);
            assert!(
                plan.contains(&format!("SEARCH {table} USING PRIMARY KEY")),
                "{plan}"
            );
            // The days are a handful, each found by a step in the key.
            assert!(!plan.replace("SCAN days", "").contains("SCAN"), "{plan}");
        }
    }

    proptest! {
        /// However a history is cut into batches, and however often parts are told again: each event once, in the
        /// order in which it was first told.
        #[test]
        fn batches_make_no_difference(
            picks in prop::collection::vec((0_i64..3, 0_usize..3, 0_u32..2), 0..30),
            size in 1_usize..7,
            again in 0_usize..30,
        ) {
            let types = [EventType::Creating, EventType::Running, EventType::Resizing];
            let events: Vec<_> = picks.iter().map(|(s, t, w)| event("c", *s, types[*t], *w)).collect();
            let mut database = Database::in_memory().unwrap();
            for batch in events.chunks(size) {
                database.append_cluster_events("s", batch).unwrap();
            }
            database.append_cluster_events("s", &events[again.min(events.len())..]).unwrap();
            let mut seen = HashSet::new();
            let mut expected: Vec<_> = events
                .iter()
                .map(|e| (e.timestamp, e.event_type.as_str().to_owned(), e.details.to_json()))
                .filter(|e| seen.insert(e.clone()))
                .collect();
            expected.sort_by_key(|e| e.0);
            let read = database.cluster_events("c").unwrap();
            let read: Vec<_> = read.into_iter().map(|e| (e.timestamp, e.event_type, e.details)).collect();
            prop_assert_eq!(read, expected);
        }
    }
}
