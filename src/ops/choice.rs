//! Which policy judges a request, beside the guardrails.
//!
//! The caller's word counts first, then a binding that matches, then what the request names: a policy at hand, or one that its
//! document defines. What cannot be found is told, never passed over; what nobody knows yet leaves the decision open.

use super::admission::Admission;
use super::check::CheckOptions;
use super::policies::Policies;
use crate::databricks::fields::is_template;
use crate::intake::requests::request::Request;
use crate::model::decision::{ChosenBy, RuleName, Undetermined};
use crate::model::diagnostic::Diagnostics;
use crate::policy::binding::{Bound, Field, Seen, Unbound};

/// The policy of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// What [`Policies::get`] knows it by; none for guardrails alone.
    pub policy: Option<String>,
    /// How it was chosen.
    pub by: ChosenBy,
    /// Set where the policy is named, and nobody knows yet what it demands.
    pub undetermined: Option<Undetermined>,
}

/// Chooses the policy of a request, and loads it.
///
/// # Errors
/// `policy::unknown`, `policy::unbound`, `policy::binding-unknown`; what loading it finds.
pub fn choose(
    request: &Request,
    policies: &mut Policies<'_>,
    options: &CheckOptions,
) -> Result<Choice, Diagnostics> {
    if let Some(policy) = &options.policy {
        return load(policy, ChosenBy::Flag, policies);
    }
    let admission = &options.admission;
    let view = View::of(request, admission);
    match admission.bindings.decide(&|field| view.see(field)) {
        Bound::To(binding) => match &binding.policy {
            Some(policy) => load(policy, ChosenBy::Binding, policies),
            None => Ok(Choice::of(None, ChosenBy::Binding)),
        },
        Bound::Open(binding, field) => {
            let file = &admission.bindings.source;
            let message = format!(
                "nobody knows yet which policy judges: `{field}` is not known, and the binding on line {} of `{file}` asks for it",
                binding.line
            );
            let hint = "bind by what is known before an apply, such as path, job or kind, before that binding; or give --policy";
            Err(request
                .problem("policy::binding-unknown", message)
                .hint(hint)
                .into())
        }
        Bound::Nothing => named(request, policies, admission),
    }
}

/// The policy that the request itself names.
fn named(
    request: &Request,
    policies: &mut Policies<'_>,
    admission: &Admission,
) -> Result<Choice, Diagnostics> {
    let id = request.spec.policy_id.as_deref();
    if let Some(name) = id.and_then(|id| policies.standing_for(id)).map(str::to_owned) {
        return load(&name, ChosenBy::Request, policies);
    }
    if let Some(found) = &request.around.policy {
        let policy = policies.load_found(found)?;
        let undetermined = policy.is_none().then(|| {
            open(format!(
                "what the policy `{}` demands is not known yet",
                found.name
            ))
        });
        return Ok(Choice {
            policy,
            by: ChosenBy::Document,
            undetermined,
        });
    }
    if let Some(id) = id {
        return load(id, ChosenBy::Request, policies).map_err(|found| at_request(found, request));
    }
    if request.around.unknown.covers("policy_id") {
        let refers = request.around.unknown.references.get("policy_id");
        let message = match refers {
            Some(to) => format!("it names the policy `{to}`, which is not in this document"),
            None => "which policy it names is not known yet".to_owned(),
        };
        return Ok(Choice {
            undetermined: Some(open(message)),
            ..Choice::of(None, ChosenBy::Request)
        });
    }
    if admission.bindings.unbound == Unbound::Error {
        let file = &admission.bindings.source;
        let message = format!("it names no policy, and no binding of `{file}` matches");
        let hint = "bind it to a policy, or to `none` for guardrails alone; `unbound: guardrails` does so for all that is left";
        return Err(request.problem("policy::unbound", message).hint(hint).into());
    }
    Ok(Choice::of(None, ChosenBy::None))
}

impl Choice {
    fn of(policy: Option<String>, by: ChosenBy) -> Choice {
        Choice {
            policy,
            by,
            undetermined: None,
        }
    }
}

fn load(name: &str, by: ChosenBy, policies: &mut Policies<'_>) -> Result<Choice, Diagnostics> {
    policies.load(name)?;
    Ok(Choice::of(Some(name.to_owned()), by))
}

/// No rule speaks here: it is the choice of the policy that is open.
fn open(message: String) -> Undetermined {
    Undetermined {
        by: RuleName {
            policy: "tollgate".to_owned(),
            rule: "policy".to_owned(),
            plugin: "tollgate".to_owned(),
        },
        path: "policy_id".to_owned(),
        message,
    }
}

/// There is no such policy; that is the request's problem.
fn at_request(found: Diagnostics, request: &Request) -> Diagnostics {
    let moved = found.0.into_iter().map(|d| {
        let mut here = request.problem(d.code, d.message);
        here.hint = Some(
            "name a policy of tollgate with --policy, or a folder of policies with --policies".to_owned(),
        );
        here
    });
    Diagnostics(moved.collect())
}

/// What bindings and waivers see of a request.
#[derive(Debug)]
pub struct View<'a> {
    request: &'a Request,
    /// Its workspace, where that is known.
    workspace: Option<&'a str>,
    /// Its file; none for standard input.
    pub path: Option<String>,
}

impl<'a> View<'a> {
    /// What is seen of a request in a repository.
    pub fn of(request: &'a Request, admission: &'a Admission) -> View<'a> {
        View {
            request,
            workspace: admission.workspace_of(request).map(|w| w.workspace.as_str()),
            path: admission.path_of(&request.source),
        }
    }

    /// What is seen of a field.
    pub fn see(&self, field: &Field) -> Seen {
        let request = self.request;
        let around = &request.around;
        let told = |text: Option<&str>| match text {
            Some(text) if is_template(text) => Seen::Unknown,
            Some(text) => Seen::Known(text.to_owned()),
            None => Seen::Absent,
        };
        match field {
            Field::Workspace => match (self.workspace, around.workspace.as_deref()) {
                (Some(name), _) => Seen::Known(name.to_owned()),
                (None, Some(host)) if is_template(host) => Seen::Unknown,
                (None, _) => Seen::Absent,
            },
            Field::Target => told(around.target.as_deref()),
            Field::Path => self.path.clone().map_or(Seen::Absent, Seen::Known),
            Field::Kind => Seen::Known(around.kind.to_string()),
            Field::Job if around.job_unknown.covers("name") => Seen::Unknown,
            Field::Job => told(around.job.as_deref()),
            Field::Cluster if request.name.is_none() && around.unknown.covers("cluster_name") => {
                Seen::Unknown
            }
            Field::Cluster => told(request.name.as_deref()),
            Field::PolicyId => {
                let reference = around.unknown.references.get("policy_id");
                match (&request.spec.policy_id, reference) {
                    (Some(id), _) => told(Some(id)),
                    // A policy that the document defines has no id yet; it is known by its address.
                    (None, Some(reference)) => Seen::Known(reference.clone()),
                    (None, None) if around.unknown.covers("policy_id") => Seen::Unknown,
                    (None, None) => Seen::Absent,
                }
            }
            Field::Tag(key) => self.tag(key),
        }
    }

    /// A tag of the cluster, else of its job: clusters carry the tags of their jobs in addition to their own.
    fn tag(&self, key: &str) -> Seen {
        let of = |tags: &[(String, String)]| {
            let found = tags.iter().find(|(name, _)| name == key);
            found.map(|(_, value)| value.clone())
        };
        let around = &self.request.around;
        let own = of(&self.request.spec.custom_tags);
        if own.is_none() && around.unknown.covers(&format!("custom_tags.{key}")) {
            return Seen::Unknown;
        }
        let of_job = of(&around.job_tags);
        if own.is_none() && of_job.is_none() && around.job_unknown.covers(&format!("tags.{key}")) {
            return Seen::Unknown;
        }
        match own.or(of_job) {
            Some(value) if is_template(&value) => Seen::Unknown,
            Some(value) => Seen::Known(value),
            None => Seen::Absent,
        }
    }
}
