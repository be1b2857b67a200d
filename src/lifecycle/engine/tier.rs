//! Changes of a workspace's tier: what runs goes on under another SKU.

use super::index::{RunKey, WorkspaceIndex};
use super::queue::Second;
use super::world::World;

impl World<'_> {
    /// How often the tier of a workspace has changed.
    pub fn tier_number(&self, workspace: WorkspaceIndex) -> usize {
        self.sites.get(workspace.0).map_or(0, |site| site.tier_changes)
    }

    /// The tier of a workspace changes: DBUs that run are billed up to now, and go on under the SKU of the new tier. No
    /// machine notices.
    pub fn tier_changes(&mut self, workspace: WorkspaceIndex, at: Second) {
        let runs: Vec<RunKey> = self.runs.keys().collect();
        for run in runs {
            self.bill_serverless_of(run, Some(workspace), at);
        }
        let Some(site) = self.sites.get_mut(workspace.0) else {
            return;
        };
        site.tier_changes = site.tier_changes.saturating_add(1);
        site.tier_since = at;
        let number = site.tier_changes;
        let here = |c: &&mut super::cluster::Cluster| c.blueprint.workspace == workspace;
        for cluster in self.clusters.values_mut().filter(here) {
            for node in &mut cluster.nodes {
                node.change_tier(number, at, &mut self.out);
            }
        }
    }
}
