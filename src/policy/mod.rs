//! Policies: documents become rules in sandboxes, and many rules' verdicts become one decision.
//!
//! In goes a request with its facts; out comes a decision. This layer fetches nothing: facts are handed in as
//! a function of the (completed) request, so a decision can be replayed from what was logged.

pub mod binding;
pub mod bundled;
pub mod case;
pub mod combine;
pub mod configuration;
pub mod document;
pub mod lint;
pub mod loaded;
pub mod review;
mod settings;
pub mod starting_cases;
pub mod waiver;
