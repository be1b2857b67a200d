//! What is wrong with price books: the user's, or those that come with tollgate.

use std::path::PathBuf;

use super::files::{Text, below, has_extension, read_text};
use crate::model::diagnostic::{Diagnostic, Diagnostics, json_message};
use crate::model::place::Cloud;
use crate::pricing::bundled::all_books;
use crate::pricing::catalogue::Catalogue;
use crate::pricing::check;
use crate::pricing::contract::{Contract, Doubt};

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// How many books were looked at.
    pub books: usize,
    /// Errors and warnings, by place.
    pub findings: Vec<Diagnostic>,
}

/// Looks at the books of files and folders, together; at the bundled ones where there are none. Node rates among the files
/// are read, so that their node types are known, contracts, whose terms must speak of some price, and billing increments.
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
    let mut findings = check::check(&books, &catalogue)?;
    findings.extend(unmatched(&catalogue, &texts));
    Ok(Checked {
        books: books.len(),
        findings,
    })
}

/// What contracts say of prices that there are not (a name was misspelt, or a book is missing), and commitments that cost more than they save.
fn unmatched(catalogue: &Catalogue, books: &[Text]) -> Vec<Diagnostic> {
    let mut book = catalogue.book.clone();
    for text in books {
        // What is wrong with a book is told by the check of its rows.
        let _ = book.add(&text.source, &text.text);
    }
    let known = book.find("");
    let meters: Vec<String> = known.iter().map(|(meter, _)| meter.to_string()).collect();
    let contracts = catalogue.contracts().iter();
    let lines = contracts.flat_map(|contract| {
        let terms = contract.unmatched(&meters);
        let terms = terms.map(|(term, pattern)| without_price(contract, format!("terms.{term}"), pattern));
        let doubts = contract.doubts(&known).into_iter().map(|(i, doubt)| {
            let place = format!("commitments.{i}");
            match doubt {
                Doubt::Unmatched(pattern) => without_price(contract, place, &pattern),
                Doubt::Dear(message) => {
                    Diagnostic::warning("price::dear-commitment", contract.source(), message)
                        .path(place)
                        .hint("are payments, quantity and term those of the contract?")
                }
            }
        });
        terms.chain(doubts).collect::<Vec<_>>()
    });
    lines.collect()
}

fn without_price(contract: &Contract, place: String, pattern: &str) -> Diagnostic {
    let message = format!("`{pattern}` is no meter that has a list price");
    Diagnostic::warning("price::unmatched", contract.source(), message)
        .path(place)
        .hint("`tollgate price show` lists the meters that have a price; `*` stands for any characters")
}

fn own_books(paths: &[PathBuf], catalogue: &mut Catalogue) -> Result<Vec<Text>, Diagnostics> {
    let (mut books, mut problems) = (Vec::new(), Vec::new());
    for path in paths {
        for file in below(path, &|p| has_extension(p, &["json"]))? {
            let text = read_text(&file)?;
            match has_key(&text, "price_book") {
                Ok(true) => books.push(text),
                // Node rates, contracts and increments; what is none of these is told.
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
