//! A file of waivers: YAML or JSON, held against one schema, every problem with its place.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

use super::{Scope, Waiver, number};
use crate::model::decision;
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::document::Document;
use crate::model::schema::OwnSchema;
use crate::model::suggest::hint;

/// The schema of files of waivers; editors can use it too.
pub const SCHEMA: &str = include_str!("../../../policies/schema/waivers.schema.json");

static HELD_AGAINST: OwnSchema = OwnSchema::new(SCHEMA);

/// Days after which a waiver should be looked at again: a year, and the day of a leap year.
const MOST_DAYS: i64 = 366;

/// The rule of a policy that a document defines.
const DEFINITION_RULE: &str = "definition";

/// A file of waivers.
#[derive(Debug, Clone)]
pub struct WaiverFile {
    /// The waivers, in the order written.
    pub waivers: Vec<Waiver>,
    document: Document,
}

#[derive(Deserialize)]
struct Form {
    waiver: String,
    reason: String,
    approved_by: String,
    approved: Option<String>,
    expires: String,
    ticket: Option<String>,
    scope: ScopeForm,
}

#[derive(Deserialize)]
struct ScopeForm {
    policy: Option<String>,
    rule: Option<String>,
    path: Option<String>,
    resource: Option<String>,
    source: Option<String>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
    value: Option<Value>,
    at_most: Option<Value>,
    at_least: Option<Value>,
}

impl WaiverFile {
    /// Parses and checks a file of waivers.
    ///
    /// # Errors
    /// `document::*`, `waiver::schema`, `waiver::date`, `waiver::scope`, `waiver::duplicate`; all problems at once.
    pub fn parse(source: &str, text: &str) -> Result<WaiverFile, Diagnostics> {
        #[derive(Deserialize)]
        struct File {
            waivers: Vec<Form>,
        }
        let document = Document::parse(source, text)?;
        HELD_AGAINST.check(&document, "waiver::schema")?;
        let file: File = serde_json::from_value(document.value.clone())
            .map_err(|e| document.error("waiver::schema", "", e.to_string()))?;
        let mut problems = Vec::new();
        let mut read = WaiverFile {
            waivers: Vec::new(),
            document,
        };
        for (i, form) in file.waivers.iter().enumerate() {
            let mut earlier = file.waivers.iter().take(i);
            if earlier.any(|other| other.waiver == form.waiver) {
                let message = format!("the waiver `{}` is given twice", form.waiver);
                problems.push(read.duplicate(i, message));
            }
        }
        for (i, form) in file.waivers.into_iter().enumerate() {
            match waiver(&read.document, i, form) {
                Ok(waiver) => read.waivers.push(waiver),
                Err(found) => problems.extend(found),
            }
        }
        match problems.is_empty() {
            true => Ok(read),
            false => Err(Diagnostics(problems).sorted()),
        }
    }

    /// Waivers whose names another file has.
    pub fn duplicates_of(&self, other: &WaiverFile) -> Vec<Diagnostic> {
        let (theirs, source) = (other.names(), &other.document.source);
        let names = self.names().into_iter().enumerate();
        names
            .filter(|(_, name)| theirs.contains(name))
            .map(|(i, name)| self.duplicate(i, format!("`{source}` has a waiver `{name}` already")))
            .collect()
    }

    /// Waivers of policies and rules that are not at hand. A policy that a document defines has a name with dots, and only the
    /// document knows it.
    pub fn strangers(&self, rules_of: &BTreeMap<&str, Vec<&str>>) -> Vec<Diagnostic> {
        let policies: Vec<&str> = rules_of.keys().copied().collect();
        let mut found = Vec::new();
        for (i, waiver) in self.waivers.iter().enumerate() {
            let policy = waiver.scope.policy.as_deref().filter(|p| !p.contains('.'));
            let rules = match (policy, &waiver.scope.policy) {
                (Some(policy), _) => rules_of.get(policy).cloned(),
                (None, Some(_)) => Some(vec![DEFINITION_RULE]),
                (None, None) => Some(
                    rules_of
                        .values()
                        .flatten()
                        .copied()
                        .chain([DEFINITION_RULE])
                        .collect(),
                ),
            };
            let Some(rules) = rules else {
                let policy = policy.unwrap_or_default();
                let message = format!("there is no policy `{policy}`");
                let hint = hint(policy, &policies, |all| format!("policies at hand: {all}"));
                found.push(
                    self.error("waiver::unknown-policy", i, "scope/policy", message)
                        .hint(hint),
                );
                continue;
            };
            if let Some(rule) = waiver.scope.rule.as_deref().filter(|rule| !rules.contains(rule)) {
                let message = match policy {
                    Some(policy) => format!("the policy `{policy}` has no rule `{rule}`"),
                    None => format!("no policy has a rule `{rule}`"),
                };
                let hint = hint(rule, &rules, |all| format!("rules at hand: {all}"));
                found.push(
                    self.error("waiver::unknown-rule", i, "scope/rule", message)
                        .hint(hint),
                );
            }
        }
        found
    }

    /// Waivers that hold for longer than a year, counted from their approval, or from the day of asking.
    pub fn long_ones(&self, day: NaiveDate) -> Vec<Diagnostic> {
        let long = |(i, waiver): (usize, &Waiver)| {
            let days = waiver.days_left(waiver.approved.unwrap_or(day));
            (days > MOST_DAYS).then(|| {
                let message = format!("holds for {days} days, expected at most {MOST_DAYS}");
                let found = self.error("waiver::long", i, "expires", message);
                Diagnostic {
                    severity: crate::model::diagnostic::Severity::Warning,
                    ..found.hint(
                        "an exception that nobody looks at again is a rule: change the rule, or look again",
                    )
                }
            })
        };
        self.waivers.iter().enumerate().filter_map(long).collect()
    }

    fn names(&self) -> Vec<&str> {
        self.waivers.iter().map(|w| w.named.waiver.as_str()).collect()
    }

    fn duplicate(&self, i: usize, message: String) -> Diagnostic {
        let found = self.error("waiver::duplicate", i, "waiver", message);
        found.hint("give each waiver a name of its own")
    }

    /// An error at a part of a waiver, by its number.
    fn error(&self, code: &'static str, i: usize, part: &str, message: String) -> Diagnostic {
        self.document
            .error(code, &format!("/waivers/{i}/{part}"), message)
    }
}

fn waiver(document: &Document, i: usize, form: Form) -> Result<Waiver, Vec<Diagnostic>> {
    let at = |part: &str| format!("/waivers/{i}/{part}");
    let mut problems = Vec::new();
    let mut date = |part: &str, text: &str| {
        let read = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
        if read.is_none() {
            let message = format!("`{text}` is no day of the calendar");
            let found = document.error("waiver::date", &at(part), message);
            problems.push(found.hint("expected a day as in `2026-12-31`"));
        }
        read
    };
    let approved = form.approved.as_deref().and_then(|text| date("approved", text));
    let expires = date("expires", &form.expires);
    if let (Some(approved), Some(expires)) = (approved, expires)
        && expires < approved
    {
        let message = format!("expires on {expires}, before it was approved on {approved}");
        let found = document.error("waiver::date", &at("expires"), message);
        problems.push(found.hint("`expires` is the last day on which it holds"));
    }
    if form.scope.policy.is_none() && form.scope.rule.is_none() {
        let message = "names neither a policy nor a rule, so it would cover everything";
        let found = document.error("waiver::scope", &at("scope"), message);
        problems.push(found.hint("say which `policy`, which `rule`, or both"));
    }
    let (Some(expires), true) = (expires, problems.is_empty()) else {
        return Err(problems);
    };
    Ok(Waiver {
        named: decision::Waiver {
            waiver: form.waiver,
            reason: form.reason,
            approved_by: form.approved_by,
            expires: form.expires,
            source: document.source.clone(),
            line: document.place(&format!("/waivers/{i}")).line,
        },
        approved,
        expires,
        ticket: form.ticket,
        scope: form.scope.into(),
    })
}

impl From<ScopeForm> for Scope {
    fn from(form: ScopeForm) -> Scope {
        let bound = |value: Option<Value>| -> Option<Decimal> { value.as_ref().and_then(number) };
        Scope {
            policy: form.policy,
            rule: form.rule,
            path: form.path,
            resource: form.resource,
            source: form.source,
            tags: form.tags.into_iter().collect(),
            value: form.value,
            at_most: bound(form.at_most),
            at_least: bound(form.at_least),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> Vec<(&'static str, usize, String)> {
        let problems = WaiverFile::parse("w.yaml", text).unwrap_err();
        problems.0.into_iter().map(|d| (d.code, d.line, d.path)).collect()
    }

    const EXAMPLE: &str = r#"
waivers:
  - waiver: gpu-poc
    reason: "A proof of concept needs more workers until the end of the year."
    approved_by: ana@example.com
    approved: 2026-10-01
    expires: 2026-12-31
    ticket: OPS-123
    scope:
      policy: etl-jobs
      rule: size
      path: num_workers
      resource: "databricks_job.nightly*"
      source: "teams/etl/**"
      tags: { team: data }
      at_most: 24
  - { waiver: b, reason: r, approved_by: x, expires: 2028-01-01, scope: { rule: sise } }
  - { waiver: c, reason: r, approved_by: x, expires: 2026-12-01, scope: { policy: etl-job, rule: size } }
  - { waiver: d, reason: r, approved_by: x, expires: 2026-12-01, scope: { policy: databricks_cluster_policy.team, rule: definition } }
"#;

    #[test]
    fn all_of_a_waiver_is_read() {
        let read = WaiverFile::parse("w.yaml", EXAMPLE).unwrap();
        let first = &read.waivers[0];
        assert_eq!((first.named.waiver.as_str(), first.named.line), ("gpu-poc", 3));
        assert_eq!(first.named.expires, "2026-12-31");
        assert_eq!(first.ticket.as_deref(), Some("OPS-123"));
        assert_eq!(first.scope.tags, [("team".to_owned(), "data".to_owned())]);
        assert_eq!(first.scope.at_most, Some(24.into()));
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        assert_eq!(first.days_left(day("2026-12-31")), 1);
        assert_eq!(first.days_left(day("2027-01-01")), 0);
        let long: Vec<usize> = read.long_ones(day("2026-10-01")).iter().map(|d| d.line).collect();
        assert_eq!(long, [17]);
    }

    #[test]
    fn what_is_not_at_hand_is_told_with_the_nearest_name() {
        let read = WaiverFile::parse("w.yaml", EXAMPLE).unwrap();
        let rules = [("etl-jobs", vec!["size", "no-gpu"])].into_iter().collect();
        let found: Vec<_> = read
            .strangers(&rules)
            .into_iter()
            .map(|d| (d.code, d.line, d.hint.unwrap_or_default()))
            .collect();
        assert_eq!(
            found,
            [
                ("waiver::unknown-rule", 17, "did you mean `size`?".to_owned()),
                (
                    "waiver::unknown-policy",
                    18,
                    "did you mean `etl-jobs`?".to_owned()
                ),
            ]
        );
        assert_eq!(read.duplicates_of(&read).len(), 4);
    }

    #[test]
    fn everything_wrong_is_told_at_once_with_its_line() {
        let text = r#"
waivers:
  - { waiver: a, reason: r, approved_by: x, expires: 2026-02-30, scope: {} }
  - { waiver: b, reason: r, approved_by: x, approved: 2026-03-02, expires: 2026-03-01, scope: { rule: size } }
  - { waiver: c, reason: r, approved_by: x, expires: 2026-03-01, scope: { rule: size } }
  - { waiver: c, reason: r, approved_by: x, expires: 2026-03-01, scope: { rule: size } }
"#;
        let at = |code, line, path: &str| (code, line, path.to_owned());
        assert_eq!(
            problems(text),
            [
                at("waiver::date", 3, "waivers.0.expires"),
                at("waiver::scope", 3, "waivers.0.scope"),
                at("waiver::date", 4, "waivers.1.expires"),
                at("waiver::duplicate", 6, "waivers.3.waiver"),
            ]
        );
        let text = "waivers:\n  - { waiver: a, reason: ' ', approvd_by: x, expires: tomorrow, scope: { rule: size } }\n";
        let found = problems(text);
        assert!(
            found.iter().all(|(code, ..)| *code == "waiver::schema"),
            "{found:?}"
        );
        assert_eq!(found.len(), 4, "{found:?}");
    }
}
