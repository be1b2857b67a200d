//! The policies at hand: documents of a folder, or the bundled ones; loaded into sandboxes when first needed.

use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::files::{below, has_extension, read_text, unreadable};
use crate::intake::requests::request::PolicyFound;
use crate::model::decision::Enforcement;
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::document::Document;
use crate::model::suggest::hint;
use crate::plugin::Host;
use crate::policy::bundled;
use crate::policy::document::{OnFailure, OnUndetermined, PolicyDocument, RuleEntry};
use crate::policy::loaded::{Policy, single_rule};

/// Where policies come from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum PolicySource {
    /// Those that come with tollgate.
    #[default]
    Bundled,
    /// Every `policy.yaml`, `policy.yml`, `policy.json` or `*.policy.yaml` below a folder; or one file.
    Folder(PathBuf),
    /// A Databricks policy definition, and nothing else: one policy named `definition`.
    Definition(PathBuf),
}

/// The name of the policy that a bare definition makes.
pub const DEFINITION: &str = "definition";

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
        Ok(Policies {
            host,
            documents: documents(source)?,
            loaded: BTreeMap::new(),
        })
    }

    /// The policy that stands for a `policy_id`: the one of that name, or the one that says so in the settings of a
    /// rule, as an imported policy does.
    pub fn standing_for(&self, policy_id: &str) -> Option<&str> {
        let says_so = |name: &&str| self.ids(name).any(|id| id == policy_id);
        let names = || self.documents.iter().map(|(_, d)| d.policy.as_str());
        names()
            .find(|name| *name == policy_id)
            .or_else(|| names().find(says_so))
    }

    /// The ids that a policy of this name stands for: `policy_id` in the settings of its rules.
    pub fn ids(&self, name: &str) -> impl Iterator<Item = &str> {
        let rules = self.document(name).into_iter().flat_map(|d| &d.rules);
        rules.filter_map(|r| r.settings.get("policy_id")?.as_str())
    }

    /// The rules of every policy, by its name.
    pub fn rules(&self) -> BTreeMap<&str, Vec<&str>> {
        rules_of(self.documents.iter().map(|(_, d)| d))
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

    /// Everything that the policies judge by: the documents, as canonical text, and the files they bring.
    ///
    /// # Errors
    /// `file::unreadable` for a file that cannot be read.
    pub fn sources(&self) -> Result<Vec<Vec<u8>>, Diagnostics> {
        let mut sources = Vec::new();
        for (path, document) in &self.documents {
            sources.push(document.document.value.to_string().into_bytes());
            let folder = path.parent().unwrap_or(Path::new(""));
            for file in document.rules.iter().flat_map(RuleEntry::files) {
                let beside = folder.join(file);
                let named = |e| unreadable(&beside.display().to_string(), &e);
                sources.push(std::fs::read(&beside).map_err(named)?);
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

    /// Loads a policy that a document of requests defines, once; it judges by its definition. Gives the key that
    /// [`Policies::get`] knows it by; none where what it demands is not known yet.
    ///
    /// # Errors
    /// What [`Policy::load`] finds, at the place where the document has the policy.
    pub fn load_found(&mut self, found: &PolicyFound) -> Result<Option<String>, Diagnostics> {
        let Some(settings) = &found.settings else {
            return Ok(None);
        };
        // Two documents may each have a policy of this name.
        let key = format!("{} ({}:{})", found.name, found.source, found.line);
        if !self.loaded.contains_key(&key) {
            let at_its_place = |problems: Diagnostics| {
                let moved = problems.0.into_iter().map(|d| Diagnostic {
                    source: found.source.clone(),
                    line: found.line,
                    column: 0,
                    path: found.name.clone(),
                    ..d
                });
                Diagnostics(moved.collect())
            };
            let policy = defined(found, settings)
                .and_then(|document| Policy::load(&document, self.host, &|_| Err(not_a_file())))
                .map_err(at_its_place)?;
            self.loaded.insert(key.clone(), policy);
        }
        Ok(Some(key))
    }

    /// A loaded policy, by its name; of one that a document defines also by its key.
    pub fn get(&self, name: &str) -> Option<&Policy> {
        let by_key = self.loaded.get(name);
        by_key.or_else(|| self.loaded.values().find(|policy| policy.name == name))
    }

    /// Whether a rule of the policies that are loaded asks for a fact.
    pub fn ask_for(&self, fact: &str) -> bool {
        let mut rules = self.loaded.values().flat_map(|policy| &policy.rules);
        rules.any(|rule| rule.image.description().facts.iter().any(|asked| asked == fact))
    }

    /// The document of a policy.
    pub fn document(&self, name: &str) -> Option<&PolicyDocument> {
        self.documents.iter().map(|(_, d)| d).find(|d| d.policy == name)
    }

    fn unknown(&self, name: &str) -> Diagnostic {
        let names = self.names();
        let hint = hint(name, &names, |all| format!("policies at hand: {all}"));
        Diagnostic::error("policy::unknown", name, format!("there is no policy `{name}`")).hint(hint)
    }
}

/// A policy document for a policy that a document of requests defines.
fn defined(found: &PolicyFound, settings: &Value) -> Result<PolicyDocument, Diagnostics> {
    let document = Document::parse_json_or_yaml("policy.json", &settings.to_string())?;
    let rule = RuleEntry {
        rule: DEFINITION.to_owned(),
        plugin: "cluster-policy".to_owned(),
        plugin_file: None,
        enforcement: Enforcement::default(),
        on_failure: OnFailure::default(),
        on_undetermined: OnUndetermined::default(),
        settings: settings.clone(),
    };
    Ok(PolicyDocument {
        policy: found.name.clone(),
        description: String::new(),
        guardrail: false,
        rules: vec![rule],
        document,
    })
}

/// What a document of requests says names no file beside it.
fn not_a_file() -> std::io::Error {
    std::io::Error::new(
        std::io::ErrorKind::NotFound,
        "a definition in a document brings no files",
    )
}

/// The rules of policies, by their names.
pub(super) fn rules_of<'d>(
    documents: impl Iterator<Item = &'d PolicyDocument>,
) -> BTreeMap<&'d str, Vec<&'d str>> {
    let named = |d: &'d PolicyDocument| {
        let rules = d.rules.iter().map(|rule| rule.rule.as_str());
        (d.policy.as_str(), rules.collect())
    };
    documents.map(named).collect()
}

/// Reads the documents of a source.
///
/// # Errors
/// `file::*`, `document::*`, `policy::*`, of all documents.
pub(super) fn documents(source: &PolicySource) -> Result<Vec<(PathBuf, PolicyDocument)>, Diagnostics> {
    let mut problems = Vec::new();
    let mut documents: Vec<(PathBuf, PolicyDocument)> = Vec::new();
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
    match problems.is_empty() {
        true => Ok(documents),
        false => Err(Diagnostics(problems).sorted()),
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
        PolicySource::Definition(file) => {
            is_definition(file)?;
            Ok(vec![(file.clone(), of_definition(file))])
        }
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

/// Whether a file holds what may be a definition: what it cannot be is told in its own words.
fn is_definition(file: &Path) -> Result<(), Diagnostics> {
    let text = read_text(file)?;
    let document = Document::parse_json_or_yaml(&text.source, &text.text)?;
    let has = |key: &str| {
        document
            .value
            .get(key)
            .is_some_and(|value| value.get("type").is_none())
    };
    let message = if has("policies") || has("policy_family_id") || (has("definition") && has("name")) {
        "found a policy as the API gives it, expected its definition alone: an object of path to element"
    } else if has("rules") || has("spark_version") || has("node_type_id") || has("clusters") {
        "found something else, expected a policy definition: an object of path to element"
    } else if document.value.is_null() {
        "found nothing, expected a policy definition: an object of path to element"
    } else {
        return Ok(());
    };
    let found = document.error("policy::not-a-definition", "", message);
    let hint = "`tollgate policy import` takes policies of the API, `--policies` those of tollgate, `jq -r .definition` the definition";
    Err(found.hint(hint).into())
}

/// A policy document for a bare definition.
fn of_definition(file: &Path) -> String {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let settings = serde_json::json!({ "definition_file": name });
    single_rule(DEFINITION, "cluster-policy", None, &settings).to_string()
}

fn is_policy(path: &Path) -> bool {
    let stem = path.file_stem().and_then(|s| s.to_str()).unwrap_or_default();
    has_extension(path, &["yaml", "yml", "json"]) && (stem == "policy" || stem.ends_with(".policy"))
}
