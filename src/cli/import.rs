//! `tollgate policy import FILE -o FOLDER`: policies of a workspace become policies of tollgate.

use clap::Args;
use std::path::PathBuf;

use super::context::SandboxFlags;
use super::exit::{Exit, complain, print};
use crate::model::decision::Outcome;
use crate::model::diagnostic::Diagnostics;
use crate::model::place::Cloud;
use crate::ops::files::read_text;
use crate::ops::import::{ImportOptions, Imported, import};
use crate::pricing::catalogue::Catalogue;

/// Takes cluster policies of a workspace over: of each a folder with policy.yaml, the definition as it was, and cases that
/// show what it allows and what it denies. All are written, or none; what cannot be used is told.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: tollgate policy import policies.json -o policies\n         \
                  databricks cluster-policies list -o json | tollgate policy import - -o policies\n         \
                  terraform show -json plan.out | tollgate policy import - -o policies\n         \
                  tollgate policy import definition.json -o policies --name team-analytics"
)]
pub(super) struct Import {
    /// JSON of policies/clusters/get or list, a definition, or what `terraform show -json` prints; `-` is standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Folder that the policies are put into, each in one of its own
    #[arg(short, long, value_name = "FOLDER")]
    output: PathBuf,
    /// Name of the policy; needed for a definition, which has none
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Cloud of the cases; read off the definition where not given, else AZURE
    #[arg(long, value_name = "AWS|AZURE|GCP")]
    cloud: Option<Cloud>,
    /// Write over files that are there
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    sandbox: SandboxFlags,
}

impl Import {
    pub fn answer(self) -> Result<Exit, Diagnostics> {
        let source = read_text(&self.file)?;
        let host = self.sandbox.host()?;
        let options = ImportOptions {
            output: self.output,
            name: self.name,
            force: self.force,
            cloud: self.cloud,
        };
        let (imported, problems) = import(&source, &host, &mut Catalogue::default(), &options)?;
        for one in &imported {
            print(&shown(one));
        }
        complain(&problems);
        Ok(if problems.has_errors() {
            Exit::CouldNotAnswer
        } else {
            Exit::InOrder
        })
    }
}

fn shown(imported: &Imported) -> String {
    let Imported { name, folder, cases } = imported;
    let denied = cases.cases.iter().filter(|c| c.outcome == Outcome::Deny).count();
    let pass = cases.cases.len().saturating_sub(denied);
    let passes = if pass == 1 { "case passes" } else { "cases pass" };
    let are = if denied == 1 { "is" } else { "are" };
    let mut out = format!(
        "{name}: {}, {pass} {passes}, {denied} {are} denied\n",
        folder.display()
    );
    if let Some(obstacle) = cases.obstacles.first() {
        out.push_str(&format!("  no request was found that passes: {obstacle}\n"));
    }
    if !cases.unbroken.is_empty() {
        out.push_str(&format!(
            "  no denial was found for {}\n",
            cases.unbroken.join(", ")
        ));
    }
    out
}
