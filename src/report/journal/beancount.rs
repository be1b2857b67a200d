//! A ledger for Beancount: cost centres are expenses, vendors are liabilities, commitments
//! assets, everything else is metadata.

use std::collections::{BTreeMap, BTreeSet};

use super::{Numbered, Opening, amount, facts};
use crate::ledger::account::Account;
use crate::ledger::balance::Balances;
use crate::model::money::Currency;
use crate::model::period::{Instant, next_midnight, rfc3339};

/// What each account is called. Beancount wants a capital or a digit first, then letters, digits and hyphens.
#[derive(Debug)]
pub(super) struct Names(BTreeMap<Account, String>);

impl Names {
    /// Names that no two accounts share: where two would, the later in order has a number behind it.
    pub fn of(accounts: &[Account]) -> Names {
        let mut names = BTreeMap::new();
        let mut taken = BTreeSet::new();
        for account in accounts {
            let root = match account {
                Account::CostCentre(_) => "Expenses",
                Account::Vendor(_) => "Liabilities",
                Account::Commitment(_) => "Assets",
            };
            let plain = format!("{root}:{}", component(account.name()));
            let numbered = (2_u64..).map(|n| format!("{plain}-{n}"));
            let free = std::iter::once(plain.clone())
                .chain(numbered)
                .find(|name| !taken.contains(name));
            let name = free.unwrap_or(plain);
            taken.insert(name.clone());
            names.insert(account.clone(), name);
        }
        Names(names)
    }

    fn name(&self, account: &Account) -> String {
        // Every account of the ledger was named at the beginning; one that was not is left for `bean-check` to refuse.
        let known = self.0.get(account).cloned();
        known.unwrap_or_else(|| format!("Equity:{}", component(account.name())))
    }
}

/// `data-platform` becomes `Data-platform`.
fn component(text: &str) -> String {
    let mut out: String = text
        .chars()
        .map(|c| if c.is_alphanumeric() { c } else { '-' })
        .collect();
    if !out.starts_with(|c: char| c.is_ascii_digit() || c.is_uppercase()) {
        out = match out.chars().next() {
            Some(first) if first.is_lowercase() => {
                let rest = out.get(first.len_utf8()..).unwrap_or_default();
                format!("{}{rest}", first.to_uppercase())
            }
            _ => format!("X{out}"),
        };
    }
    out
}

pub(super) fn opening(opening: &Opening, names: &Names) -> String {
    let part = opening.part.as_deref().unwrap_or("all of it");
    let mut out = format!(
        "; tollgate ledger {}: {part}; {} entries in all, head {}\n\n",
        opening.ledger.replace(char::is_control, " "),
        opening.entries,
        opening.head
    );
    let (Some(currency), Some(first)) = (opening.currency, opening.first) else {
        return out;
    };
    let first = rfc3339(first);
    let day = first.get(..10).unwrap_or(&first);
    out.push_str(&format!(
        "option \"title\" {}\noption \"operating_currency\" \"{currency}\"\n\n{day} commodity {currency}\n\n",
        quoted(&opening.ledger)
    ));
    for account in &opening.accounts {
        out.push_str(&format!(
            "{day} open {} {currency}\n  name: {}\n",
            names.name(account),
            quoted(account.name())
        ));
    }
    out.push('\n');
    out
}

pub(super) fn entry(told: Numbered<'_>, names: &Names) -> String {
    let charge = &told.entry.charge;
    let day = rfc3339(charge.period.start);
    let day = day.get(..10).unwrap_or(&day);
    let mut out = format!(
        "{day} * {} {}\n  entry: {}\n",
        quoted(told.entry.credit.name()),
        quoted(&charge.meter.to_string()),
        told.number
    );
    for (key, value) in facts(told) {
        out.push_str(&format!("  {key}: {}\n", quoted(&value)));
    }
    for posting in told.entry.postings() {
        out.push_str(&format!(
            "  {}  {} {}\n",
            names.name(posting.account),
            amount(posting.amount_nano),
            charge.price.currency
        ));
    }
    out.push('\n');
    out
}

/// Assertions at the beginning of the day after the last: `bean-check` refuses the ledger where its own sums are others.
pub(super) fn ending(last: Instant, currency: Currency, balances: &Balances, names: &Names) -> String {
    let after = rfc3339(next_midnight(last));
    let day = after.get(..10).unwrap_or(&after);
    let mut out = String::new();
    for (account, nano) in &balances.0 {
        let (name, sum) = (names.name(account), amount(*nano));
        out.push_str(&format!("{day} balance {name}  {sum} {currency}\n"));
    }
    out
}

fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{}\"", escaped.replace(char::is_control, " "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn no_two_accounts_share_a_name() {
        let centre = |name: &str| Account::CostCentre(Arc::from(name));
        let accounts = ["etl", "Etl", "e l", "e-l", "_x", "7up", "émile", "東京"].map(centre);
        let names = Names::of(&accounts);
        let told: Vec<String> = accounts.iter().map(|a| names.name(a)).collect();
        assert_eq!(
            told,
            [
                "Expenses:Etl",
                "Expenses:Etl-2",
                "Expenses:E-l",
                "Expenses:E-l-2",
                "Expenses:X-x",
                "Expenses:7up",
                "Expenses:Émile",
                "Expenses:X東京"
            ]
        );
    }
}
