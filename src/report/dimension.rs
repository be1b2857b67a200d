//! What costs can be grouped by.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use crate::ledger::summary::CostRow;
use crate::model::place::UnknownName;

/// What costs can be grouped by. Every row of a month falls into exactly one group of a dimension, so the groups of
/// each sum to the month's total.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dimension {
    /// The cost centre that owes.
    Team,
    /// The workspace.
    Workspace,
    /// What a bill calls the line: SKU name, VM size.
    Sku,
    /// The cluster.
    Cluster,
    /// The job.
    Job,
    /// The instance pool.
    Pool,
    /// The UTC day.
    Day,
    /// The policy that admitted the cluster.
    Policy,
    /// Who created the cluster.
    Owner,
}

/// The name of the group of rows for which a dimension says nothing.
pub const NONE: &str = "(none)";

impl Dimension {
    /// All of them.
    pub const ALL: [Dimension; 9] = [
        Dimension::Team,
        Dimension::Workspace,
        Dimension::Sku,
        Dimension::Cluster,
        Dimension::Job,
        Dimension::Pool,
        Dimension::Day,
        Dimension::Policy,
        Dimension::Owner,
    ];

    /// `team`, `workspace`, `sku` and so on.
    pub fn as_str(self) -> &'static str {
        match self {
            Dimension::Team => "team",
            Dimension::Workspace => "workspace",
            Dimension::Sku => "sku",
            Dimension::Cluster => "cluster",
            Dimension::Job => "job",
            Dimension::Pool => "pool",
            Dimension::Day => "day",
            Dimension::Policy => "policy",
            Dimension::Owner => "owner",
        }
    }

    /// The group a row falls into. With several clouds in a report, a SKU is told apart by its cloud.
    pub(super) fn group(self, row: &CostRow, several_clouds: bool) -> Cow<'_, str> {
        let subject = &*row.subject;
        match self {
            Dimension::Team => named(&subject.team),
            Dimension::Workspace => named(&subject.workspace),
            Dimension::Sku if several_clouds => {
                Cow::Owned(format!("{} ({})", row.meter.sku(), row.meter.cloud))
            }
            Dimension::Sku => Cow::Owned(row.meter.sku()),
            Dimension::Cluster => cluster(row),
            Dimension::Job => named(&subject.job_name),
            Dimension::Pool => named(&subject.pool),
            Dimension::Day => Cow::Owned(row.day.to_string()),
            Dimension::Policy => named(&subject.policy),
            Dimension::Owner => named(&subject.owner),
        }
    }
}

/// A cluster is its id; its name is shown first, for people.
fn cluster(row: &CostRow) -> Cow<'_, str> {
    let subject = &*row.subject;
    match (subject.cluster_name.as_str(), subject.cluster_id.as_str()) {
        (_, "") if !subject.pool.is_empty() => Cow::Owned(format!("(idle in pool {})", subject.pool)),
        (_, "") => Cow::Borrowed(NONE),
        ("", id) => Cow::Borrowed(id),
        (name, id) => Cow::Owned(format!("{name} ({id})")),
    }
}

fn named(text: &str) -> Cow<'_, str> {
    Cow::Borrowed(if text.is_empty() { NONE } else { text })
}

impl fmt::Display for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Dimension {
    type Err = UnknownName;
    fn from_str(text: &str) -> Result<Self, UnknownName> {
        Dimension::ALL
            .into_iter()
            .find(|dimension| dimension.as_str() == text)
            .ok_or_else(|| UnknownName {
                what: "dimension",
                found: text.to_owned(),
                expected: "team, workspace, sku, cluster, job, pool, day, policy, owner",
            })
    }
}
