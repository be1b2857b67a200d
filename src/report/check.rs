//! All of one check, as every format tells it: what was asked for, what was decided, what it costs, what went wrong.

use crate::model::cost_change::CostChange;
use crate::model::decision::{Decision, Outcome, RuleName};
use crate::model::diagnostic::Diagnostics;
use crate::model::estimate::Estimate;
use crate::model::place::Workload;
use crate::model::resource::{Action, Kind};

use super::decision::RequestName;

/// All of one check.
#[derive(Debug, Clone)]
pub struct CheckReport<'a> {
    /// Every cluster that was judged, in the order of the input.
    pub entries: Vec<Entry<'a>>,
    /// What else was found and is not judged: pools, policies, warehouses, serverless compute, clusters that are
    /// deleted or stay as they are.
    pub others: Vec<Other<'a>>,
    /// What could not be read or judged, and warnings.
    pub problems: &'a Diagnostics,
    /// What the change costs; none where nothing is known of before.
    pub cost: Option<&'a CostChange>,
    /// What there is to say of the rules that spoke, each once.
    pub rules: Vec<RuleHelp<'a>>,
}

/// A cluster and what was decided.
#[derive(Debug, Clone)]
pub struct Entry<'a> {
    /// Where it came from.
    pub request: RequestName<'a>,
    /// What kind of cluster.
    pub kind: Kind,
    /// What would happen to it.
    pub action: Action,
    /// What it is for.
    pub workload: Workload,
    /// The decision.
    pub decision: &'a Decision,
    /// What it would cost with every remedy applied.
    pub remedied: Option<&'a Estimate>,
}

/// Something that was found and is not judged.
#[derive(Debug, Clone)]
pub struct Other<'a> {
    /// Where it came from.
    pub request: RequestName<'a>,
    /// What it is.
    pub kind: Kind,
    /// What would happen to it.
    pub action: Action,
}

/// What there is to say of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleHelp<'a> {
    /// Which rule.
    pub by: RuleName,
    /// What its policy is for.
    pub description: &'a str,
    /// The manual of its plugin, Markdown.
    pub manual: &'a str,
}

impl CheckReport<'_> {
    /// How many were allowed, denied and left undetermined.
    pub fn count(&self, outcome: Outcome) -> usize {
        self.entries
            .iter()
            .filter(|e| e.decision.outcome == outcome)
            .count()
    }
}
