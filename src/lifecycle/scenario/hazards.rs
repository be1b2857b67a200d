//! Reading what can go wrong, and what does at which instant.

use std::collections::BTreeSet;

use super::check::Checker;
use super::form::{HazardsForm, IncidentForm};
use crate::lifecycle::hazard::{Eviction, Hazards, Incident, IncidentKind, Quota};
use crate::model::document::Document;

impl Checker<'_> {
    pub(super) fn hazards(&mut self, document: &Document, form: &HazardsForm) -> Hazards {
        let mut seen = BTreeSet::new();
        for (i, quota) in form.quotas.iter().enumerate() {
            let at = format!("/hazards/quotas/{i}");
            self.workspace(document, &at, &quota.workspace);
            if !seen.insert(&quota.workspace) {
                let at = format!("{at}/workspace");
                self.duplicate(document, &at, "quota of", &quota.workspace);
            }
        }
        Hazards {
            evictions: form
                .evictions
                .iter()
                .map(|e| Eviction {
                    node_type_id: e.node_type_id.clone(),
                    per_million_hours: e.per_million_hours,
                })
                .collect(),
            spot_unavailable: form.spot_unavailable_per_million,
            stockout: form.stockout_per_million,
            quotas: form
                .quotas
                .iter()
                .map(|q| Quota {
                    workspace: q.workspace.clone(),
                    vcpus: q.vcpus,
                })
                .collect(),
            init_script_failure: form.init_script_failure_per_million,
            driver_unreachable: form.driver_unreachable_per_million,
            driver_not_responding: form.driver_not_responding_per_million,
            metastore_down: form.metastore_down_per_million,
            dbfs_down: form.dbfs_down_per_million,
            spark_exception: form.spark_exception_per_million,
            disk_full: form.disk_full_per_million,
            worker_lost: form.worker_lost_per_million,
            node_excluded: form.node_excluded_per_million,
        }
    }

    /// The incidents in order of time; those of one instant as they are written. What a variant leaves out has none.
    pub(super) fn incidents(&mut self, document: &Document, forms: &[IncidentForm]) -> Vec<Incident> {
        let mut incidents = Vec::with_capacity(forms.len());
        for (i, form) in forms.iter().enumerate() {
            let at = format!("/incidents/{i}");
            self.object(document, &format!("{at}/object"), &form.object);
            let when = self.instant_inside(document, &format!("{at}/at"), &form.at);
            let what = self.exactly_one(document, &at, kinds(form));
            if let (Some(when), Some(what)) = (when, what)
                && self.stays(&form.object)
            {
                incidents.push(Incident {
                    at: when,
                    object: form.object.clone(),
                    what,
                });
            }
        }
        incidents.sort_by_key(|incident| incident.at);
        incidents
    }
}

fn kinds(form: &IncidentForm) -> [(&'static str, Option<IncidentKind>); 9] {
    let flag = |given: Option<bool>, kind| given.map(|_| kind);
    [
        ("evict", form.evict.map(IncidentKind::Evict)),
        ("lose_worker", form.lose_worker.map(IncidentKind::LoseWorker)),
        ("disk_full", form.disk_full.map(IncidentKind::DiskFull)),
        ("exclude_node", form.exclude_node.map(IncidentKind::ExcludeNode)),
        (
            "driver_unreachable",
            flag(form.driver_unreachable, IncidentKind::DriverUnreachable),
        ),
        (
            "driver_not_responding",
            flag(form.driver_not_responding, IncidentKind::DriverNotResponding),
        ),
        (
            "metastore_down",
            flag(form.metastore_down, IncidentKind::MetastoreDown),
        ),
        ("dbfs_down", flag(form.dbfs_down, IncidentKind::DbfsDown)),
        (
            "spark_exception",
            flag(form.spark_exception, IncidentKind::SparkException),
        ),
    ]
}
