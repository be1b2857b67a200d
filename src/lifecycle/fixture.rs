//! Small simulations for the tests of this layer.

use chrono::{NaiveDate, NaiveTime};
use rust_decimal::Decimal;

use super::between::Between;
use super::schedule::{Afterwards, Days, RunSchedule, Session, parse_time_of_day};
use super::simulation::{
    Admitted, AdmittedCluster, AdmittedJob, Life, MeteredPool, Outcome, Runs, Simulation, Timing,
    starting_nodes,
};
use crate::databricks::cluster_spec::ClusterSpec;
use crate::model::meter::{MeterKind, MeterRate, NodeMeters};
use crate::model::period::{Instant, Period, parse_instant};
use crate::model::usage::Usage;

pub const VM: &str = "vm/AZURE/westus2/Standard_DS3_v2/on_demand";
pub const DBU: &str = "dbu/AZURE/PREMIUM_JOBS_COMPUTE";

/// An instant of 2026-10-01.
pub fn at(time: &str) -> Instant {
    parse_instant(&format!("2026-10-01T{time}Z")).unwrap()
}

/// 2026-10-01, 240 s cold, 30 s warm, 60 s of termination, nothing in it.
pub fn one_day() -> Simulation {
    Simulation {
        seed: 1,
        period: Period::new(at("00:00:00"), parse_instant("2026-10-02").unwrap()).unwrap(),
        timing: Timing::default(),
        pools: Vec::new(),
        clusters: Vec::new(),
        jobs: Vec::new(),
    }
}

fn rate(meter: &str, per_hour: Decimal) -> MeterRate {
    MeterRate {
        meter: meter.parse().unwrap(),
        per_hour: Some(per_hour),
    }
}

/// A request as JSON, each of its nodes one VM and 0.75 DBU per hour.
pub fn admitted(request: serde_json::Value) -> Admitted {
    let spec = ClusterSpec::read(&request).unwrap();
    let meters = starting_nodes(&spec)
        .map(|_| NodeMeters {
            while_provisioned: vec![rate(VM, Decimal::ONE)],
            while_running: rate(DBU, Decimal::new(75, 2)),
        })
        .collect();
    Admitted {
        spec,
        workspace: "w".to_owned(),
        team: "a-team".to_owned(),
        policy: "p".to_owned(),
        owner: "ana@example.com".to_owned(),
        meters,
    }
}

/// A cluster created at a time of 2026-10-01.
pub fn cluster(
    name: &str,
    create_at: &str,
    request: serde_json::Value,
    sessions: Vec<Session>,
) -> AdmittedCluster {
    let life = Life {
        create_at: at(create_at),
        sessions,
        terminate_at: None,
    };
    AdmittedCluster {
        name: name.to_owned(),
        admitted: admitted(request),
        life,
    }
}

/// A session on 2026-10-01.
pub fn session(start: &str, minutes: u32) -> Session {
    Session {
        days: today(),
        start: time(start),
        minutes: Between::exactly(minutes),
        then: Afterwards::Idle,
    }
}

/// A job with one run on 2026-10-01.
pub fn job(name: &str, start: &str, minutes: u32, request: serde_json::Value) -> AdmittedJob {
    AdmittedJob {
        name: name.to_owned(),
        admitted: admitted(request),
        runs: Runs {
            schedule: RunSchedule::Days {
                days: today(),
                at: time(start),
            },
            run_minutes: Between::exactly(minutes),
        },
    }
}

/// A pool of the team `pool-team`.
pub fn pool(id: &str, fields: serde_json::Value) -> MeteredPool {
    let mut pool = serde_json::json!({
        "instance_pool_id": id, "instance_pool_name": id, "node_type_id": "Standard_DS3_v2"
    });
    for (key, value) in fields.as_object().unwrap() {
        pool[key] = value.clone();
    }
    MeteredPool {
        workspace: "w".to_owned(),
        pool: serde_json::from_value(pool).unwrap(),
        team: "pool-team".to_owned(),
        instance_meters: vec![rate(VM, Decimal::ONE)],
    }
}

/// Runs a simulation that nobody watches.
pub fn run(simulation: &Simulation) -> Outcome {
    super::simulate(simulation, &mut |_| ()).unwrap()
}

pub fn is_vm(usage: &Usage) -> bool {
    matches!(usage.meter.kind, MeterKind::Vm { .. })
}

/// Seconds of a meter, summed over the usages that are wanted.
pub fn seconds(outcome: &Outcome, meter: &str, wanted: impl Fn(&Usage) -> bool) -> i64 {
    let meter = meter.parse().unwrap();
    outcome
        .usage
        .iter()
        .filter(|u| *u.meter == meter && wanted(u))
        .map(|u| u.period.seconds())
        .sum()
}

fn today() -> Days {
    Days::On(NaiveDate::from_ymd_opt(2026, 10, 1).unwrap())
}

fn time(text: &str) -> NaiveTime {
    parse_time_of_day(text).unwrap()
}
