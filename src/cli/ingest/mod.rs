//! `tollgate ingest ...`: what really happened is taken into the ledger.

mod azure_cost;
mod billing_usage;
mod cluster_events;
mod legacy_usage;

use clap::Subcommand;

use super::exit::{Exit, finish};

/// Take what really happened into a ledger
#[derive(Debug, Subcommand)]
pub(super) enum Ingest {
    /// Bill real clusters by their events
    ClusterEvents(cluster_events::ClusterEvents),
    /// Bill the rows of system.billing.usage, corrections included
    BillingUsage(billing_usage::BillingUsage),
    /// Keep what Azure says it has billed, to be reconciled
    AzureCost(azure_cost::AzureCost),
    /// Bill the billable usage log of before system.billing.usage
    LegacyUsage(legacy_usage::LegacyUsage),
}

impl Ingest {
    pub fn run(self) -> Exit {
        finish(match self {
            Ingest::ClusterEvents(command) => command.answer(),
            Ingest::BillingUsage(command) => command.answer(),
            Ingest::AzureCost(command) => command.answer(),
            Ingest::LegacyUsage(command) => command.answer(),
        })
    }
}
