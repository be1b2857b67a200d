//! Compliance: which clusters that exist comply with their policy, what enforcement would change, what that saves.
//!
//! The JSON is the [`Compliance`] object as it stands here. Where Databricks' compliance API has a word (`is_compliant`,
//! `violations`, `changes`, `field`, `previous_value`, `new_value`) it is the same word with the same meaning. Money is
//! decimal text, `null` where it is unknown. Keys may be added, never renamed.

mod text;

use rust_decimal::Decimal;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

pub use self::text::text;
use crate::model::decision::{RuleFailure, Undetermined, Violation};
use crate::model::exact::{Inexact, add, decimal_text};
use crate::model::money::Currency;
use crate::model::period::{Instant, rfc3339};
use crate::model::place::Workload;

/// Most violations that are told of one cluster; the API tells as many.
pub const MOST_VIOLATIONS: usize = 200;

/// The compliance of some clusters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Compliance {
    /// `at`: the instant of the judgement; prices, rates and runtimes are those in force then.
    #[serde(serialize_with = "instant")]
    pub at: Instant,
    /// `summary`: how many.
    pub summary: Summary,
    /// `totals`: cost of the clusters per hour, now and after enforcement; one for each currency and kind.
    pub totals: Vec<Total>,
    /// `clusters`: one object each, in the order read.
    pub clusters: Vec<ClusterCompliance>,
}

/// How many clusters there are of each kind. `clusters` is the sum of the four that follow it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Summary {
    /// `clusters`: those told below.
    pub clusters: usize,
    /// `compliant`: those that comply.
    pub compliant: usize,
    /// `non_compliant`: those that do not.
    pub non_compliant: usize,
    /// `undetermined`: those of which a rule would have to know more, or of which a rule broke.
    pub undetermined: usize,
    /// `without_policy`: those that no policy applies to.
    pub without_policy: usize,
    /// `not_judged`: clusters that could not be judged, told as diagnostics; not among `clusters`.
    pub not_judged: usize,
    /// `deleted`: clusters whose latest record says that they were deleted; left out.
    pub deleted: usize,
    /// `superseded`: records that a later one of the same cluster replaces; left out.
    pub superseded: usize,
}

/// One cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClusterCompliance {
    /// `cluster_id`.
    pub cluster_id: String,
    /// `cluster_name`; null where it has none.
    pub cluster_name: Option<String>,
    /// `source`: file of its record, or `-`.
    pub source: String,
    /// `line`: first line of its record.
    pub line: usize,
    /// `address`: where inside the file, `clusters.3`; null for the whole.
    pub address: Option<String>,
    /// `state`, verbatim; null where the source tells none.
    pub state: Option<String>,
    /// `cluster_source`, verbatim: `UI`, `API`, `JOB`, `PIPELINE`; null where the source tells none.
    pub cluster_source: Option<String>,
    /// `workload`: what it was judged as: `all-purpose`, `job` or `dlt`.
    pub workload: Workload,
    /// `creator_user_name`; null where the source tells none.
    pub creator_user_name: Option<String>,
    /// `policy_id`: the policy it was created under; null for none.
    pub policy_id: Option<String>,
    /// `policies`: names of the policies that judged it, guardrails first; empty where none applies.
    pub policies: Vec<String>,
    /// `is_compliant`; null where that cannot be said, or no policy applies.
    pub is_compliant: Option<bool>,
    /// `violations`: path to message, Databricks' own words where they are known; the first 200.
    pub violations: Map<String, Value>,
    /// `violations_left_out`: how many more there are.
    pub violations_left_out: usize,
    /// `violation_details`: the same and what is only monitored, as `tollgate check` tells them; the first 200.
    pub violation_details: Vec<Violation>,
    /// `undetermined`: what rules would have to know.
    pub undetermined: Vec<Undetermined>,
    /// `failures`: rules that broke.
    pub failures: Vec<RuleFailure>,
    /// `unknown`: attributes of which the source tells nothing. The cost takes them as absent: without Photon.
    pub unknown: Vec<String>,
    /// `is_enforceable`: the clusters API can enforce a policy on it; false for clusters of jobs, pipelines and models,
    /// which are changed where they are defined.
    pub is_enforceable: bool,
    /// `has_changes`: enforcement would change something.
    pub has_changes: bool,
    /// `changes`: what it would change.
    pub changes: Vec<Change>,
    /// `is_compliant_after`: whether it complies once changed; null where that cannot be said.
    pub is_compliant_after: Option<bool>,
    /// `violations_after`: what remains, path to message.
    pub violations_after: Map<String, Value>,
    /// `cost`: per hour, were it running; null where no policy applies, or a number outgrew what decimals hold.
    pub cost: Option<Cost>,
}

/// A setting that enforcement would change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// `field`: attribute path.
    pub field: String,
    /// `previous_value`, as text; null where it is absent.
    pub previous_value: Option<String>,
    /// `new_value`, as text; null where it is removed.
    pub new_value: Option<String>,
}

/// Cost of a cluster per hour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cost {
    /// `currency` of all costs.
    pub currency: Currency,
    /// `before`: as it is.
    pub before: Sizes,
    /// `after`: with the changes.
    pub after: Sizes,
    /// `difference`: after less before.
    pub difference: Sizes,
    /// `unpriced`: meters without a price or rate, before or after; the sums they belong to are unknown.
    pub unpriced: Vec<String>,
}

/// Costs per hour at two sizes; null where they are unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Sizes {
    /// `min`: at `num_workers` or `autoscale.min_workers`.
    #[serde(serialize_with = "decimal")]
    pub min: Option<Decimal>,
    /// `max`: at `num_workers` or `autoscale.max_workers`.
    #[serde(serialize_with = "decimal")]
    pub max: Option<Decimal>,
}

/// Which clusters a total is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Those that the clusters API can enforce a policy on.
    Enforceable,
    /// Those of jobs, pipelines and models.
    DefinedElsewhere,
    /// Both.
    All,
}

/// Cost of some clusters per hour, were all of them running.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Total {
    /// `kind`: `enforceable`, `defined-elsewhere` or `all`.
    pub kind: Kind,
    /// `currency`.
    pub currency: Currency,
    /// `clusters`: how many were judged.
    pub clusters: usize,
    /// `unpriced_clusters`: how many of them have an unknown cost and are in none of the sums.
    pub unpriced_clusters: usize,
    /// `before`: as they are.
    pub before: Sizes,
    /// `after`: with the changes.
    pub after: Sizes,
    /// `difference`: after less before.
    pub difference: Sizes,
}

fn instant<S: Serializer>(at: &Instant, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&rfc3339(*at))
}

fn decimal<S: Serializer>(value: &Option<Decimal>, to: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => to.serialize_str(&decimal_text(*value)),
        None => to.serialize_none(),
    }
}

/// How a cluster stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Complies,
    Violates,
    Undetermined,
    WithoutPolicy,
}

impl ClusterCompliance {
    fn standing(&self) -> Standing {
        match self.is_compliant {
            Some(true) => Standing::Complies,
            Some(false) => Standing::Violates,
            None if self.policies.is_empty() => Standing::WithoutPolicy,
            None => Standing::Undetermined,
        }
    }
}

impl Summary {
    /// Counts clusters; what was left out is added by who left it out.
    pub fn of(clusters: &[ClusterCompliance]) -> Summary {
        let count = |wanted: Standing| clusters.iter().filter(|c| c.standing() == wanted).count();
        Summary {
            clusters: clusters.len(),
            compliant: count(Standing::Complies),
            non_compliant: count(Standing::Violates),
            undetermined: count(Standing::Undetermined),
            without_policy: count(Standing::WithoutPolicy),
            not_judged: 0,
            deleted: 0,
            superseded: 0,
        }
    }
}

impl Sizes {
    /// The sum of each; unknown where either is.
    ///
    /// # Errors
    /// [`Inexact`] when a sum outgrows what decimals hold.
    pub fn plus(self, other: Sizes) -> Result<Sizes, Inexact> {
        let plus = |a: Option<Decimal>, b: Option<Decimal>| match (a, b) {
            (Some(a), Some(b)) => add(a, b).map(Some),
            _ => Ok(None),
        };
        Ok(Sizes {
            min: plus(self.min, other.min)?,
            max: plus(self.max, other.max)?,
        })
    }

    /// Each with the other sign.
    pub fn negated(self) -> Sizes {
        Sizes {
            min: self.min.map(|m| -m),
            max: self.max.map(|m| -m),
        }
    }

    fn is_known(self) -> bool {
        self.min.is_some() && self.max.is_some()
    }
}

impl Cost {
    /// The cost before and after, with the difference.
    ///
    /// # Errors
    /// [`Inexact`] when the difference outgrows what decimals hold.
    pub fn of(
        currency: Currency,
        before: Sizes,
        after: Sizes,
        unpriced: Vec<String>,
    ) -> Result<Cost, Inexact> {
        Ok(Cost {
            currency,
            before,
            after,
            difference: after.plus(before.negated())?,
            unpriced,
        })
    }
}

/// What some clusters cost, by currency and kind; kinds without a cluster are left out.
///
/// # Errors
/// [`Inexact`] when a sum outgrows what decimals hold.
pub fn totals(clusters: &[ClusterCompliance]) -> Result<Vec<Total>, Inexact> {
    let mut totals: Vec<Total> = Vec::new();
    for cluster in clusters {
        let Some(cost) = &cluster.cost else { continue };
        let own = match cluster.is_enforceable {
            true => Kind::Enforceable,
            false => Kind::DefinedElsewhere,
        };
        for kind in [own, Kind::All] {
            let same = |t: &&mut Total| t.kind == kind && t.currency == cost.currency;
            match totals.iter_mut().find(same) {
                Some(total) => total.add(cost)?,
                None => {
                    let mut total = Total {
                        kind,
                        currency: cost.currency,
                        clusters: 0,
                        unpriced_clusters: 0,
                        before: Sizes::default(),
                        after: Sizes::default(),
                        difference: Sizes::default(),
                    };
                    total.add(cost)?;
                    totals.push(total);
                }
            }
        }
    }
    totals.sort_by_key(|t| (t.currency, t.kind));
    Ok(totals)
}

impl Total {
    fn add(&mut self, cost: &Cost) -> Result<(), Inexact> {
        let is_first = self.clusters == self.unpriced_clusters;
        self.clusters = self.clusters.saturating_add(1);
        if !(cost.before.is_known() && cost.after.is_known()) {
            self.unpriced_clusters = self.unpriced_clusters.saturating_add(1);
        } else if is_first {
            (self.before, self.after, self.difference) = (cost.before, cost.after, cost.difference);
        } else {
            self.before = self.before.plus(cost.before)?;
            self.after = self.after.plus(cost.after)?;
            self.difference = self.difference.plus(cost.difference)?;
        }
        Ok(())
    }
}
