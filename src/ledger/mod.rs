//! The ledger: usage becomes charges, charges become two-legged entries, entries are chained and checked.
//!
//! Comes in: [`Usage`](crate::model::usage::Usage) and the prices in force. Goes out: charges, entries with
//! their keys and hashes, and findings of a check. Deliberately absent: SQLite, price books, the clock.
//!
//! ```text
//! usage + prices ─► rate ─► charge ─► entry (debit cost-centre/etl, credit vendor/azure) ─► chain of hashes
//!                      └─► unpriced usage                                              └─► daily roll-ups
//! ```
//!
//! Laws, held by property tests: the two legs of an entry sum to zero; any split of a period costs and
//! measures, to the last digit, what the whole does; the same usage at the same prices is rated the same.

pub mod account;
pub mod agreement;
pub mod assertion;
pub mod balance;
mod canonical;
pub mod chain;
pub mod check;
pub mod closing;
pub mod correction;
pub mod fact;
pub mod rate;
pub mod recompute;
pub mod reconcile;
pub mod summary;
pub mod terms;
pub mod transaction;

#[cfg(test)]
pub mod sample;
