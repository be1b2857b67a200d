//! `tollgate schema [NAME]`.

use clap::Args;
use clap::builder::PossibleValuesParser;
use std::fmt::Write;

use super::exit::{Exit, print};
use crate::ops::schemas::SCHEMAS;

/// Prints a JSON Schema, for editors and programs; without a name it lists all of them.
#[derive(Debug, Args)]
#[command(after_help = "Example: tollgate schema waivers > waivers.schema.json")]
pub(super) struct Schema {
    /// Of what
    #[arg(value_parser = names())]
    name: Option<String>,
}

fn names() -> PossibleValuesParser {
    PossibleValuesParser::new(SCHEMAS.map(|schema| schema.name))
}

impl Schema {
    pub fn run(self) -> Exit {
        let mut out = String::new();
        for schema in &SCHEMAS {
            match &self.name {
                None => {
                    let _ = writeln!(out, "{:<20}{}", schema.name, schema.describes);
                }
                Some(name) if name == schema.name => out.push_str(schema.text),
                Some(_) => {}
            }
        }
        print(&out);
        Exit::InOrder
    }
}
