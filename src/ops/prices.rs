//! The catalogue of prices, with the user's own books; and what it knows of a meter or node type.

use std::path::PathBuf;

use super::files::{below, has_extension, read_text};
use crate::model::diagnostic::Diagnostics;
use crate::model::period::Instant;
use crate::model::place::{Cloud, Workload};
use crate::pricing::catalogue::Catalogue;

/// A catalogue with the user's own files added. Bundled files are read when a cloud is first loaded.
///
/// # Errors
/// `file::*`, `price::*`, `rate::*`, of all files.
pub fn catalogue(own: &[PathBuf]) -> Result<Catalogue, Diagnostics> {
    let mut catalogue = Catalogue::default();
    let mut problems = Vec::new();
    for path in own {
        for file in below(path, &|p| has_extension(p, &["json"]))? {
            let text = read_text(&file)?;
            if let Err(found) = catalogue.add_own(&text.source, &text.text) {
                problems.extend(found.0);
            }
        }
    }
    if problems.is_empty() {
        Ok(catalogue)
    } else {
        Err(Diagnostics(problems).sorted())
    }
}

/// What is known of a meter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownPrice {
    /// The meter's text.
    pub meter: String,
    /// Money per unit.
    pub unit_price: String,
    /// The list price, where a contract agrees on something else.
    pub list_unit_price: Option<String>,
    /// Currency.
    pub currency: String,
    /// `hour` or `DBU`.
    pub unit: &'static str,
    /// First instant; none since ever.
    pub from: Option<Instant>,
    /// First instant after; none until further notice.
    pub to: Option<Instant>,
    /// Book and source.
    pub source: String,
    /// A placeholder.
    pub synthetic: bool,
}

/// What is known of a node type at an instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownNode {
    /// Its id.
    pub node_type_id: String,
    /// Its cloud.
    pub cloud: Cloud,
    /// Virtual CPUs.
    pub vcpus: Option<u32>,
    /// Memory in MiB.
    pub memory_mb: Option<u32>,
    /// GPUs.
    pub gpus: Option<u32>,
    /// DBU per hour: standard, Photon all-purpose, Photon jobs.
    pub dbu_per_hour: [Option<rust_decimal::Decimal>; 3],
}

/// Everything whose name contains `needle`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Known {
    /// Node types.
    pub nodes: Vec<KnownNode>,
    /// Prices; those in force at the instant, or all when no instant is given.
    pub prices: Vec<KnownPrice>,
}

/// Looks a node type, SKU or meter up.
///
/// # Errors
/// As [`catalogue`].
pub fn show(needle: &str, own: &[PathBuf], at: Option<Instant>, now: Instant) -> Result<Known, Diagnostics> {
    let mut catalogue = catalogue(own)?;
    for cloud in Cloud::ALL {
        catalogue.load(cloud, None)?;
    }
    let lower = needle.to_lowercase();
    let nodes = catalogue
        .rates
        .ids()
        .into_iter()
        .filter(|id| id.to_lowercase().contains(&lower))
        .filter_map(|id| catalogue.rates.node_type(id).map(|node| (id, node)))
        .map(|(id, node)| {
            let rate = |workload, photon| node.dbu_per_hour(workload, photon, at.unwrap_or(now));
            KnownNode {
                node_type_id: id.to_owned(),
                cloud: node.cloud,
                vcpus: node.vcpus,
                memory_mb: node.memory_mb,
                gpus: node.gpus,
                dbu_per_hour: [
                    rate(Workload::Job, false),
                    rate(Workload::AllPurpose, true),
                    rate(Workload::Job, true),
                ],
            }
        })
        .collect();
    let holds = |from: Option<Instant>, to: Option<Instant>| match at {
        Some(at) => from.is_none_or(|f| f <= at) && to.is_none_or(|t| at < t),
        None => true,
    };
    let prices = catalogue
        .book
        .find(needle)
        .into_iter()
        .filter(|(_, e)| holds(e.from, e.to))
        .map(|(meter, e)| KnownPrice {
            meter: meter.to_string(),
            unit_price: e.price.unit_price.to_string(),
            list_unit_price: e.price.list_unit_price.map(|p| p.to_string()),
            currency: e.price.currency.to_string(),
            unit: meter.unit(),
            from: e.from,
            to: e.to,
            source: e.price.source.to_string(),
            synthetic: e.price.synthetic,
        })
        .collect();
    Ok(Known { nodes, prices })
}
