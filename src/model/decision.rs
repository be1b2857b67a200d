//! A decision: the answer, with what the rules objected to and which of them broke.
//!
//! Three different things: a *violation* is what a rule objects to; a *rule failure* is a rule that
//! broke (it rides beside the answer, and the policy says whether it denies); an *error* means that
//! we could not answer, and is no decision at all.

use serde::Serialize;
use serde_json::Value;

use super::estimate::Estimate;
use super::place::Workload;

/// The answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// May be created.
    Allow,
    /// A rule would have to know what is unknown.
    Undetermined,
    /// May not be created.
    Deny,
}

impl Outcome {
    /// `allow`, `undetermined` or `deny`.
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Allow => "allow",
            Outcome::Undetermined => "undetermined",
            Outcome::Deny => "deny",
        }
    }
}

/// How the policy that judges a request beside the guardrails was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ChosenBy {
    /// The caller insists.
    Flag,
    /// A binding of `tollgate.yaml` matches.
    Binding,
    /// The request names it by `policy_id`.
    Request,
    /// The request refers to a policy that its document defines.
    Document,
    /// Nothing: guardrails alone judge.
    None,
}

/// Whether a rule's violations deny.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Default)]
#[serde(rename_all = "lowercase")]
pub enum Enforcement {
    /// Violations deny.
    #[default]
    Enforce,
    /// Violations are shown and do not deny.
    Monitor,
}

/// Which rule speaks.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Default)]
pub struct RuleName {
    /// The policy.
    pub policy: String,
    /// The rule, unique in its policy.
    pub rule: String,
    /// The plugin that runs it.
    pub plugin: String,
}

/// One thing a rule objects to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// Which rule.
    #[serde(flatten)]
    pub by: RuleName,
    /// Attribute path.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// What Databricks would say, where it has a word for it.
    pub databricks_message: Option<String>,
    /// The value found; null where the attribute is absent.
    pub actual: Value,
    /// What is allowed, in the words of the policy language.
    pub allowed: Value,
    /// The smallest change that passes, path to value; null where the rule knows none.
    pub remedy: Value,
    /// Whether it denies.
    pub enforcement: Enforcement,
    /// The waiver that set it aside until it expired.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expired_waiver: Option<Waiver>,
    /// What the rule says beyond that: `{"enforce": {path: value}}` is what enforcement would put there.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub details: Value,
}

/// A dated and reasoned exception, as decisions name it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Waiver {
    /// Its name, unique in its file.
    pub waiver: String,
    /// Why.
    pub reason: String,
    /// Who has approved it.
    pub approved_by: String,
    /// The last day on which it holds (UTC): `2026-12-31`.
    pub expires: String,
    /// The file it stands in.
    pub source: String,
    /// Its line there.
    pub line: usize,
}

/// An objection that a waiver sets aside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Waived {
    /// The objection.
    #[serde(flatten)]
    pub violation: Violation,
    /// The waiver.
    pub waiver: Waiver,
}

/// What a rule says of its verdict as a whole: its trace, where one was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleDetails {
    /// Which rule.
    #[serde(flatten)]
    pub by: RuleName,
    /// As the rule wrote it.
    pub details: Value,
}

/// How a rule broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureKind {
    /// It ran past its deadline.
    Deadline,
    /// It asked for more memory than it may have.
    Memory,
    /// It overflowed its stack.
    Stack,
    /// It trapped: unreachable code, a division by zero, an access out of bounds.
    Trap,
    /// Its answer is too large, or not of the contract's form.
    Output,
    /// It returned an error.
    Refused,
    /// Two rules supply different values for one attribute.
    Conflict,
}

/// A rule that broke.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleFailure {
    /// Which rule.
    #[serde(flatten)]
    pub by: RuleName,
    /// How.
    pub kind: FailureKind,
    /// With both sides: limit and what was met.
    pub message: String,
    /// Whether the policy lets a broken rule deny.
    pub denies: bool,
}

/// What a rule would have had to know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Undetermined {
    /// Which rule.
    #[serde(flatten)]
    pub by: RuleName,
    /// Attribute path.
    pub path: String,
    /// What is unknown.
    pub message: String,
}

/// `fixed` stands against the request, `default` gives way to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SupplyKind {
    /// Filled in always; a request that says otherwise violates the rule.
    Fixed,
    /// Filled in where the request says nothing.
    Default,
}

/// A value that a rule filled in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Supplied {
    /// Attribute path.
    pub path: String,
    /// The value.
    pub value: Value,
    /// Fixed or default.
    pub kind: SupplyKind,
    /// Which rule.
    #[serde(flatten)]
    pub by: RuleName,
}

/// What one policy set says of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The answer.
    pub outcome: Outcome,
    /// What the rules objected to, in the order of policies and rules.
    pub violations: Vec<Violation>,
    /// What waivers set aside; it is among the violations no more.
    pub waived: Vec<Waived>,
    /// Rules that broke.
    pub failures: Vec<RuleFailure>,
    /// What rules could not judge.
    pub undetermined: Vec<Undetermined>,
    /// Values filled in.
    pub supplied: Vec<Supplied>,
    /// The completed request, as the Clusters API takes it.
    pub cluster: Value,
    /// What it would cost.
    pub estimate: Estimate,
    /// What rules say beyond their verdicts; empty unless asked for.
    pub details: Vec<RuleDetails>,
}

impl Decision {
    /// A cluster of which nobody has said anything: it is allowed.
    pub fn of(cluster: Value, estimate: Estimate) -> Decision {
        Decision {
            outcome: Outcome::Allow,
            violations: Vec::new(),
            waived: Vec::new(),
            failures: Vec::new(),
            undetermined: Vec::new(),
            supplied: Vec::new(),
            cluster,
            estimate,
            details: Vec::new(),
        }
    }

    /// The same of a cluster of one node that has no prices.
    #[cfg(test)]
    pub fn silent(cluster: Value) -> Decision {
        use super::money::Currency;
        use super::period::from_unix;

        let size = super::estimate::SizeEstimate {
            nodes: Some(1),
            ..super::estimate::SizeEstimate::UNKNOWN
        };
        let estimate = Estimate {
            min: size.clone(),
            max: size,
            ..Estimate::unknown(Currency::USD, from_unix(0), &[])
        };
        Decision::of(cluster, estimate)
    }

    /// Who had something to say: an objection, waived or not, a question left open, a failure.
    pub fn speakers(&self) -> impl Iterator<Item = &RuleName> {
        let violations = self.violations.iter().map(|v| &v.by);
        violations
            .chain(self.waived.iter().map(|w| &w.violation.by))
            .chain(self.undetermined.iter().map(|u| &u.by))
            .chain(self.failures.iter().map(|f| &f.by))
    }

    /// What Databricks would say: the texts of every violation that denies and has one, joined as it joins them; none
    /// where there is nothing to say. The Jobs API puts words of its own in front.
    pub fn databricks_message(&self, workload: Workload) -> Option<String> {
        let denying = self
            .violations
            .iter()
            .filter(|v| v.enforcement == Enforcement::Enforce);
        let said: Vec<&str> = denying.filter_map(|v| v.databricks_message.as_deref()).collect();
        let prefix = if workload == Workload::Job {
            "Cluster validation error: "
        } else {
            ""
        };
        (!said.is_empty()).then(|| format!("{prefix}{}", said.join("; ")))
    }
}
