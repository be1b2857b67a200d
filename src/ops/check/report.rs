//! A check as reports tell it.

use std::collections::BTreeSet;

use super::{Answer, CheckOptions, Checked, named};
use crate::intake::requests::reading::Resource;
use crate::intake::requests::request::Request;
use crate::model::decision::{ChosenBy, Decision, RuleName};
use crate::model::place::Workload;
use crate::ops::policies::Policies;
use crate::report::check::{CheckReport, Entry, Other, RuleHelp};
use crate::report::decision::RequestName;

/// Everything that was found, with what there is to say of the rules that spoke.
pub fn report<'a>(
    checked: &'a Checked,
    policies: &'a Policies<'_>,
    options: &CheckOptions,
) -> CheckReport<'a> {
    let entries = checked
        .answers
        .iter()
        .map(|answer| answered(answer, options.workload));
    CheckReport {
        at: options.at,
        entries: entries.collect(),
        others: checked
            .standing
            .iter()
            .map(standing)
            .chain(checked.resources.iter().map(other))
            .collect(),
        unanswered: checked.unanswered.iter().map(standing).collect(),
        problems: &checked.problems,
        cost: checked.cost.as_ref(),
        rules: rules(checked, policies),
    }
}

/// A request and its decision as reports tell them, whoever has judged it.
pub fn entry<'a>(request: &'a Request, decision: &'a Decision, workload: Workload) -> Entry<'a> {
    let around = &request.around;
    Entry {
        request: named(request),
        kind: around.kind,
        action: around.action,
        workload: around.workload.unwrap_or(workload),
        unknown: &around.unknown,
        written: &around.written,
        injected: &around.injected,
        decision,
        remedied: None,
        policies: &[],
        chosen_by: ChosenBy::Flag,
    }
}

fn answered(answer: &Answer, workload: Workload) -> Entry<'_> {
    Entry {
        remedied: answer.remedied.as_ref(),
        policies: &answer.policies,
        chosen_by: answer.chosen_by,
        ..entry(&answer.request, &answer.decision, workload)
    }
}

/// A cluster that is not judged: it goes, stays as it is, or cannot be judged.
fn standing(request: &Request) -> Other<'_> {
    Other {
        request: named(request),
        kind: request.around.kind,
        action: request.around.action,
    }
}

fn other(resource: &Resource) -> Other<'_> {
    Other {
        request: RequestName {
            source: &resource.source,
            address: resource.address.as_deref(),
            name: resource.name.as_deref(),
            line: resource.line,
        },
        kind: resource.kind,
        action: resource.action,
    }
}

/// Rules that objected, broke, or could not judge; in order of their names.
fn rules<'a>(checked: &'a Checked, policies: &'a Policies<'_>) -> Vec<RuleHelp<'a>> {
    let spoke: BTreeSet<&RuleName> = checked
        .answers
        .iter()
        .flat_map(|a| a.decision.speakers())
        .collect();
    spoke.into_iter().filter_map(|by| help(by, policies)).collect()
}

fn help<'a>(by: &RuleName, policies: &'a Policies<'_>) -> Option<RuleHelp<'a>> {
    let mut rules = policies.get(&by.policy)?.rules.iter();
    let rule = rules.find(|rule| rule.name == *by)?;
    let document = policies.document(&by.policy);
    Some(RuleHelp {
        by: by.clone(),
        description: document.map_or("", |d| &d.description),
        manual: &rule.image.description().documentation,
    })
}
