//! What a source has told of its usage: each fact with the stretch that it is part of, priced or not.

use super::database::Database;
use super::error::{At, StoreError};
use super::real_history::IS_LIVE;
use crate::model::period::{Instant, Period, from_unix};

/// A fact that the ledger has, and that no correction has taken back.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct KnownUsage {
    /// The resource.
    pub resource: String,
    /// The meter's text.
    pub meter: String,
    /// The period.
    pub period: Period,
    /// Start of the stretch it is part of.
    pub since: Instant,
    /// The cluster; empty where it is in none.
    pub cluster_id: String,
}

/// Usage that got its price later is an entry like any other.
fn known() -> String {
    format!(
        "SELECT e.resource, m.name, e.period_start, e.period_end, e.since, s.cluster_id \
     FROM entry e JOIN terms t ON t.id = e.terms_id JOIN source o ON o.id = t.source_id \
     JOIN subject s ON s.id = t.subject_id JOIN meter m ON m.id = t.meter_id WHERE o.name = ?1 AND {IS_LIVE} \
     UNION ALL SELECT u.resource, m.name, u.period_start, u.period_end, u.since, s.cluster_id \
     FROM unpriced u JOIN source o ON o.id = u.source_id \
     JOIN subject s ON s.id = u.subject_id JOIN meter m ON m.id = u.meter_id \
     WHERE o.name = ?1 AND u.settled_by IS NULL AND u.replaced = 0"
    )
}

impl Database {
    /// What the source has told, in no order.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read.
    pub fn usage_told_by(&self, source: &str) -> Result<Vec<KnownUsage>, StoreError> {
        self.connection
            .prepare_cached(&known())
            .and_then(|mut statement| {
                let rows = statement.query_map([source], |row| {
                    Ok(KnownUsage {
                        resource: row.get(0)?,
                        meter: row.get(1)?,
                        period: Period {
                            start: from_unix(row.get(2)?),
                            end: from_unix(row.get(3)?),
                        },
                        since: from_unix(row.get(4)?),
                        cluster_id: row.get(5)?,
                    })
                })?;
                rows.collect()
            })
            .at(&self.path, "reading what was told")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::sample::{at, vm_hour};

    #[test]
    fn what_a_source_told_is_told_again() {
        let mut database = Database::in_memory().unwrap();
        database.append("s", &vm_hour("i-1", 3)).unwrap();
        let known = database.usage_told_by("s").unwrap();
        assert_eq!(known.len(), 1);
        let first = &known[0];
        assert_eq!(
            (first.resource.as_str(), first.since, first.period.start),
            ("i-1", at("2026-10-01T03:00:00Z"), at("2026-10-01T03:00:00Z"))
        );
        assert!(database.usage_told_by("other").unwrap().is_empty());
    }
}
