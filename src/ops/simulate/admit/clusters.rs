//! All-purpose clusters: their creations and edits are judged in order of time, so that each is judged by what there is by
//! then. What is told of them stays in the order of the scenario.

use std::sync::Arc;

use super::{Applicant, Clerk, Judged};
use crate::lifecycle::scenario::{ClusterPlan, CommandPlan};
use crate::lifecycle::simulation::{Admitted, AdmittedCluster, Command};
use crate::model::document::Document;
use crate::model::period::Instant;
use crate::model::place::Workload;

/// A request of the scenario. At one instant edits come before creations, as commands do in the simulation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Turn {
    at: Instant,
    creates: bool,
    /// Index of the cluster.
    cluster: usize,
}

fn turns(plans: &[ClusterPlan]) -> Vec<Turn> {
    let of = |(cluster, plan): (usize, &ClusterPlan)| {
        let edits = plan.commands.iter().filter(|(_, command)| is_edit(command));
        let edits = edits.map(|(at, _)| (*at, false));
        let all: Vec<_> = edits.chain([(plan.create_at, true)]).collect();
        all.into_iter()
            .map(move |(at, creates)| Turn { at, creates, cluster })
    };
    let mut turns: Vec<Turn> = plans.iter().enumerate().flat_map(of).collect();
    turns.sort_unstable();
    turns
}

fn is_edit(command: &CommandPlan) -> bool {
    matches!(command, CommandPlan::Edit(_))
}

/// A cluster, as far as its requests have been judged.
struct Candidate<'a> {
    plan: &'a ClusterPlan,
    /// The definition that it has.
    definition: Document,
    admitted: Option<Admitted>,
    /// What became of its edits, in order.
    edits: Vec<Option<Admitted>>,
    judged: Vec<Judged>,
}

impl<'a> Candidate<'a> {
    fn new(plan: &'a ClusterPlan) -> Candidate<'a> {
        Candidate {
            plan,
            definition: plan.request.clone(),
            admitted: None,
            edits: Vec::new(),
            judged: Vec::new(),
        }
    }

    /// The next edit: what it merges over the definition.
    fn next_edit(&self) -> Option<&'a Document> {
        let commands = self.plan.commands.iter();
        let mut patches = commands.filter_map(|(_, command)| match command {
            CommandPlan::Edit(patch) => Some(patch),
            CommandPlan::Plain(_) => None,
        });
        patches.nth(self.edits.len())
    }

    /// The cluster, if it was admitted, with what its users ask of it; edits that were denied are not among that.
    fn into_cluster(self) -> Option<AdmittedCluster> {
        let mut edits = self.edits.into_iter();
        let commands = self.plan.commands.iter().filter_map(|(at, command)| {
            let command = match command {
                CommandPlan::Plain(command) => Some(command.clone()),
                CommandPlan::Edit(_) => edits.next()?.map(|admitted| Command::Edit(Box::new(admitted))),
            };
            command.map(|command| (*at, command))
        });
        let commands = commands.collect();
        Some(AdmittedCluster {
            name: self.plan.name.clone(),
            admitted: self.admitted?,
            create_at: self.plan.create_at,
            commands,
            sessions: self.plan.sessions.clone(),
        })
    }
}

impl<'a> Clerk<'a, '_> {
    /// The clusters that may be created.
    pub(super) fn clusters(&mut self) -> Vec<AdmittedCluster> {
        let plans: &'a [ClusterPlan] = &self.scenario.clusters;
        let mut candidates: Vec<Candidate<'_>> = plans.iter().map(Candidate::new).collect();
        for turn in turns(plans) {
            match candidates.get_mut(turn.cluster) {
                Some(candidate) if turn.creates => self.create(candidate),
                // Nobody edits what was not created.
                Some(candidate) if candidate.admitted.is_some() => self.edit(candidate, turn.at),
                _ => {}
            }
        }
        for candidate in &mut candidates {
            self.judged.append(&mut candidate.judged);
        }
        candidates
            .into_iter()
            .filter_map(Candidate::into_cluster)
            .collect()
    }

    fn create(&mut self, candidate: &mut Candidate<'a>) {
        let plan = candidate.plan;
        let (judged, admitted) = self.ask(&applicant(plan, &plan.request, plan.name.clone(), plan.create_at));
        self.take_in(plan, admitted.as_ref());
        candidate.judged.extend(judged);
        candidate.admitted = admitted;
    }

    fn edit(&mut self, candidate: &mut Candidate<'a>, at: Instant) {
        let Some(patch) = candidate.next_edit() else {
            return;
        };
        let mut edited = candidate.definition.clone();
        edited.merge("", &Arc::new(patch.clone()), "");
        let name = format!(
            "{}/edit-{}",
            candidate.plan.name,
            candidate.edits.len().saturating_add(1)
        );
        let (judged, admitted) = self.ask(&applicant(candidate.plan, &edited, name, at));
        // What is denied changes nothing, for later edits either.
        if admitted.is_some() {
            candidate.definition = edited;
        }
        self.take_in(candidate.plan, admitted.as_ref());
        candidate.judged.extend(judged);
        candidate.edits.push(admitted);
    }

    /// From now on a cluster counts as one under the policy that admitted it.
    fn take_in(&mut self, plan: &'a ClusterPlan, admitted: Option<&Admitted>) {
        let Some(admitted) = admitted else { return };
        let ids = self.policies.ids(&admitted.policy);
        let given = admitted.spec.policy_id.as_deref();
        let policy = ids.chain(given).chain([admitted.policy.as_str()]);
        self.census.take_in(plan, policy.map(str::to_owned).collect());
    }
}

fn applicant<'a>(plan: &'a ClusterPlan, request: &'a Document, name: String, at: Instant) -> Applicant<'a> {
    Applicant {
        name,
        workspace: &plan.workspace,
        principal: &plan.principal,
        policy: plan.policy.as_deref(),
        request,
        workload: Workload::AllPurpose,
        cluster: Some(plan),
        at,
    }
}
