//! Summaries: the rows that reports are made from, one per day and line, so that a report scans no entries.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use std::sync::Arc;

use crate::model::charge::{Costs, Price, UnpricedReason};
use crate::model::meter::Meter;
use crate::model::usage::Subject;

/// What one subject used of one meter on one UTC day at one price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CostRow {
    /// The UTC day.
    pub day: NaiveDate,
    /// Whose it is.
    pub subject: Arc<Subject>,
    /// What is billed.
    pub meter: Arc<Meter>,
    /// The price: its source and whether it is synthetic travel with every number.
    pub price: Arc<Price>,
    /// Quantity in 10^-9 units of the meter.
    pub quantity_nano: i64,
    /// The amount of the entries, in 10^-9 of the ledger's currency.
    pub cost_nano: i64,
    /// The same in the words of FOCUS.
    pub costs: Costs,
    /// Entries summed.
    pub entries: u64,
}

/// What one subject used of one meter on one UTC day without a price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnpricedRow {
    /// The UTC day.
    pub day: NaiveDate,
    /// Whose it is.
    pub subject: Arc<Subject>,
    /// What is billed.
    pub meter: Arc<Meter>,
    /// Why there is no price.
    pub reason: UnpricedReason,
    /// Units of the meter per hour, if known.
    pub quantity_per_hour: Option<Decimal>,
    /// Seconds of use, all resources together.
    pub seconds: i64,
    /// Usages summed.
    pub usages: u64,
}
