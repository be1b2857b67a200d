//! Corrections: a fact that is told differently is reversed and told anew, and nothing is changed.
//!
//! ```text
//! entry 7                 10 DBU   3.00     key k
//! entry 9   reverses 7   -10 DBU  -3.00     key of (reversal, k)
//! entry 10  replaces 7    12 DBU   3.60     key of (replacement, k)
//! ```
//!
//! A reversal has the terms, the resource and the period of what it reverses, and the opposite quantity and amount. The keys of both
//! hang on the key of the entry that they name, so that nothing can be reversed or replaced twice. The live version of a fact is the
//! last of its replacements, unless that is reversed too: then the fact is withdrawn.
#![deny(clippy::arithmetic_side_effects)]

use std::fmt;

use super::check::{Finding, code};
use super::fact::FactKey;
use super::transaction::Entry;
use crate::model::charge::Charge;

/// What an entry does to an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Link {
    /// It takes the entry of this number back.
    Reverses(u64),
    /// It says what the entry of this number should have said; that one is reversed.
    Replaces(u64),
}

impl Link {
    /// Of a link's word and the number it names.
    pub fn of(word: &str, number: u64) -> Option<Link> {
        [Link::Reverses(number), Link::Replaces(number)]
            .into_iter()
            .find(|link| link.as_str() == word)
    }

    /// `reverses` or `replaces`.
    pub fn as_str(self) -> &'static str {
        match self {
            Link::Reverses(_) => "reverses",
            Link::Replaces(_) => "replaces",
        }
    }

    /// The number of the entry that is corrected.
    pub fn number(self) -> u64 {
        match self {
            Link::Reverses(number) | Link::Replaces(number) => number,
        }
    }

    /// The key of an entry with this link, where the entry that it names has the key given.
    pub fn key(self, corrected: &FactKey) -> FactKey {
        match self {
            Link::Reverses(_) => corrected.reversal(),
            Link::Replaces(_) => corrected.replacement(),
        }
    }
}

/// `reverses 7`.
impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.as_str(), self.number())
    }
}

/// The opposite of a charge; none where 64 bits do not hold it.
pub fn opposite(charge: &Charge) -> Option<Charge> {
    Some(Charge {
        quantity_nano: charge.quantity_nano.checked_neg()?,
        cost_nano: charge.cost_nano.checked_neg()?,
        ..charge.clone()
    })
}

/// What the ledger has of an entry that another one names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The entry.
    pub entry: Entry,
    /// Numbers of the entries that reverse it, in order.
    pub reversals: Vec<u64>,
    /// Numbers of the entries that replace it, in order.
    pub replacements: Vec<u64>,
}

/// Holds an entry of this number against the one that it names, which stands before it.
pub fn findings(number: u64, entry: &Entry, link: Link, named: Option<&Named>) -> Vec<Finding> {
    let Some(named) = named.filter(|_| link.number() < number) else {
        let what = format!("what it {}, entry {},", link.as_str(), link.number());
        return vec![finding(number, what, "an entry before it", "not")];
    };
    let mut found = Vec::new();
    if matches!(named.entry.link, Some(Link::Reverses(_))) {
        let what = format!("what it {}, entry {},", link.as_str(), link.number());
        found.push(finding(number, what, "a charge", "a reversal"));
    }
    match link {
        Link::Reverses(_) => {
            found.extend(not_cancelled(number, entry, link, &named.entry));
            found.extend(more_than_once(number, link, &named.reversals));
        }
        Link::Replaces(_) => {
            found.extend(not_of_the_fact(number, entry, link, &named.entry));
            if named.reversals.first().is_none_or(|reversal| *reversal >= number) {
                let what = format!("what it replaces, entry {},", link.number());
                found.push(finding(number, what, "reversed before it", "not"));
            }
            found.extend(more_than_once(number, link, &named.replacements));
        }
    }
    found
}

/// Where a reversal is not the exact opposite of what it names.
fn not_cancelled(number: u64, entry: &Entry, link: Link, named: &Entry) -> Vec<Finding> {
    let Some(charge) = opposite(&named.charge) else {
        let what = format!("the opposite of entry {}", link.number());
        return vec![finding(number, what, "held by 64 bits", "not")];
    };
    let exact = Entry {
        key: link.key(&named.key),
        charge,
        link: Some(link),
        ..named.clone()
    };
    let differences = exact.differences(entry).into_iter();
    differences
        .map(|d| {
            let what = format!("as the reversal of entry {} its {}", link.number(), d.field);
            finding(number, what, &d.known, &d.told)
        })
        .collect()
}

/// Where a replacement is of another fact than what it names.
fn not_of_the_fact(number: u64, entry: &Entry, link: Link, named: &Entry) -> Option<Finding> {
    let key = link.key(&named.key);
    (key != entry.key).then(|| {
        let what = format!("as the replacement of entry {} its key", link.number());
        finding(number, what, &key.to_string(), &entry.key.to_string())
    })
}

fn more_than_once(number: u64, link: Link, all: &[u64]) -> Option<Finding> {
    let first = all.first().filter(|first| **first < number)?;
    let done = match link {
        Link::Reverses(_) => "reversed",
        Link::Replaces(_) => "replaced",
    };
    let what = format!("entry {}, which it {},", link.number(), link.as_str());
    let found = format!("{done} by entry {first} already");
    Some(finding(number, what, &format!("{done} once"), &found))
}

fn finding(number: u64, what: String, expected: &str, found: &str) -> Finding {
    Finding {
        code: code::CORRECTION,
        entry: Some(number),
        what,
        expected: expected.to_owned(),
        found: found.to_owned(),
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use super::*;
    use crate::ledger::sample::{at, charges, vm_hour};
    use std::sync::Arc;

    /// Entry 7 is reversed by 9 and replaced by 10.
    fn corrected() -> (Named, Entry, Entry) {
        let told = Entry::of(&Arc::from("s"), charges(&vm_hour("i-1", 3)).remove(0));
        let with = |link: Link, charge: Charge| Entry {
            key: link.key(&told.key),
            charge,
            link: Some(link),
            ..told.clone()
        };
        let reversal = with(Link::Reverses(7), opposite(&told.charge).unwrap());
        let mut dearer = told.charge.clone();
        dearer.cost_nano += 1;
        let replacement = with(Link::Replaces(7), dearer);
        let named = Named {
            entry: told,
            reversals: vec![9],
            replacements: vec![10],
        };
        (named, reversal, replacement)
    }

    fn told(number: u64, entry: &Entry, link: Link, named: Option<&Named>) -> Vec<String> {
        let found = findings(number, entry, link, named);
        assert!(
            found
                .iter()
                .all(|f| f.code == code::CORRECTION && f.entry == Some(number))
        );
        found.iter().map(Finding::to_string).collect()
    }

    #[test]
    fn a_correction_as_written_has_no_findings() {
        let (named, reversal, replacement) = corrected();
        assert_eq!(told(9, &reversal, Link::Reverses(7), Some(&named)), [""; 0]);
        assert_eq!(told(10, &replacement, Link::Replaces(7), Some(&named)), [""; 0]);
    }

    #[test]
    fn a_reversal_that_does_not_cancel_is_told_field_by_field() {
        let (named, mut reversal, _) = corrected();
        reversal.charge.cost_nano += 1;
        reversal.charge.since = at("2026-10-01T01:00:00Z");
        assert_eq!(
            told(9, &reversal, Link::Reverses(7), Some(&named)),
            [
                "entry 9: as the reversal of entry 7 its since should be 2026-10-01T03:00:00Z but is 2026-10-01T01:00:00Z",
                "entry 9: as the reversal of entry 7 its cost should be -0.229 but is -0.228999999",
            ]
        );
    }

    #[test]
    fn what_is_named_stands_before_is_a_charge_and_is_corrected_once() {
        let (mut named, reversal, mut replacement) = corrected();
        assert_eq!(
            told(9, &reversal, Link::Reverses(7), None),
            ["entry 9: what it reverses, entry 7, should be an entry before it but is not"]
        );
        assert_eq!(told(7, &reversal, Link::Reverses(7), Some(&named)).len(), 1);
        named.reversals = vec![8, 9];
        assert_eq!(
            told(9, &reversal, Link::Reverses(7), Some(&named)),
            [
                "entry 9: entry 7, which it reverses, should be reversed once but is reversed by entry 8 already"
            ]
        );
        named.reversals = vec![11];
        named.replacements = vec![8, 10];
        replacement.key = named.entry.key;
        let found = told(10, &replacement, Link::Replaces(7), Some(&named));
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found[1].ends_with("entry 7, should be reversed before it but is not"));
        named.entry.link = Some(Link::Reverses(1));
        let found = told(10, &replacement, Link::Replaces(7), Some(&named));
        assert!(
            found[0].ends_with("should be a charge but is a reversal"),
            "{found:?}"
        );
    }

    #[test]
    fn a_link_reads_back() {
        for link in [Link::Reverses(7), Link::Replaces(8)] {
            assert_eq!(Link::of(link.as_str(), link.number()), Some(link));
        }
        assert_eq!(Link::of("likes", 1), None);
        assert_eq!(Link::Reverses(7).to_string(), "reverses 7");
    }
}
