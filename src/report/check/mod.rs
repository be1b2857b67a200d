//! All of one check, as every format tells it: what was asked for, what was decided, what it costs, what went wrong.
//!
//! ```text
//! CheckReport ─► text         people at a terminal
//!             ├► json         programs: one object per cluster, or one of the whole check
//!             ├► sarif        code hosts and editors
//!             ├► junit        CI systems that show tests
//!             ├► markdown     a comment on a pull request
//!             └► github       annotations of a GitHub workflow
//! ```
//!
//! Names and values come from documents of others, so each format escapes what its reader would take for more than text.

mod cost;
pub mod format;
pub mod github;
pub mod json;
pub mod junit;
pub mod markdown;
mod objection;
#[cfg(test)]
mod sample;
pub mod sarif;
pub mod text;

use crate::model::cost_change::CostChange;
use crate::model::decision::{ChosenBy, Decision, Enforcement, Outcome, RuleFailure, RuleName, Violation};
use crate::model::diagnostic::Diagnostics;
use crate::model::estimate::Estimate;
use crate::model::period::Instant;
use crate::model::place::Workload;
use crate::model::resource::{Action, Kind};
use crate::model::unknown::Unknown;
use crate::model::written::Written;

use super::decision::RequestName;

/// All of one check.
#[derive(Debug, Clone)]
pub struct CheckReport<'a> {
    /// The instant whose rules and prices were taken.
    pub at: Instant,
    /// Every cluster that was judged, in the order of the input.
    pub entries: Vec<Entry<'a>>,
    /// What else was found and is not judged: pools, policies, warehouses, serverless compute, clusters that are
    /// deleted or stay as they are.
    pub others: Vec<Other<'a>>,
    /// Clusters that should have been judged and could not be.
    pub unanswered: Vec<Other<'a>>,
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
    /// What of it is not known yet.
    pub unknown: &'a Unknown,
    /// Where its attributes were written, where that is elsewhere than the whole.
    pub written: &'a Written,
    /// Attributes that nobody wrote: the provider or the CLI puts them in.
    pub injected: &'a [String],
    /// The decision.
    pub decision: &'a Decision,
    /// What it would cost with every remedy applied.
    pub remedied: Option<&'a Estimate>,
    /// The policies that judged, guardrails first.
    pub policies: &'a [String],
    /// How the last of them was chosen.
    pub chosen_by: ChosenBy,
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

/// What a check comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Every cluster may be created.
    Allowed,
    /// Nothing is denied, and something could not be judged.
    Undetermined,
    /// Some cluster may not be created.
    Denied,
    /// Something could not be read or judged.
    Unanswered,
}

impl Verdict {
    /// `allowed`, `undetermined`, `denied` or `unanswered`.
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Allowed => "allowed",
            Verdict::Undetermined => "undetermined",
            Verdict::Denied => "denied",
            Verdict::Unanswered => "unanswered",
        }
    }
}

impl<'a> CheckReport<'a> {
    /// A check of which nothing came but problems.
    pub fn unanswered(at: Instant, problems: &'a Diagnostics) -> CheckReport<'a> {
        CheckReport {
            at,
            entries: Vec::new(),
            others: Vec::new(),
            unanswered: Vec::new(),
            problems,
            cost: None,
            rules: Vec::new(),
        }
    }

    /// How many were allowed, denied or left undetermined.
    pub fn count(&self, outcome: Outcome) -> usize {
        self.entries
            .iter()
            .filter(|e| e.decision.outcome == outcome)
            .count()
    }

    /// How many objections waivers set aside.
    pub fn waived(&self) -> usize {
        self.entries
            .iter()
            .fold(0, |n, e| n.saturating_add(e.decision.waived.len()))
    }

    /// All of it in one word, as the exit code says it.
    pub fn verdict(&self) -> Verdict {
        if self.problems.has_errors() {
            Verdict::Unanswered
        } else if self.count(Outcome::Deny) > 0 {
            Verdict::Denied
        } else if self.count(Outcome::Undetermined) > 0 {
            Verdict::Undetermined
        } else {
            Verdict::Allowed
        }
    }

    /// `12 clusters: 9 allowed, 2 denied, 1 undetermined; 3 others`.
    pub fn counts(&self) -> String {
        let mut text = match self.entries.len() {
            0 if !self.unanswered.is_empty() => "no clusters judged".to_owned(),
            0 => "no clusters".to_owned(),
            n => format!(
                "{}: {} allowed, {} denied, {} undetermined",
                number(n, "cluster"),
                self.count(Outcome::Allow),
                self.count(Outcome::Deny),
                self.count(Outcome::Undetermined)
            ),
        };
        if !self.unanswered.is_empty() {
            let clusters = number(self.unanswered.len(), "cluster");
            text.push_str(&format!("; {clusters} could not be judged"));
        }
        if !self.others.is_empty() {
            text.push_str(&format!("; {}", number(self.others.len(), "other")));
        }
        text
    }

    /// What the others are: `2 instance-pool, 1 cluster (no-op)`.
    fn kinds_of_others(&self) -> String {
        let mut kinds: Vec<(String, usize)> = Vec::new();
        for other in &self.others {
            let kind = match other.action {
                Action::Create => other.kind.to_string(),
                action => format!("{} ({action})", other.kind),
            };
            match kinds.iter_mut().find(|(known, _)| *known == kind) {
                Some((_, n)) => *n = n.saturating_add(1),
                None => kinds.push((kind, 1)),
            }
        }
        let kinds: Vec<String> = kinds.iter().map(|(kind, n)| format!("{n} {kind}")).collect();
        kinds.join(", ")
    }

    /// What there is to say of a rule.
    fn help(&self, by: &RuleName) -> Option<&RuleHelp<'a>> {
        self.rules.iter().find(|rule| rule.by == *by)
    }
}

impl<'a> Entry<'a> {
    /// File and line of an attribute, as far as they are known.
    fn place_of(&self, path: &str) -> (&'a str, usize) {
        let whole = (self.request.source, self.request.line);
        self.written.place(path).unwrap_or(whole)
    }

    /// Whether nobody wrote an attribute. What presets put in stands where they are written.
    fn is_injected(&self, path: &str) -> bool {
        let is_put_in = self.injected.iter().any(|injected| injected == path);
        is_put_in && self.written.place(path).is_none()
    }

    /// Violations that deny, or those that are only shown.
    fn violations(&self, enforcement: Enforcement) -> impl Iterator<Item = &'a Violation> {
        let all = self.decision.violations.iter();
        all.filter(move |v| v.enforcement == enforcement)
    }

    /// Rules that broke, and deny or do not.
    fn failures(&self, denies: bool) -> impl Iterator<Item = &'a RuleFailure> {
        self.decision.failures.iter().filter(move |f| f.denies == denies)
    }
}

/// `1 cluster`, `2 clusters`.
fn number(n: usize, of: &str) -> String {
    match n {
        1 => format!("1 {of}"),
        n => format!("{n} {of}s"),
    }
}
