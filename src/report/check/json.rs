//! Decisions for programs: an object per cluster, or one object of the whole check. `docs/schema/check.schema.json` says
//! what stands in them. Keys may be added, never renamed.

use rust_decimal::Decimal;
use serde::{Serialize, Serializer};
use serde_json::Value;
use std::borrow::Cow;

use super::{CheckReport, Entry, Other, Verdict};
use crate::model::attribute::holds_secret;
use crate::model::cost_change::{Cost, CostChange, Range, ResourceCost, Total};
use crate::model::decision::{
    ChosenBy, Outcome, RuleFailure, Supplied, Undetermined, Violation, Waived, Waiver,
};
use crate::model::diagnostic::{Diagnostic, Severity};
use crate::model::estimate::Estimate;
use crate::model::exact::decimal_text;
use crate::model::money::Currency;
use crate::model::period::rfc3339;
use crate::model::resource::{Action, Kind};
use crate::model::unknown::Unknown;
use crate::report::decision::RequestName;

/// The JSON Schema of both objects.
pub const SCHEMA: &str = include_str!("../../../docs/schema/check.schema.json");

/// The object of one decision.
#[derive(Debug, Serialize)]
pub struct DecisionJson<'a> {
    request: RequestJson<'a>,
    decision: Outcome,
    policies: &'a [String],
    chosen_by: ChosenBy,
    violations: Vec<ViolationJson<'a>>,
    databricks_message: Option<String>,
    failures: &'a [RuleFailure],
    undetermined: &'a [Undetermined],
    waived: Vec<WaivedJson<'a>>,
    supplied: &'a [Supplied],
    cluster: &'a Value,
    estimate: Estimate,
    remedied: Option<Estimate>,
}

#[derive(Debug, Serialize)]
struct RequestJson<'a> {
    #[serde(flatten)]
    name: RequestName<'a>,
    kind: Kind,
    action: Action,
    unknown: Vec<UnknownJson<'a>>,
}

#[derive(Debug, Serialize)]
struct UnknownJson<'a> {
    path: &'a str,
    refers_to: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct ViolationJson<'a> {
    #[serde(flatten)]
    violation: Cow<'a, Violation>,
    source: &'a str,
    line: usize,
    injected: bool,
}

#[derive(Debug, Serialize)]
struct WaivedJson<'a> {
    #[serde(flatten)]
    violation: ViolationJson<'a>,
    waiver: &'a Waiver,
}

#[derive(Debug, Serialize)]
struct OtherJson<'a> {
    #[serde(flatten)]
    name: RequestName<'a>,
    kind: Kind,
    action: Action,
}

/// The object of a whole check.
#[derive(Debug, Serialize)]
pub struct ReportJson<'a> {
    version: u8,
    at: String,
    summary: Summary,
    #[serde(serialize_with = "each_decision")]
    decisions: &'a [Entry<'a>],
    #[serde(serialize_with = "each_other")]
    others: &'a [Other<'a>],
    #[serde(serialize_with = "each_other")]
    unanswered: &'a [Other<'a>],
    problems: Vec<Diagnostic>,
    cost: Option<CostJson<'a>>,
}

#[derive(Debug, Serialize)]
struct Summary {
    verdict: &'static str,
    clusters: usize,
    allowed: usize,
    denied: usize,
    undetermined: usize,
    waived: usize,
    others: usize,
    unanswered: usize,
    errors: usize,
    warnings: usize,
}

impl<'a> DecisionJson<'a> {
    /// The object of a decision.
    pub fn new(entry: &Entry<'a>) -> DecisionJson<'a> {
        let decision = entry.decision;
        DecisionJson {
            request: RequestJson {
                name: entry.request.clone(),
                kind: entry.kind,
                action: entry.action,
                unknown: unknown(entry.unknown),
            },
            decision: decision.outcome,
            policies: entry.policies,
            chosen_by: entry.chosen_by,
            violations: decision.violations.iter().map(|v| violation(entry, v)).collect(),
            databricks_message: decision.databricks_message(entry.workload),
            failures: &decision.failures,
            undetermined: &decision.undetermined,
            waived: decision.waived.iter().map(|w| waived(entry, w)).collect(),
            supplied: &decision.supplied,
            cluster: &decision.cluster,
            estimate: decision.estimate.clone().without_lines(),
            remedied: entry.remedied.cloned().map(Estimate::without_lines),
        }
    }
}

impl<'a> ReportJson<'a> {
    /// The object of a check.
    pub fn new(report: &'a CheckReport<'a>) -> ReportJson<'a> {
        let problems = report.problems.clone().sorted().0;
        let of = |severity: Severity| problems.iter().filter(|d| d.severity == severity).count();
        ReportJson {
            version: 1,
            at: rfc3339(report.at),
            summary: Summary {
                verdict: Verdict::as_str(report.verdict()),
                clusters: report.entries.len(),
                allowed: report.count(Outcome::Allow),
                denied: report.count(Outcome::Deny),
                undetermined: report.count(Outcome::Undetermined),
                waived: report.waived(),
                others: report.others.len(),
                unanswered: report.unanswered.len(),
                errors: of(Severity::Error),
                warnings: of(Severity::Warning),
            },
            decisions: &report.entries,
            others: &report.others,
            unanswered: &report.unanswered,
            cost: report.cost.map(CostJson::from),
            problems,
        }
    }
}

// Objects of thousands are made one by one, while they are written.

fn each_decision<S: Serializer>(entries: &[Entry<'_>], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(entries.iter().map(DecisionJson::new))
}

fn each_other<S: Serializer>(others: &[Other<'_>], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(others.iter().map(other))
}

fn each_resource<S: Serializer>(resources: &[ResourceCost], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(resources.iter().map(ResourceJson::from))
}

fn unknown(unknown: &Unknown) -> Vec<UnknownJson<'_>> {
    let of = |path: &'_ String| unknown.references.get(path).map(String::as_str);
    let paths = unknown.paths.iter();
    paths
        .map(|path| UnknownJson {
            path,
            refers_to: of(path),
        })
        .collect()
}

fn violation<'a>(entry: &Entry<'a>, violation: &'a Violation) -> ViolationJson<'a> {
    let (source, line) = entry.place_of(&violation.path);
    ViolationJson {
        violation: told(violation),
        source,
        line,
        injected: entry.is_injected(&violation.path),
    }
}

fn waived<'a>(entry: &Entry<'a>, waived: &'a Waived) -> WaivedJson<'a> {
    WaivedJson {
        violation: violation(entry, &waived.violation),
        waiver: &waived.waiver,
    }
}

fn other<'a>(other: &Other<'a>) -> OtherJson<'a> {
    OtherJson {
        name: other.request.clone(),
        kind: other.kind,
        action: other.action,
    }
}

/// A violation without what would tell a secret. The completed request holds its values all the same: it is what goes to
/// the API.
fn told(violation: &Violation) -> Cow<'_, Violation> {
    if violation.details.is_null() || !holds_secret(&violation.path) {
        return Cow::Borrowed(violation);
    }
    Cow::Owned(Violation {
        details: Value::Null,
        ..violation.clone()
    })
}

// Costs: decimal text, null where unknown.

#[derive(Debug, Serialize)]
struct CostJson<'a> {
    currency: Currency,
    at: String,
    total: TotalJson,
    #[serde(serialize_with = "each_resource")]
    resources: &'a [ResourceCost],
}

#[derive(Debug, Serialize)]
struct TotalJson {
    per_hour: ChangeJson,
    per_month: ChangeJson,
    unknown: usize,
    unknown_per_hour: usize,
}

#[derive(Debug, Serialize)]
struct ChangeJson {
    before: RangeJson,
    after: RangeJson,
    difference: RangeJson,
}

#[derive(Debug, Serialize)]
struct RangeJson {
    min: Option<String>,
    max: Option<String>,
}

#[derive(Debug, Serialize)]
struct ResourceJson<'a> {
    source: &'a str,
    address: Option<&'a str>,
    name: Option<&'a str>,
    line: usize,
    kind: Kind,
    action: Action,
    before: Option<SideJson<'a>>,
    after: Option<SideJson<'a>>,
    difference: DifferenceJson,
}

#[derive(Debug, Serialize)]
struct SideJson<'a> {
    per_hour: RangeJson,
    per_month: RangeJson,
    hours_per_month: Option<String>,
    hours_from: &'a str,
    unknown: &'a [String],
}

#[derive(Debug, Serialize)]
struct DifferenceJson {
    per_hour: RangeJson,
    per_month: RangeJson,
}

impl<'a> From<&'a CostChange> for CostJson<'a> {
    fn from(change: &'a CostChange) -> CostJson<'a> {
        let Total {
            before_per_hour,
            after_per_hour,
            before_per_month,
            after_per_month,
            unknown,
            unknown_per_hour,
            known: _,
        } = change.total;
        CostJson {
            currency: change.currency,
            at: rfc3339(change.at),
            total: TotalJson {
                per_hour: changed(before_per_hour, after_per_hour),
                per_month: changed(before_per_month, after_per_month),
                unknown,
                unknown_per_hour,
            },
            resources: &change.resources,
        }
    }
}

impl<'a> From<&'a ResourceCost> for ResourceJson<'a> {
    fn from(resource: &'a ResourceCost) -> ResourceJson<'a> {
        ResourceJson {
            source: &resource.source,
            address: resource.address.as_deref(),
            name: resource.name.as_deref(),
            line: resource.line,
            kind: resource.kind,
            action: resource.action,
            before: resource.before.as_ref().map(SideJson::from),
            after: resource.after.as_ref().map(SideJson::from),
            difference: DifferenceJson {
                per_hour: difference(resource.per_hour()),
                per_month: difference(resource.per_month()),
            },
        }
    }
}

impl<'a> From<&'a Cost> for SideJson<'a> {
    fn from(cost: &'a Cost) -> SideJson<'a> {
        SideJson {
            per_hour: range(cost.per_hour),
            per_month: range(cost.per_month),
            hours_per_month: cost.hours_per_month.map(decimal_text),
            hours_from: &cost.hours_from,
            unknown: &cost.unknown,
        }
    }
}

fn changed(before: Range, after: Range) -> ChangeJson {
    ChangeJson {
        before: range(before),
        after: range(after),
        difference: difference((before, after)),
    }
}

/// Unknown where it is too large to be held.
fn difference((before, after): (Range, Range)) -> RangeJson {
    range(after.minus(before).unwrap_or_default())
}

fn range(range: Range) -> RangeJson {
    let text = |n: Option<Decimal>| n.map(decimal_text);
    RangeJson {
        min: text(range.min),
        max: text(range.max),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::schema::Schema;
    use crate::report::check::sample::{everything, one, with};
    use serde_json::json;
    use std::collections::BTreeSet;

    fn of_report(report: &CheckReport<'_>) -> Value {
        serde_json::to_value(ReportJson::new(report)).unwrap()
    }

    #[test]
    fn a_report_of_everything() {
        let text = with(everything, |r| {
            serde_json::to_string_pretty(&ReportJson::new(r)).unwrap()
        });
        insta::assert_snapshot!(text);
    }

    #[test]
    fn the_schema_admits_what_is_written_and_nothing_else() {
        let schema = Schema::parse(SCHEMA).unwrap();
        let whole = with(everything, of_report);
        assert_eq!(schema.problems(&whole), []);
        assert_eq!(schema.problems(&with(one, of_report)), []);
        for decision in whole["decisions"].as_array().unwrap() {
            assert_eq!(schema.problems(decision), []);
        }
        // A key that the schema does not know, anywhere.
        let mut places = Vec::new();
        objects(&whole, "", &mut places);
        assert!(places.len() > 80, "{}", places.len());
        for place in places {
            let mut odd = whole.clone();
            let object = odd.pointer_mut(&place).unwrap().as_object_mut().unwrap();
            object.insert("made_up".to_owned(), json!(1));
            assert_ne!(schema.problems(&odd), [], "{place}");
        }
    }

    /// Pointers to every object that is ours: what documents and rules bring may have any key.
    fn objects(value: &Value, at: &str, found: &mut Vec<String>) {
        const THEIRS: [&str; 6] = ["cluster", "actual", "allowed", "remedy", "details", "value"];
        match value {
            Value::Object(members) => {
                found.push(at.to_owned());
                for (key, value) in members {
                    // `allowed` of the summary is a number.
                    if !THEIRS.contains(&key.as_str()) {
                        objects(value, &format!("{at}/{key}"), found);
                    }
                }
            }
            Value::Array(items) => {
                for (i, item) in items.iter().enumerate() {
                    objects(item, &format!("{at}/{i}"), found);
                }
            }
            _ => {}
        }
    }

    #[test]
    fn every_key_of_the_schema_is_described() {
        let schema: Value = serde_json::from_str(SCHEMA).unwrap();
        let mut silent = BTreeSet::new();
        undescribed(&schema, "", &mut silent);
        // What is only a reference says what it refers to.
        assert_eq!(silent, BTreeSet::new());
    }

    fn undescribed(at: &Value, name: &str, silent: &mut BTreeSet<String>) {
        let Value::Object(members) = at else { return };
        for group in ["properties", "$defs"] {
            for (key, one) in members
                .get(group)
                .and_then(Value::as_object)
                .into_iter()
                .flatten()
            {
                let name = format!("{name}/{key}");
                if one.get("description").is_none() && one.get("$ref").is_none() {
                    silent.insert(name.clone());
                }
                undescribed(one, &name, silent);
            }
        }
        if let Some(items) = members.get("items") {
            undescribed(items, name, silent);
        }
    }
}
