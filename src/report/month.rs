//! The month's cost report: exact sums of the ledger's daily rows, by any dimension.
#![deny(clippy::arithmetic_side_effects)]

use rust_decimal::Decimal;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::cost::Cost;
use super::dimension::Dimension;
use crate::ledger::chain::ChainHash;
use crate::ledger::summary::{CostRow, UnpricedRow};
use crate::model::charge::{Price, UnpricedReason};
use crate::model::meter::{Category, Meter};
use crate::model::money::Currency;
use crate::model::period::{Instant, Month};

/// What a month's report is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MonthInput {
    /// The month.
    pub month: Month,
    /// The ledger's currency; none while the ledger is empty.
    pub currency: Option<Currency>,
    /// Hash of the ledger's last entry: which state of the ledger was reported.
    pub head: ChainHash,
    /// Entries in the ledger.
    pub ledger_entries: u64,
    /// When the month was closed; head and entries are those of that time. None while it is open.
    pub closed_at: Option<Instant>,
    /// The month's daily rows.
    pub rows: Vec<CostRow>,
    /// Charges of earlier months, told after these were closed and so billed in this one.
    pub late: Vec<CostRow>,
    /// The month's usage without a price.
    pub unpriced: Vec<UnpricedRow>,
    /// Scenarios begun and not finished: facts that may be missing.
    pub unfinished_runs: Vec<String>,
}

/// A month's costs. Groupings are computed when asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CostReport {
    input: MonthInput,
    total: Cost,
    several_clouds: bool,
    has_storage: bool,
    has_contract: bool,
    has_commitment: bool,
}

/// The costs of one group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The group's name; `(none)` where the dimension says nothing.
    pub name: String,
    /// Quantity in 10^-9 of `unit`; only where all of the group is one SKU.
    pub quantity_nano: Option<i128>,
    /// `DBU`, `GB-hour` or `hour`.
    pub unit: Option<&'static str>,
    /// What it cost.
    pub cost: Cost,
}

/// What was used of one vendor, and what it bills.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VendorTotal {
    /// `azure`, `databricks`.
    pub vendor: &'static str,
    /// What it cost.
    pub cost: Cost,
}

/// Usage of one meter that has no price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnpricedGroup {
    /// What is billed.
    pub meter: Arc<Meter>,
    /// Why there is no price.
    pub reason: UnpricedReason,
    /// Units of the meter per hour, if known.
    pub quantity_per_hour: Option<Decimal>,
    /// Seconds of use.
    pub seconds: i64,
    /// Usages.
    pub usages: u64,
}

/// A price that is a placeholder, and what was billed at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntheticPrice {
    /// What is billed.
    pub meter: Arc<Meter>,
    /// The price and its source.
    pub price: Arc<Price>,
    /// In 10^-9 of the currency.
    pub cost_nano: i128,
    /// The same at the list price, which is the synthetic one.
    pub list_nano: i128,
}

impl CostReport {
    /// The report of a month.
    pub fn new(input: MonthInput) -> CostReport {
        let mut total = Cost::default();
        let rows = || input.rows.iter().chain(&input.late);
        for row in rows() {
            total.add(row);
        }
        let clouds: BTreeSet<_> = rows().map(|row| row.meter.cloud).collect();
        let has_storage = rows().any(|row| row.meter.category() == Category::Storage);
        let has_contract = rows().any(|row| row.price.list_unit_price.is_some());
        let has_commitment = rows().any(|row| row.meter.is_commitment() || row.price.commitment.is_some());
        CostReport {
            input,
            total,
            several_clouds: clouds.len() > 1,
            has_storage,
            has_contract,
            has_commitment,
        }
    }

    /// The month.
    pub fn month(&self) -> Month {
        self.input.month
    }

    /// The ledger's currency; none while the ledger is empty.
    pub fn currency(&self) -> Option<Currency> {
        self.input.currency
    }

    /// Hash of the ledger's last entry.
    pub fn head(&self) -> ChainHash {
        self.input.head
    }

    /// Entries in the ledger.
    pub fn ledger_entries(&self) -> u64 {
        self.input.ledger_entries
    }

    /// Scenarios begun and not finished.
    pub fn unfinished_runs(&self) -> &[String] {
        &self.input.unfinished_runs
    }

    /// All costs of the month.
    pub fn total(&self) -> &Cost {
        &self.total
    }

    /// Whether storage was billed. Where it was not, no table has a column for it.
    pub fn has_storage(&self) -> bool {
        self.has_storage
    }

    /// Whether anything was billed at a contract's price. Where nothing was, list costs are the costs and no table shows
    /// them twice.
    pub fn has_contract(&self) -> bool {
        self.has_contract
    }

    /// Whether commitments were paid or used. Where none was, what is billed is what was used and no table shows it twice.
    pub fn has_commitment(&self) -> bool {
        self.has_commitment
    }

    /// Whether nothing was billed.
    pub fn is_empty(&self) -> bool {
        self.rows().next().is_none()
    }

    /// When the month was closed; none while it is open.
    pub fn closed_at(&self) -> Option<Instant> {
        self.input.closed_at
    }

    /// Everything that is billed in the month.
    fn rows(&self) -> impl Iterator<Item = &CostRow> {
        self.input.rows.iter().chain(&self.input.late)
    }

    /// Corrections of closed months, by the month of their charges: part of the total, not beside it.
    pub fn corrections(&self) -> Vec<Group> {
        let mut months: BTreeMap<String, Group> = BTreeMap::new();
        for row in &self.input.late {
            let month = row.day.format("%Y-%m").to_string();
            let group = months.entry(month.clone()).or_insert_with(|| Group {
                name: month,
                quantity_nano: None,
                unit: None,
                cost: Cost::default(),
            });
            group.add(row);
        }
        months.into_values().collect()
    }

    /// The month by a dimension: the dearest group first, equals by name; days in their order.
    pub fn by(&self, dimension: Dimension) -> Vec<Group> {
        self.grouped(self.rows(), dimension)
    }

    /// What idle pool instances cost, by pool. These costs are part of the total, not beside it.
    pub fn idle_pools(&self) -> Vec<Group> {
        let idle = |row: &&CostRow| !row.subject.pool.is_empty() && row.subject.cluster_id.is_empty();
        self.grouped(self.rows().filter(idle), Dimension::Pool)
    }

    fn grouped<'a>(&'a self, rows: impl Iterator<Item = &'a CostRow>, dimension: Dimension) -> Vec<Group> {
        let mut names: BTreeMap<Cow<'a, str>, usize> = BTreeMap::new();
        let mut sums: Vec<Group> = Vec::new();
        // Rows share their subjects and meters, and most names are made from these: once per pair, not per row.
        let mut seen: HashMap<_, usize> = HashMap::new();
        for row in rows {
            let day = (dimension == Dimension::Day).then_some(row.day);
            let made_from = (Arc::as_ptr(&row.subject), Arc::as_ptr(&row.meter), day);
            let place = *seen.entry(made_from).or_insert_with(|| {
                let name = dimension.group(row, self.several_clouds);
                *names.entry(name).or_insert_with(|| {
                    sums.push(Group::empty(dimension, row));
                    sums.len().saturating_sub(1)
                })
            });
            if let Some(group) = sums.get_mut(place) {
                group.add(row);
            }
        }
        for (name, place) in names {
            if let Some(group) = sums.get_mut(place) {
                group.name = name.into_owned();
            }
        }
        let mut groups = sums;
        groups.sort_by(|a, b| a.name.cmp(&b.name));
        if dimension != Dimension::Day {
            // The sort is stable, so equals stay in the order of their names.
            groups.sort_by_key(|group| std::cmp::Reverse(group.cost.total_nano()));
        }
        groups
    }

    /// What each vendor is owed, the most first.
    pub fn vendors(&self) -> Vec<VendorTotal> {
        let mut sums: BTreeMap<&'static str, Cost> = BTreeMap::new();
        for row in self.rows() {
            sums.entry(row.meter.vendor()).or_default().add(row);
        }
        let mut vendors: Vec<VendorTotal> = sums
            .into_iter()
            .map(|(vendor, cost)| VendorTotal { vendor, cost })
            .collect();
        vendors.sort_by_key(|vendor| std::cmp::Reverse(vendor.cost.total_nano()));
        vendors
    }

    /// Usage without a price, by meter, reason and rate: the longest first. In no sum of this report.
    pub fn unpriced(&self) -> Vec<UnpricedGroup> {
        let mut groups: BTreeMap<_, UnpricedGroup> = BTreeMap::new();
        for row in &self.input.unpriced {
            let key = (row.meter.to_string(), row.reason, row.quantity_per_hour);
            let group = groups.entry(key).or_insert_with(|| UnpricedGroup {
                meter: Arc::clone(&row.meter),
                reason: row.reason,
                quantity_per_hour: row.quantity_per_hour,
                seconds: 0,
                usages: 0,
            });
            group.seconds = group.seconds.saturating_add(row.seconds);
            group.usages = group.usages.saturating_add(row.usages);
        }
        let mut groups: Vec<UnpricedGroup> = groups.into_values().collect();
        groups.sort_by_key(|group| std::cmp::Reverse(group.seconds));
        groups
    }

    /// Prices that are placeholders, with what was billed at them, the most first.
    pub fn synthetic_prices(&self) -> Vec<SyntheticPrice> {
        let mut found: BTreeMap<_, SyntheticPrice> = BTreeMap::new();
        for row in self.rows().filter(|row| row.price.synthetic) {
            let key = (row.meter.to_string(), &row.price.source, row.price.unit_price);
            let price = found.entry(key).or_insert_with(|| SyntheticPrice {
                meter: Arc::clone(&row.meter),
                price: Arc::clone(&row.price),
                cost_nano: 0,
                list_nano: 0,
            });
            price.cost_nano = price.cost_nano.saturating_add(row.costs.effective_nano.into());
            price.list_nano = price.list_nano.saturating_add(row.costs.list_nano.into());
        }
        let mut prices: Vec<SyntheticPrice> = found.into_values().collect();
        prices.sort_by_key(|price| std::cmp::Reverse(price.cost_nano));
        prices
    }

    /// Where the prices come from, sorted.
    pub fn price_sources(&self) -> BTreeSet<&str> {
        self.rows().map(|row| &*row.price.source).collect()
    }
}

impl Group {
    fn empty(dimension: Dimension, row: &CostRow) -> Group {
        // What is paid for a commitment and what is not used of it have no quantity in common.
        let is_sku = dimension == Dimension::Sku && !row.meter.is_commitment();
        Group {
            name: String::new(),
            quantity_nano: is_sku.then_some(0),
            unit: is_sku.then(|| row.meter.unit()),
            cost: Cost::default(),
        }
    }

    fn add(&mut self, row: &CostRow) {
        let quantity = i128::from(row.quantity_nano);
        self.quantity_nano = self.quantity_nano.map(|sum| sum.saturating_add(quantity));
        self.cost.add(row);
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
pub(crate) mod tests {
    use super::*;
    use crate::ledger::sample::{dec, price, subject};
    use crate::model::charge::Costs;
    use crate::model::usage::Subject;
    use chrono::NaiveDate;
    use proptest::prelude::*;

    pub(crate) const VM: &str = "vm/AZURE/westus2/Standard_DS3_v2/on_demand";
    pub(crate) const DBU: &str = "dbu/AZURE/PREMIUM_JOBS_COMPUTE";

    pub fn row(day: u32, subject: Subject, meter: &str, quantity_nano: i64, cost_nano: i64) -> CostRow {
        CostRow {
            day: NaiveDate::from_ymd_opt(2026, 10, day).unwrap(),
            subject: Arc::new(subject),
            meter: Arc::new(meter.parse().unwrap()),
            price: Arc::new(price("0.229")),
            quantity_nano,
            cost_nano,
            costs: Costs {
                list_nano: cost_nano,
                contracted_nano: cost_nano,
                billed_nano: cost_nano,
                effective_nano: cost_nano,
            },
            entries: 1,
        }
    }

    pub fn idle(pool: &str) -> Subject {
        Subject {
            team: "platform".to_owned(),
            workspace: "prod".to_owned(),
            pool: pool.to_owned(),
            ..Subject::default()
        }
    }

    pub fn input(rows: Vec<CostRow>) -> MonthInput {
        MonthInput {
            month: "2026-10".parse().unwrap(),
            currency: Some(Currency::USD),
            head: ChainHash::genesis(),
            ledger_entries: 7,
            rows,
            closed_at: None,
            late: Vec::new(),
            unpriced: Vec::new(),
            unfinished_runs: Vec::new(),
        }
    }

    /// Four hours of a VM at 0.229 with 3 DBU at 0.3, one team; a third of an hour of another; an idle pool.
    pub fn small() -> MonthInput {
        let mut synthetic = row(
            3,
            subject("ml", "train"),
            "disk/AZURE/westus2/E6",
            1_000_000_000,
            3_333,
        );
        synthetic.price = Arc::new(Price {
            synthetic: true,
            source: Arc::from("made-up"),
            ..price("0.01")
        });
        let mut input = input(vec![
            row(1, subject("etl", "nightly"), VM, 4_000_000_000, 916_000_000),
            row(1, subject("etl", "nightly"), DBU, 3_000_000_000, 900_000_000),
            row(2, subject("ml", "train"), VM, 333_333_333, 76_333_333),
            synthetic,
            row(2, idle("warm"), VM, 2_000_000_000, 458_000_000),
        ]);
        input.unpriced = vec![UnpricedRow {
            day: NaiveDate::from_ymd_opt(2026, 10, 4).unwrap(),
            subject: Arc::new(subject("ml", "train")),
            meter: Arc::new("dbu/AZURE/PREMIUM_JOBS_COMPUTE_(PHOTON)".parse().unwrap()),
            reason: UnpricedReason::NoPrice,
            quantity_per_hour: Some(dec("1.5")),
            seconds: 5_400,
            usages: 2,
        }];
        input
    }

    #[test]
    fn idle_pools_are_shown_apart_and_stay_in_the_total() {
        let report = CostReport::new(small());
        let idle = report.idle_pools();
        assert_eq!(idle.len(), 1);
        assert_eq!(
            (idle[0].name.as_str(), idle[0].cost.vm_nano),
            ("warm", 458_000_000)
        );
        let clusters: Vec<String> = report
            .by(Dimension::Cluster)
            .into_iter()
            .map(|g| g.name)
            .collect();
        assert_eq!(
            clusters,
            ["nightly (id-nightly)", "(idle in pool warm)", "train (id-train)"]
        );
    }

    #[test]
    fn one_sku_of_two_clouds_is_two_groups() {
        let aws = "dbu/AWS/PREMIUM_JOBS_COMPUTE";
        let report = CostReport::new(input(vec![
            row(1, subject("a", "x"), DBU, 1, 1),
            row(1, subject("a", "x"), aws, 1, 2),
        ]));
        let names: Vec<String> = report.by(Dimension::Sku).into_iter().map(|g| g.name).collect();
        assert_eq!(
            names,
            ["PREMIUM_JOBS_COMPUTE (AWS)", "PREMIUM_JOBS_COMPUTE (AZURE)"]
        );
    }

    #[test]
    fn days_stand_in_their_order_and_others_by_cost_then_name() {
        let report = CostReport::new(input(vec![
            row(9, subject("b", "x"), VM, 1, 5),
            row(3, subject("a", "y"), VM, 1, 5),
            row(4, subject("c", "z"), VM, 1, 7),
        ]));
        let names = |dimension| -> Vec<String> { report.by(dimension).into_iter().map(|g| g.name).collect() };
        assert_eq!(names(Dimension::Team), ["c", "a", "b"]);
        assert_eq!(names(Dimension::Day), ["2026-10-03", "2026-10-04", "2026-10-09"]);
        assert_eq!(names(Dimension::Job), ["(none)"]);
    }

    pub fn any_rows() -> impl Strategy<Value = Vec<CostRow>> {
        let names = || prop::sample::select(vec!["", "a", "b", "=c|d"]);
        let meters = prop::sample::select(vec![
            VM,
            DBU,
            "disk/AZURE/westus2/E6",
            "public_ip/AWS/us-east-1",
            "dbu/AWS/PREMIUM_JOBS_COMPUTE",
        ]);
        let one = (
            1_u32..=31,
            names(),
            names(),
            names(),
            meters,
            any::<i64>(),
            any::<i64>(),
        );
        let one = one.prop_map(|(day, team, cluster, pool, meter, quantity, cost)| {
            let whose = Subject {
                pool: pool.to_owned(),
                job_name: pool.to_owned(),
                ..subject(team, cluster)
            };
            row(day, whose, meter, quantity, cost)
        });
        prop::collection::vec(one, 0..40)
    }

    proptest! {
        #[test]
        fn the_groups_of_every_dimension_sum_to_the_ledger(rows in any_rows()) {
            let ledger: i128 = rows.iter().map(|row| i128::from(row.cost_nano)).sum();
            let report = CostReport::new(input(rows));
            prop_assert_eq!(report.total().total_nano(), ledger);
            let vendors: i128 = report.vendors().iter().map(|v| v.cost.total_nano()).sum();
            prop_assert_eq!(vendors, ledger);
            for dimension in Dimension::ALL {
                let groups = report.by(dimension);
                let sum = |of: fn(&Cost) -> i128| groups.iter().map(|g| of(&g.cost)).sum::<i128>();
                prop_assert_eq!(sum(Cost::total_nano), ledger, "{}", dimension);
                prop_assert_eq!(sum(|c| c.dbu_quantity_nano), report.total().dbu_quantity_nano);
                prop_assert_eq!(sum(|c| c.vm_nano), report.total().vm_nano);
            }
        }
    }
}
