//! Clusters that wait to be written: many in one transaction, and one by one where the ledger refuses some.

use crate::ledger::rate::Rated;
use crate::ops::ingest::rated::is_of_some_facts;
use crate::report::ingest::IngestedCluster;
use crate::store::history::StoredClusterEvent;
use crate::store::journal::{Appended, Correcting};
use crate::store::real_history::Billed;
use crate::store::{Database, StoreError};

/// Facts written in one transaction.
const BATCH: usize = 10_000;

/// A cluster that waits.
pub(super) struct Pending {
    pub cluster: IngestedCluster,
    pub facts: Vec<Rated>,
    /// Facts of the ledger that are not told any more.
    pub withdrawn: Vec<Billed>,
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
    /// events told again bring it about. `correct` is the number of entries when a telling that corrects began.
    pub fn write(
        &mut self,
        database: &mut Database,
        source: &str,
        correct: Option<i64>,
    ) -> Result<Written, StoreError> {
        let waiting = std::mem::take(self).waiting;
        let mut tell = |facts: &[Rated], withdrawn: &[Billed]| match correct {
            None => database.append(source, facts),
            Some(since) => database.correct(source, facts, Correcting { withdrawn, since }),
        };
        let mut written = Written::default();
        let together: Vec<Rated> = waiting.iter().flat_map(|one| &one.facts).cloned().collect();
        let withdrawn: Vec<Billed> = waiting.iter().flat_map(|one| &one.withdrawn).cloned().collect();
        let mut events = Vec::new();
        let all = match tell(&together, &withdrawn) {
            Err(error) if is_of_some_facts(&error) => None,
            told => Some(told?),
        };
        for one in waiting {
            let told = match all {
                Some(_) => Ok(Appended::default()),
                None => tell(&one.facts, &one.withdrawn),
            };
            match told {
                Ok(appended) => {
                    written.facts = written.facts.and(appended);
                    events.extend(one.events);
                    written.clusters.push(one.cluster);
                }
                Err(error) if is_of_some_facts(&error) => written.refused.push((one.cluster, error)),
                Err(error) => return Err(error),
            }
        }
        written.facts = written.facts.and(all.unwrap_or_default());
        written.events = database.append_told_events(&events)?;
        Ok(written)
    }
}
