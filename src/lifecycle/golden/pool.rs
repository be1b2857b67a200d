//! Pools: what they hold, give and take back.

use serde_json::json;

use super::super::fixture::*;
use super::super::hazard::{Eviction, Incident, IncidentKind, Quota};
use super::super::simulation::Command;
use super::told::*;
use crate::model::meter::PurchaseOption;
use crate::model::usage::Usage;

fn of_pool(usage: &Usage) -> bool {
    usage.subject.cluster_id.is_empty()
}

/// Three machines of at most three are in use: the fourth, for a resize at 08:10:00, there is none to give.
#[test]
fn an_exhausted_pool_lets_a_resize_come_short() {
    let outcome = outcome_of(|s| {
        s.pools = vec![pool(
            "pool-a",
            json!({"max_capacity": 3, "idle_instance_autotermination_minutes": 5}),
        )];
        let request = json!({"num_workers": 1, "instance_pool_id": "pool-a"});
        let mut adhoc = cluster("adhoc", "08:00:00", request, Vec::new());
        adhoc.commands = vec![
            command("08:10:00", Command::Resize(3)),
            command("08:13:45", Command::Delete),
        ];
        s.clusters = vec![adhoc];
    });
    let why = "INSTANCE_POOL_MAX_CAPACITY_REACHED CLIENT_ERROR instance_pool_id=pool-a";
    // Recovery waits for the resize to end (20 s later it still goes on, and 20 s after that, ...).
    assert_eq!(
        told(&outcome)[3..6],
        [
            "08:10:00 RESIZING 1/3 USER_REQUEST by ana".to_owned(),
            format!("08:10:00 ADD_NODES_FAILED 1/3 {why}"),
            format!("08:13:30 UPSIZE_COMPLETED 2/3 {why}"),
        ]
    );
    // Two machines from 08:00:00, one from 08:10:00; placed 210 s later; returned at 08:14:45, idle for 300 s.
    let story = instances(&outcome);
    assert_eq!(
        story[..6],
        [
            "08:00:00 INSTANCE_LAUNCHING",
            "08:00:00 INSTANCE_LAUNCHING",
            "08:03:30 INSTANCE_PLACED",
            "08:03:30 INSTANCE_PLACED",
            "08:10:00 INSTANCE_LAUNCHING",
            "08:13:30 INSTANCE_PLACED",
        ]
        .map(str::to_owned)
    );
    let count = |line: &str| story.iter().filter(|l| **l == *line).count();
    assert_eq!(count("08:14:45 INSTANCE_READY"), 3);
    assert_eq!(count("08:19:45 INSTANCE_TERMINATING"), 3);
    assert_eq!(count("08:20:45 INSTANCE_TERMINATED"), 3);
    // The cluster: 885 s twice and 285 s; the pool: 360 s of idleness and tear-down each.
    assert_eq!(seconds(&outcome, VM, |u| !of_pool(u)), 2 * 885 + 285);
    assert_eq!(seconds(&outcome, VM, of_pool), 3 * 360);
    // DBU: 08:04:00 to 08:13:45 twice, 08:13:30 to 08:13:45.
    assert_eq!(seconds(&outcome, DBU, |_| true), 2 * 585 + 15);
}

/// The one that idled longest is taken: the first to be launched, not the one that came back later.
#[test]
fn the_instance_that_idled_longest_is_taken() {
    let outcome = outcome_of(|s| {
        s.pools = vec![pool(
            "pool-a",
            json!({"min_idle_instances": 2, "max_capacity": 2}),
        )];
        s.jobs = vec![
            job(
                "first",
                "02:00",
                10,
                json!({"num_workers": 0, "instance_pool_id": "pool-a"}),
            ),
            job(
                "second",
                "03:00",
                10,
                json!({"num_workers": 0, "instance_pool_id": "pool-a"}),
            ),
        ];
    });
    let events = &outcome.instance_events;
    let placed: Vec<&str> = events
        .iter()
        .filter(|e| e.state.as_str() == "INSTANCE_PLACED")
        .map(|e| &*e.instance_id)
        .collect();
    assert_eq!(placed.len(), 2);
    assert_eq!(placed, [&*events[0].instance_id, &*events[1].instance_id]);
}

/// A pool's own attributes decide how its machines are bought. One is evicted while it idles, another takes its place.
#[test]
fn an_idle_spot_instance_that_is_evicted_is_replaced() {
    let outcome = outcome_of(|s| {
        let fields = json!({"min_idle_instances": 1, "azure_attributes": {"availability": "SPOT_AZURE"}});
        s.pools = vec![pool("pool-a", fields)];
        s.hazards.evictions = vec![Eviction {
            node_type_id: None,
            per_million_hours: 100_000,
        }];
    });
    assert!(outcome.machines.len() > 1);
    assert!(
        outcome
            .machines
            .iter()
            .all(|m| m.purchase_option == PurchaseOption::Spot)
    );
    // One after the other, each launched when the one before is gone: 24 h in all.
    assert_eq!(seconds(&outcome, SPOT, of_pool), 86_400);
    let mut lives: Vec<_> = outcome
        .machines
        .iter()
        .map(|m| (m.period.start, m.period.end))
        .collect();
    lives.sort();
    assert!(lives.windows(2).all(|w| w[0].1 == w[1].0));
}

/// A worker of a pool is evicted at 08:10:00. The pool launches another for the cluster 10 s later.
#[test]
fn a_used_spot_instance_that_is_evicted_leaves_room_in_its_pool() {
    let outcome = outcome_of(|s| {
        let fields = json!({"max_capacity": 2, "azure_attributes": {"availability": "SPOT_AZURE"}});
        s.pools = vec![pool("pool-a", fields)];
        let request = json!({"num_workers": 1, "instance_pool_id": "pool-a"});
        s.clusters = vec![cluster("adhoc", "08:00:00", request, Vec::new())];
        s.incidents = vec![Incident {
            at: at("08:10:00"),
            object: "adhoc".to_owned(),
            what: IncidentKind::Evict(1),
        }];
    });
    assert_eq!(
        told(&outcome)[3..],
        [
            "08:10:00 NODES_LOST 0/1 @worker SPOT_INSTANCE_TERMINATION CLOUD_FAILURE instance_id",
            "08:10:10 RESIZING 0/1 AUTORECOVERY",
            "08:13:40 UPSIZE_COMPLETED 1/1",
        ]
    );
    assert_eq!(
        instances(&outcome)[4..],
        [
            "08:10:00 INSTANCE_TERMINATED",
            "08:10:10 INSTANCE_LAUNCHING",
            "08:13:40 INSTANCE_PLACED",
        ]
        .map(str::to_owned)
    );
}

/// A quota of 8 vCPUs is two machines, whether a pool's or a cluster's: the pool holds two, the cluster gets none.
#[test]
fn pools_and_clusters_share_the_quota() {
    let outcome = outcome_of(|s| {
        s.hazards.quotas = vec![Quota {
            workspace: "w".to_owned(),
            vcpus: 8,
        }];
        s.pools = vec![pool("pool-a", json!({"min_idle_instances": 3}))];
        let request = json!({"num_workers": 0, "node_type_id": "Standard_DS3_v2"});
        s.clusters = vec![cluster("adhoc", "08:00:00", request, Vec::new())];
    });
    let expected =
        "08:00:00 TERMINATING AZURE_QUOTA_EXCEEDED_EXCEPTION CLOUD_FAILURE quota_vcpus=8 used_vcpus=8";
    assert_eq!(told(&outcome)[1..], [expected]);
    assert_eq!(seconds(&outcome, VM, of_pool), 2 * 86_400);
}

/// Driver and worker of different pools have each their pool's name on their VM and DBU lines.
#[test]
fn usage_names_the_pool_of_its_node() {
    let outcome = outcome_of(|s| {
        s.pools = vec![pool("pool-driver", json!({})), pool("pool-worker", json!({}))];
        let request = json!({"num_workers": 2, "instance_pool_id": "pool-worker", "driver_instance_pool_id": "pool-driver"});
        s.jobs = vec![job("etl", "02:00", 10, request)];
    });
    // 02:00:00 to 02:15:00 (240 + 600 + 60 s) and 02:04:00 to 02:14:00.
    for (pool, nodes) in [("pool-driver", 1), ("pool-worker", 2)] {
        let placed = |u: &Usage| u.subject.pool == pool && !of_pool(u);
        assert_eq!(seconds(&outcome, VM, placed), nodes * 900, "{pool}");
        assert_eq!(seconds(&outcome, DBU, placed), nodes * 600, "{pool}");
    }
}
