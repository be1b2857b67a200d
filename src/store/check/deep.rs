//! Digests that are stored beside what they are of: details of events, files of statements.
#![deny(clippy::arithmetic_side_effects)]

use crate::ledger::check::{Finding, code};
use crate::ledger::recompute::{cost_finding, is_remainder};
use crate::model::period::{from_unix, rfc3339};
use crate::store::database::Database;
use crate::store::entries::StoredEntry;
use crate::store::error::{At, StoreError};
use crate::store::{history, statement};

/// What was recomputed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Recomputed {
    /// Costs of entries, from quantity and price.
    pub costs: u64,
    /// Costs that are not: parts of other costs and what payments leave, which contracts tell.
    pub remainders: u64,
    /// Digests of the details of events of clusters.
    pub event_digests: u64,
    /// Digests of exports of vendors, from those of their files.
    pub export_digests: u64,
}

impl Recomputed {
    /// Recomputes the cost of an entry; what is wrong with it.
    pub(super) fn cost(&mut self, stored: &StoredEntry) -> Option<Finding> {
        if is_remainder(&stored.entry) {
            self.remainders = self.remainders.saturating_add(1);
            return None;
        }
        self.costs = self.costs.saturating_add(1);
        cost_finding(stored.number, &stored.entry.charge)
    }
}

/// Recomputes the digests; `add` takes what disagrees.
pub(super) fn digests(
    database: &Database,
    recomputed: &mut Recomputed,
    add: &mut dyn FnMut(Finding),
) -> Result<(), StoreError> {
    let path = database.path.as_path();
    let doing = "reading events";
    let sql = "SELECT cluster_id, timestamp, digest, details FROM cluster_event JOIN cluster ON cluster.id = cluster_row";
    let mut statement = database.connection.prepare(sql).at(path, doing)?;
    let mut rows = statement.query([]).at(path, doing)?;
    while let Some(row) = rows.next().at(path, doing)? {
        let details: String = row.get(3).at(path, doing)?;
        let (digest, stored) = (history::digest(&details), row.get::<_, i64>(2).at(path, doing)?);
        recomputed.event_digests = recomputed.event_digests.saturating_add(1);
        if digest != stored {
            let cluster: String = row.get(0).at(path, doing)?;
            let at: i64 = row.get(1).at(path, doing)?;
            let what = format!(
                "the digest of an event of `{cluster}` at {}",
                rfc3339(from_unix(at))
            );
            add(finding(what, format!("{digest:016x}"), format!("{stored:016x}")));
        }
    }
    for (name, files, stored) in database.export_digests()? {
        let digest = statement::digest(&files);
        recomputed.export_digests = recomputed.export_digests.saturating_add(1);
        if digest != stored {
            add(finding(format!("the digest of {name}"), digest, stored));
        }
    }
    Ok(())
}

fn finding(what: String, expected: String, found: String) -> Finding {
    Finding {
        code: code::DIGEST,
        entry: None,
        what,
        expected,
        found,
    }
}
