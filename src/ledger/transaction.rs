//! Entries: a charge moved from the cost centre that owes it to the vendor that is owed.
//!
//! An entry has two legs of one amount, so its postings sum to zero by construction. Its [`FactKey`] names the
//! fact it records: telling the fact again finds the key and changes nothing. Its canonical bytes (every field,
//! each behind its length, opened by the name of the form) feed the hash chain: a hash covers an entry and all
//! before it.
//!
//! Amounts are signed and the form is named in the bytes, so that a later form (a retraction that names what it
//! takes back) can stand beside `charge/1` without touching what is written.
#![deny(clippy::arithmetic_side_effects)]

use std::fmt;
use std::sync::Arc;

use super::account::Account;
use crate::model::charge::{Charge, Price};
use crate::model::exact::{decimal_text, nano_to_decimal};
use crate::model::period::{Instant, rfc3339};
use crate::model::usage::Subject;

/// Name and version of the canonical form below.
const FORM: &[u8] = b"charge/1";
/// What the first hash is a hash of.
const GENESIS: &[u8] = b"tollgate ledger, form 1";

/// Names a fact: 6 bytes of period start (Unix seconds, big-endian), then 16 bytes of BLAKE3 over source,
/// resource, meter and period start. Keys of later facts sort later, so an index over them grows at its end.
///
/// The start of the stretch is no part of it: a resource runs a meter once at a time, so a second telling with
/// another stretch is a conflict to be met, not a second bill; and usage that had no price is found again when
/// it has one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FactKey(pub [u8; FactKey::BYTES]);

impl FactKey {
    /// Bytes in a key.
    pub const BYTES: usize = 22;

    /// The key of what `source` (a scenario, an import) tells of a resource's meter from `start` on.
    pub fn of(source: &str, resource: &str, meter: &str, start: Instant) -> FactKey {
        let mut told = Vec::with_capacity(128);
        for text in [source, resource, meter] {
            put(&mut told, text.as_bytes());
        }
        put(&mut told, &start.timestamp().to_be_bytes());
        let digest = *blake3::hash(&told).as_bytes();
        let mut key = prefix(start).into_iter().chain(digest);
        FactKey(std::array::from_fn(|_| key.next().unwrap_or_default()))
    }

    /// The smallest key of a fact that starts at or after the instant.
    pub fn floor(start: Instant) -> FactKey {
        let mut key = prefix(start).into_iter();
        FactKey(std::array::from_fn(|_| key.next().unwrap_or_default()))
    }
}

/// Six bytes hold 8.9 million years; what is before 1970 sorts first.
fn prefix(start: Instant) -> [u8; 6] {
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

/// The hash of an entry and of all entries before it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ChainHash(pub [u8; 32]);

impl ChainHash {
    /// The hash before the first entry.
    pub fn genesis() -> ChainHash {
        ChainHash(*blake3::hash(GENESIS).as_bytes())
    }

    /// The hash after an entry of these canonical bytes.
    pub fn then(&self, canonical: &[u8]) -> ChainHash {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.0).update(canonical);
        ChainHash(*hasher.finalize().as_bytes())
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

/// The two-legged transfer of one charge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Names the fact.
    pub key: FactKey,
    /// Who told it: a scenario, an import.
    pub source: Arc<str>,
    /// Owes the amount.
    pub debit: Account,
    /// Is owed the amount.
    pub credit: Account,
    /// The charge moved.
    pub charge: Charge,
}

/// One leg of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posting<'a> {
    /// Whose balance moves.
    pub account: &'a Account,
    /// By how much: debits positive, credits negative, in 10^-9 of the currency.
    pub amount_nano: i128,
}

/// A field in which two tellings of one fact differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Which field.
    pub field: &'static str,
    /// What the ledger holds.
    pub known: String,
    /// What was told now.
    pub told: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: known `{}`, told `{}`", self.field, self.known, self.told)
    }
}

impl Entry {
    /// The entry of a charge that `source` tells.
    pub fn of(source: &Arc<str>, charge: Charge) -> Entry {
        let meter = charge.meter.to_string();
        Entry {
            key: FactKey::of(source, &charge.resource, &meter, charge.period.start),
            source: Arc::clone(source),
            debit: Account::of_subject(&charge.subject),
            credit: Account::of_meter(&charge.meter),
            charge,
        }
    }

    /// Both legs. They sum to zero.
    pub fn postings(&self) -> [Posting<'_>; 2] {
        let amount = i128::from(self.charge.list_cost_nano);
        [
            Posting {
                account: &self.debit,
                amount_nano: amount,
            },
            Posting {
                account: &self.credit,
                amount_nano: amount.saturating_neg(),
            },
        ]
    }

    /// Appends the canonical bytes: every field behind its length, in a fixed order, so that no two different
    /// entries share them.
    pub fn canonical(&self, out: &mut Vec<u8>) {
        let charge = &self.charge;
        put(out, FORM);
        put(out, &self.key.0);
        put(out, self.source.as_bytes());
        for account in [&self.debit, &self.credit] {
            put(out, account.kind().as_bytes());
            put(out, account.name().as_bytes());
        }
        put(out, charge.resource.as_bytes());
        for text in subject_fields(&charge.subject) {
            put(out, text.as_bytes());
        }
        put(out, charge.meter.to_string().as_bytes());
        for at in [charge.since, charge.period.start, charge.period.end] {
            put(out, &at.timestamp().to_be_bytes());
        }
        put(out, &charge.quantity_nano.to_be_bytes());
        put(out, &charge.list_cost_nano.to_be_bytes());
        put_price(out, &charge.price);
    }

    /// What differs between this entry and another telling of its fact; empty when they say the same.
    pub fn differences(&self, told: &Entry) -> Vec<Difference> {
        let pairs = self.shown().into_iter().zip(told.shown());
        pairs
            .filter(|((_, known), (_, told))| known != told)
            .map(|((field, known), (_, told))| Difference { field, known, told })
            .collect()
    }

    fn shown(&self) -> Vec<(&'static str, String)> {
        let charge = &self.charge;
        let synthetic = if charge.price.synthetic {
            " (synthetic)"
        } else {
            ""
        };
        let price = format!(
            "{} {} from {}{synthetic}",
            charge.price.unit_price, charge.price.currency, charge.price.source
        );
        vec![
            ("key", self.key.to_string()),
            ("source", self.source.to_string()),
            ("resource", charge.resource.to_string()),
            ("meter", charge.meter.to_string()),
            ("subject", subject_fields(&charge.subject).join(" · ")),
            ("since", rfc3339(charge.since)),
            ("period", charge.period.to_string()),
            ("quantity", nano_text(charge.quantity_nano)),
            ("price", price),
            ("list cost", nano_text(charge.list_cost_nano)),
            ("debit account", self.debit.to_string()),
            ("credit account", self.credit.to_string()),
        ]
    }
}

/// The fields of a subject in their fixed order.
pub fn subject_fields(subject: &Subject) -> [&str; 9] {
    let Subject {
        workspace,
        team,
        cluster_id,
        cluster_name,
        job_name,
        run_id,
        pool,
        owner,
        policy,
    } = subject;
    [
        workspace,
        team,
        cluster_id,
        cluster_name,
        job_name,
        run_id,
        pool,
        owner,
        policy,
    ]
}

fn nano_text(nano: i64) -> String {
    decimal_text(nano_to_decimal(nano))
}

fn put_price(out: &mut Vec<u8>, price: &Price) {
    put(out, decimal_text(price.unit_price.0).as_bytes());
    put(out, price.currency.as_str().as_bytes());
    put(out, price.source.as_bytes());
    put(out, &[u8::from(price.synthetic)]);
}

/// A field behind its length (8 bytes, big-endian).
fn put(out: &mut Vec<u8>, field: &[u8]) {
    out.extend_from_slice(&u64::try_from(field.len()).unwrap_or(u64::MAX).to_be_bytes());
    out.extend_from_slice(field);
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use super::*;
    use crate::ledger::sample::{at, charges, vm_hour};
    use proptest::prelude::*;

    fn entry() -> Entry {
        let charge = charges(&vm_hour("i-1", 3)).remove(0);
        Entry::of(&Arc::from("september"), charge)
    }

    fn bytes(entry: &Entry) -> Vec<u8> {
        let mut out = Vec::new();
        entry.canonical(&mut out);
        out
    }

    #[test]
    fn the_cost_centre_owes_the_vendor() {
        let entry = entry();
        assert_eq!(entry.debit.to_string(), "cost-centre/etl");
        assert_eq!(entry.credit.to_string(), "vendor/azure");
        let amounts = entry.postings().map(|posting| posting.amount_nano);
        assert_eq!(amounts, [229_000_000, -229_000_000]);
    }

    #[test]
    fn the_canonical_bytes_and_the_hash_do_not_drift() {
        // Written ledgers depend on these: a change here is a new form, never an edit of this one.
        assert_eq!(
            entry().key.to_string(),
            "00006abdccb00090db4ec7f05dbb324720e9b5107d54"
        );
        assert_eq!(
            blake3::hash(&bytes(&entry())).to_hex().as_str(),
            "461d2946d0d84ca5b919a9cc81ead362fcb7250a0f9b85b03147c667baae3e96"
        );
        assert_eq!(ChainHash::genesis().short(), "a822dbf5a74f");
    }

    #[test]
    fn every_field_is_part_of_the_bytes() {
        let base = entry();
        let mut others = vec![base.clone(); 13];
        let mut subject = base.charge.subject.as_ref().clone();
        subject.pool = "p".to_owned();
        others[0].charge.subject = Arc::new(subject);
        others[1].charge.resource = Arc::from("i-2");
        others[2].charge.meter = Arc::new("vm/AZURE/westus2/Standard_DS3_v2/spot".parse().unwrap());
        others[3].charge.period.end = at("2026-10-01T05:00:00Z");
        others[4].charge.since = at("2026-09-01");
        others[5].charge.quantity_nano += 1;
        others[6].charge.list_cost_nano += 1;
        others[7].charge.price.source = Arc::from("other");
        others[8].charge.price.synthetic = true;
        others[9].charge.price.currency = "EUR".to_owned().try_into().unwrap();
        others[10].debit = Account::CostCentre("ml".to_owned());
        others[11].source = Arc::from("october");
        others[12].charge.price.unit_price.0 = crate::ledger::sample::dec("0.2291");
        for other in &others {
            assert_ne!(bytes(&base), bytes(other), "{other:?}");
            assert_eq!(base.differences(other).len(), 1, "{other:?}");
        }
        assert_eq!(base.differences(&base), []);
    }

    proptest! {
        #[test]
        fn postings_sum_to_zero(amount in any::<i64>()) {
            let mut entry = entry();
            entry.charge.list_cost_nano = amount;
            let sum: i128 = entry.postings().iter().map(|posting| posting.amount_nano).sum();
            prop_assert_eq!(sum, 0);
        }

        #[test]
        fn moving_text_between_fields_changes_the_bytes(text in "[a-z/]{2,12}", cut in 1_usize..12) {
            let cut = cut.min(text.len() - 1);
            let told = |cluster_id: &str, cluster_name: &str| {
                let mut entry = entry();
                let mut subject = entry.charge.subject.as_ref().clone();
                (subject.cluster_id, subject.cluster_name) = (cluster_id.to_owned(), cluster_name.to_owned());
                entry.charge.subject = Arc::new(subject);
                bytes(&entry)
            };
            prop_assert_ne!(told(&text, ""), told(&text[..cut], &text[cut..]));
        }

        #[test]
        fn keys_sort_by_time_and_name_one_fact(a in 0_i64..5_000_000_000, b in 0_i64..5_000_000_000) {
            let key = |resource: &str, n: i64| {
                FactKey::of("s", resource, "m", crate::model::period::from_unix(n))
            };
            prop_assert_eq!(key("r", a), key("r", a));
            prop_assert_ne!(key("r", a), key("q", a));
            if a != b {
                prop_assert_eq!(key("r", a) < key("r", b), a < b);
            }
            prop_assert!(FactKey::floor(crate::model::period::from_unix(a)) <= key("r", a));
        }
    }
}
