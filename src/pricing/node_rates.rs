//! Node rates: how many DBUs a node of each type emits per hour, and what it is made of.

use rust_decimal::Decimal;
use serde::Deserialize;
use std::collections::HashMap;

use crate::model::diagnostic::{Diagnostic, Diagnostics, json_message};
use crate::model::exact::parse_decimal;
use crate::model::period::{Instant, parse_instant};
use crate::model::place::{Cloud, Workload};

#[derive(Debug, Deserialize)]
struct RatesFile<'a> {
    cloud: Cloud,
    #[serde(borrow)]
    node_types: Vec<NodeRow<'a>>,
}

#[derive(Debug, Deserialize)]
struct NodeRow<'a> {
    node_type_id: &'a str,
    #[serde(default)]
    vcpus: Option<u32>,
    #[serde(default)]
    memory_mb: Option<u32>,
    #[serde(default)]
    gpus: Option<u32>,
    #[serde(default)]
    local_disk_mb: Option<u64>,
    #[serde(borrow, default)]
    rates: Vec<RateRow<'a>>,
}

#[derive(Debug, Deserialize)]
struct RateRow<'a> {
    dbu_per_hour: &'a str,
    #[serde(default)]
    photon_all_purpose: Option<&'a str>,
    #[serde(default)]
    photon_jobs: Option<&'a str>,
    #[serde(default)]
    from: Option<&'a str>,
    #[serde(default)]
    to: Option<&'a str>,
}

/// A node type: what it is made of and what it emits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeType {
    /// Its cloud.
    pub cloud: Cloud,
    /// Virtual CPUs, if known.
    pub vcpus: Option<u32>,
    /// Memory in MiB, if known.
    pub memory_mb: Option<u32>,
    /// GPUs, if known.
    pub gpus: Option<u32>,
    /// Local disk in MiB, if known.
    pub local_disk_mb: Option<u64>,
    rates: Vec<NodeRate>,
}

/// The DBU rates of a node type over a time.
#[derive(Debug, Clone, PartialEq, Eq)]
struct NodeRate {
    standard: Decimal,
    photon_all_purpose: Option<Decimal>,
    photon_jobs: Option<Decimal>,
    from: Option<Instant>,
    to: Option<Instant>,
}

impl NodeType {
    /// DBU per hour of one node at an instant. A node without a published Photon rate has none: the factor
    /// differs by cloud, workload and family, so multiplying would be a guess. Pipelines emit as jobs do.
    pub fn dbu_per_hour(&self, workload: Workload, photon: bool, at: Instant) -> Option<Decimal> {
        let rate = self
            .rates
            .iter()
            .find(|r| r.from.is_none_or(|from| from <= at) && r.to.is_none_or(|to| at < to))?;
        match (photon, workload) {
            (false, _) => Some(rate.standard),
            (true, Workload::AllPurpose) => rate.photon_all_purpose,
            (true, Workload::Job | Workload::Dlt | Workload::DltPro | Workload::DltAdvanced) => {
                rate.photon_jobs
            }
        }
    }
}

/// Node types by their id. Ids of the clouds do not collide.
#[derive(Debug, Clone, Default)]
pub struct NodeRates {
    types: HashMap<String, NodeType>,
}

impl NodeRates {
    /// Reads a file of node rates and adds them; a node type given again replaces the earlier one.
    ///
    /// # Errors
    /// `rate::syntax`, `rate::number`, `rate::instant`.
    pub fn add(&mut self, source: &str, text: &str) -> Result<(), Diagnostics> {
        let file: RatesFile<'_> = serde_json::from_str(text).map_err(|e| {
            Diagnostic::error("rate::syntax", source, json_message(&e)).at(e.line(), e.column())
        })?;
        let mut problems = Vec::new();
        for row in &file.node_types {
            match row.rates.iter().map(read_rate).collect::<Result<Vec<_>, _>>() {
                Ok(rates) => {
                    let NodeRow {
                        vcpus,
                        memory_mb,
                        gpus,
                        local_disk_mb,
                        ..
                    } = *row;
                    let node = NodeType {
                        cloud: file.cloud,
                        vcpus,
                        memory_mb,
                        gpus,
                        local_disk_mb,
                        rates,
                    };
                    self.types.insert(row.node_type_id.to_owned(), node);
                }
                Err((code, message)) => problems.push(
                    Diagnostic::error(code, source, message).path(format!("node_types.{}", row.node_type_id)),
                ),
            }
        }
        if problems.is_empty() {
            Ok(())
        } else {
            Err(Diagnostics(problems))
        }
    }

    /// The node type of an id.
    pub fn node_type(&self, node_type_id: &str) -> Option<&NodeType> {
        self.types.get(node_type_id)
    }

    /// All ids, sorted.
    pub fn ids(&self) -> Vec<&str> {
        let mut ids: Vec<&str> = self.types.keys().map(String::as_str).collect();
        ids.sort_unstable();
        ids
    }

    /// Takes over everything of another set; its node types win.
    pub fn override_with(&mut self, other: NodeRates) {
        self.types.extend(other.types);
    }
}

fn read_rate(row: &RateRow<'_>) -> Result<NodeRate, (&'static str, String)> {
    let number = |text: &str| match parse_decimal(text) {
        Ok(n) if !n.is_sign_negative() => Ok(n),
        Ok(n) => Err(("rate::number", format!("`{n}` is negative"))),
        Err(e) => Err(("rate::number", e.to_string())),
    };
    let instant = |text: Option<&str>| {
        text.map(parse_instant)
            .transpose()
            .map_err(|e| ("rate::instant", e.to_string()))
    };
    Ok(NodeRate {
        standard: number(row.dbu_per_hour)?,
        photon_all_purpose: row.photon_all_purpose.map(number).transpose()?,
        photon_jobs: row.photon_jobs.map(number).transpose()?,
        from: instant(row.from)?,
        to: instant(row.to)?,
    })
}
