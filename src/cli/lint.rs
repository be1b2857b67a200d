//! `tollgate policy lint PATH...`: what is wrong with policies before anybody uses them.

use clap::{Args, ValueEnum};
use std::path::PathBuf;

use super::context::{SandboxFlags, now};
use super::exit::{Exit, complain, json, print};
use crate::model::diagnostic::{Diagnostics, Severity};
use crate::model::period::{Instant, parse_instant};
use crate::ops::lint::{LINTS, Mode, Report, explain, lint};
use crate::ops::prices::catalogue;
use crate::report::lint::{FindingJson, explained, fixed, sarif, text};

/// Finds what is wrong with policies: definitions, policy objects of the API, and documents of tollgate.
#[derive(Debug, Args)]
#[command(after_help = "Example: tollgate policy lint definition.json\n         \
                        Example: tollgate policy lint ./policies --strict --format sarif > lint.sarif")]
pub(super) struct LintPolicies {
    /// Files, folders, or `-` [default: the policies that come with tollgate]
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Output format
    #[arg(long, value_enum, default_value = "text")]
    format: LintFormat,
    /// Change the files where that is safe
    #[arg(long)]
    fix: bool,
    /// Runtimes and rates as of this instant (`2026-10-01` or RFC 3339) [default: now]
    #[arg(long, value_name = "TIME", value_parser = parse_instant)]
    at: Option<Instant>,
    /// Warnings count too
    #[arg(long)]
    strict: bool,
    /// Explain a finding by its code, and do nothing else
    #[arg(long, value_name = "CODE", conflicts_with_all = ["paths", "fix", "at", "strict"])]
    explain: Option<String>,
    /// Own node rates: files, or folders of *.json
    #[arg(long, value_name = "PATH")]
    prices: Vec<PathBuf>,
    #[command(flatten)]
    sandbox: SandboxFlags,
}

/// For people, for machines, for code hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LintFormat {
    /// For people
    Text,
    /// For machines
    Json,
    /// SARIF 2.1.0, for code hosts and editors
    Sarif,
}

impl LintPolicies {
    pub fn answer(self) -> Result<Exit, Diagnostics> {
        if let Some(code) = &self.explain {
            print(&explained(explain(code)?));
            return Ok(Exit::InOrder);
        }
        let mut catalogue = catalogue(&self.prices)?;
        let mode = if self.fix { Mode::Fix } else { Mode::Look };
        let host = || self.sandbox.host();
        let at = self.at.unwrap_or_else(now);
        let report = lint(&self.paths, mode, &mut catalogue, at, &host)?;
        print(&self.shown(&report)?);
        complain(&report.unreadable);
        Ok(self.exit(&report))
    }

    fn shown(&self, report: &Report) -> Result<String, Diagnostics> {
        match self.format {
            // Where no file could be read there is nothing to count.
            LintFormat::Text if report.files == 0 && report.unreadable.has_errors() => Ok(String::new()),
            LintFormat::Text => Ok(fixed(&report.fixed) + &text(&report.findings, report.files)),
            LintFormat::Json => {
                eprint!("{}", fixed(&report.fixed));
                let findings: Vec<FindingJson<'_>> = report.findings.iter().map(FindingJson::from).collect();
                json(&findings)
            }
            LintFormat::Sarif => {
                eprint!("{}", fixed(&report.fixed));
                json(&sarif(LINTS, &report.findings, &report.unreadable))
            }
        }
    }

    fn exit(&self, report: &Report) -> Exit {
        let counts = |severity: Severity| self.strict || severity == Severity::Error;
        if report.unreadable.has_errors() {
            Exit::CouldNotAnswer
        } else if report.findings.iter().any(|f| counts(f.diagnostic.severity)) {
            Exit::Fault
        } else {
            Exit::InOrder
        }
    }
}
