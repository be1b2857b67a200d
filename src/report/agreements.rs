//! What agreements made of a month: paid, covered, used, unused.

use serde_json::{Value, json as object};
use std::collections::BTreeMap;
use std::sync::Arc;

use super::columns::columns;
use crate::ledger::agreement::{Line, Part};
use crate::ledger::chain::ChainHash;
use crate::ledger::check::nano_text;
use crate::model::money::Currency;
use crate::model::period::Month;

/// Sums of the lines of agreements in a month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreements {
    month: Month,
    currency: Option<Currency>,
    of: BTreeMap<Arc<str>, Sums>,
    /// Entries that the ledger did not have before, of all months that were looked at.
    pub posted: u64,
    /// Hash of the ledger's last entry afterwards.
    pub head: ChainHash,
}

/// In 10^-9 of the currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Sums {
    /// What the vendor was paid in the month.
    paid: i128,
    /// What the usage would have cost without the agreement: its contracted cost.
    before: i128,
    /// What it cost with it.
    used: i128,
    /// What was paid for and not used.
    unused: i128,
}

impl Agreements {
    /// Nothing yet.
    pub fn new(month: Month, currency: Option<Currency>) -> Agreements {
        Agreements {
            month,
            currency,
            of: BTreeMap::new(),
            posted: 0,
            head: ChainHash::genesis(),
        }
    }

    /// Adds a line of the month.
    pub fn add(&mut self, line: &Line) {
        let sums = self.of.entry(Arc::clone(&line.teller.agreement)).or_default();
        let cost = i128::from(line.charge.cost_nano);
        let (sum, cost) = match line.teller.part {
            Part::Purchase => (&mut sums.paid, cost),
            Part::Covered | Part::Regular => (&mut sums.before, cost.saturating_neg()),
            Part::Used | Part::Tiered => (&mut sums.used, cost),
            Part::Unused => (&mut sums.unused, cost),
        };
        *sum = sum.saturating_add(cost);
    }

    /// As JSON: exact decimal text, stable keys.
    pub fn as_json(&self) -> Value {
        let agreements = self.of.iter().map(|(name, sums)| {
            object!({"name": &**name, "billed_cost": nano_text(sums.paid), "contracted_cost": nano_text(sums.before),
                "effective_cost": nano_text(sums.used), "unused_cost": nano_text(sums.unused),
                "saved": nano_text(sums.saved())})
        });
        object!({"billing_month": self.month.to_string(), "billing_currency": self.currency.map(String::from),
            "agreements": agreements.collect::<Vec<Value>>(), "entries_posted": self.posted,
            "head": self.head.to_string()})
    }

    /// For people: exact amounts, one line an agreement.
    pub fn as_text(&self) -> String {
        let currency = self.currency.map(|c| format!(" ({c})")).unwrap_or_default();
        let mut out = format!("Agreements in {}{currency}\n", self.month);
        let header = ["Agreement", "Paid", "Without it", "Used", "Unused", "Saved"];
        let rows = self.of.iter().map(|(name, sums)| {
            let cells = [sums.paid, sums.before, sums.used, sums.unused, sums.saved()].map(nano_text);
            let [paid, before, used, unused, saved] = cells;
            [name.to_string(), paid, before, used, unused, saved]
        });
        let rows: Vec<_> = rows.collect();
        if !rows.is_empty() {
            out.push_str(&columns(header, &rows, 1));
            out.push('\n');
        }
        let posted = match self.posted {
            0 => "nothing new to post".to_owned(),
            1 => "1 entry posted".to_owned(),
            more => format!("{more} entries posted"),
        };
        out.push_str(&format!("{posted}; head {}\n", self.head));
        out
    }
}

impl Sums {
    /// What the month was cheaper by: the contracted cost of what was covered, less what that took and what was lost.
    fn saved(&self) -> i128 {
        self.before.saturating_sub(self.used).saturating_sub(self.unused)
    }
}
