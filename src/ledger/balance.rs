//! Sums held against each other: balances of accounts, and the roll-ups of a day.
#![deny(clippy::arithmetic_side_effects)]

use std::collections::{BTreeMap, BTreeSet};

use super::account::Account;
use super::check::{Finding, code, general, nano_text};

/// Balances in 10^-9 of the currency: what an account owes is positive, what it is owed negative.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Balances(pub BTreeMap<Account, i128>);

impl Balances {
    /// Adds both legs of an amount.
    pub fn transfer(&mut self, debit: &Account, credit: &Account, amount_nano: i128) {
        self.add(debit, amount_nano);
        self.add(credit, amount_nano.saturating_neg());
    }

    /// Adds one leg. Sums of 64-bit amounts do not reach the bounds of 128 bits.
    pub fn add(&mut self, account: &Account, amount_nano: i128) {
        match self.0.get_mut(account) {
            Some(balance) => *balance = balance.saturating_add(amount_nano),
            None => {
                self.0.insert(account.clone(), amount_nano);
            }
        }
    }

    /// The sum over all accounts: zero.
    pub fn sum(&self) -> i128 {
        self.0.values().fold(0, |sum, b| sum.saturating_add(*b))
    }

    /// Compares balances recomputed from entries (`self`) with those another table tells.
    pub fn compare(&self, told: &Balances) -> Vec<Finding> {
        let accounts: BTreeSet<&Account> = self.0.keys().chain(told.0.keys()).collect();
        let of = |balances: &Balances, account| balances.0.get(account).copied().unwrap_or_default();
        let differing = accounts
            .into_iter()
            .filter(|account| of(self, account) != of(told, account));
        let mut findings: Vec<Finding> = differing
            .map(|account| {
                let what = format!("balance of {account}");
                general(
                    code::BALANCE,
                    &what,
                    nano_text(of(self, account)),
                    nano_text(of(told, account)),
                )
            })
            .collect();
        if self.sum() != 0 {
            findings.push(general(
                code::BALANCE,
                "the sum of all balances",
                "0",
                nano_text(self.sum()),
            ));
        }
        findings
    }
}

/// The sums of one line of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LineSums {
    /// Quantity in nanos.
    pub quantity_nano: i128,
    /// Cost in nanos.
    pub cost_nano: i128,
    /// Entries summed.
    pub entries: i128,
}

impl LineSums {
    /// Adds one entry, or another sum.
    pub fn add(&mut self, other: LineSums) {
        self.quantity_nano = self.quantity_nano.saturating_add(other.quantity_nano);
        self.cost_nano = self.cost_nano.saturating_add(other.cost_nano);
        self.entries = self.entries.saturating_add(other.entries);
    }
}

/// Compares a day's sums recomputed from entries with its stored roll-ups. `name` says what a line is called.
pub fn compare_day<K: Ord>(
    recomputed: &BTreeMap<K, LineSums>,
    stored: &BTreeMap<K, LineSums>,
    name: impl Fn(&K) -> String,
) -> Vec<Finding> {
    let lines: BTreeSet<&K> = recomputed.keys().chain(stored.keys()).collect();
    let mut findings = Vec::new();
    for line in lines {
        let of = |sums: &BTreeMap<K, LineSums>| sums.get(line).copied().unwrap_or_default();
        let (expected, found) = (of(recomputed), of(stored));
        let compared = [
            ("cost", nano_text(expected.cost_nano), nano_text(found.cost_nano)),
            (
                "quantity",
                nano_text(expected.quantity_nano),
                nano_text(found.quantity_nano),
            ),
            ("entries", expected.entries.to_string(), found.entries.to_string()),
        ];
        for (what, expected, found) in compared {
            if expected != found {
                let what = format!("{}: {what}", name(line));
                findings.push(general(code::ROLLUP, &what, expected, found));
            }
        }
    }
    findings
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn balances_and_days_show_both_sides() {
        let (etl, azure) = (Account::CostCentre(Arc::from("etl")), Account::Vendor("azure"));
        let (mut entries, mut told) = (Balances::default(), Balances::default());
        entries.transfer(&etl, &azure, 1_500_000_000);
        assert_eq!(entries.sum(), 0);
        assert_eq!(entries.compare(&entries.clone()), []);
        told.transfer(&etl, &azure, 1_000_000_000);
        let shown: Vec<String> = entries.compare(&told).iter().map(Finding::to_string).collect();
        assert_eq!(
            shown,
            [
                "balance of cost-centre/etl should be 1.5 but is 1",
                "balance of vendor/azure should be -1.5 but is -1",
            ]
        );
        let sums = |cost_nano| LineSums {
            quantity_nano: 1,
            cost_nano,
            entries: 1,
        };
        let recomputed = BTreeMap::from([("a", sums(7)), ("b", sums(8))]);
        let stored = BTreeMap::from([("a", sums(7)), ("b", sums(9))]);
        let shown: Vec<String> = compare_day(&recomputed, &stored, |line| format!("line {line}"))
            .iter()
            .map(Finding::to_string)
            .collect();
        assert_eq!(shown, ["line b: cost should be 0.000000008 but is 0.000000009"]);
    }
}
