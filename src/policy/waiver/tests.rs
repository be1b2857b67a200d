use super::*;
use crate::model::decision::{Enforcement, Outcome, RuleName};
use crate::policy::combine::outcome_of;
use proptest::prelude::*;
use serde_json::json;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn waiver(name: &str, approved: Option<&str>, expires: &str, scope: Scope) -> Waiver {
    Waiver {
        named: decision::Waiver {
            waiver: name.to_owned(),
            reason: "r".to_owned(),
            approved_by: "x".to_owned(),
            expires: expires.to_owned(),
            source: "w.yaml".to_owned(),
            line: 1,
        },
        approved: approved.map(day),
        expires: day(expires),
        ticket: None,
        scope,
    }
}

fn rule(name: &str) -> Scope {
    Scope {
        rule: Some(name.to_owned()),
        ..Scope::default()
    }
}

fn violation(policy: &str, rule: &str, path: &str, actual: Value) -> Violation {
    Violation {
        by: RuleName {
            policy: policy.to_owned(),
            rule: rule.to_owned(),
            plugin: "p".to_owned(),
        },
        path: path.to_owned(),
        message: "m".to_owned(),
        databricks_message: None,
        actual,
        allowed: Value::Null,
        remedy: Value::Null,
        enforcement: Enforcement::Enforce,
        expired_waiver: None,
        details: Value::Null,
    }
}

fn denied(violations: Vec<Violation>) -> Decision {
    let outcome = match violations.is_empty() {
        true => Outcome::Allow,
        false => Outcome::Deny,
    };
    Decision {
        outcome,
        violations,
        ..Decision::silent(Value::Null)
    }
}

const SUBJECT: Subject<'_> = Subject {
    address: Some("databricks_job.nightly"),
    name: Some("etl-nightly"),
    path: Some("teams/etl/plan.json"),
    tag: &|key| (key == "team").then(|| "data".to_owned()),
};

#[test]
fn everything_that_is_given_must_hold() {
    let some = |text: &str| Some(text.to_owned());
    let size = || violation("etl-jobs", "size", "autoscale.max_workers", json!(24));
    let tags = |key: &str, value: &str| vec![(key.to_owned(), value.to_owned())];
    let d = Scope::default;
    for (scope, expected) in [
        (
            Scope {
                policy: some("etl-jobs"),
                rule: some("size"),
                ..d()
            },
            true,
        ),
        (
            Scope {
                policy: some("etl"),
                rule: some("size"),
                ..d()
            },
            false,
        ),
        (
            Scope {
                rule: some("size"),
                path: some("autoscale"),
                ..d()
            },
            true,
        ),
        (
            Scope {
                rule: some("size"),
                path: some("autoscale.max"),
                ..d()
            },
            false,
        ),
        (
            Scope {
                rule: some("size"),
                resource: some("databricks_job.*"),
                ..d()
            },
            true,
        ),
        (
            Scope {
                rule: some("size"),
                resource: some("etl-*"),
                ..d()
            },
            true,
        ),
        (
            Scope {
                rule: some("size"),
                resource: some("*daily"),
                ..d()
            },
            false,
        ),
        (
            Scope {
                rule: some("size"),
                source: some("teams/**"),
                ..d()
            },
            true,
        ),
        (
            Scope {
                rule: some("size"),
                source: some("teams/*"),
                ..d()
            },
            false,
        ),
        (
            Scope {
                rule: some("size"),
                tags: tags("team", "da*"),
                ..d()
            },
            true,
        ),
        (
            Scope {
                rule: some("size"),
                tags: tags("owner", "*"),
                ..d()
            },
            false,
        ),
        (
            Scope {
                rule: some("size"),
                value: Some(json!(24.0)),
                ..d()
            },
            true,
        ),
        (
            Scope {
                rule: some("size"),
                value: Some(json!("24")),
                ..d()
            },
            false,
        ),
        (
            Scope {
                rule: some("size"),
                at_most: Some(24.into()),
                ..d()
            },
            true,
        ),
        (
            Scope {
                rule: some("size"),
                at_most: Some(23.into()),
                ..d()
            },
            false,
        ),
        (
            Scope {
                rule: some("size"),
                at_least: Some(25.into()),
                ..d()
            },
            false,
        ),
    ] {
        assert_eq!(scope.covers(&size(), &SUBJECT), expected, "{scope:?}");
    }
    // Of what nobody sees nothing is covered.
    let nowhere = Subject {
        path: None,
        ..SUBJECT
    };
    let scope = Scope {
        rule: some("size"),
        source: some("**"),
        ..d()
    };
    assert!(!scope.covers(&size(), &nowhere));
    let bounded = Scope {
        rule: some("size"),
        at_most: Some(24.into()),
        ..d()
    };
    assert!(!bounded.covers(
        &violation("etl-jobs", "size", "num_workers", json!("24")),
        &SUBJECT
    ));
}

#[test]
fn a_waiver_holds_from_its_approval_through_the_day_it_expires() {
    let w = waiver("a", Some("2026-10-01"), "2026-12-31", rule("size"));
    for (on, expected) in [
        ("2026-09-30", Standing::Early),
        ("2026-10-01", Standing::Holds),
        ("2026-12-31", Standing::Holds),
        ("2027-01-01", Standing::Expired),
    ] {
        assert_eq!(w.on(day(on)), expected, "{on}");
        let mut decision = denied(vec![violation("p", "size", "num_workers", json!(24))]);
        apply(std::slice::from_ref(&w), day(on), &SUBJECT, &mut decision);
        assert_eq!(decision.waived.len(), usize::from(expected == Standing::Holds));
        let since = decision
            .violations
            .first()
            .and_then(|v| v.expired_waiver.as_ref());
        assert_eq!(since.is_some(), expected == Standing::Expired);
    }
}

#[test]
fn of_several_the_one_that_holds_longest_is_named() {
    let waivers = [
        waiver("a", None, "2026-10-01", rule("size")),
        waiver("b", None, "2026-10-03", rule("size")),
        waiver("c", None, "2026-10-03", rule("size")),
        waiver("d", None, "2026-10-09", rule("other")),
    ];
    let named = |on: &str| {
        let mut decision = denied(vec![violation("p", "size", "num_workers", json!(24))]);
        apply(&waivers, day(on), &SUBJECT, &mut decision);
        let waived = decision.waived.first().map(|w| w.waiver.waiver.clone());
        let expired = decision.violations.first().and_then(|v| v.expired_waiver.clone());
        (waived, expired.map(|w| w.waiver))
    };
    assert_eq!(named("2026-10-01"), (Some("b".to_owned()), None));
    assert_eq!(named("2026-10-05"), (None, Some("b".to_owned())));
}

proptest! {
    /// Waivers only ever help, whatever their order, and what they do not name they do not touch.
    #[test]
    fn waivers_only_help_and_their_order_is_nothing(
        told in prop::collection::vec(("[ab]", 1_u32..9, prop::option::of(1_u32..9)), 0..6),
        objections in prop::collection::vec(("[abc]", any::<bool>()), 0..5),
        on in 1_u32..9,
    ) {
        let mut waivers: Vec<Waiver> = told.iter().enumerate().map(|(i, (of, expires, approved))| {
            let date = |d: u32| format!("2026-10-{d:02}");
            let approved = approved.map(date);
            waiver(&format!("w{i}"), approved.as_deref(), &date(*expires), rule(of))
        }).collect();
        let before = denied(objections.iter().map(|(of, enforced)| Violation {
            enforcement: if *enforced { Enforcement::Enforce } else { Enforcement::Monitor },
            ..violation("p", of, "x", Value::Null)
        }).collect());
        let before = Decision { outcome: outcome_of(&[], &before), ..before };
        let on = day(&format!("2026-10-{on:02}"));
        let applied = |waivers: &[Waiver]| {
            let mut decision = before.clone();
            apply(waivers, on, &SUBJECT, &mut decision);
            decision.outcome = outcome_of(&[], &decision);
            decision
        };
        let after = applied(&waivers);
        prop_assert!(after.outcome <= before.outcome);
        prop_assert_eq!(after.violations.len() + after.waived.len(), before.violations.len());
        // No waiver names `c`.
        let of_c = |d: &Decision| d.violations.iter().filter(|v| v.by.rule == "c").cloned().collect::<Vec<_>>();
        prop_assert_eq!(of_c(&after), of_c(&before));
        prop_assert!(after.waived.iter().all(|w| w.violation.by.rule != "c"));
        waivers.reverse();
        prop_assert_eq!(applied(&waivers), after);
    }
}
