//! `tollgate estimate FILE...`: what would these clusters cost?

use clap::Args;
use rust_decimal::Decimal;
use serde::Serialize;
use std::path::PathBuf;

use super::admission::{WorkspaceFlags, prices};
use super::context::{DocumentFlags, PlaceFlags, TextOrJson};
use super::exit::{Exit, complain, finish, json, json_line, print};
use crate::model::diagnostic::Diagnostics;
use crate::model::exact::{decimal_text, parse_decimal};
use crate::ops::check::Form;
use crate::ops::estimate::{EstimateOptions, Estimated, estimate};
use crate::ops::prices::catalogue;
use crate::ops::sources::sources;
use crate::report;

/// Says what clusters would cost per hour at minimum and maximum size, and per month.
#[derive(Debug, Args)]
#[command(after_help = "Example: tollgate estimate request.json --region westus2 --workload job --hours 176")]
pub(super) struct Estimate {
    /// Terraform plans, bundles, bodies of the APIs: as for `tollgate check`; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    documents: DocumentFlags,
    /// Hours a month that the cluster runs
    #[arg(long, default_value = "730", value_parser = parse_decimal, value_name = "HOURS")]
    hours: Decimal,
    /// Output format
    #[arg(long, value_enum, default_value = "text")]
    format: TextOrJson,
    #[command(flatten)]
    place: PlaceFlags,
    #[command(flatten)]
    workspace: WorkspaceFlags,
}

#[derive(Serialize)]
struct EstimateJson<'a> {
    #[serde(flatten)]
    estimate: &'a crate::model::estimate::Estimate,
    source: &'a str,
    name: Option<&'a str>,
    hours_per_month: String,
    cost_per_month_min: Option<String>,
    cost_per_month_max: Option<String>,
}

impl Estimate {
    pub fn run(self) -> Exit {
        finish(self.answer())
    }

    fn answer(self) -> Result<Exit, Diagnostics> {
        let sources = sources(&self.files)?;
        let configured = self.workspace.config.read()?;
        let mut catalogue = catalogue(&prices(&self.place, configured.as_ref())?)?;
        let options = EstimateOptions {
            read: self.documents.options(Form::Whole),
            place: self.place.place(),
            admission: self.workspace.setup(configured)?.places()?,
            workload: self.place.workload,
            at: self.place.at(),
            hours_per_month: self.hours,
        };
        let (estimated, problems) = estimate(&sources, &mut catalogue, &options)?;
        for one in &estimated {
            print(&self.shown(one, estimated.len() == 1)?);
        }
        complain(&problems);
        Ok(if problems.has_errors() {
            Exit::CouldNotAnswer
        } else {
            Exit::InOrder
        })
    }

    fn shown(&self, one: &Estimated, alone: bool) -> Result<String, Diagnostics> {
        let name = one.request.name.as_deref();
        match self.format {
            TextOrJson::Text => {
                let title = name.unwrap_or(&one.request.source);
                Ok(report::estimate::text(
                    title,
                    &one.estimate,
                    &one.per_month,
                    self.hours,
                ))
            }
            TextOrJson::Json => {
                let [min, max] = one.per_month.map(|m| m.map(decimal_text));
                let object = EstimateJson {
                    estimate: &one.estimate,
                    source: &one.request.source,
                    name,
                    hours_per_month: decimal_text(self.hours),
                    cost_per_month_min: min,
                    cost_per_month_max: max,
                };
                if alone { json(&object) } else { json_line(&object) }
            }
        }
    }
}
