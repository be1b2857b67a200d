//! Bindings explained: for each request every binding that was looked at, and why it matches or not.

use super::admission::Admission;
use super::choice::View;
use super::files::Text;
use super::sources::reading;
use crate::intake::requests::documents::ReadOptions;
use crate::intake::requests::request::Request;
use crate::model::diagnostic::Diagnostics;
use crate::policy::binding::{Binding, Bound, Holds, Looked, Seen, Unbound};
use crate::report::bindings::{BindingLooked, Bindings, BoundRequest, ConditionLooked, Verdict};

/// Says of every request of every source which binding decides.
pub fn explain(sources: &[Text], admission: &Admission, options: &ReadOptions) -> (Bindings, Diagnostics) {
    let read = reading(sources, options);
    let judged = read.requests.iter().filter(|r| r.around.action.is_judged());
    let requests = judged.map(|request| explained(request, admission)).collect();
    let report = Bindings {
        file: admission.bindings.source.clone(),
        requests,
    };
    (report, read.problems)
}

fn explained(request: &Request, admission: &Admission) -> BoundRequest {
    let view = View::of(request, admission);
    let see = |field: &_| view.see(field);
    let verdict = match admission.bindings.decide(&see) {
        Bound::To(binding) => Verdict::Binding {
            policy: named(binding),
            line: binding.line,
        },
        Bound::Open(binding, field) => Verdict::Open {
            line: binding.line,
            field: field.to_string(),
        },
        Bound::Nothing => {
            let references = &request.around.unknown.references;
            let named = request.spec.policy_id.as_ref();
            let named = named.or_else(|| references.get("policy_id")).cloned();
            let is_open = request.around.unknown.covers("policy_id");
            match (named, admission.bindings.unbound) {
                (Some(policy), _) => Verdict::Request { policy: Some(policy) },
                (None, _) if is_open => Verdict::Request { policy: None },
                (None, Unbound::Guardrails) => Verdict::Guardrails,
                (None, Unbound::Error) => Verdict::Unbound,
            }
        }
    };
    let mut bindings = Vec::new();
    for binding in &admission.bindings.bindings {
        let looked = binding.look(&see);
        let holds = looked.iter().map(|l| l.holds).min().unwrap_or(Holds::Yes);
        bindings.push(BindingLooked {
            policy: named(binding),
            line: binding.line,
            holds: word(holds),
            conditions: looked.iter().map(condition).collect(),
        });
        if holds == Holds::Yes {
            break;
        }
    }
    BoundRequest {
        source: request.source.clone(),
        address: request.address.clone(),
        name: request.name.clone(),
        line: request.line,
        verdict,
        bindings,
    }
}

fn named(binding: &Binding) -> String {
    binding.policy.clone().unwrap_or_else(|| "none".to_owned())
}

fn word(holds: Holds) -> &'static str {
    match holds {
        Holds::Yes => "yes",
        Holds::No => "no",
        Holds::Open => "unknown",
    }
}

fn condition(looked: &Looked<'_>) -> ConditionLooked {
    ConditionLooked {
        field: looked.condition.field.to_string(),
        patterns: looked.condition.patterns.clone(),
        found: match &looked.found {
            Seen::Known(value) => Some(value.clone()),
            Seen::Unknown | Seen::Absent => None,
        },
        holds: word(looked.holds),
    }
}
