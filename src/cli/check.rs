//! `tollgate check FILE...`: may these clusters be created?

use clap::Args;
use std::path::PathBuf;
use std::sync::Arc;

use super::admission::AdmissionFlags;
use super::context::{DocumentFlags, JudgeFlags, PlaceFlags};
use super::exit::{Exit, complain, finish};
use super::outputs::OutputFlags;
use crate::model::diagnostic::Diagnostics;
use crate::ops::admission::Admission;
use crate::ops::check::{CheckOptions, Checked, check, report};
use crate::ops::files::tables;
use crate::ops::policies::Policies;
use crate::ops::prices::catalogue;
use crate::ops::running::clusters_of;
use crate::ops::sources::sources;
use crate::ops::usage_file::usage_file;
use crate::plugin::Host;
use crate::report::check::{CheckReport, Verdict};

/// Decides whether clusters may be created: by the policy they name (or --policy) and by every guardrail.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: tollgate check request.json --policy etl-jobs --workload job --region westus2\n         \
                        generate | tollgate check - --format json | jq .decision"
)]
pub(super) struct Check {
    /// Terraform plans (`terraform show -json`), bundles (`databricks.yml`, or what `bundle validate -o json` prints), bodies
    /// of the Clusters, Jobs, Pipelines and Instance Pools API: one, an array, or one per line; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    documents: DocumentFlags,
    /// Who asks
    #[arg(long, value_name = "USER")]
    principal: Option<String>,
    /// The documents as they were before, for the difference in cost: the same files of the branch that is merged into
    #[arg(long, value_name = "PATH")]
    against: Vec<PathBuf>,
    /// How long things run, for costs per month (`tollgate schema usage` describes the file) [default: that of tollgate.yaml]
    #[arg(long, value_name = "FILE")]
    usage: Option<PathBuf>,
    /// Clusters that run already (answers of clusters/list), for policies that say how many a user may have
    #[arg(long, value_name = "FILE", requires = "principal")]
    clusters: Vec<PathBuf>,
    #[command(flatten)]
    outputs: OutputFlags,
    #[command(flatten)]
    place: PlaceFlags,
    #[command(flatten)]
    judge: JudgeFlags,
    #[command(flatten)]
    admission: AdmissionFlags,
}

impl Check {
    pub fn run(self) -> Exit {
        finish(self.answer())
    }

    fn answer(self) -> Result<Exit, Diagnostics> {
        self.outputs.agree()?;
        let options = self.options();
        let host = self.judge.policies.sandbox.host();
        let judged = host.as_ref().map_err(Diagnostics::clone);
        match judged.and_then(|host| self.judged(host, options.clone())) {
            Ok((checked, policies, options)) => {
                let exit = self.told(&report(&checked, &policies, &options));
                // The process ends here: the system takes apart at once what would take us a tenth of the time of a check.
                std::mem::forget((checked, policies));
                std::mem::forget(host);
                exit
            }
            // Files of an earlier check must not stand for this one.
            Err(problems) => self.told(&CheckReport::unanswered(options.at, &problems)),
        }
    }

    fn options(&self) -> CheckOptions {
        CheckOptions {
            policy: self.judge.policy(),
            place: self.judge.place(&self.place),
            workload: self.place.workload,
            at: self.place.at(),
            principal: self.principal.clone(),
            read: self.documents.options(self.judge.form()),
            clusters: None,
            admission: Admission::default(),
            against: None,
            usage: None,
        }
    }

    fn judged<'h>(
        &self,
        host: &'h Host,
        options: CheckOptions,
    ) -> Result<(Checked, Policies<'h>, CheckOptions), Diagnostics> {
        let asked = sources(&self.files)?;
        let usage = self.usage.as_ref();
        let prepared = self.admission.prepare(&self.judge, &self.place, usage)?;
        let mut policies = Policies::open(&prepared.source, host)?;
        let mut catalogue = catalogue(&prepared.prices)?;
        let clusters = match (&self.principal, self.clusters.as_slice()) {
            (_, []) | (None, _) => None,
            (Some(principal), files) => Some(clusters_of(principal, &tables(files)?)?),
        };
        let options = CheckOptions {
            clusters,
            admission: prepared.setup.admission(&prepared.waivers, &policies)?,
            against: match self.against.as_slice() {
                [] => None,
                paths => Some(Arc::new(sources(paths)?)),
            },
            usage: prepared.usage.map(|file| usage_file(&file)).transpose()?,
            ..options
        };
        let checked = check(asked, &mut policies, &mut catalogue, &options)?;
        Ok((checked, policies, options))
    }

    fn told(&self, report: &CheckReport<'_>) -> Result<Exit, Diagnostics> {
        let written = self.outputs.write(report);
        complain(report.problems);
        written?;
        Ok(match report.verdict() {
            Verdict::Allowed => Exit::InOrder,
            Verdict::Denied | Verdict::Undetermined => Exit::Fault,
            Verdict::Unanswered => Exit::CouldNotAnswer,
        })
    }
}
