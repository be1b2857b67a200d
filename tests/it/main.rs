//! Behaviour across layers, one module per layer or use case.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod admission;
mod admission_errors;
mod any_bytes;
mod attribution;
mod attribution_errors;
mod bench;
mod billing_usage;
mod billing_usage_oracle;
mod bundle;
mod bundle_errors;
mod cases;
mod check_outputs;
mod checking;
mod ci_examples;
mod closing_errors;
mod cluster_policy;
mod compliance;
mod console;
mod corpus;
mod correction;
mod eight_rules;
mod errors;
mod export;
mod faults;
mod formats;
mod golden_bills;
mod golden_prices;
mod history;
mod hostile;
mod import;
mod ingest;
mod junit;
mod killed;
mod killed_at_random;
mod killed_ingest;
mod kills;
mod laws;
mod layers;
mod lint;
mod lint_errors;
mod node_errors;
mod node_timeline;
mod october;
mod price_errors;
mod price_files;
mod reconcile;
mod resources;
mod sandbox;
mod statement;
mod statement_errors;
mod table_errors;
mod terraform;
mod terraform_errors;
mod unknown;
