//! Documents become requests, each with its place.
//!
//! In goes text; out come requests and, for what cannot be read, diagnostics. One bad request among many does
//! not hide the good ones.

pub mod clusters_api;
pub mod request;
