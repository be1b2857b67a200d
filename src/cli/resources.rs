//! `tollgate resources --at TIME`: what exists in the cloud at an instant.

use clap::{Args, ValueEnum};
use std::path::PathBuf;

use super::exit::{Exit, finish, json, print};
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::period::{Instant, parse_instant};
use crate::ops::resources::{ResourceOptions, resources};
use crate::report::resources as report;

/// Lists what exists in the cloud at an instant: the fixed part of each workspace, what its instance pools hold, then machines
/// with their disks and addresses, by cluster and pool. With all clusters off, the fixed part and idle pool machines are left.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: tollgate resources --at 2026-10-06T02:10:00Z --ledger october.db --workspace prod"
)]
pub(super) struct Resources {
    /// The instant (`2026-10-01` or RFC 3339)
    #[arg(long, value_name = "TIME", value_parser = parse_instant)]
    at: Instant,
    /// The ledger
    #[arg(long, value_name = "FILE")]
    ledger: PathBuf,
    /// Only this workspace
    #[arg(long, value_name = "NAME")]
    workspace: Option<String>,
    /// Only the machines of this cluster
    #[arg(long, value_name = "CLUSTER_ID")]
    cluster: Option<String>,
    /// Output format
    #[arg(long, value_enum, default_value = "text")]
    format: ResourceFormat,
}

/// Forms of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ResourceFormat {
    /// For people
    Text,
    /// For machines
    Json,
    /// For a spreadsheet
    Csv,
}

impl Resources {
    pub fn run(self) -> Exit {
        finish(self.answer())
    }

    fn answer(self) -> Result<Exit, Diagnostics> {
        let options = ResourceOptions {
            at: self.at,
            workspace: self.workspace,
            cluster_id: self.cluster,
        };
        let found = resources(&self.ledger, &options)?;
        print(&match self.format {
            ResourceFormat::Text => report::text(&found),
            ResourceFormat::Json => json(&report::json(&found))?,
            ResourceFormat::Csv => {
                report::csv(&found).map_err(|why| Diagnostic::error("report::render", "resources", why))?
            }
        });
        Ok(Exit::InOrder)
    }
}
