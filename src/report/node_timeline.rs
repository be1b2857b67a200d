//! What came of taking rows of `system.compute.node_timeline` in.

use comfy_table::{CellAlignment, Table, presets};
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;
use std::fmt::Write;

use super::billing_usage::corrections;
use super::decision::one_line;
use crate::ledger::check::nano_text;
use crate::model::meter::PurchaseOption;
use crate::model::money::Currency;
use crate::model::period::{Instant, rfc3339};

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct IngestedNodes {
    /// The ledger.
    pub ledger: String,
    /// Rows.
    pub rows: NodeRows,
    /// Machines that are billed.
    pub billed: usize,
    /// Machines of which nothing is billed.
    pub refused: usize,
    /// Machines that are still there when the table ends.
    pub alive: usize,
    /// Seconds that are billed beyond the table, up to the instant given.
    pub assumed_seconds: i64,
    /// Up to when machines that are still there are known to have lived.
    #[serde(serialize_with = "instant")]
    pub until: Option<Instant>,
    /// Seconds for which a machine was not seen, and is billed.
    pub gap_seconds: i64,
    /// How often each fault was found, by its code.
    pub faults: BTreeMap<&'static str, usize>,
    /// How machines were bought.
    pub purchases: Purchases,
    /// Facts newly written.
    pub new_facts: u64,
    /// Facts that the ledger knew.
    pub known_facts: u64,
    /// Facts that the ledger knew otherwise and that are corrected now.
    pub corrected_facts: u64,
    /// Facts that are told no more and are taken back.
    pub withdrawn_facts: u64,
    /// Clusters, by workspace and `cluster_id`; without an id what waits in pools.
    #[serde(serialize_with = "clusters")]
    pub clusters: BTreeMap<(String, String), NodeCluster>,
    /// What the numbers rest on beside the rows.
    pub assumptions: Vec<String>,
}

/// Rows, counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct NodeRows {
    /// Seen.
    pub read: usize,
    /// Of a time that was known of the machine already.
    pub repeated: usize,
    /// Of a time that was known in part.
    pub overlapping: usize,
    /// Not taken: something is wrong with them.
    pub rejected: usize,
}

/// Machines by how they were bought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Purchases {
    /// On demand.
    pub on_demand: usize,
    /// On spot.
    pub spot: usize,
    /// Of both, as the command says, since no record does.
    pub by_flag: usize,
    /// On demand by assumption, since nothing says how.
    pub assumed: usize,
}

/// A cluster.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct NodeCluster {
    /// `cluster_name`; empty where nothing tells it.
    pub cluster_name: String,
    /// Machines.
    pub machines: usize,
    /// Drivers among them; more than one where the cluster was started more than once.
    pub drivers: usize,
    /// Seconds of its machines.
    pub machine_seconds: i64,
    /// What its priced usage costs, by currency.
    #[serde(rename = "cost", serialize_with = "costs")]
    pub cost_nano: BTreeMap<String, i128>,
    /// Facts without a price.
    pub unpriced: u64,
}

impl Purchases {
    /// Counts a machine.
    pub fn count(&mut self, option: PurchaseOption, by_flag: bool, is_assumed: bool) {
        let counter = match option {
            PurchaseOption::OnDemand => &mut self.on_demand,
            PurchaseOption::Spot => &mut self.spot,
        };
        *counter = counter.saturating_add(1);
        self.by_flag = self.by_flag.saturating_add(usize::from(by_flag));
        self.assumed = self.assumed.saturating_add(usize::from(is_assumed));
    }

    /// Adds those of another workspace.
    pub fn add(&mut self, other: &Purchases) {
        self.on_demand = self.on_demand.saturating_add(other.on_demand);
        self.spot = self.spot.saturating_add(other.spot);
        self.by_flag = self.by_flag.saturating_add(other.by_flag);
        self.assumed = self.assumed.saturating_add(other.assumed);
    }
}

impl NodeCluster {
    /// Adds what a charge costs.
    pub fn charge(&mut self, currency: &Currency, cost_nano: i64) {
        let sum = self.cost_nano.entry(currency.to_string()).or_default();
        *sum = sum.saturating_add(i128::from(cost_nano));
    }

    /// Adds what another machine of the cluster is.
    pub fn add(&mut self, other: &NodeCluster) {
        if self.cluster_name.is_empty() {
            self.cluster_name.clone_from(&other.cluster_name);
        }
        self.machines = self.machines.saturating_add(other.machines);
        self.drivers = self.drivers.saturating_add(other.drivers);
        self.machine_seconds = self.machine_seconds.saturating_add(other.machine_seconds);
        self.unpriced = self.unpriced.saturating_add(other.unpriced);
        for (currency, nano) in &other.cost_nano {
            let sum = self.cost_nano.entry(currency.clone()).or_default();
            *sum = sum.saturating_add(*nano);
        }
    }
}

impl IngestedNodes {
    /// Adds facts that were written, known, corrected and withdrawn.
    pub fn add_facts(&mut self, new: u64, known: u64, corrected: u64, withdrawn: u64) {
        self.withdrawn_facts = self.withdrawn_facts.saturating_add(withdrawn);
        self.corrected_facts = self.corrected_facts.saturating_add(corrected);
        self.new_facts = self.new_facts.saturating_add(new);
        self.known_facts = self.known_facts.saturating_add(known);
    }

    /// Whether all that there is to bill is billed, priced.
    pub fn is_whole(&self) -> bool {
        self.rows.rejected == 0
            && self.refused == 0
            && self.clusters.values().all(|cluster| cluster.unpriced == 0)
    }

    /// Says what the numbers rest on beside the rows.
    pub fn assume(&mut self) {
        let say = |holds: bool, what: &str| holds.then(|| what.to_owned());
        let of = |n: usize| match n {
            1 => "1 machine".to_owned(),
            n => format!("{n} machines"),
        };
        let purchases = &self.purchases;
        let idle = self.clusters.keys().any(|(_, cluster)| cluster.is_empty());
        let all = [
            say(
                true,
                "nodes that lived for less than 10 minutes may not be in the table: what is not in it is not billed",
            ),
            say(
                self.billed > 0,
                "a machine was there from its first minute to its last; what it took to start and to go is not in the table",
            ),
            (purchases.assumed > 0).then(|| {
                format!(
                    "{} on demand: no record of the cluster or pool says how, and --purchase does not",
                    of(purchases.assumed)
                )
            }),
            (purchases.by_flag > 0).then(|| {
                format!(
                    "{} as --purchase says, since no record does",
                    of(purchases.by_flag)
                )
            }),
            say(
                purchases.spot > 0,
                "what was asked for on spot came on spot; no row tells a fallback to on demand",
            ),
            say(
                self.gap_seconds > 0,
                "a machine that was seen before and after was there in between",
            ),
            say(idle, "a machine between two clusters waited in its pool"),
            say(
                self.alive > 0 && self.assumed_seconds == 0,
                "machines that are still there when the table ends are billed to their last minute; rows that follow bill the rest",
            ),
            self.until.filter(|_| self.assumed_seconds > 0).map(|until| {
                format!(
                    "machines that are still there lived until {}; whole days of it are billed",
                    rfc3339(until)
                )
            }),
        ];
        self.assumptions = all.into_iter().flatten().collect();
    }
}

fn instant<S: Serializer>(at: &Option<Instant>, to: S) -> Result<S::Ok, S::Error> {
    at.map(rfc3339).serialize(to)
}

fn costs<S: Serializer>(costs: &BTreeMap<String, i128>, to: S) -> Result<S::Ok, S::Error> {
    to.collect_map(costs.iter().map(|(currency, nano)| (currency, nano_text(*nano))))
}

#[derive(Serialize)]
struct Line<'a> {
    workspace: &'a str,
    cluster_id: &'a str,
    #[serde(flatten)]
    cluster: &'a NodeCluster,
}

fn clusters<S: Serializer>(all: &BTreeMap<(String, String), NodeCluster>, to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(all.iter().map(|((workspace, cluster_id), cluster)| Line {
        workspace,
        cluster_id,
        cluster,
    }))
}

/// For people.
pub fn text(told: &IngestedNodes) -> String {
    let mut out = String::new();
    if !told.clusters.is_empty() {
        for line in overview(told).lines() {
            let _ = writeln!(out, "{}", line.trim_end());
        }
        out.push('\n');
    }
    let rows = &told.rows;
    let _ = writeln!(
        out,
        "{} rows: {} repeated, {} overlapping, {} rejected",
        rows.read, rows.repeated, rows.overlapping, rows.rejected
    );
    let _ = writeln!(
        out,
        "{} machines billed, {} on demand and {} on spot; {} refused, {} still there when the table ends",
        told.billed, told.purchases.on_demand, told.purchases.spot, told.refused, told.alive
    );
    for (code, times) in &told.faults {
        let _ = writeln!(out, "  {times:>6}  {code}");
    }
    let _ = writeln!(
        out,
        "{} facts written to {}, {} known before{}",
        told.new_facts,
        told.ledger,
        told.known_facts,
        corrections(told.corrected_facts, told.withdrawn_facts),
    );
    out.push_str("assumed:\n");
    for assumption in &told.assumptions {
        let _ = writeln!(out, "  {assumption}");
    }
    out
}

fn overview(told: &IngestedNodes) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    let header = [
        "workspace",
        "cluster",
        "name",
        "machines",
        "drivers",
        "machine hours",
        "cost",
        "unpriced",
    ];
    table.set_header(header);
    for ((workspace, cluster_id), cluster) in &told.clusters {
        let costs: Vec<String> = cluster
            .cost_nano
            .iter()
            .map(|(currency, nano)| format!("{} {currency}", nano_text(*nano)))
            .collect();
        let shown = match cluster_id.as_str() {
            "" => "(waiting in pools)".to_owned(),
            id => one_line(id),
        };
        table.add_row([
            one_line(workspace),
            shown,
            one_line(&cluster.cluster_name),
            cluster.machines.to_string(),
            cluster.drivers.to_string(),
            hours(cluster.machine_seconds),
            costs.join(", "),
            cluster.unpriced.to_string(),
        ]);
    }
    for column in 3..header.len() {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

/// `1.25`: hours with two decimals, cut off.
fn hours(seconds: i64) -> String {
    let hundredths = i128::from(seconds).saturating_mul(100).div_euclid(3_600);
    format!("{}.{:02}", hundredths.div_euclid(100), hundredths.rem_euclid(100))
}
