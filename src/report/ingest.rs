//! What came of taking real events in: clusters with their lives, what is billed of them, what is not and why.

use comfy_table::{CellAlignment, Table, presets};
use rust_decimal::Decimal;
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;
use std::fmt::Write;

use super::billing_usage::corrections;
use super::decision::one_line;
use crate::model::exact::{decimal_text, nano_rounded, nano_to_decimal};
use crate::model::period::{Instant, rfc3339};

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Ingested {
    /// Who tells the facts.
    pub source: String,
    /// The ledger.
    pub ledger: String,
    /// Up to when lives without an end are billed: the last midnight before the cut given.
    #[serde(serialize_with = "instant")]
    pub cut: Option<Instant>,
    /// Events.
    pub events: EventCounts,
    /// How often each fault was found, by its code.
    pub faults: BTreeMap<String, usize>,
    /// The clusters, by id.
    pub clusters: Vec<IngestedCluster>,
    /// Facts.
    pub facts: FactCounts,
    /// What the numbers rest on beside the events.
    pub assumptions: Vec<String>,
}

/// Events, counted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct EventCounts {
    /// Told now.
    pub read: usize,
    /// Among them, duplicates and what came too late to mean anything.
    pub ignored: usize,
    /// Newly written into the history.
    pub new: u64,
    /// Types that this version does not know, with how often they occur.
    pub unknown_types: BTreeMap<String, usize>,
}

/// Facts, counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct FactCounts {
    /// Newly written.
    pub new: u64,
    /// Known before.
    pub known: u64,
    /// Known otherwise, and corrected now.
    pub corrected: u64,
    /// Known, not told any more, and taken back.
    pub withdrawn: u64,
    /// Of all of them, those without a price.
    pub unpriced: u64,
}

/// A cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IngestedCluster {
    /// `cluster_id`.
    pub cluster_id: String,
    /// `cluster_name`; empty where nothing tells it.
    pub cluster_name: String,
    /// How far it is billed.
    pub billed: Billed,
    /// Its lives.
    pub lives: Vec<IngestedLife>,
    /// Seconds of its machines, one node running for a second being one.
    pub machine_seconds: i64,
    /// DBUs, as far as rates are known.
    #[serde(rename = "dbu", serialize_with = "nano")]
    pub dbu_nano: i128,
    /// What its priced usage costs, by currency.
    #[serde(rename = "cost", serialize_with = "costs")]
    pub cost_nano: BTreeMap<String, i128>,
    /// Facts without a price.
    pub unpriced: u64,
}

/// How far a cluster is billed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Billed {
    /// All its lives, from start to end.
    Whole,
    /// Its last life has no end and is billed to the cut.
    ToCut,
    /// Its last life has no end and is not billed.
    Partly,
    /// Nothing of it.
    Not,
}

impl Billed {
    fn as_str(self) -> &'static str {
        match self {
            Billed::Whole => "whole",
            Billed::ToCut => "to the cut",
            Billed::Partly => "PARTLY",
            Billed::Not => "NOT",
        }
    }

    /// Whether something of it should have been billed and is not.
    pub fn is_lacking(self) -> bool {
        matches!(self, Billed::Partly | Billed::Not)
    }
}

/// From a start to the end that follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IngestedLife {
    /// CREATING or STARTING, or the first event known.
    #[serde(serialize_with = "one_instant")]
    pub started: Instant,
    /// The first time it was RUNNING.
    #[serde(serialize_with = "instant")]
    pub running: Option<Instant>,
    /// TERMINATING; none where the life goes on.
    #[serde(serialize_with = "instant")]
    pub terminating: Option<Instant>,
    /// The end was not told but put in.
    pub imputed: bool,
    /// Its machines are billed up to here.
    #[serde(serialize_with = "instant")]
    pub billed_until: Option<Instant>,
}

impl Ingested {
    /// Whether all that there is to bill is billed, priced.
    pub fn is_whole(&self) -> bool {
        self.facts.unpriced == 0 && self.clusters.iter().all(|c| !c.billed.is_lacking())
    }
}

fn one_instant<S: Serializer>(at: &Instant, to: S) -> Result<S::Ok, S::Error> {
    rfc3339(*at).serialize(to)
}

fn instant<S: Serializer>(at: &Option<Instant>, to: S) -> Result<S::Ok, S::Error> {
    at.map(rfc3339).serialize(to)
}

fn nano<S: Serializer>(nano: &i128, to: S) -> Result<S::Ok, S::Error> {
    exact(*nano).serialize(to)
}

fn costs<S: Serializer>(costs: &BTreeMap<String, i128>, to: S) -> Result<S::Ok, S::Error> {
    let shown: BTreeMap<&String, String> = costs.iter().map(|(c, n)| (c, exact(*n))).collect();
    shown.serialize(to)
}

/// Nanos as an exact decimal.
fn exact(nano: i128) -> String {
    i64::try_from(nano).map_or_else(|_| nano.to_string(), |n| decimal_text(nano_to_decimal(n)))
}

/// Nanos with two decimals, for a reader.
fn cents(nano: i128) -> String {
    let cents = nano_rounded(nano, 2);
    Decimal::try_from_i128_with_scale(cents, 2).map_or_else(|_| cents.to_string(), |d| d.to_string())
}

/// As a person reads it: a table of the clusters, then what was written, then what the numbers rest on.
pub fn text(ingested: &Ingested) -> String {
    let mut out = String::new();
    if !ingested.clusters.is_empty() {
        for line in overview(ingested).to_string().lines() {
            let _ = writeln!(out, "{}", line.trim_end());
        }
        out.push('\n');
    }
    let events = &ingested.events;
    let faults: usize = ingested.faults.values().sum();
    let _ = writeln!(
        out,
        "{}: {} told, {} ignored, {} new to the ledger; {} found",
        ingested.source,
        counted(events.read, "event"),
        events.ignored,
        events.new,
        counted(faults, "fault"),
    );
    for (code, times) in &ingested.faults {
        let _ = writeln!(out, "  {times:>6}  {code}");
    }
    for (name, times) in &events.unknown_types {
        let _ = writeln!(out, "  {times:>6}  of the unknown type {}", one_line(name));
    }
    let facts = &ingested.facts;
    let _ = writeln!(
        out,
        "{} facts written to {}, {} known before{}; {} of them without a price",
        facts.new,
        ingested.ledger,
        facts.known,
        corrections(facts.corrected, facts.withdrawn),
        facts.unpriced
    );
    if !ingested.assumptions.is_empty() {
        out.push_str("assumed:\n");
    }
    for assumption in &ingested.assumptions {
        let _ = writeln!(out, "  {assumption}");
    }
    out
}

fn counted(n: usize, what: &str) -> String {
    match n {
        1 => format!("1 {what}"),
        n => format!("{n} {what}s"),
    }
}

fn overview(ingested: &Ingested) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    let header = [
        "cluster",
        "name",
        "billed",
        "until",
        "lives",
        "machine hours",
        "DBU",
        "cost",
        "unpriced",
    ];
    table.set_header(header);
    for cluster in &ingested.clusters {
        let until = cluster.lives.iter().filter_map(|l| l.billed_until).max();
        let costs: Vec<String> = cluster
            .cost_nano
            .iter()
            .map(|(currency, nano)| format!("{} {currency}", cents(*nano)))
            .collect();
        table.add_row([
            one_line(&cluster.cluster_id),
            one_line(&cluster.cluster_name),
            cluster.billed.as_str().to_owned(),
            until.map(rfc3339).unwrap_or_default(),
            cluster.lives.len().to_string(),
            cents(hours_nano(cluster.machine_seconds)),
            cents(cluster.dbu_nano),
            costs.join(", "),
            cluster.unpriced.to_string(),
        ]);
    }
    for column in 4..header.len() {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

/// Hours in nanos, cut off.
fn hours_nano(seconds: i64) -> i128 {
    i128::from(seconds)
        .saturating_mul(1_000_000_000)
        .div_euclid(3_600)
}
