//! Flags about `tollgate.yaml` and waivers, and what is made of them.

use clap::Args;
use std::path::PathBuf;

use super::context::{JudgeFlags, PlaceFlags};
use crate::model::diagnostic::Diagnostics;
use crate::ops::admission::{Configured, Setup, find};
use crate::ops::files::unreadable;
use crate::ops::policies::PolicySource;
use crate::ops::waivers::Waivers;

/// Where `tollgate.yaml` is.
#[derive(Debug, Args)]
pub(super) struct ConfigFlags {
    /// What the repository says of policies, bindings, waivers and prices [default: tollgate.yaml here, or above up to the
    /// root of the git repository]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Pay no heed to any tollgate.yaml
    #[arg(long, conflicts_with = "config")]
    no_config: bool,
}

/// What the repository says of workspaces, and which of them is meant.
#[derive(Debug, Args)]
pub(super) struct WorkspaceFlags {
    #[command(flatten)]
    pub config: ConfigFlags,
    /// The workspace, by its name in tollgate.yaml [default: known by its host, where the document names it]
    #[arg(long, value_name = "NAME")]
    workspace: Option<String>,
}

/// What the repository says, and what is said instead.
#[derive(Debug, Args)]
pub(super) struct AdmissionFlags {
    #[command(flatten)]
    workspace: WorkspaceFlags,
    /// Waivers: files, or folders of YAML and JSON; may be given several times [default: those of tollgate.yaml]
    #[arg(long, value_name = "PATH")]
    waivers: Vec<PathBuf>,
}

/// What a check is set up with: the file where there is one, a flag before the file.
pub(super) struct Prepared {
    pub source: PolicySource,
    pub prices: Vec<PathBuf>,
    pub usage: Option<PathBuf>,
    pub waivers: Waivers,
    pub setup: Setup,
}

impl ConfigFlags {
    /// The file, read; none where there is none.
    pub fn read(&self) -> Result<Option<Configured>, Diagnostics> {
        let file = match (&self.config, self.no_config) {
            (Some(file), _) => Some(file.clone()),
            (None, true) => None,
            (None, false) => find(&current()?),
        };
        file.map(|file| Configured::read(&file)).transpose()
    }
}

impl WorkspaceFlags {
    /// What is set up so, with the file that was read.
    pub fn setup(&self, configured: Option<Configured>) -> Result<Setup, Diagnostics> {
        Ok(Setup {
            configured,
            current: current()?,
            workspace: self.workspace.clone(),
            is_policy_given: false,
        })
    }
}

/// Own prices: of the flags, else of the file.
pub(super) fn prices(place: &PlaceFlags, file: Option<&Configured>) -> Result<Vec<PathBuf>, Diagnostics> {
    or(&place.prices, file, Configured::prices)
}

/// What is given, else what the file says.
fn or(
    given: &[PathBuf],
    file: Option<&Configured>,
    written: impl FnOnce(&Configured) -> Result<Vec<PathBuf>, Diagnostics>,
) -> Result<Vec<PathBuf>, Diagnostics> {
    match (given, file) {
        ([], Some(file)) => written(file),
        (given, _) => Ok(given.to_vec()),
    }
}

impl AdmissionFlags {
    pub fn prepare(
        &self,
        judge: &JudgeFlags,
        place: &PlaceFlags,
        usage: Option<&PathBuf>,
    ) -> Result<Prepared, Diagnostics> {
        let configured = self.workspace.config.read()?;
        let file = configured.as_ref();
        let waivers = match judge.is_definition() {
            // The file's waivers speak of the file's policies.
            true => self.waivers.clone(),
            false => or(&self.waivers, file, Configured::waivers)?,
        };
        Ok(Prepared {
            source: match (judge.source(), file) {
                (PolicySource::Bundled, Some(file)) => file.source()?,
                (given, _) => given,
            },
            prices: prices(place, file)?,
            usage: match (usage, file) {
                (None, Some(file)) => file.usage()?,
                (given, _) => given.cloned(),
            },
            waivers: Waivers::read(&waivers)?,
            setup: Setup {
                is_policy_given: judge.policy().is_some(),
                ..self.workspace.setup(configured)?
            },
        })
    }
}

/// The current folder, read here and nowhere below.
fn current() -> Result<PathBuf, Diagnostics> {
    std::env::current_dir().map_err(|e| unreadable(".", &e))
}
