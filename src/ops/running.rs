//! Running: the clusters that exist, and how many of them somebody has active, for policies that say how many they may.

use std::collections::BTreeMap;

use super::files::TableFile;
use crate::intake::cluster_records::read;
use crate::intake::existing_clusters::{ExistingCluster, Latest, active_by_creator_and_policy, latest};
use crate::model::diagnostic::Diagnostics;
use crate::model::facts::ClustersFact;

/// Every record of every source, and what could not be read.
///
/// # Errors
/// `file::unreadable`.
pub(super) fn records(sources: &[TableFile]) -> Result<(Vec<ExistingCluster>, Diagnostics), Diagnostics> {
    let mut problems = Diagnostics::default();
    let mut records = Vec::new();
    for source in sources {
        let read = read(&source.source, source.open()?);
        problems.0.extend(read.problems.0);
        records.extend(read.clusters);
    }
    Ok((records, problems))
}

/// The clusters of all sources, one record of each, and what could not be read.
///
/// # Errors
/// `file::unreadable`.
pub(super) fn existing(sources: &[TableFile]) -> Result<(Latest, Diagnostics), Diagnostics> {
    let (records, problems) = records(sources)?;
    Ok((latest(records), problems))
}

/// The active clusters of a principal, by `policy_id`, in answers of `clusters/list`.
///
/// # Errors
/// `file::*`, `cluster::*`: a record that cannot be read could be one that counts.
pub fn clusters_of(principal: &str, sources: &[TableFile]) -> Result<ClustersFact, Diagnostics> {
    let (found, problems) = existing(sources)?;
    if problems.has_errors() {
        return Err(problems.sorted());
    }
    let mut active_by_policy: BTreeMap<String, u32> = BTreeMap::new();
    for ((creator, policy), count) in active_by_creator_and_policy(&found.clusters) {
        // User names of a workspace are the same in any case.
        if creator.eq_ignore_ascii_case(principal) {
            let known: &mut u32 = active_by_policy.entry(policy).or_default();
            *known = known.saturating_add(count);
        }
    }
    Ok(ClustersFact { active_by_policy })
}
