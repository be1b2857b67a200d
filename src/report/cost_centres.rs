//! What rules for cost centres make of a ledger, as it is shown.

use serde_json::{Value, json as object};
use std::collections::BTreeMap;

use super::render::name::visible;
use crate::ledger::check::nano_text;
use crate::model::cost_centre::Looked;
use crate::model::money::Currency;
use crate::model::period::Month;

/// What each rule takes, and who would owe what.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RulesOverLedger {
    /// The ledger's currency; none while it is empty.
    pub currency: Option<Currency>,
    /// The month that was looked at; none for all.
    pub month: Option<Month>,
    /// Every rule in its order, and last what no rule takes.
    pub rules: Vec<RuleLine>,
    /// Cost centres by name: those that the rules name, and those that the ledger has.
    pub centres: BTreeMap<String, CentreLine>,
}

/// What a rule takes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RuleLine {
    /// Its number, from 1; none for what no rule takes.
    pub number: Option<usize>,
    /// The line it stands on.
    pub line: usize,
    /// Who owes, as the rule says it.
    pub cost_centre: String,
    /// Entries that it takes.
    pub entries: u64,
    /// What they cost, in 10^-9 of the currency.
    pub cost_nano: i128,
}

/// What a cost centre owes, in 10^-9 of the currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CentreLine {
    /// By the rules.
    pub by_rules_nano: i128,
    /// As it is booked.
    pub booked_nano: i128,
}

impl RulesOverLedger {
    /// Rules that take nothing.
    pub fn idle(&self) -> impl Iterator<Item = &RuleLine> {
        let rules = self.rules.iter();
        rules.filter(|line| line.number.is_some() && line.entries == 0)
    }

    /// For people.
    pub fn text(&self) -> String {
        let currency = self.currency.map(|c| format!(" {c}")).unwrap_or_default();
        let part = self
            .month
            .map_or("the whole ledger".to_owned(), |month| month.to_string());
        let mut out = format!("Rules over {part}\n");
        for line in &self.rules {
            let rule = match line.number {
                Some(number) => format!("{number} (line {})", line.line),
                None => "otherwise".to_owned(),
            };
            out.push_str(&format!(
                "  {rule:<14} {:<28} {:>9} entries {:>20}{currency}\n",
                visible(&line.cost_centre),
                line.entries,
                nano_text(line.cost_nano)
            ));
        }
        out.push_str(&format!(
            "\n  {:<28} {:>20} {:>20}\n",
            "Cost centre", "by the rules", "as booked"
        ));
        for (name, line) in &self.centres {
            out.push_str(&format!(
                "  {:<28} {:>20} {:>20}{currency}\n",
                visible(name),
                nano_text(line.by_rules_nano),
                nano_text(line.booked_nano)
            ));
        }
        for line in self.idle() {
            out.push_str(&format!(
                "rule {} (line {}, `{}`) matched nothing\n",
                line.number.unwrap_or_default(),
                line.line,
                visible(&line.cost_centre)
            ));
        }
        out
    }

    /// For machines: exact decimal text, stable keys.
    pub fn json(&self) -> Value {
        let rule = |line: &RuleLine| {
            object!({"rule": line.number, "line": line.line, "cost_centre": line.cost_centre, "entries": line.entries,
                "contracted_cost": nano_text(line.cost_nano)})
        };
        let centre = |(name, line): (&String, &CentreLine)| {
            object!({"cost_centre": name, "contracted_cost": nano_text(line.by_rules_nano),
                "booked_contracted_cost": nano_text(line.booked_nano)})
        };
        object!({
            "billing_month": self.month.map(|m| m.to_string()),
            "billing_currency": self.currency.map(String::from),
            "rules": self.rules.iter().map(rule).collect::<Vec<_>>(),
            "cost_centres": self.centres.iter().map(centre).collect::<Vec<_>>(),
            "matched_nothing": self.idle().map(|line| line.number).collect::<Vec<_>>(),
        })
    }
}

/// How rules look at one question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RulesExplained {
    /// Who owes.
    pub cost_centre: String,
    /// The number of the rule that decided, from 1; none where none did.
    pub rule: Option<usize>,
    /// The rules up to that one: line, who would owe, what each condition found.
    pub looked: Vec<(usize, String, Vec<Looked>)>,
}

impl RulesExplained {
    /// For people.
    pub fn text(&self) -> String {
        let mut out = String::new();
        for (number, (line, cost_centre, looked)) in (1_usize..).zip(&self.looked) {
            let decides = match self.rule == Some(number) {
                true => "decides",
                false => "does not hold",
            };
            out.push_str(&format!(
                "rule {number} (line {line}) {}: {decides}\n",
                visible(cost_centre)
            ));
            for one in looked {
                let holds = if one.holds { "yes" } else { "no " };
                let found = match &one.found {
                    Some(found) => format!("`{}`", visible(found)),
                    None => "nothing".to_owned(),
                };
                let wanted: Vec<String> = one.patterns.iter().map(|p| format!("`{}`", visible(p))).collect();
                out.push_str(&format!(
                    "  {holds} {} is {found}, wanted {}\n",
                    visible(&one.field.to_string()),
                    wanted.join(" or ")
                ));
            }
        }
        if self.rule.is_none() {
            out.push_str("no rule holds\n");
        }
        out + &format!("cost centre: {}\n", visible(&self.cost_centre))
    }

    /// For machines.
    pub fn json(&self) -> Value {
        let looked = |one: &Looked| object!({"field": one.field.to_string(), "wanted": one.patterns, "found": one.found, "holds": one.holds});
        let rules = (1_usize..).zip(&self.looked).map(|(number, (line, cost_centre, all))| {
            object!({"rule": number, "line": line, "cost_centre": cost_centre, "decides": self.rule == Some(number),
                "conditions": all.iter().map(looked).collect::<Vec<_>>()})
        });
        object!({"cost_centre": self.cost_centre, "rule": self.rule, "rules": rules.collect::<Vec<_>>()})
    }
}
