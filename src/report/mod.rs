//! Reports: rows of the ledger become a month's typed tables, and those become text, Markdown, CSV or JSON.
//!
//! Comes in: [`CostRow`](crate::ledger::summary::CostRow)s and unpriced usage. Goes out: text. Deliberately absent:
//! SQLite, the clock, files. Sums are exact; what a reader is shown rounded is rounded once, cell by cell, and
//! never fed back into a sum.

pub mod agreements;
pub mod allocation;
pub mod assertion;
pub mod billing_usage;
pub mod bindings;
pub mod check;
pub mod closing;
mod columns;
pub mod comparison;
pub mod compliance;
pub mod cost;
pub mod cost_centres;
pub mod decision;
pub mod dimension;
pub mod estimate;
pub mod explanation;
pub mod ingest;
pub mod journal;
pub mod lint;
pub mod month;
pub mod node_timeline;
pub mod reconciliation;
pub mod render;
pub mod resources;
mod sarif;
mod showback;
pub mod statement;
pub mod timeline;
pub mod waivers;

pub use dimension::Dimension;
pub use month::{CostReport, MonthInput};
pub use render::{Format, RenderError, RenderOptions, render};
pub use showback::Showback;
