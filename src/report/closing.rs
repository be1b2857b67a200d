//! A closed month, as it is shown.

use serde_json::{Value, json as object};

use crate::ledger::closing::Closing;
use crate::model::exact::{decimal_text, nano_to_decimal};
use crate::model::money::Currency;
use crate::model::period::rfc3339;

/// As JSON: exact decimal text, stable keys.
pub fn as_json(closing: &Closing, currency: Option<Currency>) -> Value {
    let cost = closing.cost_nano.iter();
    let cost: serde_json::Map<String, Value> = cost
        .map(|(vendor, nano)| (vendor.clone(), decimal_text(nano_to_decimal(*nano)).into()))
        .collect();
    object!({"month": closing.month.to_string(), "closed_at": rfc3339(closing.closed_at), "entries": closing.entries,
        "head": closing.head.to_string(), "currency": currency.map(String::from), "cost": cost})
}

/// As one line, without its end.
pub fn as_text(closing: &Closing, currency: Option<Currency>) -> String {
    let currency = currency.map(|c| format!(" {c}")).unwrap_or_default();
    let cost = closing.cost_nano.iter();
    let cost: Vec<String> = cost
        .map(|(vendor, nano)| format!("{vendor} {}{currency}", decimal_text(nano_to_decimal(*nano))))
        .collect();
    format!(
        "{} closed at {}: {}; {} entries, head {}",
        closing.month,
        rfc3339(closing.closed_at),
        cost.join(", "),
        closing.entries,
        closing.head
    )
}
