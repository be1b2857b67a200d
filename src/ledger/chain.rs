//! The chain of hashes: each covers an entry and, through the one before it, all earlier entries.
//!
//! ```text
//! hash = BLAKE3( hash before   32
//!                charge/1       8   name and version of this form
//!                terms         32   digest of everything said in words (`terms`)
//!                key           22
//!                since, period start, period end, quantity, cost
//!                               8   each, big-endian; Unix seconds, then 10^-9
//!                resource      to the end )
//! ```
//!
//! Every field but the last has its width, so no two different entries share these bytes. The form is named in
//! them, so that another can stand beside `charge/1` without touching what is written: an entry that corrects
//! another has the form `revers/1` or `replac/1`, and before the resource the number of the entry that it names (8 bytes), which
//! the hash before it covers.
#![deny(clippy::arithmetic_side_effects)]

use std::fmt;

use super::correction::Link;
use super::fact::FactKey;
use crate::model::charge::Charge;

/// Names and versions of the forms above.
const FORM: &[u8; 8] = b"charge/1";
const REVERSAL: &[u8; 8] = b"revers/1";
const REPLACEMENT: &[u8; 8] = b"replac/1";
/// What the first hash is a hash of.
const GENESIS: &[u8] = b"tollgate ledger, form 1";

/// The hash of an entry and of all entries before it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ChainHash(pub [u8; 32]);

impl ChainHash {
    /// The hash before the first entry.
    pub fn genesis() -> ChainHash {
        ChainHash(*blake3::hash(GENESIS).as_bytes())
    }

    /// The hash after an entry of these terms, key, charge and link. Of the charge it reads what the terms do not say.
    pub fn then(&self, terms: &[u8; 32], key: &FactKey, charge: &Charge, link: Option<Link>) -> ChainHash {
        let mut told = Vec::with_capacity(192);
        told.extend_from_slice(&self.0);
        told.extend_from_slice(match link {
            None => FORM,
            Some(Link::Reverses(_)) => REVERSAL,
            Some(Link::Replaces(_)) => REPLACEMENT,
        });
        told.extend_from_slice(terms);
        told.extend_from_slice(&key.0);
        for number in [
            charge.since.timestamp(),
            charge.period.start.timestamp(),
            charge.period.end.timestamp(),
            charge.quantity_nano,
            charge.cost_nano,
        ] {
            told.extend_from_slice(&number.to_be_bytes());
        }
        if let Some(link) = link {
            told.extend_from_slice(&link.number().to_be_bytes());
        }
        told.extend_from_slice(charge.resource.as_bytes());
        ChainHash(*blake3::hash(&told).as_bytes())
    }

    /// The first 12 hexadecimal digits: enough for a person to compare.
    pub fn short(&self) -> String {
        self.to_string().chars().take(12).collect()
    }
}

impl fmt::Display for ChainHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ChainHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ChainHash({self})")
    }
}
