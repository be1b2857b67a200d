//! What a policy is for: all-purpose clusters, jobs, pipelines; and what does not suit them.

use rust_decimal::Decimal;
use tollgate_policy_language::attribute::{self, CLUSTER_TYPES};
use tollgate_policy_language::{Rule, Target};

use super::subject::{Subject, fits};
use crate::model::finding::Finding;
use crate::model::suggest::hint;

/// A kind of cluster that does not exist.
pub(super) fn cluster_type(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    let Some(entry) = subject.own("cluster_type") else {
        return;
    };
    for (name, node, text) in entry.scalars() {
        if CLUSTER_TYPES.contains(&text.as_str()) || name == "defaultValue" {
            continue;
        }
        let message = format!("there is no `cluster_type` `{text}`: no cluster matches it");
        let meant = CLUSTER_TYPES.into_iter().find(|known| {
            text.to_ascii_lowercase()
                .replace([' ', '_'], "-")
                .starts_with(known)
        });
        let hint = match (meant, text.to_ascii_lowercase().as_str()) {
            (Some(meant), _) => format!("did you mean `{meant}`?"),
            (None, "interactive" | "ui" | "notebook" | "all") => "did you mean `all-purpose`?".to_owned(),
            (None, "pipeline" | "pipelines" | "sdp") => "did you mean `dlt`?".to_owned(),
            (None, other) => hint(other, &CLUSTER_TYPES, |all| format!("there are {all}")),
        };
        findings.push(
            subject
                .found("lint::cluster-type", node.span, entry.path, message)
                .hint(hint),
        );
    }
}

/// A computed attribute that is forbidden: it is never absent.
pub(super) fn virtual_forbidden(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    for (entry, element) in subject.read() {
        if element.target.is_virtual() && matches!(element.rule, Rule::Forbidden) {
            let message = format!(
                "`{}` is computed for every cluster and never absent: no cluster passes",
                entry.path
            );
            findings.push(
                subject
                    .at("lint::virtual-forbidden", entry, message)
                    .hint("to leave it free remove the element"),
            );
        }
    }
}

/// `dbus_per_hour` held to one number, or to words.
pub(super) fn dbus_not_a_range(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    for (entry, element) in subject.read() {
        let held = matches!(
            element.rule,
            Rule::Fixed(_) | Rule::Allowlist(_) | Rule::Blocklist(_) | Rule::Regex(_)
        );
        if element.target == Target::DbusPerHour && held {
            let message = format!(
                "`dbus_per_hour` is computed, and under `{}` it must come out at exactly that",
                element.rule.name()
            );
            findings.push(
                subject
                    .at("lint::dbus-not-a-range", entry, message)
                    .hint("write `{\"type\": \"range\", \"maxValue\": ...}`"),
            );
        }
    }
}

/// A cluster that may never end.
pub(super) fn never_terminates(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    let path = "autotermination_minutes";
    let (types, _) = subject.cluster_types();
    // Jobs and pipelines end with their work.
    if !types.contains(&"all-purpose") {
        return;
    }
    let (Some(entry), Some(element)) = (subject.own(path), subject.element(path)) else {
        return;
    };
    let only = types == ["all-purpose"];
    let what = match &element.rule {
        Rule::Fixed(value) if value.number == Some(Decimal::ZERO) => "is fixed to 0",
        Rule::Range { min: None, .. } if fits(element, "0") => "has no `minValue`, so it may be 0",
        Rule::Range { .. } if fits(element, "0") => "may be 0 within its range",
        Rule::Allowlist(_) if fits(element, "0") => "may be 0: it is one of its `values`",
        Rule::Blocklist(_) | Rule::Regex(_) if fits(element, "0") => "may be 0",
        Rule::Unlimited => "may be anything, 0 included",
        Rule::Forbidden if only => "is forbidden",
        _ if element.is_optional && only => "may be left out",
        _ => return,
    };
    let message = format!("`{path}` {what}, and then the cluster never terminates by itself");
    let hint = match &element.rule {
        Rule::Range { .. } if !element.is_optional || fits(element, "0") => {
            "add `\"minValue\": 10`, the least that the API takes"
        }
        Rule::Fixed(_) => "fix it to the minutes that an idle cluster may cost",
        Rule::Forbidden => "fix it to a number of minutes, or admit only jobs with `cluster_type`",
        _ if element.is_optional && !fits(element, "0") => "remove `isOptional`",
        _ => "write `{\"type\": \"range\", \"minValue\": 10, \"maxValue\": ...}`",
    };
    findings.push(subject.at("lint::never-terminates", entry, message).hint(hint));
}

/// Automatic termination demanded of clusters that end with their run.
pub(super) fn autotermination_on_jobs(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    let path = "autotermination_minutes";
    let (types, _) = subject.cluster_types();
    let (Some(entry), true) = (subject.own(path), types == ["job"]) else {
        return;
    };
    if subject.surely(path) {
        let message = "job clusters end with their run and do not support `autotermination_minutes`; this element gives or demands it";
        findings.push(
            subject
                .at("lint::autotermination-on-jobs", entry, message)
                .hint("remove the element"),
        );
    }
}

/// Attributes that the clusters of pipelines do not have.
pub(super) fn breaks_pipelines(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    let (types, said) = subject.cluster_types();
    if !said || !types.contains(&"dlt") {
        return;
    }
    for (entry, element) in subject.read() {
        let absent = attribute::find(entry.path).is_some_and(|a| !a.pipelines);
        if absent && element.requires() && !element.target.is_virtual() {
            let verb = if matches!(element.rule, Rule::Fixed(_)) {
                "gives"
            } else {
                "demands"
            };
            let message = format!(
                "clusters of pipelines have no `{}`, and this element {verb} it",
                entry.path
            );
            let finding = subject.at("lint::breaks-pipelines", entry, message);
            findings.push(finding.hint("leave it out of policies for `dlt`, or set `isOptional`"));
        }
    }
}

/// An attribute that requests usually leave out, and that a limiting element makes them give.
pub(super) fn required_by_accident(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    let (types, said) = subject.cluster_types();
    for (entry, element) in subject.read() {
        let limits = matches!(
            element.rule,
            Rule::Allowlist(_) | Rule::Blocklist(_) | Rule::Regex(_) | Rule::Range { .. }
        );
        if !limits || element.is_optional || element.default.is_some() {
            continue;
        }
        let usual = match entry.path {
            // Beside a pool it is worse than an accident, and told.
            "driver_node_type_id" if subject.surely("instance_pool_id") => continue,
            "driver_node_type_id" => "the driver has the workers' node type",
            "cluster_name" if said && types == ["job"] => "job clusters get their name from the run",
            "aws_attributes.first_on_demand"
            | "aws_attributes.spot_bid_price_percent"
            | "azure_attributes.first_on_demand"
            | "azure_attributes.spot_bid_max_price"
            | "gcp_attributes.first_on_demand"
            | "gcp_attributes.local_ssd_count" => "the API has a default",
            _ => continue,
        };
        let message = format!("requests must give `{}` now; left out, {usual}", entry.path);
        findings.push(
            subject
                .at("lint::required-by-accident", entry, message)
                .hint("add `\"isOptional\": true`"),
        );
    }
}
