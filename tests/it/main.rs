//! Behaviour across layers, one module per layer or use case.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod bench;
mod cases;
mod checking;
mod corpus;
mod eight_rules;
mod golden_prices;
mod hostile;
mod layers;
mod price_files;
