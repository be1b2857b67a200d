//! Everything that a simulation tells, written as it comes.
//!
//! A stream of records is cut into batches, and each batch is one transaction: facts, events, machines, disks,
//! clusters. Killed in between, the file holds the batches written and nothing of the others; all of it told again,
//! in batches of any size, writes what is missing.

use super::cluster_record::{ClusterFate, write_cluster_records};
use super::database::Database;
use super::error::StoreError;
use super::history::write_events;
use super::journal::{self, Appended};
use super::machine::{write_added_disks, write_machines};
use super::workspace::write_workspaces;
use crate::databricks::event::{ClusterEvent, InstanceEvent};
use crate::ledger::rate::Rated;
use crate::model::machine::{AddedDisk, Machine};
use crate::model::period::Period;
use crate::model::place::Workspace;

/// Records to be written together. What is left out is empty.
#[derive(Debug, Clone, Copy, Default)]
pub struct RecordBatch<'a> {
    /// Rated usage. Entries in order of time are written fastest.
    pub facts: &'a [Rated],
    /// What happened to clusters, in order of time.
    pub cluster_events: &'a [ClusterEvent],
    /// What happened to instances of pools, in order of time.
    pub instance_events: &'a [InstanceEvent],
    /// Machines that there were.
    pub machines: &'a [Machine],
    /// Disks that were added to machines, told before or after their machines.
    pub added_disks: &'a [AddedDisk],
    /// What became of clusters.
    pub cluster_records: &'a [ClusterFate],
    /// Workspaces, each with the period over which its resource group existed.
    pub workspaces: &'a [(Workspace, Period)],
}

/// What a batch of records changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AppendedRecords {
    /// Facts, new and known.
    pub facts: Appended,
    /// Cluster events that were new.
    pub cluster_events: u64,
    /// Instance events that were new.
    pub instance_events: u64,
    /// Machines that were new.
    pub machines: u64,
    /// Added disks that were new.
    pub added_disks: u64,
    /// Clusters that were new.
    pub cluster_records: u64,
    /// Workspaces that were new.
    pub workspaces: u64,
}

impl Database {
    /// Writes a batch of what `source` tells in one transaction, durable when this returns. What is known and told
    /// the same is skipped.
    ///
    /// # Errors
    /// Those of [`Database::append`], and [`StoreError::Conflict`] for a machine, a disk, a cluster or a workspace
    /// that was told differently. On any error nothing of the batch is written.
    pub fn append_records(
        &mut self,
        source: &str,
        batch: &RecordBatch<'_>,
    ) -> Result<AppendedRecords, StoreError> {
        self.in_transaction("writing records", |tables, interned| {
            let workspaces = write_workspaces(tables, interned, source, batch.workspaces)?;
            let facts = if batch.facts.is_empty() {
                Appended::default()
            } else {
                journal::write(tables, interned, source, batch.facts)?
            };
            let (cluster_events, instance_events) = write_events(
                tables,
                interned,
                source,
                batch.cluster_events,
                batch.instance_events,
            )?;
            Ok(AppendedRecords {
                facts,
                cluster_events,
                instance_events,
                machines: write_machines(tables, interned, source, batch.machines)?,
                added_disks: write_added_disks(tables, interned, source, batch.added_disks)?,
                cluster_records: write_cluster_records(tables, interned, source, batch.cluster_records)?,
                workspaces,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::databricks::event::{EventDetails, EventType, InstanceState};
    use crate::databricks::state::State;
    use crate::ledger::sample::{at, period, subject, vm_hour};
    use crate::model::meter::PurchaseOption;
    use crate::model::place::{Cloud, Tier};
    use crate::store::check::check;
    use std::sync::Arc;

    #[test]
    fn a_batch_is_written_whole_or_not_at_all() {
        let mut database = Database::in_memory().unwrap();
        let facts = vm_hour("i-1", 0);
        let subject = Arc::new(subject("etl", "nightly"));
        let workspace = Workspace {
            name: "prod".to_owned(),
            ..Workspace::new(Cloud::Azure, Tier::Premium)
        };
        let workspaces = [(workspace, period("2026-10-01", "2026-11-01"))];
        let machines = [Machine {
            instance_id: "i-1".into(),
            subject: Arc::clone(&subject),
            node_type_id: "Standard_DS3_v2".into(),
            purchase_option: PurchaseOption::OnDemand,
            driver: true,
            period: period("2026-10-01", "2026-10-02"),
        }];
        let added_disks = [AddedDisk {
            instance_id: "i-1".into(),
            number: 1,
            disk: "P15".into(),
            added: at("2026-10-01T01:00:00Z"),
        }];
        let cluster_events = [ClusterEvent {
            timestamp: at("2026-10-01"),
            workspace: "prod".into(),
            cluster_id: "id-nightly".into(),
            event_type: EventType::Creating,
            details: EventDetails::default(),
        }];
        let instance_events = [InstanceEvent {
            event_time: at("2026-10-01"),
            workspace: "prod".into(),
            instance_id: "i-1".into(),
            instance_pool_id: "p".into(),
            cluster_id: "".into(),
            state: InstanceState::Launching,
        }];
        let cluster_records = [ClusterFate {
            subject,
            state: State::Running,
            pinned: false,
            gone: None,
        }];
        let batch = RecordBatch {
            facts: &facts,
            cluster_events: &cluster_events,
            instance_events: &instance_events,
            machines: &machines,
            added_disks: &added_disks,
            cluster_records: &cluster_records,
            workspaces: &workspaces,
        };
        // The last of the kinds to be written is told twice, differently: nothing of the others stays.
        let twice = [
            cluster_records[0].clone(),
            ClusterFate {
                pinned: true,
                ..cluster_records[0].clone()
            },
        ];
        let wrong = RecordBatch {
            cluster_records: &twice,
            ..batch
        };
        assert!(matches!(
            database.append_records("s", &wrong),
            Err(StoreError::Conflict { .. })
        ));
        assert_eq!(database.head().unwrap().entries, 0);
        assert_eq!(database.cluster_events("id-nightly").unwrap(), []);
        assert_eq!(database.workspaces().unwrap(), []);

        let appended = database.append_records("s", &batch).unwrap();
        let ones = AppendedRecords {
            facts: Appended {
                new: 1,
                ..Appended::default()
            },
            cluster_events: 1,
            instance_events: 1,
            machines: 1,
            added_disks: 1,
            cluster_records: 1,
            workspaces: 1,
        };
        assert_eq!(appended, ones);
        let again = database.append_records("s", &batch).unwrap();
        let known = AppendedRecords {
            facts: Appended {
                known: 1,
                ..Appended::default()
            },
            ..AppendedRecords::default()
        };
        assert_eq!(again, known);
        assert!(check(&database, &mut |_, _| ()).unwrap().is_sound());
        let found = database.machines_at(at("2026-10-01T01:00:00Z")).unwrap();
        assert_eq!(found[0].added_disks, added_disks);
    }
}
