//! Small made-up facts for tests of the ledger, the store and the reports.

use rust_decimal::Decimal;
use std::sync::Arc;

use super::rate::{Rated, rate};
use crate::model::charge::{Charge, Price, PriceInForce};
use crate::model::exact::parse_decimal;
use crate::model::money::{Currency, UnitPrice};
use crate::model::period::{Instant, Period, parse_instant};
use crate::model::usage::{Subject, Usage};

/// A decimal from text.
pub fn dec(text: &str) -> Decimal {
    parse_decimal(text).unwrap()
}

/// An instant from text.
pub fn at(text: &str) -> Instant {
    parse_instant(text).unwrap()
}

/// A period from two texts.
pub fn period(start: &str, end: &str) -> Period {
    Period::new(at(start), at(end)).unwrap()
}

/// A price of a made-up book.
pub fn price(text: &str) -> Price {
    Price {
        unit_price: UnitPrice(dec(text)),
        list_unit_price: None,
        commitment: None,
        currency: Currency::USD,
        source: Arc::from("book#list-2026-10-01"),
        synthetic: false,
    }
}

/// A job cluster of a team.
pub fn subject(team: &str, cluster: &str) -> Subject {
    Subject {
        workspace: "prod".to_owned(),
        team: team.to_owned(),
        cluster_id: format!("id-{cluster}"),
        cluster_name: cluster.to_owned(),
        owner: "ana@example.com".to_owned(),
        policy: "etl-jobs".to_owned(),
        ..Subject::default()
    }
}

/// A usage of one meter.
pub fn usage(resource: &str, subject: Subject, meter: &str, per_hour: Option<&str>, period: Period) -> Usage {
    Usage {
        resource: resource.to_owned(),
        subject: Arc::new(subject),
        meter: Arc::new(meter.parse().unwrap()),
        per_hour: per_hour.map(dec),
        period,
        since: period.start,
    }
}

/// The usage rated at one price (or none) for all of its stretch.
pub fn rated(usage: &Usage, price: Option<Price>) -> Vec<Rated> {
    let period = Period::new(usage.since, usage.period.end).unwrap();
    rate(usage, &[PriceInForce { period, price }]).unwrap()
}

/// An hour of a VM at 0.229, from an hour of 1 October 2026 on.
pub fn vm_hour(resource: &str, hour: u32) -> Vec<Rated> {
    let start = at(&format!("2026-10-01T{hour:02}:00:00Z"));
    let period = Period::new(start, start + chrono::Duration::hours(1)).unwrap();
    let subject = subject("etl", "nightly");
    let usage = usage(
        resource,
        subject,
        "vm/AZURE/westus2/Standard_DS3_v2/on_demand",
        Some("1"),
        period,
    );
    rated(&usage, Some(price("0.229")))
}

/// The charges among rated pieces.
pub fn charges(rated: &[Rated]) -> Vec<Charge> {
    let charges = rated.iter().filter_map(|r| match r {
        Rated::Charge(charge) => Some(charge.clone()),
        Rated::Unpriced(_) => None,
    });
    charges.collect()
}
