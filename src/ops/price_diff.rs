//! What differs between two price books, or two folders of them.

use std::path::Path;

use super::prices::catalogue;
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::period::Instant;
use crate::pricing::diff::{self, Difference};
use crate::pricing::price_book::PriceBook;

/// Every difference; with an instant, what differs then. Node rates beside the books are not compared.
///
/// # Errors
/// `file::*`, `price::*`, `rate::*`; `price::nothing` where a side has no price at all.
pub fn diff(old: &Path, new: &Path, at: Option<Instant>) -> Result<Vec<Difference>, Diagnostics> {
    let (old, new) = (book(old)?, book(new)?);
    Ok(diff::diff(&old, &new, at))
}

fn book(path: &Path) -> Result<PriceBook, Diagnostics> {
    let book = catalogue(&[path.to_owned()])?.book;
    if book.is_empty() {
        let source = path.display().to_string();
        return Err(Diagnostic::error("price::nothing", source, "no price in there")
            .hint("name a price book, or a folder with price books (*.json)")
            .into());
    }
    Ok(book)
}
