//! The ledger for other programs: hledger, Beancount, and CSV or Parquet for everything else.
//!
//! Comes in: what the ledger is, then its entries one by one. Goes out: text or a table, piece by piece, so that a ledger of any size is
//! written without being held. Amounts are exact, to the last of nine decimals; every entry carries its number and its
//! hash, so that a line of the export can be held against the ledger, and what the accounts come to stands at the end for
//! the other program to check. Deliberately absent: files.

mod allocation;
mod beancount;
mod cells;
mod csv;
mod hledger;
mod parquet;

pub use self::allocation::NumberedAllocation;

use std::fmt;
use std::io::{self, Write};
use std::str::FromStr;

pub use self::parquet::{Table, TableError};
use crate::ledger::account::Account;
use crate::ledger::balance::Balances;
use crate::ledger::chain::ChainHash;
use crate::ledger::correction::Link;
use crate::ledger::fact::SourceRow;
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

/// What a whole ledger comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// Its last day, in UTC.
    pub last: Instant,
    /// Its currency.
    pub currency: Currency,
    /// What each account comes to.
    pub balances: Balances,
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
    /// The row of a file that it comes from, where it comes from one.
    pub source_row: Option<&'a SourceRow>,
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
    /// The columns of CSV, typed.
    Parquet,
}

impl JournalFormat {
    /// All of them.
    pub const ALL: [JournalFormat; 4] = [
        JournalFormat::Hledger,
        JournalFormat::Beancount,
        JournalFormat::Csv,
        JournalFormat::Parquet,
    ];

    /// Whether it is no text.
    pub fn is_binary(self) -> bool {
        self == JournalFormat::Parquet
    }

    /// `hledger`, `beancount`, `csv`, `parquet`.
    pub fn as_str(self) -> &'static str {
        match self {
            JournalFormat::Hledger => "hledger",
            JournalFormat::Beancount => "beancount",
            JournalFormat::Csv => "csv",
            JournalFormat::Parquet => "parquet",
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
#[error("`{0}` is not a form of export; expected `hledger`, `beancount`, `csv` or `parquet`")]
pub struct NotAJournalFormat(String);

impl FromStr for JournalFormat {
    type Err = NotAJournalFormat;
    fn from_str(text: &str) -> Result<Self, NotAJournalFormat> {
        let found = JournalFormat::ALL.into_iter().find(|f| f.as_str() == text);
        found.ok_or_else(|| NotAJournalFormat(text.to_owned()))
    }
}

/// Why an entry cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file takes no more.
    #[error(transparent)]
    Write(#[from] io::Error),
    /// A table does not take it.
    #[error(transparent)]
    Table(#[from] TableError),
}

/// Writes a ledger in one of the forms, entry by entry.
pub struct Journal<W: Write + Send>(Form<W>);

enum Form<W: Write + Send> {
    Hledger(W),
    Beancount(W, beancount::Names),
    Csv(W),
    Parquet(Box<Table<W>>),
}

impl<W: Write + Send> Journal<W> {
    /// A journal, its beginning written.
    ///
    /// # Errors
    /// [`JournalError`] when `out` takes nothing.
    pub fn begin(format: JournalFormat, opening: &Opening, mut out: W) -> Result<Journal<W>, JournalError> {
        Ok(Journal(match format {
            JournalFormat::Hledger => {
                out.write_all(hledger::opening(opening).as_bytes())?;
                Form::Hledger(out)
            }
            JournalFormat::Beancount => {
                let names = beancount::Names::of(&opening.accounts);
                out.write_all(beancount::opening(opening, &names).as_bytes())?;
                Form::Beancount(out, names)
            }
            JournalFormat::Csv => {
                out.write_all(csv::opening().as_bytes())?;
                Form::Csv(out)
            }
            JournalFormat::Parquet => Form::Parquet(Box::new(Table::begin(out, opening)?)),
        }))
    }

    /// Writes an entry.
    ///
    /// # Errors
    /// [`JournalError`] when the file takes no more, or a table does not take the entry.
    pub fn entry(&mut self, told: Numbered<'_>) -> Result<(), JournalError> {
        match &mut self.0 {
            Form::Hledger(out) => out.write_all(hledger::entry(told).as_bytes())?,
            Form::Beancount(out, names) => out.write_all(beancount::entry(told, names).as_bytes())?,
            Form::Csv(out) => out.write_all(csv::entry(told).as_bytes())?,
            Form::Parquet(table) => table.entry(told)?,
        }
        Ok(())
    }

    /// Writes an allocation, on the last day of its month. Tables have a line for each share, its amount in a column of its own, so
    /// that the costs of all lines are still what vendors are owed.
    ///
    /// # Errors
    /// [`JournalError`] when the file takes no more.
    pub fn allocation(&mut self, told: NumberedAllocation<'_>) -> Result<(), JournalError> {
        match &mut self.0 {
            Form::Hledger(out) => out.write_all(hledger::allocation(told).as_bytes())?,
            Form::Beancount(out, names) => out.write_all(beancount::allocation(told, names).as_bytes())?,
            Form::Csv(out) => out.write_all(csv::allocation(&told).as_bytes())?,
            Form::Parquet(table) => table.allocation(&told)?,
        }
        Ok(())
    }

    /// Writes the end: of a whole ledger what each account should come to, which hledger and Beancount then hold against their
    /// own sums; tables have no place for it.
    ///
    /// # Errors
    /// [`JournalError`] when the file takes no more.
    pub fn finish(self, ending: Option<&Ending>) -> Result<(), JournalError> {
        match self.0 {
            Form::Hledger(mut out) => {
                let text = ending.map(hledger::ending).unwrap_or_default();
                out.write_all(text.as_bytes())?;
                out.flush()?;
            }
            Form::Beancount(mut out, names) => {
                let text = ending.map(|ending| beancount::ending(ending, &names));
                out.write_all(text.unwrap_or_default().as_bytes())?;
                out.flush()?;
            }
            Form::Csv(mut out) => out.flush()?,
            Form::Parquet(table) => table.finish()?,
        }
        Ok(())
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
        ("tags", subject.tags.text().to_owned()),
        (
            "source-row",
            told.source_row.map(SourceRow::to_string).unwrap_or_default(),
        ),
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
        let mut out = Vec::new();
        let mut journal = Journal::begin(format, &opening, &mut out).unwrap();
        let mut tell = |told: Numbered<'_>| journal.entry(told).unwrap();
        tell(Numbered {
            number: 1,
            entry: &entry,
            hash: &hash,
            source_row: None,
            late_in: None,
        });
        let links = [(2, Link::Reverses(1)), (3, Link::Replaces(1))];
        for (number, link) in links {
            let linked = Entry {
                link: Some(link),
                ..entry.clone()
            };
            tell(Numbered {
                number,
                entry: &linked,
                hash: &hash,
                source_row: None,
                late_in: None,
            });
        }
        let mut balances = Balances::default();
        balances.transfer(&entry.debit, &entry.credit, 3 * 229_000_000);
        let ending = Ending {
            last: at("2026-10-01"),
            currency: entry.charge.price.currency,
            balances,
        };
        journal.finish(Some(&ending)).unwrap();
        String::from_utf8(out).unwrap()
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
