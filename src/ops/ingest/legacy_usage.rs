//! Rows of the billable usage log (legacy): read, rated at the prices in force, billed.
//!
//! A row has no id. What names it is the hour, the workspace, the cluster, its node type, its owner, its tags and the SKU; two rows that
//! agree in all of them and not in their DBUs contradict each other.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::Step;
use super::lost::RowName;
use super::metered::{Desk, Manner, Metered};
use super::rejects::with_rejects;
use crate::databricks::billing_usage::RecordType;
use crate::databricks::legacy_usage::LegacyUsage;
use crate::intake::legacy_usage::read;
use crate::model::diagnostic::Diagnostics;
use crate::model::place::Cloud;
use crate::model::usage::{Subject, UNALLOCATED};
use crate::ops::files::TableFile;
use crate::pricing::catalogue::Catalogue;
use crate::report::billing_usage::IngestedUsage;

/// Who tells.
const SOURCE: &str = "billable-usage-log";

/// What all rows of one telling have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegacyOptions {
    /// The ledger.
    pub ledger: PathBuf,
    /// The cloud, which the log does not tell.
    pub cloud: Cloud,
    /// The tag that names the cost centre.
    pub team_tag: Option<String>,
    /// Names of workspaces by their id.
    pub workspaces: BTreeMap<String, String>,
    /// SKUs by names of the log that are not known.
    pub skus: BTreeMap<String, String>,
    /// A file for the rows that are not billed.
    pub rejects: Option<PathBuf>,
    /// Corrects what was told differently before, instead of refusing it.
    pub correct: bool,
}

/// Bills the rows that are told. What is wrong with others is in the second part.
///
/// # Errors
/// As those of `billing_usage::ingest`.
pub fn ingest(
    sources: &[TableFile],
    catalogue: &mut Catalogue,
    options: &LegacyOptions,
    progress: &mut dyn FnMut(Step),
) -> Result<(IngestedUsage, Diagnostics), Diagnostics> {
    with_rejects(options.rejects.as_deref(), |rejects| {
        let manner = Manner {
            correct: options.correct.then_some(RowName::IdSkuHour),
            batch: None,
        };
        let desk = Desk::new(catalogue, options.ledger.clone(), rejects, progress);
        let mut desk = desk.in_manner(manner);
        for file in sources {
            desk.take_file(
                file,
                |source, input, take| read(source, input, &options.skus, take),
                |usage| metered(usage, options),
            )?;
        }
        desk.finish()
    })
}

fn metered(usage: LegacyUsage, options: &LegacyOptions) -> Metered {
    Metered {
        resource: resource(&usage),
        source: SOURCE.to_owned(),
        subject: subject(&usage, options),
        cloud: options.cloud,
        sku_name: usage.sku_name,
        period: usage.hour,
        quantity: usage.dbus,
        record_type: RecordType::Original,
    }
}

/// The cluster, and a digest of what else tells rows of one hour and SKU apart.
fn resource(usage: &LegacyUsage) -> String {
    let mut digest = blake3::Hasher::new();
    let mut put = |text: &str| {
        digest.update(&u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
        digest.update(text.as_bytes());
    };
    for text in [
        &usage.workspace_id,
        &usage.cluster_id,
        &usage.node_type_id,
        &usage.owner,
    ] {
        put(text);
    }
    for (key, value) in &usage.tags {
        put(key);
        put(value);
    }
    let digest = digest.finalize().to_hex();
    let short: String = digest.chars().take(16).collect();
    format!("{}/{short}", usage.cluster_id)
}

fn subject(usage: &LegacyUsage, options: &LegacyOptions) -> Subject {
    let tag = |name: &str| usage.tags.get(name).filter(|value| !value.is_empty());
    let team = options.team_tag.as_deref().and_then(tag);
    let workspace = options.workspaces.get(&usage.workspace_id);
    Subject {
        workspace: workspace.unwrap_or(&usage.workspace_id).clone(),
        team: team.map_or(UNALLOCATED, String::as_str).to_owned(),
        cluster_id: usage.cluster_id.clone(),
        cluster_name: usage.cluster_name.clone(),
        // Default tags of the cluster of a job.
        job_name: tag("JobId").cloned().unwrap_or_default(),
        owner: usage.owner.clone(),
        ..Subject::default()
    }
}
