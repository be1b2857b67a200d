//! An estimate: charges that have not happened, per hour, at a size.

use rust_decimal::Decimal;
use serde::Serialize;
use std::sync::Arc;

use super::exact::decimal_text;
use super::meter::Meter;
use super::money::Currency;
use super::period::{Instant, rfc3339};

/// What a cluster would cost per hour, at its smallest and at its largest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Estimate {
    /// Currency of all costs.
    pub currency: Currency,
    /// The instant whose prices were taken.
    pub at: Instant,
    /// At `num_workers` or `autoscale.min_workers`.
    pub min: SizeEstimate,
    /// At `num_workers` or `autoscale.max_workers`.
    pub max: SizeEstimate,
    /// What one driver costs.
    pub driver: NodeEstimate,
    /// What the dearest worker costs; none for a single node.
    pub worker: Option<NodeEstimate>,
    /// Meters without a price or rate, sorted, each once. Where there is one, the sums it belongs to are
    /// unknown.
    pub unpriced: Vec<String>,
    /// Attributes that decide what the cluster costs and that nobody knows yet, sorted. Where there is one, every sum
    /// is unknown.
    pub unknown: Vec<String>,
}

/// One node per hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeEstimate {
    /// DBU per hour; none where the node has no rate.
    pub dbu_per_hour: Option<Decimal>,
    /// VM, disks, address and DBUs; none where any of them is unpriced.
    pub cost_per_hour: Option<Decimal>,
}

impl NodeEstimate {
    /// A node of which nothing is known.
    pub const UNKNOWN: NodeEstimate = NodeEstimate {
        dbu_per_hour: None,
        cost_per_hour: None,
    };
}

/// One size of the cluster per hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SizeEstimate {
    /// Nodes, driver included; none where nobody knows yet.
    pub nodes: Option<u32>,
    /// DBU per hour.
    pub dbu_per_hour: Option<Decimal>,
    /// DBUs in money.
    pub dbu_cost_per_hour: Option<Decimal>,
    /// VMs in money.
    pub vm_cost_per_hour: Option<Decimal>,
    /// Disks in money.
    pub disk_cost_per_hour: Option<Decimal>,
    /// Public IP addresses in money.
    pub network_cost_per_hour: Option<Decimal>,
    /// All of it.
    pub cost_per_hour: Option<Decimal>,
    /// One line per meter.
    pub lines: Vec<EstimateLine>,
}

/// One meter of an estimate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EstimateLine {
    /// What is billed.
    pub meter: Arc<Meter>,
    /// Nodes that run this meter.
    pub nodes: u32,
    /// Units of the meter per hour, all nodes together; none where the rate is unknown.
    pub quantity_per_hour: Option<Decimal>,
    /// Money per unit; none where no book has it.
    pub unit_price: Option<Decimal>,
    /// Their product.
    pub cost_per_hour: Option<Decimal>,
    /// Book and source of the price.
    pub source: Option<Arc<str>>,
    /// The price is a placeholder.
    pub synthetic: bool,
}

impl SizeEstimate {
    /// A size of which nothing is known.
    pub const UNKNOWN: SizeEstimate = SizeEstimate {
        nodes: None,
        dbu_per_hour: None,
        dbu_cost_per_hour: None,
        vm_cost_per_hour: None,
        disk_cost_per_hour: None,
        network_cost_per_hour: None,
        cost_per_hour: None,
        lines: Vec::new(),
    };
}

impl Estimate {
    /// An estimate that hangs on what nobody knows yet.
    pub fn unknown(currency: Currency, at: Instant, attributes: &[String]) -> Estimate {
        Estimate {
            currency,
            at,
            min: SizeEstimate::UNKNOWN,
            max: SizeEstimate::UNKNOWN,
            driver: NodeEstimate::UNKNOWN,
            worker: None,
            unpriced: Vec::new(),
            unknown: attributes.to_vec(),
        }
    }

    /// The sums alone, as decisions carry them.
    pub fn without_lines(mut self) -> Estimate {
        self.min.lines.clear();
        self.max.lines.clear();
        self
    }
}

// The JSON form: decimal text, null where unknown.

fn text(value: Option<Decimal>) -> Option<String> {
    value.map(decimal_text)
}

impl Serialize for NodeEstimate {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Form {
            dbu_per_hour: Option<String>,
            cost_per_hour: Option<String>,
        }
        Form {
            dbu_per_hour: text(self.dbu_per_hour),
            cost_per_hour: text(self.cost_per_hour),
        }
        .serialize(s)
    }
}

impl Serialize for EstimateLine {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Form<'a> {
            meter: String,
            nodes: u32,
            unit: &'static str,
            quantity_per_hour: Option<String>,
            unit_price: Option<String>,
            cost_per_hour: Option<String>,
            source: Option<&'a str>,
            synthetic: bool,
        }
        Form {
            meter: self.meter.to_string(),
            nodes: self.nodes,
            unit: self.meter.unit(),
            quantity_per_hour: text(self.quantity_per_hour),
            unit_price: text(self.unit_price),
            cost_per_hour: text(self.cost_per_hour),
            source: self.source.as_deref(),
            synthetic: self.synthetic,
        }
        .serialize(s)
    }
}

impl Serialize for SizeEstimate {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Form<'a> {
            nodes: Option<u32>,
            dbu_per_hour: Option<String>,
            dbu_cost_per_hour: Option<String>,
            vm_cost_per_hour: Option<String>,
            disk_cost_per_hour: Option<String>,
            network_cost_per_hour: Option<String>,
            cost_per_hour: Option<String>,
            #[serde(skip_serializing_if = "<[EstimateLine]>::is_empty")]
            lines: &'a [EstimateLine],
        }
        Form {
            nodes: self.nodes,
            dbu_per_hour: text(self.dbu_per_hour),
            dbu_cost_per_hour: text(self.dbu_cost_per_hour),
            vm_cost_per_hour: text(self.vm_cost_per_hour),
            disk_cost_per_hour: text(self.disk_cost_per_hour),
            network_cost_per_hour: text(self.network_cost_per_hour),
            cost_per_hour: text(self.cost_per_hour),
            lines: &self.lines,
        }
        .serialize(s)
    }
}

impl Serialize for Estimate {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Form<'a> {
            currency: Currency,
            at: String,
            unpriced: &'a [String],
            #[serde(skip_serializing_if = "<[String]>::is_empty")]
            unknown: &'a [String],
            driver: &'a NodeEstimate,
            worker: &'a Option<NodeEstimate>,
            min: &'a SizeEstimate,
            max: &'a SizeEstimate,
        }
        Form {
            currency: self.currency,
            at: rfc3339(self.at),
            unpriced: &self.unpriced,
            unknown: &self.unknown,
            driver: &self.driver,
            worker: &self.worker,
            min: &self.min,
            max: &self.max,
        }
        .serialize(s)
    }
}
