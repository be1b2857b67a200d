//! What the journal promises, held against a database in memory.

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
            ..Appended::default()
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
    let totals = database.totals("2026-10".parse().unwrap()).unwrap();
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
fn one_fact_twice_in_one_batch_is_refused_and_nothing_is_written() {
    // Two equal disks of an instance would be two charges of one key: skipping one would lose money silently.
    let vm = || vm_hour("i-1", 0);
    for twice in [
        [vm(), vm()],
        [unpriced_hour(), unpriced_hour()],
        [unpriced_hour(), priced_hour()],
        [priced_hour(), unpriced_hour()],
    ] {
        let mut database = Database::in_memory().unwrap();
        let told = database.append("s", &twice.concat());
        assert!(matches!(told, Err(StoreError::ToldTwice { .. })), "{told:?}");
        assert_eq!(database.head().unwrap().entries, 0);
        assert_eq!(database.unpriced_rows(&october()).unwrap(), []);
    }
}

#[test]
fn an_other_stretch_of_unpriced_use_is_a_conflict() {
    let mut database = Database::in_memory().unwrap();
    database.append("s", &unpriced_hour()).unwrap();
    let mut other = unpriced_hour();
    if let Some(Rated::Unpriced(unpriced)) = other.first_mut() {
        unpriced.since = at("2026-09-30");
    }
    match database.append("s", &other) {
        Err(StoreError::Conflict { differences, .. }) => {
            assert_eq!(differences[0].field, "since (Unix seconds)");
        }
        told => panic!("{told:?}"),
    }
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
    changed.cost_nano = 300_000_000;
    batch.push(Rated::Charge(changed));
    match database.append("s", &batch) {
        Err(StoreError::Conflict { what, differences }) => {
            assert_eq!(
                what,
                "`vm/AZURE/westus2/Standard_DS3_v2/on_demand` of `i-1` from 2026-10-01T00:00:00Z (entry 1)"
            );
            let fields: Vec<_> = differences.iter().map(|d| d.field).collect();
            assert_eq!(fields, ["price", "cost"]);
            assert_eq!(differences[1].to_string(), "cost: known `0.229`, told `0.3`");
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
        "UPDATE terms SET debit_account = 2, credit_account = 1",
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
