//! Checking: recomputes what entries say and tells precisely where the books disagree.
//!
//! Comes in: entries in order with their stored hashes, daily roll-ups, balances. Goes out: [`Finding`]s. Nothing
//! here grows with the number of entries; reading them is the store's work.
#![deny(clippy::arithmetic_side_effects)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::account::Account;
use super::transaction::{ChainHash, Entry, FactKey};
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

/// `ledger::hash: entry 17: hash should be 3f… but is 9c…`
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.code)?;
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
    bytes: Vec<u8>,
}

impl Default for ChainWalk {
    fn default() -> ChainWalk {
        ChainWalk {
            head: ChainHash::genesis(),
            next: 1,
            bytes: Vec::new(),
        }
    }
}

impl ChainWalk {
    /// Compares the next entry's number, key, accounts and hash with what they should be.
    pub fn entry(&mut self, number: u64, entry: &Entry, stored: ChainHash) -> Vec<Finding> {
        let mut findings = self.number(number);
        findings.extend(own_findings(number, entry));
        self.bytes.clear();
        entry.canonical(&mut self.bytes);
        let expected = self.head.then(&self.bytes);
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
fn own_findings(number: u64, entry: &Entry) -> Vec<Finding> {
    let should = Entry::of(&entry.source, entry.charge.clone());
    let mut findings = Vec::new();
    if should.key != entry.key {
        findings.push(finding(code::KEY, number, "key", should.key, entry.key));
    }
    for (what, expected, found) in [
        ("debit account", &should.debit, &entry.debit),
        ("credit account", &should.credit, &entry.credit),
    ] {
        if expected != found {
            findings.push(finding(code::ACCOUNT, number, what, expected, found));
        }
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

/// Balances in 10^-9 of the currency: what an account owes is positive, what it is owed negative.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Balances(pub BTreeMap<Account, i128>);

impl Balances {
    /// Adds both legs of an amount.
    pub fn transfer(&mut self, debit: &Account, credit: &Account, amount_nano: i128) {
        self.add(debit, amount_nano);
        self.add(credit, amount_nano.saturating_neg());
    }

    /// Adds one leg. Sums of 64-bit amounts do not reach the bounds of 128 bits.
    pub fn add(&mut self, account: &Account, amount_nano: i128) {
        match self.0.get_mut(account) {
            Some(balance) => *balance = balance.saturating_add(amount_nano),
            None => {
                self.0.insert(account.clone(), amount_nano);
            }
        }
    }

    /// The sum over all accounts: zero.
    pub fn sum(&self) -> i128 {
        self.0.values().fold(0, |sum, b| sum.saturating_add(*b))
    }

    /// Compares balances recomputed from entries (`self`) with those another table tells.
    pub fn compare(&self, told: &Balances) -> Vec<Finding> {
        let accounts: BTreeSet<&Account> = self.0.keys().chain(told.0.keys()).collect();
        let of = |balances: &Balances, account| balances.0.get(account).copied().unwrap_or_default();
        let differing = accounts
            .into_iter()
            .filter(|account| of(self, account) != of(told, account));
        let mut findings: Vec<Finding> = differing
            .map(|account| {
                let what = format!("balance of {account}");
                general(
                    code::BALANCE,
                    &what,
                    nano_text(of(self, account)),
                    nano_text(of(told, account)),
                )
            })
            .collect();
        if self.sum() != 0 {
            findings.push(general(
                code::BALANCE,
                "the sum of all balances",
                "0",
                nano_text(self.sum()),
            ));
        }
        findings
    }
}

/// The sums of one line of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LineSums {
    /// Quantity in nanos.
    pub quantity_nano: i128,
    /// Cost in nanos.
    pub cost_nano: i128,
    /// Entries summed.
    pub entries: i128,
}

impl LineSums {
    /// Adds one entry, or another sum.
    pub fn add(&mut self, other: LineSums) {
        self.quantity_nano = self.quantity_nano.saturating_add(other.quantity_nano);
        self.cost_nano = self.cost_nano.saturating_add(other.cost_nano);
        self.entries = self.entries.saturating_add(other.entries);
    }
}

/// Compares a day's sums recomputed from entries with its stored roll-ups. `name` says what a line is called.
pub fn compare_day<K: Ord>(
    recomputed: &BTreeMap<K, LineSums>,
    stored: &BTreeMap<K, LineSums>,
    name: impl Fn(&K) -> String,
) -> Vec<Finding> {
    let lines: BTreeSet<&K> = recomputed.keys().chain(stored.keys()).collect();
    let mut findings = Vec::new();
    for line in lines {
        let of = |sums: &BTreeMap<K, LineSums>| sums.get(line).copied().unwrap_or_default();
        let (expected, found) = (of(recomputed), of(stored));
        let compared = [
            ("cost", nano_text(expected.cost_nano), nano_text(found.cost_nano)),
            (
                "quantity",
                nano_text(expected.quantity_nano),
                nano_text(found.quantity_nano),
            ),
            ("entries", expected.entries.to_string(), found.entries.to_string()),
        ];
        for (what, expected, found) in compared {
            if expected != found {
                let what = format!("{}: {what}", name(line));
                findings.push(general(code::ROLLUP, &what, expected, found));
            }
        }
    }
    findings
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

fn general(code: &'static str, what: &str, expected: impl ToString, found: impl ToString) -> Finding {
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
            let mut bytes = Vec::new();
            entry.canonical(&mut bytes);
            head = head.then(&bytes);
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
            .flat_map(|(number, entry, hash)| walk.entry(*number, entry, *hash))
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
        chain[1].1.charge.list_cost_nano += 1;
        assert_eq!(codes(&chain, 4, chain[3].2), [(code::HASH, Some(2))]);
        chain[1].1.debit = Account::CostCentre("ml".to_owned());
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
            "ledger::duplicate: entry 9: its fact should be recorded once but is also entry 1"
        );
    }

    #[test]
    fn balances_and_days_show_both_sides() {
        let (etl, azure) = (Account::CostCentre("etl".to_owned()), Account::Vendor("azure"));
        let (mut entries, mut told) = (Balances::default(), Balances::default());
        entries.transfer(&etl, &azure, 1_500_000_000);
        assert_eq!(entries.sum(), 0);
        assert_eq!(entries.compare(&entries.clone()), []);
        told.transfer(&etl, &azure, 1_000_000_000);
        let shown: Vec<String> = entries.compare(&told).iter().map(Finding::to_string).collect();
        assert_eq!(
            shown,
            [
                "ledger::balance: balance of cost-centre/etl should be 1.5 but is 1",
                "ledger::balance: balance of vendor/azure should be -1.5 but is -1",
            ]
        );
        let sums = |cost_nano| LineSums {
            quantity_nano: 1,
            cost_nano,
            entries: 1,
        };
        let recomputed = BTreeMap::from([("a", sums(7)), ("b", sums(8))]);
        let stored = BTreeMap::from([("a", sums(7)), ("b", sums(9))]);
        let shown: Vec<String> = compare_day(&recomputed, &stored, |line| format!("line {line}"))
            .iter()
            .map(Finding::to_string)
            .collect();
        assert_eq!(
            shown,
            ["ledger::rollup: line b: cost should be 0.000000008 but is 0.000000009"]
        );
    }
}
