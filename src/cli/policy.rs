//! `tollgate policy ...`.

use clap::{Args, Subcommand};
use serde_json::json as object;
use std::path::PathBuf;

use super::context::{PolicyFlags, SandboxFlags, TextOrJson};
use super::exit::{Exit, complain, finish, json, print};
use super::lint::LintPolicies;
use crate::model::diagnostic::Diagnostics;
use crate::ops::policies::Policies;
use crate::ops::policy_test::{CaseResult, Suite, TestedCase, bundled_suites, run, suites_below};
use crate::pricing::catalogue::Catalogue;

/// Work with policies.
#[derive(Debug, Subcommand)]
pub(super) enum Policy {
    /// Run the cases of policies
    Test(Test),
    /// Find what is wrong with policies and definitions
    Lint(LintPolicies),
    /// List the policies at hand
    List(List),
    /// Say in plain words what a policy demands, and how it decides
    Explain(super::explain::Explain),
    /// Say which clusters that exist comply, and what enforcement would change and save
    Compliance(super::compliance::Compliance),
    /// Say which binding of tollgate.yaml decides which policy judges
    Bindings(super::bindings::Bindings),
    /// Take cluster policies of a workspace over, with cases
    Import(super::import::Import),
}

/// Runs cases: each must get the decision, the violations and the values it expects.
#[derive(Debug, Args)]
#[command(after_help = "Example: tollgate policy test policies/etl-jobs")]
pub(super) struct Test {
    /// Folders with policy.yaml and cases.yaml [default: the policies that come with tollgate]
    #[arg(value_name = "FOLDER")]
    folders: Vec<PathBuf>,
    /// Output format
    #[arg(long, value_enum, default_value = "text")]
    format: TextOrJson,
    #[command(flatten)]
    sandbox: SandboxFlags,
}

/// Lists the policies at hand.
#[derive(Debug, Args)]
#[command(after_help = "Example: tollgate policy list --policies ./policies")]
pub(super) struct List {
    #[command(flatten)]
    policies: PolicyFlags,
}

impl Policy {
    pub fn run(self) -> Exit {
        finish(match self {
            Policy::Test(test) => test.answer(),
            Policy::Lint(lint) => lint.answer(),
            Policy::List(list) => list.answer(),
            Policy::Explain(explain) => explain.answer(),
            Policy::Compliance(compliance) => compliance.answer(),
            Policy::Bindings(bindings) => bindings.answer(),
            Policy::Import(import) => import.answer(),
        })
    }
}

impl List {
    fn answer(self) -> Result<Exit, Diagnostics> {
        let host = self.policies.sandbox.host()?;
        let policies = Policies::open(&self.policies.source(), &host)?;
        for (name, guardrail, description) in policies.list() {
            let kind = if guardrail { "guardrail" } else { "policy" };
            print(&format!("{name:<20} {kind:<10} {description}\n"));
        }
        Ok(Exit::InOrder)
    }
}

impl Test {
    fn answer(self) -> Result<Exit, Diagnostics> {
        let suites = suites(&self.folders, bundled_suites)?;
        test(&suites, &self.sandbox, self.format)
    }
}

/// The suites below some folders; the bundled ones where none is named.
pub(super) fn suites(
    folders: &[PathBuf],
    bundled: impl FnOnce() -> Vec<Suite>,
) -> Result<Vec<Suite>, Diagnostics> {
    if folders.is_empty() {
        return Ok(bundled());
    }
    let mut suites = Vec::new();
    for folder in folders {
        suites.extend(suites_below(folder)?);
    }
    Ok(suites)
}

/// Runs suites and shows how they went.
pub(super) fn test(
    suites: &[Suite],
    sandbox: &SandboxFlags,
    format: TextOrJson,
) -> Result<Exit, Diagnostics> {
    let host = sandbox.host()?;
    let mut catalogue = Catalogue::default();
    let mut tested = Vec::new();
    let mut broken = Diagnostics::default();
    for suite in suites {
        match run(suite, &host, &mut catalogue) {
            Ok(cases) => tested.extend(cases),
            Err(problems) => broken.0.extend(problems.0),
        }
    }
    // Where no case could be read there is nothing to count.
    if !(tested.is_empty() && broken.has_errors()) {
        print(&match format {
            TextOrJson::Text => as_text(&tested),
            TextOrJson::Json => as_json(&tested)?,
        });
    }
    complain(&broken);
    let errors = tested.iter().any(|t| matches!(t.result, CaseResult::Error(_)));
    let failed = tested.iter().any(|t| matches!(t.result, CaseResult::Fail(_)));
    Ok(match (errors || broken.has_errors(), failed) {
        (true, _) => Exit::CouldNotAnswer,
        (false, true) => Exit::Fault,
        (false, false) => Exit::InOrder,
    })
}

fn as_text(tested: &[TestedCase]) -> String {
    let mut out = String::new();
    let mut source = "";
    for case in tested {
        if case.source != source {
            source = &case.source;
            out.push_str(&format!("{source}\n"));
        }
        let (word, details) = match &case.result {
            CaseResult::Pass => ("pass", Vec::new()),
            CaseResult::Fail(differences) => ("FAIL", differences.clone()),
            CaseResult::Error(problems) => ("ERROR", problems.0.iter().map(ToString::to_string).collect()),
        };
        out.push_str(&format!("  {word:<5} {} (line {})\n", case.name, case.line));
        for detail in details {
            out.push_str(&format!("          {}\n", detail.replace('\n', "\n          ")));
        }
    }
    let count = |wanted: fn(&CaseResult) -> bool| tested.iter().filter(|t| wanted(&t.result)).count();
    let passed = count(|r| matches!(r, CaseResult::Pass));
    let failed = count(|r| matches!(r, CaseResult::Fail(_)));
    let errors = count(|r| matches!(r, CaseResult::Error(_)));
    out.push_str(&format!("{passed} passed, {failed} failed, {errors} errors\n"));
    out
}

fn as_json(tested: &[TestedCase]) -> Result<String, Diagnostics> {
    let cases: Vec<_> = tested
        .iter()
        .map(|case| {
            let (result, differences) = match &case.result {
                CaseResult::Pass => ("pass", object!([])),
                CaseResult::Fail(differences) => ("fail", object!(differences)),
                CaseResult::Error(problems) => ("error", object!(problems.0)),
            };
            object!({"source": case.source, "line": case.line, "name": case.name, "result": result,
                "details": differences})
        })
        .collect();
    json(&cases)
}
