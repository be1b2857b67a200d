//! A workspace that is upgraded while things run.

use serde_json::json;

use super::super::between::Between;
use super::super::fixture::*;
use super::super::simulation::{Command, Serverless};
use super::super::workload::{Compute, Task, Work};
use super::told::*;
use crate::model::place::{Tier, TierChange};
use rust_decimal::Decimal;
use std::sync::Arc;

const AFTER: &str = "dbu/AZURE/ENTERPRISE_JOBS_COMPUTE";

/// Upgraded at a time of 2026-10-01.
fn upgraded(time: &str) -> impl FnOnce(&mut super::super::simulation::Simulation) {
    let at = at(time);
    move |s| {
        s.workspaces[0].workspace.tier_changes = vec![TierChange {
            at,
            tier: Tier::Enterprise,
        }];
        after_changes(s, &[AFTER]);
    }
}

/// Running from 08:04:00 to 10:04:00, upgraded at 09:04:00: an hour of DBUs of both nodes under each SKU, and machines that
/// notice nothing: one usage each. A cluster that is created later begins under the new SKU.
#[test]
fn dbus_are_cut_at_an_upgrade_and_machines_are_not() {
    let outcome = outcome_of(|s| {
        let request = json!({"num_workers": 1, "node_type_id": "Standard_DS3_v2"});
        let mut adhoc = cluster("adhoc", "08:00:00", request.clone(), Vec::new());
        adhoc.commands = vec![command("10:04:00", Command::Delete)];
        let mut later = cluster("later", "12:00:00", request, Vec::new());
        later.commands = vec![command("13:04:00", Command::Delete)];
        s.clusters = vec![adhoc, later];
        upgraded("09:04:00")(s);
    });
    assert_eq!(
        seconds(&outcome, DBU, |u| u.period.end <= at("09:04:00")),
        2 * 3600
    );
    assert_eq!(seconds(&outcome, DBU, |_| true), 2 * 3600);
    let first = |u: &crate::model::usage::Usage| u.subject.cluster_name == "adhoc";
    assert_eq!(seconds(&outcome, AFTER, first), 2 * 3600);
    assert_eq!(seconds(&outcome, AFTER, |u| !first(u)), 2 * 3600);
    assert_eq!(outcome.usage.iter().filter(|u| is_vm(u)).count(), 4);
}

/// A machine that is asked for before the upgrade and joins after it runs under the new SKU only.
#[test]
fn a_start_across_an_upgrade_owes_nothing_under_the_old_sku() {
    let outcome = outcome_of(|s| {
        let request = json!({"num_workers": 0, "node_type_id": "Standard_DS3_v2"});
        let mut adhoc = cluster("adhoc", "08:00:00", request, Vec::new());
        adhoc.commands = vec![command("08:14:00", Command::Delete)];
        s.clusters = vec![adhoc];
        upgraded("08:02:00")(s);
    });
    assert_eq!(seconds(&outcome, DBU, |_| true), 0);
    assert_eq!(seconds(&outcome, AFTER, |_| true), 600);
}

/// A serverless task of 25 minutes from 02:00:00, upgraded after 10.
#[test]
fn serverless_compute_is_cut_at_an_upgrade() {
    let outcome = outcome_of(|s| {
        let main = Task {
            compute: Compute::Serverless(Serverless {
                workspace: "w".to_owned(),
                team: "a-team".to_owned(),
                tags: crate::model::tags::Tags::default(),
                meter: DBU.parse().unwrap(),
                after_tier_changes: Vec::new(),
                dbu_per_hour: Some(Decimal::TWO),
            }),
            work: Arc::new(Work::of_driver(Between::exactly(25 * 60))),
            ..task("main", 0, &[])
        };
        let mut etl = job(
            "etl",
            "02:00",
            0,
            json!({"num_workers": 0, "node_type_id": "Standard_DS3_v2"}),
        );
        etl.tasks = vec![main];
        s.jobs = vec![etl];
        upgraded("02:10:00")(s);
    });
    assert_eq!(seconds(&outcome, DBU, |_| true), 600);
    assert_eq!(seconds(&outcome, AFTER, |_| true), 900);
}
