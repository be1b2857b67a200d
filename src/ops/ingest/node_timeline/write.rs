//! Machines that wait to be written: many in one transaction, and one by one where the ledger refuses some.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Desk;
use crate::ledger::rate::Rated;
use crate::model::diagnostic::Diagnostics;
use crate::ops::ingest::rated::is_of_some_facts;
use crate::ops::ledger::diagnose;
use crate::report::node_timeline::NodeCluster;
use crate::store::journal::{Appended, Correcting};
use crate::store::real_history::Billed;
use crate::store::{Database, StoreError};

/// A machine that waits.
pub(super) struct Pending {
    pub instance_id: Arc<str>,
    pub facts: Vec<Rated>,
    /// Facts of the ledger that are not told any more.
    pub withdrawn: Vec<Billed>,
    /// Whose they are, by workspace and cluster.
    pub lines: BTreeMap<(String, String), NodeCluster>,
}

impl Desk<'_> {
    /// Writes what waits: together, and machine by machine where the ledger refuses some.
    pub(super) fn write(&mut self, database: &mut Database, source: &str) -> Result<(), Diagnostics> {
        let pending = std::mem::take(&mut self.pending);
        self.facts = 0;
        let mut together: Vec<Rated> = pending.iter().flat_map(|p| p.facts.iter().cloned()).collect();
        together.sort_by_key(|fact| fact.period().start);
        let withdrawn: Vec<Billed> = pending.iter().flat_map(|p| p.withdrawn.iter().cloned()).collect();
        match tell(database, source, self.since, &together, &withdrawn) {
            Ok(appended) => {
                self.add(appended);
                for one in pending {
                    self.billed(one);
                }
                Ok(())
            }
            Err(error) if is_of_some_facts(&error) => {
                for one in pending {
                    match tell(database, source, self.since, &one.facts, &one.withdrawn) {
                        Ok(appended) => {
                            self.add(appended);
                            self.billed(one);
                        }
                        Err(error) if is_of_some_facts(&error) => {
                            let hint = "are the context and the other flags those of before? where what is told now is right, --correct bills it anew";
                            self.refuse(source, error.code(), &one.instance_id, &error.to_string(), hint);
                        }
                        Err(error) => return Err(diagnose(&self.options.ledger, &error)),
                    }
                }
                Ok(())
            }
            Err(error) => Err(diagnose(&self.options.ledger, &error)),
        }
    }

    fn add(&mut self, appended: Appended) {
        let Appended {
            new,
            known,
            corrected,
            withdrawn,
            ..
        } = appended;
        self.told.add_facts(new, known, corrected, withdrawn);
    }

    fn billed(&mut self, one: Pending) {
        let billed = usize::from(!one.facts.is_empty());
        self.told.billed = self.told.billed.saturating_add(billed);
        for (key, line) in one.lines {
            self.told.clusters.entry(key).or_default().add(&line);
        }
    }
}

/// Appends facts, or corrects what was told differently; `since` is the number of entries when a telling that corrects began.
fn tell(
    database: &mut Database,
    source: &str,
    since: Option<i64>,
    facts: &[Rated],
    withdrawn: &[Billed],
) -> Result<Appended, StoreError> {
    match since {
        None => database.append(source, facts),
        Some(since) => database.correct(source, facts, Correcting { withdrawn, since }),
    }
}
