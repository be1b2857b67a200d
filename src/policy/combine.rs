//! Many rules, one decision: supplies first, then facts of the completed request, then every rule in its own
//! fresh sandbox.

use serde_json::Value;
use std::sync::Arc;

use super::document::{OnFailure, OnUndetermined};
use super::loaded::{Policy, Rule};
use super::review::{Circumstances, Reviews};
use crate::model::attribute;
use crate::model::decision::{
    Decision, Enforcement, FailureKind, Outcome, RuleDetails, RuleFailure, Supplied, SupplyKind,
    Undetermined, Violation,
};
use crate::model::facts::Facts;
use crate::model::unknown::Unknown;
use crate::plugin::contract::{GuestSupply, GuestViolation};
use crate::plugin::failure::CallFailure;

/// Facts of a cluster, as a function: they change when values are filled in.
pub type FactsOf<'a, E> = &'a dyn Fn(&Value) -> Result<Result<Arc<Facts>, Unreadable>, E>;

/// A cluster that cannot be read has no facts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {message}")]
pub struct Unreadable {
    /// The first attribute that cannot be read.
    pub path: String,
    /// What is wrong with it.
    pub message: String,
}

/// Judges one request by some policies.
///
/// # Errors
/// Those of the facts; nothing a rule does is an error.
pub fn decide<E: From<serde_json::Error> + From<Unreadable>>(
    policies: &[&Policy],
    circumstances: &Circumstances<'_>,
    request: &Value,
    facts_of: FactsOf<'_, E>,
) -> Result<Decision, E> {
    let facts = facts_of(request)??;
    let mut decision = Decision::of(request.clone(), facts.estimate.clone());
    let rules = || policies.iter().flat_map(|p| p.rules.iter());
    let mut reviews = Reviews::new(circumstances, request, Arc::clone(&facts))?;
    if rules().any(|r| r.image.description().supplies) {
        supply(rules(), &reviews, circumstances.unknown, &mut decision);
        if !decision.supplied.is_empty() {
            let completed = match facts_of(&decision.cluster)? {
                Ok(completed) => completed,
                // The facts stay those of the request as it was asked for.
                Err(unreadable) => {
                    decision
                        .violations
                        .extend(made_unreadable(&decision.supplied, &unreadable));
                    facts
                }
            };
            decision.estimate = completed.estimate.clone();
            reviews = Reviews::new(circumstances, &decision.cluster, completed)?;
        }
    }
    for rule in rules() {
        evaluate(rule, &reviews, &mut decision);
    }
    decision.outcome = outcome(rules(), &decision);
    Ok(decision)
}

/// The objection to a value that was filled in and made the request one that cannot be read.
fn made_unreadable(supplied: &[Supplied], unreadable: &Unreadable) -> Option<Violation> {
    let first = |path: &str| path.split('.').next().map(str::to_owned);
    let beside = |s: &&Supplied| first(&s.path) == first(&unreadable.path);
    let to_blame = supplied.iter().find(beside).or(supplied.last())?;
    Some(Violation {
        by: to_blame.by.clone(),
        path: to_blame.path.clone(),
        message: format!(
            "`{}` was filled in, and then the request cannot be read: {unreadable}",
            to_blame.path
        ),
        databricks_message: None,
        actual: to_blame.value.clone(),
        allowed: Value::Null,
        remedy: Value::Null,
        enforcement: Enforcement::Enforce,
        expired_waiver: None,
        details: Value::Null,
    })
}

/// Collects what rules want filled in, and fills in what they agree on.
fn supply<'a>(
    rules: impl Iterator<Item = &'a Rule>,
    reviews: &Reviews,
    unknown: &Unknown,
    decision: &mut Decision,
) {
    let mut wanted: Vec<(&Rule, GuestSupply)> = Vec::new();
    for rule in rules.filter(|r| r.image.description().supplies) {
        match rule.image.supply(&reviews.with(&rule.image.description().facts)) {
            Ok(found) => {
                // What nobody knows yet is there, and not for a rule to fill in.
                let (open, free) = found
                    .into_iter()
                    .partition::<Vec<_>, _>(|s| unknown.touches(&s.path));
                decision
                    .undetermined
                    .extend(open.into_iter().filter(|s| s.fixed).map(|s| Undetermined {
                        by: rule.name.clone(),
                        message: format!("`{}` is not known yet, and should be `{}`", s.path, s.value),
                        path: s.path,
                    }));
                wanted.extend(free.into_iter().map(|s| (rule, s)));
            }
            Err(failure) => decision.failures.push(broken(rule, &failure)),
        }
    }
    for (i, (rule, one)) in wanted.iter().enumerate() {
        let conflict = wanted
            .iter()
            .find(|(_, other)| other.path == one.path && contradict(other, one));
        if let Some((other, their)) = conflict {
            // Each of the two rules is told once.
            decision.failures.push(conflicting(rule, one, other, their));
        } else if wanted.iter().take(i).all(|(_, earlier)| earlier.path != one.path) {
            fill_in(rule, one, &wanted, decision);
        }
    }
}

/// Two supplies of one path contradict each other when they are of one kind and differ; a fixed value simply
/// outranks a default.
fn contradict(a: &GuestSupply, b: &GuestSupply) -> bool {
    a.fixed == b.fixed && a.value != b.value
}

fn fill_in(rule: &Rule, first: &GuestSupply, wanted: &[(&Rule, GuestSupply)], decision: &mut Decision) {
    let fixed = wanted.iter().find(|(_, s)| s.path == first.path && s.fixed);
    let (rule, supply) = fixed.map_or((rule, first), |(r, s)| (*r, s));
    if attribute::value(&decision.cluster, &supply.path).is_some() {
        // The request speaks for itself; where it contradicts a fixed value, the rule objects.
        return;
    }
    match attribute::set(&mut decision.cluster, &supply.path, supply.value.clone()) {
        Ok(()) => decision.supplied.push(Supplied {
            path: supply.path.clone(),
            value: supply.value.clone(),
            kind: if supply.fixed {
                SupplyKind::Fixed
            } else {
                SupplyKind::Default
            },
            by: rule.name.clone(),
        }),
        Err(error) => decision.failures.push(RuleFailure {
            by: rule.name.clone(),
            kind: FailureKind::Output,
            message: error.to_string(),
            denies: denies(rule),
        }),
    }
}

fn conflicting(rule: &Rule, one: &GuestSupply, other: &Rule, their: &GuestSupply) -> RuleFailure {
    RuleFailure {
        by: rule.name.clone(),
        kind: FailureKind::Conflict,
        message: format!(
            "supplies `{}` for `{}`, and the rule `{}` of the policy `{}` supplies `{}`; neither is filled in",
            one.value, one.path, other.name.rule, other.name.policy, their.value
        ),
        denies: denies(rule),
    }
}

fn evaluate(rule: &Rule, reviews: &Reviews, decision: &mut Decision) {
    match rule
        .image
        .evaluate(&reviews.with(&rule.image.description().facts))
    {
        Ok(verdict) => {
            decision
                .violations
                .extend(verdict.violations.into_iter().map(|v| violation(rule, v)));
            decision
                .undetermined
                .extend(
                    verdict
                        .undetermined
                        .into_iter()
                        .map(|(path, message)| Undetermined {
                            by: rule.name.clone(),
                            path,
                            message,
                        }),
                );
            if !verdict.details.is_null() {
                decision.details.push(RuleDetails {
                    by: rule.name.clone(),
                    details: verdict.details,
                });
            }
        }
        Err(failure) => decision.failures.push(broken(rule, &failure)),
    }
}

fn violation(rule: &Rule, v: GuestViolation) -> Violation {
    Violation {
        by: rule.name.clone(),
        path: v.path,
        message: v.message,
        databricks_message: v.databricks_message,
        actual: v.actual,
        allowed: v.allowed,
        remedy: v.remedy,
        enforcement: rule.enforcement,
        expired_waiver: None,
        details: v.details,
    }
}

fn broken(rule: &Rule, failure: &CallFailure) -> RuleFailure {
    RuleFailure {
        by: rule.name.clone(),
        kind: failure.kind(),
        message: failure.to_string(),
        denies: denies(rule),
    }
}

/// A rule that is only monitored never denies, broken or not.
fn denies(rule: &Rule) -> bool {
    rule.on_failure == OnFailure::Deny && rule.enforcement == Enforcement::Enforce
}

/// The outcome of a decision of which something was set aside.
pub fn outcome_of(policies: &[&Policy], decision: &Decision) -> Outcome {
    outcome(policies.iter().flat_map(|p| p.rules.iter()), decision)
}

/// What a rule cannot judge counts as its policy says: left open, denied, or passed.
fn outcome<'a>(rules: impl Iterator<Item = &'a Rule>, decision: &Decision) -> Outcome {
    let denied = decision
        .violations
        .iter()
        .any(|v| v.enforcement == Enforcement::Enforce)
        || decision.failures.iter().any(|f| f.denies);
    if denied {
        return Outcome::Deny;
    }
    let open = rules
        .filter(|r| r.enforcement == Enforcement::Enforce)
        .filter(|r| decision.undetermined.iter().any(|u| u.by == r.name));
    open.map(|rule| match rule.on_undetermined {
        OnUndetermined::Undetermined => Outcome::Undetermined,
        OnUndetermined::Deny => Outcome::Deny,
        OnUndetermined::Pass => Outcome::Allow,
    })
    .max()
    .unwrap_or(Outcome::Allow)
}
