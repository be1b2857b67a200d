//! Laws that hold whatever is simulated: random clusters, jobs, pools, hazards and incidents.

mod commands;
mod events;
mod machines;
mod overwatch;
mod pools;
mod random;
mod tier;

use proptest::prelude::*;

use super::fixture::run;
use super::simulation::{Outcome, Record, Simulation};
use crate::model::period::Instant;

fn records(simulation: &Simulation) -> Vec<Record> {
    let mut records = Vec::new();
    let mut keep = |record| {
        records.push(record);
        Ok(())
    };
    super::simulate(simulation, &mut keep, &mut |_| ()).unwrap();
    records
}

/// All instants that an outcome names.
fn instants(outcome: &Outcome) -> Vec<Instant> {
    let mut all: Vec<Instant> = Vec::new();
    all.extend(outcome.events.iter().map(|e| e.timestamp));
    all.extend(outcome.instance_events.iter().map(|e| e.event_time));
    all.extend(
        outcome
            .usage
            .iter()
            .flat_map(|u| [u.since, u.period.start, u.period.end]),
    );
    all.extend(
        outcome
            .machines
            .iter()
            .flat_map(|m| [m.period.start, m.period.end]),
    );
    all.extend(outcome.added_disks.iter().map(|d| d.added));
    all.extend(
        outcome
            .starts
            .iter()
            .flat_map(|s| [Some(s.requested), s.running])
            .flatten(),
    );
    all.extend(
        outcome
            .attempts
            .iter()
            .flat_map(|a| [Some(a.due), a.began, Some(a.ended)])
            .flatten(),
    );
    all.extend(
        outcome
            .runs
            .iter()
            .flat_map(|r| [Some(r.due), Some(r.started), r.ended])
            .flatten(),
    );
    all.extend(
        outcome
            .commands
            .iter()
            .flat_map(|c| [Some(c.sent), c.began, Some(c.ended)])
            .flatten(),
    );
    all.extend(outcome.refusals.iter().map(|r| r.at));
    all
}

fn in_order<T: PartialOrd>(items: impl IntoIterator<Item = T>) -> bool {
    let items: Vec<T> = items.into_iter().collect();
    items.windows(2).all(|w| w[0] <= w[1])
}

/// What there is without an object: nothing that another cluster did may differ.
fn without(outcome: Outcome, cluster_id: &str) -> Outcome {
    let other = |id: &str| id != cluster_id;
    let mut rest = Outcome {
        events: outcome
            .events
            .into_iter()
            .filter(|e| other(&e.cluster_id))
            .collect(),
        usage: outcome
            .usage
            .into_iter()
            .filter(|u| other(&u.subject.cluster_id))
            .collect(),
        machines: outcome
            .machines
            .into_iter()
            .filter(|m| other(&m.subject.cluster_id))
            .collect(),
        starts: outcome
            .starts
            .into_iter()
            .filter(|s| other(&s.subject.cluster_id))
            .collect(),
        commands: outcome
            .commands
            .into_iter()
            .filter(|c| other(&c.subject.cluster_id))
            .collect(),
        refusals: outcome
            .refusals
            .into_iter()
            .filter(|r| other(&r.cluster_id))
            .collect(),
        clusters: outcome
            .clusters
            .into_iter()
            .filter(|c| other(&c.subject.cluster_id))
            .collect(),
        billed_beyond: outcome
            .billed_beyond
            .into_iter()
            .filter(|b| other(&b.subject.cluster_id))
            .collect(),
        added_disks: Vec::new(),
        ..outcome
    };
    // What happens at one instant may be told in another order.
    rest.usage.sort_by(|a, b| {
        (&a.resource, &a.meter, a.period.start).cmp(&(&b.resource, &b.meter, b.period.start))
    });
    rest.billed_beyond
        .sort_by(|a, b| (&a.resource, &a.meter).cmp(&(&b.resource, &b.meter)));
    rest.machines.sort_by(|a, b| a.instance_id.cmp(&b.instance_id));
    rest.events
        .sort_by(|a, b| (&a.cluster_id, a.timestamp).cmp(&(&b.cluster_id, b.timestamp)));
    rest.starts
        .sort_by(|a, b| (&a.subject, a.requested).cmp(&(&b.subject, b.requested)));
    rest.attempts
        .sort_by(|a, b| (&a.run_id, &a.task_key, a.attempt).cmp(&(&b.run_id, &b.task_key, b.attempt)));
    rest.runs
        .sort_by(|a, b| (&a.job_name, a.due).cmp(&(&b.job_name, b.due)));
    rest.commands
        .sort_by(|a, b| (&a.subject, a.sent, a.ended).cmp(&(&b.subject, b.sent, b.ended)));
    rest.refusals.sort();
    rest.clusters.sort_by(|a, b| a.subject.cmp(&b.subject));
    rest.instance_events
        .sort_by(|a, b| (a.event_time, &a.instance_id).cmp(&(b.event_time, &b.instance_id)));
    rest
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn every_law_holds(simulation in random::simulation()) {
        let outcome = run(&simulation);
        let period = simulation.period;
        prop_assert!(instants(&outcome).iter().all(|at| period.start <= *at && *at <= period.end));
        prop_assert!(outcome.events.iter().all(|e| period.contains(e.timestamp)));
        prop_assert!(in_order(outcome.events.iter().map(|e| e.timestamp)));
        prop_assert!(in_order(outcome.instance_events.iter().map(|e| e.event_time)));
        prop_assert!(in_order(outcome.usage.iter().map(machines::end_without_increments(&outcome))));
        prop_assert!(in_order(outcome.machines.iter().map(|m| m.period.end)));
        for attempt in &outcome.attempts {
            prop_assert!(in_order([Some(attempt.due), attempt.began, Some(attempt.ended)].into_iter().flatten()));
        }
        for command in &outcome.commands {
            prop_assert!(in_order([Some(command.sent), command.began, Some(command.ended)].into_iter().flatten()));
            prop_assert!(command.began.is_some() || !command.done);
        }
        events::follow_each_other(&outcome)?;
        events::count_the_workers_that_are_billed(&outcome)?;
        machines::are_billed_for_as_long_as_they_exist(&simulation, &outcome)?;
        machines::are_billed_for_their_disks(&simulation, &outcome)?;
        machines::owe_dbus_only_in_running_clusters(&simulation, &outcome)?;
        pools::keep_to_their_limits(&simulation, &outcome)?;
    }

    #[test]
    fn the_same_simulation_comes_to_the_same_records(simulation in random::simulation()) {
        prop_assert_eq!(records(&simulation), records(&simulation));
    }

    /// `extra` shares no pool with the others, and there is no quota.
    #[test]
    fn a_cluster_more_changes_nothing_of_the_others(
        simulation in random::simulation(),
        extra in random::cluster("extra", false),
    ) {
        let mut base = simulation;
        base.hazards.quotas.clear();
        let mut more = base.clone();
        more.clusters.push(extra);
        let more = run(&more);
        let id = more.clusters.iter().find(|c| c.subject.cluster_name == "extra");
        let id = id.map_or(String::new(), |c| c.subject.cluster_id.clone());
        prop_assert_eq!(without(more, &id), without(run(&base), "-"));
    }
}
