//! Checking: recomputes what entries say and tells precisely where the books disagree.
//!
//! Comes in: entries in order with their stored hashes. Goes out: [`Finding`]s. Nothing here grows with the number
//! of entries; reading them is the store's work. Sums are compared in [`balance`](super::balance).
#![deny(clippy::arithmetic_side_effects)]

use std::fmt;

use super::account::Account;
use super::chain::ChainHash;
use super::fact::FactKey;
use super::terms::TermsDigests;
use super::transaction::Entry;
use crate::model::exact::decimal_text;
use rust_decimal::Decimal;

/// Stable codes of the findings.
pub mod code {
    /// The hash of an entry is not that of its content and its predecessor.
    pub const HASH: &str = "ledger::hash";
    /// The ledger's head is not the hash of the last entry, or counts other entries.
    pub const HEAD: &str = "ledger::head";
    /// An entry is missing or out of order.
    pub const SEQUENCE: &str = "ledger::sequence";
    /// The key of an entry is not that of its fact.
    pub const KEY: &str = "ledger::key";
    /// Two entries record one fact.
    pub const DUPLICATE: &str = "ledger::duplicate";
    /// An entry moves money between other accounts than its charge says.
    pub const ACCOUNT: &str = "ledger::account";
    /// Balances do not agree with the entries, or do not sum to zero.
    pub const BALANCE: &str = "ledger::balance";
    /// A daily roll-up does not agree with the entries of its day.
    pub const ROLLUP: &str = "ledger::rollup";
    /// A month that is closed has another sum, or another head, than when it was closed.
    pub const CLOSING: &str = "ledger::closing";
    /// A vendor's month comes to something else than was asserted.
    pub const ASSERTION: &str = "ledger::assertion";
    /// A reversal does not cancel what it names, or a fact has two live versions.
    pub const CORRECTION: &str = "ledger::correction";
    /// A cost is not that of its quantity at its price.
    pub const COST: &str = "ledger::cost";
    /// A digest is not that of what it stands beside.
    pub const DIGEST: &str = "ledger::digest";
    /// A copy is not the beginning of the ledger, or a head is not in its chain.
    pub const AGAINST: &str = "ledger::against";
    /// An entry cannot be read.
    pub const UNREADABLE: &str = "ledger::unreadable";
}

/// One disagreement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Stable code.
    pub code: &'static str,
    /// The entry's number, from 1; none where it is not about one entry.
    pub entry: Option<u64>,
    /// What was compared: `hash`, `2026-10-01, cluster etl, dbu/AZURE/...: cost`.
    pub what: String,
    /// What it should be.
    pub expected: String,
    /// What it is.
    pub found: String,
}

/// `entry 17: hash should be 3f… but is 9c…`; the code stands beside it.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(entry) = self.entry {
            write!(f, "entry {entry}: ")?;
        }
        write!(
            f,
            "{} should be {} but is {}",
            self.what, self.expected, self.found
        )
    }
}

/// Walks the chain of hashes. After a disagreement it goes on from what is stored, so that one altered entry is
/// one finding.
#[derive(Debug, Clone)]
pub struct ChainWalk {
    head: ChainHash,
    next: u64,
}

impl Default for ChainWalk {
    fn default() -> ChainWalk {
        ChainWalk {
            head: ChainHash::genesis(),
            next: 1,
        }
    }
}

impl ChainWalk {
    /// Compares the next entry's number, key, accounts and hash with what they should be. `digests` are those of
    /// its terms, computed from their texts.
    pub fn entry(
        &mut self,
        number: u64,
        entry: &Entry,
        digests: &TermsDigests,
        stored: ChainHash,
    ) -> Vec<Finding> {
        let mut findings = self.number(number);
        findings.extend(own_findings(number, entry, digests));
        let expected = entry.hash(&self.head, digests);
        if expected != stored {
            findings.push(finding(code::HASH, number, "hash", expected, stored));
        }
        self.head = stored;
        findings
    }

    /// Passes over an entry that cannot be read.
    pub fn skip(&mut self, number: u64, stored: Option<ChainHash>, why: &str) -> Vec<Finding> {
        let mut findings = self.number(number);
        findings.push(finding(code::UNREADABLE, number, "the row", "readable", why));
        self.head = stored.unwrap_or(self.head);
        findings
    }

    /// Compares the ledger's own count and head with the last entry walked.
    pub fn finish(&self, entries: u64, head: ChainHash) -> Vec<Finding> {
        let walked = self.next.saturating_sub(1);
        let mut findings = Vec::new();
        if walked != entries {
            findings.push(general(code::HEAD, "the number of entries", entries, walked));
        }
        if self.head != head {
            findings.push(general(code::HEAD, "the hash of the last entry", head, self.head));
        }
        findings
    }

    fn number(&mut self, number: u64) -> Vec<Finding> {
        let expected = std::mem::replace(&mut self.next, number.saturating_add(1));
        if number == expected {
            return Vec::new();
        }
        vec![finding(code::SEQUENCE, number, "its number", expected, number)]
    }
}

/// What an entry says of itself: its key is that of its fact, its accounts are those of its charge.
fn own_findings(number: u64, entry: &Entry, digests: &TermsDigests) -> Vec<Finding> {
    let charge = &entry.charge;
    let mut findings = Vec::new();
    let key = FactKey::of(&digests.origin, &charge.resource, charge.period.start);
    // The key of a correction is held against the entry that it names: `correction`.
    if entry.link.is_none() && key != entry.key {
        findings.push(finding(code::KEY, number, "key", key, entry.key));
    }
    let expected = Account::debit(&charge.subject, &charge.meter, &charge.price);
    if entry.debit != expected {
        findings.push(finding(
            code::ACCOUNT,
            number,
            "debit account",
            expected,
            &entry.debit,
        ));
    }
    let expected = Account::credit(&charge.meter, &charge.price);
    if expected != entry.credit {
        findings.push(finding(
            code::ACCOUNT,
            number,
            "credit account",
            expected,
            &entry.credit,
        ));
    }
    findings
}

/// Finds facts recorded twice in keys given in ascending order.
#[derive(Debug, Clone, Default)]
pub struct KeyWalk {
    last: Option<(FactKey, u64)>,
}

impl KeyWalk {
    /// Takes the next key and the number of its entry.
    pub fn key(&mut self, key: FactKey, number: u64) -> Option<Finding> {
        match self.last.replace((key, number)) {
            Some((before, first)) if before == key => Some(finding(
                code::DUPLICATE,
                number,
                "its fact",
                "recorded once",
                format!("also entry {first}"),
            )),
            _ => None,
        }
    }
}

/// Nanos as exact text, 128 bits wide.
pub fn nano_text(nano: i128) -> String {
    match Decimal::try_from_i128_with_scale(nano, crate::model::exact::NANO_PLACES) {
        Ok(decimal) => decimal_text(decimal),
        // Beyond 28 digits no decimal holds it; nanos are still exact.
        Err(_) => format!("{nano} nano"),
    }
}

fn finding(
    code: &'static str,
    entry: u64,
    what: &str,
    expected: impl ToString,
    found: impl ToString,
) -> Finding {
    Finding {
        entry: Some(entry),
        ..general(code, what, expected, found)
    }
}

pub(super) fn general(
    code: &'static str,
    what: &str,
    expected: impl ToString,
    found: impl ToString,
) -> Finding {
    Finding {
        code,
        entry: None,
        what: what.to_owned(),
        expected: expected.to_string(),
        found: found.to_string(),
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use super::*;
    use crate::ledger::sample::{charges, vm_hour};
    use std::sync::Arc;

    fn chain() -> Vec<(u64, Entry, ChainHash)> {
        let mut head = ChainHash::genesis();
        let mut chain = Vec::new();
        for (number, hour) in (1..).zip(0..4) {
            let charge = charges(&vm_hour("i-1", hour)).remove(0);
            let entry = Entry::of(&Arc::from("s"), charge);
            head = entry.hash(&head, &entry.terms().digests());
            chain.push((number, entry, head));
        }
        chain
    }

    fn codes(
        chain: &[(u64, Entry, ChainHash)],
        entries: u64,
        head: ChainHash,
    ) -> Vec<(&'static str, Option<u64>)> {
        let mut walk = ChainWalk::default();
        let mut findings: Vec<Finding> = chain
            .iter()
            .flat_map(|(number, entry, hash)| walk.entry(*number, entry, &entry.terms().digests(), *hash))
            .collect();
        findings.extend(walk.finish(entries, head));
        findings.iter().map(|f| (f.code, f.entry)).collect()
    }

    #[test]
    fn a_chain_as_written_has_no_findings() {
        let chain = chain();
        assert_eq!(codes(&chain, 4, chain[3].2), []);
        assert_eq!(codes(&[], 0, ChainHash::genesis()), []);
    }

    #[test]
    fn one_altered_entry_is_one_finding() {
        let mut chain = chain();
        chain[1].1.charge.cost_nano += 1;
        assert_eq!(codes(&chain, 4, chain[3].2), [(code::HASH, Some(2))]);
        chain[1].1.debit = Account::CostCentre(Arc::from("ml"));
        assert_eq!(
            codes(&chain, 4, chain[3].2),
            [(code::ACCOUNT, Some(2)), (code::HASH, Some(2))]
        );
    }

    #[test]
    fn a_missing_entry_breaks_the_numbers_and_the_chain() {
        let mut chain = chain();
        let head = chain[3].2;
        chain.remove(1);
        assert_eq!(
            codes(&chain, 4, head),
            [(code::SEQUENCE, Some(3)), (code::HASH, Some(3))]
        );
        chain.pop();
        assert_eq!(
            codes(&chain, 4, head),
            [
                (code::SEQUENCE, Some(3)),
                (code::HASH, Some(3)),
                (code::HEAD, None),
                (code::HEAD, None)
            ]
        );
    }

    #[test]
    fn a_fact_recorded_twice_is_told_with_both_numbers() {
        let mut walk = KeyWalk::default();
        let key = chain()[0].1.key;
        assert_eq!(walk.key(key, 1), None);
        let finding = walk.key(key, 9).unwrap();
        assert_eq!(
            finding.to_string(),
            "entry 9: its fact should be recorded once but is also entry 1"
        );
    }
}
