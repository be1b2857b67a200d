//! `tollgate price ...`.

mod check;
mod diff;
mod import;
mod show;

use clap::Subcommand;

use super::exit::{Exit, finish};

/// Work with prices.
#[derive(Debug, Subcommand)]
pub(super) enum Price {
    /// Show what is known of a node type, a SKU or a meter
    Show(show::Show),
    /// Make a price book or a contract of what a vendor publishes
    #[command(subcommand)]
    Import(import::Import),
    /// Find what is wrong with price books
    Check(check::CheckBooks),
    /// Compare two price books
    Diff(diff::Diff),
}

impl Price {
    pub fn run(self) -> Exit {
        finish(match self {
            Price::Show(c) => c.answer(),
            Price::Import(c) => c.answer(),
            Price::Check(c) => c.answer(),
            Price::Diff(c) => c.answer(),
        })
    }
}
