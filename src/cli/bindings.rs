//! `tollgate policy bindings FILE...`.

use clap::Args;
use std::path::PathBuf;

use super::admission::WorkspaceFlags;
use super::context::{DocumentFlags, TextOrJson};
use super::exit::{Exit, complain, json, print};
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::ops::bindings::explain;
use crate::ops::check::Form;
use crate::ops::sources::sources;

/// Says which binding decides which policy judges, and why those before it do not. Ends with 1 where nobody can say of some
/// request.
#[derive(Debug, Args)]
#[command(after_help = "Example: tollgate policy bindings teams/etl/databricks.yml --workspace prod")]
pub(super) struct Bindings {
    /// What `tollgate check` takes: plans, bundles, bodies of APIs
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    documents: DocumentFlags,
    #[command(flatten)]
    workspace: WorkspaceFlags,
    /// Output format
    #[arg(long, value_enum, default_value = "text")]
    format: TextOrJson,
}

impl Bindings {
    pub fn answer(self) -> Result<Exit, Diagnostics> {
        let Some(configured) = self.workspace.config.read()? else {
            let message = "there is none here, and none above up to the root of the git repository";
            let found = Diagnostic::error("configuration::none", "tollgate.yaml", message);
            return Err(found.hint("write one, or name it with --config").into());
        };
        let source = configured.source()?;
        let setup = self.workspace.setup(Some(configured))?;
        let admission = setup.unjudged(&source)?;
        let sources = sources(&self.files)?;
        let (bindings, problems) = explain(&sources, &admission, &self.documents.options(Form::Whole));
        print(&match self.format {
            TextOrJson::Text => bindings.text(),
            TextOrJson::Json => json(&bindings)?,
        });
        complain(&problems);
        Ok(match problems.has_errors() {
            true => Exit::CouldNotAnswer,
            false => Exit::of_soundness(bindings.is_clear()),
        })
    }
}
