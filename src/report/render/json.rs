//! The report as JSON: exact decimal text, stable keys, all of it in one object.

use serde::Serialize;

use super::RenderOptions;
use super::table::hours_nano;
use crate::ledger::check::nano_text;
use crate::model::exact::decimal_text;
use crate::model::period::rfc3339;
use crate::report::cost::Cost;
use crate::report::month::{CostReport, Group};

#[derive(Serialize)]
struct ReportForm {
    billing_month: String,
    billing_period_start: String,
    billing_period_end: String,
    billing_currency: Option<String>,
    /// Only where the month is closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    closed_at: Option<String>,
    ledger: LedgerForm,
    total: CostForm,
    vendors: Vec<VendorForm>,
    sections: Vec<SectionForm>,
    idle_pools: Vec<GroupForm>,
    /// Only where there are some: charges of closed months, by the month of the charge.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    corrections: Vec<GroupForm>,
    unpriced: Vec<UnpricedForm>,
    synthetic_prices: Vec<SyntheticForm>,
    price_sources: Vec<String>,
    unfinished_runs: Vec<String>,
}

#[derive(Serialize)]
struct LedgerForm {
    entries: u64,
    head: String,
}

#[derive(Serialize)]
struct CostForm {
    dbu_quantity: String,
    dbu_cost: String,
    vm_cost: String,
    disk_cost: String,
    network_cost: String,
    /// Only where storage was billed.
    #[serde(skip_serializing_if = "Option::is_none")]
    storage_cost: Option<String>,
    list_cost: String,
    contracted_cost: String,
    /// Only where commitments were paid or used; the costs by category are then effective costs.
    #[serde(flatten)]
    commitments: Option<CommitmentsForm>,
}

#[derive(Serialize)]
struct CommitmentsForm {
    billed_cost: String,
    effective_cost: String,
}

#[derive(Serialize)]
struct VendorForm {
    vendor: &'static str,
    list_cost: String,
    contracted_cost: String,
    #[serde(flatten)]
    commitments: Option<CommitmentsForm>,
}

#[derive(Serialize)]
struct SectionForm {
    dimension: &'static str,
    groups: Vec<GroupForm>,
}

#[derive(Serialize)]
struct GroupForm {
    name: String,
    pricing_quantity: Option<String>,
    pricing_unit: Option<&'static str>,
    #[serde(flatten)]
    cost: CostForm,
}

#[derive(Serialize)]
struct UnpricedForm {
    meter: String,
    sku: String,
    reason: &'static str,
    pricing_unit: &'static str,
    quantity_per_hour: Option<String>,
    seconds: i64,
    hours: String,
    usages: u64,
}

#[derive(Serialize)]
struct SyntheticForm {
    meter: String,
    list_unit_price: String,
    source: String,
    list_cost: String,
    /// Only where a contract speaks of the price.
    #[serde(skip_serializing_if = "Option::is_none")]
    contracted_cost: Option<String>,
}

pub(super) fn render(report: &CostReport, options: &RenderOptions) -> Result<String, String> {
    let text = serde_json::to_string_pretty(&form(report, options)).map_err(|e| e.to_string())?;
    Ok(format!("{text}\n"))
}

fn form(report: &CostReport, options: &RenderOptions) -> ReportForm {
    let period = report.month().period();
    ReportForm {
        billing_month: report.month().to_string(),
        billing_period_start: rfc3339(period.start),
        billing_period_end: rfc3339(period.end),
        billing_currency: report.currency().map(String::from),
        closed_at: report.closed_at().map(rfc3339),
        ledger: LedgerForm {
            entries: report.ledger_entries(),
            head: report.head().to_string(),
        },
        total: cost_form(report, report.total()),
        vendors: vendors(report),
        sections: options
            .dimensions
            .iter()
            .map(|dimension| SectionForm {
                dimension: dimension.as_str(),
                groups: groups(report, report.by(*dimension)),
            })
            .collect(),
        idle_pools: groups(report, report.idle_pools()),
        corrections: groups(report, report.corrections()),
        unpriced: unpriced(report),
        synthetic_prices: synthetic(report),
        price_sources: report.price_sources().into_iter().map(str::to_owned).collect(),
        unfinished_runs: report.unfinished_runs().to_vec(),
    }
}

fn cost_form(report: &CostReport, cost: &Cost) -> CostForm {
    CostForm {
        dbu_quantity: nano_text(cost.dbu_quantity_nano),
        dbu_cost: nano_text(cost.dbu_nano),
        vm_cost: nano_text(cost.vm_nano),
        disk_cost: nano_text(cost.disk_nano),
        network_cost: nano_text(cost.network_nano),
        storage_cost: report.has_storage().then(|| nano_text(cost.storage_nano)),
        list_cost: nano_text(cost.list_nano),
        contracted_cost: nano_text(cost.contracted_nano),
        commitments: commitments(report, cost),
    }
}

fn commitments(report: &CostReport, cost: &Cost) -> Option<CommitmentsForm> {
    report.has_commitment().then(|| CommitmentsForm {
        billed_cost: nano_text(cost.billed_nano),
        effective_cost: nano_text(cost.total_nano()),
    })
}

fn groups(report: &CostReport, groups: Vec<Group>) -> Vec<GroupForm> {
    let groups = groups.into_iter();
    groups
        .map(|group| GroupForm {
            pricing_quantity: group.quantity_nano.map(nano_text),
            pricing_unit: group.unit,
            cost: cost_form(report, &group.cost),
            name: group.name,
        })
        .collect()
}

fn vendors(report: &CostReport) -> Vec<VendorForm> {
    let vendors = report.vendors().into_iter();
    vendors
        .map(|total| VendorForm {
            vendor: total.vendor,
            list_cost: nano_text(total.cost.list_nano),
            contracted_cost: nano_text(total.cost.contracted_nano),
            commitments: commitments(report, &total.cost),
        })
        .collect()
}

fn unpriced(report: &CostReport) -> Vec<UnpricedForm> {
    let groups = report.unpriced().into_iter();
    groups
        .map(|group| UnpricedForm {
            meter: group.meter.to_string(),
            sku: group.meter.sku(),
            reason: group.reason.as_str(),
            pricing_unit: group.meter.unit(),
            quantity_per_hour: group.quantity_per_hour.map(decimal_text),
            seconds: group.seconds,
            hours: nano_text(hours_nano(group.seconds).into()),
            usages: group.usages,
        })
        .collect()
}

fn synthetic(report: &CostReport) -> Vec<SyntheticForm> {
    let prices = report.synthetic_prices().into_iter();
    prices
        .map(|synthetic| SyntheticForm {
            meter: synthetic.meter.to_string(),
            list_unit_price: synthetic.price.list().to_string(),
            source: synthetic.price.source.to_string(),
            list_cost: nano_text(synthetic.list_nano),
            contracted_cost: synthetic
                .price
                .list_unit_price
                .map(|_| nano_text(synthetic.cost_nano)),
        })
        .collect()
}
