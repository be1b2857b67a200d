//! Who has which clusters active at an instant, as far as the scenario says before it is lived through: for policies that
//! say how many a user may have.
//!
//! A cluster counts from its creation until its user terminates it, and again when somebody starts or uses it after
//! that. Whether it ends by itself in between only living through the period shows, so it counts. Clusters of jobs
//! do not: they are there run by run, and a job is created before any cluster is.

use std::collections::{BTreeMap, BTreeSet};

use super::Applicant;
use crate::lifecycle::scenario::{ClusterPlan, CommandPlan, ComputePlan, JobPlan, Scenario};
use crate::lifecycle::simulation::Command;
use crate::model::facts::ClustersFact;
use crate::model::period::Instant;

/// The clusters that were admitted so far.
#[derive(Debug)]
pub(super) struct Census<'a> {
    scenario: &'a Scenario,
    /// By principal in lower case, for user names are the same in any case.
    holdings: BTreeMap<String, Vec<Holding<'a>>>,
}

#[derive(Debug)]
struct Holding<'a> {
    cluster: &'a ClusterPlan,
    /// The policy that it is under, by its name and by all ids that it goes by.
    policy: BTreeSet<String>,
}

impl<'a> Census<'a> {
    pub fn new(scenario: &'a Scenario) -> Census<'a> {
        Census {
            scenario,
            holdings: BTreeMap::new(),
        }
    }

    /// A cluster was created or edited; it is under this policy now.
    pub fn take_in(&mut self, cluster: &'a ClusterPlan, policy: BTreeSet<String>) {
        let holdings = self.holdings.entry(cluster.principal.to_lowercase()).or_default();
        match holdings.iter_mut().find(|h| h.cluster.name == cluster.name) {
            Some(known) => known.policy = policy,
            None => holdings.push(Holding { cluster, policy }),
        }
    }

    /// What the principal has active when it asks, in the workspace where it asks. The cluster that a request edits is not
    /// one more.
    pub fn clusters_of(&self, applicant: &Applicant<'_>, named: Option<&str>) -> ClustersFact {
        let mut fact = ClustersFact::default();
        let Some(asking) = applicant.cluster else {
            return fact;
        };
        let holdings = self.holdings.get(&asking.principal.to_lowercase());
        for holding in holdings.into_iter().flatten() {
            let cluster = holding.cluster;
            let other = cluster.name != asking.name && cluster.workspace == asking.workspace;
            if !other || !self.is_active(cluster, applicant.at) {
                continue;
            }
            for id in &holding.policy {
                let count = fact.active_by_policy.entry(id.clone()).or_default();
                *count = count.saturating_add(1);
            }
        }
        // A rule without an id counts those of the request's; without any it is the policy that judges.
        if applicant.request.value.get("policy_id").is_none() {
            let same = fact.active_by_policy.get(named.unwrap_or_default()).copied();
            fact.active_by_policy
                .insert(String::new(), same.unwrap_or_default());
        }
        fact
    }

    /// Whether a cluster that was created before counts.
    fn is_active(&self, cluster: &ClusterPlan, at: Instant) -> bool {
        let mut down_since = None;
        for (when, command) in cluster.commands.iter().take_while(|(when, _)| *when <= at) {
            match command {
                CommandPlan::Plain(Command::Retire | Command::PermanentDelete) => return false,
                CommandPlan::Plain(Command::Delete) => down_since = Some(*when),
                CommandPlan::Plain(Command::Start) => down_since = None,
                CommandPlan::Plain(_) | CommandPlan::Edit(_) => {}
            }
        }
        down_since.is_none_or(|since| self.is_used(cluster, since, at))
    }

    /// Whether a session or a run of a job comes from an instant up to, not including, another: it starts the cluster.
    fn is_used(&self, cluster: &ClusterPlan, since: Instant, at: Instant) -> bool {
        let period = &self.scenario.period;
        let comes = |instants: Vec<Instant>| instants.iter().any(|i| since <= *i && *i < at);
        let runs_on = |job: &&JobPlan| {
            let on =
                |compute: &ComputePlan| matches!(compute, ComputePlan::Existing(n) if *n == cluster.name);
            job.tasks.iter().any(|t| on(&t.compute))
        };
        let mut sessions = cluster.sessions.iter();
        sessions.any(|s| comes(s.times.instants(period)))
            || self
                .scenario
                .jobs
                .iter()
                .filter(runs_on)
                .any(|job| comes(job.schedule.instants(period)))
    }
}
