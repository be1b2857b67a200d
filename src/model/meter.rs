//! Meters: what is billed, and which of them a node runs.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

use super::increment::Increment;
use super::place::{Cloud, UnknownName};

/// Region of a VM whose workspace has none. No book has prices for it, so such a VM is unpriced.
pub const NO_REGION: &str = "unknown-region";

/// How a VM is bought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PurchaseOption {
    /// At list price, never evicted.
    OnDemand,
    /// At the spot price, may be evicted. Discounts the VM, never the DBU.
    Spot,
}

impl PurchaseOption {
    /// `on_demand` or `spot`.
    pub fn as_str(self) -> &'static str {
        match self {
            PurchaseOption::OnDemand => "on_demand",
            PurchaseOption::Spot => "spot",
        }
    }
}

/// What a meter counts per unit.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum MeterKind {
    /// A virtual machine, per hour from provisioning until it is gone.
    Vm {
        /// Region code of the cloud.
        region: String,
        /// VM size.
        node_type_id: String,
        /// On demand or spot.
        purchase_option: PurchaseOption,
    },
    /// Databricks units of one SKU.
    Dbu {
        /// As `system.billing.usage.sku_name`.
        sku_name: String,
    },
    /// A managed disk, per hour of its existence.
    Disk {
        /// Region code of the cloud.
        region: String,
        /// Tier and size as the cloud names it: `E6`, `P15`.
        disk: String,
    },
    /// A public IP address, per hour of its existence.
    PublicIp {
        /// Region code of the cloud.
        region: String,
    },
    /// A NAT gateway, per hour of its existence. What goes through it is not metered.
    NatGateway {
        /// Region code of the cloud.
        region: String,
    },
    /// Object storage, per GB and hour that is held. Transactions are not metered.
    Storage {
        /// Region code of the cloud.
        region: String,
        /// How often the data is kept, as the cloud names it: `GRS`.
        redundancy: String,
    },
    /// A commitment: its purchase, and what is not used of it. No price book has it.
    #[serde(skip)]
    Commitment {
        /// What it buys.
        of: Category,
        /// Its name.
        name: String,
    },
}

/// What is billed: a cloud and one of its meters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Meter {
    /// The cloud the meter belongs to. A SKU of one name has a row per cloud.
    pub cloud: Cloud,
    /// The meter proper.
    pub kind: MeterKind,
}

/// The columns of cost reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Category {
    /// Databricks units.
    Dbu,
    /// Virtual machines.
    Vm,
    /// Managed disks.
    Disk,
    /// Public IP addresses and NAT gateways.
    Network,
    /// Object storage: the workspace's root.
    Storage,
}

impl Category {
    /// `dbu`, `vm`, `disk`, `network` or `storage`.
    pub fn as_str(self) -> &'static str {
        match self {
            Category::Dbu => "dbu",
            Category::Vm => "vm",
            Category::Disk => "disk",
            Category::Network => "network",
            Category::Storage => "storage",
        }
    }
}

impl Meter {
    /// The report column this meter is summed into.
    pub fn category(&self) -> Category {
        match self.kind {
            MeterKind::Vm { .. } => Category::Vm,
            MeterKind::Dbu { .. } => Category::Dbu,
            MeterKind::Disk { .. } => Category::Disk,
            MeterKind::PublicIp { .. } | MeterKind::NatGateway { .. } => Category::Network,
            MeterKind::Storage { .. } => Category::Storage,
            MeterKind::Commitment { of, .. } => of,
        }
    }

    /// Whether it is a commitment's own, and no usage of anything.
    pub fn is_commitment(&self) -> bool {
        matches!(self.kind, MeterKind::Commitment { .. })
    }

    /// `DBU`, `GB-hour`, `hour`, or `unit` of a commitment.
    pub fn unit(&self) -> &'static str {
        match self.kind {
            MeterKind::Dbu { .. } => "DBU",
            MeterKind::Storage { .. } => "GB-hour",
            MeterKind::Commitment { .. } => "unit",
            _ => "hour",
        }
    }

    /// Who is owed: Databricks for DBUs, else the cloud.
    pub fn vendor(&self) -> &'static str {
        match (self.category(), self.cloud) {
            (Category::Dbu, _) => "databricks",
            (_, Cloud::Aws) => "aws",
            (_, Cloud::Azure) => "azure",
            (_, Cloud::Gcp) => "gcp",
        }
    }

    /// What a bill calls the line: the SKU name, or the VM size with its purchase option.
    pub fn sku(&self) -> String {
        match &self.kind {
            MeterKind::Vm {
                node_type_id,
                purchase_option,
                ..
            } => match purchase_option {
                PurchaseOption::OnDemand => node_type_id.clone(),
                PurchaseOption::Spot => format!("{node_type_id} Spot"),
            },
            MeterKind::Dbu { sku_name } => sku_name.clone(),
            MeterKind::Disk { disk, .. } => format!("Disk {disk}"),
            MeterKind::PublicIp { .. } => "Public IP".to_owned(),
            MeterKind::NatGateway { .. } => "NAT gateway".to_owned(),
            MeterKind::Storage { redundancy, .. } => format!("Storage {redundancy}"),
            MeterKind::Commitment { name, .. } => format!("Commitment {name}"),
        }
    }
}

/// The stable text of a meter: `vm/AZURE/westus2/Standard_DS3_v2/spot`, `dbu/AZURE/PREMIUM_JOBS_COMPUTE`.
impl fmt::Display for Meter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cloud = self.cloud;
        match &self.kind {
            MeterKind::Vm {
                region,
                node_type_id,
                purchase_option,
            } => {
                write!(
                    f,
                    "vm/{cloud}/{region}/{node_type_id}/{}",
                    purchase_option.as_str()
                )
            }
            MeterKind::Dbu { sku_name } => write!(f, "dbu/{cloud}/{sku_name}"),
            MeterKind::Disk { region, disk } => write!(f, "disk/{cloud}/{region}/{disk}"),
            MeterKind::PublicIp { region } => write!(f, "public_ip/{cloud}/{region}"),
            MeterKind::NatGateway { region } => write!(f, "nat_gateway/{cloud}/{region}"),
            MeterKind::Storage { region, redundancy } => {
                write!(f, "storage/{cloud}/{region}/{redundancy}")
            }
            MeterKind::Commitment { of, name } => write!(f, "commitment/{cloud}/{}/{name}", of.as_str()),
        }
    }
}

impl FromStr for Meter {
    type Err = UnknownName;
    fn from_str(text: &str) -> Result<Self, UnknownName> {
        let unknown = || UnknownName {
            what: "meter",
            found: text.to_owned(),
            expected: "vm/CLOUD/REGION/NODE_TYPE/on_demand|spot, dbu/CLOUD/SKU, disk/CLOUD/REGION/DISK, public_ip/CLOUD/REGION, nat_gateway/CLOUD/REGION, storage/CLOUD/REGION/REDUNDANCY, commitment/CLOUD/dbu|vm/NAME",
        };
        let parts: Vec<&str> = text.split('/').collect();
        let (kind, cloud) = match parts.as_slice() {
            ["vm", cloud, region, node, option] => {
                let purchase_option = match *option {
                    "on_demand" => PurchaseOption::OnDemand,
                    "spot" => PurchaseOption::Spot,
                    _ => return Err(unknown()),
                };
                let (region, node_type_id) = ((*region).to_owned(), (*node).to_owned());
                (
                    MeterKind::Vm {
                        region,
                        node_type_id,
                        purchase_option,
                    },
                    cloud,
                )
            }
            ["dbu", cloud, sku] => (
                MeterKind::Dbu {
                    sku_name: (*sku).to_owned(),
                },
                cloud,
            ),
            ["disk", cloud, region, disk] => (
                MeterKind::Disk {
                    region: (*region).to_owned(),
                    disk: (*disk).to_owned(),
                },
                cloud,
            ),
            ["public_ip", cloud, region] => (
                MeterKind::PublicIp {
                    region: (*region).to_owned(),
                },
                cloud,
            ),
            ["nat_gateway", cloud, region] => (
                MeterKind::NatGateway {
                    region: (*region).to_owned(),
                },
                cloud,
            ),
            ["storage", cloud, region, redundancy] => (
                MeterKind::Storage {
                    region: (*region).to_owned(),
                    redundancy: (*redundancy).to_owned(),
                },
                cloud,
            ),
            ["commitment", cloud, of, name] if !name.is_empty() => {
                let of = match *of {
                    "dbu" => Category::Dbu,
                    "vm" => Category::Vm,
                    _ => return Err(unknown()),
                };
                let name = (*name).to_owned();
                (MeterKind::Commitment { of, name }, cloud)
            }
            _ => return Err(unknown()),
        };
        Ok(Meter {
            cloud: cloud.parse()?,
            kind,
        })
    }
}

/// A meter with how fast it runs, if that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeterRate {
    /// The meter.
    pub meter: Meter,
    /// Units of the meter in one hour of use: 1 for a VM, the node's DBU rate for a SKU.
    /// None where no source gives it; the usage is then unpriced, never zero.
    pub per_hour: Option<Decimal>,
    /// How the time of one machine is rounded that runs it.
    pub increment: Increment,
}

/// Everything one node is billed for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeMeters {
    /// Run from provisioning until the VM is gone: the VM, its disks, its public IP.
    pub while_provisioned: Vec<MeterRate>,
    /// Runs only while the node is placed in a running cluster.
    pub while_running: MeterRate,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_every_meter_reads_back() {
        for (text, category, unit, sku) in [
            (
                "vm/AZURE/westus2/Standard_DS3_v2/spot",
                Category::Vm,
                "hour",
                "Standard_DS3_v2 Spot",
            ),
            (
                "dbu/AWS/PREMIUM_JOBS_COMPUTE",
                Category::Dbu,
                "DBU",
                "PREMIUM_JOBS_COMPUTE",
            ),
            ("disk/AZURE/westus2/P15", Category::Disk, "hour", "Disk P15"),
            ("public_ip/GCP/us-east1", Category::Network, "hour", "Public IP"),
            (
                "nat_gateway/AZURE/westus2",
                Category::Network,
                "hour",
                "NAT gateway",
            ),
            (
                "storage/AZURE/westus2/GRS",
                Category::Storage,
                "GB-hour",
                "Storage GRS",
            ),
        ] {
            let meter: Meter = text.parse().unwrap();
            assert_eq!(meter.to_string(), text);
            assert_eq!(
                (meter.category(), meter.unit(), meter.sku().as_str()),
                (category, unit, sku)
            );
        }
        for wrong in [
            "nat_gateway/AZURE",
            "storage/AZURE/westus2",
            "storage/MOON/westus2/GRS",
        ] {
            assert!(wrong.parse::<Meter>().is_err(), "{wrong}");
        }
    }
}
