//! Everything a policy plugin for tollgate is written with.
//!
//! A plugin is a pure function from a *review* (a request to create a cluster, with facts about it) to a *verdict*
//! (violations, and what could not be judged). It implements [`Rule`] and names itself in [`plugin!`]:
//!
//! ```
//! use serde::Deserialize;
//! use tollgate_sdk::{Reading, Review, Rule, SettingProblem, Verdict, Violation, allowed, plugin};
//!
//! /// How many workers a cluster may have.
//! struct FewWorkers {
//!     max: i64,
//! }
//!
//! #[derive(Deserialize)]
//! #[serde(deny_unknown_fields)]
//! struct Settings {
//!     max: i64,
//! }
//!
//! impl Rule for FewWorkers {
//!     const NAME: &str = "few-workers";
//!     const VERSION: &str = "1.0.0";
//!     const DOCUMENTATION: &str = "# few-workers";
//!     const SETTINGS_SCHEMA: &str = r#"{"type": "object"}"#;
//!     type Settings = Settings;
//!
//!     fn configure(settings: Settings) -> Result<Self, Vec<SettingProblem>> {
//!         Ok(FewWorkers { max: settings.max })
//!     }
//!
//!     fn evaluate(&self, review: &Review<'_>) -> Verdict {
//!         let mut verdict = Verdict::pass();
//!         match review.integer("num_workers") {
//!             Reading::Is(found) if found > self.max => verdict.violate(
//!                 Violation::new("num_workers", format!("`{found}` workers, at most `{}` are allowed", self.max))
//!                     .actual(found)
//!                     .allowed(allowed::range(None::<i64>, Some(self.max)))
//!                     .remedy("num_workers", self.max),
//!             ),
//!             Reading::Is(_) | Reading::Absent => {}
//!             unclear => verdict.unclear("num_workers", &unclear),
//!         }
//!         verdict
//!     }
//! }
//!
//! plugin!(FewWorkers);
//! # fn main() {}
//! ```
//!
//! After `configure` the host freezes the guest's memory into an image; every evaluation is a fresh instance of that
//! image. So whatever is costly belongs into `configure` (patterns are compiled there), and nothing that `evaluate`
//! leaves behind is ever seen again.
//!
//! Absent on purpose: files, network, clock, randomness, logging. The contract satisfies no import.

pub mod allowed;
pub mod contract;
pub mod document;
#[cfg(not(target_arch = "wasm32"))]
pub mod harness;
pub mod json;
mod path;
mod review;
mod rule;
pub mod settings;
mod verdict;
mod workers;

pub use contract::{SettingProblem, Supplied, SupplyKind, Undetermined, Verdict, Violation};
pub use document::Value;
pub use review::{Misfit, Reading, Review};
pub use rule::{Configured, Rule};
pub use tollgate_policy_language::decimal::{self, Decimal};
pub use tollgate_policy_language::{self as policy_language, Pattern};
pub use workers::{AUTOSCALE_MAX, AUTOSCALE_MIN, NUM_WORKERS, WorkerCount, names_single_node};
