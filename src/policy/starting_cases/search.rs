//! The search for a request that passes: try, hear what is objected to, change that, try again.

use serde_json::{Value, json};
use tollgate_policy_language::path::generic;
use tollgate_policy_language::{Definition, Element, Rule, Target};

use super::attribute_samples::plain_runtime;
use super::body::{ordered, put};
use super::choices::Choices;
use super::{Judge, StartingCase};
use crate::databricks::cluster_spec::ClusterSpec;
use crate::model::attribute;
use crate::model::decision::Decision;
use crate::model::place::{Cloud, Workload};

/// Tries before a request that passes is given up.
const MAX_TRIES: usize = 80;

pub(super) struct Generator<'a> {
    pub definition: &'a Definition,
    pub cloud: Cloud,
    pub judge: Judge<'a>,
}

/// A request with its decision.
pub(super) struct Judged {
    pub request: Value,
    pub workload: Workload,
    pub decision: Decision,
}

impl Judged {
    /// How far from passing: objections, a rule that broke among them, and then what is open.
    pub fn faults(&self) -> (usize, usize) {
        let d = &self.decision;
        let objections = d.violations.len().saturating_add(d.failures.len());
        (objections, d.undetermined.len())
    }

    /// What stands in the way of passing.
    pub fn obstacles(&self) -> Vec<String> {
        let d = &self.decision;
        let violations = d.violations.iter().map(|v| &v.message);
        let failures = d.failures.iter().map(|f| &f.message);
        violations.chain(failures).cloned().collect()
    }

    /// Whether a violation is of an element's path; that of a list's element is of one entry.
    pub fn objects_to(&self, path: &str) -> bool {
        let wanted = generic(path);
        let mut violations = self.decision.violations.iter();
        violations.any(|v| v.path == path || generic(&v.path) == wanted)
    }
}

impl Generator<'_> {
    pub fn judged(&self, request: Value, workload: Workload) -> Result<Judged, String> {
        let request = ordered(request);
        let decision = (self.judge)(&request, workload)?;
        Ok(Judged {
            request,
            workload,
            decision,
        })
    }

    /// The request with the fewest objections that a number of tries finds; else why none could be judged.
    pub fn best(&self) -> Result<Judged, String> {
        let mut choices = Choices::new(self.definition, self.cloud);
        let mut best: Result<Judged, String> = Err("no request could be judged".to_owned());
        for _ in 0..MAX_TRIES {
            let request = self.compose(&choices);
            let about: Vec<String> = match self.judged(request.clone(), choices.workload()) {
                Ok(judged) => {
                    let objections = judged.decision.violations.iter().map(|v| v.path.clone());
                    let open = judged.decision.undetermined.iter().map(|u| u.path.clone());
                    let about = objections.chain(open).collect();
                    if best.as_ref().map_or(true, |b| judged.faults() < b.faults()) {
                        best = Ok(judged);
                    }
                    about
                }
                Err(why) => {
                    if best.is_err() {
                        best = Err(why);
                    }
                    // A value of the wrong type, or two sizes that contradict each other.
                    let problems = ClusterSpec::read(&request).err().into_iter().flatten();
                    problems.map(|problem| problem.path).collect()
                }
            };
            if !about.iter().any(|path| choices.advance(path)) {
                break;
            }
        }
        best
    }

    /// The request of some choices, made whole.
    fn compose(&self, choices: &Choices<'_>) -> Value {
        let mut request = json!({});
        for choice in &choices.elements {
            if let Some(value) = choice.value() {
                put(&mut request, &choice.element.target, value.clone());
            }
        }
        self.complete_log_conf(&mut request);
        if self.element("spark_version").is_none() {
            put(&mut request, &Target::of("spark_version"), plain_runtime());
        }
        let pooled = request.get("instance_pool_id").is_some() || self.is_fixed("instance_pool_id");
        if self.element("node_type_id").is_none() && !pooled {
            put(&mut request, &Target::of("node_type_id"), choices.node_type());
        }
        self.complete_size(&mut request);
        request
    }

    pub fn element(&self, path: &str) -> Option<&Element> {
        self.definition.element(path)
    }

    /// Whether the definition fills the attribute in.
    fn is_fixed(&self, path: &str) -> bool {
        self.fixed(path).is_some()
    }

    fn fixed(&self, path: &str) -> Option<&str> {
        match &self.element(path)?.rule {
            Rule::Fixed(value) => Some(&value.text),
            _ => None,
        }
    }

    /// Log delivery is filled in as a whole or not at all: what is fixed of it is said beside what is not.
    fn complete_log_conf(&self, request: &mut Value) {
        if request.get("cluster_log_conf").is_none() {
            return;
        }
        for element in &self.definition.elements {
            if let (Target::LogConf(_), Rule::Fixed(value)) = (&element.target, &element.rule) {
                put(request, &element.target, Value::String(value.text.clone()));
            }
        }
    }

    /// One size, whole: both bounds, where there is one of them.
    fn complete_size(&self, request: &mut Value) {
        let [fewest, most, number, virtual_size] = [
            "autoscale.min_workers",
            "autoscale.max_workers",
            "num_workers",
            "virtual_cluster_size",
        ]
        .map(|path| attribute::value(request, path).is_some() || self.is_fixed(path));
        if fewest && !most {
            let said = attribute::value(request, "autoscale.min_workers").and_then(Value::as_i64);
            let fixed = self
                .fixed("autoscale.min_workers")
                .and_then(|text| text.parse().ok());
            let most = said.or(fixed).unwrap_or(1).max(2);
            put(request, &Target::of("autoscale.max_workers"), json!(most));
        }
        if most && !fewest && self.element("autoscale.min_workers").is_none() {
            put(request, &Target::of("autoscale.min_workers"), json!(1));
        }
        if fewest || most || number || virtual_size {
            return;
        }
        let is_single = self.fixed("spark_conf.spark.databricks.cluster.profile") == Some("singleNode");
        match self.element("num_workers").map(|e| &e.rule) {
            None => {
                let workers = if is_single { 0 } else { 1 };
                put(request, &Target::of("num_workers"), json!(workers));
            }
            Some(Rule::Forbidden) if !is_single => {
                put(request, &Target::of("autoscale.min_workers"), json!(1));
                put(request, &Target::of("autoscale.max_workers"), json!(2));
            }
            Some(_) => {}
        }
    }

    /// A request that leaves everything it can to the defaults, where the definition has some.
    pub fn defaults_alone(&self, best: &Judged) -> Option<StartingCase> {
        self.definition.elements.iter().find(|e| e.default.is_some())?;
        let mut request = json!({ "apply_policy_default_values": true });
        for element in &self.definition.elements {
            let is_left = element.default.is_some() || matches!(element.rule, Rule::Fixed(_));
            let said = attribute::value(&best.request, &element.path);
            if let (false, Some(value)) = (is_left, said) {
                put(&mut request, &element.target, value.clone());
            }
        }
        // One object in a request, three attributes in the language.
        if let (Some(conf), Some(map)) = (best.request.get("cluster_log_conf"), request.as_object_mut()) {
            map.insert("cluster_log_conf".to_owned(), conf.clone());
        }
        let judged = self.judged(request, best.workload).ok()?;
        let passes = judged.decision.outcome == best.decision.outcome && judged.faults().0 == 0;
        passes.then(|| judged.case("a request that asks for the defaults passes with them".to_owned()))
    }
}
