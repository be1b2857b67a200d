//! Where a cluster runs and what for: cloud, tier, workspace, workload.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

use super::period::{Instant, parse_instant, rfc3339};

/// A cloud, spelled as `system.billing.usage.cloud` spells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Cloud {
    /// Amazon Web Services.
    Aws,
    /// Microsoft Azure.
    Azure,
    /// Google Cloud.
    Gcp,
}

impl Cloud {
    /// All clouds, in the order of their names.
    pub const ALL: [Cloud; 3] = [Cloud::Aws, Cloud::Azure, Cloud::Gcp];

    /// `AWS`, `AZURE` or `GCP`.
    pub fn as_str(self) -> &'static str {
        match self {
            Cloud::Aws => "AWS",
            Cloud::Azure => "AZURE",
            Cloud::Gcp => "GCP",
        }
    }

    /// The cloud of a workspace, by its host: `adb-123.4.azuredatabricks.net`, `x.cloud.databricks.com`,
    /// `1.2.gcp.databricks.com`, with or without a scheme and a path.
    pub fn of_host(host: &str) -> Option<Cloud> {
        let host = host.split_once("://").map_or(host, |(_, rest)| rest);
        let host = host.split(['/', ':']).next().unwrap_or(host);
        if host.ends_with(".azuredatabricks.net") {
            Some(Cloud::Azure)
        } else if host.ends_with(".gcp.databricks.com") {
            Some(Cloud::Gcp)
        } else if host.ends_with(".cloud.databricks.com") {
            Some(Cloud::Aws)
        } else {
            None
        }
    }

    /// How a workspace's root storage is kept where nobody chose otherwise, as a storage meter names it. On Azure in
    /// two regions: `storage_account_sku_name` of `azurerm_databricks_workspace` is `Standard_GRS` by default; the
    /// buckets of the other clouds are of their standard class.
    pub fn root_redundancy(self) -> &'static str {
        match self {
            Cloud::Azure => "GRS",
            Cloud::Aws | Cloud::Gcp => "STANDARD",
        }
    }

    /// The attribute block of the Clusters API that belongs to this cloud.
    pub fn attributes_key(self) -> &'static str {
        match self {
            Cloud::Aws => "aws_attributes",
            Cloud::Azure => "azure_attributes",
            Cloud::Gcp => "gcp_attributes",
        }
    }
}

impl fmt::Display for Cloud {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A name that is not one of the known ones.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is not a {what}; expected one of {expected}")]
pub struct UnknownName {
    /// What was being read: `cloud`, `tier`, `workload`.
    pub what: &'static str,
    /// The text found.
    pub found: String,
    /// The names that exist, joined.
    pub expected: &'static str,
}

impl FromStr for Cloud {
    type Err = UnknownName;
    fn from_str(text: &str) -> Result<Self, UnknownName> {
        match text.to_ascii_uppercase().as_str() {
            "AWS" => Ok(Cloud::Aws),
            "AZURE" => Ok(Cloud::Azure),
            "GCP" => Ok(Cloud::Gcp),
            _ => Err(UnknownName {
                what: "cloud",
                found: text.to_owned(),
                expected: "AWS, AZURE, GCP",
            }),
        }
    }
}

/// The pricing tier of a workspace; the first word of every `sku_name`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Tier {
    /// Retired on AWS; on Azure closed to new workspaces since 2026-04-01.
    Standard,
    /// The usual tier.
    Premium,
    /// AWS and GCP only.
    Enterprise,
}

impl Tier {
    /// `STANDARD`, `PREMIUM` or `ENTERPRISE`.
    pub fn as_str(self) -> &'static str {
        match self {
            Tier::Standard => "STANDARD",
            Tier::Premium => "PREMIUM",
            Tier::Enterprise => "ENTERPRISE",
        }
    }
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Tier {
    type Err = UnknownName;
    fn from_str(text: &str) -> Result<Self, UnknownName> {
        match text.to_ascii_uppercase().as_str() {
            "STANDARD" => Ok(Tier::Standard),
            "PREMIUM" => Ok(Tier::Premium),
            "ENTERPRISE" => Ok(Tier::Enterprise),
            _ => Err(UnknownName {
                what: "tier",
                found: text.to_owned(),
                expected: "STANDARD, PREMIUM, ENTERPRISE",
            }),
        }
    }
}

/// What a cluster runs for; decides its SKU and its Photon rate. The words are those of the policy language's
/// `cluster_type`; of pipelines there are three editions, which policies do not tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Workload {
    /// Interactive compute.
    #[default]
    AllPurpose,
    /// A job's own cluster.
    Job,
    /// A pipeline's cluster; of the edition `CORE`, which is the cheapest.
    Dlt,
    /// That of a pipeline of the edition `PRO`.
    DltPro,
    /// That of a pipeline of the edition `ADVANCED`.
    DltAdvanced,
}

impl Workload {
    /// `all-purpose`, `job`, `dlt`, `dlt-pro` or `dlt-advanced`.
    pub fn as_str(self) -> &'static str {
        match self {
            Workload::AllPurpose => "all-purpose",
            Workload::Job => "job",
            Workload::Dlt => "dlt",
            Workload::DltPro => "dlt-pro",
            Workload::DltAdvanced => "dlt-advanced",
        }
    }

    /// What policies call it: `all-purpose`, `job` or `dlt`.
    pub fn cluster_type(self) -> &'static str {
        match self {
            Workload::AllPurpose | Workload::Job => self.as_str(),
            Workload::Dlt | Workload::DltPro | Workload::DltAdvanced => "dlt",
        }
    }
}

impl fmt::Display for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Workload {
    type Err = UnknownName;
    fn from_str(text: &str) -> Result<Self, UnknownName> {
        match text {
            "all-purpose" => Ok(Workload::AllPurpose),
            "job" => Ok(Workload::Job),
            "dlt" => Ok(Workload::Dlt),
            "dlt-pro" => Ok(Workload::DltPro),
            "dlt-advanced" => Ok(Workload::DltAdvanced),
            _ => Err(UnknownName {
                what: "workload",
                found: text.to_owned(),
                expected: "all-purpose, job, dlt, dlt-pro, dlt-advanced",
            }),
        }
    }
}

/// Where a request would run, as far as it is known. What is not known is not guessed:
/// without a region a VM has no price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Workspace {
    /// The workspace's name; empty where only cloud and region are known.
    #[serde(default)]
    pub name: String,
    /// The cloud.
    pub cloud: Cloud,
    /// The cloud's own region code: `westus2`, `eu-west-1`.
    #[serde(default)]
    pub region: Option<String>,
    /// The pricing tier, until it changes.
    pub tier: Tier,
    /// Its changes, in order of time. Where a workspace is written down they stand in a form of their own.
    #[serde(skip)]
    pub tier_changes: Vec<TierChange>,
    /// Whether every node has a public IP address. False under secure cluster connectivity.
    #[serde(default)]
    pub public_ip: bool,
    /// The managed disks every node carries, as the cloud names them: `E6`, `P15`. What a workspace does not
    /// name is not billed: their number and size are not published.
    #[serde(default)]
    pub node_disks: Vec<String>,
    /// Whether the workspace has a NAT gateway with an address of its own: on Azure a managed virtual network with
    /// secure cluster connectivity has one.
    #[serde(default)]
    pub nat_gateway: bool,
    /// What the workspace's root storage holds, in GB: an assumption of whoever writes it. Billed only if named.
    #[serde(default)]
    pub root_storage_gb: Option<u32>,
    /// The disk that disk autoscaling adds to a node, as the cloud names it: `P15`. Billed only if named.
    #[serde(default)]
    pub autoscale_disk: Option<String>,
}

impl Workspace {
    /// A workspace of which no more is known: nodes without addresses, nothing billed but machines and DBUs.
    pub fn new(cloud: Cloud, tier: Tier) -> Workspace {
        Workspace {
            name: String::new(),
            cloud,
            region: None,
            tier,
            tier_changes: Vec::new(),
            public_ip: false,
            node_disks: Vec::new(),
            nat_gateway: false,
            root_storage_gb: None,
            autoscale_disk: None,
        }
    }

    /// The tier in force at an instant.
    pub fn tier_at(&self, at: Instant) -> Tier {
        let passed = self.tier_changes.iter().take_while(|change| change.at <= at);
        passed.last().map_or(self.tier, |change| change.tier)
    }

    /// The same workspace in one tier for ever.
    pub fn in_tier(&self, tier: Tier) -> Workspace {
        Workspace {
            tier,
            tier_changes: Vec::new(),
            ..self.clone()
        }
    }
}

/// A workspace that is upgraded or downgraded: from an instant on it has another tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TierChange {
    /// From when on.
    pub at: Instant,
    /// To which tier.
    pub tier: Tier,
}

/// Changes of a tier that contradict each other.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TierChangeError {
    /// Two at one instant.
    #[error("there are two changes of the tier at {}", rfc3339(*.0))]
    Twice(Instant),
    /// To the tier that is in force.
    #[error("the tier is {tier} before {}; expected a change to another", rfc3339(*at))]
    Same {
        /// When.
        at: Instant,
        /// The tier.
        tier: Tier,
    },
    /// No change.
    #[error(
        "`{0}` is no change of a tier; expected an instant and a tier, as in `2026-10-15T12:00:00Z=PREMIUM`"
    )]
    Unreadable(String),
}

impl TierChange {
    /// Changes in order of time, each to a tier that was not in force before.
    ///
    /// # Errors
    /// [`TierChangeError`], with the change that it is about.
    pub fn in_order(
        tier: Tier,
        mut changes: Vec<TierChange>,
    ) -> Result<Vec<TierChange>, (TierChange, TierChangeError)> {
        changes.sort_by_key(|change| change.at);
        let (mut before, mut last) = (tier, None);
        for change in &changes {
            let at = change.at;
            if last == Some(at) {
                return Err((*change, TierChangeError::Twice(at)));
            }
            if before == change.tier {
                let tier = before;
                return Err((*change, TierChangeError::Same { at, tier }));
            }
            (before, last) = (change.tier, Some(at));
        }
        Ok(changes)
    }
}

impl FromStr for TierChange {
    type Err = TierChangeError;

    /// `2026-10-15T12:00:00Z=PREMIUM`
    fn from_str(text: &str) -> Result<TierChange, TierChangeError> {
        let unreadable = || TierChangeError::Unreadable(text.to_owned());
        let (at, tier) = text.split_once('=').ok_or_else(unreadable)?;
        Ok(TierChange {
            at: parse_instant(at).map_err(|_| unreadable())?,
            tier: tier.parse().map_err(|_| unreadable())?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(text: &str) -> TierChange {
        text.parse().unwrap()
    }

    #[test]
    fn a_tier_holds_until_its_next_change() {
        let changes = vec![change("2026-10-20=ENTERPRISE"), change("2026-10-10=PREMIUM")];
        let workspace = Workspace {
            tier_changes: TierChange::in_order(Tier::Standard, changes).unwrap(),
            ..Workspace::new(Cloud::Aws, Tier::Standard)
        };
        let tier = |at: &str| workspace.tier_at(parse_instant(at).unwrap()).as_str();
        assert_eq!(tier("2026-10-09T23:59:59Z"), "STANDARD");
        assert_eq!(tier("2026-10-10"), "PREMIUM");
        assert_eq!(tier("2026-10-19T23:59:59Z"), "PREMIUM");
        assert_eq!(tier("2027-01-01"), "ENTERPRISE");
    }

    #[test]
    fn changes_that_contradict_each_other_are_none() {
        let two = |a: &str, b: &str| {
            let wrong = TierChange::in_order(Tier::Standard, vec![change(a), change(b)]);
            wrong.unwrap_err().1
        };
        let twice = two("2026-10-10=PREMIUM", "2026-10-10=ENTERPRISE");
        assert!(matches!(twice, TierChangeError::Twice(_)), "{twice}");
        let same = two("2026-10-10=PREMIUM", "2026-10-11=PREMIUM");
        assert!(matches!(same, TierChangeError::Same { .. }), "{same}");
        for text in ["PREMIUM", "2026-10-10", "yesterday=PREMIUM", "2026-10-10=GOLD"] {
            assert!(text.parse::<TierChange>().is_err(), "{text}");
        }
    }
}
