//! What allocations promise, held against a database in memory.

use super::*;
use crate::ledger::rate::Rated;
use crate::ledger::sample::{at, price, rated, usage};
use crate::model::period::{Period, from_unix};
use crate::model::usage::Subject;
use crate::store::check::check;
use crate::store::closing::Closed;
use proptest::prelude::*;

const VM: &str = "vm/AZURE/westus2/Standard_DS3_v2/on_demand";
const NAT: &str = "nat_gateway/AZURE/westus2";

fn subject(team: &str, cluster: &str, pool: &str) -> Subject {
    Subject {
        workspace: "lake".to_owned(),
        team: team.to_owned(),
        cluster_id: cluster.to_owned(),
        pool: pool.to_owned(),
        ..Subject::default()
    }
}

/// Seconds of a meter at 0.229 an hour, from a midnight of 2026 on.
fn told(resource: &str, whose: Subject, meter: &str, (month, day): (u32, u32), seconds: i64) -> Vec<Rated> {
    let start = at(&format!("2026-{month:02}-{day:02}"));
    let end = from_unix(start.timestamp() + seconds);
    let period = Period { start, end };
    rated(
        &usage(resource, whose, meter, Some("1"), period),
        Some(price("0.229")),
    )
}

const BY_SECONDS: SplitKeys = SplitKeys {
    idle: Some(SplitKey::Seconds),
    resource_group: Some(SplitKey::Seconds),
};

fn month(number: u32) -> Month {
    format!("2026-{number:02}").parse().unwrap()
}

fn allocate_month(database: &mut Database, number: u32) -> Vec<(Planned, Option<u64>)> {
    match database.allocate(month(number), BY_SECONDS, Mode::Write).unwrap() {
        Allocated::Done(done) => done,
        Allocated::Closed => panic!("the month is open"),
    }
}

fn balance(database: &Database, account: &str) -> i128 {
    let balances = database.balances().unwrap();
    balances
        .0
        .get(&account.parse().unwrap())
        .copied()
        .unwrap_or_default()
}

fn sound(database: &Database) {
    let found = check(database, &mut |_, _| ()).unwrap();
    assert_eq!(found.findings, []);
    assert_eq!(found.balances, database.balances().unwrap());
}

/// data uses the pool's machine 3600 s, ml 1800 s, and it idles 600 s: 0.229, 0.1145 and 0.038166667. The idle time is split 2 to 1:
/// 0.025444445 and 0.012722222, the last digit to data, whose share lost 0.67 of it.
fn october(database: &mut Database) {
    for facts in [
        told("i-1", subject("data", "c-1", "warm"), VM, (10, 1), 3_600),
        told("i-1", subject("ml", "c-2", "warm"), VM, (10, 2), 1_800),
        told("i-1", subject("platform", "", "warm"), VM, (10, 3), 600),
    ] {
        database.append("s", &facts).unwrap();
    }
}

#[test]
fn idle_time_is_moved_to_the_last_digit_and_the_vendor_is_owed_the_same() {
    let mut database = Database::in_memory().unwrap();
    october(&mut database);
    let before = balance(&database, "vendor/azure");
    assert_eq!(before, -381_666_667);
    let done = allocate_month(&mut database, 10);
    assert_eq!(done.len(), 1);
    assert_eq!(done[0].1, Some(1));
    assert_eq!(balance(&database, "cost-centre/data"), 229_000_000 + 25_444_445);
    assert_eq!(balance(&database, "cost-centre/ml"), 114_500_000 + 12_722_222);
    assert_eq!(balance(&database, "cost-centre/platform"), 0);
    assert_eq!(balance(&database, "vendor/azure"), before);
    assert_eq!(database.totals(month(10)).unwrap().cost_nano, 381_666_667);
    sound(&database);
    // Again, it changes nothing.
    assert_eq!(allocate_month(&mut database, 10)[0].1, None);
    assert_eq!(database.allocations(None).unwrap().len(), 1);
}

#[test]
fn what_is_told_later_is_allocated_by_a_difference() {
    let mut database = Database::in_memory().unwrap();
    october(&mut database);
    allocate_month(&mut database, 10);
    // ml used it 1800 s more: 1 to 1, and 38166667 is odd; the last digit goes to the first by name.
    database
        .append(
            "s",
            &told("i-2", subject("ml", "c-2", "warm"), VM, (10, 5), 1_800),
        )
        .unwrap();
    let tried = database.allocate(month(10), BY_SECONDS, Mode::Try).unwrap();
    assert_eq!(database.allocations(None).unwrap().len(), 1);
    assert_eq!(tried, Allocated::Done(allocate_month(&mut database, 10)));
    let second = &database.allocations(Some(month(10))).unwrap()[1].allocation;
    let amounts: Vec<i128> = second.shares.values().map(|share| share.amount_nano).collect();
    assert_eq!(amounts, [19_083_334 - 25_444_445, 19_083_333 - 12_722_222]);
    assert_eq!(balance(&database, "cost-centre/platform"), 0);
    sound(&database);
}

#[test]
fn a_closed_month_is_not_allocated_and_its_late_idle_time_is_in_the_next() {
    let mut database = Database::in_memory().unwrap();
    october(&mut database);
    allocate_month(&mut database, 10);
    let closed = database.close_month(month(10), at("2026-11-03"), false).unwrap();
    assert!(matches!(closed, Closed::Now(_)));
    let refused = database.allocate(month(10), BY_SECONDS, Mode::Write).unwrap();
    assert_eq!(refused, Allocated::Closed);
    // Late: 600 s idle and 60 s of ml in October are billed, and shared, in November.
    for facts in [
        told("i-3", subject("platform", "", "warm"), VM, (10, 9), 600),
        told("i-4", subject("ml", "c-2", "warm"), VM, (10, 9), 60),
    ] {
        database.append("s", &facts).unwrap();
    }
    let done = allocate_month(&mut database, 11);
    let parts: Vec<(&str, i128, i128)> = done[0]
        .0
        .parts
        .iter()
        .map(|(account, part)| (account.name(), part.weight, part.amount_nano))
        .collect();
    assert_eq!(parts, [("ml", 60, 38_166_667)]);
    assert_eq!(balance(&database, "cost-centre/platform"), 0);
    sound(&database);
    let raw = "INSERT INTO allocation SELECT number + 9, '2026-10', workspace, pool, bearer, split_key, cost_nano, kept_nano, \
               moved_nano, entries, hash FROM allocation WHERE number = 1";
    for sql in [
        raw,
        "UPDATE allocation SET cost_nano = 1",
        "DELETE FROM allocation",
        "UPDATE allocation_share SET amount_nano = 1",
        "DELETE FROM allocation_share",
    ] {
        assert!(database.connection.execute_batch(sql).is_err(), "{sql}");
    }
}

#[test]
fn tampering_is_found() {
    use crate::ledger::check::code::ALLOCATION;
    for sql in [
        "DROP TRIGGER allocation_share_is_not_changed; UPDATE allocation_share SET amount_nano = amount_nano + 1",
        "DROP TRIGGER allocation_is_not_changed; UPDATE allocation SET cost_nano = cost_nano + 1",
        "DROP TRIGGER allocation_is_not_changed; UPDATE allocation SET moved_nano = 0",
        "DROP TRIGGER allocation_is_not_deleted; DROP TRIGGER allocation_share_is_not_deleted; \
         DELETE FROM allocation_share; DELETE FROM allocation",
        "UPDATE allocations SET count = 7",
    ] {
        let mut database = Database::in_memory().unwrap();
        october(&mut database);
        allocate_month(&mut database, 10);
        database.connection.execute_batch(sql).unwrap();
        let found = check(&database, &mut |_, _| ()).unwrap();
        assert!(
            found.findings.iter().any(|f| f.code == ALLOCATION),
            "{sql}: {:?}",
            found.findings
        );
    }
}

#[derive(Debug, Clone)]
enum Act {
    Use(u8, u8, i64),
    Idle(u8, i64),
    Group(i64),
    Allocate(u32, bool),
    Close(u32),
}

fn acts() -> impl Strategy<Value = Vec<(u32, Act)>> {
    let act = prop_oneof![
        4 => (0_u8..3, 0_u8..3, 1_i64..5_000).prop_map(|(team, pool, s)| Act::Use(team, pool, s)),
        3 => (0_u8..2, 1_i64..5_000).prop_map(|(pool, s)| Act::Idle(pool, s)),
        1 => (1_i64..5_000).prop_map(Act::Group),
        3 => (9_u32..12, any::<bool>()).prop_map(|(month, by_cost)| Act::Allocate(month, by_cost)),
        1 => (9_u32..12).prop_map(Act::Close),
    ];
    prop::collection::vec((9_u32..12, act), 1..24)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    /// However months are told, allocated by this or that, and closed: vendors are owed what was billed, cost centres together owe
    /// it, the check finds nothing, and after an allocation who bore a pool that was used has what it used itself.
    #[test]
    fn allocations_move_cost_and_make_none(acts in acts()) {
        let mut database = Database::in_memory().unwrap();
        let mut billed = 0_i128;
        for (i, (number, act)) in acts.into_iter().enumerate() {
            let resource = format!("r-{i}");
            let whose = |team: u8, cluster: &str, pool: u8| {
                let pool = ["", "a", "b"][usize::from(pool)];
                subject(["x", "y", "platform"][usize::from(team)], cluster, pool)
            };
            let facts = match act {
                Act::Use(team, pool, seconds) => told(&resource, whose(team, "c", pool), VM, (number, 1), seconds),
                Act::Idle(pool, seconds) => told(&resource, whose(2, "", pool + 1), VM, (number, 1), seconds),
                Act::Group(seconds) => told(&resource, subject("group", "", ""), NAT, (number, 1), seconds),
                Act::Allocate(number, by_cost) => {
                    let key = Some(if by_cost { SplitKey::Cost } else { SplitKey::Seconds });
                    let keys = SplitKeys { idle: key, resource_group: key };
                    let first = database.allocate(month(number), keys, Mode::Write).unwrap();
                    let again = database.allocate(month(number), keys, Mode::Write).unwrap();
                    if let (Allocated::Done(first), Allocated::Done(again)) = (&first, &again) {
                        prop_assert!(again.iter().all(|(_, number)| number.is_none()), "{:?}", again);
                        for (planned, _) in first.iter().filter(|(p, _)| !p.parts.is_empty()) {
                            let parts: i128 = planned.parts.values().map(|part| part.amount_nano).sum();
                            prop_assert_eq!(parts, planned.cost_nano);
                        }
                    }
                    continue;
                }
                Act::Close(number) => {
                    database.close_month(month(number), at("2027-01-01"), false).unwrap();
                    continue;
                }
            };
            let cost = |r: &Rated| match r { Rated::Charge(c) => i128::from(c.cost_nano), Rated::Unpriced(_) => 0 };
            billed += facts.iter().map(cost).sum::<i128>();
            database.append("s", &facts).unwrap();
        }
        let found = check(&database, &mut |_, _| ()).unwrap();
        prop_assert!(found.is_sound(), "{:?}", found.findings);
        let of = |kind: &str| -> i128 {
            found.balances.0.iter().filter(|(account, _)| account.kind() == kind).map(|(_, nano)| *nano).sum()
        };
        prop_assert_eq!((of("cost-centre"), of("vendor")), (billed, -billed));
        prop_assert_eq!(&found.balances, &database.balances().unwrap());
    }
}
