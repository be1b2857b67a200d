//! Starting cases for a definition: a request that passes, and one denial for each element that can be broken.
//!
//! In goes a definition and something that judges; out come cases that were judged. Requests are put together from what
//! the definition itself says (fixed values, defaults, lists, bounds, literal parts of patterns) and from values that
//! people give to an attribute; whether one passes is asked, not assumed. Deliberately absent: what the elements mean.
//!
//! ```text
//! values.rs      what may stand at an element's path, and what may not      attribute_samples.rs, pattern_samples.rs
//! choices.rs     one value for each element, and which to change next
//! search.rs      the request with the fewest violations                     body.rs
//! denials.rs     that request with one element broken
//! ```

mod attribute_samples;
mod body;
mod choices;
mod denials;
mod pattern_samples;
mod search;
#[cfg(test)]
mod tests;
mod values;

use serde_json::Value;
use tollgate_policy_language::{Definition, Element, Rule};

use self::search::{Generator, Judged};
use crate::model::decision::{Decision, Outcome};
use crate::model::place::{Cloud, Workload};

/// Judges a request of a workload; says why where it cannot.
pub type Judge<'a> = &'a dyn Fn(&Value, Workload) -> Result<Decision, String>;

/// What was found for a definition.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StartingCases {
    /// The cases, each as it was judged.
    pub cases: Vec<StartingCase>,
    /// What the best request that was found still violates, or why none could be judged; empty where one passes.
    pub obstacles: Vec<String>,
    /// Elements that can be broken, and that no case breaks.
    pub unbroken: Vec<String>,
}

/// A request and what was decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartingCase {
    /// A sentence.
    pub name: String,
    /// What the cluster is for.
    pub workload: Workload,
    /// Create body.
    pub request: Value,
    /// Active clusters that the principal has under the policy already.
    pub active_clusters: u64,
    /// The decision.
    pub outcome: Outcome,
    /// Paths of all violations.
    pub violations: Vec<String>,
    /// Values that were filled in.
    pub supplied: Vec<(String, Value)>,
}

/// Finds starting cases.
pub fn starting_cases(definition: &Definition, cloud: Cloud, judge: Judge<'_>) -> StartingCases {
    let generator = Generator {
        definition,
        cloud,
        judge,
    };
    let mut found = StartingCases::default();
    let best = match generator.best() {
        Ok(best) => best,
        Err(why) => {
            found.obstacles.push(why);
            return found;
        }
    };
    found.obstacles = best.obstacles();
    if found.obstacles.is_empty() {
        let name = match best.decision.outcome {
            Outcome::Undetermined => "a request within every rule passes, as far as that can be told",
            _ => "a request within every rule passes",
        };
        found.cases.push(best.case(name.to_owned()));
        found.cases.extend(generator.defaults_alone(&best));
    }
    for element in &definition.elements {
        match generator.denial(element, &best) {
            Some(case) => found.cases.push(case),
            None if can_be_broken(element) => found.unbroken.push(element.path.clone()),
            None => {}
        }
    }
    found
}

impl StartingCases {
    /// Adds the user who has as many active clusters as one may have: what passes otherwise is denied.
    pub fn limit_clusters_per_user(&mut self, most: u64) {
        let passing = self.cases.iter().find(|case| case.outcome == Outcome::Allow);
        if let Some(passing) = passing.cloned() {
            self.cases.push(StartingCase {
                name: format!("a user with {most} active clusters gets no other"),
                active_clusters: most,
                outcome: Outcome::Deny,
                violations: vec!["policy_id".to_owned()],
                ..passing
            });
        }
    }
}

/// Whether any request breaks the element.
fn can_be_broken(element: &Element) -> bool {
    match element.rule {
        Rule::Unlimited | Rule::Range { min: None, max: None } => element.requires(),
        _ => true,
    }
}

impl Judged {
    /// The request as a case.
    fn case(&self, name: String) -> StartingCase {
        let d = &self.decision;
        StartingCase {
            name,
            workload: self.workload,
            request: self.request.clone(),
            active_clusters: 0,
            outcome: d.outcome,
            violations: d.violations.iter().map(|v| v.path.clone()).collect(),
            supplied: d
                .supplied
                .iter()
                .map(|s| (s.path.clone(), s.value.clone()))
                .collect(),
        }
    }
}

/// The cloud that a definition speaks of: the spelling of its node types, or its attribute blocks.
pub fn cloud_of(definition: &Definition) -> Option<Cloud> {
    let by_node = |e: &Element| {
        let named = e.rule.values().iter().chain(&e.default);
        named
            .filter(|_| e.path.ends_with("node_type_id"))
            .find_map(|v| cloud_of_node(&v.text))
    };
    let by_block = |e: &Element| {
        let block = e.path.split('.').next();
        Cloud::ALL.into_iter().find(|c| block == Some(c.attributes_key()))
    };
    let elements = || definition.elements.iter();
    elements()
        .find_map(by_node)
        .or_else(|| elements().find_map(by_block))
}

fn cloud_of_node(id: &str) -> Option<Cloud> {
    if id.starts_with("Standard_") {
        Some(Cloud::Azure)
    } else if id.split('.').count() == 2 {
        Some(Cloud::Aws)
    } else {
        ["-standard-", "-highmem-", "-highcpu-"]
            .iter()
            .any(|family| id.contains(family))
            .then_some(Cloud::Gcp)
    }
}
