//! Billing increments: machines that are billed for longer than they lived.

use serde_json::json;

use super::super::fixture::*;
use super::super::hazard::{Incident, IncidentKind};
use super::super::simulation::Command;
use super::told::*;
use super::two_nodes;
use crate::model::increment::Increment;
use crate::model::period::parse_instant;

fn by(seconds: u32, minimum: u32) -> Increment {
    Increment::new(seconds, minimum).unwrap()
}

/// Asked for at 08:00:00, given up 10 s later, gone after a tear-down of 60 s: both machines lived for 70 s.
#[test]
fn a_machine_is_billed_for_whole_increments_and_at_least_for_the_minimum() {
    for (increment, each) in [
        (Increment::PER_SECOND, 70),
        (by(1, 60), 70),
        (by(1, 600), 600),
        (by(60, 0), 120),
        (by(3600, 0), 3600),
    ] {
        let outcome = outcome_of(|s| {
            let mut adhoc = cluster("adhoc", "08:00:00", two_nodes(), Vec::new());
            adhoc.commands = vec![command("08:00:10", Command::Delete)];
            s.clusters = vec![adhoc];
            bill_in(s, increment);
        });
        assert_eq!(seconds(&outcome, VM, |_| true), 2 * each, "{increment:?}");
        assert_eq!(seconds(&outcome, DBU, |_| true), 0);
        // The machines themselves are gone when they are gone.
        assert!(outcome.machines.iter().all(|m| m.period.end == at("08:01:10")));
        let beyond: Vec<_> = outcome.billed_beyond.iter().map(|b| (b.gone, b.until)).collect();
        let until = at("08:00:00") + chrono::Duration::seconds(each);
        let expected = if each > 70 { 2 } else { 0 };
        assert_eq!(beyond, vec![(at("08:01:10"), until); expected]);
    }
}

/// Launched by a cluster at 08:00:00, given back at 08:11:00, idle for 60 s, torn down in 60 s: gone at 08:13:00. By the hour
/// that is one hour of one machine; the cluster owes the 660 s it had it, the pool the other 2940.
#[test]
fn a_machine_of_a_pool_is_rounded_once_whoever_had_it() {
    let outcome = outcome_of(|s| {
        s.pools = vec![pool(
            "pool-a",
            json!({"max_capacity": 1, "idle_instance_autotermination_minutes": 1}),
        )];
        let request = json!({"num_workers": 0, "instance_pool_id": "pool-a"});
        let mut adhoc = cluster("adhoc", "08:00:00", request, Vec::new());
        adhoc.commands = vec![command("08:10:00", Command::Delete)];
        s.clusters = vec![adhoc];
        bill_in(s, by(3600, 0));
    });
    let idle = |u: &crate::model::usage::Usage| u.subject.cluster_id.is_empty();
    assert_eq!(seconds(&outcome, VM, |u| !idle(u)), 660);
    assert_eq!(seconds(&outcome, VM, idle), 2940);
    assert_eq!(outcome.billed_beyond.len(), 1);
    assert_eq!(outcome.billed_beyond[0].until, at("09:00:00"));
}

/// The worker has run full at 08:30:00 and has another disk; both are gone at 09:01:00. By the hour the machine of 61 minutes is
/// billed for 120, the disk of 31 for 60.
#[test]
fn an_added_disk_is_rounded_by_its_own_life() {
    let outcome = outcome_of(|s| {
        let request =
            json!({"num_workers": 1, "node_type_id": "Standard_DS3_v2", "enable_elastic_disk": true});
        let mut adhoc = cluster("adhoc", "08:00:00", request, Vec::new());
        adhoc.commands = vec![command("09:00:00", Command::Delete)];
        s.clusters = vec![adhoc];
        s.incidents = vec![Incident {
            at: at("08:30:00"),
            object: "adhoc".to_owned(),
            what: IncidentKind::DiskFull(1),
        }];
        bill_in(s, by(3600, 0));
    });
    assert_eq!(seconds(&outcome, "disk/AZURE/westus2/P15", |_| true), 3600);
    assert_eq!(seconds(&outcome, VM, |_| true), 2 * 7200);
}

/// One machine goes at 23:59:55, 65 s old; the other is still there. What is left of ten minutes is another period's.
#[test]
fn nothing_is_billed_beyond_the_period() {
    let outcome = outcome_of(|s| {
        let single = json!({"num_workers": 0, "node_type_id": "Standard_DS3_v2"});
        let mut short = cluster("short", "23:58:50", single.clone(), Vec::new());
        short.commands = vec![command("23:58:55", Command::Delete)];
        s.clusters = vec![short, cluster("long", "23:59:00", single, Vec::new())];
        bill_in(s, by(1, 600));
    });
    assert_eq!(seconds(&outcome, VM, |_| true), 70 + 60);
    let end = parse_instant("2026-10-02").unwrap();
    assert!(outcome.usage.iter().all(|u| u.period.end <= end));
}
