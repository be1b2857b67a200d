//! Allocations: what was used by all and borne by one is moved to those who used it.
//!
//! Two kinds of cost are shared: the idle instances of a pool, borne by the pool's cost centre, and what a workspace's managed
//! resource group holds whether a cluster runs or not (NAT gateway, storage). Each month each of them is split among the
//! cost centres by what they used of it, by seconds or by cost. Vendors are owed what they were owed: an allocation moves
//! money between cost centres, and its legs sum to zero.
//!
//! Comes in: what a month's subjects used, summed. Goes out: a [`Planned`] for each shared cost, exact to the last digit. Deliberately
//! absent: what was allocated before, and where it is kept.
#![deny(clippy::arithmetic_side_effects)]

pub mod chain;
mod split;

pub use split::split;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::account::Account;
use crate::model::meter::Category;
use crate::model::usage::Subject;

/// What is shared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shared {
    /// The workspace.
    pub workspace: Arc<str>,
    /// The pool whose instances idled; empty for the workspace's managed resource group.
    pub pool: Arc<str>,
}

/// `idle instances of pool `p` in `w``, `resource group of `w``.
impl fmt::Display for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.pool {
            "" => write!(f, "resource group of `{}`", self.workspace),
            pool => write!(f, "idle instances of pool `{pool}` in `{}`", self.workspace),
        }
    }
}

/// By what a shared cost is split.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SplitKey {
    /// By the seconds that machines were used.
    Seconds,
    /// By what they cost while they were used.
    Cost,
}

impl SplitKey {
    /// `by-seconds` or `by-cost`.
    pub fn as_str(self) -> &'static str {
        match self {
            SplitKey::Seconds => "by-seconds",
            SplitKey::Cost => "by-cost",
        }
    }
}

impl fmt::Display for SplitKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that is no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is nothing to split by; expected `by-seconds` or `by-cost`")]
pub struct NotASplitKey(pub String);

impl FromStr for SplitKey {
    type Err = NotASplitKey;
    fn from_str(text: &str) -> Result<SplitKey, NotASplitKey> {
        let mut keys = [SplitKey::Seconds, SplitKey::Cost].into_iter();
        keys.find(|key| key.as_str() == text)
            .ok_or_else(|| NotASplitKey(text.to_owned()))
    }
}

/// Which shared costs are split, and by what. What is not named stays as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SplitKeys {
    /// Of idle instances of pools.
    pub idle: Option<SplitKey>,
    /// Of managed resource groups.
    pub resource_group: Option<SplitKey>,
}

impl SplitKeys {
    /// By what a shared cost is split; none where it is left alone.
    pub fn of(&self, shared: &Shared) -> Option<SplitKey> {
        match &*shared.pool {
            "" => self.resource_group,
            _ => self.idle,
        }
    }
}

/// What a subject used of one class of meters in a month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Used {
    /// Whose it is.
    pub subject: Arc<Subject>,
    /// What it is.
    pub category: Category,
    /// Seconds of machines; 0 for what is no machine.
    pub seconds: i128,
    /// What it cost, in 10^-9 of the currency.
    pub cost_nano: i128,
}

/// A part of a shared cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Part {
    /// Seconds, or 10^-9 of the currency: what was used.
    pub weight: i128,
    /// The part of the cost, in 10^-9 of the currency.
    pub amount_nano: i128,
}

/// A shared cost and its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// What is shared.
    pub shared: Shared,
    /// Who bears it.
    pub bearer: Account,
    /// By what it is split.
    pub key: SplitKey,
    /// The cost, in 10^-9 of the currency.
    pub cost_nano: i128,
    /// Who used it, the bearer too where it did; nobody where nobody did, and then it stays where it is.
    pub parts: BTreeMap<Account, Part>,
}

/// Splits what a month's subjects shared, in the order of what is shared and who bears it.
pub fn plan(used: &[Used], keys: SplitKeys) -> Vec<Planned> {
    let mut costs: BTreeMap<(Shared, Account), i128> = BTreeMap::new();
    for one in used {
        let Some(shared) = shared_by(one) else { continue };
        let cost = costs
            .entry((shared, Account::of_subject(&one.subject)))
            .or_default();
        *cost = cost.saturating_add(one.cost_nano);
    }
    let planned = costs.into_iter().filter_map(|((shared, bearer), cost_nano)| {
        let key = keys.of(&shared)?;
        let weights = weights(used, &shared, key);
        let parts = split(cost_nano, &weights);
        let part = |(account, weight): (Account, i128)| {
            let amount_nano = parts.get(&account).copied().unwrap_or_default();
            (account, Part { weight, amount_nano })
        };
        Some(Planned {
            parts: weights
                .into_iter()
                .filter(|(_, weight)| *weight > 0)
                .map(part)
                .collect(),
            shared,
            bearer,
            key,
            cost_nano,
        })
    });
    planned.collect()
}

/// What a use is a share of, if nobody used it for themselves. DBUs are always somebody's.
fn shared_by(used: &Used) -> Option<Shared> {
    let subject = &used.subject;
    let nobody = subject.cluster_id.is_empty() && used.category != Category::Dbu;
    let is_group = subject.job_name.is_empty() && subject.run_id.is_empty() && used.category != Category::Vm;
    (nobody && (!subject.pool.is_empty() || is_group)).then(|| Shared {
        workspace: Arc::from(subject.workspace.as_str()),
        pool: Arc::from(subject.pool.as_str()),
    })
}

/// What each cost centre used of something: of a pool its machines, of a workspace what clusters and jobs had there.
fn weights(used: &[Used], shared: &Shared, key: SplitKey) -> BTreeMap<Account, i128> {
    let mut weights: BTreeMap<Account, i128> = BTreeMap::new();
    for one in used.iter().filter(|one| is_of(one, shared)) {
        let weight = weights.entry(Account::of_subject(&one.subject)).or_default();
        *weight = weight.saturating_add(match key {
            SplitKey::Seconds => one.seconds,
            SplitKey::Cost => one.cost_nano,
        });
    }
    weights
}

fn is_of(used: &Used, shared: &Shared) -> bool {
    let subject = &used.subject;
    let is_there = *subject.workspace == *shared.workspace;
    let is_somebodys = shared_by(used).is_none();
    let is_of_pool =
        shared.pool.is_empty() || (*subject.pool == *shared.pool && used.category == Category::Vm);
    is_there && is_somebodys && is_of_pool
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests;
