//! Reading entries: one by one, with their terms, in the order of the chain.
#![deny(clippy::arithmetic_side_effects)]

use rusqlite::{Connection, OptionalExtension, Row, params};
use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;

use super::database::Database;
use super::dimension::Dimensions;
use super::error::{At, StoreError};
use super::intern::Tables;
use crate::ledger::chain::ChainHash;
use crate::ledger::correction::Link;
use crate::ledger::fact::FactKey;
use crate::ledger::terms::TermsDigests;
use crate::ledger::transaction::Entry;
use crate::model::charge::Charge;
use crate::model::period::{Period, from_unix};

/// An entry as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEntry {
    /// Its number, from 1.
    pub number: u64,
    /// What it says.
    pub entry: Entry,
    /// The digests of its terms, computed from the texts that are stored.
    pub digests: TermsDigests,
    /// Its stored hash.
    pub hash: ChainHash,
}

impl Database {
    /// Visits entries in order of time, those of a period or all: by the second at which what is billed began, then by
    /// their keys. Nothing is held but the one that is visited.
    ///
    /// # Errors
    /// [`StoreError`] when the file or an entry cannot be read; what the visitor says.
    pub fn visit_entries<E: From<StoreError>>(
        &self,
        period: Option<&Period>,
        visit: &mut dyn FnMut(StoredEntry) -> Result<(), E>,
    ) -> Result<(), E> {
        let doing = "reading entries";
        // The key starts with the period's start.
        let sql = visit_sql();
        let (from, to) = period.map_or(
            (FactKey([0; FactKey::BYTES]), FactKey([u8::MAX; FactKey::BYTES])),
            |p| (FactKey::floor(p.start), FactKey::floor(p.end)),
        );
        let mut dimensions = Dimensions::new(&self.connection, &self.path);
        let mut statement = self.connection.prepare_cached(&sql).at(&self.path, doing)?;
        let mut rows = statement.query(params![from.0, to.0]).at(&self.path, doing)?;
        while let Some(row) = rows.next().at(&self.path, doing)? {
            let row = EntryRow::of(row).at(&self.path, doing)?;
            visit(row.read(&mut dimensions, &self.path)?)?;
        }
        Ok(())
    }

    /// All entries in order, read in pages. An entry that cannot be read is an error item; the walk goes on.
    pub fn entries(&self) -> Entries<'_> {
        Entries {
            connection: &self.connection,
            path: &self.path,
            dimensions: Dimensions::new(&self.connection, &self.path),
            after: 0,
            page: VecDeque::new(),
            ended: false,
        }
    }
}

/// Entries in order, a page at a time.
#[derive(Debug)]
pub struct Entries<'c> {
    connection: &'c Connection,
    path: &'c Path,
    dimensions: Dimensions<'c>,
    after: i64,
    page: VecDeque<EntryRow>,
    ended: bool,
}

/// An entry that cannot be read, with what is left of it.
#[derive(Debug)]
pub struct UnreadableEntry {
    /// Its number; none when the table itself cannot be read further.
    pub number: Option<u64>,
    /// Its stored hash.
    pub hash: Option<ChainHash>,
    /// What is wrong.
    pub error: StoreError,
}

impl Iterator for Entries<'_> {
    type Item = Result<StoredEntry, Box<UnreadableEntry>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.page.is_empty() && !self.ended {
            match self.read_page() {
                Ok(page) => self.page = page,
                Err(error) => {
                    self.ended = true;
                    return Some(Err(Box::new(UnreadableEntry {
                        number: None,
                        hash: None,
                        error,
                    })));
                }
            }
            self.ended = self.page.is_empty();
        }
        let row = self.page.pop_front()?;
        let (number, hash) = (u64::try_from(row.number).unwrap_or_default(), row.hash);
        self.after = row.number;
        Some(row.read(&mut self.dimensions, self.path).map_err(|error| {
            Box::new(UnreadableEntry {
                number: Some(number),
                hash: Some(hash),
                error,
            })
        }))
    }
}

const PAGE: i64 = 4_096;

impl Entries<'_> {
    fn read_page(&self) -> Result<VecDeque<EntryRow>, StoreError> {
        let sql = format!("{SELECT_ENTRY} WHERE e.number > ?1 ORDER BY e.number LIMIT ?2");
        self.connection
            .prepare_cached(&sql)
            .and_then(|mut statement| statement.query_map([self.after, PAGE], EntryRow::of)?.collect())
            .at(self.path, "reading entries")
    }
}

const SELECT_ENTRY: &str = "SELECT e.number, e.key, e.terms_id, e.resource, e.since, e.period_start, e.period_end, \
     e.quantity_nano, e.amount_nano, e.hash, c.link, c.corrected \
     FROM entry e LEFT JOIN correction c ON c.number = e.number";

/// Entries from one key up to, not including, another.
fn visit_sql() -> String {
    format!("{SELECT_ENTRY} WHERE e.key >= ?1 AND e.key < ?2 ORDER BY e.key")
}

/// The columns of an entry, its terms not yet read.
#[derive(Debug)]
struct EntryRow {
    number: i64,
    key: FactKey,
    terms_id: i64,
    resource: Arc<str>,
    since: i64,
    period_start: i64,
    period_end: i64,
    quantity_nano: i64,
    amount_nano: i64,
    hash: ChainHash,
    link: Option<(String, i64)>,
}

impl EntryRow {
    fn of(row: &Row<'_>) -> Result<EntryRow, rusqlite::Error> {
        Ok(EntryRow {
            number: row.get(0)?,
            key: FactKey(row.get(1)?),
            terms_id: row.get(2)?,
            resource: row.get(3)?,
            since: row.get(4)?,
            period_start: row.get(5)?,
            period_end: row.get(6)?,
            quantity_nano: row.get(7)?,
            amount_nano: row.get(8)?,
            hash: ChainHash(row.get(9)?),
            link: row.get::<_, Option<String>>(10)?.zip(row.get(11)?),
        })
    }

    fn read(self, dimensions: &mut Dimensions<'_>, path: &Path) -> Result<StoredEntry, StoreError> {
        let period = Period::new(from_unix(self.period_start), from_unix(self.period_end));
        let period = period.ok_or_else(|| StoreError::Unreadable {
            path: path.to_owned(),
            place: format!("entry {}", self.number),
            why: format!(
                "expected a period, found {} to {}",
                self.period_start, self.period_end
            ),
        })?;
        let link = self.link.as_ref().map(|(word, number)| {
            let known = u64::try_from(*number).ok().and_then(|n| Link::of(word, n));
            known.ok_or_else(|| StoreError::Unreadable {
                path: path.to_owned(),
                place: format!("entry {}", self.number),
                why: format!("expected a link to an entry, found `{word} {number}`"),
            })
        });
        let link = link.transpose()?;
        let known = dimensions.terms(self.terms_id)?;
        let (terms, digests) = known.as_ref();
        let charge = Charge {
            resource: self.resource,
            subject: Arc::clone(&terms.subject),
            meter: Arc::clone(&terms.meter),
            period,
            since: from_unix(self.since),
            quantity_nano: self.quantity_nano,
            price: terms.price.clone(),
            cost_nano: self.amount_nano,
        };
        Ok(StoredEntry {
            number: u64::try_from(self.number).unwrap_or_default(),
            entry: Entry {
                key: self.key,
                source: Arc::clone(&terms.source),
                debit: terms.debit.clone(),
                credit: terms.credit.clone(),
                charge,
                link,
            },
            digests: *digests,
            hash: self.hash,
        })
    }
}

/// The entry of a number; none where there is none.
pub(super) fn entry_of_number(tables: Tables<'_>, number: i64) -> Result<Option<StoredEntry>, StoreError> {
    let sql = format!("{SELECT_ENTRY} WHERE e.number = ?1");
    let row = tables
        .connection
        .prepare_cached(&sql)
        .and_then(|mut statement| statement.query_row([number], EntryRow::of).optional())
        .at(tables.path, "reading an entry")?;
    let mut dimensions = Dimensions::new(tables.connection, tables.path);
    row.map(|row| row.read(&mut dimensions, tables.path)).transpose()
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use super::*;
    use crate::ledger::sample::vm_hour;

    #[test]
    fn entries_come_in_order_across_pages() {
        let mut database = Database::in_memory().unwrap();
        let batch: Vec<_> = (0..PAGE + 3)
            .flat_map(|n| vm_hour(&format!("i-{n}"), 0))
            .collect();
        database.append("s", &batch).unwrap();
        let numbers: Vec<u64> = database.entries().map(|stored| stored.unwrap().number).collect();
        assert!(numbers.iter().copied().eq(1..=u64::try_from(PAGE + 3).unwrap()));
        assert!(Database::in_memory().unwrap().entries().next().is_none());
    }

    #[test]
    fn entries_are_visited_in_order_of_time_and_by_period() {
        let mut database = Database::in_memory().unwrap();
        for hour in [20, 2, 23, 21] {
            database
                .append("s", &vm_hour(&format!("i-{hour}"), hour))
                .unwrap();
        }
        let visited = |period: Option<Period>| {
            let mut told: Vec<(u64, String)> = Vec::new();
            let visited: Result<(), StoreError> = database.visit_entries(period.as_ref(), &mut |stored| {
                told.push((stored.number, stored.entry.charge.resource.to_string()));
                Ok(())
            });
            visited.unwrap();
            told
        };
        let told = |number: u64, hour: u32| (number, format!("i-{hour}"));
        assert_eq!(visited(None), [told(2, 2), told(1, 20), told(4, 21), told(3, 23)]);
        let evening = crate::ledger::sample::period("2026-10-01T20:00:00Z", "2026-10-01T23:00:00Z");
        assert_eq!(visited(Some(evening)), [told(1, 20), told(4, 21)]);
        let plan = database.plan(&visit_sql());
        assert!(
            plan.contains("(key>? AND key<?)") && !plan.contains("TEMP"),
            "{plan}"
        );
    }
}
