//! Cases: requests with the decision they must get. The tests of those who write policies, and ours.

use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

use crate::model::decision::Decision;
use crate::model::diagnostic::Diagnostics;
use crate::model::document::Document;
use crate::model::place::{Cloud, Tier, Workload};
use crate::model::schema::OwnSchema;

/// The schema of case files.
pub const SCHEMA: &str = include_str!("../../policies/schema/cases.schema.json");

static HELD_AGAINST: OwnSchema = OwnSchema::new(SCHEMA);

/// A file of cases.
#[derive(Debug, Clone, Deserialize)]
pub struct CaseFile {
    /// The policy they are for.
    #[serde(default)]
    pub policy: Option<String>,
    /// The plugin they are for.
    #[serde(default)]
    pub plugin: Option<String>,
    /// The cases.
    pub cases: Vec<Case>,
}

/// One case.
#[derive(Debug, Clone, Deserialize)]
pub struct Case {
    /// A sentence.
    pub name: String,
    /// Settings, for cases of a plugin.
    #[serde(default)]
    pub settings: Option<Value>,
    /// A create body.
    pub request: Value,
    /// Who asks.
    #[serde(default)]
    pub principal: Option<String>,
    /// All-purpose by default.
    #[serde(default)]
    pub workload: Workload,
    /// Azure by default.
    #[serde(default = "azure")]
    pub cloud: Cloud,
    /// None by default.
    #[serde(default)]
    pub region: Option<String>,
    /// Premium by default.
    #[serde(default = "premium")]
    pub tier: Tier,
    /// 2026-10-01 by default.
    #[serde(default = "october")]
    pub at: String,
    /// What is not known.
    #[serde(default)]
    pub unknown: Vec<String>,
    /// Pools that the request can name, as `instance-pools/create` takes them, with their `instance_pool_id`.
    #[serde(default)]
    pub pools: Vec<Value>,
    /// The cluster before the change, a create body; there is none where it is not told.
    #[serde(default)]
    pub before: Option<Value>,
    /// Hours a month that the cluster runs, decimal text; not known where not told.
    #[serde(default)]
    pub hours_per_month: Option<String>,
    /// Active clusters that the principal has, by `policy_id`; not known where not told.
    #[serde(default)]
    pub active_clusters: Option<BTreeMap<String, u32>>,
    /// What must come out.
    pub expect: Expectation,
    /// Line of the case in its file.
    #[serde(skip)]
    pub line: usize,
}

/// What must come out.
#[derive(Debug, Clone, Deserialize)]
pub struct Expectation {
    /// The decision.
    pub decision: String,
    /// Exactly these violations, in any order.
    #[serde(default)]
    pub violations: Vec<ExpectedViolation>,
    /// Exactly these rules break.
    #[serde(default)]
    pub failures: Vec<String>,
    /// At least these values are filled in.
    #[serde(default)]
    pub supplied: BTreeMap<String, Value>,
}

/// A violation that must be there.
#[derive(Debug, Clone, Deserialize)]
pub struct ExpectedViolation {
    /// The rule, if it matters.
    #[serde(default)]
    pub rule: Option<String>,
    /// The attribute.
    pub path: String,
}

fn azure() -> Cloud {
    Cloud::Azure
}

fn premium() -> Tier {
    Tier::Premium
}

/// The instant of cases that name none.
pub const AT: &str = "2026-10-01T00:00:00Z";

fn october() -> String {
    AT.to_owned()
}

impl CaseFile {
    /// Parses and checks a file of cases.
    ///
    /// # Errors
    /// `document::*`, `case::schema`; all problems at once.
    pub fn parse(source: &str, text: &str) -> Result<CaseFile, Diagnostics> {
        let document = Document::parse(source, text)?;
        HELD_AGAINST.check(&document, "case::schema")?;
        let mut file: CaseFile = serde_json::from_value(document.value.clone())
            .map_err(|e| document.error("case::schema", "", e.to_string()))?;
        for (i, case) in file.cases.iter_mut().enumerate() {
            case.line = document.place(&format!("/cases/{i}")).line;
        }
        Ok(file)
    }
}

impl Expectation {
    /// What of a decision is not as expected; empty when the case passes.
    pub fn differences(&self, decision: &Decision) -> Vec<String> {
        let mut differences = Vec::new();
        if decision.outcome.as_str() != self.decision {
            differences.push(format!(
                "decision: expected {}, found {}",
                self.decision,
                decision.outcome.as_str()
            ));
        }
        self.compare_violations(decision, &mut differences);
        let mut broken: Vec<&str> = decision.failures.iter().map(|f| f.by.rule.as_str()).collect();
        let mut expected: Vec<&str> = self.failures.iter().map(String::as_str).collect();
        broken.sort_unstable();
        expected.sort_unstable();
        if broken != expected {
            let why: Vec<String> = decision
                .failures
                .iter()
                .map(|f| format!("{}: {}", f.by.rule, f.message))
                .collect();
            differences.push(format!("failures: expected {expected:?}, found {why:?}"));
        }
        for (path, value) in &self.supplied {
            let found = decision
                .supplied
                .iter()
                .find(|s| s.path == *path)
                .map(|s| &s.value);
            if found != Some(value) {
                let found = found.map_or("nothing".to_owned(), Value::to_string);
                differences.push(format!("supplied {path}: expected {value}, found {found}"));
            }
        }
        differences
    }

    fn compare_violations(&self, decision: &Decision, differences: &mut Vec<String>) {
        let mut left: Vec<_> = decision.violations.iter().collect();
        for expected in &self.violations {
            let fits = |rule: &str, path: &str| {
                expected.path == path && expected.rule.as_deref().is_none_or(|r| r == rule)
            };
            match left.iter().position(|v| fits(&v.by.rule, &v.path)) {
                Some(found) => {
                    left.remove(found);
                }
                None => {
                    let rule = expected.rule.as_deref().unwrap_or("any rule");
                    differences.push(format!("violation missing: {} by {rule}", expected.path));
                }
            }
        }
        for v in left {
            differences.push(format!(
                "violation not expected: {} by {}: {}",
                v.path, v.by.rule, v.message
            ));
        }
    }
}
