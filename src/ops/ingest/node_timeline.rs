//! Rows of `system.compute.node_timeline`: the machines of real clusters, billed from their first minute to their last.
//!
//! Rows are gathered as stretches of each machine, so that memory hangs on machines and gaps and not on minutes, and their order and
//! how often they are told is nothing. What the ledger has of a machine already is told again as it was, and only what it lacks is
//! new: files may come in pieces. DBUs are not in this table: they are billed by `ingest billing-usage`, in the same ledger, and no
//! VM is.

mod bill;
mod faults;
mod known;
mod purchase;
mod seen;
mod types;
mod write;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use self::bill::{Bill, Machine};
use self::known::{Known, KnownMachine};
use self::purchase::Buying;
use self::seen::{Seen, SeenWorkspace};
use self::write::Pending;
use super::Step;
use super::cluster_events::facts::{gone, lost};
use super::context::{Context, ContextFiles};
use super::rated::rate_all;
use super::rejects::with_rejects;
use crate::lifecycle::presence::{is_there, until};
use crate::model::cost_centre::CostCentres;
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::meter::PurchaseOption;
use crate::model::period::Instant;
use crate::model::place::Cloud;
use crate::ops::attribution::rules;
use crate::ops::files::TableFile;
use crate::ops::judge::PlaceOptions;
use crate::ops::ledger::{diagnose, open};
use crate::pricing::catalogue::Catalogue;
use crate::report::node_timeline::IngestedNodes;
use crate::store::Database;

/// Facts of one transaction.
const BATCH: usize = 20_000;
/// Machines after which progress is told.
const STEP: u64 = 100;

/// What all rows of one telling have in common.
#[derive(Debug, Clone, PartialEq)]
pub struct NodeOptions {
    /// The ledger.
    pub ledger: PathBuf,
    /// Names of workspaces by their id; a workspace without one is called by its id.
    pub workspaces: BTreeMap<String, String>,
    /// Where the workspaces are.
    pub place: PlaceOptions,
    /// Regions of single workspaces, by their id.
    pub regions: BTreeMap<String, String>,
    /// The tag that names the cost centre, where no rules do.
    pub team_tag: Option<String>,
    /// Rules for cost centres.
    pub cost_centres: Option<PathBuf>,
    /// How machines are bought of which no record tells; assumed to be on demand where not given.
    pub purchase: Option<PurchaseOption>,
    /// Up to when machines that are there at the table's end are known to have lived.
    pub until: Option<Instant>,
    /// Tables that say what the rows name by an id, and how machines are bought.
    pub context: ContextFiles,
    /// `system.compute.node_types`.
    pub node_types: Vec<TableFile>,
    /// A file for the rows that are not billed.
    pub rejects: Option<PathBuf>,
    /// What was told differently before is corrected: the rows told now are all that there are of a machine.
    pub correct: bool,
}

/// Bills the machines whose minutes are told. What is wrong with rows and machines is in the second part.
///
/// # Errors
/// A context (`context::*`, `cluster::*`), a ledger or a price book that cannot be used, and a file without any row of nodes.
pub fn ingest(
    sources: &[TableFile],
    catalogue: &mut Catalogue,
    options: &NodeOptions,
    progress: &mut dyn FnMut(Step),
) -> Result<(IngestedNodes, Diagnostics), Diagnostics> {
    let context = Context::read(&options.context)?;
    let types = types::read(&options.node_types)?;
    let cost_centres = options.cost_centres.as_deref().map(rules).transpose()?;
    let ((told, problems), shown) = with_rejects(options.rejects.as_deref(), |rejects| {
        let seen = Seen::read(sources, rejects, progress)?;
        for cloud in Cloud::ALL {
            catalogue.load_rates(cloud)?;
        }
        let problems = types::check(&seen, types.as_ref(), catalogue, &sources_named(sources));
        let mut desk = Desk {
            context: &context,
            rules: cost_centres.as_ref(),
            catalogue,
            options,
            told: IngestedNodes {
                ledger: options.ledger.display().to_string(),
                rows: seen.rows,
                ..IngestedNodes::default()
            },
            problems,
            pending: Vec::new(),
            facts: 0,
            since: None,
        };
        desk.all(&seen, progress)?;
        Ok(desk.finish())
    })?;
    let all = Diagnostics(shown.0.into_iter().chain(problems.0).collect());
    Ok((told, all))
}

/// How files are called in what is told of all of them.
fn sources_named(sources: &[TableFile]) -> String {
    match sources {
        [one] => one.source.clone(),
        [first, others @ ..] => format!("{} and {} more", first.source, others.len()),
        [] => "nothing".to_owned(),
    }
}

struct Desk<'a> {
    context: &'a Context,
    rules: Option<&'a CostCentres>,
    catalogue: &'a mut Catalogue,
    options: &'a NodeOptions,
    told: IngestedNodes,
    problems: Diagnostics,
    /// Machines that wait to be written.
    pending: Vec<Pending>,
    facts: usize,
    /// Where the ledger is corrected: its number of entries when the telling began.
    since: Option<i64>,
}

impl Desk<'_> {
    fn all(&mut self, seen: &Seen, progress: &mut dyn FnMut(Step)) -> Result<(), Diagnostics> {
        if seen.workspaces.is_empty() {
            return Ok(());
        }
        let mut database = open(&self.options.ledger)?;
        let head = database.head().map_err(|e| diagnose(&self.options.ledger, &e))?;
        self.since = self.options.correct.then_some(head.entries);
        let all = seen.workspaces.values().map(|w| w.instances.len()).sum::<usize>();
        let all = u64::try_from(all).unwrap_or(u64::MAX);
        let mut done = 0_u64;
        for (id, workspace) in &seen.workspaces {
            self.workspace(&mut database, id, workspace, &mut |n| {
                done = done.saturating_add(n);
                if done.checked_rem(STEP) == Some(0) || done == all {
                    progress(Step::Billed(done, all));
                }
            })?;
        }
        Ok(())
    }

    fn workspace(
        &mut self,
        database: &mut Database,
        id: &str,
        workspace: &SeenWorkspace,
        done: &mut dyn FnMut(u64),
    ) -> Result<(), Diagnostics> {
        let source = format!("system.compute.node_timeline/{id}");
        if self.options.place.region.is_none() && !self.options.regions.contains_key(id) {
            let machines = workspace.instances.len();
            done(u64::try_from(machines).unwrap_or(u64::MAX));
            self.told.refused = self.told.refused.saturating_add(machines);
            let message = format!(
                "nothing tells the region of the workspace; none of its {machines} machines is billed"
            );
            let hint = "give --region, or --workspace-region ID=REGION; a VM has no price without one";
            self.problems
                .0
                .push(Diagnostic::error("node::region", source, message).hint(hint));
            return Ok(());
        }
        let known = database.usage_told_by(&source);
        let mut known = Known::new(known.map_err(|e| diagnose(&self.options.ledger, &e))?);
        let mut machines = Vec::with_capacity(workspace.instances.len());
        for (instance_id, instance) in &workspace.instances {
            let known = known.take(instance_id);
            let (known, replaced) = match self.options.correct {
                true => (KnownMachine::default(), known),
                false => (known, KnownMachine::default()),
            };
            if !self.is_whole(&source, instance_id, &replaced, instance) {
                continue;
            }
            self.beyond(&source, instance_id, &known, instance, workspace.end);
            let instance = known.with(instance);
            let Some((_, last)) = instance.extent() else {
                continue;
            };
            let lives_until = until(last, workspace.end, self.options.until);
            let alive = usize::from(is_there(last, workspace.end));
            self.told.alive = self.told.alive.saturating_add(alive);
            let extended = lives_until.saturating_sub(last).max(0);
            self.told.assumed_seconds = self.told.assumed_seconds.saturating_add(extended);
            let (parts, faults) = instance.life(lives_until);
            let is_refused = self.report(&source, instance_id, &faults);
            match instance.node_types.first() {
                Some(node_type) if !is_refused => machines.push(Machine {
                    instance_id: Arc::clone(instance_id),
                    node_type: Arc::clone(node_type),
                    parts,
                    known,
                    replaced,
                }),
                _ => self.told.refused = self.told.refused.saturating_add(1),
            }
        }
        machines.sort_by(|a, b| a.order().cmp(&b.order()));
        let mut buying = Buying::new(self.context, self.options.purchase);
        for machine in &machines {
            done(1);
            self.machine(id, &source, machine, &mut buying)?;
            if self.facts >= BATCH {
                self.write(database, &source)?;
            }
        }
        self.told.purchases.add(&buying.counted);
        self.write(database, &source)
    }

    fn machine(
        &mut self,
        workspace_id: &str,
        source: &str,
        machine: &Machine,
        buying: &mut Buying<'_>,
    ) -> Result<(), Diagnostics> {
        let bill = Bill {
            workspace_id,
            options: self.options,
            context: self.context,
            rules: self.rules,
        };
        let usage = bill.usage(machine, buying, self.catalogue);
        let rated = match usage? {
            Ok(usage) => rate_all(self.catalogue, &usage)
                .map_err(|error| ("node::rate", error.to_string(), "is a price beyond all measure?")),
            Err(told) => Err(told),
        };
        match rated {
            Ok(facts) => {
                self.facts = self.facts.saturating_add(facts.len());
                self.pending.push(Pending {
                    instance_id: Arc::clone(&machine.instance_id),
                    lines: bill.lines(machine, &facts),
                    withdrawn: gone(lost(&machine.replaced.billed(), &facts), &facts),
                    facts,
                });
            }
            Err((code, what, hint)) => self.refuse(source, code, &machine.instance_id, &what, hint),
        }
        Ok(())
    }

    fn finish(mut self) -> (IngestedNodes, Diagnostics) {
        self.told.until = self.options.until;
        self.told.assume();
        (self.told, self.problems.sorted())
    }
}

/// Names of things in order, at most three.
fn some(names: &BTreeSet<&str>) -> String {
    let shown: Vec<String> = names.iter().take(3).map(|name| format!("`{name}`")).collect();
    let more = if names.len() > shown.len() { ", ..." } else { "" };
    format!("{}{more}", shown.join(", "))
}
