//! Golden days, by hand, and the laws that hold for any usage.
#![allow(clippy::arithmetic_side_effects)]

use proptest::prelude::*;
use std::collections::BTreeMap;

use super::*;
use crate::ledger::sample::{at, charges, dec, period, price, rated, subject, usage};
use crate::model::agreement::{Agreed, DrawnAt, Payments, Tier};
use crate::model::exact::NANO;
use crate::model::meter_pattern::MeterPattern;
use crate::model::money::Currency;
use crate::model::place::Cloud;

const DS3: &str = "vm/AZURE/westus2/Standard_DS3_v2/on_demand";
const DS4: &str = "vm/AZURE/westus2/Standard_DS4_v2/on_demand";
const SPOT: &str = "vm/AZURE/westus2/Standard_DS3_v2/spot";
const DBU: &str = "dbu/AZURE/PREMIUM_JOBS_COMPUTE";

fn pattern(text: &str) -> MeterPattern {
    MeterPattern::new(text).unwrap()
}

fn commitment(name: &str, (from, to): (&str, &str), upfront: &str, kind: CommitmentKind) -> Commitment {
    Commitment {
        name: Arc::from(name),
        source: Arc::from("acme#commitments.0"),
        cloud: Cloud::Azure,
        currency: Currency::USD,
        period: period(from, to),
        cost_centre: "platform".to_owned(),
        payments: Payments {
            upfront: dec(upfront),
            ..Payments::default()
        },
        kind,
    }
}

/// One DS3 in each hour of two days, for 4.80: 0.1 an hour.
fn reservation() -> Commitment {
    let kind = CommitmentKind::Reservation {
        meters: vec![(pattern(DS3), dec("1")), (pattern(DS4), dec("2"))],
        quantity_nano: NANO,
    };
    commitment("ri", ("2026-10-01", "2026-10-03"), "4.80", kind)
}

fn prepaid(units: i64, upfront: &str, drawn_at: DrawnAt) -> Commitment {
    let kind = CommitmentKind::Prepaid {
        meters: vec![pattern("dbu/*")],
        units_nano: units * NANO,
        drawn_at,
    };
    commitment("dbcu", ("2026-10-01", "2026-10-03"), upfront, kind)
}

fn day(number: u32) -> Period {
    period(
        &format!("2026-10-{number:02}"),
        &format!("2026-10-{:02}", number + 1),
    )
}

/// So many units an hour of a meter on a day, from an hour to an hour.
fn used(resource: &str, meter: &str, unit_price: &str, per_hour: &str, (from, to): (i64, i64)) -> Charge {
    let start = at("2026-10-01");
    let hour = |n: i64| start + chrono::Duration::hours(n);
    let used = usage(
        resource,
        subject("etl", "nightly"),
        meter,
        Some(per_hour),
        Period::new(hour(from), hour(to)).unwrap(),
    );
    charges(&rated(&used, Some(price(unit_price)))).remove(0)
}

/// `part resource quantity cost`, of a commitment on a day.
fn told(lines: &[Line]) -> Vec<String> {
    let shown = |line: &Line| {
        let charge = &line.charge;
        format!(
            "{} {} {} {}",
            line.teller.part.as_str(),
            charge.resource,
            crate::model::exact::nano_to_decimal(charge.quantity_nano),
            crate::model::exact::nano_to_decimal(charge.cost_nano)
        )
    };
    lines.iter().map(shown).collect()
}

fn applied(commitments: &[Commitment], days: Vec<Vec<Charge>>) -> Vec<Vec<Line>> {
    let mut application = Application::begin(commitments, []).unwrap();
    let days = (1..).zip(days);
    days.map(|(number, charges)| application.day(day(number), charges).unwrap())
        .collect()
}

#[test]
fn a_reserved_hour_is_used_or_lost() {
    // 10 hours at 0.229 are 2.29; they take 10 x 0.1 of the 2.40 that the day takes, and 14 hours are lost.
    let lines = applied(
        &[reservation()],
        vec![vec![used("a", DS3, "0.229", "1", (0, 10))], vec![]],
    );
    assert_eq!(
        told(&lines[0]),
        [
            "covered a -10 -2.29",
            "used a 10 1",
            "unused ri 14 1.4",
            "purchase ri 1 4.8"
        ]
    );
    assert_eq!(told(&lines[1]), ["unused ri 24 2.4"]);
}

#[test]
fn machines_of_one_hour_share_what_is_reserved() {
    // Two machines in one hour, one reserved: half of each. The third is on spot and not spoken of.
    let hour = |name, meter| used(name, meter, "0.229", "1", (0, 1));
    let lines = applied(
        &[reservation()],
        vec![vec![hour("a", DS3), hour("b", DS3), hour("c", SPOT)]],
    );
    assert_eq!(
        told(&lines[0])[..5],
        [
            "covered a -0.5 -0.1145",
            "used a 0.5 0.05",
            "covered b -0.5 -0.1145",
            "used b 0.5 0.05",
            "unused ri 23 2.3"
        ]
    );
}

#[test]
fn a_larger_machine_takes_its_ratio() {
    // An hour of a DS4 takes two units, and one is there: half an hour of it, at 2 x 0.1.
    let lines = applied(&[reservation()], vec![vec![used("a", DS4, "0.458", "1", (3, 4))]]);
    assert_eq!(
        told(&lines[0])[..3],
        ["covered a -0.5 -0.229", "used a 0.5 0.1", "unused ri 23 2.3"]
    );
}

#[test]
fn prepaid_units_are_drawn_in_order_until_they_are_gone() {
    // 10 units for 9. At 0.30 an hour of 20 DBU draws 6, the next one the 4 that are left: 13.333333333 DBU.
    let hour = |name, from| used(name, DBU, "0.30", "20", (from, from + 1));
    let lines = applied(
        &[prepaid(10, "9", DrawnAt::List)],
        vec![vec![hour("a", 0), hour("b", 1), hour("c", 2)], vec![]],
    );
    assert_eq!(
        told(&lines[0]),
        [
            "covered a -20 -6",
            "used a 20 5.4",
            "covered b -13.333333333 -3.999999999",
            "used b 13.333333333 3.6",
            "purchase dbcu 1 9"
        ]
    );
    assert!(lines[1].is_empty());
}

#[test]
fn prepaid_units_that_nobody_drew_are_lost_at_the_end() {
    // Drawn at a contracted price of 0.20, of a list price of 0.40: 10 DBU draw 2 units of 10, which cost 1.8 of 9.
    let mut usage = used("a", DBU, "0.20", "10", (0, 1));
    usage.price.list_unit_price = Some(UnitPrice(dec("0.40")));
    let days = || vec![vec![usage.clone()], vec![]];
    let lines = applied(&[prepaid(10, "9", DrawnAt::Contracted)], days());
    assert_eq!(told(&lines[0])[..2], ["covered a -10 -2", "used a 10 1.8"]);
    assert_eq!(told(&lines[1]), ["unused dbcu 8 7.2"]);
    // At list prices they draw 4, which cost 3.6.
    let lines = applied(&[prepaid(10, "9", DrawnAt::List)], days());
    assert_eq!(told(&lines[0])[..2], ["covered a -10 -2", "used a 10 3.6"]);
    assert_eq!(told(&lines[1]), ["unused dbcu 6 5.4"]);
}

#[test]
fn what_is_taken_back_draws_nothing() {
    let row = used("a", DBU, "0.30", "20", (0, 1));
    let mut retraction = row.clone();
    retraction.resource = Arc::from("b");
    retraction.quantity_nano = -row.quantity_nano;
    retraction.cost_nano = -row.cost_nano;
    let lines = applied(&[prepaid(10, "9", DrawnAt::List)], vec![vec![row, retraction]]);
    assert_eq!(told(&lines[0]), ["purchase dbcu 1 9"]);
}

#[test]
fn a_savings_plan_pays_for_what_saves_most_first() {
    // 0.25 an hour. A DS4 at 0.20 instead of 0.458 saves more per dollar than a DS3 at 0.15 instead of 0.229, so it is paid for first;
    // 0.05 are left: a third of an hour of the DS3. Two days of 24 x 0.25 are 12.
    let kind = CommitmentKind::SavingsPlan {
        per_hour_nano: NANO / 4,
        prices: vec![
            (vec![pattern(DS3)], Agreed::Price(UnitPrice(dec("0.15")))),
            (vec![pattern(DS4)], Agreed::Price(UnitPrice(dec("0.20")))),
        ],
    };
    let plan = commitment("sp", ("2026-10-01", "2026-10-03"), "12", kind);
    let lines = applied(
        &[plan],
        vec![vec![
            used("a", DS3, "0.229", "1", (0, 1)),
            used("b", DS4, "0.458", "1", (0, 1)),
        ]],
    );
    assert_eq!(
        told(&lines[0]),
        [
            "covered a -0.333333333 -0.076333333",
            "used a 0.333333333 0.05",
            "covered b -1 -0.458",
            "used b 1 0.2",
            "unused sp 5.75 5.75",
            "purchase sp 1 12"
        ]
    );
}

#[test]
fn above_a_tier_another_price_holds_until_the_month_ends() {
    let tier = |above: i64, text| Tier {
        above_nano: above * NANO,
        agreed: Agreed::Price(UnitPrice(dec(text))),
    };
    let tiers = VolumeTiers {
        name: Arc::from("volume"),
        source: Arc::from("acme#volume_tiers.0"),
        currency: Currency::USD,
        meters: vec![pattern("dbu/*")],
        period: period("2026-10-01", "2027-10-01"),
        tiers: vec![tier(10, "0.25"), tier(15, "0.20")],
    };
    let mut application = Application::begin([], [&tiers]).unwrap();
    let hour = |from| used("a", DBU, "0.30", "8", (from, from + 1));
    // 8 stay; of the next 8 two stay and six have 0.25 (5 up to 15) and 0.20 (1 above).
    let lines = application.day(day(1), vec![hour(0), hour(1)]).unwrap();
    assert_eq!(
        told(&lines),
        [
            "regular a -5 -1.5",
            "tiered a 5 1.25",
            "regular a -1 -0.3",
            "tiered a 1 0.2"
        ]
    );
    assert_eq!(
        lines[3].charge.price.list_unit_price,
        Some(UnitPrice(dec("0.30")))
    );
    let next_day = application.day(day(2), vec![hour(24)]).unwrap();
    assert_eq!(told(&next_day), ["regular a -8 -2.4", "tiered a 8 1.6"]);
    let november = period("2026-11-01", "2026-11-02");
    assert!(application.day(november, vec![hour(31 * 24)]).unwrap().is_empty());
}

#[test]
fn only_what_changed_is_posted_again() {
    let hours = |until| vec![vec![used("a", DS3, "0.229", "1", (0, until))]];
    let first = applied(&[reservation()], hours(10)).remove(0);
    let posted: BTreeMap<String, Vec<Charge>> = differences(first.clone(), vec![]).unwrap();
    let sources: Vec<&str> = posted.keys().map(String::as_str).collect();
    assert_eq!(
        sources,
        [
            "contract/ri/covered",
            "contract/ri/purchase",
            "contract/ri/unused",
            "contract/ri/used"
        ]
    );
    assert!(differences(first.clone(), first.clone()).unwrap().is_empty());
    // Late usage: two hours more of another machine.
    let mut late = hours(10);
    late[0].push(used("b", DS3, "0.229", "1", (10, 12)));
    let second = applied(&[reservation()], late).remove(0);
    let more = differences(second, first).unwrap();
    let sources: Vec<&str> = more.keys().map(String::as_str).collect();
    assert_eq!(
        sources,
        ["contract/ri/covered", "contract/ri/unused/2", "contract/ri/used"]
    );
    let unused = &more["contract/ri/unused/2"][0];
    assert_eq!(
        (unused.quantity_nano, unused.cost_nano),
        (-2 * NANO, -200_000_000)
    );
    assert_eq!(
        "contract/ri/unused/2".parse::<Teller>().unwrap().part,
        Part::Unused
    );
    assert!("system.billing.usage".parse::<Teller>().is_err());
}

/// Some charges of two days: machines, DBU, what is taken back.
fn any_days() -> impl Strategy<Value = Vec<Vec<Charge>>> {
    let charge = (0..3_usize, 0..23_i64, 1..24_i64, 1..40_u32, any::<bool>());
    let day = prop::collection::vec(charge, 0..12);
    prop::collection::vec(day, 2).prop_map(|days| {
        let days = days.into_iter().enumerate();
        days.map(|(number, day)| {
            let day = day.into_iter().enumerate();
            day.map(|(i, (meter, from, hours, rate, back))| {
                let meters = [(DS3, "0.229"), (DS4, "0.4580001"), (DBU, "0.30")];
                let (meter, unit_price) = meters[meter];
                let day = i64::try_from(number).unwrap() * 24;
                let to = (from + hours).min(24);
                let rate = format!("{}.{rate}", rate % 3);
                let mut charge = used(&format!("r{i}"), meter, unit_price, &rate, (day + from, day + to));
                if back && i > 3 {
                    charge.quantity_nano = -charge.quantity_nano;
                    charge.cost_nano = -charge.cost_nano;
                }
                charge
            })
            .collect()
        })
        .collect()
    })
}

fn all_kinds() -> Vec<Commitment> {
    let plan = CommitmentKind::SavingsPlan {
        per_hour_nano: 333_333_333,
        prices: vec![(vec![pattern("vm/*")], Agreed::Share(dec("0.7")))],
    };
    let mut plan = commitment("sp", ("2026-10-01", "2026-10-03"), "0", plan);
    plan.payments.hourly = dec("0.333333333");
    let mut reservation = reservation();
    reservation.payments.upfront = dec("3.3333333");
    vec![reservation, plan, prepaid(7, "6.111111", DrawnAt::List)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn a_term_takes_what_was_paid_and_no_usage_is_paid_twice(days in any_days()) {
        let commitments = all_kinds();
        let lines: Vec<Line> = applied(&commitments, days.clone()).concat();
        for commitment in &commitments {
            let of = |parts: &[Part]| -> i128 {
                let mine = |l: &&Line| l.teller.agreement == commitment.name && parts.contains(&l.teller.part);
                lines.iter().filter(mine).map(|l| i128::from(l.charge.cost_nano)).sum()
            };
            prop_assert_eq!(of(&[Part::Used, Part::Unused]), of(&[Part::Purchase]), "{}", commitment.name);
            let mine = |l: &&Line| l.teller.agreement == commitment.name;
            let moved: i128 = lines.iter().filter(mine).filter(|l| matches!(l.teller.part, Part::Used | Part::Covered))
                .map(|l| i128::from(l.charge.quantity_nano)).sum();
            prop_assert_eq!(moved, 0);
        }
        // What is taken back of a use is between nothing and all of it, quantity and cost.
        for (number, day) in days.iter().enumerate() {
            for charge in day {
                let same = |l: &&Line| l.teller.part == Part::Covered && l.charge.resource == charge.resource
                    && l.charge.period == charge.period && l.charge.meter == charge.meter;
                let back: Vec<&Line> = lines.iter().filter(same).collect();
                let quantity: i64 = back.iter().map(|l| -l.charge.quantity_nano).sum();
                let cost: i64 = back.iter().map(|l| -l.charge.cost_nano).sum();
                let inside = |part: i64, whole: i64| part.signum() * whole.signum() >= 0 && part.abs() <= whole.abs();
                prop_assert!(inside(quantity, charge.quantity_nano), "day {number}: {charge:?} {quantity}");
                prop_assert!(inside(cost, charge.cost_nano), "day {number}: {charge:?} {cost}");
                prop_assert!(quantity != charge.quantity_nano || cost == charge.cost_nano);
            }
        }
    }

    #[test]
    fn posting_differences_leads_to_what_a_fresh_ledger_has(before in any_days(), after in any_days()) {
        let commitments = all_kinds();
        let (before, after) = (applied(&commitments, before), applied(&commitments, after));
        for (first, second) in before.into_iter().zip(after) {
            let mut posted = first.clone();
            for (source, charges) in differences(second.clone(), first).unwrap() {
                let teller: Teller = source.parse().unwrap();
                posted.extend(charges.into_iter().map(|charge| Line { teller: teller.clone(), charge }));
            }
            // Told again, nothing differs.
            prop_assert!(differences(second, posted).unwrap().is_empty());
        }
    }
}
