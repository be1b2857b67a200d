//! Resources: what exists in the cloud at an instant, from the machines and workspaces that a ledger holds.

mod pools;

use std::path::Path;

use pools::Pools;

use super::ledger::{diagnose, open_read_only};
use crate::lifecycle::resource_group::{of_machine, of_workspace};
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::period::{Instant, Period};
use crate::model::suggest;
use crate::report::resources::{MachineResources, ResourceReport, WorkspaceResources};
use crate::store::Database;
use crate::store::machine::StoredMachine;
use crate::store::workspace::StoredWorkspace;

/// What to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceOptions {
    /// The instant.
    pub at: Instant,
    /// Only this workspace.
    pub workspace: Option<String>,
    /// Only the machines of this cluster, no fixed part and no pool.
    pub cluster_id: Option<String>,
}

/// Lists what exists at an instant.
///
/// # Errors
/// `store::*`; `report::nothing` where the ledger tells of no workspace; `report::unknown-workspace` and
/// `report::unknown-cluster` for names that it never told of.
pub fn resources(path: &Path, options: &ResourceOptions) -> Result<ResourceReport, Diagnostics> {
    let database = open_read_only(path)?;
    let store = |e: crate::store::StoreError| diagnose(path, &e);
    let known = database.workspaces().map_err(store)?;
    let existing = database.workspaces_at(options.at).map_err(store)?;
    let mut machines = database.machines_at(options.at).map_err(store)?;
    if known.is_empty() && machines.is_empty() {
        let message = "no workspace was told of in this ledger yet";
        return Err(
            Diagnostic::error("report::nothing", path.display().to_string(), message)
                .hint("run `tollgate simulate SCENARIO --ledger FILE` first")
                .into(),
        );
    }
    refuse_unknown(path, options, &known, &database)?;
    let pools = Pools::place(&database, &mut machines, options.at).map_err(store)?;
    machines.retain(|m| asked_for(options, m));
    let wanted = |w: &StoredWorkspace| options.workspace.as_ref().is_none_or(|n| *n == w.workspace.name);
    let mut described = 0_usize;
    let mut workspaces = Vec::new();
    for existing in existing.into_iter().filter(wanted) {
        let listed = workspace(&existing, &machines, &pools, options);
        described = described.saturating_add(listed.machines.len());
        if options.cluster_id.is_none() || !listed.machines.is_empty() {
            workspaces.push(listed);
        }
    }
    Ok(ResourceReport {
        at: options.at,
        workspaces,
        known: span(&known),
        undescribed: u64::try_from(machines.len().saturating_sub(described)).unwrap_or_default(),
    })
}

/// A name that the ledger never told of is a slip, not an empty answer.
fn refuse_unknown(
    path: &Path,
    options: &ResourceOptions,
    known: &[StoredWorkspace],
    database: &Database,
) -> Result<(), Diagnostics> {
    let source = path.display().to_string();
    let mut names: Vec<&str> = known.iter().map(|w| w.workspace.name.as_str()).collect();
    names.dedup();
    if let Some(asked) = &options.workspace
        && !names.contains(&asked.as_str())
    {
        let hint = suggest::hint(asked, &names, |all| format!("known are: {all}"));
        let message = format!("no workspace `{asked}` was told of in this ledger");
        return Err(Diagnostic::error("report::unknown-workspace", source, message)
            .hint(hint)
            .into());
    }
    if let Some(asked) = &options.cluster_id
        && !database.knows_cluster(asked).map_err(|e| diagnose(path, &e))?
    {
        let message = format!("no cluster `{asked}` was told of in this ledger");
        return Err(Diagnostic::error("report::unknown-cluster", source, message)
            .hint("give a `cluster_id`, as in `tollgate report --by cluster`")
            .into());
    }
    Ok(())
}

fn asked_for(options: &ResourceOptions, stored: &StoredMachine) -> bool {
    let subject = &stored.machine.subject;
    let workspace = options.workspace.as_ref();
    let cluster = options.cluster_id.as_ref();
    workspace.is_none_or(|name| *name == subject.workspace)
        && cluster.is_none_or(|id| *id == subject.cluster_id)
}

fn workspace(
    existing: &StoredWorkspace,
    machines: &[StoredMachine],
    pools: &Pools,
    options: &ResourceOptions,
) -> WorkspaceResources {
    let described = &existing.workspace;
    let ours = machines
        .iter()
        .filter(|m| m.source == existing.source && m.machine.subject.workspace == described.name);
    let mut listed: Vec<MachineResources> = ours
        .map(|stored| MachineResources {
            subject: stored.machine.subject.clone(),
            instance_id: stored.machine.instance_id.clone(),
            node_type_id: stored.machine.node_type_id.clone(),
            purchase_option: stored.machine.purchase_option,
            driver: stored.machine.driver,
            since: stored.machine.period.start,
            resources: of_machine(&stored.machine, described, &stored.added_disks),
        })
        .collect();
    listed.sort_by(|a, b| order(a).cmp(&order(b)));
    WorkspaceResources {
        source: existing.source.clone(),
        workspace: described.name.clone(),
        cloud: described.cloud,
        region: described.region.clone(),
        fixed: match options.cluster_id {
            Some(_) => Vec::new(),
            None => of_workspace(described),
        },
        pools: match options.cluster_id {
            Some(_) => Vec::new(),
            None => pools.of_workspace(&existing.source, &described.name),
        },
        machines: listed,
    }
}

/// Clusters by name, then pools; in each the driver first, then by age.
fn order(machine: &MachineResources) -> impl Ord + '_ {
    let subject = &machine.subject;
    (
        subject.cluster_id.is_empty(),
        &subject.cluster_name,
        &subject.cluster_id,
        &subject.pool,
        !machine.driver,
        machine.since,
        &machine.instance_id,
    )
}

/// From the first workspace's beginning to the last one's end.
fn span(known: &[StoredWorkspace]) -> Option<Period> {
    let start = known.iter().map(|w| w.period.start).min()?;
    let end = known.iter().map(|w| w.period.end).max()?;
    Period::new(start, end)
}
