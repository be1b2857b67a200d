//! The store: one SQLite file that holds the journal, its daily roll-ups, the event history and the decisions.
//!
//! Comes in: rated usage, events, decisions. Goes out: rows for reports, entries for the check. Every write is one
//! transaction that is on disk when the call returns (`synchronous=FULL`); telling it again changes nothing.
//! Deliberately absent: any opinion on prices or policies, and SQL outside this folder.
//!
//! ```text
//! Database          opens, migrates, refuses what is not ours
//!   append          rated usage  ─► entry, unpriced, rollup_day, head      (journal)
//!   cost_rows ...   rollup_day   ─► rows of a report                       (query)
//!   entries         entry        ─► entries in the order of the chain      (entries)
//!   check           everything   ─► findings                               (check)
//!   visit_entries   entry        ─► entries in order of time               (entries)
//!   copy_to         everything   ─► another file                           (copy)
//!   append_records  facts, events, machines, clusters in one transaction   (records)
//!   usage_told_by   a source     ─► what it has told, priced or not         (known_usage)
//!   tells_opposite  a fact       ─► whether what it takes back is known    (opposite)
//!   machines_at, workspaces_at     what existed at an instant              (machine, workspace)
//!   instance_event_at              where an instance of a pool was then    (pool)
//!   tell_statement  a vendor's export ─► statement lines, beside the journal  (statement)
//!   append_cluster_events, append_instance_events, append_decisions, begin_run, finish_run
//! ```

pub mod assertion;
pub mod check;
pub mod closing;
pub mod cluster_record;
pub mod copy;
pub mod database;
pub mod decision_log;
mod dimension;
pub mod entries;
pub mod error;
pub mod history;
mod intern;
pub mod journal;
pub mod known_usage;
pub mod machine;
mod migration;
mod names;
mod opposite;
pub mod pool;
pub mod query;
pub mod real_history;
pub mod records;
pub mod run;
pub mod statement;
mod told;
pub mod workspace;

pub use database::Database;
pub use error::StoreError;
