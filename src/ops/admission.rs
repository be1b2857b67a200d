//! What a repository says of its checks: `tollgate.yaml`, found and read, and made of it what a check needs.

use std::path::{Component, Path, PathBuf};

use super::files::read_text;
use super::judge::PlaceOptions;
use super::policies::{Policies, PolicySource, documents};
use super::waivers::Waivers;
use crate::intake::requests::request::Request;
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::place::Cloud;
use crate::policy::binding::Bindings;
use crate::policy::configuration::{Configuration, KnownWorkspace};
use crate::policy::waiver::Waiver;

/// The name of the file.
pub const FILE: &str = "tollgate.yaml";

/// `tollgate.yaml`, read.
#[derive(Debug, Clone)]
pub struct Configured {
    /// Its folder, as seen from the current one.
    folder: PathBuf,
    configuration: Configuration,
}

/// What a check takes for granted, beside its options.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Admission {
    /// Which policy judges what.
    pub bindings: Bindings,
    /// What is known of workspaces.
    pub workspaces: Vec<KnownWorkspace>,
    /// The workspace of every request, one of them; else it is known by its host.
    pub workspace: Option<String>,
    /// Exceptions from rules.
    pub waivers: Vec<Waiver>,
    /// The folder that paths of requests are relative to.
    pub base: Base,
}

/// The folder of `tollgate.yaml`, and where relative paths begin; nothing where there is no such file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Base {
    folder: PathBuf,
    current: PathBuf,
}

/// The file of a folder: there, or in the nearest folder above it up to the root of the git repository; above a folder that
/// is in no repository nothing is looked for. The path is relative to the folder.
pub fn find(current: &Path) -> Option<PathBuf> {
    let root = current
        .ancestors()
        .position(|folder| folder.join(".git").exists());
    let folders = current.ancestors().take(root.unwrap_or(0).saturating_add(1));
    let up = folders
        .into_iter()
        .position(|folder| folder.join(FILE).is_file())?;
    let mut path: PathBuf = std::iter::repeat_n("..", up).collect();
    path.push(FILE);
    Some(path)
}

impl Configured {
    /// Reads the file.
    ///
    /// # Errors
    /// `file::*`, what [`Configuration::parse`] finds.
    pub fn read(file: &Path) -> Result<Configured, Diagnostics> {
        let text = read_text(file)?;
        Ok(Configured {
            folder: file.parent().unwrap_or(Path::new("")).to_owned(),
            configuration: Configuration::parse(&text.source, &text.text)?,
        })
    }

    /// Where policies come from.
    ///
    /// # Errors
    /// `configuration::missing-file`, as of every path.
    pub fn source(&self) -> Result<PolicySource, Diagnostics> {
        let written = self.configuration.policies.as_ref();
        written.map_or(Ok(PolicySource::Bundled), |path| {
            Ok(PolicySource::Folder(self.path("policies", path)?))
        })
    }

    /// Files and folders of waivers.
    ///
    /// # Errors
    /// `configuration::missing-file`, all of them.
    pub fn waivers(&self) -> Result<Vec<PathBuf>, Diagnostics> {
        self.paths("waivers", &self.configuration.waivers)
    }

    /// Own prices.
    ///
    /// # Errors
    /// `configuration::missing-file`, all of them.
    pub fn prices(&self) -> Result<Vec<PathBuf>, Diagnostics> {
        self.paths("prices", &self.configuration.prices)
    }

    /// File of hours for differences of cost.
    ///
    /// # Errors
    /// `configuration::missing-file`.
    pub fn usage(&self) -> Result<Option<PathBuf>, Diagnostics> {
        let written = self.configuration.usage.as_ref();
        written
            .map(|path| self.path("usage", path))
            .transpose()
            .map_err(Diagnostics::from)
    }

    fn paths(&self, key: &str, written: &[String]) -> Result<Vec<PathBuf>, Diagnostics> {
        let (mut found, mut missing) = (Vec::new(), Vec::new());
        for (i, path) in written.iter().enumerate() {
            match self.path(&format!("{key}.{i}"), path) {
                Ok(path) => found.push(path),
                Err(problem) => missing.push(problem),
            }
        }
        match missing.is_empty() {
            true => Ok(found),
            false => Err(Diagnostics(missing)),
        }
    }

    /// A path of the file, which must be there: whoever reads it later knows nothing of the line that names it.
    fn path(&self, key: &str, written: &str) -> Result<PathBuf, Diagnostic> {
        let path = self.folder.join(written);
        match path.try_exists() {
            Ok(false) => Err(self.configuration.missing(key, written)),
            // What cannot be looked at is told by its reader.
            Ok(true) | Err(_) => Ok(path),
        }
    }
}

/// How a check is set up: by a file, or by nothing but flags.
#[derive(Debug, Clone, Default)]
pub struct Setup {
    /// `tollgate.yaml`; none where there is none.
    pub configured: Option<Configured>,
    /// The folder in which relative paths begin, absolute.
    pub current: PathBuf,
    /// The workspace of every request, by name.
    pub workspace: Option<String>,
    /// Whether something else than bindings says which policy judges.
    pub is_policy_given: bool,
}

impl Setup {
    /// What a check takes for granted.
    ///
    /// # Errors
    /// `policy::unknown` for bindings, `waiver::unknown-policy`, `waiver::unknown-rule`, `configuration::unknown-workspace`;
    /// all of them.
    pub fn admission(self, waivers: &Waivers, policies: &Policies<'_>) -> Result<Admission, Diagnostics> {
        let mut problems = waivers.strangers(&policies.rules());
        if let Some(file) = self.configured.as_ref().filter(|_| !self.is_policy_given) {
            problems.extend(file.configuration.unknown_policies(&policies.names()));
        }
        problems.extend(self.workspace_problem());
        match problems.is_empty() {
            true => Ok(Admission {
                waivers: waivers.all(),
                ..self.said()
            }),
            false => Err(Diagnostics(problems).sorted()),
        }
    }

    /// The same without waivers, where bindings are told and nothing is judged.
    ///
    /// # Errors
    /// `policy::unknown` for bindings, `configuration::unknown-workspace`; what reading the policies finds.
    pub fn unjudged(self, source: &PolicySource) -> Result<Admission, Diagnostics> {
        let documents = documents(source)?;
        let names: Vec<&str> = documents.iter().map(|(_, d)| d.policy.as_str()).collect();
        let file = self.configured.iter();
        let mut problems: Vec<Diagnostic> = file
            .flat_map(|file| file.configuration.unknown_policies(&names))
            .collect();
        problems.extend(self.workspace_problem());
        match problems.is_empty() {
            true => Ok(self.said()),
            false => Err(Diagnostics(problems).sorted()),
        }
    }

    /// What tells the places of requests; of policies nothing is read.
    ///
    /// # Errors
    /// `configuration::unknown-workspace`.
    pub fn places(self) -> Result<Admission, Diagnostics> {
        match self.workspace_problem() {
            None => Ok(self.said()),
            Some(problem) => Err(problem.into()),
        }
    }

    fn workspace_problem(&self) -> Option<Diagnostic> {
        let name = self.workspace.as_ref()?;
        if let Some(file) = &self.configured {
            return file.configuration.workspace(name).err();
        }
        let message = format!("there is no {FILE} that tells of the workspace `{name}`");
        let found = Diagnostic::error("configuration::unknown-workspace", "--workspace", message);
        Some(
            found.hint("name the file with --config, or tell of the place with --cloud, --region and --tier"),
        )
    }

    /// What the file and the flags say.
    fn said(self) -> Admission {
        let mut admission = Admission {
            workspace: self.workspace,
            ..Admission::default()
        };
        if let Some(Configured {
            folder,
            configuration,
        }) = self.configured
        {
            admission.bindings = configuration.bindings;
            admission.workspaces = configuration.workspaces;
            admission.base = Base {
                folder: resolved(&self.current, &folder),
                current: self.current,
            };
        }
        admission
    }
}

impl Admission {
    /// The workspace of a request: the one that the caller names, or the first whose host the document names.
    pub fn workspace_of(&self, request: &Request) -> Option<&KnownWorkspace> {
        let host = request.around.workspace.as_deref();
        let mut known = self.workspaces.iter();
        match &self.workspace {
            Some(name) => known.find(|workspace| workspace.workspace == *name),
            None => known.find(|workspace| host.is_some_and(|host| workspace.is_at(host))),
        }
    }

    /// What is known of the place of a request: what the caller says, else what is known of its workspace.
    pub fn place_of(&self, request: &Request, said: &PlaceOptions) -> PlaceOptions {
        let mut place = said.clone();
        let host = request.around.workspace.as_deref();
        place.cloud_where_untold = host.and_then(Cloud::of_host).or(place.cloud_where_untold);
        if let Some(known) = self.workspace_of(request) {
            place.cloud = place.cloud.or(known.cloud);
            place.region = place.region.or_else(|| known.region.clone());
            place.tier = place.tier.or(known.tier);
        }
        place
    }

    /// The file of a request as bindings and waivers see it: relative to the folder of `tollgate.yaml` where it lies below it,
    /// with `/` between names. Standard input has none.
    pub fn path_of(&self, source: &str) -> Option<String> {
        if source == "-" {
            return None;
        }
        let whole = resolved(&self.base.current, Path::new(source));
        let inside = match self.base.folder.as_os_str().is_empty() {
            true => Err(()),
            false => whole.strip_prefix(&self.base.folder).map_err(|_| ()),
        };
        let given = resolved(Path::new(""), Path::new(source));
        let path = inside.unwrap_or(&given);
        let names: Vec<_> = path.iter().map(|name| name.to_string_lossy()).collect();
        Some(match path.is_absolute() {
            true => format!("/{}", names.get(1..).unwrap_or_default().join("/")),
            false => names.join("/"),
        })
    }
}

/// A path seen from a folder, without `.` and with as few `..` as names tell.
fn resolved(folder: &Path, path: &Path) -> PathBuf {
    let mut resolved = PathBuf::new();
    for part in folder.join(path).components() {
        let can_go_up = matches!(resolved.components().next_back(), Some(Component::Normal(_)));
        match part {
            Component::CurDir => {}
            Component::ParentDir if can_go_up => {
                resolved.pop();
            }
            // Above the root there is nothing.
            Component::ParentDir if resolved.has_root() => {}
            other => resolved.push(other),
        }
    }
    resolved
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_relative_to_the_folder_of_the_file() {
        let admission = |folder: &str| Admission {
            base: Base {
                folder: resolved(Path::new("/repo/teams"), Path::new(folder)),
                current: PathBuf::from("/repo/teams"),
            },
            ..Admission::default()
        };
        for (folder, source, expected) in [
            ("..", "etl/job.json", Some("teams/etl/job.json")),
            ("..", "./etl/../ml/job.json", Some("teams/ml/job.json")),
            ("..", "/repo/x.json", Some("x.json")),
            ("", "../x.json", Some("../x.json")),
            ("..", "/elsewhere/x.json", Some("/elsewhere/x.json")),
            ("..", "-", None),
        ] {
            let found = admission(folder).path_of(source);
            assert_eq!(found.as_deref(), expected, "{folder} {source}");
        }
        // Where there is no file paths are as given.
        let found = Admission::default().path_of("./a/b.json");
        assert_eq!(found.as_deref(), Some("a/b.json"));
    }

    #[test]
    fn the_file_is_looked_for_up_to_the_root_of_the_repository() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("repo/teams/etl");
        std::fs::create_dir_all(&deep).unwrap();
        std::fs::write(folder.path().join(FILE), "prices: []\n").unwrap();
        // No repository: only the folder itself counts.
        assert_eq!(find(&deep), None);
        std::fs::create_dir(folder.path().join("repo/.git")).unwrap();
        // Above the repository nothing counts.
        assert_eq!(find(&deep), None);
        std::fs::write(folder.path().join("repo").join(FILE), "prices: []\n").unwrap();
        assert_eq!(find(&deep), Some(PathBuf::from("../../tollgate.yaml")));
        std::fs::write(deep.join(FILE), "prices: []\n").unwrap();
        assert_eq!(find(&deep), Some(PathBuf::from(FILE)));
    }
}
