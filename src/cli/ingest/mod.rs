//! `tollgate ingest ...`: what really happened is taken into the ledger.

mod azure_cost;
mod billing_usage;
mod cluster_events;
mod legacy_usage;
mod node_timeline;

use clap::Subcommand;

use super::exit::{Exit, finish};

/// Take what really happened into a ledger
#[derive(Debug, Subcommand)]
pub(super) enum Ingest {
    /// Bill real clusters by their events
    ClusterEvents(cluster_events::ClusterEvents),
    /// Bill the rows of system.billing.usage, corrections included
    BillingUsage(billing_usage::BillingUsage),
    /// Bill the machines of real clusters by system.compute.node_timeline
    NodeTimeline(node_timeline::NodeTimeline),
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
            Ingest::NodeTimeline(command) => command.answer(),
            Ingest::AzureCost(command) => command.answer(),
            Ingest::LegacyUsage(command) => command.answer(),
        })
    }
}
