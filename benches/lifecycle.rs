//! The engine alone: a month of clusters, from admitted requests to records that nobody keeps. What it takes must grow
//! as the number of clusters does.
//!
//! `cargo bench --bench lifecycle`
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    missing_docs
)]

use rust_decimal::Decimal;
use serde_json::json;
use std::sync::Arc;
use tollgate::databricks::cluster_spec::ClusterSpec;
use tollgate::lifecycle::between::Between;
use tollgate::lifecycle::hazard::Hazards;
use tollgate::lifecycle::schedule::{Days, SessionTimes, parse_time_of_day, parse_weekday};
use tollgate::lifecycle::simulate;
use tollgate::lifecycle::simulation::{
    Admitted, AdmittedCluster, MeteredWorkspace, NodeKind, Record, Simulation,
};
use tollgate::lifecycle::timing::Timing;
use tollgate::lifecycle::workload::{Activity, Afterwards, Session, Stage, Work};
use tollgate::model::increment::Increment;
use tollgate::model::meter::{MeterRate, NodeMeters};
use tollgate::model::period::{Period, parse_instant};

fn main() {
    divan::main();
}

/// Clusters of one to four workers, used on weekdays: four commands of forty tasks each, so that every day they are
/// started, grow, shrink and end by themselves.
fn month(clusters: usize) -> Simulation {
    let rate = |meter: &str| MeterRate {
        meter: meter.parse().unwrap(),
        per_hour: Some(Decimal::ONE),
        increment: Increment::PER_SECOND,
    };
    let meters = |vm| NodeMeters {
        while_provisioned: vec![rate(vm)],
        while_running: rate("dbu/AZURE/PREMIUM_ALL_PURPOSE_COMPUTE"),
    };
    let node = NodeKind {
        node_type_id: "Standard_DS3_v2".into(),
        vcpus: Some(4),
        local_disk_mb: None,
        on_demand: meters("vm/AZURE/westus2/Standard_DS3_v2/on_demand"),
        spot: meters("vm/AZURE/westus2/Standard_DS3_v2/spot"),
        after_tier_changes: Vec::new(),
    };
    let request = json!({"spark_version": "15.4.x-scala2.12", "node_type_id": "Standard_DS3_v2",
        "autoscale": {"min_workers": 1, "max_workers": 4}, "autotermination_minutes": 30});
    let work = Arc::new(Work {
        driver_seconds: Between::exactly(5),
        stages: vec![Stage {
            tasks: 40,
            task_seconds: Between { min: 60, max: 90 },
            after: Vec::new(),
            remote_percent: None,
            disk_mb_per_task: 0,
        }],
    });
    let days = ["mon", "tue", "wed", "thu", "fri"].map(|d| parse_weekday(d).unwrap());
    let cluster = |i: usize| AdmittedCluster {
        name: format!("c{i}"),
        admitted: Admitted {
            spec: ClusterSpec::read(&request).unwrap(),
            attributes: Arc::new(request.clone()),
            workspace: "w".to_owned(),
            team: format!("team-{}", i % 40),
            policy: String::new(),
            owner: format!("u{i}@example.com"),
            driver: node.clone(),
            worker: node.clone(),
        },
        create_at: parse_instant("2026-10-01T07:00:00Z").unwrap(),
        commands: Vec::new(),
        sessions: vec![Session {
            times: SessionTimes {
                days: Days::Weekly(days.to_vec()),
                start: parse_time_of_day(&format!("08:{:02}", i % 60)).unwrap(),
                time_zone: None,
            },
            activity: Activity::Commands {
                count: Between::exactly(4),
                pause_seconds: Between { min: 60, max: 300 },
                work: Arc::clone(&work),
            },
            then: Afterwards::Idle,
        }],
    };
    Simulation {
        seed: 1,
        period: Period::new(
            parse_instant("2026-10-01T00:00:00Z").unwrap(),
            parse_instant("2026-11-01T00:00:00Z").unwrap(),
        )
        .unwrap(),
        timing: Timing::default(),
        hazards: Hazards::default(),
        incidents: Vec::new(),
        workspaces: vec![MeteredWorkspace {
            workspace: serde_json::from_value(
                json!({"name": "w", "cloud": "AZURE", "region": "westus2", "tier": "PREMIUM"}),
            )
            .unwrap(),
            meters: Vec::new(),
            added_disk: None,
        }],
        pools: Vec::new(),
        clusters: (0..clusters).map(cluster).collect(),
        jobs: Vec::new(),
    }
}

/// Events and usages of the month.
fn live(input: &Simulation) -> (u64, u64) {
    let (mut events, mut usages) = (0, 0);
    simulate(
        input,
        &mut |record| {
            match record {
                Record::ClusterEvent(_) => events += 1,
                Record::Usage(_) => usages += 1,
                _ => {}
            }
            Ok(())
        },
        &mut |_| (),
    )
    .unwrap();
    (events, usages)
}

#[divan::bench(args = [1_000, 10_000, 50_000], sample_count = 3, sample_size = 1)]
fn a_month_of_clusters(bencher: divan::Bencher<'_, '_>, clusters: usize) {
    let input = month(clusters);
    println!("{:?} events and usages", live(&input));
    bencher.bench_local(|| live(&input));
}
