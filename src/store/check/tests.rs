//! What a check finds after someone took SQL to the file.

use super::*;
use crate::ledger::rate::Rated;
use crate::ledger::sample::vm_hour;
use crate::store::journal::Correcting;
use std::path::PathBuf;
use tempfile::{TempDir, tempdir};

fn ledger() -> (TempDir, PathBuf) {
    let folder = tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let mut database = Database::open(&path).unwrap();
    for hour in 0..5 {
        database.append("s", &vm_hour("i-1", hour)).unwrap();
    }
    (folder, path)
}

/// What a check finds after someone took SQL to the file.
fn found_after(sql: &str) -> Vec<(&'static str, Option<u64>)> {
    let (_folder, path) = ledger();
    let raw = Connection::open(&path).unwrap();
    raw.execute_batch(
        "DROP TRIGGER entry_is_not_changed; DROP TRIGGER entry_is_not_deleted; \
         DROP TRIGGER subject_is_not_changed; DROP TRIGGER price_is_not_changed; \
         DROP TRIGGER meter_is_not_changed; DROP TRIGGER terms_are_not_changed; \
         PRAGMA foreign_keys = OFF",
    )
    .unwrap();
    raw.execute_batch(sql).unwrap();
    drop(raw);
    let database = Database::open_read_only(&path).unwrap();
    let report = check(&database, &mut |_, _| ()).unwrap();
    report.findings.iter().map(|f| (f.code, f.entry)).collect()
}

#[test]
fn a_ledger_as_written_is_sound_and_progress_reaches_its_end() {
    let (_folder, path) = ledger();
    let database = Database::open_read_only(&path).unwrap();
    let mut last = (0, 0);
    let report = check(&database, &mut |done, all| last = (done, all)).unwrap();
    assert!(report.is_sound(), "{:?}", report.findings);
    assert_eq!((report.entries, last), (5, (10, 10)));
    assert_eq!(report.balances.sum(), 0);
    assert_eq!(report.balances, database.balances().unwrap());
    assert!(
        check(&Database::in_memory().unwrap(), &mut |_, _| ())
            .unwrap()
            .is_sound()
    );
}

#[test]
fn tampering_is_found_where_it_happened() {
    let hash = |n| (code::HASH, Some(n));
    let rollup = (code::ROLLUP, None);
    let balance = (code::BALANCE, None);
    assert_eq!(
        found_after("UPDATE entry SET amount_nano = 1 WHERE number = 3"),
        [hash(3), rollup, balance, balance]
    );
    assert_eq!(
        found_after("UPDATE rollup_day SET cost_nano = cost_nano + 1"),
        [rollup, balance, balance]
    );
    assert_eq!(
        found_after("UPDATE entry SET resource = 'i-2' WHERE number = 2"),
        [(code::KEY, Some(2)), hash(2)]
    );
    assert_eq!(
        found_after("UPDATE price SET unit_price = '9'"),
        [1, 2, 3, 4, 5].map(hash)
    );
    let swapped =
        found_after("UPDATE terms SET debit_account = credit_account, credit_account = debit_account");
    assert_eq!(
        swapped[..3],
        [(code::ACCOUNT, Some(1)), (code::ACCOUNT, Some(1)), hash(1)]
    );
    assert_eq!(found_after("UPDATE ledger SET entries = 6"), [(code::HEAD, None)]);
    assert_eq!(
        found_after("DELETE FROM rollup_day"),
        [rollup, rollup, rollup, balance, balance]
    );
}

/// What a check finds after someone took SQL to a ledger in which entry 3 is reversed by 6 and replaced by 7.
fn found_in_corrected_after(sql: &str) -> Vec<(&'static str, Option<u64>)> {
    let (_folder, path) = ledger();
    let mut database = Database::open(&path).unwrap();
    let mut told = vm_hour("i-1", 2);
    if let Some(Rated::Charge(charge)) = told.first_mut() {
        charge.cost_nano *= 2;
    }
    let correcting = Correcting {
        withdrawn: &[],
        since: 5,
    };
    assert_eq!(database.correct("s", &told, correcting).unwrap().corrected, 1);
    drop(database);
    let raw = Connection::open(&path).unwrap();
    raw.execute_batch(
        "DROP TRIGGER entry_is_not_changed; DROP TRIGGER correction_is_not_changed; \
         DROP TRIGGER correction_is_not_deleted; PRAGMA foreign_keys = OFF",
    )
    .unwrap();
    raw.execute_batch(sql).unwrap();
    drop(raw);
    let database = Database::open_read_only(&path).unwrap();
    let report = check(&database, &mut |_, _| ()).unwrap();
    report.findings.iter().map(|f| (f.code, f.entry)).collect()
}

#[test]
fn a_correction_that_does_not_cancel_or_names_another_entry_is_found() {
    let (hash, link) = (|n| (code::HASH, Some(n)), |n| (code::CORRECTION, Some(n)));
    assert_eq!(found_in_corrected_after(""), []);
    assert_eq!(
        found_in_corrected_after("UPDATE entry SET quantity_nano = -1 WHERE number = 6"),
        [hash(6), link(6), (code::ROLLUP, None)]
    );
    // The link is part of the hash; and another entry is not cancelled, nor replaced.
    let found = found_in_corrected_after("UPDATE correction SET corrected = 2 WHERE number = 6");
    assert_eq!(found[..2], [hash(6), link(6)]);
    assert!(
        found.contains(&link(7)),
        "entry 3 is no longer reversed: {found:?}"
    );
    // An entry without its link has the key of no fact.
    let found = found_in_corrected_after("DELETE FROM correction WHERE number = 7");
    assert_eq!(found, [(code::KEY, Some(7)), hash(7)]);
    let found = found_in_corrected_after("INSERT INTO correction VALUES (5, 'reverses', 4)");
    assert_eq!(found[..2], [hash(5), link(5)]);
    let twice = "CREATE TABLE c (number INTEGER PRIMARY KEY, link TEXT, corrected INTEGER); \
                 INSERT INTO c SELECT * FROM correction; DROP TABLE correction; ALTER TABLE c RENAME TO correction; \
                 INSERT INTO correction VALUES (5, 'reverses', 3)";
    let found = found_in_corrected_after(twice);
    assert!(found.contains(&link(6)), "reversed by 5 already: {found:?}");
    assert_eq!(
        found_in_corrected_after("INSERT INTO correction VALUES (9, 'reverses', 7)"),
        [(STRUCTURE, None)]
    );
}

#[test]
fn a_cost_that_was_written_wrong_is_found_by_a_deep_look_alone() {
    let (_folder, path) = ledger();
    let mut database = Database::open(&path).unwrap();
    let mut told = vm_hour("i-9", 2);
    if let Some(Rated::Charge(charge)) = told.first_mut() {
        charge.cost_nano += 100;
    }
    database.append("s", &told).unwrap();
    assert!(check(&database, &mut |_, _| ()).unwrap().is_sound());
    let found = verify(&database, true, None, &mut |_, _| ()).unwrap();
    let told: Vec<_> = found.check.findings.iter().map(|f| (f.code, f.entry)).collect();
    assert_eq!(told, [(code::COST, Some(6))]);
    assert_eq!(found.recomputed.map(|of| of.costs), Some(6));
}

#[test]
fn a_copy_is_a_beginning_or_parts_and_a_head_is_found() {
    let (folder, path) = ledger();
    let mut ledger = Database::open(&path).unwrap();
    ledger.copy_to(&folder.path().join("copy.db")).unwrap();
    let mut copy = Database::open(folder.path().join("copy.db")).unwrap();
    let stands = |ledger: &Database, copy: &Database| {
        let mut last = (0, 0);
        let against = Some(Against::Copy(copy));
        let found = verify(ledger, false, against, &mut |done, all| last = (done, all)).unwrap();
        assert_eq!(last.0, last.1);
        let Some(Stands::Copy { relation, entries }) = found.stands else {
            panic!("it is held against a copy")
        };
        (
            relation,
            entries,
            found.check.findings.iter().map(|f| f.entry).collect::<Vec<_>>(),
        )
    };
    assert_eq!(stands(&ledger, &copy), (Relation::Same, 5, vec![]));
    let copied = ledger.head().unwrap().hash.to_string();
    ledger.append("s", &vm_hour("i-2", 7)).unwrap();
    assert_eq!(stands(&ledger, &copy), (Relation::Prefix, 5, vec![]));
    assert_eq!(stands(&copy, &ledger), (Relation::Longer, 6, vec![None]));
    copy.append("s", &vm_hour("i-3", 7)).unwrap();
    copy.append("s", &vm_hour("i-4", 7)).unwrap();
    let (relation, entries, findings) = stands(&ledger, &copy);
    assert!(
        matches!(relation, Relation::Parted { entry: 6, .. }),
        "{relation:?}"
    );
    assert_eq!((entries, findings), (7, vec![Some(6)]));
    let head = |digits: &str| {
        let found = verify(&ledger, false, Some(Against::Head(digits)), &mut |_, _| ()).unwrap();
        (found.stands, found.check.is_sound())
    };
    assert_eq!(head(&copied), (Some(Stands::Head(Some(5))), true));
    assert_eq!(
        head(&copied[..12].to_uppercase()),
        (Some(Stands::Head(Some(5))), true)
    );
    assert_eq!(
        head(&ChainHash::genesis().to_string()),
        (Some(Stands::Head(Some(0))), true)
    );
    let other = copy.head().unwrap().hash.to_string();
    assert_eq!(head(&other), (Some(Stands::Head(None)), false));
}

/// A copy whose hashes are ours and whose content is not proves nothing.
#[test]
fn a_copy_that_is_not_in_order_is_told() {
    let (folder, path) = ledger();
    let ledger = Database::open(&path).unwrap();
    let forged = folder.path().join("copy.db");
    ledger.copy_to(&forged).unwrap();
    Connection::open(&forged)
        .unwrap()
        .execute_batch("DROP TRIGGER entry_is_not_changed; UPDATE entry SET amount_nano = 7 WHERE number = 2")
        .unwrap();
    let copy = Database::open_read_only(&forged).unwrap();
    let found = verify(&ledger, false, Some(Against::Copy(&copy)), &mut |_, _| ()).unwrap();
    assert_eq!(found.check.findings.len(), 1);
    assert!(found.check.findings[0].to_string().contains("entry 2: hash"));
}

#[test]
fn a_deleted_entry_is_missed() {
    let found = found_after("DELETE FROM entry WHERE number = 2");
    assert_eq!(found[0], (code::SEQUENCE, Some(3)));
    assert_eq!(found[1], (code::HASH, Some(3)));
    let last = found_after("DELETE FROM entry WHERE number = 5");
    assert!(last.contains(&(code::HEAD, None)), "{last:?}");
}

#[test]
fn an_entry_that_cannot_be_read_is_a_finding_and_the_walk_goes_on() {
    let found = found_after("UPDATE meter SET name = 'nonsense'");
    assert!(found.contains(&(code::UNREADABLE, Some(5))), "{found:?}");
    let found = found_after("DELETE FROM terms");
    assert!(found.contains(&(STRUCTURE, None)), "{found:?}");
    assert!(found.contains(&(code::UNREADABLE, Some(1))), "{found:?}");
    let found = found_after("DELETE FROM subject");
    assert!(found.contains(&(STRUCTURE, None)), "{found:?}");
    assert!(found.contains(&(code::UNREADABLE, Some(1))), "{found:?}");
}
