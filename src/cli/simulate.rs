//! `tollgate simulate SCENARIO`: admission, lifecycle, ledger and report in one go.

use clap::Args;
use std::path::PathBuf;

use super::context::SandboxFlags;
use super::exit::{Exit, complain, finish, print};
use super::progress::Bars;
use super::report::{ReportFlags, rendered};
use crate::model::decision::{Enforcement, Outcome};
use crate::model::diagnostic::Diagnostics;
use crate::ops::simulate::{JudgedRequest, SimulateOptions, Simulated, simulate};

/// Judges a scenario's requests, lets the admitted live through its period, bills every second, reports.
#[derive(Debug, Args)]
#[command(after_help = "Example: tollgate simulate examples/october --ledger october.db")]
pub(super) struct Simulate {
    /// The scenario: a file, or a folder with scenario.yaml
    scenario: PathBuf,
    /// The ledger that is billed [default: SCENARIO-NAME.db in the current folder]
    #[arg(long, value_name = "FILE")]
    ledger: Option<PathBuf>,
    /// Folder of policies instead of those the scenario names
    #[arg(long, value_name = "FOLDER")]
    policies: Option<PathBuf>,
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
        let host = self.sandbox.host()?;
        let options = SimulateOptions {
            scenario: self.scenario,
            ledger: self.ledger,
            policies: self.policies,
        };
        let mut bars = Bars::default();
        let simulated = simulate(&options, &host, &mut |step| bars.show(step));
        bars.finish();
        let simulated = simulated?;
        complain(&simulated.warnings);
        if self.report.is_text() {
            print(&summary(&simulated));
        }
        for report in &simulated.reports {
            print(&rendered(report, &self.report)?);
        }
        Ok(Exit::InOrder)
    }
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
