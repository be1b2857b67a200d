//! The ledger for other programs of accounting: hledger, Beancount, and CSV for everything else.
//!
//! Comes in: what the ledger is, then its entries one by one. Goes out: text, piece by piece, so that a ledger of any size is
//! written without being held. Amounts are exact, to the last of nine decimals; every entry carries its number and its
//! hash, so that a line of the export can be held against the ledger, and what the accounts come to stands at the end for
//! the other program to check. Deliberately absent: files.

mod beancount;
mod csv;
mod hledger;

use std::fmt;
use std::str::FromStr;

use crate::ledger::account::Account;
use crate::ledger::balance::Balances;
use crate::ledger::chain::ChainHash;
use crate::ledger::correction::Link;
use crate::ledger::transaction::Entry;
use crate::model::exact::{decimal_text, nano_to_decimal};
use crate::model::money::Currency;
use crate::model::period::{Instant, Month, rfc3339};

/// What an export begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    /// The file's name.
    pub ledger: String,
    /// Hash of the last entry and all before it.
    pub head: ChainHash,
    /// Entries in the ledger.
    pub entries: u64,
    /// What part of it is exported: `2026-10`; none for all.
    pub part: Option<String>,
    /// The ledger's currency; none in an empty one.
    pub currency: Option<Currency>,
    /// Every account of the ledger, in order, each once.
    pub accounts: Vec<Account>,
    /// The first instant that is billed; none in an empty ledger.
    pub first: Option<Instant>,
}

/// An entry of the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Numbered<'a> {
    /// Its number, from 1.
    pub number: u64,
    /// What it says.
    pub entry: &'a Entry,
    /// Its hash.
    pub hash: &'a ChainHash,
    /// The month in which it is billed, where that is not the month of its charge: it is a correction of a closed month.
    pub late_in: Option<Month>,
}

impl Numbered<'_> {
    /// The month in which it is billed.
    fn billing_month(&self) -> Month {
        self.late_in
            .unwrap_or_else(|| Month::of(self.entry.charge.period.start))
    }

    /// As FOCUS has it: `Correction` for what corrects a closed month, else nothing.
    fn charge_class(&self) -> &'static str {
        match self.late_in {
            Some(_) => "Correction",
            None => "",
        }
    }

    /// The number of the entry that it takes back; nothing where it takes none back.
    fn reverses(&self) -> String {
        match self.entry.link {
            Some(Link::Reverses(number)) => number.to_string(),
            _ => String::new(),
        }
    }

    /// The number of the entry that it says anew; nothing where it is the first telling of its fact.
    fn replaces(&self) -> String {
        match self.entry.link {
            Some(Link::Replaces(number)) => number.to_string(),
            _ => String::new(),
        }
    }
}

/// Whose form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JournalFormat {
    /// A journal that `hledger check --strict` accepts (hledger 1.25 and later).
    Hledger,
    /// A ledger that `bean-check` accepts (Beancount 2 and 3).
    Beancount,
    /// One line per entry, under a header.
    Csv,
}

impl JournalFormat {
    /// All of them.
    pub const ALL: [JournalFormat; 3] = [
        JournalFormat::Hledger,
        JournalFormat::Beancount,
        JournalFormat::Csv,
    ];

    /// `hledger`, `beancount`, `csv`.
    pub fn as_str(self) -> &'static str {
        match self {
            JournalFormat::Hledger => "hledger",
            JournalFormat::Beancount => "beancount",
            JournalFormat::Csv => "csv",
        }
    }
}

impl fmt::Display for JournalFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that is not a form of export.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a form of export; expected `hledger`, `beancount` or `csv`")]
pub struct NotAJournalFormat(String);

impl FromStr for JournalFormat {
    type Err = NotAJournalFormat;
    fn from_str(text: &str) -> Result<Self, NotAJournalFormat> {
        let found = JournalFormat::ALL.into_iter().find(|f| f.as_str() == text);
        found.ok_or_else(|| NotAJournalFormat(text.to_owned()))
    }
}

/// Writes a ledger in one of the forms.
#[derive(Debug)]
pub struct Journal(Form);

#[derive(Debug)]
enum Form {
    Hledger,
    Beancount(beancount::Names),
    Csv,
}

impl Journal {
    /// The journal, and its first lines.
    pub fn begin(format: JournalFormat, opening: &Opening) -> (Journal, String) {
        match format {
            JournalFormat::Hledger => (Journal(Form::Hledger), hledger::opening(opening)),
            JournalFormat::Beancount => {
                let names = beancount::Names::of(&opening.accounts);
                let text = beancount::opening(opening, &names);
                (Journal(Form::Beancount(names)), text)
            }
            JournalFormat::Csv => (Journal(Form::Csv), csv::opening()),
        }
    }

    /// The last lines: what each account should come to, which hledger and Beancount then hold against their own sums.
    /// The ledger's last day is `last`, in UTC; CSV has no place for it.
    pub fn end(&self, last: Instant, currency: Currency, balances: &Balances) -> String {
        match &self.0 {
            Form::Hledger => hledger::ending(last, currency, balances),
            Form::Beancount(names) => beancount::ending(last, currency, balances, names),
            Form::Csv => String::new(),
        }
    }

    /// The lines of an entry.
    pub fn entry(&self, told: Numbered<'_>) -> String {
        match &self.0 {
            Form::Hledger => hledger::entry(told),
            Form::Beancount(names) => beancount::entry(told, names),
            Form::Csv => csv::entry(told),
        }
    }
}

/// What an entry is about, as pairs of a name and a value; those without a value are left out.
fn facts(told: Numbered<'_>) -> Vec<(&'static str, String)> {
    let charge = &told.entry.charge;
    let subject = &charge.subject;
    let period = format!("{}/{}", rfc3339(charge.period.start), rfc3339(charge.period.end));
    let quantity = decimal_text(nano_to_decimal(charge.quantity_nano));
    let mut facts = vec![
        ("period", period),
        (
            "billing-month",
            told.late_in.map(|m| m.to_string()).unwrap_or_default(),
        ),
        ("charge-class", told.charge_class().to_owned()),
        ("reverses", told.reverses()),
        ("replaces", told.replaces()),
        ("resource", charge.resource.to_string()),
        ("quantity", format!("{quantity} {}", charge.meter.unit())),
        ("unit-price", charge.price.unit_price.to_string()),
        (
            "list-unit-price",
            charge
                .price
                .list_unit_price
                .map(|p| p.to_string())
                .unwrap_or_default(),
        ),
        ("price-source", charge.price.source.to_string()),
        ("told-by", told.entry.source.to_string()),
        ("workspace", subject.workspace.clone()),
        ("cluster", subject.cluster_id.clone()),
        ("cluster-name", subject.cluster_name.clone()),
        ("job", subject.job_name.clone()),
        ("run", subject.run_id.clone()),
        ("pool", subject.pool.clone()),
        ("owner", subject.owner.clone()),
        ("policy", subject.policy.clone()),
        ("hash", told.hash.to_string()),
    ];
    facts.retain(|(_, value)| !value.is_empty());
    facts
}

/// An amount with all nine decimals, so that columns line up and nothing is rounded: `-0.076333333`.
fn amount(nano: i128) -> String {
    const NANO: u128 = 1_000_000_000;
    let sign = if nano < 0 { "-" } else { "" };
    let size = nano.unsigned_abs();
    format!("{sign}{}.{:09}", size / NANO, size % NANO)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::rate::Rated;
    use crate::ledger::sample::{at, vm_hour};
    use std::sync::Arc;

    /// One hour of a machine at 0.229, the numbers of the README's calculator.
    fn exported(format: JournalFormat, team: &str) -> String {
        let rated = vm_hour("i-1", 3);
        let Rated::Charge(charge) = &rated[0] else {
            panic!("an hour has a price")
        };
        let mut charge = charge.clone();
        let mut subject = charge.subject.as_ref().clone();
        subject.team = team.to_owned();
        charge.subject = Arc::new(subject);
        let entry = Entry::of(&Arc::from("october"), charge);
        let hash = ChainHash::genesis();
        let opening = Opening {
            ledger: "october.db".to_owned(),
            head: hash,
            entries: 1,
            part: None,
            currency: Some(entry.charge.price.currency),
            accounts: vec![entry.debit.clone(), entry.credit.clone()],
            first: Some(at("2026-10-01T03:00:00Z")),
        };
        let (journal, mut text) = Journal::begin(format, &opening);
        text.push_str(&journal.entry(Numbered {
            number: 1,
            entry: &entry,
            hash: &hash,
            late_in: None,
        }));
        let links = [(2, Link::Reverses(1)), (3, Link::Replaces(1))];
        for (number, link) in links {
            let linked = Entry {
                link: Some(link),
                ..entry.clone()
            };
            text.push_str(&journal.entry(Numbered {
                number,
                entry: &linked,
                hash: &hash,
                late_in: None,
            }));
        }
        let mut balances = Balances::default();
        balances.transfer(&entry.debit, &entry.credit, 3 * 229_000_000);
        text.push_str(&journal.end(at("2026-10-01"), entry.charge.price.currency, &balances));
        text
    }

    #[test]
    fn amounts_keep_every_decimal() {
        assert_eq!(amount(229_000_000), "0.229000000");
        assert_eq!(amount(-1), "-0.000000001");
        assert_eq!(amount(12_345_000_000_001), "12345.000000001");
        assert_eq!(amount(0), "0.000000000");
    }

    #[test]
    fn a_journal_for_hledger() {
        insta::assert_snapshot!(exported(JournalFormat::Hledger, "data: platform; \"x\"  y"));
    }

    #[test]
    fn a_ledger_for_beancount() {
        insta::assert_snapshot!(exported(JournalFormat::Beancount, "data: platform \"x\""));
    }

    #[test]
    fn lines_of_csv() {
        insta::assert_snapshot!(exported(JournalFormat::Csv, "data, \"platform\""));
    }
}
