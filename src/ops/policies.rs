//! The policies at hand: documents of a folder, or the bundled ones; loaded into sandboxes when first needed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::files::{below, has_extension, read_text, unreadable};
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::suggest::hint;
use crate::plugin::Host;
use crate::policy::bundled;
use crate::policy::document::PolicyDocument;
use crate::policy::loaded::Policy;

/// Where policies come from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum PolicySource {
    /// Those that come with tollgate.
    #[default]
    Bundled,
    /// Every `policy.yaml`, `policy.yml`, `policy.json` or `*.policy.yaml` below a folder; or one file.
    Folder(PathBuf),
}

/// Documents, and the policies loaded from them so far.
#[derive(Debug)]
pub struct Policies<'h> {
    host: &'h Host,
    documents: Vec<(PathBuf, PolicyDocument)>,
    loaded: BTreeMap<String, Policy>,
}

impl<'h> Policies<'h> {
    /// Reads the documents; loads none yet.
    ///
    /// # Errors
    /// `file::*`, `document::*`, `policy::*`, of all documents.
    pub fn open(source: &PolicySource, host: &'h Host) -> Result<Policies<'h>, Diagnostics> {
        let mut problems = Vec::new();
        let mut documents = Vec::new();
        for (path, text) in texts(source)? {
            match PolicyDocument::parse(&path.display().to_string(), &text) {
                Ok(document) => documents.push((path, document)),
                Err(found) => problems.extend(found.0),
            }
        }
        for (i, (_, document)) in documents.iter().enumerate() {
            let same = |(_, earlier): &&(PathBuf, PolicyDocument)| earlier.policy == document.policy;
            if let Some((path, _)) = documents.iter().take(i).find(same) {
                let message = format!("`{}` has a policy `{}` already", path.display(), document.policy);
                let found = document.document.error("policy::duplicate", "/policy", message);
                problems.push(found.hint("give each policy a name of its own"));
            }
        }
        if !problems.is_empty() {
            return Err(Diagnostics(problems).sorted());
        }
        Ok(Policies {
            host,
            documents,
            loaded: BTreeMap::new(),
        })
    }

    /// Names of all policies, guardrails included.
    pub fn names(&self) -> Vec<&str> {
        self.documents.iter().map(|(_, d)| d.policy.as_str()).collect()
    }

    /// Name, whether it is a guardrail, and description of each.
    pub fn list(&self) -> Vec<(&str, bool, &str)> {
        self.documents
            .iter()
            .map(|(_, d)| (d.policy.as_str(), d.guardrail, d.description.as_str()))
            .collect()
    }

    /// Everything that the policies judge by: the documents, as canonical text, and the components they bring.
    ///
    /// # Errors
    /// `file::unreadable` for a component that cannot be read.
    pub fn sources(&self) -> Result<Vec<Vec<u8>>, Diagnostics> {
        let mut sources = Vec::new();
        for (path, document) in &self.documents {
            sources.push(document.document.value.to_string().into_bytes());
            let folder = path.parent().unwrap_or(Path::new(""));
            for file in document.rules.iter().filter_map(|r| r.plugin_file.as_ref()) {
                let component = folder.join(file);
                let named = |e| unreadable(&component.display().to_string(), &e);
                sources.push(std::fs::read(&component).map_err(named)?);
            }
        }
        Ok(sources)
    }

    /// Names of the guardrails.
    pub fn guardrails(&self) -> Vec<String> {
        self.documents
            .iter()
            .filter(|(_, d)| d.guardrail)
            .map(|(_, d)| d.policy.clone())
            .collect()
    }

    /// Loads a policy, once.
    ///
    /// # Errors
    /// `policy::unknown` with the nearest name; what [`Policy::load`] finds.
    pub fn load(&mut self, name: &str) -> Result<(), Diagnostics> {
        if self.loaded.contains_key(name) {
            return Ok(());
        }
        let Some((path, document)) = self.documents.iter().find(|(_, d)| d.policy == name) else {
            return Err(self.unknown(name).into());
        };
        let folder = path.parent().map(Path::to_owned).unwrap_or_default();
        let policy = Policy::load(document, self.host, &|file| std::fs::read(folder.join(file)))?;
        self.loaded.insert(name.to_owned(), policy);
        Ok(())
    }

    /// A loaded policy.
    pub fn get(&self, name: &str) -> Option<&Policy> {
        self.loaded.get(name)
    }

    fn unknown(&self, name: &str) -> Diagnostic {
        let names = self.names();
        let hint = hint(name, &names, |all| format!("policies at hand: {all}"));
        Diagnostic::error("policy::unknown", name, format!("there is no policy `{name}`")).hint(hint)
    }
}

fn texts(source: &PolicySource) -> Result<Vec<(PathBuf, String)>, Diagnostics> {
    match source {
        PolicySource::Bundled => Ok(bundled::BUNDLED
            .iter()
            .map(|b| {
                (
                    PathBuf::from(format!("policies/{}/policy.yaml", b.name)),
                    b.policy.to_owned(),
                )
            })
            .collect()),
        PolicySource::Folder(folder) => {
            let files = below(folder, &is_policy)?;
            if files.is_empty() {
                let message = "no policy.yaml, policy.json or *.policy.yaml below this folder";
                return Err(Diagnostic::error("policy::none", folder.display().to_string(), message).into());
            }
            files
                .into_iter()
                .map(|f| read_text(&f).map(|t| (f, t.text)))
                .collect()
        }
    }
}

fn is_policy(path: &Path) -> bool {
    let stem = path.file_stem().and_then(|s| s.to_str()).unwrap_or_default();
    has_extension(path, &["yaml", "yml", "json"]) && (stem == "policy" || stem.ends_with(".policy"))
}
