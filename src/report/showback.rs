//! Showback: what cost centres owe for, and what of it was allocated to others, side by side and never summed twice.
#![deny(clippy::arithmetic_side_effects)]

use std::collections::BTreeMap;

use super::month::CostReport;
use crate::ledger::account::Account;
use crate::ledger::summary::AllocationRow;

/// What a cost centre has, in 10^-9 of the currency.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Showback {
    /// Its name.
    pub name: String,
    /// What it is billed for: part of the report's total.
    pub cost_nano: i128,
    /// What was moved to it, or from it where negative: in no sum of the report. All of them sum to zero.
    pub allocated_nano: i128,
}

impl Showback {
    /// Both.
    pub fn with_allocations_nano(&self) -> i128 {
        self.cost_nano.saturating_add(self.allocated_nano)
    }
}

impl CostReport {
    /// Every cost centre that was billed for something or allocated something, the dearest with allocations first, equals by name;
    /// nothing where nothing was allocated.
    pub fn showback(&self) -> Vec<Showback> {
        if self.allocations().is_empty() {
            return Vec::new();
        }
        let mut centres: BTreeMap<Account, Showback> = BTreeMap::new();
        for row in self.rows() {
            let centre = centres.entry(Account::of_subject(&row.subject)).or_default();
            centre.cost_nano = centre.cost_nano.saturating_add(row.cost_nano.into());
        }
        for AllocationRow {
            from,
            to,
            amount_nano,
            ..
        } in self.allocations()
        {
            let centre = centres.entry(to.clone()).or_default();
            centre.allocated_nano = centre.allocated_nano.saturating_add(*amount_nano);
            let centre = centres.entry(from.clone()).or_default();
            centre.allocated_nano = centre.allocated_nano.saturating_sub(*amount_nano);
        }
        let named = centres.into_iter().map(|(account, showback)| Showback {
            name: account.name().to_owned(),
            ..showback
        });
        let mut showback: Vec<Showback> = named.collect();
        showback.sort_by_key(|centre| std::cmp::Reverse(centre.with_allocations_nano()));
        showback
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use super::*;
    use crate::ledger::allocation::{Shared, SplitKey};
    use crate::report::month::tests::{any_rows, input, small};
    use crate::report::{Dimension, Format, RenderOptions, render};
    use proptest::prelude::*;
    use std::sync::Arc;

    pub fn moved(from: &str, to: &str, amount_nano: i128) -> AllocationRow {
        let centre = |name: &str| Account::CostCentre(Arc::from(name));
        AllocationRow {
            shared: Shared {
                workspace: "prod".into(),
                pool: "warm".into(),
            },
            key: SplitKey::Seconds,
            from: centre(from),
            to: centre(to),
            amount_nano,
        }
    }

    /// platform bears 0.458 of an idle pool; etl takes 0.305333333 of it, ml the rest.
    #[test]
    fn direct_and_allocated_costs_stand_apart() {
        let mut month = small();
        month.allocations = vec![
            moved("platform", "etl", 305_333_333),
            moved("platform", "ml", 152_666_667),
        ];
        let report = CostReport::new(month);
        let shown = |format| {
            let options = RenderOptions {
                dimensions: vec![Dimension::Team],
                decimals: 3,
            };
            render(&report, format, &options).unwrap()
        };
        let text = shown(Format::Text);
        let tables = text.split("\n\n").filter(|table| table.contains("llocat"));
        insta::assert_snapshot!(tables.collect::<Vec<_>>().join("\n\n"));
        let csv = shown(Format::Csv);
        let lines = csv.lines().filter(|line| line.contains(",allocation"));
        insta::assert_snapshot!(lines.collect::<Vec<_>>().join("\n"));
        let json: serde_json::Value = serde_json::from_str(&shown(Format::Json)).unwrap();
        insta::assert_snapshot!(
            serde_json::to_string_pretty(&[&json["showback"], &json["allocations"]]).unwrap()
        );
    }

    proptest! {
        #[test]
        fn what_is_allocated_sums_to_nothing_and_costs_to_the_total(
            rows in any_rows(), moves in prop::collection::vec(("[abc]", "[def]", any::<i64>()), 1..9),
        ) {
            let mut month = input(rows);
            month.allocations = moves.iter().map(|(from, to, nano)| moved(from, to, (*nano).into())).collect();
            let report = CostReport::new(month);
            let showback = report.showback();
            prop_assert_eq!(showback.iter().map(|c| c.allocated_nano).sum::<i128>(), 0);
            prop_assert_eq!(showback.iter().map(|c| c.cost_nano).sum::<i128>(), report.total().total_nano());
        }
    }
}
