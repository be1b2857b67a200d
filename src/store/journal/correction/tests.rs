//! What corrections promise: however often a fact is told differently, the sums are those of a ledger that was told the last
//! version alone, and nothing that was written is changed.

use std::collections::BTreeMap;

use super::*;
use crate::ledger::sample::{at, period, price, rated, subject, usage, vm_hour};
use crate::model::period::{Instant, Month, Period};
use crate::store::check::check;
use crate::store::closing::Closed;
use proptest::prelude::*;

const DBU: &str = "dbu/AZURE/PREMIUM_JOBS_COMPUTE";
const OTHER_DBU: &str = "dbu/AZURE/PREMIUM_ALL_PURPOSE_COMPUTE";

/// What is told of one resource and hour: units per hour, a price in hundredths (0 is none), whose it is, and of which meter.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Version {
    per_hour: i64,
    cents: i64,
    team: &'static str,
    meter: &'static str,
    minutes: i64,
}

const PLAIN: Version = Version {
    per_hour: 10,
    cents: 30,
    team: "etl",
    meter: DBU,
    minutes: 60,
};

fn fact(resource: &str, month: u32, version: Version) -> Vec<Rated> {
    let start: Instant = at(&format!("2026-{month:02}-01T10:00:00Z"));
    let lasting = Period::new(start, start + chrono::Duration::minutes(version.minutes)).unwrap();
    let usage = usage(
        resource,
        subject(version.team, "nightly"),
        version.meter,
        Some(&version.per_hour.to_string()),
        lasting,
    );
    let price = (version.cents > 0).then(|| price(&format!("0.{:02}", version.cents)));
    rated(&usage, price)
}

/// Tells all of what the source says now; what it no longer tells is withdrawn.
fn tell(database: &mut Database, facts: &[Rated]) -> Appended {
    let key = |resource: &str, meter: &str, start: Instant| (resource.to_owned(), meter.to_owned(), start);
    let told: Vec<_> = facts
        .iter()
        .map(|fact| match fact {
            Rated::Charge(c) => key(&c.resource, &c.meter.to_string(), c.period.start),
            Rated::Unpriced(u) => key(&u.resource, &u.meter.to_string(), u.period.start),
        })
        .collect();
    let known = database.billed_by("s").unwrap();
    let is_gone = |fact: &&Billed| !told.contains(&key(&fact.resource, &fact.meter, fact.period.start));
    let withdrawn: Vec<Billed> = known.values().flatten().filter(is_gone).cloned().collect();
    let since = database.head().unwrap().entries;
    let correcting = Correcting {
        withdrawn: &withdrawn,
        since,
    };
    database.correct("s", facts, correcting).unwrap()
}

/// Quantity and cost by vendor, team and meter, whenever they are billed; lines that come to nothing are left out.
fn sums(database: &Database) -> BTreeMap<(String, String, String), (i128, i128)> {
    let mut sums = BTreeMap::new();
    let year = period("2026-01-01", "2027-01-01");
    let rows = database.cost_rows(&year).unwrap().into_iter();
    for row in rows.chain(database.late_rows_of(&year).unwrap()) {
        let line = (
            row.day.to_string(),
            row.subject.team.clone(),
            row.meter.to_string(),
        );
        let sum: &mut (i128, i128) = sums.entry(line).or_default();
        sum.0 += i128::from(row.quantity_nano);
        sum.1 += i128::from(row.cost_nano);
    }
    sums.retain(|_, sum| *sum != (0, 0));
    sums
}

/// What waits for a price: day, meter, units per hour, seconds, usages.
fn waiting(database: &Database) -> Vec<(String, String, String, i64, u64)> {
    let year = period("2026-01-01", "2027-01-01");
    let rows = database.unpriced_rows(&year).unwrap().into_iter();
    let mut told: Vec<_> = rows
        .map(|row| {
            let rate = format!("{:?} {}", row.quantity_per_hour, row.subject.team);
            (
                row.day.to_string(),
                row.meter.to_string(),
                rate,
                row.seconds,
                row.usages,
            )
        })
        .collect();
    told.sort();
    told
}

fn sound(database: &Database) {
    let found = check(database, &mut |_, _| ()).unwrap();
    assert!(found.is_sound(), "{:?}", found.findings);
}

#[test]
fn a_correction_is_a_reversal_and_a_new_entry() {
    let mut database = Database::in_memory().unwrap();
    database.append("s", &fact("r", 3, PLAIN)).unwrap();
    let more = Version {
        per_hour: 12,
        ..PLAIN
    };
    // Without leave it is refused, and nothing is written.
    let refused = database.append("s", &fact("r", 3, more)).unwrap_err();
    assert!(refused.to_string().contains("--correct"), "{refused}");
    let told = tell(&mut database, &fact("r", 3, more));
    assert_eq!((told.corrected, told.new, told.known), (1, 0, 0));
    let entries: Vec<_> = database.entries().map(|e| e.unwrap()).collect();
    let said: Vec<_> = entries
        .iter()
        .map(|e| {
            (
                e.number,
                e.entry.link,
                e.entry.charge.quantity_nano,
                e.entry.charge.cost_nano,
            )
        })
        .collect();
    // 10 DBU at 0.30, taken back; 12 DBU at 0.30.
    assert_eq!(
        said,
        [
            (1, None, 10_000_000_000, 3_000_000_000),
            (2, Some(Link::Reverses(1)), -10_000_000_000, -3_000_000_000),
            (3, Some(Link::Replaces(1)), 12_000_000_000, 3_600_000_000),
        ]
    );
    let total: i128 = sums(&database).values().map(|sum| sum.1).sum();
    assert_eq!(total, 3_600_000_000);
    sound(&database);
    // The live version is known, with leave and without; the old one is another correction, back.
    assert_eq!(database.append("s", &fact("r", 3, more)).unwrap().known, 1);
    assert!(matches!(
        database.append("s", &fact("r", 3, PLAIN)),
        Err(StoreError::Conflict { .. })
    ));
    assert_eq!(tell(&mut database, &fact("r", 3, PLAIN)).corrected, 1);
    let back: Vec<_> = database.entries().map(|e| e.unwrap().entry.link).collect();
    assert_eq!(back[3..], [Some(Link::Reverses(3)), Some(Link::Replaces(3))]);
    sound(&database);
}

#[test]
fn what_is_withdrawn_is_told_again_only_with_leave() {
    let mut database = Database::in_memory().unwrap();
    database.append("s", &fact("r", 3, PLAIN)).unwrap();
    assert_eq!(tell(&mut database, &[]).withdrawn, 1);
    assert_eq!(tell(&mut database, &[]), Appended::default());
    assert_eq!(sums(&database), BTreeMap::new());
    match database.append("s", &fact("r", 3, PLAIN)) {
        Err(StoreError::Conflict { differences, .. }) => {
            assert_eq!(
                differences[0].to_string(),
                "fact: known `taken back`, told `told again`"
            );
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(tell(&mut database, &fact("r", 3, PLAIN)).corrected, 1);
    let links: Vec<_> = database.entries().map(|e| e.unwrap().entry.link).collect();
    assert_eq!(links, [None, Some(Link::Reverses(1)), Some(Link::Replaces(1))]);
    sound(&database);
}

#[test]
fn usage_without_a_price_is_corrected_withdrawn_and_settled() {
    let unpriced = Version { cents: 0, ..PLAIN };
    let more = Version {
        per_hour: 12,
        ..unpriced
    };
    let mut database = Database::in_memory().unwrap();
    database.append("s", &fact("r", 3, unpriced)).unwrap();
    assert!(database.append("s", &fact("r", 3, more)).is_err());
    let told = tell(&mut database, &fact("r", 3, more));
    assert_eq!((told.corrected, told.unpriced), (1, 1));
    assert_eq!(waiting(&database).len(), 1);
    assert_eq!(tell(&mut database, &[]).withdrawn, 1);
    assert_eq!(waiting(&database), []);
    // It was withdrawn: neither waiting nor priced it comes back by itself.
    assert!(database.append("s", &fact("r", 3, unpriced)).is_err());
    assert!(database.append("s", &fact("r", 3, PLAIN)).is_err());
    tell(&mut database, &fact("r", 3, unpriced));
    // A price that becomes known is no correction.
    assert_eq!(database.append("s", &fact("r", 3, PLAIN)).unwrap().new, 1);
    assert_eq!(waiting(&database), []);
    // A price that is no longer known is one; when it is known again, the fact is settled.
    assert_eq!(tell(&mut database, &fact("r", 3, unpriced)).corrected, 1);
    assert_eq!((waiting(&database).len(), sums(&database).len()), (1, 0));
    assert_eq!(database.append("s", &fact("r", 3, PLAIN)).unwrap().new, 1);
    assert_eq!((waiting(&database).len(), sums(&database).len()), (0, 1));
    sound(&database);
}

#[test]
fn one_telling_that_says_a_fact_in_two_ways_is_no_correction() {
    let mut database = Database::in_memory().unwrap();
    let more = Version {
        per_hour: 12,
        ..PLAIN
    };
    let correcting = Correcting {
        withdrawn: &[],
        since: 0,
    };
    let both = [fact("r", 3, PLAIN), fact("r", 3, more)].concat();
    assert!(database.correct("s", &both, correcting).is_err());
    database.correct("s", &fact("r", 3, PLAIN), correcting).unwrap();
    // The second part of the same telling.
    let later = database.correct("s", &fact("r", 3, more), correcting);
    assert!(matches!(later, Err(StoreError::Conflict { .. })), "{later:?}");
    assert_eq!(database.head().unwrap().entries, 1);
}

#[test]
fn a_closed_month_is_corrected_in_the_open_one() {
    let mut database = Database::in_memory().unwrap();
    database.append("s", &fact("r", 3, PLAIN)).unwrap();
    let march: Month = "2026-03".parse().unwrap();
    let closed = database.close_month(march, at("2026-04-02"), false).unwrap();
    assert!(matches!(closed, Closed::Now(_)));
    let other_team = Version {
        team: "ml",
        per_hour: 12,
        ..PLAIN
    };
    tell(&mut database, &fact("r", 3, other_team));
    let cost = |month: &str| database.totals(month.parse().unwrap()).unwrap().cost_nano;
    // March stays at 3.00; April has 3.60 - 3.00.
    assert_eq!((cost("2026-03"), cost("2026-04")), (3_000_000_000, 600_000_000));
    sound(&database);
}

#[test]
fn corrections_are_neither_changed_nor_deleted() {
    let mut database = Database::in_memory().unwrap();
    database.append("s", &vm_hour("i-1", 0)).unwrap();
    tell(&mut database, &[]);
    for sql in ["UPDATE correction SET corrected = 1", "DELETE FROM correction"] {
        assert!(database.connection.execute_batch(sql).is_err(), "{sql}");
    }
}

fn versions() -> impl Strategy<Value = Version> {
    let teams = prop_oneof![Just("etl"), Just("ml")];
    let meters = prop_oneof![3 => Just(DBU), 1 => Just(OTHER_DBU)];
    let cents = prop_oneof![1 => Just(0), 3 => 20_i64..40];
    (1_i64..4, cents, teams, meters, prop_oneof![Just(60), Just(7)]).prop_map(
        |(per_hour, cents, team, meter, minutes)| Version {
            per_hour,
            cents,
            team,
            meter,
            minutes,
        },
    )
}

/// What is told at once: of each of four resources in two months something or nothing.
fn tellings() -> impl Strategy<Value = Vec<Rated>> {
    prop::collection::vec(prop::option::weighted(0.8, versions()), 8).prop_map(|versions| {
        let told = versions.iter().enumerate();
        told.filter_map(|(n, version)| {
            let month = if n % 2 == 0 { 3 } else { 4 };
            Some(fact(&format!("r-{}", n / 2), month, (*version)?))
        })
        .flatten()
        .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn sums_are_those_of_a_ledger_that_was_told_the_last_version(
        told in prop::collection::vec(tellings(), 1..6), closed_after in 0_usize..6,
    ) {
        let mut database = Database::in_memory().unwrap();
        for (n, telling) in told.iter().enumerate() {
            tell(&mut database, telling);
            if n == closed_after {
                // Where nothing is billed in it yet it is not closed; that is fine.
                database.close_month("2026-03".parse().unwrap(), at("2026-04-02"), true).unwrap();
            }
        }
        let last = told.last().unwrap();
        let mut fresh = Database::in_memory().unwrap();
        fresh.append("s", last).unwrap();
        prop_assert_eq!(sums(&database), sums(&fresh));
        prop_assert_eq!(waiting(&database), waiting(&fresh));
        prop_assert_eq!(database.billed_by("s").unwrap(), fresh.billed_by("s").unwrap());
        let (ours, theirs) = (database.balances().unwrap(), fresh.balances().unwrap());
        prop_assert!(ours.0.iter().all(|(account, nano)| theirs.0.get(account).copied().unwrap_or_default() == *nano));
        // Telling it once more changes nothing, whether it may correct or not.
        let head = database.head().unwrap();
        prop_assert_eq!(tell(&mut database, last).known, u64::try_from(last.len()).unwrap());
        prop_assert_eq!(database.append("s", last).unwrap().known, u64::try_from(last.len()).unwrap());
        prop_assert_eq!(database.head().unwrap(), head);
        sound(&database);
    }

    #[test]
    fn an_interrupted_correction_told_again_ends_with_the_same_head(
        before in tellings(), after in tellings(), cut in 0_usize..9,
    ) {
        // As `ingest` does: batches of one telling, and a second run of all of them where the first was stopped.
        let run = |database: &mut Database, stop: Option<usize>| {
            let since = database.head().unwrap().entries;
            for (n, one) in after.chunks(2).enumerate() {
                if stop == Some(n) {
                    break;
                }
                database.correct("s", one, Correcting { withdrawn: &[], since }).unwrap();
            }
        };
        let (mut whole, mut stopped) = (Database::in_memory().unwrap(), Database::in_memory().unwrap());
        for database in [&mut whole, &mut stopped] {
            database.append("s", &before).unwrap();
        }
        run(&mut whole, None);
        run(&mut stopped, Some(cut));
        run(&mut stopped, None);
        prop_assert_eq!(whole.head().unwrap(), stopped.head().unwrap());
        sound(&stopped);
    }
}
