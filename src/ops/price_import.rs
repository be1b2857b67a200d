//! Price books and contracts from files that vendors publish, and the file that such a document is written to.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::files::{Text, below, has_extension, is_stream, read_text, tables, write_all};
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::place::Cloud;
use crate::ops::prices::catalogue;
use crate::pricing::import::account_prices::account_prices;
use crate::pricing::import::aws::{Only, aws_price_list};
use crate::pricing::import::azure_retail::azure_retail;
use crate::pricing::import::gcp::gcp_skus;
use crate::pricing::import::list_prices::{Table, list_prices};
use crate::pricing::import::{Expected, Imported, Input, LeftOut, Source};

/// What the files are.
#[derive(Debug, Clone)]
pub enum Kind {
    /// Pages of the Azure Retail Prices API.
    AzureRetail {
        /// The regions to be read; all where there are none.
        regions: Vec<String>,
    },
    /// Offer files of AmazonEC2, and histories of spot prices.
    AwsPriceList {
        /// What is read of them.
        only: Only,
    },
    /// Pages of the Cloud Billing Catalog API.
    GcpSkus {
        /// The regions to be read; all where there are none.
        regions: Vec<String>,
        /// The user's own node rates: they name machines that are priced, too.
        own: Vec<PathBuf>,
    },
    /// What an account has agreed on.
    AccountPrices {
        /// The cloud whose rows are read; all where there is none.
        cloud: Option<Cloud>,
    },
    /// A table of Databricks prices.
    ListPrices {
        /// Which one.
        table: Table,
        /// The cloud whose rows are read; without one there may be only one.
        cloud: Option<Cloud>,
    },
}

/// A document that was made of files, and an account of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// `price_book` or `contract`.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// What its rows are called: `prices` or `terms`.
    pub what: &'static str,
    /// How many it has.
    pub len: usize,
    /// Its text.
    pub text: String,
    /// How many rows were read.
    pub rows: usize,
    /// How many rows were left out, by reason.
    pub left_out: BTreeMap<LeftOut, usize>,
    /// What to look at.
    pub warnings: Vec<Diagnostic>,
}

impl From<Imported> for Made {
    fn from(imported: Imported) -> Made {
        Made {
            kind: "price_book",
            text: imported.draft.text(),
            name: imported.draft.name,
            what: "prices",
            len: imported.draft.rows.len(),
            rows: imported.rows,
            left_out: imported.left_out,
            warnings: imported.warnings,
        }
    }
}

/// Makes a document of files and of the files in folders.
///
/// # Errors
/// `file::*`, `price::*`, of all files.
pub fn import(paths: &[PathBuf], kind: &Kind, expected: &Expected) -> Result<Made, Diagnostics> {
    match kind {
        Kind::AzureRetail { regions } => {
            let texts = texts(paths, &["json"])?;
            azure_retail(&inputs(&texts), expected, regions).map(Made::from)
        }
        Kind::GcpSkus { regions, own } => {
            let texts = texts(paths, &["json"])?;
            let mut catalogue = catalogue(own)?;
            catalogue.load_rates(Cloud::Gcp)?;
            gcp_skus(&inputs(&texts), expected, regions, &catalogue.rates).map(Made::from)
        }
        Kind::AwsPriceList { only } => aws_price_list(sources(paths)?, expected, only).map(Made::from),
        Kind::ListPrices { table, cloud } => {
            list_prices(sources(paths)?, expected, *table, *cloud).map(Made::from)
        }
        Kind::AccountPrices { cloud } => {
            let imported = account_prices(sources(paths)?, expected, *cloud)?;
            Ok(Made {
                kind: "contract",
                text: imported.draft.text(),
                name: imported.draft.name,
                what: "terms",
                len: imported.draft.terms.len(),
                rows: imported.rows,
                left_out: imported.left_out,
                warnings: imported.warnings,
            })
        }
    }
}

fn inputs(texts: &[Text]) -> Vec<Input<'_>> {
    texts
        .iter()
        .map(|Text { source, text, .. }| Input { source, text })
        .collect()
}

/// The files of tables, opened.
fn sources(paths: &[PathBuf]) -> Result<Vec<Source>, Diagnostics> {
    let opened = tables(paths)?.into_iter().map(|file| {
        let input = file.open()?;
        let name = file.source;
        Ok(Source { name, input })
    });
    opened.collect()
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

/// Writes a document to a file, whole or not at all. A file that is there is written over where `force` says so.
///
/// # Errors
/// `price::exists`, `file::not-written`.
pub fn write_book(path: &Path, text: &str, force: bool) -> Result<(), Diagnostics> {
    if !force && !is_stream(path) && path.symlink_metadata().is_ok() {
        let found = Diagnostic::error("price::exists", path.display().to_string(), "it is there already");
        return Err(found.hint("--force writes over it").into());
    }
    write_all(path, text)
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
