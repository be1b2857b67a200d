//! What became of each cluster: its last state, whether it is pinned, whether there is still one.

use rusqlite::{Row, params};
use std::sync::Arc;

use super::database::Database;
use super::dimension::Dimensions;
use super::error::{At, StoreError};
use super::intern::{Interned, Tables};
use super::told::hold_against;
use super::untagged::as_told_then;
use crate::databricks::state::State;
use crate::ledger::terms::subject_line;
use crate::model::period::{Instant, from_unix, rfc3339};
use crate::model::usage::Subject;

/// What became of a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterFate {
    /// Whose it is and what it is called.
    pub subject: Arc<Subject>,
    /// Its last state.
    pub state: State,
    /// Whether it is pinned.
    pub pinned: bool,
    /// When it was permanently deleted; none if it still is.
    pub gone: Option<Instant>,
}

const INSERT: &str = "INSERT INTO cluster_record (cluster_row, subject_id, state, pinned, gone) \
     VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING";

const COLUMNS: &str = "cluster_row, subject_id, state, pinned, gone";

const DOING: &str = "writing clusters";

impl Database {
    /// Writes what became of clusters; how many were new.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when one was told differently; then none of them is written.
    pub fn append_cluster_records(
        &mut self,
        source: &str,
        records: &[ClusterFate],
    ) -> Result<u64, StoreError> {
        self.in_transaction(DOING, |tables, interned| {
            write_cluster_records(tables, interned, source, records)
        })
    }

    /// What became of the clusters that a source tells of, in order of workspace and `cluster_id`.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read.
    pub fn cluster_records(&self, source: &str) -> Result<Vec<ClusterFate>, StoreError> {
        let doing = "reading clusters";
        let sql = format!(
            "SELECT {COLUMNS} FROM source JOIN cluster ON source_id = source.id \
             JOIN cluster_record ON cluster_row = cluster.id WHERE name = ?1 ORDER BY workspace, cluster_id"
        );
        let mut dimensions = Dimensions::new(&self.connection, &self.path);
        let mut statement = self.connection.prepare_cached(&sql).at(&self.path, doing)?;
        let mut rows = statement.query([source]).at(&self.path, doing)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next().at(&self.path, doing)? {
            let form = Form::of(row).at(&self.path, doing)?;
            let states = [
                State::Pending,
                State::Running,
                State::Restarting,
                State::Resizing,
                State::Terminating,
                State::Terminated,
            ];
            let state = states.into_iter().find(|s| s.as_str() == form.state);
            found.push(ClusterFate {
                subject: dimensions.subject(form.subject_id)?,
                state: state.ok_or_else(|| StoreError::Unreadable {
                    path: self.path.clone(),
                    place: format!("`cluster_record` {}", form.cluster_row),
                    why: format!("`{}` is not a state", form.state),
                })?,
                pinned: form.pinned,
                gone: form.gone.map(from_unix),
            });
        }
        Ok(found)
    }
}

/// A record as its columns hold it.
struct Form {
    cluster_row: i64,
    subject_id: i64,
    state: String,
    pinned: bool,
    gone: Option<i64>,
}

impl Form {
    fn of(row: &Row<'_>) -> Result<Form, rusqlite::Error> {
        Ok(Form {
            cluster_row: row.get(0)?,
            subject_id: row.get(1)?,
            state: row.get(2)?,
            pinned: row.get(3)?,
            gone: row.get(4)?,
        })
    }
}

/// Writes what became of clusters into the transaction that is open; how many were new.
pub(super) fn write_cluster_records(
    tables: Tables<'_>,
    interned: &mut Interned,
    source: &str,
    records: &[ClusterFate],
) -> Result<u64, StoreError> {
    if records.is_empty() {
        return Ok(0);
    }
    let source_id = interned.source(tables, source)?;
    let mut insert = tables.connection.prepare_cached(INSERT).at(tables.path, DOING)?;
    let mut new = 0_u64;
    for record in records {
        let workspace = Arc::from(record.subject.workspace.as_str());
        let cluster_id = Arc::from(record.subject.cluster_id.as_str());
        let cluster_row = interned
            .names
            .cluster(tables, source_id, &workspace, &cluster_id)?;
        let written = insert.execute(params![
            cluster_row,
            interned.subject(tables, &record.subject)?,
            record.state.as_str(),
            record.pinned,
            record.gone.map(|at| at.timestamp()),
        ]);
        if written.at(tables.path, DOING)? == 1 {
            new = new.saturating_add(1);
        } else {
            hold_against_known(tables, cluster_row, record)?;
        }
    }
    Ok(new)
}

fn hold_against_known(tables: Tables<'_>, cluster_row: i64, told: &ClusterFate) -> Result<(), StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM cluster_record WHERE cluster_row = ?1");
    let known = tables
        .connection
        .prepare_cached(&sql)
        .and_then(|mut statement| statement.query_row([cluster_row], Form::of))
        .at(tables.path, "reading a cluster")?;
    let subject = Dimensions::new(tables.connection, tables.path).subject(known.subject_id)?;
    let told_then = as_told_then(tables, known.subject_id, &told.subject)?;
    let gone = |at: Option<Instant>| at.map(rfc3339).unwrap_or_default();
    hold_against(
        || format!("what became of the cluster `{}`", told.subject.cluster_id),
        ["subject", "state", "pinned", "gone"],
        [
            subject_line(&subject),
            known.state,
            known.pinned.to_string(),
            gone(known.gone.map(from_unix)),
        ],
        [
            subject_line(&told_then),
            told.state.as_str().to_owned(),
            told.pinned.to_string(),
            gone(told.gone),
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::sample::{at, subject};

    #[test]
    fn what_became_of_a_cluster_is_told_once() {
        let mut database = Database::in_memory().unwrap();
        let one = ClusterFate {
            subject: Arc::new(subject("etl", "nightly")),
            state: State::Terminated,
            pinned: false,
            gone: Some(at("2026-10-31")),
        };
        let other = ClusterFate {
            subject: Arc::new(subject("ml", "train")),
            state: State::Running,
            pinned: true,
            gone: None,
        };
        let both = [one.clone(), other];
        assert_eq!(database.append_cluster_records("s", &both).unwrap(), 2);
        assert_eq!(database.append_cluster_records("s", &both).unwrap(), 0);
        assert_eq!(database.cluster_records("s").unwrap(), both);
        assert_eq!(database.cluster_records("t").unwrap(), []);
        let again = ClusterFate { gone: None, ..one };
        let error = database.append_cluster_records("s", &[again]).unwrap_err();
        assert!(
            matches!(&error, StoreError::Conflict { differences, .. } if differences[0].field == "gone"),
            "{error}"
        );
    }
}
