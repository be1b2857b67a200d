//! Facts: what makes two tellings tellings of one thing.
//!
//! A fact is named by who tells it, the resource, its meter and the start of its period. The start of the stretch
//! is no part of the name: a resource runs a meter once at a time, so a second telling with another stretch is a
//! conflict to be met, not a second bill. Neither are the price and the amount: usage that had no price is found
//! again when it has one.
#![deny(clippy::arithmetic_side_effects)]

use std::fmt;

use super::canonical::put;
use crate::model::period::Instant;

/// Name and version of the form below.
const FORM: &[u8] = b"fact/1";

/// Digest of who tells of which meter: what the facts of one source and meter share.
///
/// BLAKE3 over `fact/1`, the source's name and the meter's text, each behind its length.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Origin([u8; 32]);

impl Origin {
    /// The origin of what `source` (a scenario, an import) tells of a meter.
    pub fn of(source: &str, meter: &str) -> Origin {
        let mut told = Vec::with_capacity(128);
        for text in [FORM, source.as_bytes(), meter.as_bytes()] {
            put(&mut told, text);
        }
        Origin(*blake3::hash(&told).as_bytes())
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Origin({})", blake3::Hash::from(self.0).to_hex())
    }
}

/// Names a fact: 6 bytes of period start (Unix seconds, big-endian), then the first 16 bytes of BLAKE3 over
/// [`Origin`], period start and resource. Keys of later facts sort later, so an index over them grows at its end.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FactKey(pub [u8; FactKey::BYTES]);

impl FactKey {
    /// Bytes in a key.
    pub const BYTES: usize = 22;

    /// The key of what was told of a resource from `start` on.
    pub fn of(origin: &Origin, resource: &str, start: Instant) -> FactKey {
        // Resources of up to 24 bytes fit into one block of BLAKE3 with the rest.
        let mut told = Vec::with_capacity(64);
        told.extend_from_slice(&origin.0);
        told.extend_from_slice(&start.timestamp().to_be_bytes());
        told.extend_from_slice(resource.as_bytes());
        let digest = *blake3::hash(&told).as_bytes();
        let mut key = prefix(start).into_iter().chain(digest);
        FactKey(std::array::from_fn(|_| key.next().unwrap_or_default()))
    }

    /// The key of the entry that reverses the entry of this key. Like the two below it keeps the period's start, so that what corrects a
    /// fact sorts beside it; the rest is BLAKE3 over the name of the form and this key.
    pub fn reversal(&self) -> FactKey {
        self.derived(b"reversal/1")
    }

    /// The key of the entry that replaces the entry of this key.
    pub fn replacement(&self) -> FactKey {
        self.derived(b"replacement/1")
    }

    /// The key of usage without a price that takes the place of such usage of this key.
    pub fn told_again(&self) -> FactKey {
        self.derived(b"unpriced/1")
    }

    fn derived(&self, form: &[u8]) -> FactKey {
        let mut told = Vec::with_capacity(64);
        put(&mut told, form);
        told.extend_from_slice(&self.0);
        let digest = *blake3::hash(&told).as_bytes();
        let mut key = self.0.into_iter().take(PREFIX).chain(digest);
        FactKey(std::array::from_fn(|_| key.next().unwrap_or_default()))
    }

    /// The smallest key of a fact that starts at or after the instant.
    pub fn floor(start: Instant) -> FactKey {
        let mut key = prefix(start).into_iter();
        FactKey(std::array::from_fn(|_| key.next().unwrap_or_default()))
    }
}

/// Bytes of a key that tell the period's start.
const PREFIX: usize = 6;

/// Six bytes hold 8.9 million years; what is before 1970 sorts first.
fn prefix(start: Instant) -> [u8; PREFIX] {
    let seconds = u64::try_from(start.timestamp()).unwrap_or_default();
    let [_, _, tail @ ..] = seconds.to_be_bytes();
    tail
}

impl fmt::Display for FactKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for FactKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FactKey({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::period::from_unix;
    use proptest::prelude::*;

    #[test]
    fn source_meter_resource_and_start_name_a_fact() {
        let key = |source, meter, resource| FactKey::of(&Origin::of(source, meter), resource, from_unix(7));
        let base = key("s", "m", "r");
        assert_eq!(base, key("s", "m", "r"));
        for other in [
            key("t", "m", "r"),
            key("s", "n", "r"),
            key("s", "m", "q"),
            key("sm", "", "r"),
            key("s", "mr", ""),
        ] {
            assert_ne!(base, other);
        }
    }

    #[test]
    fn keys_of_corrections_differ_and_stay_beside_their_fact() {
        let key = FactKey::of(&Origin::of("s", "m"), "r", from_unix(7));
        let all = [
            key,
            key.reversal(),
            key.replacement(),
            key.told_again(),
            key.replacement().reversal(),
        ];
        for (i, one) in all.iter().enumerate() {
            assert!(all.iter().skip(i + 1).all(|other| other != one));
            assert!(FactKey::floor(from_unix(7)) <= *one && *one < FactKey::floor(from_unix(8)));
        }
    }

    proptest! {
        #[test]
        fn keys_sort_by_time_and_name_one_fact(a in 0_i64..5_000_000_000, b in 0_i64..5_000_000_000) {
            let key = |resource: &str, n: i64| FactKey::of(&Origin::of("s", "m"), resource, from_unix(n));
            prop_assert_eq!(key("r", a), key("r", a));
            prop_assert_ne!(key("r", a), key("q", a));
            if a != b {
                prop_assert_eq!(key("r", a) < key("r", b), a < b);
            }
            prop_assert!(FactKey::floor(from_unix(a)) <= key("r", a));
        }
    }
}
