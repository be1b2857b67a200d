//! `tollgate price diff OLD NEW`.

use clap::Args;
use serde_json::json as object;
use std::path::PathBuf;

use crate::cli::context::TextOrJson;
use crate::cli::exit::{Exit, json, print};
use crate::model::charge::Price;
use crate::model::diagnostic::Diagnostics;
use crate::model::exact::decimal_text;
use crate::model::period::{Instant, parse_instant, rfc3339};
use crate::ops::price_diff::diff;
use crate::pricing::diff::{Change, Difference};

/// Compares two price books, or two folders of them: meters that came and went, prices and periods that changed. Ends with 0
/// where they say the same, with 1 where they differ.
#[derive(Debug, Args)]
#[command(after_help = "Example: tollgate price diff prices-september/ prices-october/ --at 2026-10-01")]
pub(in crate::cli) struct Diff {
    /// The earlier book, or a folder of *.json
    old: PathBuf,
    /// The later book, or a folder of *.json
    new: PathBuf,
    /// Compare only what is in force at this instant (`2026-10-01` or RFC 3339)
    #[arg(long, value_name = "TIME", value_parser = parse_instant)]
    at: Option<Instant>,
    /// Output format
    #[arg(long, value_enum, default_value = "text")]
    format: TextOrJson,
}

impl Diff {
    pub fn answer(self) -> Result<Exit, Diagnostics> {
        let found = diff(&self.old, &self.new, self.at)?;
        print(&match self.format {
            TextOrJson::Text => as_text(&found),
            TextOrJson::Json => json(&found.iter().map(as_json).collect::<Vec<_>>())?,
        });
        Ok(if found.is_empty() {
            Exit::InOrder
        } else {
            Exit::Fault
        })
    }
}

fn as_text(found: &[Difference]) -> String {
    let mut out = String::new();
    let mut counts = [
        (Change::Added, 0_usize),
        (Change::Removed, 0),
        (Change::Changed, 0),
        (Change::PeriodAdded, 0),
        (Change::PeriodRemoved, 0),
    ];
    for one in found {
        out.push_str(&line(one));
        for (_, n) in counts.iter_mut().filter(|(change, _)| *change == one.change) {
            *n = n.saturating_add(1);
        }
    }
    let counts = counts.map(|(change, n)| format!("{n} {}", change.as_str()));
    out.push_str(&format!("{}\n", counts.join(", ")));
    out
}

fn line(one: &Difference) -> String {
    let shown = |price: &Price| format!("{} {}", price.unit_price, price.currency);
    let prices = match (&one.old, &one.new) {
        (Some(old), Some(new)) => format!("{} -> {}", shown(old), shown(new)),
        (Some(only), None) | (None, Some(only)) => shown(only),
        (None, None) => String::new(),
    };
    let by = one.difference().map_or(String::new(), |by| {
        let percent = one
            .percent()
            .map_or(String::new(), |p| format!(", {} %", signed(p, p.to_string())));
        format!(" ({}{percent})", signed(by, decimal_text(by)))
    });
    let from = one.from.map_or("ever".to_owned(), rfc3339);
    let to = one.to.map_or("further notice".to_owned(), rfc3339);
    let (change, meter) = (one.change.as_str(), &one.meter);
    format!("{change} {meter}: {prices}{by}, from {from} until {to}\n")
}

/// With the sign that a number without one has.
fn signed(number: rust_decimal::Decimal, text: String) -> String {
    if number.is_sign_negative() {
        text
    } else {
        format!("+{text}")
    }
}

fn as_json(one: &Difference) -> serde_json::Value {
    let price = |price: &Option<Price>| {
        let price = price.as_ref()?;
        Some(
            object!({"unit_price": price.unit_price.to_string(), "currency": price.currency, "source": *price.source}),
        )
    };
    object!({"meter": one.meter.to_string(), "change": one.change.as_str(), "from": one.from.map(rfc3339),
        "to": one.to.map(rfc3339), "old": price(&one.old), "new": price(&one.new),
        "difference": one.difference().map(decimal_text), "percent": one.percent().map(|p| p.to_string())})
}
