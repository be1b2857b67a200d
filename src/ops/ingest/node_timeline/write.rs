//! Machines that wait to be written: many in one transaction, and one by one where the ledger refuses some.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Desk;
use crate::ledger::rate::Rated;
use crate::model::diagnostic::Diagnostics;
use crate::ops::ingest::rated::is_of_some_facts;
use crate::ops::ledger::diagnose;
use crate::report::node_timeline::NodeCluster;
use crate::store::Database;

/// A machine that waits.
pub(super) struct Pending {
    pub instance_id: Arc<str>,
    pub facts: Vec<Rated>,
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
        match database.append(source, &together) {
            Ok(appended) => {
                self.told.add_facts(appended.new, appended.known);
                for one in pending {
                    self.billed(one);
                }
                Ok(())
            }
            Err(error) if is_of_some_facts(&error) => {
                for one in pending {
                    match database.append(source, &one.facts) {
                        Ok(appended) => {
                            self.told.add_facts(appended.new, appended.known);
                            self.billed(one);
                        }
                        Err(error) if is_of_some_facts(&error) => {
                            let hint = "are the context and the other flags those of before? a ledger takes nothing back";
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

    fn billed(&mut self, one: Pending) {
        let billed = usize::from(!one.facts.is_empty());
        self.told.billed = self.told.billed.saturating_add(billed);
        for (key, line) in one.lines {
            self.told.clusters.entry(key).or_default().add(&line);
        }
    }
}
