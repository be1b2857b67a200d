//! The laws of rating: splits add up, nothing unknown is zero, what is not exact is refused.

use super::*;
use crate::ledger::sample::{at, charges, dec, period, price, subject, usage};
use crate::model::period::{SECONDS_PER_DAY, from_unix};
use proptest::prelude::*;

const VM: &str = "vm/AZURE/westus2/Standard_DS3_v2/on_demand";

fn in_force(start: &str, end: &str, price: Option<Price>) -> PriceInForce {
    PriceInForce {
        period: period(start, end),
        price,
    }
}

#[test]
fn a_usage_is_cut_at_midnight_and_at_the_price_change() {
    let stretch = period("2026-10-30T22:00:00Z", "2026-10-31T12:00:00Z");
    let usage = usage("i-1", subject("etl", "nightly"), VM, Some("1"), stretch);
    let prices = [
        in_force("2026-10-01", "2026-10-31T06:00:00Z", Some(price("0.229"))),
        in_force("2026-10-31T06:00:00Z", "2026-12-01", Some(price("0.3"))),
    ];
    let seen: Vec<_> = charges(&rate(&usage, &prices).unwrap())
        .iter()
        .map(|c| (c.period.seconds(), c.quantity_nano, c.cost_nano))
        .collect();
    assert_eq!(
        seen,
        [
            (7_200, 2_000_000_000, 458_000_000),
            (21_600, 6_000_000_000, 1_374_000_000),
            (21_600, 6_000_000_000, 1_800_000_000),
        ]
    );
}

#[test]
fn prices_told_in_two_rows_are_one_price() {
    let stretch = period("2026-10-01", "2026-10-01T02:00:00Z");
    let usage = usage("i-1", subject("etl", "nightly"), VM, Some("1"), stretch);
    let prices = [
        in_force("2026-10-01", "2026-10-01T01:00:00Z", Some(price("1"))),
        in_force("2026-10-01T01:00:00Z", "2026-10-02", Some(price("1.00"))),
    ];
    assert_eq!(rate(&usage, &prices).unwrap().len(), 1);
}

#[test]
fn what_is_not_known_is_unpriced_and_never_zero() {
    let stretch = period("2026-10-01T23:00:00Z", "2026-10-02T03:00:00Z");
    let known = usage("i-1", subject("etl", "nightly"), VM, Some("1"), stretch);
    let prices = [
        in_force("2026-10-01", "2026-10-02T01:00:00Z", None),
        in_force("2026-10-02T01:00:00Z", "2026-11-01", Some(price("1"))),
    ];
    let reasons = |rated: &[Rated]| -> Vec<Option<UnpricedReason>> {
        let reasons = rated.iter().map(|r| match r {
            Rated::Charge(_) => None,
            Rated::Unpriced(unpriced) => Some(unpriced.reason),
        });
        reasons.collect()
    };
    let no_price = Some(UnpricedReason::NoPrice);
    assert_eq!(
        reasons(&rate(&known, &prices).unwrap()),
        [no_price, no_price, None]
    );
    let unknown = Usage {
        per_hour: None,
        ..known
    };
    let no_rate = Some(UnpricedReason::NoRate);
    assert_eq!(reasons(&rate(&unknown, &prices).unwrap()), [no_rate, no_rate]);
}

#[test]
fn prices_with_a_gap_are_refused_with_both_sides() {
    let stretch = period("2026-10-01", "2026-10-02");
    let usage = usage("i-1", subject("etl", "nightly"), VM, Some("1"), stretch);
    let gap = [
        in_force("2026-10-01", "2026-10-01T06:00:00Z", Some(price("1"))),
        in_force("2026-10-01T07:00:00Z", "2026-10-02", Some(price("1"))),
    ];
    let error = rate(&usage, &gap).unwrap_err();
    assert_eq!(
        error,
        RateError::Uncovered {
            resource: "i-1".to_owned(),
            needed: stretch,
            covered: at("2026-10-01T06:00:00Z"),
            found: Some(at("2026-10-01T07:00:00Z")),
        }
    );
    let short = gap.get(..1).unwrap();
    let told = rate(&usage, short).unwrap_err().to_string();
    assert_eq!(
        told,
        "`i-1`: prices must cover [2026-10-01T00:00:00Z, 2026-10-02T00:00:00Z) without gaps, \
         but 2026-10-01T06:00:00Z is followed by nothing"
    );
    assert!(rate(&usage, &[]).is_err());
}

#[test]
fn instants_that_billing_does_not_know_are_refused() {
    let stretch = period("2026-10-01", "2026-10-02");
    let good = usage("i-1", subject("etl", "nightly"), VM, Some("1"), stretch);
    let prices = [in_force("2026-09-01", "2026-11-01", Some(price("1")))];
    let mut late = good.clone();
    late.since = at("2026-10-01T00:00:01Z");
    assert!(matches!(
        rate(&late, &prices),
        Err(RateError::SinceAfterStart { .. })
    ));
    let mut fraction = good.clone();
    fraction.period.end += chrono::Duration::milliseconds(1);
    assert!(matches!(
        rate(&fraction, &prices),
        Err(RateError::NotWholeSeconds { what: "the end", .. })
    ));
    let mut empty = good;
    empty.period.end = empty.period.start;
    assert!(matches!(rate(&empty, &prices), Err(RateError::Empty { .. })));
}

/// Seconds from the start of a made-up month; prices by segment, some of them missing.
#[derive(Debug, Clone)]
struct Case {
    per_hour: Decimal,
    prices: Vec<(i64, Option<Decimal>)>,
    since: i64,
    start: i64,
    end: i64,
    cuts: Vec<i64>,
}

const MONTH: i64 = 31 * SECONDS_PER_DAY;

fn second(n: i64) -> Instant {
    at("2026-10-01") + chrono::Duration::seconds(n)
}

fn case() -> impl Strategy<Value = Case> {
    // At most 1000 units an hour at 1000 a unit: a month of that is within what a ledger holds.
    let rate = (0_i64..1_000_000, 3_u32..9).prop_map(|(n, places)| Decimal::new(n, places));
    let unit = (0_i64..10_000_000, 4_u32..11).prop_map(|(n, places)| Decimal::new(n, places));
    let price = (1..MONTH, prop::option::weighted(0.8, unit));
    let edges = prop::collection::btree_set(0..MONTH, 3);
    let cuts = prop::collection::vec(0..MONTH, 0..8);
    (rate, prop::collection::vec(price, 1..5), edges, cuts).prop_map(|(per_hour, prices, edges, cuts)| {
        let edges: Vec<i64> = edges.into_iter().collect();
        let (since, start, end) = (edges[0], edges[1], edges[2]);
        Case {
            per_hour,
            prices,
            since,
            start,
            end,
            cuts,
        }
    })
}

impl Case {
    fn prices(&self) -> Vec<PriceInForce> {
        let mut starts: Vec<(i64, Option<Decimal>)> = self.prices.clone();
        starts.sort();
        starts.dedup_by_key(|(start, _)| *start);
        starts[0].0 = 0;
        let ends = starts.iter().skip(1).map(|(start, _)| *start).chain([MONTH]);
        let periods = starts.iter().zip(ends);
        periods
            .map(|((start, unit), end)| PriceInForce {
                period: Period::new(second(*start), second(end)).unwrap(),
                price: unit.map(|unit| Price {
                    unit_price: crate::model::money::UnitPrice(unit),
                    ..price("1")
                }),
            })
            .collect()
    }

    fn usage(&self, period: Period) -> Usage {
        Usage {
            per_hour: Some(self.per_hour),
            since: second(self.since),
            ..usage("i-1", subject("etl", "nightly"), VM, None, period)
        }
    }

    fn whole(&self) -> Period {
        Period::new(second(self.start), second(self.end)).unwrap()
    }

    fn rate(&self, period: Period) -> Vec<Rated> {
        rate(&self.usage(period), &self.prices()).unwrap()
    }
}

/// Quantity, cost and unpriced seconds.
fn sums(rated: &[Rated]) -> (i128, i128, i64) {
    let mut sums = (0, 0, 0);
    for piece in rated {
        match piece {
            Rated::Charge(charge) => {
                sums.0 += i128::from(charge.quantity_nano);
                sums.1 += i128::from(charge.cost_nano);
            }
            Rated::Unpriced(unpriced) => sums.2 += unpriced.period.seconds(),
        }
    }
    sums
}

fn pieces(rated: &[Rated]) -> Vec<Period> {
    let periods = rated.iter().map(|piece| match piece {
        Rated::Charge(charge) => charge.period,
        Rated::Unpriced(unpriced) => unpriced.period,
    });
    periods.collect()
}

proptest! {
    #[test]
    fn any_split_costs_and_measures_what_the_whole_does(case in case()) {
        let whole = case.rate(case.whole());
        let cuts = case.cuts.iter().map(|n| second(*n));
        let parts: Vec<Rated> =
            case.whole().cut(cuts).into_iter().flat_map(|part| case.rate(part)).collect();
        prop_assert_eq!(sums(&whole), sums(&parts));
    }

    #[test]
    fn rating_is_deterministic(case in case()) {
        prop_assert_eq!(case.rate(case.whole()), case.rate(case.whole()));
    }

    #[test]
    fn pieces_cover_the_period_and_stay_inside_a_day(case in case()) {
        let pieces = pieces(&case.rate(case.whole()));
        prop_assert_eq!(pieces[0].start, case.whole().start);
        prop_assert_eq!(pieces[pieces.len() - 1].end, case.whole().end);
        for pair in pieces.windows(2) {
            prop_assert_eq!(pair[0].end, pair[1].start);
        }
        for piece in pieces {
            let day = |at: Instant| at.timestamp().div_euclid(SECONDS_PER_DAY);
            let last = from_unix(piece.end.timestamp() - 1);
            prop_assert_eq!(day(piece.start), day(last));
        }
    }

    #[test]
    fn a_month_is_the_sum_of_its_days(mut case in case()) {
        (case.since, case.start, case.end) = (0, 0, MONTH);
        let days: Vec<Rated> = (0..31)
            .flat_map(|day| {
                let start = day * SECONDS_PER_DAY;
                case.rate(Period::new(second(start), second(start + SECONDS_PER_DAY)).unwrap())
            })
            .collect();
        prop_assert_eq!(sums(&days), sums(&case.rate(case.whole())));
    }

    #[test]
    fn an_unbroken_price_is_rounded_once(seconds in 1..MONTH, unit in 0_i64..1_000_000_000) {
        let period = Period::new(second(0), second(seconds)).unwrap();
        let unit = Decimal::new(unit, 9);
        let usage = usage("i-1", subject("etl", "nightly"), VM, Some("1"), period);
        let mut total = RunningTotal::default();
        total.run(HourlyRate::new(unit).unwrap(), seconds).unwrap();
        let price = Price { unit_price: crate::model::money::UnitPrice(unit), ..price("1") };
        let rated = rate(&usage, &[PriceInForce { period, price: Some(price) }]).unwrap();
        prop_assert_eq!(sums(&rated).1, i128::from(total.nano().unwrap()));
    }
}

#[test]
fn a_price_too_fine_to_be_exact_is_refused() {
    let stretch = period("2026-10-01", "2026-10-02");
    let usage = usage(
        "i-1",
        subject("etl", "nightly"),
        VM,
        Some("0.1234567890123"),
        stretch,
    );
    let fine = Price {
        unit_price: crate::model::money::UnitPrice(dec("0.1234567890123")),
        ..price("1")
    };
    let error = rate(
        &usage,
        &[PriceInForce {
            period: stretch,
            price: Some(fine),
        }],
    )
    .unwrap_err();
    assert!(matches!(error, RateError::Inexact { .. }), "{error}");
}

proptest! {
    /// Pieces are rounded one by one, by half a digit each; the exact sum is rounded once.
    #[test]
    fn the_exact_sum_is_what_the_pieces_add_up_to(case in case()) {
        let usage = case.usage(case.whole());
        let prices = case.prices();
        let mut sum = ExactSum::default();
        let seconds = |at: Instant| at.timestamp();
        let per_hour = usage.per_hour.unwrap_or_default();
        sum.add(&PriceSteps::new(&prices), per_hour, seconds(usage.period.start), seconds(usage.period.end)).unwrap();
        let rated = rate(&usage, &prices).unwrap();
        let apart = (i128::from(sum.nano().unwrap()) - sums(&rated).1).abs();
        prop_assert!(apart <= i128::try_from(rated.len()).unwrap() + 1, "{apart} of {}", rated.len());
        let unpriced: i64 = rated.iter().filter(|r| matches!(r, Rated::Unpriced(_))).map(|r| r.period().seconds()).sum();
        prop_assert!(usage.per_hour.is_none() || sum.unpriced_seconds() == unpriced);
    }
}
