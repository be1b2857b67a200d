//! Machines put together from cores and memory.

use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};

use super::component::Part;
use super::sku::Price;
use crate::model::diagnostic::Diagnostic;
use crate::model::exact::{add, decimal_text, multiply};
use crate::model::meter::{MeterKind, PurchaseOption};
use crate::model::period::{Instant, rfc3339};
use crate::model::place::Cloud;
use crate::pricing::import::Spot;
use crate::pricing::import::periods::Start;
use crate::pricing::node_rates::NodeRates;

/// Family, region, how it is bought.
pub(super) type Line = (String, String, PurchaseOption);

/// What a unit costs from when on.
type Prices = BTreeMap<Instant, (Decimal, Spot)>;

/// A machine type as far as its price hangs on it.
struct Machine<'r> {
    node_type_id: &'r str,
    family: String,
    made_of: MadeOf,
}

enum MadeOf {
    /// Cores, and MiB of memory.
    CoresAndMemory(u32, u32),
    /// GPUs beside them.
    Gpus,
    /// Disks of its own beside them.
    LocalDisks,
    /// Nothing tells of what.
    Unknown,
}

/// What is known of all families.
pub(super) struct Machines<'r> {
    machines: Vec<Machine<'r>>,
    parts: BTreeMap<Line, [Prices; 2]>,
}

impl<'r> Machines<'r> {
    /// The node types of GCP.
    pub fn new(rates: &'r NodeRates) -> Machines<'r> {
        let of_gcp = rates.ids().into_iter().filter_map(|node_type_id| {
            let node = rates
                .node_type(node_type_id)
                .filter(|node| node.cloud == Cloud::Gcp)?;
            let family = node_type_id.split(['-', '_']).next().unwrap_or_default();
            // The series A and G have GPUs, whatever is known of one of their types.
            let has_gpus = node.gpus.is_some_and(|gpus| gpus > 0) || family.starts_with(['a', 'g']);
            let made_of = match (node.vcpus, node.memory_mb) {
                _ if has_gpus => MadeOf::Gpus,
                _ if node_type_id.contains("lssd") => MadeOf::LocalDisks,
                (Some(cores), Some(memory_mb)) => MadeOf::CoresAndMemory(cores, memory_mb),
                _ => MadeOf::Unknown,
            };
            Some(Machine {
                node_type_id,
                family: family.to_owned(),
                made_of,
            })
        });
        Machines {
            machines: of_gcp.collect(),
            parts: BTreeMap::new(),
        }
    }

    /// Whether a node type is of this family.
    pub fn has_family(&self, family: &str) -> bool {
        self.machines.iter().any(|machine| machine.family == family)
    }

    /// Adds what a unit costs.
    ///
    /// # Errors
    /// `price::conflict` where it costs something else from the same instant on.
    pub fn add(&mut self, line: Line, part: Part, price: &Price, spot: &Spot) -> Result<(), Diagnostic> {
        let [core, ram] = self.parts.entry(line.clone()).or_default();
        let (prices, what) = match part {
            Part::Core => (core, "a core"),
            Part::Ram => (ram, "a GiB of memory"),
        };
        match prices.get(&price.from) {
            Some((known, _)) if *known == price.amount => Ok(()),
            None => {
                prices.insert(price.from, (price.amount, spot.clone()));
                Ok(())
            }
            Some((known, first)) => {
                let (family, region, option) = line;
                let message = format!(
                    "{what} of {family} {} in {region} has two prices from {}: {} ({first}) and {} ({spot})",
                    option.as_str(),
                    rfc3339(price.from),
                    decimal_text(*known),
                    decimal_text(price.amount),
                );
                let hint =
                    "neither is taken; leave out the page or the region that does not apply (--region)";
                Err(spot.error("price::conflict", message).hint(hint))
            }
        }
    }

    /// What each machine costs from when on, and what is to be said of machines without a price.
    ///
    /// # Errors
    /// `price::number` where a product cannot be held exactly.
    pub fn prices(&self) -> Result<(Vec<Start>, Vec<String>), Vec<Diagnostic>> {
        let (mut starts, mut problems) = (Vec::new(), Vec::new());
        for ((family, region, option), [core, ram]) in &self.parts {
            for machine in self.machines.iter().filter(|m| m.family == *family) {
                let MadeOf::CoresAndMemory(cores, memory_mb) = machine.made_of else {
                    continue;
                };
                for at in instants(core, ram) {
                    let (Some(core), Some(ram)) = (at_instant(core, at), at_instant(ram, at)) else {
                        continue;
                    };
                    let later = core.1.max(ram.1);
                    match total((cores, core.0), (memory_mb, ram.0)) {
                        Ok(unit_price) => starts.push(Start {
                            meter: MeterKind::Vm {
                                region: region.clone(),
                                node_type_id: machine.node_type_id.to_owned(),
                                purchase_option: *option,
                            },
                            told_for: String::new(),
                            from: at,
                            unit_price,
                            spot: later.clone(),
                            region: None,
                        }),
                        Err(what) => {
                            let message = format!("{}: {what}", machine.node_type_id);
                            problems.push(later.error("price::number", message));
                        }
                    }
                }
            }
        }
        match problems.is_empty() {
            true => Ok((starts, self.without())),
            false => Err(problems),
        }
    }

    /// Machines of the families seen that have no price, by reason, and families of which half is told.
    fn without(&self) -> Vec<String> {
        let seen: BTreeSet<&String> = self.parts.keys().map(|(family, ..)| family).collect();
        let named = |is: fn(&MadeOf) -> bool| {
            let of_seen = self.machines.iter().filter(|m| seen.contains(&m.family));
            let found: Vec<&str> = of_seen
                .filter(|m| is(&m.made_of))
                .map(|m| m.node_type_id)
                .collect();
            some_of(&found)
        };
        let halves = self
            .parts
            .iter()
            .filter_map(|((family, region, option), [core, ram])| {
                let lacks = match (core.is_empty(), ram.is_empty()) {
                    (false, true) => "memory",
                    (true, false) => "cores",
                    _ => return None,
                };
                Some(format!("{family} {} in {region}: {lacks}", option.as_str()))
            });
        let halves: Vec<String> = halves.collect();
        let halves: Vec<&str> = halves.iter().map(String::as_str).collect();
        let sentences = [
            (
                named(|of| matches!(of, MadeOf::Gpus)),
                "node type",
                "with GPUs: a GPU is a SKU of its own",
            ),
            (
                named(|of| matches!(of, MadeOf::LocalDisks)),
                "node type",
                "with local disks: a disk is a SKU of its own",
            ),
            (
                named(|of| matches!(of, MadeOf::Unknown)),
                "node type",
                "of unknown cores or memory",
            ),
            (some_of(&halves), "line", "of which only one part is told"),
        ];
        let said = sentences.into_iter().filter_map(|(found, of, what)| {
            let (n, names) = found?;
            let plural = if n == 1 { "" } else { "s" };
            Some(format!("no price for {n} {of}{plural} {what} ({names})"))
        });
        said.collect()
    }
}

fn instants(core: &Prices, ram: &Prices) -> BTreeSet<Instant> {
    core.keys().chain(ram.keys()).copied().collect()
}

/// The price in force at an instant.
fn at_instant(prices: &Prices, at: Instant) -> Option<(Decimal, &Spot)> {
    let (_, (price, spot)) = prices.range(..=at).next_back()?;
    Some((*price, spot))
}

/// Cores times their price and GiB times theirs; a MiB is 2^-10 GiB exactly.
fn total(cores: (u32, Decimal), memory: (u32, Decimal)) -> Result<Decimal, String> {
    let mib = Decimal::new(9_765_625, 10);
    let gib = multiply(Decimal::from(memory.0), mib).map(|gib| gib.normalize());
    let sum = multiply(Decimal::from(cores.0), cores.1).and_then(|of_cores| {
        let of_memory = multiply(gib?, memory.1)?;
        add(of_cores, of_memory)
    });
    sum.map(|sum| sum.normalize()).map_err(|e| e.to_string())
}

/// How many there are, and the names of the first three.
fn some_of(found: &[&str]) -> Option<(usize, String)> {
    let shown: Vec<&str> = found.iter().take(3).copied().collect();
    let more = match found.len() {
        0 => return None,
        n if n > shown.len() => ", ...",
        _ => "",
    };
    Some((found.len(), format!("{}{more}", shown.join(", "))))
}
