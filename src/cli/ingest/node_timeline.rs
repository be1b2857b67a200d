//! `tollgate ingest node-timeline`.

use clap::Args;
use std::path::PathBuf;

use super::billing_usage::named;
use crate::cli::context::TextOrJson;
use crate::cli::exit::{Exit, complain, json, print};
use crate::cli::progress::Bars;
use crate::model::diagnostic::Diagnostics;
use crate::model::meter::PurchaseOption;
use crate::model::period::{Instant, parse_instant};
use crate::model::place::Cloud;
use crate::ops::files::{stdin_once, tables};
use crate::ops::ingest::context::ContextFiles;
use crate::ops::ingest::node_timeline::{NodeOptions, ingest};
use crate::ops::judge::PlaceOptions;
use crate::ops::prices::catalogue;
use crate::report::node_timeline::text;

/// Bills the machines of real clusters by system.compute.node_timeline: each instance from its first minute to its last, as one stretch
/// of its VM, the driver marked. Rows in any order, twice, or by files that overlap change nothing. Nodes that lived for less than 10
/// minutes may not be in that table. DBUs are billed by `ingest billing-usage`, which fits into the same ledger.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 all is billed; 1 something is not billed, or has no price; 2 could not answer.\n\n\
                  Example: tollgate ingest node-timeline nodes.parquet --ledger october.db --region westus2 --clusters clusters.parquet --pools pools.csv --until 2026-11-01"
)]
pub(in crate::cli) struct NodeTimeline {
    /// Rows as CSV, JSON or Parquet, also packed with gzip or zstd; folders of such parts; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The ledger that is billed
    #[arg(long, value_name = "FILE")]
    ledger: PathBuf,
    /// Own price books and contracts: files, or folders of *.json
    #[arg(long, value_name = "PATH")]
    prices: Vec<PathBuf>,
    /// Cloud; read off the node types where not given
    #[arg(long, value_name = "AWS|AZURE|GCP")]
    cloud: Option<Cloud>,
    /// Region of the workspaces (`westus2`), for those that --workspace-region does not name
    #[arg(long)]
    region: Option<String>,
    /// Region of one workspace by its id; may be given several times
    #[arg(long, value_name = "ID=REGION", value_parser = named)]
    workspace_region: Vec<(String, String)>,
    /// Nodes have public IP addresses
    #[arg(long)]
    public_ip: bool,
    /// A managed disk that each node carries (`E6`, `P15`); may be given several times
    #[arg(long = "node-disk", value_name = "DISK")]
    node_disks: Vec<String>,
    /// Tag that names the cost centre, in the tags of the cluster's record
    #[arg(long, value_name = "TAG")]
    team_tag: Option<String>,
    /// Rules for cost centres (docs/attribution.md)
    #[arg(long, value_name = "FILE", conflicts_with = "team_tag")]
    cost_centres: Option<PathBuf>,
    /// Name of a workspace by its id; may be given several times
    #[arg(long, value_name = "ID=NAME", value_parser = named)]
    workspace: Vec<(String, String)>,
    /// Rows of system.compute.clusters, or JSON of clusters/list: names, owners, policies, pools, tags, and how machines are bought
    /// (availability, first_on_demand); may be given several times
    #[arg(long, value_name = "FILE")]
    clusters: Vec<PathBuf>,
    /// Rows of system.compute.instance_pools: names of pools, and how their machines are bought; may be given several times
    #[arg(long, value_name = "FILE")]
    pools: Vec<PathBuf>,
    /// Rows of system.lakeflow.job_run_timeline: names of the runs whose clusters these are; may be given several times
    #[arg(long, value_name = "FILE")]
    job_runs: Vec<PathBuf>,
    /// Rows of system.compute.node_types, to tell node types apart that nobody knows; may be given several times
    #[arg(long, value_name = "FILE")]
    node_types: Vec<PathBuf>,
    /// How machines are bought of which no record tells [default: on_demand, as an assumption that is stated]
    #[arg(long, value_name = "on_demand|spot", value_parser = purchase_option)]
    purchase: Option<PurchaseOption>,
    /// Machines that are still there when the table ends lived up to here; they are billed to the last midnight before it
    #[arg(long, value_name = "TIME", value_parser = parse_instant)]
    until: Option<Instant>,
    /// File for the rows that are not billed: one JSON object a line with file, line, column, code, reason and the row
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
    /// Correct what was told differently before: it is reversed and told anew, and nothing is changed. The rows told now are all that
    /// there are of a machine
    #[arg(long)]
    correct: bool,
    /// Output format
    #[arg(long, value_enum, default_value = "text")]
    format: TextOrJson,
}

fn purchase_option(text: &str) -> Result<PurchaseOption, String> {
    match text {
        "on_demand" => Ok(PurchaseOption::OnDemand),
        "spot" => Ok(PurchaseOption::Spot),
        _ => Err("expected `on_demand` or `spot`".to_owned()),
    }
}

impl NodeTimeline {
    pub fn answer(self) -> Result<Exit, Diagnostics> {
        let context = self.clusters.iter().chain(&self.pools).chain(&self.job_runs);
        stdin_once(self.files.iter().chain(context).chain(&self.node_types))?;
        let sources = tables(&self.files)?;
        let mut catalogue = catalogue(&self.prices)?;
        let options = NodeOptions {
            ledger: self.ledger,
            workspaces: self.workspace.into_iter().collect(),
            place: PlaceOptions {
                cloud: self.cloud,
                region: self.region,
                public_ip: self.public_ip,
                node_disks: self.node_disks,
                ..PlaceOptions::default()
            },
            regions: self.workspace_region.into_iter().collect(),
            team_tag: self.team_tag,
            cost_centres: self.cost_centres,
            purchase: self.purchase,
            until: self.until,
            context: ContextFiles {
                clusters: tables(&self.clusters)?,
                pools: tables(&self.pools)?,
                job_runs: tables(&self.job_runs)?,
            },
            node_types: tables(&self.node_types)?,
            rejects: self.rejects,
            correct: self.correct,
        };
        let mut bars = Bars::default();
        let told = ingest(&sources, &mut catalogue, &options, &mut |step| {
            bars.show_ingest(step)
        });
        bars.finish();
        let (told, problems) = told?;
        print(&match self.format {
            TextOrJson::Text => text(&told),
            TextOrJson::Json => json(&told)?,
        });
        complain(&problems);
        Ok(match told.is_whole() && !problems.has_errors() {
            true => Exit::InOrder,
            false => Exit::Fault,
        })
    }
}
