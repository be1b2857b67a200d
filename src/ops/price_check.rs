//! What is wrong with price books: the user's, or those that come with tollgate.

use std::path::PathBuf;

use super::files::{Text, below, has_extension, read_text};
use crate::model::diagnostic::{Diagnostic, Diagnostics, json_message};
use crate::model::place::Cloud;
use crate::pricing::bundled::all_books;
use crate::pricing::catalogue::Catalogue;
use crate::pricing::check;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// How many books were looked at.
    pub books: usize,
    /// Errors and warnings, by place.
    pub findings: Vec<Diagnostic>,
}

/// Looks at the books of files and folders, together; at the bundled ones where there are none. Node rates among the files
/// are read, so that their node types are known.
///
/// # Errors
/// `file::*`, `price::syntax`, `price::kind`, `rate::*`: what cannot be read cannot be checked.
pub fn check(paths: &[PathBuf]) -> Result<Checked, Diagnostics> {
    let mut catalogue = Catalogue::default();
    for cloud in Cloud::ALL {
        catalogue.load(cloud, None)?;
    }
    let texts = own_books(paths, &mut catalogue)?;
    let books: Vec<(&str, &str)> = match paths {
        [] => all_books().collect(),
        _ => texts
            .iter()
            .map(|t| (t.source.as_str(), t.text.as_str()))
            .collect(),
    };
    Ok(Checked {
        books: books.len(),
        findings: check::check(&books, &catalogue)?,
    })
}

fn own_books(paths: &[PathBuf], catalogue: &mut Catalogue) -> Result<Vec<Text>, Diagnostics> {
    let (mut books, mut problems) = (Vec::new(), Vec::new());
    for path in paths {
        for file in below(path, &|p| has_extension(p, &["json"]))? {
            let text = read_text(&file)?;
            match has_key(&text, "price_book") {
                Ok(true) => books.push(text),
                // Node rates; what is neither is told.
                Ok(false) => problems.extend(
                    catalogue
                        .add_own(&text.source, &text.text)
                        .err()
                        .into_iter()
                        .flat_map(|e| e.0),
                ),
                Err(wrong) => problems.push(wrong),
            }
        }
    }
    if problems.is_empty() {
        Ok(books)
    } else {
        Err(Diagnostics(problems).sorted())
    }
}

fn has_key(text: &Text, key: &str) -> Result<bool, Diagnostic> {
    let value: serde_json::Value = serde_json::from_str(&text.text).map_err(|e| {
        let message = json_message(&e);
        Diagnostic::error("price::syntax", &text.source, message).at(e.line(), e.column())
    })?;
    Ok(value.get(key).is_some())
}
