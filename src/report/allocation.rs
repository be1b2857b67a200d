//! What came of allocating a month, as it is shown.

use serde_json::{Value, json as object};

use super::render::name::visible;
use crate::ledger::allocation::Planned;
use crate::ledger::check::nano_text;
use crate::model::money::Currency;
use crate::model::period::Month;

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllocatedMonth {
    /// The month.
    pub month: Month,
    /// The ledger's currency; none while it is empty.
    pub currency: Option<Currency>,
    /// Whether nothing was written because it was only tried.
    pub tried: bool,
    /// Every shared cost that was looked at, with the allocation that was needed to bring it up to date, if any was.
    pub planned: Vec<(Planned, Option<u64>)>,
}

impl AllocatedMonth {
    /// For people.
    pub fn text(&self) -> String {
        let currency = self.currency.map(|c| format!(" {c}")).unwrap_or_default();
        let mut out = format!("Shared costs of {}\n", self.month);
        for (planned, _) in &self.planned {
            out.push_str(&format!(
                "{}: {}{currency}, borne by {}, {}\n",
                visible(&planned.shared.to_string()),
                nano_text(planned.cost_nano),
                visible(planned.bearer.name()),
                planned.key
            ));
            let total = planned
                .parts
                .values()
                .fold(0_i128, |sum, part| sum.saturating_add(part.weight));
            for (account, part) in &planned.parts {
                let stays = match *account == planned.bearer {
                    true => " (stays)",
                    false => "",
                };
                out.push_str(&format!(
                    "  {:<28} {:>20}{currency} for {} of {}{stays}\n",
                    visible(account.name()),
                    nano_text(part.amount_nano),
                    weight(planned, part.weight),
                    weight(planned, total),
                ));
            }
            if planned.parts.is_empty() {
                out.push_str("  nobody used it: it stays\n");
            }
        }
        out + &format!("{}\n", self.summary())
    }

    fn summary(&self) -> String {
        let written = self.planned.iter().filter(|(_, number)| number.is_some()).count();
        let known = self.planned.len().saturating_sub(written);
        let verb = if self.tried { "would be written" } else { "written" };
        match self.planned.len() {
            0 => "no shared costs".to_owned(),
            _ => format!("{written} allocations {verb}, {known} up to date before"),
        }
    }

    /// For machines: exact decimal text, stable keys.
    pub fn json(&self) -> Value {
        let planned = self.planned.iter().map(|(planned, number)| {
            let parts = planned.parts.iter().map(|(account, part)| {
                object!({"cost_centre": account.name(), "weight": weight(planned, part.weight),
                    "contracted_cost": nano_text(part.amount_nano), "stays": *account == planned.bearer})
            });
            object!({"shared": planned.shared.to_string(), "workspace": &*planned.shared.workspace,
                "pool": &*planned.shared.pool, "bearer": planned.bearer.name(), "split": planned.key.as_str(),
                "contracted_cost": nano_text(planned.cost_nano), "parts": parts.collect::<Vec<_>>(), "allocation": number})
        });
        object!({"billing_month": self.month.to_string(), "billing_currency": self.currency.map(String::from),
            "tried": self.tried, "shared_costs": planned.collect::<Vec<_>>()})
    }
}

/// Seconds, or money.
fn weight(planned: &Planned, weight: i128) -> String {
    match planned.key {
        crate::ledger::allocation::SplitKey::Seconds => format!("{weight} s"),
        crate::ledger::allocation::SplitKey::Cost => nano_text(weight),
    }
}
