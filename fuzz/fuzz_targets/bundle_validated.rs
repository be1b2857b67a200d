//! Bytes for the reader `bundle_validated`.
#![no_main]

#[path = "../../tests/it/any_bytes/targets.rs"]
#[allow(dead_code)]
mod targets;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    targets::run("bundle_validated", bytes);
});
