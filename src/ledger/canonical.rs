//! Canonical forms: how what is hashed is written down, so that no two things are written alike.
#![deny(clippy::arithmetic_side_effects)]

/// A field behind its length (8 bytes, big-endian).
pub(super) fn put(out: &mut Vec<u8>, field: &[u8]) {
    out.extend_from_slice(&u64::try_from(field.len()).unwrap_or(u64::MAX).to_be_bytes());
    out.extend_from_slice(field);
}
