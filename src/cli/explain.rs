//! `tollgate policy explain`: what a policy demands, and how it decides.

use clap::Args;
use serde::Serialize;
use serde_json::Value;
use std::path::{Path, PathBuf};

use super::context::{PlaceFlags, PolicyFlags, TextOrJson, colour};
use super::exit::{Exit, json, print};
use crate::model::decision::Outcome;
use crate::model::diagnostic::Diagnostics;
use crate::model::document::Document;
use crate::model::place::Cloud;
use crate::ops::check::entry;
use crate::ops::explain::{ExplainOptions, Explained, explain};
use crate::ops::files::read_text;
use crate::ops::judge::PlaceOptions;
use crate::ops::policies::{DEFINITION, Policies, PolicySource};
use crate::ops::prices::catalogue;
use crate::report::check::json::DecisionJson;
use crate::report::check::text;
use crate::report::explanation;

/// Says in plain words what a policy demands; with --request, what every rule read, filled in and judged.
#[derive(Debug, Args)]
#[command(after_help = "Example: tollgate policy explain definition.json\n         \
                        tollgate policy explain etl-jobs --request request.json --workload job --region westus2")]
pub(super) struct Explain {
    /// A policy by name, a policy document, or a Databricks policy definition
    #[arg(value_name = "POLICY|FILE")]
    policy: String,
    /// A Clusters API create request; `-` is standard input
    #[arg(long, value_name = "FILE")]
    request: Option<PathBuf>,
    /// Who asks
    #[arg(long, value_name = "USER")]
    principal: Option<String>,
    /// Output format
    #[arg(long, value_enum, default_value = "text")]
    format: TextOrJson,
    #[command(flatten)]
    place: PlaceFlags,
    #[command(flatten)]
    policies: PolicyFlags,
}

#[derive(Serialize)]
struct ExplanationJson<'a> {
    #[serde(flatten)]
    explanation: &'a explanation::Explanation,
    #[serde(skip_serializing_if = "Option::is_none")]
    judged: Option<DecisionJson<'a>>,
}

impl Explain {
    pub fn answer(self) -> Result<Exit, Diagnostics> {
        let host = self.policies.sandbox.host()?;
        let (source, name) = self.which()?;
        let mut policies = Policies::open(&source, &host)?;
        let name = match name {
            Some(name) => name,
            None => policies
                .names()
                .first()
                .map(|n| (*n).to_owned())
                .unwrap_or_default(),
        };
        let request = self.request.as_deref().map(read_text).transpose()?;
        let options = ExplainOptions {
            place: PlaceOptions {
                cloud_where_untold: Some(Cloud::Azure),
                ..self.place.place()
            },
            workload: self.place.workload,
            at: self.place.at(),
            principal: self.principal.clone(),
        };
        let mut catalogue = catalogue(&self.place.prices)?;
        let explained = explain(&mut policies, &mut catalogue, &name, request.as_ref(), &options)?;
        print(&self.shown(&explained)?);
        let is_allowed = explained.request.is_none() || explained.decision.outcome == Outcome::Allow;
        Ok(if is_allowed { Exit::InOrder } else { Exit::Fault })
    }

    /// Where the policy is, and its name if it is told.
    fn which(&self) -> Result<(PolicySource, Option<String>), Diagnostics> {
        let file = Path::new(&self.policy);
        if !file.is_file() {
            return Ok((self.policies.source(), Some(self.policy.clone())));
        }
        let text = read_text(file)?;
        let is_document = Document::parse_json_or_yaml(&text.source, &text.text)
            .is_ok_and(|document| document.value.get("rules").is_some_and(Value::is_array));
        Ok(if is_document {
            (PolicySource::Folder(file.to_owned()), None)
        } else {
            (
                PolicySource::Definition(file.to_owned()),
                Some(DEFINITION.to_owned()),
            )
        })
    }

    fn shown(&self, explained: &Explained) -> Result<String, Diagnostics> {
        let Explained {
            explanation,
            request,
            decision,
        } = explained;
        let judged = request
            .as_ref()
            .map(|request| entry(request, decision, self.place.workload));
        match self.format {
            TextOrJson::Json => json(&ExplanationJson {
                explanation,
                judged: judged.as_ref().map(DecisionJson::new),
            }),
            TextOrJson::Text => Ok(match judged {
                None => explanation::text(explanation),
                Some(judged) => {
                    let decided = text::entry(&judged, colour());
                    format!("{}\n{decided}", explanation::traced_text(explanation, decision))
                }
            }),
        }
    }
}
