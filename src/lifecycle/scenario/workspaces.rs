//! Reading workspaces and the changes of their tiers.

use super::check::Checker;
use super::form::{TierChangeForm, WorkspaceForm};
use crate::model::document::Document;
use crate::model::place::{Tier, TierChange, TierChangeError, Workspace};

impl Checker<'_> {
    /// The workspaces; names are unique.
    pub(super) fn all_workspaces(
        &mut self,
        document: &Document,
        forms: Vec<WorkspaceForm>,
    ) -> Vec<Workspace> {
        let mut workspaces = Vec::with_capacity(forms.len());
        for (i, form) in forms.into_iter().enumerate() {
            let at = format!("/workspaces/{i}");
            self.name(document, &format!("{at}/name"), &form.name, "workspace");
            workspaces.push(Workspace {
                tier_changes: self.tier_changes(document, &at, form.tier, &form.tier_changes),
                name: form.name,
                cloud: form.cloud,
                region: Some(form.region),
                tier: form.tier,
                public_ip: form.public_ip,
                node_disks: form.node_disks,
                nat_gateway: form.nat_gateway,
                root_storage_gb: form.root_storage_gb,
                autoscale_disk: form.autoscale_disk,
            });
        }
        workspaces
    }

    /// The changes in order of time, each inside the period and to another tier than before.
    fn tier_changes(
        &mut self,
        document: &Document,
        at: &str,
        tier: Tier,
        forms: &[TierChangeForm],
    ) -> Vec<TierChange> {
        let place = |i: usize| format!("{at}/tier_changes/{i}");
        let mut changes = Vec::with_capacity(forms.len());
        for (i, form) in forms.iter().enumerate() {
            let when = self.instant_inside(document, &format!("{}/at", place(i)), &form.at);
            let tier = form.tier;
            changes.push(when.map(|at| TierChange { at, tier }));
        }
        let Some(all) = changes.iter().copied().collect::<Option<Vec<TierChange>>>() else {
            return Vec::new();
        };
        match TierChange::in_order(tier, all) {
            Ok(in_order) => in_order,
            Err((wrong, why)) => {
                let i = changes.iter().rposition(|change| *change == Some(wrong));
                let code = match why {
                    TierChangeError::Twice(_) => "scenario::duplicate",
                    _ => "scenario::order",
                };
                self.error(document, &place(i.unwrap_or_default()), code, why.to_string());
                Vec::new()
            }
        }
    }
}
