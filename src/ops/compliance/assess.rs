//! One cluster that exists, held against its policies: does it comply, what would enforcement change, does it then.
//!
//! A policy is made for requests, and fills in what a request leaves out. A cluster that exists lacks such a value, so
//! what would be filled in counts as a violation. Enforcement puts in place what the rules say in `details.enforce`,
//! and what they fill in; a remedy is advice for people and is never enforced.

use serde_json::{Map, Value, json};

use crate::model::attribute;
use crate::model::decision::{
    Decision, Enforcement, RuleFailure, RuleName, Supplied, SupplyKind, Undetermined, Violation,
};
use crate::model::unknown::Unknown;
use crate::report::compliance::{Change, MOST_VIOLATIONS};

/// A cluster, as far as judging it goes.
pub(super) struct Subject<'a> {
    /// The request that would create it as it is.
    pub body: &'a Value,
    /// Attributes of which nothing is known.
    pub unknown: &'a Unknown,
    /// Whether a rule is only monitored.
    pub is_monitored: &'a dyn Fn(&RuleName) -> bool,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Assessed {
    /// How it stands.
    pub now: Standing,
    /// What enforcement would change.
    pub changes: Vec<Change>,
    /// The request with the changes.
    pub changed: Value,
    /// How it then stands; none where that cannot be judged.
    pub after: Option<Standing>,
}

/// How a cluster stands towards its policies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Standing {
    /// Whether it complies; none where that cannot be said.
    pub is_compliant: Option<bool>,
    /// Every objection, monitored ones and missing values included.
    pub violations: Vec<Violation>,
    /// What rules would have to know.
    pub undetermined: Vec<Undetermined>,
    /// Rules that broke.
    pub failures: Vec<RuleFailure>,
}

/// Judges a cluster as it is, and with the changes that enforcement would make.
///
/// # Errors
/// Those of judging it as it is.
pub(super) fn assess<E>(
    subject: &Subject<'_>,
    judge: &dyn Fn(&Value) -> Result<Decision, E>,
) -> Result<Assessed, E> {
    let now = subject.standing(judge(subject.body)?);
    let (changes, changed) = changes(subject.body, &now.violations);
    let after = match changes.is_empty() {
        true => Some(now.clone()),
        false => judge(&changed).ok().map(|decision| subject.standing(decision)),
    };
    Ok(Assessed {
        now,
        changes,
        changed,
        after,
    })
}

impl Subject<'_> {
    fn is_unknown(&self, path: &str) -> bool {
        self.unknown.covers(path)
    }

    fn standing(&self, decision: Decision) -> Standing {
        let mut violations = decision.violations;
        let mut undetermined = decision.undetermined;
        for supplied in decision.supplied {
            if self.is_unknown(&supplied.path) {
                undetermined.push(Undetermined {
                    message: format!("the source does not tell `{}`", supplied.path),
                    path: supplied.path,
                    by: supplied.by,
                });
            } else {
                violations.push(self.missing(supplied));
            }
        }
        let counts = |by: &RuleName| !(self.is_monitored)(by);
        let violates = violations.iter().any(|v| v.enforcement == Enforcement::Enforce);
        let unclear =
            decision.failures.iter().any(|f| f.denies) || undetermined.iter().any(|u| counts(&u.by));
        Standing {
            is_compliant: match (violates, unclear) {
                (true, _) => Some(false),
                (false, true) => None,
                (false, false) => Some(true),
            },
            violations,
            undetermined,
            failures: decision.failures,
        }
    }

    /// A value that a rule would fill in and the cluster lacks.
    fn missing(&self, supplied: Supplied) -> Violation {
        let Supplied {
            path,
            value,
            kind,
            by,
        } = supplied;
        let what = match kind {
            SupplyKind::Fixed => "is fixed to",
            SupplyKind::Default => "is by default",
        };
        Violation {
            message: format!("`{path}` is not set, it {what} `{}`", shown(&path, &value)),
            databricks_message: None,
            actual: Value::Null,
            allowed: json!({ "value": value }),
            remedy: json!({ path.as_str(): value }),
            details: json!({ "enforce": { path.as_str(): value } }),
            expired_waiver: None,
            enforcement: match (self.is_monitored)(&by) {
                true => Enforcement::Monitor,
                false => Enforcement::Enforce,
            },
            path,
            by,
        }
    }
}

impl Standing {
    /// Takes values that belong into no message out of the objections, once nobody needs them any more.
    pub fn hide_secrets(&mut self) {
        for violation in self
            .violations
            .iter_mut()
            .filter(|v| attribute::holds_secret(&v.path))
        {
            for value in [
                &mut violation.actual,
                &mut violation.allowed,
                &mut violation.remedy,
                &mut violation.details,
            ] {
                *value = Value::Null;
            }
        }
    }

    /// Path to message, Databricks' own where it is known: the first of them, and how many more there are.
    pub fn messages(&self) -> (Map<String, Value>, usize) {
        let mut messages: Map<String, Value> = Map::new();
        for violation in self
            .violations
            .iter()
            .filter(|v| v.enforcement == Enforcement::Enforce)
        {
            let message = violation
                .databricks_message
                .as_ref()
                .unwrap_or(&violation.message);
            match messages.get_mut(&violation.path) {
                Some(Value::String(told)) if !told.split("; ").any(|one| one == message) => {
                    told.push_str("; ");
                    told.push_str(message);
                }
                Some(_) => {}
                None => {
                    messages.insert(violation.path.clone(), Value::String(message.clone()));
                }
            }
        }
        let left_out = messages.len().saturating_sub(MOST_VIOLATIONS);
        (messages.into_iter().take(MOST_VIOLATIONS).collect(), left_out)
    }
}

/// What enforcement would change, and the request with that. Of two rules that want different values for one
/// attribute the first has its way: judging again tells whether that is good enough.
fn changes(body: &Value, violations: &[Violation]) -> (Vec<Change>, Value) {
    let mut wanted: Vec<(&str, &Value)> = Vec::new();
    let enforced = violations
        .iter()
        .filter(|v| v.enforcement == Enforcement::Enforce)
        .filter_map(|v| v.details.get("enforce")?.as_object());
    for (path, value) in enforced.flatten() {
        if wanted.iter().all(|(known, _)| known != path) {
            wanted.push((path, value));
        }
    }
    let mut changed = body.clone();
    let mut changes = Vec::new();
    let mut removals = Vec::new();
    for (path, value) in wanted {
        let change = Change {
            field: path.to_owned(),
            previous_value: attribute::value(body, path).map(|v| shown(path, v)),
            new_value: (!value.is_null()).then(|| shown(path, value)),
        };
        if attribute::value(body, path).map(text) == (!value.is_null()).then(|| text(value)) {
            continue;
        }
        if value.is_null() {
            removals.push(path);
        } else if attribute::set(&mut changed, path, value.clone()).is_err() {
            // What cannot be put there is no change; judging again will say that it is still missing.
            continue;
        }
        changes.push(change);
    }
    // From the end of each list, so that removing one entry does not move the others that are to go.
    removals.sort_by_key(|path| std::cmp::Reverse(order(path)));
    for path in removals {
        attribute::remove(&mut changed, path);
    }
    (changes, changed)
}

/// Steps of a path, indices by their number.
fn order(path: &str) -> Vec<(usize, &str)> {
    let step = |step: &'_ str| step.parse::<usize>().unwrap_or(0);
    attribute::steps(path).into_iter().map(|s| (step(s), s)).collect()
}

/// A value as it is told; secrets are not.
fn shown(path: &str, value: &Value) -> String {
    match attribute::holds_secret(path) {
        true => "(hidden)".to_owned(),
        false => text(value),
    }
}

/// A value as the API's changes tell it.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::decision::FailureKind;
    use crate::model::unknown::NOTHING;

    fn by(rule: &str) -> RuleName {
        RuleName {
            policy: "p".to_owned(),
            rule: rule.to_owned(),
            plugin: "cluster-policy".to_owned(),
        }
    }

    fn decision(cluster: &Value) -> Decision {
        Decision::silent(cluster.clone())
    }

    fn violation(rule: &str, path: &str, enforce: Value) -> Violation {
        Violation {
            by: by(rule),
            path: path.to_owned(),
            message: format!("`{path}` is wrong"),
            databricks_message: None,
            actual: Value::Null,
            allowed: Value::Null,
            remedy: json!({ path: "never taken" }),
            details: match enforce {
                Value::Null => Value::Null,
                changes => json!({ "enforce": changes }),
            },
            expired_waiver: None,
            enforcement: Enforcement::Enforce,
        }
    }

    fn supplied(path: &str, value: Value, kind: SupplyKind) -> Supplied {
        Supplied {
            path: path.to_owned(),
            value,
            kind,
            by: by("tags"),
        }
    }

    /// A fake policy: `num_workers` at most 10 and enforced to 8; scripts forbidden; the tag `team` fixed.
    fn fake(cluster: &Value) -> Result<Decision, ()> {
        let mut decision = decision(cluster);
        if attribute::value(cluster, "num_workers").and_then(Value::as_i64) > Some(10) {
            let mut found = violation("size", "num_workers", json!({"num_workers": 8}));
            found.databricks_message = Some("Validation failed for num_workers".to_owned());
            decision.violations.push(found);
        }
        let scripts = cluster.get("init_scripts").and_then(Value::as_array);
        for i in 0..scripts.map_or(0, Vec::len) {
            let path = format!("init_scripts.{i}.dbfs.destination");
            let enforce = json!({ path.as_str(): null });
            decision.violations.push(violation("scripts", &path, enforce));
        }
        if attribute::value(cluster, "custom_tags.team").is_none() {
            decision
                .supplied
                .push(supplied("custom_tags.team", json!("data"), SupplyKind::Fixed));
        }
        Ok(decision)
    }

    fn assessed(body: &Value, judge: &dyn Fn(&Value) -> Result<Decision, ()>) -> Assessed {
        let subject = Subject {
            body,
            unknown: &Unknown::of(["spark_conf".to_owned()]),
            is_monitored: &|by| by.rule == "watched",
        };
        assess(&subject, judge).unwrap()
    }

    fn told(changes: &[Change]) -> Vec<(&str, Option<&str>, Option<&str>)> {
        changes
            .iter()
            .map(|c| {
                (
                    c.field.as_str(),
                    c.previous_value.as_deref(),
                    c.new_value.as_deref(),
                )
            })
            .collect()
    }

    #[test]
    fn enforcement_sets_removes_and_fills_in_and_the_result_is_judged_again() {
        let body = json!({"num_workers": 12, "init_scripts": [{"dbfs": {"destination": "a"}},
            {"dbfs": {"destination": "b"}}]});
        let found = assessed(&body, &fake);
        assert_eq!(found.now.is_compliant, Some(false));
        assert_eq!(
            told(&found.changes),
            [
                ("num_workers", Some("12"), Some("8")),
                ("init_scripts.0.dbfs.destination", Some("a"), None),
                ("init_scripts.1.dbfs.destination", Some("b"), None),
                ("custom_tags.team", None, Some("data")),
            ]
        );
        assert_eq!(
            found.changed,
            json!({"num_workers": 8, "custom_tags": {"team": "data"}})
        );
        assert_eq!(found.after.unwrap().is_compliant, Some(true));
        let (messages, more) = found.now.messages();
        assert_eq!((messages.len(), more), (4, 0));
        assert_eq!(messages["num_workers"], "Validation failed for num_workers");
        assert_eq!(
            messages["custom_tags.team"],
            "`custom_tags.team` is not set, it is fixed to `data`"
        );
    }

    #[test]
    fn what_complies_is_left_alone() {
        let body = json!({"num_workers": 2, "custom_tags": {"team": "x"}});
        let found = assessed(&body, &fake);
        assert_eq!((found.now.is_compliant, found.changes.len()), (Some(true), 0));
        assert_eq!(found.changed, body);
        assert_eq!(found.after.unwrap().is_compliant, Some(true));
    }

    #[test]
    fn a_remedy_is_not_enforcement_and_what_cannot_be_repaired_stays() {
        let judge = |cluster: &Value| -> Result<Decision, ()> {
            let mut decision = decision(cluster);
            decision
                .violations
                .push(violation("a", "node_type_id", Value::Null));
            decision.violations.push(violation(
                "b",
                "num_workers.x",
                json!({"num_workers.x": 1, "kind": "y"}),
            ));
            // A second opinion on one attribute is not asked.
            decision
                .violations
                .push(violation("c", "kind", json!({"kind": "z"})));
            Ok(decision)
        };
        let found = assessed(&json!({"num_workers": 2}), &judge);
        assert_eq!(told(&found.changes), [("kind", None, Some("y"))]);
        assert_eq!(found.changed, json!({"num_workers": 2, "kind": "y"}));
        assert_eq!(found.after.unwrap().is_compliant, Some(false));
    }

    #[test]
    fn monitored_rules_do_not_count() {
        let judge = |cluster: &Value| -> Result<Decision, ()> {
            let mut decision = decision(cluster);
            let mut watched = violation("watched", "kind", json!({"kind": "y"}));
            watched.enforcement = Enforcement::Monitor;
            decision.violations.push(watched);
            decision.undetermined.push(Undetermined {
                by: by("watched"),
                path: "kind".to_owned(),
                message: "not told".to_owned(),
            });
            Ok(decision)
        };
        let found = assessed(&json!({}), &judge);
        assert_eq!((found.now.is_compliant, found.changes.len()), (Some(true), 0));
        assert_eq!((found.now.violations.len(), found.now.messages().0.len()), (1, 0));
    }

    #[test]
    fn what_the_source_does_not_tell_and_what_broke_leave_it_open() {
        let untold = |cluster: &Value| -> Result<Decision, ()> {
            let mut decision = decision(cluster);
            decision
                .supplied
                .push(supplied("spark_conf.a", json!("b"), SupplyKind::Fixed));
            Ok(decision)
        };
        let found = assessed(&json!({}), &untold);
        assert_eq!(
            (
                found.now.is_compliant,
                found.now.undetermined.len(),
                found.changes.len()
            ),
            (None, 1, 0)
        );
        let broken = |cluster: &Value| -> Result<Decision, ()> {
            let mut decision = decision(cluster);
            decision.failures.push(RuleFailure {
                by: by("a"),
                kind: FailureKind::Trap,
                message: "trapped".to_owned(),
                denies: true,
            });
            Ok(decision)
        };
        assert_eq!(assessed(&json!({}), &broken).now.is_compliant, None);
        // A default that the rule would put there is missing all the same.
        let default = |cluster: &Value| -> Result<Decision, ()> {
            let mut decision = decision(cluster);
            if cluster.get("autotermination_minutes").is_none() {
                decision.supplied.push(supplied(
                    "autotermination_minutes",
                    json!(60),
                    SupplyKind::Default,
                ));
            }
            Ok(decision)
        };
        let found = assessed(&json!({}), &default);
        assert_eq!(found.now.is_compliant, Some(false));
        assert_eq!(
            told(&found.changes),
            [("autotermination_minutes", None, Some("60"))]
        );
        assert_eq!(found.after.unwrap().is_compliant, Some(true));
    }

    #[test]
    fn secrets_are_in_nothing_that_is_told() {
        let path = "spark_conf.fs.azure.account.key.x";
        let judge = |cluster: &Value| -> Result<Decision, ()> {
            let mut decision = decision(cluster);
            if attribute::value(cluster, path).is_none() {
                decision
                    .supplied
                    .push(supplied(path, json!("hunter2"), SupplyKind::Fixed));
            }
            Ok(decision)
        };
        let body = json!({});
        let subject = Subject {
            body: &body,
            unknown: &NOTHING,
            is_monitored: &|_| false,
        };
        let mut found = assess(&subject, &judge).unwrap();
        assert_eq!(found.changed["spark_conf"]["fs.azure.account.key.x"], "hunter2");
        assert_eq!(told(&found.changes), [(path, None, Some("(hidden)"))]);
        found.now.hide_secrets();
        assert!(!format!("{:?}", found.now).contains("hunter2"));
    }

    #[test]
    fn only_the_first_200_violations_are_told() {
        let many = |cluster: &Value| -> Result<Decision, ()> {
            let mut decision = decision(cluster);
            for i in 0..203 {
                let path = format!("spark_env_vars.V{i}");
                decision.violations.push(violation("a", &path, Value::Null));
                decision.violations.push(violation("b", &path, Value::Null));
            }
            Ok(decision)
        };
        let (messages, more) = assessed(&json!({}), &many).now.messages();
        assert_eq!((messages.len(), more), (200, 3));
        // Two rules that say the same are told once.
        assert_eq!(messages["spark_env_vars.V0"], "`spark_env_vars.V0` is wrong");
    }
}
