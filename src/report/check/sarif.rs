//! A check as SARIF 2.1.0: every objection a result, every rule that spoke with its manual.

use serde::{Serialize, Serializer};
use serde_json::{Value, json};
use std::collections::BTreeMap;

use super::objection::{self, rule};
use super::{CheckReport, Entry, RuleHelp};
use crate::model::decision::{Enforcement, Outcome, RuleFailure, RuleName, Undetermined, Violation, Waived};
use crate::report::render::name::visible;
use crate::report::sarif::{Log, log, place};

/// The log of one run.
pub fn sarif<'a>(report: &'a CheckReport<'a>) -> Log<Results<'a>> {
    let mut rules: Vec<&RuleName> = Vec::new();
    for by in report.entries.iter().flat_map(|entry| entry.decision.speakers()) {
        if !rules.contains(&by) {
            rules.push(by);
        }
    }
    let descriptors = rules.iter().map(|by| descriptor(by, report.help(by))).collect();
    let results = Results {
        entries: &report.entries,
        rules,
    };
    log(descriptors, results, &report.problems.clone().sorted())
}

/// What was found of every cluster; made while it is written, since it is more text than the clusters themselves.
#[derive(Debug)]
pub struct Results<'a> {
    entries: &'a [Entry<'a>],
    /// Those that results refer to by number.
    rules: Vec<&'a RuleName>,
}

impl Serialize for Results<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut telling = Telling {
            rules: &self.rules,
            fingerprints: BTreeMap::new(),
        };
        to.collect_seq(self.entries.iter().flat_map(|entry| telling.entry(entry)))
    }
}

struct Telling<'a> {
    rules: &'a [&'a RuleName],
    /// Fingerprints without their numbers, each with how often it was there.
    fingerprints: BTreeMap<String, usize>,
}

impl Telling<'_> {
    /// All results of a cluster.
    fn entry(&mut self, entry: &Entry<'_>) -> Vec<Value> {
        let decision = entry.decision;
        let mut results = Vec::new();
        for violation in &decision.violations {
            let (level, path) = (of_violation(violation), &violation.path);
            let lines = objection::lines(entry, violation);
            results.push(self.result(entry, &violation.by, level, path, &lines));
        }
        for waived in &decision.waived {
            let violation = &waived.violation;
            let (level, path) = (of_violation(violation), &violation.path);
            let lines = objection::lines(entry, violation);
            let mut result = self.result(entry, &violation.by, level, path, &lines);
            if let Some(members) = result.as_object_mut() {
                members.insert("suppressions".to_owned(), json!([suppression(waived)]));
            }
            results.push(result);
        }
        for unknown in &decision.undetermined {
            results.push(self.undetermined(entry, unknown));
        }
        for failure in &decision.failures {
            results.push(self.failure(entry, failure));
        }
        results
    }

    /// The standard has a kind `open` for what could not be judged, and forbids it any level but `none`, which code hosts
    /// do not show. What keeps a cluster from being created must be seen, so it has a level, and is of the usual kind.
    fn undetermined(&mut self, entry: &Entry<'_>, unknown: &Undetermined) -> Value {
        let level = match entry.decision.outcome {
            Outcome::Allow => "note",
            Outcome::Undetermined | Outcome::Deny => "warning",
        };
        let lines = [
            format!("cannot judge `{}`", unknown.path),
            unknown.message.clone(),
        ];
        self.result(entry, &unknown.by, level, &unknown.path, &lines)
    }

    fn failure(&mut self, entry: &Entry<'_>, failure: &RuleFailure) -> Value {
        let level = if failure.denies { "error" } else { "warning" };
        let lines = [objection::broke(failure).to_owned(), failure.message.clone()];
        self.result(entry, &failure.by, level, "", &lines)
    }

    fn result(
        &mut self,
        entry: &Entry<'_>,
        by: &RuleName,
        level: &str,
        path: &str,
        lines: &[String],
    ) -> Value {
        let request = &entry.request;
        let address = request.address.or(request.name).unwrap_or_default();
        let inside = match (request.address, path) {
            (Some(address), "") => address.to_owned(),
            (Some(address), path) => format!("{address}.{path}"),
            (None, path) => path.to_owned(),
        };
        let name = request.name.unwrap_or("the cluster");
        let (source, line) = entry.place_of(path);
        json!({
            "ruleId": rule(by),
            "ruleIndex": self.rules.iter().position(|known| *known == by),
            "level": level,
            "message": {"text": message(name, lines)},
            "locations": [place(source, line, 0, &inside)],
            "partialFingerprints": {
                "primaryLocationLineHash": self.fingerprint(by, address, path),
            },
            "properties": {
                "decision": entry.decision.outcome.as_str(),
                "plugin": by.plugin,
                "kind": entry.kind.as_str(),
                "action": entry.action.as_str(),
            },
        })
    }

    /// The same however lines move; under the key by which GitHub knows results again, in the form that it has there.
    fn fingerprint(&mut self, by: &RuleName, address: &str, path: &str) -> String {
        let parts = [by.policy.as_str(), &by.rule, address, path].join("\0");
        let hash = blake3::hash(parts.as_bytes()).to_hex();
        let hash = hash.get(..16).unwrap_or_default().to_owned();
        let number = self.fingerprints.entry(hash.clone()).or_default();
        *number = number.saturating_add(1);
        format!("{hash}:{number}")
    }
}

/// What is said, by which names start no line and no link of their own.
fn message(name: &str, lines: &[String]) -> String {
    let lines: Vec<String> = lines.iter().map(|line| visible(line)).collect();
    let text = format!("{}: {}", visible(name), lines.join("\n"));
    match text.contains("](") {
        true => text.replace('[', "\\[").replace(']', "\\]"),
        false => text,
    }
}

fn of_violation(violation: &Violation) -> &'static str {
    match violation.enforcement {
        Enforcement::Enforce => "error",
        Enforcement::Monitor => "warning",
    }
}

fn suppression(waived: &Waived) -> Value {
    json!({
        "kind": "external",
        "status": "accepted",
        "justification": objection::waived(&waived.waiver),
        "location": place(&waived.waiver.source, waived.waiver.line, 0, ""),
    })
}

fn descriptor(by: &RuleName, help: Option<&RuleHelp<'_>>) -> Value {
    let id = rule(by);
    let short = format!("rule `{}` of the policy `{}`", by.rule, by.policy);
    let mut descriptor = json!({
        "id": id,
        "shortDescription": {"text": short},
        "properties": {"policy": by.policy, "rule": by.rule, "plugin": by.plugin},
    });
    if let (Some(help), Some(members)) = (help, descriptor.as_object_mut()) {
        if !help.description.is_empty() {
            members.insert("fullDescription".to_owned(), json!({"text": help.description}));
        }
        if !help.manual.is_empty() {
            let manual = json!({"text": help.manual, "markdown": help.manual});
            members.insert("help".to_owned(), manual);
        }
    }
    descriptor
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::check::sample::{everything, one, with};

    #[test]
    fn names_are_no_links() {
        assert_eq!(message("[a](b)", &["x\ny".to_owned()]), "\\[a\\](b): x\\u{a}y");
        assert_eq!(message("a[0]", &[]), "a[0]: ");
    }

    #[test]
    fn a_log_of_everything() {
        let text = with(everything, |report| {
            serde_json::to_string_pretty(&sarif(report)).unwrap()
        });
        insta::assert_snapshot!(text.replace(env!("CARGO_PKG_VERSION"), "VERSION"));
        for text in [
            text,
            with(one, |report| serde_json::to_string(&sarif(report)).unwrap()),
        ] {
            crate::report::sarif::tests::valid(&serde_json::from_str(&text).unwrap());
        }
    }
}
