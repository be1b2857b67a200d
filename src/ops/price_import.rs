//! Price books from files that vendors publish, and the file that such a book is written to.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::files::{Text, below, has_extension, not_written, read_text, tables, write_whole};
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::place::Cloud;
use crate::pricing::import::azure_retail::azure_retail;
use crate::pricing::import::list_prices::{Table, list_prices};
use crate::pricing::import::{Expected, Imported, Input, Source};

/// What the files are.
#[derive(Debug, Clone)]
pub enum Kind {
    /// Pages of the Azure Retail Prices API.
    AzureRetail {
        /// The regions to be read; all where there are none.
        regions: Vec<String>,
    },
    /// A table of Databricks prices.
    ListPrices {
        /// Which one.
        table: Table,
        /// The cloud whose rows are read; without one there may be only one.
        cloud: Option<Cloud>,
    },
}

/// Makes a book of files and of the files in folders.
///
/// # Errors
/// `file::*`, `price::*`, of all files.
pub fn import(paths: &[PathBuf], kind: &Kind, expected: &Expected) -> Result<Imported, Diagnostics> {
    match kind {
        Kind::AzureRetail { regions } => {
            let texts = texts(paths, &["json"])?;
            let inputs: Vec<Input<'_>> = texts
                .iter()
                .map(|Text { source, text }| Input { source, text })
                .collect();
            azure_retail(&inputs, expected, regions)
        }
        Kind::ListPrices { table, cloud } => {
            let opened = tables(paths)?.into_iter().map(|file| {
                let input = file.open()?;
                let name = file.source;
                Ok(Source { name, input })
            });
            let sources: Result<Vec<Source>, Diagnostics> = opened.collect();
            list_prices(sources?, expected, *table, *cloud)
        }
    }
}

fn texts(paths: &[PathBuf], extensions: &[&str]) -> Result<Vec<Text>, Diagnostics> {
    let (mut texts, mut problems) = (Vec::new(), Vec::new());
    for path in paths {
        // Standard input is a file of its own.
        let files = match path.to_str() {
            Some("-") => Ok(vec![path.clone()]),
            _ => below(path, &|p| has_extension(p, extensions)),
        };
        let read = files.and_then(|files| {
            files
                .iter()
                .map(|file| read_text(file))
                .collect::<Result<Vec<_>, _>>()
        });
        match read {
            Ok(read) => texts.extend(read),
            Err(found) => problems.extend(found.0),
        }
    }
    if problems.is_empty() {
        Ok(texts)
    } else {
        Err(Diagnostics(problems).sorted())
    }
}

/// Writes a book to a file, whole or not at all. A file that is there is written over where `force` says so.
///
/// # Errors
/// `price::exists`, `file::not-written`.
pub fn write_book(path: &Path, text: &str, force: bool) -> Result<(), Diagnostics> {
    if !force && path.symlink_metadata().is_ok() {
        let found = Diagnostic::error("price::exists", path.display().to_string(), "it is there already");
        return Err(found.hint("--force writes over it").into());
    }
    write_whole(path, |file| {
        let written = file.write_all(text.as_bytes());
        written.map_err(|e| not_written(&path.display().to_string(), &e))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_book_is_written_over_only_by_force_and_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("book.json");
        write_book(&path, "one", false).unwrap();
        assert_eq!(
            write_book(&path, "two", false).unwrap_err().0[0].code,
            "price::exists"
        );
        write_book(&path, "two", true).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "two");
        let nowhere = folder.path().join("missing/book.json");
        assert_eq!(
            write_book(&nowhere, "x", false).unwrap_err().0[0].code,
            "file::not-written"
        );
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
