//! `tollgate ledger verify`.

use clap::Args;
use serde_json::{Value, json as object};
use std::path::PathBuf;

use super::check::{as_json, as_text, verdict};
use crate::cli::context::TextOrJson;
use crate::cli::exit::{Exit, json, print};
use crate::cli::progress::bar;
use crate::model::diagnostic::Diagnostics;
use crate::ops::ledger_verify::{Against, Recomputed, Relation, Stands, verify};

/// Does what `check` does, and more: --deep recomputes every cost from quantity and price and every digest; --against holds the chain
/// against a copy, whose entries must be the first of the ledger's, or against a head, which must be in it.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 in order; 1 a fault was found; 2 could not answer.\n\n\
                        Example: tollgate ledger verify october.db --deep --against backups/october-2026-11-01.db"
)]
pub(in crate::cli) struct Verify {
    /// The ledger
    ledger: PathBuf,
    /// Recompute costs and digests, too
    #[arg(long)]
    deep: bool,
    /// A copy of the ledger, or a head: 64 hexadecimal digits, or the first 12 and more of them
    #[arg(long, value_name = "COPY|HEAD")]
    against: Option<String>,
    /// Output format
    #[arg(long, value_enum, default_value = "text")]
    format: TextOrJson,
}

impl Verify {
    pub fn answer(self) -> Result<Exit, Diagnostics> {
        let against = self.against.as_deref().map(Against::of).transpose()?;
        let bar = bar("verifying", 0);
        let found = verify(&self.ledger, self.deep, against.as_ref(), &mut |done, all| {
            bar.set_length(all);
            bar.set_position(done);
        });
        bar.finish_and_clear();
        let found = found?;
        let name = self.against.unwrap_or_default();
        print(&match self.format {
            TextOrJson::Json => {
                let mut form = as_json(&found.check);
                if let Value::Object(form) = &mut form {
                    form.insert("recomputed".to_owned(), recomputed_json(found.recomputed));
                    let against = found
                        .stands
                        .map_or(Value::Null, |stands| stands_json(&name, stands));
                    form.insert("against".to_owned(), against);
                }
                json(&form)?
            }
            TextOrJson::Text => {
                let mut out = as_text(&found.check);
                if let Some(of) = found.recomputed {
                    out.push_str(&format!(
                        "recomputed: {} costs{}, {} digests of events, {} of exports\n",
                        of.costs,
                        match of.remainders {
                            0 => String::new(),
                            n => format!(" (not {n} remainders of contracts)"),
                        },
                        of.event_digests,
                        of.export_digests
                    ));
                }
                if let Some(stands) = found.stands {
                    out.push_str(&stands_text(&name, stands));
                }
                out.push_str(verdict(&found.check));
                out
            }
        });
        Ok(Exit::of_soundness(found.check.is_sound()))
    }
}

fn recomputed_json(of: Option<Recomputed>) -> Value {
    of.map_or(Value::Null, |of| {
        object!({
            "costs": of.costs, "remainders_of_contracts": of.remainders, "event_digests": of.event_digests, "export_digests": of.export_digests,
        })
    })
}

fn stands_json(name: &str, stands: Stands) -> Value {
    match stands {
        Stands::Head(entry) => object!({"head": name, "entry": entry}),
        Stands::Copy { relation, entries } => {
            let (relation, parted_at) = match relation {
                Relation::Same => ("same", None),
                Relation::Prefix => ("prefix", None),
                Relation::Longer => ("longer", None),
                Relation::Parted { entry, .. } => ("parted", Some(entry)),
            };
            object!({"copy": name, "entries": entries, "relation": relation, "parted_at": parted_at})
        }
    }
}

fn stands_text(name: &str, stands: Stands) -> String {
    match stands {
        Stands::Head(None) => format!("{name} is no head of this chain\n"),
        Stands::Head(Some(0)) => format!("{name} is the head before the first entry\n"),
        Stands::Head(Some(entry)) => format!("{name} is the head after entry {entry}\n"),
        Stands::Copy { relation, entries } => match relation {
            Relation::Same => format!("{name}: the same {entries} entries\n"),
            Relation::Prefix => format!("{name}: its {entries} entries are the first of this ledger\n"),
            Relation::Longer => format!("{name}: it goes on where this ledger ends\n"),
            Relation::Parted { entry, .. } => format!("{name}: the two part at entry {entry}\n"),
        },
    }
}
