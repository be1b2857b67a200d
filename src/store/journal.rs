//! The journal: the only place that writes money.
//!
//! [`Database::append`] writes one batch in one transaction: entries, unpriced usage, the day's roll-ups and the
//! ledger's head. A fact already known and told the same is skipped, so that an interrupted run is simply run
//! again; told differently it is a [`StoreError::Conflict`], and nothing of the batch is written.
#![deny(clippy::arithmetic_side_effects)]

use rusqlite::{CachedStatement, OptionalExtension, TransactionBehavior, params};
use std::collections::HashMap;
use std::sync::Arc;

use super::database::Database;
use super::error::{At, StoreError};
use super::intern::{Interned, Tables};
use super::query::{self, Head};
use crate::ledger::rate::Rated;
use crate::ledger::transaction::{ChainHash, Difference, Entry, FactKey};
use crate::model::charge::{Charge, Unpriced};
use crate::model::exact::decimal_text;
use crate::model::money::Currency;
use crate::model::period::{Instant, SECONDS_PER_DAY, rfc3339};

/// What a batch changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Appended {
    /// Facts written: entries and unpriced usages.
    pub new: u64,
    /// Facts that were known already.
    pub known: u64,
    /// Unpriced usages among the new facts.
    pub unpriced: u64,
}

impl Database {
    /// Appends what `source` tells, in the order given, durably when this returns.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] and [`StoreError::OtherCurrency`] for facts that do not fit what is recorded, and
    /// what the file itself does not allow. On any error nothing of the batch is written.
    pub fn append(&mut self, source: &str, batch: &[Rated]) -> Result<Appended, StoreError> {
        let result = self.append_in_transaction(source, batch);
        if result.is_err() {
            // Ids handed out in the transaction are gone with it.
            self.interned = Interned::default();
        }
        result
    }

    fn append_in_transaction(&mut self, source: &str, batch: &[Rated]) -> Result<Appended, StoreError> {
        let path = self.path.as_path();
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .at(path, "starting a batch")?;
        let tables = Tables {
            connection: &transaction,
            path,
        };
        let mut writer = Writer::begin(tables, &mut self.interned, source)?;
        for rated in batch {
            match rated {
                Rated::Charge(charge) => writer.charge(charge)?,
                Rated::Unpriced(unpriced) => writer.unpriced(unpriced)?,
            }
        }
        let appended = writer.finish()?;
        transaction.commit().at(path, "committing a batch")?;
        Ok(appended)
    }
}

/// Day, subject, meter, price.
type Line = (i64, i64, i64, i64);

/// The rows an entry names.
#[derive(Debug, Clone, Copy)]
struct Ids {
    line: Line,
    debit: i64,
    credit: i64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    quantity_nano: i64,
    cost_nano: i64,
    entries: i64,
}

/// One batch being written.
struct Writer<'c> {
    tables: Tables<'c>,
    interned: &'c mut Interned,
    source: Arc<str>,
    source_id: i64,
    head: Head,
    /// Whether any usage waits for a price; while none does, charges need not look.
    waiting: bool,
    lines: HashMap<Line, Sums>,
    bytes: Vec<u8>,
    insert: CachedStatement<'c>,
    appended: Appended,
}

const INSERT_ENTRY: &str = "INSERT INTO entry (number, key, source_id, debit_account, credit_account, \
     amount_nano, resource, subject_id, meter_id, price_id, since, period_start, period_end, quantity_nano, hash) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15) ON CONFLICT (key) DO NOTHING";

const SAME_ENTRY: &str = "SELECT 1 FROM entry WHERE key = ?1 AND source_id = ?2 AND debit_account = ?3 \
     AND credit_account = ?4 AND amount_nano = ?5 AND resource = ?6 AND subject_id = ?7 AND meter_id = ?8 \
     AND price_id = ?9 AND since = ?10 AND period_start = ?11 AND period_end = ?12 AND quantity_nano = ?13";

const INSERT_UNPRICED: &str = "INSERT INTO unpriced (key, source_id, resource, subject_id, meter_id, \
     period_start, period_end, per_hour, reason) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) \
     ON CONFLICT (key) DO NOTHING";

const ADD_TO_LINE: &str = "INSERT INTO rollup_day (day, subject_id, meter_id, price_id, quantity_nano, cost_nano, \
     entries) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (day, subject_id, meter_id, price_id) DO UPDATE SET \
     quantity_nano = quantity_nano + excluded.quantity_nano, cost_nano = cost_nano + excluded.cost_nano, \
     entries = entries + excluded.entries";

impl<'c> Writer<'c> {
    fn begin(tables: Tables<'c>, interned: &'c mut Interned, source: &str) -> Result<Writer<'c>, StoreError> {
        let waiting = "SELECT EXISTS (SELECT 1 FROM unpriced WHERE settled_by IS NULL)";
        Ok(Writer {
            tables,
            source_id: interned.source(tables, source)?,
            interned,
            source: Arc::from(source),
            head: query::head(tables.connection, tables.path)?,
            waiting: tables
                .connection
                .query_row(waiting, [], |row| row.get(0))
                .at(tables.path, "reading unpriced usage")?,
            lines: HashMap::new(),
            bytes: Vec::with_capacity(1024),
            insert: tables
                .connection
                .prepare_cached(INSERT_ENTRY)
                .at(tables.path, "preparing a batch")?,
            appended: Appended::default(),
        })
    }

    fn charge(&mut self, charge: &Charge) -> Result<(), StoreError> {
        let entry = Entry::of(&self.source, charge.clone());
        self.bytes.clear();
        entry.canonical(&mut self.bytes);
        let hash = self.head.hash.then(&self.bytes);
        let number = self.head.entries.saturating_add(1);
        let ids = self.ids(&entry)?;
        if !self.insert(&entry, number, ids, hash)? {
            return self.known(&entry, ids);
        }
        self.fix_currency(charge)?;
        self.head.entries = number;
        self.head.hash = hash;
        if self.waiting {
            self.settle(&entry.key, number)?;
        }
        self.add(ids.line, charge)?;
        self.appended.new = self.appended.new.saturating_add(1);
        Ok(())
    }

    fn ids(&mut self, entry: &Entry) -> Result<Ids, StoreError> {
        let charge = &entry.charge;
        Ok(Ids {
            line: (
                charge.period.start.timestamp().div_euclid(SECONDS_PER_DAY),
                self.interned.subject(self.tables, &charge.subject)?,
                self.interned.meter(self.tables, &charge.meter)?,
                self.interned.price(self.tables, &charge.price)?,
            ),
            debit: self.interned.account(self.tables, &entry.debit)?,
            credit: self.interned.account(self.tables, &entry.credit)?,
        })
    }

    /// Whether the entry is new.
    fn insert(&mut self, entry: &Entry, number: i64, ids: Ids, hash: ChainHash) -> Result<bool, StoreError> {
        let charge = &entry.charge;
        let (_, subject, meter, price) = ids.line;
        let changed = self.insert.execute(params![
            number,
            entry.key.0,
            self.source_id,
            ids.debit,
            ids.credit,
            charge.list_cost_nano,
            &*charge.resource,
            subject,
            meter,
            price,
            charge.since.timestamp(),
            charge.period.start.timestamp(),
            charge.period.end.timestamp(),
            charge.quantity_nano,
            hash.0,
        ]);
        Ok(changed.at(self.tables.path, "writing an entry")? == 1)
    }

    /// A fact told before: skipped when it says the same.
    fn known(&mut self, told: &Entry, ids: Ids) -> Result<(), StoreError> {
        if self.is_same(told, ids)? {
            self.appended.known = self.appended.known.saturating_add(1);
            return Ok(());
        }
        let known = query::entry_of_key(self.tables, &told.key)?;
        let charge = &told.charge;
        Err(StoreError::Conflict {
            what: format!(
                "{} (entry {})",
                fact(&charge.resource, &charge.meter, charge.period.start),
                known.number
            ),
            differences: known.entry.differences(told),
        })
    }

    /// Whether the recorded row says what is told now. Ids are those of equal texts, so numbers suffice.
    fn is_same(&self, told: &Entry, ids: Ids) -> Result<bool, StoreError> {
        let charge = &told.charge;
        let (_, subject, meter, price) = ids.line;
        self.tables
            .connection
            .prepare_cached(SAME_ENTRY)
            .and_then(|mut statement| {
                statement.exists(params![
                    told.key.0,
                    self.source_id,
                    ids.debit,
                    ids.credit,
                    charge.list_cost_nano,
                    &*charge.resource,
                    subject,
                    meter,
                    price,
                    charge.since.timestamp(),
                    charge.period.start.timestamp(),
                    charge.period.end.timestamp(),
                    charge.quantity_nano,
                ])
            })
            .at(self.tables.path, "comparing an entry")
    }

    fn fix_currency(&mut self, charge: &Charge) -> Result<(), StoreError> {
        let told = charge.price.currency;
        let ledger: Currency = *self.head.currency.get_or_insert(told);
        if ledger == told {
            return Ok(());
        }
        Err(StoreError::OtherCurrency {
            ledger,
            told,
            what: format!("`{}`", charge.meter),
        })
    }

    fn settle(&self, key: &FactKey, number: i64) -> Result<(), StoreError> {
        self.tables
            .connection
            .prepare_cached("UPDATE unpriced SET settled_by = ?2 WHERE key = ?1")
            .and_then(|mut statement| statement.execute(params![key.0, number]))
            .at(self.tables.path, "settling unpriced usage")?;
        Ok(())
    }

    fn add(&mut self, line: Line, charge: &Charge) -> Result<(), StoreError> {
        let sums = self.lines.entry(line).or_default();
        let added = sums
            .quantity_nano
            .checked_add(charge.quantity_nano)
            .zip(sums.cost_nano.checked_add(charge.list_cost_nano));
        let (quantity_nano, cost_nano) = added.ok_or_else(|| StoreError::TooLarge {
            what: format!("a day's sum of `{}`", charge.meter),
        })?;
        *sums = Sums {
            quantity_nano,
            cost_nano,
            entries: sums.entries.saturating_add(1),
        };
        Ok(())
    }

    fn unpriced(&mut self, unpriced: &Unpriced) -> Result<(), StoreError> {
        let meter = unpriced.meter.to_string();
        let key = FactKey::of(&self.source, &unpriced.resource, &meter, unpriced.period.start);
        self.refuse_if_billed(&key, unpriced)?;
        let subject = self.interned.subject(self.tables, &unpriced.subject)?;
        let meter = self.interned.meter(self.tables, &unpriced.meter)?;
        let changed = self
            .tables
            .connection
            .prepare_cached(INSERT_UNPRICED)
            .and_then(|mut statement| {
                statement.execute(params![
                    key.0,
                    self.source_id,
                    &*unpriced.resource,
                    subject,
                    meter,
                    unpriced.period.start.timestamp(),
                    unpriced.period.end.timestamp(),
                    unpriced.per_hour.map(decimal_text),
                    unpriced.reason.as_str(),
                ])
            })
            .at(self.tables.path, "writing unpriced usage")?;
        if changed == 0 {
            return self.known_unpriced(&key, unpriced, subject);
        }
        self.waiting = true;
        self.appended.new = self.appended.new.saturating_add(1);
        self.appended.unpriced = self.appended.unpriced.saturating_add(1);
        Ok(())
    }

    fn refuse_if_billed(&self, key: &FactKey, unpriced: &Unpriced) -> Result<(), StoreError> {
        let billed: Option<i64> = self
            .tables
            .connection
            .prepare_cached("SELECT number FROM entry WHERE key = ?1")
            .and_then(|mut statement| statement.query_row([key.0], |row| row.get(0)).optional())
            .at(self.tables.path, "looking up an entry")?;
        match billed {
            None => Ok(()),
            Some(number) => Err(StoreError::Conflict {
                what: fact(&unpriced.resource, &unpriced.meter, unpriced.period.start),
                differences: vec![Difference {
                    field: "price",
                    known: format!("billed by entry {number}"),
                    told: unpriced.reason.as_str().to_owned(),
                }],
            }),
        }
    }

    fn known_unpriced(&mut self, key: &FactKey, told: &Unpriced, subject: i64) -> Result<(), StoreError> {
        let sql = "SELECT subject_id, period_end, per_hour, reason FROM unpriced WHERE key = ?1";
        let known: [String; 4] = self
            .tables
            .connection
            .prepare_cached(sql)
            .and_then(|mut statement| {
                statement.query_row([key.0], |row| {
                    let (subject, end): (i64, i64) = (row.get(0)?, row.get(1)?);
                    let per_hour: Option<String> = row.get(2)?;
                    Ok([
                        subject.to_string(),
                        end.to_string(),
                        per_hour.unwrap_or_default(),
                        row.get(3)?,
                    ])
                })
            })
            .at(self.tables.path, "looking up unpriced usage")?;
        let now = [
            subject.to_string(),
            told.period.end.timestamp().to_string(),
            told.per_hour.map(decimal_text).unwrap_or_default(),
            told.reason.as_str().to_owned(),
        ];
        let fields = ["subject (row)", "end (Unix seconds)", "units per hour", "reason"];
        let differences: Vec<Difference> = fields
            .into_iter()
            .zip(known.into_iter().zip(now))
            .filter(|(_, (known, told))| known != told)
            .map(|(field, (known, told))| Difference { field, known, told })
            .collect();
        if !differences.is_empty() {
            return Err(StoreError::Conflict {
                what: fact(&told.resource, &told.meter, told.period.start),
                differences,
            });
        }
        self.appended.known = self.appended.known.saturating_add(1);
        Ok(())
    }

    /// Writes the roll-ups, in order, and the head.
    fn finish(self) -> Result<Appended, StoreError> {
        let Tables { connection, path } = self.tables;
        let mut lines: Vec<(Line, Sums)> = self.lines.into_iter().collect();
        lines.sort_unstable_by_key(|(line, _)| *line);
        let mut add = connection
            .prepare_cached(ADD_TO_LINE)
            .at(path, "summing the day")?;
        for ((day, subject, meter, price), sums) in lines {
            add.execute(params![
                day,
                subject,
                meter,
                price,
                sums.quantity_nano,
                sums.cost_nano,
                sums.entries
            ])
            .at(path, "summing the day")?;
        }
        if self.head.entries > 0 {
            let currency = self.head.currency.map(String::from);
            connection
                .prepare_cached("UPDATE ledger SET currency = ?1, entries = ?2, head = ?3")
                .and_then(|mut s| s.execute(params![currency, self.head.entries, self.head.hash.0]))
                .at(path, "writing the head")?;
        }
        Ok(self.appended)
    }
}

fn fact(resource: &str, meter: &impl std::fmt::Display, start: Instant) -> String {
    format!("`{meter}` of `{resource}` from {}", rfc3339(start))
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use super::*;
    use crate::ledger::sample::{at, charges, dec, period, price, rated, subject, usage, vm_hour};
    use crate::ledger::transaction::Entry;
    use crate::model::charge::UnpricedReason;
    use crate::model::period::Period;
    use proptest::prelude::*;
    use rusqlite::Connection;
    use tempfile::tempdir;

    const DBU: &str = "dbu/AZURE/PREMIUM_JOBS_COMPUTE";

    fn facts() -> Vec<Rated> {
        (0..6)
            .flat_map(|hour| ["i-1", "i-2"].map(|i| vm_hour(i, hour)))
            .flatten()
            .collect()
    }

    fn october() -> Period {
        period("2026-10-01", "2026-11-01")
    }

    fn unpriced_hour() -> Vec<Rated> {
        let hour = period("2026-10-01T00:00:00Z", "2026-10-01T01:00:00Z");
        rated(
            &usage("i-1", subject("etl", "nightly"), DBU, Some("0.75"), hour),
            None,
        )
    }

    fn priced_hour() -> Vec<Rated> {
        let hour = period("2026-10-01T00:00:00Z", "2026-10-01T01:00:00Z");
        let usage = usage("i-1", subject("etl", "nightly"), DBU, Some("0.75"), hour);
        rated(&usage, Some(price("0.3")))
    }

    #[test]
    fn a_batch_is_entries_roll_ups_and_a_head() {
        let mut database = Database::in_memory().unwrap();
        let appended = database.append("s", &facts()).unwrap();
        assert_eq!(
            appended,
            Appended {
                new: 12,
                known: 0,
                unpriced: 0
            }
        );
        let rows = database.cost_rows(&october()).unwrap();
        assert_eq!(rows.len(), 1);
        assert_eq!(
            (rows[0].quantity_nano, rows[0].cost_nano, rows[0].entries),
            (12_000_000_000, 2_748_000_000, 12)
        );
        assert_eq!(rows[0].day.to_string(), "2026-10-01");
        assert_eq!(*rows[0].price, price("0.229"));
        let totals = database.totals(&october()).unwrap();
        assert_eq!(
            (totals.cost_nano, totals.by_vendor.get("azure")),
            (2_748_000_000, Some(&2_748_000_000))
        );
        let balances = database.balances().unwrap();
        assert_eq!(balances.sum(), 0);
        let shown: Vec<String> = balances.0.iter().map(|(a, b)| format!("{a} {b}")).collect();
        assert_eq!(shown, ["cost-centre/etl 2748000000", "vendor/azure -2748000000"]);
    }

    #[test]
    fn what_is_written_reads_back_entry_by_entry() {
        let mut database = Database::in_memory().unwrap();
        database.append("s", &facts()).unwrap();
        let source: Arc<str> = Arc::from("s");
        let written: Vec<Entry> = charges(&facts())
            .into_iter()
            .map(|charge| Entry::of(&source, charge))
            .collect();
        let read: Vec<Entry> = database.entries().map(|stored| stored.unwrap().entry).collect();
        assert_eq!(read, written);
    }

    #[test]
    fn telling_again_changes_nothing() {
        let mut database = Database::in_memory().unwrap();
        database.append("s", &facts()).unwrap();
        let (head, rows) = (database.head().unwrap(), database.cost_rows(&october()).unwrap());
        let again = database.append("s", &facts()).unwrap();
        assert_eq!((again.new, again.known), (0, 12));
        assert_eq!(database.head().unwrap(), head);
        assert_eq!(database.cost_rows(&october()).unwrap(), rows);
    }

    #[test]
    fn one_fact_twice_in_one_batch_is_one_entry() {
        let mut database = Database::in_memory().unwrap();
        let twice: Vec<Rated> = facts().into_iter().chain(facts()).collect();
        let appended = database.append("s", &twice).unwrap();
        assert_eq!((appended.new, appended.known), (12, 12));
    }

    #[test]
    fn two_sources_tell_two_facts() {
        let mut database = Database::in_memory().unwrap();
        database.append("s", &facts()).unwrap();
        assert_eq!(database.append("t", &facts()).unwrap().new, 12);
    }

    #[test]
    fn a_fact_told_differently_rolls_the_whole_batch_back() {
        let mut database = Database::in_memory().unwrap();
        database.append("s", &vm_hour("i-1", 0)).unwrap();
        let head = database.head().unwrap();
        let mut batch = vm_hour("i-9", 3);
        let mut changed = charges(&vm_hour("i-1", 0)).remove(0);
        changed.price = price("0.3");
        changed.list_cost_nano = 300_000_000;
        batch.push(Rated::Charge(changed));
        match database.append("s", &batch) {
            Err(StoreError::Conflict { what, differences }) => {
                assert_eq!(
                    what,
                    "`vm/AZURE/westus2/Standard_DS3_v2/on_demand` of `i-1` from 2026-10-01T00:00:00Z (entry 1)"
                );
                let fields: Vec<_> = differences.iter().map(|d| d.field).collect();
                assert_eq!(fields, ["price", "list cost"]);
                assert_eq!(differences[1].to_string(), "list cost: known `0.229`, told `0.3`");
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(database.head().unwrap(), head);
        // Ids interned in the batch that was rolled back are not used again.
        assert_eq!(database.append("s", &vm_hour("i-9", 3)).unwrap().new, 1);
        assert!(
            super::super::check::check(&database, &mut |_, _| ())
                .unwrap()
                .is_sound()
        );
    }

    #[test]
    fn an_other_stretch_of_the_same_use_is_a_conflict_and_no_second_bill() {
        let mut database = Database::in_memory().unwrap();
        database.append("s", &vm_hour("i-1", 3)).unwrap();
        let mut charge = charges(&vm_hour("i-1", 3)).remove(0);
        charge.since = at("2026-10-01T01:00:00Z");
        let told = database.append("s", &[Rated::Charge(charge)]);
        assert!(matches!(told, Err(StoreError::Conflict { .. })));
    }

    #[test]
    fn a_ledger_holds_one_currency() {
        let mut database = Database::in_memory().unwrap();
        database.append("s", &vm_hour("i-1", 0)).unwrap();
        let mut euro = charges(&vm_hour("i-1", 1)).remove(0);
        euro.price.currency = "EUR".to_owned().try_into().unwrap();
        let batch = [vm_hour("i-1", 2), vec![Rated::Charge(euro)]].concat();
        assert!(matches!(
            database.append("s", &batch),
            Err(StoreError::OtherCurrency { .. })
        ));
        assert_eq!(database.head().unwrap().entries, 1);
    }

    #[test]
    fn unpriced_usage_is_told_once_and_settled_by_its_price() {
        let mut database = Database::in_memory().unwrap();
        let first = database.append("s", &unpriced_hour()).unwrap();
        assert_eq!((first.new, first.unpriced, first.known), (1, 1, 0));
        assert_eq!(database.append("s", &unpriced_hour()).unwrap().known, 1);
        let rows = database.unpriced_rows(&october()).unwrap();
        assert_eq!(rows.len(), 1);
        assert_eq!(
            (rows[0].seconds, rows[0].reason, rows[0].quantity_per_hour),
            (3_600, UnpricedReason::NoPrice, Some(dec("0.75")))
        );
        assert_eq!(database.head().unwrap().entries, 0);
        assert_eq!(database.append("s", &priced_hour()).unwrap().new, 1);
        assert_eq!(database.unpriced_rows(&october()).unwrap(), []);
        let back = database.append("s", &unpriced_hour());
        assert!(matches!(back, Err(StoreError::Conflict { .. })));
    }

    #[test]
    fn entries_are_neither_changed_nor_deleted() {
        let mut database = Database::in_memory().unwrap();
        database.append("s", &facts()).unwrap();
        for sql in [
            "UPDATE entry SET amount_nano = 0",
            "DELETE FROM entry",
            "UPDATE subject SET team = 'x'",
            "UPDATE price SET unit_price = '0'",
        ] {
            assert!(database.connection.execute_batch(sql).is_err(), "{sql}");
        }
    }

    #[test]
    fn a_writer_that_dies_leaves_no_half_batch() {
        let folder = tempdir().unwrap();
        let path = folder.path().join("ledger.db");
        let mut database = Database::open(&path).unwrap();
        database.append("s", &vm_hour("i-1", 0)).unwrap();
        let head = database.head().unwrap();
        {
            // As if the process was killed: everything written, nothing committed.
            let transaction = database.connection.transaction().unwrap();
            let tables = Tables {
                connection: &transaction,
                path: &path,
            };
            let mut interned = Interned::default();
            let mut writer = Writer::begin(tables, &mut interned, "s").unwrap();
            for charge in charges(&facts()) {
                writer.charge(&charge).unwrap();
            }
            writer.finish().unwrap();
        }
        drop(database);
        let mut database = Database::open(&path).unwrap();
        assert_eq!(database.head().unwrap(), head);
        assert_eq!(database.append("s", &facts()).unwrap().new, 11);
        assert!(
            super::super::check::check(&database, &mut |_, _| ())
                .unwrap()
                .is_sound()
        );
    }

    #[test]
    fn a_meter_that_would_not_read_back_is_refused() {
        let mut database = Database::in_memory().unwrap();
        let mut charge = charges(&vm_hour("i-1", 0)).remove(0);
        charge.meter = Arc::new(crate::model::meter::Meter {
            cloud: crate::model::place::Cloud::Azure,
            kind: crate::model::meter::MeterKind::Dbu {
                sku_name: "A/B".to_owned(),
            },
        });
        assert!(matches!(
            database.append("s", &[Rated::Charge(charge)]),
            Err(StoreError::Unwritable { .. })
        ));
    }

    #[test]
    fn postings_are_two_legs_for_anyone_with_sql() {
        let folder = tempdir().unwrap();
        let path = folder.path().join("ledger.db");
        Database::open(&path).unwrap().append("s", &facts()).unwrap();
        let raw = Connection::open(&path).unwrap();
        let (legs, sum): (i64, i64) = raw
            .query_row("SELECT count(*), sum(amount_nano) FROM posting", [], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .unwrap();
        assert_eq!((legs, sum), (24, 0));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn an_interrupted_run_told_again_ends_with_the_same_head(
            told in 0_usize..12, batch in 1_usize..7, other in 1_usize..7,
        ) {
            let facts = facts();
            let mut whole = Database::in_memory().unwrap();
            for part in facts.chunks(batch) {
                whole.append("s", part).unwrap();
            }
            let mut resumed = Database::in_memory().unwrap();
            resumed.append("s", &facts[..told]).unwrap();
            for part in facts.chunks(other) {
                resumed.append("s", part).unwrap();
            }
            prop_assert_eq!(whole.head().unwrap(), resumed.head().unwrap());
            prop_assert_eq!(whole.cost_rows(&october()).unwrap(), resumed.cost_rows(&october()).unwrap());
        }
    }
}
