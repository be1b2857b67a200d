//! The command line: a skin over `ops`. The only place that prints, knows the clock, the environment and the
//! exit codes.

mod admission;
mod bindings;
mod check;
mod completions;
mod compliance;
mod context;
mod cost_centre;
mod estimate;
mod exit;
mod explain;
mod import;
mod ingest;
mod ledger;
mod lint;
mod outputs;
mod plugin;
mod policy;
mod price;
mod progress;
mod reconcile;
mod report;
mod resources;
mod schema;
mod simulate;
mod waiver;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

pub use exit::Exit;

/// Admission, lifecycle, exact billing and monthly cost reports for Databricks clusters.
#[derive(Debug, Parser)]
#[command(
    name = "tollgate",
    version,
    about,
    after_help = "Exit codes: 0 allowed, passed, in order; 1 denied, a test failed, a check found a fault; \
                  2 could not answer.\n\nExample: tollgate check request.json --policy etl-jobs --workload job --region westus2"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Decide whether clusters may be created
    Check(check::Check),
    /// Say what clusters would cost, meter by meter
    Estimate(estimate::Estimate),
    /// Live through a scenario: admission, lifecycle, billing, report
    Simulate(simulate::Simulate),
    /// Take what really happened into a ledger
    #[command(subcommand)]
    Ingest(ingest::Ingest),
    /// Report a month from the ledger
    Report(report::Report),
    /// Compare a month with what vendors say of it
    Reconcile(reconcile::Reconcile),
    /// List what exists in the cloud at an instant
    Resources(resources::Resources),
    /// Work with policies
    #[command(subcommand)]
    Policy(policy::Policy),
    /// Work with waivers
    #[command(subcommand)]
    Waiver(waiver::Waiver),
    /// Work with plugins
    #[command(subcommand)]
    Plugin(plugin::Plugin),
    /// Work with prices
    #[command(subcommand)]
    Price(price::Price),
    /// Work with the ledger
    #[command(subcommand)]
    Ledger(ledger::Ledger),
    /// Work with rules for cost centres
    #[command(subcommand)]
    CostCentre(cost_centre::CostCentre),
    /// Print a JSON Schema
    Schema(schema::Schema),
    /// Print shell completions
    Completions(completions::Completions),
    /// Compile a component for another tollgate process (internal)
    #[command(hide = true, name = "compile-plugin")]
    CompilePlugin,
}

/// Runs the command line.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let exit = if error.use_stderr() {
                Exit::CouldNotAnswer
            } else {
                Exit::InOrder
            };
            let _ = error.print();
            return exit.into();
        }
    };
    let exit = match cli.command {
        Command::Check(c) => c.run(),
        Command::Estimate(c) => c.run(),
        Command::Simulate(c) => c.run(),
        Command::Ingest(c) => c.run(),
        Command::Report(c) => c.run(),
        Command::Reconcile(c) => c.run(),
        Command::Resources(c) => c.run(),
        Command::Policy(c) => c.run(),
        Command::Waiver(c) => c.run(),
        Command::Plugin(c) => c.run(),
        Command::Price(c) => c.run(),
        Command::Ledger(c) => c.run(),
        Command::CostCentre(c) => c.run(),
        Command::Schema(c) => c.run(),
        Command::Completions(c) => c.run(),
        Command::CompilePlugin => plugin::compile_worker(),
    };
    exit::ended(exit).into()
}

/// The definition, for completions.
fn definition() -> clap::Command {
    <Cli as clap::CommandFactory>::command()
}
