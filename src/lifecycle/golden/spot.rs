//! Spot machines: how nodes are bought, what becomes of a cluster that loses them.

use serde_json::{Value, json};

use super::super::fixture::*;
use super::super::hazard::{Incident, IncidentKind};
use super::super::simulation::{Outcome, Simulation};
use super::told::*;

fn spot(availability: &str, first_on_demand: u32, workers: u32) -> Value {
    json!({"num_workers": workers, "node_type_id": "Standard_DS3_v2", "autotermination_minutes": 30,
        "azure_attributes": {"availability": availability, "first_on_demand": first_on_demand}})
}

fn incident(time: &str, what: IncidentKind) -> Incident {
    Incident {
        at: at(time),
        object: "adhoc".to_owned(),
        what,
    }
}

fn simulation(request: Value, incidents: Vec<Incident>) -> Simulation {
    let mut simulation = one_day();
    simulation.clusters = vec![cluster("adhoc", "08:00:00", request, vec![session("08:00", 60)])];
    simulation.incidents = incidents;
    simulation
}

/// The first of seeds under which machines come as they are wanted: half of the requests for spot fail.
fn with_luck(mut simulation: Simulation, wanted: impl Fn(&Outcome) -> bool) -> Outcome {
    simulation.hazards.spot_unavailable = 500_000;
    let mut outcomes = (0..200).map(|seed| {
        simulation.seed = seed;
        run(&simulation)
    });
    outcomes.find(wanted).unwrap()
}

#[test]
fn the_first_nodes_are_on_demand_the_driver_among_them() {
    let outcome = run(&simulation(spot("SPOT_AZURE", 2, 3), Vec::new()));
    // From 08:00:00 to 09:35:00 (08:04:00, 60 min of use, 30 of idleness, 1 of tear-down).
    assert_eq!(
        machines(&outcome),
        [
            "driver on_demand 08:00:00 09:35:00",
            "worker on_demand 08:00:00 09:35:00",
            "worker spot 08:00:00 09:35:00",
            "worker spot 08:00:00 09:35:00",
        ]
        .map(str::to_owned)
    );
    assert_eq!(seconds(&outcome, SPOT, |_| true), 2 * 5_700);
    // Spot makes the VM cheaper and never the DBU.
    assert_eq!(seconds(&outcome, DBU, |_| true), 4 * 5_400);
}

/// The worker that was on demand is lost: the one that replaces it is on demand again.
#[test]
fn what_replaces_a_node_on_demand_is_on_demand() {
    let lost = incident("08:10:00", IncidentKind::LoseWorker(1));
    let outcome = run(&simulation(spot("SPOT_AZURE", 2, 2), vec![lost]));
    assert_eq!(
        machines(&outcome),
        [
            "driver on_demand 08:00:00 09:35:00",
            "worker on_demand 08:00:00 08:10:00",
            "worker spot 08:00:00 09:35:00",
            "worker on_demand 08:10:10 09:35:00",
        ]
        .map(str::to_owned)
    );
}

#[test]
fn machines_on_demand_are_not_evicted() {
    let evictions = vec![
        incident("08:10:00", IncidentKind::Evict(0)),
        incident("08:11:00", IncidentKind::Evict(1)),
        incident("08:12:00", IncidentKind::Evict(7)),
    ];
    let outcome = run(&simulation(spot("SPOT_AZURE", 2, 1), evictions));
    assert_eq!(told(&outcome).len(), 4, "{:?}", told(&outcome));
}

/// Evicted at 08:10:00, asked for again at 08:10:10, when there is no spot: on demand from then on, there at 08:13:40.
#[test]
fn an_evicted_worker_is_replaced_on_demand_where_there_is_no_spot() {
    let evicted = incident("08:10:00", IncidentKind::Evict(1));
    let outcome = with_luck(
        simulation(spot("SPOT_WITH_FALLBACK_AZURE", 1, 1), vec![evicted]),
        |o| {
            o.machines.len() == 3
                && machines(o)[1].starts_with("worker spot")
                && machines(o)[2].starts_with("worker on_demand")
        },
    );
    assert_eq!(
        told(&outcome),
        [
            "08:00:00 CREATING size 1 by ana",
            "08:04:00 RUNNING 1/1",
            "08:04:00 DRIVER_HEALTHY",
            "08:10:00 NODES_LOST 0/1 @worker SPOT_INSTANCE_TERMINATION CLOUD_FAILURE instance_id",
            "08:10:10 RESIZING 0/1 AUTORECOVERY",
            "08:13:40 UPSIZE_COMPLETED 1/1",
            "09:34:00 TERMINATING INACTIVITY SUCCESS inactivity_duration_min=30",
        ]
    );
    // Driver 5700 s, the spot worker 600, the other from 08:10:10 to 09:35:00, 5090. DBU: 5400, 360, 4820.
    assert_eq!(seconds(&outcome, VM, |_| true), 5_700 + 5_090);
    assert_eq!(seconds(&outcome, SPOT, |_| true), 600);
    assert_eq!(seconds(&outcome, DBU, |_| true), 5_400 + 360 + 4_820);
}

/// Without fallback there is none at 08:10:10; after twice the time, at 08:10:30, there is.
#[test]
fn without_fallback_an_evicted_worker_is_asked_for_until_there_is_one() {
    let evicted = incident("08:10:00", IncidentKind::Evict(1));
    let outcome = with_luck(simulation(spot("SPOT_AZURE", 1, 1), vec![evicted]), |o| {
        o.machines.len() == 3 && machines(o)[2].contains("08:10:30")
    });
    let why = "CLOUD_PROVIDER_RESOURCE_STOCKOUT CLOUD_FAILURE";
    assert_eq!(
        told(&outcome)[3..],
        [
            "08:10:00 NODES_LOST 0/1 @worker SPOT_INSTANCE_TERMINATION CLOUD_FAILURE instance_id".to_owned(),
            "08:10:10 RESIZING 0/1 AUTORECOVERY".to_owned(),
            format!("08:10:10 ADD_NODES_FAILED 0/1 {why}"),
            format!("08:10:10 UPSIZE_COMPLETED 0/1 {why}"),
            "08:10:30 RESIZING 0/1 AUTORECOVERY".to_owned(),
            "08:14:00 UPSIZE_COMPLETED 1/1".to_owned(),
            "09:34:00 TERMINATING INACTIVITY SUCCESS inactivity_duration_min=30".to_owned(),
        ]
    );
}

/// Without its driver a cluster ends, with what it computes: 8 tasks of 1000 s on 2 x 4 cores had run for 60 s.
#[test]
fn a_cluster_that_loses_its_driver_ends() {
    let mut s = simulation(
        spot("SPOT_WITH_FALLBACK_AZURE", 0, 2),
        vec![incident("08:11:00", IncidentKind::Evict(0))],
    );
    s.clusters[0].sessions = vec![query("08:10", stages(&[(8, 1_000)]))];
    let outcome = run(&s);
    assert_eq!(
        told(&outcome)[3..],
        ["08:11:00 TERMINATING SPOT_INSTANCE_TERMINATION CLOUD_FAILURE instance_id"]
    );
    assert_eq!(sent(&outcome), ["08:10:00 08:10:00 08:11:00 lost"]);
    assert_eq!(outcome.clusters[0].lost_task_seconds, 480);
    // The driver is gone at once, the workers after the tear-down.
    assert_eq!(
        machines(&outcome),
        [
            "driver spot 08:00:00 08:11:00",
            "worker spot 08:00:00 08:12:00",
            "worker spot 08:00:00 08:12:00",
        ]
        .map(str::to_owned)
    );
    assert_eq!(billed(&outcome), (660 + 2 * 720, 3 * 420));
}

/// The driver comes at 08:03:30 and boots; evicted before that the start comes to nothing.
#[test]
fn a_start_that_loses_its_driver_ends() {
    let outcome = run(&simulation(
        spot("SPOT_AZURE", 0, 1),
        vec![incident("08:02:00", IncidentKind::Evict(0))],
    ));
    assert_eq!(
        told(&outcome)[1..],
        ["08:02:00 TERMINATING SPOT_INSTANCE_TERMINATION CLOUD_FAILURE instance_id"]
    );
    assert_eq!(
        (outcome.starts[0].running, billed(&outcome)),
        (None, (120 + 180, 0))
    );
}
