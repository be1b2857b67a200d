//! `tollgate cost-centre ...`.

use clap::{Args, Subcommand};
use std::collections::BTreeMap;
use std::path::PathBuf;

use super::context::TextOrJson;
use super::exit::{Exit, finish, json, print};
use crate::model::diagnostic::Diagnostics;
use crate::model::place::Cloud;
use crate::model::tags::Tags;
use crate::model::usage::Subject;
use crate::ops::attribution::{Billed, explain};

/// Work with rules for cost centres.
#[derive(Debug, Subcommand)]
pub(super) enum CostCentre {
    /// Show which rule decides, and why the rules before it do not
    Explain(Box<Explain>),
}

impl CostCentre {
    pub fn run(self) -> Exit {
        finish(match self {
            CostCentre::Explain(command) => command.answer(),
        })
    }
}

/// Asks the rules whose something would be. What is not told is not there.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: tollgate cost-centre explain --cost-centres cost-centres.yaml --tag team=data --workspace lakehouse --meter dbu"
)]
pub(super) struct Explain {
    /// The rules
    #[arg(long, value_name = "FILE")]
    cost_centres: PathBuf,
    /// A custom tag; may be given several times
    #[arg(long = "tag", value_name = "KEY=VALUE", value_parser = tag)]
    tags: Vec<(String, String)>,
    /// The workspace
    #[arg(long, default_value = "", hide_default_value = true)]
    workspace: String,
    /// The cluster's id
    #[arg(long, default_value = "", hide_default_value = true)]
    cluster_id: String,
    /// The cluster's name
    #[arg(long, default_value = "", hide_default_value = true)]
    cluster_name: String,
    /// The job's name
    #[arg(long, default_value = "", hide_default_value = true)]
    job_name: String,
    /// The instance pool
    #[arg(long, default_value = "", hide_default_value = true)]
    pool: String,
    /// The policy
    #[arg(long, default_value = "", hide_default_value = true)]
    policy: String,
    /// Whose it is
    #[arg(long, default_value = "", hide_default_value = true)]
    owner: String,
    /// The cloud
    #[arg(long, value_name = "AWS|AZURE|GCP")]
    cloud: Option<Cloud>,
    /// The class of what is billed
    #[arg(long, value_parser = ["dbu", "vm", "disk", "network", "storage"])]
    meter: Option<String>,
    /// The SKU or VM size
    #[arg(long)]
    sku: Option<String>,
    /// Output format
    #[arg(long, value_enum, default_value = "text")]
    format: TextOrJson,
}

fn tag(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("expected `KEY=VALUE`, as in `team=data`".to_owned()),
    }
}

impl Explain {
    fn answer(self) -> Result<Exit, Diagnostics> {
        let tags: BTreeMap<String, String> = self.tags.into_iter().collect();
        let subject = Subject {
            workspace: self.workspace,
            cluster_id: self.cluster_id,
            cluster_name: self.cluster_name,
            job_name: self.job_name,
            pool: self.pool,
            owner: self.owner,
            policy: self.policy,
            tags: Tags::of_map(&tags),
            ..Subject::default()
        };
        let billed = Billed {
            cloud: self.cloud.map(|cloud| cloud.to_string()),
            meter: self.meter,
            sku: self.sku,
        };
        let explained = explain(&self.cost_centres, &subject, &billed)?;
        print(&match self.format {
            TextOrJson::Text => explained.text(),
            TextOrJson::Json => json(&explained.json())?,
        });
        Ok(Exit::InOrder)
    }
}
