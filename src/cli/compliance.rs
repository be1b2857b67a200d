//! `tollgate policy compliance FILE...`: do the clusters that exist comply?

use clap::Args;
use std::path::PathBuf;

use super::context::{JudgeFlags, PlaceFlags, TextOrJson, colour};
use super::exit::{Exit, complain, json, print};
use crate::model::diagnostic::Diagnostics;
use crate::ops::compliance::{ComplianceOptions, compliance};
use crate::ops::files::tables;
use crate::ops::policies::Policies;
use crate::ops::prices::catalogue;
use crate::report::compliance::{Compliance as Report, text};

/// Says which clusters that exist comply with their policy, what enforcement would change in the others, and what that
/// saves. Each is judged by the policy given, else by the one it was created under, and by every guardrail.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 all comply; 1 some do not, or it cannot be said of some; 2 could not answer.\n\n\
                  Example: tollgate policy compliance clusters.json --definition definition.json --region westus2\n         \
                  databricks clusters list -o json | tollgate policy compliance - --policies ./policies"
)]
pub(super) struct Compliance {
    /// Clusters that exist: JSON of clusters/list or clusters/get, or rows of system.compute.clusters (CSV, JSON, Parquet); `-` is
    /// standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Output format
    #[arg(long, value_enum, default_value = "text")]
    format: TextOrJson,
    #[command(flatten)]
    place: PlaceFlags,
    #[command(flatten)]
    judge: JudgeFlags,
}

impl Compliance {
    pub fn answer(self) -> Result<Exit, Diagnostics> {
        let sources = tables(&self.files)?;
        let host = self.judge.policies.sandbox.host()?;
        let mut policies = Policies::open(&self.judge.source(), &host)?;
        let mut catalogue = catalogue(&self.place.prices)?;
        let options = ComplianceOptions {
            policy: self.judge.policy(),
            place: self.judge.place(&self.place),
            workload: self.place.workload,
            at: self.place.at(),
        };
        let (found, problems) = compliance(&sources, &mut policies, &mut catalogue, &options)?;
        print(&match self.format {
            TextOrJson::Text => text(&found, colour()),
            TextOrJson::Json => json(&found)?,
        });
        complain(&problems);
        Ok(exit(&found, &problems))
    }
}

/// A rule that broke is no answer; one that would have to know more is, as in `check`.
fn exit(found: &Report, problems: &Diagnostics) -> Exit {
    let broken = found.clusters.iter().flat_map(|c| &c.failures).any(|f| f.denies);
    let all_comply = found.summary.non_compliant == 0 && found.summary.undetermined == 0;
    if problems.has_errors() || broken {
        Exit::CouldNotAnswer
    } else if all_comply {
        Exit::InOrder
    } else {
        Exit::Fault
    }
}
