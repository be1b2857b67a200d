//! Policy lint: what is wrong with policies, their definitions and their rules, before anybody uses them; and the
//! changes that settle some of it, made in the files.

mod rules;

use std::collections::{BTreeSet, VecDeque};
use std::fs;
use std::path::{Path, PathBuf};

use super::files::{Text, below, has_extension, is_stream, read_text, write_all};
use crate::databricks::runtime;
use crate::model::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::model::finding::{Finding, Fix, Lint, apply};
use crate::model::passage::File;
use crate::model::period::{Instant, parse_instant};
use crate::model::place::{Cloud, Workload};
use crate::model::suggest::hint;
use crate::plugin::Host;
use crate::policy::bundled;
use crate::policy::document::PolicyDocument;
use crate::policy::lint::world::{NodeType, Release, Version, World};
use crate::policy::lint::{self, Reason, Reference};
use crate::pricing::catalogue::Catalogue;

pub use crate::policy::lint::codes::LINTS;

/// Whether files are changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Look only.
    Look,
    /// Make the safe changes.
    Fix,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Report {
    /// What is wrong, sorted by file and place.
    pub findings: Vec<Finding>,
    /// What was wrong and has been settled, with the place it was at.
    pub fixed: Vec<Finding>,
    /// What could not be read.
    pub unreadable: Diagnostics,
    /// How many files were looked at.
    pub files: usize,
}

/// How plugins are loaded; asked only where a rule is.
pub type MakeHost<'a> = &'a dyn Fn() -> Result<Host, Diagnostics>;

/// Checks files, and the policies of folders; those that come with tollgate where nothing is named.
///
/// # Errors
/// `policy::nothing-to-lint`, `policy::not-fixable`, `file::not-written`, and what the host finds. What is wrong with
/// a single file is in the report.
pub fn lint(
    paths: &[PathBuf],
    mode: Mode,
    catalogue: &mut Catalogue,
    at: Instant,
    host: MakeHost<'_>,
) -> Result<Report, Diagnostics> {
    let mut run = Run {
        world: world(catalogue, at)?,
        mode,
        make_host: host,
        host: None,
        queue: VecDeque::new(),
        seen: BTreeSet::new(),
        report: Report::default(),
    };
    if paths.is_empty() {
        run.bundled()?;
    }
    for path in paths {
        run.path(path)?;
    }
    run.report.findings.sort();
    run.report.unreadable = run.report.unreadable.sorted();
    Ok(run.report)
}

/// What is written of a code in the table.
///
/// # Errors
/// `policy::unknown-lint`.
pub fn explain(code: &str) -> Result<&'static Lint, Diagnostics> {
    let whole = |lint: &&Lint| lint.code == code || lint.code.strip_prefix("lint::") == Some(code);
    LINTS.iter().find(whole).ok_or_else(|| {
        let names = LINTS.iter().filter_map(|lint| lint.code.strip_prefix("lint::"));
        let names: Vec<&str> = names.collect();
        let wanted = code.strip_prefix("lint::").unwrap_or(code);
        let hint = hint(wanted, &names, |_| "docs/lint.md lists them all".to_owned());
        Diagnostic::error(
            "policy::unknown-lint",
            code,
            format!("there is no finding `{code}`"),
        )
        .hint(hint)
        .into()
    })
}

/// Node types and runtimes as of an instant.
fn world(catalogue: &mut Catalogue, at: Instant) -> Result<World, Diagnostics> {
    for cloud in Cloud::ALL {
        catalogue.load_rates(cloud)?;
    }
    let rates = &catalogue.rates;
    let node_types = rates.ids().into_iter().filter_map(|id| {
        let known = rates.node_type(id)?;
        let node = NodeType {
            cloud: known.cloud,
            dbu_per_hour: known.dbu_per_hour(Workload::AllPurpose, false, at),
        };
        Some((id.to_owned(), node))
    });
    let releases = runtime::releases().filter_map(|release| {
        Some(Release {
            version: Version::parse(release.version)?,
            lts: release.lts,
            end_of_support: release.end_of_support.and_then(|day| parse_instant(day).ok()),
        })
    });
    Ok(World {
        at,
        node_types: node_types.collect(),
        releases: releases.collect(),
    })
}

/// A file to be looked at.
struct Task {
    text: Text,
    /// Where it lies; none for standard input and what is built in.
    path: Option<PathBuf>,
    reason: Reason,
}

struct Run<'a> {
    world: World,
    mode: Mode,
    make_host: MakeHost<'a>,
    /// Made when a rule is first loaded.
    host: Option<Host>,
    queue: VecDeque<Task>,
    seen: BTreeSet<PathBuf>,
    report: Report,
}

impl Run<'_> {
    fn bundled(&mut self) -> Result<(), Diagnostics> {
        self.in_place("policies")?;
        for policy in bundled::BUNDLED {
            self.queue.push_back(Task {
                text: Text {
                    below: None,
                    source: format!("policies/{}/policy.yaml", policy.name),
                    text: policy.policy.to_owned(),
                },
                path: None,
                reason: Reason::Named,
            });
        }
        self.drain()
    }

    fn path(&mut self, path: &Path) -> Result<(), Diagnostics> {
        if path.as_os_str() == "-" || is_stream(path) {
            self.in_place(&path.display().to_string())?;
        }
        if !path.is_dir() {
            self.enter(path, Reason::Named);
            return self.drain();
        }
        let files = below(path, &|file| may_be_a_policy(file))?;
        let before = self.report.files;
        for file in &files {
            self.enter(file, Reason::Lies);
        }
        self.drain()?;
        if self.report.files == before && self.report.unreadable.0.is_empty() {
            let message = "no policy and no definition below this folder";
            let found = Diagnostic::error("policy::nothing-to-lint", path.display().to_string(), message);
            return Err(found
                .hint("looked at: *.json, policy.yaml, *.policy.yaml; name other files themselves")
                .into());
        }
        Ok(())
    }

    /// Refuses to change what is no file.
    fn in_place(&self, source: &str) -> Result<(), Diagnostics> {
        match self.mode {
            Mode::Look => Ok(()),
            Mode::Fix => Err(Diagnostic::error(
                "policy::not-fixable",
                source,
                "this is no file that could be changed",
            )
            .hint("name the files or folders to be fixed")
            .into()),
        }
    }

    /// Reads a file, unless it was read before.
    fn enter(&mut self, path: &Path, reason: Reason) {
        let same = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        if !self.seen.insert(same) {
            return;
        }
        match read_text(path) {
            Ok(text) => self.queue.push_back(Task {
                text,
                path: (path.as_os_str() != "-").then(|| path.to_owned()),
                reason,
            }),
            // A binary file in a folder is not ours to complain of.
            Err(_) if reason == Reason::Lies => {}
            Err(found) => self.report.unreadable.0.extend(found.0),
        }
    }

    fn drain(&mut self) -> Result<(), Diagnostics> {
        while let Some(task) = self.queue.pop_front() {
            self.task(task)?;
        }
        Ok(())
    }

    fn task(&mut self, task: Task) -> Result<(), Diagnostics> {
        let mut file = File::new(task.text.source, task.text.text);
        if let (Mode::Fix, Some(path)) = (self.mode, &task.path) {
            file = self.fix(file, path, task.reason)?;
        }
        let linted = match lint::lint(&file, task.reason, &self.world) {
            Ok(None) => return Ok(()),
            Ok(Some(linted)) => linted,
            Err(found) => {
                self.report.unreadable.0.extend(found.0);
                return Ok(());
            }
        };
        self.report.files = self.report.files.saturating_add(1);
        let folder = task
            .path
            .as_deref()
            .and_then(Path::parent)
            .unwrap_or(Path::new(""));
        let mut flawed = linted.flawed.clone();
        for reference in &linted.references {
            if !self.follow(reference, &file.source, folder) {
                flawed.push(reference.rule);
            }
        }
        if let Some(document) = &linted.document {
            self.document(document, &flawed, task.path.as_deref(), folder)?;
        }
        self.report.findings.extend(linted.findings);
        Ok(())
    }

    /// A definition that a document names; whether a rule can be made of it.
    fn follow(&mut self, reference: &Reference, source: &str, folder: &Path) -> bool {
        let path = folder.join(&reference.file);
        if let Err(error) = fs::File::open(&path) {
            let message = format!("`{}` cannot be read: {error}", reference.file);
            let diagnostic = Diagnostic::error("lint::definition-file", source, message)
                .at(reference.place.line, reference.place.column)
                .path(&reference.path)
                .hint("the path is relative to this document");
            self.report.findings.push(diagnostic.into());
            return false;
        }
        self.enter(&path, Reason::Named);
        let read = read_text(&path).map(|text| File::new(text.source, text.text));
        let linted = read.and_then(|file| lint::lint(&file, Reason::Named, &self.world));
        let error = |f: &Finding| f.diagnostic.severity == Severity::Error;
        matches!(linted, Ok(Some(linted)) if !linted.findings.iter().any(error))
    }

    /// What only shows once the rules of a document are loaded, and what lies beside it.
    fn document(
        &mut self,
        document: &PolicyDocument,
        flawed: &[usize],
        path: Option<&Path>,
        folder: &Path,
    ) -> Result<(), Diagnostics> {
        // Of the others nothing would be said but the same again.
        let numbers: Vec<usize> = (0..document.rules.len())
            .filter(|i| !flawed.contains(i))
            .collect();
        if !numbers.is_empty() {
            let host = match self.host.take() {
                Some(host) => host,
                None => (self.make_host)()?,
            };
            let found = rules::load(document, &numbers, folder, self.host.insert(host));
            self.report.findings.extend(found.into_iter().map(Finding::from));
        }
        let named_policy = path.is_some_and(|p| p.file_stem().is_some_and(|stem| stem == "policy"));
        let cases = ["cases.yaml", "cases.yml", "cases.json"];
        if named_policy && !cases.iter().any(|name| folder.join(name).is_file()) {
            let place = document.document.place("/policy");
            let message = "there is no cases.yaml beside this policy";
            let diagnostic = Diagnostic::warning("lint::no-cases", &document.document.source, message)
                .at(place.line, place.column)
                .path("policy")
                .hint(
                    "write one request that passes and one that does not; `tollgate policy test` runs them",
                );
            self.report.findings.push(diagnostic.into());
        }
        Ok(())
    }

    /// Makes the safe changes of a file until there are none left, and writes it once.
    fn fix(&mut self, mut file: File, path: &Path, reason: Reason) -> Result<File, Diagnostics> {
        // One change can make room for another: a member renamed is a switch written as text.
        const ROUNDS: usize = 8;
        let before = file.text.clone();
        for _ in 0..ROUNDS {
            let Ok(Some(linted)) = lint::lint(&file, reason, &self.world) else {
                break;
            };
            let fixes: Vec<&Fix> = linted.findings.iter().filter_map(|f| f.fix.as_ref()).collect();
            let (text, made) = apply(&file.text, fixes.iter().copied());
            if made.is_empty() {
                break;
            }
            let settled = |finding: &&Finding| finding.fix.as_ref().is_some_and(|fix| made.contains(&fix));
            self.report
                .fixed
                .extend(linted.findings.iter().filter(settled).cloned());
            file = File::new(file.source, text);
        }
        if file.text != before {
            write_all(path, &file.text)?;
        }
        Ok(file)
    }
}

/// In folders: JSON, which may be anything, and documents by their names. Cases are told by `policy test`.
fn may_be_a_policy(path: &Path) -> bool {
    let stem = path.file_stem().and_then(|s| s.to_str()).unwrap_or_default();
    let document = stem == "policy" || stem.ends_with(".policy");
    stem != "cases" && (has_extension(path, &["json"]) || (document && has_extension(path, &["yaml", "yml"])))
}
