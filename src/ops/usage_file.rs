//! Usage files: how long things run.

use std::path::Path;

use super::files::read_text;
use crate::intake::requests::usage_file::UsageFile;
use crate::model::diagnostic::Diagnostics;

/// Reads a usage file.
///
/// # Errors
/// `file::*`, what [`UsageFile::read`] finds.
pub fn usage_file(path: &Path) -> Result<UsageFile, Diagnostics> {
    let text = read_text(path)?;
    UsageFile::read(&text.source, &text.text)
}
