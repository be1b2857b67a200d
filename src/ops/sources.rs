//! The documents that a command names: files, standard input, and what lies below folders.

use std::path::{Path, PathBuf};

use super::files::{Text, below, has_extension, read_text, stdin_once};
use crate::model::diagnostic::{Diagnostic, Diagnostics};

/// Files in which a bundle begins.
const BUNDLES: [&str; 2] = ["databricks.yml", "databricks.yaml"];

/// Reads every document. Below a folder those are bundles (`databricks.yml`) and JSON; folders whose name begins with a dot
/// hold what tools keep for themselves.
///
/// # Errors
/// `file::twice`, `file::unreadable`, `file::too-large`, `file::not-text`, `file::no-documents`; all of them.
pub fn sources(paths: &[PathBuf]) -> Result<Vec<Text>, Diagnostics> {
    stdin_once(paths)?;
    let (mut texts, mut problems) = (Vec::new(), Vec::new());
    for path in paths {
        match documents(path) {
            Ok(found) => texts.extend(found),
            Err(found) => problems.extend(found.0),
        }
    }
    match problems.is_empty() {
        true => Ok(texts),
        false => Err(Diagnostics(problems).sorted()),
    }
}

fn documents(path: &Path) -> Result<Vec<Text>, Diagnostics> {
    if !path.is_dir() {
        return Ok(vec![read_text(path)?]);
    }
    let files = below(path, &|file| is_document(path, file))?;
    if files.is_empty() {
        let message = "a folder without a bundle and without JSON";
        let found = Diagnostic::error("file::no-documents", path.display().to_string(), message);
        return Err(found
            .hint("name the plan, or the folder in which databricks.yml is")
            .into());
    }
    let (mut texts, mut problems) = (Vec::new(), Vec::new());
    for file in files {
        match read_text(&file) {
            Ok(text) => texts.push(Text {
                is_found: true,
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
