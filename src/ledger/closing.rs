//! Closings: a month whose sums are final, and where what is told later of it is booked.
//!
//! Months are closed in their order. A charge that lies before the end of a closed month and is told after the closing is
//! *late*: it keeps its charge period and is billed in the earliest month that is open, which FOCUS calls a `ChargeClass` of
//! `Correction`. So a closed month never changes, and nothing is lost.
#![deny(clippy::arithmetic_side_effects)]

use std::collections::BTreeMap;

use super::chain::ChainHash;
use crate::model::period::{Instant, Month};

/// A month that is closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closing {
    /// The month.
    pub month: Month,
    /// When it was closed, as told.
    pub closed_at: Instant,
    /// Entries of the ledger at that time.
    pub entries: u64,
    /// Hash of the last of them.
    pub head: ChainHash,
    /// What each vendor was owed for the month, in 10^-9 of the currency.
    pub cost_nano: BTreeMap<String, i64>,
}

/// The closed months, in their order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Closings(Vec<Closing>);

impl Closings {
    /// Closings of any order.
    pub fn new(mut all: Vec<Closing>) -> Closings {
        all.sort_by_key(|closing| closing.month);
        Closings(all)
    }

    /// All of them, in order.
    pub fn all(&self) -> &[Closing] {
        &self.0
    }

    /// The closing of a month.
    pub fn of(&self, month: Month) -> Option<&Closing> {
        self.0.iter().find(|closing| closing.month == month)
    }

    /// The end of the last closed month: what lies before it is late from now on.
    pub fn closed_until(&self) -> Option<Instant> {
        self.0.last().map(|closing| closing.month.period().end)
    }

    /// In which month an entry of this number, whose charge starts at `start`, is booked if it is late; none where it is not.
    pub fn late_in(&self, number: u64, start: Instant) -> Option<Month> {
        let told_before = self.0.partition_point(|closing| closing.entries < number);
        let last = self.0.get(told_before.checked_sub(1)?)?;
        let until = last.month.period().end;
        (start < until).then(|| Month::of(until))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::sample::at;

    fn closing(month: &str, entries: u64) -> Closing {
        Closing {
            month: month.parse().unwrap(),
            closed_at: at("2026-12-03"),
            entries,
            head: ChainHash::genesis(),
            cost_nano: BTreeMap::new(),
        }
    }

    #[test]
    fn what_is_told_after_a_closing_is_booked_in_the_earliest_open_month() {
        let closings = Closings::new(vec![closing("2026-12", 30), closing("2026-10", 10)]);
        let late = |number, start: &str| closings.late_in(number, at(start)).map(|m| m.to_string());
        // Told before any closing.
        assert_eq!(late(10, "2026-10-31"), None);
        // After the first: October is closed, November is open.
        assert_eq!(late(11, "2026-10-31T23:59:59Z").as_deref(), Some("2026-11"));
        assert_eq!(late(11, "2026-09-01").as_deref(), Some("2026-11"));
        assert_eq!(late(11, "2026-11-01"), None);
        assert_eq!(late(30, "2026-11-01"), None);
        // After the second: November went with December.
        assert_eq!(late(31, "2026-11-01").as_deref(), Some("2027-01"));
        assert_eq!(late(31, "2027-01-01"), None);
        assert_eq!(closings.closed_until(), Some(at("2027-01-01")));
        assert_eq!(Closings::default().late_in(u64::MAX, at("1970-01-01")), None);
    }
}
