//! The best request with one element broken, and nothing else if that can be had.

use serde_json::{Value, json};
use tollgate_policy_language::{Element, Rule, Target};

use super::StartingCase;
use super::body::put;
use super::search::{Generator, Judged};
use super::values::breaking;
use crate::model::attribute;
use crate::model::decision::Outcome;
use crate::model::place::Workload;

/// A request that probably breaks an element, with what it shows.
struct Broken {
    request: Value,
    workload: Workload,
    shows: String,
}

impl Generator<'_> {
    /// A request that is denied for one element; none where no value is known that breaks it.
    pub fn denial(&self, element: &Element, best: &Judged) -> Option<StartingCase> {
        let enough = best.decision.violations.len().saturating_add(1);
        let mut found: Option<Judged> = None;
        let mut shows = String::new();
        for broken in self.broken(element, best) {
            let Ok(judged) = self.judged(broken.request, broken.workload) else {
                continue;
            };
            let is_denied = judged.decision.outcome == Outcome::Deny && judged.decision.failures.is_empty();
            let is_better = found.as_ref().is_none_or(|f| judged.faults() < f.faults());
            if is_denied && is_better && judged.objects_to(&element.path) {
                let is_enough = judged.decision.violations.len() <= enough;
                (found, shows) = (Some(judged), broken.shows);
                if is_enough {
                    break;
                }
            }
        }
        found.map(|judged| judged.case(shows))
    }

    fn broken(&self, element: &Element, best: &Judged) -> Vec<Broken> {
        let as_it_is = |workload: Workload| Broken {
            request: best.request.clone(),
            workload,
            shows: format!("{workload} clusters are denied"),
        };
        match &element.target {
            Target::ClusterType | Target::ClusterSource => {
                [Workload::AllPurpose, Workload::Job, Workload::Dlt]
                    .map(as_it_is)
                    .into()
            }
            Target::DbusPerHour => more_workers(best),
            _ => {
                let values = breaking(element, self.cloud).into_iter();
                let wrong = values.map(|value| Broken {
                    request: self.with(element, &value, best),
                    workload: best.workload,
                    shows: says(element, &value),
                });
                wrong
                    .chain(element.requires().then(|| without(element, best)))
                    .collect()
            }
        }
    }

    /// The best request with another value for an element; of two sizes the one that is asked about stays.
    fn with(&self, element: &Element, value: &Value, best: &Judged) -> Value {
        let mut request = best.request.clone();
        if element.path == "num_workers" {
            attribute::remove(&mut request, "autoscale");
        }
        if element.path.starts_with("autoscale.") {
            attribute::remove(&mut request, "num_workers");
        }
        if let Target::Entry { list, .. } = &element.target {
            self.put_fixed_entries(list, element, &mut request);
        }
        put(&mut request, &element.target, value.clone());
        let workers = |request: &Value, path: &str| attribute::value(request, path).and_then(Value::as_i64);
        if let Some(fewest) = workers(&request, "autoscale.min_workers")
            && workers(&request, "autoscale.max_workers").is_none_or(|most| most < fewest)
        {
            let other = match element.path.as_str() {
                "autoscale.max_workers" => "autoscale.min_workers",
                _ => "autoscale.max_workers",
            };
            put(&mut request, &Target::of(other), value.clone());
        }
        request
    }

    /// What would be filled into a list comes first, so that a new entry is one more.
    fn put_fixed_entries(&self, list: &str, but: &Element, request: &mut Value) {
        for other in &self.definition.elements {
            if let (Target::Entry { list: of, .. }, Rule::Fixed(value)) = (&other.target, &other.rule)
                && of == list
                && other.path != but.path
            {
                put(request, &other.target, value.fitting(other.kind));
            }
        }
    }
}

/// Sizes that any bound on DBUs is below of.
fn more_workers(best: &Judged) -> Vec<Broken> {
    let size = match best.request.get("autoscale") {
        Some(_) => "autoscale.max_workers",
        None => "num_workers",
    };
    let grown = [10, 100, 1_000, 10_000].map(|workers| {
        let mut request = best.request.clone();
        put(&mut request, &Target::of(size), json!(workers));
        Broken {
            request,
            workload: best.workload,
            shows: format!("the DBUs of {workers} workers are denied"),
        }
    });
    grown.into()
}

fn without(element: &Element, best: &Judged) -> Broken {
    let mut request = best.request.clone();
    let path = match element.target {
        Target::LogConf(_) => "cluster_log_conf",
        _ => &element.path,
    };
    attribute::remove(&mut request, path);
    Broken {
        request,
        workload: best.workload,
        shows: format!("leaving out `{}` is denied", element.path),
    }
}

/// What a request with a wrong value shows.
fn says(element: &Element, value: &Value) -> String {
    let path = &element.path;
    let shown = match value {
        _ if attribute::holds_secret(path) => "another value".to_owned(),
        Value::String(text) => format!("`{text}`"),
        other => format!("`{other}`"),
    };
    let why = match &element.rule {
        Rule::Forbidden => return format!("giving `{path}` is denied"),
        Rule::Fixed(_) | Rule::Unlimited => "",
        Rule::Allowlist(_) => ", which is not on the list",
        Rule::Blocklist(_) => ", which is blocked",
        Rule::Regex(_) => ", which does not match",
        Rule::Range { .. } => ", which is out of range",
    };
    format!("`{path}` cannot be {shown}{why}")
}
