//! Databricks' objects with their field names, letter for letter.
//!
//! Enum values keep their spelling; a value this version does not know is kept as text.

pub mod billing_usage;
pub mod cluster_source;
pub mod cluster_spec;
pub mod event;
pub mod fields;
pub mod instance_pool;
pub mod legacy_usage;
pub mod run;
pub mod runtime;
pub mod runtime_alias;
pub mod sku;
pub mod state;
pub mod termination;
