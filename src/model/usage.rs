//! Usage: a quantity of a meter over a period, and whose it is.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use super::meter::Meter;
use super::period::{Instant, Period};
use super::tags::Tags;

/// Who used something: the dimensions of every report. Empty text means "none".
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct Subject {
    /// Workspace name.
    pub workspace: String,
    /// Cost centre that owes; `unallocated` where no rule names one.
    pub team: String,
    /// Cluster id; empty for an idle pool instance.
    pub cluster_id: String,
    /// Cluster name.
    pub cluster_name: String,
    /// Job name; empty for all-purpose clusters.
    pub job_name: String,
    /// Run id; empty for all-purpose clusters.
    pub run_id: String,
    /// Instance pool the instance came from; empty outside pools.
    pub pool: String,
    /// Who created the cluster.
    pub owner: String,
    /// The policy that admitted it.
    pub policy: String,
    /// Custom tags: of the cluster, of a pool's idle instance those of the pool, of a row of usage its own.
    #[serde(default)]
    pub tags: Tags,
}

/// Cost centre of what nobody is named for.
pub const UNALLOCATED: &str = "unallocated";

/// A quantity that somebody else has metered, whole: a row of a bill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeteredUsage {
    /// Names the row: with the meter and the start of the period this identifies the fact.
    pub resource: Arc<str>,
    /// Whose it is.
    pub subject: Arc<Subject>,
    /// What is billed.
    pub meter: Arc<Meter>,
    /// When; it counts as used evenly.
    pub period: Period,
    /// Units of the meter; negative where a row takes another back.
    pub quantity: Decimal,
}

/// A quantity of a meter over a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage {
    /// What was used: the instance, or what it holds. With the meter and the start of the period this
    /// identifies the fact, so that telling it twice changes nothing. So a resource runs a meter once at
    /// a time: what runs it twice (an instance with two equal disks) is told once, at the summed rate. Only what billing
    /// increments add to a machine that is gone may lie over the next machine of the same name, which starts later.
    pub resource: String,
    /// Whose it is.
    pub subject: Arc<Subject>,
    /// What is billed.
    pub meter: Arc<Meter>,
    /// Units of the meter per hour; none where unknown (then unpriced).
    pub per_hour: Option<Decimal>,
    /// When.
    pub period: Period,
    /// Start of the stretch this period is part of: running totals begin here, so that the parts of a
    /// stretch cost what the stretch costs. Not after `period.start`.
    pub since: Instant,
}
