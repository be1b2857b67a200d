//! Use cases, one per file. A skin calls them with everything they need: they read the files they are named,
//! and neither print, nor exit, nor read the environment, nor know the time.

pub mod apply_contract;
pub mod assertion;
pub mod attribution;
pub mod check;
pub mod compliance;
pub mod cost_change;
pub mod estimate;
pub mod explain;
pub mod files;
pub mod import;
pub mod ingest;
pub mod judge;
pub mod ledger;
pub mod ledger_allocate;
pub mod ledger_close;
pub mod ledger_copy;
pub mod ledger_cost_centres;
pub mod ledger_export;
pub mod ledger_verify;
pub mod lint;
pub mod plugin;
pub mod policies;
pub mod policy_test;
pub mod price_check;
pub mod price_diff;
pub mod price_import;
pub mod prices;
pub mod reconcile;
pub mod report;
pub mod resources;
pub mod running;
pub mod simulate;
