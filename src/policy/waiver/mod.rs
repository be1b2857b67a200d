//! Waivers: dated and reasoned exceptions from rules.
//!
//! Comes in: a decision, what is seen of its request, and waivers. Goes out: the same decision, in which every objection that a
//! waiver covers stands under `waived`, and every other one that a waiver covered until it expired says so. Invariants: a
//! waiver never makes an outcome worse, never touches what another rule says, and the order of waivers is nothing. What a
//! rule cannot judge and rules that broke are no objections, and no waiver covers them.

mod file;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde_json::Value;
use std::cmp::Reverse;
use tollgate_policy_language::path::is_within;

use crate::model::decision::{self, Decision, Violation, Waived};
use crate::model::{glob, path_pattern};

pub use file::{SCHEMA, WaiverFile};

/// A waiver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiver {
    /// As decisions name it.
    pub named: decision::Waiver,
    /// The first day on which it holds; none where it always did.
    pub approved: Option<NaiveDate>,
    /// The last day on which it holds.
    pub expires: NaiveDate,
    /// Where it was discussed.
    pub ticket: Option<String>,
    /// What it covers.
    pub scope: Scope,
}

/// What a waiver covers: everything that is given must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scope {
    /// The policy.
    pub policy: Option<String>,
    /// The rule.
    pub rule: Option<String>,
    /// The attribute, or one that lies around it.
    pub path: Option<String>,
    /// Pattern of the address, or of the name.
    pub resource: Option<String>,
    /// Pattern of the file.
    pub source: Option<String>,
    /// Tags, with patterns of their values.
    pub tags: Vec<(String, String)>,
    /// The value found.
    pub value: Option<Value>,
    /// The largest value that is covered.
    pub at_most: Option<Decimal>,
    /// The smallest value that is covered.
    pub at_least: Option<Decimal>,
}

/// What a waiver sees of a request.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// Where inside its document.
    pub address: Option<&'a str>,
    /// Its name.
    pub name: Option<&'a str>,
    /// Its file; none for standard input.
    pub path: Option<&'a str>,
    /// The value of a tag; none where it has none, or nobody knows it.
    pub tag: &'a dyn Fn(&str) -> Option<String>,
}

/// How a waiver stands on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It holds from a later day on.
    Early,
    /// It holds.
    Holds,
    /// It has expired.
    Expired,
}

impl Waiver {
    /// How it stands on a day.
    pub fn on(&self, day: NaiveDate) -> Standing {
        if day > self.expires {
            Standing::Expired
        } else if self.approved.is_some_and(|approved| day < approved) {
            Standing::Early
        } else {
            Standing::Holds
        }
    }

    /// Days for which it holds from a day on, that day included; 0 or less after it has expired.
    pub fn days_left(&self, day: NaiveDate) -> i64 {
        let days = self.expires.signed_duration_since(day).num_days();
        days.saturating_add(1)
    }

    /// Of several that cover one objection the one that holds longest is named.
    fn rank(&self) -> (Reverse<NaiveDate>, &decision::Waiver) {
        (Reverse(self.expires), &self.named)
    }
}

/// Sets aside what waivers cover on a day; the caller computes the outcome again.
pub fn apply(waivers: &[Waiver], day: NaiveDate, subject: &Subject<'_>, decision: &mut Decision) {
    let best = |violation: &Violation, standing: Standing| {
        waivers
            .iter()
            .filter(|w| w.on(day) == standing && w.scope.covers(violation, subject))
            .min_by_key(|w| w.rank())
            .map(|w| w.named.clone())
    };
    for mut violation in std::mem::take(&mut decision.violations) {
        match best(&violation, Standing::Holds) {
            Some(waiver) => decision.waived.push(Waived { violation, waiver }),
            None => {
                violation.expired_waiver = best(&violation, Standing::Expired);
                decision.violations.push(violation);
            }
        }
    }
}

impl Scope {
    /// Whether an objection to a request is covered.
    pub fn covers(&self, violation: &Violation, subject: &Subject<'_>) -> bool {
        let is = |wanted: &Option<String>, found: &str| wanted.as_deref().is_none_or(|w| w == found);
        let fits = |pattern: &String, found: Option<&str>| found.is_some_and(|f| glob::matches(pattern, f));
        let resource = self.resource.as_ref();
        let source = self.source.as_ref();
        let mut tags = self.tags.iter();
        is(&self.policy, &violation.by.policy)
            && is(&self.rule, &violation.by.rule)
            && self
                .path
                .as_deref()
                .is_none_or(|path| is_within(&violation.path, path))
            && resource.is_none_or(|r| fits(r, subject.address) || fits(r, subject.name))
            && source.is_none_or(|s| subject.path.is_some_and(|path| path_pattern::matches(s, path)))
            && tags.all(|(key, pattern)| fits(pattern, (subject.tag)(key).as_deref()))
            && self.covers_value(&violation.actual)
    }

    fn covers_value(&self, found: &Value) -> bool {
        let number = number(found);
        let bounded = |bound: Option<Decimal>, within: fn(Decimal, Decimal) -> bool| {
            bound.is_none_or(|bound| number.is_some_and(|found| within(found, bound)))
        };
        let same = self
            .value
            .as_ref()
            .is_none_or(|value| match (self::number(value), number) {
                (Some(value), Some(found)) => value == found,
                _ => value == found,
            });
        same && bounded(self.at_most, |found, bound| found <= bound)
            && bounded(self.at_least, |found, bound| found >= bound)
    }
}

/// A number of JSON; texts are none.
fn number(value: &Value) -> Option<Decimal> {
    let text = value.as_number()?.to_string();
    text.parse().ok().or_else(|| Decimal::from_scientific(&text).ok())
}

#[cfg(test)]
mod tests;
