//! What was told before there were tags: told again with tags, it says the same.

use rusqlite::OptionalExtension;
use std::borrow::Cow;

use super::dimension::Dimensions;
use super::entries::StoredEntry;
use super::error::{At, StoreError};
use super::intern::Tables;
use crate::ledger::transaction::Entry;
use crate::model::tags::Tags;
use crate::model::usage::Subject;

/// Whether an entry was written before tags were kept and says what is told now but for them.
pub(super) fn is_known_without_tags(
    tables: Tables<'_>,
    known: &StoredEntry,
    told: &Entry,
) -> Result<bool, StoreError> {
    if told.charge.subject.tags.is_empty() || known.number > count(tables, "entries")? {
        return Ok(false);
    }
    let mut bare = told.clone();
    bare.charge.subject = without_tags(&told.charge.subject).into();
    Ok(known.entry.differences(&bare).is_empty())
}

/// A subject as it would have been told then, where the row of the known one is of before tags; else as it is told.
pub(super) fn as_told_then<'s>(
    tables: Tables<'_>,
    known: i64,
    told: &'s Subject,
) -> Result<Cow<'s, Subject>, StoreError> {
    let is_old = u64::try_from(known).unwrap_or(u64::MAX) <= count(tables, "subjects")?;
    Ok(match is_old && !told.tags.is_empty() {
        true => Cow::Owned(without_tags(told)),
        false => Cow::Borrowed(told),
    })
}

/// Whether the subject of a row is the one that is told, but for tags that were not kept then.
pub(super) fn is_told_then(tables: Tables<'_>, known: i64, told: &Subject) -> Result<bool, StoreError> {
    let subject = Dimensions::new(tables.connection, tables.path).subject(known)?;
    Ok(*subject == *as_told_then(tables, known, told)?)
}

/// How many there were when tags came.
fn count(tables: Tables<'_>, column: &'static str) -> Result<u64, StoreError> {
    let sql = format!("SELECT {column} FROM untagged WHERE id = 1");
    let found: Option<i64> = tables
        .connection
        .prepare_cached(&sql)
        .and_then(|mut statement| statement.query_row([], |row| row.get(0)).optional())
        .at(tables.path, "reading what was told without tags")?;
    Ok(found.and_then(|n| u64::try_from(n).ok()).unwrap_or_default())
}

fn without_tags(subject: &Subject) -> Subject {
    Subject {
        tags: Tags::default(),
        ..subject.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::databricks::state::State;
    use crate::ledger::rate::Rated;
    use crate::ledger::sample::{period, price, rated, subject, usage};
    use crate::model::machine::Machine;
    use crate::model::meter::PurchaseOption;
    use crate::store::check::check;
    use crate::store::cluster_record::ClusterFate;
    use crate::store::database::Database;
    use crate::store::migration::tests::at_version;
    use crate::store::records::RecordBatch;
    use std::path::Path;
    use std::sync::Arc;
    use tempfile::tempdir;

    const DBU: &str = "dbu/AZURE/PREMIUM_JOBS_COMPUTE";

    /// An hour with a price and one without, told with these tags.
    fn hours(team: &str, tags: &[(&str, &str)]) -> Vec<Rated> {
        let whose = Subject {
            tags: Tags::of(tags.iter().copied()),
            ..subject(team, "nightly")
        };
        let told = |resource: &str, price| {
            let hour = period("2026-10-01T00:00:00Z", "2026-10-01T01:00:00Z");
            rated(&usage(resource, whose.clone(), DBU, Some("2"), hour), price)
        };
        [told("a", Some(price("0.3"))), told("b", None)].concat()
    }

    /// A machine and a cluster of that team and these tags, told.
    fn tell_records(database: &mut Database, team: &str, tags: &[(&str, &str)]) -> Result<(), StoreError> {
        let whose = Arc::new(Subject {
            tags: Tags::of(tags.iter().copied()),
            ..subject(team, "nightly")
        });
        let machine = Machine {
            instance_id: "i-1".into(),
            subject: Arc::clone(&whose),
            node_type_id: "Standard_DS3_v2".into(),
            purchase_option: PurchaseOption::Spot,
            driver: true,
            period: period("2026-10-01T00:00:00Z", "2026-10-01T01:00:00Z"),
        };
        let fate = ClusterFate {
            subject: whose,
            state: State::Terminated,
            pinned: false,
            gone: None,
        };
        let batch = RecordBatch {
            machines: &[machine],
            cluster_records: &[fate],
            ..RecordBatch::default()
        };
        database.append_records("s", &batch).map(|_| ())
    }

    /// A ledger of version 7 that was told two hours, a machine and a cluster.
    fn before(path: &Path) {
        let new = path.with_extension("new");
        let mut database = Database::open(&new).unwrap();
        database.append("s", &hours("etl", &[])).unwrap();
        tell_records(&mut database, "etl", &[]).unwrap();
        drop(database);
        let raw = at_version(path, 7);
        raw.execute_batch(&format!(
            "ATTACH '{}' AS new; DELETE FROM ledger;
             INSERT INTO subject SELECT id, workspace, team, cluster_id, cluster_name, job_name, run_id, pool, owner, policy FROM new.subject;",
            new.display()
        ))
        .unwrap();
        for table in [
            "ledger",
            "source",
            "account",
            "meter",
            "price",
            "terms",
            "entry",
            "unpriced",
            "rollup_day",
            "name",
            "cluster",
            "machine",
            "cluster_record",
        ] {
            // The columns that there were: later forms add some.
            let columns: String = raw
                .query_row(
                    "SELECT group_concat(name) FROM pragma_table_info(?1, 'main')",
                    [table],
                    |row| row.get(0),
                )
                .unwrap();
            let copy = format!("INSERT INTO main.{table} ({columns}) SELECT {columns} FROM new.{table}");
            raw.execute_batch(&copy).unwrap();
        }
    }

    #[test]
    fn a_ledger_of_before_keeps_what_it_says_and_is_told_it_again_with_tags() {
        let folder = tempdir().unwrap();
        let path = folder.path().join("7.db");
        before(&path);
        let mut database = Database::open(&path).unwrap();
        assert!(check(&database, &mut |_, _| ()).unwrap().is_sound());
        let october = period("2026-10-01", "2026-11-01");
        let rows = database.cost_rows(&october).unwrap();
        assert_eq!(rows.len(), 1);
        assert_eq!((*rows[0].subject).clone(), subject("etl", "nightly"));
        assert_eq!(database.unpriced_rows(&october).unwrap().len(), 1);
        let tags = [("team", "etl")];
        let again = database.append("s", &hours("etl", &tags)).unwrap();
        assert_eq!((again.new, again.known), (0, 2));
        tell_records(&mut database, "etl", &tags).unwrap();
        let refused = tell_records(&mut database, "ml", &tags);
        assert!(matches!(refused, Err(StoreError::Conflict { .. })), "{refused:?}");
        // Another cost centre is another fact, with tags or without.
        for told in [hours("ml", &tags), hours("ml", &[])] {
            let refused = database.append("s", &told);
            assert!(matches!(refused, Err(StoreError::Conflict { .. })), "{refused:?}");
        }
        assert!(check(&database, &mut |_, _| ()).unwrap().is_sound());
    }

    #[test]
    fn what_was_told_without_tags_since_is_another_fact_with_them() {
        let mut database = Database::in_memory().unwrap();
        database.append("s", &hours("etl", &[])).unwrap();
        for told in hours("etl", &[("team", "etl")]) {
            let refused = database.append("s", &[told]);
            assert!(matches!(refused, Err(StoreError::Conflict { .. })), "{refused:?}");
        }
    }

    #[test]
    fn tags_are_read_back_and_shared() {
        let mut database = Database::in_memory().unwrap();
        let tags = [("team", "etl"), ("CostCenter", "4711")];
        database.append("s", &hours("etl", &tags)).unwrap();
        database.append("t", &hours("ml", &tags)).unwrap();
        let stored: Vec<_> = database.entries().map(|e| e.unwrap().entry.charge).collect();
        assert_eq!(stored[0].subject.tags, Tags::of(tags));
        let count = |table: &str| -> i64 {
            let sql = format!("SELECT count(*) FROM {table}");
            database.connection.query_row(&sql, [], |row| row.get(0)).unwrap()
        };
        assert_eq!((count("subject"), count("tags")), (2, 2));
        assert!(check(&database, &mut |_, _| ()).unwrap().is_sound());
    }
}
