//! Facts that the ledger has of a row and that the row no longer tells.
//!
//! A fact is named by meter and start, too. A row that is told with another SKU or another period has other facts than before, and
//! those of before would stay beside them. So a telling that corrects looks for them, in one walk over what the ledger has of the
//! tables that are told; it takes 24 bytes a row.

use foldhash::fast::RandomState;
use std::collections::{BTreeSet, HashMap};
use std::hash::BuildHasher;
use std::sync::Arc;

use super::pile::{Pile, RowId, Waiting};
use crate::ledger::rate::Rated;
use crate::store::real_history::{Billed, BilledRow};
use crate::store::{Database, StoreError};

/// What names a row of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RowName {
    /// Its id: everything else may change.
    Id,
    /// Its id with SKU and hour: only what lies inside its hour is of it.
    IdSkuHour,
}

/// A row that is told: hash of its id, start, and kind.
type Told = (u64, i64, u32);

/// Facts of rows that are told which are no row's first, by who tells and the row.
#[derive(Default)]
pub(super) struct Lost(HashMap<(Arc<str>, RowId), Vec<Billed>>);

impl Lost {
    /// Reads the ledger. `kinds` are who tells and the meter's text, by the number that rows have of them.
    pub fn read(
        database: &Database,
        kinds: &[(Arc<str>, String)],
        pile: &Pile,
        name: RowName,
    ) -> Result<Lost, StoreError> {
        let seeds = RandomState::default();
        let mut told: Vec<Told> = pile
            .rows_in_no_order()
            .map(|row| (seeds.hash_one(&row.id), row.start, row.kind))
            .collect();
        told.sort_unstable();
        let sources: BTreeSet<&Arc<str>> = kinds.iter().map(|(source, _)| source).collect();
        let mut lost = Lost::default();
        for source in sources {
            let kind_of: HashMap<&str, u32> = (0..)
                .zip(kinds)
                .filter(|(_, (of, _))| of == source)
                .map(|(kind, (_, meter))| (meter.as_str(), kind))
                .collect();
            database.visit_billed_by(source, &mut |fact: &BilledRow<'_>| {
                let id = RowId::new(fact.resource);
                let rows = told_of(&told, seeds.hash_one(&id));
                if may_be_lost(rows, kind_of.get(fact.meter).copied(), fact, name) {
                    let known = lost.0.entry((Arc::clone(source), id)).or_default();
                    known.push(fact.fact());
                }
            })?;
        }
        Ok(lost)
    }

    /// The facts of a row that are not among those that it tells now, in order.
    pub fn of(
        &mut self,
        source: &Arc<str>,
        row: &Waiting,
        meter: &str,
        facts: &[Rated],
        name: RowName,
    ) -> Vec<Billed> {
        if self.0.is_empty() {
            return Vec::new();
        }
        let key = (Arc::clone(source), row.id.clone());
        let starts: BTreeSet<i64> = facts.iter().map(|f| f.period().start.timestamp()).collect();
        let is_told =
            |known: &Billed| known.meter == meter && starts.contains(&known.period.start.timestamp());
        let mut lost = match name {
            RowName::Id => self.0.remove(&key).unwrap_or_default(),
            RowName::IdSkuHour => {
                let inside = |known: &&Billed| {
                    let start = known.period.start.timestamp();
                    known.meter == meter && row.start < start && start < row.end
                };
                let known = self.0.get(&key).into_iter().flatten();
                known.filter(inside).cloned().collect()
            }
        };
        lost.retain(|known| !is_told(known));
        lost.sort_unstable();
        lost
    }
}

/// The rows whose id has a hash.
fn told_of(told: &[Told], hash: u64) -> &[Told] {
    let from = told.partition_point(|row| row.0 < hash);
    let rest = told.get(from..).unwrap_or_default();
    let to = rest.partition_point(|row| row.0 == hash);
    rest.get(..to).unwrap_or_default()
}

/// Whether a fact is of a row that is told, and not the first that some row tells.
fn may_be_lost(rows: &[Told], kind: Option<u32>, fact: &BilledRow<'_>, name: RowName) -> bool {
    let start = fact.period.start.timestamp();
    let is_first = rows.iter().any(|row| Some(row.2) == kind && row.1 == start);
    let is_near = || match name {
        RowName::Id => true,
        RowName::IdSkuHour => rows.iter().any(|row| Some(row.2) == kind && row.1 < start),
    };
    !rows.is_empty() && !is_first && is_near()
}
