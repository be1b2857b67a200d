//! The Databricks cluster policy language, as a library: what a definition says, whether one value satisfies one
//! element, and what the attributes are.
//!
//! ```text
//! definition  = { path: element, ... }          definition.rs, family.rs
//! element     = rule + isOptional, defaultValue, hidden
//! rule        = fixed | forbidden | allowlist | blocklist | regex | range | unlimited
//! path        = where in a request the element looks                        path.rs, attribute.rs
//! ```
//!
//! The plugin `cluster-policy` judges requests with it inside the sandbox; the linter reads definitions with it outside.
//! Absent on purpose: requests, facts, messages. Those belong to who judges.

pub mod attribute;
pub mod decimal;
pub mod definition;
pub mod element;
pub mod family;
pub mod fault;
pub mod path;
mod pattern;
pub mod scalar;
mod secret;

pub use attribute::Kind;
pub use definition::Definition;
pub use element::{Breach, Element, Finding, Meanings, Rule};
pub use fault::{Fault, Problem};
pub use path::Target;
pub use pattern::Pattern;
pub use scalar::Scalar;
