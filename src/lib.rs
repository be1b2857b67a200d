//! tollgate decides whether a Databricks cluster may be created, says beforehand what it will cost,
//! runs its lifecycle, bills every second of it into a ledger, and reports the month.
//!
//! Layers, each importing only what stands above it; siblings on one line never import each other:
//!
//! ```text
//! model, databricks                                 words; no IO, no clock
//! intake, plugin, pricing, lifecycle, ledger        five cores that do not know each other
//! policy                                            uses plugin
//! store, report                                     SQLite; typed tables and their renderers
//! ops                                               one use case per file
//! cli                                               the skin
//! ```

pub mod cli;
pub mod databricks;
pub mod intake;
pub mod ledger;
pub mod lifecycle;
pub mod model;
pub mod ops;
pub mod plugin;
pub mod policy;
pub mod pricing;
pub mod report;
pub mod store;
