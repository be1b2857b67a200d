//! Rows of `system.billing.usage`: read, rated at the prices in force, billed.
//!
//! A row is one fact, named by its `record_id`: told again, in the same file or another, it changes nothing. A RETRACTION is a fact
//! of its own with a negative amount, so that the ledger keeps what was told, when it was taken back and what it became; sums
//! are right without anybody having to filter. Rows are billed in order of time, whatever the order of the files.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use super::Step;
use super::context::{Context, ContextFiles};
use super::lost::RowName;
use super::metered::{Desk, Manner, Metered, team_of_dbus};
use super::rejects::with_rejects;
use crate::databricks::billing_usage::BillingUsage;
use crate::intake::billing_usage::read;
use crate::model::cost_centre::CostCentres;
use crate::model::diagnostic::Diagnostics;
use crate::model::tags::Tags;
use crate::model::usage::{Subject, UNALLOCATED};
use crate::ops::attribution::rules;
use crate::ops::files::TableFile;
use crate::pricing::catalogue::Catalogue;
use crate::report::billing_usage::IngestedUsage;

/// What all rows of one telling have in common.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UsageOptions {
    /// The ledger.
    pub ledger: PathBuf,
    /// The tag that names the cost centre, where no rules do.
    pub team_tag: Option<String>,
    /// Rules for cost centres.
    pub cost_centres: Option<PathBuf>,
    /// Names of workspaces by their id; a workspace without one is called by its id.
    pub workspaces: BTreeMap<String, String>,
    /// Tables that say what the rows name by an id.
    pub context: ContextFiles,
    /// A file for the rows that are not billed.
    pub rejects: Option<PathBuf>,
    /// Corrects what was told differently before, instead of refusing it.
    pub correct: bool,
    /// Facts of one transaction, if not the usual number.
    pub batch_facts: Option<NonZeroUsize>,
}

/// Bills the rows that are told. What is wrong with others is in the second part; a caller that shows it tells why they are
/// not billed. A file without any row of usage makes all answers impossible.
///
/// # Errors
/// A context (`context::*`), a ledger or a price book that cannot be used, and a row that the ledger knows otherwise (`store::conflict`): what was billed
/// before it stays billed.
pub fn ingest(
    sources: &[TableFile],
    catalogue: &mut Catalogue,
    options: &UsageOptions,
    progress: &mut dyn FnMut(Step),
) -> Result<(IngestedUsage, Diagnostics), Diagnostics> {
    let context = Context::read(&options.context)?;
    let rules = options.cost_centres.as_deref().map(rules).transpose()?;
    with_rejects(options.rejects.as_deref(), |rejects| {
        let manner = Manner {
            correct: options.correct.then_some(RowName::Id),
            batch: options.batch_facts,
        };
        let desk = Desk::new(catalogue, options.ledger.clone(), rejects, progress);
        let mut desk = desk.in_manner(manner);
        for file in sources {
            desk.take_file(
                file,
                |source, input, take| read(source, input, take),
                |usage| metered(usage, options, &context, rules.as_ref()),
            )?;
        }
        desk.finish()
    })
}

fn metered(
    usage: BillingUsage,
    options: &UsageOptions,
    context: &Context,
    rules: Option<&CostCentres>,
) -> Metered {
    let mut subject = subject(&usage, options);
    context.fill(&mut subject, usage.metadata(&["job_id"]), usage.period.start);
    if let Some(rules) = rules {
        subject.team = team_of_dbus(rules, &subject, usage.cloud, &usage.sku_name);
    }
    Metered {
        source: source_of(&usage),
        subject,
        resource: usage.record_id,
        cloud: usage.cloud,
        sku_name: usage.sku_name,
        period: usage.period,
        quantity: usage.usage_quantity,
        record_type: usage.record_type,
    }
}

/// Who tells: the table of an account.
fn source_of(usage: &BillingUsage) -> String {
    match usage.account_id.as_str() {
        "" => "system.billing.usage".to_owned(),
        account => format!("system.billing.usage/{account}"),
    }
}

fn subject(usage: &BillingUsage, options: &UsageOptions) -> Subject {
    let tag = options.team_tag.as_ref();
    let team = tag
        .and_then(|tag| usage.custom_tags.get(tag))
        .filter(|team| !team.is_empty());
    let workspace = options.workspaces.get(&usage.workspace_id);
    Subject {
        workspace: workspace.unwrap_or(&usage.workspace_id).clone(),
        team: team.map_or(UNALLOCATED, String::as_str).to_owned(),
        cluster_id: usage
            .metadata(&["cluster_id", "warehouse_id", "dlt_pipeline_id", "endpoint_id"])
            .to_owned(),
        cluster_name: usage.metadata(&["endpoint_name"]).to_owned(),
        job_name: usage.metadata(&["job_name", "job_id"]).to_owned(),
        run_id: usage.metadata(&["job_run_id"]).to_owned(),
        pool: usage.metadata(&["instance_pool_id"]).to_owned(),
        owner: usage.identity().to_owned(),
        policy: String::new(),
        tags: Tags::of_map(&usage.custom_tags),
    }
}
