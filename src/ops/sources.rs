//! The documents that a command names: files, standard input, and what lies below folders; and what they ask for.

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::files::{OnDisk, Text, below, has_extension, read_text, stdin_once};
use crate::intake::requests::documents::{self, ReadOptions};
use crate::intake::requests::reading::Reading;
use crate::model::diagnostic::{Diagnostic, Diagnostics};

/// Files in which a bundle begins.
const BUNDLES: [&str; 4] = ["databricks.yml", "databricks.yaml", "bundle.yml", "bundle.yaml"];

/// Reads every document, each once however often it is named. Below a folder those are bundles (`databricks.yml`) and JSON;
/// folders whose name begins with a dot hold what tools keep for themselves.
///
/// # Errors
/// `file::twice`, `file::unreadable`, `file::too-large`, `file::not-text`, `file::no-documents`; all of them.
pub fn sources(paths: &[PathBuf]) -> Result<Vec<Text>, Diagnostics> {
    stdin_once(paths)?;
    let (mut texts, mut problems) = (Vec::new(), Vec::new());
    let mut known = BTreeSet::new();
    for path in paths {
        match documents(path) {
            Ok(found) => texts.extend(found.into_iter().filter(|text| known.insert(whole(&text.source)))),
            Err(found) => problems.extend(found.0),
        }
    }
    match problems.is_empty() {
        true => Ok(texts),
        false => Err(Diagnostics(problems).sorted()),
    }
}

/// A path by which a file is known again.
fn whole(source: &str) -> PathBuf {
    std::fs::canonicalize(source).unwrap_or_else(|_| PathBuf::from(source))
}

/// What the documents ask for. A file below a folder that asks for nothing is passed over, as most files of a repository
/// are; a folder in which none asks for anything is a mistake. A text that is given away goes when it is read, since a plan has
/// many megabytes.
pub fn reading(sources: impl IntoIterator<Item = impl Borrow<Text>>, options: &ReadOptions) -> Reading {
    let mut found = Found::default();
    for source in sources {
        found.add(source.borrow(), options);
    }
    found.reading()
}

/// What was found so far.
#[derive(Default)]
struct Found {
    reading: Reading,
    /// How many files of each folder asked for something.
    folders: BTreeMap<Arc<str>, usize>,
}

impl Found {
    fn add(&mut self, source: &Text, options: &ReadOptions) {
        let one = documents::read(&source.source, &source.text, &OnDisk, options);
        let Some(folder) = &source.below else {
            return self.reading.append(one);
        };
        let asking = self.folders.entry(Arc::clone(folder)).or_default();
        if !is_something_else(&one) {
            *asking = asking.saturating_add(1);
            self.reading.append(one);
        }
    }

    fn reading(mut self) -> Reading {
        for (folder, _) in self.folders.iter().filter(|(_, asking)| **asking == 0) {
            let message = "none of its files asks for compute";
            let found = Diagnostic::error("file::no-documents", &**folder, message);
            self.reading.problems.0.push(found.hint(HINT));
        }
        self.reading
    }
}

/// What to do about a folder that holds nothing.
const HINT: &str = "name the plan as JSON, or the folder in which databricks.yml is";

/// Whether a file asks for nothing.
fn is_something_else(reading: &Reading) -> bool {
    let other = |d: &Diagnostic| {
        matches!(
            d.code,
            "request::not-a-cluster" | "request::no-compute" | "request::empty"
        )
    };
    reading.requests.is_empty() && reading.resources.is_empty() && reading.problems.0.iter().all(other)
}

fn documents(path: &Path) -> Result<Vec<Text>, Diagnostics> {
    if !path.is_dir() {
        return Ok(vec![read_text(path)?]);
    }
    let files = below(path, &|file| is_document(path, file))?;
    if files.is_empty() {
        let message = "a folder without a bundle and without JSON";
        let found = Diagnostic::error("file::no-documents", path.display().to_string(), message);
        return Err(found.hint(HINT).into());
    }
    let folder: Arc<str> = path.display().to_string().into();
    let (mut texts, mut problems) = (Vec::new(), Vec::new());
    for file in files {
        match read_text(&file) {
            Ok(text) => texts.push(Text {
                below: Some(folder.clone()),
                ..text
            }),
            Err(found) => problems.extend(found.0),
        }
    }
    match problems.is_empty() {
        true => Ok(texts),
        false => Err(Diagnostics(problems)),
    }
}

fn is_document(folder: &Path, file: &Path) -> bool {
    let inside = file.strip_prefix(folder).unwrap_or(file);
    let hidden = inside.iter().any(|name| name.to_string_lossy().starts_with('.'));
    let is_bundle = file
        .file_name()
        .and_then(|name| name.to_str())
        .is_some_and(|name| BUNDLES.contains(&name));
    !hidden && (is_bundle || has_extension(file, &["json", "ndjson", "jsonl"]))
}
