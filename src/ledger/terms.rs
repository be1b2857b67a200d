//! Terms: what many entries share in words. Who tells them, who owes whom, for whose use of which meter, at which
//! price.
//!
//! An entry's hash covers its terms by their digest, which is computed once per terms and not once per entry: all
//! texts are covered, and an entry costs a hash of some 150 bytes.
#![deny(clippy::arithmetic_side_effects)]

use std::sync::Arc;

use super::account::Account;
use super::canonical::put;
use super::fact::Origin;
use crate::model::charge::{Charge, Price};
use crate::model::exact::decimal_text;
use crate::model::meter::Meter;
use crate::model::usage::Subject;

/// Name and version of the form below.
const FORM: &[u8] = b"terms/1";

/// What many entries share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// Who tells: a scenario, an import.
    pub source: Arc<str>,
    /// Owes.
    pub debit: Account,
    /// Is owed.
    pub credit: Account,
    /// Whose use it is.
    pub subject: Arc<Subject>,
    /// What is billed.
    pub meter: Arc<Meter>,
    /// At which price.
    pub price: Price,
}

/// The digests that the key and the hash of an entry take from its terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TermsDigests {
    /// Source and meter: part of every [`FactKey`](super::fact::FactKey).
    pub origin: Origin,
    /// Everything the terms say: part of every [`ChainHash`](super::chain::ChainHash).
    pub terms: [u8; 32],
}

impl Terms {
    /// The terms of a charge that `source` tells.
    pub fn of(source: &Arc<str>, charge: &Charge) -> Terms {
        Terms {
            source: Arc::clone(source),
            debit: Account::debit(&charge.subject, &charge.meter, &charge.price),
            credit: Account::credit(&charge.meter, &charge.price),
            subject: Arc::clone(&charge.subject),
            meter: Arc::clone(&charge.meter),
            price: charge.price.clone(),
        }
    }

    /// The digests of these terms.
    pub fn digests(&self) -> TermsDigests {
        TermsDigests {
            origin: Origin::of(&self.source, &self.meter.to_string()),
            terms: *blake3::hash(&self.canonical()).as_bytes(),
        }
    }

    /// The canonical bytes: the name of the form, then every text behind its length, in a fixed order, so that no
    /// two different terms share them.
    fn canonical(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(1024);
        put(&mut out, FORM);
        put(&mut out, self.source.as_bytes());
        for account in [&self.debit, &self.credit] {
            put(&mut out, account.kind().as_bytes());
            put(&mut out, account.name().as_bytes());
        }
        for text in subject_fields(&self.subject) {
            put(&mut out, text.as_bytes());
        }
        put(&mut out, self.meter.to_string().as_bytes());
        put(&mut out, decimal_text(self.price.unit_price.0).as_bytes());
        put(&mut out, self.price.currency.as_str().as_bytes());
        put(&mut out, self.price.source.as_bytes());
        put(&mut out, &[u8::from(self.price.synthetic)]);
        // Terms of before there were contracts keep their bytes.
        if let Some(list) = self.price.list_unit_price {
            put(&mut out, decimal_text(list.0).as_bytes());
        }
        // And those of before there were commitments: one text or none stood here, never two or three.
        if let Some(paid) = &self.price.commitment {
            put(&mut out, paid.name.as_bytes());
            put(&mut out, decimal_text(paid.contracted_unit_price.0).as_bytes());
        }
        out
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

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use super::*;
    use crate::ledger::sample::{charges, dec, vm_hour};
    use proptest::prelude::*;

    fn terms() -> Terms {
        Terms::of(&Arc::from("september"), &charges(&vm_hour("i-1", 3)).remove(0))
    }

    fn with_subject(change: impl FnOnce(&mut Subject)) -> Terms {
        let mut terms = terms();
        let mut subject = terms.subject.as_ref().clone();
        change(&mut subject);
        terms.subject = Arc::new(subject);
        terms
    }

    #[test]
    fn every_field_is_part_of_the_digest() {
        let base = terms();
        let mut others = vec![base.clone(); 9];
        others[0].source = Arc::from("october");
        others[1].debit = Account::CostCentre(Arc::from("ml"));
        others[2].credit = Account::Vendor("aws");
        others[3].meter = Arc::new("vm/AZURE/westus2/Standard_DS3_v2/spot".parse().unwrap());
        others[4].price.unit_price.0 = dec("0.2291");
        others[5].price.currency = "EUR".to_owned().try_into().unwrap();
        others[6].price.source = Arc::from("other");
        others[7].price.synthetic = true;
        others[8].price.list_unit_price = Some(crate::model::money::UnitPrice(dec("0.3")));
        let fields: [fn(&mut Subject) -> &mut String; 9] = [
            |s| &mut s.workspace,
            |s| &mut s.team,
            |s| &mut s.cluster_id,
            |s| &mut s.cluster_name,
            |s| &mut s.job_name,
            |s| &mut s.run_id,
            |s| &mut s.pool,
            |s| &mut s.owner,
            |s| &mut s.policy,
        ];
        others.extend(fields.map(|field| with_subject(|subject| field(subject).push('x'))));
        let digests: std::collections::BTreeSet<[u8; 32]> =
            others.iter().chain([&base]).map(|t| t.digests().terms).collect();
        assert_eq!(digests.len(), 19);
    }

    #[test]
    fn one_number_written_in_two_ways_is_one_price() {
        let mut other = terms();
        other.price.unit_price.0 = dec("0.2290");
        assert_eq!(other.digests(), terms().digests());
    }

    proptest! {
        #[test]
        fn moving_text_between_fields_changes_the_digest(text in "[a-z/]{2,12}", cut in 1_usize..12) {
            let cut = cut.min(text.len() - 1);
            let told = |cluster_id: &str, cluster_name: &str| {
                with_subject(|s| {
                    (s.cluster_id, s.cluster_name) = (cluster_id.to_owned(), cluster_name.to_owned());
                })
                .digests()
                .terms
            };
            prop_assert_ne!(told(&text, ""), told(&text[..cut], &text[cut..]));
        }
    }
}
