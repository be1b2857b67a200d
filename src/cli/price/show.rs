//! `tollgate price show NAME`.

use clap::Args;
use serde_json::json as object;
use std::path::PathBuf;

use crate::cli::context::{TextOrJson, now};
use crate::cli::exit::{Exit, json, print};
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::exact::decimal_text;
use crate::model::period::{Instant, parse_instant, rfc3339};
use crate::ops::prices::{Known, show};

/// Shows node rates and prices whose name contains a text, with their sources.
#[derive(Debug, Args)]
#[command(after_help = "Example: tollgate price show Standard_DS3_v2 --at 2026-10-01")]
pub(in crate::cli) struct Show {
    /// Part of a node type, SKU or meter, in any case
    name: String,
    /// Only prices in force at this instant
    #[arg(long, value_name = "TIME", value_parser = parse_instant)]
    at: Option<Instant>,
    /// Own price books, node rates and contracts: files, or folders of *.json
    #[arg(long, value_name = "PATH")]
    prices: Vec<PathBuf>,
    /// Output format
    #[arg(long, value_enum, default_value = "text")]
    format: TextOrJson,
}

impl Show {
    pub fn answer(self) -> Result<Exit, Diagnostics> {
        let known = show(&self.name, &self.prices, self.at, now())?;
        if known == Known::default() {
            let message = format!("nothing is known of `{}`", self.name);
            return Err(Diagnostic::error("price::unknown", "prices", message)
                .hint("give a part of a node type (`DS3_v2`), of a SKU (`JOBS_COMPUTE`) or of a region")
                .into());
        }
        print(&match self.format {
            TextOrJson::Text => as_text(&known),
            TextOrJson::Json => as_json(&known)?,
        });
        Ok(Exit::InOrder)
    }
}

fn as_text(known: &Known) -> String {
    let mut out = String::new();
    let or_unknown = |n: Option<String>| n.unwrap_or_else(|| "unknown".to_owned());
    for node in &known.nodes {
        let [standard, all_purpose, jobs] = node.dbu_per_hour.map(|r| or_unknown(r.map(decimal_text)));
        let number = |n: Option<u32>| or_unknown(n.map(|n| n.to_string()));
        out.push_str(&format!(
            "{} ({}): {} vCPU, {} MiB, {} GPU; DBU an hour: {standard}, Photon all-purpose {all_purpose}, Photon jobs {jobs}\n",
            node.node_type_id, node.cloud, number(node.vcpus), number(node.memory_mb), number(node.gpus),
        ));
    }
    for price in &known.prices {
        let from = price.from.map_or("ever".to_owned(), rfc3339);
        let to = price.to.map_or("further notice".to_owned(), rfc3339);
        let list = price.list_unit_price.as_ref();
        let list = list.map(|list| format!(" (list {list})")).unwrap_or_default();
        let synthetic = if price.synthetic { ", SYNTHETIC" } else { "" };
        out.push_str(&format!(
            "{}: {} {}{list} per {}, from {from} until {to} ({}{synthetic})\n",
            price.meter, price.unit_price, price.currency, price.unit, price.source
        ));
    }
    out
}

fn as_json(known: &Known) -> Result<String, Diagnostics> {
    let nodes: Vec<_> = known
        .nodes
        .iter()
        .map(|n| {
            let [standard, all_purpose, jobs] = n.dbu_per_hour.map(|r| r.map(decimal_text));
            object!({"node_type_id": n.node_type_id, "cloud": n.cloud, "vcpus": n.vcpus, "memory_mb": n.memory_mb,
                "gpus": n.gpus, "dbu_per_hour": standard, "photon_all_purpose": all_purpose, "photon_jobs": jobs})
        })
        .collect();
    let prices: Vec<_> = known
        .prices
        .iter()
        .map(|p| {
            object!({"meter": p.meter, "unit_price": p.unit_price, "list_unit_price": p.list_unit_price, "currency": p.currency, "unit": p.unit,
                "from": p.from.map(rfc3339), "to": p.to.map(rfc3339), "source": p.source, "synthetic": p.synthetic})
        })
        .collect();
    json(&object!({"node_types": nodes, "prices": prices}))
}
