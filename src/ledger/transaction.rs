//! Entries: a charge moved from the cost centre that owes it to the vendor that is owed.
//!
//! An entry has two legs of one amount, so its postings sum to zero by construction. Its [`FactKey`] names the
//! fact it records: telling the fact again finds the key and changes nothing. Its [`ChainHash`] covers everything
//! it says, and all entries before it.
#![deny(clippy::arithmetic_side_effects)]

use std::fmt;
use std::sync::Arc;

use super::account::Account;
use super::chain::ChainHash;
use super::correction::Link;
use super::fact::FactKey;
use super::terms::{Terms, TermsDigests, subject_fields};
use crate::model::charge::Charge;
use crate::model::exact::{decimal_text, nano_to_decimal};
use crate::model::period::rfc3339;

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
    /// What it corrects; none where it is the first telling of its fact.
    pub link: Option<Link>,
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
        let terms = Terms::of(source, &charge);
        Entry {
            key: FactKey::of(&terms.digests().origin, &charge.resource, charge.period.start),
            source: terms.source,
            debit: terms.debit,
            credit: terms.credit,
            charge,
            link: None,
        }
    }

    /// What it shares with other entries.
    pub fn terms(&self) -> Terms {
        Terms {
            source: Arc::clone(&self.source),
            debit: self.debit.clone(),
            credit: self.credit.clone(),
            subject: Arc::clone(&self.charge.subject),
            meter: Arc::clone(&self.charge.meter),
            price: self.charge.price.clone(),
        }
    }

    /// Its hash behind another; `digests` are those of its terms.
    pub fn hash(&self, before: &ChainHash, digests: &TermsDigests) -> ChainHash {
        before.then(&digests.terms, &self.key, &self.charge, self.link)
    }

    /// Both legs. They sum to zero.
    pub fn postings(&self) -> [Posting<'_>; 2] {
        let amount = i128::from(self.charge.cost_nano);
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
        let list = charge.price.list_unit_price;
        let list = list.map(|list| format!(" (list {list})")).unwrap_or_default();
        let price = format!(
            "{} {}{list} from {}{synthetic}",
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
            ("cost", nano_text(charge.cost_nano)),
            ("debit account", self.debit.to_string()),
            ("credit account", self.credit.to_string()),
            ("link", self.link.map(|link| link.to_string()).unwrap_or_default()),
        ]
    }
}

fn nano_text(nano: i64) -> String {
    decimal_text(nano_to_decimal(nano))
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

    fn hash(entry: &Entry) -> ChainHash {
        entry.hash(&ChainHash::genesis(), &entry.terms().digests())
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
    fn the_canonical_forms_do_not_drift() {
        // Written ledgers depend on these: a change here is a new form, never an edit of this one.
        assert_eq!(
            entry().key.to_string(),
            "00006abdccb0521e5343ba7e83210c30142d9fb797c2"
        );
        assert_eq!(
            hash(&entry()).to_string(),
            "e8ff1e0e51fc192feac5a554d385c04ff7ca5f5dbd75faca664ed44b25c88bcf"
        );
        assert_eq!(ChainHash::genesis().short(), "a822dbf5a74f");
        let linked = |link| {
            hash(&Entry {
                link: Some(link),
                ..entry()
            })
            .short()
        };
        assert_eq!(
            [
                linked(Link::Reverses(1)),
                linked(Link::Replaces(1)),
                entry().key.reversal().to_string(),
                entry().key.replacement().to_string(),
                entry().key.told_again().to_string(),
            ],
            [
                "6926ea4e7721",
                "ed46ff407d51",
                "00006abdccb0b71fdc64a66b81621dbd1e8583a86f5d",
                "00006abdccb0603052daec7a6d0cc184da5e08a8e243",
                "00006abdccb07d92f29f526b684621a8eb166d2c0273"
            ]
        );
    }

    #[test]
    fn every_field_is_part_of_the_hash() {
        let base = entry();
        let mut others = vec![base.clone(); 16];
        let mut subject = base.charge.subject.as_ref().clone();
        subject.pool = "p".to_owned();
        others[0].charge.subject = Arc::new(subject);
        others[1].charge.resource = Arc::from("i-2");
        others[2].charge.meter = Arc::new("vm/AZURE/westus2/Standard_DS3_v2/spot".parse().unwrap());
        others[3].charge.period.end = at("2026-10-01T05:00:00Z");
        others[4].charge.since = at("2026-09-01");
        others[5].charge.quantity_nano += 1;
        others[6].charge.cost_nano += 1;
        others[7].charge.price.source = Arc::from("other");
        others[8].charge.price.synthetic = true;
        others[9].charge.price.currency = "EUR".to_owned().try_into().unwrap();
        others[10].debit = Account::CostCentre(Arc::from("ml"));
        others[11].source = Arc::from("october");
        others[12].charge.price.unit_price.0 = crate::ledger::sample::dec("0.2291");
        others[13].charge.price.list_unit_price = Some(crate::ledger::sample::price("0.3").unit_price);
        others[14].link = Some(Link::Reverses(1));
        others[15].link = Some(Link::Replaces(1));
        for other in &others {
            assert_ne!(hash(&base), hash(other), "{other:?}");
            assert_eq!(base.differences(other).len(), 1, "{other:?}");
        }
        assert_eq!(base.differences(&base), []);
    }

    proptest! {
        #[test]
        fn postings_sum_to_zero(amount in any::<i64>()) {
            let mut entry = entry();
            entry.charge.cost_nano = amount;
            let sum: i128 = entry.postings().iter().map(|posting| posting.amount_nano).sum();
            prop_assert_eq!(sum, 0);
        }
    }
}
