//! `tollgate ingest cluster-events`.

use clap::Args;
use std::path::PathBuf;

use crate::cli::context::TextOrJson;
use crate::cli::exit::{Exit, complain, json, print};
use crate::cli::progress::Bars;
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::period::{Instant, parse_instant};
use crate::model::place::{Cloud, Tier, TierChange, Workload};
use crate::ops::files::{TableFile, stdin_once, tables};
use crate::ops::ingest::cluster_events::{IngestOptions, ingest};
use crate::ops::judge::PlaceOptions;
use crate::ops::prices::catalogue;
use crate::report::ingest::text;

/// Bills real clusters by what clusters/events tells of them: machines from CREATING or STARTING to TERMINATING, DBUs while
/// they run. Told twice it changes nothing; what follows later is told to the same ledger. What a history lacks is said,
/// with what was done about it.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 all is billed; 1 something is not billed, or has no price; 2 could not answer.\n\n\
                  Example: tollgate ingest cluster-events events.json --ledger october.db --workspace-name lakehouse --region westus2 --cut 2026-11-01\n         \
                  tollgate ingest cluster-events events.json --ledger september.db --workspace-name lakehouse --region westus2 --tier STANDARD --tier-change 2026-09-15T09:00:00Z=PREMIUM"
)]
pub(in crate::cli) struct ClusterEvents {
    /// Answers of clusters/events: pages, arrays or lines of them, or of events, packed with gzip or zstd or not; of a folder all parts; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The ledger that is billed
    #[arg(long, value_name = "FILE")]
    ledger: PathBuf,
    /// Name of the workspace, in reports and in the source of the facts
    #[arg(long, value_name = "NAME")]
    workspace_name: String,
    /// Cloud; read off the clusters' definitions where not given
    #[arg(long, value_name = "AWS|AZURE|GCP")]
    cloud: Option<Cloud>,
    /// Region of the workspace (`westus2`); without one VMs have no price
    #[arg(long)]
    region: Option<String>,
    /// Pricing tier of the workspace [default: PREMIUM]
    #[arg(long, value_name = "STANDARD|PREMIUM|ENTERPRISE")]
    tier: Option<Tier>,
    /// The workspace is upgraded: from an instant on it has another tier (`2026-10-15T12:00:00Z=PREMIUM`); may be given several
    /// times
    #[arg(long = "tier-change", value_name = "TIME=TIER")]
    tier_changes: Vec<TierChange>,
    /// Nodes have public IP addresses
    #[arg(long)]
    public_ip: bool,
    /// A managed disk that each node carries (`E6`, `P15`); may be given several times
    #[arg(long = "node-disk", value_name = "DISK")]
    node_disks: Vec<String>,
    /// What clusters run for of which neither their record nor their name tells: all-purpose, job or dlt. dlt-pro and
    /// dlt-advanced also say the edition of all pipelines
    #[arg(long, default_value = "all-purpose", value_name = "WORKLOAD")]
    workload: Workload,
    /// Own price books, node rates and contracts: files, or folders of *.json
    #[arg(long, value_name = "PATH")]
    prices: Vec<PathBuf>,
    /// Definitions of clusters whose events tell none: JSON of clusters/list or clusters/get, rows of system.compute.clusters (CSV, JSON, Parquet)
    #[arg(long, value_name = "FILE")]
    clusters: Vec<PathBuf>,
    /// Clusters without an end lived up to here; they are billed to the last midnight before it
    #[arg(long, value_name = "TIME", value_parser = parse_instant)]
    cut: Option<Instant>,
    /// Tag that names the cost centre
    #[arg(long, value_name = "TAG")]
    team_tag: Option<String>,
    /// Rules for cost centres (docs/attribution.md)
    #[arg(long, value_name = "FILE", conflicts_with = "team_tag")]
    cost_centres: Option<PathBuf>,
    /// Seconds from TERMINATING until the machines are gone
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=86_400))]
    termination_seconds: u32,
    /// Correct what was told differently before: it is reversed and told anew, and nothing is changed
    #[arg(long)]
    correct: bool,
    /// Output format
    #[arg(long, value_enum, default_value = "text")]
    format: TextOrJson,
}

impl ClusterEvents {
    pub fn answer(self) -> Result<Exit, Diagnostics> {
        stdin_once(self.files.iter().chain(&self.clusters))?;
        let sources = tables(&self.files)?;
        let sources = sources
            .iter()
            .map(TableFile::text)
            .collect::<Result<Vec<_>, _>>()?;
        let clusters = tables(&self.clusters)?;
        let mut catalogue = catalogue(&self.prices)?;
        let tier = self.tier.unwrap_or(Tier::Premium);
        let tier_changes = TierChange::in_order(tier, self.tier_changes).map_err(|(_, why)| {
            Diagnostic::error("event::tier-change", "--tier-change", why.to_string())
                .hint("--tier is the tier before the first change")
        })?;
        let options = IngestOptions {
            ledger: self.ledger,
            workspace_name: self.workspace_name,
            place: PlaceOptions {
                cloud: self.cloud,
                cloud_where_untold: None,
                region: self.region,
                tier: self.tier,
                tier_changes,
                public_ip: self.public_ip,
                node_disks: self.node_disks,
            },
            workload: self.workload,
            cut: self.cut,
            team_tag: self.team_tag,
            cost_centres: self.cost_centres,
            termination_seconds: self.termination_seconds,
            correct: self.correct,
        };
        let mut bars = Bars::default();
        let told = ingest(&sources, &clusters, &mut catalogue, &options, &mut |step| {
            bars.show_ingest(step);
        });
        bars.finish();
        let (ingested, problems) = told?;
        print(&match self.format {
            TextOrJson::Text => text(&ingested),
            TextOrJson::Json => json(&ingested)?,
        });
        complain(&problems);
        Ok(match ingested.is_whole() {
            true => Exit::InOrder,
            false => Exit::Fault,
        })
    }
}
