//! The sandbox: WASM components that implement the contract `plugins/wit/rule.wit`.
//!
//! In goes a component and its settings; out comes an [`image::Image`]: the component with its settings frozen
//! in, compiled, ready. Every evaluation is a fresh instance of the image. Nothing is granted: a component
//! that imports anything is refused, so a rule is a pure function of its review.
//!
//! Deliberately absent: what a policy is. This layer knows one rule at a time.

pub mod bundled;
pub mod cache;
pub mod compile;
pub mod contract;
pub mod engine;
pub mod failure;
pub mod freeze;
mod host;
pub mod image;
pub mod limits;
pub mod rehearsal;

pub use host::{Component, Host};
