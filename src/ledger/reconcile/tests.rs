use super::*;
use crate::ledger::sample::dec;
use proptest::prelude::*;

const VM: &str = "vm/AZURE/westus2/Standard_DS3_v2/on_demand";

fn amount(text: &str) -> Amount {
    Amount::of_decimal(dec(text)).unwrap()
}

/// An item of 1 October: quantity, price, cost; written with its digits.
fn item(resource: &str, quantity: &str, price: &str, cost: &str) -> Item {
    Item {
        meter: Arc::from(VM),
        day: NaiveDate::from_ymd_opt(2026, 10, 1).unwrap(),
        resource: Arc::from(resource),
        cluster: Arc::from("c-1"),
        quantity: amount(quantity),
        price: (!price.is_empty()).then(|| dec(price)),
        cost: amount(cost),
        quantity_slack: Amount::ZERO,
        cost_slack: Amount::ZERO,
    }
}

/// As a vendor writes it, with two decimals.
fn coarse(item: Item) -> Item {
    Item {
        quantity_slack: amount("0.005"),
        cost_slack: amount("0.005"),
        ..item
    }
}

fn told(ours: &[Item], theirs: &[Item]) -> Vec<(&'static str, String)> {
    let compared = compare(ours, theirs, Vec::new(), Grain::Resource).unwrap();
    let told = compared
        .differences
        .iter()
        .map(|d| (d.class.as_str(), d.money.to_string()));
    told.collect()
}

#[test]
fn what_differs_decides_the_class() {
    let ours = item("i-1", "10", "0.229", "2.29");
    let one = |theirs: Item| told(std::slice::from_ref(&ours), &[theirs]);
    let said = |class, money: &str| (class, money.to_owned());
    assert_eq!(one(item("I-1", "10", "0.229", "2.29")), [said("matched", "0")]);
    assert_eq!(
        one(item("i-1", "11", "0.229", "2.519")),
        [said("different quantity", "0.229")]
    );
    assert_eq!(
        one(item("i-1", "10", "0.25", "2.5")),
        [said("different price", "0.21")]
    );
    // 1 hour more at our 0.229; the rest, 0.75 - 0.229 - ... is the price: 2.75 - 2.29 - 0.229 = 0.231.
    assert_eq!(
        one(item("i-1", "11", "0.25", "2.75")),
        [
            said("different price", "0.231"),
            said("different quantity", "0.229")
        ]
    );
    assert_eq!(
        one(coarse(item("i-1", "10.004", "0.229", "2.29"))),
        [said("rounding", "0")]
    );
    // A cost of another price is no rounding, however near.
    assert_eq!(
        one(coarse(item("i-1", "10", "0.2291", "2.291"))),
        [said("different price", "0.001")]
    );
    assert_eq!(
        one(coarse(item("i-1", "10", "0.229", "2.30"))),
        [said("different price", "0.01")]
    );
    assert_eq!(
        one(item("i-1", "11", "", "2.6")),
        [said("different quantity", "0.31")]
    );
    assert_eq!(
        told(std::slice::from_ref(&ours), &[]),
        [said("missing there", "-2.29")]
    );
    assert_eq!(
        told(&[], std::slice::from_ref(&ours)),
        [said("missing here", "2.29")]
    );
}

#[test]
fn resources_are_compared_where_both_sides_know_them() {
    let level = |ours: &[Item], theirs: &[Item], grain| {
        let compared = compare(ours, theirs, Vec::new(), grain).unwrap();
        let levels: Vec<_> = compared.levels.into_keys().map(Level::as_str).collect();
        (levels, compared.differences.len())
    };
    let a = item("i-1", "1", "1", "1");
    let b = Item {
        day: NaiveDate::from_ymd_opt(2026, 10, 2).unwrap(),
        ..item("i-2", "1", "1", "1")
    };
    let two = [a.clone(), b.clone()];
    assert_eq!(level(&two, &two, Grain::Resource), (vec!["resource"], 2));
    assert_eq!(level(&two, &two, Grain::Meter), (vec!["meter"], 1));
    // Their machine has another name, but it is tagged with our cluster; then with none.
    let other = Item {
        resource: Arc::from("vm-9"),
        ..a.clone()
    };
    assert_eq!(
        level(&two, std::slice::from_ref(&other), Grain::Resource),
        (vec!["cluster"], 2)
    );
    let nobody = Item {
        cluster: Arc::from(""),
        ..other
    };
    assert_eq!(level(&two, &[nobody], Grain::Resource), (vec!["day"], 2));
}

fn any_item() -> impl Strategy<Value = Item> {
    let names = || prop::sample::select(vec!["", "a", "b", "c"]);
    let meters = prop::sample::select(vec![VM, "dbu/AZURE/PREMIUM_JOBS_COMPUTE"]);
    let numbers = (-1_000_000_000_000_i64..1_000_000_000_000, 3_u32..=20);
    let price = prop::option::of((0_i64..1_000_000, 0_u32..=8));
    (
        meters,
        1_u32..4,
        names(),
        names(),
        numbers.clone(),
        numbers,
        price,
    )
        .prop_map(|(meter, day, resource, cluster, quantity, cost, price)| Item {
            meter: Arc::from(meter),
            day: NaiveDate::from_ymd_opt(2026, 10, day).unwrap(),
            resource: Arc::from(resource),
            cluster: Arc::from(cluster),
            quantity: Amount::of_decimal(Decimal::new(quantity.0, quantity.1)).unwrap(),
            price: price.map(|(mantissa, scale)| Decimal::new(mantissa, scale)),
            cost: Amount::of_decimal(Decimal::new(cost.0, cost.1)).unwrap(),
            quantity_slack: Amount::ZERO,
            cost_slack: Amount::ZERO,
        })
}

fn sum(items: &[Item]) -> Amount {
    items
        .iter()
        .try_fold(Amount::ZERO, |sum, i| sum.plus(i.cost))
        .unwrap()
}

proptest! {
    /// Whatever both sides say and by whatever it is compared: the differences are all there is between their sums.
    #[test]
    fn the_classes_add_up_to_the_difference_of_the_sums(
        ours in prop::collection::vec(any_item(), 0..12),
        theirs in prop::collection::vec(any_item(), 0..12),
        grain in prop::sample::select(vec![Grain::Meter, Grain::Day, Grain::Resource]),
    ) {
        let compared = compare(&ours, &theirs, Vec::new(), grain).unwrap();
        prop_assert_eq!(compared.money().unwrap(), sum(&theirs).minus(sum(&ours)).unwrap());
    }

    /// What equals itself matches, whatever the order.
    #[test]
    fn a_side_matches_itself(items in prop::collection::vec(any_item(), 0..12)) {
        let reversed: Vec<Item> = items.iter().rev().cloned().collect();
        let compared = compare(&items, &reversed, Vec::new(), Grain::Resource).unwrap();
        prop_assert!(compared.differences.iter().all(|d| d.class == Class::Matched));
        prop_assert_eq!(compared.matched, sum(&items));
    }
}
