//! Offer files as CSV: some lines about the file, a header that begins with `SKU`, then a price a row.

use std::io::{BufRead, BufReader, Cursor, Read};
use std::ops::ControlFlow;
use std::sync::Arc;

use super::product::{Attributes, Product};
use super::{Desk, Price, damaged, not_an_offer};
use crate::model::meter::PurchaseOption;
use crate::model::rows::{self, Codes, Input, Row, Told};
use crate::pricing::import::{LeftOut, Spot};

/// Lines before the header: five in the files of today.
const LINES_BEFORE: usize = 20;
/// Bytes of the longest of them. The disclaimer has some hundreds, the header some thousands.
const LONGEST_LINE: u64 = 64 << 10;

const CODES: Codes = Codes {
    empty: "price::page",
    syntax: "price::syntax",
    not_a_row: "price::row",
    what: "an offer file of AmazonEC2",
    forms: "expected an offer file of AmazonEC2, as JSON or CSV",
};

/// The columns without which nothing can be told.
const NEEDED: [&str; 8] = [
    "SKU",
    "TermType",
    "EffectiveDate",
    "Unit",
    "PricePerUnit",
    "Currency",
    "Product Family",
    "Instance Type",
];

/// Reads a file.
pub(super) fn read(source: &Arc<str>, text: Box<dyn Read + Send>, desk: &mut Desk<'_>) {
    let mut text = BufReader::new(text);
    for before in 0..LINES_BEFORE {
        let mut line = Vec::new();
        let read = text.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line);
        if let Err(error) = read {
            return desk.problems.push(damaged(source, &error));
        }
        if line.starts_with(b"\"SKU\",") || line.starts_with(b"SKU,") {
            let table = Cursor::new(line).chain(text);
            return table_of(source, before, Box::new(table), desk);
        }
        let code = String::from_utf8_lossy(&line).replace('"', "");
        if let Some(code) = code.trim().strip_prefix("OfferCode,")
            && code != "AmazonEC2"
        {
            let message = format!("an offer file of `{code}`, expected `AmazonEC2`");
            let line = before.saturating_add(1);
            let problem = crate::model::diagnostic::Diagnostic::error("price::page", &**source, message);
            return desk.problems.push(problem.at(line, 0));
        }
        if line.is_empty() {
            break;
        }
    }
    desk.problems.push(not_an_offer(source, 1));
}

fn table_of(source: &Arc<str>, before: usize, table: Box<dyn Read + Send>, desk: &mut Desk<'_>) {
    rows::read(Input::Stream(table), &mut |told| {
        match told {
            Told::Columns(columns) => {
                let lacks = NEEDED.iter().find(|name| columns.iter().all(|c| **c != ***name));
                if let Some(lacks) = lacks {
                    let message = format!("no column `{lacks}`");
                    let spot = spot(source, before, 1);
                    desk.problems.push(spot.error("price::page", message));
                    return ControlFlow::Break(());
                }
            }
            Told::Row(row) => take(&spot(source, before, row.line), &row, desk),
            Told::Fault(mut fault) => {
                fault.line = fault.line.saturating_add(before);
                desk.problems.push(fault.diagnostic(source, &CODES));
            }
        }
        ControlFlow::Continue(())
    });
}

fn spot(source: &Arc<str>, before: usize, line: usize) -> Spot {
    Spot {
        source: Arc::clone(source),
        line: line.saturating_add(before),
        path: String::new(),
    }
}

fn take(spot: &Spot, row: &Row, desk: &mut Desk<'_>) {
    desk.row();
    let text = |column: &str| row.text(column).map(str::to_owned);
    if row.text("TermType") != Some("OnDemand") {
        return desk.leave(LeftOut::NotConsumption);
    }
    let product = Product {
        family: text("Product Family"),
        attributes: Attributes {
            region_code: text("Region Code"),
            location_type: text("Location Type"),
            instance_type: text("Instance Type"),
            tenancy: text("Tenancy"),
            operating_system: text("Operating System"),
            license_model: text("License Model"),
            pre_installed_sw: text("Pre Installed S/W"),
            usage_type: text("usageType"),
            capacity_status: text("CapacityStatus"),
            market_option: text("MarketOption"),
        },
    };
    let machine = match product.machine(desk) {
        Ok(machine) => machine,
        Err(reason) => return desk.leave(reason),
    };
    if row.text("StartingRange").is_some_and(|begin| begin != "0") {
        return desk.tier(spot);
    }
    match row.text("Unit") {
        Some("Hrs") => {}
        unit => return desk.leave(LeftOut::OtherUnit(unit.unwrap_or_default().to_lowercase())),
    }
    let cells = (
        row.text("Currency"),
        row.text("PricePerUnit"),
        row.text("EffectiveDate"),
    );
    let (Some(currency), Some(amount), Some(from)) = cells else {
        let message = "`Currency`, `PricePerUnit` or `EffectiveDate` is missing";
        return desk.problems.push(spot.error("price::row", message));
    };
    let price = Price {
        region: &machine.region,
        node_type_id: &machine.node_type_id,
        purchase_option: PurchaseOption::OnDemand,
        zone: "",
        currency,
        amount,
        from,
    };
    desk.price(spot, &price);
}
