//! The tables that people read, before they are text or Markdown: cells rounded, differences shown.
#![deny(clippy::arithmetic_side_effects)]

use super::RenderOptions;
use crate::ledger::check::nano_text;
use crate::model::exact::{HourlyRate, NANO_PLACES, RunningTotal, decimal_text, nano_rounded};
use crate::model::money::Currency;
use crate::model::period::{Month, rfc3339};
use crate::report::cost::Cost;
use crate::report::dimension::Dimension;
use crate::report::month::{CostReport, Group, UnpricedGroup};

/// A table, rows as they are shown. The first columns are names, the rest numbers.
#[derive(Debug)]
pub(super) struct Table {
    pub title: String,
    pub names: Vec<&'static str>,
    pub numbers: Vec<&'static str>,
    pub rows: Vec<Row>,
}

/// One line: names, then numbers as text.
#[derive(Debug)]
pub(super) struct Row {
    pub names: Vec<String>,
    pub numbers: Vec<String>,
}

/// Everything a person reads of a report, in order.
#[derive(Debug)]
pub(super) struct Page {
    pub title: String,
    pub warnings: Vec<String>,
    pub tables: Vec<Table>,
    pub notes: Vec<String>,
}

/// The columns of a table of costs; storage has one where any was billed.
fn cost_columns(report: &CostReport) -> Vec<&'static str> {
    let storage = report.has_storage().then_some("Storage cost");
    ["DBU", "DBU cost", "VM cost", "Disk cost", "Network cost"]
        .into_iter()
        .chain(storage)
        .chain(total_columns(report))
        .collect()
}

/// List and billed costs have a column where they are not the costs.
fn total_columns(report: &CostReport) -> impl Iterator<Item = &'static str> {
    let list = report.has_contract().then_some("List cost");
    let billed = report.has_commitment().then_some("Billed cost");
    list.into_iter().chain(billed).chain(["Cost"])
}

pub(super) fn page(report: &CostReport, options: &RenderOptions) -> Page {
    let places = options.decimals.min(NANO_PLACES);
    let mut tables = Vec::new();
    if !report.is_empty() {
        tables.push(vendor_table(report, places));
        for dimension in &options.dimensions {
            tables.push(dimension_table(report, *dimension, places));
        }
        tables.extend(correction_table(report, places));
        tables.extend(idle_table(report, places));
        tables.extend(synthetic_table(report, places));
    }
    tables.extend(unpriced_table(report, places));
    Page {
        title: title(report, places),
        warnings: warnings(report, places),
        tables,
        notes: notes(report, places),
    }
}

fn title(report: &CostReport, places: u32) -> String {
    let (month, currency) = (report.month(), currency(report.currency()));
    if report.is_empty() {
        format!("Cost report {month}: nothing was billed in this month")
    } else {
        format!(
            "Cost report {month}: {} {currency}",
            money(report.total().total_nano(), places)
        )
    }
}

fn currency(currency: Option<Currency>) -> String {
    currency.map(|c| c.to_string()).unwrap_or_default()
}

fn warnings(report: &CostReport, places: u32) -> Vec<String> {
    let mut warnings = Vec::new();
    let unpriced = report.unpriced();
    if !unpriced.is_empty() {
        let usages = unpriced
            .iter()
            .fold(0_u64, |n, group| n.saturating_add(group.usages));
        let seconds = unpriced
            .iter()
            .fold(0_i64, |n, group| n.saturating_add(group.seconds));
        warnings.push(format!(
            "{usages} unpriced usages of {} hours are in no sum of this report; their meters are listed below",
            hours(seconds, places)
        ));
    }
    let synthetic = report.synthetic_prices();
    if !synthetic.is_empty() {
        let cost = synthetic
            .iter()
            .fold(0_i128, |sum, price| sum.saturating_add(price.cost_nano));
        warnings.push(format!(
            "costs of {} {} rest on synthetic prices: placeholders, not a vendor's numbers",
            money(cost, places),
            currency(report.currency())
        ));
    }
    for run in report.unfinished_runs() {
        warnings.push(format!(
            "the scenario `{}` was begun and not finished: its costs may be incomplete",
            super::name::visible(run)
        ));
    }
    warnings
}

fn notes(report: &CostReport, places: u32) -> Vec<String> {
    let period = Month::period(&report.month());
    let costs = match (report.has_commitment(), report.has_contract()) {
        (true, _) => {
            "effective costs: what commitments have paid counts where it is used, or not used; billed costs are what invoices say"
        }
        (false, true) => "what a contract says",
        (false, false) => "list costs",
    };
    let mut notes = vec![format!("Period {period}, days in UTC. Costs are {costs}.")];
    if !report.is_empty() {
        notes.push(format!(
            "Exact total: {} {}.",
            nano_text(report.total().total_nano()),
            currency(report.currency())
        ));
        if report.has_contract() {
            let (list, contracted) = (report.total().list_nano, report.total().contracted_nano);
            notes.push(format!(
                "At list prices: {} {}. Saved by contract: {}.",
                nano_text(list),
                currency(report.currency()),
                nano_text(list.saturating_sub(contracted))
            ));
        }
        if report.has_commitment() {
            notes.push(format!(
                "Exactly billed: {} {}. Saved by commitments: {}.",
                nano_text(report.total().billed_nano),
                currency(report.currency()),
                nano_text(
                    report
                        .total()
                        .contracted_nano
                        .saturating_sub(report.total().total_nano())
                )
            ));
        }
        notes.push(format!(
            "Every cell is rounded by itself, half to even, to {places} decimals. Sums are exact; a (rounding) line \
             shows by how much the lines shown differ from the total shown."
        ));
        let sources: Vec<String> = report
            .price_sources()
            .into_iter()
            .map(super::name::visible)
            .collect();
        notes.push(format!("Prices: {}.", sources.join(", ")));
    }
    let closed = report.closed_at();
    let closed = closed.map(|at| format!(" Closed at {}.", rfc3339(at)));
    notes.push(format!(
        "Ledger: {} entries, head {}.{}",
        report.ledger_entries(),
        report.head(),
        closed.unwrap_or_default()
    ));
    notes
}

fn vendor_table(report: &CostReport, places: u32) -> Table {
    let vendors = report.vendors();
    let lines = vendors.iter().map(|vendor| {
        let numbers = total_numbers(report, &vendor.cost).collect();
        (vec![vendor.vendor.to_owned()], numbers)
    });
    let total: Vec<i128> = total_numbers(report, report.total()).collect();
    Table {
        title: "By vendor".to_owned(),
        names: vec!["Vendor"],
        numbers: total_columns(report).collect(),
        rows: with_total(lines.collect(), &total, places),
    }
}

fn dimension_table(report: &CostReport, dimension: Dimension, places: u32) -> Table {
    let groups = report.by(dimension);
    let title = format!("By {}", label(dimension));
    if dimension == Dimension::Sku {
        return sku_table(report, title, &groups, places);
    }
    Table {
        title,
        names: vec![heading(dimension)],
        numbers: cost_columns(report),
        rows: with_total(
            cost_lines(report, &groups),
            &cost_numbers(report, report.total()),
            places,
        ),
    }
}

/// A SKU is one category, so it has one cost, and a quantity in its own unit, which has no total.
fn sku_table(report: &CostReport, title: String, groups: &[Group], places: u32) -> Table {
    let numbers = |cost: &Cost| total_numbers(report, cost).collect::<Vec<i128>>();
    let lines = groups.iter().map(|group| {
        let name = vec![group.name.clone(), group.unit.unwrap_or_default().to_owned()];
        (name, numbers(&group.cost))
    });
    let mut rows = with_total(lines.collect(), &numbers(report.total()), places);
    let quantities = groups
        .iter()
        .map(|group| money(group.quantity_nano.unwrap_or_default(), places));
    for (row, quantity) in rows
        .iter_mut()
        .zip(quantities.map(Some).chain(std::iter::repeat(None)))
    {
        row.numbers.insert(0, quantity.unwrap_or_default());
        row.names.resize(2, String::new());
    }
    Table {
        title,
        names: vec!["SKU", "Unit"],
        numbers: ["Quantity"].into_iter().chain(total_columns(report)).collect(),
        rows,
    }
}

fn correction_table(report: &CostReport, places: u32) -> Option<Table> {
    part_table(
        report,
        "Corrections of closed months (part of the costs above)",
        "Charged in",
        report.corrections(),
        places,
    )
}

fn idle_table(report: &CostReport, places: u32) -> Option<Table> {
    part_table(
        report,
        "Idle pool instances (part of the costs above)",
        "Pool",
        report.idle_pools(),
        places,
    )
}

/// Some groups with their own total; none where there are none.
fn part_table(
    report: &CostReport,
    title: &str,
    name: &'static str,
    groups: Vec<Group>,
    places: u32,
) -> Option<Table> {
    if groups.is_empty() {
        return None;
    }
    let mut total = Cost::default();
    for group in &groups {
        total.add_cost(&group.cost);
    }
    Some(Table {
        title: title.to_owned(),
        names: vec![name],
        numbers: cost_columns(report),
        rows: with_total(cost_lines(report, &groups), &cost_numbers(report, &total), places),
    })
}

fn synthetic_table(report: &CostReport, places: u32) -> Option<Table> {
    let prices = report.synthetic_prices();
    let rows: Vec<Row> = prices
        .iter()
        .map(|synthetic| Row {
            names: vec![synthetic.meter.to_string(), synthetic.price.source.to_string()],
            numbers: vec![
                synthetic.price.unit_price.to_string(),
                money(synthetic.cost_nano, places),
            ],
        })
        .collect();
    (!rows.is_empty()).then(|| Table {
        title: "Synthetic prices (placeholders, not a vendor's numbers)".to_owned(),
        names: vec!["Meter", "Source"],
        numbers: vec!["Unit price", "Cost"],
        rows,
    })
}

fn unpriced_table(report: &CostReport, places: u32) -> Option<Table> {
    let rows: Vec<Row> = report
        .unpriced()
        .iter()
        .map(|group| Row {
            names: vec![group.meter.to_string(), group.reason.as_str().to_owned()],
            numbers: vec![
                group.usages.to_string(),
                hours(group.seconds, places),
                per_hour(group),
            ],
        })
        .collect();
    (!rows.is_empty()).then(|| Table {
        title: "Unpriced usage (in no sum above)".to_owned(),
        names: vec!["Meter", "Reason"],
        numbers: vec!["Usages", "Hours", "Units per hour"],
        rows,
    })
}

fn per_hour(group: &UnpricedGroup) -> String {
    group
        .quantity_per_hour
        .map_or_else(|| "unknown".to_owned(), decimal_text)
}

fn heading(dimension: Dimension) -> &'static str {
    match dimension {
        Dimension::Team => "Team",
        Dimension::Workspace => "Workspace",
        Dimension::Sku => "SKU",
        Dimension::Cluster => "Cluster",
        Dimension::Job => "Job",
        Dimension::Pool => "Pool",
        Dimension::Day => "Day",
        Dimension::Policy => "Policy",
        Dimension::Owner => "Owner",
    }
}

fn label(dimension: Dimension) -> &'static str {
    match dimension {
        Dimension::Sku => "SKU",
        other => other.as_str(),
    }
}

type Line = (Vec<String>, Vec<i128>);

fn cost_lines(report: &CostReport, groups: &[Group]) -> Vec<Line> {
    groups
        .iter()
        .map(|group| (vec![group.name.clone()], cost_numbers(report, &group.cost)))
        .collect()
}

/// In the order of [`total_columns`].
fn total_numbers(report: &CostReport, cost: &Cost) -> impl Iterator<Item = i128> {
    let list = report.has_contract().then_some(cost.list_nano);
    let billed = report.has_commitment().then_some(cost.billed_nano);
    list.into_iter().chain(billed).chain([cost.total_nano()])
}

/// In the order of [`cost_columns`].
fn cost_numbers(report: &CostReport, cost: &Cost) -> Vec<i128> {
    let storage = report.has_storage().then_some(cost.storage_nano);
    [
        cost.dbu_quantity_nano,
        cost.dbu_nano,
        cost.vm_nano,
        cost.disk_nano,
        cost.network_nano,
    ]
    .into_iter()
    .chain(storage)
    .chain(total_numbers(report, cost))
    .collect()
}

/// The lines, a line for what rounding moved (if it moved anything), and the total.
fn with_total(lines: Vec<Line>, total: &[i128], places: u32) -> Vec<Row> {
    let shown_total: Vec<i128> = total.iter().map(|nano| nano_rounded(*nano, places)).collect();
    let mut missing = shown_total.clone();
    let mut rows = Vec::with_capacity(lines.len().saturating_add(2));
    for (names, numbers) in lines {
        let shown: Vec<i128> = numbers.iter().map(|nano| nano_rounded(*nano, places)).collect();
        for (missing, shown) in missing.iter_mut().zip(&shown) {
            *missing = missing.saturating_sub(*shown);
        }
        rows.push(row(names, &shown, places));
    }
    if missing.iter().any(|difference| *difference != 0) {
        let cells = missing.iter().map(|difference| match difference {
            0 => String::new(),
            _ => scaled(*difference, places),
        });
        rows.push(Row {
            names: vec!["(rounding)".to_owned()],
            numbers: cells.collect(),
        });
    }
    rows.push(row(vec!["Total".to_owned()], &shown_total, places));
    rows
}

fn row(names: Vec<String>, shown: &[i128], places: u32) -> Row {
    Row {
        names,
        numbers: shown.iter().map(|value| scaled(*value, places)).collect(),
    }
}

/// Nanos rounded for a reader.
fn money(nano: i128, places: u32) -> String {
    scaled(nano_rounded(nano, places), places)
}

/// Seconds in hours, rounded for a reader.
fn hours(seconds: i64, places: u32) -> String {
    money(hours_nano(seconds).into(), places)
}

/// Seconds as hours, in nanos.
pub(super) fn hours_nano(seconds: i64) -> i64 {
    let mut total = RunningTotal::default();
    HourlyRate::new(rust_decimal::Decimal::ONE)
        .and_then(|one| total.run(one, seconds))
        .and_then(|()| total.nano())
        // 2^63 nano-hours are a million years: no sum of a month gets there.
        .unwrap_or(i64::MAX)
}

/// A whole number of 10^-places, with its point.
fn scaled(value: i128, places: u32) -> String {
    let sign = if value < 0 { "-" } else { "" };
    let digits = value.unsigned_abs().to_string();
    let places = usize::try_from(places).unwrap_or_default();
    let padded = format!("{digits:0>width$}", width = places.saturating_add(1));
    let (whole, fraction) = padded.split_at(padded.len().saturating_sub(places));
    if fraction.is_empty() {
        format!("{sign}{whole}")
    } else {
        format!("{sign}{whole}.{fraction}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_shown_with_all_their_places() {
        assert_eq!(scaled(0, 2), "0.00");
        assert_eq!(scaled(-5, 2), "-0.05");
        assert_eq!(scaled(12_345, 0), "12345");
        assert_eq!(money(1_005_000_000, 2), "1.00");
        assert_eq!(money(1_015_000_000, 2), "1.02");
        assert_eq!(money(7, 9), "0.000000007");
        assert_eq!(hours(5_400, 2), "1.50");
    }
}
