//! Prices: node rates (DBU per hour per node type), price books (money per unit of a meter), and estimates
//! from both.
//!
//! A price holds on `[from, to)`. What no book knows is unknown, never zero and never guessed. Two prices of
//! one meter that hold at the same instant are an error of the books, not a choice to be made.

pub mod book_draft;
mod book_file;
pub mod bundled;
pub mod catalogue;
pub mod check;
pub mod contract;
pub mod contract_draft;
pub mod diff;
pub mod estimate;
pub mod import;
pub mod increments;
pub mod node_meters;
pub mod node_rates;
pub mod price_book;
pub mod standing;
pub mod statement_meter;
