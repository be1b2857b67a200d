//! Clusters that wait to be written: many in one transaction, and one by one where the ledger refuses some.

use crate::ledger::rate::Rated;
use crate::ops::ingest::rated::is_of_some_facts;
use crate::report::ingest::IngestedCluster;
use crate::store::history::StoredClusterEvent;
use crate::store::journal::Appended;
use crate::store::{Database, StoreError};

/// Facts written in one transaction.
const BATCH: usize = 10_000;

/// A cluster that waits.
pub(super) struct Pending {
    pub cluster: IngestedCluster,
    pub facts: Vec<Rated>,
    pub events: Vec<StoredClusterEvent>,
}

/// What was written.
#[derive(Default)]
pub(super) struct Written {
    pub facts: Appended,
    pub events: u64,
    pub clusters: Vec<IngestedCluster>,
    pub refused: Vec<(IngestedCluster, StoreError)>,
}

/// Clusters that wait.
#[derive(Default)]
pub(super) struct Outbox {
    waiting: Vec<Pending>,
    facts: usize,
}

impl Outbox {
    pub fn is_full(&self) -> bool {
        self.facts >= BATCH
    }

    pub fn push(&mut self, pending: Pending) {
        self.facts = self.facts.saturating_add(pending.facts.len());
        self.waiting.push(pending);
    }

    /// Writes what waits: facts first, so that a history in the ledger is one that is billed. Killed in between, the same
    /// events told again bring it about.
    pub fn write(&mut self, database: &mut Database, source: &str) -> Result<Written, StoreError> {
        let waiting = std::mem::take(self).waiting;
        let mut written = Written::default();
        let (facts, rest): (Vec<Vec<Rated>>, Vec<_>) = waiting
            .into_iter()
            .map(|one| (one.facts, (one.cluster, one.events)))
            .unzip();
        let together: Vec<Rated> = facts.iter().flatten().cloned().collect();
        let mut events = Vec::new();
        match database.append(source, &together) {
            Ok(appended) => {
                written.facts = appended;
                for (cluster, told) in rest {
                    events.extend(told);
                    written.clusters.push(cluster);
                }
            }
            Err(error) if is_of_some_facts(&error) => {
                for (facts, (cluster, told)) in facts.iter().zip(rest) {
                    match database.append(source, facts) {
                        Ok(appended) => {
                            written.facts.new = written.facts.new.saturating_add(appended.new);
                            written.facts.known = written.facts.known.saturating_add(appended.known);
                            events.extend(told);
                            written.clusters.push(cluster);
                        }
                        Err(error) if is_of_some_facts(&error) => written.refused.push((cluster, error)),
                        Err(error) => return Err(error),
                    }
                }
            }
            Err(error) => return Err(error),
        }
        written.events = database.append_told_events(&events)?;
        Ok(written)
    }
}
