//! A journal for hledger: commodity and accounts declared, one transaction per entry, everything else as tags.

use super::{Ending, Numbered, NumberedAllocation, Opening, amount, facts};
use crate::ledger::account::Account;
use crate::model::period::rfc3339;

pub(super) fn opening(opening: &Opening) -> String {
    let part = opening.part.as_deref().unwrap_or("all of it");
    let mut out = format!(
        "; tollgate ledger {}: {part}; {} entries in all, head {}\n\n",
        one_line(&opening.ledger),
        opening.entries,
        opening.head
    );
    if let Some(currency) = opening.currency {
        out.push_str(&format!("commodity 1000.000000000 {currency}\n\n"));
    }
    for account in &opening.accounts {
        out.push_str(&format!("account {}\n", name(account)));
    }
    out.push('\n');
    out
}

pub(super) fn entry(told: Numbered<'_>) -> String {
    let charge = &told.entry.charge;
    let day = rfc3339(charge.period.start);
    let day = day.get(..10).unwrap_or(&day);
    let mut out = format!(
        "{day} ({}) {}\n",
        told.number,
        one_line(&charge.meter.to_string())
    );
    for (tag, value) in facts(told) {
        out.push_str(&format!("    ; {tag}:{}\n", encoded(&value, &[','])));
    }
    for posting in told.entry.postings() {
        out.push_str(&format!(
            "    {}  {} {}\n",
            name(posting.account),
            amount(posting.amount_nano),
            charge.price.currency
        ));
    }
    out.push('\n');
    out
}

pub(super) fn allocation(told: NumberedAllocation<'_>) -> String {
    let shared = told.allocation.planned.shared.to_string();
    let mut out = format!("{} (A{}) {}\n", told.day(), told.number, one_line(&shared));
    for (tag, value) in told.facts().iter().filter(|(_, value)| !value.is_empty()) {
        out.push_str(&format!("    ; {tag}:{}\n", encoded(value, &[','])));
    }
    for (account, nano) in told.legs() {
        out.push_str(&format!(
            "    {}  {} {}\n",
            name(account),
            amount(nano),
            told.currency
        ));
    }
    out.push('\n');
    out
}

/// Assertions, on the last day: hledger refuses the journal where its own sums are others.
pub(super) fn ending(ending: &Ending) -> String {
    let Ending {
        last,
        currency,
        balances,
    } = ending;
    let last = rfc3339(*last);
    let day = last.get(..10).unwrap_or(&last);
    let mut out = format!("{day} balances of the ledger\n");
    for (account, nano) in &balances.0 {
        let (name, sum) = (name(account), amount(*nano));
        out.push_str(&format!("    {name}  0 {currency} = {sum} {currency}\n"));
    }
    out.push('\n');
    out
}

/// `cost-centre:etl`. A colon would make a sub-account, two spaces end the name and a semicolon begins a comment, so
/// they are written as in a URL; no two accounts become one.
fn name(account: &Account) -> String {
    let text = encoded(account.name(), &[':', ';', '%', '(', ')', '[', ']', '"']);
    format!("{}:{}", account.kind(), text.replace("  ", "%20%20"))
}

/// Control characters, and the characters named, as in a URL.
fn encoded(text: &str, special: &[char]) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() || special.contains(&c) {
            let mut bytes = [0; 4];
            for byte in c.encode_utf8(&mut bytes).bytes() {
                out.push_str(&format!("%{byte:02X}"));
            }
        } else {
            out.push(c);
        }
    }
    out
}

/// A text that ends with its line: `;` would begin a comment.
fn one_line(text: &str) -> String {
    encoded(text, &[';', '|'])
}
