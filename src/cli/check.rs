//! `tollgate check FILE...`: may these clusters be created?

use clap::Args;
use std::path::PathBuf;

use super::admission::AdmissionFlags;
use super::context::{DocumentFlags, JudgeFlags, PlaceFlags, TextOrJson, colour};
use super::exit::{Exit, complain, finish, json, json_line, print};
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::place::Workload;
use crate::ops::check::{Answer, CheckOptions, Checked, check, named};
use crate::ops::files::{Text, read_text, tables};
use crate::ops::policies::Policies;
use crate::ops::prices::catalogue;
use crate::ops::running::clusters_of;
use crate::report::decision::{DecisionJson, judged_by, text};

/// Decides whether clusters may be created: by the policy they name (or --policy) and by every guardrail.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: tollgate check request.json --policy etl-jobs --workload job --region westus2\n         \
                        generate | tollgate check - --format json | jq .decision"
)]
pub(super) struct Check {
    /// Terraform plans (`terraform show -json`), bundles (`databricks.yml`, or what `bundle validate -o json` prints), bodies
    /// of the Clusters, Jobs, Pipelines and Instance Pools API: one, an array, or one per line; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    documents: DocumentFlags,
    /// Who asks
    #[arg(long, value_name = "USER")]
    principal: Option<String>,
    /// Clusters that run already (answers of clusters/list), for policies that say how many a user may have
    #[arg(long, value_name = "FILE", requires = "principal")]
    clusters: Vec<PathBuf>,
    /// Output format: text, or JSON (one object, or one per line for several requests)
    #[arg(long, value_enum, default_value = "text")]
    format: TextOrJson,
    #[command(flatten)]
    place: PlaceFlags,
    #[command(flatten)]
    judge: JudgeFlags,
    #[command(flatten)]
    admission: AdmissionFlags,
}

impl Check {
    pub fn run(self) -> Exit {
        finish(self.answer())
    }

    fn answer(self) -> Result<Exit, Diagnostics> {
        let sources = read_all(&self.files)?;
        let prepared = self.admission.prepare(&self.judge, &self.place)?;
        let host = self.judge.policies.sandbox.host()?;
        let mut policies = Policies::open(&prepared.source, &host)?;
        let admission = prepared.setup.admission(&prepared.waivers, &policies)?;
        let mut catalogue = catalogue(&prepared.prices)?;
        let clusters = match (&self.principal, self.clusters.as_slice()) {
            (_, []) | (None, _) => None,
            (Some(principal), files) => Some(clusters_of(principal, &tables(files)?)?),
        };
        let options = CheckOptions {
            policy: self.judge.policy(),
            place: self.judge.place(&self.place),
            workload: self.place.workload,
            at: self.place.at(),
            principal: self.principal,
            read: self.documents.options(self.judge.form()),
            clusters,
            admission,
        };
        let checked = check(&sources, &mut policies, &mut catalogue, &options)?;
        print(&shown(&checked, options.workload, self.format)?);
        complain(&checked.problems);
        Ok(exit(&checked))
    }
}

/// Reads every file; all that cannot be read are named.
pub(super) fn read_all(files: &[PathBuf]) -> Result<Vec<Text>, Diagnostics> {
    let mut problems = Vec::new();
    let mut texts = Vec::new();
    if files.iter().filter(|f| f.as_os_str() == "-").count() > 1 {
        return Err(Diagnostic::error("file::twice", "-", "standard input can be read only once").into());
    }
    for file in files {
        match read_text(file) {
            Ok(text) => texts.push(text),
            Err(found) => problems.extend(found.0),
        }
    }
    if problems.is_empty() {
        Ok(texts)
    } else {
        Err(Diagnostics(problems))
    }
}

fn shown(checked: &Checked, workload: Workload, format: TextOrJson) -> Result<String, Diagnostics> {
    let mut out = String::new();
    let alone = checked.answers.len() == 1 && checked.problems.0.is_empty();
    for answer in &checked.answers {
        let Answer {
            request,
            decision,
            remedied,
            policies,
            chosen_by,
        } = answer;
        let name = named(request);
        match format {
            TextOrJson::Text => {
                out.push_str(&text(&name, decision, workload, remedied.as_ref(), colour()));
                out.push_str(&judged_by(policies, *chosen_by));
            }
            TextOrJson::Json => {
                let object = DecisionJson::new(name, decision, workload, remedied.as_ref());
                let object = object.judged_by(policies, *chosen_by);
                out.push_str(&if alone {
                    json(&object)?
                } else {
                    json_line(&object)?
                });
            }
        }
    }
    Ok(out)
}

fn exit(checked: &Checked) -> Exit {
    if checked.problems.has_errors() {
        Exit::CouldNotAnswer
    } else if checked.all_allowed() {
        Exit::InOrder
    } else {
        Exit::Fault
    }
}
