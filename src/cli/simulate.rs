//! `tollgate simulate SCENARIO`: admission, lifecycle, ledger and report in one go.

use clap::Args;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use super::context::SandboxFlags;
use super::exit::{Exit, complain, finish, json, json_line, print};
use super::progress::Bars;
use super::report::{ReportFlags, rendered};
use crate::model::decision::{Enforcement, Outcome};
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::period::rfc3339;
use crate::model::place::{Cloud, Tier, Workspace};
use crate::ops::simulate::{
    CompareOptions, HistoryOptions, JudgedRequest, SimulateOptions, Simulated, compare,
    scenario_from_history, simulate,
};
use crate::plugin::Host;
use crate::report::timeline::{BilledBeyond, Timeline, billed_beyond_text};
use crate::report::{Format, comparison};

/// Refusals that a summary shows.
const MOST_REFUSALS: usize = 20;

/// Judges a scenario's requests, lets the admitted live through its period, bills every second, reports. With --compare,
/// variants of the scenario are lived with the same chance and set side by side, and no ledger is written.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: tollgate simulate examples/october --ledger october.db\n         \
                        tollgate simulate examples/lifecycle --compare base on-demand no-pool\n         \
                        tollgate simulate examples/october --ledger october.db --explain etl-orders"
)]
pub(super) struct Simulate {
    /// The scenario: a file, or a folder with scenario.yaml
    #[arg(required_unless_present = "from_history")]
    scenario: Option<PathBuf>,
    /// Print a scenario made from the cluster events of this ledger, and simulate nothing
    #[arg(long, value_name = "LEDGER", conflicts_with_all = ["scenario", "variant", "ledger", "explain", "compare", "policies"])]
    from_history: Option<PathBuf>,
    /// Cloud of workspaces that the history knows by name only
    #[arg(long, requires = "from_history")]
    cloud: Option<Cloud>,
    /// Their region
    #[arg(long, requires = "cloud")]
    region: Option<String>,
    /// Their tier [default: PREMIUM]
    #[arg(long, requires = "cloud")]
    tier: Option<Tier>,
    /// The ledger that is billed [default: SCENARIO-NAME.db in the current folder]
    #[arg(long, value_name = "FILE")]
    ledger: Option<PathBuf>,
    /// Folder of policies instead of those the scenario names
    #[arg(long, value_name = "FOLDER")]
    policies: Option<PathBuf>,
    /// One of the scenario's variants instead of the scenario itself
    #[arg(long, value_name = "NAME")]
    variant: Option<String>,
    /// Variants to set side by side; `base` is the scenario itself
    #[arg(long, value_name = "NAME", num_args = 1.., conflicts_with_all = ["variant", "ledger", "explain"])]
    compare: Vec<String>,
    /// Draw the starts of this cluster (name or cluster_id) or job, step by step, with what was billed from when on, and its
    /// machines that are billed for longer than they lived
    #[arg(long, value_name = "NAME")]
    explain: Option<String>,
    /// Rules for cost centres instead of the scenario's team_tag
    #[arg(long, value_name = "FILE", conflicts_with_all = ["compare", "from_history"])]
    cost_centres: Option<PathBuf>,
    // Hidden: nobody bills better with it. Tests kill small runs between many transactions.
    /// Records of one transaction, about
    #[arg(long, value_name = "NUMBER", hide = true)]
    batch_records: Option<NonZeroUsize>,
    #[command(flatten)]
    report: ReportFlags,
    #[command(flatten)]
    sandbox: SandboxFlags,
}

impl Simulate {
    pub fn run(self) -> Exit {
        finish(self.answer())
    }

    fn answer(self) -> Result<Exit, Diagnostics> {
        let Some(scenario) = self.scenario.clone() else {
            return self.look_back();
        };
        let host = self.sandbox.host()?;
        if !self.compare.is_empty() {
            return self.set_side_by_side(scenario, &host);
        }
        let options = SimulateOptions {
            scenario,
            ledger: self.ledger,
            policies: self.policies,
            variant: self.variant,
            explain: self.explain,
            cost_centres: self.cost_centres,
            batch_records: self.batch_records,
        };
        let mut bars = Bars::default();
        let simulated = simulate(&options, &host, &mut |step| bars.show(step));
        bars.finish();
        let simulated = simulated?;
        complain(&simulated.warnings);
        if !simulated.starts.is_empty() {
            print(&timelines(
                &simulated.starts,
                &simulated.billed_beyond,
                self.report.format(),
            )?);
            return Ok(Exit::InOrder);
        }
        if self.report.is_text() {
            print(&summary(&simulated));
        }
        for report in &simulated.reports {
            print(&rendered(report, &self.report)?);
        }
        Ok(Exit::InOrder)
    }

    fn look_back(self) -> Result<Exit, Diagnostics> {
        let place = self.cloud.map(|cloud| Workspace {
            region: self.region,
            ..Workspace::new(cloud, self.tier.unwrap_or(Tier::Premium))
        });
        let options = HistoryOptions {
            ledger: self.from_history.unwrap_or_default(),
            place,
        };
        let found = scenario_from_history(&options)?;
        complain(&found.warnings);
        print(&json(&found.scenario)?);
        Ok(Exit::InOrder)
    }

    fn set_side_by_side(self, scenario: PathBuf, host: &Host) -> Result<Exit, Diagnostics> {
        let options = CompareOptions {
            scenario,
            variants: self.compare,
            policies: self.policies,
        };
        let mut bars = Bars::default();
        let compared = compare(&options, host, &mut |_, step| bars.show(step));
        bars.finish();
        let compared = compared?;
        print(&match self.report.format() {
            Format::Json => json(&compared)?,
            Format::Markdown => comparison::markdown(&compared),
            Format::Csv => comparison::csv(&compared)
                .map_err(|why| Diagnostic::error("report::render", "comparison", why))?,
            Format::Text => comparison::text(&compared),
        });
        Ok(Exit::InOrder)
    }
}

/// The starts that were asked for, then what is billed beyond the end of a machine: drawn, or as JSON, one object per line.
fn timelines(starts: &[Timeline], beyond: &[BilledBeyond], format: Format) -> Result<String, Diagnostics> {
    let mut out = String::new();
    for (i, start) in starts.iter().enumerate() {
        if format == Format::Json {
            out.push_str(&json_line(start)?);
            continue;
        }
        if i > 0 {
            out.push('\n');
        }
        out.push_str(&start.text());
    }
    match format {
        Format::Json => {
            for one in beyond {
                out.push_str(&json_line(one)?);
            }
        }
        _ => out.push_str(&billed_beyond_text(beyond)),
    }
    Ok(out)
}

/// What was decided and what was billed.
fn summary(simulated: &Simulated) -> String {
    let requests = &simulated.requests;
    let of = |outcome| requests.iter().filter(|r| r.decision.outcome == outcome).count();
    let mut out = format!(
        "{}: {} requests, {} allowed, {} denied, {} undetermined\n",
        simulated.name,
        requests.len(),
        of(Outcome::Allow),
        of(Outcome::Deny),
        of(Outcome::Undetermined),
    );
    for request in requests.iter().filter(|r| r.decision.outcome != Outcome::Allow) {
        out.push_str(&format!(
            "  {:<6} {:<28} {}\n",
            request.decision.outcome.as_str(),
            request.name,
            why(request)
        ));
    }
    out.push_str(&format!(
        "\n{} clusters lived; {} facts written to {}, {} known before; {} runs skipped\n\n",
        simulated.clusters,
        simulated.new_facts,
        simulated.ledger.display(),
        simulated.known_facts,
        simulated.skipped_runs,
    ));
    if !simulated.refusals.is_empty() {
        out.push_str(&format!(
            "{} requests of users were refused:\n",
            simulated.refusals.len()
        ));
        for refusal in simulated.refusals.iter().take(MOST_REFUSALS) {
            out.push_str(&format!(
                "  {} {} {}: {} {}\n",
                rfc3339(refusal.at),
                refusal.cluster_id,
                refusal.call,
                refusal.error_code,
                refusal.message,
            ));
        }
        out.push('\n');
    }
    out
}

/// The rules that object, each once.
fn why(request: &JudgedRequest) -> String {
    let decision = &request.decision;
    let enforced = decision
        .violations
        .iter()
        .filter(|v| v.enforcement == Enforcement::Enforce);
    let mut rules: Vec<String> = enforced
        .map(|v| format!("{}/{}: {}", v.by.policy, v.by.rule, v.path))
        .collect();
    rules.extend(
        decision
            .failures
            .iter()
            .filter(|f| f.denies)
            .map(|f| format!("{}/{} broke", f.by.policy, f.by.rule)),
    );
    rules.extend(
        decision
            .undetermined
            .iter()
            .map(|u| format!("{}/{}: {} unknown", u.by.policy, u.by.rule, u.path)),
    );
    rules.dedup();
    rules.join(", ")
}
