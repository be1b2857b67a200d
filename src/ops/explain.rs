//! Explain: what a policy demands, and how it comes to its decision on a request.

use serde_json::{Map, Value};

use super::files::{OnDisk, Text};
use super::judge::{Asked, PlaceOptions, judge};
use super::policies::Policies;
use crate::intake::requests::clusters_api::Form;
use crate::intake::requests::documents::{self, DocumentKind, ReadOptions};
use crate::intake::requests::request::Request;
use crate::model::decision::Decision;
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::period::Instant;
use crate::model::place::{Cloud, Workload, Workspace};
use crate::model::unknown::NOTHING;
use crate::pricing::catalogue::Catalogue;
use crate::report::explanation::{ExplainedRule, Explanation, trace_of};

/// Where, when and for whom a request is judged.
#[derive(Debug, Clone, PartialEq)]
pub struct ExplainOptions {
    /// Where it would run.
    pub place: PlaceOptions,
    /// What for.
    pub workload: Workload,
    /// When.
    pub at: Instant,
    /// Who asks.
    pub principal: Option<String>,
}

/// An explanation; with the decision where it is of a request.
#[derive(Debug, Clone)]
pub struct Explained {
    /// The policy, rule by rule.
    pub explanation: Explanation,
    /// The request; none where the policy alone is explained.
    pub request: Option<Request>,
    /// What was decided of the request, or of an empty one.
    pub decision: Decision,
}

/// Explains a policy, alone, by judging a request; an empty one where none is given.
///
/// # Errors
/// `policy::*` where the policy cannot be loaded; `request::not-one` and other `request::*`.
pub fn explain(
    policies: &mut Policies<'_>,
    catalogue: &mut Catalogue,
    name: &str,
    source: Option<&Text>,
    options: &ExplainOptions,
) -> Result<Explained, Diagnostics> {
    policies.load(name)?;
    let request = source.map(the_request).transpose()?;
    let nothing = Value::Object(Map::new());
    let workspace = workspace(request.as_ref(), options)?;
    catalogue.load(workspace.cloud, workspace.region.as_deref())?;
    let (Some(policy), Some(document)) = (policies.get(name), policies.document(name)) else {
        return Err(Diagnostics::default());
    };
    let asked = Asked {
        body: request.as_ref().map_or(&nothing, |r| &r.body),
        principal: options.principal.as_deref(),
        workspace: &workspace,
        workload: options.workload,
        at: options.at,
        pools: &[],
        unknown: &NOTHING,
        clusters: None,
        trace: true,
        cost: None,
    };
    let decision = judge(&[policy], catalogue, &asked).map_err(|e| match &request {
        Some(request) => request.problem("request::not-judged", e.to_string()),
        None => document.document.error("request::not-judged", "", e.to_string()),
    })?;
    let rules = policy
        .rules
        .iter()
        .zip(&document.rules)
        .map(|(rule, entry)| ExplainedRule {
            by: rule.name.clone(),
            enforcement: rule.enforcement,
            trace: trace_of(&decision, &rule.name),
            settings: without_definition(&entry.settings),
        });
    let explanation = Explanation {
        policy: name.to_owned(),
        description: document.description.clone(),
        rules: rules.collect(),
    };
    Ok(Explained {
        explanation,
        request,
        decision,
    })
}

/// Settings without definitions, which may hold secrets and are told element by element.
fn without_definition(settings: &Value) -> Value {
    match settings {
        Value::Object(settings) => {
            let told = settings.iter().filter(|(key, value)| {
                let is_file = key.ends_with("_file");
                is_file || !key.contains("definition") || value.is_null()
            });
            Value::Object(told.map(|(key, value)| (key.clone(), value.clone())).collect())
        }
        other => other.clone(),
    }
}

/// The one request of a source; it may be partial.
fn the_request(source: &Text) -> Result<Request, Diagnostics> {
    let options = ReadOptions {
        form: Form::Partial,
        kind: Some(DocumentKind::Cluster),
        ..ReadOptions::default()
    };
    let read = documents::read(&source.source, &source.text, &OnDisk, &options);
    if read.problems.has_errors() {
        return Err(read.problems);
    }
    let found = read.requests.len();
    match <[Request; 1]>::try_from(read.requests) {
        Ok([request]) => Ok(request),
        Err(_) => {
            let message = format!("expected one request, found {found}");
            let problem = Diagnostic::error("request::not-one", &source.source, message);
            Err(problem.hint("`tollgate check` judges several").into())
        }
    }
}

/// Where the request would run; anywhere for an empty one.
fn workspace(request: Option<&Request>, options: &ExplainOptions) -> Result<Workspace, Diagnostics> {
    match request {
        Some(request) => Ok(options.place.workspace_of(request)?),
        None => {
            let cloud = options.place.cloud.or(options.place.cloud_where_untold);
            Ok(options.place.workspace_in(cloud.unwrap_or(Cloud::Azure)))
        }
    }
}
