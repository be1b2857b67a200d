//! A check made by hand that has everything a format must tell of, names that mean harm included.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::{CheckReport, Entry, Other, RuleHelp};
use crate::model::cost_change::{Cost, CostChange, Range, ResourceCost, Total};
use crate::model::decision::{
    ChosenBy, Decision, Enforcement, FailureKind, Outcome, RuleFailure, RuleName, Supplied, SupplyKind,
    Undetermined, Violation, Waived, Waiver,
};
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::estimate::{Estimate, NodeEstimate, SizeEstimate};
use crate::model::exact::parse_decimal;
use crate::model::money::Currency;
use crate::model::period::{Instant, parse_instant};
use crate::model::place::Workload;
use crate::model::resource::{Action, Kind};
use crate::model::unknown::Unknown;
use crate::model::written::IN_ONE_PIECE;
use crate::report::decision::RequestName;

/// A name that is markup in every format.
pub(super) const HOSTILE: &str =
    "x|y `z` <img src=a> &amp; @team #12 ]]>\n::error::gotcha \u{1b}[31m\u{0}\u{202e}%0A \"'";

/// What a report borrows.
pub(super) struct Sample {
    clusters: Vec<Cluster>,
    others: Vec<(String, Kind, Action)>,
    problems: Diagnostics,
    cost: Option<CostChange>,
    help: Vec<(RuleName, &'static str, &'static str)>,
}

struct Cluster {
    source: String,
    address: Option<String>,
    name: Option<String>,
    line: usize,
    kind: Kind,
    action: Action,
    unknown: Unknown,
    decision: Decision,
    remedied: Option<Estimate>,
    policies: Vec<String>,
    injected: Vec<String>,
}

/// Shows a report that `build` has made.
pub(super) fn with<T>(build: impl FnOnce(&mut Sample), show: impl FnOnce(&CheckReport<'_>) -> T) -> T {
    let mut sample = Sample {
        clusters: Vec::new(),
        others: Vec::new(),
        problems: Diagnostics::default(),
        cost: None,
        help: Vec::new(),
    };
    build(&mut sample);
    let entries = sample.clusters.iter().map(Cluster::entry).collect();
    let others = sample.others.iter().map(other).collect();
    let help = sample.help.iter().map(|(by, description, manual)| RuleHelp {
        by: by.clone(),
        description,
        manual,
    });
    show(&CheckReport {
        at: at(),
        entries,
        others,
        unanswered: Vec::new(),
        problems: &sample.problems,
        cost: sample.cost.as_ref(),
        rules: help.collect(),
    })
}

impl Cluster {
    fn entry(&self) -> Entry<'_> {
        Entry {
            request: RequestName {
                source: &self.source,
                address: self.address.as_deref(),
                name: self.name.as_deref(),
                line: self.line,
            },
            kind: self.kind,
            action: self.action,
            workload: Workload::Job,
            unknown: &self.unknown,
            written: &IN_ONE_PIECE,
            injected: &self.injected,
            decision: &self.decision,
            remedied: self.remedied.as_ref(),
            policies: &self.policies,
            chosen_by: ChosenBy::Request,
        }
    }
}

fn other((address, kind, action): &(String, Kind, Action)) -> Other<'_> {
    Other {
        request: RequestName {
            source: "plan.json",
            address: Some(address),
            name: None,
            line: 90,
        },
        kind: *kind,
        action: *action,
    }
}

/// Nothing but one cluster that is allowed.
pub(super) fn one(sample: &mut Sample) {
    let mut cluster = cluster("etl-nightly", Outcome::Allow);
    (cluster.address, cluster.source, cluster.line) = (None, "r.json".to_owned(), 1);
    (cluster.kind, cluster.action) = (Kind::Cluster, Action::Create);
    sample.clusters.push(cluster);
}

/// Many clusters that are denied.
pub(super) fn many(sample: &mut Sample, n: usize) {
    for i in 0..n {
        let mut cluster = cluster(&format!("c-{i}"), Outcome::Deny);
        cluster.decision.violations.push(too_large());
        sample.clusters.push(cluster);
    }
    sample.cost = Some(cost());
}

/// One of each thing.
pub(super) fn everything(sample: &mut Sample) {
    sample.clusters = vec![allowed(), denied(), undetermined(), hostile(), elsewhere()];
    sample.others = vec![
        (
            "databricks_instance_pool.small".to_owned(),
            Kind::InstancePool,
            Action::Create,
        ),
        (
            "databricks_sql_endpoint.bi".to_owned(),
            Kind::SqlWarehouse,
            Action::Update,
        ),
        (HOSTILE.to_owned(), Kind::Cluster, Action::Delete),
    ];
    sample.problems = Diagnostics(vec![
        Diagnostic::error(
            "request::wrong-type",
            "broken.json",
            "found `\"two\"`, expected a whole number",
        )
        .at(2, 7)
        .path("num_workers")
        .hint("write a number"),
        Diagnostic::warning("request::no-compute", "plan.json", format!("odd: {HOSTILE}")).at(9, 0),
    ]);
    sample.cost = Some(cost());
    sample.help = vec![
        (
            by("etl", "size"),
            "Nightly jobs.",
            "# cluster-size\n\nLimits `num_workers`.\n",
        ),
        (by("etl", "spot"), "Nightly jobs.", ""),
    ];
}

fn allowed() -> Cluster {
    let mut cluster = cluster("small", Outcome::Allow);
    (cluster.kind, cluster.action) = (Kind::Cluster, Action::Create);
    cluster.decision.violations.push(Violation {
        by: by("etl", "spot"),
        path: "azure_attributes.first_on_demand".to_owned(),
        message: "`azure_attributes.first_on_demand` is `0`, at least `1` is required".to_owned(),
        actual: json!(0),
        allowed: json!({"minValue": 1}),
        remedy: json!({"azure_attributes.first_on_demand": 1}),
        enforcement: Enforcement::Monitor,
        ..too_large()
    });
    cluster.decision.waived.push(Waived {
        violation: too_large(),
        waiver: waiver("big-backfill", "2026-12-31"),
    });
    cluster.decision.supplied = vec![Supplied {
        path: "autotermination_minutes".to_owned(),
        value: json!(30),
        kind: SupplyKind::Default,
        by: by("etl", "sleep"),
    }];
    cluster
}

fn denied() -> Cluster {
    let mut cluster = cluster("etl/main", Outcome::Deny);
    let mut found = too_large();
    found.expired_waiver = Some(waiver("spring", "2026-03-31"));
    found.details = json!({"enforce": {"num_workers": 20}});
    cluster.decision.violations.push(found);
    cluster.decision.violations.push(Violation {
        by: by("baseline", "owner-tags"),
        path: "custom_tags.cost_center".to_owned(),
        message: "tag `cost_center` is missing".to_owned(),
        databricks_message: Some("custom_tags.cost_center is required".to_owned()),
        actual: Value::Null,
        allowed: json!({"pattern": "CC-[0-9]{4}"}),
        remedy: Value::Null,
        ..too_large()
    });
    cluster.decision.failures = vec![
        broken("etl", "own", true, "ran past its deadline of 50 ms"),
        broken("etl", "idle", false, "an address out of bounds"),
    ];
    cluster.remedied = Some(estimate("5.434"));
    cluster
}

fn undetermined() -> Cluster {
    let mut cluster = cluster("streams", Outcome::Undetermined);
    cluster.action = Action::Replace;
    cluster.decision.undetermined.push(Undetermined {
        by: by("etl", "size"),
        path: "num_workers".to_owned(),
        message: "`num_workers` is not known yet".to_owned(),
    });
    cluster.unknown = Unknown::of(["num_workers".to_owned()]);
    cluster
        .unknown
        .refer("instance_pool_id", "databricks_instance_pool.small");
    let attributes = ["instance_pool_id".to_owned(), "num_workers".to_owned()];
    cluster.decision.estimate = Estimate::unknown(Currency::USD, at(), &attributes);
    cluster
}

fn hostile() -> Cluster {
    let mut cluster = cluster(HOSTILE, Outcome::Deny);
    cluster.address = Some(format!("a[\"{HOSTILE}\"]"));
    cluster.decision.violations.push(Violation {
        by: by("p|<b>", "r`@x"),
        path: format!("custom_tags.{HOSTILE}"),
        message: format!("tag `{HOSTILE}` is not allowed"),
        actual: json!(HOSTILE),
        allowed: json!({"pattern": HOSTILE}),
        remedy: json!({(format!("custom_tags.{HOSTILE}")): null}),
        ..too_large()
    });
    cluster.decision.waived.push(Waived {
        violation: too_large(),
        waiver: Waiver {
            waiver: HOSTILE.to_owned(),
            reason: HOSTILE.to_owned(),
            approved_by: HOSTILE.to_owned(),
            ..waiver("", "2026-12-31")
        },
    });
    cluster
}

/// From standard input, without name and address.
fn elsewhere() -> Cluster {
    let mut cluster = cluster("", Outcome::Allow);
    cluster.source = "-".to_owned();
    (cluster.address, cluster.name, cluster.line) = (None, None, 1);
    (cluster.kind, cluster.action) = (Kind::Cluster, Action::Create);
    cluster.decision.undetermined.push(Undetermined {
        by: by("etl", "idle"),
        path: "autotermination_minutes".to_owned(),
        message: "`autotermination_minutes` is not known yet".to_owned(),
    });
    cluster
}

fn cluster(name: &str, outcome: Outcome) -> Cluster {
    Cluster {
        source: "plan.json".to_owned(),
        address: Some(format!("databricks_job.{name}.job_clusters.0")),
        name: Some(name.to_owned()),
        line: 12,
        kind: Kind::JobCluster,
        action: Action::Update,
        unknown: Unknown::default(),
        decision: Decision {
            outcome,
            violations: Vec::new(),
            waived: Vec::new(),
            failures: Vec::new(),
            undetermined: Vec::new(),
            supplied: Vec::new(),
            cluster: json!({"num_workers": 40}),
            estimate: estimate("10.414"),
            details: Vec::new(),
        },
        remedied: None,
        policies: vec!["baseline".to_owned(), "etl-jobs".to_owned()],
        injected: vec!["autotermination_minutes".to_owned()],
    }
}

fn too_large() -> Violation {
    Violation {
        by: by("etl", "size"),
        path: "num_workers".to_owned(),
        message: "`num_workers` is `40`, at most `20` is allowed".to_owned(),
        databricks_message: None,
        actual: json!(40),
        allowed: json!({"minValue": 1, "maxValue": 20}),
        remedy: json!({"num_workers": 20}),
        enforcement: Enforcement::Enforce,
        expired_waiver: None,
        details: Value::Null,
    }
}

fn broken(policy: &str, rule: &str, denies: bool, message: &str) -> RuleFailure {
    RuleFailure {
        by: by(policy, rule),
        kind: if denies {
            FailureKind::Deadline
        } else {
            FailureKind::Trap
        },
        message: message.to_owned(),
        denies,
    }
}

fn waiver(name: &str, expires: &str) -> Waiver {
    Waiver {
        waiver: name.to_owned(),
        reason: "the backfill of spring, once".to_owned(),
        approved_by: "data-platform".to_owned(),
        expires: expires.to_owned(),
        source: "waivers.yaml".to_owned(),
        line: 3,
    }
}

fn by(policy: &str, rule: &str) -> RuleName {
    RuleName {
        policy: policy.to_owned(),
        rule: rule.to_owned(),
        plugin: "cluster-size".to_owned(),
    }
}

fn at() -> Instant {
    parse_instant("2026-10-01").unwrap()
}

fn decimal(text: &str) -> Decimal {
    parse_decimal(text).unwrap()
}

fn estimate(per_hour: &str) -> Estimate {
    let size = SizeEstimate {
        nodes: Some(41),
        dbu_per_hour: Some(decimal("30.75")),
        cost_per_hour: Some(decimal(per_hour)),
        ..SizeEstimate::UNKNOWN
    };
    Estimate {
        currency: Currency::USD,
        at: at(),
        min: size.clone(),
        max: size,
        driver: NodeEstimate::UNKNOWN,
        worker: None,
        unpriced: Vec::new(),
        unknown: Vec::new(),
    }
}

fn cost() -> CostChange {
    let range = |min: &str, max: &str| Range {
        min: Some(decimal(min)),
        max: Some(decimal(max)),
    };
    let known = |hour: Range, month: Range| Cost {
        per_hour: hour,
        per_month: month,
        hours_per_month: Some(decimal("23.25")),
        hours_from: "31 runs of 45 minutes: schedule of the job, usage.yaml".to_owned(),
        unknown: Vec::new(),
    };
    let resource = |name: &str, action, before: Option<Cost>, after: Option<Cost>| ResourceCost {
        source: "plan.json".to_owned(),
        line: 12,
        address: Some(format!("databricks_job.{name}")),
        name: Some(name.to_owned()),
        kind: Kind::JobCluster,
        action,
        before,
        after,
    };
    let small = known(range("0.952", "1.5"), range("22.134", "34.875"));
    let large = known(range("10.414", "10.414"), range("242.1255", "242.1255"));
    let unknown = Cost {
        per_hour: Range::default(),
        per_month: Range::default(),
        hours_per_month: None,
        hours_from: String::new(),
        unknown: vec!["no price for vm/AZURE/westus2/Standard_Made_Up/spot".to_owned()],
    };
    let resources = vec![
        resource("main", Action::Update, Some(small.clone()), Some(large)),
        resource("new", Action::Create, None, Some(small.clone())),
        resource("gone", Action::Delete, Some(small.clone()), None),
        resource("same", Action::NoOp, Some(small.clone()), Some(small)),
        resource(HOSTILE, Action::Create, None, Some(unknown)),
    ];
    CostChange {
        currency: Currency::USD,
        at: at(),
        total: Total::of(&resources).unwrap(),
        resources,
    }
}
