//! Machines of the cloud that clusters run on, and the other resources of a workspace: what existed from when to when.

use serde::{Deserialize, Serialize};
use std::sync::Arc;

use super::meter::{Meter, PurchaseOption};
use super::period::{Instant, Period};
use super::usage::Subject;

/// A virtual machine that existed. What hangs on it (network interface, address, disks) follows from it and from its
/// workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    /// `instance_id`; unique.
    pub instance_id: Arc<str>,
    /// Whose it was last. `pool` and `cluster_id` are empty where there is none.
    pub subject: Arc<Subject>,
    /// VM size.
    pub node_type_id: Arc<str>,
    /// How it was bought: a spot request may have fallen back to on demand.
    pub purchase_option: PurchaseOption,
    /// Whether it was the driver of the cluster it was launched for; false for one that a pool launched.
    pub driver: bool,
    /// From the moment it was asked of the cloud until it was gone, or to the end of what was simulated.
    pub period: Period,
}

/// A disk that disk autoscaling added to a machine. It goes with the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddedDisk {
    /// The machine.
    pub instance_id: Arc<str>,
    /// Number among the added disks of the machine, from 1.
    pub number: u32,
    /// Tier and size, as the cloud names it: `P15`.
    pub disk: Arc<str>,
    /// When it was added; it goes with the machine.
    pub added: Instant,
}

/// What a resource is. The cloud's own names follow from the kind and the cloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResourceKind {
    /// The group that holds the others (Azure; other clouds have none).
    ResourceGroup,
    /// Storage account of the workspace's root; on AWS and GCP there are buckets only.
    StorageAccount,
    /// A container of it, or a bucket: root, libraries, access logs.
    StorageContainer,
    /// Network security group, security group, firewall.
    SecurityGroup,
    /// Virtual network, VPC.
    VirtualNetwork,
    /// NAT gateway, Cloud NAT.
    NatGateway,
    /// Public IP address, of the gateway or of a node.
    PublicIp,
    /// Virtual machine.
    VirtualMachine,
    /// Network interface of a machine.
    NetworkInterface,
    /// Disk that the operating system is on.
    OsDisk,
    /// Any other disk of a machine.
    DataDisk,
}

impl ResourceKind {
    /// All of them, in the order in which they are listed.
    pub const ALL: [ResourceKind; 11] = [
        ResourceKind::ResourceGroup,
        ResourceKind::StorageAccount,
        ResourceKind::StorageContainer,
        ResourceKind::SecurityGroup,
        ResourceKind::VirtualNetwork,
        ResourceKind::NatGateway,
        ResourceKind::PublicIp,
        ResourceKind::VirtualMachine,
        ResourceKind::NetworkInterface,
        ResourceKind::OsDisk,
        ResourceKind::DataDisk,
    ];

    /// `resource_group`, `virtual_machine` and so on.
    pub fn as_str(self) -> &'static str {
        match self {
            ResourceKind::ResourceGroup => "resource_group",
            ResourceKind::StorageAccount => "storage_account",
            ResourceKind::StorageContainer => "storage_container",
            ResourceKind::SecurityGroup => "security_group",
            ResourceKind::VirtualNetwork => "virtual_network",
            ResourceKind::NatGateway => "nat_gateway",
            ResourceKind::PublicIp => "public_ip",
            ResourceKind::VirtualMachine => "virtual_machine",
            ResourceKind::NetworkInterface => "network_interface",
            ResourceKind::OsDisk => "os_disk",
            ResourceKind::DataDisk => "data_disk",
        }
    }
}

/// A resource of the cloud, in a workspace's resource group or beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// What it is.
    pub kind: ResourceKind,
    /// What the cloud calls its kind: `Microsoft.Compute/virtualMachines`.
    pub cloud_type: &'static str,
    /// Its name.
    pub name: String,
    /// The machine it belongs to; none for what the workspace has without any.
    pub instance_id: Option<Arc<str>>,
    /// What it is billed by; none for what is free of charge or is not named by the workspace.
    pub meter: Option<Meter>,
}
