//! The report as CSV: one table, the column `section` says what a line is about. Exact numbers.
//!
//! Sections: `total`, `vendor`, one per dimension asked for, `correction` (of closed months), `idle_pool`, `synthetic_price`, `unpriced`. The lines of
//! a dimension sum to the line `total`; `correction`, `idle_pool` and `synthetic_price` are parts of it, `unpriced` is in no sum.

use super::RenderOptions;
use super::name;
use super::table::hours_nano;
use crate::ledger::check::nano_text;
use crate::model::exact::decimal_text;
use crate::report::cost::Cost;
use crate::report::month::{CostReport, Group};

/// Column names; columns may be added at the end, not renamed or moved. `storage_cost` follows where storage was
/// billed, then the contracted cost, and billed and effective costs where commitments were paid or used.
const HEADER: [&str; 17] = [
    "billing_month",
    "section",
    "name",
    "pricing_quantity",
    "pricing_unit",
    "dbu_quantity",
    "dbu_cost",
    "vm_cost",
    "disk_cost",
    "network_cost",
    "list_cost",
    "billing_currency",
    "price_source",
    "list_unit_price",
    "unpriced_usages",
    "unpriced_reason",
    "quantity_per_hour",
];

#[derive(Default)]
struct Line {
    section: &'static str,
    name: String,
    pricing_quantity: String,
    pricing_unit: &'static str,
    costs: Option<Cost>,
    list_cost: String,
    contracted_cost: String,
    billed_cost: String,
    effective_cost: String,
    price_source: String,
    list_unit_price: String,
    unpriced_usages: String,
    unpriced_reason: &'static str,
    quantity_per_hour: String,
}

pub(super) fn render(report: &CostReport, options: &RenderOptions) -> Result<String, String> {
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    let (storage, committed) = (report.has_storage(), report.has_commitment());
    let header = HEADER
        .into_iter()
        .chain(storage.then_some("storage_cost"))
        .chain(["contracted_cost"])
        .chain(
            committed
                .then_some(["billed_cost", "effective_cost"])
                .into_iter()
                .flatten(),
        );
    writer.write_record(header).map_err(|e| e.to_string())?;
    let month = report.month().to_string();
    let currency = report.currency().map(|c| c.to_string()).unwrap_or_default();
    for line in lines(report, options) {
        let record = line.record(&month, &currency).into_iter();
        let storage = storage.then(|| line.cost(|c| c.storage_nano));
        writer
            .write_record(record.chain(storage).chain(line.ending(committed)))
            .map_err(|e| e.to_string())?;
    }
    let bytes = writer.into_inner().map_err(|e| e.to_string())?;
    String::from_utf8(bytes).map_err(|e| e.to_string())
}

fn lines(report: &CostReport, options: &RenderOptions) -> Vec<Line> {
    let mut lines = vec![cost_line("total", String::new(), report.total())];
    lines.extend(report.vendors().into_iter().map(|vendor| Line {
        costs: None,
        ..cost_line("vendor", vendor.vendor.to_owned(), &vendor.cost)
    }));
    for dimension in &options.dimensions {
        let groups = report.by(*dimension);
        lines.extend(
            groups
                .into_iter()
                .map(|group| group_line(dimension.as_str(), group)),
        );
    }
    let corrections = report.corrections().into_iter();
    lines.extend(corrections.map(|group| group_line("correction", group)));
    let idle = report.idle_pools().into_iter();
    lines.extend(idle.map(|group| group_line("idle_pool", group)));
    lines.extend(report.synthetic_prices().into_iter().map(|synthetic| Line {
        section: "synthetic_price",
        name: name::csv(&synthetic.meter.to_string()),
        list_cost: nano_text(synthetic.list_nano),
        contracted_cost: nano_text(synthetic.cost_nano),
        price_source: name::csv(&synthetic.price.source),
        list_unit_price: synthetic.price.list().to_string(),
        ..Line::default()
    }));
    lines.extend(report.unpriced().into_iter().map(|group| Line {
        section: "unpriced",
        name: name::csv(&group.meter.to_string()),
        pricing_quantity: nano_text(hours_nano(group.seconds).into()),
        pricing_unit: "hour",
        unpriced_usages: group.usages.to_string(),
        unpriced_reason: group.reason.as_str(),
        quantity_per_hour: group.quantity_per_hour.map(decimal_text).unwrap_or_default(),
        ..Line::default()
    }));
    lines
}

fn cost_line(section: &'static str, name: String, cost: &Cost) -> Line {
    Line {
        section,
        name,
        costs: Some(*cost),
        list_cost: nano_text(cost.list_nano),
        contracted_cost: nano_text(cost.contracted_nano),
        billed_cost: nano_text(cost.billed_nano),
        effective_cost: nano_text(cost.total_nano()),
        ..Line::default()
    }
}

fn group_line(section: &'static str, group: Group) -> Line {
    Line {
        pricing_quantity: group.quantity_nano.map(nano_text).unwrap_or_default(),
        pricing_unit: group.unit.unwrap_or_default(),
        ..cost_line(section, name::csv(&group.name), &group.cost)
    }
}

impl Line {
    /// One column of the costs; empty where the line has none.
    fn cost(&self, of: fn(&Cost) -> i128) -> String {
        self.costs.as_ref().map(|c| nano_text(of(c))).unwrap_or_default()
    }

    /// The columns behind those that every report has.
    fn ending(&self, committed: bool) -> impl Iterator<Item = String> {
        let beside = [self.billed_cost.clone(), self.effective_cost.clone()];
        let beside = committed.then_some(beside).into_iter().flatten();
        std::iter::once(self.contracted_cost.clone()).chain(beside)
    }

    fn record(&self, month: &str, currency: &str) -> [String; 17] {
        let priced = !self.list_cost.is_empty();
        [
            month.to_owned(),
            self.section.to_owned(),
            self.name.clone(),
            self.pricing_quantity.clone(),
            self.pricing_unit.to_owned(),
            self.cost(|c| c.dbu_quantity_nano),
            self.cost(|c| c.dbu_nano),
            self.cost(|c| c.vm_nano),
            self.cost(|c| c.disk_nano),
            self.cost(|c| c.network_nano),
            self.list_cost.clone(),
            if priced {
                currency.to_owned()
            } else {
                String::new()
            },
            self.price_source.clone(),
            self.list_unit_price.clone(),
            self.unpriced_usages.clone(),
            self.unpriced_reason.to_owned(),
            self.quantity_per_hour.clone(),
        ]
    }
}
