//! The price books and node rates that come with tollgate, read when they are first needed.

use crate::model::place::Cloud;

/// A bundled file: its path below `pricing/`, and its text.
type Bundled = (&'static str, &'static str);

macro_rules! bundled {
    ($($path:literal),* $(,)?) => { &[$(($path, include_str!(concat!("../../pricing/", $path)))),*] };
}

const NODE_RATES: &[Bundled] = bundled![
    "aws/node_rates.json",
    "azure/node_rates.json",
    "gcp/node_rates.json"
];

/// How the time of machines is rounded, of all clouds.
pub(super) const INCREMENTS: Bundled = ("increments.json", include_str!("../../pricing/increments.json"));

const BOOKS: &[Bundled] = bundled![
    "aws/dbu.json",
    "aws/vm_ap-northeast-1.json",
    "azure/dbu.json",
    "azure/disk_network.json",
    "azure/vm_eastus.json",
    "azure/vm_eastus2.json",
    "azure/vm_francecentral.json",
    "azure/vm_northeurope.json",
    "azure/vm_westus2.json",
    "gcp/dbu.json",
];

fn of_cloud(files: &'static [Bundled], cloud: Cloud) -> impl Iterator<Item = Bundled> {
    let folder = format!("{}/", cloud.as_str().to_ascii_lowercase());
    files
        .iter()
        .copied()
        .filter(move |(path, _)| path.starts_with(&folder))
}

/// Node rates of a cloud.
pub(super) fn node_rates(cloud: Cloud) -> impl Iterator<Item = Bundled> {
    of_cloud(NODE_RATES, cloud)
}

/// Books of a cloud that can hold prices of a region: a book of VM prices of another region is left alone.
pub(super) fn books(cloud: Cloud, region: Option<&str>) -> impl Iterator<Item = Bundled> {
    of_cloud(BOOKS, cloud).filter(move |(path, _)| match (path.split_once("/vm_"), region) {
        (Some((_, rest)), Some(region)) => rest.strip_suffix(".json") == Some(region),
        _ => true,
    })
}

/// Every book, with its path.
pub fn all_books() -> impl Iterator<Item = (&'static str, &'static str)> {
    BOOKS.iter().copied()
}
