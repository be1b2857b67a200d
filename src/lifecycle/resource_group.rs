//! What a workspace and its machines are made of in the cloud: the managed resource group.
//!
//! A workspace has a fixed part (storage, network, NAT gateway), there as long as its resource group; each machine
//! brings its network interfaces, address and disks and takes them with it. Nothing else appears or goes: a cluster
//! that is off has no resource.
//!
//! Azure names, read off listings of real managed resource groups:
//!
//! | resource | name |
//! |---|---|
//! | group | `databricks-rg-WORKSPACE-` and 13 characters of `a` to `z` and `2` to `7` |
//! | storage account | `dbstorage` and 13 other such characters |
//! | its containers | `root`, `jobs`, `logs`, `unity-catalog-storage` |
//! | network | `workers-vnet`, `workers-sg`, `nat-gateway`, `nat-gw-public-ip` |
//! | machine | 32 hexadecimal digits, with `-privateNIC`, `-publicNIC`, `-publicIP` |
//! | disks | `-osDisk`, `-containerRootVolume`, then `-0-scratchVolume` and so on |
//!
//! Sources: the listing of a group of 2026 (`databricks-rg-...-i75zgjbs3ihjc`, `dbstoragesgx3kg7f5lqrq`), an inventory of
//! nodes and their interfaces and disks, a Terraform export of disks (30, 256 and 128 GB), the defaults of
//! `azurerm_databricks_workspace` for gateway and address, paths `abfss://unity-catalog-storage@dbstorage...` and
//! `root@dbstorage...`. Ours: the 13 characters, drawn from the workspace's name, for Azure's are not to be foreseen; the
//! containers `jobs` and `logs`; the numbers of disks that autoscaling adds, which go on after the node's own.
//!
//! AWS and GCP have no such group. Their types are those of CloudFormation and of Cloud Asset Inventory, what there is
//! follows the Azure list (two disks per node: AWS documents 30 GB for the host and 150 GB for the container), and all
//! names besides the instance's are ours. Addresses of nodes are no resources of their own there; they are listed since
//! they are billed.
//!
//! Deliberately absent: the managed identity and the access connector, free of charge on Azure; subnets; tags.

use std::sync::Arc;

use crate::model::machine::{AddedDisk, Machine, Resource, ResourceKind};
use crate::model::meter::{Meter, MeterKind};
use crate::model::place::{Cloud, Workspace};

/// What a workspace has as long as its resource group exists, in a fixed order.
pub fn of_workspace(workspace: &Workspace) -> Vec<Resource> {
    let part = Part {
        workspace,
        instance_id: None,
    };
    let names = Names::of(workspace);
    let storage = workspace.root_storage_gb.and_then(|_| {
        part.meter(|region| MeterKind::Storage {
            region,
            redundancy: workspace.cloud.root_redundancy().to_owned(),
        })
    });
    let mut found: Vec<Resource> = Vec::new();
    if let Some((group, account)) = names.group.zip(names.account) {
        found.push(part.resource(ResourceKind::ResourceGroup, group, None));
        found.push(part.resource(ResourceKind::StorageAccount, account, storage));
        let containers = names.containers.into_iter();
        found.extend(containers.map(|name| part.resource(ResourceKind::StorageContainer, name, None)));
    } else {
        // Without an account the first bucket, the root, is what is billed.
        let meters = std::iter::once(storage).chain(std::iter::repeat(None));
        let buckets = names.containers.into_iter().zip(meters);
        found.extend(buckets.map(|(name, meter)| part.resource(ResourceKind::StorageContainer, name, meter)));
    }
    found.push(part.resource(ResourceKind::SecurityGroup, names.security_group, None));
    found.push(part.resource(ResourceKind::VirtualNetwork, names.network, None));
    if workspace.nat_gateway {
        let gateway = part.meter(|region| MeterKind::NatGateway { region });
        found.push(part.resource(ResourceKind::NatGateway, names.gateway, gateway));
        let address = part.meter(|region| MeterKind::PublicIp { region });
        found.push(part.resource(ResourceKind::PublicIp, names.gateway_address, address));
    }
    found
}

/// What a machine of a workspace brings with it, itself first. `added_disks` are those that have been added to it so
/// far, in order of their numbers.
pub fn of_machine(machine: &Machine, workspace: &Workspace, added_disks: &[AddedDisk]) -> Vec<Resource> {
    let part = Part {
        workspace,
        instance_id: Some(&machine.instance_id),
    };
    let id = &machine.instance_id;
    let vm = part.meter(|region| MeterKind::Vm {
        region,
        node_type_id: machine.node_type_id.to_string(),
        purchase_option: machine.purchase_option,
    });
    let mut found = vec![part.resource(ResourceKind::VirtualMachine, id.to_string(), vm)];
    let interfaces: &[&str] = match workspace.cloud {
        Cloud::Azure => &["privateNIC", "publicNIC"],
        Cloud::Aws => &["eni"],
        // An interface is part of the instance there.
        Cloud::Gcp => &[],
    };
    found.extend(
        interfaces
            .iter()
            .map(|suffix| part.resource(ResourceKind::NetworkInterface, format!("{id}-{suffix}"), None)),
    );
    if workspace.public_ip {
        let suffix = match workspace.cloud {
            Cloud::Azure => "publicIP",
            Cloud::Aws | Cloud::Gcp => "public-ip",
        };
        let address = part.meter(|region| MeterKind::PublicIp { region });
        found.push(part.resource(ResourceKind::PublicIp, format!("{id}-{suffix}"), address));
    }
    let own = own_disks(workspace);
    let numbered = own
        .iter()
        .copied()
        .chain(added_disks.iter().map(|d| Some(&*d.disk)));
    for (n, disk) in numbered.enumerate() {
        let kind = match n {
            0 => ResourceKind::OsDisk,
            _ => ResourceKind::DataDisk,
        };
        let meter = disk.and_then(|disk| {
            part.meter(|region| MeterKind::Disk {
                region,
                disk: disk.to_owned(),
            })
        });
        let name = format!("{id}-{}", disk_suffix(workspace.cloud, n));
        found.push(part.resource(kind, name, meter));
    }
    found
}

/// The disks that every node carries: one for the system, one for the container, and what else the workspace names.
/// None for one that is there and whose size nobody named.
fn own_disks(workspace: &Workspace) -> Vec<Option<&str>> {
    let named = workspace.node_disks.iter().map(|disk| Some(disk.as_str()));
    let unnamed = 2_usize.saturating_sub(workspace.node_disks.len());
    named.chain(std::iter::repeat_n(None, unnamed)).collect()
}

fn disk_suffix(cloud: Cloud, n: usize) -> String {
    let (system, container, scratch) = match cloud {
        Cloud::Azure => ("osDisk", "containerRootVolume", "scratchVolume"),
        Cloud::Aws | Cloud::Gcp => ("os-disk", "container-root", "scratch"),
    };
    match n.checked_sub(2) {
        Some(more) => format!("{more}-{scratch}"),
        None if n == 0 => system.to_owned(),
        None => container.to_owned(),
    }
}

/// The workspace, or a machine of it: what a resource belongs to.
struct Part<'a> {
    workspace: &'a Workspace,
    instance_id: Option<&'a Arc<str>>,
}

impl Part<'_> {
    fn resource(&self, kind: ResourceKind, name: String, meter: Option<Meter>) -> Resource {
        Resource {
            kind,
            cloud_type: cloud_type(self.workspace.cloud, kind),
            name,
            instance_id: self.instance_id.cloned(),
            meter,
        }
    }

    /// The meter in the workspace's region; none where that is not known.
    fn meter(&self, kind: impl FnOnce(String) -> MeterKind) -> Option<Meter> {
        let region = self.workspace.region.clone()?;
        Some(Meter {
            cloud: self.workspace.cloud,
            kind: kind(region),
        })
    }
}

/// Names of the fixed part.
struct Names {
    /// Group and account: Azure only.
    group: Option<String>,
    account: Option<String>,
    containers: Vec<String>,
    security_group: String,
    network: String,
    gateway: String,
    gateway_address: String,
}

impl Names {
    fn of(workspace: &Workspace) -> Names {
        let name = &workspace.name;
        match workspace.cloud {
            Cloud::Azure => {
                let account = format!("dbstorage{}", letters("storage account", name));
                let containers = ["root", "jobs", "logs", "unity-catalog-storage"];
                Names {
                    group: Some(format!(
                        "databricks-rg-{name}-{}",
                        letters("resource group", name)
                    )),
                    containers: containers.map(|c| format!("{account}/{c}")).to_vec(),
                    account: Some(account),
                    security_group: "workers-sg".to_owned(),
                    network: "workers-vnet".to_owned(),
                    gateway: "nat-gateway".to_owned(),
                    gateway_address: "nat-gw-public-ip".to_owned(),
                }
            }
            Cloud::Aws | Cloud::Gcp => {
                let stem = format!("databricks-{}", letters("workspace", name));
                Names {
                    group: None,
                    account: None,
                    containers: ["root", "logs"].map(|c| format!("{stem}-{c}")).to_vec(),
                    security_group: format!("{stem}-workers"),
                    network: format!("{stem}-network"),
                    gateway: format!("{stem}-nat"),
                    gateway_address: format!("{stem}-nat-ip"),
                }
            }
        }
    }
}

/// 13 characters that hang on a workspace's name and on what they are for, in the alphabet that Azure's
/// `uniqueString` uses.
fn letters(purpose: &str, workspace: &str) -> String {
    const ALPHABET: [char; 32] = [
        'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o', 'p', 'q', 'r', 's', 't',
        'u', 'v', 'w', 'x', 'y', 'z', '2', '3', '4', '5', '6', '7',
    ];
    let told = format!("{purpose}/{workspace}");
    let digest = *blake3::hash(told.as_bytes()).as_bytes();
    digest
        .iter()
        .take(13)
        .filter_map(|byte| ALPHABET.get(usize::from(byte % 32)))
        .collect()
}

/// What the cloud calls a kind.
fn cloud_type(cloud: Cloud, kind: ResourceKind) -> &'static str {
    match (cloud, kind) {
        (Cloud::Azure, ResourceKind::ResourceGroup) => "Microsoft.Resources/resourceGroups",
        (Cloud::Azure, ResourceKind::StorageAccount) => "Microsoft.Storage/storageAccounts",
        (Cloud::Azure, ResourceKind::StorageContainer) => {
            "Microsoft.Storage/storageAccounts/blobServices/containers"
        }
        (Cloud::Azure, ResourceKind::SecurityGroup) => "Microsoft.Network/networkSecurityGroups",
        (Cloud::Azure, ResourceKind::VirtualNetwork) => "Microsoft.Network/virtualNetworks",
        (Cloud::Azure, ResourceKind::NatGateway) => "Microsoft.Network/natGateways",
        (Cloud::Azure, ResourceKind::PublicIp) => "Microsoft.Network/publicIPAddresses",
        (Cloud::Azure, ResourceKind::VirtualMachine) => "Microsoft.Compute/virtualMachines",
        (Cloud::Azure, ResourceKind::NetworkInterface) => "Microsoft.Network/networkInterfaces",
        (Cloud::Azure, ResourceKind::OsDisk | ResourceKind::DataDisk) => "Microsoft.Compute/disks",
        (Cloud::Aws, ResourceKind::ResourceGroup) => "AWS::ResourceGroups::Group",
        (Cloud::Aws, ResourceKind::StorageAccount | ResourceKind::StorageContainer) => "AWS::S3::Bucket",
        (Cloud::Aws, ResourceKind::SecurityGroup) => "AWS::EC2::SecurityGroup",
        (Cloud::Aws, ResourceKind::VirtualNetwork) => "AWS::EC2::VPC",
        (Cloud::Aws, ResourceKind::NatGateway) => "AWS::EC2::NatGateway",
        (Cloud::Aws, ResourceKind::PublicIp) => "AWS::EC2::EIP",
        (Cloud::Aws, ResourceKind::VirtualMachine) => "AWS::EC2::Instance",
        (Cloud::Aws, ResourceKind::NetworkInterface) => "AWS::EC2::NetworkInterface",
        (Cloud::Aws, ResourceKind::OsDisk | ResourceKind::DataDisk) => "AWS::EC2::Volume",
        (Cloud::Gcp, ResourceKind::ResourceGroup) => "cloudresourcemanager.googleapis.com/Project",
        (Cloud::Gcp, ResourceKind::StorageAccount | ResourceKind::StorageContainer) => {
            "storage.googleapis.com/Bucket"
        }
        (Cloud::Gcp, ResourceKind::SecurityGroup) => "compute.googleapis.com/Firewall",
        (Cloud::Gcp, ResourceKind::VirtualNetwork) => "compute.googleapis.com/Network",
        // Cloud NAT is a setting of a router.
        (Cloud::Gcp, ResourceKind::NatGateway) => "compute.googleapis.com/Router",
        (Cloud::Gcp, ResourceKind::PublicIp) => "compute.googleapis.com/Address",
        (Cloud::Gcp, ResourceKind::VirtualMachine | ResourceKind::NetworkInterface) => {
            "compute.googleapis.com/Instance"
        }
        (Cloud::Gcp, ResourceKind::OsDisk | ResourceKind::DataDisk) => "compute.googleapis.com/Disk",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::meter::PurchaseOption;
    use crate::model::period::{Period, from_unix};
    use crate::model::place::Tier;
    use crate::model::usage::Subject;

    fn workspace(cloud: Cloud) -> Workspace {
        Workspace {
            name: "lakehouse".to_owned(),
            region: Some("westus2".to_owned()),
            ..Workspace::new(cloud, Tier::Premium)
        }
    }

    fn machine(id: &str) -> Machine {
        Machine {
            instance_id: id.into(),
            subject: Arc::new(Subject::default()),
            node_type_id: "Standard_DS3_v2".into(),
            purchase_option: PurchaseOption::Spot,
            driver: true,
            period: Period {
                start: from_unix(0),
                end: from_unix(1),
            },
        }
    }

    fn added(number: u32, disk: &str) -> AddedDisk {
        AddedDisk {
            instance_id: "ab".into(),
            number,
            disk: disk.into(),
            added: from_unix(0),
        }
    }

    fn shown(resources: &[Resource]) -> Vec<String> {
        let meter = |r: &Resource| r.meter.as_ref().map_or("-".to_owned(), Meter::to_string);
        resources
            .iter()
            .map(|r| format!("{} {} {}", r.kind.as_str(), r.name, meter(r)))
            .collect()
    }

    #[test]
    fn the_fixed_part_of_an_azure_workspace() {
        let bare = of_workspace(&workspace(Cloud::Azure));
        let (group, account) = (bare[0].name.clone(), bare[1].name.clone());
        let random = group.strip_prefix("databricks-rg-lakehouse-").unwrap();
        let drawn = account.strip_prefix("dbstorage").unwrap();
        for part in [random, drawn] {
            let fits = |c: char| c.is_ascii_lowercase() || ('2'..='7').contains(&c);
            assert!(part.len() == 13 && part.chars().all(fits), "{part}");
        }
        assert_ne!(random, drawn);
        assert!(account.len() <= 24, "Azure allows 24 characters");
        let storage = |meter: &str| {
            [
                format!("resource_group {group} -"),
                format!("storage_account {account} {meter}"),
                format!("storage_container {account}/root -"),
                format!("storage_container {account}/jobs -"),
                format!("storage_container {account}/logs -"),
                format!("storage_container {account}/unity-catalog-storage -"),
                "security_group workers-sg -".to_owned(),
                "virtual_network workers-vnet -".to_owned(),
            ]
        };
        assert_eq!(shown(&bare), storage("-"));
        let full = Workspace {
            nat_gateway: true,
            root_storage_gb: Some(5),
            ..workspace(Cloud::Azure)
        };
        let mut expected = storage("storage/AZURE/westus2/GRS").to_vec();
        expected.push("nat_gateway nat-gateway nat_gateway/AZURE/westus2".to_owned());
        expected.push("public_ip nat-gw-public-ip public_ip/AZURE/westus2".to_owned());
        assert_eq!(shown(&of_workspace(&full)), expected);
    }

    #[test]
    fn a_node_brings_interfaces_address_and_disks() {
        let place = Workspace {
            public_ip: true,
            node_disks: vec!["E6".to_owned(), "P15".to_owned(), "P10".to_owned()],
            ..workspace(Cloud::Azure)
        };
        let disks = [added(1, "P15"), added(2, "P15")];
        assert_eq!(
            shown(&of_machine(&machine("ab"), &place, &disks)),
            [
                "virtual_machine ab vm/AZURE/westus2/Standard_DS3_v2/spot",
                "network_interface ab-privateNIC -",
                "network_interface ab-publicNIC -",
                "public_ip ab-publicIP public_ip/AZURE/westus2",
                "os_disk ab-osDisk disk/AZURE/westus2/E6",
                "data_disk ab-containerRootVolume disk/AZURE/westus2/P15",
                "data_disk ab-0-scratchVolume disk/AZURE/westus2/P10",
                "data_disk ab-1-scratchVolume disk/AZURE/westus2/P15",
                "data_disk ab-2-scratchVolume disk/AZURE/westus2/P15",
            ]
        );
    }

    #[test]
    fn without_addresses_and_named_disks_the_disks_are_there_and_not_billed() {
        assert_eq!(
            shown(&of_machine(&machine("ab"), &workspace(Cloud::Azure), &[])),
            [
                "virtual_machine ab vm/AZURE/westus2/Standard_DS3_v2/spot",
                "network_interface ab-privateNIC -",
                "network_interface ab-publicNIC -",
                "os_disk ab-osDisk -",
                "data_disk ab-containerRootVolume -",
            ]
        );
        let nowhere = Workspace {
            region: None,
            ..workspace(Cloud::Azure)
        };
        assert!(
            of_machine(&machine("ab"), &nowhere, &[])
                .iter()
                .all(|r| r.meter.is_none())
        );
    }

    #[test]
    fn the_other_clouds_have_counterparts_of_their_own_types() {
        for (cloud, prefix, fixed, per_node) in [
            (Cloud::Azure, "Microsoft.", 10, 6),
            (Cloud::Aws, "AWS::", 6, 5),
            (Cloud::Gcp, "", 6, 4),
        ] {
            let place = Workspace {
                nat_gateway: true,
                public_ip: true,
                ..workspace(cloud)
            };
            let all = of_workspace(&place);
            let node = of_machine(&machine("i-0ab"), &place, &[]);
            assert_eq!((all.len(), node.len()), (fixed, per_node), "{cloud}");
            for resource in all.iter().chain(&node) {
                let known = resource.cloud_type.starts_with(prefix)
                    && (cloud != Cloud::Gcp || resource.cloud_type.contains(".googleapis.com/"));
                assert!(known, "{resource:?}");
            }
        }
    }

    #[test]
    fn names_hang_on_the_workspace_alone() {
        let other = Workspace {
            name: "other".to_owned(),
            ..workspace(Cloud::Azure)
        };
        let names = |w: &Workspace| shown(&of_workspace(w));
        assert_eq!(names(&workspace(Cloud::Azure)), names(&workspace(Cloud::Azure)));
        assert_ne!(names(&workspace(Cloud::Azure))[1], names(&other)[1]);
    }
}
