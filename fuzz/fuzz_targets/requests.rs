//! Bytes for the reader `requests`.
#![no_main]

#[path = "../../tests/it/any_bytes/targets.rs"]
#[allow(dead_code)]
mod targets;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    targets::run("requests", bytes);
});
