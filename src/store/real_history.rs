//! What a source has told of real clusters: their events, word for word, and what was billed of them.

use rusqlite::Row;
use std::collections::BTreeMap;

use super::database::Database;
use super::error::{At, StoreError};
use super::history::{StoredClusterEvent, write_told_events};
use crate::model::period::{Period, from_unix};

/// A fact that is in the ledger, priced or not.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Billed {
    /// The resource.
    pub resource: String,
    /// The meter's text.
    pub meter: String,
    /// The period.
    pub period: Period,
}

/// A fact as it is read.
#[derive(Debug)]
pub struct BilledRow<'r> {
    /// `cluster_id` of whose it is.
    pub cluster_id: &'r str,
    /// The resource.
    pub resource: &'r str,
    /// The meter's text.
    pub meter: &'r str,
    /// The period.
    pub period: Period,
}

impl BilledRow<'_> {
    fn of<'r>(row: &'r Row<'_>) -> rusqlite::Result<BilledRow<'r>> {
        Ok(BilledRow {
            cluster_id: row.get_ref(0)?.as_str()?,
            resource: row.get_ref(1)?.as_str()?,
            meter: row.get_ref(2)?.as_str()?,
            period: Period {
                start: from_unix(row.get(3)?),
                end: from_unix(row.get(4)?),
            },
        })
    }

    /// The fact, to be kept.
    pub fn fact(&self) -> Billed {
        Billed {
            resource: self.resource.to_owned(),
            meter: self.meter.to_owned(),
            period: self.period,
        }
    }
}

/// Of an entry `e`: it is the live version of its fact, neither a reversal nor reversed.
pub(super) const IS_LIVE: &str = "NOT EXISTS (SELECT 1 FROM correction c WHERE c.number = e.number AND c.link = 'reverses') \
     AND NOT EXISTS (SELECT 1 FROM correction c WHERE c.corrected = e.number AND c.link = 'reverses')";

/// The facts that a source has told, as far as they are in force, with the cluster whose they are.
fn in_force() -> String {
    format!(
        "SELECT s.cluster_id, e.resource, m.name, e.period_start, e.period_end \
         FROM entry e JOIN terms t ON t.id = e.terms_id JOIN source o ON o.id = t.source_id \
         JOIN subject s ON s.id = t.subject_id JOIN meter m ON m.id = t.meter_id WHERE o.name = ?1 AND {IS_LIVE} \
         UNION ALL SELECT s.cluster_id, u.resource, m.name, u.period_start, u.period_end \
         FROM unpriced u JOIN source o ON o.id = u.source_id \
         JOIN subject s ON s.id = u.subject_id JOIN meter m ON m.id = u.meter_id \
         WHERE o.name = ?1 AND u.settled_by IS NULL AND u.replaced = 0"
    )
}

impl Database {
    /// Writes cluster events as they were told, types and details of any kind; how many were new. They are read back in
    /// this order.
    ///
    /// # Errors
    /// [`StoreError`]; then none of them is written.
    pub fn append_told_events(&mut self, events: &[StoredClusterEvent]) -> Result<u64, StoreError> {
        let mut by_source: BTreeMap<&str, Vec<&StoredClusterEvent>> = BTreeMap::new();
        for event in events {
            by_source.entry(&event.source).or_default().push(event);
        }
        self.in_transaction("writing history", |tables, interned| {
            by_source.iter().try_fold(0_u64, |new, (source, events)| {
                let more = write_told_events(tables, interned, source, events)?;
                Ok(new.saturating_add(more))
            })
        })
    }

    /// Clusters of which the source has told events, by id.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read.
    pub fn clusters_told_by(&self, source: &str) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT DISTINCT cluster_id FROM cluster JOIN source ON source.id = source_id \
                   WHERE source.name = ?1 AND cluster.id IN (SELECT cluster_row FROM cluster_event) \
                   ORDER BY cluster_id";
        self.connection
            .prepare_cached(sql)
            .and_then(|mut s| s.query_map([source], |row| row.get(0))?.collect())
            .at(&self.path, "reading cluster events")
    }

    /// What is in the ledger of what the source told, by cluster, in order.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read.
    pub fn billed_by(&self, source: &str) -> Result<BTreeMap<String, Vec<Billed>>, StoreError> {
        let mut billed: BTreeMap<String, Vec<Billed>> = BTreeMap::new();
        self.visit_billed_by(source, &mut |row| {
            let facts = billed.entry(row.cluster_id.to_owned()).or_default();
            facts.push(row.fact());
        })?;
        for facts in billed.values_mut() {
            facts.sort_unstable();
        }
        Ok(billed)
    }

    /// Visits what is in the ledger of what the source told, each fact with its cluster, in no order; what was corrected is not.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read.
    pub fn visit_billed_by(
        &self,
        source: &str,
        visit: &mut dyn FnMut(&BilledRow<'_>),
    ) -> Result<(), StoreError> {
        let doing = "reading what was billed";
        let mut statement = self
            .connection
            .prepare_cached(&in_force())
            .at(&self.path, doing)?;
        let mut rows = statement.query([source]).at(&self.path, doing)?;
        while let Some(row) = rows.next().at(&self.path, doing)? {
            let row = BilledRow::of(row).at(&self.path, doing)?;
            visit(&row);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::sample::{at, vm_hour};

    #[test]
    fn events_of_any_type_are_kept_once_and_read_in_the_order_told() {
        let mut database = Database::in_memory().unwrap();
        let event = |event_type: &str, details: &str| StoredClusterEvent {
            source: "s".to_owned(),
            workspace: "w".to_owned(),
            cluster_id: "c".to_owned(),
            timestamp: at("2026-10-01"),
            event_type: event_type.to_owned(),
            details: details.to_owned(),
        };
        let told = [event("LEVITATING", r#"{"x":1}"#), event("CREATING", "{}")];
        assert_eq!(database.append_told_events(&told).unwrap(), 2);
        assert_eq!(database.append_told_events(&told).unwrap(), 0);
        assert_eq!(database.cluster_events("c").unwrap(), told);
        assert_eq!(database.clusters_told_by("s").unwrap(), ["c"]);
        assert_eq!(database.clusters_told_by("other").unwrap(), Vec::<String>::new());
    }

    #[test]
    fn what_was_billed_is_told_by_cluster() {
        let mut database = Database::in_memory().unwrap();
        database.append("s", &vm_hour("i-1", 3)).unwrap();
        let billed = database.billed_by("s").unwrap();
        let facts: Vec<&Billed> = billed.values().flatten().collect();
        assert_eq!(facts.len(), 1);
        assert_eq!(
            (facts[0].resource.as_str(), facts[0].period.start),
            ("i-1", at("2026-10-01T03:00:00Z"))
        );
        assert!(database.billed_by("other").unwrap().is_empty());
    }
}
