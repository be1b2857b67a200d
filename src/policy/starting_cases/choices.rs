//! What is said of each attribute, and which of it to change when somebody objects.

use serde_json::Value;
use tollgate_policy_language::path::generic;
use tollgate_policy_language::{Definition, Element, Rule, Target};

use super::attribute_samples::node_types;
use super::values::fitting;
use crate::model::place::{Cloud, Workload};

/// What may be said of an attribute, best first; none leaves it out.
pub(super) struct Choice<'d> {
    pub element: &'d Element,
    options: Vec<Option<Value>>,
    at: usize,
}

/// Everything that is chosen for one try.
pub(super) struct Choices<'d> {
    pub elements: Vec<Choice<'d>>,
    /// Node types where no element speaks of them.
    nodes: Options<Value>,
    workloads: Options<Workload>,
}

/// Values in order, one of them chosen.
struct Options<T> {
    all: Vec<T>,
    at: usize,
}

impl<T: Clone + Default> Options<T> {
    fn new(all: impl IntoIterator<Item = T>) -> Options<T> {
        Options {
            all: all.into_iter().collect(),
            at: 0,
        }
    }

    fn chosen(&self) -> T {
        self.all.get(self.at).cloned().unwrap_or_default()
    }

    /// Takes the next; false where there is none.
    fn advance(&mut self) -> bool {
        let next = self.at.saturating_add(1);
        let more = next < self.all.len();
        if more {
            self.at = next;
        }
        more
    }
}

impl Choice<'_> {
    /// What is said; none to leave it out.
    pub fn value(&self) -> Option<&Value> {
        self.options.get(self.at)?.as_ref()
    }
}

impl<'d> Choices<'d> {
    /// The best option for each element.
    pub fn new(definition: &'d Definition, cloud: Cloud) -> Choices<'d> {
        let choice = |element| Choice {
            options: options(definition, element, cloud),
            element,
            at: 0,
        };
        Choices {
            elements: definition.elements.iter().map(choice).collect(),
            nodes: Options::new(node_types(cloud).map(Value::from)),
            workloads: Options::new([Workload::AllPurpose, Workload::Job, Workload::Dlt]),
        }
    }

    pub fn workload(&self) -> Workload {
        self.workloads.chosen()
    }

    pub fn node_type(&self) -> Value {
        self.nodes.chosen()
    }

    /// Takes the next option for what a path is about; false where there is none.
    pub fn advance(&mut self, path: &str) -> bool {
        let wanted = generic(path);
        let about = |c: &&mut Choice<'_>| c.element.path == path || generic(&c.element.path) == wanted;
        if let Some(choice) = self.elements.iter_mut().find(about) {
            let next = choice.at.saturating_add(1);
            if next < choice.options.len() {
                choice.at = next;
                return true;
            }
        }
        match path {
            // What is computed is changed where it is computed from.
            "cluster_type" | "cluster_source" => self.workloads.advance(),
            "dbus_per_hour" => [
                "num_workers",
                "autoscale.max_workers",
                "node_type_id",
                "driver_node_type_id",
            ]
            .iter()
            .any(|from| self.advance(from)),
            "node_type_id" => self.nodes.advance(),
            _ => false,
        }
    }
}

/// What may be said of the attribute of an element. What the definition fills in is best left out.
fn options(definition: &Definition, element: &Element, cloud: Cloud) -> Vec<Option<Value>> {
    let is_star = matches!(element.target, Target::Entry { index: None, .. });
    if element.target.is_virtual() || is_star || matches!(element.rule, Rule::Forbidden) {
        return vec![None];
    }
    let values = fitting(element, cloud).into_iter().map(Some);
    // A number of workers makes a request that people would send, unless there is another size.
    let is_size = element.path == "num_workers" && !asks_for_autoscale(definition);
    if element.is_optional && is_size {
        values.chain([None]).collect()
    } else if element.is_optional || matches!(element.rule, Rule::Fixed(_)) {
        std::iter::once(None).chain(values).collect()
    } else {
        let values: Vec<_> = values.collect();
        if values.is_empty() { vec![None] } else { values }
    }
}

/// Whether the definition asks for autoscaling, or fills it in.
fn asks_for_autoscale(definition: &Definition) -> bool {
    let mut elements = definition.elements.iter();
    elements.any(|e| e.path.starts_with("autoscale.") && e.requires())
}
