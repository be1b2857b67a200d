//! `tollgate waiver ...`.

use clap::{Args, Subcommand};
use std::path::PathBuf;

use super::admission::ConfigFlags;
use super::context::{TextOrJson, now};
use super::exit::{Exit, complain, finish, json, print};
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::period::{Instant, parse_instant};
use crate::ops::policies::PolicySource;
use crate::ops::waivers::Waivers;

/// Work with waivers: dated and reasoned exceptions from rules.
#[derive(Debug, Subcommand)]
pub(super) enum Waiver {
    /// List waivers, those that expire first before the others
    List(List),
}

/// Lists waivers and how they stand. Ends with 1 where one has expired or is about to: somebody has to look.
#[derive(Debug, Args)]
#[command(after_help = "Example: tollgate waiver list --within 14")]
pub(super) struct List {
    /// Files of waivers, or folders of YAML and JSON [default: those of tollgate.yaml]
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    config: ConfigFlags,
    /// Folder of policies that the waivers speak of [default: with tollgate.yaml its policies; else policies are not looked at]
    #[arg(long, value_name = "FOLDER")]
    policies: Option<PathBuf>,
    /// The day (UTC) on which they are looked at [default: today]
    #[arg(long, value_name = "DATE", value_parser = parse_instant)]
    at: Option<Instant>,
    /// Days within which a waiver that expires is about to
    #[arg(long, value_name = "DAYS", default_value_t = 30)]
    within: u32,
    /// Output format
    #[arg(long, value_enum, default_value = "text")]
    format: TextOrJson,
}

impl Waiver {
    pub fn run(self) -> Exit {
        finish(match self {
            Waiver::List(list) => list.answer(),
        })
    }
}

impl List {
    fn answer(self) -> Result<Exit, Diagnostics> {
        let configured = self.config.read()?;
        let paths = match (self.paths.as_slice(), &configured) {
            ([], Some(file)) => file.waivers()?,
            ([], None) => {
                let found = Diagnostic::error("waiver::none", "tollgate.yaml", "no waivers are named");
                return Err(found
                    .hint("name files or folders, or a tollgate.yaml with --config")
                    .into());
            }
            (paths, _) => paths.to_vec(),
        };
        let waivers = Waivers::read(&paths)?;
        let source = match (self.policies, &configured) {
            (Some(folder), _) => Some(PolicySource::Folder(folder)),
            (None, Some(file)) => Some(file.source()?),
            (None, None) => None,
        };
        if let Some(source) = source {
            waivers.check_against(&source)?;
        }
        let (report, warnings) = waivers.standing(self.at.unwrap_or_else(now), self.within);
        print(&match self.format {
            TextOrJson::Text => report.text(),
            TextOrJson::Json => json(&report)?,
        });
        complain(&warnings);
        Ok(Exit::of_soundness(!report.is_anything_due()))
    }
}
