//! `tollgate ledger check`.

use clap::Args;
use serde_json::{Value, json as object};
use std::path::PathBuf;

use crate::cli::context::TextOrJson;
use crate::cli::exit::{Exit, json, print};
use crate::cli::progress::bar;
use crate::model::diagnostic::Diagnostics;
use crate::model::exact::{decimal_text, nano_to_decimal};
use crate::ops::ledger::check;
use crate::ops::ledger_verify::CheckReport;

/// Recomputes the chain of hashes, the balances and the daily roll-ups, holds the assertions, and says what disagrees.
#[derive(Debug, Args)]
#[command(after_help = "Example: tollgate ledger check october.db")]
pub(in crate::cli) struct Check {
    /// The ledger
    ledger: PathBuf,
    /// Output format
    #[arg(long, value_enum, default_value = "text")]
    format: TextOrJson,
}

impl Check {
    pub fn answer(self) -> Result<Exit, Diagnostics> {
        let bar = bar("checking", 0);
        let found = check(&self.ledger, &mut |done, all| {
            bar.set_length(all);
            bar.set_position(done);
        });
        bar.finish_and_clear();
        let found = found?;
        print(&match self.format {
            TextOrJson::Json => json(&as_json(&found))?,
            TextOrJson::Text => as_text(&found) + verdict(&found),
        });
        Ok(Exit::of_soundness(found.is_sound()))
    }
}

fn balances(found: &CheckReport) -> impl Iterator<Item = (String, String)> {
    found.balances.0.iter().map(|(account, nano)| {
        let text = i64::try_from(*nano).map_or(nano.to_string(), |n| decimal_text(nano_to_decimal(n)));
        (account.to_string(), text)
    })
}

pub(super) fn as_json(found: &CheckReport) -> Value {
    let balances = balances(found).map(|(a, b)| object!({"account": a, "balance": b}));
    let findings = found.findings.iter();
    let findings = findings.map(|f| object!({"code": f.code, "message": f.to_string()}));
    object!({
        "entries": found.entries, "head": found.head.to_string(),
        "currency": found.currency.map(|c| c.to_string()), "sound": found.is_sound(),
        "balances": balances.collect::<Vec<_>>(),
        "findings": findings.collect::<Vec<_>>(),
        "findings_omitted": found.omitted,
    })
}

pub(super) fn as_text(found: &CheckReport) -> String {
    let currency = found.currency.map(|c| c.to_string()).unwrap_or_default();
    let mut out = format!("{} entries, head {}\n", found.entries, found.head);
    for (account, balance) in balances(found) {
        out.push_str(&format!("  {account:<36} {balance:>20} {currency}\n"));
    }
    for finding in &found.findings {
        out.push_str(&format!("fault[{}] {finding}\n", finding.code));
    }
    if found.omitted > 0 {
        out.push_str(&format!("and {} more faults\n", found.omitted));
    }
    out
}

pub(super) fn verdict(found: &CheckReport) -> &'static str {
    match found.is_sound() {
        true => "in order\n",
        false => "NOT in order\n",
    }
}
